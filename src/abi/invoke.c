/* Owns the data's way into a frame and out of it. Every copy moves exactly the bytes that the plan names: a value is
 * never read or written beyond its size. abi_invoke is written for speed: what could be decided at planning time is a
 * switch once a call. */
#include <string.h>

#include "abi/callback.h"
#include "abi/direct.h"
#include "abi/plan.h"
#include "base/inline.h"

/* -- single moves -------------------------------------------------------------------------------------------------- */

/* 1, 2, 4 or 8 bytes, known where it is inlined. */
ALWAYS_INLINE uint64_t load(const void *from, size_t nbytes)
{
    uint64_t word = 0;
    memcpy(&word, from, nbytes);
    return word;
}

ALWAYS_INLINE uint64_t load_signed(const void *from, unsigned nbytes)
{
    unsigned shift = 64 - 8 * nbytes;
    return (uint64_t)((int64_t)(load(from, nbytes) << shift) >> shift);
}

static uint64_t load_part(const char *from, unsigned nbytes)
{
    uint64_t word = 0;
    while (nbytes-- > 0)
        word = word << 8 | (uint8_t)from[nbytes];
    return word;
}

static void store_part(char *to, const char *from, unsigned nbytes)
{
    for (unsigned i = 0; i < nbytes; i++)
        to[i] = from[i];
}

ALWAYS_INLINE void store(void *to, uint64_t word)
{
    memcpy(to, &word, 8);
}

/* The callee owns the copy: what the caller has is never its to change. */
static NOINLINE void place_reference(const AbiMove *move, char *frame, const void *value)
{
    uintptr_t align = (uintptr_t)1 << move->align_log2;
    char *copy = frame + move->offset;
    copy += -(uintptr_t)copy & (align - 1);
    memcpy(copy, value, move->count);
    memcpy(frame + move->frame, &copy, sizeof copy);
}

static NOINLINE void take_reference(const char *from, void *value, uint32_t nbytes)
{
    const void *copy;
    memcpy(&copy, from, sizeof copy);
    memcpy(value, copy, nbytes);
}

/* clang-format off */

/* One of up to MOVE_SIMPLE_LAST, from the start of the value. */
ALWAYS_INLINE void place_simple(AbiMoveOp op, char *to, const char *from)
{
    switch (op) {
    case MOVE_8: store(to, load(from, 8)); break;
    case MOVE_I8: store(to, load_signed(from, 1)); break;
    case MOVE_U8: store(to, load(from, 1)); break;
    case MOVE_I16: store(to, load_signed(from, 2)); break;
    case MOVE_U16: store(to, load(from, 2)); break;
    case MOVE_I32: store(to, load_signed(from, 4)); break;
    case MOVE_U32: store(to, load(from, 4)); break;
    case MOVE_16: memcpy(to, from, 16); break;
    case MOVE_PART:
    case MOVE_BLOCK:
    case MOVE_REFERENCE:
    case MOVE_ST:
    case MOVE_COUNT:
    default: __builtin_unreachable(); /* no argument is in an x87 register */
    }
}

/* Any move of an argument, from the start of the value. */
ALWAYS_INLINE void place_whole(const AbiMove *move, char *to, const char *from)
{
    if (move->op <= MOVE_SIMPLE_LAST)
        place_simple((AbiMoveOp)move->op, to, from);
    else if (move->op == MOVE_PART)
        store(to, load_part(from, move->nbytes));
    else
        memcpy(to, from, move->count);
}

ALWAYS_INLINE void place_move(const AbiMove *move, AbiFrame *frame, const void *value)
{
    place_whole(move, (char *)frame + move->frame, (const char *)value + move->offset);
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
    case MOVE_PART: store_part(to, from, move->nbytes); break;
    case MOVE_16: memcpy(to, from, 16); break;
    case MOVE_BLOCK: memcpy(to, from, move->count); break;
    case MOVE_REFERENCE: take_reference(from, result, move->count); break;
    case MOVE_ST:
        memcpy(to, from, 10);
        memset(to + 10, 0, 6);
        break;
    case MOVE_COUNT: break;
    }
}

/* clang-format on */

ALWAYS_INLINE void place_moves(const AbiPlan *plan, AbiFrame *frame, uint32_t index, const void *value)
{
    const AbiMove *move = plan->moves + plan->args[index].first_move;
    for (const AbiMove *end = move + plan->args[index].nmoves; move < end; move++)
        if (__builtin_expect(move->op == MOVE_REFERENCE, 0))
            place_reference(move, (char *)frame, value);
        else
            place_move(move, frame, value);
}

void abi_place(const AbiPlan *plan, AbiFrame *frame, uint32_t index, const void *value)
{
    place_moves(plan, frame, index, value);
}

static NOINLINE void take_moves(const AbiPlan *plan, const AbiFrame *frame, void *result)
{
    for (uint32_t i = 0; i < plan->nresult_moves; i++)
        take_move(&plan->result_moves[i], frame, result);
}

static NOINLINE void take_part(const AbiPlan *plan, uint64_t word, void *result)
{
    store_part(result, (const char *)&word, (unsigned)plan->result_nbytes & 7);
}

/* clang-format off */

/* A result that takes less than a register: `word` is rax, or the low eight bytes of xmm0. */
ALWAYS_INLINE void take_small(const AbiPlan *plan, uint64_t word, void *result)
{
    switch ((AbiTake)plan->take) {
    case TAKE_I8: store(result, (uint64_t)(int64_t)(int8_t)word); break;
    case TAKE_U8: store(result, (uint8_t)word); break;
    case TAKE_I16: store(result, (uint64_t)(int64_t)(int16_t)word); break;
    case TAKE_U16: store(result, (uint16_t)word); break;
    case TAKE_U32: store(result, (uint32_t)word); break;
    case TAKE_FLOAT: memcpy(result, &word, 4); break;
    default: take_part(plan, word, result); break;
    }
}

/* clang-format on */

/* A result that was in rax, the usual ones first. */
ALWAYS_INLINE void take_word(const AbiPlan *plan, uint64_t word, void *result)
{
    if (plan->take == TAKE_WORD)
        store(result, word);
    else if (plan->take == TAKE_I32)
        store(result, (uint64_t)(int64_t)(int32_t)word);
    else if (plan->take != TAKE_NOTHING)
        take_small(plan, word, result);
}

/* One that was in xmm0, by its bits. */
ALWAYS_INLINE void take_double(const AbiPlan *plan, uint64_t word, void *result)
{
    if (plan->take == TAKE_DOUBLE)
        store(result, word);
    else
        take_small(plan, word, result);
}

ALWAYS_INLINE void take(const AbiPlan *plan, const AbiFrame *frame, void *result)
{
    if (plan->take == TAKE_NOTHING)
        return;
    if (plan->take <= TAKE_WORD_PART)
        take_word(plan, frame->rax, result);
    else if (plan->take != TAKE_MOVES)
        take_double(plan, load(frame->result.xmm[0], 8), result);
    else if (plan->result_moves->op == MOVE_16) /* it is the only one */
        memcpy(result, (const char *)frame + plan->result_moves->frame, 16);
    else
        take_moves(plan, frame, result);
}

void abi_take_result(const AbiPlan *plan, const AbiFrame *frame, void *result)
{
    take(plan, frame, result);
}

/* -- callbacks ----------------------------------------------------------------------------------------------------- */

static NOINLINE void take_all(const AbiMove *move, uint32_t nmoves, const AbiFrame *frame, void *value)
{
    for (const AbiMove *end = move + nmoves; move < end; move++)
        take_move(move, frame, value);
}

/* Most arguments are one move. */
void abi_take(const AbiPlan *plan, const AbiFrame *frame, uint32_t index, void *value)
{
    const AbiArg *arg = &plan->args[index];
    const AbiMove *move = plan->moves + arg->first_move;
    if (arg->nmoves == 1)
        take_move(move, frame, value);
    else
        take_all(move, arg->nmoves, frame, value);
}

static void *result_address(const AbiFrame *frame)
{
    return (void *)(uintptr_t)frame->gpr[0];
}

/* MOVE_ST is a result's alone. */
static NOINLINE void place_result_moves(const AbiPlan *plan, AbiFrame *frame, const void *result)
{
    for (uint32_t i = 0; i < plan->nresult_moves; i++) {
        const AbiMove *move = &plan->result_moves[i];
        if (move->op == MOVE_ST)
            memcpy((char *)frame + move->frame, (const char *)result + move->offset, 10);
        else
            place_move(move, frame, result);
    }
}

void abi_place_result(const AbiPlan *plan, AbiFrame *frame, const void *result)
{
    if (plan->result == ABI_RESULT_RAX || plan->result == ABI_RESULT_XMM0) {
        place_move(plan->result_moves, frame, result);
    } else if (plan->result == ABI_RESULT_MEMORY) {
        memmove(result_address(frame), result, plan->result_nbytes);
        frame->rax = frame->gpr[0];
    } else {
        place_result_moves(plan, frame, result);
    }
}

void abi_zero_result(const AbiPlan *plan, AbiFrame *frame)
{
    frame->rax = frame->rdx = 0;
    memset(&frame->result, 0, sizeof frame->result);
    if (plan->result == ABI_RESULT_MEMORY) {
        memset(result_address(frame), 0, plan->result_nbytes);
        frame->rax = frame->gpr[0];
    }
}

/* -- variadic arguments beyond the plan ---------------------------------------------------------------------------- */

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
    if (cursor->nvec == 0)
        flags &= ~(uint32_t)ABI_FLAG_VEC_ANY;
    if (cursor->stack_nbytes > 0)
        flags |= ABI_FLAG_STACK;
    abi_call_sysv64(frame, function, plan->stack_offset, (cursor->stack_nbytes + 15) & ~(uint32_t)15, flags);
}

/* -- whole calls: each kind in a function of its own, so that none makes room or saves registers for another ---------- */

#define DIRECT_FRAME_NBYTES (ABI_FRAME_VEC + 8 * ABI_NVECS) /* no stack, no wide vector */
#define SMALL_FRAME_NBYTES  512 /* registers with vectors of 16 bytes, and some stack or copies; far less than a page */
#define PAGE_NBYTES         4096
#define FRAME_ALIGN_NBITS   (16 * 8) /* as __builtin_alloca_with_align counts */

ALWAYS_INLINE void copy_64(char *to, const void *value)
{
    store(to, load(value, 8));
}

ALWAYS_INLINE void copy_i32(char *to, const void *value)
{
    store(to, load_signed(value, 4));
}

ALWAYS_INLINE void copy_u32(char *to, const void *value)
{
    store(to, load(value, 4));
}

ALWAYS_INLINE void fill_single_64(const AbiPlan *plan, char *frame, void *const *values)
{
    const AbiMove *move = plan->moves;
    for (uint32_t i = 0; i < plan->nargs; i++)
        copy_64(frame + move[i].frame, values[i]);
}

/* The loop that calls with arguments of several kinds spend their time in: the usual ones first. */
ALWAYS_INLINE void fill_simple(const AbiPlan *plan, char *frame, void *const *values)
{
    const AbiMove *move = plan->moves;
    for (uint64_t i = 0, n = plan->nargs; i < n; i++) {
        const char *value = values[i];
        char *to = frame + move[i].frame;
        if (move[i].op == MOVE_8)
            copy_64(to, value);
        else if (move[i].op == MOVE_I32)
            copy_i32(to, value);
        else
            place_simple((AbiMoveOp)move[i].op, to, value);
    }
}

ALWAYS_INLINE void fill_single(const AbiPlan *plan, char *frame, void *const *values)
{
    const AbiMove *move = plan->moves, *end = move + plan->nargs;
    for (; move < end; move++, values++)
        place_whole(move, frame + move->frame, *values);
}

static NOINLINE void fill_moves(const AbiPlan *plan, AbiFrame *frame, void *const *values)
{
    for (uint32_t i = 0; i < plan->nargs; i++)
        place_moves(plan, frame, i, values[i]);
}

/* For plans that are not FILL_IN_ORDER_LAST or less, nor FILL_SIMPLE. */
ALWAYS_INLINE void fill(const AbiPlan *plan, char *frame, void *result, void *const *values)
{
    if (plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address((AbiFrame *)frame, result);
    if (plan->fill == FILL_SINGLE)
        fill_single(plan, frame, values);
    else if (plan->fill == FILL_SINGLE_64)
        fill_single_64(plan, frame, values);
    else
        fill_moves(plan, (AbiFrame *)frame, values);
}

void abi_fill(const AbiPlan *plan, AbiFrame *frame, void *result, void *const *values)
{
    fill(plan, (char *)frame, result, values);
}

/* The first 9 to 15 bytes of two registers: rare, and so out of the way. */
static NOINLINE void take_words(const AbiPlan *plan, const uint64_t words[2], void *result)
{
    memcpy(result, words, plan->result_nbytes);
}

/* A call whose function returns here. */
ALWAYS_INLINE void call_direct(const AbiPlan *plan, const char *frame, AbiFunction function, void *result)
{
    const AbiFrame *filled = (const AbiFrame *)frame;
    if (plan->take <= TAKE_WORD_PART) {
        take_word(plan, abi_direct_word(plan->direct, filled, function), result);
    } else if (plan->take != TAKE_MOVES) {
        double number = abi_direct_double(plan->direct, filled, function);
        take_double(plan, load(&number, 8), result);
    } else {
        uint64_t words[2];
        abi_direct(plan, filled, function, words);
        if (plan->result_nbytes == 16)
            memcpy(result, words, 16);
        else
            take_words(plan, words, result);
    }
}

ALWAYS_INLINE void invoke_in(const AbiPlan *plan, char *frame, AbiFunction function, void *result, void *const *values)
{
    fill(plan, frame, result, values);
    if (plan->direct != NULL) {
        call_direct(plan, frame, function, result);
        return;
    }
    abi_call(plan, (AbiFrame *)frame, function);
    take(plan, (const AbiFrame *)frame, result);
}

/* clang-format off */

/* One jump for kind and number together: the plan's arguments are the registers from the label on downwards. */
static NOINLINE void invoke_in_order(const AbiPlan *plan, AbiFunction function, void *result,
                                                      void *const *values)
{
    _Alignas(16) char frame[DIRECT_FRAME_NBYTES];
    char *gpr = frame + ABI_FRAME_GPR, *vec = frame + ABI_FRAME_VEC;
    switch (plan->fill) {
    case FILL_GPR_64 + 6: copy_64(gpr + 40, values[5]); /* fall through */
    case FILL_GPR_64 + 5: copy_64(gpr + 32, values[4]); /* fall through */
    case FILL_GPR_64 + 4: copy_64(gpr + 24, values[3]); /* fall through */
    case FILL_GPR_64 + 3: copy_64(gpr + 16, values[2]); /* fall through */
    case FILL_GPR_64 + 2: copy_64(gpr + 8, values[1]); /* fall through */
    case FILL_GPR_64 + 1: copy_64(gpr, values[0]); /* fall through */
    case FILL_GPR_64: break;
    case FILL_GPR_I32 + 6: copy_i32(gpr + 40, values[5]); /* fall through */
    case FILL_GPR_I32 + 5: copy_i32(gpr + 32, values[4]); /* fall through */
    case FILL_GPR_I32 + 4: copy_i32(gpr + 24, values[3]); /* fall through */
    case FILL_GPR_I32 + 3: copy_i32(gpr + 16, values[2]); /* fall through */
    case FILL_GPR_I32 + 2: copy_i32(gpr + 8, values[1]); /* fall through */
    case FILL_GPR_I32 + 1: copy_i32(gpr, values[0]); break;
    case FILL_VEC_64 + 8: copy_64(vec + 56, values[7]); /* fall through */
    case FILL_VEC_64 + 7: copy_64(vec + 48, values[6]); /* fall through */
    case FILL_VEC_64 + 6: copy_64(vec + 40, values[5]); /* fall through */
    case FILL_VEC_64 + 5: copy_64(vec + 32, values[4]); /* fall through */
    case FILL_VEC_64 + 4: copy_64(vec + 24, values[3]); /* fall through */
    case FILL_VEC_64 + 3: copy_64(vec + 16, values[2]); /* fall through */
    case FILL_VEC_64 + 2: copy_64(vec + 8, values[1]); /* fall through */
    case FILL_VEC_64 + 1: copy_64(vec, values[0]); break;
    case FILL_VEC_32 + 8: copy_u32(vec + 56, values[7]); /* fall through */
    case FILL_VEC_32 + 7: copy_u32(vec + 48, values[6]); /* fall through */
    case FILL_VEC_32 + 6: copy_u32(vec + 40, values[5]); /* fall through */
    case FILL_VEC_32 + 5: copy_u32(vec + 32, values[4]); /* fall through */
    case FILL_VEC_32 + 4: copy_u32(vec + 24, values[3]); /* fall through */
    case FILL_VEC_32 + 3: copy_u32(vec + 16, values[2]); /* fall through */
    case FILL_VEC_32 + 2: copy_u32(vec + 8, values[1]); /* fall through */
    case FILL_VEC_32 + 1: copy_u32(vec, values[0]); break;
    default: __builtin_unreachable();
    }
    call_direct(plan, frame, function, result);
}

/* clang-format on */

static NOINLINE void invoke_direct(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    _Alignas(16) char frame[DIRECT_FRAME_NBYTES];
    fill_simple(plan, frame, values);
    call_direct(plan, frame, function, result);
}

static NOINLINE void invoke_small(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    _Alignas(16) char frame[SMALL_FRAME_NBYTES];
    invoke_in(plan, frame, function, result, values);
}

/* The frame is made, and abi_fill called, where the arguments that are on the stack belong. */
static NOINLINE void invoke_stacked(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    typedef uint64_t Word(const AbiPlan *plan, AbiFunction function, void *result, void *const *values);
    typedef double Double(const AbiPlan *plan, AbiFunction function, void *result, void *const *values);
    if (plan->take == TAKE_NOTHING) {
        ((Word *)plan->stacked)(plan, function, result, values);
    } else if (plan->take <= TAKE_WORD_PART) {
        take_word(plan, ((Word *)plan->stacked)(plan, function, result, values), result);
    } else {
        double number = ((Double *)plan->stacked)(plan, function, result, values);
        take_double(plan, load(&number, 8), result);
    }
}

/* A frame that may be longer than a page is touched from its end down, so that an overflow meets the guard page. */
ALWAYS_INLINE void touch(char *frame, uint32_t nbytes)
{
    for (uint32_t at = nbytes; at > PAGE_NBYTES; at -= PAGE_NBYTES)
        *(volatile char *)(frame + at - PAGE_NBYTES) = 0;
}

static NOINLINE void invoke_large(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    char *frame = __builtin_alloca_with_align(plan->frame_nbytes, FRAME_ALIGN_NBITS);
    touch(frame, plan->frame_nbytes);
    invoke_in(plan, frame, function, result, values);
}

void abi_invoke(const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    if (plan->fill <= FILL_IN_ORDER_LAST)
        invoke_in_order(plan, function, result, values);
    else if (plan->fill == FILL_SIMPLE)
        invoke_direct(plan, function, result, values);
    else if (plan->stacked != NULL)
        invoke_stacked(plan, function, result, values);
    else if (plan->frame_nbytes <= SMALL_FRAME_NBYTES)
        invoke_small(plan, function, result, values);
    else
        invoke_large(plan, function, result, values);
}

void abi_invoke_chained(const AbiPlan *plan, AbiFunction function, void *result, void *const *values, void *chain)
{
    char *block = __builtin_alloca_with_align(plan->frame_nbytes, FRAME_ALIGN_NBITS);
    AbiFrame *frame = (AbiFrame *)(void *)block;
    touch(block, plan->frame_nbytes);
    if (plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(frame, result);
    fill_moves(plan, frame, values);
    frame->rax = (uint64_t)(uintptr_t)chain;
    abi_call(plan, frame, function);
    take(plan, frame, result);
}
