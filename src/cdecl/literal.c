/* Numbers, character constants and strings (C11 6.4.4, 6.4.5), with gcc's 0b and UTF-8 sources. */
#include <string.h>

#include "cdecl/parser.h"

static char byte_at(const Parser *parser, const char *at)
{
    return at < parser->end ? *at : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_byte(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int digit_value(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* -- numbers ------------------------------------------------------------------------------------------------------- */

typedef struct Number {
    const char *digits, *end; /* without prefix, suffix included */
    unsigned base;
    bool is_floating;
} Number;

/* pp-number: all that a number could reach to. */
static const char *number_end(const Parser *parser, const char *at)
{
    while (at < parser->end) {
        bool is_exponent = strchr("eEpP", *at) != NULL && *at != '\0';
        if (!is_word_byte(*at) && *at != '.')
            break;
        at++;
        if (is_exponent && (byte_at(parser, at) == '+' || byte_at(parser, at) == '-'))
            at++;
    }
    return at;
}

/* Exponent signs belong to floating constants alone: 0x1e+1 is a sum whose pp-number C calls an error. */
static Number take_prefix(const char *start, const char *end)
{
    Number number = {.digits = start, .end = end, .base = 10};
    char second = end - start > 1 ? start[1] : '\0';
    bool is_hex, has_point = memchr(start, '.', (size_t)(end - start)) != NULL;
    is_hex = start[0] == '0' && (second == 'x' || second == 'X');
    if (is_hex) {
        bool has_exponent =
            memchr(start, 'p', (size_t)(end - start)) != NULL || memchr(start, 'P', (size_t)(end - start)) != NULL;
        number.is_floating = has_point || has_exponent;
        number.base = 16;
        number.digits += 2;
    } else if (start[0] == '0' && (second == 'b' || second == 'B')) {
        number.base = 2;
        number.digits += 2;
    } else {
        number.is_floating = has_point || memchr(start, 'e', (size_t)(end - start)) != NULL ||
                             memchr(start, 'E', (size_t)(end - start)) != NULL;
        if (start[0] == '0' && !number.is_floating)
            number.base = 8;
    }
    return number;
}

static void copy_word(char *to, size_t nbytes, const char *from, const char *end)
{
    size_t length = (size_t)(end - from) < nbytes ? (size_t)(end - from) : nbytes - 1;
    memcpy(to, from, length);
    to[length] = '\0';
}

static bool fail_number(Parser *parser, const Token *token, Message message, const char *end)
{
    char word[48];
    copy_word(word, sizeof word, token->start, end);
    return parser_fail(parser, token, message, word);
}

/* u, l, ll in either case and order; false when it is something else. */
static bool take_suffix(const char *at, const char *end, unsigned *nlongs, bool *is_unsigned)
{
    *nlongs = 0;
    *is_unsigned = false;
    while (at < end) {
        if ((*at == 'u' || *at == 'U') && !*is_unsigned) {
            *is_unsigned = true;
            at++;
        } else if ((*at == 'l' || *at == 'L') && *nlongs == 0) {
            *nlongs = end - at > 1 && at[1] == at[0] ? 2 : 1;
            at += *nlongs;
        } else {
            return false;
        }
    }
    return true;
}

/* The first type of the list in C11 6.4.4.1p5 that holds the value; gcc goes on to unsigned long for large decimals. */
static CScalar integer_scalar(uint64_t value, bool is_decimal, unsigned nlongs, bool is_unsigned)
{
    if (nlongs == 0 && !is_unsigned && value <= INT32_MAX)
        return CSCALAR_INT;
    if (nlongs == 0 && (is_unsigned || !is_decimal) && value <= UINT32_MAX)
        return CSCALAR_UINT;
    if (!is_unsigned && value <= INT64_MAX)
        return nlongs == 2 ? CSCALAR_LLONG : CSCALAR_LONG;
    return nlongs == 2 ? CSCALAR_ULLONG : CSCALAR_ULONG;
}

static bool integer_literal(Parser *parser, const Number *number, Token *token)
{
    const char *at = number->digits;
    uint64_t value = 0;
    unsigned nlongs;
    bool is_unsigned, is_large = false;
    for (; at < number->end && (unsigned)digit_value(*at) < number->base; at++) {
        is_large = is_large || value > (UINT64_MAX - (unsigned)digit_value(*at)) / number->base;
        value = value * number->base + (unsigned)digit_value(*at);
    }
    if (at == number->digits || !take_suffix(at, number->end, &nlongs, &is_unsigned))
        return fail_number(parser, token, MESSAGE_BAD_NUMBER, number->end);
    if (is_large)
        return fail_number(parser, token, MESSAGE_LARGE_NUMBER, number->end);
    token->kind = TOKEN_INTEGER;
    token->scalar = (uint8_t)integer_scalar(value, number->base == 10, nlongs, is_unsigned);
    token->u.value = value;
    return true;
}

static void floating_literal(const Number *number, Token *token)
{
    char last = number->end[-1];
    token->kind = TOKEN_FLOATING;
    token->scalar = CSCALAR_DOUBLE;
    if (number->base == 10 && (last == 'f' || last == 'F'))
        token->scalar = CSCALAR_FLOAT;
    else if (last == 'l' || last == 'L')
        token->scalar = CSCALAR_LDOUBLE;
}

const char *literal_number(Parser *parser, const char *start, Token *token)
{
    const char *end = number_end(parser, start);
    Number number = take_prefix(start, end);
    token->length = (uint32_t)(end - start);
    if (number.is_floating)
        floating_literal(&number, token);
    else if (!integer_literal(parser, &number, token))
        return NULL;
    return end;
}

/* -- characters ---------------------------------------------------------------------------------------------------- */

/* What follows the prefix of a quoted token. */
typedef struct Quoted {
    const char *at, *end; /* between the quotes */
    CScalar scalar;       /* of one element: CHAR, UCHAR, USHORT, UINT or INT for L */
} Quoted;

static size_t prefix_scalar(const char *start, const char *end, CScalar *scalar)
{
    *scalar = CSCALAR_CHAR;
    if (*start == 'L' || *start == 'U' || *start == 'u')
        *scalar = *start == 'L' ? CSCALAR_INT : *start == 'U' ? CSCALAR_UINT : CSCALAR_USHORT;
    if (end - start > 2 && start[0] == 'u' && start[1] == '8') {
        *scalar = CSCALAR_UCHAR;
        return 2;
    }
    return *scalar == CSCALAR_CHAR ? 0 : 1;
}

static uint64_t take_digits(Quoted *quoted, unsigned base, unsigned max)
{
    uint64_t value = 0;
    for (; max > 0 && quoted->at < quoted->end && (unsigned)digit_value(*quoted->at) < base; max--, quoted->at++)
        value = value * base + (unsigned)digit_value(*quoted->at);
    return value;
}

static const char simple_escapes[] = "n\nt\tr\ra\ab\bf\fv\ve\x1b\\\\''\"\"\?\?";

/* C11 6.4.4.4's escape at `at`, behind the backslash. */
static bool take_escape(Parser *parser, const Token *token, Quoted *quoted, uint64_t *value)
{
    char c = *quoted->at, text[2] = {c, '\0'};
    size_t i;
    if (c >= '0' && c <= '7') {
        *value = take_digits(quoted, 8, 3);
        return true;
    }
    quoted->at++;
    if (c == 'x' || c == 'u' || c == 'U') {
        *value = take_digits(quoted, 16, c == 'x' ? 1000 : c == 'u' ? 4 : 8);
        return true;
    }
    for (i = 0; i + 1 < sizeof simple_escapes; i += 2)
        if (simple_escapes[i] == c) {
            *value = (unsigned char)simple_escapes[i + 1];
            return true;
        }
    return parser_fail(parser, token, MESSAGE_BAD_ESCAPE, text);
}

/* One UTF-8 sequence; a malformed one is taken byte by byte. */
static uint64_t take_utf8(Quoted *quoted)
{
    unsigned char lead = (unsigned char)*quoted->at++;
    unsigned nmore = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : 0, i;
    uint64_t value = lead & (0x3Fu >> nmore);
    if (nmore == 0 || (size_t)(quoted->end - quoted->at) < nmore)
        return lead;
    for (i = 0; i < nmore; i++)
        if ((quoted->at[i] & 0xC0) != 0x80)
            return lead;
    for (; nmore > 0; nmore--)
        value = value << 6 | ((unsigned char)*quoted->at++ & 0x3F);
    return value;
}

static bool take_character(Parser *parser, const Token *token, Quoted *quoted, uint64_t *value)
{
    if (*quoted->at == '\\') {
        quoted->at++;
        return take_escape(parser, token, quoted, value);
    }
    if (quoted->scalar == CSCALAR_CHAR || quoted->scalar == CSCALAR_UCHAR)
        *value = (unsigned char)*quoted->at++;
    else
        *value = take_utf8(quoted);
    return true;
}

/* Narrow characters make an int, several of them side by side as gcc has it; wide ones keep the last (C11 6.4.4.4p10).
 */
static bool character_literal(Parser *parser, Token *token, Quoted quoted)
{
    uint64_t value = 0, character;
    unsigned count = 0;
    for (; quoted.at < quoted.end; count++) {
        if (!take_character(parser, token, &quoted, &character))
            return false;
        value = quoted.scalar == CSCALAR_CHAR ? value << 8 | (character & 0xFF) : character;
    }
    if (count == 0)
        return parser_fail(parser, token, MESSAGE_EMPTY_CHARACTER);
    token->kind = TOKEN_INTEGER;
    token->scalar = (uint8_t)(quoted.scalar == CSCALAR_CHAR ? CSCALAR_INT : quoted.scalar);
    if (quoted.scalar == CSCALAR_CHAR)
        token->u.value = count == 1 ? (uint64_t)(int64_t)(int8_t)value : (uint64_t)(int64_t)(int32_t)value;
    else if (quoted.scalar == CSCALAR_INT)
        token->u.value = (uint64_t)(int64_t)(int32_t)value;
    else
        token->u.value = quoted.scalar == CSCALAR_UCHAR    ? value & 0xFF
                         : quoted.scalar == CSCALAR_USHORT ? value & 0xFFFF
                                                           : value & 0xFFFFFFFF;
    return true;
}

/* The closing quote, or NULL when the line or the text ends before it. */
static const char *closing_quote(const Parser *parser, const char *at, char quote)
{
    for (; at < parser->end && *at != '\n'; at++) {
        if (*at == quote)
            return at;
        if (*at == '\\' && parser->end - at > 1 && at[1] != '\n')
            at++;
    }
    return NULL;
}

const char *literal_quoted(Parser *parser, const char *start, Token *token)
{
    Quoted quoted;
    const char *quote = start + prefix_scalar(start, parser->end, &quoted.scalar);
    if (*quote != '"' && *quote != '\'')
        return start;
    quoted.at = quote + 1;
    quoted.end = closing_quote(parser, quote + 1, *quote);
    token->length = 1;
    if (quoted.end == NULL) {
        parser_fail(parser, token, MESSAGE_OPEN_LITERAL, *quote == '"' ? "string" : "character constant");
        return NULL;
    }
    token->length = (uint32_t)(quoted.end + 1 - start);
    token->kind = TOKEN_STRING;
    token->scalar = (uint8_t)quoted.scalar;
    if (*quote == '\'' && !character_literal(parser, token, quoted))
        return NULL;
    return quoted.end + 1;
}

bool literal_decode(Parser *parser, const Token *string)
{
    Quoted quoted;
    const char *end = string->start + string->length - 1;
    quoted.at = string->start + prefix_scalar(string->start, end, &quoted.scalar) + 1;
    quoted.end = end;
    while (quoted.at < quoted.end) {
        uint64_t value;
        char *byte = stack_push(&parser->scratch, 1);
        if (byte == NULL)
            return parser_fail_memory(parser);
        if (!take_character(parser, string, &quoted, &value))
            return false;
        *byte = (char)value;
    }
    return true;
}
