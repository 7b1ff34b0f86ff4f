#include "bind/literal.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/text.h"

/* -- integers and characters --------------------------------------------------------------------------------------- */

/* C has no literal of more than 64 bits, and none for the lowest integer. */
static const char *push_wide(lua_State *L, const Number *number)
{
    char halves[80];
    unsigned long long high = (unsigned long long)(number->integer >> 64), low = (unsigned long long)number->integer;
    if (number->kind == NUMBER_SIGNED && high == UINT64_MAX && low == UINT64_C(1) << 63)
        return lua_pushstring(L, "(-9223372036854775807 - 1)");
    snprintf(halves, sizeof halves, "((unsigned __int128)0x%llx << 64 | 0x%llx)", high, low);
    return lua_pushfstring(L, "%s%s", number->kind == NUMBER_SIGNED ? "(__int128)" : "", halves);
}

const char *literal_push_integer(lua_State *L, const Number *number)
{
    Int128 value = (Int128)number->integer;
    bool is_small = value <= INT64_MAX && value > INT64_MIN && (number->kind == NUMBER_SIGNED || value >= 0);
    if (!is_small && number->integer >> 64 != 0)
        return push_wide(L, number);
    const char *digits = text_push_integer(L, number);
    return is_small ? digits : lua_pushfstring(L, "%sU", digits);
}

/* What stands for a byte behind a backslash, or 0. */
static char short_escape(char c)
{
    static const char codes[] = "\n\t\r\\\"", letters[] = "ntr\\\"";
    const char *found = c != '\0' ? strchr(codes, c) : NULL;
    return found != NULL ? letters[found - codes] : '\0';
}

static bool has_glyph(char c)
{
    return c >= ' ' && c <= '~';
}

const char *literal_push_character(lua_State *L, char c)
{
    if (c == '\'')
        return lua_pushstring(L, "'\\''");
    if (c == '\0' || (short_escape(c) != '\0' && c != '"'))
        return lua_pushfstring(L, "'\\%c'", c == '\0' ? '0' : short_escape(c));
    if (has_glyph(c))
        return lua_pushfstring(L, "'%c'", c);
    return lua_pushfstring(L, "%d", c);
}

/* A slash or question mark is escaped where it would end a comment around the string or begin a trigraph. */
static void add_byte(luaL_Buffer *buffer, char before, char c)
{
    char octal[8];
    if (short_escape(c) != '\0') {
        luaL_addchar(buffer, '\\');
        luaL_addchar(buffer, short_escape(c));
    } else if (has_glyph(c) && !(c == '/' && before == '*') && !(c == '?' && before == '?')) {
        luaL_addchar(buffer, c);
    } else {
        snprintf(octal, sizeof octal, "\\%03o", (unsigned)(unsigned char)c);
        luaL_addstring(buffer, octal);
    }
}

const char *literal_push_string(lua_State *L, const char *text, size_t length)
{
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    luaL_addchar(&buffer, '"');
    for (size_t i = 0; i < length; i++)
        add_byte(&buffer, i > 0 ? text[i - 1] : '\0', text[i]);
    luaL_addchar(&buffer, '"');
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}

/* -- floating numbers ---------------------------------------------------------------------------------------------- */

/* Makes of digits a literal of floating type, whatever the locale's decimal point. */
static const char *push_digits(lua_State *L, char *digits, const char *suffix)
{
    for (char *p = digits; *p != '\0'; p++)
        if (*p == ',')
            *p = '.';
    return lua_pushfstring(L, "%s%s%s", digits, strpbrk(digits, ".ep") == NULL ? ".0" : "", suffix);
}

/* The shortest digits that are read back as the same number. */
static const char *push_double(lua_State *L, double number, bool is_single)
{
    char digits[40];
    int enough = is_single ? 9 : 17;
    for (int precision = is_single ? 6 : 15; precision <= enough; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, number);
        if (is_single ? strtof(digits, NULL) == (float)number : strtod(digits, NULL) == number)
            break;
    }
    return push_digits(L, digits, is_single ? "f" : "");
}

/* In hexadecimal: printf knows no __float128. */
static const char *push_quad(lua_State *L, const void *address)
{
    char digits[64];
    uint64_t halves[2];
    memcpy(halves, address, sizeof halves);
    int exponent = (int)(halves[1] >> 48 & 0x7fff);
    snprintf(digits, sizeof digits, "%s0x%d.%012llx%016llxp%d", halves[1] >> 63 ? "-" : "", exponent != 0,
             (unsigned long long)(halves[1] & 0xffffffffffff), (unsigned long long)halves[0],
             exponent == 0 ? -16382 : exponent - 16383);
    return push_digits(L, digits, "Q");
}

static const char *push_nan(lua_State *L, ValueKind kind, const void *address)
{
    uint64_t bits = 0;
    char payload[24] = "";
    bool is_single = kind == VALUE_F32;
    if (kind != VALUE_F32 && kind != VALUE_F64)
        return lua_pushstring(L, "__builtin_nan(\"\")");
    memcpy(&bits, address, is_single ? 4 : 8);
    uint64_t quiet = UINT64_C(1) << (is_single ? 22 : 51);
    if ((bits & (quiet - 1)) != 0)
        snprintf(payload, sizeof payload, "0x%llx", (unsigned long long)(bits & (quiet - 1)));
    return lua_pushfstring(L, "%s__builtin_nan%s%s(\"%s\")", bits >> (is_single ? 31 : 63) ? "-" : "",
                           bits & quiet ? "" : "s", is_single ? "f" : "", payload);
}

static const char *push_floating(lua_State *L, ValueKind kind, const Number *number, const void *address)
{
    __float128 value = number->floating;
    double rounded = (double)value;
    char digits[64];
    if (value != value)
        return push_nan(L, kind, address);
    if (isinf(rounded) && value == (__float128)rounded)
        return lua_pushstring(L, rounded > 0 ? "__builtin_inf()" : "-__builtin_inf()");
    if (value == (__float128)rounded)
        return push_double(L, rounded, kind == VALUE_F32);
    if (kind == VALUE_F128)
        return push_quad(L, address);
    snprintf(digits, sizeof digits, "%.21Lg", (long double)value);
    return push_digits(L, digits, "L");
}

const char *literal_push_number(lua_State *L, TypeInfo *info, const void *address)
{
    Number number = number_load(info, address);
    if (number.kind == NUMBER_FLOATING)
        return push_floating(L, (ValueKind)info->underlying, &number, address);
    if (info->type->kind == CTYPE_INTEGER && info->type->scalar == CSCALAR_CHAR)
        return literal_push_character(L, *(const char *)address);
    return literal_push_integer(L, &number);
}

/* A sum of a real and an imaginary number would lose the sign of a zero, and make a NaN of an infinity. */
const char *literal_push_complex(lua_State *L, TypeInfo *info, const void *address)
{
    TypeInfo *part = typeinfo_element(info, L);
    const char *type = ctype_scalar_spelling((CScalar)part->type->scalar);
    const char *re = literal_push_number(L, part, address);
    const char *im = literal_push_number(L, part, (const char *)address + part->type->size);
    if (part->type->kind == CTYPE_FLOATING)
        return lua_pushfstring(L, "__builtin_complex((%s)%s, (%s)%s)", type, re, type, im);
    return lua_pushfstring(L, "%s + %s * 1i", re, im);
}

/* -- decimal floating numbers (IEEE 754-2008, binary integer decimal) ------------------------------------------------- */

typedef struct DecimalFormat {
    unsigned nbits;     /* of the whole */
    unsigned nexponent; /* bits */
    int bias;
    const char *suffix;
} DecimalFormat;

const char *literal_push_decimal(lua_State *L, const TypeInfo *info, const void *address)
{
    static const DecimalFormat formats[] = {{32, 8, 101, "DF"}, {64, 10, 398, "DD"}, {128, 14, 6176, "DL"}};
    const DecimalFormat *format = &formats[info->type->size == 4 ? 0 : info->type->size == 8 ? 1 : 2];
    Uint128 bits = 0;
    memcpy(&bits, address, (size_t)info->type->size);
    const char *sign = bits >> (format->nbits - 1) & 1 ? "-" : "";
    unsigned head = (unsigned)(bits >> (format->nbits - 6)) & 31; /* five bits behind the sign */
    if (head >= 30)
        return lua_pushfstring(L, "%s__builtin_%s", sign, head == 30 ? "inf()" : "nan(\"\")");
    unsigned shift = format->nbits - 1 - format->nexponent - (head >= 24 ? 2 : 0);
    Uint128 coefficient = bits & (((Uint128)1 << shift) - 1);
    if (head >= 24)
        coefficient |= (Uint128)4 << shift;
    Number number = {.kind = NUMBER_UNSIGNED, .integer = coefficient};
    int exponent = (int)((unsigned)(bits >> shift) & ((1u << format->nexponent) - 1)) - format->bias;
    return lua_pushfstring(L, "%s%sE%d%s", sign, text_push_integer(L, &number), exponent, format->suffix);
}
