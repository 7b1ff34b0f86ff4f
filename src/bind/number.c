#include "bind/number.h"

#include <string.h>

#include "bind/cdata.h"

/* -- IEEE 754 binary16 and __bf16 by hand: clang 14 has no type for the one, gcc 12 for the other ----------------- */

typedef struct SmallFormat {
    int bias;           /* of the exponent, and its largest value */
    unsigned nfraction; /* bits stored */
    uint16_t infinity;  /* all ones in the exponent field; one bit less in front is a quiet NaN's */
} SmallFormat;

static const SmallFormat binary16 = {.bias = 15, .nfraction = 10, .infinity = 0x7c00};
static const SmallFormat bfloat16 = {.bias = 127, .nfraction = 7, .infinity = 0x7f80};

static double small_load(const SmallFormat *format, uint16_t bits)
{
    int exponent = (bits & 0x7fff) >> format->nfraction;
    unsigned one = 1u << format->nfraction;
    unsigned fraction = bits & (one - 1);
    int scale = 1 - format->bias - (int)format->nfraction;
    double magnitude;
    if (exponent == 2 * format->bias + 1)
        magnitude = fraction == 0 ? __builtin_inf() : __builtin_nan("");
    else if (exponent == 0)
        magnitude = __builtin_ldexp(fraction, scale);
    else
        magnitude = __builtin_ldexp(fraction + one, scale + exponent - 1);
    return bits & 0x8000 ? -magnitude : magnitude;
}

/* The exponent of the unit in the first place, of a number that is neither zero nor infinite; no less than `lowest`. */
static int exponent_of(__float128 magnitude, int lowest)
{
    int exponent;
    if (magnitude < (__float128)__builtin_ldexp(1.0, lowest))
        return lowest;
    __builtin_frexpl((long double)magnitude, &exponent);
    return exponent - 1;
}

/* Rounds to nearest, ties to even, once. */
static uint16_t small_store(const SmallFormat *format, __float128 value)
{
    uint64_t halves[2];
    memcpy(halves, &value, sizeof halves);
    int nfraction = (int)format->nfraction;
    unsigned sign = (unsigned)(halves[1] >> 48) & 0x8000u;
    __float128 magnitude = sign ? -value : value;
    if (value != value)
        return (uint16_t)(sign | format->infinity | 1u << (nfraction - 1));
    /* from half a unit above the largest number on */
    if (magnitude >= (2 - (__float128)__builtin_ldexp(1.0, -nfraction - 1)) * __builtin_ldexp(1.0, format->bias))
        return (uint16_t)(sign | format->infinity);
    int exponent = exponent_of(magnitude, 1 - format->bias);
    __float128 scaled = magnitude * (__float128)__builtin_ldexp(1.0, nfraction - exponent);
    unsigned fraction = (unsigned)scaled;
    __float128 rest = scaled - fraction;
    if (rest > 0.5 || (rest == 0.5 && fraction & 1))
        fraction++;
    /* the leading one, where there is one, carries into the exponent field */
    return (uint16_t)(sign | (((unsigned)(exponent + format->bias - 1) << nfraction) + fraction));
}

/* -- load ---------------------------------------------------------------------------------------------------------- */

static Number from_signed(Int128 value)
{
    return (Number){.kind = NUMBER_SIGNED, .integer = (Uint128)value};
}

static Number from_unsigned(Uint128 value)
{
    return (Number){.kind = NUMBER_UNSIGNED, .integer = value};
}

static Number from_floating(__float128 value)
{
    return (Number){.kind = NUMBER_FLOATING, .floating = value};
}

#define LOAD(type, make)                                                                                               \
    do {                                                                                                               \
        type loaded;                                                                                                   \
        memcpy(&loaded, address, sizeof loaded);                                                                       \
        return make(loaded);                                                                                           \
    } while (0)

Number number_load(const TypeInfo *info, const void *address)
{
    switch ((ValueKind)info->underlying) {
    case VALUE_BOOL:
    case VALUE_U8: LOAD(uint8_t, from_unsigned);
    case VALUE_I8: LOAD(int8_t, from_signed);
    case VALUE_I16: LOAD(int16_t, from_signed);
    case VALUE_U16: LOAD(uint16_t, from_unsigned);
    case VALUE_I32: LOAD(int32_t, from_signed);
    case VALUE_U32: LOAD(uint32_t, from_unsigned);
    case VALUE_I64: LOAD(int64_t, from_signed);
    case VALUE_U64: LOAD(uint64_t, from_unsigned);
    case VALUE_I128: LOAD(Int128, from_signed);
    case VALUE_U128: LOAD(Uint128, from_unsigned);
    case VALUE_F32: LOAD(float, from_floating);
    case VALUE_F64: LOAD(double, from_floating);
    case VALUE_F80: LOAD(long double, from_floating);
    case VALUE_F128: LOAD(__float128, from_floating);
    case VALUE_BF16:
    case VALUE_F16: {
        uint16_t bits;
        memcpy(&bits, address, sizeof bits);
        return from_floating(small_load(info->underlying == VALUE_F16 ? &binary16 : &bfloat16, bits));
    }
    default: return from_signed(0);
    }
}

#undef LOAD

/* -- store --------------------------------------------------------------------------------------------------------- */

/* A float goes through int64 or uint64 (for the 128-bit types, through those) and is then narrowed. */
static bool truncate_floating(__float128 value, bool is_wide, Uint128 *integer)
{
    __float128 limit = is_wide ? 0x1p127 : 0x1p63;
    if ((value >= -limit || value > -limit - 1) && value < limit) {
        *integer = (Uint128)(Int128)value;
        return true;
    }
    if (value >= limit && value < 2 * limit) {
        *integer = (Uint128)value;
        return true;
    }
    return false;
}

static __float128 to_floating(const Number *number)
{
    switch (number->kind) {
    case NUMBER_SIGNED: return (__float128)(Int128)number->integer;
    case NUMBER_UNSIGNED: return (__float128)number->integer;
    default: return number->floating;
    }
}

static bool to_bool(const Number *number)
{
    return number->kind == NUMBER_FLOATING ? number->floating != 0 : number->integer != 0;
}

static bool fits_int64(const Number *number)
{
    Int128 value = (Int128)number->integer;
    return value == (int64_t)value && (number->kind == NUMBER_SIGNED || value >= 0);
}

/* Each conversion rounds once: an integer goes to a narrower floating type directly, not through __float128; one of 64
 * bits by the processor's own instruction, which valgrind does better than libgcc's arithmetic in 80 bits. */
#define STORE_FLOATING(type)                                                                                           \
    do {                                                                                                               \
        type stored = number->kind == NUMBER_FLOATING ? (type)number->floating                                         \
                      : fits_int64(number)            ? (type)(int64_t)number->integer                                 \
                      : number->kind == NUMBER_SIGNED ? (type)(Int128)number->integer                                  \
                                                      : (type)number->integer;                                         \
        memcpy(address, &stored, sizeof stored);                                                                       \
    } while (0)

static bool store_floating(ValueKind kind, void *address, const Number *number)
{
    switch (kind) {
    case VALUE_F32: STORE_FLOATING(float); return true;
    case VALUE_F64: STORE_FLOATING(double); return true;
    case VALUE_F128: STORE_FLOATING(__float128); return true;
    case VALUE_F80: {
        STORE_FLOATING(long double);
        memset((char *)address + 10, 0, 6); /* the padding of the 80-bit format: never stack rubbish */
        return true;
    }
    case VALUE_BF16:
    case VALUE_F16: {
        uint16_t bits = small_store(kind == VALUE_F16 ? &binary16 : &bfloat16, to_floating(number));
        memcpy(address, &bits, sizeof bits);
        return true;
    }
    default: return false;
    }
}

#undef STORE_FLOATING

bool number_store(const TypeInfo *info, void *address, const Number *number)
{
    ValueKind kind = (ValueKind)info->underlying;
    if (kind >= VALUE_BF16 && kind <= VALUE_F128)
        return store_floating(kind, address, number);
    if (kind == VALUE_BOOL) {
        *(uint8_t *)address = to_bool(number);
        return true;
    }
    Uint128 integer = number->integer;
    if (number->kind == NUMBER_FLOATING && !truncate_floating(number->floating, info->type->size == 16, &integer))
        return false;
    memcpy(address, &integer, (size_t)info->type->size); /* little-endian: the low bytes come first */
    return true;
}

/* Exactly: no integer of 128 bits is rounded to a float. */
static bool is_floating_equal(const Number *floating, const Number *integer)
{
    Number converted = {.kind = floating->floating < 0 ? NUMBER_SIGNED : NUMBER_UNSIGNED};
    return truncate_floating(floating->floating, true, &converted.integer) &&
           to_floating(&converted) == floating->floating && number_is_equal(&converted, integer);
}

bool number_is_equal(const Number *a, const Number *b)
{
    if (a->kind == NUMBER_FLOATING && b->kind == NUMBER_FLOATING)
        return a->floating == b->floating;
    if (a->kind == NUMBER_FLOATING)
        return is_floating_equal(a, b);
    if (b->kind == NUMBER_FLOATING)
        return is_floating_equal(b, a);
    /* one signed, one not: the highest bit says two different things */
    return a->integer == b->integer && (a->kind == b->kind || a->integer >> 127 == 0);
}

bool number_store_lua(lua_State *L, const TypeInfo *info, void *address, int index)
{
    ValueKind kind = (ValueKind)info->kind;
    if (lua_isinteger(L, index))
        return number_store_integer(kind, address, lua_tointegerx(L, index, NULL));
    return number_store_float(L, kind, address, index);
}

bool number_to(lua_State *L, int index, Number *number)
{
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        *number =
            lua_isinteger(L, index) ? from_signed(lua_tointeger(L, index)) : from_floating(lua_tonumber(L, index));
        return true;
    case LUA_TBOOLEAN: *number = from_signed(lua_toboolean(L, index)); return true;
    case LUA_TUSERDATA: {
        Cdata *cdata = cdata_to(L, index);
        if (cdata == NULL)
            return false;
        if (value_is_number((ValueKind)cdata->info->kind) || cdata->info->kind == VALUE_COMPLEX) {
            *number = number_load(cdata->info, cdata_address(cdata));
            return true;
        }
        return false;
    }
    default: return false;
    }
}

bool number_to_integer(FfiState *S, lua_State *L, int index, int64_t *integer)
{
    Number number;
    if (lua_isinteger(L, index)) {
        *integer = lua_tointegerx(L, index, NULL);
        return true;
    }
    return lua_type(L, index) != LUA_TBOOLEAN && number_to(L, index, &number) &&
           number_store(S->word, integer, &number);
}
