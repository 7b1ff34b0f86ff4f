/* The addresses that Lua values have where C wants a pointer. */
#ifndef AIRLOCK_BIND_POINTER_H
#define AIRLOCK_BIND_POINTER_H

#include "bind/errors.h"
#include "bind/typeinfo.h"

/* The address that the Lua value at `index` has for a pointer (or reference) of this type, by the rules of assignment;
 * NULL for nil. [-0, +0, v] */
void *pointer_of(lua_State *L, TypeInfo *pointer, int index, const Place *place);

/* The same without an error: false when the value does not convert. [-0, +0, m] */
bool pointer_to(lua_State *L, TypeInfo *pointer, int index, void **address);

/* Any address that the value has, whatever is there; false: it has none, or is a complex number, which has one only for
 * a pointer to such. [-0, +0, m] */
bool pointer_to_any(lua_State *L, int index, void **address);

/* What a userdata of another library stands for: its payload; an io file's FILE. NULL: a closed file. [-0, +0, m] */
void *pointer_of_userdata(lua_State *L, int index);

#endif
