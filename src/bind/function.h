/* C functions as Lua functions: a Lua C closure over a CallTarget, one for each address and type while it is in use. */
#ifndef AIRLOCK_BIND_FUNCTION_H
#define AIRLOCK_BIND_FUNCTION_H

#include "bind/state.h"
#include "bind/typeinfo.h"

/* Pushes the Lua function that calls `address` as `function` (a FUNCTION type); the same one for the same address and
 * type. decl: its declaration for names in messages, or NULL. library: stack index of what keeps it mapped, or 0.
 * [-0, +1, v] */
void function_push(FfiState *S, lua_State *L, TypeInfo *function, void *address, const CDecl *decl, int library);

/* Type and address of the C function that the Lua function at `index` calls; NULL when it is none of ours. [-0, +0, -] */
CType *function_type_of(lua_State *L, int index);
void *function_address_of(lua_State *L, int index);

#endif
