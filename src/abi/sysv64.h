/* The System V x86-64 ABI: which registers and stack slots a signature uses (psABI 3.2.3, as gcc 12 implements it). */
#ifndef AIRLOCK_ABI_SYSV64_H
#define AIRLOCK_ABI_SYSV64_H

#include "abi/plan.h"

typedef enum Class {
    CLASS_NONE,
    CLASS_INTEGER,
    CLASS_SSE,
    CLASS_SSEUP,
    CLASS_X87,
    CLASS_X87UP,
    CLASS_COMPLEX_X87,
    CLASS_MEMORY
} Class;

#define SYSV64_NCLASSES_MAX (ABI_REGISTERS_NBYTES_MAX / 8)

typedef struct Classes {
    uint32_t count;                  /* eightbytes; 0 for an empty type */
    uint8_t of[SYSV64_NCLASSES_MAX]; /* Class; of[0] == CLASS_MEMORY: the whole value is in memory, count is 1 */
} Classes;

/* Steps 1 to 5 of "Classification". */
void sysv64_classify(const AbiType *type, Classes *classes);

/* "Passing" and "Returning of Values": lays the whole signature out into the builder. */
void sysv64_lay_out(Builder *builder);

/* The way into a function of the signature that was laid out that needs no trampoline (AbiPlan.direct), or NULL. */
AbiFunction sysv64_direct(const Builder *builder);

/* The same with arguments on the stack, for abi_invoke (AbiPlan.stacked), or NULL. */
AbiFunction sysv64_stacked(const Builder *builder);

#endif
