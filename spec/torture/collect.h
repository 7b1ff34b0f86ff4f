/* Included before each file of src/bind in the torture build: every function of Lua's that may collect garbage does so each time, finalisers
 * and all, at the place where it may: at its end, with what it made on the stack. Generational collectors collect the young, which
 * finds what nothing held when it was made; each COLLECT_WHOLE-th time all is collected. What Lua is told not to collect, it
 * does not. */
#ifndef AIRLOCK_SPEC_COLLECT_H
#define AIRLOCK_SPEC_COLLECT_H

#include <lauxlib.h>
#include <lua.h>
#include <stdarg.h>

#ifndef COLLECT_WHOLE
#define COLLECT_WHOLE 64
#endif

static inline void collect_now(lua_State *L)
{
    static _Thread_local unsigned ncalls;
    if (lua_gc(L, LUA_GCISRUNNING) <= 0)
        return;
    ncalls++;
    if (ncalls % COLLECT_WHOLE == 0)
        lua_gc(L, LUA_GCCOLLECT);
    else
        lua_gc(L, LUA_GCSTEP, 0);
}

static inline void *collect_newuserdatauv(lua_State *L, size_t nbytes, int nvalues)
{
    void *block = (lua_newuserdatauv)(L, nbytes, nvalues);
    collect_now(L);
    return block;
}

static inline void collect_createtable(lua_State *L, int narray, int nhash)
{
    (lua_createtable)(L, narray, nhash);
    collect_now(L);
}

static inline const char *collect_pushlstring(lua_State *L, const char *text, size_t length)
{
    text = (lua_pushlstring)(L, text, length);
    collect_now(L);
    return text;
}

static inline const char *collect_pushstring(lua_State *L, const char *text)
{
    text = (lua_pushstring)(L, text);
    collect_now(L);
    return text;
}

static inline const char *collect_pushvfstring(lua_State *L, const char *format, va_list arguments)
{
    const char *text = (lua_pushvfstring)(L, format, arguments);
    collect_now(L);
    return text;
}

static inline const char *collect_pushfstring(lua_State *L, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = collect_pushvfstring(L, format, arguments);
    va_end(arguments);
    return text;
}

static inline void collect_pushcclosure(lua_State *L, lua_CFunction function, int nupvalues)
{
    (lua_pushcclosure)(L, function, nupvalues);
    if (nupvalues > 0)
        collect_now(L);
}

static inline void collect_concat(lua_State *L, int count)
{
    (lua_concat)(L, count);
    collect_now(L);
}

/* A number becomes a string. */
static inline const char *collect_tolstring(lua_State *L, int index, size_t *length)
{
    int is_made = lua_type(L, index) == LUA_TNUMBER;
    const char *text = (lua_tolstring)(L, index, length);
    if (is_made)
        collect_now(L);
    return text;
}

static inline void collect_pushresult(luaL_Buffer *buffer)
{
    lua_State *L = buffer->L;
    (luaL_pushresult)(buffer);
    collect_now(L);
}

#define lua_newuserdatauv(L, nbytes, nvalues)     collect_newuserdatauv(L, nbytes, nvalues)
#define lua_createtable(L, narray, nhash)         collect_createtable(L, narray, nhash)
#define lua_pushlstring(L, text, length)          collect_pushlstring(L, text, length)
#define lua_pushstring(L, text)                   collect_pushstring(L, text)
#define lua_pushvfstring(L, format, arguments)    collect_pushvfstring(L, format, arguments)
#define lua_pushfstring(L, ...)                   collect_pushfstring(L, __VA_ARGS__)
#define lua_pushcclosure(L, function, nupvalues)  collect_pushcclosure(L, function, nupvalues)
#define lua_concat(L, count)                      collect_concat(L, count)
#define lua_tolstring(L, index, length)           collect_tolstring(L, index, length)
#define luaL_pushresult(buffer)                   collect_pushresult(buffer)

#endif
