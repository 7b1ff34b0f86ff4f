/* Owns where a closure's arguments and its result lie in the frame, as the plan's moves have it. */
#include "libffi/place.h"

#include "abi/frame.h"
#include "abi/move.h"

enum { FRAME_ALIGN = 16 };

/* The frame is FRAME_ALIGN-aligned; what is on the stack the caller has aligned. */
static bool is_aligned(const AbiPlan *plan, uint32_t frame, const ffi_type *type)
{
    return frame >= plan->stack_offset || (type->alignment <= FRAME_ALIGN && (frame & (type->alignment - 1u)) == 0);
}

static int32_t place_argument(const AbiPlan *plan, const AbiArg *arg, const ffi_type *type)
{
    const AbiMove *first = &plan->moves[arg->first_move];
    if (arg->nmoves == 0) /* no bytes */
        return 0;
    if (first->op == MOVE_REFERENCE)
        return PLACE_REFERENCE - (int32_t)first->frame;
    if (arg->nmoves > 1 || !is_aligned(plan, first->frame, type))
        return PLACE_COPIED;
    return (int32_t)first->frame;
}

static int32_t place_result(const AbiPlan *plan, const ffi_type *type)
{
    if (plan->result == ABI_RESULT_MEMORY)
        return PLACE_MEMORY;
    if (plan->nresult_moves == 0)
        return ABI_FRAME_RAX;
    if (plan->nresult_moves > 1 || plan->result_moves->offset != 0 ||
        !is_aligned(plan, plan->result_moves->frame, type))
        return PLACE_COPIED;
    return (int32_t)plan->result_moves->frame;
}

static uint8_t extension_of(const AbiPlan *plan)
{
    if (plan->result == ABI_RESULT_RAX && plan->result_moves->op < MOVE_16)
        return plan->result_moves->op;
    return MOVE_8;
}

void place_all(Places *places, int32_t *args, const AbiPlan *plan, const ffi_cif *cif)
{
    *places = (Places){.nargs = cif->nargs, .args = args, .extension = extension_of(plan)};
    places->result = place_result(plan, cif->rtype);
    places->is_simple = cif->nargs <= PLACE_NARGS_SIMPLE && places->result != PLACE_COPIED;
    for (unsigned i = 0; i < cif->nargs; i++) {
        args[i] = place_argument(plan, &plan->args[i], cif->arg_types[i]);
        places->ncopied += args[i] == PLACE_COPIED;
        places->is_simple = places->is_simple && args[i] >= 0;
    }
}
