/* Libraries as Lua tables: ffi.C and what ffi.load returns. A namespace caches the functions and constants that were
 * read from it, so the second read is a plain table access; variables go through to C each time. */
#ifndef AIRLOCK_BIND_NAMESPACE_H
#define AIRLOCK_BIND_NAMESPACE_H

#include "bind/state.h"

/* Makes the libraries' metatable. [-0, +0, m] */
void namespace_open(FfiState *S, lua_State *L);

/* Pushes the namespace of everything the process has loaded. [-0, +1, m] */
void namespace_push_default(FfiState *S, lua_State *L);

/* ffi.load(name [, global]) -> namespace */
int namespace_load(lua_State *L);

/* Pushes the address of the variable or function that the string at 2 names in the namespace at 1, as a pointer that
 * keeps the library mapped. False, and nothing is pushed: 1 is no namespace. [-0, +(0|n), v] */
bool namespace_push_address(FfiState *S, lua_State *L);

#endif
