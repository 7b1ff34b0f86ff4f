/* Making objects: ffi.new, and calls of a ctype object, which are the same but for a metatype's __new. Most objects are
 * small structs made from plain numbers; they go a way of their own, by the list of their parts (typeinfo.h), that writes
 * each byte once and asks nothing twice. All others are zeroed and initialised (init.c). */
#ifndef AIRLOCK_BIND_OBJECT_H
#define AIRLOCK_BIND_OBJECT_H

#include "bind/state.h"

/* Number of bytes of an object of a variable-length type with the number of elements at stack index `index`.
 * [-0, +0, v] */
uint64_t object_check_nbytes(FfiState *S, lua_State *L, const CType *type, int index);

/* ffi.new(ct, ...) -> cdata. A Lua function. */
int object_new(lua_State *L);

/* (ctype object, ...): its __call. */
int object_call(lua_State *L);

#endif
