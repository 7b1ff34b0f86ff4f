/* tostring of cdata, as LuaJIT writes it: the value of a 64-bit integer or complex number, else the type and an
 * address. */
#include "bind/text.h"

#include <math.h>
#include <stdio.h>

#include "bind/cdata.h"
#include "bind/errors.h"
#include "bind/metamethods.h"
#include "bind/metatype.h"

const char *text_push_integer(lua_State *L, const Number *number)
{
    Uint128 rest = number->integer;
    char digits[48];
    char *p = digits + sizeof digits;
    bool is_negative = number->kind == NUMBER_SIGNED && rest >> 127 != 0;
    if (is_negative)
        rest = -rest;
    *--p = '\0';
    do {
        *--p = (char)('0' + (int)(rest % 10));
        rest /= 10;
    } while (rest != 0);
    if (is_negative)
        *--p = '-';
    return lua_pushstring(L, p);
}

/* -- tostring ------------------------------------------------------------------------------------------------------ */

/* A NaN has no sign here. */
static const char *push_part(lua_State *L, const Number *number)
{
    char text[40];
    double floating = (double)number->floating;
    if (number->kind != NUMBER_FLOATING)
        return text_push_integer(L, number);
    if (floating != floating)
        return lua_pushstring(L, "nan");
    lua_number2str(text, sizeof text, floating);
    return lua_pushstring(L, text);
}

/* 1+2i, and I behind what ends in a letter. */
static void push_complex(lua_State *L, TypeInfo *info, const char *address)
{
    TypeInfo *part = typeinfo_element(info, L);
    Number re = number_load(part, address);
    Number im = number_load(part, address + part->type->size);
    const char *left = push_part(L, &re);
    const char *right = push_part(L, &im);
    bool is_finite = im.kind != NUMBER_FLOATING || isfinite((double)im.floating);
    lua_pushfstring(L, "%s%s%s%s", left, right[0] == '-' ? "" : "+", right, is_finite ? "i" : "I");
}

/* The digits of an integer or enum behind and before a text. */
static void push_decorated(lua_State *L, const TypeInfo *info, const char *address, const char *left, const char *right)
{
    Number number = number_load(info, address);
    lua_pushfstring(L, "%s%s%s", left, text_push_integer(L, &number), right);
}

/* False, and nothing is pushed: the value at `address` is shown by its address. */
static bool push_value(lua_State *L, TypeInfo *info, const char *address)
{
    switch ((ValueKind)info->kind) {
    case VALUE_I64: push_decorated(L, info, address, "", "LL"); return true;
    case VALUE_U64: push_decorated(L, info, address, "", "ULL"); return true;
    case VALUE_I128:
    case VALUE_U128: push_decorated(L, info, address, "", ""); return true;
    case VALUE_ENUM:
        push_decorated(L, info, address, lua_pushfstring(L, "cdata<%s>: ", error_push_type(L, info->type)), "");
        return true;
    case VALUE_COMPLEX: push_complex(L, info, address); return true;
    default: return false;
    }
}

int meta_tostring(lua_State *L)
{
    Cdata *cdata = lua_touserdata(L, 1);
    TypeInfo *info = cdata->info;
    char *address = info->is_pointer ? cdata_pointer(cdata) : cdata_address(cdata);
    if (metatype_push(L, info, "__tostring"))
        return metatype_call(L, 1);
    TypeInfo *value = info->kind == VALUE_REFERENCE ? typeinfo_element(info, L) : info;
    if (address != NULL && push_value(L, value, address))
        return 1;
    const char *type = metatype_push_given_name(L, info)
                           ? lua_tostring(L, -1)
                           : lua_pushfstring(L, "cdata<%s>", error_push_type(L, info->type));
    if (address == NULL)
        lua_pushfstring(L, "%s: NULL", type);
    else
        lua_pushfstring(L, "%s: %p", type, (void *)address);
    return 1;
}
