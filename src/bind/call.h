/* Calls: the arguments are converted into a frame on the C stack, a CallRecord is linked into the state's chain, the
 * function is entered, directly where the plan allows it and else by the trampoline, and the result converted. Lua
 * functions that call (function.h) come in through entries, one for each shape of signature. */
#ifndef AIRLOCK_BIND_CALL_H
#define AIRLOCK_BIND_CALL_H

#include "bind/state.h"
#include "bind/typeinfo.h"

/* Calls `address` through a function pointer cdata, with the arguments at stack indices 2 to the top; returns the
 * number of results.
 * [-0, +(0|1), v] */
int call_pointer(lua_State *L, TypeInfo *function, void *address);

#endif
