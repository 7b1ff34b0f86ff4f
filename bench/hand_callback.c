/* The part of the hand-written binding in which C calls Lua functions: the error of the first that fails is kept and raised once
 * C has returned. */
#include "hand_callback.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "bench.h"

#define CALLBACK "bench.callback"
#define OWNED_CALLBACK "bench.owned_callback"

typedef struct Trampoline {
    lua_State *L; /* the coroutine that called C */
    int function; /* registry reference */
    int error;    /* registry reference, or LUA_NOREF */
} Trampoline;

/* bench_repeat and qsort have no argument for the caller's own: the call in flight. */
static Trampoline *current;

/* Begins a call of C whose Lua function is at stack index 1. */
static void enter(Trampoline *call, Trampoline **outer, lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushvalue(L, 1);
    *call = (Trampoline){.L = L, .function = luaL_ref(L, LUA_REGISTRYINDEX), .error = LUA_NOREF};
    *outer = current;
    current = call;
}

static void leave(const Trampoline *call, Trampoline *outer)
{
    current = outer;
    luaL_unref(call->L, LUA_REGISTRYINDEX, call->function);
    if (call->error != LUA_NOREF) {
        lua_rawgeti(call->L, LUA_REGISTRYINDEX, call->error);
        luaL_unref(call->L, LUA_REGISTRYINDEX, call->error);
        lua_error(call->L);
    }
}

/* Calls the function under its arguments; its result, or an error to keep, is on top. */
static int call_lua(Trampoline *call, int nargs, int is_wanted(lua_State *, int))
{
    lua_State *L = call->L;
    if (lua_pcall(L, nargs, 1, 0) != LUA_OK)
        call->error = luaL_ref(L, LUA_REGISTRYINDEX);
    else if (!is_wanted(L, -1)) {
        lua_pop(L, 1);
        lua_pushstring(L, "the function must return a number");
        call->error = luaL_ref(L, LUA_REGISTRYINDEX);
    } else
        return 1;
    return 0;
}

static double step_in_lua(double x)
{
    Trampoline *call = current;
    lua_State *L = call->L;
    if (call->error != LUA_NOREF || !lua_checkstack(L, 4))
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->function);
    lua_pushnumber(L, x);
    if (!call_lua(call, 1, lua_isnumber))
        return 0;
    x = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return x;
}

int hand_repeat_step(lua_State *L)
{
    double x = luaL_checknumber(L, 2);
    int count = (int)luaL_checkinteger(L, 3);
    Trampoline call, *outer;
    enter(&call, &outer, L);
    x = bench_repeat(step_in_lua, x, count);
    leave(&call, outer);
    lua_pushnumber(L, x);
    return 1;
}

static int compare_in_lua(const void *a, const void *b)
{
    Trampoline *call = current;
    lua_State *L = call->L;
    if (call->error != LUA_NOREF || !lua_checkstack(L, 4))
        return 0;
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->function);
    lua_pushinteger(L, *(const int *)a);
    lua_pushinteger(L, *(const int *)b);
    if (!call_lua(call, 2, lua_isinteger))
        return 0;
    int order = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return order;
}

/* (compare, count) -> the least of so many numbers in disorder */
int hand_sort_shuffled(lua_State *L)
{
    static int list[10000];
    lua_Integer count = luaL_checkinteger(L, 2);
    luaL_argcheck(L, 1 <= count && count <= 10000, 2, "bad number of elements");
    Trampoline call, *outer;
    enter(&call, &outer, L);
    bench_shuffle(list, (int)count);
    qsort(list, (size_t)count, sizeof *list, compare_in_lua);
    leave(&call, outer);
    lua_pushinteger(L, list[0]);
    return 1;
}

/* A function that C may call for as long as the object lives, or until it is freed: what APIs with an argument for the
 * caller's own get. */
static int push_callback(lua_State *L, const char *type)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    Trampoline *callback = lua_newuserdatauv(L, sizeof(*callback), 0);
    *callback = (Trampoline){.L = L, .function = LUA_NOREF, .error = LUA_NOREF};
    luaL_setmetatable(L, type);
    lua_pushvalue(L, 1);
    callback->function = luaL_ref(L, LUA_REGISTRYINDEX);
    return 1;
}

int hand_callback(lua_State *L)
{
    return push_callback(L, CALLBACK);
}

int hand_owned_callback(lua_State *L)
{
    return push_callback(L, OWNED_CALLBACK);
}

static int free_callback(lua_State *L, const char *type)
{
    Trampoline *callback = luaL_checkudata(L, 1, type);
    luaL_unref(L, LUA_REGISTRYINDEX, callback->function);
    callback->function = LUA_NOREF;
    return 0;
}

static int callback_free(lua_State *L)
{
    return free_callback(L, CALLBACK);
}

static int owned_callback_gc(lua_State *L)
{
    return free_callback(L, OWNED_CALLBACK);
}

void hand_open_callbacks(lua_State *L)
{
    luaL_newmetatable(L, CALLBACK);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, callback_free);
    lua_setfield(L, -2, "free");
    luaL_newmetatable(L, OWNED_CALLBACK);
    lua_pushcfunction(L, owned_callback_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 2);
}
