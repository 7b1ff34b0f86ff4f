#include "bind/call.h"

#include <errno.h>
#include <string.h>

#include "bind/convert.h"
#include "bind/signature.h"

/* What an entry finds in its first upvalue, a userdata; the second keeps the library mapped. */
typedef struct CallTarget {
    const Signature *signature;
    AbiFunction function;
    const CDecl *decl; /* NULL: called through a pointer */
} CallTarget;

/* A call being made, for the conversions that are not on the fast path. */
typedef struct Call {
    lua_State *L;
    const CallTarget *target;
    AbiFrame *frame;
    int first; /* stack index of the first argument */
} Call;

/* -- names for messages -------------------------------------------------------------------------------------------------------- */

static const char *target_name(const CallTarget *target)
{
    return target->decl != NULL ? target->decl->name : "?";
}

static const char *param_name(const CallTarget *target, uint32_t index)
{
    const CDecl *decl = target->decl;
    bool is_named = decl != NULL && decl->param_names != NULL && index < decl->type->u.function->nparams;
    return is_named ? decl->param_names[index] : NULL;
}

static Place argument_place(const CallTarget *target, uint32_t index)
{
    return (Place){.kind = PLACE_ARGUMENT,
                   .index = (long long)index + 1,
                   .name = param_name(target, index),
                   .owner = target_name(target)};
}

_Noreturn static void raise_count(lua_State *L, const CallTarget *target, int count)
{
    const Signature *signature = target->signature;
    char small[256];
    ctype_spell(signature->info->type, target->decl != NULL ? target_name(target) : "", small, sizeof small);
    error_raise(L, signature->is_variadic ? MESSAGE_ARGUMENT_COUNT_VARIADIC : MESSAGE_ARGUMENT_COUNT,
                target_name(target), (int)signature->nparams, signature->nparams == 1 ? "" : "s", count, small);
}

/* -- arguments ------------------------------------------------------------------------------------------------------------------- */

static inline void set_slot(AbiFrame *frame, uint32_t slot, uint64_t value)
{
    memcpy((char *)frame + slot, &value, sizeof value);
}

/* A value of up to eight bytes as a slot holds it: integers extended to 64 bits as their type says. */
static uint64_t slot_value(ValueKind kind, const void *value)
{
    uint64_t word = 0;
    switch (kind) {
    case VALUE_I8: return (uint64_t)(int64_t) * (const int8_t *)value;
    case VALUE_I16: return (uint64_t)(int64_t) * (const int16_t *)value;
    case VALUE_I32: return (uint64_t)(int64_t) * (const int32_t *)value;
    case VALUE_BOOL:
    case VALUE_U8: return *(const uint8_t *)value;
    case VALUE_U16:
    case VALUE_F16: return *(const uint16_t *)value;
    case VALUE_U32:
    case VALUE_F32: return *(const uint32_t *)value;
    default: memcpy(&word, value, sizeof word); return word;
    }
}

/* The conversions that the fast path leaves: floats for integers, booleans, cdata numbers, enum names; and all errors. */
static __attribute__((noinline)) void place_scalar(const Call *call, uint32_t index)
{
    const Param *param = &call->target->signature->params[index];
    _Alignas(16) unsigned char value[16] = {0};
    Place place = argument_place(call->target, index);
    value_store(call->L, param->info, value, call->first + (int)index, &place);
    set_slot(call->frame, param->slot, slot_value((ValueKind)param->info->underlying, value));
}

/* Records, vectors, complex numbers, 128-bit and long double values: from the cdata itself where the types agree, else made aside. */
static __attribute__((noinline)) void place_value(const Call *call, uint32_t index)
{
    lua_State *L = call->L;
    const Signature *signature = call->target->signature;
    TypeInfo *info = signature->params[index].info;
    int argument = call->first + (int)index;
    Cdata *cdata = cdata_to(info->state, L, argument);
    if (cdata != NULL && cdata->info->type->main == info->type->main) {
        abi_place(signature->plan, call->frame, index, cdata_address(info->state, cdata));
        return;
    }
    Place place = argument_place(call->target, index);
    luaL_checkstack(L, 8, NULL);
    /* 64 bytes more: the widest vector's alignment */
    unsigned char *block = lua_newuserdatauv(L, (size_t)info->type->size + 64, 0);
    void *value = block + (64 - ((uintptr_t)block & 63));
    memset(value, 0, (size_t)info->type->size);
    value_store(L, info, value, argument, &place);
    abi_place(signature->plan, call->frame, index, value);
    lua_pop(L, 1);
}

static __attribute__((noinline)) void *place_pointer(const Call *call, uint32_t index)
{
    Place place = argument_place(call->target, index);
    return pointer_of(call->L, call->target->signature->params[index].info, call->first + (int)index, &place);
}

/* A pointer argument's usual forms before the full rules: a cdata of just the parameter's type or of its element's. */
static inline bool quick_pointer(FfiState *S, lua_State *L, const TypeInfo *wanted, int index, void **address)
{
    Cdata *cdata = cdata_to(S, L, index);
    if (cdata == NULL)
        return false;
    if (cdata->info == wanted)
        *address = cdata_pointer(S, cdata);
    else if (cdata->info == wanted->record)
        *address = cdata_address(S, cdata);
    else
        return false;
    return true;
}

static inline void place_argument(const Call *call, uint32_t index)
{
    lua_State *L = call->L;
    const Param *param = &call->target->signature->params[index];
    int argument = call->first + (int)index;
    void *address;
    double number;
    float single;
    uint64_t word = 0;
    switch ((ParamKind)param->kind) {
    case PARAM_WORD:
        if (!lua_isinteger(L, argument)) {
            place_scalar(call, index);
            return;
        }
        word = (uint64_t)lua_tointegerx(L, argument, NULL);
        break;
    case PARAM_DOUBLE:
        if (lua_type(L, argument) != LUA_TNUMBER) {
            place_scalar(call, index);
            return;
        }
        number = lua_tonumberx(L, argument, NULL);
        memcpy(&word, &number, sizeof number);
        break;
    case PARAM_FLOAT:
        if (lua_type(L, argument) != LUA_TNUMBER) {
            place_scalar(call, index);
            return;
        }
        single = lua_isinteger(L, argument) ? (float)lua_tointegerx(L, argument, NULL)
                                            : (float)lua_tonumberx(L, argument, NULL);
        memcpy(&word, &single, sizeof single);
        break;
    case PARAM_STRING:
        if (lua_type(L, argument) == LUA_TSTRING) {
            word = (uint64_t)(uintptr_t)lua_tolstring(L, argument, NULL);
            break;
        }
        /* fall through */
    case PARAM_POINTER:
        if (!quick_pointer(param->info->state, L, param->info, argument, &address))
            address = place_pointer(call, index);
        word = (uint64_t)(uintptr_t)address;
        break;
    case PARAM_SCALAR: place_scalar(call, index); return;
    case PARAM_VALUE: place_value(call, index); return;
    }
    set_slot(call->frame, param->slot, word);
}

/* -- the call -------------------------------------------------------------------------------------------------------------------- */

static inline const void *current_thread(void)
{
    const void *thread;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    return thread;
}

static __attribute__((noinline, cold)) void raise_pending(FfiState *S, lua_State *L)
{
    S->pending = 0;
    lua_error(L);
}

/* Between link and unlink only C runs. errno belongs to the state: what C left is what C finds, whatever Lua did between. */
static inline void enter(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    const Signature *signature = target->signature;
    const AbiPlan *plan = signature->plan;
    FfiState *S = signature->info->state;
    CallRecord record = {.previous = S->calls, .L = L, .thread = current_thread(), .plan = plan, .frame = frame};
    int *error_number = &errno;
    S->calls = &record;
    *error_number = S->errno_value;
    if (variadic != NULL)
        abi_call_variadic(plan, frame, target->function, variadic);
    else
        abi_call(plan, frame, target->function);
    S->errno_value = *error_number;
    S->calls = record.previous;
    if (__builtin_expect(S->pending != 0, 0))
        raise_pending(S, L);
}

/* -- results --------------------------------------------------------------------------------------------------------------------- */

/* An object for a result that does not fit rax or xmm0; made before the call, which may write into it. */
static __attribute__((noinline)) void *push_result_object(lua_State *L, const Signature *signature, AbiFrame *frame)
{
    void *value = cdata_push_new(L, signature->result);
    if (signature->plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(frame, value);
    return value;
}

/* From the result object on the top: a record stays, a number becomes Lua's. */
static int finish_result_object(lua_State *L, const Signature *signature, const AbiFrame *frame, void *value)
{
    abi_take_result(signature->plan, frame, value);
    if (value_is_number((ValueKind)signature->result->kind))
        value_push(L, signature->result, value, 0, 0);
    return 1;
}

static __attribute__((noinline)) int push_other_result(lua_State *L, const Signature *signature, AbiFrame *frame)
{
    _Alignas(16) unsigned char value[16];
    abi_take_result(signature->plan, frame, value);
    value_push(L, signature->result, value, 0, 0);
    return 1;
}

static inline int push_result(lua_State *L, const Signature *signature, AbiFrame *frame)
{
    double number;
    float single;
    switch ((ResultKind)signature->result_kind) {
    case RESULT_VOID: return 0;
    case RESULT_I32: lua_pushinteger(L, (int32_t)frame->rax); return 1;
    case RESULT_U32: lua_pushinteger(L, (uint32_t)frame->rax); return 1;
    case RESULT_I64: lua_pushinteger(L, (lua_Integer)frame->rax); return 1;
    case RESULT_F64:
        memcpy(&number, frame->result.xmm[0], sizeof number);
        lua_pushnumber(L, number);
        return 1;
    case RESULT_F32:
        memcpy(&single, frame->result.xmm[0], sizeof single);
        lua_pushnumber(L, single);
        return 1;
    case RESULT_POINTER:
        cdata_push_pointer_or_nil(L, signature->result, (void *)(uintptr_t)frame->rax, 0);
        return 1;
    default: return push_other_result(L, signature, frame);
    }
}

/* -- entries ---------------------------------------------------------------------------------------------------------------------- */

static inline int run(lua_State *L, const CallTarget *target, AbiFrame *frame, int first)
{
    const Signature *signature = target->signature;
    int count = lua_gettop(L) - first + 1;
    if (__builtin_expect(count != (int)signature->nparams, 0))
        raise_count(L, target, count);
    Call call = {.L = L, .target = target, .frame = frame, .first = first};
    for (uint32_t i = 0; i < signature->nparams; i++)
        place_argument(&call, i);
    if (__builtin_expect(signature->result_kind == RESULT_OBJECT, 0)) {
        void *value = push_result_object(L, signature, frame);
        enter(L, target, frame, NULL);
        return finish_result_object(L, signature, frame, value);
    }
    enter(L, target, frame, NULL);
    return push_result(L, signature, frame);
}

/* Frames of all calls whose arguments fit the registers, eight bytes each. */
typedef union SmallFrame {
    AbiFrame frame;
    unsigned char bytes[sizeof(AbiFrame) + 8 * 8];
    _Alignas(16) uint64_t align;
} SmallFrame;

static int entry_small(lua_State *L)
{
    SmallFrame small;
    return run(L, lua_touserdata(L, lua_upvalueindex(1)), &small.frame, 1);
}

static int entry_large(lua_State *L)
{
    const CallTarget *target = lua_touserdata(L, lua_upvalueindex(1));
    void *frame = __builtin_alloca_with_align(target->signature->plan->frame_nbytes, 16 * 8);
    return run(L, target, frame, 1);
}

/* -- variadic calls ----------------------------------------------------------------------------------------------------------------- */

/* The class that a variadic argument passes as. */
typedef enum VariadicKind { VARIADIC_INTEGER, VARIADIC_DOUBLE, VARIADIC_OTHER, VARIADIC_NONE } VariadicKind;

static VariadicKind promote_cdata(FfiState *S, Cdata *cdata, uint64_t *word)
{
    ValueKind kind = (ValueKind)cdata->info->kind;
    void *address = cdata_address(S, cdata);
    double number;
    switch (kind) {
    case VALUE_POINTER:
    case VALUE_REFERENCE: memcpy(word, address, sizeof *word); return VARIADIC_INTEGER;
    case VALUE_ARRAY:
    case VALUE_RECORD: *word = (uint64_t)(uintptr_t)address; return VARIADIC_INTEGER;
    case VALUE_F16:
    case VALUE_F32:
    case VALUE_F64:
        number = (double)number_load(cdata->info, address).floating;
        memcpy(word, &number, sizeof number);
        return VARIADIC_DOUBLE;
    case VALUE_VOID:
    case VALUE_FUNCTION: return VARIADIC_NONE;
    case VALUE_F80:
    case VALUE_F128:
    case VALUE_I128:
    case VALUE_U128:
    case VALUE_COMPLEX:
    case VALUE_VECTOR: return VARIADIC_OTHER;
    default: *word = slot_value((ValueKind)cdata->info->underlying, address); return VARIADIC_INTEGER;
    }
}

/* Design.md, 6: integers as int64_t, floats as double, the rest as LuaJIT's table has it. */
static VariadicKind promote(FfiState *S, lua_State *L, int index, uint64_t *word)
{
    double number;
    Cdata *cdata;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            *word = (uint64_t)lua_tointeger(L, index);
            return VARIADIC_INTEGER;
        }
        number = lua_tonumber(L, index);
        memcpy(word, &number, sizeof number);
        return VARIADIC_DOUBLE;
    case LUA_TNIL: *word = 0; return VARIADIC_INTEGER;
    case LUA_TBOOLEAN: *word = (uint64_t)lua_toboolean(L, index); return VARIADIC_INTEGER;
    case LUA_TSTRING: *word = (uint64_t)(uintptr_t)lua_tostring(L, index); return VARIADIC_INTEGER;
    case LUA_TLIGHTUSERDATA: *word = (uint64_t)(uintptr_t)lua_touserdata(L, index); return VARIADIC_INTEGER;
    case LUA_TFUNCTION: *word = (uint64_t)(uintptr_t)call_address_of(L, index); break;
    case LUA_TUSERDATA:
        cdata = cdata_to(S, L, index);
        if (cdata != NULL)
            return promote_cdata(S, cdata, word);
        *word = ctypeobj_to(S, L, index) != NULL ? 0 : (uint64_t)(uintptr_t)foreign_address(L, index);
        break;
    default: return VARIADIC_NONE;
    }
    return *word != 0 ? VARIADIC_INTEGER : VARIADIC_NONE;
}

_Noreturn static void raise_variadic(lua_State *L, const CallTarget *target, int index)
{
    error_raise(L, MESSAGE_VARIADIC_TYPE, error_push_value(L, index), index, target_name(target));
}

/* Arguments that take more than one eightbyte need a plan of their own, made for this call and freed by Lua. */
static int call_planned(const Call *call, int count)
{
    lua_State *L = call->L;
    const CallTarget *target = call->target;
    FfiState *S = target->signature->info->state;
    Signature *signature = signature_push_variadic(S, L, target->signature, call->first, count);
    CallTarget planned = {.signature = signature, .function = target->function, .decl = target->decl};
    void *frame = __builtin_alloca_with_align(signature->plan->frame_nbytes, 16 * 8);
    Call inner = {.L = L, .target = &planned, .frame = frame, .first = call->first};
    for (uint32_t i = 0; i < signature->nparams; i++)
        place_argument(&inner, i);
    if (signature->result_kind == RESULT_OBJECT) {
        void *value = push_result_object(L, signature, frame);
        enter(L, &planned, frame, NULL);
        return finish_result_object(L, signature, frame, value);
    }
    enter(L, &planned, frame, NULL);
    return push_result(L, signature, frame);
}

static bool needs_plan(FfiState *S, lua_State *L, int index, int last, const CallTarget *target)
{
    bool any = false;
    uint64_t word;
    for (; index <= last; index++) {
        VariadicKind kind = promote(S, L, index, &word);
        if (kind == VARIADIC_NONE)
            raise_variadic(L, target, index);
        any |= kind == VARIADIC_OTHER;
    }
    return any;
}

static int run_variadic(lua_State *L, const CallTarget *target, int first)
{
    const Signature *signature = target->signature;
    FfiState *S = signature->info->state;
    int count = lua_gettop(L) - first + 1;
    int nfixed = (int)signature->nparams;
    if (count < nfixed)
        raise_count(L, target, count);
    Call call = {.L = L, .target = target, .first = first};
    if (needs_plan(S, L, first + nfixed, first + count - 1, target))
        return call_planned(&call, count);
    size_t nbytes = signature->plan->frame_nbytes + (((size_t)(count - nfixed) * 8 + 15) & ~(size_t)15);
    call.frame = __builtin_alloca_with_align(nbytes, 16 * 8);
    for (uint32_t i = 0; i < signature->nparams; i++)
        place_argument(&call, i);
    AbiCursor cursor = signature->plan->end;
    for (int i = first + nfixed; i < first + count; i++) {
        uint64_t word = 0;
        bool is_sse = promote(S, L, i, &word) == VARIADIC_DOUBLE;
        set_slot(call.frame, abi_next_slot(signature->plan, &cursor, is_sse), word);
    }
    void *value = signature->result_kind == RESULT_OBJECT ? push_result_object(L, signature, call.frame) : NULL;
    enter(L, target, call.frame, &cursor);
    return value != NULL ? finish_result_object(L, signature, call.frame, value)
                         : push_result(L, signature, call.frame);
}

static int entry_variadic(lua_State *L)
{
    return run_variadic(L, lua_touserdata(L, lua_upvalueindex(1)), 1);
}

/* -- function objects ----------------------------------------------------------------------------------------------------------------- */

static lua_CFunction entry_for(const Signature *signature)
{
    if (signature->is_variadic)
        return entry_variadic;
    return signature->plan->frame_nbytes <= sizeof(SmallFrame) ? entry_small : entry_large;
}

static const CallTarget *target_of(lua_State *L, int index)
{
    lua_CFunction entry = lua_tocfunction(L, index);
    if (entry != entry_small && entry != entry_large && entry != entry_variadic)
        return NULL;
    lua_getupvalue(L, index, 1);
    const CallTarget *target = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return target;
}

CType *call_type_of(lua_State *L, int index)
{
    const CallTarget *target = target_of(L, index);
    return target != NULL ? target->signature->info->type : NULL;
}

void *call_address_of(lua_State *L, int index)
{
    const CallTarget *target = target_of(L, index);
    void *address = NULL;
    if (target != NULL)
        memcpy(&address, &target->function, sizeof address);
    return address;
}

/* Pushes the table of functions of one type: address -> closure, weak so that a library's functions do not keep it loaded. */
static void push_functions_of(FfiState *S, lua_State *L, TypeInfo *function)
{
    state_push_ref(L, S->ref_functions);
    if (lua_rawgetp(L, -1, function) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_createtable(L, 0, 1);
        lua_pushliteral(L, "v");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, function);
    }
    lua_remove(L, -2);
}

void call_push_function(FfiState *S, lua_State *L, TypeInfo *function, void *address, const CDecl *decl, int library)
{
    luaL_checkstack(L, 10, NULL);
    if (library != 0)
        library = lua_absindex(L, library);
    const Signature *signature = signature_of(function, L, decl);
    push_functions_of(S, L, function);
    if (lua_rawgetp(L, -1, address) == LUA_TNIL) {
        lua_pop(L, 1);
        CallTarget *target = lua_newuserdatauv(L, sizeof *target, 0);
        target->signature = signature;
        memcpy(&target->function, &address, sizeof address);
        target->decl = decl;
        if (library != 0)
            lua_pushvalue(L, library);
        lua_pushcclosure(L, entry_for(signature), library != 0 ? 2 : 1);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, address);
    }
    lua_remove(L, -2);
}

int call_pointer(FfiState *S, lua_State *L, TypeInfo *function, void *address)
{
    (void)S;
    CallTarget target = {.signature = signature_of(function, L, NULL), .decl = NULL};
    memcpy(&target.function, &address, sizeof address);
    if (target.signature->is_variadic)
        return run_variadic(L, &target, 2);
    void *frame = __builtin_alloca_with_align(target.signature->plan->frame_nbytes, 16 * 8);
    return run(L, &target, frame, 2);
}
