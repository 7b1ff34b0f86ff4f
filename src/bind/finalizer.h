/* Finalisers of cdata: ffi.gc, and a metatype's __gc.
 *
 * An object whose metatype has a function as __gc is finalised by Lua itself: it gets a second metatable as it is made,
 * with the same entries as all cdata's and a __gc that calls this function (CDATA_COLLECTED, until that has run or is
 * taken off). So the rest of us must tell cdata by their stamp, never by their metatable.
 *
 * For all others what Lua finalises is a sentinel, a userdata made when the cdata is
 * marked, so that marking an old object walks over nothing that is newer. The table S->ref_finalizers, weak in its keys,
 * leads from the cdata to its sentinel, which has the cdata and its finaliser as user values: an ephemeron, so that the
 * two live and die together. A cdata has CDATA_FINALISED just while it is in the table; a sentinel that a cdata was taken
 * from has no user values and does nothing. Of an object that Lua finalises the table has the function that ffi.gc gave
 * it instead of its metatype's.
 *
 * As with Lua's own __gc: finalisers run once, the last marked first, at the end also when the state closes; what they
 * raise becomes a warning; they may keep the cdata, and mark it again. A finaliser replaced keeps its place in the order.
 * What is derived from a marked cdata (views, casts, pointers moved) keeps it alive; copies and addresses stored in C do
 * not. */
#ifndef AIRLOCK_BIND_FINALIZER_H
#define AIRLOCK_BIND_FINALIZER_H

#include <lua.h>

#include "bind/cdata.h"

/* Makes the table and the sentinels' metatable. [-0, +0, m] */
void finalizer_open(FfiState *S, lua_State *L);

/* Gives the new object on top, this one, of a type with a metatype, its metatable and the finaliser at `index`, its
 * metatype's __gc. [-0, +0, m] */
void finalizer_give(lua_State *L, Cdata *cdata, int index);

/* Makes a metatable for cdata that the function at `index` finalises and returns its registry reference. They get it, and
 * the flag CDATA_COLLECTED, as they are made. [-0, +0, m] */
int finalizer_new_metatable(FfiState *S, lua_State *L, int index);

/* Gives the cdata at `index` the finaliser on top, instead of the one that it may have; any value, it is called with the
 * cdata. [-1, +0, m] */
void finalizer_set(FfiState *S, lua_State *L, int index);

/* Takes the finaliser off the cdata at `index` and pushes it; pushes nil when it has none. [-0, +1, -] */
void finalizer_take(FfiState *S, lua_State *L, int index);

/* ffi.gc(cdata, finaliser or nil) -> cdata; ffi.gc(nil, finaliser) -> nil. It marks pointers, records, arrays, vectors
 * and complex numbers: what points into other memory, which is made anew at each access, by itself; not numbers. A Lua
 * function. */
int finalizer_gc(lua_State *L);

#endif
