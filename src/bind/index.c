/* Access to what a cdata is: fields, elements, calls through function pointers; and the metamethods that a metatype alone
 * gives a meaning. Each access is tried in the quickest way first (a field known by its key's pointer, an integer index of
 * a known stride, the commonest kinds of value); what that leaves, errors too, goes through the functions that are out of
 * line. */
#include <string.h>

#include "bind/bitfield.h"
#include "bind/call.h"
#include "bind/callback.h"
#include "bind/convert.h"
#include "bind/ctypeobj.h"
#include "bind/finalizer.h"
#include "bind/metamethods.h"
#include "bind/metatype.h"

/* -- fields -------------------------------------------------------------------------------------------------------- */

_Noreturn static void raise_no_index(lua_State *L, const TypeInfo *info, int key)
{
    const char *type = metatype_push_name(L, info);
    const char *value =
        lua_type(L, key) == LUA_TSTRING ? lua_pushfstring(L, "'%s'", lua_tostring(L, key)) : error_push_value(L, key);
    error_raise(L, MESSAGE_NO_INDEX, type, value);
}

/* Where the record or the elements of a cdata begin; a pointer is followed, and may be NULL. */
static inline char *start_of(Cdata *cdata)
{
    char *start = cdata_address(cdata);
    return cdata->info->is_pointer ? *(char **)(void *)start : start;
}

/* The same for a field, which NULL has not. */
NOINLINE static char *record_start(lua_State *L, Cdata *cdata)
{
    char *start = start_of(cdata);
    if (start == NULL)
        error_raise(L, MESSAGE_NULL_POINTER, error_push_type(L, cdata->info->type));
    return start;
}

/* The commonest kinds of value; false: another one. */
static inline bool push_common(lua_State *L, ValueKind kind, const char *address)
{
    int32_t integer;
    double number;
    switch (kind) {
    case VALUE_U8: lua_pushinteger(L, *(const uint8_t *)address); return true;
    case VALUE_I32:
        memcpy(&integer, address, sizeof integer);
        lua_pushinteger(L, integer);
        return true;
    case VALUE_F64:
        memcpy(&number, address, sizeof number);
        lua_pushnumber(L, number);
        return true;
    default: return false;
    }
}

/* Stores the Lua number at 3 as one of the same kinds; false: it is another kind, or no such number. */
static inline bool store_common(lua_State *L, ValueKind kind, char *address)
{
    if (kind == VALUE_F64) {
        if (lua_type(L, 3) != LUA_TNUMBER)
            return false;
        double number = lua_tonumberx(L, 3, NULL);
        memcpy(address, &number, sizeof number);
        return true;
    }
    if ((kind != VALUE_U8 && kind != VALUE_I32) || !lua_isinteger(L, 3))
        return false;
    lua_Integer integer = lua_tointegerx(L, 3, NULL);
    memcpy(address, &integer, kind == VALUE_U8 ? 1 : sizeof(int32_t)); /* the low bytes come first */
    return true;
}

/* Of the record that the cdata at 1 is or points to. */
NOINLINE static int push_field(lua_State *L, const Cdata *cdata, const Field *field, char *start)
{
    char *address = start + field->offset;
    if (field->kind == VALUE_RECORD || field->kind == VALUE_ARRAY)
        cdata_push_view_from(L, field->info, address, cdata, 1, field->is_unchecked ? CDATA_UNCHECKED : 0);
    else if (field->kind == VALUE_BITFIELD)
        bitfield_push(L, field, address);
    else
        value_push(L, field->info, address, 1, 0);
    return 1;
}

NOINLINE static int store_field(lua_State *L, const TypeInfo *record, const Field *field, char *start)
{
    char *address = start + field->offset;
    if (!field->is_const && field->kind != VALUE_BITFIELD && number_store_lua(L, field->info, address, 3))
        return 0;
    Place place = {.kind = PLACE_FIELD, .name = lua_tostring(L, 2), .type = record->type};
    if (field->is_const)
        error_raise(L, MESSAGE_CONST_WRITE, error_push_place(L, &place));
    if (field->kind == VALUE_BITFIELD)
        bitfield_store(L, field, address, 3, &place);
    else
        value_assign(L, field->info, address, 3, &place);
    return 0;
}

/* complex.re and complex.im; NULL for other names. */
static char *complex_part(lua_State *L, Cdata *cdata)
{
    const char *name = lua_tostring(L, 2);
    char *start = cdata_address(cdata);
    if (strcmp(name, "re") == 0)
        return start;
    return strcmp(name, "im") == 0 ? start + cdata->info->type->size / 2 : NULL;
}

/* -- elements ------------------------------------------------------------------------------------------------------ */

static char *array_start(lua_State *L, Cdata *cdata, lua_Integer index)
{
    uint64_t nelems = cdata_nelems(cdata);
    if (nelems != CTYPE_SIZE_UNKNOWN && (uint64_t)index >= nelems)
        error_raise(L, MESSAGE_INDEX_RANGE, (LUAI_UACINT)index, error_push_type(L, cdata->info->type),
                    (LUAI_UACINT)nelems);
    return cdata_address(cdata);
}

static char *pointer_start(lua_State *L, Cdata *cdata, const TypeInfo *element)
{
    const CType *type = cdata->info->type;
    if (!ctype_is_complete(element->type))
        error_no_elements(L, type);
    char *start = cdata_pointer(cdata);
    if (start == NULL)
        error_raise(L, MESSAGE_NULL_POINTER, error_push_type(L, type));
    return start;
}

typedef struct Element {
    int64_t index;
    TypeInfo *info;
    char *address;
} Element;

/* The element that the key at 2 names; false: the key is no index of this. */
static bool find_element(FfiState *S, lua_State *L, Cdata *cdata, Element *element)
{
    TypeInfo *info = cdata->info;
    char *start = NULL;
    int64_t index;
    int64_t offset;
    if (!number_to_integer(S, L, 2, &index))
        return false;
    switch ((ValueKind)info->kind) {
    case VALUE_POINTER:
        element->info = typeinfo_element(info, L);
        start = pointer_start(L, cdata, element->info);
        break;
    case VALUE_ARRAY:
    case VALUE_VECTOR:
        element->info = typeinfo_element(info, L);
        start = array_start(L, cdata, index);
        break;
    case VALUE_COMPLEX:
        element->info = typeinfo_element(info, L);
        start = cdata_address(cdata);
        if (index != 0 && index != 1)
            error_raise(L, MESSAGE_INDEX_RANGE, (LUAI_UACINT)index, error_push_type(L, info->type), (LUAI_UACINT)2);
        break;
    default: return false;
    }
    if (__builtin_mul_overflow(index, (int64_t)element->info->type->size, &offset))
        error_raise(L, MESSAGE_INDEX_OVERFLOW, (LUAI_UACINT)index, error_push_type(L, info->type));
    element->index = index;
    element->address = (char *)((uintptr_t)start + (uintptr_t)offset);
    if (info->kind == VALUE_POINTER || info->kind == VALUE_ARRAY)
        typeinfo_set_stride(info);
    return true;
}

/* The address of the same for a Lua integer and an array or pointer whose stride is known, inside of what is known of
 * its size; NULL: all else is find_element's, errors too. */
static inline char *quick_element(lua_State *L, Cdata *cdata)
{
    const TypeInfo *info = cdata->info;
    unsigned flags = cdata_flags(cdata);
    if (info->stride == 0 || !lua_isinteger(L, 2))
        return NULL;
    uint64_t index = (uint64_t)lua_tointegerx(L, 2, NULL);
    if (index >= info->limit && !(flags & CDATA_UNCHECKED && index <= INT32_MAX))
        return NULL;
    uint64_t offset = index * info->stride;
    if (flags & CDATA_SIZED && offset >= cdata_nbytes(cdata))
        return NULL;
    char *start = start_of(cdata);
    return start != NULL ? (char *)((uintptr_t)start + offset) : NULL;
}

NOINLINE static int store_element(lua_State *L, const Cdata *cdata, TypeInfo *element, int64_t index, char *address)
{
    /* complex numbers and vectors are read as copies: a write to a part would be lost */
    if (element->is_const || cdata->info->kind == VALUE_VECTOR || cdata->info->kind == VALUE_COMPLEX)
        error_raise(L, MESSAGE_CONST_WRITE,
                    lua_pushfstring(L, "element of '%s'", error_push_type(L, cdata->info->type)));
    if (number_store_lua(L, element, address, 3))
        return 0;
    Place place = {.kind = PLACE_ELEMENT, .index = index, .type = cdata->info->type};
    value_assign(L, element, address, 3, &place);
    return 0;
}

/* -- what is no field and no element: the metatype's business ------------------------------------------------------ */

_Noreturn static void raise_no_member(lua_State *L, const TypeInfo *info)
{
    const TypeInfo *record = info->record;
    if (lua_type(L, 2) != LUA_TSTRING || (record == NULL && info->kind != VALUE_COMPLEX))
        raise_no_index(L, info, 2);
    if (record == NULL)
        record = info;
    else if (!record->type->u.record->is_complete && !metatype_has(info))
        error_raise(L, MESSAGE_INCOMPLETE, error_push_type(L, record->type));
    error_raise(L, MESSAGE_NO_FIELD, metatype_push_name(L, record), lua_tostring(L, 2));
}

/* The way of each method call: the event's name is at hand as an upvalue, and a table is first asked raw. */
NOINLINE static int index_metatype(lua_State *L, const TypeInfo *info)
{
    switch (metatype_push_own(L, info)) {
    case LUA_TNIL: raise_no_member(L, info);
    case LUA_TFUNCTION: return metatype_call_pair(L);
    case LUA_TTABLE:
        lua_pushvalue(L, 2);
        if (lua_rawget(L, 4) != LUA_TNIL)
            return 1;
        lua_pop(L, 1);
        break;
    default: break;
    }
    if (!metatype_push_from(L, 4))
        raise_no_member(L, info);
    return 1;
}

static int newindex_metatype(lua_State *L, const TypeInfo *info)
{
    if (!metatype_push(L, info, "__newindex"))
        raise_no_member(L, info);
    if (lua_type(L, -1) == LUA_TFUNCTION)
        return metatype_call(L, 0);
    lua_insert(L, 2);
    lua_settable(L, 2);
    return 0;
}

/* -- constants that a record's body declares ----------------------------------------------------------------------- */

static bool push_scoped_constant(lua_State *L, const TypeInfo *info)
{
    CType *type = info->record->type;
    return type->u.record->has_constants && ctypeobj_push_constant(info->state, L, type, 2);
}

static void check_no_constant(lua_State *L, const TypeInfo *info)
{
    Place place = {.kind = PLACE_FIELD, .name = lua_tostring(L, 2), .type = info->record->type};
    if (push_scoped_constant(L, info))
        error_raise(L, MESSAGE_CONST_WRITE, error_push_place(L, &place));
}

/* -- metamethods --------------------------------------------------------------------------------------------------- */

/* Whether the key at 2 may be the name of a field or part; a string is never an index. */
static bool is_name(lua_State *L, const TypeInfo *info)
{
    return (info->record != NULL || info->kind == VALUE_COMPLEX) && lua_type(L, 2) == LUA_TSTRING;
}

/* The same but for what quick_element finds. */
NOINLINE static int index_other(lua_State *L, Cdata *cdata)
{
    TypeInfo *info = cdata->info;
    FfiState *S = info->state;
    Element element;
    if (!is_name(L, info)) {
        if (typeinfo_is_function_pointer(info) && callback_push_method(S, L, 2))
            return 1;
        if (!find_element(S, L, cdata, &element))
            return index_metatype(L, info);
        value_push(L, element.info, element.address, 1, 0);
        return 1;
    }
    if (info->record != NULL) {
        const Field *field = typeinfo_other_field(info, L, 2);
        if (field == NULL)
            return push_scoped_constant(L, info) ? 1 : index_metatype(L, info);
        return push_field(L, cdata, field, record_start(L, cdata));
    }
    char *part = complex_part(L, cdata);
    if (part == NULL)
        return index_metatype(L, info);
    value_push(L, typeinfo_element(info, L), part, 0, 0);
    return 1;
}

/* All keys but the names of fields that are known by their pointers. */
NOINLINE static int index_element(lua_State *L, Cdata *cdata)
{
    char *address = quick_element(L, cdata);
    if (address == NULL)
        return index_other(L, cdata);
    TypeInfo *element = cdata->info->element;
    if (!push_common(L, (ValueKind)element->kind, address))
        value_push(L, element, address, 1, 0);
    return 1;
}

int meta_index(lua_State *L)
{
    Cdata *cdata = lua_touserdata(L, 1);
    const TypeInfo *record = cdata->info->record;
    const Field *field = record != NULL ? typeinfo_known_field(record, lua_topointer(L, 2)) : NULL;
    if (field == NULL) {
        bool is_other_name = record != NULL && record->fields != NULL && record->fields->is_all;
        return is_other_name && lua_type(L, 2) == LUA_TSTRING ? index_metatype(L, cdata->info)
                                                              : index_element(L, cdata);
    }
    char *start = start_of(cdata);
    if (start != NULL && push_common(L, (ValueKind)field->kind, start + field->offset))
        return 1;
    return push_field(L, cdata, field, record_start(L, cdata));
}

NOINLINE static int newindex_other(lua_State *L, Cdata *cdata)
{
    TypeInfo *info = cdata->info;
    FfiState *S = info->state;
    Element element;
    if (!is_name(L, info)) {
        if (!find_element(S, L, cdata, &element))
            return newindex_metatype(L, info);
        return store_element(L, cdata, element.info, element.index, element.address);
    }
    if (info->record != NULL) {
        const Field *field = typeinfo_other_field(info, L, 2);
        if (field == NULL) {
            check_no_constant(L, info);
            return newindex_metatype(L, info);
        }
        return store_field(L, info->record, field, record_start(L, cdata));
    }
    if (complex_part(L, cdata) == NULL)
        return newindex_metatype(L, info);
    Place place = {.kind = PLACE_FIELD, .name = lua_tostring(L, 2), .type = info->type};
    error_raise(L, MESSAGE_CONST_WRITE, error_push_place(L, &place));
}

int meta_newindex(lua_State *L)
{
    Cdata *cdata = lua_touserdata(L, 1);
    const TypeInfo *record = cdata->info->record;
    const Field *field = record != NULL ? typeinfo_known_field(record, lua_topointer(L, 2)) : NULL;
    if (field != NULL) {
        char *start = start_of(cdata);
        if (start != NULL && !field->is_const && store_common(L, (ValueKind)field->kind, start + field->offset))
            return 0;
        return store_field(L, record, field, record_start(L, cdata));
    }
    char *address = quick_element(L, cdata);
    if (address == NULL)
        return newindex_other(L, cdata);
    TypeInfo *element = cdata->info->element;
    if (!element->is_const && store_common(L, (ValueKind)element->kind, address))
        return 0;
    return store_element(L, cdata, element, lua_tointegerx(L, 2, NULL), address);
}

int meta_call(lua_State *L)
{
    Cdata *cdata = lua_touserdata(L, 1);
    TypeInfo *info = cdata->info;
    if (!typeinfo_is_function_pointer(info)) {
        if (metatype_push(L, info, "__call"))
            return metatype_call(L, LUA_MULTRET);
        error_raise(L, MESSAGE_NOT_CALLABLE, metatype_push_name(L, info));
    }
    void *address = cdata_pointer(cdata);
    if (address == NULL)
        error_raise(L, MESSAGE_NULL_CALL, error_push_type(L, info->type));
    return call_pointer(L, typeinfo_element(info, L), address);
}

int meta_len(lua_State *L)
{
    const Cdata *cdata = lua_touserdata(L, 1);
    if (metatype_push(L, cdata->info, "__len"))
        return metatype_call(L, 1);
    error_raise(L, MESSAGE_LENGTH, metatype_push_name(L, cdata->info));
}

int meta_concat(lua_State *L)
{
    const Cdata *a = cdata_to(L, 1);
    const Cdata *b = cdata_to(L, 2);
    if (metatype_operator(L, a != NULL ? a->info : NULL, b != NULL ? b->info : NULL) != 0)
        return 1;
    const char *left = error_push_value(L, 1);
    error_raise(L, MESSAGE_CONCAT, left, error_push_value(L, 2));
}

static int iterate(lua_State *L, const char *event)
{
    const Cdata *cdata = lua_touserdata(L, 1);
    if (metatype_push(L, cdata->info, event))
        return metatype_call(L, 3);
    error_raise(L, MESSAGE_PAIRS, metatype_push_name(L, cdata->info));
}

int meta_pairs(lua_State *L)
{
    return iterate(L, "__pairs");
}

/* Asked by the ipairs of ffi.luajit; stock Lua's knows no such event. */
int meta_ipairs(lua_State *L)
{
    return iterate(L, "__ipairs");
}

/* (cdata, error): the end of a to-be-closed variable. */
int meta_close(lua_State *L)
{
    const Cdata *cdata = lua_touserdata(L, 1);
    if (metatype_push(L, cdata->info, "__close"))
        return metatype_call(L, 0);
    lua_settop(L, 1);
    finalizer_take(state_of(L), L, 1);
    return lua_isnil(L, -1) ? 0 : metatype_call(L, 0);
}
