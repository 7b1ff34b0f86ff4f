/* Numbers of every C type, and C's conversions between them. Nothing here raises. */
#ifndef AIRLOCK_BIND_NUMBER_H
#define AIRLOCK_BIND_NUMBER_H

#include <string.h>

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

/* Whether a number that is an integer is one that a Lua integer holds. */
static inline bool number_fits_lua(const Number *number)
{
    Uint128 from_lowest = number->integer + ((Uint128)1 << 63);
    return number->kind == NUMBER_SIGNED ? from_lowest >> 64 == 0 : number->integer >> 63 == 0;
}

/* Stores a Lua integer as a kind of number of up to 64 bits that is no _Bool; false: it is another kind. */
ALWAYS_INLINE bool number_store_integer(ValueKind kind, void *address, lua_Integer integer)
{
    double number = (double)integer;
    float single = (float)integer;
    switch (kind) {
    case VALUE_F64: memcpy(address, &number, sizeof number); return true;
    case VALUE_F32: memcpy(address, &single, sizeof single); return true;
    case VALUE_I8:
    case VALUE_U8: memcpy(address, &integer, 1); return true; /* the low bytes come first */
    case VALUE_I16:
    case VALUE_U16: memcpy(address, &integer, 2); return true;
    case VALUE_I32:
    case VALUE_U32: memcpy(address, &integer, 4); return true;
    case VALUE_I64:
    case VALUE_U64: memcpy(address, &integer, 8); return true;
    default: return false;
    }
}

/* Stores a Lua number at `index` that is no integer as float or double; false: it is none, or for another kind.
 * [-0, +0, -] */
ALWAYS_INLINE bool number_store_float(lua_State *L, ValueKind kind, void *address, int index)
{
    if ((kind != VALUE_F64 && kind != VALUE_F32) || lua_type(L, index) != LUA_TNUMBER)
        return false;
    double number = lua_tonumberx(L, index, NULL);
    float single = (float)number;
    if (kind == VALUE_F64)
        memcpy(address, &number, sizeof number);
    else
        memcpy(address, &single, sizeof single);
    return true;
}

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
