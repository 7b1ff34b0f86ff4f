/* Metatypes: the user's own metatable of a type. It belongs to the record, vector or complex type without qualifiers and
 * holds for all its variants and for pointers and references to them: TypeInfo.meta leads there in one load. It is set
 * once and never changed, but what is in it is asked for at each use, raw, so that later changes of its entries count.
 * The metatable of cdata (and those of finalizer.h, with the same entries) stays ours; its metamethods come here.
 *
 * Which comes first, the metatype or what is built in: fields win over __index and __newindex; for pointers and numbers
 * the built-in operation wins where there is one, for records, vectors and complex numbers the metatype's entry. */
#ifndef AIRLOCK_BIND_METATYPE_H
#define AIRLOCK_BIND_METATYPE_H

#include <lua.h>

#include "bind/typeinfo.h"

/* Whether values of this type have a metatype. */
static inline bool metatype_has(const TypeInfo *info)
{
    return info->meta != NULL && info->meta->metatable != 0;
}

/* metatype_push where there is a metatype. */
bool metatype_push_entry(lua_State *L, const TypeInfo *info, const char *event);

/* Pushes the metatype's entry for an event ("__add", "__tostring" …) and returns true; or pushes nothing: there is no
 * metatype, or no entry in it. Wants three free stack slots. [-0, +(0|1), m] */
static inline bool metatype_push(lua_State *L, const TypeInfo *info, const char *event)
{
    return metatype_has(info) && metatype_push_entry(L, info, event);
}

/* Calls the value on top with all that stands below it as its arguments and leaves nothing but its results. What it
 * returns is what the metamethod must return at once: the callee may yield, and then nothing of the caller runs again.
 * [-all, +nresults, v] */
int metatype_call(lua_State *L, int nresults);

/* Calls the value on top with those at 1 and 2; one result. Returned at once, as above. [-1, +1, v] */
int metatype_call_pair(lua_State *L);

/* What the metatype's __index at `from`, which is no function, has for the key at 2. False, with a nil: there is no such
 * key, nor a function in the chain of __index tables that could have said nil; that is an error, as in LuaJIT. Wants
 * four free stack slots. [-0, +1, e] */
bool metatype_push_from(lua_State *L, int from);

/* In a metamethod of cdata, whose second upvalue is the event's name: pushes the metatype's metatable and its entry for
 * that event and returns its type, or pushes what is no matter and returns LUA_TNIL: there is no such entry. Up to two
 * free stack slots. [-0, +2, -] */
static inline int metatype_push_own(lua_State *L, const TypeInfo *info)
{
    if (!metatype_has(info))
        return LUA_TNIL;
    state_push_ref(L, info->meta->metatable);
    lua_pushvalue(L, lua_upvalueindex(2));
    return lua_rawget(L, -2);
}

/* In such a metamethod of a binary operator (or a unary one, whose operand Lua gives twice) with the operands at 1 and
 * 2, of these types (NULL: a Lua value, which is asked for its metatable's): calls the left operand's, else the right
 * one's with both and returns 1, to be returned at once as above; 0: neither has one. [-0, +1, v] or [-0, +n, m] */
int metatype_operator(lua_State *L, const TypeInfo *left, const TypeInfo *right);

/* Pushes the metatype's __name if that is a string, with " *" for a pointer and " &" for a reference to such a type, and
 * returns true; or pushes nothing. [-0, +(0|1), m] */
bool metatype_push_given_name(lua_State *L, const TypeInfo *info);
/* Pushes what messages call a type, and returns it: its given name, else its C spelling. [-0, +1, m] */
const char *metatype_push_name(lua_State *L, const TypeInfo *info);

/* ffi.metatype(ct, metatable) -> ctype object. A Lua function. */
int metatype_set(lua_State *L);

#endif
