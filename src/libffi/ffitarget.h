/* What libffi's interface calls the target: x86-64 with the System V and the Microsoft calling conventions. Included by
 * ffi.h alone. */
#ifndef LIBFFI_TARGET_H
#define LIBFFI_TARGET_H

#ifndef LIBFFI_H
#error "include <ffi.h>, not <ffitarget.h>"
#endif
#if !defined __x86_64__ || defined __ILP32__
#error "this libffi is for x86-64 with 64-bit pointers"
#endif

#define X86_ANY
#define FFI_SIZEOF_ARG 8
#define FFI_TARGET_HAS_COMPLEX_TYPE
#define FFI_TARGET_HAS_INT128
#define FFI_TARGET_HAS_VECTOR_TYPE

#define FFI_CLOSURES        1
#define FFI_GO_CLOSURES     1
#define FFI_TRAMPOLINE_SIZE 32 /* bytes of code in a closure that lies in executable memory */
#define FFI_NATIVE_RAW_API  0

#ifndef LIBFFI_ASM

/* What an integer result of up to 64 bits is widened to. */
typedef unsigned long ffi_arg;
typedef signed long ffi_sarg;

typedef enum ffi_abi {
    FFI_FIRST_ABI = 1,
    FFI_UNIX64, /* System V */
    FFI_WIN64,  /* Microsoft; long double too as gcc's ms_abi has it: 16 bytes, by reference */
    FFI_EFI64 = FFI_WIN64,
    FFI_GNUW64, /* the same */
    FFI_LAST_ABI,
    FFI_DEFAULT_ABI = FFI_UNIX64
} ffi_abi;

#endif
#endif
