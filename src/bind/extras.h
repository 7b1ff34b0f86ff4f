/* What LuaJIT's ffi has not and users of other bindings know: addresses, and the standard functions that know cdata. */
#ifndef AIRLOCK_BIND_EXTRAS_H
#define AIRLOCK_BIND_EXTRAS_H

#include <lua.h>

/* ffi.addressof(cdata) -> pointer to the object; of a reference: to what it refers to; of a C function: to the function
 * ffi.addressof(cdata, field | index) -> pointer to the record's field or the array's or pointer's element
 * ffi.addressof(library, name) -> pointer to the library's variable or function
 * The pointer keeps alive what it points into. */
int extras_addressof(lua_State *L);
/* ffi.tonumber(value [, base]) -> the Lua number that a cdata number, or what Lua's own tonumber takes, is; nil: it is
 * none. What no Lua integer holds becomes a float. */
int extras_tonumber(lua_State *L);
/* ffi.type(value) -> "cdata" for cdata and ctype objects, else what type says */
int extras_type(lua_State *L);
/* ffi.toretval(value) -> what a C function returns to Lua that returns the cdata's value; other values as they are */
int extras_toretval(lua_State *L);

#endif
