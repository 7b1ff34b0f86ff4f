/* What the generated callees are made with: one name for every C type that generate.lua draws from, and the entry check.
 *
 * A callee's address is that of a stub which notes the machine state at entry and jumps to the C function; it touches r10,
 * r11 and the stack below rsp alone, so the arguments arrive untouched. The C function copies its arguments into `received`
 * and its result out of `returned`. Compiled by gcc and by clang, so GNU C. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_CALLEE_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_CALLEE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "entry.h"

/* -- types --------------------------------------------------------------------------------------------------------- */

typedef void *Pointer;
typedef const char *Text;
typedef int (*FunctionPointer)(int);
typedef long long LongLong;
typedef unsigned long long UnsignedLongLong;
typedef __int128 Int128;
typedef unsigned __int128 UnsignedInt128;
typedef enum { UNSIGNED_A, UNSIGNED_B = 0x7fffffff } EnumUnsigned;
typedef enum { SIGNED_A = -1, SIGNED_B = 1 } EnumSigned;
typedef enum { LONG_A = -1, LONG_B = 0x7fffffffffffffff } EnumLong;
typedef enum { PACKED_A, PACKED_B = 255 } __attribute__((packed)) EnumPacked;

typedef float _Complex ComplexFloat;
typedef double _Complex ComplexDouble;
typedef long double _Complex ComplexLongDouble;
typedef float _Complex ComplexFloat128 __attribute__((mode(TC)));
typedef char _Complex ComplexChar;
typedef short _Complex ComplexShort;
typedef int _Complex ComplexInt;
typedef long _Complex ComplexLong;

/* clang has _Float16 on x86-64 from 15 on, and neither decimals nor _Complex __int128. */
#ifdef __clang__
#define HAS_GCC_TYPES         0
#define ENTRY_GCC_TYPES(name) NULL
#else
#define HAS_GCC_TYPES         1
#define ENTRY_GCC_TYPES(name) (name)
typedef _Float16 Float16;
typedef _Float16 _Complex ComplexFloat16;
typedef __int128 _Complex ComplexInt128;
typedef _Decimal32 Decimal32;
typedef _Decimal64 Decimal64;
typedef _Decimal128 Decimal128;
#endif

#define VECTORS(name, element)                                                                                         \
    typedef element Vector8##name __attribute__((vector_size(8)));                                                     \
    typedef element Vector16##name __attribute__((vector_size(16)));                                                   \
    typedef element Vector32##name __attribute__((vector_size(32)));                                                   \
    typedef element Vector64##name __attribute__((vector_size(64)))

typedef float Vector4F32 __attribute__((vector_size(4)));
VECTORS(I8, int8_t);
VECTORS(U8, uint8_t);
VECTORS(I16, int16_t);
VECTORS(U16, uint16_t);
VECTORS(I32, int32_t);
VECTORS(U32, uint32_t);
VECTORS(I64, int64_t);
VECTORS(U64, uint64_t);
VECTORS(F32, float);
VECTORS(F64, double);

/* -- callees ------------------------------------------------------------------------------------------------------- */

#ifdef AIRLOCK_CALLEES

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN EntryRecord entry_record;
static unsigned char received[RECEIVED_NBYTES] __attribute__((aligned(64)));
static unsigned char returned[RETURNED_NBYTES] __attribute__((aligned(64)));

_Static_assert(offsetof(EntryRecord, flags) == 8, "entry_check");
_Static_assert(offsetof(EntryRecord, rax) == 16, "entry_check");
_Static_assert(offsetof(EntryRecord, mxcsr) == 24, "entry_check");
_Static_assert(offsetof(EntryRecord, x87) == 28, "entry_check");
_Static_assert(offsetof(EntryRecord, spoilt_gprs) == 56, "entry_check");
_Static_assert(offsetof(EntryRecord, spoilt_vecs) == 60, "entry_check");

#define SPOIL_GPR(number, name)                                                                                        \
    "    btl $" #number ", 56+entry_record(%rip)\n"                                                                    \
    "    jnc 1f\n"                                                                                                     \
    "    movq $0x7b7b7b7b, %" #name "\n"                                                                               \
    "1:\n"
#define SPOIL_XMM(number)                                                                                              \
    "    btl $" #number ", 60+entry_record(%rip)\n"                                                                    \
    "    jnc 1f\n"                                                                                                     \
    "    pcmpeqd %xmm" #number ", %xmm" #number "\n"                                                                   \
    "1:\n"

/* clang-format off */

/* in: r11 the callee; clobbers r10. fnstenv masks the x87 exceptions, hence the fldenv. */
__asm__(".text\n"
        "entry_check:\n"
        "    movq %rsp, entry_record(%rip)\n"
        "    pushfq\n"
        "    popq %r10\n"
        "    cld\n"
        "    movq %r10, 8+entry_record(%rip)\n"
        "    movq %rax, 16+entry_record(%rip)\n"
        "    stmxcsr 24+entry_record(%rip)\n"
        "    fnstenv 28+entry_record(%rip)\n"
        "    fldenv 28+entry_record(%rip)\n"
        SPOIL_GPR(0, rdi) SPOIL_GPR(1, rsi) SPOIL_GPR(2, rdx) SPOIL_GPR(3, rcx) SPOIL_GPR(4, r8) SPOIL_GPR(5, r9)
        SPOIL_XMM(0) SPOIL_XMM(1) SPOIL_XMM(2) SPOIL_XMM(3) SPOIL_XMM(4) SPOIL_XMM(5) SPOIL_XMM(6) SPOIL_XMM(7)
        "    jmp *%r11\n");

/* clang-format on */

#define ENTRY(number)                                                                                                  \
    void entry_##number(void) HIDDEN;                                                                                  \
    __asm__(".text\n"                                                                                                  \
            ".globl entry_" #number "\n"                                                                               \
            ".hidden entry_" #number "\n"                                                                              \
            ".type entry_" #number ", @function\n"                                                                     \
            "entry_" #number ":\n"                                                                                     \
            "    endbr64\n"                                                                                            \
            "    leaq callee_" #number "(%rip), %r11\n"                                                                \
            "    jmp entry_check\n")

/* Whether an argument on the stack stands at its type's alignment, asked so that the compiler cannot answer by itself.
 * One that came in registers has its address from the callee. */
#define CHECK_ALIGNMENT(object)                                                                                        \
    do {                                                                                                               \
        uintptr_t address_ = (uintptr_t)&(object);                                                                     \
        __asm__("" : "+r"(address_));                                                                                  \
        entry_record.nmisaligned += address_ > entry_record.rsp && address_ % __alignof__(object) != 0;                \
    } while (0)

/* <stdarg.h> of ms_abi functions, in which a list is the address of the next eight bytes. gcc 12 passes what has not the size of a word by
 * reference, as it should, but its va_arg does not look for it there. */
typedef __builtin_ms_va_list ms_va_list;
#define ms_va_start              __builtin_ms_va_start
#define ms_va_end                __builtin_ms_va_end
#define ms_va_next(list)         ((list) += 8, (list) - 8)
#define ms_va_arg_reference(list, T) (*(T *)ms_va_referred(ms_va_next(list)))
#define ms_va_arg(list, T)                                                                                             \
    (sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8 ? *(T *)ms_va_next(list)                    \
                                                                          : ms_va_arg_reference(list, T))

static void *ms_va_referred(void *place)
{
    static unsigned char nothing[RETURNED_NBYTES] __attribute__((aligned(64)));
    return entry_record.has_named_only ? nothing : *(void **)place;
}

#define RECEIVE(object)                                                                                                \
    do {                                                                                                               \
        CHECK_ALIGNMENT(object);                                                                                       \
        memcpy(&to->object, &(object), sizeof(object));                                                                \
    } while (0)

#endif
#endif
