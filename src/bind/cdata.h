/* C objects as Lua userdata. The payload is a header of 16 bytes and then, by the header's flags, the value itself or
 * its address. A cdata that points into memory of another Lua object (a view, a derived pointer), or into what another
 * cdata finalises, has that object as its user value; owned values have none, which is the cheapest userdata and keeps
 * the value 16-aligned. */
#ifndef AIRLOCK_BIND_CDATA_H
#define AIRLOCK_BIND_CDATA_H

#include "bind/state.h"
#include "bind/typeinfo.h"

enum {
    CDATA_INDIRECT = 1,   /* the value is elsewhere: CdataIndirect */
    CDATA_SIZED = 2,      /* CdataIndirect.nbytes is the object's size (variable-length and over-aligned objects) */
    CDATA_UNCHECKED = 4,  /* array view whose index is not checked (a record's last member) */
    CDATA_ANCHORED = 8,   /* it has a user value: the object whose memory it points into */
    CDATA_FINALISED = 16, /* it has an entry in S->ref_finalizers: ffi.gc gave it a finaliser (finalizer.h) */
    CDATA_COLLECTED = 32, /* Lua's own collector finalises it, for its metatype has a __gc (finalizer.h) */
    CDATA_FLAGS = 63
};

typedef struct Cdata {
    uint64_t stamp; /* cdata_cookie ^ address of info ^ flags */
    TypeInfo *info;
} Cdata;

typedef struct CdataIndirect {
    Cdata header;
    void *address;
    uint64_t nbytes; /* when CDATA_SIZED */
} CdataIndirect;

_Static_assert(sizeof(Cdata) == 16, "the value behind the header stays 16-aligned");
_Static_assert(sizeof(CdataIndirect) == 32, "the value behind a sized header stays 16-aligned");

/* Stamps our userdata so that no other's bytes pass for them: random, made once when the library is loaded; the bits of
 * the flags are 0. One for all states, for none sees another's userdata. */
extern __attribute__((visibility("hidden"))) uint64_t cdata_cookie;

static inline unsigned cdata_flags(const Cdata *cdata)
{
    return (unsigned)(cdata->stamp ^ cdata_cookie ^ (uintptr_t)cdata->info) & CDATA_FLAGS;
}

static inline void *cdata_address(Cdata *cdata)
{
    return cdata_flags(cdata) & CDATA_INDIRECT ? ((CdataIndirect *)(void *)cdata)->address : (void *)(cdata + 1);
}

/* The cdata at `index`, or NULL when it is something else. [-0, +0, -] */
static inline Cdata *cdata_to(lua_State *L, int index)
{
    Cdata *cdata = lua_touserdata(L, index);
    if (cdata == NULL || lua_rawlen(L, index) < sizeof(Cdata)) /* 0 for light userdata */
        return NULL;
    return ((cdata->stamp ^ cdata_cookie ^ (uintptr_t)cdata->info) & ~(uint64_t)CDATA_FLAGS) == 0 ? cdata : NULL;
}

/* The address that a POINTER or REFERENCE cdata holds. */
static inline void *cdata_pointer(Cdata *cdata)
{
    return *(void **)cdata_address(cdata);
}

/* Gives the new cdata on top its metatable. [-0, +0, -] */
static inline void cdata_set_metatable(lua_State *L, const TypeInfo *info)
{
    state_push_ref(L, info->state->ref_cdata_meta);
    lua_setmetatable(L, -2);
}

/* New object of a type of nbytes, aligned to 16 at most, with its value unset and without its metatable, which must
 * follow; returns the value's address. [-0, +1, m] */
static inline void *cdata_push_bare(lua_State *L, TypeInfo *info, size_t nbytes)
{
    Cdata *cdata = lua_newuserdatauv(L, sizeof *cdata + nbytes, 0);
    cdata->stamp = cdata_cookie ^ (uintptr_t)info;
    cdata->info = info;
    return cdata + 1;
}

/* New object of a complete type with its value unset; returns the value's address. [-0, +1, m] */
void *cdata_push_new(lua_State *L, TypeInfo *info);
/* New variable-length object of nbytes, zeroed; returns the value's address. [-0, +1, m] */
void *cdata_push_new_sized(lua_State *L, TypeInfo *info, uint64_t nbytes);
/* New object of a type that is the object at `address`; owner: stack index of the Lua value whose memory that is, 0 for
 * C's. Any value will do: what has no memory of its own (nil, numbers, pointers read from C) keeps nothing alive.
 * [-0, +1, m] */
void cdata_push_view(lua_State *L, TypeInfo *info, void *address, int owner, unsigned flags);
/* The same where the owner, at stack index `owner`, is this cdata. [-0, +1, m] */
void cdata_push_view_from(lua_State *L, TypeInfo *info, void *address, const Cdata *cdata, int owner, unsigned flags);
/* Pointer object with this value (never nil); owner as above. [-0, +1, m] */
void cdata_push_pointer(lua_State *L, TypeInfo *info, const void *value, int owner);
/* Pointer object with this value, an address inside the object that the cdata at `index` is: keeps that alive, also when
 * it is a pointer itself. [-0, +1, m] */
void cdata_push_address(lua_State *L, TypeInfo *info, const void *value, int index);
/* cdata_push_pointer where the owner, at stack index `owner`, is this cdata. [-0, +1, m] */
void cdata_push_pointer_from(lua_State *L, TypeInfo *info, const void *value, const Cdata *cdata, int owner);
/* New pointer object of NULL that Lua finalises, in the metatable of that registry reference (finalizer.h), with room for
 * `nbytes` of its maker's behind the value and one user value. [-0, +1, m] */
Cdata *cdata_push_collected_pointer(lua_State *L, TypeInfo *info, size_t nbytes, int metatable);
/* Like cdata_push_pointer, but NULL is nil. [-0, +1, m] */
void cdata_push_pointer_or_nil(lua_State *L, TypeInfo *info, const void *value, int owner);

/* The address that a cdata stands for where a pointer is wanted, and the type of what is there: what a pointer or
 * reference points to, an array's first element, a record, vector or complex number itself. False: it has none. */
bool cdata_points_to(Cdata *cdata, void **address, const CType **pointee);

/* Number of bytes that the object is known to have, or CTYPE_SIZE_UNKNOWN (unchecked arrays, incomplete types). */
uint64_t cdata_nbytes(Cdata *cdata);
/* The same without the padding behind a variable-length object's array. */
uint64_t cdata_content_nbytes(Cdata *cdata);
/* Number of elements of an ARRAY or VECTOR cdata, or CTYPE_SIZE_UNKNOWN when unknown. */
uint64_t cdata_nelems(Cdata *cdata);

#endif
