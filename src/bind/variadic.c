/* Calls with arguments beyond the prototype: each is promoted by its Lua value, and placed behind the plan's. */
#include "bind/cstack.h"
#include "bind/function.h"
#include "bind/pointer.h"
#include "bind/target.h"

/* What a variadic argument passes as. All but OWN is one eightbyte. */
typedef enum VariadicKind {
    VARIADIC_INTEGER, /* int64_t */
    VARIADIC_ADDRESS, /* const volatile void * */
    VARIADIC_DOUBLE,
    VARIADIC_OWN, /* the cdata's own type: of the floating types only float is promoted (C11 6.5.2.2p6, C23 H.4.1) */
    VARIADIC_NONE /* it cannot be passed */
} VariadicKind;

static VariadicKind classify_cdata(ValueKind kind)
{
    switch (kind) {
    case VALUE_POINTER:
    case VALUE_ARRAY:
    case VALUE_RECORD: return VARIADIC_ADDRESS;
    case VALUE_F32:
    case VALUE_F64: return VARIADIC_DOUBLE;
    case VALUE_BF16:
    case VALUE_F16:
    case VALUE_F80:
    case VALUE_F128:
    case VALUE_I128:
    case VALUE_U128:
    case VALUE_COMPLEX:
    case VALUE_DECIMAL:
    case VALUE_VECTOR: return VARIADIC_OWN;
    case VALUE_VOID:
    case VALUE_FUNCTION:
    case VALUE_REFERENCE:
    case VALUE_BITFIELD: return VARIADIC_NONE;
    default: return VARIADIC_INTEGER;
    }
}

static VariadicKind promote_cdata(Cdata *cdata, uint64_t *word)
{
    VariadicKind kind = classify_cdata((ValueKind)cdata->info->kind);
    void *address = cdata_address(cdata);
    double number;
    if (kind == VARIADIC_DOUBLE) {
        number = (double)number_load(cdata->info, address).floating;
        memcpy(word, &number, sizeof number);
    } else if (kind == VARIADIC_INTEGER) {
        *word = target_slot_value((ValueKind)cdata->info->underlying, address);
    } else if (kind == VARIADIC_ADDRESS) {
        *word = (uintptr_t)(cdata->info->kind == VALUE_POINTER ? cdata_pointer(cdata) : address);
    }
    return kind;
}

/* Integers as int64_t and floats as double, so that %d takes 42 and %g 42.0; the rest as LuaJIT's table has it. *word
 * receives the eightbyte. */
static VariadicKind promote(lua_State *L, int index, uint64_t *word)
{
    double number;
    void *address;
    Cdata *cdata;
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            *word = (uint64_t)lua_tointegerx(L, index, NULL);
            return VARIADIC_INTEGER;
        }
        number = lua_tonumber(L, index);
        memcpy(word, &number, sizeof number);
        return VARIADIC_DOUBLE;
    case LUA_TBOOLEAN: *word = (uint64_t)lua_toboolean(L, index); return VARIADIC_INTEGER;
    case LUA_TSTRING: *word = (uintptr_t)lua_tostring(L, index); return VARIADIC_ADDRESS;
    case LUA_TUSERDATA:
        cdata = cdata_to(L, index);
        if (cdata != NULL)
            return promote_cdata(cdata, word);
        break;
    default: break;
    }
    if (!pointer_to_any(L, index, &address))
        return VARIADIC_NONE;
    *word = (uintptr_t)address;
    return VARIADIC_ADDRESS;
}

/* The type by which a plan passes an argument of this kind. */
static CType *type_of(FfiState *S, lua_State *L, int index, VariadicKind kind)
{
    switch (kind) {
    case VARIADIC_INTEGER: return S->word->type;
    case VARIADIC_DOUBLE: return ctype_scalar(S->types, CSCALAR_DOUBLE);
    case VARIADIC_ADDRESS: return S->const_bytes->type;
    default: return cdata_to(L, index)->info->type->main;
    }
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
        int index = variadic + (int)i;
        uint64_t word;
        VariadicKind kind = promote(L, index, &word);
        if (kind == VARIADIC_NONE)
            raise_variadic(L, target, first, index);
        types[i] = typeinfo_of(S, L, type_of(S, L, index, kind));
    }
    Signature *signature = signature_push_variadic(S, L, target->signature, target->decl, types, ntypes);
    CallTarget planned = target_make(signature, NULL, target->decl);
    planned.function = target->function;
    cstack_check(L, &planned, signature->plan->frame_nbytes);
    AbiFrame *frame = TARGET_FRAME(signature->plan->frame_nbytes);
    target_place_arguments(L, &planned, frame, first);
    return target_finish(L, &planned, frame, NULL);
}

int variadic_run(lua_State *L, const CallTarget *target, int first)
{
    const AbiPlan *plan = target->plan;
    int last = lua_gettop(L);
    int nfixed = (int)target->nparams;
    if (last - first + 1 < nfixed)
        target_raise_count(L, target, last - first + 1);
    size_t nbytes = ((size_t)(last - first + 1 - nfixed) * 8 + 15) & ~(size_t)15;
    if (nbytes > ABI_STACK_NBYTES_MAX)
        error_raise(L, MESSAGE_STACK, signature_push_name(L, target->signature->info->type, target->decl),
                    (int)ABI_STACK_NBYTES_MAX);
    cstack_check(L, target, plan->frame_nbytes + nbytes);
    AbiFrame *frame = TARGET_FRAME(plan->frame_nbytes + nbytes);
    target_place_arguments(L, target, frame, first);
    AbiCursor cursor = plan->end;
    for (int i = first + nfixed; i <= last; i++) {
        uint64_t word = 0;
        VariadicKind kind = promote(L, i, &word);
        if (kind == VARIADIC_NONE)
            raise_variadic(L, target, first, i);
        if (kind == VARIADIC_OWN)
            return run_planned(L, target, first, last);
        target_set_slot(frame, abi_next_slot(plan, &cursor, kind == VARIADIC_DOUBLE), word);
    }
    return target_finish(L, target, frame, &cursor);
}

int variadic_entry(lua_State *L)
{
    return variadic_run(L, lua_touserdata(L, lua_upvalueindex(ENTRY_ADDRESS)), 1);
}
