/* Values across the border, both ways: the conversion tables of LuaJIT's documentation with the differences that Lua 5.4 asks for (NULL
 * is nil, integers are integers). Reading never fails but for memory; writing raises with the place and both types. */
#ifndef AIRLOCK_BIND_CONVERT_H
#define AIRLOCK_BIND_CONVERT_H

#include "bind/cdata.h"
#include "bind/errors.h"
#include "bind/typeinfo.h"

/* A number of any C type on its way between two. */
typedef struct Number {
    enum { NUMBER_SIGNED, NUMBER_UNSIGNED, NUMBER_FLOATING } kind;
    __extension__ unsigned __int128 integer; /* two's complement */
    __float128 floating;
} Number;

/* The number that a scalar at `address` holds; info->kind must be a number kind. */
Number number_load(const TypeInfo *info, const void *address);
/* Stores it by C's conversion; false (and nothing stored) for NaN, infinities and floats outside int64 and uint64 into an integer. */
bool number_store(const TypeInfo *info, void *address, const Number *number);
/* Stores the Lua number at `index` where that takes no thought: an integer into any type of up to 64 bits or double, a float into float or
 * double. False (and nothing stored) for all else. [-0, +0, -] */
bool number_store_lua(lua_State *L, const TypeInfo *info, void *address, int index);
/* The number that the Lua value at `index` is: a Lua number, a boolean or a cdata number. False when it is none. [-0, +0, -] */
bool number_to(FfiState *S, lua_State *L, int index, Number *number);

/* The integer that the value at `index` is where a count, length or index is wanted: a Lua number or a cdata number, by C's
 * conversion to int64_t. False for anything else, booleans and numeric strings too. [-0, +0, -] */
bool integer_to(FfiState *S, lua_State *L, int index, int64_t *integer);

/* Pushes the value of type `info` at `address` as Lua sees it: a number, boolean, nil or pointer cdata, or a view of a
 * record or array that `owner` (stack index, 0: nobody) keeps alive. `flags` go to an array's view. [-0, +1, m] */
void value_push(lua_State *L, TypeInfo *info, void *address, int owner, unsigned flags);

/* Converts the Lua value at `index` by the rules of assignment and stores it. [-0, +0, v] */
void value_store(lua_State *L, TypeInfo *info, void *address, int index, const Place *place);

/* ffi.cast: the value at `index` as `info`'s type. [-0, +1, v] */
void value_push_cast(lua_State *L, TypeInfo *info, int index);

/* The address that the Lua value at `index` has for a pointer of this type, by the rules of assignment; NULL for nil. [-0, +0, v] */
void *pointer_of(lua_State *L, TypeInfo *pointer, int index, const Place *place);

/* What a userdata of another library stands for where a pointer is wanted: its payload; an io file's FILE. NULL: a closed file. [-0, +0, m] */
void *foreign_address(lua_State *L, int index);

/* A bit-field's value out of and into the storage at `address`, the record's start + field->offset. [-0, +1, m] and [-0, +0, v] */
void bitfield_push(lua_State *L, const Field *field, const void *address);
void bitfield_store(lua_State *L, const Field *field, void *address, int index, const Place *place);

/* Initialises the zeroed object at `address` from `count` Lua values at `first` on (ffi.new's initialisers). [-0, +0, v] */
void value_initialise(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int first, int count,
                      const Place *place);

#endif
