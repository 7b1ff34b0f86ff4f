#include "bind/ctypeobj.h"

#include "bind/convert.h"
#include "bind/metatype.h"

bool ctypeobj_push_constant(FfiState *S, lua_State *L, CType *type, int key)
{
    size_t length;
    uint64_t value;
    const char *name = lua_tolstring(L, key, &length);
    if (type->kind == CTYPE_POINTER || type->kind == CTYPE_REFERENCE)
        type = type->u.element;
    bool is_found = (type->kind == CTYPE_ENUM && ctype_find_enumerator(type->u.enumeration, name, length, &value)) ||
                    (type->kind == CTYPE_RECORD && type->u.record->has_constants &&
                     ctype_find_constant(type->u.record, name, length, &type, &value));
    if (is_found)
        value_push(L, typeinfo_of(S, L, type->main), &value, 0, 0);
    return is_found;
}

_Noreturn static void raise_no_index(lua_State *L, const CType *type)
{
    const char *spelling = error_push_type(L, type);
    if (lua_type(L, 2) == LUA_TSTRING)
        error_raise(L, MESSAGE_NO_CONSTANT, spelling, lua_tostring(L, 2));
    error_raise(L, MESSAGE_NO_INDEX, lua_pushfstring(L, "ctype<%s>", spelling), error_push_value(L, 2));
}

/* The metatype's __index and __newindex get the ctype object where they get a cdata otherwise: so static functions and
 * constructors by name are called through the type. */
int ctypeobj_index(lua_State *L)
{
    FfiState *S = state_of(L);
    CType *type = check_ctype(S, L, 1, "ctype");
    if (lua_type(L, 2) == LUA_TSTRING && ctypeobj_push_constant(S, L, type, 2))
        return 1;
    if (!metatype_push(L, typeinfo_of(S, L, type), "__index"))
        raise_no_index(L, type);
    if (lua_type(L, -1) == LUA_TFUNCTION)
        return metatype_call(L, 1);
    if (!metatype_push_from(L, lua_gettop(L)))
        raise_no_index(L, type);
    return 1;
}

int ctypeobj_newindex(lua_State *L)
{
    FfiState *S = state_of(L);
    CType *type = check_ctype(S, L, 1, "ctype");
    if (!metatype_push(L, typeinfo_of(S, L, type), "__newindex"))
        error_raise(L, MESSAGE_CTYPE_WRITE, error_push_type(L, type));
    if (lua_type(L, -1) == LUA_TFUNCTION)
        return metatype_call(L, 0);
    lua_insert(L, 2);
    lua_settable(L, 2);
    return 0;
}

int ctypeobj_tostring(lua_State *L)
{
    CType *type = check_ctype(state_of(L), L, 1, "tostring");
    lua_pushfstring(L, "ctype<%s>", error_push_type(L, type));
    return 1;
}
