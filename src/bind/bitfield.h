/* Bit-fields: any bits of a record as a value of the member's type. Only the bytes that hold them are touched. */
#ifndef AIRLOCK_BIND_BITFIELD_H
#define AIRLOCK_BIND_BITFIELD_H

#include "bind/errors.h"
#include "bind/typeinfo.h"

/* A bit-field's value out of and into the storage at `address`, the record's start + field->offset. [-0, +1, m] and
 * [-0, +0, v] */
void bitfield_push(lua_State *L, const Field *field, const void *address);
void bitfield_store(lua_State *L, const Field *field, void *address, int index, const Place *place);

#endif
