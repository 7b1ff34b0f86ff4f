/* Ctype objects: types as Lua values, one for each type, and the strings that name types. A ctype object is a userdata
 * with a header like a cdata's, stamped apart, in a metatable of its own; when it is indexed it answers with the constants
 * of its type and what a metatype adds. */
#ifndef AIRLOCK_BIND_CTYPEOBJ_H
#define AIRLOCK_BIND_CTYPEOBJ_H

#include "bind/cdata.h"

typedef struct CtypeObject {
    uint64_t stamp; /* ~cdata_cookie ^ address of the type */
    CType *type;
} CtypeObject;

/* Pushes the one ctype object of a type. [-0, +1, m] */
void ctypeobj_push(FfiState *S, lua_State *L, CType *type);
/* The type that a ctype object at `index` stands for, or NULL. [-0, +0, -] */
static inline CType *ctypeobj_to(lua_State *L, int index)
{
    const CtypeObject *object = lua_touserdata(L, index);
    if (object == NULL || lua_rawlen(L, index) < sizeof(CtypeObject)) /* 0 for light userdata */
        return NULL;
    return (object->stamp ^ ~cdata_cookie ^ (uintptr_t)object->type) == 0 ? object->type : NULL;
}
/* The type of the ctype object that a metamethod of ctype objects has as its first argument. [-0, +0, -] */
static inline CType *ctypeobj_self(lua_State *L)
{
    return ((const CtypeObject *)lua_touserdata(L, 1))->type;
}

/* The type that argument `index` names: a string, a ctype object, a cdata or a C function (their types). Raises for
 * anything else and for text that does not parse. `function` is the module function's name for messages. [-0, +0, v] */
CType *check_ctype(FfiState *S, lua_State *L, int index, const char *function);

/* Pushes the constant that a type has by the name at stack index `key`: an enum's, or one that the body of a record
 * (or of one that the type points to) declares. False, and nothing is pushed: it has none. [-0, +(0|1), v] */
bool ctypeobj_push_constant(FfiState *S, lua_State *L, CType *type, int key);

/* The metamethods. */
int ctypeobj_index(lua_State *L);
int ctypeobj_newindex(lua_State *L);
int ctypeobj_tostring(lua_State *L);

#endif
