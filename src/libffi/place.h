/* Where a handler finds the arguments of a closure's call, and where it leaves the result: planned once for a signature. */
#ifndef AIRLOCK_LIBFFI_PLACE_H
#define AIRLOCK_LIBFFI_PLACE_H

#include "abi/abi.h"
#include "libffi/ffi.h"

enum {
    PLACE_COPIED = -1,    /* in no one place: abi_take, abi_place_result */
    PLACE_MEMORY = -2,    /* the result, where the caller wants it */
    PLACE_REFERENCE = -3, /* below this: frame offset of the argument's address, counted from here downwards */
    PLACE_NARGS_SIMPLE = 16
};

typedef struct Places {
    bool is_simple;    /* no PLACE_* but PLACE_MEMORY, and at most PLACE_NARGS_SIMPLE arguments */
    uint8_t extension; /* AbiMoveOp by which rax is extended when the handler returns; MOVE_8: it is not */
    int32_t result;    /* frame offset, PLACE_COPIED or PLACE_MEMORY */
    uint32_t nargs;
    uint32_t ncopied; /* arguments that are PLACE_COPIED, 64 bytes each at most */
    int32_t *args;    /* frame offset, PLACE_COPIED or PLACE_REFERENCE - frame offset; nargs of them */
} Places;

/* `args` has room for the cif's arguments. */
void place_all(Places *places, int32_t *args, const AbiPlan *plan, const ffi_cif *cif);

#endif
