#include "bind/call.h"

#include <errno.h>
#include <string.h>

#include "abi/direct.h"
#include "bind/cstack.h"
#include "bind/exception.h"
#include "bind/inbound.h"
#include "bind/target.h"
#include "bind/transparent.h"

CallTarget target_make(Signature *signature, void *address, const CDecl *decl)
{
    CallTarget target = {.direct = signature->plan->direct,
                         .state = signature->info->state,
                         .plan = signature->plan,
                         .signature = signature,
                         .result = signature->result,
                         .decl = decl,
                         .nparams = signature->nparams,
                         .result_kind = signature->result_kind};
    memcpy(&target.function, &address, sizeof address);
    return target;
}

/* -- names for messages -------------------------------------------------------------------------------------------- */

static Place argument_place(const CallTarget *target, uint32_t number)
{
    const CDecl *decl = target->decl;
    Place place = {.kind = PLACE_ARGUMENT, .index = (long long)number + 1, .type = target->signature->info->type};
    if (decl == NULL)
        return place;
    place.owner = decl->name;
    if (number < decl->type->u.function->nparams)
        place.name = ctype_param_name(decl, number);
    return place;
}

void target_raise_count(lua_State *L, const CallTarget *target, int count)
{
    const Signature *signature = target->signature;
    const CType *function = signature->info->type;
    const char *name = signature_push_name(L, function, target->decl);
    error_raise(L, signature->is_variadic ? MESSAGE_ARGUMENT_COUNT_VARIADIC : MESSAGE_ARGUMENT_COUNT, name,
                (int)signature->nparams, signature->nparams == 1 ? "" : "s", count,
                signature_push_prototype(L, function, target->decl));
}

/* -- arguments ----------------------------------------------------------------------------------------------------- */

uint64_t target_slot_value(ValueKind kind, const void *value)
{
    uint64_t word = 0;
    switch (kind) {
    case VALUE_I8: return (uint64_t)(int64_t) * (const int8_t *)value;
    case VALUE_I16: return (uint64_t)(int64_t) * (const int16_t *)value;
    case VALUE_I32: return (uint64_t)(int64_t) * (const int32_t *)value;
    case VALUE_BOOL:
    case VALUE_U8: return *(const uint8_t *)value;
    case VALUE_U16:
    case VALUE_BF16:
    case VALUE_F16: return *(const uint16_t *)value;
    case VALUE_U32:
    case VALUE_F32: return *(const uint32_t *)value;
    default: memcpy(&word, value, sizeof word); return word;
    }
}

/* Records, vectors, complex and decimal numbers, 128-bit and long double values: from the cdata itself where the types
 * agree, else made aside. */
static void place_value(lua_State *L, const CallTarget *target, AbiFrame *frame, uint32_t number, int index)
{
    TypeInfo *info = target->signature->params[number].info;
    Cdata *cdata = cdata_to(L, index);
    if (cdata != NULL && cdata->info->type->main == info->type->main) {
        target->signature->params[number].taken = cdata->info;
        abi_place(target->plan, frame, number, cdata_address(cdata));
        return;
    }
    Place place = argument_place(target, number);
    luaL_checkstack(L, 8, NULL);
    void *value = value_push_room(L, info);
    if (transparent_is(info))
        transparent_store(L, info, value, index, &place);
    else
        value_store(L, info, value, index, &place);
    abi_place(target->plan, frame, number, value);
    lua_pop(L, 1);
}

/* A float for an integer, as C truncates it to 64 bits. False: that is no float, or more than they hold. */
static bool place_float(lua_State *L, AbiFrame *frame, const Param *param, int index)
{
    if ((param->kind != PARAM_WORD && param->kind != PARAM_NARROW) || lua_type(L, index) != LUA_TNUMBER)
        return false;
    lua_Number number = lua_tonumberx(L, index, NULL);
    if (!(number > (lua_Number)INT64_MIN && number < -(lua_Number)INT64_MIN))
        return false;
    int64_t integer = (int64_t)number;
    target_set_slot(frame, param->slot, target_slot_value((ValueKind)param->info->underlying, &integer));
    return true;
}

/* All that the fast path leaves: floats for integers, cdata numbers, enum names, views, other types of pointers; and all
 * errors. */
static NOINLINE void place_slowly(lua_State *L, const CallTarget *target, AbiFrame *frame, Param *param, int index)
{
    uint32_t number = (uint32_t)(param - target->signature->params);
    _Alignas(16) unsigned char value[16] = {0};
    if (param->kind == PARAM_VALUE) {
        place_value(L, target, frame, number, index);
        return;
    }
    if (place_float(L, frame, param, index))
        return;
    Place place = argument_place(target, number);
    value_store(L, param->info, value, index, &place);
    target_set_slot(frame, param->slot, target_slot_value((ValueKind)param->info->underlying, value));
    if (param->kind == PARAM_STRING || param->kind == PARAM_POINTER) {
        const Cdata *cdata = cdata_to(L, index);
        param->taken = cdata != NULL ? cdata->info : NULL;
    }
}

/* The fast path: what a Lua value is in a slot when it needs no thought. False: place_slowly has to look at it. */
ALWAYS_INLINE bool quick_word(lua_State *L, int index, void *slot)
{
    if (__builtin_expect(!lua_isinteger(L, index), 0))
        return false;
    lua_Integer word = lua_tointegerx(L, index, NULL);
    memcpy(slot, &word, sizeof word);
    return true;
}

ALWAYS_INLINE bool quick_double(lua_State *L, int index, void *slot)
{
    if (__builtin_expect(lua_type(L, index) != LUA_TNUMBER, 0))
        return false;
    double number = lua_tonumberx(L, index, NULL);
    memcpy(slot, &number, sizeof number);
    return true;
}

/* An integer rounds once to float, so not through double here. */
ALWAYS_INLINE bool quick_float(lua_State *L, int index, void *slot)
{
    if (__builtin_expect(lua_type(L, index) != LUA_TNUMBER || lua_isinteger(L, index), 0))
        return false;
    float number = (float)lua_tonumberx(L, index, NULL);
    memcpy(slot, &number, sizeof number);
    return true;
}

ALWAYS_INLINE bool quick_narrow(lua_State *L, ValueKind kind, int index, void *slot)
{
    if (__builtin_expect(!lua_isinteger(L, index), 0))
        return false;
    lua_Integer integer = lua_tointegerx(L, index, NULL);
    uint64_t word = target_slot_value(kind, &integer); /* whose low bytes come first */
    memcpy(slot, &word, sizeof word);
    return true;
}

ALWAYS_INLINE bool quick_bool(lua_State *L, int index, void *slot)
{
    if (__builtin_expect(lua_type(L, index) != LUA_TBOOLEAN, 0))
        return false;
    uint64_t word = (uint64_t)lua_toboolean(L, index);
    memcpy(slot, &word, sizeof word);
    return true;
}

ALWAYS_INLINE bool quick_pointer(lua_State *L, const TypeInfo *taken, int index, void *slot)
{
    void *address = NULL;
    Cdata *cdata = cdata_to(L, index);
    if (cdata != NULL) {
        if (__builtin_expect(cdata->info != taken, 0))
            return false;
        address = cdata->info->is_pointer ? cdata_pointer(cdata) : cdata_address(cdata);
    } else if (lua_type(L, index) != LUA_TNIL) {
        return false;
    }
    memcpy(slot, &address, sizeof address);
    return true;
}

ALWAYS_INLINE bool quick_string(lua_State *L, const TypeInfo *taken, int index, void *slot)
{
    if (lua_type(L, index) != LUA_TSTRING)
        return quick_pointer(L, taken, index, slot);
    const char *text = lua_tolstring(L, index, NULL);
    memcpy(slot, &text, sizeof text);
    return true;
}

/* A value of just the parameter's type. */
ALWAYS_INLINE bool quick_value(lua_State *L, const CallTarget *target, AbiFrame *frame, const Param *param, int index)
{
    Cdata *cdata = cdata_to(L, index);
    if (__builtin_expect(cdata == NULL || cdata->info != param->taken, 0))
        return false;
    abi_place(target->plan, frame, (uint32_t)(param - target->signature->params), cdata_address(cdata));
    return true;
}

/* Parameters of one kind come in runs. */
#define PLACE_RUN(run_kind, quick)                                                                                     \
    case run_kind:                                                                                                     \
        do {                                                                                                           \
            uint64_t word;                                                                                             \
            if (__builtin_expect((quick), 1))                                                                          \
                target_set_slot(frame, param->slot, word);                                                             \
            else                                                                                                       \
                place_slowly(L, target, frame, param, index);                                                          \
            param++, index++;                                                                                          \
        } while (param->kind == (run_kind));                                                                           \
        break

ALWAYS_INLINE void place_arguments(lua_State *L, const CallTarget *target, AbiFrame *frame, int index)
{
    Param *param = target->signature->params;
    for (;;) {
        switch ((ParamKind)param->kind) {
            PLACE_RUN(PARAM_WORD, quick_word(L, index, &word));
            PLACE_RUN(PARAM_NARROW, quick_narrow(L, (ValueKind)param->info->underlying, index, &word));
            PLACE_RUN(PARAM_BOOL, quick_bool(L, index, &word));
            PLACE_RUN(PARAM_DOUBLE, quick_double(L, index, &word));
            PLACE_RUN(PARAM_FLOAT, quick_float(L, index, &word));
            PLACE_RUN(PARAM_STRING, quick_string(L, param->taken, index, &word));
            PLACE_RUN(PARAM_POINTER, quick_pointer(L, param->taken, index, &word));
        case PARAM_VALUE:
            if (!quick_value(L, target, frame, param, index))
                place_slowly(L, target, frame, param, index);
            param++, index++;
            break;
        case PARAM_SCALAR: place_slowly(L, target, frame, param++, index++); break;
        case PARAM_END: return;
        default: __builtin_unreachable();
        }
    }
}
#undef PLACE_RUN

void target_place_arguments(lua_State *L, const CallTarget *target, AbiFrame *frame, int first)
{
    place_arguments(L, target, frame, first);
}

/* -- the call ------------------------------------------------------------------------------------------------------ */

/* Links the call into the state's chain. Until end_call only C runs. errno belongs to the state: what C left is what C
 * finds, whatever Lua did between. Inlined into the function that C returns to, whose unwind information gets the
 * personality that stops C++ exceptions, and whose rsp is the one that the call finds: no argument of it takes stack. */
ALWAYS_INLINE int *begin_call(lua_State *L, FfiState *S, const CallTarget *target, AbiFrame *frame)
{
    CallRecord *record = target_record(frame);
    CallCell *cell = S->cell;
    int *error_number = &errno;
    record->previous = cell_calls(cell);
    record->L = L;
    record->target = target;
    __asm__ volatile(".cfi_personality 0x1b, %c1\n\tmov %%rsp, %0" : "=m"(record->stack) : "i"(exception_personality));
    atomic_store_explicit(&cell->thread, current_thread(), memory_order_relaxed);
    cell_set_calls(cell, record);
    *error_number = S->errno_value;
    return error_number;
}

ALWAYS_INLINE void end_call(lua_State *L, FfiState *S, AbiFrame *frame, const int *error_number)
{
    CallCell *cell = S->cell;
    S->errno_value = *error_number;
    cell_set_calls(cell, target_record(frame)->previous);
    if (__builtin_expect(atomic_load_explicit(&cell->attention, memory_order_relaxed) != 0, 0))
        fault_attend(S, L);
}

ALWAYS_INLINE void enter(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    FfiState *S = target->state;
    int *error_number = begin_call(L, S, target, frame);
    if (variadic != NULL)
        abi_call_variadic(target->plan, frame, target->function, variadic);
    else
        abi_call(target->plan, frame, target->function);
    end_call(L, S, frame, error_number);
}

/* The same for a plan that can be called directly; leaves the result, of a kind known where this is inlined, where the
 * trampoline does. */
ALWAYS_INLINE void enter_directly(lua_State *L, const CallTarget *target, AbiFrame *frame, ResultKind kind)
{
    FfiState *S = target->state;
    int *error_number = begin_call(L, S, target, frame);
    if (kind == RESULT_F64) {
        double number = abi_direct_double(target->direct, frame, target->function);
        memcpy(frame->result.xmm[0], &number, sizeof number);
    } else if (kind == RESULT_F32) {
        float single = abi_direct_float(target->direct, frame, target->function);
        memcpy(frame->result.xmm[0], &single, sizeof single);
    } else {
        frame->rax = abi_direct_word(target->direct, frame, target->function);
    }
    end_call(L, S, frame, error_number);
}

/* -- results ------------------------------------------------------------------------------------------------------- */

/* A result that does not fit rax or xmm0 goes into an object made before the call, which may write into it; a record
 * stays one, a number becomes Lua's. */
static NOINLINE int finish_object(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    TypeInfo *info = target->result;
    void *value = cdata_push_new(L, info);
    if (target->plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(frame, value);
    enter(L, target, frame, variadic);
    abi_take_result(target->plan, frame, value);
    if (value_is_number((ValueKind)info->kind))
        value_push(L, info, value, 0, 0);
    return 1;
}

/* The same for a plan that can be called directly, in an entry. */
ALWAYS_INLINE int finish_object_directly(lua_State *L, const CallTarget *target, AbiFrame *frame)
{
    FfiState *S = target->state;
    TypeInfo *info = target->result;
    const AbiPlan *plan = target->plan;
    uint64_t words[2];
    void *value = cdata_push_bare(L, info, (size_t)info->type->size);
    lua_pushvalue(L, lua_upvalueindex(ENTRY_CDATA_META));
    lua_setmetatable(L, -2);
    if (plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(frame, value);
    int *error_number = begin_call(L, S, target, frame);
    abi_direct(plan, frame, target->function, words);
    end_call(L, S, frame, error_number);
    if (plan->result_nbytes == 16 && plan->result != ABI_RESULT_MEMORY)
        memcpy(value, words, 16); /* known here: no call */
    else if (plan->result != ABI_RESULT_MEMORY)
        memcpy(value, words, plan->result_nbytes);
    if (value_is_number((ValueKind)info->kind))
        value_push(L, info, value, 0, 0);
    return 1;
}

static NOINLINE int push_other_result(lua_State *L, const CallTarget *target, const AbiFrame *frame)
{
    _Alignas(16) unsigned char value[16];
    abi_take_result(target->plan, frame, value);
    value_push(L, target->result, value, 0, 0);
    return 1;
}

/* The kinds are those of push_quick in inbound.c. One function for both was tried: it made a call ten instructions
 * longer. */
ALWAYS_INLINE int push_result(lua_State *L, const CallTarget *target, const AbiFrame *frame, ResultKind kind)
{
    double number;
    float single;
    switch (kind) {
    case RESULT_VOID: return 0;
    case RESULT_I32: lua_pushinteger(L, (int32_t)frame->rax); return 1;
    case RESULT_U32: lua_pushinteger(L, (uint32_t)frame->rax); return 1;
    case RESULT_I64: lua_pushinteger(L, (lua_Integer)frame->rax); return 1;
    case RESULT_U64:
        if (__builtin_expect(frame->rax >> 63 != 0, 0))
            return push_other_result(L, target, frame);
        lua_pushinteger(L, (lua_Integer)frame->rax);
        return 1;
    case RESULT_BOOL: lua_pushboolean(L, (uint8_t)frame->rax); return 1;
    case RESULT_F64:
        memcpy(&number, frame->result.xmm[0], sizeof number);
        lua_pushnumber(L, number);
        return 1;
    case RESULT_F32:
        memcpy(&single, frame->result.xmm[0], sizeof single);
        lua_pushnumber(L, single);
        return 1;
    case RESULT_POINTER: cdata_push_pointer_or_nil(L, target->result, (void *)(uintptr_t)frame->rax, 0); return 1;
    default: return push_other_result(L, target, frame);
    }
}

ALWAYS_INLINE int finish(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    ResultKind kind = (ResultKind)target->result_kind;
    if (__builtin_expect(kind == RESULT_OBJECT, 0))
        return finish_object(L, target, frame, variadic);
    enter(L, target, frame, variadic);
    return push_result(L, target, frame, kind);
}

int target_finish(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    return finish(L, target, frame, variadic);
}

/* -- entries: what planning time knew of a signature is decided by which one its closures get ---------------------- */

ALWAYS_INLINE const CallTarget *check_target(lua_State *L)
{
    const CallTarget *target = lua_touserdata(L, lua_upvalueindex(ENTRY_ADDRESS));
    int count = lua_gettop(L);
    if (__builtin_expect(count != (int)target->nparams, 0))
        target_raise_count(L, target, count);
    return target;
}

/* A pointer into C's memory. */
ALWAYS_INLINE int push_pointer(lua_State *L, const CallTarget *target, uint64_t address)
{
    if (address == 0) {
        lua_pushnil(L);
        return 1;
    }
    memcpy(cdata_push_bare(L, target->result, sizeof address), &address, sizeof address);
    lua_pushvalue(L, lua_upvalueindex(ENTRY_CDATA_META));
    lua_setmetatable(L, -2);
    return 1;
}

/* With the arguments in the frame. */
ALWAYS_INLINE int finish_directly(lua_State *L, const CallTarget *target, AbiFrame *frame, ResultKind result)
{
    enter_directly(L, target, frame, result);
    return result == RESULT_POINTER ? push_pointer(L, target, frame->rax) : push_result(L, target, frame, result);
}

/* All arguments integers of 32 or 64 bits, or all doubles, in registers; the result as said, known where this is
 * inlined. */
ALWAYS_INLINE int run_uniform(lua_State *L, ParamKind params, uint32_t nparams, ResultKind result)
{
    DirectBlock block;
    AbiFrame *frame = target_direct_frame(&block);
    const CallTarget *target = lua_touserdata(L, lua_upvalueindex(ENTRY_ADDRESS));
    int count = lua_gettop(L);
    if (__builtin_expect(count != (int)nparams, 0))
        target_raise_count(L, target, count);
    for (int i = 0; i < (int)nparams; i++) {
        bool is_word = params == PARAM_WORD;
        void *slot = is_word ? (void *)&frame->gpr[i] : (void *)&frame->vec[8 * i];
        if (!(is_word ? quick_word(L, i + 1, slot) : quick_double(L, i + 1, slot)))
            place_slowly(L, target, frame, &target->signature->params[i], i + 1);
    }
    return finish_directly(L, target, frame, result);
}

/* All arguments in registers, the result as said. */
ALWAYS_INLINE int run_directly(lua_State *L, ResultKind result)
{
    DirectBlock block;
    AbiFrame *frame = target_direct_frame(&block);
    const CallTarget *target = check_target(L);
    place_arguments(L, target, frame, 1);
    return finish_directly(L, target, frame, result);
}

/* All arguments in registers, the result an object aligned to 16 at most. */
static int entry_direct_object(lua_State *L)
{
    DirectBlock block;
    AbiFrame *frame = target_direct_frame(&block);
    const CallTarget *target = check_target(L);
    place_arguments(L, target, frame, 1);
    return finish_object_directly(L, target, frame);
}

#define DIRECT_RESULTS(ENTRY)                                                                                          \
    ENTRY(VOID)                                                                                                        \
    ENTRY(I32)                                                                                                         \
    ENTRY(U32)                                                                                                         \
    ENTRY(I64)                                                                                                         \
    ENTRY(U64)                                                                                                         \
    ENTRY(BOOL)                                                                                                        \
    ENTRY(F64)                                                                                                         \
    ENTRY(F32)                                                                                                         \
    ENTRY(POINTER)

#define DIRECT(result)                                                                                                 \
    static int entry_direct_##result(lua_State *L)                                                                     \
    {                                                                                                                  \
        return run_directly(L, RESULT_##result);                                                                       \
    }
DIRECT_RESULTS(DIRECT)
#undef DIRECT

/* By ResultKind; the others are NULL. */
static const lua_CFunction direct_entries[RESULT_OBJECT + 1] = {
#define DIRECT(result) [RESULT_##result] = entry_direct_##result,
    DIRECT_RESULTS(DIRECT)
#undef DIRECT
};

/* uniform.def: one entry for each kind and number of parameters and kind of result that are common. */
#define UNIFORM(params, nparams, result)                                                                               \
    static int entry_##params##_##nparams##_##result(lua_State *L)                                                     \
    {                                                                                                                  \
        return run_uniform(L, PARAM_##params, nparams, RESULT_##result);                                               \
    }
#include "bind/uniform.def"
#undef UNIFORM

static const struct UniformEntry {
    uint8_t params; /* ParamKind */
    uint8_t nparams;
    uint8_t result; /* ResultKind */
    lua_CFunction function;
} uniform_entries[] = {
#define UNIFORM(params, nparams, result)                                                                               \
    {PARAM_##params, nparams, RESULT_##result, entry_##params##_##nparams##_##result},
#include "bind/uniform.def"
#undef UNIFORM
};

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

/* Arguments of any kinds, in a frame of fixed size. */
static int entry_small(lua_State *L)
{
    SmallBlock block;
    const CallTarget *target = check_target(L);
    AbiFrame *frame = target_small_frame(&block);
    place_arguments(L, target, frame, 1);
    return finish(L, target, frame, NULL);
}

static int entry_large(lua_State *L)
{
    const CallTarget *target = check_target(L);
    cstack_check(L, target, target->plan->frame_nbytes);
    AbiFrame *frame = TARGET_FRAME(target->plan->frame_nbytes);
    place_arguments(L, target, frame, 1);
    return finish(L, target, frame, NULL);
}

/* Whether the parameters are in the registers that run_uniform fills. */
static bool is_uniform(const Signature *signature, ParamKind kind)
{
    size_t first = kind == PARAM_WORD ? offsetof(AbiFrame, gpr) : offsetof(AbiFrame, vec);
    for (uint32_t i = 0; i < signature->nparams; i++)
        if (signature->params[i].kind != kind || signature->params[i].slot != first + 8 * i)
            return false;
    return true;
}

/* What cdata_push_bare makes. */
static bool is_plain_object(const CType *type)
{
    return type->align <= 16 && type->size <= INT32_MAX;
}

lua_CFunction target_entry(const Signature *signature)
{
    const AbiPlan *plan = signature->plan;
    if (signature->is_variadic)
        return variadic_entry;
    if (plan->direct == NULL)
        return plan->frame_nbytes > SMALL_FRAME_NBYTES ? entry_large : entry_small;
    if (signature->result_kind == RESULT_OBJECT)
        return is_plain_object(signature->result->type) ? entry_direct_object : entry_small;
    for (size_t i = 0; i < COUNT_OF(uniform_entries); i++) {
        const struct UniformEntry *entry = &uniform_entries[i];
        if (entry->nparams == signature->nparams && entry->result == signature->result_kind &&
            is_uniform(signature, (ParamKind)entry->params))
            return entry->function;
    }
    lua_CFunction direct = direct_entries[signature->result_kind];
    return direct != NULL ? direct : entry_small;
}

bool target_is_entry(lua_CFunction function)
{
    for (size_t i = 0; i < COUNT_OF(uniform_entries); i++)
        if (function == uniform_entries[i].function)
            return true;
    for (size_t i = 0; i < COUNT_OF(direct_entries); i++)
        if (function == direct_entries[i])
            return true;
    return function == entry_direct_object || function == entry_small || function == entry_large ||
           function == variadic_entry;
}

int call_pointer(lua_State *L, TypeInfo *function, void *address)
{
    CallTarget target = target_make(signature_of(function, L, NULL), address, NULL);
    if (target.signature->is_variadic)
        return variadic_run(L, &target, 2);
    int count = lua_gettop(L) - 1;
    if (count != (int)target.nparams)
        target_raise_count(L, &target, count);
    cstack_check(L, &target, target.plan->frame_nbytes);
    AbiFrame *frame = TARGET_FRAME(target.plan->frame_nbytes);
    place_arguments(L, &target, frame, 2);
    return finish(L, &target, frame, NULL);
}
