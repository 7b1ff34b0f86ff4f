/* What a ctype object answers when it is indexed: the constants of its type, and what a metatype adds. */
#ifndef AIRLOCK_BIND_CTYPEOBJ_H
#define AIRLOCK_BIND_CTYPEOBJ_H

#include "bind/cdata.h"

/* Pushes the constant that a type has by the name at stack index `key`: an enum's, or one that the body of a record
 * (or of one that the type points to) declares. False, and nothing is pushed: it has none. [-0, +(0|1), v] */
bool ctypeobj_push_constant(FfiState *S, lua_State *L, CType *type, int key);

/* The metamethods. */
int ctypeobj_index(lua_State *L);
int ctypeobj_newindex(lua_State *L);
int ctypeobj_tostring(lua_State *L);

#endif
