#include "bind/convert.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/pointer.h"
#include "bind/relation.h"

/* -- C to Lua ------------------------------------------------------------------------------------------------------ */

void value_push_copy(lua_State *L, TypeInfo *info, const void *address)
{
    info = typeinfo_of(info->state, L, info->type->main);
    memcpy(cdata_push_new(L, info), address, (size_t)info->type->size);
}

/* A wide integer is a Lua integer when one holds it, else a cdata of its type. */
static void push_wide(lua_State *L, TypeInfo *info, const void *address)
{
    Number number = number_load(info, address);
    if (number_fits_lua(&number))
        lua_pushinteger(L, (lua_Integer)(uint64_t)number.integer);
    else
        value_push_copy(L, info, address);
}

#define PUSH(type, push)                                                                                               \
    do {                                                                                                               \
        type loaded;                                                                                                   \
        memcpy(&loaded, address, sizeof loaded);                                                                       \
        push(L, loaded);                                                                                               \
    } while (0)

static void push_number(lua_State *L, TypeInfo *info, const void *address)
{
    switch ((ValueKind)info->underlying) {
    case VALUE_BOOL: lua_pushboolean(L, *(const uint8_t *)address); break;
    case VALUE_I8: PUSH(int8_t, lua_pushinteger); break;
    case VALUE_U8: PUSH(uint8_t, lua_pushinteger); break;
    case VALUE_I16: PUSH(int16_t, lua_pushinteger); break;
    case VALUE_U16: PUSH(uint16_t, lua_pushinteger); break;
    case VALUE_I32: PUSH(int32_t, lua_pushinteger); break;
    case VALUE_U32: PUSH(uint32_t, lua_pushinteger); break;
    case VALUE_I64: PUSH(int64_t, lua_pushinteger); break;
    case VALUE_U64:
    case VALUE_I128:
    case VALUE_U128: push_wide(L, info, address); break;
    case VALUE_F32: PUSH(float, lua_pushnumber); break;
    case VALUE_F64: PUSH(double, lua_pushnumber); break;
    default: lua_pushnumber(L, (lua_Number)number_load(info, address).floating); break;
    }
}

#undef PUSH

void value_push(lua_State *L, TypeInfo *info, void *address, int owner, unsigned flags)
{
    void *pointer;
    switch ((ValueKind)info->kind) {
    case VALUE_POINTER:
        memcpy(&pointer, address, sizeof pointer);
        cdata_push_pointer_or_nil(L, typeinfo_of(info->state, L, info->type->main), pointer, 0);
        break;
    case VALUE_REFERENCE:
        memcpy(&pointer, address, sizeof pointer);
        if (pointer == NULL)
            lua_pushnil(L);
        else
            value_push(L, typeinfo_element(info, L), pointer, 0, 0);
        break;
    case VALUE_RECORD:
    case VALUE_ARRAY: cdata_push_view(L, info, address, owner, flags); break;
    case VALUE_VECTOR:
    case VALUE_DECIMAL:
    case VALUE_COMPLEX: value_push_copy(L, info, address); break;
    case VALUE_VOID:
    case VALUE_FUNCTION: lua_pushnil(L); break;
    default: push_number(L, info, address); break;
    }
}

/* -- Lua to C ------------------------------------------------------------------------------------------------------ */

void *value_push_room(lua_State *L, const TypeInfo *info)
{
    enum { ALIGN = 64 }; /* the widest vector's */
    size_t nbytes = (size_t)info->type->size;
    unsigned char *block = lua_newuserdatauv(L, nbytes + ALIGN, 0);
    return memset(block + (ALIGN - ((uintptr_t)block & (ALIGN - 1))), 0, nbytes);
}

static void store_enum_name(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    size_t length;
    const char *name = lua_tolstring(L, index, &length);
    uint64_t value;
    if (!ctype_find_enumerator(info->type->u.enumeration, name, length, &value)) {
        const char *type = error_push_type(L, info->type);
        error_raise(L, MESSAGE_ENUM_NAME, type, name, error_push_place(L, place));
    }
    memcpy(address, &value, (size_t)info->type->size);
}

/* The imaginary part of a complex cdata. */
static Number imaginary_part(lua_State *L, Cdata *cdata)
{
    TypeInfo *part = typeinfo_element(cdata->info, L);
    return number_load(part, (char *)cdata_address(cdata) + part->type->size);
}

/* C compares all of a complex number with 0 for its truth (C11 6.3.1.2), and takes its real part for other types. */
static bool store_truth(lua_State *L, TypeInfo *info, void *address, int index)
{
    Cdata *cdata = info->underlying == VALUE_BOOL ? cdata_to(L, index) : NULL;
    uint8_t *is_true = address;
    uint8_t is_imaginary;
    if (cdata == NULL || cdata->info->kind != VALUE_COMPLEX)
        return false;
    Number real = number_load(cdata->info, cdata_address(cdata));
    Number imaginary = imaginary_part(L, cdata);
    number_store(info, is_true, &real);
    number_store(info, &is_imaginary, &imaginary);
    *is_true |= is_imaginary;
    return true;
}

void value_refuse_number(lua_State *L, const CType *wanted, const Number *number, int index, const Place *place)
{
    if (number->floating != number->floating || __builtin_isinf((double)number->floating))
        error_conversion(L, wanted, index, place);
    error_number_range(L, wanted, (lua_Number)number->floating, error_push_place(L, place));
}

void value_store_number(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    Number number;
    if (store_truth(L, info, address, index))
        return;
    if (info->kind == VALUE_ENUM && lua_type(L, index) == LUA_TSTRING) {
        store_enum_name(L, info, address, index, place);
        return;
    }
    if (!number_to(L, index, &number))
        error_conversion(L, info->type, index, place);
    if (!number_store(info, address, &number))
        value_refuse_number(L, info->type, &number, index, place);
}

/* A complex takes a complex or a number (its real part). False, and nothing is stored: it is no number, or one that the
 * parts cannot hold. */
static bool store_complex(lua_State *L, TypeInfo *info, void *address, int index)
{
    TypeInfo *part = typeinfo_element(info, L);
    size_t nbytes = (size_t)part->type->size;
    Number number;
    if (!number_to(L, index, &number))
        return false;
    Cdata *cdata = cdata_to(L, index);
    unsigned char made[32] = {0};
    if (!number_store(part, made, &number))
        return false;
    if (cdata != NULL && cdata->info->kind == VALUE_COMPLEX) {
        number = imaginary_part(L, cdata);
        if (!number_store(part, made + nbytes, &number))
            return false;
    }
    memcpy(address, made, 2 * nbytes);
    return true;
}

static bool store_copy(lua_State *L, TypeInfo *info, void *address, int index)
{
    Cdata *cdata = cdata_to(L, index);
    if (cdata == NULL || info->type->is_vla || !ctype_is_complete(info->type) ||
        !relation_copies(info->type, cdata->info->type))
        return false;
    memmove(address, cdata_address(cdata), (size_t)info->type->size);
    return true;
}

/* A table or string makes the new value aside first: an error leaves the old one whole, and it may be made from parts
 * of it. */
static void store_aggregate(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    int type = lua_type(L, index);
    if (store_copy(L, info, address, index) || (info->kind == VALUE_COMPLEX && store_complex(L, info, address, index)))
        return;
    Number scalar; /* stands for each element of a vector */
    bool is_initialiser = (type == LUA_TTABLE && info->kind != VALUE_DECIMAL) ||
                          (type == LUA_TSTRING && info->kind == VALUE_ARRAY) ||
                          (info->kind == VALUE_VECTOR && number_to(L, index, &scalar));
    if (!is_initialiser || !ctype_is_complete(info->type))
        error_conversion(L, info->type, index, place);
    luaL_checkstack(L, 8, NULL);
    index = lua_absindex(L, index);
    size_t nbytes = (size_t)info->type->size;
    void *made = lua_newuserdatauv(L, nbytes, 0);
    memset(made, 0, nbytes);
    value_initialise(L, info, made, nbytes, index, 1, place);
    memcpy(address, made, nbytes);
    lua_pop(L, 1);
}

void value_store(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    void *pointer;
    switch ((ValueKind)info->kind) {
    case VALUE_POINTER:
    case VALUE_REFERENCE:
        pointer = pointer_of(L, info, index, place);
        if (pointer == NULL && info->kind == VALUE_REFERENCE) /* C would dereference it at once */
            error_conversion(L, info->type, index, place);
        memcpy(address, &pointer, sizeof pointer);
        break;
    case VALUE_RECORD:
    case VALUE_ARRAY:
    case VALUE_VECTOR:
    case VALUE_DECIMAL:
    case VALUE_COMPLEX: store_aggregate(L, info, address, index, place); break;
    case VALUE_VOID:
    case VALUE_FUNCTION: error_conversion(L, info->type, index, place);
    default:
        if (!number_store_lua(L, info, address, index))
            value_store_number(L, info, address, index, place);
        break;
    }
}

void value_store_referred(lua_State *L, TypeInfo *reference, const void *address, int index, const Place *place)
{
    void *referred;
    memcpy(&referred, address, sizeof referred);
    TypeInfo *element = typeinfo_element(reference, L);
    if (referred == NULL)
        error_raise(L, MESSAGE_NULL_POINTER, error_push_type(L, reference->type));
    if (element->is_const)
        error_raise(L, MESSAGE_CONST_WRITE, error_push_place(L, place));
    value_store(L, element, referred, index, place);
}
