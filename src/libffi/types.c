/* The type objects of libffi's interface. Clients compare their addresses and read their sizes; the complex ones may be
 * written to, as they always could. */
#define LIBFFI_HIDE_BASIC_TYPES
#include "libffi/ffi.h"

__extension__ typedef unsigned __int128 Uint128;
__extension__ typedef __int128 Int128;

#define TYPE(name, code, ctype)                                                                                        \
    extern FFI_API const ffi_type ffi_type_##name;                                                                     \
    const ffi_type ffi_type_##name = {sizeof(ctype), _Alignof(ctype), FFI_TYPE_##code, NULL}

extern FFI_API const ffi_type ffi_type_void;
const ffi_type ffi_type_void = {1, 1, FFI_TYPE_VOID, NULL};

TYPE(uint8, UINT8, unsigned char);
TYPE(sint8, SINT8, signed char);
TYPE(uint16, UINT16, unsigned short);
TYPE(sint16, SINT16, short);
TYPE(uint32, UINT32, unsigned);
TYPE(sint32, SINT32, int);
TYPE(uint64, UINT64, unsigned long);
TYPE(sint64, SINT64, long);
TYPE(uint128, UINT128, Uint128);
TYPE(sint128, SINT128, Int128);
TYPE(float, FLOAT, float);
TYPE(double, DOUBLE, double);
TYPE(longdouble, LONGDOUBLE, long double);
TYPE(pointer, POINTER, void *);

#define COMPLEX(name, part, ctype)                                                                                     \
    static ffi_type *elements_##name[] = {(ffi_type *)&ffi_type_##part, NULL};                                         \
    extern FFI_API ffi_type ffi_type_##name;                                                                           \
    ffi_type ffi_type_##name = {sizeof(ctype), _Alignof(ctype), FFI_TYPE_COMPLEX, elements_##name}

COMPLEX(complex_float, float, float _Complex);
COMPLEX(complex_double, double, double _Complex);
COMPLEX(complex_longdouble, longdouble, long double _Complex);
