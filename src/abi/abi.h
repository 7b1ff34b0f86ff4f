/* The call engine: signature -> plan -> frame -> C function. It knows nothing of C declarations, nor of Lua.
 *
 * A type is given by its size, alignment and flattened leaves; abi_plan_new classifies a signature once (psABI 3.2.3);
 * a call places its arguments into a frame and enters the trampoline. Plans are immutable after abi_plan_new and may be
 * shared between threads; a frame belongs to one call. Nothing here is global or mutable. */
#ifndef AIRLOCK_ABI_ABI_H
#define AIRLOCK_ABI_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/mem.h"

/* -- types as the ABI sees them ------------------------------------------------------------------------------------ */

typedef enum AbiKind {
    ABI_BOOL, /* extended as U8 */
    ABI_I8,
    ABI_U8, /* also stands for the bytes of bit-fields: one U8 leaf in each eightbyte that a bit-field touches,
             * unnamed ones of a width above 0 too (as gcc does; clang skips those) */
    ABI_I16,
    ABI_U16,
    ABI_I32,
    ABI_U32,
    ABI_I64,
    ABI_U64,
    ABI_POINTER,
    ABI_I128, /* signed or not */
    ABI_F16,
    ABI_F32,
    ABI_F64,
    ABI_F80,         /* long double, 16 bytes */
    ABI_F128,        /* __float128 */
    ABI_COMPLEX_F80, /* _Complex long double by itself, 32 bytes: st0 and st1 when returned; as a member it is two F80
                        leaves */
    ABI_VECTOR8,     /* vectors by their total size */
    ABI_VECTOR16,
    ABI_VECTOR32,
    ABI_VECTOR64,
    ABI_MEMORY, /* whatever its size, what holds it is passed in memory: gcc's vectors of one float or double */
    ABI_KIND_COUNT
} AbiKind;

/* The largest value that may be in registers: one in a zmm register. What is larger is passed in memory. */
#define ABI_REGISTERS_NBYTES_MAX 64

typedef struct AbiLeaf {
    uint32_t offset; /* bytes from the start of the type, less than ABI_REGISTERS_NBYTES_MAX */
    uint32_t kind;   /* AbiKind */
} AbiLeaf;

/* Other complex types are two leaves of their part. A type of more than ABI_REGISTERS_NBYTES_MAX bytes may
 * have nleaves == 0. size == 0 with no leaves: void as a result, an empty struct as an argument (nothing is
 * passed). */
typedef struct AbiType {
    uint64_t size;  /* bytes */
    uint32_t align; /* bytes, power of two; the type's own, not a typedef's */
    uint32_t nleaves;
    /* Overlapping ones are a union's. As declared: the order counts where a long double overlaps others. */
    const AbiLeaf *leaves;
    bool is_record; /* a struct or union: ABI_WIN64 tells one of a double from a double */
} AbiType;

/* Whose rules a signature follows. */
typedef enum AbiConvention {
    ABI_SYSV64, /* System V x86-64 */
    ABI_WIN64   /* Microsoft x64, as gcc's ms_abi has it where types are concerned that Microsoft has not got */
} AbiConvention;

typedef struct AbiSignature {
    AbiType result;
    const AbiType *args;
    uint32_t nargs;
    uint32_t nfixed;  /* arguments before the `...`; == nargs when not variadic */
    bool is_variadic; /* arguments from nfixed on must already be promoted by the caller (C11 6.5.2.2p7) */
    AbiConvention convention;
} AbiSignature;

/* -- the frame ----------------------------------------------------------------------------------------------------- */

/* What the trampoline loads and stores; frame_offsets.def holds the offsets for NASM, asserted in frame.h. The fixed
 * part is followed by `vec`, eight vector registers at plan->vec_stride bytes each (none when the stride is 0), by
 * ABI_FRAME_LINK_NBYTES that only a callback uses, by the stack arguments at plan->stack_offset, and in a call by the
 * copies of what is passed by reference. A frame is plan->frame_nbytes long, 16-aligned, and need not be initialised.
 */
typedef struct AbiFrame {
    uint64_t gpr[6]; /* in: rdi, rsi, rdx, rcx, r8, r9; ABI_WIN64: rcx or xmm0, rdx or xmm1, r8 or xmm2, r9 or xmm3 */
    uint64_t rax;    /* in: r10, the static chain (abi_invoke_chained); out: rax */
    uint64_t rdx;    /* out: rdx */
    union {          /* out: as plan's result class says */
        uint8_t xmm[2][16];
        uint8_t vector[64]; /* ymm0 or zmm0 */
        uint8_t st[2][16];  /* st0, st1, ten bytes each */
    } result;
    uint8_t vec[];
} AbiFrame;

/* -- plans --------------------------------------------------------------------------------------------------------- */

/* One copy between an argument (or the result) and the frame. */
typedef struct AbiMove {
    uint8_t op;          /* AbiMoveOp, private to abi */
    uint8_t nbytes;      /* for the ops that copy less than an eightbyte */
    uint16_t align_log2; /* for the op that passes a copy by reference */
    uint32_t offset;     /* in the value; of the room for the copy in the frame */
    uint32_t frame;      /* in the frame */
    uint32_t count;      /* bytes, for the ops that copy a whole memory argument */
} AbiMove;

#define ABI_NO_SLOT UINT32_MAX

typedef struct AbiArg {
    /* Frame offset of the eight bytes to write, for a scalar of up to 8 bytes (INTEGER: extended to 64 bits by its
     * kind; F16, F32, F64, VECTOR8: in the low bytes); ABI_NO_SLOT when only abi_place will do. */
    uint32_t slot;
    uint32_t nmoves;
    uint32_t first_move; /* index into plan->moves */
} AbiArg;

/* Where a caller with a frame finds the result. (AbiReturn below says how the C compiler has it from a function that it calls
 * itself; the finer AbiTake, plan.h, how abi_invoke stores it.) */
typedef enum AbiResult {
    ABI_RESULT_VOID,
    ABI_RESULT_RAX,   /* one INTEGER eightbyte: frame->rax */
    ABI_RESULT_XMM0,  /* one SSE eightbyte: frame->result.xmm[0] */
    ABI_RESULT_MOVES, /* anything else held in registers, st0 included: abi_take_result */
    ABI_RESULT_MEMORY /* the caller passes the address of result.size bytes; abi_set_result_address before the call */
} AbiResult;

typedef void (*AbiFunction)(void);

/* What C function type returns its result in the same registers as the signature. */
typedef enum AbiReturn {
    ABI_RETURN_WORD, /* rax; also where there is none */
    ABI_RETURN_DOUBLE,
    ABI_RETURN_WORDS,       /* a struct of two words: rax, rdx */
    ABI_RETURN_DOUBLES,     /* xmm0, xmm1 */
    ABI_RETURN_WORD_DOUBLE, /* rax, xmm0 */
    ABI_RETURN_DOUBLE_WORD, /* xmm0, rax */
    ABI_RETURN_OTHER
} AbiReturn;

/* Where the next register or stack slot is; copied from the plan to place variadic arguments beyond a plan. */
typedef struct AbiCursor {
    uint32_t ngpr;         /* 0..6 */
    uint32_t nvec;         /* 0..8 */
    uint32_t stack_nbytes; /* multiple of 8 */
} AbiCursor;

/* The way into a C function with a frame: loads the registers, those of vectors as `flags` has it, puts stack_nbytes
 * (multiple of 16) on the stack, calls, stores the result registers. Unwindable at every instruction. */
typedef void AbiTrampoline(AbiFrame *frame, AbiFunction function, uint64_t stack_offset, uint64_t stack_nbytes,
                           uint32_t flags);

typedef struct AbiPlan {
    /* For a call that takes no stack and no wide vector, is not variadic and returns as AbiReturn knows: what direct.h
     * enters; else NULL, and only abi_call will do. */
    AbiFunction direct;
    uint32_t flags;        /* what the trampoline does: private to abi and asm */
    uint32_t frame_nbytes; /* whole frame with stack arguments, multiple of 16 */
    uint32_t stack_offset; /* of the stack arguments in the frame */
    uint32_t stack_nbytes; /* multiple of 16 */
    uint32_t vec_stride;   /* 0, 8, 16, 32 or 64 */
    uint32_t nargs;
    uint8_t result;  /* AbiResult */
    uint8_t returns; /* AbiReturn */
    bool is_variadic;
    uint8_t fill;              /* how abi_invoke fills the frame: private to abi */
    uint8_t take;              /* how it stores the result: private to abi */
    AbiCursor end;             /* behind the last argument */
    uint64_t result_nbytes;    /* of the result in memory */
    uint32_t nresult_moves;    /* 0: none, or in memory */
    AbiTrampoline *trampoline; /* of the convention: what abi_call enters */
    /* What abi_invoke enters for a call with few arguments on the stack, or NULL: private to abi. */
    AbiFunction stacked;
    AbiFunction enter;           /* what leads from a callback's entry to its target: private to abi and asm */
    const AbiMove *result_moves; /* nresult_moves of them, from the frame */
    const AbiArg *args;          /* nargs of them */
    const AbiMove *moves;        /* the arguments', to the frame, one argument's behind the other's */
    size_t plan_nbytes;          /* of this block, args and moves included */
} AbiPlan;

/* The stack arguments of one call, with what goes by reference, take at most so much, or what abi_plan_new_within is told,
 * which is no more than the second. A signature beyond it is refused with ERROR_LIMIT. */
#define ABI_STACK_NBYTES_MAX      ((uint32_t)1 << 20)
#define ABI_STACK_NBYTES_ABSOLUTE ((uint32_t)1 << 30)

/* Classifies. NULL with *error filled: memory out; stack limit; ERROR_UNSUPPORTED for a 32- or 64-byte vector in a
 * register on a CPU or kernel without AVX / AVX-512F. Own with abi_plan_free. */
AbiPlan *abi_plan_new(const Allocator *allocator, const AbiSignature *signature, Error *error);

/* The same with another limit for the stack. */
AbiPlan *abi_plan_new_within(const Allocator *allocator, const AbiSignature *signature, uint32_t stack_nbytes_max,
                             Error *error);

/* From now on abi_invoke and abi_take_result store an integer result of less than eight bytes extended to eight, as its kind
 * says; `result` must have the room. For a plan that is not shared yet. */
void abi_plan_widen(AbiPlan *plan);

void abi_plan_free(const Allocator *allocator, AbiPlan *plan);

/* -- calls --------------------------------------------------------------------------------------------------------- */

/* Copies argument number `index` from `value` (its C representation) into the frame. */
void abi_place(const AbiPlan *plan, AbiFrame *frame, uint32_t index, const void *value);

/* For ABI_RESULT_MEMORY, before the call. */
static inline void abi_set_result_address(AbiFrame *frame, void *result)
{
    frame->gpr[0] = (uint64_t)(uintptr_t)result;
}

/* Frame offset of the next variadic scalar: an INTEGER eightbyte or (is_sse) a double. For a variadic plan of ABI_SYSV64
 * only. The frame must have room: plan->frame_nbytes plus 8 bytes for each such argument, rounded up to 16. */
uint32_t abi_next_slot(const AbiPlan *plan, AbiCursor *cursor, bool is_sse);

/* The trampolines. */
AbiTrampoline abi_call_sysv64, abi_call_win64;

/* Enters the trampoline with a frame made by the plan alone. */
static inline void abi_call(const AbiPlan *plan, AbiFrame *frame, AbiFunction function)
{
    plan->trampoline(frame, function, plan->stack_offset, plan->stack_nbytes, plan->flags);
}

/* abi_call with variadic arguments placed behind the plan's by abi_next_slot. */
void abi_call_variadic(const AbiPlan *plan, AbiFrame *frame, AbiFunction function, const AbiCursor *cursor);

/* Stores the result registers into `result`: result_nbytes bytes exactly, but for abi_plan_widen. For ABI_RESULT_MEMORY and
 * VOID does nothing. */
void abi_take_result(const AbiPlan *plan, const AbiFrame *frame, void *result);

/* All of the above for a caller that has its arguments in memory: values[i] points at argument i. Integers are extended
 * to 64 bits wherever they go. `result` has room for result_nbytes bytes, eight at least for abi_plan_widen. */
void abi_invoke(const AbiPlan *plan, AbiFunction function, void *result, void *const *values);

/* The same with a static chain in r10 (psABI 3.2.3, figure 3.4). */
void abi_invoke_chained(const AbiPlan *plan, AbiFunction function, void *result, void *const *values, void *chain);

#endif
