#include "bind/operand.h"

#include "bind/errors.h"
#include "bind/function.h"
#include "bind/metatype.h"

#define OPERATOR_SYMBOL(name, symbol) symbol,
static const char *const symbols[] = {OPERATORS(OPERATOR_SYMBOL)};
#undef OPERATOR_SYMBOL

/* -- values -------------------------------------------------------------------------------------------------------- */

void operand_follow(lua_State *L, Operand *operand)
{
    void *address = cdata_pointer(operand->cdata);
    if (address == NULL)
        return;
    operand->address = address;
    operand->info = typeinfo_element(operand->cdata->info, L);
}

bool operand_to_number(lua_State *L, const Operand *operand, Number *number)
{
    if (operand->info != NULL) {
        if (!value_is_number((ValueKind)operand->info->kind))
            return false;
        *number = number_load(operand->info, operand->address);
        return true;
    }
    if (lua_type(L, operand->index) != LUA_TNUMBER)
        return false;
    if (lua_isinteger(L, operand->index))
        *number = (Number){.kind = NUMBER_SIGNED, .integer = (Uint128)(Int128)lua_tointeger(L, operand->index)};
    else
        *number = (Number){.kind = NUMBER_FLOATING, .floating = lua_tonumber(L, operand->index)};
    return true;
}

/* The string at `name` as a constant of the enum. */
static bool constant_to_number(lua_State *L, const Operand *enumeration, const Operand *name, Number *number)
{
    size_t length;
    uint64_t value;
    if (operand_kind(enumeration) != VALUE_ENUM || lua_type(L, name->index) != LUA_TSTRING)
        return false;
    const char *text = lua_tolstring(L, name->index, &length);
    if (!ctype_find_enumerator(enumeration->info->type->u.enumeration, text, length, &value))
        return false;
    *number = number_load(enumeration->info, &value);
    return true;
}

bool operands_to_numbers(lua_State *L, const Operand *left, const Operand *right, Number *a, Number *b)
{
    return (operand_to_number(L, left, a) || constant_to_number(L, right, left, a)) &&
           (operand_to_number(L, right, b) || constant_to_number(L, left, right, b));
}

bool operand_to_address(lua_State *L, const Operand *operand, void **address, const CType **pointee)
{
    int type = lua_type(L, operand->index);
    *pointee = NULL;
    *address = NULL;
    if (operand->info != NULL && (operand->info->kind == VALUE_POINTER || operand->info->kind == VALUE_ARRAY)) {
        *pointee = operand->info->type->u.element;
        *address = operand->info->kind == VALUE_ARRAY ? operand->address : *(void **)operand->address;
        return true;
    }
    if (type == LUA_TFUNCTION) {
        *address = function_address_of(L, operand->index);
        *pointee = function_type_of(L, operand->index);
        return *address != NULL;
    }
    return type == LUA_TNIL;
}

/* -- integers ------------------------------------------------------------------------------------------------------ */

TypeInfo *integers_type(FfiState *S, lua_State *L, bool is_signed, bool is_wide)
{
    if (!is_wide)
        return is_signed ? S->word : S->uword;
    return typeinfo_of(S, L, ctype_scalar(S->types, is_signed ? CSCALAR_INT128 : CSCALAR_UINT128));
}

static bool to_integer(const TypeInfo *type, const Number *number, Uint128 *integer)
{
    _Alignas(16) unsigned char value[16];
    if (!number_store(type, value, number))
        return false;
    *integer = number_load(type, value).integer;
    return true;
}

static bool is_underlying(const Operand *operand, ValueKind kind)
{
    return operand->info != NULL && operand->info->underlying == kind;
}

bool operands_to_integers(FfiState *S, lua_State *L, const Operand *left, const Operand *right, Integers *integers)
{
    Number a;
    Number b;
    if (!operands_to_numbers(L, left, right, &a, &b))
        return false;
    bool any_u128 = is_underlying(left, VALUE_U128) || is_underlying(right, VALUE_U128);
    bool any_u64 = is_underlying(left, VALUE_U64) || is_underlying(right, VALUE_U64);
    integers->is_wide = any_u128 || is_underlying(left, VALUE_I128) || is_underlying(right, VALUE_I128);
    integers->is_signed = integers->is_wide ? !any_u128 : !any_u64;
    const TypeInfo *type = integers_type(S, L, integers->is_signed, integers->is_wide);
    return to_integer(type, &a, &integers->a) && to_integer(type, &b, &integers->b);
}

void integers_divide(const Integers *integers, Uint128 *quotient, Uint128 *remainder)
{
    if (integers->is_signed && integers->b == (Uint128)-1) {
        *quotient = -integers->a;
        *remainder = 0;
    } else if (!integers->is_wide) { /* the processor's own division */
        uint64_t a = (uint64_t)integers->a;
        uint64_t b = (uint64_t)integers->b;
        *quotient = integers->is_signed ? (Uint128)((int64_t)a / (int64_t)b) : a / b;
        *remainder = integers->is_signed ? (Uint128)((int64_t)a % (int64_t)b) : a % b;
    } else if (integers->is_signed) {
        *quotient = (Uint128)((Int128)integers->a / (Int128)integers->b);
        *remainder = (Uint128)((Int128)integers->a % (Int128)integers->b);
    } else {
        *quotient = integers->a / integers->b;
        *remainder = integers->a % integers->b;
    }
}

/* -- what has no operator of its own ------------------------------------------------------------------------------- */

/* A string beside an enum that has no such constant. */
static void refuse_constant(lua_State *L, Operator op, int enumeration, int name)
{
    const Cdata *cdata = cdata_to(L, enumeration);
    if (cdata == NULL || cdata->info->kind != VALUE_ENUM || lua_type(L, name) != LUA_TSTRING)
        return;
    const char *type = error_push_type(L, cdata->info->type);
    error_raise(L, MESSAGE_ENUM_NAME, type, lua_tostring(L, name), lua_pushfstring(L, "operand of %s", symbols[op]));
}

/* A float beside a number, pointer or array of C's which no integer of the common width goes by. */
static void refuse_float(lua_State *L, Operator op, int index, int other)
{
    FfiState *S = state_of(L);
    Operand operand = operand_of(L, index);
    Operand beside = operand_of(L, other);
    Number number;
    Number unused;
    bool is_counted = operand_to_number(L, &beside, &unused) || operand_kind(&beside) == VALUE_POINTER ||
                      operand_kind(&beside) == VALUE_ARRAY;
    if (!is_counted || !operand_to_number(L, &operand, &number) || number.kind != NUMBER_FLOATING)
        return;
    bool is_wide = is_underlying(&beside, VALUE_I128) || is_underlying(&beside, VALUE_U128);
    TypeInfo *type =
        integers_type(S, L, !is_underlying(&beside, VALUE_U64) && !is_underlying(&beside, VALUE_U128), is_wide);
    Uint128 integer;
    bool is_finite = number.floating - number.floating == 0;
    if (is_finite && !to_integer(type, &number, &integer))
        error_number_range(L, type->type, (lua_Number)number.floating,
                           lua_pushfstring(L, "operand of %s", symbols[op]));
}

void operator_refuse(lua_State *L, Operator op)
{
    refuse_constant(L, op, 1, 2);
    refuse_constant(L, op, 2, 1);
    refuse_float(L, op, 1, 2);
    refuse_float(L, op, 2, 1);
    const char *left = error_push_value(L, 1);
    if (op == OP_UNM || op == OP_BNOT)
        error_raise(L, MESSAGE_UNARY, symbols[op], left);
    const char *right = error_push_value(L, 2);
    if (op == OP_LT || op == OP_LE)
        error_raise(L, MESSAGE_COMPARE, left, right);
    error_raise(L, MESSAGE_ARITHMETIC, symbols[op], left, right);
}
