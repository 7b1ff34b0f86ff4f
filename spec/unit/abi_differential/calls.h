/* The ways to make one call: the compiled caller, and the engine as each of its users enters it. For abi_differential.c alone. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_CALLS_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_CALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "abi/direct.h"
#include "batch.h"
#include "entry.h"
#include "machine.h"
#include "values.h"

/* One call about to be made. */
typedef struct Call {
    const BatchSignature *signature;
    const ValueType *types;
    AbiFunction function;
    void *result;
    void **values;
    const AbiPlan *plan;       /* of the whole signature */
    const AbiPlan *fixed_plan; /* of the arguments before the `...`, or NULL when what follows is not all scalars */
    AbiFrame *frame;           /* room for frame_nbytes */
    uint32_t nmissing_slots;   /* out: scalars of up to 8 bytes for which the plan has no slot */
    InboundCaller inbound;     /* calls `function` from compiled code */
    int wide;                  /* out: its result, converted to int */
} Call;

typedef struct CallMode {
    const char *name;
    void (*run)(void *call);
} CallMode;

static inline const ValueType *call_arg_type(const Call *call, uint32_t index)
{
    return &call->types[call->signature->args[index].type];
}

static inline bool call_has_slot(const ValueType *type)
{
    uint32_t kind = value_scalar_kind(type);
    return kind < (uint32_t)ABI_KIND_COUNT && type->abi.size <= 8;
}

/* ms_abi has a float or double in an integer register too. */
static inline bool call_has_two_places(const Call *call, const ValueType *type)
{
    return call->signature->is_ms && (value_scalar_kind(type) == ABI_F32 || value_scalar_kind(type) == ABI_F64);
}

/* What goes behind the fixed arguments by abi_next_slot: what bind puts there. */
static inline bool call_is_plain_vararg(const ValueType *type)
{
    uint32_t kind = value_scalar_kind(type);
    return kind == ABI_F64 || (kind >= ABI_I32 && kind <= ABI_POINTER);
}

/* -- signatures for the engine ------------------------------------------------------------------------------------- */

/* A type of more than 64 bytes goes with its leaves or without. */
static inline AbiType call_abi_type(const ValueType *type, Random *random)
{
    AbiType abi = type->abi;
    if (abi.size > 64 && random_next(random) % 2 == 0) {
        abi.nleaves = 0;
        abi.leaves = NULL;
    }
    return abi;
}

static inline AbiPlan *call_new_plan(const BatchSignature *signature, const ValueType *types, uint32_t nargs,
                                     bool is_variadic, Random *random, Error *error)
{
    AbiType args[BATCH_ARGS_MAX];
    AbiSignature abi = {.args = args,
                        .nargs = nargs,
                        .nfixed = signature->nfixed,
                        .is_variadic = is_variadic,
                        .convention = signature->is_ms ? ABI_WIN64 : ABI_SYSV64};
    if (signature->result != BATCH_NO_TYPE)
        abi.result = call_abi_type(&types[signature->result], random);
    for (uint32_t i = 0; i < nargs; i++)
        args[i] = call_abi_type(&types[signature->args[i].type], random);
    return abi_plan_new(&mem_system_allocator, &abi, error);
}

static inline bool call_has_plain_varargs(const BatchSignature *signature, const ValueType *types)
{
    if (!signature->is_variadic || signature->is_ms)
        return false;
    for (uint32_t i = signature->nfixed; i < signature->nargs; i++) {
        if (!call_is_plain_vararg(&types[signature->args[i].type]))
            return false;
    }
    return true;
}

static inline uint32_t call_frame_nbytes(const BatchSignature *signature, const AbiPlan *fixed_plan)
{
    return (fixed_plan->frame_nbytes + 8 * (signature->nargs - signature->nfixed) + 15) & ~15u;
}

/* -- the ways ------------------------------------------------------------------------------------------------------ */

static inline void call_by_compiler(void *context)
{
    Call *call = context;
    call->signature->caller(call->function, call->result, call->values);
}

static inline void call_by_invoke(void *context)
{
    Call *call = context;
    abi_invoke(call->plan, call->function, call->result, call->values);
}

/* INTEGER extended to eight bytes; what else is in the low bytes, with anything behind it. */
static inline void call_fill_slot(const Call *call, uint32_t slot, const ValueType *type, const void *value)
{
    uint32_t kind = value_scalar_kind(type);
    uint64_t bits = 0xcccccccccccccccc;
    if (value_is_sse_or_x87(kind))
        memcpy(&bits, value, type->abi.size);
    else
        bits = value_extended(kind, value);
    memcpy((unsigned char *)call->frame + slot, &bits, sizeof bits);
}

static inline void call_place_fixed(Call *call, const AbiPlan *plan)
{
    if (plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(call->frame, call->result);
    for (uint32_t i = 0; i < plan->nargs; i++) {
        const ValueType *type = call_arg_type(call, i);
        uint32_t slot = plan->args[i].slot;
        if (call_has_slot(type) && slot != ABI_NO_SLOT) {
            call_fill_slot(call, slot, type, call->values[i]);
        } else {
            call->nmissing_slots += call_has_slot(type) && !call_has_two_places(call, type);
            abi_place(plan, call->frame, i, call->values[i]);
        }
    }
}

static inline void call_take_result(Call *call, const AbiPlan *plan)
{
    switch (plan->result) {
    case ABI_RESULT_RAX: memcpy(call->result, &call->frame->rax, plan->result_nbytes); break;
    case ABI_RESULT_XMM0: memcpy(call->result, call->frame->result.xmm[0], plan->result_nbytes); break;
    default: abi_take_result(plan, call->frame, call->result); break;
    }
}

static inline void call_by_frame(void *context)
{
    Call *call = context;
    call_place_fixed(call, call->plan);
    abi_call(call->plan, call->frame, call->function);
    call_take_result(call, call->plan);
}

/* For a plan with a direct way alone. */
static inline void call_directly(void *context)
{
    Call *call = context;
    const AbiPlan *plan = call->plan;
    call_place_fixed(call, plan);
    if (plan->returns == ABI_RETURN_DOUBLE && plan->result_nbytes <= 4) {
        float single = abi_direct_float(plan->direct, call->frame, call->function);
        memcpy(call->result, &single, plan->result_nbytes);
    } else {
        uint64_t words[2];
        abi_direct(plan, call->frame, call->function, words);
        if (plan->result != ABI_RESULT_VOID && plan->result != ABI_RESULT_MEMORY)
            memcpy(call->result, words, plan->result_nbytes);
    }
}

static inline void call_by_cursor(void *context)
{
    Call *call = context;
    AbiCursor cursor = call->fixed_plan->end;
    call_place_fixed(call, call->fixed_plan);
    for (uint32_t i = call->fixed_plan->nargs; i < call->signature->nargs; i++) {
        const ValueType *type = call_arg_type(call, i);
        uint32_t slot = abi_next_slot(call->fixed_plan, &cursor, value_scalar_kind(type) == ABI_F64);
        call_fill_slot(call, slot, type, call->values[i]);
    }
    abi_call_variadic(call->fixed_plan, call->frame, call->function, &cursor);
    call_take_result(call, call->fixed_plan);
}

/* A variadic callee may look for more arguments than this caller passes: behind them there is a stack to read. */
static inline void call_by_inbound(void *context)
{
    enum { ROOM_NBYTES = 1 << 14 };
    Call *call = context;
    volatile unsigned char room[ROOM_NBYTES];
    room[0] = room[ROOM_NBYTES - 1] = 0;
    machine_between_state.function = call->function;
    call->inbound(call->signature->is_ms ? machine_between_ms : machine_between, call->result, call->values,
                  &call->wide);
    room[0] = room[ROOM_NBYTES - 1];
}

#endif
