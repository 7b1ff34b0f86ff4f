/* Constant expressions (C11 6.5, 6.6): precedence climbing over typed values. What cannot be known, such as the value
 * of a variable, has still a type for sizeof, and only fails where a constant is needed. */
#include <string.h>

#include "cdecl/parser.h"

static bool parse_cast(Parser *parser, Value *value);
static bool parse_expression(Parser *parser, Value *value);
static bool parse_offsetof(Parser *parser, Value *value);

static Value unknown(CType *type, const Token *at, Message why)
{
    return (Value){.type = type, .why = why, .at = *at};
}

/* -- primary expressions ------------------------------------------------------------------------------------------- */

/* An enumerator is an int when it fits, else of its enum's type, as gcc has it. */
static Value constant_value(Parser *parser, const CDecl *decl)
{
    const CType *type = decl->type;
    CScalar scalar = (CScalar)type->scalar;
    int64_t value = (int64_t)decl->value;
    if (type->kind == CTYPE_ENUM) {
        bool is_complete = ctype_is_complete(type);
        bool is_unsigned = is_complete && scalar == CSCALAR_ULONG;
        if (value <= INT32_MAX && value >= INT32_MIN && !(is_unsigned && value < 0))
            scalar = CSCALAR_INT;
        else if (!is_complete)
            scalar = value < INT32_MIN ? CSCALAR_LONG : value <= (int64_t)UINT32_MAX ? CSCALAR_UINT : CSCALAR_LONG;
    }
    return value_integer(parser, scalar, decl->value);
}

static bool fail_undeclared(Parser *parser, const Token *at)
{
    char hint[SUGGESTION_NBYTES];
    return parser_fail(parser, at, MESSAGE_UNDECLARED, at->u.name->text,
                       suggest_value(parser, at->u.name, hint, sizeof hint));
}

static bool parse_name(Parser *parser, Value *value)
{
    Token at = parser->token;
    const CDecl *decl = at.u.name->decl;
    if (decl == NULL && soft_keyword(&at) == TOKEN_SOFT_OFFSETOF)
        return parse_offsetof(parser, value);
    if (decl == NULL)
        return fail_undeclared(parser, &at);
    if (decl->kind == CDECL_TYPEDEF)
        return parser_fail(parser, &at, MESSAGE_EXPECTED, "an expression", &at);
    lexer_advance(parser);
    if (decl->kind == CDECL_CONSTANT) {
        *value = constant_value(parser, decl);
        if (decl->type->qualifiers != 0)
            value->type = decl->type;
    } else {
        *value = unknown(decl->type, &at, MESSAGE_NOT_CONSTANT);
        value->is_lvalue = true;
    }
    return true;
}

static int digit_of(char c, unsigned base)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return base == 16 && (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* e, E, p or P with its digits; 0 when there is none. */
static int read_exponent(const char *at, const char *end)
{
    int exponent = 0;
    bool is_negative;
    if (at == end || strchr("eEpP", *at) == NULL)
        return 0;
    at++;
    is_negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    for (; at < end && *at >= '0' && *at <= '9' && exponent < 100000; at++)
        exponent = exponent * 10 + (*at - '0');
    return is_negative ? -exponent : exponent;
}

static double scale_by(double number, double base, int exponent)
{
    for (; exponent > 0 && number < 1e300; exponent--)
        number *= base;
    for (; exponent < 0 && number != 0; exponent++)
        number /= base;
    return number;
}

/* The decimal or hexadecimal number, to the precision that a cast to an integer needs. */
static double read_floating(const Token *token)
{
    const char *at = token->start, *end = at + token->length;
    unsigned base = token->length > 2 && (at[1] == 'x' || at[1] == 'X') ? 16 : 10;
    double number = 0;
    int nfraction = 0; /* digits behind the point */
    bool has_point = false;
    for (at += base == 16 ? 2 : 0; at < end && (*at == '.' || digit_of(*at, base) >= 0); at++)
        if (*at == '.') {
            has_point = true;
        } else {
            number = number * base + digit_of(*at, base);
            nfraction += has_point;
        }
    if (base == 16)
        return scale_by(number, 2, read_exponent(at, end) - 4 * nfraction);
    return scale_by(number, 10, read_exponent(at, end) - nfraction);
}

static bool parse_floating(Parser *parser, Value *value)
{
    Token at = parser->token;
    *value = (Value){.type = ctype_scalar(parser->table, (CScalar)at.scalar), .is_known = true, .at = at};
    value->number = read_floating(&at);
    lexer_advance(parser);
    return true;
}

/* string-literal+: an array of its characters and the closing zero */
static bool parse_string(Parser *parser, Value *value)
{
    Token at = parser->token;
    CScalar scalar = CSCALAR_CHAR;
    size_t used = parser->scratch.used, length;
    CType *type;
    while (parser->token.kind == TOKEN_STRING) {
        if (parser->token.scalar != CSCALAR_CHAR)
            scalar = (CScalar)parser->token.scalar;
        if (!literal_decode(parser, &parser->token))
            return false;
        lexer_advance(parser);
    }
    length = parser->scratch.used - used;
    stack_drop(&parser->scratch, used);
    type = ctype_array(parser->table, ctype_scalar(parser->table, scalar), length + 1);
    if (type == NULL)
        return parser_fail_memory(parser);
    *value = unknown(type, &at, MESSAGE_NOT_KNOWN);
    value->is_lvalue = true;
    return !parser->failed;
}

/* primary-expression: constant | string-literal | identifier | ( expression ) */
static bool parse_primary(Parser *parser, Value *value)
{
    Token at = parser->token;
    switch (at.kind) {
    case TOKEN_INTEGER:
        *value = value_integer(parser, (CScalar)at.scalar, at.u.value);
        lexer_advance(parser);
        return true;
    case TOKEN_FLOATING: return parse_floating(parser, value);
    case TOKEN_STRING: return parse_string(parser, value);
    case TOKEN_NAME: return parse_name(parser, value);
    case '(':
        lexer_advance(parser);
        return parse_expression(parser, value) && parser_expect(parser, ')', "')'", "expression");
    default: return parser_fail(parser, &at, MESSAGE_EXPECTED, "an expression", &at);
    }
}

/* -- postfix expressions ------------------------------------------------------------------------------------------- */

/* The lvalue that a pointer leads to; `operator` is how the text says so. */
static bool dereference(Parser *parser, const Token *at, const char *operator, Value * value)
{
    if (!value_decay(parser, value))
        return false;
    if (value->type->kind != CTYPE_POINTER)
        return parser_fail(parser, at, MESSAGE_BAD_OPERAND, operator, value->type);
    value->type = value->type->u.element;
    value->is_lvalue = true;
    value->at = *at;
    return true;
}

static bool fail_member(Parser *parser, const Token *at, const CType *type)
{
    char hint[SUGGESTION_NBYTES];
    return parser_fail(parser, at, MESSAGE_NO_MEMBER, type, at->u.name->text,
                       suggest_member(type->u.record, at->u.name, hint, sizeof hint));
}

/* . identifier: the lvalue moves to the member. */
static bool select_member(Parser *parser, Value *value)
{
    const Token *at = &parser->token;
    const CMember *member;
    uint64_t offset;
    CType *type = value->type;
    if (at->kind != TOKEN_NAME)
        return parser_fail(parser, at, MESSAGE_EXPECTED, "a member's name", at);
    if (type->kind != CTYPE_RECORD || !ctype_is_complete(type))
        return parser_fail(parser, at, MESSAGE_NOT_RECORD, type);
    member = ctype_find_member(type->u.record, at->u.name->text, at->u.name->length, &offset);
    if (member == NULL)
        return fail_member(parser, at, type);
    value->type = ctype_qualified(parser->table, member->type, member->type->qualifiers | type->qualifiers);
    if (value->type == NULL)
        return parser_fail_memory(parser);
    value->bits += offset;
    value->bitfield = member->is_bitfield ? member : NULL;
    value->at = *at;
    lexer_advance(parser);
    return true;
}

/* [ expression ] */
static bool parse_index(Parser *parser, Value *value)
{
    Token at = parser->token;
    Value index;
    lexer_advance(parser);
    if (!parse_expression(parser, &index) || !parser_expect(parser, ']', "']'", "index"))
        return false;
    return value_binary(parser, &at, '+', value, &index) && dereference(parser, &at, "'[]'", value);
}

/* ( arguments ): of the result only the type is known. */
static bool parse_call(Parser *parser, Value *value)
{
    Token at = parser->token;
    if (!value_decay(parser, value))
        return false;
    if (value->type->kind != CTYPE_POINTER || value->type->u.element->kind != CTYPE_FUNCTION)
        return parser_fail(parser, &at, MESSAGE_BAD_OPERAND, "'()'", value->type);
    *value = unknown(value->type->u.element->u.function->result, &at, MESSAGE_NOT_KNOWN);
    return parser_skip_group(parser);
}

/* postfix-expression: primary-expression, then any [ ], ( ), . and -> */
static bool parse_postfix(Parser *parser, Value *value)
{
    if (!parse_primary(parser, value))
        return false;
    for (;;) {
        Token at = parser->token;
        bool is_good;
        switch (at.kind) {
        case '[': is_good = parse_index(parser, value); break;
        case '(': is_good = parse_call(parser, value); break;
        case TOKEN_ARROW:
            lexer_advance(parser);
            is_good = dereference(parser, &at, "'->'", value) && select_member(parser, value);
            break;
        case '.':
            lexer_advance(parser);
            is_good = select_member(parser, value);
            break;
        default: return !parser->failed;
        }
        if (!is_good)
            return false;
    }
}

/* -- sizeof, _Alignof, offsetof ------------------------------------------------------------------------------------ */

/* gcc has 1 for void and functions. */
static bool size_of(Parser *parser, const Token *at, const CType *type, Value *value)
{
    bool is_alignof = at->kind == TOKEN_ALIGNOF;
    bool is_one = type->kind == CTYPE_VOID || type->kind == CTYPE_FUNCTION;
    if (type->kind == CTYPE_REFERENCE)
        type = type->u.element;
    if (!is_one && (!ctype_is_complete(type) || type->is_vla) && !(is_alignof && type->kind == CTYPE_ARRAY))
        return parser_fail(parser, at, MESSAGE_SIZEOF_TYPE, is_alignof ? "alignment" : "size", type);
    *value = value_integer(parser, CSCALAR_ULONG, is_alignof ? type->align : is_one ? 1 : type->size);
    return true;
}

/* sizeof unary-expression | sizeof ( type-name ), and _Alignof alike */
static bool parse_sizeof(Parser *parser, Value *value)
{
    Token at = parser->token;
    Value operand;
    CType *type = NULL;
    lexer_advance(parser);
    if (parser->token.kind == '(') {
        Bookmark mark = lexer_mark(parser);
        lexer_advance(parser);
        if (is_type_start(parser)) {
            type = parse_type_name(parser);
            if (type == NULL || !parser_expect(parser, ')', "')'", "type name"))
                return false;
            return size_of(parser, &at, type, value);
        }
        lexer_return(parser, &mark);
    }
    if (!parse_cast(parser, &operand))
        return false;
    if (operand.bitfield != NULL)
        return parser_fail(parser, &at, MESSAGE_SIZEOF_BITFIELD, operand.bitfield->name,
                           at.kind == TOKEN_ALIGNOF ? "alignment" : "size");
    return size_of(parser, &at, operand.type, value);
}

/* offsetof ( type-name , member-designator ) */
static bool parse_offsetof(Parser *parser, Value *value)
{
    Value place = {.is_known = true, .is_lvalue = true};
    bool is_good;
    lexer_advance(parser);
    if (!parser_expect(parser, '(', "'('", "'offsetof'"))
        return false;
    place.type = parse_type_name(parser);
    if (place.type == NULL || !parser_expect(parser, ',', "','", "type name"))
        return false;
    is_good = select_member(parser, &place);
    while (is_good && (parser->token.kind == '.' || parser->token.kind == '['))
        is_good = parser->token.kind == '[' ? parse_index(parser, &place)
                                            : parser_accept(parser, '.') && select_member(parser, &place);
    if (!is_good || !parser_expect(parser, ')', "')'", "member"))
        return false;
    if (place.bitfield != NULL)
        return parser_fail(parser, &place.at, MESSAGE_SIZEOF_BITFIELD, place.bitfield->name, "offset");
    *value = value_integer(parser, CSCALAR_ULONG, place.bits);
    if (!place.is_known)
        *value = unknown(value->type, &place.at, place.why);
    return true;
}

/* -- unary and cast expressions ------------------------------------------------------------------------------------ */

static bool take_address(Parser *parser, const Token *at, Value *value)
{
    CType *type;
    if (!value->is_lvalue || value->bitfield != NULL)
        return parser_fail(parser, at, MESSAGE_BAD_OPERAND, "'&'", value->type);
    type = ctype_pointer(parser->table, value->type);
    if (type == NULL)
        return parser_fail_memory(parser);
    value->type = type;
    value->is_lvalue = false;
    return true;
}

/* unary-expression: postfix-expression | & * + - ~ ! cast-expression | sizeof … | _Alignof … | __extension__
 * cast-expression */
static bool parse_unary(Parser *parser, Value *value)
{
    Token at = parser->token;
    switch (at.kind) {
    case '+':
    case '-':
    case '~':
    case '!': lexer_advance(parser); return parse_cast(parser, value) && value_unary(parser, &at, at.kind, value);
    case '&': lexer_advance(parser); return parse_cast(parser, value) && take_address(parser, &at, value);
    case '*': lexer_advance(parser); return parse_cast(parser, value) && dereference(parser, &at, "'*'", value);
    case TOKEN_SIZEOF:
    case TOKEN_ALIGNOF: return parse_sizeof(parser, value);
    case TOKEN_OFFSETOF: return parse_offsetof(parser, value);
    case TOKEN_EXTENSION: lexer_advance(parser); return parse_cast(parser, value);
    default: return parse_postfix(parser, value);
    }
}

/* ( type-name ) cast-expression, behind its parenthesis */
static bool parse_cast_type(Parser *parser, const Token *at, Value *value)
{
    CType *type = parse_type_name(parser);
    return type != NULL && parser_expect(parser, ')', "')'", "type name") && parse_cast(parser, value) &&
           value_cast(parser, at, value, type);
}

/* cast-expression: unary-expression | ( type-name ) cast-expression */
static bool parse_cast_level(Parser *parser, Value *value)
{
    Bookmark mark;
    if (parser->token.kind != '(')
        return parse_unary(parser, value);
    mark = lexer_mark(parser);
    lexer_advance(parser);
    if (is_type_start(parser))
        return parse_cast_type(parser, &mark.token, value);
    lexer_return(parser, &mark);
    return parse_unary(parser, value);
}

static bool parse_cast(Parser *parser, Value *value)
{
    bool is_good;
    if (!parser_enter(parser))
        return false;
    is_good = parse_cast_level(parser, value);
    parser_leave(parser);
    return is_good;
}

/* -- binary and conditional expressions ---------------------------------------------------------------------------- */

/* C11 6.5.5 to 6.5.14; 0: no binary operator. */
static unsigned precedence(unsigned operator)
{
    switch (operator) {
    case '*':
    case '/':
    case '%': return 10;
    case '+':
    case '-': return 9;
    case TOKEN_SHIFT_LEFT:
    case TOKEN_SHIFT_RIGHT: return 8;
    case '<':
    case '>':
    case TOKEN_LESS_EQUAL:
    case TOKEN_GREATER_EQUAL: return 7;
    case TOKEN_EQUAL:
    case TOKEN_NOT_EQUAL: return 6;
    case '&': return 5;
    case '^': return 4;
    case '|': return 3;
    case TOKEN_AND: return 2;
    case TOKEN_OR: return 1;
    default: return 0;
    }
}

/* Operators of at least this precedence, from left to right; recursion is at most ten levels deep. */
static bool parse_binary(Parser *parser, Value *left, unsigned lowest)
{
    if (!parse_cast(parser, left))
        return false;
    for (;;) {
        Token at = parser->token;
        unsigned rank = precedence(at.kind);
        Value right;
        if (rank == 0 || rank < lowest)
            return !parser->failed;
        lexer_advance(parser);
        if (!parse_binary(parser, &right, rank + 1) || !value_binary(parser, &at, at.kind, left, &right))
            return false;
    }
}

/* ? expression? : conditional-expression; gcc's `a ?: b` takes the condition for the missing one. */
static bool parse_choice(Parser *parser, Value *value)
{
    Token at = parser->token;
    Value yes = *value, no;
    bool is_good;
    if (!parser_enter(parser))
        return false;
    lexer_advance(parser);
    is_good = (parser->token.kind == ':' || parse_expression(parser, &yes)) &&
              parser_expect(parser, ':', "':'", "expression") && parse_conditional(parser, &no) &&
              value_choose(parser, &at, value, &yes, &no);
    parser_leave(parser);
    return is_good;
}

/* conditional-expression: logical-OR-expression ( ? expression : conditional-expression )? */
bool parse_conditional(Parser *parser, Value *value)
{
    if (!parse_binary(parser, value, 1))
        return false;
    return parser->token.kind != '?' || parse_choice(parser, value);
}

/* expression: conditional-expression ( , conditional-expression )*; the last one counts. Assignments are not constant.
 */
static bool parse_expression(Parser *parser, Value *value)
{
    do {
        if (!parse_conditional(parser, value))
            return false;
    } while (parser_accept(parser, ','));
    return true;
}

/* constant-expression: conditional-expression, a known integer */
bool parse_constant(Parser *parser, Value *value)
{
    Token at = parser->token;
    if (!parse_conditional(parser, value) || !value_decay(parser, value))
        return false;
    if (!value->is_known) {
        const Token *where = value->at.start != NULL ? &value->at : &at;
        return parser_fail(parser, where, value->why, where);
    }
    if (value->type->kind != CTYPE_INTEGER && value->type->kind != CTYPE_BOOL && value->type->kind != CTYPE_ENUM)
        return parser_fail(parser, &at, MESSAGE_NOT_INTEGER, value->type);
    return true;
}
