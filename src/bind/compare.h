/* ffi.eq: equality of any two values as C would have it. */
#ifndef AIRLOCK_BIND_COMPARE_H
#define AIRLOCK_BIND_COMPARE_H

#include <lua.h>

/* ffi.eq(a, b) -> boolean. Numbers are compared exactly whatever their types, pointers and what converts to one by
 * address, enums with the names of their constants, records and vectors as == does; what cannot be compared is unequal.
 * A Lua function. */
int compare_values(lua_State *L);

#endif
