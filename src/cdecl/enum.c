/* enum specifiers (C11 6.7.2.2) with gcc's 64-bit values and C23's underlying type.
 *
 * An enumerator is declared as soon as it is read, so that the next may use it; one that was there before with the same
 * value stays, and must turn out to belong to an enum that is defined alike. */
#include "cdecl/parser.h"

typedef struct EnumParse {
    size_t first; /* bytes of parser->enumerators below */
    Tag tag;
    CType *type;   /* being defined */
    CType *fixed;  /* the underlying type that the text gives, or NULL */
    uint64_t next; /* value of an enumerator without one */
    bool has_next; /* false: it would overflow */
    bool next_is_unsigned;
    bool has_unsigned; /* some value is above INT64_MAX */
    bool has_negative; /* with one such no type has all values: gcc takes long and lets them wrap */
} EnumParse;

static const CEnumerator *enumerators_of(const Parser *parser, const EnumParse *parse)
{
    return stack_at(&parser->enumerators, parse->first);
}

static size_t count_enumerators(const Parser *parser, const EnumParse *parse)
{
    return (parser->enumerators.used - parse->first) / sizeof(CEnumerator);
}

static bool fail_enumerator(Parser *parser, const Token *at, const CDecl *old, Message message)
{
    return parser_fail(parser, at, message, old->name, old->file, old->line);
}

static bool declare_enumerator(Parser *parser, const EnumParse *parse, const Token *at, uint64_t value)
{
    CDecl decl = {.name = at->u.name->text, .kind = CDECL_CONSTANT, .type = parse->type, .value = value};
    const CDecl *old = at->u.name->decl;
    decl.line = at->line;
    parser_set_file(parser, &decl);
    if (old == NULL || old->kind != CDECL_CONSTANT)
        return declare_name(parser, at, &decl, NULL);
    if (old->type->main == parse->type)
        return parser_fail(parser, at, MESSAGE_DUPLICATE_ENUMERATOR, old->name);
    if (old->value != value)
        return fail_enumerator(parser, at, old, MESSAGE_OTHER_VALUE);
    return true;
}

/* Whether an integer type holds a value; `is_large`: one above INT64_MAX, which is not negative. */
static bool holds_value(const CType *type, uint64_t value, bool is_large)
{
    bool is_negative = !is_large && (int64_t)value < 0;
    unsigned nbits = (type->size >= 8 ? 64 : (unsigned)type->size * 8) - is_signed(type);
    uint64_t magnitude = is_negative ? ~value : value;
    if (is_negative && !is_signed(type))
        return false;
    return nbits == 64 || magnitude >> nbits == 0;
}

/* Takes the value and prepares the next one. */
static bool push_enumerator(Parser *parser, EnumParse *parse, const Token *at, uint64_t value, bool is_unsigned)
{
    CEnumerator *place;
    bool is_large = is_unsigned && value > INT64_MAX;
    if (count_enumerators(parser, parse) >= UINT32_MAX / 2)
        return parser_fail(parser, at, MESSAGE_TOO_MANY, "enumerators");
    if (parse->fixed != NULL && !holds_value(parse->fixed, value, is_large))
        return parser_fail(parser, at, MESSAGE_ENUM_RANGE, at->u.name->text, parse->fixed);
    place = stack_push(&parser->enumerators, sizeof *place);
    if (place == NULL)
        return parser_fail_memory(parser);
    *place = (CEnumerator){at->u.name->text, value};
    parse->has_unsigned = parse->has_unsigned || is_large;
    parse->has_negative = parse->has_negative || (!is_unsigned && value > INT64_MAX);
    parse->next = value + 1;
    parse->has_next = !(is_large && value == UINT64_MAX);
    parse->next_is_unsigned = is_large || value == INT64_MAX;
    return declare_enumerator(parser, parse, at, value);
}

/* enumerator: name attributes? ( = constant-expression )? */
static bool parse_enumerator(Parser *parser, EnumParse *parse)
{
    Token at = parser->token;
    Attributes attributes = {.is_packed = false};
    bool is_unsigned = parse->next_is_unsigned;
    uint64_t value = parse->next;
    if (at.kind != TOKEN_NAME)
        return parser_fail(parser, &at, MESSAGE_EXPECTED, "an enumerator's name", &at);
    lexer_advance(parser);
    if (!parse_attributes(parser, &attributes))
        return false;
    if (parser_accept(parser, '=')) {
        Value given;
        if (!parse_constant(parser, &given))
            return false;
        value = (uint64_t)given.bits;
        is_unsigned = !value_is_negative(&given);
        if (is_unsigned ? given.bits > UINT64_MAX : (SignedBits)given.bits < INT64_MIN)
            return parser_fail(parser, &at, MESSAGE_ENUM_OVERFLOW, at.u.name->text);
    } else if (!parse->has_next) {
        return parser_fail(parser, &at, MESSAGE_ENUM_OVERFLOW, at.u.name->text);
    }
    return push_enumerator(parser, parse, &at, value, is_unsigned);
}

/* enumerator-list: separated by commas, one more at the end allowed */
static bool parse_enumerators(Parser *parser, EnumParse *parse)
{
    do {
        if (parser->token.kind == '}' && count_enumerators(parser, parse) > 0)
            break;
        if (!parse_enumerator(parser, parse))
            return false;
    } while (parser_accept(parser, ','));
    return parser_expect(parser, '}', "',' or '}'", "enumerator");
}

/* The enum that the enumerators belonged to before, when all did and it is defined alike; else an error, which points
 * at the enum, for an enumerator's own token is gone by now. */
static CType *check_again(Parser *parser, const EnumParse *parse)
{
    const CEnum *made = parse->type->u.enumeration;
    CType *type = parse->type;
    uint32_t i;
    for (i = 0; i < made->nenumerators; i++) {
        const CDecl *decl = ctype_name_of(made->enumerators[i].name)->decl;
        if (decl->type->main == parse->type)
            continue;
        if (!ctype_is_redeclaration(decl->type, parse->type)) {
            fail_enumerator(parser, &parse->tag.at, decl, MESSAGE_OTHER_ENUM);
            return NULL;
        }
        type = decl->type->main;
    }
    return type;
}

static bool holds_values(const Parser *parser, const EnumParse *parse, const CType *type)
{
    const CEnumerator *enumerators = enumerators_of(parser, parse);
    size_t count = count_enumerators(parser, parse), i;
    for (i = 0; i < count; i++)
        if (!holds_value(type, enumerators[i].value, parse->has_unsigned && enumerators[i].value > INT64_MAX))
            return false;
    return true;
}

/* The integer type that a mode makes of the values'. */
static bool set_mode(Parser *parser, const EnumParse *parse, CScalar *scalar)
{
    const Attributes *attributes = &parse->tag.attributes;
    CType *values = ctype_scalar(parser->table, *scalar), *type = mode_apply(parser, attributes, values);
    if (type == NULL)
        return false;
    if (type->kind != CTYPE_INTEGER)
        return parser_fail(parser, &attributes->at, MESSAGE_BAD_MODE, attributes->mode->text, parse->type);
    if (!holds_values(parser, parse, type))
        return parser_fail(parser, &attributes->at, MESSAGE_SMALL_MODE, attributes->mode->text, parse->type);
    *scalar = (CScalar)type->scalar;
    return true;
}

static bool complete(Parser *parser, const EnumParse *parse)
{
    const CEnumerator *enumerators = enumerators_of(parser, parse);
    uint32_t count = (uint32_t)count_enumerators(parser, parse);
    CScalar scalar = ctype_enum_scalar(enumerators, count, parse->has_unsigned, parse->tag.attributes.is_packed_first);
    CEnum *enumeration = parse->type->u.enumeration;
    if (parse->has_unsigned && parse->has_negative)
        scalar = CSCALAR_LONG;
    if (parse->fixed != NULL)
        scalar = (CScalar)parse->fixed->scalar;
    if (parse->tag.attributes.mode != NULL && !set_mode(parser, parse, &scalar))
        return false;
    if (!ctype_enum_complete(parser->table, enumeration, enumerators, count, scalar))
        return parser_fail_memory(parser);
    enumeration->line = parse->tag.at.line;
    enumeration->file = parser_file(parser);
    return true;
}

/* The body behind its brace, completing parse->type. */
static bool parse_body(Parser *parser, EnumParse *parse)
{
    bool is_good;
    parse->first = parser->enumerators.used;
    parse->has_next = true;
    is_good = parse_enumerators(parser, parse) && parse_body_attributes(parser, &parse->tag.attributes);
    if (is_good && ctype_is_complete(parse->type))
        is_good = parser_fail(parser, &parse->tag.at, MESSAGE_NESTED_REDEFINITION, parse->type);
    is_good = is_good && complete(parser, parse);
    stack_drop(&parser->enumerators, parse->first);
    return is_good;
}

/* ( : specifier-qualifier-list )?, unless the colon begins an unnamed bit-field's width */
static bool parse_underlying_type(Parser *parser, EnumParse *parse)
{
    Bookmark mark = lexer_mark(parser);
    Specifiers specifiers;
    if (!parser_accept(parser, ':'))
        return true;
    if (!is_type_start(parser)) {
        lexer_return(parser, &mark);
        return !parser->failed;
    }
    if (!parse_specifiers(parser, &specifiers, true))
        return false;
    if (specifiers.type->kind != CTYPE_INTEGER)
        return parser_fail(parser, &specifiers.start, MESSAGE_ENUM_TYPE, specifiers.type);
    parse->fixed = specifiers.type->main;
    return true;
}

/* enum-specifier: tag underlying-type? | tag underlying-type? { enumerator-list ,? } attributes? */
CType *parse_enum_specifier(Parser *parser)
{
    EnumParse parse = {.tag.attributes = {.is_packed = false}};
    CType *old, *type = NULL;
    if (!parse_tag(parser, &parse.tag) || !parse_underlying_type(parser, &parse))
        return NULL;
    if (parser->token.kind != '{')
        return tag_mention(parser, &parse.tag);
    if (!parser_enter(parser))
        return NULL;
    lexer_advance(parser);
    parse.type = tag_define(parser, &parse.tag, &old);
    if (parse.type != NULL && parse_body(parser, &parse))
        type = old == NULL ? check_again(parser, &parse) : tag_settle(parser, &parse.tag, old, parse.type);
    if (type != NULL && parser->record != NULL && !record_add_constant(parser, NULL, type, 0))
        type = NULL;
    parser_leave(parser);
    return type;
}
