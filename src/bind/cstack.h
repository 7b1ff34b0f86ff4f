/* The room that is left on the C stack, of which arguments passed by value can take a lot: calls and callbacks that call
 * each other come to 200 levels before Lua stops them, and a megabyte of arguments each is more than a stack has. */
#ifndef AIRLOCK_BIND_CSTACK_H
#define AIRLOCK_BIND_CSTACK_H

#include "base/tiny.h"
#include "bind/target.h"

/* Frames of up to so many bytes are not looked at: Lua's limit on levels is enough. */
enum { CSTACK_FRAME_NBYTES = TINY(4096, 512) };

/* cstack_check for a frame that is larger. [-0, +0, v] */
void cstack_check_large(lua_State *L, const CallTarget *target, size_t nbytes);

/* To be called before a frame of nbytes is made for a call of the target: raises when the C stack has no room for it.
 * [-0, +0, v] */
static inline void cstack_check(lua_State *L, const CallTarget *target, size_t nbytes)
{
    if (nbytes > CSTACK_FRAME_NBYTES)
        cstack_check_large(L, target, nbytes);
}

#endif
