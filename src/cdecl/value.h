/* What the parts of constant expressions share: values and their operators, numbers and characters. For
 * number.c, literal.c, value.c, operator.c, expression.c, builtin.c, size.c and initializer.c. */
#ifndef AIRLOCK_CDECL_VALUE_H
#define AIRLOCK_CDECL_VALUE_H

#include "cdecl/parser.h"

/* 0..15, or 16 for what is no hexadecimal digit. */
static inline unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* -- number.c ------------------------------------------------------------------------------------------------------ */

/* The value of a floating token, rounded to its type; false when memory is out. */
bool literal_floating(Parser *parser, const Token *token, Real *number);

/* -- value.c: values and conversions ------------------------------------------------------------------------------- */

/* The number as an object of the floating scalar holds it. */
Real real_round(CScalar scalar, Real number);

Value value_integer(Parser *parser, CScalar scalar, Bits bits);
Value value_floating(Parser *parser, CScalar scalar, Real number);
/* Of a type, and known to the run alone; `why` is for where a constant is needed. */
Value value_unknown(CType *type, const Token *at, Message why);
/* Of unknown type too. */
Value value_typeless(Parser *parser, const Token *at, Message why);
/* Fails for a typeless value. */
bool value_need_type(Parser *parser, const Value *value);

/* Of a known scalar: whether it is not zero. */
bool value_is_true(const Value *value);
/* The value is not constant after all, unless that is known already. */
void value_forget(Value *value, const Token *at, Message why);
/* What is unknown in an operand is unknown in the result. */
void value_spread(Value *into, const Value *from);
/* What an operator made: no lvalue, no address. */
void value_become_rvalue(Value *value);

/* Lvalue, array and function conversion (C11 6.3.2.1). */
bool value_decay(Parser *parser, Value *value);
/* To a scalar type, without a check. */
void value_convert(Value *value, CType *type);
/* C11 6.5.4, with gcc's casts of vectors; `at` is for messages. */
bool value_cast(Parser *parser, const Token *at, Value *value, CType *type);
/* The type that the operands of an arithmetic operator are converted to (C11 6.3.1.8); NULL when memory is out. */
CType *value_common_type(Parser *parser, const CType *a, const CType *b);
/* C11 6.3.1.1p2 on an integer. */
void value_promote(Parser *parser, Value *value);

/* -- operator.c: `at` is the operator for messages ----------------------------------------------------------------- */

/* The operator does not take an operand of this type. */
bool value_fail_operand(Parser *parser, const Token *at, const CType *type);
/* + - ~ ! */
bool value_unary(Parser *parser, const Token *at, unsigned op, Value *value);
/* The operators of C11 6.5.5 to 6.5.14, into the left operand. */
bool value_binary(Parser *parser, const Token *at, unsigned op, Value *left, const Value *right);
/* ? :, into the condition, which may be `yes` too. */
bool value_choose(Parser *parser, const Token *at, Value *condition, const Value *yes, const Value *no);

/* -- expression.c, size.c, builtin.c, initializer.c ---------------------------------------------------------------- */

/* cast-expression */
bool parse_cast(Parser *parser, Value *value);
/* conditional-expression; may be typeless */
bool parse_conditional(Parser *parser, Value *value);
/* string-literal+ */
bool parse_string(Parser *parser, Value *value);
/* . identifier and [ expression ], behind the dot and at the bracket: the lvalue moves. */
bool select_member(Parser *parser, Value *value);
bool parse_index(Parser *parser, Value *value);
/* sizeof and _Alignof expressions */
bool parse_sizeof(Parser *parser, Value *value);
/* offsetof ( type-name , member-designator ) */
bool parse_offsetof(Parser *parser, Value *value);
/* Any [ ], ( ), ., ->, ++ and -- behind a primary expression. */
bool parse_suffixes(Parser *parser, Value *value);
/* The postfix-expression that `( type-name ) {` begins, at its brace. */
bool parse_compound_literal(Parser *parser, const Token *at, CType *type, Value *value);
/* generic-selection */
bool parse_generic(Parser *parser, Value *value);
/* Whether the token names a builtin function, and the call of one. */
bool is_builtin(const Token *token);
bool parse_builtin(Parser *parser, Value *value);

#endif
