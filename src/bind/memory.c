#include "bind/memory.h"

#include <string.h>

#include "bind/convert.h"
#include "bind/pointer.h"

/* Where an argument's bytes are and how many of them are known to be there. */
typedef struct Span {
    char *start;
    uint64_t nbytes; /* CTYPE_SIZE_UNKNOWN: behind a pointer */
} Span;

ALWAYS_INLINE uint64_t span_nbytes(Cdata *cdata)
{
    const CType *type = cdata->info->type;
    bool is_plain = (cdata_flags(cdata) & (CDATA_SIZED | CDATA_UNCHECKED)) == 0 && !type->is_vla;
    return is_plain ? type->size : cdata_nbytes(cdata);
}

/* Records, arrays of and pointers to what is no array or function, without qualifiers where they are written to. */
ALWAYS_INLINE bool quick_span(Cdata *cdata, bool is_const, Span *span)
{
    const TypeInfo *info = cdata->info;
    const CType *element = info->plain_element;
    unsigned qualifiers = element != NULL ? info->element_qualifiers : info->type->qualifiers;
    if (element != NULL && (element->kind == CTYPE_ARRAY || element->kind == CTYPE_FUNCTION))
        return false;
    if ((qualifiers & ~(is_const ? QUALIFIER_CONST | QUALIFIER_VOLATILE : 0u)) != 0)
        return false;
    if (info->kind == VALUE_POINTER)
        *span = (Span){.start = cdata_pointer(cdata), .nbytes = CTYPE_SIZE_UNKNOWN};
    else if (info->kind == VALUE_ARRAY || info->kind == VALUE_RECORD)
        *span = (Span){.start = cdata_address(cdata), .nbytes = span_nbytes(cdata)};
    else
        return false;
    return info->kind == VALUE_POINTER || span->nbytes != CTYPE_SIZE_UNKNOWN;
}

/* Bytes from `start` to the end of the object that the cdata at `index` is a view into; CTYPE_SIZE_UNKNOWN when that is C's.
 * [-0, +0, -] */
static uint64_t owner_nbytes(lua_State *L, int index, const char *start)
{
    uint64_t nbytes = CTYPE_SIZE_UNKNOWN;
    Cdata *cdata = cdata_to(L, index);
    if ((cdata_flags(cdata) & CDATA_ANCHORED) == 0)
        return nbytes;
    lua_getiuservalue(L, index, 1);
    Cdata *owner = cdata_to(L, -1);
    if (owner != NULL && !owner->info->is_pointer && cdata_nbytes(owner) != CTYPE_SIZE_UNKNOWN) {
        uint64_t offset = (uint64_t)((uintptr_t)start - (uintptr_t)cdata_address(owner));
        if (offset <= cdata_nbytes(owner))
            nbytes = cdata_nbytes(owner) - offset;
    }
    lua_pop(L, 1);
    return nbytes;
}

/* All that quick_span leaves. */
static NOINLINE Span other_span(lua_State *L, int index, bool is_const, const char *function)
{
    FfiState *S = state_of(L);
    Span span = {.nbytes = CTYPE_SIZE_UNKNOWN};
    Place place = {.kind = PLACE_API, .index = index, .name = function};
    Cdata *cdata = cdata_to(L, index);
    void *address;
    if (!pointer_to(L, S->const_bytes, index, &address))
        error_argument(L, index, function, "pointer");
    if (cdata != NULL && !cdata->info->is_pointer)
        span.nbytes = cdata_nbytes(cdata);
    else if (lua_type(L, index) == LUA_TSTRING)
        span.nbytes = lua_rawlen(L, index) + 1;
    else if (cdata == NULL && lua_type(L, index) == LUA_TUSERDATA)
        span.nbytes =
            luaL_testudata(L, index, LUA_FILEHANDLE) != NULL ? 0 : lua_rawlen(L, index); /* a FILE is opaque */
    span.start = pointer_of(L, is_const ? S->const_bytes : S->bytes, index, &place);
    if (cdata != NULL && !cdata->info->is_pointer && span.nbytes == CTYPE_SIZE_UNKNOWN)
        span.nbytes = owner_nbytes(L, index, span.start); /* an array at a record's end */
    return span;
}

ALWAYS_INLINE Span check_span(lua_State *L, int index, bool is_const, const char *function)
{
    Span span;
    if (is_const && lua_type(L, index) == LUA_TSTRING) {
        size_t length;
        span.start = (char *)(uintptr_t)lua_tolstring(L, index, &length);
        span.nbytes = length + 1;
        return span;
    }
    Cdata *cdata = cdata_to(L, index);
    if (__builtin_expect(cdata != NULL && quick_span(cdata, is_const, &span), 1))
        return span;
    return other_span(L, index, is_const, function);
}

static NOINLINE size_t check_other_length(lua_State *L, int index, const char *function)
{
    int64_t length;
    if (!number_to_integer(state_of(L), L, index, &length))
        error_argument(L, index, function, "length");
    if (length < 0)
        error_raise(L, MESSAGE_LENGTH_RANGE, index, function, (LUAI_UACINT)length);
    return (size_t)length;
}

/* A Lua integer that is not negative. */
ALWAYS_INLINE bool quick_length(lua_State *L, int index, size_t *length)
{
    if (!lua_isinteger(L, index))
        return false;
    lua_Integer integer = lua_tointegerx(L, index, NULL);
    *length = (size_t)integer;
    return integer >= 0;
}

ALWAYS_INLINE size_t check_length(lua_State *L, int index, const char *function)
{
    size_t length;
    return quick_length(L, index, &length) ? length : check_other_length(L, index, function);
}

_Noreturn static NOINLINE void raise_outside(lua_State *L, int index, const Span *span, size_t nbytes,
                                             const char *function)
{
    if (span->start == NULL)
        error_argument(L, index, function, "pointer");
    Cdata *cdata = cdata_to(L, index);
    const char *type = cdata != NULL ? error_push_type(L, cdata->info->type) : luaL_typename(L, index);
    error_raise(L, MESSAGE_BEYOND_OBJECT, function, (LUAI_UACINT)nbytes, (LUAI_UACINT)span->nbytes, type);
}

_Static_assert(CTYPE_SIZE_UNKNOWN == UINT64_MAX, "no length is beyond what is not known");

/* The `nbytes` must lie inside what is known of the argument, and NULL holds none. */
ALWAYS_INLINE void check_inside(lua_State *L, int index, const Span *span, size_t nbytes, const char *function)
{
    if (__builtin_expect((span->start == NULL && nbytes > 0) || nbytes > span->nbytes, 0))
        raise_outside(L, index, span, nbytes, function);
}

/* Without a length only what can hold text is taken: char and its kin, void. */
static void check_text(lua_State *L, int index)
{
    Cdata *cdata = cdata_to(L, index);
    if (cdata == NULL)
        return;
    const CType *type = cdata->info->type;
    const CType *element = cdata->info->is_pointer || cdata->info->kind == VALUE_ARRAY ? type->u.element : type;
    if (element->kind != CTYPE_VOID && !typeinfo_is_byte(element))
        error_argument(L, index, "ffi.string", "pointer to char, or a length,");
}

/* Up to the first zero, or the end of what is known of the object. */
static NOINLINE int push_text(lua_State *L)
{
    Span span = check_span(L, 1, true, "ffi.string");
    check_text(L, 1);
    check_inside(L, 1, &span, span.start == NULL, "ffi.string");
    bool is_open = span.nbytes == CTYPE_SIZE_UNKNOWN;
    size_t length = is_open ? strlen(span.start) : strnlen(span.start, (size_t)span.nbytes);
    lua_pushlstring(L, length > 0 ? span.start : "", length);
    return 1;
}

/* With a length, unless that is nil. */
static NOINLINE int push_bytes(lua_State *L)
{
    size_t length;
    bool is_quick = quick_length(L, 2, &length);
    if (!is_quick && lua_isnil(L, 2))
        return push_text(L);
    Cdata *cdata = cdata_to(L, 1);
    Span span;
    if (cdata == NULL || !quick_span(cdata, true, &span))
        span = check_span(L, 1, true, "ffi.string");
    if (!is_quick)
        length = check_other_length(L, 2, "ffi.string");
    check_inside(L, 1, &span, length, "ffi.string");
    lua_pushlstring(L, length > 0 ? span.start : "", length);
    return 1;
}

int memory_string(lua_State *L)
{
    if (lua_gettop(L) != 1)
        return push_bytes(L);
    Cdata *cdata = cdata_to(L, 1);
    const char *text = cdata != NULL && cdata->info->is_text ? cdata_pointer(cdata) : NULL;
    if (__builtin_expect(text == NULL, 0))
        return push_text(L);
    lua_pushstring(L, text);
    return 1;
}

/* A whole string goes with its zero. */
static NOINLINE size_t check_copy_length(lua_State *L, const Span *source)
{
    bool is_whole = lua_isnoneornil(L, 3) && lua_type(L, 2) == LUA_TSTRING;
    return is_whole ? (size_t)source->nbytes : check_other_length(L, 3, "ffi.copy");
}

int memory_copy(lua_State *L)
{
    Span target = check_span(L, 1, false, "ffi.copy");
    Span source = check_span(L, 2, true, "ffi.copy");
    size_t length;
    if (!quick_length(L, 3, &length))
        length = check_copy_length(L, &source);
    check_inside(L, 1, &target, length, "ffi.copy");
    check_inside(L, 2, &source, length, "ffi.copy");
    if (length > 0)
        memmove(target.start, source.start, length);
    return 0;
}

/* Any number, modulo 256; 0 when it is not given. */
static uint8_t check_byte(FfiState *S, lua_State *L, int index, const char *function)
{
    Number number;
    uint8_t byte = 0;
    TypeInfo *info = typeinfo_of(S, L, ctype_scalar(S->types, CSCALAR_UCHAR));
    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_type(L, index) == LUA_TBOOLEAN || !number_to(L, index, &number) || !number_store(info, &byte, &number))
        error_argument(L, index, function, "byte");
    return byte;
}

int memory_fill(lua_State *L)
{
    FfiState *S = state_of(L);
    Span target = check_span(L, 1, false, "ffi.fill");
    size_t length = check_length(L, 2, "ffi.fill");
    uint8_t byte = check_byte(S, L, 3, "ffi.fill");
    check_inside(L, 1, &target, length, "ffi.fill");
    if (length > 0)
        memset(target.start, byte, length);
    return 0;
}
