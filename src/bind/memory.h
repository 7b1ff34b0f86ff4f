/* ffi.string, ffi.copy, ffi.fill: bytes between Lua strings and C memory. An object of known size is never read or
 * written beyond. */
#ifndef AIRLOCK_BIND_MEMORY_H
#define AIRLOCK_BIND_MEMORY_H

#include <lua.h>

/* ffi.string(pointer [, nbytes]) -> string */
int memory_string(lua_State *L);
/* ffi.copy(target, source, nbytes), ffi.copy(target, string): with its terminating zero */
int memory_copy(lua_State *L);
/* ffi.fill(target, nbytes [, byte]) */
int memory_fill(lua_State *L);

#endif
