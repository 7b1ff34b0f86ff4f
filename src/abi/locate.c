/* Owns where a callback's arguments and its result lie in the frame as wholes, as the plan's moves have it. */
#include "abi/callback.h"
#include "abi/frame.h"
#include "abi/move.h"

enum { FRAME_ALIGN = 16 };

/* The frame is FRAME_ALIGN-aligned; what is on the stack the caller has aligned. Clients of libffi leave types with an alignment
 * of 0. */
static bool is_aligned(const AbiPlan *plan, uint32_t frame, uint32_t align)
{
    return frame >= plan->stack_offset || (align <= FRAME_ALIGN && (frame & (align - 1)) == 0);
}

int32_t abi_locate(const AbiPlan *plan, uint32_t index, uint32_t align)
{
    const AbiArg *arg = &plan->args[index];
    const AbiMove *move = &plan->moves[arg->first_move];
    if (arg->nmoves == 0) /* no bytes: anywhere */
        return 0;
    if (move->op == MOVE_REFERENCE)
        return ABI_AT_REFERENCE - (int32_t)move->frame;
    if (arg->nmoves > 1 || !is_aligned(plan, move->frame, align))
        return ABI_IN_PARTS;
    return (int32_t)move->frame;
}

int32_t abi_locate_result(const AbiPlan *plan, uint32_t align)
{
    const AbiMove *move = plan->result_moves;
    if (plan->result == ABI_RESULT_MEMORY)
        return ABI_AT_RESULT_ADDRESS;
    if (plan->nresult_moves == 0)
        return ABI_FRAME_RAX;
    if (plan->nresult_moves > 1 || move->offset != 0 || !is_aligned(plan, move->frame, align))
        return ABI_IN_PARTS;
    return (int32_t)move->frame;
}

AbiExtension abi_result_extension(const AbiPlan *plan)
{
    AbiMoveOp op = plan->result == ABI_RESULT_RAX ? (AbiMoveOp)plan->result_moves->op : MOVE_8;
    if (op == MOVE_8 || op >= MOVE_16)
        return ABI_EXTEND_NOT;
    return op == MOVE_I32 ? ABI_EXTEND_I32 : ABI_EXTEND_OTHERS;
}
