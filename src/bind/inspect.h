/* ffi.inspect: a C object as text, in the syntax of a C initialiser. */
#ifndef AIRLOCK_BIND_INSPECT_H
#define AIRLOCK_BIND_INSPECT_H

#include <lua.h>

/* ffi.inspect(cdata | C function [, options]) -> string
 *
 * The text is a compound literal of the object's type, or only the braces where the type has no name or ends in a
 * flexible array; gcc takes it as an initialiser that makes the same bytes, as long as nothing was left out. What is left
 * out, and all members of a union but the largest, stands in comments. Enums and functions are written by name.
 * Pointers are addresses; none is followed unless asked, and then only where the memory can be read, so a bad one does no
 * harm. The options, a table, with their defaults:
 *     depth = 8     levels of braces shown
 *     width = 64    elements of an array or members of a record shown
 *     text = 256    bytes of a char array or string shown
 *     follow = 0    levels of pointers shown as &(type){…}, and char pointers as strings; not into what is being shown
 *     indent = 0    columns for each level, with every member in a line of its own; 0: all in one line */
int inspect_lua(lua_State *L);

#endif
