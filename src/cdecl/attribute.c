/* Attributes in gcc's, C23's and MSVC's spelling: those that change a type or its layout are taken, all others are
 * skipped with balanced parentheses. Calling conventions of 32-bit Windows say nothing on x86-64. */
#include <string.h>

#include "cdecl/parser.h"

enum { ALIGN_MAX = 1 << 28 };

/* The largest alignment that gcc uses when `aligned` has no argument. */
enum { ALIGN_BIGGEST = 16 };

Word bare_word(const CName *name)
{
    Word word = {name->text, name->length};
    if (word.length > 4 && memcmp(word.text, "__", 2) == 0 && memcmp(word.text + word.length - 2, "__", 2) == 0)
        word = (Word){word.text + 2, word.length - 4};
    return word;
}

static bool check_alignment(Parser *parser, const Token *at, const Value *value)
{
    if (value_is_negative(value) || value->bits > ALIGN_MAX || (value->bits & (value->bits - 1)) != 0)
        return parser_fail(parser, at, MESSAGE_BAD_ALIGNMENT);
    return true;
}

static void raise_align(Attributes *attributes, uint64_t align)
{
    if (align > attributes->align)
        attributes->align = (uint32_t)align;
    if (align > 0)
        attributes->last_align = (uint32_t)align;
}

/* aligned | aligned ( ) | aligned ( constant-expression ) */
static bool parse_aligned(Parser *parser, Attributes *attributes)
{
    Token at;
    Value value;
    if (!parser_accept(parser, '(') || parser_accept(parser, ')')) {
        raise_align(attributes, ALIGN_BIGGEST);
        return true;
    }
    at = parser->token;
    if (!parse_constant(parser, &value) || !parser_expect(parser, ')', "')'", "alignment"))
        return false;
    if (value.bits == 0)
        return parser_fail(parser, &at, MESSAGE_BAD_ALIGNMENT);
    if (!check_alignment(parser, &at, &value))
        return false;
    raise_align(attributes, value_size(&value));
    return true;
}

/* mode ( identifier ) */
static bool parse_mode(Parser *parser, Attributes *attributes)
{
    if (!parser_expect(parser, '(', "'('", "'mode'"))
        return false;
    if (parser->token.kind != TOKEN_NAME)
        return parser_fail(parser, &parser->token, MESSAGE_EXPECTED, "a mode's name", &parser->token);
    attributes->mode = parser->token.u.name;
    attributes->is_mode_last = attributes->vector_nbytes != 0;
    lexer_advance(parser);
    return parser_expect(parser, ')', "')'", "mode");
}

/* vector_size ( constant-expression ) */
static bool parse_vector_size(Parser *parser, Attributes *attributes)
{
    Value value;
    if (!parser_expect(parser, '(', "'('", "'vector_size'") || !parse_constant(parser, &value) ||
        !parser_expect(parser, ')', "')'", "vector size"))
        return false;
    attributes->vector_nbytes = value_is_negative(&value) || value.bits == 0 ? UINT64_MAX : value_size(&value);
    return true;
}

/* scalar_storage_order ( string-literal+ ), of which the machine's own is no change */
static bool parse_storage_order(Parser *parser, const Token *at)
{
    size_t used = parser->scratch.used;
    if (!parser_expect(parser, '(', "'('", "'scalar_storage_order'") || !parse_narrow_string(parser))
        return false;
    if (!is_word(parser_take_scratch(parser, used), "little-endian"))
        return parser_fail(parser, at, MESSAGE_BAD_ATTRIBUTE, at->u.name->text);
    return parser_expect(parser, ')', "')'", "storage order");
}

static bool skip_arguments(Parser *parser)
{
    return parser->token.kind != '(' || parser_skip_group(parser);
}

/* attribute: any word, keywords too, with or without arguments */
static bool parse_attribute(Parser *parser, Attributes *attributes)
{
    Token at = parser->token;
    Word name;
    if (!is_word_token(&at))
        return parser_fail(parser, &at, MESSAGE_EXPECTED, "an attribute", &at);
    name = bare_word(at.u.name);
    lexer_advance(parser);
    if (is_word(name, "packed")) {
        attributes->is_packed = true;
        attributes->is_packed_first = attributes->is_packed_first || attributes->align == 0;
    } else if (is_word(name, "aligned")) {
        attributes->at = at;
        return parse_aligned(parser, attributes);
    } else if (is_word(name, "mode")) {
        attributes->at = at;
        return parse_mode(parser, attributes);
    } else if (is_word(name, "vector_size")) {
        attributes->at = at;
        return parse_vector_size(parser, attributes);
    } else if (is_word(name, "ms_abi")) {
        attributes->is_ms_abi = true;
    } else if (is_word(name, "transparent_union")) {
        attributes->is_transparent = true;
    } else if (is_word(name, "ms_struct")) {
        attributes->is_ms_layout = !attributes->is_gcc_layout;
    } else if (is_word(name, "gcc_struct")) {
        attributes->is_gcc_layout = !attributes->is_ms_layout;
    } else if (is_word(name, "scalar_storage_order")) {
        return parse_storage_order(parser, &at);
    }
    return skip_arguments(parser);
}

/* __attribute__ ( ( attribute-list ) ), behind the word */
static bool parse_gnu_attributes(Parser *parser, Attributes *attributes)
{
    if (!parser_expect(parser, '(', "'(('", "'__attribute__'") ||
        !parser_expect(parser, '(', "'(('", "'__attribute__'"))
        return false;
    while (parser->token.kind != ')') {
        if (parser_accept(parser, ','))
            continue;
        if (!parse_attribute(parser, attributes))
            return false;
        if (parser->token.kind != ',' && parser->token.kind != ')')
            return parser_fail(parser, &parser->token, MESSAGE_EXPECTED_AFTER, "',' or ')'", "attribute",
                               &parser->token);
    }
    lexer_advance(parser);
    return parser_expect(parser, ')', "'))'", "attributes");
}

/* attribute of C23: identifier | identifier :: identifier, then arguments; gcc's are those of __attribute__ */
static bool parse_standard_attribute(Parser *parser, Attributes *attributes)
{
    Token prefix = parser->token;
    if (!is_word_token(&prefix))
        return parser_fail(parser, &prefix, MESSAGE_EXPECTED, "an attribute", &prefix);
    if (parser_peek(parser) != ':') {
        lexer_advance(parser);
        return skip_arguments(parser);
    }
    lexer_advance(parser);
    if (!parser_expect(parser, ':', "'::'", "attribute's prefix") ||
        !parser_expect(parser, ':', "'::'", "attribute's prefix"))
        return false;
    if (is_word(bare_word(prefix.u.name), "gnu"))
        return parse_attribute(parser, attributes);
    lexer_advance(parser);
    return skip_arguments(parser);
}

/* [ [ attribute-list ] ], behind its first bracket */
static bool parse_standard_attributes(Parser *parser, Attributes *attributes)
{
    lexer_advance(parser);
    while (parser->token.kind != ']')
        if (!parser_accept(parser, ',') && !parse_standard_attribute(parser, attributes))
            return false;
    lexer_advance(parser);
    return parser_expect(parser, ']', "']]'", "attributes");
}

/* align ( constant-expression ), behind the word: only ever raises the alignment. */
static bool parse_declspec_align(Parser *parser, Attributes *attributes)
{
    Attributes given = {.is_packed = false};
    if (parser->token.kind != '(')
        return parser_expect(parser, '(', "'('", "'align'");
    if (!parse_aligned(parser, &given))
        return false;
    raise_align(attributes, given.align);
    if (given.align > attributes->declspec_align)
        attributes->declspec_align = given.align;
    return true;
}

/* __declspec ( ( word arguments? )* ), behind the word */
static bool parse_declspec(Parser *parser, Attributes *attributes)
{
    if (!parser_expect(parser, '(', "'('", "'__declspec'"))
        return false;
    while (parser->token.kind != ')') {
        Token at = parser->token;
        if (parser_accept(parser, ','))
            continue;
        if (!is_word_token(&at))
            return parser_fail(parser, &at, MESSAGE_EXPECTED, "an attribute", &at);
        lexer_advance(parser);
        attributes->at = at;
        if (is_word(bare_word(at.u.name), "align") ? !parse_declspec_align(parser, attributes)
                                                   : !skip_arguments(parser))
            return false;
    }
    lexer_advance(parser);
    return !parser->failed;
}

static bool parse_run(Parser *parser, Attributes *attributes, bool has_standard)
{
    while (is_attribute_start(parser) && (has_standard || parser->token.kind != '[')) {
        unsigned kind = parser->token.kind;
        bool is_good = true;
        lexer_advance(parser);
        if (kind == TOKEN_ATTRIBUTE)
            is_good = parse_gnu_attributes(parser, attributes);
        else if (kind == TOKEN_DECLSPEC)
            is_good = parse_declspec(parser, attributes);
        else if (kind == '[')
            is_good = parse_standard_attributes(parser, attributes);
        if (!is_good)
            return false;
    }
    return !parser->failed;
}

bool parse_attribute_list(Parser *parser, Attributes *attributes)
{
    return parse_run(parser, attributes, true);
}

bool parse_body_attributes(Parser *parser, Attributes *attributes)
{
    return parse_run(parser, attributes, false);
}

bool parse_type_attributes(Parser *parser, Attributes *attributes)
{
    bool is_packed = attributes->is_packed;
    while (parser->token.kind == '[' && is_attribute_start(parser)) {
        lexer_advance(parser);
        if (!parse_standard_attributes(parser, attributes))
            return false;
    }
    attributes->is_packed = is_packed;
    return !parser->failed;
}

static void raise_alignas(Attributes *attributes, uint64_t align)
{
    raise_align(attributes, align);
    if (align > attributes->alignas_align)
        attributes->alignas_align = (uint32_t)align;
}

/* alignment-specifier: _Alignas ( type-name ) | _Alignas ( constant-expression ) */
bool parse_alignas(Parser *parser, Attributes *attributes)
{
    Token at;
    lexer_advance(parser);
    if (!parser_expect(parser, '(', "'('", "'_Alignas'"))
        return false;
    at = parser->token;
    if (is_type_start(parser)) {
        CType *type = parse_type_name(parser);
        if (type == NULL)
            return false;
        raise_alignas(attributes, type->align);
    } else {
        Value value;
        if (!parse_constant(parser, &value) || !check_alignment(parser, &at, &value))
            return false;
        raise_alignas(attributes, value_size(&value));
    }
    return parser_expect(parser, ')', "')'", "alignment");
}

/* -- vector_size --------------------------------------------------------------------------------------------------- */

static CType *make_vector(Parser *parser, const Attributes *attributes, CType *element, uint64_t nbytes)
{
    bool is_element = element->kind == CTYPE_INTEGER || element->kind == CTYPE_FLOATING ||
                      element->kind == CTYPE_DECIMAL || element->kind == CTYPE_ENUM;
    CType *type;
    if (!is_element || nbytes > (1u << 20) || (nbytes & (nbytes - 1)) != 0 || nbytes < element->size) {
        parser_fail(parser, &attributes->at, MESSAGE_BAD_VECTOR, element);
        return NULL;
    }
    type = ctype_vector(parser->table, element, nbytes);
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}

CType *vector_size_apply(Parser *parser, const Attributes *attributes, CType *base)
{
    unsigned qualifiers = base->qualifiers;
    CType *type = base;
    if (attributes->mode != NULL && !attributes->is_mode_last)
        type = mode_apply(parser, attributes, type);
    if (type != NULL)
        type = make_vector(parser, attributes, type, attributes->vector_nbytes);
    if (type == NULL)
        return NULL;
    type = ctype_qualified(parser->table, type, qualifiers);
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}
