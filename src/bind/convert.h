/* Values across the border, both ways: the conversion tables of LuaJIT's documentation with the differences that
 * Lua 5.4 asks for (NULL is nil, integers are integers). Reading never fails but for memory; writing raises with the
 * place and both types. */
#ifndef AIRLOCK_BIND_CONVERT_H
#define AIRLOCK_BIND_CONVERT_H

#include "bind/cdata.h"
#include "bind/errors.h"
#include "bind/number.h"
#include "bind/typeinfo.h"

/* Pushes the value of type `info` at `address` as Lua sees it: a number, boolean, nil or pointer cdata, or a view of a
 * record or array that `owner` (stack index, 0: nobody) keeps alive. `flags` go to an array's view. [-0, +1, m] */
void value_push(lua_State *L, TypeInfo *info, void *address, int owner, unsigned flags);

/* Converts the Lua value at `index` by the rules of assignment and stores it. [-0, +0, v] */
void value_store(lua_State *L, TypeInfo *info, void *address, int index, const Place *place);

/* ffi.cast: the value at `index` as `info`'s type. [-0, +1, v] */
void value_push_cast(lua_State *L, TypeInfo *info, int index);

/* The address that the Lua value at `index` has for a pointer of this type, by the rules of assignment; NULL for nil.
 * [-0, +0, v] */
void *pointer_of(lua_State *L, TypeInfo *pointer, int index, const Place *place);

/* The same without an error: false when the value does not convert. [-0, +0, m] */
bool pointer_to(lua_State *L, TypeInfo *pointer, int index, void **address);

/* What a userdata of another library stands for where a pointer is wanted: its payload; an io file's FILE. NULL: a
 * closed file. [-0, +0, m] */
void *foreign_address(lua_State *L, int index);

/* A bit-field's value out of and into the storage at `address`, the record's start + field->offset. [-0, +1, m] and
 * [-0, +0, v] */
void bitfield_push(lua_State *L, const Field *field, const void *address);
void bitfield_store(lua_State *L, const Field *field, void *address, int index, const Place *place);

/* Initialises the zeroed object at `address` from `count` Lua values at `first` on (ffi.new's initialisers). [-0, +0,
 * v] */
void value_initialise(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int first, int count,
                      const Place *place);

#endif
