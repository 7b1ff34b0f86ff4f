#include "bind/bitfield.h"

#include <string.h>

#include "bind/convert.h"

static bool is_signed_integer(ValueKind kind)
{
    return kind == VALUE_I8 || kind == VALUE_I16 || kind == VALUE_I32 || kind == VALUE_I64 || kind == VALUE_I128;
}

/* Up to 128 bits that begin anywhere in a byte: 17 bytes. */
static size_t window_nbytes(const CMember *member)
{
    return (member->bit_offset % 8u + member->bit_width + 7u) / 8u;
}

static Uint128 bits_load(const CMember *member, const void *address)
{
    const unsigned char *start = (const unsigned char *)address + member->bit_offset / 8;
    unsigned shift = member->bit_offset % 8u;
    size_t nbytes = window_nbytes(member);
    Uint128 window = 0;
    memcpy(&window, start, nbytes < sizeof window ? nbytes : sizeof window);
    window >>= shift;
    if (nbytes > sizeof window)
        window |= (Uint128)start[sizeof window] << (128 - shift);
    return window;
}

void bitfield_push(lua_State *L, const Field *field, const void *address)
{
    unsigned unused = 128u - field->member->bit_width;
    ValueKind kind = (ValueKind)field->info->underlying;
    Uint128 bits = bits_load(field->member, address) << unused;
    Uint128 value = bits >> unused;
    if (is_signed_integer(kind))
        value = (Uint128)((Int128)bits >> unused);
    if (kind == VALUE_BOOL)
        lua_pushboolean(L, value != 0);
    else
        value_push(L, field->info, &value, 0, 0);
}

void bitfield_store(lua_State *L, const Field *field, void *address, int index, const Place *place)
{
    const CMember *member = field->member;
    unsigned char *start = (unsigned char *)address + member->bit_offset / 8;
    unsigned shift = member->bit_offset % 8u;
    size_t nbytes = window_nbytes(member);
    size_t nlow = nbytes < sizeof(Uint128) ? nbytes : sizeof(Uint128);
    Uint128 value = 0;
    value_store_number(L, field->info, &value, index, place);
    Uint128 mask = ~(Uint128)0 >> (128u - member->bit_width);
    Uint128 window = 0;
    memcpy(&window, start, nlow);
    window = (window & ~(mask << shift)) | ((value & mask) << shift);
    memcpy(start, &window, nlow);
    if (nbytes > nlow) {
        unsigned high = (unsigned)(mask >> (128 - shift));
        start[nlow] = (unsigned char)((start[nlow] & ~high) | (unsigned)((value & mask) >> (128 - shift)));
    }
}
