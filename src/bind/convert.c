#include "bind/convert.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/function.h"

/* -- C to Lua ------------------------------------------------------------------------------------------------------ */

static void push_copy(lua_State *L, TypeInfo *info, const void *address)
{
    info = typeinfo_of(info->state, L, info->type->main);
    memcpy(cdata_push_new(L, info), address, (size_t)info->type->size);
}

/* A wide integer is a Lua integer when one holds it, else a cdata of its type. */
static void push_wide(lua_State *L, TypeInfo *info, const void *address)
{
    Number number = number_load(info, address);
    Uint128 shifted = number.integer + ((Uint128)1 << 63);
    bool fits = number.kind == NUMBER_SIGNED ? shifted >> 64 == 0 : number.integer >> 63 == 0;
    if (fits)
        lua_pushinteger(L, (lua_Integer)(uint64_t)number.integer);
    else
        push_copy(L, info, address);
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
    case VALUE_COMPLEX: push_copy(L, info, address); break;
    case VALUE_VOID:
    case VALUE_FUNCTION: lua_pushnil(L); break;
    default: push_number(L, info, address); break;
    }
}

/* -- pointers ------------------------------------------------------------------------------------------------------ */

static CTypeKind pointee_kind(const CType *type)
{
    return type->kind == CTYPE_ENUM ? CTYPE_INTEGER : (CTypeKind)type->kind;
}

/* Whether a pointer to `source` goes where one to `target` is wanted: LuaJIT's rules, which add const and void to C's
 * and do not tell integers of one size apart. Inside (`is_nested`) the qualifiers must agree and void is nothing
 * special. */
static bool is_pointee_compatible(const CType *target, const CType *source, bool is_nested)
{
    enum { COUNTED = QUALIFIER_CONST | QUALIFIER_VOLATILE };
    unsigned wanted = target->qualifiers & COUNTED;
    unsigned got = source->qualifiers & COUNTED;
    if (is_nested ? wanted != got : (got & ~wanted) != 0)
        return false;
    if (!is_nested && (target->kind == CTYPE_VOID || source->kind == CTYPE_VOID))
        return true;
    if (target->main == source->main)
        return true;
    if (pointee_kind(target) != pointee_kind(source))
        return false;
    switch (pointee_kind(target)) {
    case CTYPE_INTEGER: return target->size == source->size;
    case CTYPE_POINTER: return is_pointee_compatible(target->u.element, source->u.element, true);
    case CTYPE_ARRAY:
        return (target->size == source->size || !ctype_is_complete(target) || !ctype_is_complete(source)) &&
               is_pointee_compatible(target->u.element, source->u.element, true);
    case CTYPE_FUNCTION: return true;
    default: return ctype_is_compatible(target->main, source->main);
    }
}

void *foreign_address(lua_State *L, int index)
{
    luaL_Stream *stream = luaL_testudata(L, index, LUA_FILEHANDLE);
    if (stream != NULL)
        return stream->closef != NULL ? (void *)stream->f : NULL;
    return lua_touserdata(L, index);
}

static bool userdata_target(lua_State *L, TypeInfo *pointer, int index, void **address)
{
    FfiState *S = pointer->state;
    const CType *element = pointer->type->u.element;
    Cdata *cdata = cdata_to(S, L, index);
    if (cdata == NULL) {
        *address = foreign_address(L, index);
        return ctypeobj_to(S, L, index) == NULL && *address != NULL;
    }
    const CType *pointee;
    if (!cdata_points_to(S, cdata, address, &pointee))
        return false;
    if (is_pointee_compatible(element, pointee, false))
        return true;
    /* a whole array or vector where a pointer to it, or to its elements, is wanted */
    if (cdata->info->kind == VALUE_ARRAY)
        return is_pointee_compatible(element, cdata->info->type, false);
    return cdata->info->kind == VALUE_VECTOR && is_pointee_compatible(element, pointee->u.element, false);
}

bool pointer_to(lua_State *L, TypeInfo *pointer, int index, void **address)
{
    const CType *element = pointer->type->u.element;
    switch (lua_type(L, index)) {
    case LUA_TNIL: *address = NULL; return true;
    case LUA_TLIGHTUSERDATA: *address = lua_touserdata(L, index); return true;
    case LUA_TSTRING: *address = (void *)(uintptr_t)lua_tostring(L, index); return typeinfo_takes_string(element);
    case LUA_TUSERDATA: return userdata_target(L, pointer, index, address);
    case LUA_TFUNCTION:
        *address = function_address_of(L, index);
        return *address != NULL && (element->kind == CTYPE_FUNCTION || element->kind == CTYPE_VOID);
    default: return false;
    }
}

void *pointer_of(lua_State *L, TypeInfo *pointer, int index, const Place *place)
{
    void *address;
    if (pointer_to(L, pointer, index, &address))
        return address;
    if (lua_type(L, index) == LUA_TFUNCTION && typeinfo_is_function_pointer(pointer) &&
        function_address_of(L, index) == NULL) {
        const char *type = error_push_type(L, pointer->type);
        error_raise(L, MESSAGE_CALLBACK, type, error_push_place(L, place));
    }
    error_conversion(L, pointer->type, index, place);
}

/* -- Lua to C ------------------------------------------------------------------------------------------------------ */

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

static void store_number(lua_State *L, TypeInfo *info, void *address, int index, const Place *place)
{
    Number number;
    if (info->kind == VALUE_ENUM && lua_type(L, index) == LUA_TSTRING) {
        store_enum_name(L, info, address, index, place);
        return;
    }
    if (!number_to(info->state, L, index, &number))
        error_conversion(L, info->type, index, place);
    if (number_store(info, address, &number))
        return;
    if (number.floating != number.floating || __builtin_isinf((double)number.floating))
        error_conversion(L, info->type, index, place);
    const char *type = error_push_type(L, info->type);
    error_raise(L, MESSAGE_NUMBER_RANGE, type, (lua_Number)number.floating, error_push_place(L, place));
}

/* A complex takes a complex or a number (its real part). False, and nothing is stored: it is no number, or one that the
 * parts cannot hold. */
static bool store_complex(lua_State *L, TypeInfo *info, void *address, int index)
{
    FfiState *S = info->state;
    TypeInfo *part = typeinfo_element(info, L);
    size_t nbytes = (size_t)part->type->size;
    Number number;
    if (!number_to(S, L, index, &number))
        return false;
    Cdata *cdata = cdata_to(S, L, index);
    unsigned char made[32] = {0};
    if (!number_store(part, made, &number))
        return false;
    if (cdata != NULL && cdata->info->kind == VALUE_COMPLEX) {
        TypeInfo *other = typeinfo_element(cdata->info, L);
        number = number_load(other, (char *)cdata_address(S, cdata) + other->type->size);
        if (!number_store(part, made + nbytes, &number))
            return false;
    }
    memcpy(address, made, 2 * nbytes);
    return true;
}

/* An object of the same record, array, vector or decimal type is copied. */
static bool store_copy(lua_State *L, TypeInfo *info, void *address, int index)
{
    Cdata *cdata = cdata_to(info->state, L, index);
    const CType *type = cdata != NULL ? cdata->info->type : NULL;
    if (info->type->is_vla || !ctype_is_complete(info->type))
        return false;
    if (type != NULL && type->kind == CTYPE_REFERENCE && type->u.element->main == info->type->main) {
        memmove(address, cdata_pointer(info->state, cdata), (size_t)info->type->size);
        return true;
    }
    if (type == NULL || type->main != info->type->main)
        return false;
    memmove(address, cdata_address(info->state, cdata), (size_t)type->size);
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
                          (info->kind == VALUE_VECTOR && number_to(info->state, L, index, &scalar));
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
            store_number(L, info, address, index, place);
        break;
    }
}

/* -- bit-fields ---------------------------------------------------------------------------------------------------- */

static bool is_signed_integer(ValueKind kind)
{
    return kind == VALUE_I8 || kind == VALUE_I16 || kind == VALUE_I32 || kind == VALUE_I64 || kind == VALUE_I128;
}

/* Up to 128 bits that begin anywhere in a byte: 17 bytes. */
static size_t window_nbytes(const CMember *member)
{
    return (member->bit_offset % 8u + member->bit_width + 7u) / 8u;
}

static Uint128 bits_load(const CMember *member, const void *address)
{
    const unsigned char *start = (const unsigned char *)address + member->bit_offset / 8;
    unsigned shift = member->bit_offset % 8u;
    size_t nbytes = window_nbytes(member);
    Uint128 window = 0;
    memcpy(&window, start, nbytes < sizeof window ? nbytes : sizeof window);
    window >>= shift;
    if (nbytes > sizeof window)
        window |= (Uint128)start[sizeof window] << (128 - shift);
    return window;
}

void bitfield_push(lua_State *L, const Field *field, const void *address)
{
    unsigned unused = 128u - field->member->bit_width;
    ValueKind kind = (ValueKind)field->info->underlying;
    Uint128 bits = bits_load(field->member, address) << unused;
    Uint128 value = bits >> unused;
    if (is_signed_integer(kind))
        value = (Uint128)((Int128)bits >> unused);
    if (kind == VALUE_BOOL)
        lua_pushboolean(L, value != 0);
    else
        value_push(L, field->info, &value, 0, 0);
}

void bitfield_store(lua_State *L, const Field *field, void *address, int index, const Place *place)
{
    const CMember *member = field->member;
    unsigned char *start = (unsigned char *)address + member->bit_offset / 8;
    unsigned shift = member->bit_offset % 8u;
    size_t nbytes = window_nbytes(member);
    size_t nlow = nbytes < sizeof(Uint128) ? nbytes : sizeof(Uint128);
    Uint128 value = 0;
    store_number(L, field->info, &value, index, place);
    Uint128 mask = ~(Uint128)0 >> (128u - member->bit_width);
    Uint128 window = 0;
    memcpy(&window, start, nlow);
    window = (window & ~(mask << shift)) | ((value & mask) << shift);
    memcpy(start, &window, nlow);
    if (nbytes > nlow) {
        unsigned high = (unsigned)(mask >> (128 - shift));
        start[nlow] = (unsigned char)((start[nlow] & ~high) | (unsigned)((value & mask) >> (128 - shift)));
    }
}

/* -- casts --------------------------------------------------------------------------------------------------------- */

_Noreturn static void raise_cast(lua_State *L, TypeInfo *info, int index)
{
    const char *value = error_push_value(L, index);
    error_raise(L, MESSAGE_CAST, value, error_push_type(L, info->type));
}

/* Any address that a value has, whatever it points at. */
static bool address_of(FfiState *S, lua_State *L, int index, void **address)
{
    const CType *pointee;
    Cdata *cdata;
    switch (lua_type(L, index)) {
    case LUA_TNIL: *address = NULL; return true;
    case LUA_TSTRING: *address = (void *)(uintptr_t)lua_tostring(L, index); return true;
    case LUA_TFUNCTION: *address = function_address_of(L, index); return *address != NULL;
    case LUA_TLIGHTUSERDATA: *address = lua_touserdata(L, index); return true;
    case LUA_TUSERDATA:
        cdata = cdata_to(S, L, index);
        if (cdata != NULL)
            return cdata_points_to(S, cdata, address, &pointee);
        *address = foreign_address(L, index);
        return *address != NULL && ctypeobj_to(S, L, index) == NULL;
    default: return false;
    }
}

static void cast_to_pointer(lua_State *L, TypeInfo *info, int index)
{
    void *address;
    Number number;
    if (address_of(info->state, L, index, &address)) {
        cdata_push_pointer_or_nil(L, info, address, index);
        return;
    }
    if (lua_type(L, index) == LUA_TFUNCTION && typeinfo_is_function_pointer(info)) {
        const char *type = error_push_type(L, info->type);
        error_raise(L, MESSAGE_CALLBACK, type, "ffi.cast");
    }
    TypeInfo *word = typeinfo_of(info->state, L, ctype_scalar(info->state->types, CSCALAR_ULONG));
    uint64_t bits;
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
    Place place = {.kind = PLACE_API, .index = 2, .name = "ffi.cast"};
    void *address;
    Number number;
    if (number_to(info->state, L, index, &number)) {
        if (!number_store(info, value, &number))
            store_number(L, info, value, index, &place); /* raises */
    } else if (info->kind == VALUE_ENUM && lua_type(L, index) == LUA_TSTRING) {
        store_enum_name(L, info, value, index, &place);
    } else if (is_decimal(info->state, L, index)) {
        error_conversion(L, info->type, index, &place);
    } else if (lua_type(L, index) != LUA_TSTRING && value_is_integer((ValueKind)info->underlying) &&
               address_of(info->state, L, index, &address)) {
        number = (Number){.kind = NUMBER_UNSIGNED, .integer = (uintptr_t)address};
        number_store(info, value, &number);
    } else {
        raise_cast(L, info, index);
    }
    if (info->kind == VALUE_U64 || info->kind == VALUE_I128 || info->kind == VALUE_U128)
        push_copy(L, info, value);
    else
        value_push(L, info, value, 0, 0);
}

void value_push_cast(lua_State *L, TypeInfo *info, int index)
{
    if (value_is_number((ValueKind)info->kind)) {
        cast_to_number(L, info, index);
    } else if (info->is_pointer) {
        cast_to_pointer(L, typeinfo_of(info->state, L, info->type->main), index);
    } else if (info->kind == VALUE_COMPLEX || info->kind == VALUE_VECTOR || info->kind == VALUE_DECIMAL) {
        Place place = {.kind = PLACE_API, .index = 2, .name = "ffi.cast"};
        void *address = cdata_push_new(L, info);
        value_store(L, info, address, index, &place);
    } else {
        raise_cast(L, info, index);
    }
}
