/* ffi.totable: C objects as Lua tables. */
#ifndef AIRLOCK_BIND_TOTABLE_H
#define AIRLOCK_BIND_TOTABLE_H

#include <lua.h>

/* ffi.totable(array | vector [, n] [, recursive]) -> sequence of all or the first n elements
 * ffi.totable(struct | union [, recursive]) -> table of the fields by name, of a union all of them
 * ffi.totable(complex) -> {re = …, im = …}
 * ffi.totable(pointer, n [, recursive]) -> sequence of the n elements that it points to
 * ffi.totable(pointer to a record [, recursive]) -> the record's table
 * The values are those that reading them gives: a NULL pointer is nil and so leaves a hole. With `recursive`, arrays,
 * records, vectors and complex numbers inside become tables too; pointers are never followed. A trailing array of
 * unknown length is left out then. */
int totable_lua(lua_State *L);

#endif
