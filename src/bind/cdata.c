#include "bind/cdata.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "bind/errors.h"

uint64_t cdata_cookie;

__attribute__((constructor)) static void make_cookie(void)
{
    uint64_t cookie;
    if (getrandom(&cookie, sizeof cookie, GRND_NONBLOCK) != (ssize_t)sizeof cookie)
        cookie = (uint64_t)(uintptr_t)&cookie * 0x9e3779b97f4a7c15u ^ (uint64_t)clock();
    cdata_cookie = cookie & ~(uint64_t)CDATA_FLAGS;
}

static uint64_t stamp_of(const TypeInfo *info, unsigned flags)
{
    return cdata_cookie ^ (uintptr_t)info ^ flags;
}

/* Objects whose size is not the type's, or whose alignment is beyond the 16 bytes that a userdata gives: the header
 * says where the value begins inside the same userdata. */
static void *push_sized(lua_State *L, TypeInfo *info, uint64_t nbytes)
{
    uint32_t align = info->type->align > 16 ? info->type->align : 16;
    if (nbytes > PTRDIFF_MAX - sizeof(CdataIndirect) - align)
        error_raise(L, MESSAGE_TOO_LARGE, error_push_type(L, info->type));
    CdataIndirect *cdata = lua_newuserdatauv(L, sizeof *cdata + (size_t)nbytes + align - 16, 0);
    uintptr_t start = ((uintptr_t)(cdata + 1) + align - 1) & ~(uintptr_t)(align - 1);
    cdata->header.stamp = stamp_of(info, CDATA_INDIRECT | CDATA_SIZED);
    cdata->header.info = info;
    cdata->address = (void *)start;
    cdata->nbytes = nbytes;
    cdata_set_metatable(L, info);
    return cdata->address;
}

void *cdata_push_new(lua_State *L, TypeInfo *info)
{
    const CType *type = info->type;
    if (type->align > 16 || type->size > PTRDIFF_MAX - 64)
        return push_sized(L, info, type->size);
    void *value = cdata_push_bare(L, info, (size_t)type->size);
    cdata_set_metatable(L, info);
    return value;
}

void *cdata_push_new_sized(lua_State *L, TypeInfo *info, uint64_t nbytes)
{
    void *value = push_sized(L, info, nbytes);
    memset(value, 0, (size_t)nbytes);
    return value;
}

/* Whether a Lua value that is no cdata can have memory that an address points into. */
static bool has_memory(lua_State *L, int index)
{
    int type = lua_type(L, index);
    return type == LUA_TSTRING || type == LUA_TUSERDATA || type == LUA_TFUNCTION;
}

/* What keeps the memory alive that the value at `owner` points into or is. */
typedef enum Anchor {
    ANCHOR_NONE,  /* that memory is C's and no finaliser frees it */
    ANCHOR_VALUE, /* the value itself */
    ANCHOR_OWNER  /* what the value hangs on */
} Anchor;

static inline Anchor anchor_of_cdata(const Cdata *cdata)
{
    unsigned flags = cdata_flags(cdata);
    if (flags & (CDATA_FINALISED | CDATA_COLLECTED))
        return ANCHOR_VALUE;
    if (flags & CDATA_ANCHORED)
        return ANCHOR_OWNER;
    bool is_elsewhere = cdata->info->is_pointer || (flags & (CDATA_INDIRECT | CDATA_SIZED)) == CDATA_INDIRECT;
    return is_elsewhere ? ANCHOR_NONE : ANCHOR_VALUE;
}

static Anchor anchor_of(lua_State *L, int owner)
{
    const Cdata *cdata = cdata_to(L, owner);
    if (cdata == NULL)
        return has_memory(L, owner) ? ANCHOR_VALUE : ANCHOR_NONE;
    return anchor_of_cdata(cdata);
}

/* New userdata for a header and a pointer, hung on this anchor of the value at `owner`. */
ALWAYS_INLINE Cdata *push_hung(lua_State *L, TypeInfo *info, Anchor anchor, int owner, unsigned flags)
{
    bool is_from_top = owner < 0 && owner > LUA_REGISTRYINDEX; /* an upvalue's index is below that */
    int from = is_from_top ? owner - 1 : owner;                /* once the new one is on top */
    Cdata *cdata = lua_newuserdatauv(L, sizeof *cdata + sizeof(void *), anchor != ANCHOR_NONE);
    cdata->stamp = stamp_of(info, flags | (anchor != ANCHOR_NONE ? CDATA_ANCHORED : 0));
    cdata->info = info;
    if (anchor != ANCHOR_NONE) {
        if (anchor == ANCHOR_OWNER)
            lua_getiuservalue(L, from, 1);
        else
            lua_pushvalue(L, from);
        lua_setiuservalue(L, -2, 1);
    }
    cdata_set_metatable(L, info);
    return cdata;
}

static Cdata *push_reference(lua_State *L, TypeInfo *info, int owner, unsigned flags)
{
    Anchor anchor = owner != 0 ? anchor_of(L, owner) : ANCHOR_NONE;
    return push_hung(L, info, anchor, owner, flags);
}

void cdata_push_view(lua_State *L, TypeInfo *info, void *address, int owner, unsigned flags)
{
    Cdata *cdata = push_reference(L, info, owner, CDATA_INDIRECT | flags);
    memcpy(cdata + 1, &address, sizeof address);
}

void cdata_push_view_from(lua_State *L, TypeInfo *info, void *address, const Cdata *cdata, int owner, unsigned flags)
{
    Cdata *view = push_hung(L, info, anchor_of_cdata(cdata), owner, CDATA_INDIRECT | flags);
    memcpy(view + 1, &address, sizeof address);
}

void cdata_push_pointer(lua_State *L, TypeInfo *info, const void *value, int owner)
{
    Cdata *cdata = push_reference(L, info, owner, 0);
    memcpy(cdata + 1, &value, sizeof value);
}

void cdata_push_pointer_from(lua_State *L, TypeInfo *info, const void *value, const Cdata *cdata, int owner)
{
    Cdata *pointer = push_hung(L, info, anchor_of_cdata(cdata), owner, 0);
    memcpy(pointer + 1, &value, sizeof value);
}

void cdata_push_address(lua_State *L, TypeInfo *info, const void *value, int index)
{
    bool is_elsewhere = (cdata_flags(cdata_to(L, index)) & (CDATA_INDIRECT | CDATA_SIZED)) == CDATA_INDIRECT;
    Anchor anchor = is_elsewhere ? anchor_of(L, index) : ANCHOR_VALUE;
    Cdata *cdata = push_hung(L, info, anchor, index, 0);
    memcpy(cdata + 1, &value, sizeof value);
}

Cdata *cdata_push_collected_pointer(lua_State *L, TypeInfo *info, size_t nbytes, int metatable)
{
    size_t nbytes_all = sizeof(uintptr_t) + nbytes; /* the pointer's value, and what comes behind */
    Cdata *cdata = lua_newuserdatauv(L, sizeof *cdata + nbytes_all, 1);
    memset(cdata + 1, 0, nbytes_all);
    cdata->stamp = stamp_of(info, CDATA_COLLECTED);
    cdata->info = info;
    state_push_ref(L, metatable);
    lua_setmetatable(L, -2);
    return cdata;
}

void cdata_push_pointer_or_nil(lua_State *L, TypeInfo *info, const void *value, int owner)
{
    if (value == NULL)
        lua_pushnil(L);
    else
        cdata_push_pointer(L, info, value, owner);
}

uint64_t cdata_nbytes(Cdata *cdata)
{
    unsigned flags = cdata_flags(cdata);
    if (flags & CDATA_SIZED)
        return ((CdataIndirect *)(void *)cdata)->nbytes;
    if (flags & CDATA_UNCHECKED || cdata->info->type->is_vla)
        return CTYPE_SIZE_UNKNOWN;
    return cdata->info->type->size;
}

uint64_t cdata_content_nbytes(Cdata *cdata)
{
    const CType *type = cdata->info->type;
    uint64_t nbytes = cdata_nbytes(cdata);
    return nbytes != CTYPE_SIZE_UNKNOWN && type->is_vla ? nbytes - ctype_vla_padding(type) : nbytes;
}

uint64_t cdata_nelems(Cdata *cdata)
{
    const CType *type = cdata->info->type;
    if (type->kind == CTYPE_VECTOR)
        return type->nelems;
    if (type->is_vla && cdata_flags(cdata) & CDATA_SIZED) {
        uint64_t element = type->u.element->size;
        return element == 0 ? CTYPE_SIZE_UNKNOWN : cdata_nbytes(cdata) / element;
    }
    if (cdata_flags(cdata) & CDATA_UNCHECKED || !ctype_is_complete(type))
        return CTYPE_SIZE_UNKNOWN;
    return type->nelems;
}

bool cdata_points_to(Cdata *cdata, void **address, const CType **pointee)
{
    const CType *type = cdata->info->type;
    switch ((ValueKind)cdata->info->kind) {
    case VALUE_POINTER:
    case VALUE_REFERENCE:
        *address = cdata_pointer(cdata);
        *pointee = type->u.element;
        return true;
    case VALUE_ARRAY:
        *address = cdata_address(cdata);
        *pointee = type->u.element;
        return true;
    case VALUE_RECORD:
    case VALUE_VECTOR:
    case VALUE_COMPLEX:
    case VALUE_DECIMAL:
        *address = cdata_address(cdata);
        *pointee = type;
        return true;
    default: return false;
    }
}
