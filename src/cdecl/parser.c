/* The parser's state, its error funnel, and the two entry points. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cdecl/parser.h"

static const struct MessageRow {
    ErrorCode code;
    const char *format;
} message_rows[MESSAGE_COUNT] = {
#define CDECL_MESSAGE(name, code, format) [MESSAGE_##name] = {ERROR_##code, format},
#include "cdecl/messages.def"
#undef CDECL_MESSAGE
};

/* -- messages ------------------------------------------------------------------------------------------------------ */

typedef struct Text {
    const CTypeTable *table;
    Error *error;
    size_t length;
    bool is_cut;
} Text;

static void put(Text *text, const char *bytes, size_t length)
{
    size_t room = sizeof text->error->text - 1 - text->length;
    text->is_cut = text->is_cut || length > room;
    if (length > room)
        length = room;
    memcpy(text->error->text + text->length, bytes, length);
    text->length += length;
}

static void put_text(Text *text, const char *bytes)
{
    put(text, bytes, strlen(bytes));
}

static void put_number(Text *text, unsigned number)
{
    char digits[16];
    snprintf(digits, sizeof digits, "%u", number);
    put_text(text, digits);
}

/* A token is quoted as it stands in the text, a long one cut. */
static void put_token(Text *text, const Token *token)
{
    enum { SHOWN = 60 };
    if (token->kind == TOKEN_END) {
        put_text(text, "end of text");
        return;
    }
    put_text(text, "'");
    put(text, token->start, token->length > SHOWN ? SHOWN : token->length);
    put_text(text, token->length > SHOWN ? "...'" : "'");
}

static void put_name(Text *text, const char *name)
{
    put_text(text, name != NULL ? "'" : "(unnamed)");
    put_text(text, name != NULL ? name : "");
    put_text(text, name != NULL ? "'" : "");
}

static void put_type(Text *text, const CType *type)
{
    char spelling[160];
    size_t length = ctype_spell(type, NULL, spelling, sizeof spelling);
    put_text(text, spelling);
    if (length >= sizeof spelling)
        put_text(text, "...");
}

/* "; previously at FILE:LINE" of an earlier declaration, nothing for a predefined one. */
static void put_place(Text *text, const char *file, uint32_t line)
{
    if (line == 0)
        return;
    put_text(text, "; previously at ");
    put_text(text, file != NULL ? file : "line ");
    put_text(text, file != NULL ? ":" : "");
    put_number(text, line);
}

static void put_hint(Text *text, const char *hint)
{
    if (hint == NULL)
        return;
    put_text(text, "; did you mean '");
    put_text(text, hint);
    put_text(text, "'?");
}

static void put_argument(Text *text, char conversion, va_list *arguments)
{
    if (conversion == 'n') {
        put_name(text, va_arg(*arguments, const char *));
    } else if (conversion == 's') {
        put_text(text, va_arg(*arguments, const char *));
    } else if (conversion == 't') {
        put_token(text, va_arg(*arguments, const Token *));
    } else if (conversion == 'T') {
        put_type(text, va_arg(*arguments, const CType *));
    } else if (conversion == 'u') {
        put_number(text, va_arg(*arguments, unsigned));
    } else if (conversion == 'h') {
        put_hint(text, va_arg(*arguments, const char *));
    } else if (conversion == 'p') {
        const char *file = ctype_file(text->table, va_arg(*arguments, uint32_t));
        put_place(text, file, va_arg(*arguments, uint32_t));
    }
}

static void put_message(const Parser *parser, const char *format, va_list *arguments)
{
    Error *error = parser->error;
    Text text = {.table = parser->table, .error = error};
    for (; *format != '\0'; format++) {
        size_t length = strcspn(format, "%");
        put(&text, format, length);
        format += length;
        if (*format == '\0')
            break;
        put_argument(&text, *++format, arguments);
    }
    error->text[text.length] = '\0';
    if (text.is_cut)
        memcpy(error->text + sizeof error->text - 4, "...", 4);
}

/* -- places -------------------------------------------------------------------------------------------------------- */

/* Copies the source line around the token: all of it, or a window with the token in its first third. */
static void show_source(const CdeclSource *source, const char *start, Error *error)
{
    const char *begin = start, *end = start;
    size_t column, room = sizeof error->source - 1;
    while (begin > source->text && begin[-1] != '\n')
        begin--;
    while (end < source->text + source->length && *end != '\n' && *end != '\r')
        end++;
    error->column = (uint32_t)(start - begin) + 1;
    column = (size_t)(start - begin);
    if ((size_t)(end - begin) > room && column > room / 3) {
        begin += column - room / 3;
        column = room / 3;
    }
    if ((size_t)(end - begin) > room)
        end = begin + room;
    memcpy(error->source, begin, (size_t)(end - begin));
    error->source[end - begin] = '\0';
    error->caret = (uint32_t)column;
}

static void copy_file(const Parser *parser, Error *error)
{
    const char *file = parser->file != NULL ? parser->file : parser->source->file;
    size_t length = file != NULL ? strlen(file) : 0;
    if (length >= sizeof error->file) {
        file += length - (sizeof error->file - 1);
        length = sizeof error->file - 1;
    }
    if (length > 0)
        memcpy(error->file, file, length);
    error->file[length] = '\0';
}

static void stop(Parser *parser)
{
    parser->failed = true;
    parser->next = parser->end;
    parser->token = (Token){.kind = TOKEN_END, .start = parser->end, .line = parser->line};
}

bool parser_fail(Parser *parser, const Token *at, Message message, ...)
{
    va_list arguments;
    Token place = *at;
    uint32_t nsplices;
    if (parser->failed)
        return false;
    memset(parser->error, 0, sizeof *parser->error);
    parser->error->code = message_rows[message].code;
    va_start(arguments, message);
    put_message(parser, message_rows[message].format, &arguments);
    va_end(arguments);
    parser->error->line = place.line;
    if (place.start != NULL) {
        const char *origin = lexer_origin(parser, place.start, &nsplices);
        parser->error->line += nsplices;
        show_source(parser->source, origin, parser->error);
    }
    copy_file(parser, parser->error);
    stop(parser);
    return false;
}

bool parser_fail_memory(Parser *parser)
{
    Token nowhere = {.start = NULL};
    return parser_fail(parser, &nowhere, MESSAGE_OUT_OF_MEMORY);
}

uint32_t parser_file(Parser *parser)
{
    uint32_t number = 0;
    if (!ctype_file_number(parser->table, parser->file, &number))
        parser_fail_memory(parser);
    return number;
}

void parser_set_file(Parser *parser, CDecl *decl)
{
    decl->file = parser_file(parser) & CDECL_FILE_MAX;
}

/* -- steps --------------------------------------------------------------------------------------------------------- */

bool parser_enter(Parser *parser)
{
    if (parser->depth >= CDECL_DEPTH_MAX)
        return parser_fail(parser, &parser->token, MESSAGE_TOO_DEEP, &parser->token);
    parser->depth++;
    return true;
}

bool parser_accept(Parser *parser, unsigned kind)
{
    if (parser->token.kind != kind)
        return false;
    lexer_advance(parser);
    return true;
}

unsigned soft_keyword(const Token *token)
{
    const CDecl *decl;
    if (token->kind != TOKEN_NAME || token->u.name->keyword < TOKEN_SOFT_FIRST)
        return 0;
    decl = token->u.name->decl;
    return decl == NULL || decl->kind != CDECL_TYPEDEF ? token->u.name->keyword : 0;
}

char parser_peek(const Parser *parser)
{
    const char *at = parser->next;
    while (at < parser->end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at < parser->end ? *at : '\0';
}

bool parser_expect(Parser *parser, unsigned kind, const char *what, const char *where)
{
    if (parser->token.kind != kind)
        return parser_fail(parser, &parser->token, MESSAGE_EXPECTED_AFTER, what, where, &parser->token);
    lexer_advance(parser);
    return !parser->failed;
}

Word parser_take_scratch(Parser *parser, size_t used)
{
    const char *bytes = stack_at(&parser->scratch, used);
    Word word = {bytes == NULL ? "" : bytes, parser->scratch.used - used};
    stack_drop(&parser->scratch, used);
    return word;
}

const char *parser_intern_scratch(Parser *parser, size_t used)
{
    Word word = parser_take_scratch(parser, used);
    const char *name = ctype_intern(parser->table, word.text, word.length);
    if (name == NULL)
        parser_fail_memory(parser);
    return name;
}

static unsigned closing(unsigned opening)
{
    return opening == '(' ? ')' : opening == '[' ? ']' : '}';
}

/* Only the kind that was opened is counted, so that a body may hold what it likes of the others. */
bool parser_skip_group(Parser *parser)
{
    Token start = parser->token;
    unsigned opening = start.kind, close = closing(opening);
    size_t depth = 0;
    do {
        depth += parser->token.kind == opening;
        depth -= parser->token.kind == close;
        if (parser->token.kind == TOKEN_END) {
            char what[4] = {'\'', (char)close, '\'', '\0'};
            return parser_fail(parser, &parser->token, MESSAGE_EXPECTED, what, &parser->token);
        }
        lexer_advance(parser);
    } while (depth > 0);
    return !parser->failed;
}

/* -- entry points -------------------------------------------------------------------------------------------------- */

enum { NSTACKS = 8 };

static void list_stacks(Parser *parser, Stack *stacks[NSTACKS])
{
    stacks[0] = &parser->packs;
    stacks[1] = &parser->ops;
    stacks[2] = &parser->pointers;
    stacks[3] = &parser->params;
    stacks[4] = &parser->members;
    stacks[5] = &parser->enumerators;
    stacks[6] = &parser->tags;
    stacks[7] = &parser->scratch;
}

/* Begins a transaction, which `end` ends in any case. */
static bool begin(Parser *parser, CTypeTable *table, const CdeclSource *source, Error *error)
{
    Stack *stacks[NSTACKS];
    size_t i;
    bool is_ready;
    memset(parser, 0, sizeof *parser);
    parser->table = table;
    parser->source = source;
    parser->error = error;
    list_stacks(parser, stacks);
    for (i = 0; i < NSTACKS; i++)
        stack_init(stacks[i], ctype_allocator(table));
    is_ready = lexer_begin(parser); /* keywords stay, whatever becomes of the text */
    ctype_begin(table);
    if (!is_ready)
        return false;
    if (source->file != NULL) {
        parser->file = ctype_intern(table, source->file, strlen(source->file));
        if (parser->file == NULL)
            return parser_fail_memory(parser);
    }
    lexer_advance(parser);
    return !parser->failed;
}

/* Whether the text was good. What it left in the table stays if it was, and `has_news`. */
static bool end(Parser *parser, bool has_news)
{
    Stack *stacks[NSTACKS];
    size_t i;
    tag_close_all(parser);
    if (parser->failed || !has_news)
        ctype_rollback(parser->table);
    else
        ctype_commit(parser->table);
    mem_free(ctype_allocator(parser->table), parser->spliced, parser->source->length);
    list_stacks(parser, stacks);
    for (i = 0; i < NSTACKS; i++)
        stack_free(stacks[i]);
    return !parser->failed;
}

static bool check_values_used(Parser *parser)
{
    size_t given = parser->source->nparams;
    if (parser->failed || parser->nvalues == given)
        return !parser->failed;
    return parser_fail(parser, &parser->token, MESSAGE_PARAM_UNUSED, (unsigned)given, (unsigned)parser->nvalues);
}

/* A declaration that says nothing new leaves nothing of itself, but for the token behind it, whose name is made again.
 * Directives and values make names that are still needed: with them it all stays. */
static bool parse_next_declaration(Parser *parser)
{
    size_t ndirectives = parser->ndirectives;
    ctype_checkpoint(parser->table);
    if (!parse_external_declaration(parser))
        return false;
    if (ctype_is_changed_since_checkpoint(parser->table) || parser->ndirectives != ndirectives || parser->nvalues > 0)
        return true;
    ctype_return(parser->table);
    return lexer_renew(parser);
}

bool cdecl_declare(CTypeTable *table, const CdeclSource *source, Error *error)
{
    Parser parser;
    if (begin(&parser, table, source, error)) {
        while (parser.token.kind != TOKEN_END && parse_next_declaration(&parser))
            ;
        check_values_used(&parser);
    }
    return end(&parser, ctype_is_changed(table));
}

CType *cdecl_type_name(CTypeTable *table, const CdeclSource *source, Error *error)
{
    Parser parser;
    CType *type = NULL;
    if (begin(&parser, table, source, error)) {
        type = parse_type_name(&parser);
        if (!parser.failed && parser.token.kind != TOKEN_END)
            parser_fail(&parser, &parser.token, MESSAGE_AFTER_TYPE, &parser.token);
        check_values_used(&parser);
    }
    return end(&parser, true) ? type : NULL;
}

bool cdecl_constant(CTypeTable *table, const CdeclSource *source, CdeclConstant *constant, Error *error)
{
    Parser parser;
    Value value = {.type = NULL};
    if (begin(&parser, table, source, error) && parse_scalar_constant(&parser, &value)) {
        if (parser.token.kind != TOKEN_END)
            parser_fail(&parser, &parser.token, MESSAGE_AFTER_CONSTANT, &parser.token);
        check_values_used(&parser);
    }
    if (!end(&parser, true) || value.type == NULL)
        return false;
    *constant = (CdeclConstant){
        .type = value.type->main, .bits = {(uint64_t)value.bits, (uint64_t)(value.bits >> 64)}, .number = value.number};
    return true;
}
