#include "bind/cast.h"

#include "bind/callback.h"
#include "bind/convert.h"
#include "bind/ctypeobj.h"
#include "bind/function.h"
#include "bind/pointer.h"

static const Place cast_place = {.kind = PLACE_API, .index = 2, .name = "ffi.cast"};

_Noreturn static void raise_cast(lua_State *L, TypeInfo *info, int index)
{
    const char *value = error_push_value(L, index);
    error_raise(L, MESSAGE_CAST, value, error_push_type(L, info->type));
}

static ValueKind cdata_kind(lua_State *L, int index)
{
    const Cdata *cdata = cdata_to(L, index);
    return cdata != NULL ? (ValueKind)cdata->info->kind : VALUE_VOID;
}

static uintptr_t check_number(lua_State *L, TypeInfo *info, int index)
{
    Number number;
    uintptr_t bits;
    if (lua_type(L, index) == LUA_TBOOLEAN || cdata_kind(L, index) == VALUE_COMPLEX || !number_to(L, index, &number))
        raise_cast(L, info, index);
    if (!number_store(info->state->uword, &bits, &number))
        value_refuse_number(L, info->type, &number, index, &cast_place);
    return bits;
}

/* The address that a value has, or that the number is. A complex number gives its own only where assignment does.
 * *owner: the stack index of what keeps it alive, or 0. */
static void *check_address(lua_State *L, TypeInfo *info, int index, int *owner)
{
    void *address;
    *owner = index;
    if (pointer_to_any(L, index, &address) || pointer_to(L, info, index, &address))
        return address;
    *owner = 0;
    return (void *)check_number(L, info, index);
}

NOINLINE static void cast_other_to_pointer(lua_State *L, TypeInfo *info, int index)
{
    int owner;
    if (callback_is_wanted(L, info, index)) {
        callback_push(L, info, index);
        return;
    }
    void *address = check_address(L, info, index, &owner);
    cdata_push_pointer_or_nil(L, info, address, owner);
}

/* The address that a cdata has where a pointer is wanted, if that takes no thought. */
static inline bool has_address(const Cdata *cdata)
{
    ValueKind kind = (ValueKind)cdata->info->kind;
    return kind == VALUE_POINTER || kind == VALUE_RECORD || kind == VALUE_ARRAY;
}

static void push_address_as(lua_State *L, TypeInfo *info, Cdata *cdata, int index)
{
    const void *address = cdata->info->kind == VALUE_POINTER ? cdata_pointer(cdata) : cdata_address(cdata);
    if (address == NULL)
        lua_pushnil(L);
    else
        cdata_push_pointer_from(L, info, address, cdata, index);
}

static void cast_to_pointer(lua_State *L, TypeInfo *info, int index)
{
    Cdata *cdata = cdata_to(L, index);
    if (cdata != NULL && has_address(cdata))
        push_address_as(L, info, cdata, index);
    else
        cast_other_to_pointer(L, info, index);
}

/* What is referred to, where it is: all that can be done with a reference is done with that. */
static void cast_to_reference(lua_State *L, TypeInfo *info, int index)
{
    int owner;
    void *address = check_address(L, info, index, &owner);
    TypeInfo *element = typeinfo_element(info, L);
    if (element->kind == VALUE_VOID || element->kind == VALUE_FUNCTION)
        raise_cast(L, info, index);
    if (address == NULL)
        lua_pushnil(L);
    else
        cdata_push_view(L, element, address, owner, 0);
}

/* The address that an integer is made of: that of pointers, arrays and what is not of C's making. No string has a truth. */
static bool to_address(lua_State *L, TypeInfo *info, int index, void **address)
{
    ValueKind kind = cdata_kind(L, index);
    bool is_place = kind == VALUE_POINTER || kind == VALUE_ARRAY || kind == VALUE_VOID;
    bool is_text = lua_type(L, index) == LUA_TSTRING;
    return is_place && value_is_integer((ValueKind)info->underlying) && !(is_text && info->underlying == VALUE_BOOL) &&
           pointer_to_any(L, index, address);
}

static void cast_to_number(lua_State *L, TypeInfo *info, int index)
{
    _Alignas(16) unsigned char value[16];
    void *address;
    Number number;
    if (number_to(L, index, &number) || (info->kind == VALUE_ENUM && lua_type(L, index) == LUA_TSTRING)) {
        value_store_number(L, info, value, index, &cast_place);
    } else if (cdata_kind(L, index) == VALUE_DECIMAL) {
        error_conversion(L, info->type, index, &cast_place);
    } else if (to_address(L, info, index, &address)) {
        number = (Number){.kind = NUMBER_UNSIGNED, .integer = (uintptr_t)address};
        number_store(info, value, &number);
    } else {
        raise_cast(L, info, index);
    }
    if (info->kind == VALUE_U64 || info->kind == VALUE_I128 || info->kind == VALUE_U128)
        value_push_copy(L, info, value);
    else
        value_push(L, info, value, 0, 0);
}

static void cast_push(lua_State *L, TypeInfo *info, int index)
{
    if (info->kind == VALUE_POINTER) {
        cast_to_pointer(L, typeinfo_of(info->state, L, info->type->main), index);
    } else if (value_is_number((ValueKind)info->kind)) {
        cast_to_number(L, info, index);
    } else if (info->kind == VALUE_REFERENCE) {
        cast_to_reference(L, info, index);
    } else if (info->kind == VALUE_COMPLEX || info->kind == VALUE_VECTOR || info->kind == VALUE_DECIMAL) {
        void *address = cdata_push_new(L, info);
        value_store(L, info, address, index, &cast_place);
    } else {
        raise_cast(L, info, index);
    }
}

int cast_lua(lua_State *L)
{
    CType *type = ctypeobj_to(L, 1);
    if (type == NULL)
        type = check_ctype(state_of(L), L, 1, "ffi.cast");
    TypeInfo *info = type->face != NULL ? type->face : typeinfo_make(state_of(L), L, type);
    Cdata *cdata = info->kind == VALUE_POINTER && type->main == type ? cdata_to(L, 2) : NULL;
    if (cdata != NULL && has_address(cdata)) {
        push_address_as(L, info, cdata, 2);
        return 1;
    }
    if (lua_isnone(L, 2))
        error_argument(L, 2, "ffi.cast", "value");
    cast_push(L, info, 2);
    return 1;
}
