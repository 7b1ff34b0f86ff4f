/* enum specifiers (C11 6.7.2.2) with gcc's 64-bit values.
 *
 * An enumerator is declared as soon as it is read, so that the next may use it; one that was there before with the same
 * value stays, and must turn out to belong to an enum that is defined alike. */
#include <string.h>

#include "cdecl/parser.h"

typedef struct EnumParse {
    size_t first; /* bytes of parser->enumerators below */
    CType *type;  /* being defined */
    CName *tag;   /* or NULL */
    Token at;     /* of the tag, else of the keyword */
    Attributes attributes;
    uint64_t next; /* value of an enumerator without one */
    bool has_next; /* false: it would overflow */
    bool next_is_unsigned;
    bool has_unsigned; /* some value is above INT64_MAX */
} EnumParse;

static CEnumerator *enumerator_at(const Parser *parser, const EnumParse *parse)
{
    return (CEnumerator *)(void *)(parser->enumerators.data + parse->first);
}

static size_t count_enumerators(const Parser *parser, const EnumParse *parse)
{
    return (parser->enumerators.used - parse->first) / sizeof(CEnumerator);
}

/* The enumerator's own token is gone when the enum closes: errors point at the enum. */
static bool fail_enumerator(Parser *parser, const Token *at, const CDecl *old, Message message)
{
    return parser_fail(parser, at, message, old->name, old->file, old->line);
}

static bool declare_enumerator(Parser *parser, const EnumParse *parse, const Token *at, uint64_t value)
{
    CDecl decl = {.name = at->u.name->text, .kind = CDECL_CONSTANT, .type = parse->type, .value = value};
    const CDecl *old = at->u.name->decl;
    decl.line = at->line;
    decl.file = parser->file;
    if (old == NULL || old->kind != CDECL_CONSTANT)
        return declare_name(parser, at, &decl, NULL);
    if (old->type->main == parse->type)
        return parser_fail(parser, at, MESSAGE_DUPLICATE_ENUMERATOR, old->name);
    if (old->value != value)
        return fail_enumerator(parser, at, old, MESSAGE_OTHER_VALUE);
    return true;
}

/* Takes the value and prepares the next one. */
static bool push_enumerator(Parser *parser, EnumParse *parse, const Token *at, uint64_t value, bool is_unsigned)
{
    CEnumerator *place;
    bool is_large = is_unsigned && value > INT64_MAX;
    if (count_enumerators(parser, parse) >= UINT32_MAX / 2)
        return parser_fail(parser, at, MESSAGE_TOO_MANY, "enumerators");
    place = stack_push(&parser->enumerators, sizeof *place);
    if (place == NULL)
        return parser_fail_memory(parser);
    *place = (CEnumerator){at->u.name->text, value};
    parse->has_unsigned = parse->has_unsigned || is_large;
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
        value = given.bits;
        is_unsigned = ctype_scalar_class((CScalar)given.type->scalar) == CSCALAR_UNSIGNED;
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

/* The enum that the enumerators belonged to before, when all did and it is defined alike; else an error. */
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
            fail_enumerator(parser, &parse->at, decl, MESSAGE_OTHER_ENUM);
            return NULL;
        }
        type = decl->type->main;
    }
    return type;
}

static bool complete(Parser *parser, const EnumParse *parse)
{
    const CEnumerator *enumerators = enumerator_at(parser, parse);
    uint32_t count = (uint32_t)count_enumerators(parser, parse);
    CScalar scalar = ctype_enum_scalar(enumerators, count, parse->has_unsigned, parse->attributes.is_packed);
    CEnum *enumeration = parse->type->u.enumeration;
    if (parse->attributes.mode != NULL) {
        CType *type = attributes_apply(parser, &parse->attributes, ctype_scalar(parser->table, scalar));
        if (type == NULL)
            return false;
        scalar = (CScalar)type->scalar;
    }
    if (!ctype_enum_complete(parser->table, enumeration, enumerators, count, scalar))
        return parser_fail_memory(parser);
    enumeration->line = parse->at.line;
    enumeration->file = parser->file;
    return true;
}

/* The body behind its brace, completing parse->type. */
static bool parse_body(Parser *parser, EnumParse *parse)
{
    bool is_good;
    parse->first = parser->enumerators.used;
    parse->has_next = true;
    is_good = parse_enumerators(parser, parse) && parse_attributes(parser, &parse->attributes);
    if (is_good && ctype_is_complete(parse->type))
        is_good = parser_fail(parser, &parse->at, MESSAGE_NESTED_REDEFINITION, parse->type);
    is_good = is_good && complete(parser, parse);
    stack_drop(&parser->enumerators, parse->first);
    return is_good;
}

static CType *new_enum(Parser *parser, const EnumParse *parse)
{
    CType *type = ctype_enum_new(parser->table, parse->tag == NULL ? NULL : parse->tag->text);
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}

static CType *define_again(Parser *parser, EnumParse *parse, CType *old)
{
    parse->type = new_enum(parser, parse);
    if (parse->type == NULL || !parse_body(parser, parse))
        return NULL;
    if (!ctype_is_same_definition(old, parse->type)) {
        parser_fail(parser, &parse->at, MESSAGE_REDEFINED, old, old->u.enumeration->file, old->u.enumeration->line);
        return NULL;
    }
    return old;
}

static CType *define(Parser *parser, EnumParse *parse)
{
    CType *type = parse->tag == NULL ? NULL : find_tag(parser, &parse->at, CTYPE_ENUM, false);
    if (parser->failed)
        return NULL;
    if (type != NULL && ctype_is_complete(type))
        return define_again(parser, parse, type->main);
    if (type == NULL) {
        type = new_enum(parser, parse);
        if (type == NULL || (parse->tag != NULL && !bind_tag(parser, parse->tag, type)))
            return NULL;
    }
    parse->type = type;
    return parse_body(parser, parse) ? check_again(parser, parse) : NULL;
}

static CType *mention(Parser *parser, const EnumParse *parse)
{
    CType *type;
    if (parse->tag == NULL) {
        parser_fail(parser, &parser->token, MESSAGE_EXPECTED_AFTER, "a tag or '{'", "'enum'", &parser->token);
        return NULL;
    }
    type = find_tag(parser, &parse->at, CTYPE_ENUM, false);
    if (type != NULL || parser->failed)
        return type;
    type = new_enum(parser, parse);
    if (type != NULL && !ctype_bind_tag(parser->table, parse->tag->text, type)) {
        parser_fail_memory(parser);
        return NULL;
    }
    return type;
}

/* enum-specifier: enum attributes? tag? { enumerator-list ,? } attributes? | enum attributes? tag */
CType *parse_enum_specifier(Parser *parser)
{
    EnumParse parse = {.at = parser->token};
    CType *type;
    lexer_advance(parser);
    if (!parse_attributes(parser, &parse.attributes))
        return NULL;
    if (parser->token.kind == TOKEN_NAME) {
        parse.tag = parser->token.u.name;
        parse.at = parser->token;
        lexer_advance(parser);
    }
    if (parser->token.kind != '{')
        return mention(parser, &parse);
    if (!parser_enter(parser))
        return NULL;
    lexer_advance(parser);
    type = define(parser, &parse);
    parser_leave(parser);
    return type;
}
