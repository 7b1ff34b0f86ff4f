/* As many different signatures as a test wants, each by its number, and what a call of one returns. For spec/unit/libffi_*. */
#ifndef AIRLOCK_SPEC_LIBFFI_SIGNATURES_H
#define AIRLOCK_SPEC_LIBFFI_SIGNATURES_H

#include <ffi.h>
#include <stdint.h>

enum { SIGNATURE_NARGS_MAX = 16 };

typedef struct Signature {
    ffi_cif cif;
    ffi_type *types[SIGNATURE_NARGS_MAX];
    long numbers[SIGNATURE_NARGS_MAX]; /* room for the arguments' values */
    double doubles[SIGNATURE_NARGS_MAX];
    void *values[SIGNATURE_NARGS_MAX];
} Signature;

/* A long, then the digits of n: long(long, ...). Different for different n. */
static inline ffi_status signature_prepare(Signature *signature, uint64_t n)
{
    static ffi_type *const types[] = {&ffi_type_sint,  &ffi_type_double, &ffi_type_uint8,   &ffi_type_sint16, &ffi_type_slong,
                                      &ffi_type_float, &ffi_type_sint8,  &ffi_type_pointer, &ffi_type_uint16};
    enum { NTYPES = sizeof types / sizeof *types };
    unsigned nargs = 1;
    signature->types[0] = &ffi_type_slong;
    for (n++; n > 0 && nargs < SIGNATURE_NARGS_MAX; n = (n - 1) / NTYPES, nargs++)
        signature->types[nargs] = types[(n - 1) % NTYPES];
    for (unsigned i = 0; i < nargs; i++) {
        int is_double = signature->types[i] == &ffi_type_double;
        signature->numbers[i] = i;
        signature->doubles[i] = i;
        signature->values[i] = is_double ? (void *)&signature->doubles[i] : (void *)&signature->numbers[i];
    }
    return ffi_prep_cif(&signature->cif, FFI_UNIX64, nargs, &ffi_type_slong, signature->types);
}

#endif
