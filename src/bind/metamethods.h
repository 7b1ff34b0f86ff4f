/* The metamethods of cdata. Those of one operand trust their first argument: the metatable is nobody's but ours. */
#ifndef AIRLOCK_BIND_METAMETHODS_H
#define AIRLOCK_BIND_METAMETHODS_H

#include <lua.h>

/* index.c */
int meta_index(lua_State *L);
int meta_newindex(lua_State *L);
int meta_call(lua_State *L);
int meta_len(lua_State *L);
int meta_concat(lua_State *L);
int meta_pairs(lua_State *L);
int meta_ipairs(lua_State *L);
int meta_close(lua_State *L);

/* text.c */
int meta_tostring(lua_State *L);

/* arith.c */
int meta_add(lua_State *L);
int meta_sub(lua_State *L);
int meta_mul(lua_State *L);
int meta_div(lua_State *L);
int meta_idiv(lua_State *L);
int meta_mod(lua_State *L);
int meta_pow(lua_State *L);
int meta_unm(lua_State *L);
int meta_band(lua_State *L);
int meta_bor(lua_State *L);
int meta_bxor(lua_State *L);
int meta_bnot(lua_State *L);
int meta_shl(lua_State *L);
int meta_shr(lua_State *L);

/* compare.c */
int meta_eq(lua_State *L);
int meta_lt(lua_State *L);
int meta_le(lua_State *L);

#endif
