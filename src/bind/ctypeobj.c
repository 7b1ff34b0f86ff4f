#include "bind/ctypeobj.h"

#include <string.h>

#include "bind/convert.h"
#include "bind/function.h"
#include "bind/metatype.h"
#include "cdecl/cdecl.h"

/* -- a type's object ----------------------------------------------------------------------------------------------- */

void ctypeobj_push(FfiState *S, lua_State *L, CType *type)
{
    luaL_checkstack(L, 4, NULL);
    state_push_ref(L, S->ref_ctypes);
    if (lua_rawgetp(L, -1, type) == LUA_TNIL) {
        lua_pop(L, 1);
        CtypeObject *object = lua_newuserdatauv(L, sizeof *object, 0);
        object->stamp = ~cdata_cookie ^ (uintptr_t)type;
        object->type = type;
        state_push_ref(L, S->ref_ctype_meta);
        lua_setmetatable(L, -2);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, type);
    }
    lua_remove(L, -2);
}

/* -- the type that an argument names ------------------------------------------------------------------------------- */

/* Whether a text may stand for another type each time: one with a brace, also as a digraph, or with parameters. */
static bool says_anew(const char *text, size_t length)
{
    return memchr(text, '{', length) != NULL || memchr(text, '$', length) != NULL ||
           memmem(text, length, "<%", 2) != NULL;
}

/* A type string is parsed once, unless it defines a type (each `struct { … }` is a new one) or stands for parameters:
 * what a name was declared as it stays, so the table is never wrong. */
static CType *parse_spelling(FfiState *S, lua_State *L, int index)
{
    size_t length;
    const char *text = lua_tolstring(L, index, &length);
    CdeclSource source = {.text = text, .length = length};
    Error error = {.code = ERROR_NONE};
    state_enter(S, L);
    CType *type = cdecl_type_name(S->types, &source, &error);
    if (type == NULL)
        error_raise_cdecl(L, &error, text);
    if (!says_anew(text, length)) {
        state_push_ref(L, S->ref_spellings);
        lua_pushvalue(L, index);
        ctypeobj_push(S, L, type);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
    return type;
}

/* A string known by its pointer is one that the table keeps: an interned one. */
static CType *find_spelling(FfiState *S, lua_State *L, int index, Spelling *slot)
{
    state_push_ref(L, S->ref_spellings);
    lua_pushvalue(L, index);
    const CtypeObject *object = lua_rawget(L, -2) == LUA_TUSERDATA ? lua_touserdata(L, -1) : NULL;
    lua_pop(L, 2);
    if (object == NULL)
        return parse_spelling(S, L, index);
    if (lua_rawlen(L, index) <= S->interned_length)
        *slot = (Spelling){.key = lua_topointer(L, index), .type = object->type};
    return object->type;
}

static CType *type_of_string(FfiState *S, lua_State *L, int index)
{
    const void *key = lua_topointer(L, index);
    uintptr_t hash = (uintptr_t)key >> 4 ^ (uintptr_t)key >> 9;
    Spelling *slot = &S->spellings[hash % STATE_NSPELLINGS];
    return slot->key == key ? slot->type : find_spelling(S, L, index, slot);
}

CType *check_ctype(FfiState *S, lua_State *L, int index, const char *function)
{
    CType *found = NULL;
    int type = lua_type(L, index);
    if (type == LUA_TSTRING)
        return type_of_string(S, L, index);
    if (type == LUA_TUSERDATA) {
        found = ctypeobj_to(L, index);
        const Cdata *cdata = found == NULL ? cdata_to(L, index) : NULL;
        if (cdata != NULL)
            found = cdata->info->type;
    } else if (type == LUA_TFUNCTION) {
        found = function_type_of(L, index);
    }
    if (found == NULL)
        error_raise(L, MESSAGE_CTYPE_WANTED, index, function, error_push_value(L, index));
    return found;
}

/* -- indexing ------------------------------------------------------------------------------------------------------ */

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
