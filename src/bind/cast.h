/* ffi.cast: the conversions of assignment, and those between addresses, pointers of all types and integers. */
#ifndef AIRLOCK_BIND_CAST_H
#define AIRLOCK_BIND_CAST_H

#include <lua.h>

/* ffi.cast(ct, value) -> value as one of that type. A Lua function. */
int cast_lua(lua_State *L);

#endif
