/* Arguments for parameters of transparent unions: any value that one of the members takes. */
#ifndef AIRLOCK_BIND_TRANSPARENT_H
#define AIRLOCK_BIND_TRANSPARENT_H

#include "bind/convert.h"

static inline bool transparent_is(const TypeInfo *info)
{
    return info->kind == VALUE_RECORD && info->type->u.record->is_transparent;
}

/* Converts the Lua value at `index` to the first member that takes it, and stores it in the zeroed union at `address`.
 * [-0, +0, v] */
void transparent_store(lua_State *L, TypeInfo *info, void *address, int index, const Place *place);

#endif
