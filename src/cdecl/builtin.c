/* gcc's builtin functions that fold to constants, and _Generic (C11 6.5.1.1). Any other __builtin_ call is typeless. */
#include <string.h>

#include "cdecl/value.h"

/* -- builtins on one integer --------------------------------------------------------------------------------------- */

typedef unsigned IntegerBuiltin(Bits bits, unsigned nbits);

static unsigned count_ones(Bits bits, unsigned nbits)
{
    (void)nbits;
    return (unsigned)(__builtin_popcountll((uint64_t)bits) + __builtin_popcountll((uint64_t)(bits >> 64)));
}

static unsigned count_parity(Bits bits, unsigned nbits)
{
    return count_ones(bits, nbits) & 1;
}

/* gcc has the width for zero. */
static unsigned count_trailing(Bits bits, unsigned nbits)
{
    unsigned count = 0;
    while (count < nbits && (bits >> count & 1) == 0)
        count++;
    return count;
}

static unsigned count_leading(Bits bits, unsigned nbits)
{
    unsigned count = 0;
    while (count < nbits && (bits >> (nbits - 1 - count) & 1) == 0)
        count++;
    return count;
}

static unsigned find_first_set(Bits bits, unsigned nbits)
{
    return bits == 0 ? 0 : count_trailing(bits, nbits) + 1;
}

/* Bits behind the sign that are as the sign. */
static unsigned count_redundant(Bits bits, unsigned nbits)
{
    Bits mask = nbits == 128 ? ~(Bits)0 : ((Bits)1 << nbits) - 1;
    if (bits >> (nbits - 1) & 1)
        bits = ~bits & mask;
    return count_leading(bits, nbits) - 1;
}

/* Names that end in nothing, l or ll for int, long or long long. */
static const struct IntegerRow {
    const char *name;
    IntegerBuiltin *compute;
} integer_rows[] = {
    {"popcount", count_ones}, {"parity", count_parity}, {"ctz", count_trailing},
    {"clz", count_leading},   {"ffs", find_first_set},  {"clrsb", count_redundant},
};

static const struct SwapRow {
    const char *name;
    CScalar scalar;
} swap_rows[] = {
    {"bswap16", CSCALAR_USHORT},
    {"bswap32", CSCALAR_UINT},
    {"bswap64", CSCALAR_ULONG},
    {"bswap128", CSCALAR_UINT128},
};

/* -- arguments ----------------------------------------------------------------------------------------------------- */

static bool open_arguments(Parser *parser)
{
    lexer_advance(parser);
    return parser_expect(parser, '(', "'('", "builtin's name");
}

static bool close_arguments(Parser *parser)
{
    return parser_expect(parser, ')', "')'", "argument");
}

static bool next_argument(Parser *parser)
{
    return parser_expect(parser, ',', "','", "argument");
}

/* One argument as the parameter's type has it, C11 6.5.2.2p7. */
static bool parse_converted(Parser *parser, CScalar scalar, Value *value)
{
    Token at = parser->token;
    return parse_assignment(parser, value) && value_cast(parser, &at, value, ctype_scalar(parser->table, scalar));
}

static bool parse_integer_builtin(Parser *parser, const struct IntegerRow *row, CScalar scalar, Value *value)
{
    Value argument;
    unsigned nbits = (unsigned)ctype_scalar(parser->table, scalar)->size * 8;
    if (!open_arguments(parser) || !parse_converted(parser, scalar, &argument) || !close_arguments(parser))
        return false;
    *value = value_integer(parser, CSCALAR_INT, argument.is_known ? row->compute(argument.bits, nbits) : 0);
    value_spread(value, &argument);
    return true;
}

static bool parse_swap(Parser *parser, const struct SwapRow *row, Value *value)
{
    Value argument;
    Bits bits = 0;
    unsigned i, nbytes = (unsigned)ctype_scalar(parser->table, row->scalar)->size;
    if (!open_arguments(parser) || !parse_converted(parser, row->scalar, &argument) || !close_arguments(parser))
        return false;
    for (i = 0; i < nbytes; i++)
        bits = bits << 8 | (argument.bits >> (8 * i) & 0xFF);
    *value = value_integer(parser, row->scalar, bits);
    value_spread(value, &argument);
    return true;
}

/* -- builtins of their own ----------------------------------------------------------------------------------------- */

/* __builtin_expect ( long, long ) and __builtin_expect_with_probability ( long, long, double ): the first argument */
static bool parse_expect(Parser *parser, Value *value)
{
    Token at = parser->token;
    Value ignored;
    bool has_probability = at.length > strlen("__builtin_expect");
    return open_arguments(parser) && parse_converted(parser, CSCALAR_LONG, value) && next_argument(parser) &&
           parse_converted(parser, CSCALAR_LONG, &ignored) &&
           (!has_probability || (next_argument(parser) && parse_converted(parser, CSCALAR_DOUBLE, &ignored))) &&
           close_arguments(parser);
}

/* __builtin_constant_p ( expression ): a known number, or a string literal */
static bool parse_constant_p(Parser *parser, Value *value)
{
    Value argument;
    bool is_string, is_constant;
    if (!open_arguments(parser))
        return false;
    is_string = parser->token.kind == TOKEN_STRING;
    if (!parse_assignment(parser, &argument))
        return false;
    is_constant = is_string ? argument.type->kind == CTYPE_ARRAY
                            : !argument.is_held && value_decay(parser, &argument) && argument.is_known;
    *value = value_integer(parser, CSCALAR_INT, is_constant);
    return !parser->failed && close_arguments(parser);
}

/* __builtin_choose_expr ( constant , expression , expression ): the chosen one as it is, lvalue and type */
static bool parse_choose(Parser *parser, Value *value)
{
    Value condition, no;
    if (!open_arguments(parser) || !parse_constant(parser, &condition) || !next_argument(parser) ||
        !parse_assignment(parser, value) || !next_argument(parser) || !parse_assignment(parser, &no))
        return false;
    if (!value_is_true(&condition))
        *value = no;
    return close_arguments(parser);
}

/* Compatible with qualifiers compared below the top, each record and enum its own type. */
static bool is_same_type(const CType *a, const CType *b)
{
    return ctype_is_compatible(a, b) && ctype_is_redeclaration(a, b);
}

/* __builtin_types_compatible_p ( type-name , type-name ) */
static bool parse_types_compatible(Parser *parser, Value *value)
{
    const CType *a, *b;
    if (!open_arguments(parser) || (a = parse_type_name(parser)) == NULL || !next_argument(parser) ||
        (b = parse_type_name(parser)) == NULL)
        return false;
    *value = value_integer(parser, CSCALAR_INT, is_same_type(a->main, b->main));
    return close_arguments(parser);
}

static const struct OwnRow {
    const char *name;
    bool (*parse)(Parser *parser, Value *value);
} own_rows[] = {
    {"expect", parse_expect},      {"expect_with_probability", parse_expect},      {"constant_p", parse_constant_p},
    {"choose_expr", parse_choose}, {"types_compatible_p", parse_types_compatible},
};

/* -- infinities and NaN -------------------------------------------------------------------------------------------- */

static const struct FloatingRow {
    const char *name;
    bool is_nan;
} floating_rows[] = {{"huge_val", false}, {"inf", false}, {"nan", true}, {"nans", true}};

static const struct FloatingEnding {
    const char *text;
    CScalar scalar;
} floating_endings[] = {
    {"", CSCALAR_DOUBLE},     {"f", CSCALAR_FLOAT},      {"l", CSCALAR_LDOUBLE},  {"q", CSCALAR_FLOAT128},
    {"f16", CSCALAR_FLOAT16}, {"f32", CSCALAR_FLOAT},    {"f64", CSCALAR_DOUBLE}, {"f128", CSCALAR_FLOAT128},
    {"f32x", CSCALAR_DOUBLE}, {"f64x", CSCALAR_LDOUBLE},
};

/* __builtin_inf ( ), __builtin_nan ( string-literal ) */
static bool parse_floating_builtin(Parser *parser, bool is_nan, CScalar scalar, Value *value)
{
    Value ignored;
    *value = value_floating(parser, scalar, is_nan ? (Real)__builtin_nan("") : (Real)__builtin_inf());
    return open_arguments(parser) && (!is_nan || parse_assignment(parser, &ignored)) && close_arguments(parser);
}

/* -- by name ------------------------------------------------------------------------------------------------------- */

static const char prefix[] = "__builtin_";
enum { PREFIX_LENGTH = sizeof prefix - 1 };

/* A name that the text declares otherwise, as a type or constant, is what it was declared. */
bool is_builtin(const Token *token)
{
    const CName *name = token->u.name;
    if (token->kind != TOKEN_NAME || name->length <= PREFIX_LENGTH || memcmp(name->text, prefix, PREFIX_LENGTH) != 0)
        return false;
    return name->decl == NULL || name->decl->kind == CDECL_FUNCTION;
}

/* What follows `start` in the word, or NULL when it begins otherwise. */
static const char *rest_of(const char *word, const char *start)
{
    size_t length = strlen(start);
    return strncmp(word, start, length) == 0 ? word + length : NULL;
}

static bool find_integer(const char *word, const struct IntegerRow **row, CScalar *scalar)
{
    static const char *const endings[] = {"", "l", "ll"};
    static const CScalar scalars[] = {CSCALAR_UINT, CSCALAR_ULONG, CSCALAR_ULLONG};
    size_t i, k;
    for (i = 0; i < sizeof integer_rows / sizeof *integer_rows; i++) {
        const char *rest = rest_of(word, integer_rows[i].name);
        for (k = 0; rest != NULL && k < 3; k++)
            if (strcmp(rest, endings[k]) == 0) {
                *row = &integer_rows[i];
                *scalar = scalars[k];
                return true;
            }
    }
    return false;
}

static bool find_floating(const char *word, bool *is_nan, CScalar *scalar)
{
    size_t i, k;
    for (i = 0; i < sizeof floating_rows / sizeof *floating_rows; i++) {
        const char *rest = rest_of(word, floating_rows[i].name);
        for (k = 0; rest != NULL && k < sizeof floating_endings / sizeof *floating_endings; k++)
            if (strcmp(rest, floating_endings[k].text) == 0) {
                *is_nan = floating_rows[i].is_nan;
                *scalar = floating_endings[k].scalar;
                return true;
            }
    }
    return false;
}

bool parse_builtin(Parser *parser, Value *value)
{
    Token at = parser->token;
    const char *word = at.u.name->text + PREFIX_LENGTH;
    const struct IntegerRow *row;
    CScalar scalar;
    bool is_nan;
    size_t i;
    for (i = 0; i < sizeof own_rows / sizeof *own_rows; i++)
        if (strcmp(word, own_rows[i].name) == 0)
            return own_rows[i].parse(parser, value);
    for (i = 0; i < sizeof swap_rows / sizeof *swap_rows; i++)
        if (strcmp(word, swap_rows[i].name) == 0)
            return parse_swap(parser, &swap_rows[i], value);
    if (find_integer(word, &row, &scalar))
        return parse_integer_builtin(parser, row, scalar, value);
    if (find_floating(word, &is_nan, &scalar))
        return parse_floating_builtin(parser, is_nan, scalar, value);
    lexer_advance(parser);
    *value = value_typeless(parser, &at, MESSAGE_BUILTIN);
    return !parser->failed;
}

/* -- _Generic ------------------------------------------------------------------------------------------------------ */

typedef struct Selection {
    CType *type; /* of the controlling expression */
    Value chosen;
    Value otherwise;
    bool has_chosen, has_otherwise;
} Selection;

/* default : assignment-expression */
static bool parse_default(Parser *parser, Selection *selection)
{
    Token at = parser->token;
    lexer_advance(parser);
    if (selection->has_otherwise)
        return parser_fail(parser, &at, MESSAGE_GENERIC_DEFAULTS);
    selection->has_otherwise = true;
    return parser_expect(parser, ':', "':'", "'default'") && parse_assignment(parser, &selection->otherwise);
}

/* generic-association: type-name : assignment-expression | default : assignment-expression */
static bool parse_association(Parser *parser, Selection *selection)
{
    Token at = parser->token;
    Value value;
    CType *type;
    bool is_match;
    if (at.kind == TOKEN_DEFAULT)
        return parse_default(parser, selection);
    type = parse_type_name(parser);
    if (type == NULL || !parser_expect(parser, ':', "':'", "type name") || !parse_assignment(parser, &value))
        return false;
    is_match = is_same_type(type, selection->type);
    if (is_match && selection->has_chosen)
        return parser_fail(parser, &at, MESSAGE_GENERIC_TWICE, selection->type);
    if (is_match)
        selection->chosen = value;
    selection->has_chosen = selection->has_chosen || is_match;
    return true;
}

static bool parse_associations(Parser *parser, Selection *selection)
{
    while (parser_accept(parser, ','))
        if (!parse_association(parser, selection))
            return false;
    return parser_expect(parser, ')', "',' or ')'", "association");
}

bool parse_generic(Parser *parser, Value *value)
{
    Token at = parser->token;
    Selection selection = {.has_chosen = false};
    Value control;
    lexer_advance(parser);
    if (!parser_expect(parser, '(', "'('", "'_Generic'") || !parse_assignment(parser, &control) ||
        !value_need_type(parser, &control) || !value_decay(parser, &control))
        return false;
    selection.type = control.type;
    if (!parse_associations(parser, &selection))
        return false;
    if (!selection.has_chosen && !selection.has_otherwise)
        return parser_fail(parser, &at, MESSAGE_GENERIC_NONE, selection.type);
    *value = selection.has_chosen ? selection.chosen : selection.otherwise;
    return true;
}
