/* Where a handler finds the arguments of a closure's call, and where it leaves the result: found once for a signature. */
#ifndef AIRLOCK_LIBFFI_LOCATION_H
#define AIRLOCK_LIBFFI_LOCATION_H

#include "abi/callback.h"
#include "libffi/ffi.h"

enum { LOCATIONS_NARGS_SIMPLE = 16 };

typedef struct Locations {
    bool is_simple; /* everything is in the frame, but for ABI_AT_RESULT_ADDRESS, and nargs <= LOCATIONS_NARGS_SIMPLE */
    uint8_t extension; /* AbiExtension of rax when the handler returns */
    int32_t result;    /* abi_locate_result */
    uint32_t nargs;
    uint32_t ncopied; /* arguments that are ABI_IN_PARTS */
    int32_t *args;    /* abi_locate of each; nargs of them */
} Locations;

/* `args` has room for the cif's arguments. The plan is the cif's. */
void locate_all(Locations *locations, int32_t *args, const AbiPlan *plan, const ffi_cif *cif);

#endif
