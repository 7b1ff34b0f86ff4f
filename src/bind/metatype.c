#include "bind/metatype.h"

#include <lauxlib.h>

#include "bind/cdata.h"
#include "bind/ctypeobj.h"
#include "bind/errors.h"

bool metatype_push_entry(lua_State *L, const TypeInfo *info, const char *event)
{
    state_push_ref(L, info->meta->metatable);
    lua_pushstring(L, event);
    if (lua_rawget(L, -2) == LUA_TNIL) {
        lua_pop(L, 2);
        return false;
    }
    lua_replace(L, -2);
    return true;
}

static int finish_call(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return lua_gettop(L);
}

int metatype_call(lua_State *L, int nresults)
{
    int nargs = lua_gettop(L) - 1;
    lua_insert(L, 1);
    lua_callk(L, nargs, nresults, 0, finish_call);
    return lua_gettop(L);
}

static int finish_pair(lua_State *L, int status, lua_KContext context)
{
    (void)L;
    (void)status;
    (void)context;
    return 1;
}

int metatype_call_pair(lua_State *L)
{
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_callk(L, 2, 1, 0, finish_pair);
    return 1;
}

/* Lua itself goes no further; what it called on the way may have made a circle of the chain since. */
enum { CHAIN_LENGTH_MAX = 2000 };

bool metatype_push_from(lua_State *L, int from)
{
    int type = LUA_TTABLE;
    lua_pushvalue(L, 2);
    if (lua_gettable(L, from) != LUA_TNIL)
        return true;
    lua_pushvalue(L, from);
    for (int i = 0; i < CHAIN_LENGTH_MAX && type != LUA_TNIL && type != LUA_TFUNCTION; i++) {
        type = luaL_getmetafield(L, -1, "__index");
        lua_remove(L, type != LUA_TNIL ? -2 : -1);
    }
    lua_settop(L, from + 1);
    return type == LUA_TFUNCTION;
}

/* Whether the operand at `index` has a metamethod, pushed then. Strings are left out: theirs are for numerals. */
static bool push_operator(lua_State *L, const TypeInfo *info, int index)
{
    int type = lua_type(L, index);
    if (info != NULL)
        return metatype_push_own(L, info) != LUA_TNIL;
    return (type == LUA_TTABLE || type == LUA_TUSERDATA) &&
           luaL_getmetafield(L, index, lua_tostring(L, lua_upvalueindex(2))) != LUA_TNIL;
}

int metatype_operator(lua_State *L, const TypeInfo *left, const TypeInfo *right)
{
    if (!push_operator(L, left, 1) && !push_operator(L, right, 2))
        return 0;
    return metatype_call_pair(L);
}

bool metatype_push_given_name(lua_State *L, const TypeInfo *info)
{
    luaL_checkstack(L, 4, NULL);
    if (!metatype_push(L, info, "__name"))
        return false;
    if (lua_type(L, -1) != LUA_TSTRING) {
        lua_pop(L, 1);
        return false;
    }
    if (info->is_pointer) {
        lua_pushstring(L, info->kind == VALUE_POINTER ? " *" : " &");
        lua_concat(L, 2);
    }
    return true;
}

const char *metatype_push_name(lua_State *L, const TypeInfo *info)
{
    return metatype_push_given_name(L, info) ? lua_tostring(L, -1) : error_push_type(L, info->type);
}

int metatype_set(lua_State *L)
{
    FfiState *S = state_of(L);
    CType *type = check_ctype(S, L, 1, "ffi.metatype");
    TypeInfo *info = typeinfo_of(S, L, type);
    if (info->meta == NULL || info->is_pointer) {
        const char *got = lua_pushfstring(L, "'%s'", error_push_type(L, type));
        error_raise(L, MESSAGE_ARGUMENT_WANTED, 1, "ffi.metatype", "struct, union, complex or vector type", got);
    }
    if (lua_type(L, 2) != LUA_TTABLE)
        error_argument(L, 2, "ffi.metatype", "table");
    if (metatype_has(info))
        error_raise(L, MESSAGE_METATYPE, error_push_type(L, info->meta->type));
    lua_pushvalue(L, 2);
    info->meta->metatable = luaL_ref(L, LUA_REGISTRYINDEX);
    ctypeobj_push(S, L, type);
    return 1;
}
