#include "bind/errors.h"

#include <lauxlib.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/tiny.h"
#include "bind/cdata.h"
#include "bind/ctypeobj.h"
#include "bind/function.h"
#include "bind/metatype.h"
#include "bind/state.h"

static const char *const message_formats[MESSAGE_COUNT] = {
#define BIND_MESSAGE(name, format) format,
#include "bind/messages.def"
#undef BIND_MESSAGE
};

/* The place in Lua that called what raises. The string library's own metamethods hand an operator on that has a string on
 * its left, so that a C function stands in between. [-0, +1, m] */
static void push_where(lua_State *L)
{
    lua_Debug caller;
    int level = 1;
    while (lua_getstack(L, level, &caller) != 0 && lua_getinfo(L, "Sn", &caller) != 0 && caller.what[0] == 'C' &&
           strcmp(caller.namewhat, "metamethod") == 0)
        level++;
    luaL_where(L, level);
}

void error_raise(lua_State *L, Message message, ...)
{
    va_list arguments;
    luaL_checkstack(L, 4, NULL);
    push_where(L);
    va_start(arguments, message);
    lua_pushvfstring(L, message_formats[message], arguments);
    va_end(arguments);
    lua_concat(L, 2);
    lua_error(L);
    __builtin_unreachable();
}

/* The file to name: a type's text names itself, by its first line and not for long. [-0, +1, m] */
static const char *push_file(lua_State *L, const Error *error, const char *chunk)
{
    enum { NBYTES_MAX = 80 };
    size_t length = strcspn(chunk, "\n");
    if (error->file[0] != '\0')
        return lua_pushstring(L, error->file);
    if (length <= NBYTES_MAX && chunk[length] == '\0')
        return lua_pushstring(L, length > 0 ? chunk : "\"\"");
    lua_pushlstring(L, chunk, length <= NBYTES_MAX ? length : NBYTES_MAX);
    return lua_pushfstring(L, "%s...", lua_tostring(L, -1));
}

void error_raise_cdecl(lua_State *L, const Error *error, const char *chunk)
{
    const char *file;
    if (error->line == 0)
        error_raise(L, MESSAGE_CDECL_NO_POSITION, error->text);
    luaL_checkstack(L, 2, NULL);
    file = push_file(L, error, chunk);
    if (error->source[0] == '\0')
        error_raise(L, MESSAGE_CDECL, file, (int)error->line, (int)error->column, error->text);
    /* the caret's column repeats the line's tabs, so that it stands below its byte however wide they show */
    char margin[sizeof error->source];
    size_t length = strlen(error->source);
    size_t caret = error->caret < length ? error->caret : length;
    for (size_t i = 0; i < caret; i++)
        margin[i] = error->source[i] == '\t' ? '\t' : ' ';
    margin[caret] = '\0';
    error_raise(L, MESSAGE_CDECL_SOURCE, file, (int)error->line, (int)error->column, error->text, error->source,
                margin);
}

const char *error_push_declaration(lua_State *L, const CType *type, const char *name)
{
    char small[TINY(200, 4)];
    size_t length = ctype_spell(type, name, small, sizeof small);
    if (length < sizeof small)
        return lua_pushlstring(L, small, length);
    luaL_Buffer buffer;
    char *text = luaL_buffinitsize(L, &buffer, length + 1);
    ctype_spell(type, name, text, length + 1);
    luaL_pushresultsize(&buffer, length);
    return lua_tostring(L, -1);
}

const char *error_push_type(lua_State *L, const CType *type)
{
    return error_push_declaration(L, type, NULL);
}

const char *error_push_value(lua_State *L, int index)
{
    FfiState *S = state_find(L);
    index = lua_absindex(L, index);
    Cdata *cdata = S != NULL ? cdata_to(L, index) : NULL;
    CType *type = cdata != NULL ? cdata->info->type : function_type_of(L, index);
    if (type != NULL) {
        const char *name = cdata != NULL ? metatype_push_name(L, cdata->info) : error_push_type(L, type);
        const char *text = lua_pushfstring(L, "'%s'", name);
        lua_remove(L, -2);
        return text;
    }
    if (lua_type(L, index) == LUA_TNUMBER && !lua_isinteger(L, index)) {
        lua_Number number = lua_tonumber(L, index);
        if (isnan(number))
            return lua_pushstring(L, "nan");
        if (isinf(number))
            return lua_pushstring(L, number > 0 ? "inf" : "-inf");
    }
    if (S != NULL && ctypeobj_to(L, index) != NULL)
        return lua_pushstring(L, "ctype");
    return lua_pushstring(L, luaL_typename(L, index));
}

const char *error_push_place(lua_State *L, const Place *place)
{
    const char *type = place->type != NULL ? error_push_type(L, place->type) : lua_pushstring(L, "?");
    const char *owner = place->owner != NULL ? place->owner : type;
    const char *text = NULL;
    switch (place->kind) {
    case PLACE_ARGUMENT:
        text = place->name != NULL
                   ? lua_pushfstring(L, "argument #%d '%s' of '%s'", (int)place->index, place->name, owner)
                   : lua_pushfstring(L, "argument #%d of '%s'", (int)place->index, owner);
        break;
    case PLACE_FIELD: text = lua_pushfstring(L, "field '%s' of '%s'", place->name, type); break;
    case PLACE_ELEMENT: text = lua_pushfstring(L, "element %I of '%s'", (LUAI_UACINT)place->index, type); break;
    case PLACE_VARIABLE: text = lua_pushfstring(L, "variable '%s'", place->name); break;
    case PLACE_INITIALISER: text = lua_pushfstring(L, "initialiser of '%s'", type); break;
    case PLACE_RESULT: text = lua_pushfstring(L, "result of a callback of type '%s'", type); break;
    case PLACE_OPTION: text = lua_pushfstring(L, "option '%s' of 'ffi.callback'", place->name); break;
    case PLACE_API: text = lua_pushfstring(L, "argument #%d of '%s'", (int)place->index, place->name); break;
    }
    lua_remove(L, -2);
    return text;
}

/* Lua's numbers are binary: none converts to or from a decimal. The arithmetic kinds come first in CTypeKind. */
static bool is_decimal_conversion(lua_State *L, const CType *wanted, int index)
{
    FfiState *S = state_find(L);
    Cdata *cdata = S != NULL ? cdata_to(L, index) : NULL;
    if (wanted->kind == CTYPE_DECIMAL)
        return true;
    return cdata != NULL && cdata->info->kind == VALUE_DECIMAL && wanted->kind < CTYPE_VECTOR;
}

void error_argument(lua_State *L, int index, const char *function, const char *wanted)
{
    error_raise(L, MESSAGE_ARGUMENT_WANTED, index, function, wanted, error_push_value(L, index));
}

void error_conversion(lua_State *L, const CType *wanted, int index, const Place *place)
{
    index = lua_absindex(L, index);
    luaL_checkstack(L, 8, NULL);
    Message message = is_decimal_conversion(L, wanted, index) ? MESSAGE_DECIMAL : MESSAGE_WANTED;
    const char *value = error_push_value(L, index); /* first: the index may be that of no value */
    const char *type = error_push_type(L, wanted);
    error_raise(L, message, type, value, error_push_place(L, place));
}

void error_number_range(lua_State *L, const CType *wanted, lua_Number value, const char *place)
{
    error_raise(L, MESSAGE_NUMBER_RANGE, error_push_type(L, wanted), value, wanted->size == 16 ? 128 : 64, place);
}

void error_no_elements(lua_State *L, const CType *pointer)
{
    const CType *element = pointer->u.element;
    bool is_object = element->kind != CTYPE_VOID && element->kind != CTYPE_FUNCTION;
    error_raise(L, is_object ? MESSAGE_INCOMPLETE_POINTER : MESSAGE_VOID_POINTER, error_push_type(L, pointer));
}
