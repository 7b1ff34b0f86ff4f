/* The tables that a generated batch exports, as `batch`: compiled by gcc, so that sizes and offsets are the compiler's. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_BATCH_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "abi/abi.h"

#define BATCH_NO_TYPE  UINT32_MAX /* void, as a result */
#define BATCH_NO_WIDE  UINT32_MAX
#define BATCH_ARGS_MAX 24

/* What the kind of a leaf in these tables may be besides an AbiKind, or have added to it. */
#define BATCH_NO_LEAF  ((uint32_t)ABI_KIND_COUNT) /* turned out not to be one */
#define BATCH_NO_VALUE 256u /* tells the class of an eightbyte; its bits are another leaf's or nobody's */
#define BATCH_LATER                                                                                                    \
    512u /* in a later element of an array of records, where gcc does not ask for alignment: it looks at the first */

/* What there is to say about a bit-field besides its place, which no offsetof gives. */
typedef struct BatchBits {
    int is_named;     /* an unnamed one carries no value */
    ptrdiff_t base;   /* to be added to the place of the bits in the object that was set */
    ptrdiff_t record; /* of the record that holds it, in the type */
    uint32_t
        kind; /* of the same width when gcc takes it for an ordinary member should it stand at that width's alignment in its
                       * record; else BATCH_NO_LEAF */
} BatchBits;

/* Sets bit-field number `index` to all ones in a zeroed object; 0 behind the last. */
typedef int (*BatchSetBits)(void *object, unsigned index, BatchBits *bits);

typedef struct BatchType {
    const char *name;
    uint64_t size;
    uint32_t align;
    uint32_t nleaves;
    const AbiLeaf *leaves;
    BatchSetBits set_bits; /* or NULL */
    int is_record;
} BatchType;

typedef struct BatchArg {
    uint32_t type;     /* index into types */
    uint32_t received; /* where the callee puts it */
    uint32_t wide;     /* where it puts it converted to int, for integers narrower than that; else BATCH_NO_WIDE */
} BatchArg;

/* The compiled caller: calls `function` with the arguments at values[i] and stores the result. */
typedef void (*BatchCaller)(AbiFunction function, void *result, void *const *values);

typedef struct BatchSignature {
    uint64_t index;          /* in the run: --first INDEX --count 1 brings it back */
    const char *declaration; /* C, with the records it needs */
    const char *features;    /* names separated by blanks, for the statistics */
    const char
        *clang_differs; /* names of the rules by which clang may differ from gcc, separated by blanks; "" when none */
    const char *gcc_fails; /* and of those by which gcc does not understand itself */
    const BatchArg *args;
    uint32_t nargs;
    uint32_t nfixed;
    uint32_t result; /* index into types or BATCH_NO_TYPE */
    int is_variadic;
    int is_ms; /* ms_abi */
    BatchCaller caller;
} BatchSignature;

typedef struct Batch {
    const BatchType *types;
    uint32_t ntypes;
    uint32_t nsignatures;
    const BatchSignature *signatures;
} Batch;

#endif
