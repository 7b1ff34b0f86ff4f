/* What a generated batch tells libffi_random.c of its signatures. */
#ifndef AIRLOCK_SPEC_LIBFFI_RANDOM_BATCH_H
#define AIRLOCK_SPEC_LIBFFI_RANDOM_BATCH_H

#include <ffi.h>
#include <stddef.h>

enum { NARGS_MAX = 20, VALUE_NBYTES_MAX = 1024 };

/* Bytes that hold a value, the rest being padding. */
typedef struct Range {
    size_t offset, nbytes;
    int is_x87;
} Range;

typedef struct Type {
    const char *name;
    ffi_type *ffi;
    size_t size, align;    /* gcc's */
    const size_t *offsets; /* gcc's, of each element; NULL: no struct, or one whose size the client tells */
    unsigned noffsets;
    const Range *ranges;
    unsigned nranges;
} Type;

typedef struct Signature {
    unsigned index;
    const char *text;
    const Type *result; /* NULL: void */
    const Type *const *args;
    unsigned nargs, nfixed;
    int is_variadic;
    const Type *const *records; /* up to a NULL */
    void (*callee)(void);
    void (*caller)(void (*function)(void), void *result, void **values);
} Signature;

/* A callee copies argument i to received[i], and its result out of `returned`. */
typedef struct Batch {
    const Signature *signatures;
    unsigned count;
    unsigned char (*received)[VALUE_NBYTES_MAX];
    unsigned char *returned;
} Batch;

#endif
