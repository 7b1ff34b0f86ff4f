/* Arithmetic of constant expressions: C's promotions, conversions and operators on gcc's integer types
 * (C11 6.3.1, 6.5).
 *
 * Invariant: an integer value's bits are extended to 64 as its type says; __int128 is computed in 64 bits. */
#include "cdecl/parser.h"

/* -- kinds --------------------------------------------------------------------------------------------------------- */

static bool is_integer(const CType *type)
{
    return type->kind == CTYPE_INTEGER || type->kind == CTYPE_BOOL || type->kind == CTYPE_ENUM;
}

static bool is_arithmetic(const CType *type)
{
    return is_integer(type) || type->kind == CTYPE_FLOATING;
}

static bool is_pointer(const CType *type)
{
    return type->kind == CTYPE_POINTER;
}

static bool is_signed(const CType *type)
{
    return ctype_scalar_class((CScalar)type->scalar) == CSCALAR_SIGNED;
}

/* Truncates to the type's width and extends again. */
static uint64_t normalize(const CType *type, uint64_t bits)
{
    unsigned nbits = (unsigned)type->size * 8;
    if (type->kind == CTYPE_BOOL)
        return bits != 0;
    if (nbits >= 64)
        return bits;
    bits &= (UINT64_C(1) << nbits) - 1;
    return is_signed(type) && bits >> (nbits - 1) ? bits | ~((UINT64_C(1) << nbits) - 1) : bits;
}

Value value_integer(Parser *parser, CScalar scalar, uint64_t bits)
{
    Value value = {.type = ctype_scalar(parser->table, scalar), .is_known = true};
    value.bits = normalize(value.type, bits);
    return value;
}

bool value_is_negative(const Value *value)
{
    return is_integer(value->type) && is_signed(value->type) && (int64_t)value->bits < 0;
}

bool value_is_true(const Value *value)
{
    return value->type->kind == CTYPE_FLOATING ? value->number != 0 : value->bits != 0;
}

/* The value is not constant after all, unless that is known already. */
static void forget(Value *value, const Token *at, Message why)
{
    if (!value->is_known)
        return;
    value->is_known = false;
    value->why = why;
    value->at = *at;
}

/* What is unknown in an operand is unknown in the result. */
static void spread(Value *into, const Value *from)
{
    if (into->is_known && !from->is_known) {
        into->is_known = false;
        into->why = from->why;
        into->at = from->at;
    }
}

/* -- conversions --------------------------------------------------------------------------------------------------- */

/* An lvalue becomes what it holds, which only the run knows; arrays and functions become pointers (C11 6.3.2.1). */
bool value_decay(Parser *parser, Value *value)
{
    CType *type = value->type;
    if (type->kind == CTYPE_ARRAY)
        value->type = ctype_pointer(parser->table, type->u.element);
    else if (type->kind == CTYPE_FUNCTION)
        value->type = ctype_pointer(parser->table, type);
    else if (value->is_lvalue)
        forget(value, &value->at, MESSAGE_NOT_KNOWN);
    if (value->type == NULL)
        return parser_fail_memory(parser);
    value->type = value->type->main;
    value->is_lvalue = false;
    value->bitfield = NULL;
    return true;
}

static double to_number(const Value *value)
{
    if (value->type->kind == CTYPE_FLOATING)
        return value->number;
    return value_is_negative(value) ? (double)(int64_t)value->bits : (double)value->bits;
}

/* A number as an integer; out of range it is what C leaves undefined, here 0. */
static uint64_t to_bits(double number)
{
    if (number > -9223372036854775809.0 && number < 9223372036854775808.0)
        return (uint64_t)(int64_t)number;
    return number >= 0 && number < 18446744073709551616.0 ? (uint64_t)number : 0;
}

static void convert(Value *value, CType *type)
{
    if (type->kind == CTYPE_FLOATING) {
        value->number = to_number(value);
        if (type->scalar == CSCALAR_FLOAT)
            value->number = (double)(float)value->number;
    } else if (type->kind == CTYPE_BOOL) {
        value->bits = value_is_true(value);
    } else {
        if (value->type->kind == CTYPE_FLOATING)
            value->bits = to_bits(value->number);
        if (is_integer(type))
            value->bits = normalize(type, value->bits);
    }
    value->type = type;
}

/* Whether an enum's or narrow type's value goes to int, or stays (C11 6.3.1.1p2). */
static CScalar promoted(const CType *type)
{
    return type->scalar < CSCALAR_INT ? CSCALAR_INT : (CScalar)type->scalar;
}

/* C11 6.3.1.8 on integers; the scalars come in pairs of one rank, signed first. */
static CScalar common_integer(CScalar a, CScalar b)
{
    CScalar high = a > b ? a : b, low = a > b ? b : a;
    bool high_is_unsigned = ctype_scalar_class(high) == CSCALAR_UNSIGNED;
    if (high_is_unsigned || ctype_scalar_class(low) == CSCALAR_SIGNED)
        return high;
    /* signed of higher rank against unsigned: long long cannot hold all of unsigned long */
    return high == CSCALAR_LLONG && low == CSCALAR_ULONG ? CSCALAR_ULLONG : high;
}

_Static_assert(CSCALAR_INT + 1 == CSCALAR_UINT && CSCALAR_ULONG + 1 == CSCALAR_LLONG, "pairs of one rank, in order");

static CType *common_type(Parser *parser, const CType *a, const CType *b)
{
    if (a->kind == CTYPE_FLOATING || b->kind == CTYPE_FLOATING) {
        CScalar scalar = a->kind != CTYPE_FLOATING || (b->kind == CTYPE_FLOATING && b->scalar > a->scalar)
                             ? (CScalar)b->scalar
                             : (CScalar)a->scalar;
        return ctype_scalar(parser->table, scalar);
    }
    return ctype_scalar(parser->table, common_integer(promoted(a), promoted(b)));
}

/* -- unary operators ----------------------------------------------------------------------------------------------- */

static const char *operator_text(const Token *at, char text[8])
{
    uint32_t length = at->length < 5 ? at->length : 5, i;
    text[0] = '\'';
    for (i = 0; i < length; i++)
        text[1 + i] = at->start[i];
    text[length + 1] = '\'';
    text[length + 2] = '\0';
    return text;
}

static bool fail_operand(Parser *parser, const Token *at, const CType *type)
{
    char text[8];
    return parser_fail(parser, at, MESSAGE_BAD_OPERAND, operator_text(at, text), type);
}

static bool unary_not(Parser *parser, const Token *at, Value *value)
{
    bool is_true = value_is_true(value);
    if (!is_arithmetic(value->type) && !is_pointer(value->type))
        return fail_operand(parser, at, value->type);
    value->type = ctype_scalar(parser->table, CSCALAR_INT);
    value->bits = !is_true;
    return true;
}

bool value_unary(Parser *parser, const Token *at, unsigned operator, Value * value)
{
    if (!value_decay(parser, value))
        return false;
    if (operator== '!')
        return unary_not(parser, at, value);
    if (!is_arithmetic(value->type) || (operator== '~' && value->type->kind == CTYPE_FLOATING))
        return fail_operand(parser, at, value->type);
    if (value->type->kind == CTYPE_FLOATING) {
        value->number = operator== '-' ? -value->number : value->number;
        return true;
    }
    convert(value, ctype_scalar(parser->table, promoted(value->type)));
    if (operator== '-')
        value->bits = normalize(value->type, 0 - value->bits);
    else if (operator== '~')
        value->bits = normalize(value->type, ~value->bits);
    return true;
}

bool value_cast(Parser *parser, const Token *at, Value *value, CType *type)
{
    bool is_scalar, is_wanted;
    if (!value_decay(parser, value))
        return false;
    if (type->kind == CTYPE_VOID) {
        value->type = type;
        forget(value, at, MESSAGE_NOT_KNOWN);
        return true;
    }
    is_scalar = is_arithmetic(value->type) || is_pointer(value->type);
    is_wanted = (is_arithmetic(type) && ctype_is_complete(type)) || is_pointer(type);
    if (!is_scalar || !is_wanted || (is_pointer(type) && value->type->kind == CTYPE_FLOATING) ||
        (is_pointer(value->type) && type->kind == CTYPE_FLOATING))
        return parser_fail(parser, at, MESSAGE_BAD_CAST, value->type, type);
    convert(value, type->main);
    return true;
}

/* -- binary operators ---------------------------------------------------------------------------------------------- */

static bool is_comparison(unsigned operator)
{
    switch (operator) {
    case '<':
    case '>':
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER_EQUAL:
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL: return true;
    default: return false;
    }
}

/* `order` is below, at or above 0 as left is below, equal to or above right. */
static bool compare(unsigned operator, int order)
{
    switch (operator) {
    case '<': return order < 0;
    case '>': return order > 0;
    case TOKEN_LESS_EQUAL: return order <= 0;
    case TOKEN_GREATER_EQUAL: return order >= 0;
    case TOKEN_EQUAL: return order == 0;
    default: return order != 0;
    }
}

static int order_of(const Value *left, const Value *right)
{
    if (left->type->kind == CTYPE_FLOATING)
        return (left->number > right->number) - (left->number < right->number);
    if (is_integer(left->type) && is_signed(left->type))
        return ((int64_t)left->bits > (int64_t)right->bits) - ((int64_t)left->bits < (int64_t)right->bits);
    return (left->bits > right->bits) - (left->bits < right->bits);
}

static void divide(const Token *at, unsigned operator, Value * left, const Value *right)
{
    uint64_t a = left->bits, b = right->bits;
    bool is_quotient = operator== '/';
    if (b == 0) {
        forget(left, at, MESSAGE_DIVISION_BY_ZERO);
    } else if (!is_signed(left->type)) {
        left->bits = is_quotient ? a / b : a % b;
    } else if ((int64_t)b == -1) { /* INT64_MIN / -1 would trap */
        left->bits = is_quotient ? 0 - a : 0;
    } else {
        left->bits = (uint64_t)(is_quotient ? (int64_t)a / (int64_t)b : (int64_t)a % (int64_t)b);
    }
}

static void integer_binary(const Token *at, unsigned operator, Value * left, const Value *right)
{
    switch (operator) {
    case '+': left->bits += right->bits; break;
    case '-': left->bits -= right->bits; break;
    case '*': left->bits *= right->bits; break;
    case '/':
    case '%': divide(at, operator, left, right); break;
    case '&': left->bits &= right->bits; break;
    case '|': left->bits |= right->bits; break;
    default: left->bits ^= right->bits; break;
    }
    left->bits = normalize(left->type, left->bits);
}

static bool floating_binary(Parser *parser, const Token *at, unsigned operator, Value * left, const Value *right)
{
    switch (operator) {
    case '+': left->number += right->number; return true;
    case '-': left->number -= right->number; return true;
    case '*': left->number *= right->number; return true;
    case '/':
        if (right->number == 0)
            forget(left, at, MESSAGE_DIVISION_BY_ZERO);
        else
            left->number /= right->number;
        return true;
    default: return fail_operand(parser, at, left->type);
    }
}

/* The operands are promoted apart; the result has the left one's type (C11 6.5.7). */
static bool shift(Parser *parser, const Token *at, unsigned operator, Value * left, const Value *right)
{
    uint64_t count = right->bits;
    unsigned nbits;
    if (!is_integer(left->type) || !is_integer(right->type))
        return fail_operand(parser, at, is_integer(left->type) ? right->type : left->type);
    convert(left, ctype_scalar(parser->table, promoted(left->type)));
    nbits = (unsigned)left->type->size * 8;
    if (nbits > 64)
        nbits = 64;
    if (value_is_negative(right) || count >= nbits) {
        forget(left, at, MESSAGE_BAD_SHIFT);
    } else if (operator== TOKEN_SHIFT_LEFT) {
        left->bits = normalize(left->type, left->bits << count);
    } else if (value_is_negative(left)) {
        left->bits = ~(~left->bits >> count);
    } else {
        left->bits >>= count;
    }
    return true;
}

static bool fail_operands(Parser *parser, const Token *at, const Value *left, const Value *right)
{
    char text[8];
    return parser_fail(parser, at, MESSAGE_BAD_OPERANDS, operator_text(at, text), left->type, right->type);
}

static void become_int(Parser *parser, Value *value, bool is_true)
{
    value->type = ctype_scalar(parser->table, CSCALAR_INT);
    value->bits = is_true;
}

/* The size that pointer arithmetic counts in; gcc has 1 for void and functions. */
static uint64_t step_of(const CType *pointer)
{
    const CType *element = pointer->u.element;
    return element->kind == CTYPE_VOID || element->kind == CTYPE_FUNCTION ? 1 : element->size;
}

/* pointer ± integer, pointer - pointer, pointer compared with pointer or integer */
static bool pointer_binary(Parser *parser, const Token *at, unsigned operator, Value * left, const Value *right)
{
    const CType *pointer = is_pointer(left->type) ? left->type : right->type;
    uint64_t step = step_of(pointer);
    if (is_comparison(operator)) {
        become_int(parser, left, compare(operator,(left->bits > right->bits) - (left->bits < right->bits)));
        return true;
    }
    if (step == CTYPE_SIZE_UNKNOWN || (operator!= '+' && operator!= '-'))
        return fail_operands(parser, at, left, right);
    if (is_pointer(left->type) && is_integer(right->type)) {
        left->bits += operator== '+' ? right->bits * step : 0 - right->bits * step;
        return true;
    }
    if (operator== '+' && is_integer(left->type)) {
        left->bits = left->bits * step + right->bits;
        left->type = right->type;
        return true;
    }
    if (operator!= '-' || !is_pointer(right->type) || !is_pointer(left->type) || step == 0)
        return fail_operands(parser, at, left, right);
    left->type = ctype_scalar(parser->table, CSCALAR_LONG);
    left->bits = (uint64_t)((int64_t)(left->bits - right->bits) / (int64_t)step);
    return true;
}

static bool logical(Parser *parser, unsigned operator, Value * left, const Value *right)
{
    bool is_and = operator== TOKEN_AND;
    if (!left->is_known || value_is_true(left) == is_and) { /* the right one decides */
        bool is_true = value_is_true(right);
        spread(left, right);
        become_int(parser, left, is_true);
    } else {
        become_int(parser, left, !is_and);
    }
    return true;
}

bool value_binary(Parser *parser, const Token *at, unsigned operator, Value * left, const Value *right)
{
    Value other = *right;
    CType *type;
    if (!value_decay(parser, left) || !value_decay(parser, &other))
        return false;
    if ((!is_arithmetic(left->type) && !is_pointer(left->type)) ||
        (!is_arithmetic(other.type) && !is_pointer(other.type)))
        return fail_operands(parser, at, left, &other);
    if (operator== TOKEN_AND || operator== TOKEN_OR)
        return logical(parser, operator, left, &other);
    spread(left, &other);
    if (is_pointer(left->type) || is_pointer(other.type))
        return pointer_binary(parser, at, operator, left, &other);
    if (operator== TOKEN_SHIFT_LEFT || operator== TOKEN_SHIFT_RIGHT)
        return shift(parser, at, operator, left, &other);
    type = common_type(parser, left->type, other.type);
    convert(left, type);
    convert(&other, type);
    if (is_comparison(operator))
        become_int(parser, left, compare(operator, order_of(left, &other)));
    else if (type->kind == CTYPE_FLOATING)
        return floating_binary(parser, at, operator, left, &other);
    else
        integer_binary(at, operator, left, &other);
    return true;
}

/* condition ? yes : no; the result's type depends on both, its value on the one that is chosen (C11 6.5.15). */
bool value_choose(Parser *parser, const Token *at, Value *condition, const Value *yes, const Value *no)
{
    Value chosen, a = *yes, b = *no;
    if (!value_decay(parser, condition) || !value_decay(parser, &a) || !value_decay(parser, &b))
        return false;
    if (!is_arithmetic(condition->type) && !is_pointer(condition->type))
        return fail_operand(parser, at, condition->type);
    chosen = value_is_true(condition) ? a : b;
    if (is_arithmetic(a.type) && is_arithmetic(b.type))
        convert(&chosen, common_type(parser, a.type, b.type));
    else if (is_pointer(a.type) && is_integer(b.type))
        chosen.type = a.type;
    else if (is_pointer(b.type))
        chosen.type = b.type;
    if (!condition->is_known)
        forget(&chosen, &condition->at, condition->why);
    *condition = chosen;
    return true;
}
