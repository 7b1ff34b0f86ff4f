#include "bind/state.h"

#include <string.h>

#include "base/tiny.h"
#include "bind/errors.h"

enum { CHUNK_NBYTES = TINY(4096, 16) };

/* -- the allocator: blocks are userdata, kept in the table ref_blocks under their address -------------------------- */

/* Index in spares of the small blocks that nbytes fit in; STATE_NSPARES for large ones. */
static unsigned size_class(size_t nbytes)
{
    unsigned i = 0;
    while (i < STATE_NSPARES && nbytes > (size_t)16 << i)
        i++;
    return i;
}

/* (state, nbytes) -> block address as light userdata; runs protected. */
static int new_block(lua_State *L)
{
    FfiState *S = lua_touserdata(L, 1);
    size_t nbytes = (size_t)lua_tointeger(L, 2);
    state_push_ref(L, S->ref_blocks);
    void *block = lua_newuserdatauv(L, nbytes, 0);
    lua_rawsetp(L, -2, block);
    lua_pushlightuserdata(L, block);
    return 1;
}

/* Lua can be told to stop collecting, and to go on with a collection at once: that is what a block costs. */
static void *block_new(FfiState *S, size_t nbytes)
{
    lua_State *L = S->L;
    /* a finaliser run by a collection here, or a call hook, could come back into the half-changed table that asks for
     * memory */
    bool was_running = lua_gc(L, LUA_GCISRUNNING) > 0;
    lua_Hook hook = lua_gethook(L);
    int hook_mask = lua_gethookmask(L);
    int hook_count = lua_gethookcount(L);
    if (was_running)
        lua_gc(L, LUA_GCSTOP);
    if (hook_mask != 0)
        lua_sethook(L, NULL, 0, 0);
    lua_pushcfunction(L, new_block);
    lua_pushlightuserdata(L, S);
    lua_pushinteger(L, (lua_Integer)nbytes);
    void *block = lua_pcall(L, 2, 1, 0) == LUA_OK ? lua_touserdata(L, -1) : NULL;
    lua_pop(L, 1);
    if (hook_mask != 0)
        lua_sethook(L, hook, hook_mask, hook_count);
    if (was_running)
        lua_gc(L, LUA_GCRESTART);
    return block;
}

/* A spare one if it is small; they are as many as were ever wanted at a time. */
static void *block_take(FfiState *S, size_t nbytes)
{
    unsigned i = size_class(nbytes);
    if (i == STATE_NSPARES)
        return block_new(S, nbytes);
    void *block = S->spares[i];
    if (block == NULL)
        return block_new(S, (size_t)16 << i);
    memcpy(&S->spares[i], block, sizeof S->spares[i]);
    return block;
}

static void block_free(FfiState *S, void *block, size_t nbytes)
{
    lua_State *L = S->L;
    unsigned i = size_class(nbytes);
    if (i < STATE_NSPARES) {
        memcpy(block, &S->spares[i], sizeof S->spares[i]);
        S->spares[i] = block;
        return;
    }
    state_push_ref(L, S->ref_blocks);
    lua_pushnil(L);
    lua_rawsetp(L, -2, block);
    lua_pop(L, 1);
}

static void *block_realloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new)
{
    FfiState *S = context;
    void *moved = NULL;
    if (nbytes_new != 0) {
        moved = block_take(S, nbytes_new);
        if (moved == NULL)
            return NULL;
        if (block != NULL)
            memcpy(moved, block, nbytes_old < nbytes_new ? nbytes_old : nbytes_new);
    }
    if (block != NULL)
        block_free(S, block, nbytes_old);
    return moved;
}

void state_enter(FfiState *S, lua_State *L)
{
    luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
    S->L = L;
}

/* Arena memory as an Allocator, for what is allocated once. */
static void *permanent_realloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new)
{
    FfiState *S = context;
    (void)nbytes_old;
    return block == NULL && nbytes_new != 0 ? arena_alloc(&S->arena, nbytes_new) : NULL;
}

void *state_alloc(FfiState *S, lua_State *L, size_t nbytes)
{
    state_enter(S, L);
    void *block = arena_alloc(&S->arena, nbytes);
    if (block == NULL)
        error_raise(L, MESSAGE_NO_MEMORY);
    memset(block, 0, nbytes);
    return block;
}

void state_push_block(FfiState *S, lua_State *L, void *block)
{
    state_push_ref(L, S->ref_blocks);
    lua_rawgetp(L, -1, block);
    lua_pushnil(L);
    lua_rawsetp(L, -3, block);
    lua_remove(L, -2);
}

/* -- the state ----------------------------------------------------------------------------------------------------- */

/* Lua interns strings up to LUAI_MAXSHORTLEN, which is a matter of its build, so equal ones are one object. */
static size_t find_interned_length(lua_State *L)
{
    enum { SHORT_LENGTH = 40 };
    char text[SHORT_LENGTH];
    memset(text, '~', sizeof text);
    const char *first = lua_pushlstring(L, text, sizeof text);
    const char *second = lua_pushlstring(L, text, sizeof text);
    lua_pop(L, 2);
    return first == second ? TINY(SHORT_LENGTH, 0) : 0;
}

void state_push_table(lua_State *L, const char *mode)
{
    lua_newtable(L);
    if (mode == NULL)
        return;
    lua_createtable(L, 0, 1);
    lua_pushstring(L, mode);
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
}

int state_new_table(lua_State *L, const char *mode)
{
    state_push_table(L, mode);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

static int new_string_ref(lua_State *L, const char *text)
{
    lua_pushstring(L, text);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Its address is the state's key in the registry. */
static const char state_key;

FfiState *state_find(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
    FfiState *S = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return S;
}

FfiState *state_open(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key) == LUA_TUSERDATA)
        return lua_touserdata(L, -1);
    lua_pop(L, 1);
    FfiState *S = lua_newuserdatauv(L, sizeof *S, 0);
    memset(S, 0, sizeof *S);
    S->cell = &S->own_cell;
    S->interned_length = find_interned_length(L);
    lua_pushvalue(L, -1);
    S->ref_self = luaL_ref(L, LUA_REGISTRYINDEX);
    S->ref_blocks = state_new_table(L, NULL);
    S->ref_names = state_new_table(L, NULL);
    S->ref_spellings = state_new_table(L, NULL);
    S->ref_ctypes = state_new_table(L, NULL);
    S->ref_functions = state_new_table(L, NULL);
    S->ref_libraries = state_new_table(L, "k");
    S->ref_finalizers = state_new_table(L, "k");
    S->ref_new_event = new_string_ref(L, "__new");
    S->ref_gc_event = new_string_ref(L, "__gc");
    S->ref_sentinel_meta = LUA_NOREF;
    S->ref_cdata_meta = LUA_NOREF;
    S->ref_ctype_meta = LUA_NOREF;
    S->ref_library_meta = LUA_NOREF;
    S->allocator = (Allocator){.realloc = block_realloc, .context = S};
    S->permanent = (Allocator){.realloc = permanent_realloc, .context = S};
    arena_init(&S->arena, &S->allocator, CHUNK_NBYTES);
    state_enter(S, L);
    S->types = ctype_table_new(&S->allocator);
    if (S->types == NULL)
        error_raise(L, MESSAGE_NO_MEMORY);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
    return S;
}
