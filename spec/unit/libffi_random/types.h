/* The types that generate.lua names, in C and as ffi_type, for the generated batches alone. */
#ifndef AIRLOCK_SPEC_LIBFFI_RANDOM_TYPES_H
#define AIRLOCK_SPEC_LIBFFI_RANDOM_TYPES_H

#include <stdarg.h>
#include <string.h>

#include "batch.h"

/* -DMICROSOFT: what the functions of a batch keep to, and how they find unnamed arguments. */
#ifdef MICROSOFT
#define CONVENTION __attribute__((ms_abi))
#define VA_LIST    __builtin_ms_va_list
#define VA_START   __builtin_ms_va_start
#define VA_END     __builtin_ms_va_end
/* By its address goes what has not the size of an integer, and gcc's vectors of one floating element. va_arg of gcc 12 does not know that of
 * a function that is ms_abi by attribute. */
#define IS_WORD(T)                                                                                                     \
    (sizeof(T) <= 8 && (sizeof(T) & (sizeof(T) - 1)) == 0 && !__builtin_types_compatible_p(T, Vector8Double) &&        \
     !__builtin_types_compatible_p(T, Vector4Float))
#define VA_ARG(list, T)                                                                                                \
    ({                                                                                                                 \
        T va_arg_value;                                                                                                \
        unsigned long va_arg_word = va_arg(list, unsigned long);                                                       \
        memcpy(&va_arg_value, IS_WORD(T) ? (void *)&va_arg_word : (void *)va_arg_word, sizeof va_arg_value);           \
        va_arg_value;                                                                                                  \
    })
#else
#define CONVENTION
#define VA_LIST  va_list
#define VA_START va_start
#define VA_END   va_end
#define VA_ARG   va_arg
#endif

typedef void *Pointer;
typedef long double LongDouble;
typedef __int128 Int128;
typedef unsigned __int128 UnsignedInt128;
typedef float _Complex ComplexFloat;
typedef double _Complex ComplexDouble;
typedef long double _Complex ComplexLongDouble;

#define COMPLEX(Name, name, element, ffi)                                                                              \
    typedef element _Complex Name;                                                                                     \
    static ffi_type *name##_elements[] = {&ffi, NULL};                                                                 \
    static ffi_type name = {sizeof(Name), __alignof__(Name), FFI_TYPE_COMPLEX, name##_elements};

COMPLEX(ComplexChar, complex_char, signed char, ffi_type_schar)
COMPLEX(ComplexShort, complex_short, short, ffi_type_sshort)
COMPLEX(ComplexInt, complex_int, int, ffi_type_sint)
COMPLEX(ComplexLong, complex_long, long, ffi_type_slong)

#define REPEAT_1(x)  x
#define REPEAT_2(x)  x, x
#define REPEAT_4(x)  REPEAT_2(x), REPEAT_2(x)
#define REPEAT_8(x)  REPEAT_4(x), REPEAT_4(x)
#define REPEAT_16(x) REPEAT_8(x), REPEAT_8(x)
#define REPEAT_32(x) REPEAT_16(x), REPEAT_16(x)

/* Their size and alignment are libffi's to find, but for the sized one. */
#define VECTOR(size, Name, name, element, ffi, n)                                                                      \
    typedef element Vector##size##Name __attribute__((vector_size(size)));                                             \
    static ffi_type *vector##size##_##name##_elements[] = {REPEAT_##n(&ffi), NULL};                                    \
    static ffi_type vector##size##_##name = {0, 0, FFI_TYPE_VECTOR, vector##size##_##name##_elements};                 \
    static ffi_type vector##size##_##name##_sized = {size, size, FFI_TYPE_VECTOR, vector##size##_##name##_elements};
#define VECTORS(Name, name, element, ffi, n8, n16)                                                                     \
    VECTOR(8, Name, name, element, ffi, n8)                                                                            \
    VECTOR(16, Name, name, element, ffi, n16)

VECTORS(Char, char, signed char, ffi_type_schar, 8, 16)
VECTORS(Short, short, short, ffi_type_sshort, 4, 8)
VECTORS(Int, int, int, ffi_type_sint, 2, 4)
VECTORS(Long, long, long, ffi_type_slong, 1, 2)
VECTORS(Float, float, float, ffi_type_float, 2, 4)
VECTORS(Double, double, double, ffi_type_double, 1, 2)
VECTOR(1, Char, char, signed char, ffi_type_schar, 1)
VECTOR(2, Char, char, signed char, ffi_type_schar, 2)
VECTOR(4, Char, char, signed char, ffi_type_schar, 4)
VECTOR(2, Short, short, short, ffi_type_sshort, 1)
VECTOR(4, Short, short, short, ffi_type_sshort, 2)
VECTOR(4, Int, int, int, ffi_type_sint, 1)
VECTOR(4, Float, float, float, ffi_type_float, 1)

#ifdef __AVX__
VECTOR(32, Char, char, signed char, ffi_type_schar, 32)
VECTOR(32, Short, short, short, ffi_type_sshort, 16)
VECTOR(32, Int, int, int, ffi_type_sint, 8)
VECTOR(32, Long, long, long, ffi_type_slong, 4)
VECTOR(32, Float, float, float, ffi_type_float, 8)
VECTOR(32, Double, double, double, ffi_type_double, 4)
#endif

static unsigned char received[NARGS_MAX][VALUE_NBYTES_MAX];
static _Alignas(64) unsigned char returned[VALUE_NBYTES_MAX];

#endif
