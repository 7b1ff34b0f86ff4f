/* Lua functions that C calls, for hand.c: its functions, and their metatables. */
#ifndef BENCH_HAND_CALLBACK_H
#define BENCH_HAND_CALLBACK_H

#include <lua.h>

int hand_repeat_step(lua_State *L);
int hand_sort_shuffled(lua_State *L);
int hand_callback(lua_State *L);
int hand_owned_callback(lua_State *L);

/* [-0, +0, m] */
void hand_open_callbacks(lua_State *L);

#endif
