#include "bind/object.h"

#include <string.h>

#include "bind/convert.h"
#include "bind/ctypeobj.h"
#include "bind/finalizer.h"
#include "bind/metatype.h"
#include "bind/pointer.h"

uint64_t object_check_nbytes(FfiState *S, lua_State *L, const CType *type, int index)
{
    int64_t count;
    uint64_t nbytes;
    if (type->kind == CTYPE_ARRAY && lua_isinteger(L, index) && type->u.element->size <= INT32_MAX) {
        count = lua_tointegerx(L, index, NULL);
        if (count >= 0 && count <= INT32_MAX) /* so nothing overflows */
            return (uint64_t)count * type->u.element->size;
    }
    if (!number_to_integer(S, L, index, &count) || count < 0) {
        const char *got = lua_isinteger(L, index) ? lua_pushfstring(L, "%I", (LUAI_UACINT)lua_tointeger(L, index))
                                                  : error_push_value(L, index);
        error_raise(L, MESSAGE_VLA_COUNT, error_push_type(L, type), got);
    }
    if (!ctype_vla_nbytes(type, (uint64_t)count, &nbytes))
        error_raise(L, MESSAGE_VLA_SIZE, (LUAI_UACINT)count, error_push_type(L, type));
    return nbytes;
}

/* -- any type ------------------------------------------------------------------------------------------------------ */

static void push_new_pointer(lua_State *L, TypeInfo *info, int first, int count, const Place *place)
{
    if (count == 0) {
        cdata_push_pointer(L, info, NULL, 0);
        return;
    }
    if (count > 1)
        error_raise(L, MESSAGE_TOO_MANY_INITIALISERS, error_push_type(L, info->type), (LUAI_UACINT)1,
                    (LUAI_UACINT)count, error_push_place(L, place));
    cdata_push_pointer_or_nil(L, info, pointer_of(L, info, first, place), first);
}

/* Makes an object of any type with the `count` initialisers at stack index `first` and up. [-0, +1, v] */
NOINLINE static void push_any_object(lua_State *L, TypeInfo *info, int first, int count)
{
    CType *type = info->type;
    Place place = {.kind = PLACE_INITIALISER, .type = type};
    uint64_t nbytes = type->size;
    if (info->kind == VALUE_POINTER) {
        push_new_pointer(L, info, first, count, &place);
        return;
    }
    if (info->kind == VALUE_VOID || info->kind == VALUE_FUNCTION || info->kind == VALUE_REFERENCE)
        error_raise(L, MESSAGE_NOT_AN_OBJECT_TYPE, error_push_type(L, type));
    if (!type->is_vla && !ctype_is_complete(type))
        error_raise(L, MESSAGE_INCOMPLETE, error_push_type(L, type));
    void *address;
    if (type->is_vla) {
        nbytes = object_check_nbytes(info->state, L, type, count > 0 ? first : lua_gettop(L) + 1);
        first++;
        count--;
        address = cdata_push_new_sized(L, info, nbytes);
        if (type->kind == CTYPE_RECORD)
            nbytes -= ctype_vla_padding(type);
    } else {
        address = cdata_push_new(L, info);
        memset(address, 0, (size_t)nbytes);
    }
    if (count > 0)
        value_initialise(L, info, address, nbytes, first, count, &place);
    if (info->kind == VALUE_RECORD && !type->is_vla && type->align <= 16 && type->size <= INT32_MAX)
        (void)typeinfo_parts(info, L);
}

/* -- structs from plain numbers ------------------------------------------------------------------------------------ */

/* Plain numbers at stack index `first` and up for `count` parts of a struct. False: not all are such, and what is stored
 * by then will be stored again. */
ALWAYS_INLINE bool initialise_numbers(lua_State *L, const Part *part, char *address, int first, int count)
{
    for (int i = first; i < first + count; i++, part++) {
        if (lua_isinteger(L, i))
            (void)number_store_integer(part->kind, address + part->offset, lua_tointegerx(L, i, NULL));
        else if (!number_store_float(L, part->kind, address + part->offset, i))
            return false;
    }
    return true;
}

NOINLINE static void initialise_struct(lua_State *L, TypeInfo *info, char *address, int first, int count)
{
    Place place = {.kind = PLACE_INITIALISER, .type = info->type};
    size_t nbytes = (size_t)info->type->size;
    memset(address, 0, nbytes);
    value_initialise(L, info, address, nbytes, first, count, &place);
}

/* push_any_object for a struct whose parts are known, without its metatable. [-0, +1, v] */
ALWAYS_INLINE Cdata *push_bare_struct(lua_State *L, TypeInfo *info, int first, int count)
{
    const Parts *parts = info->parts;
    char *address = cdata_push_bare(L, info, (size_t)parts->nbytes);
    int nparts = (int)parts->count;
    if (!parts->is_whole || count != nparts)
        memset(address, 0, (size_t)parts->nbytes);
    if (count > nparts || !initialise_numbers(L, parts->list, address, first, count))
        initialise_struct(L, info, address, first, count);
    return (Cdata *)(void *)address - 1;
}

/* -- with a metatype ----------------------------------------------------------------------------------------------- */

/* An object of a type that has a metatype, whose metatable is at stack index `metatable`. */
ALWAYS_INLINE int push_object_of_metatype(lua_State *L, TypeInfo *info, int first, int count, int metatable)
{
    state_push_ref(L, info->state->ref_gc_event);
    bool is_collected = !info->is_pointer && lua_rawget(L, metatable) != LUA_TNIL;
    if (info->parts == NULL) {
        push_any_object(L, info, first, count);
        if (is_collected)
            finalizer_give(L, lua_touserdata(L, -1), -2);
        return 1;
    }
    Cdata *cdata = push_bare_struct(L, info, first, count);
    if (is_collected)
        finalizer_give(L, cdata, -2);
    else
        cdata_set_metatable(L, info);
    return 1;
}

NOINLINE static int push_other_object(lua_State *L, TypeInfo *info, int first, int count)
{
    if (metatype_has(info)) {
        state_push_ref(L, info->meta->metatable);
        return push_object_of_metatype(L, info, first, count, first + count);
    }
    push_any_object(L, info, first, count);
    return 1;
}

/* Whether it has parts and no metatype. */
static inline bool is_plain_struct(const TypeInfo *info)
{
    return info->parts != NULL && info->meta->metatable == 0;
}

ALWAYS_INLINE int push_plain_struct(lua_State *L, TypeInfo *info, int first)
{
    (void)push_bare_struct(L, info, first, lua_gettop(L) - first + 1);
    cdata_set_metatable(L, info);
    return 1;
}

/* -- for Lua ------------------------------------------------------------------------------------------------------- */

int object_new(lua_State *L)
{
    FfiState *S = state_of(L);
    TypeInfo *info = typeinfo_of(S, L, check_ctype(S, L, 1, "ffi.new"));
    return is_plain_struct(info) ? push_plain_struct(L, info, 2) : push_other_object(L, info, 2, lua_gettop(L) - 1);
}

NOINLINE static int call_other(lua_State *L, TypeInfo *info)
{
    int count = lua_gettop(L) - 1;
    if (info->is_pointer || !metatype_has(info))
        return push_other_object(L, info, 2, count);
    state_push_ref(L, info->meta->metatable);
    state_push_ref(L, info->state->ref_new_event);
    if (lua_rawget(L, count + 2) == LUA_TNIL)
        return push_object_of_metatype(L, info, 2, count, count + 2);
    lua_replace(L, count + 2);
    return metatype_call(L, LUA_MULTRET);
}

/* Of a ctype object: its metatable is nobody's but ours. */
int object_call(lua_State *L)
{
    CType *type = ctypeobj_self(L);
    TypeInfo *info = type->face != NULL ? type->face : typeinfo_make(state_of(L), L, type);
    return is_plain_struct(info) ? push_plain_struct(L, info, 2) : call_other(L, info);
}
