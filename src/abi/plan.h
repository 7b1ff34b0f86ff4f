/* The builder of a plan: an ABI file lays a signature out through it, twice. The first run, without arrays, finds how
 * many moves there are, how wide the vector slots must be and how much stack is used; the second writes the moves at
 * their final frame offsets. */
#ifndef AIRLOCK_ABI_PLAN_H
#define AIRLOCK_ABI_PLAN_H

#include "abi/abi.h"
#include "abi/frame.h"
#include "abi/move.h"

/* AbiPlan.fill: how abi_invoke fills the frame. The first four stand for that plus the number of arguments, which are in the
 * registers of one class from its first on. Up to FILL_SIMPLE the call is direct and no result is in memory. */
typedef enum AbiFill {
    FILL_GPR_64 = 0,                            /* + 0..6: eightbytes in rdi, rsi, ... */
    FILL_GPR_I32 = FILL_GPR_64 + ABI_NGPRS + 1, /* + 1..6: signed 32-bit integers, extended */
    FILL_VEC_64 = FILL_GPR_I32 + ABI_NGPRS + 1, /* + 1..8: doubles in xmm0, xmm1, ... at a stride of 8 */
    FILL_VEC_32 = FILL_VEC_64 + ABI_NVECS + 1,  /* + 1..8: floats */
    FILL_IN_ORDER_LAST = FILL_VEC_32 + ABI_NVECS,
    FILL_SIMPLE,    /* move i is all of argument i, by an op up to MOVE_SIMPLE_LAST */
    FILL_SINGLE_64, /* move i is all of argument i, an eightbyte; in registers and on the stack */
    FILL_SINGLE,    /* move i is all of argument i, by any op but MOVE_REFERENCE */
    FILL_MOVES      /* anything */
} AbiFill;

/* AbiPlan.take: how abi_invoke stores the result. TAKE_NOTHING, then those in rax, then those in xmm0: invoke.c compares. */
typedef enum AbiTake {
    TAKE_NOTHING, /* void, or the callee has stored it */
    TAKE_I8,      /* abi_plan_widen: an integer of that size, extended to eight bytes; so the next five */
    TAKE_U8,
    TAKE_I16,
    TAKE_U16,
    TAKE_I32,
    TAKE_U32,
    TAKE_WORD,      /* rax */
    TAKE_WORD_PART, /* result_nbytes of rax, 1..7 */
    TAKE_DOUBLE,    /* the low eight bytes of xmm0 */
    TAKE_FLOAT,
    TAKE_DOUBLE_PART, /* result_nbytes of xmm0, 1..7 */
    TAKE_MOVES        /* what else is in registers */
} AbiTake;

typedef struct Builder {
    const AbiSignature *signature;
    AbiArg *args;    /* NULL in the first run */
    AbiMove *moves;  /* NULL in the first run; where the next value's moves go */
    uint32_t nmoves; /* arguments' so far; reset behind the result's */
    uint32_t nresult_moves;
    uint32_t first_move;       /* of the value being laid out */
    AbiMove last;              /* the latest one */
    uint32_t stack_nbytes_max; /* up to ABI_STACK_NBYTES_ABSOLUTE */
    uint32_t vec_stride;       /* 0 in the first run */
    uint32_t stack_offset;
    AbiCursor cursor;        /* stack_nbytes saturates just above the limit */
    uint32_t copies_nbytes;  /* behind the stack, saturates too */
    uint32_t stack_align;    /* greatest of an argument on the stack, at least 16 */
    uint32_t arg_vec_nbytes; /* widest vector register that an argument uses */
    uint32_t wide_arg;       /* first argument in a register of more than 16 bytes, 1-based; 0: none */
    uint32_t flags;          /* FLAG_RESULT_*, FLAG_FLOATING_* */
    uint32_t result_vec_nbytes;
    AbiResult result;
    AbiReturn returns;
} Builder;

/* Opens and closes the moves of a value; argument `index` is in registers or on the stack by then. */
void builder_open(Builder *builder);
void builder_close_result(Builder *builder, AbiResult result);
void builder_close_arg(Builder *builder, uint32_t index, bool has_slot);

/* Adds a copy of nbytes at `offset` of the value from or to `frame`; two eightbytes that lie together become one move.
 */
void builder_copy(Builder *builder, uint64_t offset, uint32_t frame, uint64_t nbytes);

/* Adds a move of another op. */
void builder_move(Builder *builder, AbiMoveOp op, uint32_t offset, uint32_t frame);

/* Adds one that puts a copy of the whole value into the frame and its address to `frame`. The stack must all be taken by
 * then. */
void builder_refer(Builder *builder, const AbiType *type, uint32_t frame);

/* How a scalar of up to eight bytes becomes an eightbyte: extended by its kind. MOVE_COUNT for what is no scalar. */
AbiMoveOp builder_scalar_op(const AbiType *type);

/* Takes stack space; returns its frame offset. Beyond the limit the cursor saturates and the plan will be refused. */
uint32_t builder_take_stack(Builder *builder, uint64_t nbytes, uint32_t align);

/* What asm/stacked_*.asm call when they have made the frame: all that abi_invoke does before the call. */
void abi_fill(const AbiPlan *plan, AbiFrame *frame, void *result, void *const *values);

#endif
