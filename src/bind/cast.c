#include "bind/cast.h"

#include "bind/convert.h"
#include "bind/function.h"
#include "bind/pointer.h"

static const Place cast_place = {.kind = PLACE_API, .index = 2, .name = "ffi.cast"};

_Noreturn static void raise_cast(lua_State *L, TypeInfo *info, int index)
{
    const char *value = error_push_value(L, index);
    error_raise(L, MESSAGE_CAST, value, error_push_type(L, info->type));
}

static void cast_to_pointer(lua_State *L, TypeInfo *info, int index)
{
    void *address;
    Number number;
    uint64_t bits;
    if (pointer_to_any(info->state, L, index, &address)) {
        cdata_push_pointer_or_nil(L, info, address, index);
        return;
    }
    if (lua_type(L, index) == LUA_TFUNCTION && typeinfo_is_function_pointer(info)) {
        const char *type = error_push_type(L, info->type);
        error_raise(L, MESSAGE_CALLBACK, type, "ffi.cast");
    }
    TypeInfo *word = typeinfo_of(info->state, L, ctype_scalar(info->state->types, CSCALAR_ULONG));
    if (lua_type(L, index) == LUA_TBOOLEAN || !number_to(info->state, L, index, &number) ||
        !number_store(word, &bits, &number))
        raise_cast(L, info, index);
    cdata_push_pointer_or_nil(L, info, (void *)(uintptr_t)bits, 0);
}

static bool is_decimal(FfiState *S, lua_State *L, int index)
{
    const Cdata *cdata = cdata_to(S, L, index);
    return cdata != NULL && cdata->info->kind == VALUE_DECIMAL;
}

static void cast_to_number(lua_State *L, TypeInfo *info, int index)
{
    _Alignas(16) unsigned char value[16];
    FfiState *S = info->state;
    void *address;
    Number number;
    bool is_string = lua_type(L, index) == LUA_TSTRING;
    if (number_to(S, L, index, &number) || (info->kind == VALUE_ENUM && is_string)) {
        value_store_number(L, info, value, index, &cast_place);
    } else if (is_decimal(S, L, index)) {
        error_conversion(L, info->type, index, &cast_place);
    } else if (!is_string && value_is_integer((ValueKind)info->underlying) && pointer_to_any(S, L, index, &address)) {
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

void cast_push(lua_State *L, TypeInfo *info, int index)
{
    if (value_is_number((ValueKind)info->kind)) {
        cast_to_number(L, info, index);
    } else if (info->is_pointer) {
        cast_to_pointer(L, typeinfo_of(info->state, L, info->type->main), index);
    } else if (info->kind == VALUE_COMPLEX || info->kind == VALUE_VECTOR || info->kind == VALUE_DECIMAL) {
        void *address = cdata_push_new(L, info);
        value_store(L, info, address, index, &cast_place);
    } else {
        raise_cast(L, info, index);
    }
}
