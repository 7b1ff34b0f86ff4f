/* The metamethods of cdata. Those of one operand trust their first argument: the metatable is nobody's but ours. */
#ifndef AIRLOCK_BIND_METAMETHODS_H
#define AIRLOCK_BIND_METAMETHODS_H

#include <lua.h>

#define METAMETHOD(name) int meta_##name(lua_State *L);
#include "bind/metamethods.def"
#undef METAMETHOD

#endif
