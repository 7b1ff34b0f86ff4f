/* The adapter from CType to what the call engine classifies: a type's leaves (abi.h), the way gcc looks at them. */
#ifndef AIRLOCK_BIND_LEAVES_H
#define AIRLOCK_BIND_LEAVES_H

#include "abi/abi.h"
#include "ctype/ctype.h"

enum {
    LEAVES_TYPE_NBYTES_MAX = 64, /* beyond it a type is passed in memory whatever it holds */
    LEAVES_MAX =
        2 * LEAVES_TYPE_NBYTES_MAX * ABI_KIND_COUNT, /* every kind at every offset, and again in an array's element */
    LEAVES_STEPS_MAX = 100000 /* members of members: unions and empty structs hold any number of them in no space */
};

typedef struct LeafList {
    AbiLeaf leaves[LEAVES_MAX];
    uint32_t count;
    uint32_t nsteps; /* types looked at */
    uint32_t scope;  /* leaves from here on are told apart: all, or those of the array element that is being added */
} LeafList;

/* Fills the list, in order of declaration. False: a value of this type cannot be passed (functions, incomplete and
 * variable-length types, vectors of a size that no register has, what is beyond LEAVES_MAX or LEAVES_STEPS_MAX).
 * void and types of more than LEAVES_TYPE_NBYTES_MAX bytes have no leaves. */
bool leaves_of(const CType *type, LeafList *list);

#endif
