#include "bind/finalizer.h"

#include "bind/callback.h"
#include "bind/errors.h"
#include "bind/metatype.h"

enum { SENTINEL_FINALIZER = 1, SENTINEL_CDATA = 2, SENTINEL_NVALUES = 2 };

/* The field of a second metatable that has the metatype's __gc. */
enum { METATABLE_FINALIZER = 1 };

static bool is_marked(const Cdata *cdata)
{
    return (cdata_flags(cdata) & CDATA_FINALISED) != 0;
}

static bool is_collected(const Cdata *cdata)
{
    return (cdata_flags(cdata) & CDATA_COLLECTED) != 0;
}

/* Takes the cdata at `index` out of the table. */
static void forget(FfiState *S, lua_State *L, int index)
{
    Cdata *cdata = lua_touserdata(L, index);
    state_push_ref(L, S->ref_finalizers);
    lua_pushvalue(L, index);
    lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    cdata->stamp ^= CDATA_FINALISED;
}

/* Calls the finaliser below the cdata on top. That happens in a collection, anywhere: between a C call and the look at
 * its errno too. */
static int run(FfiState *S, lua_State *L)
{
    int errno_value = S->errno_value;
    int status = lua_pcall(L, 1, 0, 0);
    S->errno_value = errno_value;
    return status == LUA_OK ? 0 : lua_error(L);
}

static int sentinel_gc(lua_State *L)
{
    FfiState *S = state_of(L);
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, SENTINEL_FINALIZER);
    if (lua_getiuservalue(L, 1, SENTINEL_CDATA) == LUA_TNIL)
        return 0;
    forget(S, L, 3);
    return run(S, L);
}

void finalizer_open(FfiState *S, lua_State *L)
{
    lua_createtable(L, 0, 1);
    state_push_ref(L, S->ref_self);
    lua_pushcclosure(L, sentinel_gc, 1);
    lua_setfield(L, -2, "__gc");
    S->ref_sentinel_meta = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Gets its metatable as the newest object there is, for Lua looks for it among the newer ones. */
static void push_new_sentinel(FfiState *S, lua_State *L)
{
    lua_newuserdatauv(L, 0, SENTINEL_NVALUES);
    state_push_ref(L, S->ref_sentinel_meta);
    lua_setmetatable(L, -2);
}

/* What the table has for the cdata: a sentinel, or the finaliser of one that Lua finalises. */
static void push_entry_of(FfiState *S, lua_State *L, int index)
{
    state_push_ref(L, S->ref_finalizers);
    lua_pushvalue(L, index);
    lua_rawget(L, -2);
    lua_remove(L, -2);
}

/* Enters the value on top in the table for the cdata. [-0, +0, m] */
static void enter(FfiState *S, lua_State *L, int index)
{
    state_push_ref(L, S->ref_finalizers);
    lua_pushvalue(L, index);
    lua_pushvalue(L, -3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* The sentinel on top becomes that of the cdata; what can fail comes first. */
static void attach(FfiState *S, lua_State *L, Cdata *cdata, int index)
{
    enter(S, L, index);
    lua_pushvalue(L, index);
    lua_setiuservalue(L, -2, SENTINEL_CDATA);
    cdata->stamp ^= CDATA_FINALISED;
}

void finalizer_set(FfiState *S, lua_State *L, int index)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 5, NULL);
    Cdata *cdata = lua_touserdata(L, index);
    if (is_collected(cdata)) {
        enter(S, L, index);
        lua_pop(L, 1);
        if (!is_marked(cdata))
            cdata->stamp ^= CDATA_FINALISED;
        return;
    }
    bool was_marked = is_marked(cdata);
    if (!was_marked) {
        push_new_sentinel(S, L);
        /* the collection that a new object may start runs finalisers, and one of them may have marked the cdata */
        was_marked = is_marked(cdata);
        if (was_marked)
            lua_pop(L, 1);
        else
            attach(S, L, cdata, index);
    }
    if (was_marked)
        push_entry_of(S, L, index);
    lua_insert(L, -2);
    lua_setiuservalue(L, -2, SENTINEL_FINALIZER);
    lua_pop(L, 1);
}

/* Pushes the finaliser of a cdata that Lua finalises: the metatype's, or the one that ffi.gc gave instead. */
static void push_collector(FfiState *S, lua_State *L, int index)
{
    if (is_marked(lua_touserdata(L, index))) {
        push_entry_of(S, L, index);
        forget(S, L, index);
        return;
    }
    lua_getmetatable(L, index);
    lua_rawgeti(L, -1, METATABLE_FINALIZER);
    lua_remove(L, -2);
}

static void take_collected(FfiState *S, lua_State *L, int index)
{
    Cdata *cdata = lua_touserdata(L, index);
    push_collector(S, L, index);
    cdata->stamp ^= CDATA_COLLECTED;
    state_push_ref(L, S->ref_cdata_meta);
    lua_setmetatable(L, index);
}

void finalizer_take(FfiState *S, lua_State *L, int index)
{
    index = lua_absindex(L, index);
    const Cdata *cdata = lua_touserdata(L, index);
    if (is_collected(cdata)) {
        take_collected(S, L, index);
        return;
    }
    if (!is_marked(cdata)) {
        lua_pushnil(L);
        return;
    }
    push_entry_of(S, L, index);
    lua_getiuservalue(L, -1, SENTINEL_FINALIZER);
    lua_insert(L, -2);
    for (int i = 1; i <= SENTINEL_NVALUES; i++) {
        lua_pushnil(L);
        lua_setiuservalue(L, -2, i);
    }
    lua_pop(L, 1);
    forget(S, L, index);
}

/* -- what Lua finalises -------------------------------------------------------------------------------------------- */

/* The __gc of a second metatable, with the metatype's as upvalue. An object whose mark is gone by then may still have
 * it. */
static int collected_gc(lua_State *L)
{
    Cdata *cdata = lua_touserdata(L, 1);
    if (!is_collected(cdata))
        return 0;
    FfiState *S = cdata->info->state;
    if (is_marked(cdata))
        push_collector(S, L, 1);
    else
        lua_pushvalue(L, lua_upvalueindex(1));
    cdata->stamp ^= CDATA_COLLECTED;
    lua_pushvalue(L, 1);
    return run(S, L);
}

int finalizer_new_metatable(FfiState *S, lua_State *L, int index)
{
    luaL_checkstack(L, 8, NULL);
    index = lua_absindex(L, index);
    lua_createtable(L, 1, 32);
    state_push_ref(L, S->ref_cdata_meta);
    lua_pushnil(L);
    while (lua_next(L, -2) != 0) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -5);
    }
    lua_pop(L, 1);
    lua_pushvalue(L, index);
    lua_pushcclosure(L, collected_gc, 1);
    lua_setfield(L, -2, "__gc");
    lua_pushvalue(L, index);
    lua_rawseti(L, -2, METATABLE_FINALIZER);
    return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Makes the metatable for objects with the finaliser at `index`. The one before lives on in the objects that have it. */
static void make_collected(FfiState *S, lua_State *L, TypeInfo *meta, int index)
{
    int ref = finalizer_new_metatable(S, L, index);
    if (meta->collector != NULL)
        luaL_unref(L, LUA_REGISTRYINDEX, meta->collected);
    meta->collected = ref;
    meta->collector = lua_topointer(L, index);
}

void finalizer_give(lua_State *L, Cdata *cdata, int index)
{
    TypeInfo *info = cdata->info;
    TypeInfo *meta = info->meta;
    FfiState *S = info->state;
    if (lua_type(L, index) != LUA_TFUNCTION) {
        cdata_set_metatable(L, info);
        lua_pushvalue(L, index);
        finalizer_set(S, L, -2);
        return;
    }
    if (lua_topointer(L, index) != meta->collector)
        make_collected(S, L, meta, lua_absindex(L, index));
    state_push_ref(L, meta->collected);
    lua_setmetatable(L, -2);
    cdata->stamp ^= CDATA_COLLECTED;
}

/* -- ffi.gc -------------------------------------------------------------------------------------------------------- */

static bool has_identity(ValueKind kind)
{
    return kind == VALUE_POINTER || kind == VALUE_RECORD || kind == VALUE_ARRAY || kind == VALUE_VECTOR ||
           kind == VALUE_COMPLEX;
}

static void check_markable(lua_State *L)
{
    const Cdata *cdata = cdata_to(L, 1);
    if (cdata == NULL || !has_identity((ValueKind)cdata->info->kind))
        error_argument(L, 1, "ffi.gc", "object or pointer");
}

/* cdata's metatable says of all of them that they can be called. */
static bool is_callable(lua_State *L, int index)
{
    const Cdata *cdata = cdata_to(L, index);
    bool found = false;
    if (lua_type(L, index) == LUA_TFUNCTION || (cdata != NULL && typeinfo_is_function_pointer(cdata->info)))
        return true;
    found = cdata != NULL ? metatype_push(L, cdata->info, "__call") : luaL_getmetafield(L, index, "__call") != LUA_TNIL;
    lua_settop(L, 2);
    return found;
}

int finalizer_gc(lua_State *L)
{
    FfiState *S = state_of(L);
    if (lua_gettop(L) < 1)
        error_argument(L, 1, "ffi.gc", "object or pointer");
    if (lua_gettop(L) < 2)
        error_argument(L, 2, "ffi.gc", "finaliser or nil");
    lua_settop(L, 2);
    bool clears = lua_isnil(L, 2);
    if (!clears && !is_callable(L, 2))
        error_argument(L, 2, "ffi.gc", "finaliser or nil");
    if (!lua_isnil(L, 1)) {
        check_markable(L);
        callback_disown(S, L, 1);
        if (clears)
            finalizer_take(S, L, 1);
        else
            finalizer_set(S, L, 1);
    }
    lua_settop(L, 1);
    return 1;
}
