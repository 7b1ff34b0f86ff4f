/* Owns the options of ffi.callback as a table gives them, until the callback is made. */
#include <string.h>

#include "bind/convert.h"
#include "bind/inbound.h"

static bool check_thread_option(lua_State *L, int index)
{
    if (lua_isnil(L, index))
        return false;
    if (lua_type(L, index) != LUA_TSTRING || strcmp(lua_tostring(L, index), "queue") != 0)
        error_raise(L, MESSAGE_THREAD_OPTION, error_push_value(L, index));
    return true;
}

static void check_option_names(lua_State *L, int table)
{
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : luaL_typename(L, -2);
        if (strcmp(name, "error") != 0 && strcmp(name, "thread") != 0)
            error_raise(L, MESSAGE_NO_OPTION, "ffi.callback", name);
        lua_pop(L, 1);
    }
}

/* The block has a user value, and so is aligned to 8 alone. */
CallbackExtra *option_extra_at(lua_State *L, int index)
{
    uintptr_t block = (uintptr_t)lua_touserdata(L, index);
    return (CallbackExtra *)((block + 15) & ~(uintptr_t)15);
}

size_t option_push(lua_State *L, TypeInfo *result, int index)
{
    if (lua_type(L, index) != LUA_TTABLE)
        error_argument(L, index, "ffi.callback", "table of options");
    check_option_names(L, index);
    size_t nbytes = result->kind == VALUE_VOID ? 0 : (size_t)result->type->size;
    lua_newuserdatauv(L, sizeof(CallbackExtra) + nbytes + 15, 1);
    CallbackExtra *extra = option_extra_at(L, -1);
    int block = lua_gettop(L);
    memset(extra, 0, sizeof *extra + nbytes);
    lua_getfield(L, index, "thread");
    extra->is_queued = check_thread_option(L, lua_gettop(L));
    lua_getfield(L, index, "error");
    extra->has_error = !lua_isnil(L, -1);
    Place place = {.kind = PLACE_OPTION, .name = "error"};
    if (extra->has_error)
        value_store(L, result, extra->error, lua_gettop(L), &place);
    lua_setiuservalue(L, block, 1);
    lua_pop(L, 1);
    return sizeof *extra + nbytes;
}
