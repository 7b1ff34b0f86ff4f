#include "bind/call.h"

#include <errno.h>
#include <string.h>

#include "bind/target.h"
#include "bind/transparent.h"

CallTarget target_make(const Signature *signature, void *address, const CDecl *decl)
{
    CallTarget target = {.state = signature->info->state,
                         .plan = signature->plan,
                         .signature = signature,
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
        abi_place(target->plan, frame, number, cdata_address(cdata));
        return;
    }
    Place place = argument_place(target, number);
    luaL_checkstack(L, 8, NULL);
    /* 64 bytes more: the widest vector's alignment */
    unsigned char *block = lua_newuserdatauv(L, (size_t)info->type->size + 64, 0);
    void *value = block + (64 - ((uintptr_t)block & 63));
    memset(value, 0, (size_t)info->type->size);
    if (transparent_is(info))
        transparent_store(L, info, value, index, &place);
    else
        value_store(L, info, value, index, &place);
    abi_place(target->plan, frame, number, value);
    lua_pop(L, 1);
}

/* All that the fast path leaves: floats for integers, booleans, cdata numbers, enum names, strings, views; and all
 * errors. */
static NOINLINE void place_slowly(lua_State *L, const CallTarget *target, AbiFrame *frame, const Param *param,
                                  int index)
{
    uint32_t number = (uint32_t)(param - target->signature->params);
    _Alignas(16) unsigned char value[16] = {0};
    if (param->kind == PARAM_VALUE) {
        place_value(L, target, frame, number, index);
        return;
    }
    Place place = argument_place(target, number);
    value_store(L, param->info, value, index, &place);
    target_set_slot(frame, param->slot, target_slot_value((ValueKind)param->info->underlying, value));
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

/* The address of a cdata that goes to a pointer parameter without asking the full rules: a pointer to or array of just
 * the pointed-to type, or an array or record that is of it, whose qualifiers are all the parameter's too. */
ALWAYS_INLINE bool quick_address(Cdata *cdata, const TypeInfo *wanted, void **address)
{
    const TypeInfo *info = cdata->info;
    bool is_element = info->type->main == wanted->plain_element;
    unsigned qualifiers = is_element ? info->type->qualifiers : info->element_qualifiers;
    if ((!is_element && info->plain_element != wanted->plain_element) ||
        (qualifiers & ~wanted->element_qualifiers) != 0)
        return false;
    if (info->kind == VALUE_POINTER && !is_element)
        *address = cdata_pointer(cdata);
    else if (info->kind == VALUE_ARRAY || info->kind == VALUE_RECORD)
        *address = cdata_address(cdata);
    else
        return false;
    return true;
}

ALWAYS_INLINE bool quick_pointer(lua_State *L, const Param *param, int index, void *slot)
{
    int type = lua_type(L, index);
    void *address = NULL;
    if (type == LUA_TSTRING && param->kind == PARAM_STRING) {
        address = (void *)(uintptr_t)lua_tolstring(L, index, NULL);
    } else if (type != LUA_TNIL) {
        Cdata *cdata = type == LUA_TUSERDATA ? cdata_to(L, index) : NULL;
        if (cdata == NULL || !quick_address(cdata, param->info, &address))
            return false;
    }
    memcpy(slot, &address, sizeof address);
    return true;
}

/* Parameters of one kind come in runs, so that what is asked of a kind is asked once a run. */
#define PLACE_RUN(quick)                                                                                               \
    for (; param < run_end; param++, index++)                                                                          \
        if (__builtin_expect(!(quick), 0))                                                                             \
            place_slowly(L, target, frame, param, index);                                                              \
    break

ALWAYS_INLINE void place_arguments(lua_State *L, const CallTarget *target, AbiFrame *frame, int index)
{
    const Param *param = target->signature->params;
    const Param *end = param + target->nparams;
    char *base = (char *)frame;
    while (param < end) {
        const Param *run_end = param + param->run_length;
        switch ((ParamKind)param->kind) {
        case PARAM_WORD: PLACE_RUN(quick_word(L, index, base + param->slot));
        case PARAM_DOUBLE: PLACE_RUN(quick_double(L, index, base + param->slot));
        case PARAM_FLOAT: PLACE_RUN(quick_float(L, index, base + param->slot));
        case PARAM_STRING:
        case PARAM_POINTER: PLACE_RUN(quick_pointer(L, param, index, base + param->slot));
        case PARAM_SCALAR:
        case PARAM_VALUE: PLACE_RUN(false);
        }
    }
}
#undef PLACE_RUN

void target_place_arguments(lua_State *L, const CallTarget *target, AbiFrame *frame, int first)
{
    place_arguments(L, target, frame, first);
}

/* -- the call ------------------------------------------------------------------------------------------------------ */

static inline const void *current_thread(void)
{
    const void *thread;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    return thread;
}

static NOINLINE __attribute__((cold)) void raise_pending(FfiState *S, lua_State *L)
{
    S->pending = 0;
    lua_error(L);
}

/* Between link and unlink only C runs. errno belongs to the state: what C left is what C finds, whatever Lua did
 * between. */
ALWAYS_INLINE void enter(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    FfiState *S = target->state;
    CallRecord *record = target_record(frame);
    int *error_number = &errno;
    record->previous = S->calls;
    record->L = L;
    record->thread = current_thread();
    record->target = target;
    S->calls = record;
    *error_number = S->errno_value;
    if (variadic != NULL)
        abi_call_variadic(target->plan, frame, target->function, variadic);
    else
        abi_call(target->plan, frame, target->function);
    S->errno_value = *error_number;
    S->calls = record->previous;
    if (__builtin_expect(S->pending != 0, 0))
        raise_pending(S, L);
}

/* -- results ------------------------------------------------------------------------------------------------------- */

/* A result that does not fit rax or xmm0 goes into an object made before the call, which may write into it; a record
 * stays one, a number becomes Lua's. */
static NOINLINE int finish_object(lua_State *L, const CallTarget *target, AbiFrame *frame, const AbiCursor *variadic)
{
    TypeInfo *info = target->signature->result;
    void *value = cdata_push_new(L, info);
    if (target->plan->result == ABI_RESULT_MEMORY)
        abi_set_result_address(frame, value);
    enter(L, target, frame, variadic);
    abi_take_result(target->plan, frame, value);
    if (value_is_number((ValueKind)info->kind))
        value_push(L, info, value, 0, 0);
    return 1;
}

static NOINLINE int push_other_result(lua_State *L, const CallTarget *target, const AbiFrame *frame)
{
    _Alignas(16) unsigned char value[16];
    abi_take_result(target->plan, frame, value);
    value_push(L, target->signature->result, value, 0, 0);
    return 1;
}

ALWAYS_INLINE int push_result(lua_State *L, const CallTarget *target, const AbiFrame *frame, ResultKind kind)
{
    double number;
    float single;
    switch (kind) {
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
        cdata_push_pointer_or_nil(L, target->signature->result, (void *)(uintptr_t)frame->rax, 0);
        return 1;
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
    const CallTarget *target = lua_touserdata(L, lua_upvalueindex(1));
    int count = lua_gettop(L);
    if (__builtin_expect(count != (int)target->nparams, 0))
        target_raise_count(L, target, count);
    return target;
}

/* All arguments integers of 32 or 64 bits, or all doubles, in registers; the result as said, known where this is
 * inlined. */
ALWAYS_INLINE int run_uniform(lua_State *L, ParamKind params, uint32_t nparams, ResultKind result)
{
    SmallBlock block;
    AbiFrame *frame = target_small_frame(&block);
    const CallTarget *target = lua_touserdata(L, lua_upvalueindex(1));
    int count = lua_gettop(L);
    if (__builtin_expect(count != (int)nparams, 0))
        target_raise_count(L, target, count);
    for (int i = 0; i < (int)nparams; i++) {
        bool is_word = params == PARAM_WORD;
        void *slot = is_word ? (void *)&frame->gpr[i] : (void *)&frame->vec[8 * i];
        if (!(is_word ? quick_word(L, i + 1, slot) : quick_double(L, i + 1, slot)))
            place_slowly(L, target, frame, &target->signature->params[i], i + 1);
    }
    enter(L, target, frame, NULL);
    return push_result(L, target, frame, result);
}

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

lua_CFunction target_entry(const Signature *signature)
{
    if (signature->is_variadic)
        return variadic_entry;
    if (signature->plan->frame_nbytes > SMALL_FRAME_NBYTES)
        return entry_large;
    for (size_t i = 0; i < COUNT_OF(uniform_entries); i++) {
        const struct UniformEntry *entry = &uniform_entries[i];
        if (entry->nparams == signature->nparams && entry->result == signature->result_kind &&
            is_uniform(signature, (ParamKind)entry->params))
            return entry->function;
    }
    return entry_small;
}

bool target_is_entry(lua_CFunction function)
{
    for (size_t i = 0; i < COUNT_OF(uniform_entries); i++)
        if (function == uniform_entries[i].function)
            return true;
    return function == entry_small || function == entry_large || function == variadic_entry;
}

int call_pointer(lua_State *L, TypeInfo *function, void *address)
{
    CallTarget target = target_make(signature_of(function, L, NULL), address, NULL);
    if (target.signature->is_variadic)
        return variadic_run(L, &target, 2);
    int count = lua_gettop(L) - 1;
    if (count != (int)target.nparams)
        target_raise_count(L, &target, count);
    AbiFrame *frame = TARGET_FRAME(target.plan->frame_nbytes);
    place_arguments(L, &target, frame, 2);
    return finish(L, &target, frame, NULL);
}
