/* Owns the way of one call from C into a Lua function: arguments to Lua, the protected call, its result to C. Nothing
 * that can raise runs outside a protected call here, for what is below is C's. One level of Lua's C stack is spent for
 * each callback, so arguments that need memory are made in a protected call of their own, before. */
#include "bind/inbound.h"

#include <errno.h>
#include <string.h>

#include "bind/cdata.h"
#include "bind/convert.h"

/* The type is the one that the slot had when it was called: the function may have freed it, and given it to another. */
static void refuse(const CallbackType *type, AbiSlot *slot, AbiFrame *frame)
{
    bool is_same = callback_type_of(slot) == type;
    const CallbackExtra *extra = is_same ? atomic_load(&callback_of(slot)->extra) : NULL;
    if (extra != NULL && extra->has_error)
        abi_place_result(type->plan, frame, extra->error);
    else
        abi_zero_result(type->plan, frame);
}

void inbound_refuse(AbiSlot *slot, AbiFrame *frame)
{
    refuse(callback_type_of(slot), slot, frame);
}

/* -- arguments ----------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE uint64_t word_at(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

ALWAYS_INLINE double double_at(const void *at)
{
    double number;
    memcpy(&number, at, sizeof number);
    return number;
}

ALWAYS_INLINE float float_at(const void *at)
{
    float number;
    memcpy(&number, at, sizeof number);
    return number;
}

/* Numbers of less than 64 bits, of the kinds that are not known by themselves. */
static NOINLINE bool push_small(lua_State *L, const CallbackParam *param, const void *at)
{
    if (!value_is_number((ValueKind)param->info->kind) || param->info->type->size >= 8)
        return false;
    uint64_t word = word_at(at);
    value_push(L, param->info, &word, 0, 0);
    return true;
}

/* clang-format off */

/* Pushes what needs no memory; false and nothing: push_arguments has to do it. The kinds are those of push_result in
 * call.c. */
ALWAYS_INLINE bool push_quick(lua_State *L, const CallbackParam *param, const AbiFrame *frame)
{
    const char *at = (const char *)frame + param->slot;
    if (param->slot == ABI_NO_SLOT)
        return false;
    switch ((ResultKind)param->kind) {
    case RESULT_I32: lua_pushinteger(L, (int32_t)word_at(at)); return true;
    case RESULT_U32: lua_pushinteger(L, (uint32_t)word_at(at)); return true;
    case RESULT_I64: lua_pushinteger(L, (lua_Integer)word_at(at)); return true;
    case RESULT_U64:
        if (word_at(at) >> 63 != 0)
            return false;
        lua_pushinteger(L, (lua_Integer)word_at(at));
        return true;
    case RESULT_BOOL: lua_pushboolean(L, (uint8_t)word_at(at)); return true;
    case RESULT_F64: lua_pushnumber(L, double_at(at)); return true;
    case RESULT_F32: lua_pushnumber(L, float_at(at)); return true;
    case RESULT_POINTER:
        if (word_at(at) != 0)
            return false;
        lua_pushnil(L);
        return true;
    case RESULT_SCALAR: return push_small(L, param, at);
    default: return false;
    }
}

/* clang-format on */

typedef struct Arguments {
    const CallbackType *type;
    const AbiFrame *frame;
} Arguments;

/* Values by themselves are copies, Lua's own. */
static void push_argument(lua_State *L, const Arguments *arguments, uint32_t number)
{
    const CallbackParam *param = &arguments->type->params[number];
    _Alignas(16) unsigned char small[16] = {0};
    if (push_quick(L, param, arguments->frame))
        return;
    bool is_object = param->kind == RESULT_OBJECT && !value_is_number((ValueKind)param->info->kind);
    void *value = is_object ? cdata_push_new(L, param->info) : small;
    if (is_object)
        memset(value, 0, (size_t)param->info->type->size);
    abi_take(arguments->type->plan, arguments->frame, number, value);
    if (!is_object)
        value_push(L, param->info, value, 0, 0);
}

/* (Arguments *) -> the arguments; runs protected. */
static int push_arguments(lua_State *L)
{
    const Arguments *arguments = lua_touserdata(L, 1);
    uint32_t nparams = arguments->type->nparams;
    luaL_checkstack(L, (int)nparams + LUA_MINSTACK, NULL);
    for (uint32_t i = 0; i < nparams; i++)
        push_argument(L, arguments, i);
    return (int)nparams;
}

/* Pushes all arguments, of which `count` are there, behind the message handler and the function. On an error there is
 * its value instead of the function and them. */
static NOINLINE bool push_slowly(lua_State *L, const CallbackType *type, const AbiFrame *frame, uint32_t count)
{
    Arguments arguments = {.type = type, .frame = frame};
    lua_pop(L, (int)count);
    lua_pushcfunction(L, push_arguments);
    lua_pushlightuserdata(L, &arguments);
    if (lua_pcall(L, 1, (int)type->nparams, -4) == LUA_OK)
        return true;
    lua_remove(L, -2);
    return false;
}

/* -- the result ---------------------------------------------------------------------------------------------------- */

ALWAYS_INLINE bool place_quick(lua_State *L, const CallbackType *type, AbiFrame *frame)
{
    double number;
    float single;
    switch ((ResultKind)type->result_kind) {
    case RESULT_I32:
    case RESULT_U32:
    case RESULT_I64:
    case RESULT_U64:
        if (!lua_isinteger(L, -1))
            return false;
        frame->rax = (uint64_t)lua_tointegerx(L, -1, NULL);
        if (type->result_kind == RESULT_I32)
            frame->rax = (uint64_t)(int64_t)(int32_t)frame->rax;
        else if (type->result_kind == RESULT_U32)
            frame->rax = (uint32_t)frame->rax;
        return true;
    case RESULT_BOOL: frame->rax = (uint64_t)lua_toboolean(L, -1); return lua_isboolean(L, -1);
    case RESULT_F64:
        if (lua_type(L, -1) != LUA_TNUMBER)
            return false;
        number = lua_tonumberx(L, -1, NULL);
        memcpy(frame->result.xmm[0], &number, sizeof number);
        return true;
    case RESULT_F32:
        if (lua_type(L, -1) != LUA_TNUMBER || lua_isinteger(L, -1))
            return false;
        single = (float)lua_tonumberx(L, -1, NULL);
        memcpy(frame->result.xmm[0], &single, sizeof single);
        return true;
    case RESULT_POINTER: frame->rax = 0; return lua_isnil(L, -1);
    default: return false;
    }
}

typedef struct Result {
    const CallbackType *type;
    AbiSlot *slot;
    AbiFrame *frame;
} Result;

/* C gets an address into what the value at `index` is: it is kept until the callback returns another. */
static void keep_result(FfiState *S, lua_State *L, AbiSlot *slot, int index)
{
    if (callback_of(slot)->ref == LUA_NOREF) /* freed by its own function */
        return;
    state_push_ref(L, S->ref_results);
    lua_pushvalue(L, index);
    lua_rawseti(L, -2, slot->index);
    lua_pop(L, 1);
    callback_of(slot)->is_noted = true;
}

/* (Result *, value); runs protected. */
static int store_result(lua_State *L)
{
    const Result *result = lua_touserdata(L, 1);
    const CallbackType *type = result->type;
    TypeInfo *info = type->signature->result;
    Place place = {.kind = PLACE_RESULT, .type = type->signature->info->type};
    void *value = value_push_room(L, info);
    value_store(L, info, value, 2, &place);
    if (info->kind == VALUE_POINTER || info->kind == VALUE_REFERENCE)
        keep_result(info->state, L, result->slot, 2);
    abi_place_result(type->plan, result->frame, value);
    return 0;
}

/* Takes the result, behind the message handler; on an error its value is there instead. */
static NOINLINE bool place_slowly(lua_State *L, const CallbackType *type, AbiSlot *slot, AbiFrame *frame)
{
    Result result = {.type = type, .slot = slot, .frame = frame};
    lua_pushcfunction(L, store_result);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, &result);
    lua_insert(L, -2);
    return lua_pcall(L, 2, 0, -4) == LUA_OK;
}

/* -- the call ------------------------------------------------------------------------------------------------------ */

ALWAYS_INLINE bool push_all(lua_State *L, const CallbackType *type, const AbiFrame *frame)
{
    const CallbackParam *end = type->params + type->nparams;
    for (const CallbackParam *param = type->params; param < end; param++)
        if (__builtin_expect(!push_quick(L, param, frame), 0))
            return push_slowly(L, type, frame, (uint32_t)(param - type->params));
    return true;
}

static NOINLINE __attribute__((cold)) void fail(lua_State *L, const CallbackType *type, AbiSlot *slot, AbiFrame *frame)
{
    fault_keep(type->home->state, L);
    refuse(type, slot, frame);
}

/* The coroutine of the call in flight; without one, the main coroutine. */
ALWAYS_INLINE lua_State *coroutine_of(const FfiState *S, const Home *home)
{
    const CallRecord *call = cell_calls(S->cell);
    return call != NULL ? call->L : home->main;
}

/* There is an error already, or no stack. */
static NOINLINE __attribute__((cold)) void refuse_early(FfiState *S, AbiSlot *slot, AbiFrame *frame)
{
    if (!fault_is_kept(S))
        fault_keep_overflow(S);
    inbound_refuse(slot, frame);
}

/* Pushes the function; nil and false when the callback's cdata is garbage, and just not finalised yet. */
ALWAYS_INLINE bool push_function(const FfiState *S, lua_State *L, AbiSlot *slot)
{
    int ref = callback_of(slot)->ref;
    if (ref > 0) {
        state_push_ref(L, ref);
        return true;
    }
    state_push_ref(L, S->ref_weak);
    lua_rawgeti(L, -1, slot->index);
    lua_remove(L, -2);
    return !lua_isnil(L, -1);
}

ALWAYS_INLINE void run(FfiState *S, const CallbackType *type, AbiSlot *slot, AbiFrame *frame)
{
    lua_State *L = coroutine_of(S, type->home);
    CallRecord *call = cell_calls(S->cell);
    if (__builtin_expect(call != NULL, 1))
        call->stack &= ~(uintptr_t)CALL_HAS_RAISED;
    int nparams = (int)type->nparams, nresults = type->result_kind != RESULT_VOID;
    int nleft = 1; /* the message handler */
    if (__builtin_expect(fault_is_kept(S) || !lua_checkstack(L, nparams + LUA_MINSTACK), 0)) {
        refuse_early(S, slot, frame);
        return;
    }
    lua_pushcfunction(L, fault_traceback);
    if (__builtin_expect(!push_function(S, L, slot), 0)) {
        lua_pop(L, 2);
        inbound_freed(slot, frame);
        return;
    }
    if (__builtin_expect(!push_all(L, type, frame) || lua_pcall(L, nparams, nresults, -2 - nparams) != LUA_OK, 0))
        fail(L, type, slot, frame);
    else if (nresults > 0 && place_quick(L, type, frame))
        nleft = 2;
    else if (nresults > 0 && !place_slowly(L, type, slot, frame))
        fail(L, type, slot, frame);
    lua_pop(L, nleft);
}

void inbound_run(AbiSlot *slot, AbiFrame *frame)
{
    const CallbackType *type = callback_type_of(slot);
    run(atomic_load_explicit(&type->home->state, memory_order_relaxed), type, slot, frame);
}

ALWAYS_INLINE bool is_home(const Home *home)
{
    return atomic_load_explicit(&home->cell.thread, memory_order_relaxed) == current_thread();
}

/* errno belongs to the state while Lua runs, and is C's again when it returns. */
void inbound_live(AbiSlot *slot, AbiFrame *frame)
{
    const CallbackType *type = callback_type_of(slot);
    if (__builtin_expect(!is_home(type->home), 0)) {
        remote_call(slot, frame);
        return;
    }
    FfiState *S = atomic_load_explicit(&type->home->state, memory_order_relaxed);
    int *error_number = &errno;
    S->errno_value = *error_number;
    run(S, type, slot, frame);
    *error_number = S->errno_value;
}

void inbound_freed(AbiSlot *slot, AbiFrame *frame)
{
    const CallbackType *type = callback_type_of(slot);
    FfiState *S = atomic_load(&type->home->state);
    int error_number = errno;
    if (S == NULL)
        remote_report_closed(type->home);
    else if (!is_home(type->home))
        remote_report_stray(type, true);
    else if (!fault_is_kept(S))
        fault_keep_message(S, coroutine_of(S, type->home), MESSAGE_CALLBACK_FREED, type);
    abi_zero_result(type->plan, frame);
    errno = error_number;
}
