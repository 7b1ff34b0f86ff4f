/* Calls with arguments beyond the prototype: each is promoted by its Lua value, and placed behind the plan's. */
#include "bind/function.h"
#include "bind/pointer.h"
#include "bind/target.h"

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
    case VALUE_F32:
    case VALUE_F64:
        number = (double)number_load(cdata->info, address).floating;
        memcpy(word, &number, sizeof number);
        return VARIADIC_DOUBLE;
    case VALUE_VOID:
    case VALUE_FUNCTION: return VARIADIC_NONE;
    case VALUE_BF16: /* of the floating types only float is promoted (C11 6.5.2.2p6, C23 H.4.1) */
    case VALUE_F16:
    case VALUE_F80:
    case VALUE_F128:
    case VALUE_I128:
    case VALUE_U128:
    case VALUE_COMPLEX:
    case VALUE_DECIMAL:
    case VALUE_VECTOR: return VARIADIC_OTHER;
    default: *word = target_slot_value((ValueKind)cdata->info->underlying, address); return VARIADIC_INTEGER;
    }
}

/* Integers as int64_t and floats as double, so that %d takes 42 and %g 42.0; the rest as LuaJIT's table has it. */
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
    case LUA_TFUNCTION: *word = (uint64_t)(uintptr_t)function_address_of(L, index); break;
    case LUA_TUSERDATA:
        cdata = cdata_to(S, L, index);
        if (cdata != NULL)
            return promote_cdata(S, cdata, word);
        *word = ctypeobj_to(S, L, index) != NULL ? 0 : (uint64_t)(uintptr_t)pointer_of_userdata(L, index);
        break;
    default: return VARIADIC_NONE;
    }
    return *word != 0 ? VARIADIC_INTEGER : VARIADIC_NONE;
}

/* The type by which a plan passes what `promote` says: its own when it is wider than a word, else that of the word. */
static CType *promoted_type(FfiState *S, lua_State *L, int index)
{
    CTypeTable *types = S->types;
    Cdata *cdata = cdata_to(S, L, index);
    if (cdata != NULL && value_is_number((ValueKind)cdata->info->kind)) {
        switch ((ValueKind)cdata->info->underlying) {
        case VALUE_F32:
        case VALUE_F64: return ctype_scalar(types, CSCALAR_DOUBLE);
        case VALUE_BF16:
        case VALUE_F16:
        case VALUE_F80:
        case VALUE_F128:
        case VALUE_I128:
        case VALUE_U128: return cdata->info->type->main;
        case VALUE_U64: return ctype_scalar(types, CSCALAR_ULONG);
        default: return ctype_scalar(types, CSCALAR_LONG);
        }
    }
    if (cdata != NULL &&
        (cdata->info->kind == VALUE_COMPLEX || cdata->info->kind == VALUE_DECIMAL || cdata->info->kind == VALUE_VECTOR))
        return cdata->info->type->main;
    if (lua_type(L, index) == LUA_TNUMBER)
        return ctype_scalar(types, lua_isinteger(L, index) ? CSCALAR_LONG : CSCALAR_DOUBLE);
    if (lua_type(L, index) == LUA_TBOOLEAN)
        return ctype_scalar(types, CSCALAR_INT);
    /* a pointer that takes anything with an address */
    CType *any = ctype_qualified(types, ctype_void(types), QUALIFIER_CONST | QUALIFIER_VOLATILE);
    return any != NULL ? ctype_pointer(types, any) : NULL;
}

_Noreturn static void raise_variadic(lua_State *L, const CallTarget *target, int first, int index)
{
    const char *value = error_push_value(L, index);
    const char *name = signature_push_name(L, target->signature->info->type, target->decl);
    error_raise(L, MESSAGE_VARIADIC_TYPE, value, index - first + 1, name);
}

/* Arguments that take more than one eightbyte need a plan of their own, made for this call and freed by Lua. */
static int run_planned(lua_State *L, const CallTarget *target, int first, int last)
{
    FfiState *S = target->state;
    int variadic = first + (int)target->nparams;
    uint32_t ntypes = (uint32_t)(last - variadic + 1);
    luaL_checkstack(L, 8, NULL);
    TypeInfo **types = lua_newuserdatauv(L, ntypes * sizeof(TypeInfo *), 0);
    for (uint32_t i = 0; i < ntypes; i++) {
        state_enter(S, L);
        CType *type = promoted_type(S, L, variadic + (int)i);
        if (type == NULL)
            error_raise(L, MESSAGE_NO_MEMORY);
        types[i] = typeinfo_of(S, L, type);
    }
    Signature *signature = signature_push_variadic(S, L, target->signature, target->decl, types, ntypes);
    CallTarget planned = target_make(signature, NULL, target->decl);
    planned.function = target->function;
    AbiFrame *frame = TARGET_FRAME(signature->plan->frame_nbytes);
    target_place_arguments(L, &planned, frame, first);
    return target_finish(L, &planned, frame, NULL);
}

static bool needs_plan(lua_State *L, const CallTarget *target, int first, int last)
{
    bool any = false;
    uint64_t word;
    for (int index = first + (int)target->nparams; index <= last; index++) {
        VariadicKind kind = promote(target->state, L, index, &word);
        if (kind == VARIADIC_NONE)
            raise_variadic(L, target, first, index);
        any |= kind == VARIADIC_OTHER;
    }
    return any;
}

int variadic_run(lua_State *L, const CallTarget *target, int first)
{
    const AbiPlan *plan = target->plan;
    FfiState *S = target->state;
    int last = lua_gettop(L);
    int nfixed = (int)target->nparams;
    if (last - first + 1 < nfixed)
        target_raise_count(L, target, last - first + 1);
    if (needs_plan(L, target, first, last))
        return run_planned(L, target, first, last);
    size_t nbytes = ((size_t)(last - first + 1 - nfixed) * 8 + 15) & ~(size_t)15;
    if (nbytes > ABI_STACK_NBYTES_MAX)
        error_raise(L, MESSAGE_STACK, signature_push_name(L, target->signature->info->type, target->decl),
                    (int)ABI_STACK_NBYTES_MAX);
    AbiFrame *frame = TARGET_FRAME(plan->frame_nbytes + nbytes);
    target_place_arguments(L, target, frame, first);
    AbiCursor cursor = plan->end;
    for (int i = first + nfixed; i <= last; i++) {
        uint64_t word = 0;
        bool is_sse = promote(S, L, i, &word) == VARIADIC_DOUBLE;
        target_set_slot(frame, abi_next_slot(plan, &cursor, is_sse), word);
    }
    return target_finish(L, target, frame, &cursor);
}

int variadic_entry(lua_State *L)
{
    return variadic_run(L, lua_touserdata(L, lua_upvalueindex(1)), 1);
}
