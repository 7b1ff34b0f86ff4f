/* Initializers and compound literals (C11 6.7.9, 6.5.2.5): skipped, but for the number of an array's elements and the
 * value of an integer constant. */
#include "cdecl/value.h"

/* Skips to what ends an initializer: a comma, a semicolon or a closing brace outside of all brackets. */
static bool skip_initializer(Parser *parser)
{
    for (;;) {
        switch (parser->token.kind) {
        case ',':
        case ';':
        case '}': return true;
        case TOKEN_END:
            return parser_fail(parser, &parser->token, MESSAGE_EXPECTED_AFTER, "';'", "initializer", &parser->token);
        case '(':
        case '[':
        case '{':
            if (!parser_skip_group(parser))
                return false;
            break;
        default: lexer_advance(parser);
        }
    }
}

/* -- counting elements --------------------------------------------------------------------------------------------- */

typedef struct Counting {
    const CType *array;
    Token at;
    uint64_t index; /* of the next element */
    uint64_t count;
    bool is_inside; /* the last initializer was for a part of its element, where the next one may go on */
    bool is_unsure;
} Counting;

/* Whether a string initialises an array of this element (C11 6.7.9p14, p15). */
static bool is_string_of(const Token *string, const CType *element)
{
    CScalar scalar = (CScalar)string->scalar;
    if (string->kind != TOKEN_STRING || element->kind != CTYPE_INTEGER)
        return false;
    if (scalar == CSCALAR_CHAR)
        return element->size == 1;
    return element->scalar == scalar;
}

static bool is_aggregate(const CType *type)
{
    return type->kind == CTYPE_ARRAY || type->kind == CTYPE_RECORD || type->kind == CTYPE_VECTOR;
}

/* An element in braces, or of scalar type, is one initializer; others may take several. */
static bool is_one_element(const Parser *parser, const CType *element)
{
    if (!is_aggregate(element) || parser->token.kind == '{')
        return true;
    return element->kind == CTYPE_ARRAY && is_string_of(&parser->token, element->u.element);
}

static bool parse_place(Parser *parser, const Counting *counting, uint64_t *index)
{
    Token at = parser->token;
    Value value;
    if (!parse_constant(parser, &value))
        return false;
    *index = value_size(&value);
    if (value_is_negative(&value))
        return parser_fail(parser, &at, MESSAGE_NEGATIVE_SIZE);
    if (*index >= (uint64_t)PTRDIFF_MAX)
        return parser_fail(parser, &counting->at, MESSAGE_TOO_LARGE, "array");
    return true;
}

/* designation: [ constant ] or gcc's [ first ... last ], then what leads into the element */
static bool parse_designation(Parser *parser, Counting *counting)
{
    lexer_advance(parser);
    if (!parse_place(parser, counting, &counting->index))
        return false;
    if (parser_accept(parser, TOKEN_ELLIPSIS) && !parse_place(parser, counting, &counting->index))
        return false;
    if (!parser_expect(parser, ']', "']'", "designator"))
        return false;
    counting->is_inside = false;
    while (parser->token.kind == '.' || parser->token.kind == '[') {
        counting->is_inside = true;
        if (parser->token.kind == '[' ? !parser_skip_group(parser) : (lexer_advance(parser), parser->failed))
            return false;
        if (parser->token.kind == TOKEN_NAME)
            lexer_advance(parser);
    }
    parser_accept(parser, '=');
    return !parser->failed;
}

static bool count_element(Parser *parser, Counting *counting)
{
    if (parser->token.kind == '[') {
        if (!parse_designation(parser, counting))
            return false;
    } else if (counting->is_inside) {
        counting->is_unsure = true;
    }
    if (!counting->is_inside && !is_one_element(parser, counting->array->u.element))
        counting->is_unsure = true;
    if (parser->token.kind == ',' || parser->token.kind == '}')
        return parser_fail(parser, &parser->token, MESSAGE_EXPECTED, "an initializer", &parser->token);
    if (!skip_initializer(parser))
        return false;
    counting->index++;
    if (counting->index > counting->count)
        counting->count = counting->index;
    return true;
}

/* { initializer-list }, at its brace */
static bool count_list(Parser *parser, Counting *counting)
{
    lexer_advance(parser);
    while (parser->token.kind != '}') {
        if (!count_element(parser, counting))
            return false;
        if (!parser_accept(parser, ','))
            break;
    }
    return parser_expect(parser, '}', "',' or '}'", "initializer");
}

/* string-literal+ that initialises a whole array; is_unsure when it turns out to be part of an expression. */
static bool count_string(Parser *parser, Counting *counting)
{
    Value value;
    if (!parse_string(parser, &value))
        return false;
    counting->count = value.type->nelems;
    if (parser->token.kind == ',' || parser->token.kind == ';' || parser->token.kind == '}' ||
        parser->token.kind == TOKEN_END)
        return true;
    counting->is_unsure = true;
    return skip_initializer(parser);
}

/* { string-literal+ } for an array of characters, at its brace; false without an error when it is none. */
static bool is_braced_string(Parser *parser, const CType *element)
{
    Bookmark mark = lexer_mark(parser);
    bool is_string;
    lexer_advance(parser);
    is_string = is_string_of(&parser->token, element);
    lexer_return(parser, &mark);
    return is_string;
}

static bool count_array(Parser *parser, Counting *counting)
{
    const CType *element = counting->array->u.element;
    if (is_string_of(&parser->token, element))
        return count_string(parser, counting);
    if (parser->token.kind != '{') {
        counting->is_unsure = true;
        return skip_initializer(parser);
    }
    if (!is_braced_string(parser, element))
        return count_list(parser, counting);
    lexer_advance(parser);
    if (!count_string(parser, counting))
        return false;
    while (parser_accept(parser, ',') && parser->token.kind != '}') { /* "ab"[0], 'c': an ordinary list */
        counting->is_unsure = true;
        if (!skip_initializer(parser))
            return false;
    }
    return parser_expect(parser, '}', "',' or '}'", "initializer");
}

static bool give_bound(Parser *parser, const Counting *counting, CType **type)
{
    uint64_t step = counting->array->u.element->size;
    if (step != 0 && counting->count > (uint64_t)PTRDIFF_MAX / step)
        return parser_fail(parser, &counting->at, MESSAGE_TOO_LARGE, "array");
    *type = ctype_array(parser->table, counting->array->u.element, counting->count);
    return *type != NULL || parser_fail_memory(parser);
}

bool parse_object_initializer(Parser *parser, CType **type)
{
    Counting counting = {.array = *type, .at = parser->token};
    if ((*type)->kind != CTYPE_ARRAY || !(*type)->is_unbounded)
        return skip_initializer(parser);
    if (!count_array(parser, &counting))
        return false;
    return counting.is_unsure || give_bound(parser, &counting, type);
}

/* { initializer-list }: the bound of an array without one comes from it, nothing else does. */
static bool parse_braced(Parser *parser, const Token *at, CType **type)
{
    CType *counted = *type;
    if (counted->kind != CTYPE_ARRAY || !counted->is_unbounded)
        return parser_skip_group(parser);
    if (!parse_object_initializer(parser, &counted))
        return false;
    if (counted->is_unbounded)
        return parser_fail(parser, at, MESSAGE_UNKNOWN_COUNT, *type);
    *type = counted;
    return true;
}

bool parse_compound_literal(Parser *parser, const Token *at, CType *type, Value *value)
{
    const char *no_name = NULL;
    bool is_good;
    if (!parser_enter(parser))
        return false;
    is_good = parse_braced(parser, at, &type);
    parser_leave(parser);
    if (!is_good)
        return false;
    if (type->kind == CTYPE_VOID || type->kind == CTYPE_FUNCTION || !ctype_is_complete(type))
        return parser_fail(parser, at, MESSAGE_INCOMPLETE_OBJECT, no_name, type);
    *value = value_unknown(type, at, MESSAGE_NOT_KNOWN);
    value->is_lvalue = true;
    return parse_suffixes(parser, value);
}

/* -- integer constants --------------------------------------------------------------------------------------------- */

/* What is wrong with a value for good, whoever computes it. */
static bool is_mistake(const Value *value)
{
    return !value->is_known && value->why == MESSAGE_DIVISION_BY_ZERO;
}

bool parse_constant_initializer(Parser *parser, CType *type, Value *value)
{
    Token at = parser->token;
    bool is_braced = parser_accept(parser, '{');
    if (!parse_assignment(parser, value) || !value_decay(parser, value))
        return false;
    if (is_mistake(value))
        return parser_fail(parser, &value->at, value->why, &value->at);
    if (is_braced) {
        parser_accept(parser, ',');
        if (!parser_expect(parser, '}', "'}'", "initializer"))
            return false;
    }
    return value_cast(parser, &at, value, type);
}
