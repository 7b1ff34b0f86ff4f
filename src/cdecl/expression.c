/* Expressions (C11 6.5, 6.6): precedence climbing over typed values. What cannot be known, such as the value of a
 * variable, has still a type for sizeof, and only fails where a constant is needed. */
#include "cdecl/value.h"

static bool parse_comma(Parser *parser, Value *value);

/* -- primary expressions ------------------------------------------------------------------------------------------- */

/* An enumerator is an int when it fits, else of its enum's type, as gcc has it. */
static Value enumerator_value(Parser *parser, const CDecl *decl)
{
    const CType *type = decl->type;
    CScalar scalar = (CScalar)type->scalar;
    int64_t value = (int64_t)decl->value;
    bool is_complete = ctype_is_complete(type);
    bool is_unsigned = is_complete && scalar == CSCALAR_ULONG;
    if (value <= INT32_MAX && value >= INT32_MIN && !(is_unsigned && value < 0))
        scalar = CSCALAR_INT;
    else if (!is_complete)
        scalar = value < INT32_MIN ? CSCALAR_LONG : value <= (int64_t)UINT32_MAX ? CSCALAR_UINT : CSCALAR_LONG;
    return value_integer(parser, scalar, decl->value);
}

static bool fail_undeclared(Parser *parser, const Token *at)
{
    char hint[SUGGESTION_NBYTES];
    return parser_fail(parser, at, MESSAGE_UNDECLARED, at->u.name->text,
                       suggest_value(parser, at->u.name, hint, sizeof hint));
}

/* A variable whose value is known: `static const`. */
static Value held_value(Parser *parser, const CDecl *decl, const Token *at)
{
    CScalar scalar = (CScalar)decl->type->scalar;
    Bits bits = decl->value;
    Value value;
    if (is_signed(decl->type))
        bits = (Bits)(SignedBits)(int64_t)decl->value;
    value = value_integer(parser, scalar, bits);
    value.type = decl->type;
    value.at = *at;
    value.is_lvalue = value.is_held = true;
    return value;
}

static Value declared_value(Parser *parser, const CDecl *decl, const Token *at)
{
    Value value;
    if (decl->kind == CDECL_CONSTANT && decl->type->qualifiers == 0)
        return enumerator_value(parser, decl);
    if (decl->kind == CDECL_CONSTANT)
        value = held_value(parser, decl, at);
    else
        value = value_unknown(decl->type, at, MESSAGE_NOT_CONSTANT);
    value.is_lvalue = true;
    value.align = decl->align_code != 0 ? ctype_align_of_code(decl->align_code) : decl->type->align;
    return value;
}

static bool parse_name(Parser *parser, Value *value)
{
    Token at = parser->token;
    const CDecl *decl = at.u.name->decl;
    if (is_builtin(&at))
        return parse_builtin(parser, value);
    if (decl == NULL && soft_keyword(&at) == TOKEN_SOFT_OFFSETOF)
        return parse_offsetof(parser, value);
    if (decl == NULL)
        return fail_undeclared(parser, &at);
    if (decl->kind == CDECL_TYPEDEF)
        return parser_fail(parser, &at, MESSAGE_EXPECTED, "an expression", &at);
    lexer_advance(parser);
    *value = declared_value(parser, decl, &at);
    return true;
}

static bool parse_floating(Parser *parser, Value *value)
{
    Real number;
    if (!literal_floating(parser, &parser->token, &number))
        return false;
    *value = value_floating(parser, (CScalar)parser->token.scalar, number);
    lexer_advance(parser);
    return true;
}

/* gcc's imaginary constants: of the floating ones the type is known. */
static bool parse_imaginary(Parser *parser, Value *value)
{
    Token at = parser->token;
    CScalar scalar = (CScalar)at.scalar;
    lexer_advance(parser);
    if (ctype_scalar_class(scalar) != CSCALAR_FLOATING) {
        *value = value_typeless(parser, &at, MESSAGE_COMPLEX_INTEGER);
        return true;
    }
    *value = value_unknown(complex_type(parser, scalar), &at, MESSAGE_NOT_KNOWN);
    return value->type != NULL;
}

static bool is_u8(const Token *string)
{
    return string->length > 2 && string->start[0] == 'u' && string->start[1] == '8';
}

/* Finds the prefix that strings side by side have together: all of one, or some without. */
static bool find_prefix(Parser *parser, CScalar *scalar)
{
    Bookmark mark = lexer_mark(parser);
    bool has_prefix = false, has_u8 = false;
    *scalar = CSCALAR_CHAR;
    for (; parser->token.kind == TOKEN_STRING; lexer_advance(parser)) {
        const Token *at = &parser->token;
        CScalar own = (CScalar)at->scalar;
        if (*at->start == '"')
            continue;
        if (has_prefix && (own != *scalar || is_u8(at) != has_u8))
            return parser_fail(parser, at, MESSAGE_STRING_PREFIXES);
        *scalar = own;
        has_prefix = true;
        has_u8 = is_u8(at);
    }
    lexer_return(parser, &mark);
    return !parser->failed;
}

/* string-literal+: an array of its characters and the closing zero */
bool parse_string(Parser *parser, Value *value)
{
    Token at = parser->token;
    CScalar scalar;
    CType *type;
    uint64_t count = 1;
    if (!find_prefix(parser, &scalar))
        return false;
    for (; parser->token.kind == TOKEN_STRING; lexer_advance(parser))
        if (!literal_count(parser, &parser->token, scalar, &count))
            return false;
    type = ctype_array(parser->table, ctype_scalar(parser->table, scalar), count);
    if (type == NULL)
        return parser_fail_memory(parser);
    *value = value_unknown(type, &at, MESSAGE_NOT_KNOWN);
    value->is_lvalue = true;
    return !parser->failed;
}

/* ( expression ), or gcc's ({ statements }) */
static bool parse_parenthesised(Parser *parser, Value *value)
{
    Token at = parser->token;
    lexer_advance(parser);
    if (parser->token.kind == '{') {
        *value = value_typeless(parser, &at, MESSAGE_STATEMENT);
        return parser_skip_group(parser) && parser_expect(parser, ')', "')'", "statement expression");
    }
    return parse_comma(parser, value) && parser_expect(parser, ')', "')'", "expression");
}

/* primary-expression: constant | string-literal | identifier | ( expression ) | generic-selection */
static bool parse_primary(Parser *parser, Value *value)
{
    Token at = parser->token;
    switch (at.kind) {
    case TOKEN_INTEGER:
        *value = value_integer(parser, (CScalar)at.scalar, at.u.value);
        lexer_advance(parser);
        return true;
    case TOKEN_FLOATING: return parse_floating(parser, value);
    case TOKEN_IMAGINARY: return parse_imaginary(parser, value);
    case TOKEN_DECIMAL:
        *value = value_typeless(parser, &at, MESSAGE_DECIMAL);
        lexer_advance(parser);
        return true;
    case TOKEN_STRING: return parse_string(parser, value);
    case TOKEN_NAME: return parse_name(parser, value);
    case TOKEN_GENERIC: return parse_generic(parser, value);
    case '(': return parse_parenthesised(parser, value);
    default: return parser_fail(parser, &at, MESSAGE_EXPECTED, "an expression", &at);
    }
}

/* -- postfix expressions ------------------------------------------------------------------------------------------- */

/* The lvalue that a pointer leads to; `op` is how the text says so. */
static bool dereference(Parser *parser, const Token *at, const char *op, Value *value)
{
    uint32_t align;
    bool is_address;
    if (!value_decay(parser, value))
        return false;
    if (value->is_typeless)
        return true;
    if (!is_pointer(value->type))
        return parser_fail(parser, at, MESSAGE_BAD_OPERAND, op, value->type);
    align = value->align;
    is_address = value->is_address;
    value_become_rvalue(value);
    value->type = value->type->u.element;
    value->is_lvalue = true;
    value->at = *at;
    value->align = is_address || align > value->type->align ? align : 0;
    return true;
}

static bool fail_member(Parser *parser, const Token *at, const CType *type)
{
    char hint[SUGGESTION_NBYTES];
    return parser_fail(parser, at, MESSAGE_NO_MEMBER, type, at->u.name->text,
                       suggest_member(type->u.record, at->u.name, hint, sizeof hint));
}

/* . identifier: the lvalue moves to the member. */
bool select_member(Parser *parser, Value *value)
{
    const Token *at = &parser->token;
    const CMember *member;
    uint64_t offset;
    CType *type = value->type->kind == CTYPE_REFERENCE ? value->type->u.element : value->type;
    if (at->kind != TOKEN_NAME)
        return parser_fail(parser, at, MESSAGE_EXPECTED, "a member's name", at);
    if (value->is_typeless) {
        lexer_advance(parser);
        return !parser->failed;
    }
    if (type->kind != CTYPE_RECORD || !ctype_is_complete(type))
        return parser_fail(parser, at, MESSAGE_NOT_RECORD, type);
    member = ctype_find_member(type->u.record, at->u.name->text, at->u.name->length, &offset);
    if (member == NULL)
        return fail_member(parser, at, type);
    value->type = ctype_qualified(parser->table, member->type, member->type->qualifiers | type->qualifiers);
    if (value->type == NULL)
        return parser_fail_memory(parser);
    value->bits = (uint64_t)(value->bits + offset);
    value->bitfield = member->is_bitfield ? member : NULL;
    value->align = member->align;
    value->at = *at;
    lexer_advance(parser);
    return true;
}

/* [ expression ] */
bool parse_index(Parser *parser, Value *value)
{
    Token at = parser->token;
    Value index;
    lexer_advance(parser);
    if (!parse_comma(parser, &index) || !parser_expect(parser, ']', "']'", "index"))
        return false;
    if (!value->is_typeless && value->type->kind == CTYPE_VECTOR) {
        value->type = value->type->u.element;
        value->align = 0;
        value_forget(value, &at, MESSAGE_NOT_KNOWN);
        return true;
    }
    return value_binary(parser, &at, '+', value, &index) && dereference(parser, &at, "'[]'", value);
}

/* ( arguments ): of the result only the type is known. */
static bool parse_call(Parser *parser, Value *value)
{
    Token at = parser->token;
    if (!value_decay(parser, value))
        return false;
    if (value->is_typeless)
        return parser_skip_group(parser);
    if (!is_pointer(value->type) || value->type->u.element->kind != CTYPE_FUNCTION)
        return parser_fail(parser, &at, MESSAGE_BAD_OPERAND, "'()'", value->type);
    *value = value_unknown(value->type->u.element->u.function->result, &at, MESSAGE_NOT_KNOWN);
    return parser_skip_group(parser);
}

/* What ++, -- or an assignment leaves of its operand. */
static bool become_assigned(Parser *parser, const Token *at, Value *value)
{
    if (value->is_typeless)
        return true;
    if (!value->is_lvalue)
        return value_fail_operand(parser, at, value->type);
    *value = value_unknown(value->type->main, at, MESSAGE_ASSIGNMENT);
    return true;
}

/* One of [ ], ( ), ., ->, ++ and --. */
static bool parse_suffix(Parser *parser, Value *value)
{
    Token at = parser->token;
    switch (at.kind) {
    case '[': return parse_index(parser, value);
    case '(': return parse_call(parser, value);
    case TOKEN_ARROW:
        lexer_advance(parser);
        return dereference(parser, &at, "'->'", value) && select_member(parser, value);
    case '.': lexer_advance(parser); return select_member(parser, value);
    default: lexer_advance(parser); return become_assigned(parser, &at, value);
    }
}

bool parse_suffixes(Parser *parser, Value *value)
{
    for (;;)
        switch (parser->token.kind) {
        case '[':
        case '(':
        case TOKEN_ARROW:
        case '.':
        case TOKEN_INCREMENT:
        case TOKEN_DECREMENT:
            if (!parse_suffix(parser, value))
                return false;
            break;
        default: return !parser->failed;
        }
}

/* -- unary and cast expressions ------------------------------------------------------------------------------------ */

static bool take_address(Parser *parser, const Token *at, Value *value)
{
    CType *type = value->type->kind == CTYPE_REFERENCE ? value->type->u.element : value->type;
    if (value->is_typeless)
        return true;
    if (!value->is_lvalue || value->bitfield != NULL)
        return parser_fail(parser, at, MESSAGE_BAD_OPERAND, "'&'", value->type);
    type = ctype_pointer(parser->table, type);
    if (type == NULL)
        return parser_fail_memory(parser);
    if (value->is_held)
        value_forget(value, &value->at, MESSAGE_NOT_CONSTANT);
    value->type = type;
    value->is_lvalue = value->is_held = false;
    value->is_address = true;
    return true;
}

/* gcc's __real__ and __imag__ */
static bool parse_part(Parser *parser, Value *value)
{
    Token at = parser->token;
    lexer_advance(parser);
    if (!parse_cast(parser, value))
        return false;
    if (value->is_typeless)
        return true;
    if (value->type->kind == CTYPE_COMPLEX) {
        value->type = ctype_qualified(parser->table, value->type->u.element, value->type->qualifiers);
        return value->type != NULL || parser_fail_memory(parser);
    }
    if (!value_decay(parser, value))
        return false;
    if (!is_real(value->type))
        return parser_fail(parser, &at, MESSAGE_BAD_OPERAND, at.kind == TOKEN_REAL ? "'__real__'" : "'__imag__'",
                           value->type);
    if (at.kind == TOKEN_IMAG) {
        value->bits = 0;
        value->number = 0;
    }
    return true;
}

/* unary-expression: postfix-expression | & * + - ~ ! cast-expression | ++ -- unary-expression | sizeof … | _Alignof … |
 * __extension__ cast-expression | __real__ __imag__ cast-expression */
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
    case TOKEN_INCREMENT:
    case TOKEN_DECREMENT:
        lexer_advance(parser);
        return parse_cast(parser, value) && become_assigned(parser, &at, value);
    case TOKEN_SIZEOF:
    case TOKEN_ALIGNOF: return parse_sizeof(parser, value);
    case TOKEN_OFFSETOF: return parse_offsetof(parser, value);
    case TOKEN_EXTENSION: lexer_advance(parser); return parse_cast(parser, value);
    case TOKEN_REAL:
    case TOKEN_IMAG: return parse_part(parser, value);
    default: return parse_primary(parser, value) && parse_suffixes(parser, value);
    }
}

/* ( type-name ) cast-expression | ( type-name ) { initializers }, behind the first parenthesis */
static bool parse_cast_type(Parser *parser, const Token *at, Value *value)
{
    CType *type = parse_type_name(parser);
    if (type == NULL || !parser_expect(parser, ')', "')'", "type name"))
        return false;
    if (parser->token.kind == '{')
        return parse_compound_literal(parser, at, type, value);
    return parse_cast(parser, value) && value_cast(parser, at, value, type);
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

bool parse_cast(Parser *parser, Value *value)
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
static unsigned precedence(unsigned op)
{
    switch (op) {
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

static bool parse_binary(Parser *parser, Value *left, unsigned lowest);

/* The right operand of an operator and the operator itself. */
static bool parse_operation(Parser *parser, Value *left, unsigned rank)
{
    Token at = parser->token;
    Value right;
    bool is_good;
    if (!parser_enter(parser))
        return false;
    lexer_advance(parser);
    is_good = parse_binary(parser, &right, rank + 1) && value_binary(parser, &at, at.kind, left, &right);
    parser_leave(parser);
    return is_good;
}

/* Operators of at least this precedence, from left to right. */
static bool parse_binary(Parser *parser, Value *left, unsigned lowest)
{
    if (!parse_cast(parser, left))
        return false;
    for (;;) {
        unsigned rank = precedence(parser->token.kind);
        if (rank == 0 || rank < lowest)
            return !parser->failed;
        if (!parse_operation(parser, left, rank))
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
    is_good = (parser->token.kind == ':' || parse_comma(parser, &yes)) &&
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

/* assignment-expression: conditional-expression | unary-expression assignment-operator assignment-expression */
bool parse_assignment(Parser *parser, Value *value)
{
    Token at;
    Value right;
    bool is_good;
    if (!parse_conditional(parser, value))
        return false;
    at = parser->token;
    if (at.kind != '=' && at.kind != TOKEN_ASSIGN)
        return true;
    if (!parser_enter(parser))
        return false;
    lexer_advance(parser);
    is_good = parse_assignment(parser, &right) && become_assigned(parser, &at, value);
    parser_leave(parser);
    return is_good;
}

/* expression: assignment-expression ( , assignment-expression )*; the last one counts, as a value. */
static bool parse_comma(Parser *parser, Value *value)
{
    if (!parse_assignment(parser, value))
        return false;
    while (parser_accept(parser, ','))
        if (!parse_assignment(parser, value) || !value_decay(parser, value))
            return false;
    return !parser->failed;
}

CType *parse_expression_type(Parser *parser)
{
    Token at = parser->token;
    Value value;
    if (!parse_comma(parser, &value) || !value_need_type(parser, &value))
        return NULL;
    if (value.bitfield != NULL) {
        parser_fail(parser, &at, MESSAGE_SIZEOF_BITFIELD, value.bitfield->name, "type");
        return NULL;
    }
    return value.type->kind == CTYPE_REFERENCE ? value.type->u.element : value.type;
}

/* constant-expression: conditional-expression, a known integer */
bool parse_scalar_constant(Parser *parser, Value *value)
{
    Token at = parser->token;
    if (!parse_conditional(parser, value) || !value_decay(parser, value))
        return false;
    if (!value->is_known) {
        const Token *where = value->at.start != NULL ? &value->at : &at;
        return parser_fail(parser, where, value->why, where);
    }
    return true;
}

bool parse_constant(Parser *parser, Value *value)
{
    Token at = parser->token;
    if (!parse_scalar_constant(parser, value))
        return false;
    if (!is_integer(value->type))
        return parser_fail(parser, &at, MESSAGE_NOT_INTEGER, value->type);
    return true;
}
