/* Numbers (C11 6.4.4.1, 6.4.4.2) with every prefix and suffix that gcc takes, read without a locale. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cdecl/value.h"

/* The parts of a number: prefix, digits with point and exponent, suffix. */
typedef struct Number {
    const char *digits; /* behind the prefix */
    const char *suffix;
    const char *end;
    unsigned base;
    bool is_floating;
} Number;

static bool is_letter(char c, char lower)
{
    return (c | 0x20) == lower;
}

/* pp-number: all that a number could reach to, signs behind any e or p included, so that `0x1e+1` is none. */
static const char *number_end(const Parser *parser, const char *at)
{
    while (at < parser->end && (is_word_byte(*at) || *at == '.')) {
        bool is_exponent = is_letter(*at, 'e') || is_letter(*at, 'p');
        at++;
        at += is_exponent && at < parser->end && (*at == '+' || *at == '-');
    }
    return at;
}

/* -- the parts ----------------------------------------------------------------------------------------------------- */

static void take_prefix(Number *number, const char *start)
{
    char second = number->end - start > 1 ? start[1] : '\0';
    number->digits = start;
    number->base = 10;
    if (start[0] != '0' || (!is_letter(second, 'x') && !is_letter(second, 'b')))
        return;
    number->digits += 2;
    number->base = is_letter(second, 'x') ? 16 : 2;
}

static const char *skip_digits(const Number *number, const char *at)
{
    while (at < number->end && digit_value(*at) < (number->base == 16 ? 16 : 10))
        at++;
    return at;
}

/* e or p, a sign and digits; NULL without digits. */
static const char *skip_exponent(const Number *number, const char *at)
{
    const char *digits;
    at++;
    at += at < number->end && (*at == '+' || *at == '-');
    for (digits = at; at < number->end && is_digit(*at); at++)
        ;
    return at == digits ? NULL : at;
}

/* Finds the suffix and what kind of number it is; false when it is none. */
static bool take_digits(Number *number)
{
    const char *at = skip_digits(number, number->digits);
    ptrdiff_t ndigits = at - number->digits;
    bool has_point = at < number->end && *at == '.', has_exponent;
    if (has_point) {
        const char *fraction = at + 1;
        at = skip_digits(number, fraction);
        ndigits += at - fraction;
    }
    has_exponent = at < number->end && is_letter(*at, number->base == 16 ? 'p' : 'e');
    if (has_exponent && (at = skip_exponent(number, at)) == NULL)
        return false;
    number->suffix = at;
    number->is_floating = has_point || has_exponent;
    if (number->is_floating && (number->base == 2 || (number->base == 16 && !has_exponent)))
        return false;
    return ndigits > 0;
}

/* -- integers ------------------------------------------------------------------------------------------------------ */

/* u, l, ll and gcc's i or j in any order, each once; false when it is something else. */
static bool take_integer_suffix(const Number *number, unsigned *nlongs, bool *is_unsigned, bool *is_imaginary)
{
    const char *at = number->suffix;
    while (at < number->end) {
        if (is_letter(*at, 'u') && !*is_unsigned) {
            *is_unsigned = true;
        } else if ((is_letter(*at, 'i') || is_letter(*at, 'j')) && !*is_imaginary) {
            *is_imaginary = true;
        } else if (is_letter(*at, 'l') && *nlongs == 0) {
            *nlongs = number->end - at > 1 && at[1] == at[0] ? 2 : 1;
            at += *nlongs - 1;
        } else {
            return false;
        }
        at++;
    }
    return true;
}

/* The first type of the list in C11 6.4.4.1p5 that holds the value; gcc goes on to __int128 for decimals. */
static CScalar integer_scalar(uint64_t value, bool is_decimal, unsigned nlongs, bool is_unsigned)
{
    if (nlongs == 0 && !is_unsigned && value <= INT32_MAX)
        return CSCALAR_INT;
    if (nlongs == 0 && (is_unsigned || !is_decimal) && value <= UINT32_MAX)
        return CSCALAR_UINT;
    if (!is_unsigned && value <= INT64_MAX)
        return nlongs == 2 ? CSCALAR_LLONG : CSCALAR_LONG;
    if (!is_unsigned && is_decimal)
        return CSCALAR_INT128;
    return nlongs == 2 ? CSCALAR_ULLONG : CSCALAR_ULONG;
}

static bool fail_number(Parser *parser, const Token *token, Message message, const char *end)
{
    char text[48];
    Word word = {token->start, (size_t)(end - token->start)};
    return parser_fail(parser, token, message, copy_word(word, text, sizeof text));
}

static bool integer_literal(Parser *parser, Number *number, Token *token)
{
    const char *at = number->digits;
    uint64_t value = 0;
    unsigned nlongs = 0;
    bool is_decimal = number->base == 10 && *at != '0', is_unsigned = false, is_imaginary = false, is_large = false;
    if (number->base == 10 && !is_decimal)
        number->base = 8;
    for (; at < number->suffix && digit_value(*at) < number->base; at++) {
        is_large = is_large || value > (UINT64_MAX - digit_value(*at)) / number->base;
        value = value * number->base + digit_value(*at);
    }
    if (at != number->suffix || !take_integer_suffix(number, &nlongs, &is_unsigned, &is_imaginary))
        return fail_number(parser, token, MESSAGE_BAD_NUMBER, number->end);
    if (is_large)
        return fail_number(parser, token, MESSAGE_LARGE_NUMBER, number->end);
    token->kind = is_imaginary ? TOKEN_IMAGINARY : TOKEN_INTEGER;
    token->scalar = (uint8_t)integer_scalar(value, is_decimal, nlongs, is_unsigned);
    token->u.value = value;
    return true;
}

/* -- floating numbers ---------------------------------------------------------------------------------------------- */

/* The suffixes that gcc takes besides i and j, in lower case; the pairs df, dd, dl come in one case each. */
static const struct FloatingSuffix {
    char text[5];
    uint8_t kind;
    uint8_t scalar;
} floating_suffixes[] = {
    {"", TOKEN_FLOATING, CSCALAR_DOUBLE},     {"f", TOKEN_FLOATING, CSCALAR_FLOAT},
    {"l", TOKEN_FLOATING, CSCALAR_LDOUBLE},   {"d", TOKEN_FLOATING, CSCALAR_DOUBLE},
    {"q", TOKEN_FLOATING, CSCALAR_FLOAT128},  {"w", TOKEN_FLOATING, CSCALAR_LDOUBLE},
    {"f16", TOKEN_FLOATING, CSCALAR_FLOAT16}, {"f32", TOKEN_FLOATING, CSCALAR_FLOAT},
    {"f64", TOKEN_FLOATING, CSCALAR_DOUBLE},  {"f128", TOKEN_FLOATING, CSCALAR_FLOAT128},
    {"f32x", TOKEN_FLOATING, CSCALAR_DOUBLE}, {"f64x", TOKEN_FLOATING, CSCALAR_LDOUBLE},
    {"df", TOKEN_DECIMAL, CSCALAR_FLOAT},     {"dd", TOKEN_DECIMAL, CSCALAR_DOUBLE},
    {"dl", TOKEN_DECIMAL, CSCALAR_FLOAT128},
};

static bool is_one_case(const char *text)
{
    return (text[0] & 0x20) == (text[1] & 0x20);
}

/* The suffix in lower case without its i or j, the letters' own case checked where it counts. */
static bool copy_suffix(const Number *number, char text[8], bool *is_imaginary)
{
    const char *at;
    size_t length = 0;
    for (at = number->suffix; at < number->end; at++) {
        if ((is_letter(*at, 'i') || is_letter(*at, 'j')) && !*is_imaginary)
            *is_imaginary = true;
        else if (length < 7)
            text[length++] = *at;
        else
            return false;
    }
    text[length] = '\0';
    if (length == 2 && !is_one_case(text))
        return false;
    for (; length-- > 0;)
        if (!is_digit(text[length]) && text[length] != 'X') /* only the x is never upper case */
            text[length] = (char)(text[length] | 0x20);
    return true;
}

static bool floating_literal(Parser *parser, const Number *number, Token *token)
{
    char text[8];
    size_t i;
    bool is_imaginary = false;
    if (!copy_suffix(number, text, &is_imaginary))
        return fail_number(parser, token, MESSAGE_BAD_NUMBER, number->end);
    for (i = 0; i < sizeof floating_suffixes / sizeof *floating_suffixes; i++) {
        const struct FloatingSuffix *suffix = &floating_suffixes[i];
        bool is_fitting = suffix->kind != TOKEN_DECIMAL || (number->base == 10 && !is_imaginary);
        if (strcmp(text, suffix->text) != 0 || !is_fitting)
            continue;
        token->kind = is_imaginary ? TOKEN_IMAGINARY : suffix->kind;
        token->scalar = suffix->scalar;
        return true;
    }
    return fail_number(parser, token, MESSAGE_BAD_NUMBER, number->end);
}

const char *literal_number(Parser *parser, const char *start, Token *token)
{
    Number number = {.end = number_end(parser, start)};
    bool is_good;
    token->length = (uint32_t)(number.end - start);
    take_prefix(&number, start);
    if (!take_digits(&number))
        is_good = fail_number(parser, token, MESSAGE_BAD_NUMBER, number.end);
    else if (number.is_floating)
        is_good = floating_literal(parser, &number, token);
    else
        is_good = integer_literal(parser, &number, token);
    return is_good ? number.end : NULL;
}

/* -- the value of a floating number -------------------------------------------------------------------------------- */

#if !defined __GLIBC__
#define strtof128_l(text, end, locale) ((Real)strtold_l(text, end, locale))
#elif defined __clang__ /* glibc declares it to gcc alone */
__float128 strtof128_l(const char *text, char **end, locale_t locale);
#endif

/* Read as the type that it has, so that it is rounded once. */
static Real read_digits(const char *text, CScalar scalar, locale_t locale)
{
    switch (scalar) {
    case CSCALAR_FLOAT: return (Real)strtof_l(text, NULL, locale);
    case CSCALAR_DOUBLE: return (Real)strtod_l(text, NULL, locale);
    case CSCALAR_LDOUBLE: return (Real)strtold_l(text, NULL, locale);
    default: return (Real)strtof128_l(text, NULL, locale);
    }
}

bool literal_floating(Parser *parser, const Token *token, Real *number)
{
    size_t used = parser->scratch.used;
    char *text = stack_push(&parser->scratch, (size_t)token->length + 1);
    locale_t locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    int saved = errno;
    if (text == NULL || locale == (locale_t)0) {
        if (locale != (locale_t)0)
            freelocale(locale);
        return parser_fail_memory(parser);
    }
    memcpy(text, token->start, token->length);
    text[token->length] = '\0';
    *number = real_round((CScalar)token->scalar, read_digits(text, (CScalar)token->scalar, locale));
    freelocale(locale);
    stack_drop(&parser->scratch, used);
    errno = saved;
    return true;
}
