/* Values as C source writes them: literals that gcc reads back as the same bytes. */
#ifndef AIRLOCK_BIND_LITERAL_H
#define AIRLOCK_BIND_LITERAL_H

#include "bind/number.h"

/* The scalar of this type (an integer, enum without the name, or floating type) at `address`. [-0, +1, m] */
const char *literal_push_number(lua_State *L, TypeInfo *info, const void *address);
/* An integer that stands in no object of its own. [-0, +1, m] */
const char *literal_push_integer(lua_State *L, const Number *number);
/* 'a' for a char that has a glyph or a short escape, else its number. [-0, +1, m] */
const char *literal_push_character(lua_State *L, char c);
/* "abc" with every other byte in octal. [-0, +1, m] */
const char *literal_push_string(lua_State *L, const char *text, size_t length);
const char *literal_push_complex(lua_State *L, TypeInfo *info, const void *address);
const char *literal_push_decimal(lua_State *L, const TypeInfo *info, const void *address);

#endif
