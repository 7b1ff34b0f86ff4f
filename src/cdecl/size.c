/* sizeof, _Alignof and offsetof (C11 6.5.3.4, 7.19p3), as gcc has them for objects and members too. */
#include "cdecl/value.h"

/* -- sizeof and _Alignof ------------------------------------------------------------------------------------------- */

/* gcc has 1 for void and functions. `align` is of an object or member itself, 0: none. */
static bool size_of(Parser *parser, const Token *at, const CType *type, uint32_t align, Value *value)
{
    bool is_alignof = at->kind == TOKEN_ALIGNOF;
    bool is_one = type->kind == CTYPE_VOID || type->kind == CTYPE_FUNCTION;
    if (type->kind == CTYPE_REFERENCE)
        type = type->u.element;
    if (!is_one && align == 0 && (!ctype_is_complete(type) || type->is_vla))
        return parser_fail(parser, at, MESSAGE_SIZEOF_TYPE, is_alignof ? "alignment" : "size", type);
    if (is_alignof)
        *value = value_integer(parser, CSCALAR_ULONG, align != 0 ? align : type->align);
    else
        *value = value_integer(parser, CSCALAR_ULONG, is_one ? 1 : type->size);
    return true;
}

static bool size_of_value(Parser *parser, const Token *at, const Value *operand, Value *value)
{
    bool is_alignof = at->kind == TOKEN_ALIGNOF;
    if (!value_need_type(parser, operand))
        return false;
    if (operand->bitfield != NULL)
        return parser_fail(parser, at, MESSAGE_SIZEOF_BITFIELD, operand->bitfield->name,
                           is_alignof ? "alignment" : "size");
    return size_of(parser, at, operand->type, is_alignof && operand->is_lvalue ? operand->align : 0, value);
}

/* sizeof unary-expression | sizeof ( type-name ), and _Alignof alike; `( type-name ) {` begins an expression. */
bool parse_sizeof(Parser *parser, Value *value)
{
    Token at = parser->token;
    Bookmark mark;
    Value operand;
    CType *type;
    lexer_advance(parser);
    mark = lexer_mark(parser);
    if (parser_accept(parser, '(')) {
        if (is_type_start(parser)) {
            type = parse_type_name(parser);
            if (type == NULL || !parser_expect(parser, ')', "')'", "type name"))
                return false;
            if (parser->token.kind != '{')
                return size_of(parser, &at, type, 0, value);
            return parse_compound_literal(parser, &mark.token, type, &operand) &&
                   size_of_value(parser, &at, &operand, value);
        }
        lexer_return(parser, &mark);
    }
    return parse_cast(parser, &operand) && size_of_value(parser, &at, &operand, value);
}

/* -- offsetof ------------------------------------------------------------------------------------------------------ */

/* identifier, then any . identifier and [ expression ] */
static bool parse_designator(Parser *parser, Value *place)
{
    bool is_good = select_member(parser, place);
    while (is_good && (parser->token.kind == '.' || parser->token.kind == '['))
        is_good = parser->token.kind == '[' ? parse_index(parser, place)
                                            : parser_accept(parser, '.') && select_member(parser, place);
    return is_good;
}

bool parse_offsetof(Parser *parser, Value *value)
{
    Value place = {.is_known = true, .is_lvalue = true};
    lexer_advance(parser);
    if (!parser_expect(parser, '(', "'('", "'offsetof'"))
        return false;
    place.type = parse_type_name(parser);
    if (place.type == NULL || !parser_expect(parser, ',', "','", "type name"))
        return false;
    if (!parse_designator(parser, &place) || !parser_expect(parser, ')', "')'", "member"))
        return false;
    if (place.bitfield != NULL)
        return parser_fail(parser, &place.at, MESSAGE_SIZEOF_BITFIELD, place.bitfield->name, "offset");
    *value = value_integer(parser, CSCALAR_ULONG, place.bits);
    value_spread(value, &place);
    return true;
}
