/* Lets ir.lua tell callgrind where a measured stretch begins and ends; outside of valgrind it does nothing. */
#include <lauxlib.h>
#include <lua.h>
#include <valgrind/callgrind.h>

static int meter_start(lua_State *L)
{
    (void)L;
    CALLGRIND_ZERO_STATS;
    return 0;
}

/* stop(label): writes the counts since start out under the label. */
static int meter_stop(lua_State *L)
{
    CALLGRIND_DUMP_STATS_AT(luaL_checkstring(L, 1));
    return 0;
}

static const luaL_Reg functions[] = {
    {"start", meter_start},
    {"stop", meter_stop},
    {NULL, NULL},
};

LUAMOD_API int luaopen_meter(lua_State *L);

LUAMOD_API int luaopen_meter(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
