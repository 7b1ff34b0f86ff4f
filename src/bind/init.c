/* Initialisers: ffi.new's arguments and tables into a zeroed object, by LuaJIT's rules with two changes for nil: below
 * the largest integer key it is an element of an array of pointers, and one pointer is never replicated. */
#include <string.h>

#include "bind/bitfield.h"
#include "bind/convert.h"
#include "bind/relation.h"

static bool is_pointer_array(const CType *array)
{
    return array->u.element->kind == CTYPE_POINTER;
}

/* How many elements have room; without bytes, any number in an array of unknown length. */
static uint64_t count_elements(const CType *array, uint64_t nbytes)
{
    uint64_t element = array->u.element->size;
    if (element != 0)
        return nbytes / element;
    return ctype_is_open(array) ? UINT64_MAX : array->nelems;
}

_Noreturn static void raise_too_many(lua_State *L, const CType *type, uint64_t limit, uint64_t got, const Place *place)
{
    const char *spelling = error_push_type(L, type);
    error_raise(L, MESSAGE_TOO_MANY_INITIALISERS, spelling, (LUAI_UACINT)limit, (LUAI_UACINT)got,
                error_push_place(L, place));
}

/* A value into a zeroed place inside the object that is being made. */
static void initialise_part(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int index, const Place *place)
{
    bool is_aggregate = info->kind == VALUE_RECORD || info->kind == VALUE_ARRAY || info->kind == VALUE_VECTOR ||
                        info->kind == VALUE_COMPLEX;
    int type = lua_type(L, index);
    if (is_aggregate && (type == LUA_TTABLE || type == LUA_TSTRING))
        value_initialise(L, info, address, nbytes, index, 1, place);
    else
        value_store(L, info, address, index, place);
}

/* -- arrays and vectors -------------------------------------------------------------------------------------------- */

static void initialise_element(lua_State *L, TypeInfo *array, void *address, uint64_t position, int index)
{
    TypeInfo *element = typeinfo_element(array, L);
    uint64_t nbytes = element->type->size;
    Place place = {.kind = PLACE_ELEMENT, .index = (long long)position, .type = array->type};
    initialise_part(L, element, (char *)address + position * nbytes, nbytes, index, &place);
}

/* One element given for many: all are alike. Not for pointers, where it would hide a missing nil. */
static void replicate_first(TypeInfo *array, void *address, uint64_t nelems)
{
    size_t nbytes = (size_t)array->type->u.element->size;
    if (is_pointer_array(array->type) || nbytes == 0)
        return;
    for (uint64_t i = 1; i < nelems; i++)
        memcpy((char *)address + i * nbytes, address, nbytes);
}

static lua_Integer largest_key(lua_State *L, int table)
{
    lua_Integer largest = -1;
    lua_pushnil(L);
    while (lua_next(L, table) != 0) {
        if (lua_isinteger(L, -2) && lua_tointeger(L, -2) > largest)
            largest = lua_tointeger(L, -2);
        lua_pop(L, 1);
    }
    return largest;
}

/* Number of elements that a table gives from index `start` on: up to the first nil, or for pointers up to the largest
 * key. */
static uint64_t count_given(lua_State *L, int table, lua_Integer start, bool nil_counts)
{
    if (nil_counts) {
        lua_Integer largest = largest_key(L, table);
        return largest < start ? 0 : (uint64_t)(largest - start) + 1;
    }
    uint64_t count = 0;
    while (lua_rawgeti(L, table, start + (lua_Integer)count) != LUA_TNIL) {
        lua_pop(L, 1);
        count++;
    }
    lua_pop(L, 1);
    return count;
}

static lua_Integer first_index(lua_State *L, int table)
{
    bool from_zero = lua_rawgeti(L, table, 0) != LUA_TNIL;
    lua_pop(L, 1);
    return from_zero ? 0 : 1;
}

static void initialise_array_from_table(lua_State *L, TypeInfo *info, void *address, uint64_t nelems, int table,
                                        const Place *place)
{
    lua_Integer start = first_index(L, table);
    uint64_t given = count_given(L, table, start, is_pointer_array(info->type));
    if (given > nelems)
        raise_too_many(L, info->type, nelems, given, place);
    for (uint64_t i = 0; i < given; i++) {
        lua_rawgeti(L, table, start + (lua_Integer)i);
        initialise_element(L, info, address, i, lua_gettop(L));
        lua_pop(L, 1);
    }
    if (given == 1 && !ctype_is_open(info->type))
        replicate_first(info, address, nelems);
}

static bool is_byte_array(const CType *array)
{
    return array->kind == CTYPE_ARRAY && typeinfo_is_byte(array->u.element);
}

static void initialise_array(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int first, int count,
                             const Place *place)
{
    uint64_t nelems = count_elements(info->type, nbytes);
    if (count == 1 && lua_type(L, first) == LUA_TTABLE) {
        initialise_array_from_table(L, info, address, nelems, first, place);
        return;
    }
    if (count == 1 && lua_type(L, first) == LUA_TSTRING && is_byte_array(info->type)) {
        size_t length;
        const char *text = lua_tolstring(L, first, &length);
        memcpy(address, text, length + 1 < nbytes ? length + 1 : (size_t)nbytes);
        return;
    }
    if ((uint64_t)count > nelems)
        raise_too_many(L, info->type, nelems, (uint64_t)count, place);
    for (int i = 0; i < count; i++)
        initialise_element(L, info, address, (uint64_t)i, first + i);
    if (count == 1)
        replicate_first(info, address, nelems);
}

/* -- structs and unions -------------------------------------------------------------------------------------------- */

/* Where the members' values come from: stack indices next..last, a table's positions from `next` on, or a table's
 * names. */
typedef struct Source {
    int table; /* stack index, 0: values on the stack */
    bool by_name;
    lua_Integer first;
    lua_Integer next; /* beyond last when the positions are used up */
    lua_Integer last; /* of a table UNKNOWN_KEY before it is asked for */
} Source;

enum { UNKNOWN_KEY = -2 };

static bool push_named(lua_State *L, const Source *source, const CMember *member)
{
    lua_pushstring(L, member->name);
    if (lua_rawget(L, source->table) != LUA_TNIL)
        return true;
    lua_pop(L, 1);
    return false;
}

/* A nil below the largest integer key is the value of a pointer; for another member it ends the positions, and as the
 * first of them it says that the table gives names. */
static bool push_positioned(lua_State *L, Source *source, const CMember *member)
{
    if (lua_rawgeti(L, source->table, source->next) != LUA_TNIL) {
        source->next++;
        return true;
    }
    if (source->last == UNKNOWN_KEY)
        source->last = largest_key(L, source->table);
    if (member->type->kind == CTYPE_POINTER && source->next < source->last) {
        source->next++;
        return true;
    }
    lua_pop(L, 1);
    source->by_name = source->next == source->first;
    source->last = -1;
    return source->by_name && push_named(L, source, member);
}

/* Pushes the value for a member, or nothing when there is none. */
static bool push_given(lua_State *L, Source *source, const CMember *member)
{
    if (source->by_name)
        return push_named(L, source, member);
    if (source->next > source->last && source->last != UNKNOWN_KEY)
        return false;
    if (source->table != 0)
        return push_positioned(L, source, member);
    lua_pushvalue(L, (int)source->next++);
    return true;
}

static void initialise_member(lua_State *L, TypeInfo *record, const CMember *member, void *address, uint64_t nbytes)
{
    FfiState *S = record->state;
    TypeInfo *info = typeinfo_of(S, L, member->type);
    Place place = {.kind = PLACE_FIELD, .name = member->name, .type = record->type};
    if (member->is_bitfield) {
        Field field = {.info = info, .member = member};
        bitfield_store(L, &field, address, lua_gettop(L), &place);
        return;
    }
    initialise_part(L, info, address, ctype_is_open(member->type) ? nbytes : member->type->size, lua_gettop(L), &place);
}

/* True when a union has got its one member. */
static bool initialise_members(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, Source *source)
{
    const CRecord *record = info->type->u.record;
    bool any = false;
    for (uint32_t i = 0; i < record->nmembers && !(any && record->is_union); i++) {
        const CMember *member = &record->members[i];
        char *place = (char *)address + member->offset;
        uint64_t rest = nbytes >= member->offset ? nbytes - member->offset : 0;
        if (member->name == NULL) {
            if (!member->is_bitfield && member->type->kind == CTYPE_RECORD)
                any |= initialise_members(L, typeinfo_of(info->state, L, member->type), place, rest, source);
            continue;
        }
        if (push_given(L, source, member)) {
            initialise_member(L, info, member, place, rest);
            lua_pop(L, 1);
            any = true;
        }
    }
    return any;
}

static void initialise_record(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int first, int count,
                              const Place *place)
{
    Source source = {.next = first, .last = first + count - 1};
    if (count == 1 && lua_type(L, first) == LUA_TTABLE) {
        source.table = first;
        source.first = source.next = first_index(L, first);
        source.last = UNKNOWN_KEY;
    }
    initialise_members(L, info, address, nbytes, &source);
    /* what a table has too many of is ignored, as LuaJIT documents it */
    if (source.table == 0 && source.next <= source.last)
        raise_too_many(L, info->type, (uint64_t)(source.next - first), (uint64_t)count, place);
}

/* -- all ----------------------------------------------------------------------------------------------------------- */

/* { re, im }; one part given in a table is both, as an array's element is */
static void initialise_complex(lua_State *L, TypeInfo *info, void *address, int first, int count, const Place *place)
{
    if (count == 1 && lua_type(L, first) != LUA_TTABLE) {
        value_store(L, info, address, first, place);
        return;
    }
    TypeInfo *part = typeinfo_element(info, L);
    lua_Integer start = count == 1 ? first_index(L, first) : 0;
    uint64_t given = count == 1 ? count_given(L, first, start, false) : (uint64_t)count;
    if (given > 2)
        raise_too_many(L, info->type, 2, given, place);
    for (uint64_t i = 0; i < given; i++) {
        if (count == 1)
            lua_rawgeti(L, first, start + (lua_Integer)i);
        else
            lua_pushvalue(L, first + (int)i);
        value_store(L, part, (char *)address + i * part->type->size, lua_gettop(L), place);
        lua_pop(L, 1);
    }
    if (given == 1)
        memcpy((char *)address + part->type->size, address, (size_t)part->type->size);
}

static bool is_copied(const CType *target, const CType *source)
{
    return target->main == source->main || (target->kind == CTYPE_VECTOR && relation_copies(target, source));
}

/* An object of the same type is copied; a variable-length one as far as both go. */
static bool copy_construct(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int index)
{
    Cdata *cdata = cdata_to(L, index);
    if (cdata == NULL || !is_copied(info->type, cdata->info->type))
        return false;
    uint64_t source_nbytes = cdata_nbytes(cdata);
    if (source_nbytes == CTYPE_SIZE_UNKNOWN)
        source_nbytes = info->type->size; /* of a record its fixed part */
    if (source_nbytes == CTYPE_SIZE_UNKNOWN)
        return false;
    memcpy(address, cdata_address(cdata), (size_t)(source_nbytes < nbytes ? source_nbytes : nbytes));
    return true;
}

void value_initialise(lua_State *L, TypeInfo *info, void *address, uint64_t nbytes, int first, int count,
                      const Place *place)
{
    if (count == 0)
        return;
    luaL_checkstack(L, 16, "initialiser nested too deeply");
    if (count == 1 && copy_construct(L, info, address, nbytes, first))
        return;
    switch ((ValueKind)info->kind) {
    case VALUE_ARRAY:
    case VALUE_VECTOR: initialise_array(L, info, address, nbytes, first, count, place); break;
    case VALUE_RECORD: initialise_record(L, info, address, nbytes, first, count, place); break;
    case VALUE_COMPLEX: initialise_complex(L, info, address, first, count, place); break;
    default:
        if (count > 1)
            raise_too_many(L, info->type, 1, (uint64_t)count, place);
        value_store(L, info, address, first, place);
        break;
    }
}
