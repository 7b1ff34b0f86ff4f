/* Raising: the one way from a fault in Airlock to a Lua error. Nothing below bind raises; nothing here is called while
 * memory is held that neither Lua nor the type table owns. */
#ifndef AIRLOCK_BIND_ERRORS_H
#define AIRLOCK_BIND_ERRORS_H

#include <lua.h>

#include "base/error.h"
#include "ctype/ctype.h"

typedef enum Message {
#define BIND_MESSAGE(name, format) MESSAGE_##name,
#include "bind/messages.def"
#undef BIND_MESSAGE
    MESSAGE_COUNT
} Message;

/* Raises the message behind the position of the Lua code that called us. [-0, +0, v] */
_Noreturn void error_raise(lua_State *L, Message message, ...);

/* Raises a parser's error: position, text, source line and caret. `chunk` names the text when no line marker did. */
_Noreturn void error_raise_cdecl(lua_State *L, const Error *error, const char *chunk);

/* Where a conversion happens, for its message. Names may be NULL. */
typedef enum PlaceKind {
    PLACE_ARGUMENT,    /* index: parameter from 1; name: its name; owner: the function, or NULL and type: its type */
    PLACE_FIELD,       /* name of the field; type: the record */
    PLACE_ELEMENT,     /* index of the element; type: the array or pointer */
    PLACE_VARIABLE,    /* name of the variable */
    PLACE_INITIALISER, /* type: what is made */
    PLACE_RESULT,      /* of a callback; type: the function's */
    PLACE_OPTION,      /* name of the option of ffi.callback */
    PLACE_API          /* index: argument of a module function; name: "ffi.string" … */
} PlaceKind;

typedef struct Place {
    PlaceKind kind;
    long long index;
    const char *name;
    const char *owner;
    const CType *type;
} Place;

/* Pushes the C spelling of a type as the declaration of `name` (NULL: of nothing) and returns it. [-0, +1, m] */
const char *error_push_declaration(lua_State *L, const CType *type, const char *name);
/* Pushes a type's C spelling and returns it. [-0, +1, m] */
const char *error_push_type(lua_State *L, const CType *type);
/* Pushes what a message calls the value at `index` ("string", "'struct point *'", "nil") and returns it. [-0, +1, m] */
const char *error_push_value(lua_State *L, int index);
/* Pushes what a message calls the place and returns it. [-0, +1, m] */
const char *error_push_place(lua_State *L, const Place *place);

/* Raises: argument `index` of one of the module's functions is not what it wants, or is not there. [-0, +0, v] */
_Noreturn void error_argument(lua_State *L, int index, const char *function, const char *wanted);

/* "'int' expected, got string (argument #1 'a' of 'add')". [-0, +0, v] */
_Noreturn void error_conversion(lua_State *L, const CType *wanted, int index, const Place *place);

/* Raises: `value` is a float that no integer goes by, of 128 bits for the types of that size, else of 64. [-0, +0, v] */
_Noreturn void error_number_range(lua_State *L, const CType *wanted, lua_Number value, const char *place);

/* Raises for a pointer that is indexed or moved and whose elements have no size: void, functions, incomplete types.
 * [-0, +0, v] */
_Noreturn void error_no_elements(lua_State *L, const CType *pointer);

#endif
