#include "bind/pointer.h"

#include <lauxlib.h>

#include "bind/callback.h"
#include "bind/cdata.h"
#include "bind/ctypeobj.h"
#include "bind/function.h"
#include "bind/relation.h"

void *pointer_of_userdata(lua_State *L, int index)
{
    luaL_Stream *stream = luaL_testudata(L, index, LUA_FILEHANDLE);
    if (stream != NULL)
        return stream->closef != NULL ? (void *)stream->f : NULL;
    return lua_touserdata(L, index);
}

static bool is_foreign(lua_State *L, int index)
{
    return ctypeobj_to(L, index) == NULL;
}

static bool userdata_to(lua_State *L, TypeInfo *pointer, int index, void **address)
{
    const CType *element = pointer->type->u.element;
    Cdata *cdata = cdata_to(L, index);
    if (cdata == NULL) {
        *address = pointer_of_userdata(L, index);
        return *address != NULL && is_foreign(L, index);
    }
    const CType *pointee;
    if (!cdata_points_to(cdata, address, &pointee))
        return false;
    if (relation_converts(element, pointee))
        return true;
    /* a whole array or vector where a pointer to it, or to its elements, is wanted */
    if (cdata->info->kind == VALUE_ARRAY)
        return relation_converts(element, cdata->info->type);
    return cdata->info->kind == VALUE_VECTOR && relation_converts(element, pointee->u.element);
}

bool pointer_to(lua_State *L, TypeInfo *pointer, int index, void **address)
{
    const CType *element = pointer->type->u.element;
    switch (lua_type(L, index)) {
    case LUA_TNIL: *address = NULL; return true;
    case LUA_TLIGHTUSERDATA: *address = lua_touserdata(L, index); return true;
    case LUA_TSTRING: *address = (void *)(uintptr_t)lua_tostring(L, index); return typeinfo_takes_string(element);
    case LUA_TUSERDATA: return userdata_to(L, pointer, index, address);
    case LUA_TFUNCTION:
        *address = function_address_of(L, index);
        return *address != NULL && relation_converts(element, function_type_of(L, index));
    default: return false;
    }
}

void *pointer_of(lua_State *L, TypeInfo *pointer, int index, const Place *place)
{
    void *address;
    if (pointer_to(L, pointer, index, &address))
        return address;
    if (callback_is_wanted(L, pointer, index))
        return callback_implicit(L, pointer, index);
    error_conversion(L, pointer->type, index, place);
}

bool pointer_to_any(lua_State *L, int index, void **address)
{
    const CType *pointee;
    Cdata *cdata;
    switch (lua_type(L, index)) {
    case LUA_TNIL: *address = NULL; return true;
    case LUA_TSTRING: *address = (void *)(uintptr_t)lua_tostring(L, index); return true;
    case LUA_TFUNCTION: *address = function_address_of(L, index); return *address != NULL;
    case LUA_TLIGHTUSERDATA: *address = lua_touserdata(L, index); return true;
    case LUA_TUSERDATA:
        cdata = cdata_to(L, index);
        if (cdata != NULL)
            return cdata->info->kind != VALUE_COMPLEX && cdata_points_to(cdata, address, &pointee);
        *address = pointer_of_userdata(L, index);
        return *address != NULL && is_foreign(L, index);
    default: return false;
    }
}
