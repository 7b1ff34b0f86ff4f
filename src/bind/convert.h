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

/* Pushes a new object of the type without qualifiers with the value at `address`. [-0, +1, m] */
void value_push_copy(lua_State *L, TypeInfo *info, const void *address);

/* Pushes a block of memory and returns zeroed room in it for a value of the type, aligned for any. [-0, +1, m] */
void *value_push_room(lua_State *L, const TypeInfo *info);

/* Converts the Lua value at `index` by the rules of assignment and stores it; a reference gets its address, as a pointer
 * does. [-0, +0, v] */
void value_store(lua_State *L, TypeInfo *info, void *address, int index, const Place *place);

/* Stores through the reference at `address`. [-0, +0, v] */
void value_store_referred(lua_State *L, TypeInfo *reference, const void *address, int index, const Place *place);

/* value_store into what was initialised before: a reference is written through. [-0, +0, v] */
static inline void value_assign(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    if (info->kind == VALUE_REFERENCE)
        value_store_referred(L, info, address, index, place);
    else
        value_store(L, info, address, index, place);
}

/* Raises: the number of value `index` is a float that none of the wanted type is made of. [-0, +0, v] */
_Noreturn void value_refuse_number(lua_State *L, const CType *wanted, const Number *number, int index,
                                   const Place *place);

/* Like value_store for number types (a name too, for an enum). [-0, +0, v] */
void value_store_number(lua_State *L, TypeInfo *info, void *address, int index, const Place *place);

/* Initialises the zeroed object at `address` from `count` Lua values at `first` on (ffi.new's initialisers).
 * [-0, +0, v] */
void value_initialise(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int first, int count,
                      const Place *place);

#endif
