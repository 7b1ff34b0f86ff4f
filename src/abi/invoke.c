/* Owns the data's way into a frame and out of it. Every copy moves exactly the bytes that the plan names: a value is never read
 * or written beyond its size. abi_invoke is written for speed: what could be decided at planning time is a switch once a call. */
#include <string.h>

#include "abi/plan.h"

/* -- single moves --------------------------------------------------------------------------------------------------------- */

static inline uint64_t load(const void *from, size_t nbytes)
{
    uint64_t word = 0;
    memcpy(&word, from, nbytes);
    return word;
}

static inline int64_t load_signed(const void *from, unsigned nbytes)
{
    unsigned shift = 64 - 8 * nbytes;
    return (int64_t)(load(from, nbytes) << shift) >> shift;
}

static inline void store(void *to, uint64_t word)
{
    memcpy(to, &word, 8);
}

static inline void place_move(const AbiMove *move, AbiFrame *frame, const void *value)
{
    const char *from = (const char *)value + move->offset;
    char *to = (char *)frame + move->frame;
    switch ((AbiMoveOp)move->op) {
    case MOVE_8: store(to, load(from, 8)); break;
    case MOVE_I8: store(to, (uint64_t)load_signed(from, 1)); break;
    case MOVE_U8: store(to, load(from, 1)); break;
    case MOVE_I16: store(to, (uint64_t)load_signed(from, 2)); break;
    case MOVE_U16: store(to, load(from, 2)); break;
    case MOVE_I32: store(to, (uint64_t)load_signed(from, 4)); break;
    case MOVE_U32: store(to, load(from, 4)); break;
    case MOVE_PART: store(to, load(from, move->nbytes)); break;
    case MOVE_16: memcpy(to, from, 16); break;
    case MOVE_BLOCK: memcpy(to, from, move->count); break;
    case MOVE_ST:
    case MOVE_COUNT: break; /* no argument is in an x87 register */
    }
}

static inline void take_move(const AbiMove *move, const AbiFrame *frame, void *result)
{
    const char *from = (const char *)frame + move->frame;
    char *to = (char *)result + move->offset;
    switch ((AbiMoveOp)move->op) {
    case MOVE_8: memcpy(to, from, 8); break;
    case MOVE_I8:
    case MOVE_U8: memcpy(to, from, 1); break;
    case MOVE_I16:
    case MOVE_U16: memcpy(to, from, 2); break;
    case MOVE_I32:
    case MOVE_U32: memcpy(to, from, 4); break;
    case MOVE_PART: memcpy(to, from, move->nbytes); break;
    case MOVE_16: memcpy(to, from, 16); break;
    case MOVE_BLOCK: memcpy(to, from, move->count); break;
    case MOVE_ST:
        memcpy(to, from, 10);
        memset(to + 10, 0, 6);
        break;
    case MOVE_COUNT: break;
    }
}

static inline void place_moves(const AbiPlan *plan, AbiFrame *frame, uint32_t index, const void *value)
{
    const AbiMove *move = plan->moves + plan->args[index].first_move;
    for (const AbiMove *end = move + plan->args[index].nmoves; move < end; move++)
        place_move(move, frame, value);
}

void abi_place(const AbiPlan *plan, AbiFrame *frame, uint32_t index, const void *value)
{
    place_moves(plan, frame, index, value);
}

static inline void take_word(void *result, const void *from, uint64_t nbytes)
{
    switch (nbytes) {
    case 8: memcpy(result, from, 8); break;
    case 4: memcpy(result, from, 4); break;
    case 2: memcpy(result, from, 2); break;
    case 1: memcpy(result, from, 1); break;
    default: memcpy(result, from, nbytes); break;
    }
}

static inline void take(const AbiPlan *plan, const AbiFrame *frame, void *result)
{
    switch ((AbiResult)plan->result) {
    case ABI_RESULT_VOID:
    case ABI_RESULT_MEMORY: break;
    case ABI_RESULT_RAX: take_word(result, &frame->rax, plan->result_nbytes); break;
    case ABI_RESULT_XMM0: take_word(result, frame->result.xmm[0], plan->result_nbytes); break;
    case ABI_RESULT_MOVES:
        for (uint32_t i = 0; i < plan->nresult_moves; i++)
            take_move(&plan->result_moves[i], frame, result);
        break;
    }
}

void abi_take_result(const AbiPlan *plan, const AbiFrame *frame, void *result)
{
    take(plan, frame, result);
}

/* -- variadic arguments beyond the plan ----------------------------------------------------------------------------------- */

uint32_t abi_next_slot(const AbiPlan *plan, AbiCursor *cursor, bool is_sse)
{
    uint32_t slot;
    if (is_sse && cursor->nvec < ABI_NVECS)
        return ABI_FRAME_VEC + plan->vec_stride * cursor->nvec++;
    if (!is_sse && cursor->ngpr < ABI_NGPRS)
        return ABI_FRAME_GPR + 8 * cursor->ngpr++;
    slot = plan->stack_offset + cursor->stack_nbytes;
    cursor->stack_nbytes += 8;
    return slot;
}

void abi_call_variadic(const AbiPlan *plan, AbiFrame *frame, AbiFunction function, const AbiCursor *cursor)
{
    uint32_t flags = plan->flags - plan->end.nvec + cursor->nvec;
    if (cursor->nvec > 0)
        flags |= plan->vec_stride << 5;
    abi_call_sysv64(frame, function, plan->stack_offset, (cursor->stack_nbytes + 15) & ~(uint32_t)15, flags);
}

/* -- whole calls ---------------------------------------------------------------------------------------------------------- */

/* Arguments 0..n-1 of nbytes each into consecutive registers: one jump, no further branch. */
static inline void fill_registers(char *to, void *const *values, uint32_t n, size_t nbytes)
{
    switch (n) {
    default: /* fall through */
    case 8: store(to + 56, load(values[7], nbytes)); /* fall through */
    case 7: store(to + 48, load(values[6], nbytes)); /* fall through */
    case 6: store(to + 40, load(values[5], nbytes)); /* fall through */
    case 5: store(to + 32, load(values[4], nbytes)); /* fall through */
    case 4: store(to + 24, load(values[3], nbytes)); /* fall through */
    case 3: store(to + 16, load(values[2], nbytes)); /* fall through */
    case 2: store(to + 8, load(values[1], nbytes)); /* fall through */
    case 1: store(to, load(values[0], nbytes)); /* fall through */
    case 0: break;
    }
}

/* A uniform plan: the first nregisters arguments from `first` on, the others on the stack. */
static inline void fill_uniform(const AbiPlan *plan, AbiFrame *frame, void *const *values, uint32_t first, uint32_t nregisters, size_t nbytes)
{
    char *stack = (char *)frame + plan->stack_offset;
    uint32_t n = plan->nargs;
    fill_registers((char *)frame + first, values, n < nregisters ? n : nregisters, nbytes);
    for (uint32_t i = nregisters; i < n; i++, stack += 8)
        store(stack, load(values[i], nbytes));
}

static inline void fill(const AbiPlan *plan, AbiFrame *frame, void *const *values)
{
    uint32_t ntaken = plan->result == ABI_RESULT_MEMORY;
    switch ((AbiFill)plan->fill) {
    case FILL_GPR64: fill_uniform(plan, frame, values, ABI_FRAME_GPR + 8 * ntaken, ABI_NGPRS - ntaken, 8); break;
    case FILL_GPR32: fill_uniform(plan, frame, values, ABI_FRAME_GPR + 8 * ntaken, ABI_NGPRS - ntaken, 4); break;
    case FILL_VEC64: fill_uniform(plan, frame, values, ABI_FRAME_VEC, ABI_NVECS, 8); break;
    case FILL_VEC32: fill_uniform(plan, frame, values, ABI_FRAME_VEC, ABI_NVECS, 4); break;
    case FILL_SLOT64:
        for (uint32_t i = 0; i < plan->nargs; i++)
            store((char *)frame + plan->moves[i].frame, load(values[i], 8));
        break;
    case FILL_SINGLE:
        for (uint32_t i = 0; i < plan->nargs; i++)
            place_move(&plan->moves[i], frame, values[i]);
        break;
    case FILL_MOVES:
        for (uint32_t i = 0; i < plan->nargs; i++)
            place_moves(plan, frame, i, values[i]);
        break;
    }
}

static inline void run(const AbiPlan *plan, AbiFrame *frame, AbiFunction function, void *result, void *const *values)
{
    if (plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(frame, result);
    fill(plan, frame, values);
    abi_call(plan, frame, function);
    take(plan, frame, result);
}

#define SMALL_FRAME_NBYTES 512
#define PAGE_NBYTES 4096

/* A frame that may be longer than a page is touched from its end down, so that an overflow meets the guard page. */
static __attribute__((noinline)) void invoke_large(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    char *frame = __builtin_alloca_with_align(plan->frame_nbytes, 128);
    for (uint32_t at = plan->frame_nbytes; at > PAGE_NBYTES; at -= PAGE_NBYTES)
        *(volatile char *)(frame + at - PAGE_NBYTES) = 0;
    run(plan, (AbiFrame *)frame, function, result, values);
}

void abi_invoke(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    if (plan->frame_nbytes > SMALL_FRAME_NBYTES)
        invoke_large(plan, function, result, values);
    else
        run(plan, __builtin_alloca_with_align(SMALL_FRAME_NBYTES, 128), function, result, values);
}
