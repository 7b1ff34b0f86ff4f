/* require "hostile": gives the state the allocator of allocator.h, beside the generational collector. With HOSTILE_AT=N in the environment
 * each N-th small request for memory is a collection. LUA_INIT='require "hostile"' does it for all that an interpreter runs. */
#include <lauxlib.h>
#include <stdlib.h>

#include "allocator.h"

/* One for each state, kept: the state's last act frees with it. */
typedef struct Link {
    Hostile hostile;
    struct Link *older;
} Link;

static _Thread_local Link *newest;

int luaopen_hostile(lua_State *L);

int luaopen_hostile(lua_State *L)
{
    const char *at = getenv("HOSTILE_AT");
    Link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return luaL_error(L, "not enough memory");
    link->older = newest;
    newest = link;
    lua_gc(L, LUA_GCGEN, 0, 0);
    if (at != NULL && atol(at) > 0)
        hostile_set(&link->hostile, HOSTILE_COLLECT, (size_t)atol(at));
    lua_setallocf(L, hostile_alloc, &link->hostile);
    return 0;
}
