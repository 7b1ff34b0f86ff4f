/* Calls: a C function is a Lua C closure over a CallTarget, found by its entry. The entry converts the arguments into a frame on the
 * C stack, links a CallRecord into the state's chain, enters the trampoline and converts the result. */
#ifndef AIRLOCK_BIND_CALL_H
#define AIRLOCK_BIND_CALL_H

#include "bind/state.h"
#include "bind/typeinfo.h"

/* Pushes the Lua function that calls `address` as `function` (a FUNCTION type); the same one for the same address and type.
 * decl: its declaration for names in messages, or NULL. library: stack index of what keeps it mapped, or 0. [-0, +1, v] */
void call_push_function(FfiState *S, lua_State *L, TypeInfo *function, void *address, const CDecl *decl, int library);

/* Type and address of the C function that the Lua function at `index` calls; NULL when it is none of ours. [-0, +0, -] */
CType *call_type_of(lua_State *L, int index);
void *call_address_of(lua_State *L, int index);

/* Calls `address` through a function pointer cdata, with the arguments at stack indices 2 to the top; returns the number of results.
 * [-0, +(0|1), v] */
int call_pointer(lua_State *L, TypeInfo *function, void *address);

#endif
