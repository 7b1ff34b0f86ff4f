#include "bind/signature.h"

#include <string.h>

#include "bind/errors.h"

static ParamKind param_kind(const TypeInfo *info, uint32_t slot)
{
    if (slot == ABI_NO_SLOT)
        return PARAM_VALUE;
    switch ((ValueKind)(info->kind == VALUE_ENUM ? info->underlying : info->kind)) {
    case VALUE_BOOL: return PARAM_BOOL;
    case VALUE_I8:
    case VALUE_U8:
    case VALUE_I16:
    case VALUE_U16: return PARAM_NARROW;
    case VALUE_I32:
    case VALUE_U32:
    case VALUE_I64:
    case VALUE_U64: return PARAM_WORD;
    case VALUE_F64: return PARAM_DOUBLE;
    case VALUE_F32: return PARAM_FLOAT;
    case VALUE_POINTER: return typeinfo_takes_string(info->type->u.element) ? PARAM_STRING : PARAM_POINTER;
    case VALUE_RECORD:
    case VALUE_VECTOR:
    case VALUE_COMPLEX:
    case VALUE_DECIMAL: return PARAM_VALUE;
    default: return PARAM_SCALAR;
    }
}

ResultKind signature_value_kind(const TypeInfo *info)
{
    switch ((ValueKind)(info->kind == VALUE_ENUM ? info->underlying : info->kind)) {
    case VALUE_VOID: return RESULT_VOID;
    case VALUE_I32: return RESULT_I32;
    case VALUE_U32: return RESULT_U32;
    case VALUE_I64: return RESULT_I64;
    case VALUE_U64: return RESULT_U64;
    case VALUE_BOOL: return RESULT_BOOL;
    case VALUE_F64: return RESULT_F64;
    case VALUE_F32: return RESULT_F32;
    case VALUE_POINTER: return RESULT_POINTER;
    case VALUE_RECORD:
    case VALUE_VECTOR:
    case VALUE_COMPLEX:
    case VALUE_DECIMAL: return RESULT_OBJECT;
    default: break;
    }
    return RESULT_SCALAR;
}

static ResultKind result_kind(const TypeInfo *info, const AbiPlan *plan)
{
    ResultKind kind = signature_value_kind(info);
    return kind == RESULT_SCALAR && plan->result == ABI_RESULT_MEMORY ? RESULT_OBJECT : kind;
}

const char *signature_push_name(lua_State *L, const CType *function, const CDecl *decl)
{
    return decl != NULL ? lua_pushstring(L, decl->name) : error_push_type(L, function);
}

const char *signature_push_prototype(lua_State *L, const CType *function, const CDecl *decl)
{
    const CFunction *parts = function->u.function;
    luaL_Buffer buffer;
    if (decl == NULL)
        return error_push_type(L, function);
    luaL_buffinit(L, &buffer);
    luaL_addstring(&buffer, decl->name);
    luaL_addchar(&buffer, '(');
    for (uint32_t i = 0; i < parts->nparams; i++) {
        luaL_addstring(&buffer, i > 0 ? ", " : "");
        error_push_declaration(L, parts->params[i], ctype_param_name(decl, i));
        luaL_addvalue(&buffer);
    }
    luaL_addstring(&buffer, parts->is_variadic ? ", ...)" : parts->nparams == 0 ? "void)" : ")");
    luaL_pushresult(&buffer);
    const char *prototype = error_push_declaration(L, parts->result, lua_tostring(L, -1));
    lua_remove(L, -2);
    return prototype;
}

static AbiType abi_or_raise(lua_State *L, TypeInfo *info, const CType *function, const CDecl *decl)
{
    const AbiType *abi = typeinfo_abi(info, L);
    if (abi == NULL) {
        const char *name = signature_push_name(L, function, decl);
        error_raise(L, MESSAGE_ABI_TYPE, name, error_push_type(L, info->type));
    }
    return *abi;
}

/* Of the type that the argument is passed as. */
static TypeInfo *argument_info(lua_State *L, TypeInfo *info)
{
    CType *type = ctype_argument_type(info->type);
    return type == info->type ? info : typeinfo_of(info->state, L, type);
}

AbiPlan *signature_plan(const Signature *signature, lua_State *L, uint32_t nfixed, const CDecl *decl,
                        const Allocator *allocator)
{
    FfiState *S = signature->info->state;
    const CType *function = signature->info->type;
    AbiType *args = lua_newuserdatauv(L, (signature->nparams + 1) * sizeof *args, 0);
    for (uint32_t i = 0; i < signature->nparams; i++)
        args[i] = abi_or_raise(L, argument_info(L, signature->params[i].info), function, decl);
    AbiSignature wanted = {.result = abi_or_raise(L, signature->result, function, decl),
                           .args = args,
                           .nargs = signature->nparams,
                           .nfixed = nfixed,
                           .is_variadic = signature->is_variadic};
    Error error = {.code = ERROR_NONE};
    state_enter(S, L);
    AbiPlan *plan = abi_plan_new(allocator, &wanted, &error);
    if (plan == NULL)
        error_raise(L, MESSAGE_PLAN, signature_push_name(L, function, decl), error.text);
    lua_pop(L, 1);
    return plan;
}

/* Plans the call; the result and the arguments are those of `signature`, whose params[].info are set. */
static void make_plan(Signature *signature, lua_State *L, uint32_t nfixed, const CDecl *decl,
                      const Allocator *allocator)
{
    signature->plan = signature_plan(signature, L, nfixed, decl, allocator);
    for (uint32_t i = 0; i < signature->nparams; i++) {
        Param *param = &signature->params[i];
        param->slot = signature->plan->args[i].slot;
        param->kind = (uint8_t)param_kind(param->info, param->slot);
    }
    signature->params[signature->nparams].kind = PARAM_END;
    signature->result_kind = (uint8_t)result_kind(signature->result, signature->plan);
}

static size_t signature_nbytes(uint32_t nparams)
{
    return offsetof(Signature, params) + ((size_t)nparams + 1) * sizeof(Param);
}

static void set_types(Signature *signature, lua_State *L, TypeInfo *function)
{
    FfiState *S = function->state;
    const CFunction *type = function->type->u.function;
    signature->info = function;
    signature->nparams = type->nparams;
    signature->is_variadic = type->is_variadic;
    signature->result = typeinfo_of(S, L, type->result->main);
    for (uint32_t i = 0; i < type->nparams; i++)
        signature->params[i].info = typeinfo_of(S, L, type->params[i]->main);
}

Signature *signature_of(TypeInfo *function, lua_State *L, const CDecl *decl)
{
    if (function->signature != NULL)
        return function->signature;
    const CFunction *type = function->type->u.function;
    if (type->is_ms_abi)
        error_raise(L, MESSAGE_MS_ABI, signature_push_name(L, function->type, decl));
    luaL_checkstack(L, 8, NULL);
    size_t nbytes = signature_nbytes(type->nparams);
    Signature *signature = lua_newuserdatauv(L, nbytes, 0); /* until it is whole: an error on the way frees it */
    memset(signature, 0, nbytes);
    set_types(signature, L, function);
    make_plan(signature, L, signature->nparams, decl, &function->state->permanent);
    function->signature = memcpy(state_alloc(function->state, L, nbytes), signature, nbytes);
    lua_pop(L, 1);
    return function->signature;
}

Signature *signature_push_variadic(FfiState *S, lua_State *L, const Signature *fixed, const CDecl *decl,
                                   TypeInfo *const *types, uint32_t ntypes)
{
    uint32_t nparams = fixed->nparams + ntypes;
    luaL_checkstack(L, 8, NULL);
    Signature *signature = lua_newuserdatauv(L, signature_nbytes(nparams), 0);
    memcpy(signature, fixed, signature_nbytes(fixed->nparams));
    signature->nparams = nparams;
    for (uint32_t i = 0; i < ntypes; i++)
        signature->params[fixed->nparams + i] = (Param){.info = types[i]};
    make_plan(signature, L, fixed->nparams, decl, &S->allocator);
    state_push_block(S, L, (void *)(uintptr_t)signature->plan);
    return signature;
}
