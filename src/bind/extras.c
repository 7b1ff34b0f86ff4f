#include "bind/extras.h"

#include <ctype.h>
#include <string.h>

#include "bind/convert.h"
#include "bind/ctypeobj.h"
#include "bind/function.h"
#include "bind/namespace.h"

/* -- ffi.addressof ------------------------------------------------------------------------------------------------- */

_Noreturn static void raise_no_index(lua_State *L, const TypeInfo *info)
{
    const char *type = error_push_type(L, info->type);
    error_raise(L, MESSAGE_NO_INDEX, type, error_push_value(L, 2));
}

/* Where the fields or elements of the cdata begin. */
static char *check_start(lua_State *L, Cdata *cdata)
{
    char *start = cdata->info->is_pointer ? cdata_pointer(cdata) : cdata_address(cdata);
    if (start == NULL)
        error_raise(L, MESSAGE_NULL_POINTER, error_push_type(L, cdata->info->type));
    return start;
}

static void *field_address(lua_State *L, Cdata *cdata, CType **type)
{
    TypeInfo *info = cdata->info;
    if (info->record == NULL)
        raise_no_index(L, info);
    if (!info->record->type->u.record->is_complete)
        error_raise(L, MESSAGE_INCOMPLETE, error_push_type(L, info->record->type));
    const char *name = lua_tostring(L, 2);
    const Field *field = typeinfo_find_field(info, L, 2);
    if (field == NULL)
        error_raise(L, MESSAGE_NO_FIELD, error_push_type(L, info->record->type), name);
    if (field->kind == VALUE_BITFIELD)
        error_raise(L, MESSAGE_BITFIELD_ADDRESS, name, error_push_type(L, info->record->type));
    *type = field->info->type;
    return check_start(L, cdata) + field->offset;
}

/* As in C, the address behind the last element is one too. */
static void *element_address(FfiState *S, lua_State *L, Cdata *cdata, CType **type)
{
    TypeInfo *info = cdata->info;
    int64_t index, offset;
    bool has_elements = info->kind == VALUE_POINTER || info->kind == VALUE_ARRAY || info->kind == VALUE_VECTOR;
    if (!has_elements || !number_to_integer(S, L, 2, &index))
        raise_no_index(L, info);
    uint64_t nelems = info->is_pointer ? CTYPE_SIZE_UNKNOWN : cdata_nelems(cdata);
    if (nelems != CTYPE_SIZE_UNKNOWN && (uint64_t)index > nelems)
        error_raise(L, MESSAGE_INDEX_RANGE, (LUAI_UACINT)index, error_push_type(L, info->type), (LUAI_UACINT)nelems);
    *type = info->type->u.element;
    if (!ctype_is_complete(*type))
        error_no_elements(L, info->type);
    if (__builtin_mul_overflow(index, (int64_t)(*type)->size, &offset))
        error_raise(L, MESSAGE_INDEX_OVERFLOW, (LUAI_UACINT)index, error_push_type(L, info->type));
    return (void *)((uintptr_t)check_start(L, cdata) + (uintptr_t)offset);
}

/* The address of a part of the cdata at 1, named by 2. */
static void push_part_address(FfiState *S, lua_State *L, Cdata *cdata)
{
    CType *type;
    bool is_name = lua_type(L, 2) == LUA_TSTRING;
    void *address = is_name ? field_address(L, cdata, &type) : element_address(S, L, cdata, &type);
    if (cdata->info->is_pointer)
        cdata_push_pointer(L, typeinfo_pointer_to(S, L, type), address, 1);
    else
        cdata_push_address(L, typeinfo_pointer_to(S, L, type), address, 1);
}

static void push_whole_address(FfiState *S, lua_State *L, Cdata *cdata)
{
    CType *type = cdata->info->type;
    if (type->kind == CTYPE_REFERENCE)
        cdata_push_pointer_or_nil(L, typeinfo_pointer_to(S, L, type->u.element), cdata_pointer(cdata), 1);
    else
        cdata_push_address(L, typeinfo_pointer_to(S, L, type), cdata_address(cdata), 1);
}

int extras_addressof(lua_State *L)
{
    FfiState *S = state_of(L);
    Cdata *cdata = cdata_to(L, 1);
    CType *function = function_type_of(L, 1);
    lua_settop(L, 2);
    if (function != NULL)
        cdata_push_pointer(L, typeinfo_pointer_to(S, L, function), function_address_of(L, 1), 1);
    else if (lua_type(L, 1) == LUA_TTABLE && namespace_push_address(S, L))
        return 1;
    else if (cdata == NULL)
        error_argument(L, 1, "ffi.addressof", "cdata");
    else if (lua_isnil(L, 2))
        push_whole_address(S, L, cdata);
    else
        push_part_address(S, L, cdata);
    return 1;
}

/* -- ffi.tonumber -------------------------------------------------------------------------------------------------- */

static void push_number(lua_State *L, const Number *number)
{
    if (number->kind == NUMBER_FLOATING)
        lua_pushnumber(L, (lua_Number)number->floating);
    else if (number_fits_lua(number))
        lua_pushinteger(L, (lua_Integer)(uint64_t)number->integer);
    else if (number->kind == NUMBER_SIGNED)
        lua_pushnumber(L, (lua_Number)(Int128)number->integer);
    else
        lua_pushnumber(L, (lua_Number)number->integer);
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \f\n\r\t\v");
}

/* The digits of an integer, which wraps around as Lua's own does; what follows them, or NULL when there are none. */
static const char *read_digits(const char *text, unsigned base, lua_Unsigned *integer)
{
    const char *start = text;
    for (*integer = 0; isalnum((unsigned char)*text); text++) {
        int c = toupper((unsigned char)*text);
        unsigned digit = (unsigned)(c - (c <= '9' ? '0' : 'A' - 10));
        if (digit >= base)
            return NULL;
        *integer = *integer * base + digit;
    }
    return text == start ? NULL : text;
}

/* tonumber(string, base) */
static void push_in_base(FfiState *S, lua_State *L)
{
    int64_t base;
    lua_Unsigned integer;
    if (!number_to_integer(S, L, 2, &base) || base < 2 || base > 36)
        error_argument(L, 2, "ffi.tonumber", "base from 2 to 36");
    if (lua_type(L, 1) != LUA_TSTRING)
        error_argument(L, 1, "ffi.tonumber", "string");
    size_t length;
    const char *start = lua_tolstring(L, 1, &length);
    const char *text = skip_space(start);
    bool is_negative = *text == '-';
    const char *rest = read_digits(text + is_negative, (unsigned)base, &integer);
    if (rest == NULL || skip_space(rest) != start + length)
        lua_pushnil(L);
    else
        lua_pushinteger(L, (lua_Integer)(is_negative ? -integer : integer));
}

/* The number that a reference refers to, too. */
static bool cdata_number(lua_State *L, Number *number)
{
    Cdata *cdata = cdata_to(L, 1);
    if (cdata == NULL || cdata->info->kind != VALUE_REFERENCE)
        return cdata != NULL && number_to(L, 1, number);
    TypeInfo *info = typeinfo_element(cdata->info, L);
    void *address = cdata_pointer(cdata);
    if (address == NULL || !(value_is_number((ValueKind)info->kind) || info->kind == VALUE_COMPLEX))
        return false;
    *number = number_load(info, address);
    return true;
}

int extras_tonumber(lua_State *L)
{
    FfiState *S = state_of(L);
    Number number;
    if (lua_isnone(L, 1))
        error_argument(L, 1, "ffi.tonumber", "value");
    if (!lua_isnoneornil(L, 2)) {
        push_in_base(S, L);
    } else if (cdata_number(L, &number)) {
        push_number(L, &number);
    } else if (lua_type(L, 1) == LUA_TNUMBER) {
        lua_settop(L, 1);
    } else {
        const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
        if (text == NULL || lua_stringtonumber(L, text) != lua_rawlen(L, 1) + 1)
            lua_pushnil(L);
    }
    return 1;
}

/* -- ffi.type, ffi.toretval ---------------------------------------------------------------------------------------- */

int extras_type(lua_State *L)
{
    if (lua_isnone(L, 1))
        error_argument(L, 1, "ffi.type", "value");
    bool is_ours = cdata_to(L, 1) != NULL || ctypeobj_to(L, 1) != NULL;
    lua_pushstring(L, is_ours ? "cdata" : lua_typename(L, lua_type(L, 1)));
    return 1;
}

/* C functions return no arrays, and what a pointer keeps alive, it still does. */
static bool is_returned_itself(Cdata *cdata)
{
    if (cdata->info->kind == VALUE_POINTER)
        return cdata_pointer(cdata) != NULL;
    return cdata->info->kind == VALUE_ARRAY || cdata->info->type->is_vla;
}

int extras_toretval(lua_State *L)
{
    Cdata *cdata = cdata_to(L, 1);
    if (lua_isnone(L, 1))
        error_argument(L, 1, "ffi.toretval", "value");
    lua_settop(L, 1);
    if (cdata == NULL || is_returned_itself(cdata))
        return 1;
    if (cdata->info->kind == VALUE_RECORD)
        value_push_copy(L, cdata->info, cdata_address(cdata));
    else
        value_push(L, cdata->info, cdata_address(cdata), 1, 0);
    return 1;
}
