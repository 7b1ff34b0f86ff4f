/* Declarations at file scope (C11 6.7, 6.9): what each declarator declares. */
#include <string.h>

#include "cdecl/parser.h"

/* What stands before a declarator, and the attributes behind it. */
typedef struct Declaration {
    Specifiers specifiers;
    Attributes attributes; /* of the specifiers and this declarator */
} Declaration;

/* asm ( string-literal+ ): the linker's name; without `name` a statement, which is skipped. */
static bool parse_asm(Parser *parser, const char **name)
{
    size_t used = parser->scratch.used;
    lexer_advance(parser);
    while (parser->token.kind == TOKEN_VOLATILE)
        lexer_advance(parser);
    if (name == NULL)
        return parser->token.kind == '(' ? parser_skip_group(parser) : parser_expect(parser, '(', "'('", "'asm'");
    if (!parser_expect(parser, '(', "'('", "'asm'"))
        return false;
    if (!parse_narrow_string(parser))
        return false;
    *name = parser_intern_scratch(parser, used);
    return *name != NULL && parser_expect(parser, ')', "')'", "asm name");
}

/* asm labels and attributes in any order */
static bool parse_trimmings(Parser *parser, Declaration *declaration, Declarator *declarator)
{
    if (!parse_declarator_attributes(parser, declarator, &declaration->attributes))
        return false;
    for (;;) {
        bool is_good;
        if (parser->token.kind == TOKEN_ASM)
            is_good = parse_asm(parser, &declarator->asm_name);
        else if (is_attribute_start(parser))
            is_good = parse_attributes(parser, &declaration->attributes);
        else
            return !parser->failed;
        if (!is_good)
            return false;
    }
}

/* -- initializers -------------------------------------------------------------------------------------------------- */

static bool is_static_constant(const Declaration *declaration, const CType *type)
{
    return declaration->specifiers.storage == TOKEN_STATIC && is_integer(type) && ctype_is_complete(type) &&
           (type->qualifiers & QUALIFIER_CONST);
}

/* Whether the declaration's 64 bits hold the value. */
static bool is_holdable(const Value *value)
{
    return value_is_negative(value) ? (SignedBits)value->bits >= INT64_MIN
                                    : value->bits <= (value->type->scalar == CSCALAR_INT128 ? INT64_MAX : UINT64_MAX);
}

/* = initializer: a static const integer's is its value where that is known; any other is skipped, an array counted. */
static bool parse_initializer(Parser *parser, const Declaration *declaration, CDecl *decl)
{
    Value value;
    Token at = parser->token;
    if (decl->kind != CDECL_VARIABLE)
        return parser_fail(parser, &at, MESSAGE_INITIALIZER, decl->kind == CDECL_TYPEDEF ? "a typedef" : "a function");
    lexer_advance(parser);
    if (parser->token.kind == ';' || parser->token.kind == ',')
        return parser_fail(parser, &parser->token, MESSAGE_EXPECTED_AFTER, "an initializer", "'='", &parser->token);
    if (!is_static_constant(declaration, decl->type))
        return parse_object_initializer(parser, &decl->type);
    if (!parse_constant_initializer(parser, decl->type, &value))
        return false;
    if (value.is_known && is_holdable(&value)) {
        decl->kind = CDECL_CONSTANT;
        decl->value = (uint64_t)value.bits;
    }
    return true;
}

/* -- declarators --------------------------------------------------------------------------------------------------- */

static CDeclKind kind_of(const Declaration *declaration, const CType *type)
{
    if (declaration->specifiers.storage == TOKEN_TYPEDEF)
        return CDECL_TYPEDEF;
    return type->kind == CTYPE_FUNCTION ? CDECL_FUNCTION : CDECL_VARIABLE;
}

/* What attributes make of a typedef's type: a transparent union, an alignment of its own. */
static CType *typedef_type(Parser *parser, const Attributes *attributes, CType *type)
{
    if (attributes->is_transparent)
        type = ctype_transparent(parser->table, type);
    if (type != NULL && attributes->align != 0 && type->kind != CTYPE_FUNCTION)
        type = ctype_aligned(parser->table, type, attributes->last_align);
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}

static CType *object_type(Parser *parser, const Declaration *declaration, const Declarator *declarator)
{
    CType *type = declared_type(parser, declarator, &declaration->attributes, declaration->specifiers.type, false);
    if (type != NULL)
        type = attributes_apply_mode(parser, &declaration->attributes, type);
    if (type == NULL || declaration->specifiers.storage != TOKEN_TYPEDEF)
        return type;
    return typedef_type(parser, &declaration->attributes, type);
}

/* `extern void end;`, a symbol with nothing but an address, is gcc's. */
static bool check_variable(Parser *parser, const Declaration *declaration, const Declarator *declarator,
                           const CType *type)
{
    if (type->kind == CTYPE_VOID && declaration->specifiers.storage != TOKEN_EXTERN)
        return parser_fail(parser, &declarator->at, MESSAGE_VOID_OBJECT, declarator->name->text);
    if (type->kind == CTYPE_ARRAY && type->is_vla)
        return parser_fail(parser, &declarator->at, MESSAGE_ARRAY_VLA_PLACE);
    return true;
}

/* init-declarator: declarator asm-and-attributes ( = initializer )? */
static bool parse_init_declarator(Parser *parser, Declaration *declaration, Declarator *declarator, CDeclKind *kind)
{
    CDecl decl = {.line = 0};
    if (!parse_declarator(parser, declarator, DECLARATOR_NAMED) || !parse_trimmings(parser, declaration, declarator))
        return false;
    decl.type = object_type(parser, declaration, declarator);
    if (decl.type == NULL)
        return false;
    *kind = decl.kind = kind_of(declaration, decl.type);
    decl.name = declarator->name->text;
    decl.align_code = decl.kind == CDECL_TYPEDEF ? 0 : ctype_align_code(declaration->attributes.align) & 31;
    decl.line = declarator->at.line;
    parser_set_file(parser, &decl);
    if (decl.kind == CDECL_VARIABLE && !check_variable(parser, declaration, declarator, decl.type))
        return false;
    if (parser->token.kind == '=' && !parse_initializer(parser, declaration, &decl))
        return false;
    return declare_name(parser, &declarator->at, &decl, declarator);
}

/* Whether a function's body follows, which ends the declaration. */
static bool is_body(const Parser *parser, CDeclKind kind)
{
    return parser->token.kind == '{' && kind == CDECL_FUNCTION;
}

/* The last declaration of a text may go without its semicolon, as in LuaJIT. */
static bool expect_semicolon(Parser *parser)
{
    if (parser->token.kind == TOKEN_END && !parser->failed)
        return true;
    return parser_expect(parser, ';', "';'", "declaration");
}

/* init-declarator-list ; | one declarator and a function's body */
static bool parse_init_declarators(Parser *parser, Declaration *declaration)
{
    do {
        Declarator declarator;
        CDeclKind kind;
        declaration->attributes = declaration->specifiers.attributes;
        if (!parse_attributes(parser, &declaration->attributes) ||
            !parse_init_declarator(parser, declaration, &declarator, &kind))
            return false;
        declarator_drop(parser, &declarator);
        if (is_body(parser, kind))
            return parser_skip_group(parser);
    } while (parser_accept(parser, ','));
    return expect_semicolon(parser);
}

bool is_static_assert(const Parser *parser)
{
    return parser->token.kind == TOKEN_STATIC_ASSERT || soft_keyword(&parser->token) == TOKEN_SOFT_STATIC_ASSERT;
}

/* ( , string-literal+ )?: the message with what goes before it, cut to the buffer. */
static bool parse_assertion_message(Parser *parser, char *buffer, size_t nbytes)
{
    size_t used = parser->scratch.used;
    Word message;
    buffer[0] = '\0';
    if (!parser_accept(parser, ','))
        return !parser->failed;
    if (!parse_narrow_string(parser))
        return false;
    message = parser_take_scratch(parser, used);
    if (message.length > 0) {
        memcpy(buffer, ": ", 2);
        copy_word(message, buffer + 2, nbytes - 2);
    }
    return true;
}

/* static_assert-declaration: _Static_assert ( constant-expression ( , string-literal+ )? ) ; */
bool parse_static_assert(Parser *parser)
{
    Token at = parser->token;
    Value value;
    char message[128];
    lexer_advance(parser);
    if (!parser_expect(parser, '(', "'('", "'_Static_assert'") || !parse_constant(parser, &value) ||
        !parse_assertion_message(parser, message, sizeof message))
        return false;
    if (value.bits == 0)
        return parser_fail(parser, &at, MESSAGE_ASSERTION, message);
    return parser_expect(parser, ')', "')'", "assertion") && parser_expect(parser, ';', "';'", "assertion");
}

/* declaration: declaration-specifiers init-declarator-list? ;
 *
 * Without tag and declarator it declares nothing, which gcc takes. */
static bool parse_declaration(Parser *parser)
{
    Declaration declaration;
    if (!parse_specifiers(parser, &declaration.specifiers, false))
        return false;
    if (parser->token.kind == ';' || (parser->token.kind == TOKEN_END && declaration.specifiers.has_tag))
        return expect_semicolon(parser);
    return parse_init_declarators(parser, &declaration);
}

/* external-declaration: declaration | function-definition | static_assert-declaration | asm ( … ) ; | ; */
bool parse_external_declaration(Parser *parser)
{
    while (parser->token.kind == TOKEN_EXTENSION)
        lexer_advance(parser);
    switch (parser->token.kind) {
    case ';': lexer_advance(parser); return !parser->failed;
    case TOKEN_ASM: return parse_asm(parser, NULL) && parser_expect(parser, ';', "';'", "asm");
    default: return is_static_assert(parser) ? parse_static_assert(parser) : parse_declaration(parser);
    }
}
