/* Values as text: tostring of cdata, and the numbers in it. */
#ifndef AIRLOCK_BIND_TEXT_H
#define AIRLOCK_BIND_TEXT_H

#include "bind/number.h"

/* The decimal digits of an integer of up to 128 bits, behind its sign. [-0, +1, m] */
const char *text_push_integer(lua_State *L, const Number *number);

#endif
