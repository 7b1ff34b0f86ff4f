/* The operators of constant expressions (C11 6.5.3.3, 6.5.5 to 6.5.15), computed as gcc folds them: integers wrap,
 * floating numbers are rounded to their own type after each operation. */
#include "cdecl/value.h"

/* -- failures ------------------------------------------------------------------------------------------------------ */

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

bool value_fail_operand(Parser *parser, const Token *at, const CType *type)
{
    char text[8];
    return parser_fail(parser, at, MESSAGE_BAD_OPERAND, operator_text(at, text), type);
}

static bool fail_operands(Parser *parser, const Token *at, const Value *left, const Value *right)
{
    char text[8];
    return parser_fail(parser, at, MESSAGE_BAD_OPERANDS, operator_text(at, text), left->type, right->type);
}

/* -- unary operators ----------------------------------------------------------------------------------------------- */

static void become_int(Parser *parser, Value *value, bool is_true)
{
    value->type = ctype_scalar(parser->table, CSCALAR_INT);
    value->bits = is_true;
}

static bool is_unary_operand(const CType *type, unsigned op)
{
    if (op == '!')
        return is_scalar(type);
    if (type->kind == CTYPE_FLOATING)
        return op != '~';
    return is_arithmetic(type) || type->kind == CTYPE_VECTOR;
}

bool value_unary(Parser *parser, const Token *at, unsigned op, Value *value)
{
    if (!value_decay(parser, value))
        return false;
    if (value->is_typeless)
        return true;
    if (!is_unary_operand(value->type, op))
        return value_fail_operand(parser, at, value->type);
    value_become_rvalue(value);
    if (op == '!') {
        become_int(parser, value, !value_is_true(value));
    } else if (value->type->kind == CTYPE_FLOATING) {
        value->number = op == '-' ? -value->number : value->number;
    } else if (is_integer(value->type)) {
        value_promote(parser, value);
        value->bits = op == '-' ? 0 - value->bits : op == '~' ? ~value->bits : value->bits;
        value_convert(value, value->type);
    }
    return true;
}

/* -- comparison ---------------------------------------------------------------------------------------------------- */

static bool is_comparison(unsigned op)
{
    switch (op) {
    case '<':
    case '>':
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER_EQUAL:
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL: return true;
    default: return false;
    }
}

static bool is_below(const Value *left, const Value *right)
{
    if (left->type->kind == CTYPE_FLOATING)
        return left->number < right->number;
    if (is_integer(left->type) && is_signed(left->type))
        return (SignedBits)left->bits < (SignedBits)right->bits;
    return left->bits < right->bits;
}

static bool is_same(const Value *left, const Value *right)
{
    return left->type->kind == CTYPE_FLOATING ? left->number == right->number : left->bits == right->bits;
}

/* Each by its own test, for NaN is neither below nor above nor the same. */
static bool compare(unsigned op, const Value *left, const Value *right)
{
    switch (op) {
    case '<': return is_below(left, right);
    case '>': return is_below(right, left);
    case TOKEN_LESS_EQUAL: return is_below(left, right) || is_same(left, right);
    case TOKEN_GREATER_EQUAL: return is_below(right, left) || is_same(left, right);
    case TOKEN_EQUAL: return is_same(left, right);
    default: return !is_same(left, right);
    }
}

/* -- arithmetic ---------------------------------------------------------------------------------------------------- */

static void divide(const Token *at, unsigned op, Value *left, const Value *right)
{
    Bits a = left->bits, b = right->bits;
    bool is_quotient = op == '/';
    if (b == 0)
        value_forget(left, at, MESSAGE_DIVISION_BY_ZERO);
    else if (!is_signed(left->type))
        left->bits = is_quotient ? a / b : a % b;
    else if ((SignedBits)b == -1) /* the lowest number over -1 would trap */
        left->bits = is_quotient ? 0 - a : 0;
    else
        left->bits = (Bits)(is_quotient ? (SignedBits)a / (SignedBits)b : (SignedBits)a % (SignedBits)b);
}

static void integer_binary(const Token *at, unsigned op, Value *left, const Value *right)
{
    switch (op) {
    case '+': left->bits += right->bits; break;
    case '-': left->bits -= right->bits; break;
    case '*': left->bits *= right->bits; break;
    case '/':
    case '%': divide(at, op, left, right); break;
    case '&': left->bits &= right->bits; break;
    case '|': left->bits |= right->bits; break;
    default: left->bits ^= right->bits; break;
    }
    value_convert(left, left->type);
}

static Real long_double_result(unsigned op, long double a, long double b)
{
    switch (op) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    default: return a / b;
    }
}

/* The 113 bits of Real are more than twice those of double, so that rounding their result again is as rounding once;
 * long double needs its own arithmetic. */
static Real floating_result(CScalar scalar, unsigned op, Real a, Real b)
{
    if (scalar == CSCALAR_LDOUBLE)
        return long_double_result(op, (long double)a, (long double)b);
    switch (op) {
    case '+': return real_round(scalar, a + b);
    case '-': return real_round(scalar, a - b);
    case '*': return real_round(scalar, a * b);
    default: return real_round(scalar, a / b);
    }
}

static bool floating_binary(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right)
{
    if (op != '+' && op != '-' && op != '*' && op != '/')
        return value_fail_operand(parser, at, left->type);
    if (left->type->kind == CTYPE_COMPLEX)
        return true; /* known by type alone */
    if (op == '/' && right->number == 0)
        value_forget(left, at, MESSAGE_DIVISION_BY_ZERO);
    else
        left->number = floating_result((CScalar)left->type->scalar, op, left->number, right->number);
    return true;
}

/* The operands are promoted apart; the result has the left one's type (C11 6.5.7). A count beyond the width shifts
 * everything out, as gcc folds it. */
static bool shift(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right)
{
    unsigned nbits, count = (uint32_t)right->bits; /* gcc makes it an int */
    bool is_left = op == TOKEN_SHIFT_LEFT;
    if (!is_integer(left->type) || !is_integer(right->type))
        return value_fail_operand(parser, at, is_integer(left->type) ? right->type : left->type);
    value_promote(parser, left);
    nbits = (unsigned)left->type->size * 8;
    count = count < nbits ? count : nbits;
    if (value_is_negative(right))
        value_forget(left, at, MESSAGE_BAD_SHIFT);
    else if (is_left)
        left->bits = count == nbits ? 0 : left->bits << count;
    else if (value_is_negative(left))
        left->bits = count >= 128 ? ~(Bits)0 : ~(~left->bits >> count);
    else
        left->bits = count >= 128 ? 0 : left->bits >> count;
    value_convert(left, left->type);
    return true;
}

/* -- pointers ------------------------------------------------------------------------------------------------------ */

/* Bytes from one element to the next; gcc has 1 for void and functions. CTYPE_SIZE_UNKNOWN when there is none. */
static uint64_t pointer_step(const CType *pointer)
{
    const CType *element = pointer->u.element;
    if (element->kind == CTYPE_VOID || element->kind == CTYPE_FUNCTION)
        return 1;
    return element->is_vla ? CTYPE_SIZE_UNKNOWN : element->size;
}

static void add_steps(Value *pointer, unsigned op, Bits count, uint64_t step)
{
    pointer->bits += op == '+' ? count * step : 0 - count * step;
    value_convert(pointer, pointer->type);
}

static bool compare_addresses(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right)
{
    Value a = *left, b = *right;
    CType *address = ctype_scalar(parser->table, CSCALAR_ULONG);
    if ((!is_pointer(a.type) && !is_integer(a.type)) || (!is_pointer(b.type) && !is_integer(b.type)))
        return fail_operands(parser, at, left, right);
    value_convert(&a, address);
    value_convert(&b, address);
    become_int(parser, left, compare(op, &a, &b));
    return true;
}

/* + and - of a pointer and a number of elements, - of two pointers, comparison. */
static bool pointer_binary(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right)
{
    const Value *pointer = is_pointer(left->type) ? left : right;
    uint64_t step = pointer_step(pointer->type);
    if (is_comparison(op))
        return compare_addresses(parser, at, op, left, right);
    if (step == CTYPE_SIZE_UNKNOWN || (op != '+' && op != '-'))
        return fail_operands(parser, at, left, right);
    if (is_pointer(left->type) && is_integer(right->type)) {
        add_steps(left, op, right->bits, step);
        return true;
    }
    if (op == '+' && is_integer(left->type)) {
        Bits count = left->bits;
        left->bits = right->bits;
        left->type = right->type;
        add_steps(left, '+', count, step);
        return true;
    }
    if (op != '-' || !is_pointer(right->type) || !is_pointer(left->type) || step == 0)
        return fail_operands(parser, at, left, right);
    left->type = ctype_scalar(parser->table, CSCALAR_LONG);
    left->bits = (Bits)((SignedBits)(int64_t)(uint64_t)(left->bits - right->bits) / (SignedBits)step);
    return true;
}

/* -- binary operators ---------------------------------------------------------------------------------------------- */

static bool logical(Parser *parser, unsigned op, Value *left, const Value *right)
{
    bool is_and = op == TOKEN_AND;
    bool is_decided = left->is_known && value_is_true(left) != is_and;
    bool is_true = is_decided ? !is_and : value_is_true(right);
    if (!is_decided)
        value_spread(left, right);
    left->is_typeless = false;
    become_int(parser, left, is_true);
    return true;
}

/* A vector and another of its size, or a number for each of its elements. */
static bool vector_binary(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right)
{
    CType *type = left->type->kind == CTYPE_VECTOR ? left->type : right->type;
    bool are_both = left->type->kind == right->type->kind;
    if (is_comparison(op) || (are_both && left->type->size != right->type->size) ||
        (!are_both && !is_real(left->type) && !is_real(right->type)))
        return fail_operands(parser, at, left, right);
    left->type = type;
    value_forget(left, at, MESSAGE_NOT_KNOWN);
    return true;
}

static bool arithmetic_binary(Parser *parser, const Token *at, unsigned op, Value *left, Value *right)
{
    CType *type = value_common_type(parser, left->type, right->type);
    bool is_equality = op == TOKEN_EQUAL || op == TOKEN_NOT_EQUAL;
    if (type == NULL)
        return false;
    value_convert(left, type);
    value_convert(right, type);
    value_spread(left, right);
    if (is_comparison(op) && (is_equality || type->kind != CTYPE_COMPLEX))
        become_int(parser, left, compare(op, left, right));
    else if (!is_integer(type))
        return floating_binary(parser, at, op, left, right);
    else
        integer_binary(at, op, left, right);
    return true;
}

/* Of a truth value the type is known in any case. */
static bool typeless_binary(Parser *parser, unsigned op, Value *left, const Value *right)
{
    if (op == TOKEN_AND || op == TOKEN_OR)
        return logical(parser, op, left, right);
    value_spread(left, right);
    if (is_comparison(op)) {
        left->is_typeless = false;
        become_int(parser, left, false);
    }
    return true;
}

bool value_binary(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right)
{
    Value other = *right;
    bool is_logical = op == TOKEN_AND || op == TOKEN_OR;
    bool has_vector;
    if (!value_decay(parser, left) || !value_decay(parser, &other))
        return false;
    value_become_rvalue(left);
    if (left->is_typeless || other.is_typeless)
        return typeless_binary(parser, op, left, &other);
    has_vector = left->type->kind == CTYPE_VECTOR || other.type->kind == CTYPE_VECTOR;
    if (has_vector && !is_logical)
        return vector_binary(parser, at, op, left, &other);
    if (!is_scalar(left->type) || !is_scalar(other.type))
        return fail_operands(parser, at, left, &other);
    if (is_logical)
        return logical(parser, op, left, &other);
    value_spread(left, &other);
    if (is_pointer(left->type) || is_pointer(other.type))
        return pointer_binary(parser, at, op, left, &other);
    if (op == TOKEN_SHIFT_LEFT || op == TOKEN_SHIFT_RIGHT)
        return shift(parser, at, op, left, &other);
    return arithmetic_binary(parser, at, op, left, &other);
}

/* -- the conditional operator -------------------------------------------------------------------------------------- */

static bool is_null_constant(const Value *value)
{
    return value->is_null || (is_integer(value->type) && value->is_known && value->bits == 0);
}

/* The type of two pointers, of which none is a null pointer constant: to void if one is, with both's qualifiers. */
static CType *common_pointer(Parser *parser, const CType *a, const CType *b)
{
    CType *element = b->u.element->kind == CTYPE_VOID ? b->u.element : a->u.element;
    unsigned qualifiers = a->u.element->qualifiers | b->u.element->qualifiers;
    if (element->kind != CTYPE_VOID)
        element = ctype_composite(a->u.element, b->u.element);
    if (element->kind != CTYPE_FUNCTION)
        element = ctype_qualified(parser->table, element, qualifiers);
    return element == NULL ? NULL : ctype_pointer(parser->table, element);
}

/* C11 6.5.15p5, p6; NULL when the two do not go together or memory is out. */
static CType *chosen_type(Parser *parser, const Value *a, const Value *b)
{
    if (is_arithmetic(a->type) && is_arithmetic(b->type))
        return value_common_type(parser, a->type, b->type);
    if (is_pointer(a->type) && (is_integer(b->type) || (is_pointer(b->type) && is_null_constant(b))))
        return a->type;
    if (is_pointer(b->type) && (is_integer(a->type) || (is_pointer(a->type) && is_null_constant(a))))
        return b->type;
    if (is_pointer(a->type) && is_pointer(b->type))
        return common_pointer(parser, a->type, b->type);
    if (a->type == b->type)
        return a->type;
    return a->type->kind == CTYPE_VOID || b->type->kind == CTYPE_VOID ? ctype_void(parser->table) : NULL;
}

bool value_choose(Parser *parser, const Token *at, Value *condition, const Value *yes, const Value *no)
{
    Value chosen, a = *yes, b = *no;
    CType *type;
    if (!value_decay(parser, condition) || !value_decay(parser, &a) || !value_decay(parser, &b))
        return false;
    if (!condition->is_typeless && !is_scalar(condition->type))
        return value_fail_operand(parser, at, condition->type);
    chosen = value_is_true(condition) ? a : b;
    chosen.is_typeless = a.is_typeless || b.is_typeless;
    if (!chosen.is_typeless) {
        type = chosen_type(parser, &a, &b);
        if (type == NULL)
            return fail_operands(parser, at, &a, &b);
        value_become_rvalue(&chosen);
        if (is_scalar(type))
            value_convert(&chosen, type);
        chosen.type = type;
    } else {
        const Value *typeless = a.is_typeless ? &a : &b;
        value_forget(&chosen, &typeless->at, typeless->why);
    }
    if (!condition->is_known)
        value_forget(&chosen, &condition->at, condition->why);
    *condition = chosen;
    return true;
}
