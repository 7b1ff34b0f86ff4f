/* Text to tokens: each byte is read once; identifiers are interned as they are met and bring their keyword along. */
#include <string.h>

#include "cdecl/parser.h"

/* SINGLE: a token by itself whatever follows. */
enum { CLASS_OTHER, CLASS_SPACE, CLASS_SINGLE, CLASS_LETTER, CLASS_DIGIT };

#define LETTERS_8                                                                                                      \
    CLASS_LETTER, CLASS_LETTER, CLASS_LETTER, CLASS_LETTER, CLASS_LETTER, CLASS_LETTER, CLASS_LETTER, CLASS_LETTER
#define LETTERS_64 LETTERS_8, LETTERS_8, LETTERS_8, LETTERS_8, LETTERS_8, LETTERS_8, LETTERS_8, LETTERS_8

/* Bytes above 127 are letters: gcc takes UTF-8 in identifiers. */
static const uint8_t classes[256] = {
    [' '] = CLASS_SPACE,  ['\t'] = CLASS_SPACE, ['\v'] = CLASS_SPACE, ['\f'] = CLASS_SPACE, ['\r'] = CLASS_SPACE,
    ['0'] = CLASS_DIGIT,  ['1'] = CLASS_DIGIT,  ['2'] = CLASS_DIGIT,  ['3'] = CLASS_DIGIT,  ['4'] = CLASS_DIGIT,
    ['5'] = CLASS_DIGIT,  ['6'] = CLASS_DIGIT,  ['7'] = CLASS_DIGIT,  ['8'] = CLASS_DIGIT,  ['9'] = CLASS_DIGIT,
    ['A'] = CLASS_LETTER, ['B'] = CLASS_LETTER, ['C'] = CLASS_LETTER, ['D'] = CLASS_LETTER, ['E'] = CLASS_LETTER,
    ['F'] = CLASS_LETTER, ['G'] = CLASS_LETTER, ['H'] = CLASS_LETTER, ['I'] = CLASS_LETTER, ['J'] = CLASS_LETTER,
    ['K'] = CLASS_LETTER, ['L'] = CLASS_LETTER, ['M'] = CLASS_LETTER, ['N'] = CLASS_LETTER, ['O'] = CLASS_LETTER,
    ['P'] = CLASS_LETTER, ['Q'] = CLASS_LETTER, ['R'] = CLASS_LETTER, ['S'] = CLASS_LETTER, ['T'] = CLASS_LETTER,
    ['U'] = CLASS_LETTER, ['V'] = CLASS_LETTER, ['W'] = CLASS_LETTER, ['X'] = CLASS_LETTER, ['Y'] = CLASS_LETTER,
    ['Z'] = CLASS_LETTER, ['_'] = CLASS_LETTER, ['a'] = CLASS_LETTER, ['b'] = CLASS_LETTER, ['c'] = CLASS_LETTER,
    ['d'] = CLASS_LETTER, ['e'] = CLASS_LETTER, ['f'] = CLASS_LETTER, ['g'] = CLASS_LETTER, ['h'] = CLASS_LETTER,
    ['i'] = CLASS_LETTER, ['j'] = CLASS_LETTER, ['k'] = CLASS_LETTER, ['l'] = CLASS_LETTER, ['m'] = CLASS_LETTER,
    ['n'] = CLASS_LETTER, ['o'] = CLASS_LETTER, ['p'] = CLASS_LETTER, ['q'] = CLASS_LETTER, ['r'] = CLASS_LETTER,
    ['s'] = CLASS_LETTER, ['t'] = CLASS_LETTER, ['u'] = CLASS_LETTER, ['v'] = CLASS_LETTER, ['w'] = CLASS_LETTER,
    ['x'] = CLASS_LETTER, ['y'] = CLASS_LETTER, ['z'] = CLASS_LETTER, ['('] = CLASS_SINGLE, [')'] = CLASS_SINGLE,
    [','] = CLASS_SINGLE, [';'] = CLASS_SINGLE, ['{'] = CLASS_SINGLE, ['}'] = CLASS_SINGLE, ['['] = CLASS_SINGLE,
    [']'] = CLASS_SINGLE, [128] = LETTERS_64,   LETTERS_64,
};

static const struct Keyword {
    uint8_t kind;
    const char *spelling;
} keywords[] = {
#define CDECL_KEYWORD(token, spelling) {TOKEN_##token, spelling},
#define CDECL_ALIAS                    CDECL_KEYWORD
#define CDECL_SOFT                     CDECL_KEYWORD
#include "cdecl/keywords.def"
#undef CDECL_KEYWORD
#undef CDECL_ALIAS
#undef CDECL_SOFT
};

static unsigned class_of(char c)
{
    return classes[(unsigned char)c];
}

static char peek(const Parser *parser, const char *at)
{
    return at < parser->end ? *at : '\0';
}

/* -- beginning ----------------------------------------------------------------------------------------------------- */

/* The bytes of a backslash-newline at `at`, else 0. */
static size_t splice_length(const char *at, const char *end)
{
    if (end - at >= 2 && at[1] == '\n')
        return 2;
    return end - at >= 3 && at[1] == '\r' && at[2] == '\n' ? 3 : 0;
}

static const char *find_splice(const char *at, const char *end)
{
    while (at < end && (at = memchr(at, '\\', (size_t)(end - at))) != NULL) {
        if (splice_length(at, end) > 0)
            return at;
        at++;
    }
    return NULL;
}

/* Copies the text without backslash-newlines. The newlines come back behind their logical line, so that later lines
 * keep their numbers. */
static char *copy_unspliced(const char *from, const char *end, char *to)
{
    size_t nowed = 0;
    while (from < end) {
        size_t length = *from == '\\' ? splice_length(from, end) : 0;
        if (length > 0) {
            from += length;
            nowed++;
            continue;
        }
        if (*from == '\n')
            for (; nowed > 0; nowed--)
                *to++ = '\n';
        *to++ = *from++;
    }
    for (; nowed > 0; nowed--)
        *to++ = '\n';
    return to;
}

const char *lexer_origin(const Parser *parser, const char *at, uint32_t *nsplices)
{
    const char *from = parser->source->text, *end = from + parser->source->length;
    size_t offset = (size_t)(at - parser->text), nmade = 0;
    *nsplices = 0;
    if (parser->spliced == NULL)
        return at;
    while (from < end) {
        size_t length = *from == '\\' ? splice_length(from, end) : 0;
        if (length > 0) {
            from += length;
            ++*nsplices;
            continue;
        }
        if (nmade >= offset)
            break;
        if (*from == '\n') {
            nmade += *nsplices;
            *nsplices = 0;
        }
        nmade++;
        from++;
    }
    return from;
}

static bool intern_keywords(Parser *parser)
{
    size_t i;
    bool *done = ctype_keywords_flag(parser->table);
    for (i = 0; !*done && i < sizeof keywords / sizeof *keywords; i++) {
        CName *name = ctype_name(parser->table, keywords[i].spelling, strlen(keywords[i].spelling));
        if (name == NULL)
            return parser_fail_memory(parser);
        name->keyword = keywords[i].kind;
    }
    *done = true;
    return true;
}

bool lexer_begin(Parser *parser)
{
    const CdeclSource *source = parser->source;
    parser->text = source->text;
    parser->end = source->text + source->length;
    parser->line = 1;
    if (!intern_keywords(parser))
        return false;
    if (source->length > 0 && find_splice(parser->text, parser->end) != NULL) {
        parser->spliced = mem_alloc(ctype_allocator(parser->table), source->length);
        if (parser->spliced == NULL)
            return parser_fail_memory(parser);
        parser->end = copy_unspliced(parser->text, parser->end, parser->spliced);
        parser->text = parser->spliced;
    }
    parser->next = parser->text;
    return true;
}

/* -- white space --------------------------------------------------------------------------------------------------- */

static Token token_at(const Parser *parser, const char *start)
{
    return (Token){.start = start, .length = start < parser->end, .line = parser->line};
}

/* The end of the comment that begins at `at`, or NULL after a failure. */
static const char *skip_block_comment(Parser *parser, const char *at)
{
    Token start = token_at(parser, at);
    const char *star = at + 2, *newline;
    for (;;) {
        star = star < parser->end ? memchr(star, '*', (size_t)(parser->end - star)) : NULL;
        if (star == NULL) {
            parser_fail(parser, &start, MESSAGE_OPEN_COMMENT);
            return NULL;
        }
        if (peek(parser, star + 1) == '/')
            break;
        star++;
    }
    for (newline = at; (newline = memchr(newline, '\n', (size_t)(star - newline))) != NULL; newline++)
        parser->line++;
    return star + 2;
}

static const char *skip_line_comment(const Parser *parser, const char *at)
{
    const char *newline = memchr(at, '\n', (size_t)(parser->end - at));
    return newline == NULL ? parser->end : newline;
}

static bool is_line_start(const Parser *parser, const char *at)
{
    while (at > parser->text && class_of(at[-1]) == CLASS_SPACE)
        at--;
    return at == parser->text || at[-1] == '\n';
}

/* The first byte of the next token, or the end. NULL after a failure. */
static const char *skip_space(Parser *parser, const char *at)
{
    while (at != NULL && at < parser->end) {
        if (class_of(*at) == CLASS_SPACE) {
            at++;
        } else if (*at == '\n') {
            parser->line++;
            at++;
        } else if (*at == '/' && peek(parser, at + 1) == '*') {
            at = skip_block_comment(parser, at);
        } else if (*at == '/' && peek(parser, at + 1) == '/') {
            at = skip_line_comment(parser, at);
        } else if (*at == '#' && is_line_start(parser, at)) {
            at = directive_line(parser, at);
        } else {
            break;
        }
    }
    return at;
}

/* -- tokens -------------------------------------------------------------------------------------------------------- */

static const char *lex_name(Parser *parser, const char *start, Token *token)
{
    const char *at = start + 1;
    CName *name;
    while (at < parser->end && class_of(*at) >= CLASS_LETTER)
        at++;
    if (at < parser->end && (*at == '\'' || *at == '"') && at - start <= 2) {
        const char *end = literal_quoted(parser, start, token);
        if (end != start)
            return end;
    }
    name = ctype_name(parser->table, start, (size_t)(at - start));
    if (name == NULL) {
        parser_fail_memory(parser);
        return NULL;
    }
    token->kind = name->keyword != 0 && name->keyword < TOKEN_SOFT_FIRST ? name->keyword : TOKEN_NAME;
    token->u.name = name;
    return at;
}

/* The value that a `$` stands for. */
static const char *lex_value(Parser *parser, const char *start, Token *token)
{
    const CdeclParam *param;
    token->length = 1;
    if (parser->nvalues >= parser->source->nparams) {
        parser_fail(parser, token, MESSAGE_PARAM_MISSING, (unsigned)parser->source->nparams);
        return NULL;
    }
    param = &parser->source->params[parser->nvalues++];
    switch (param->kind) {
    case CDECL_PARAM_TYPE:
        token->kind = TOKEN_TYPE;
        token->u.type = param->u.type;
        break;
    case CDECL_PARAM_INTEGER:
        token->kind = TOKEN_INTEGER;
        token->scalar = param->u.integer >= INT32_MIN && param->u.integer <= INT32_MAX ? CSCALAR_INT : CSCALAR_LONG;
        token->u.value = (uint64_t)param->u.integer;
        break;
    default:
        token->kind = TOKEN_NAME;
        token->u.name = ctype_name(parser->table, param->u.name.text, param->u.name.length);
        if (token->u.name == NULL) {
            parser_fail_memory(parser);
            return NULL;
        }
    }
    return start + 1;
}

static const struct Punctuator {
    char text[4];
    uint8_t kind;
} punctuators[] = {
    {"<<=", TOKEN_ASSIGN},
    {">>=", TOKEN_ASSIGN},
    {"->", TOKEN_ARROW},
    {"<<", TOKEN_SHIFT_LEFT},
    {">>", TOKEN_SHIFT_RIGHT},
    {"<=", TOKEN_LESS_EQUAL},
    {">=", TOKEN_GREATER_EQUAL},
    {"==", TOKEN_EQUAL},
    {"!=", TOKEN_NOT_EQUAL},
    {"&&", TOKEN_AND},
    {"||", TOKEN_OR},
    {"...", TOKEN_ELLIPSIS},
    {"++", TOKEN_INCREMENT},
    {"--", TOKEN_DECREMENT},
    {"+=", TOKEN_ASSIGN},
    {"-=", TOKEN_ASSIGN},
    {"*=", TOKEN_ASSIGN},
    {"/=", TOKEN_ASSIGN},
    {"%=", TOKEN_ASSIGN},
    {"&=", TOKEN_ASSIGN},
    {"^=", TOKEN_ASSIGN},
    {"|=", TOKEN_ASSIGN},
    {"<:", '['},
    {":>", ']'},
    {"<%", '{'},
    {"%>", '}'},
};

static void fail_stray(Parser *parser, const Token *at)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char c = (unsigned char)*at->start;
    char text[8] = {'\'', (char)c, '\'', '\0'};
    if (c < 32 || c == 127)
        memcpy(text, (char[]){'0', 'x', digits[c >> 4], digits[c & 15], '\0'}, 5);
    parser_fail(parser, at, MESSAGE_STRAY_CHARACTER, text);
}

static const char *lex_punctuator(Parser *parser, const char *start, Token *token)
{
    size_t i;
    for (i = 0; i < sizeof punctuators / sizeof *punctuators; i++) {
        size_t length = strlen(punctuators[i].text);
        if (*start == punctuators[i].text[0] && (size_t)(parser->end - start) >= length &&
            memcmp(start, punctuators[i].text, length) == 0) {
            token->kind = punctuators[i].kind;
            return start + length;
        }
    }
    token->kind = (uint8_t)*start;
    if (*start != '\0' && strchr("()[]{};,:*=&+-~!/%<>^|?.", *start) != NULL)
        return start + 1;
    token->length = 1;
    fail_stray(parser, token);
    return NULL;
}

static const char *lex_token(Parser *parser, const char *start, Token *token)
{
    unsigned class = class_of(*start);
    if (class == CLASS_LETTER)
        return lex_name(parser, start, token);
    if (class == CLASS_SINGLE || (*start == '*' && peek(parser, start + 1) != '=')) {
        token->kind = (uint8_t)*start;
        return start + 1;
    }
    if (*start == '"' || *start == '\'')
        return literal_quoted(parser, start, token);
    if (*start == '$')
        return lex_value(parser, start, token);
    if (class == CLASS_DIGIT || (*start == '.' && class_of(peek(parser, start + 1)) == CLASS_DIGIT))
        return literal_number(parser, start, token);
    return lex_punctuator(parser, start, token);
}

void lexer_advance(Parser *parser)
{
    const char *start = skip_space(parser, parser->next);
    const char *after = start;
    Token *token = &parser->token;
    *token = (Token){.kind = TOKEN_END, .start = parser->end, .line = parser->line};
    if (start != NULL && start < parser->end) {
        token->start = start;
        after = lex_token(parser, start, token);
    }
    if (after == NULL) { /* failed: the rest is the end */
        parser->next = parser->end;
        *token = (Token){.kind = TOKEN_END, .start = parser->end, .line = parser->line};
        return;
    }
    token->length = (uint32_t)(after - token->start);
    parser->next = after;
}

bool lexer_renew(Parser *parser)
{
    Token *token = &parser->token;
    if (!is_word_token(token))
        return !parser->failed;
    token->u.name = ctype_name(parser->table, token->start, token->length);
    return token->u.name != NULL || parser_fail_memory(parser);
}

Bookmark lexer_mark(const Parser *parser)
{
    return (Bookmark){parser->token, parser->next, parser->file, parser->nvalues, parser->line, parser->pack};
}

void lexer_return(Parser *parser, const Bookmark *mark)
{
    if (parser->failed)
        return;
    parser->token = mark->token;
    parser->next = mark->next;
    parser->file = mark->file;
    parser->nvalues = mark->nvalues;
    parser->line = mark->line;
    parser->pack = mark->pack;
}
