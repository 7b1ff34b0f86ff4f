/* What a library of generated callees tells the driver. Compiled by gcc and by clang. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_ENTRY_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_ENTRY_H

#include <stdint.h>

/* The machine at the callee's first instruction. */
typedef struct EntryRecord {
    uint64_t rsp;
    uint64_t flags; /* rflags */
    uint64_t rax;   /* al: vector registers used by a variadic call */
    uint32_t mxcsr;
    uint32_t x87[7];         /* fnstenv: control word, status, tags, … */
    uint32_t spoilt_gprs;    /* in: bit i: argument register i of rdi, rsi, ... is filled with rubbish */
    uint32_t spoilt_vecs;    /* in: and vector register i, its low 16 bytes */
    uint32_t has_named_only; /* in: a variadic function is not passed more */
    uint32_t nmisaligned;    /* arguments that did not stand at their type's alignment */
} EntryRecord;

/* Calls `function`, which takes the named arguments and no others, with those at values[i]. The result goes to `result`; an integer
 * narrower than int also goes, converted, to *wide. */
typedef void (*InboundCaller)(void (*function)(void), void *result, void *const *values, int *wide);

/* What a library of callees exports, as `callees`. */
typedef struct Callees {
    void (*const *entries)(void);  /* NULL for one that this compiler cannot have */
    const InboundCaller *inbounds; /* the other direction */
    EntryRecord *entry;
    unsigned char *received;
    unsigned char *returned;
} Callees;

#define RECEIVED_NBYTES 16384 /* generate.lua keeps below it */
#define RETURNED_NBYTES 1024

#endif
