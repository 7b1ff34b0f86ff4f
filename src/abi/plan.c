/* Owns plans: one block each, made by laying the signature out twice (plan.h), never changed afterwards. What is decided
 * here (the flags, how abi_invoke fills the frame and stores the result) costs no call anything. */
#include "abi/plan.h"

#include <stdio.h>
#include <string.h>

#include "abi/cpu.h"
#include "abi/slot.h"
#include "abi/sysv64.h"
#include "abi/win64.h"

/* -- building ------------------------------------------------------------------------------------------------------ */

static uint32_t log2_of(uint32_t power)
{
    uint32_t n = 0;
    while (power >>= 1)
        n++;
    return n;
}

static void add_move(Builder *builder, AbiMove move)
{
    builder->last = move;
    if (builder->moves != NULL)
        builder->moves[builder->nmoves] = move;
    builder->nmoves++;
}

void builder_open(Builder *builder)
{
    builder->first_move = builder->nmoves;
}

void builder_close_result(Builder *builder, AbiResult result)
{
    builder->result = result;
    builder->nresult_moves = builder->nmoves;
    if (builder->moves != NULL)
        builder->moves += builder->nmoves;
    builder->nmoves = 0;
}

void builder_close_arg(Builder *builder, uint32_t index, bool has_slot)
{
    if (builder->args == NULL)
        return;
    builder->args[index].slot = has_slot ? builder->last.frame : ABI_NO_SLOT;
    builder->args[index].first_move = builder->first_move;
    builder->args[index].nmoves = builder->nmoves - builder->first_move;
}

static AbiMoveOp copy_op(uint64_t nbytes)
{
    switch (nbytes) {
    case 1: return MOVE_U8;
    case 2: return MOVE_U16;
    case 4: return MOVE_U32;
    case 8: return MOVE_8;
    case 16: return MOVE_16;
    default: return nbytes < 8 ? MOVE_PART : MOVE_BLOCK;
    }
}

void builder_copy(Builder *builder, uint64_t offset, uint32_t frame, uint64_t nbytes)
{
    AbiMoveOp op = copy_op(nbytes);
    AbiMove *last = &builder->last;
    if (op == MOVE_8 && builder->nmoves > builder->first_move && last->op == MOVE_8 && last->offset + 8 == offset &&
        last->frame + 8 == frame) {
        builder->nmoves--;
        builder_move(builder, MOVE_16, last->offset, last->frame);
        return;
    }
    add_move(builder, (AbiMove){.op = (uint8_t)op,
                                .nbytes = (uint8_t)(nbytes < 8 ? nbytes : 0),
                                .offset = (uint32_t)offset,
                                .frame = frame,
                                .count = (uint32_t)nbytes});
}

void builder_move(Builder *builder, AbiMoveOp op, uint32_t offset, uint32_t frame)
{
    add_move(builder, (AbiMove){.op = (uint8_t)op, .offset = offset, .frame = frame});
}

AbiMoveOp builder_scalar_op(const AbiType *type)
{
    static const struct {
        uint8_t nbytes, op;
    } scalars[ABI_KIND_COUNT] = {
        [ABI_BOOL] = {1, MOVE_U8}, [ABI_I8] = {1, MOVE_I8},     [ABI_U8] = {1, MOVE_U8},   [ABI_I16] = {2, MOVE_I16},
        [ABI_U16] = {2, MOVE_U16}, [ABI_I32] = {4, MOVE_I32},   [ABI_U32] = {4, MOVE_U32}, [ABI_I64] = {8, MOVE_8},
        [ABI_U64] = {8, MOVE_8},   [ABI_POINTER] = {8, MOVE_8}, [ABI_F16] = {2, MOVE_U16}, [ABI_F32] = {4, MOVE_U32},
        [ABI_F64] = {8, MOVE_8},   [ABI_VECTOR8] = {8, MOVE_8},
    };
    if (type->nleaves != 1 || type->size > 8 || scalars[type->leaves[0].kind].nbytes != type->size)
        return MOVE_COUNT;
    return (AbiMoveOp)scalars[type->leaves[0].kind].op;
}

uint32_t builder_take_stack(Builder *builder, uint64_t nbytes, uint32_t align)
{
    uint64_t start = builder->cursor.stack_nbytes, max = builder->stack_nbytes_max, end;
    if (align < 8)
        align = 8;
    start = (start + align - 1) & ~(uint64_t)(align - 1);
    end = nbytes > max ? nbytes : (start + nbytes + 7) & ~(uint64_t)7;
    if (align > builder->stack_align)
        builder->stack_align = align;
    builder->cursor.stack_nbytes = (uint32_t)(end > max ? max + 8 : end);
    return builder->stack_offset + (uint32_t)start;
}

static uint32_t round_up_16(uint32_t nbytes)
{
    return (nbytes + 15) & ~(uint32_t)15;
}

void builder_refer(Builder *builder, const AbiType *type, uint32_t frame)
{
    uint64_t start = builder->copies_nbytes, max = builder->stack_nbytes_max, end = type->size;
    if (type->size <= max) /* the frame is 16-aligned: the address may have to be rounded up */
        end = start + ((type->size + 15) & ~(uint64_t)15) + (type->align > 16 ? type->align - 16 : 0);
    builder->copies_nbytes = (uint32_t)(end > max ? max + 16 : end);
    add_move(builder,
             (AbiMove){.op = MOVE_REFERENCE,
                       .align_log2 = (uint16_t)log2_of(type->align),
                       .offset = builder->stack_offset + round_up_16(builder->cursor.stack_nbytes) + (uint32_t)start,
                       .frame = frame,
                       .count = (uint32_t)type->size});
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

static bool check_stack(const Builder *builder, Error *error)
{
    char text[128];
    if (builder->cursor.stack_nbytes + builder->copies_nbytes <= builder->stack_nbytes_max)
        return true;
    snprintf(text, sizeof text, "the arguments take more than %u bytes of stack", (unsigned)builder->stack_nbytes_max);
    return error_refuse(error, ERROR_LIMIT, text);
}

static bool check_cpu(const Builder *builder, Error *error)
{
    uint32_t needed = builder->arg_vec_nbytes, available;
    char who[32] = "the result", text[128];
    if (needed < builder->result_vec_nbytes)
        needed = builder->result_vec_nbytes;
    if (needed <= 16 || needed <= (available = cpu_vector_nbytes()))
        return true;
    if (builder->result_vec_nbytes <= available)
        snprintf(who, sizeof who, "argument %u", builder->wide_arg);
    snprintf(text, sizeof text, "%s is in a %u-byte vector register, which needs %s", who, needed,
             needed == 64 ? "AVX-512F" : "AVX");
    return error_refuse(error, ERROR_UNSUPPORTED, text);
}

/* -- flags and fill ------------------------------------------------------------------------------------------------ */

_Static_assert(8 << 5 == ABI_FLAG_VEC_8 && 16 << 5 == ABI_FLAG_VEC_16 && 32 << 5 == ABI_FLAG_VEC_32 &&
                   64 << 5 == ABI_FLAG_VEC_64,
               "the flag of a stride is the stride shifted");

static uint32_t plan_flags(const Builder *builder)
{
    uint32_t flags = builder->flags | builder->cursor.nvec | builder->vec_stride << 5;
    if (builder->cursor.stack_nbytes > 0)
        flags |= ABI_FLAG_STACK;
    if (builder->arg_vec_nbytes > 16 || builder->result_vec_nbytes > 16)
        flags |= ABI_FLAG_VZEROUPPER;
    if (builder->stack_align > 16)
        flags |= log2_of(builder->stack_align) << ABI_FLAG_ALIGN_SHIFT;
    return flags;
}

/* True when argument i is move i, which copies the value from its start on, by that op: MOVE_COUNT for any. */
static bool is_single(const AbiPlan *plan, AbiMoveOp op)
{
    for (uint32_t i = 0; i < plan->nargs; i++) {
        if (plan->args[i].nmoves != 1) /* an empty struct has none, and there need be no move i */
            return false;
        if (plan->moves[i].offset != 0 || (op != MOVE_COUNT && plan->moves[i].op != op) ||
            plan->moves[i].op == MOVE_REFERENCE)
            return false;
    }
    return true;
}

/* True when argument i is in register number i from `first` on, and none is on the stack. */
static bool is_in_order(const AbiPlan *plan, uint32_t first, uint32_t nregisters)
{
    for (uint32_t i = 0; i < plan->nargs; i++)
        if (i >= nregisters || plan->moves[i].frame != first + 8 * i)
            return false;
    return true;
}

static bool has_simple_moves(const AbiPlan *plan)
{
    for (uint32_t i = 0; i < plan->nargs; i++)
        if (plan->moves[i].op > MOVE_SIMPLE_LAST)
            return false;
    return true;
}

static uint32_t choose_fill(const AbiPlan *plan)
{
    bool is_64 = is_single(plan, MOVE_8);
    if (!is_single(plan, MOVE_COUNT))
        return FILL_MOVES;
    if (plan->direct == NULL || plan->result == ABI_RESULT_MEMORY)
        return is_64 ? FILL_SINGLE_64 : FILL_SINGLE;
    if ((is_64 || is_single(plan, MOVE_I32)) && is_in_order(plan, ABI_FRAME_GPR, ABI_NGPRS))
        return (is_64 ? FILL_GPR_64 : FILL_GPR_I32) + plan->nargs;
    if ((is_64 || is_single(plan, MOVE_U32)) && is_in_order(plan, ABI_FRAME_VEC, ABI_NVECS))
        return (is_64 ? FILL_VEC_64 : FILL_VEC_32) + plan->nargs;
    return has_simple_moves(plan) ? FILL_SIMPLE : FILL_SINGLE;
}

static AbiTake choose_take(const AbiPlan *plan)
{
    switch ((AbiResult)plan->result) {
    case ABI_RESULT_RAX: return plan->result_nbytes == 8 ? TAKE_WORD : TAKE_WORD_PART;
    case ABI_RESULT_XMM0:
        if (plan->result_nbytes == 8)
            return TAKE_DOUBLE;
        return plan->result_nbytes == 4 ? TAKE_FLOAT : TAKE_DOUBLE_PART;
    case ABI_RESULT_MOVES: return TAKE_MOVES;
    case ABI_RESULT_VOID:
    case ABI_RESULT_MEMORY: break;
    }
    return TAKE_NOTHING;
}

/* -- the plan ------------------------------------------------------------------------------------------------------ */

/* What an ABI is made of: its file here, and asm/call_*.asm and callback_*.asm. The faster ways into functions, asm/direct_*.asm
 * and stacked_*.asm, it may do without. */
static const struct Convention {
    void (*lay_out)(Builder *builder);
    AbiFunction (*direct)(const Builder *builder);  /* AbiPlan.direct; or NULL */
    AbiFunction (*stacked)(const Builder *builder); /* AbiPlan.stacked; or NULL */
    AbiTrampoline *trampoline;
    AbiFunction enter;
} conventions[] = {
    [ABI_SYSV64] = {sysv64_lay_out, sysv64_direct, sysv64_stacked, abi_call_sysv64, abi_enter_sysv64},
    [ABI_WIN64] = {win64_lay_out, NULL, NULL, abi_call_win64, abi_enter_win64},
};

/* From the second run's builder into the plan; `moves` starts with the result's. */
static void finish(AbiPlan *plan, const Builder *builder, const AbiMove *moves)
{
    const AbiSignature *signature = builder->signature;
    const struct Convention *convention = &conventions[signature->convention];
    plan->trampoline = convention->trampoline;
    plan->enter = convention->enter;
    plan->flags = plan_flags(builder);
    plan->stack_offset = builder->stack_offset;
    plan->stack_nbytes = round_up_16(builder->cursor.stack_nbytes);
    plan->frame_nbytes = plan->stack_offset + plan->stack_nbytes + builder->copies_nbytes;
    plan->vec_stride = builder->vec_stride;
    plan->nargs = signature->nargs;
    plan->result = (uint8_t)builder->result;
    plan->is_variadic = signature->is_variadic;
    plan->end = builder->cursor;
    plan->result_nbytes = signature->result.size;
    plan->nresult_moves = builder->nresult_moves;
    plan->result_moves = moves;
    plan->args = builder->args;
    plan->moves = moves + builder->nresult_moves;
    plan->returns = (uint8_t)builder->returns;
    plan->direct = convention->direct != NULL ? convention->direct(builder) : NULL;
    plan->stacked = convention->stacked != NULL ? convention->stacked(builder) : NULL;
    plan->fill = (uint8_t)choose_fill(plan);
    plan->take = (uint8_t)choose_take(plan);
}

/* True when abi_call_variadic may add arguments. */
static bool takes_more(const AbiSignature *signature)
{
    return signature->convention == ABI_SYSV64 && signature->is_variadic && signature->nfixed == signature->nargs;
}

AbiPlan *abi_plan_new_within(const Allocator *allocator, const AbiSignature *signature, uint32_t stack_nbytes_max,
                             Error *error)
{
    Builder first = {.signature = signature, .stack_nbytes_max = stack_nbytes_max, .stack_align = 16}, second = first;
    size_t args_nbytes, plan_nbytes;
    AbiPlan *plan;
    AbiMove *moves;

    const struct Convention *convention = &conventions[signature->convention];
    convention->lay_out(&first);
    if (!check_stack(&first, error) || !check_cpu(&first, error))
        return NULL;

    args_nbytes = signature->nargs * sizeof(AbiArg);
    plan_nbytes = sizeof(AbiPlan) + args_nbytes + ((size_t)first.nresult_moves + first.nmoves) * sizeof(AbiMove);
    plan = mem_alloc(allocator, plan_nbytes);
    if (plan == NULL) {
        error_refuse(error, ERROR_MEMORY, "not enough memory");
        return NULL;
    }
    *plan = (AbiPlan){.plan_nbytes = plan_nbytes};
    second.args = (AbiArg *)(plan + 1);
    second.moves = moves = (AbiMove *)((char *)(plan + 1) + args_nbytes);
    second.vec_stride = first.arg_vec_nbytes == 0 && takes_more(signature) ? 8 : first.arg_vec_nbytes;
    second.stack_offset = ABI_FRAME_VEC + ABI_NVECS * second.vec_stride + ABI_FRAME_LINK_NBYTES;
    convention->lay_out(&second);
    finish(plan, &second, moves);
    return plan;
}

AbiPlan *abi_plan_new(const Allocator *allocator, const AbiSignature *signature, Error *error)
{
    return abi_plan_new_within(allocator, signature, ABI_STACK_NBYTES_MAX, error);
}

void abi_plan_free(const Allocator *allocator, AbiPlan *plan)
{
    if (plan != NULL)
        mem_free(allocator, plan, plan->plan_nbytes);
}

void abi_plan_widen(AbiPlan *plan)
{
    static const uint8_t takes[MOVE_COUNT] = {
        [MOVE_I8] = TAKE_I8,   [MOVE_U8] = TAKE_U8,   [MOVE_I16] = TAKE_I16,
        [MOVE_U16] = TAKE_U16, [MOVE_I32] = TAKE_I32, [MOVE_U32] = TAKE_U32,
    };
    if (plan->take == TAKE_WORD_PART && takes[plan->result_moves->op] != 0)
        plan->take = takes[plan->result_moves->op];
}
