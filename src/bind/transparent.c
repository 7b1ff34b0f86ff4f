#include "bind/transparent.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/pointer.h"

/* -- one member ---------------------------------------------------------------------------------------------------- */

typedef struct Attempt {
    TypeInfo *info;
    void *address;
    const Place *place;
} Attempt;

/* (attempt, value) */
static int store_protected(lua_State *L)
{
    const Attempt *attempt = lua_touserdata(L, 1);
    value_store(L, attempt->info, attempt->address, 2, attempt->place);
    return 0;
}

/* Whatever a value can raise says that the member does not take it, but for memory that is out. */
static bool takes_value(lua_State *L, Attempt *attempt, int index)
{
    lua_pushcfunction(L, store_protected);
    lua_pushlightuserdata(L, attempt);
    lua_pushvalue(L, index);
    int status = lua_pcall(L, 2, 0, 0);
    if (status == LUA_OK)
        return true;
    if (status != LUA_ERRRUN)
        lua_error(L);
    lua_pop(L, 1);
    return false;
}

static bool takes(lua_State *L, Attempt *attempt, int index)
{
    void *pointer;
    if (attempt->info->kind != VALUE_POINTER)
        return takes_value(L, attempt, index);
    if (!pointer_to(L, attempt->info, index, &pointer))
        return false;
    memcpy(attempt->address, &pointer, sizeof pointer);
    return true;
}

/* -- the union ----------------------------------------------------------------------------------------------------- */

/* An unnamed member stands for a type like any other; a bit-field is no object that a value could go into. */
static bool is_candidate(const CMember *member)
{
    return !member->is_bitfield;
}

_Noreturn static void raise_untaken(lua_State *L, const TypeInfo *info, int index, const Place *place)
{
    const CRecord *record = info->type->u.record;
    luaL_Buffer buffer;
    luaL_checkstack(L, 8, NULL);
    const char *type = error_push_type(L, info->type);
    const char *value = error_push_value(L, index);
    luaL_buffinit(L, &buffer);
    for (uint32_t i = 0, n = 0; i < record->nmembers; i++) {
        if (!is_candidate(&record->members[i]))
            continue;
        luaL_addstring(&buffer, n++ > 0 ? ", '" : " '");
        error_push_type(L, record->members[i].type->main);
        luaL_addvalue(&buffer);
        luaL_addchar(&buffer, '\'');
    }
    luaL_pushresult(&buffer);
    const char *members = lua_tostring(L, -1);
    error_raise(L, MESSAGE_TRANSPARENT, type, value, members, error_push_place(L, place));
}

void transparent_store(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    const CRecord *record = info->type->u.record;
    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    for (uint32_t i = 0; i < record->nmembers; i++) {
        if (!is_candidate(&record->members[i]))
            continue;
        Attempt attempt = {
            .info = typeinfo_of(info->state, L, record->members[i].type), .address = address, .place = place};
        if (takes(L, &attempt, index))
            return;
    }
    raise_untaken(L, info, index, place);
}
