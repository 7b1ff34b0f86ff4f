/* Tags of structs, unions and enums (C11 6.2.1p4, 6.2.3, 6.7.2.3): what stands between the keyword and the body, the
 * scopes, and what a mention or a definition finds.
 *
 * A definition in a parameter list has prototype scope; a tag that is only mentioned there is declared at file scope,
 * which C does not do, but which makes the prototype usable. Every other tag has file scope. */
#include "cdecl/parser.h"

static bool is_local_type(const CType *type)
{
    return type->kind == CTYPE_RECORD ? type->u.record->is_local : type->u.enumeration->is_local;
}

void tag_close_scope(Parser *parser)
{
    while (parser->tags.used > 0) {
        const LocalTag *top = stack_at(&parser->tags, parser->tags.used - sizeof *top);
        if (top->prototype_depth < parser->prototype_depth)
            break;
        top->name->tag = top->outer;
        stack_drop(&parser->tags, parser->tags.used - sizeof *top);
    }
}

void tag_close_all(Parser *parser)
{
    parser->prototype_depth = 0;
    tag_close_scope(parser);
}

static bool fail_with_place(Parser *parser, const Token *at, Message message, const void *argument, const CType *type)
{
    bool is_record = type->kind == CTYPE_RECORD;
    return parser_fail(parser, at, message, argument, is_record ? type->u.record->file : type->u.enumeration->file,
                       is_record ? type->u.record->line : type->u.enumeration->line);
}

static bool is_of_kind(const CType *type, const Tag *tag)
{
    return type->kind == tag->kind && (tag->kind == CTYPE_ENUM || type->u.record->is_union == tag->is_union);
}

/* Bound anew at file scope, in a parameter list for as long as that lasts: no rollback need know of it. */
static bool bind(Parser *parser, const Tag *tag, CType *type, bool is_local)
{
    LocalTag *local;
    if (!is_local)
        return ctype_bind_tag(parser->table, tag->name->text, type) || parser_fail_memory(parser);
    local = stack_push(&parser->tags, sizeof *local);
    if (local == NULL)
        return parser_fail_memory(parser);
    *local = (LocalTag){tag->name, tag->name->tag, parser->prototype_depth};
    tag->name->tag = type;
    if (type->kind == CTYPE_RECORD)
        type->u.record->is_local = true;
    else
        type->u.enumeration->is_local = true;
    return true;
}

static CType *new_type(Parser *parser, const Tag *tag)
{
    const char *name = tag->name == NULL ? NULL : tag->name->text;
    CType *type = tag->kind == CTYPE_ENUM ? ctype_enum_new(parser->table, name)
                                          : ctype_record_new(parser->table, name, tag->is_union);
    if (type == NULL) {
        parser_fail_memory(parser);
    } else if (tag->kind == CTYPE_ENUM) {
        type->u.enumeration->line = tag->at.line;
        type->u.enumeration->file = parser_file(parser);
    } else {
        type->u.record->line = tag->at.line;
        type->u.record->file = parser_file(parser);
    }
    return parser->failed ? NULL : type;
}

static CType *new_bound_type(Parser *parser, const Tag *tag, bool is_local)
{
    CType *type = new_type(parser, tag);
    if (type == NULL || (tag->name != NULL && !bind(parser, tag, type, is_local)))
        return NULL;
    return type;
}

static CType *check_kind(Parser *parser, const Tag *tag, CType *type)
{
    if (type == NULL || is_of_kind(type, tag))
        return type;
    fail_with_place(parser, &tag->at, MESSAGE_WRONG_TAG, tag->name->text, type);
    return NULL;
}

bool parse_tag(Parser *parser, Tag *tag)
{
    unsigned kind = parser->token.kind;
    tag->at = parser->token;
    tag->kind = kind == TOKEN_ENUM ? CTYPE_ENUM : CTYPE_RECORD;
    tag->is_union = kind == TOKEN_UNION;
    tag->name = NULL;
    lexer_advance(parser);
    if (!parse_attributes(parser, &tag->attributes))
        return false;
    if (parser->token.kind == TOKEN_NAME) {
        tag->name = parser->token.u.name;
        tag->at = parser->token;
        lexer_advance(parser);
    }
    return !parser->failed;
}

CType *tag_mention(Parser *parser, const Tag *tag)
{
    CType *type;
    if (tag->name == NULL) {
        const char *keyword = tag->kind == CTYPE_ENUM ? "'enum'" : tag->is_union ? "'union'" : "'struct'";
        parser_fail(parser, &parser->token, MESSAGE_EXPECTED_AFTER, "a tag or '{'", keyword, &parser->token);
        return NULL;
    }
    type = tag->name->tag;
    return type != NULL ? check_kind(parser, tag, type) : new_bound_type(parser, tag, false);
}

CType *tag_define(Parser *parser, const Tag *tag, CType **old)
{
    bool is_local = parser->prototype_depth > 0;
    CType *type = NULL;
    *old = NULL;
    if (tag->name != NULL && tag->name->tag != NULL && (!is_local || is_local_type(tag->name->tag)))
        type = check_kind(parser, tag, tag->name->tag);
    if (parser->failed)
        return NULL;
    if (type == NULL)
        return new_bound_type(parser, tag, is_local);
    if (!ctype_is_complete(type))
        return type->main;
    *old = type->main;
    return new_type(parser, tag);
}

CType *tag_settle(Parser *parser, const Tag *tag, CType *old, CType *type)
{
    if (old == NULL)
        return type;
    if (ctype_is_same_definition(old, type))
        return old;
    fail_with_place(parser, &tag->at, MESSAGE_REDEFINED, old, old);
    return NULL;
}
