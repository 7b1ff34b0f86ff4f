/* struct and union specifiers (C11 6.7.2.1). */
#include "cdecl/parser.h"

/* -- members ------------------------------------------------------------------------------------------------------- */

typedef struct RecordParse {
    size_t first_member; /* bytes of parser->members below */
    Tag tag;
    CType *old; /* what is defined again, or NULL */
    const struct RecordParse *outer;
} RecordParse;

static size_t count_members(const Parser *parser, const RecordParse *parse)
{
    return (parser->members.used - parse->first_member) / sizeof(CMemberSpec);
}

static const CMemberSpec *member_at(const Parser *parser, const RecordParse *parse, size_t i)
{
    return stack_at(&parser->members, parse->first_member + i * sizeof(CMemberSpec));
}

static Token member_token(const CMemberSpec *member)
{
    return (Token){.kind = TOKEN_NAME, .start = member->place, .length = member->length, .line = member->line};
}

static void set_place(CMemberSpec *member, const Token *at)
{
    member->place = at->start;
    member->line = at->line;
    member->length = at->length;
}

static bool is_flexible_array(const CType *type)
{
    return type->kind == CTYPE_ARRAY && (type->is_unbounded || type->is_vla);
}

static bool is_flexible(const CType *type)
{
    return is_flexible_array(type) || type->is_vla;
}

/* Nothing may follow a flexible array member. */
static bool check_last(Parser *parser, const RecordParse *parse)
{
    size_t count = count_members(parser, parse);
    const CMemberSpec *last = count > 0 ? member_at(parser, parse, count - 1) : NULL;
    if (last != NULL && is_flexible(last->type) && !parse->tag.is_union) {
        Token at = member_token(last);
        return parser_fail(parser, &at, MESSAGE_FLEXIBLE_NOT_LAST, last->name);
    }
    return true;
}

static bool push_member(Parser *parser, const RecordParse *parse, const CMemberSpec *member)
{
    CMemberSpec *place;
    if (!check_last(parser, parse))
        return false;
    if (count_members(parser, parse) >= UINT32_MAX / 4)
        return parser_fail(parser, &parser->token, MESSAGE_TOO_MANY, "members");
    place = stack_push(&parser->members, sizeof *place);
    if (place == NULL)
        return parser_fail_memory(parser);
    *place = *member;
    return true;
}

/* The constraints on the type of a member that is no bit-field (C11 6.7.2.1p3). */
static bool check_member(Parser *parser, const RecordParse *parse, const CMemberSpec *member)
{
    Token at = member_token(member);
    const CType *type = member->type;
    if (type->kind == CTYPE_VOID)
        return parser_fail(parser, &at, MESSAGE_VOID_OBJECT, member->name);
    if (type->kind == CTYPE_FUNCTION)
        return parser_fail(parser, &at, MESSAGE_FUNCTION_MEMBER, member->name);
    if (is_flexible_array(type)) {
        if (parse->tag.is_union && type->is_unbounded)
            return parser_fail(parser, &at, MESSAGE_FLEXIBLE_IN_UNION, member->name);
        return true;
    }
    if (!ctype_is_complete(type))
        return parser_fail(parser, &at, MESSAGE_INCOMPLETE_OBJECT, member->name, type);
    if (ctype_depth(type) >= CTYPE_DEPTH_MAX)
        return parser_fail(parser, &at, MESSAGE_TYPE_TOO_DEEP);
    return true;
}

/* : constant-expression */
static bool parse_width(Parser *parser, CMemberSpec *member)
{
    Token at = parser->token;
    Value value;
    const CType *type = member->type;
    uint64_t nbits = type->kind == CTYPE_BOOL ? 1 : type->size * 8;
    if (!parse_constant(parser, &value))
        return false;
    if (!is_integer(type) || !ctype_is_complete(type))
        return parser_fail(parser, &at, MESSAGE_BITFIELD_TYPE, member->name, type);
    if (value_is_negative(&value))
        return parser_fail(parser, &at, MESSAGE_BITFIELD_NEGATIVE, member->name);
    if (value.bits > nbits)
        return parser_fail(parser, &at, MESSAGE_BITFIELD_WIDTH, member->name, type);
    if (value.bits == 0 && member->name != NULL)
        return parser_fail(parser, &at, MESSAGE_BITFIELD_ZERO, member->name);
    member->is_bitfield = true;
    member->width = (uint8_t)value.bits;
    return true;
}

/* A mode changes a bit-field's type behind its width. */
static bool set_member_mode(Parser *parser, const Attributes *attributes, CMemberSpec *member)
{
    CType *type = attributes_apply_mode(parser, attributes, member->type);
    if (type == NULL)
        return false;
    if (member->is_bitfield && type != member->type && member->width > type->size * 8)
        return parser_fail(parser, &attributes->at, MESSAGE_BITFIELD_WIDTH, member->name, type);
    member->type = type;
    return true;
}

/* : constant-expression attributes?, behind the colon; the width is checked against the type before a mode. */
static bool parse_bitfield(Parser *parser, const Declarator *declarator, Attributes *attributes, CMemberSpec *member)
{
    member->type = declared_type(parser, declarator, attributes, member->type, false);
    return member->type != NULL && parse_width(parser, member) && parse_attributes(parser, attributes) &&
           set_member_mode(parser, attributes, member);
}

static bool finish_plain_member(Parser *parser, const RecordParse *parse, const Declarator *declarator,
                                Attributes *attributes, CMemberSpec *member)
{
    member->type = declared_type(parser, declarator, attributes, member->type, false);
    return member->type != NULL && set_member_mode(parser, attributes, member) && check_member(parser, parse, member);
}

/* struct-declarator: declarator attributes? | ( declarator attributes? )? : constant-expression attributes? */
static bool parse_member(Parser *parser, const RecordParse *parse, const Specifiers *specifiers)
{
    Attributes attributes = specifiers->attributes;
    Declarator declarator = {.at = parser->token, .first_op = parser->ops.used, .first_param = parser->params.used};
    CMemberSpec member = {.type = specifiers->type};
    bool is_good;
    if (!parse_attributes(parser, &attributes))
        return false;
    if (parser->token.kind != ':' && (!parse_declarator(parser, &declarator, DECLARATOR_NAMED) ||
                                      !parse_declarator_attributes(parser, &declarator, &attributes)))
        return false;
    member.name = declarator.name == NULL ? NULL : declarator.name->text;
    set_place(&member, &declarator.at);
    if (parser_accept(parser, ':'))
        is_good = parse_bitfield(parser, &declarator, &attributes, &member);
    else
        is_good = finish_plain_member(parser, parse, &declarator, &attributes, &member);
    member.align = attributes.align;
    member.is_packed = attributes.is_packed;
    declarator_drop(parser, &declarator);
    return is_good && push_member(parser, parse, &member);
}

/* A record that is defined again counts as incomplete inside itself, as it did the first time. */
static bool is_being_defined(const Parser *parser, const CType *type)
{
    const RecordParse *parse = parser->record;
    while (parse != NULL && parse->old != type->main)
        parse = parse->outer;
    return parse != NULL;
}

/* A record without declarator: its members become members here. Any other type adds nothing, as with gcc, to whom attributes
 * before it say nothing either. */
static bool add_unnamed(Parser *parser, const RecordParse *parse, const Specifiers *specifiers)
{
    const Attributes *attributes = &specifiers->attributes;
    CMemberSpec member = {.type = specifiers->type, .align = attributes->alignas_align};
    if (specifiers->type->kind != CTYPE_RECORD || !ctype_is_complete(specifiers->type) ||
        is_being_defined(parser, specifiers->type))
        return true;
    if (attributes->declspec_align > member.align)
        member.align = attributes->declspec_align;
    set_place(&member, &specifiers->start);
    return check_member(parser, parse, &member) && push_member(parser, parse, &member);
}

/* -- scoped constants: LuaJIT's, from C++ -------------------------------------------------------------------------- */

bool record_add_constant(Parser *parser, const char *name, CType *type, uint64_t value)
{
    CConstant *constant = ctype_alloc(parser->table, sizeof *constant);
    if (constant == NULL)
        return parser_fail_memory(parser);
    *constant = (CConstant){.older = parser->constants, .name = name, .type = type, .value = value};
    parser->constants = constant;
    return true;
}

static bool is_constant_type(const CType *type)
{
    bool is_integer = type->kind == CTYPE_INTEGER || type->kind == CTYPE_BOOL ||
                      (type->kind == CTYPE_ENUM && ctype_is_complete(type));
    return is_integer && type->size <= 8 && (type->qualifiers & QUALIFIER_CONST) != 0;
}

/* declarator = constant-expression, of a static member; `at` is the word static. */
static bool parse_constant_member(Parser *parser, const Specifiers *specifiers, const Token *at)
{
    Declarator declarator = {.at = parser->token, .first_op = parser->ops.used, .first_param = parser->params.used};
    CType *type;
    Value value;
    if (!parse_declarator(parser, &declarator, DECLARATOR_NAMED))
        return false;
    type = declared_type(parser, &declarator, &specifiers->attributes, specifiers->type, false);
    declarator_drop(parser, &declarator);
    if (type == NULL)
        return false;
    if (!is_constant_type(type))
        return parser_fail(parser, at, MESSAGE_BAD_STORAGE, at);
    if (!parser_expect(parser, '=', "'='", "static constant") || !parse_constant_initializer(parser, type, &value))
        return false;
    if (!value.is_known)
        return parser_fail(parser, &value.at, value.why, &value.at);
    return record_add_constant(parser, declarator.name->text, type, (uint64_t)value.bits);
}

/* static specifier-qualifier-list declarator = constant-expression, …, at its first word */
static bool parse_constant_members(Parser *parser)
{
    Token at = parser->token;
    Specifiers specifiers;
    lexer_advance(parser);
    if (!parse_specifiers(parser, &specifiers, true))
        return false;
    do {
        if (!parse_constant_member(parser, &specifiers, &at))
            return false;
    } while (parser_accept(parser, ','));
    return parser_expect(parser, ';', "';'", "static constant");
}

/* struct-declaration: specifier-qualifier-list struct-declarator-list? ; */
static bool parse_member_declaration(Parser *parser, const RecordParse *parse)
{
    Specifiers specifiers;
    if (parser_accept(parser, ';'))
        return true;
    if (is_static_assert(parser))
        return parse_static_assert(parser);
    if (parser->token.kind == TOKEN_STATIC)
        return parse_constant_members(parser);
    if (!parse_specifiers(parser, &specifiers, true))
        return false;
    if (parser->token.kind == ';') {
        if (!add_unnamed(parser, parse, &specifiers))
            return false;
    } else {
        do {
            if (!parse_member(parser, parse, &specifiers))
                return false;
        } while (parser_accept(parser, ','));
    }
    if (parser->token.kind == '}') /* gcc takes it */
        return true;
    return parser_expect(parser, ';', "';'", parse->tag.is_union ? "union field" : "struct field");
}

/* -- completion ---------------------------------------------------------------------------------------------------- */

/* A flexible array needs another named member before it. */
static bool check_flexible(Parser *parser, const RecordParse *parse)
{
    size_t count = count_members(parser, parse), nnamed = 0, i;
    const CMemberSpec *last = count > 0 ? member_at(parser, parse, count - 1) : NULL;
    if (last == NULL || parse->tag.is_union || last->type->kind != CTYPE_ARRAY || !last->type->is_unbounded)
        return true;
    for (i = 0; i + 1 < count; i++) {
        const CMemberSpec *member = member_at(parser, parse, i);
        nnamed += member->name != NULL || member->type->kind == CTYPE_RECORD;
    }
    if (nnamed == 0) {
        Token at = member_token(last);
        return parser_fail(parser, &at, MESSAGE_FLEXIBLE_ALONE, last->name);
    }
    return true;
}

static bool complete(Parser *parser, const RecordParse *parse, CType *type)
{
    CRecordSpec spec = {
        .members = member_at(parser, parse, 0),
        .nmembers = (uint32_t)count_members(parser, parse),
        .is_packed = parse->tag.attributes.is_packed,
        .align = parse->tag.attributes.last_align,
        .pack = parser->pack,
        .is_ms_layout = parse->tag.attributes.is_ms_layout,
        .is_transparent = parse->tag.attributes.is_transparent,
        .constants = parser->constants,
        .line = parse->tag.at.line,
        .file = parser_file(parser),
    };
    Token at;
    if (parse->tag.attributes.mode != NULL && mode_apply(parser, &parse->tag.attributes, type) == NULL)
        return false;
    switch (ctype_record_complete(parser->table, type->u.record, &spec)) {
    case CRECORD_OK: return true;
    case CRECORD_MEMORY: return parser_fail_memory(parser);
    case CRECORD_TOO_LARGE:
        return parser_fail(parser, &parse->tag.at, MESSAGE_TOO_LARGE, parse->tag.is_union ? "union" : "struct");
    case CRECORD_DUPLICATE: break;
    }
    at = member_token(member_at(parser, parse, spec.duplicate));
    return parser_fail(parser, &at, MESSAGE_DUPLICATE_MEMBER, spec.duplicate_name);
}

/* { struct-declaration-list? } attributes?, behind the brace: completes `type`. */
static bool parse_body(Parser *parser, RecordParse *parse, CType *type)
{
    const CConstant *outer_constants = parser->constants;
    bool is_good = true;
    parser->constants = NULL;
    parse->first_member = parser->members.used;
    parse->outer = parser->record;
    parser->record = parse;
    while (is_good && parser->token.kind != '}' && parser->token.kind != TOKEN_END)
        is_good = parse_member_declaration(parser, parse);
    is_good = is_good && parser_expect(parser, '}', "'}'", parse->tag.is_union ? "union fields" : "struct fields") &&
              parse_body_attributes(parser, &parse->tag.attributes);
    parser->record = parse->outer;
    if (is_good && ctype_is_complete(type))
        is_good = parser_fail(parser, &parse->tag.at, MESSAGE_NESTED_REDEFINITION, type);
    is_good = is_good && check_flexible(parser, parse) && complete(parser, parse, type);
    stack_drop(&parser->members, parse->first_member);
    parser->constants = outer_constants;
    return is_good;
}

/* struct-or-union-specifier: tag | tag { struct-declaration-list? } attributes? */
CType *parse_record_specifier(Parser *parser, uint32_t align)
{
    RecordParse parse = {.tag.attributes = {.align = align, .last_align = align}};
    CType *type;
    if (!parse_tag(parser, &parse.tag))
        return NULL;
    if (parser->token.kind != '{')
        return tag_mention(parser, &parse.tag);
    if (!parser_enter(parser))
        return NULL;
    lexer_advance(parser);
    type = tag_define(parser, &parse.tag, &parse.old);
    if (type != NULL)
        type = parse_body(parser, &parse, type) ? tag_settle(parser, &parse.tag, parse.old, type) : NULL;
    parser_leave(parser);
    return type;
}
