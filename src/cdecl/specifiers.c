/* Declaration specifiers (C11 6.7p1): type specifiers are counted in one integer, whose legal sums one switch knows. */
#include <string.h>

#include "cdecl/parser.h"

/* Each specifier's unit; a field of the sum is wide enough that one too many stays visible. */
enum {
    COUNT_VOID = 1 << 0,
    COUNT_BOOL = 1 << 1,
    COUNT_CHAR = 1 << 2,
    COUNT_SHORT = 1 << 3,
    COUNT_INT = 1 << 4,
    COUNT_LONG = 1 << 5, /* two bits: long long */
    COUNT_FLOAT = 1 << 7,
    COUNT_DOUBLE = 1 << 8,
    COUNT_SIGNED = 1 << 9,
    COUNT_UNSIGNED = 1 << 10,
    COUNT_INT128 = 1 << 11,
    COUNT_FLOAT16 = 1 << 12,
    COUNT_FLOAT32 = 1 << 13,
    COUNT_FLOAT64 = 1 << 14,
    COUNT_FLOAT128 = 1 << 15,
    COUNT_FLOAT32X = 1 << 16,
    COUNT_FLOAT64X = 1 << 17,
    COUNT_COMPLEX = 1 << 18,
    COUNT_BFLOAT16 = 1 << 19,
    COUNT_DECIMAL32 = 1 << 20,
    COUNT_DECIMAL64 = 1 << 21,
    COUNT_DECIMAL128 = 1 << 22,
    COUNT_MASK_LONG = 3 * COUNT_LONG
};

static unsigned count_of(unsigned kind)
{
    switch (kind) {
    case TOKEN_VOID: return COUNT_VOID;
    case TOKEN_BOOL: return COUNT_BOOL;
    case TOKEN_CHAR: return COUNT_CHAR;
    case TOKEN_SHORT: return COUNT_SHORT;
    case TOKEN_INT: return COUNT_INT;
    case TOKEN_LONG: return COUNT_LONG;
    case TOKEN_FLOAT: return COUNT_FLOAT;
    case TOKEN_DOUBLE: return COUNT_DOUBLE;
    case TOKEN_SIGNED: return COUNT_SIGNED;
    case TOKEN_UNSIGNED: return COUNT_UNSIGNED;
    case TOKEN_INT128: return COUNT_INT128;
    case TOKEN_FLOAT16: return COUNT_FLOAT16;
    case TOKEN_FLOAT32: return COUNT_FLOAT32;
    case TOKEN_FLOAT64: return COUNT_FLOAT64;
    case TOKEN_SOFT_FLOAT128:
    case TOKEN_FLOAT128: return COUNT_FLOAT128;
    case TOKEN_FLOAT32X: return COUNT_FLOAT32X;
    case TOKEN_FLOAT80:
    case TOKEN_FLOAT64X: return COUNT_FLOAT64X;
    case TOKEN_BFLOAT16: return COUNT_BFLOAT16;
    case TOKEN_DECIMAL32: return COUNT_DECIMAL32;
    case TOKEN_DECIMAL64: return COUNT_DECIMAL64;
    case TOKEN_DECIMAL128: return COUNT_DECIMAL128;
    case TOKEN_COMPLEX:
    case TOKEN_SOFT_COMPLEX: return COUNT_COMPLEX;
    case TOKEN_INT8: return COUNT_CHAR;
    case TOKEN_INT16: return COUNT_SHORT;
    case TOKEN_INT32: return COUNT_INT;
    case TOKEN_INT64: return 2 * COUNT_LONG;
    default: return 0;
    }
}

/* The scalar of a sum without COMPLEX; CSCALAR_COUNT when it is none. */
static CScalar scalar_of(unsigned sum)
{
    switch (sum) {
    case COUNT_BOOL: return CSCALAR_BOOL_;
    case COUNT_CHAR: return CSCALAR_CHAR;
    case COUNT_SIGNED | COUNT_CHAR: return CSCALAR_SCHAR;
    case COUNT_UNSIGNED | COUNT_CHAR: return CSCALAR_UCHAR;
    case COUNT_SHORT:
    case COUNT_SHORT | COUNT_INT:
    case COUNT_SIGNED | COUNT_SHORT:
    case COUNT_SIGNED | COUNT_SHORT | COUNT_INT: return CSCALAR_SHORT;
    case COUNT_UNSIGNED | COUNT_SHORT:
    case COUNT_UNSIGNED | COUNT_SHORT | COUNT_INT: return CSCALAR_USHORT;
    case COUNT_INT:
    case COUNT_SIGNED:
    case COUNT_SIGNED | COUNT_INT: return CSCALAR_INT;
    case COUNT_UNSIGNED:
    case COUNT_UNSIGNED | COUNT_INT: return CSCALAR_UINT;
    case COUNT_LONG:
    case COUNT_LONG | COUNT_INT:
    case COUNT_SIGNED | COUNT_LONG:
    case COUNT_SIGNED | COUNT_LONG | COUNT_INT: return CSCALAR_LONG;
    case COUNT_UNSIGNED | COUNT_LONG:
    case COUNT_UNSIGNED | COUNT_LONG | COUNT_INT: return CSCALAR_ULONG;
    case 2 * COUNT_LONG:
    case 2 * COUNT_LONG | COUNT_INT:
    case COUNT_SIGNED | 2 * COUNT_LONG:
    case COUNT_SIGNED | 2 * COUNT_LONG | COUNT_INT: return CSCALAR_LLONG;
    case COUNT_UNSIGNED | 2 * COUNT_LONG:
    case COUNT_UNSIGNED | 2 * COUNT_LONG | COUNT_INT: return CSCALAR_ULLONG;
    case COUNT_INT128:
    case COUNT_SIGNED | COUNT_INT128: return CSCALAR_INT128;
    case COUNT_UNSIGNED | COUNT_INT128: return CSCALAR_UINT128;
    case COUNT_FLOAT16: return CSCALAR_FLOAT16;
    case COUNT_FLOAT:
    case COUNT_FLOAT32: return CSCALAR_FLOAT;
    case COUNT_DOUBLE:
    case COUNT_FLOAT64:
    case COUNT_FLOAT32X: return CSCALAR_DOUBLE;
    case COUNT_LONG | COUNT_DOUBLE:
    case COUNT_FLOAT64X: return CSCALAR_LDOUBLE;
    case COUNT_FLOAT128: return CSCALAR_FLOAT128;
    case COUNT_BFLOAT16: return CSCALAR_BFLOAT16;
    case COUNT_DECIMAL32: return CSCALAR_DECIMAL32;
    case COUNT_DECIMAL64: return CSCALAR_DECIMAL64;
    case COUNT_DECIMAL128: return CSCALAR_DECIMAL128;
    default: return CSCALAR_COUNT;
    }
}

/* Whether a sum can still grow into a type: some legal sum has all of its parts. */
static bool is_possible(unsigned sum)
{
    static const unsigned largest[] = {
        COUNT_VOID,
        COUNT_BOOL,
        COUNT_COMPLEX | COUNT_SIGNED | COUNT_CHAR,
        COUNT_COMPLEX | COUNT_UNSIGNED | COUNT_CHAR,
        COUNT_COMPLEX | COUNT_SIGNED | COUNT_SHORT | COUNT_INT,
        COUNT_COMPLEX | COUNT_UNSIGNED | COUNT_SHORT | COUNT_INT,
        COUNT_COMPLEX | COUNT_SIGNED | 2 * COUNT_LONG | COUNT_INT,
        COUNT_COMPLEX | COUNT_SIGNED | COUNT_LONG | COUNT_INT,
        COUNT_COMPLEX | COUNT_UNSIGNED | 2 * COUNT_LONG | COUNT_INT,
        COUNT_COMPLEX | COUNT_UNSIGNED | COUNT_LONG | COUNT_INT,
        COUNT_COMPLEX | COUNT_SIGNED | COUNT_INT128,
        COUNT_COMPLEX | COUNT_UNSIGNED | COUNT_INT128,
        COUNT_COMPLEX | COUNT_FLOAT,
        COUNT_COMPLEX | COUNT_LONG | COUNT_DOUBLE,
        COUNT_COMPLEX | COUNT_FLOAT16,
        COUNT_COMPLEX | COUNT_FLOAT32,
        COUNT_COMPLEX | COUNT_FLOAT64,
        COUNT_COMPLEX | COUNT_FLOAT128,
        COUNT_COMPLEX | COUNT_FLOAT32X,
        COUNT_COMPLEX | COUNT_FLOAT64X,
        COUNT_BFLOAT16,
        COUNT_DECIMAL32,
        COUNT_DECIMAL64,
        COUNT_DECIMAL128,
    };
    size_t i;
    for (i = 0; i < sizeof largest / sizeof *largest; i++)
        if ((sum & ~largest[i]) == 0)
            return true;
    return false;
}

typedef struct Specifying {
    Specifiers *specifiers;
    unsigned sum;        /* COUNT_* */
    unsigned qualifiers; /* QUALIFIER_* */
    uint32_t align;      /* of [[…]] behind the type, 0: none */
    bool is_type_name;
} Specifying;

/* -- single specifiers --------------------------------------------------------------------------------------------- */

/* One type too many; behind a struct, union or enum a semicolon has been forgotten. */
static bool fail_second_type(Parser *parser, const Specifying *s, const Token *at)
{
    const CType *type = s->specifiers->type;
    const char *where;
    if (type == NULL || !s->specifiers->has_tag)
        return parser_fail(parser, at, MESSAGE_BAD_SPECIFIERS, at);
    where = type->kind == CTYPE_ENUM ? "enum" : type->u.record->is_union ? "union" : "struct";
    return parser_fail(parser, at, MESSAGE_EXPECTED_AFTER, "a name or ';'", where, at);
}

static bool add_count(Parser *parser, Specifying *s, unsigned count)
{
    unsigned sum = s->sum + count;
    bool is_repeated = (s->sum & count & ~(unsigned)COUNT_MASK_LONG) != 0 ||
                       (s->sum & COUNT_MASK_LONG) + (count & COUNT_MASK_LONG) > 2 * COUNT_LONG;
    if (is_repeated || s->specifiers->type != NULL || (s->sum != 0 && !is_possible(sum)))
        return fail_second_type(parser, s, &parser->token);
    s->sum = sum;
    lexer_advance(parser);
    return true;
}

/* A whole type: the specifiers before it must not have made one. `at` is its first token. */
static bool set_type(Parser *parser, Specifying *s, const Token *at, CType *type)
{
    if (type == NULL)
        return false;
    if (s->sum != 0 || s->specifiers->type != NULL)
        return fail_second_type(parser, s, at);
    s->specifiers->type = type;
    return true;
}

static bool add_storage(Parser *parser, Specifying *s)
{
    unsigned kind = parser->token.kind;
    if (s->is_type_name && kind != TOKEN_REGISTER)
        return parser_fail(parser, &parser->token, MESSAGE_BAD_STORAGE, &parser->token);
    if (s->specifiers->storage != 0)
        return parser_fail(parser, &parser->token, MESSAGE_TWO_STORAGES, &parser->token);
    s->specifiers->storage = kind;
    lexer_advance(parser);
    return true;
}

/* _Atomic alone is a qualifier, _Atomic ( type-name ) a type specifier (C11 6.7.2.4). */
static bool add_atomic(Parser *parser, Specifying *s)
{
    Token at = parser->token;
    CType *type;
    lexer_advance(parser);
    if (parser->token.kind != '(') {
        s->qualifiers |= QUALIFIER_ATOMIC;
        return true;
    }
    lexer_advance(parser);
    type = parse_type_name(parser);
    if (type == NULL || !parser_expect(parser, ')', "')'", "type name"))
        return false;
    s->qualifiers |= QUALIFIER_ATOMIC;
    return set_type(parser, s, &at, type);
}

/* typeof ( type-name ) | typeof ( expression ) */
static bool add_typeof(Parser *parser, Specifying *s)
{
    Token at = parser->token;
    CType *type = NULL;
    lexer_advance(parser);
    if (!parser_expect(parser, '(', "'('", "'typeof'"))
        return false;
    type = is_type_start(parser) ? parse_type_name(parser) : parse_expression_type(parser);
    return type != NULL && parser_expect(parser, ')', "')'", "typeof") && set_type(parser, s, &at, type);
}

static bool add_typedef_name(Parser *parser, Specifying *s, CType *type)
{
    Token at = parser->token;
    lexer_advance(parser);
    return set_type(parser, s, &at, type);
}

/* -- the list ------------------------------------------------------------------------------------------------------ */

static const CDecl *typedef_of(const Token *token)
{
    const CDecl *decl = token->kind == TOKEN_NAME ? token->u.name->decl : NULL;
    return decl != NULL && decl->kind == CDECL_TYPEDEF ? decl : NULL;
}

typedef enum Step { STEP_DONE, STEP_TAKEN, STEP_FAILED } Step;

static Step step(bool is_taken)
{
    return is_taken ? STEP_TAKEN : STEP_FAILED;
}

static Step skip(Parser *parser)
{
    lexer_advance(parser);
    return STEP_TAKEN;
}

static Step add_qualifier(Parser *parser, Specifying *s, unsigned qualifier)
{
    s->qualifiers |= qualifier;
    lexer_advance(parser);
    return STEP_TAKEN;
}

/* Whether behind `complex` the declaration goes on, so that it is not itself the name that is declared. */
static bool is_followed_by_name(const Parser *parser)
{
    char next = parser_peek(parser);
    return next == '\0' || strchr(";:[=", next) == NULL;
}

/* Whether the soft keyword has its meaning here, or is the name of what is declared: `struct { float re, im; }
 * complex;`, `double complex[2];`, `typedef long long __int64;`. A declaration begins with a type and a type name has no
 * name: `complex[2]`, `double complex[2]`. */
static unsigned soft_specifier(const Parser *parser, const Specifying *s)
{
    unsigned kind = soft_keyword(&parser->token);
    unsigned companions = COUNT_SIGNED | COUNT_UNSIGNED | COUNT_COMPLEX;
    if (kind == 0 || s->specifiers->type != NULL)
        return 0;
    if (kind == TOKEN_SOFT_COMPLEX)
        return s->sum == 0 || s->is_type_name || is_followed_by_name(parser) ? kind : 0;
    if (kind == TOKEN_SOFT_THREAD_LOCAL)
        return s->sum == 0 ? kind : 0;
    return (s->sum & ~companions) == 0 ? kind : 0;
}

/* A name is a type only while there is none yet: `typedef int T; struct { T T; }` (C11 6.7.8p3). */
static Step add_name(Parser *parser, Specifying *s)
{
    const CDecl *decl = typedef_of(&parser->token);
    unsigned soft = soft_specifier(parser, s);
    if (soft == TOKEN_SOFT_THREAD_LOCAL)
        return skip(parser);
    if (count_of(soft) != 0)
        return step(add_count(parser, s, count_of(soft)));
    if (s->sum != 0 || s->specifiers->type != NULL || decl == NULL)
        return STEP_DONE;
    return step(add_typedef_name(parser, s, decl->type));
}

static Step add_attributes(Parser *parser, Specifying *s)
{
    return step(parse_attributes(parser, &s->specifiers->attributes));
}

/* [[…]] behind a type are the type's (C23 6.7.1): no packing, and an alignment that the stars behind do not get. */
static Step add_standard_attributes(Parser *parser, Specifying *s)
{
    Attributes *attributes = &s->specifiers->attributes;
    uint32_t align = attributes->align, last_align = attributes->last_align;
    if (s->sum == 0 && s->specifiers->type == NULL)
        return add_attributes(parser, s);
    attributes->last_align = 0;
    if (!parse_type_attributes(parser, attributes))
        return STEP_FAILED;
    if (attributes->last_align != 0)
        s->align = attributes->last_align;
    attributes->align = align;
    attributes->last_align = last_align;
    return STEP_TAKEN;
}

/* MSVC's __declspec(align) before a definition is the type's, where gcc's attribute is the declared object's. */
static Step add_tagged(Parser *parser, Specifying *s)
{
    Token at = parser->token;
    uint32_t align = s->specifiers->attributes.declspec_align;
    CType *type = at.kind == TOKEN_ENUM ? parse_enum_specifier(parser) : parse_record_specifier(parser, align);
    if (!set_type(parser, s, &at, type))
        return STEP_FAILED;
    s->specifiers->has_tag = true;
    return STEP_TAKEN;
}

static Step add_specifier(Parser *parser, Specifying *s)
{
    switch (parser->token.kind) {
    case TOKEN_NAME: return add_name(parser, s);
    case TOKEN_TYPE: return step(add_typedef_name(parser, s, parser->token.u.type));
    case TOKEN_CONST: return add_qualifier(parser, s, QUALIFIER_CONST);
    case TOKEN_VOLATILE: return add_qualifier(parser, s, QUALIFIER_VOLATILE);
    case TOKEN_RESTRICT: return add_qualifier(parser, s, QUALIFIER_RESTRICT);
    case TOKEN_ATOMIC: return step(add_atomic(parser, s));
    case TOKEN_STRUCT:
    case TOKEN_UNION:
    case TOKEN_ENUM: return add_tagged(parser, s);
    case TOKEN_TYPEDEF:
    case TOKEN_EXTERN:
    case TOKEN_STATIC:
    case TOKEN_AUTO:
    case TOKEN_REGISTER: return step(add_storage(parser, s));
    case TOKEN_INLINE:
    case TOKEN_NORETURN:
    case TOKEN_THREAD_LOCAL:
    case TOKEN_EXTENSION:
    case TOKEN_CALLING_CONVENTION: return skip(parser);
    case '[': return is_attribute_start(parser) ? add_standard_attributes(parser, s) : STEP_DONE;
    case TOKEN_DECLSPEC:
    case TOKEN_ATTRIBUTE: return add_attributes(parser, s);
    case TOKEN_ALIGNAS: return step(parse_alignas(parser, &s->specifiers->attributes));
    case TOKEN_TYPEOF: return step(add_typeof(parser, s));
    case TOKEN_AUTO_TYPE: return step(parser_fail(parser, &parser->token, MESSAGE_AUTO_TYPE, &parser->token));
    default: {
        unsigned count = count_of(parser->token.kind);
        return count == 0 ? STEP_DONE : step(add_count(parser, s, count));
    }
    }
}

CType *complex_type(Parser *parser, CScalar part)
{
    CType *type = ctype_complex(parser->table, part);
    if (type == NULL)
        parser_fail_memory(parser);
    return type;
}

/* The type that the counted specifiers make; NULL when they make none. `_Complex` alone is gcc's complex double. */
static CType *counted_type(Parser *parser, unsigned sum)
{
    CScalar scalar;
    if (sum == COUNT_VOID)
        return ctype_void(parser->table);
    if (sum == COUNT_COMPLEX)
        sum |= COUNT_DOUBLE;
    scalar = scalar_of(sum & ~(unsigned)COUNT_COMPLEX);
    if (scalar == CSCALAR_COUNT)
        return NULL;
    if ((sum & COUNT_COMPLEX) == 0)
        return ctype_scalar(parser->table, scalar);
    return complex_type(parser, scalar);
}

static bool fail_without_type(Parser *parser)
{
    const Token *at = &parser->token;
    char hint[SUGGESTION_NBYTES];
    if (at->kind != TOKEN_NAME)
        return parser_fail(parser, at, MESSAGE_EXPECTED_TYPE, at);
    if (*at->start == '$')
        return parser_fail(parser, at, MESSAGE_NAME_FOR_TYPE, at->u.name->text);
    return parser_fail(parser, at, MESSAGE_UNKNOWN_TYPE, at, suggest_type(parser, at->u.name, hint, sizeof hint));
}

/* The qualifiers of the list, added to those that a typedef name brings. */
static bool qualify(Parser *parser, Specifying *s)
{
    CType *type = s->specifiers->type;
    unsigned qualifiers = s->qualifiers | type->qualifiers;
    const Token *at = &s->specifiers->start;
    if ((s->qualifiers & QUALIFIER_RESTRICT) && type->kind != CTYPE_POINTER && type->kind != CTYPE_REFERENCE)
        return parser_fail(parser, at, MESSAGE_BAD_RESTRICT, type);
    if ((s->qualifiers & QUALIFIER_ATOMIC) && (type->kind == CTYPE_ARRAY || type->kind == CTYPE_FUNCTION))
        return parser_fail(parser, at, MESSAGE_BAD_ATOMIC, type);
    if (type->kind == CTYPE_FUNCTION)
        return true;
    s->specifiers->type = ctype_qualified(parser->table, type, qualifiers);
    return s->specifiers->type != NULL || parser_fail_memory(parser);
}

static bool align_type(Parser *parser, Specifying *s)
{
    s->specifiers->type = ctype_aligned(parser->table, s->specifiers->type, s->align);
    return s->specifiers->type != NULL || parser_fail_memory(parser);
}

/* declaration-specifiers: storage-class, type, qualifier, function, alignment and attribute specifiers in any order */
bool parse_specifiers(Parser *parser, Specifiers *specifiers, bool is_type_name)
{
    Specifying s = {.specifiers = specifiers, .is_type_name = is_type_name};
    Step taken;
    *specifiers = (Specifiers){.start = parser->token};
    do
        taken = add_specifier(parser, &s);
    while (taken == STEP_TAKEN && !parser->failed);
    if (parser->failed)
        return false;
    if (specifiers->type == NULL && s.sum != 0)
        specifiers->type = counted_type(parser, s.sum);
    if (specifiers->type == NULL)
        return fail_without_type(parser);
    return (s.align == 0 || align_type(parser, &s)) && (s.qualifiers == 0 || qualify(parser, &s));
}

bool is_type_keyword(unsigned kind)
{
    return count_of(kind) != 0;
}

bool is_type_start(const Parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_NAME: return typedef_of(&parser->token) != NULL || count_of(soft_keyword(&parser->token)) != 0;
    case '[': return is_attribute_start(parser);
    case TOKEN_DECLSPEC:
    case TOKEN_ATTRIBUTE:
    case TOKEN_TYPE:
    case TOKEN_CONST:
    case TOKEN_VOLATILE:
    case TOKEN_RESTRICT:
    case TOKEN_ATOMIC:
    case TOKEN_STRUCT:
    case TOKEN_UNION:
    case TOKEN_ENUM:
    case TOKEN_TYPEOF:
    case TOKEN_ALIGNAS:
    case TOKEN_REGISTER:
    case TOKEN_STATIC:
    case TOKEN_EXTERN:
    case TOKEN_TYPEDEF:
    case TOKEN_INLINE:
    case TOKEN_NORETURN:
    case TOKEN_THREAD_LOCAL: return true;
    default: return count_of(parser->token.kind) != 0;
    }
}
