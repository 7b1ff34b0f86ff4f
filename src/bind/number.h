/* Numbers of every C type, and C's conversions between them. Nothing here raises. */
#ifndef AIRLOCK_BIND_NUMBER_H
#define AIRLOCK_BIND_NUMBER_H

#include "bind/state.h"
#include "bind/typeinfo.h"

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

/* A number of any C type on its way between two. */
typedef struct Number {
    enum { NUMBER_SIGNED, NUMBER_UNSIGNED, NUMBER_FLOATING } kind;
    Uint128 integer; /* two's complement */
    __float128 floating;
} Number;

/* The number that a scalar at `address` holds; info->kind is a number kind, or COMPLEX for its real part. */
Number number_load(const TypeInfo *info, const void *address);
/* Stores it by C's conversion; false (and nothing stored) for NaN, infinities and floats outside int64 and uint64 (for
 * 128-bit types: outside those) into an integer. */
bool number_store(const TypeInfo *info, void *address, const Number *number);
/* Stores the Lua number at `index` where that takes no thought: an integer into any type of up to 64 bits or double, a
 * float into float or double. False (and nothing stored) for all else. [-0, +0, -] */
bool number_store_lua(lua_State *L, const TypeInfo *info, void *address, int index);
/* Whether two numbers are the same, whatever their types. */
bool number_is_equal(const Number *a, const Number *b);
/* The number that the Lua value at `index` is: a Lua number, a boolean or a cdata number (a complex one's real part).
 * False when it is none. [-0, +0, -] */
bool number_to(lua_State *L, int index, Number *number);

/* The integer that the value at `index` is where a count, length or index is wanted: a Lua number or a cdata number, by
 * C's conversion to int64_t. False for anything else, booleans and numeric strings too. [-0, +0, -] */
bool number_to_integer(FfiState *S, lua_State *L, int index, int64_t *integer);

#endif
