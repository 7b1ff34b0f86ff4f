#include "bind/totable.h"

#include <limits.h>

#include "bind/bitfield.h"
#include "bind/convert.h"

/* The value that is made a table of; stack index 1 keeps its memory alive. */
typedef struct Walk {
    FfiState *S;
    lua_State *L;
    bool is_recursive;
    char *end;        /* behind an object of known size, whose last array has no length of its own; NULL: unknown */
    uint64_t *nempty; /* elements so far of a type without bytes, of which memory sets no bound */
} Walk;

enum { NEMPTY_MAX = 1 << 20 };

static void push_record(const Walk *walk, const CRecord *record, char *start);

static void push_elements(const Walk *walk, TypeInfo *element, char *start, uint64_t count);

static void push_complex(const Walk *walk, TypeInfo *info, char *address)
{
    TypeInfo *part = typeinfo_element(info, walk->L);
    lua_createtable(walk->L, 0, 2);
    value_push(walk->L, part, address, 0, 0);
    lua_setfield(walk->L, -2, "re");
    value_push(walk->L, part, address + part->type->size, 0, 0);
    lua_setfield(walk->L, -2, "im");
}

/* The table of an aggregate, or nothing and false: it is none, or of unknown length. */
static bool push_table(const Walk *walk, TypeInfo *info, char *address)
{
    uint64_t count;
    luaL_checkstack(walk->L, 8, NULL);
    switch ((ValueKind)info->kind) {
    case VALUE_RECORD:
        if (!info->type->u.record->is_complete)
            return false;
        lua_createtable(walk->L, 0, (int)(info->type->u.record->nmembers & 0xffff));
        push_record(walk, info->type->u.record, address);
        return true;
    case VALUE_ARRAY:
        if (!typeinfo_array_length(info->type, address, walk->end, &count))
            return false;
        push_elements(walk, typeinfo_element(info, walk->L), address, count);
        return true;
    case VALUE_VECTOR: push_elements(walk, typeinfo_element(info, walk->L), address, info->type->nelems); return true;
    case VALUE_COMPLEX: push_complex(walk, info, address); return true;
    default: return false;
    }
}

static void push_item(const Walk *walk, TypeInfo *info, char *address)
{
    if (walk->is_recursive && push_table(walk, info, address))
        return;
    bool is_open = info->kind == VALUE_ARRAY && ctype_is_open(info->type);
    if (walk->is_recursive && is_open)
        lua_pushnil(walk->L);
    else
        value_push(walk->L, info, address, 1, is_open ? CDATA_UNCHECKED : 0);
}

static void count_empty(const Walk *walk, TypeInfo *element, uint64_t count)
{
    if (element->type->size > 0)
        return;
    *walk->nempty += count;
    if (count > NEMPTY_MAX || *walk->nempty > NEMPTY_MAX)
        error_raise(walk->L, MESSAGE_EMPTY_ELEMENTS, NEMPTY_MAX, error_push_type(walk->L, element->type));
}

static void push_elements(const Walk *walk, TypeInfo *element, char *start, uint64_t count)
{
    count_empty(walk, element, count);
    lua_createtable(walk->L, count < INT_MAX / 64 ? (int)count : INT_MAX / 64, 0);
    for (uint64_t i = 0; i < count; i++) {
        push_item(walk, element, start + i * element->type->size);
        lua_rawseti(walk->L, -2, (lua_Integer)i + 1);
    }
}

/* Adds the members, those of unnamed records too, to the table on top. */
static void push_record(const Walk *walk, const CRecord *record, char *start)
{
    for (uint32_t i = 0; i < record->nmembers; i++) {
        const CMember *member = &record->members[i];
        char *address = start + member->offset;
        if (member->name == NULL) {
            if (member->type->kind == CTYPE_RECORD && !member->is_bitfield)
                push_record(walk, member->type->u.record, address);
            continue;
        }
        Field field = {.info = typeinfo_of(walk->S, walk->L, member->type), .member = member};
        if (member->is_bitfield)
            bitfield_push(walk->L, &field, address);
        else
            push_item(walk, field.info, address);
        lua_setfield(walk->L, -2, member->name);
    }
}

/* -- ffi.totable --------------------------------------------------------------------------------------------------- */

/* The count at 2, which must not go beyond what is known to be there. */
static uint64_t check_count(FfiState *S, lua_State *L, const CType *type, uint64_t known)
{
    int64_t count;
    if (!number_to_integer(S, L, 2, &count) || count < 0)
        error_argument(L, 2, "ffi.totable", "number of elements");
    if ((uint64_t)count > known)
        error_raise(L, MESSAGE_ELEMENTS, error_push_type(L, type), (LUAI_UACINT)known, (LUAI_UACINT)count);
    return (uint64_t)count;
}

static void push_of_pointer(const Walk *walk, Cdata *cdata)
{
    lua_State *L = walk->L;
    TypeInfo *info = cdata->info;
    TypeInfo *element = typeinfo_element(info, L);
    char *start = cdata_pointer(cdata);
    bool is_one = lua_isnil(L, 2) && (info->record != NULL || info->kind == VALUE_REFERENCE);
    uint64_t count = is_one ? 1 : check_count(walk->S, L, info->type, INT64_MAX);
    if (!ctype_is_complete(element->type))
        error_no_elements(L, info->type);
    if (start == NULL && count > 0)
        error_raise(L, MESSAGE_NULL_POINTER, error_push_type(L, info->type));
    if (!is_one)
        push_elements(walk, element, start, count);
    else if (!push_table(walk, element, start))
        error_raise(L, MESSAGE_NO_TABLE, error_push_type(L, info->type));
}

static void push_of_object(Walk *walk, Cdata *cdata)
{
    lua_State *L = walk->L;
    TypeInfo *info = cdata->info;
    char *start = cdata_address(cdata);
    uint64_t nbytes = cdata_content_nbytes(cdata);
    bool has_count = !lua_isnil(L, 2);
    walk->end = nbytes != CTYPE_SIZE_UNKNOWN ? start + nbytes : NULL;
    if (info->kind == VALUE_ARRAY && (has_count || cdata_nelems(cdata) == CTYPE_SIZE_UNKNOWN)) {
        uint64_t count = check_count(walk->S, L, info->type, cdata_nelems(cdata));
        push_elements(walk, typeinfo_element(info, L), start, count);
        return;
    }
    if (info->kind == VALUE_VECTOR && has_count) {
        uint64_t count = check_count(walk->S, L, info->type, info->type->nelems);
        push_elements(walk, typeinfo_element(info, L), start, count);
        return;
    }
    if (has_count)
        error_argument(L, 2, "ffi.totable", "boolean");
    if (!push_table(walk, info, start))
        error_raise(L, MESSAGE_NO_TABLE, error_push_type(L, info->type));
}

int totable_lua(lua_State *L)
{
    FfiState *S = state_of(L);
    Cdata *cdata = cdata_to(L, 1);
    if (cdata == NULL)
        error_argument(L, 1, "ffi.totable", "cdata");
    lua_settop(L, 3);
    if (lua_isboolean(L, 2) && lua_isnil(L, 3)) {
        lua_pushnil(L);
        lua_insert(L, 2);
    }
    uint64_t nempty = 0;
    Walk walk = {.S = S, .L = L, .is_recursive = lua_toboolean(L, 3), .nempty = &nempty};
    if (cdata->info->is_pointer)
        push_of_pointer(&walk, cdata);
    else
        push_of_object(&walk, cdata);
    return 1;
}
