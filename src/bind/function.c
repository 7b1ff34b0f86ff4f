#include "bind/function.h"

#include "bind/target.h"

/* A closure of ours is known by its entry. */
static const CallTarget *target_of(lua_State *L, int index)
{
    lua_CFunction function = lua_tocfunction(L, index);
    if (function == NULL || !target_is_entry(function))
        return NULL;
    lua_getupvalue(L, index, ENTRY_ADDRESS);
    const CallTarget *target = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return target;
}

CType *function_type_of(lua_State *L, int index)
{
    const CallTarget *target = target_of(L, index);
    return target != NULL ? target->signature->info->type : NULL;
}

void *function_address_of(lua_State *L, int index)
{
    const CallTarget *target = target_of(L, index);
    void *address = NULL;
    if (target != NULL)
        memcpy(&address, &target->function, sizeof address);
    return address;
}

/* Pushes the table of functions of one type: address -> closure, weak so that a library's functions do not keep it
 * loaded. */
static void push_functions_of(FfiState *S, lua_State *L, TypeInfo *function)
{
    state_push_ref(L, S->ref_functions);
    if (lua_rawgetp(L, -1, function) == LUA_TNIL) {
        lua_pop(L, 1);
        state_push_table(L, "v");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, function);
    }
    lua_remove(L, -2);
}

void function_push(FfiState *S, lua_State *L, TypeInfo *function, void *address, const CDecl *decl, int library)
{
    luaL_checkstack(L, 10, NULL);
    if (library != 0)
        library = lua_absindex(L, library);
    Signature *signature = signature_of(function, L, decl);
    push_functions_of(S, L, function);
    if (lua_rawgetp(L, -1, address) == LUA_TNIL) {
        lua_pop(L, 1);
        CallTarget *target = lua_newuserdatauv(L, sizeof *target, 0);
        *target = target_make(signature, address, decl);
        lua_pushlightuserdata(L, target);
        lua_insert(L, -2);
        state_push_ref(L, S->ref_cdata_meta);
        if (library != 0)
            lua_pushvalue(L, library);
        lua_pushcclosure(L, target_entry(signature), library != 0 ? ENTRY_LIBRARY : ENTRY_CDATA_META);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, -3, address);
    }
    lua_remove(L, -2);
}
