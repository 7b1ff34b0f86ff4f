/* Owns what a handler's arguments and result look like on the whole, from where each of them lies in the frame. */
#include "libffi/location.h"

void locate_all(Locations *locations, int32_t *args, const AbiPlan *plan, const ffi_cif *cif)
{
    *locations = (Locations){.nargs = cif->nargs, .args = args, .extension = (uint8_t)abi_result_extension(plan)};
    locations->result = abi_locate_result(plan, cif->rtype->alignment);
    locations->is_simple = cif->nargs <= LOCATIONS_NARGS_SIMPLE && locations->result != ABI_IN_PARTS;
    for (unsigned i = 0; i < cif->nargs; i++) {
        args[i] = abi_locate(plan, i, cif->arg_types[i]->alignment);
        locations->ncopied += args[i] == ABI_IN_PARTS;
        locations->is_simple = locations->is_simple && args[i] >= 0;
    }
}
