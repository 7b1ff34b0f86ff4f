/* Character constants and strings (C11 6.4.4.4, 6.4.5), UTF-8 in and out. */
#include "cdecl/value.h"

/* What follows the prefix of a quoted token. */
typedef struct Quoted {
    const char *at, *end; /* between the quotes */
    CScalar scalar;       /* of one element: CHAR, UCHAR for u8'', USHORT, UINT or INT for L */
} Quoted;

/* One character of the text: a code point, or an element by its number. */
typedef struct Character {
    uint64_t value;
    bool is_element;
} Character;

static bool is_narrow(CScalar scalar)
{
    return scalar == CSCALAR_CHAR || scalar == CSCALAR_UCHAR;
}

/* A u8 string has elements of type char. */
static size_t prefix_scalar(const char *start, const char *end, CScalar *scalar)
{
    *scalar = CSCALAR_CHAR;
    if (*start == 'L' || *start == 'U' || *start == 'u')
        *scalar = *start == 'L' ? CSCALAR_INT : *start == 'U' ? CSCALAR_UINT : CSCALAR_USHORT;
    if (end - start > 2 && start[0] == 'u' && start[1] == '8') {
        *scalar = start[2] == '\'' ? CSCALAR_UCHAR : CSCALAR_CHAR;
        return 2;
    }
    return *scalar == CSCALAR_CHAR ? 0 : 1;
}

/* -- escapes ------------------------------------------------------------------------------------------------------- */

/* As many digits as there are, up to `max`; what is too large for an element is cut by who takes it. */
static unsigned take_digits(Quoted *quoted, unsigned base, size_t max, uint64_t *value)
{
    size_t count = 0;
    for (*value = 0; count < max && quoted->at < quoted->end && digit_value(*quoted->at) < base; count++)
        *value = *value * base + digit_value(*quoted->at++);
    return count > UINT32_MAX ? UINT32_MAX : (unsigned)count;
}

static bool fail_escape(Parser *parser, const Token *token, const char *start, const char *end)
{
    char text[16];
    Word word = {start, (size_t)(end - start)};
    return parser_fail(parser, token, MESSAGE_BAD_ESCAPE, copy_word(word, text, sizeof text));
}

/* C11 6.4.3p2: no surrogates, and nothing of the basic characters. */
static bool is_universal(uint64_t value)
{
    if (value < 0xA0)
        return value == '$' || value == '@' || value == '`';
    return value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
}

static const char simple_escapes[] = "n\nt\tr\ra\ab\bf\fv\ve\x1b"
                                     "E\x1b";

/* The escape behind the backslash; an unknown one is the character itself, as gcc has it. */
static bool take_escape(Parser *parser, const Token *token, Quoted *quoted, Character *character)
{
    const char *start = quoted->at - 1;
    char c = *quoted->at;
    size_t i;
    character->is_element = true;
    if (c >= '0' && c <= '7')
        return take_digits(quoted, 8, 3, &character->value) > 0;
    if (c == 'x') {
        quoted->at++;
        return take_digits(quoted, 16, SIZE_MAX, &character->value) > 0 ||
               fail_escape(parser, token, start, quoted->at);
    }
    if (c == 'u' || c == 'U') {
        unsigned ndigits = c == 'u' ? 4 : 8;
        quoted->at++;
        character->is_element = false;
        return (take_digits(quoted, 16, ndigits, &character->value) == ndigits && is_universal(character->value)) ||
               fail_escape(parser, token, start, quoted->at);
    }
    character->value = (unsigned char)c;
    for (i = 0; i + 1 < sizeof simple_escapes; i += 2)
        if (simple_escapes[i] == c)
            character->value = (unsigned char)simple_escapes[i + 1];
    quoted->at++;
    return true;
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

static bool take_character(Parser *parser, const Token *token, Quoted *quoted, Character *character)
{
    bool is_escape = *quoted->at == '\\' && quoted->end - quoted->at > 1;
    if (is_escape && ((unsigned char)quoted->at[1] < 0x80 || is_narrow(quoted->scalar))) {
        quoted->at++;
        return take_escape(parser, token, quoted, character);
    }
    quoted->at += is_escape;
    character->is_element = is_narrow(quoted->scalar);
    character->value = character->is_element ? (unsigned char)*quoted->at++ : take_utf8(quoted);
    return true;
}

/* -- elements ------------------------------------------------------------------------------------------------------ */

static unsigned encode_utf8(uint64_t value, uint32_t elements[4])
{
    unsigned nmore = value >= 0x10000 ? 3 : value >= 0x800 ? 2 : value >= 0x80 ? 1 : 0, i;
    static const uint32_t leads[] = {0x00, 0xC0, 0xE0, 0xF0};
    for (i = nmore; i > 0; i--) {
        elements[i] = 0x80 | (value & 0x3F);
        value >>= 6;
    }
    elements[0] = leads[nmore] | (uint32_t)value;
    return nmore + 1;
}

/* The elements that stand for a character: UTF-8, UTF-16 or UTF-32; returns their number. */
static unsigned encode(CScalar scalar, const Character *character, uint32_t elements[4])
{
    uint64_t value = character->value;
    if (!character->is_element && is_narrow(scalar))
        return encode_utf8(value, elements);
    if (!character->is_element && scalar == CSCALAR_USHORT && value >= 0x10000) {
        value -= 0x10000;
        elements[0] = 0xD800 | (uint32_t)(value >> 10);
        elements[1] = 0xDC00 | (value & 0x3FF);
        return 2;
    }
    elements[0] = (uint32_t)(is_narrow(scalar) ? value & 0xFF : scalar == CSCALAR_USHORT ? value & 0xFFFF : value);
    return 1;
}

/* -- character constants ------------------------------------------------------------------------------------------- */

/* Narrow elements make an int, several of them side by side as gcc has it; wide ones keep the last (C11 6.4.4.4p10). */
static bool character_literal(Parser *parser, Token *token, Quoted quoted)
{
    uint32_t value = 0, elements[4];
    unsigned count = 0, n, i;
    Character character;
    while (quoted.at < quoted.end) {
        if (!take_character(parser, token, &quoted, &character))
            return false;
        n = encode(quoted.scalar, &character, elements);
        count += n > 1 ? 2 : 1;
        for (i = 0; i < n; i++)
            value = quoted.scalar == CSCALAR_CHAR ? value << 8 | elements[i] : elements[i];
    }
    if (count == 0)
        return parser_fail(parser, token, MESSAGE_EMPTY_CHARACTER);
    token->kind = TOKEN_INTEGER;
    token->scalar = (uint8_t)(quoted.scalar == CSCALAR_CHAR ? CSCALAR_INT : quoted.scalar);
    token->u.value = value;
    if (token->scalar == CSCALAR_INT)
        token->u.value =
            (uint64_t)(quoted.scalar == CSCALAR_CHAR && count == 1 ? (int64_t)(int8_t)value : (int64_t)(int32_t)value);
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

/* -- strings ------------------------------------------------------------------------------------------------------- */

static Quoted inside(const Token *string)
{
    Quoted quoted;
    quoted.end = string->start + string->length - 1;
    quoted.at = string->start + prefix_scalar(string->start, quoted.end, &quoted.scalar) + 1;
    return quoted;
}

static bool decode(Parser *parser, const Token *string)
{
    Quoted quoted = inside(string);
    quoted.scalar = CSCALAR_CHAR;
    while (quoted.at < quoted.end) {
        Character character;
        uint32_t elements[4];
        unsigned n, i;
        char *bytes;
        if (!take_character(parser, string, &quoted, &character))
            return false;
        n = encode(quoted.scalar, &character, elements);
        bytes = stack_push(&parser->scratch, n);
        if (bytes == NULL)
            return parser_fail_memory(parser);
        for (i = 0; i < n; i++)
            bytes[i] = (char)elements[i];
    }
    return true;
}

bool parse_narrow_string(Parser *parser)
{
    if (parser->token.kind != TOKEN_STRING)
        return parser_fail(parser, &parser->token, MESSAGE_EXPECTED, "a string", &parser->token);
    for (; parser->token.kind == TOKEN_STRING; lexer_advance(parser))
        if (!decode(parser, &parser->token))
            return false;
    return !parser->failed;
}

bool literal_count(Parser *parser, const Token *string, CScalar scalar, uint64_t *count)
{
    Quoted quoted = inside(string);
    quoted.scalar = scalar;
    while (quoted.at < quoted.end) {
        Character character;
        uint32_t elements[4];
        if (!take_character(parser, string, &quoted, &character))
            return false;
        *count += encode(scalar, &character, elements);
    }
    return true;
}
