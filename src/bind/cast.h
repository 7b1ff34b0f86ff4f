/* ffi.cast: the conversions of assignment, and those between addresses, pointers of all types and integers. */
#ifndef AIRLOCK_BIND_CAST_H
#define AIRLOCK_BIND_CAST_H

#include "bind/typeinfo.h"

/* Pushes the value at `index` as one of `info`'s type. [-0, +1, v] */
void cast_push(lua_State *L, TypeInfo *info, int index);

#endif
