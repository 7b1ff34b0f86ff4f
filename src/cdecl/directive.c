/* Lines that begin with `#`: what gcc -E leaves behind is obeyed (line markers, #pragma pack) or skipped (#ident, other
 * pragmas); what it would have handled is an error. */
#include <stdlib.h>
#include <string.h>

#include "cdecl/parser.h"

typedef struct Line {
    const char *at;
    const char *end; /* of the line, without its newline */
} Line;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static void skip_blanks(Line *line)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
}

/* The word at the line's place, which is behind it afterwards; empty where none is. */
static Word take_word(Line *line)
{
    const char *start;
    skip_blanks(line);
    start = line->at;
    while (line->at < line->end && is_word_byte(*line->at))
        line->at++;
    return (Word){start, (size_t)(line->at - start)};
}

static bool take(Line *line, char c)
{
    skip_blanks(line);
    if (line->at == line->end || *line->at != c)
        return false;
    line->at++;
    return true;
}

static bool take_number(Line *line, uint32_t *number)
{
    const char *start;
    skip_blanks(line);
    start = line->at;
    for (*number = 0; line->at < line->end && is_digit(*line->at); line->at++)
        *number = *number * 10 + (uint32_t)(*line->at - '0');
    return line->at > start;
}

/* -- line markers -------------------------------------------------------------------------------------------------- */

/* One byte of a file's name: gcc writes quotes and backslashes with a backslash, unprintable bytes as octal escapes. */
static char take_file_byte(Line *line)
{
    unsigned value = 0, ndigits;
    if (*line->at != '\\' || line->end - line->at < 2)
        return *line->at++;
    line->at++;
    if (*line->at < '0' || *line->at > '7')
        return *line->at++;
    for (ndigits = 0; ndigits < 3 && line->at < line->end && *line->at >= '0' && *line->at <= '7'; ndigits++)
        value = value * 8 + (unsigned)(*line->at++ - '0');
    return (char)value;
}

static bool take_file(Parser *parser, Line *line)
{
    size_t used = parser->scratch.used;
    while (line->at < line->end && *line->at != '"') {
        char *byte = stack_push(&parser->scratch, 1);
        if (byte == NULL)
            return parser_fail_memory(parser);
        *byte = take_file_byte(line);
    }
    parser->file = parser_intern_scratch(parser, used);
    return parser->file != NULL;
}

/* `# 12 "file" 3` or `#line 12 "file"`: the next line is line 12. */
static bool follow_marker(Parser *parser, Line *line)
{
    uint32_t number;
    if (!take_number(line, &number))
        return true;
    parser->line = number - 1;
    return !take(line, '"') || take_file(parser, line);
}

/* -- pragma pack --------------------------------------------------------------------------------------------------- */

typedef struct SavedPack {
    const char *name; /* interned, or NULL */
    uint32_t pack;
} SavedPack;

typedef struct PackPragma {
    enum { PACK_SET, PACK_PUSH, PACK_POP } action;
    const char *name; /* or NULL */
    uint32_t number;
    bool has_number;
} PackPragma;

/* An integer constant, suffix and all, that is an alignment for gcc: 0, which is none, to 16. */
static bool is_pack(Word word, uint32_t *number)
{
    char text[24];
    char *end;
    unsigned long value;
    if (word.length == 0 || word.length >= sizeof text)
        return false;
    value = strtoul(copy_word(word, text, sizeof text), &end, 0);
    *number = (uint32_t)value;
    return end > text && end[strspn(end, "uUlL")] == '\0' && value <= 16 && (value & (value - 1)) == 0;
}

/* A name for push or pop, or a number for push; false when it has one, or is neither. */
static bool read_pack_argument(Parser *parser, Line *line, PackPragma *pragma)
{
    Word word = take_word(line);
    if (word.length == 0)
        return false;
    if (is_digit(*word.text)) {
        if (pragma->action == PACK_POP || pragma->has_number)
            return false;
        pragma->has_number = true;
        return is_pack(word, &pragma->number);
    }
    if (pragma->name != NULL)
        return false;
    pragma->name = ctype_intern(parser->table, word.text, word.length);
    return pragma->name != NULL || parser_fail_memory(parser);
}

/* ( ), ( n ), ( push [, name] [, n] ), ( pop [, name] ); false for anything else. */
static bool read_pack(Parser *parser, Line *line, PackPragma *pragma)
{
    Word word;
    if (!take(line, '('))
        return false;
    if (take(line, ')'))
        return true;
    word = take_word(line);
    if (word.length > 0 && is_digit(*word.text))
        return is_pack(word, &pragma->number) && take(line, ')');
    pragma->action = is_word(word, "push") ? PACK_PUSH : PACK_POP;
    if (pragma->action == PACK_POP && !is_word(word, "pop"))
        return false;
    while (take(line, ','))
        if (!read_pack_argument(parser, line, pragma))
            return false;
    return take(line, ')');
}

static bool push_pack(Parser *parser, const char *name)
{
    SavedPack *saved = stack_push(&parser->packs, sizeof *saved);
    if (saved == NULL)
        return parser_fail_memory(parser);
    *saved = (SavedPack){name, parser->pack};
    return true;
}

/* Back to before the last push of that name, or where there is none before the last push of all, as gcc does. */
static void pop_pack(Parser *parser, const char *name)
{
    const SavedPack *saved = stack_at(&parser->packs, 0);
    size_t count = parser->packs.used / sizeof *saved, i = count;
    while (i > 0 && saved[i - 1].name != name)
        i--;
    if (i == 0 || name == NULL)
        i = count;
    if (i == 0)
        return;
    parser->pack = saved[i - 1].pack;
    stack_drop(&parser->packs, (i - 1) * sizeof *saved);
}

/* What is malformed, or asks for what is no small power of two, is ignored as a whole, as gcc does. */
static bool obey_pack(Parser *parser, Line *line)
{
    PackPragma pragma = {.action = PACK_SET};
    if (!read_pack(parser, line, &pragma))
        return !parser->failed;
    if (pragma.action == PACK_POP) {
        pop_pack(parser, pragma.name);
        return true;
    }
    if (pragma.action == PACK_PUSH && !push_pack(parser, pragma.name))
        return false;
    if (pragma.action == PACK_SET || pragma.has_number)
        parser->pack = pragma.number;
    return true;
}

/* -- the line ------------------------------------------------------------------------------------------------------ */

static bool fail_directive(Parser *parser, const char *hash, Word word)
{
    Token at = {.start = hash, .length = 1, .line = parser->line};
    char text[32];
    return parser_fail(parser, &at, MESSAGE_DIRECTIVE, copy_word(word, text, sizeof text));
}

/* little-endian and default are no change here; what gcc does not know it ignores. */
static bool check_storage_order(Parser *parser, const char *hash, Line *line)
{
    Token at = {.start = hash, .length = 1, .line = parser->line};
    bool is_other = is_word(take_word(line), "big") && line->end - line->at >= 7 && memcmp(line->at, "-endian", 7) == 0;
    return !is_other || parser_fail(parser, &at, MESSAGE_BAD_PRAGMA, "scalar_storage_order big-endian");
}

static bool obey(Parser *parser, const char *hash, Line *line)
{
    Word word;
    skip_blanks(line);
    if (line->at == line->end || is_digit(*line->at))
        return follow_marker(parser, line);
    word = take_word(line);
    if (is_word(word, "line"))
        return follow_marker(parser, line);
    if (is_word(word, "pragma")) {
        word = take_word(line);
        if (is_word(word, "scalar_storage_order"))
            return check_storage_order(parser, hash, line);
        return !is_word(word, "pack") || obey_pack(parser, line);
    }
    return is_word(word, "ident") || is_word(word, "sccs") || fail_directive(parser, hash, word);
}

const char *directive_line(Parser *parser, const char *hash)
{
    const char *newline = memchr(hash, '\n', (size_t)(parser->end - hash));
    Line line = {hash + 1, newline != NULL ? newline : parser->end};
    parser->ndirectives++;
    return obey(parser, hash, &line) ? line.end : NULL;
}
