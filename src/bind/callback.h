/* Lua functions as C function pointers. A callback is a slot of the engine (abi/callback.h) and a Lua function, which a
 * registry reference holds until the callback is freed; of those that ffi.callback made, their cdata holds it, and they
 * are freed with that. */
#ifndef AIRLOCK_BIND_CALLBACK_H
#define AIRLOCK_BIND_CALLBACK_H

#include "bind/state.h"
#include "bind/typeinfo.h"

/* Makes what S keeps for callbacks, and the guard whose finaliser parts the callbacks from a state that closes.
 * [-0, +0, v] */
void callback_open(FfiState *S, lua_State *L);

/* Whether the value at `index` is a Lua function that a function pointer of type `pointer` would be a callback of: not
 * one of C's. [-0, +0, -] */
bool callback_is_wanted(lua_State *L, const TypeInfo *pointer, int index);

/* Pushes a pointer of type `pointer` to a new callback of the function at `index`. [-0, +1, v] */
void callback_push(lua_State *L, TypeInfo *pointer, int index);

/* The callback that stands for the function at `index` wherever it is converted implicitly: made once, permanent.
 * [-0, +0, v] */
void *callback_implicit(lua_State *L, TypeInfo *pointer, int index);

/* Pushes the method of function pointers whose name is at `index`; false and nothing when there is none.
 * [-0, +(0|1), -] */
bool callback_push_method(FfiState *S, lua_State *L, int index);

/* Before the finaliser of the function pointer at `index` is replaced: if it is ffi.callback's, the callback now lives
 * until it is freed. [-0, +0, m] */
void callback_disown(FfiState *S, lua_State *L, int index);

/* Functions of the module. */
int callback_make(lua_State *L);
int callback_count(lua_State *L);
int callback_debug(lua_State *L);
int fault_onerror(lua_State *L);
int fault_last_traceback(lua_State *L);
int remote_poll(lua_State *L);

#endif
