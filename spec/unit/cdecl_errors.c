/* Every message of the parser with its text, code, line and column; that a failed text leaves nothing behind, and what the
 * error shows of the source. */
#include "cdecl_help.h"

typedef enum Form { DECLARATIONS, TYPE_NAME, CONSTANT } Form;

static const struct Case {
    Form form;
    const char *text;
    ErrorCode code;
    const char *file;
    uint32_t line, column;
    const char *message;
} cases[] = {
#include "cdecl_errors.def"
};

/* -- the table ------------------------------------------------------------------------------------------------------------ */

static bool run(CTypeTable *table, Form form, const CdeclSource *source, Error *error)
{
    CdeclConstant constant;
    if (form == CONSTANT)
        return cdecl_constant(table, source, &constant, error);
    return form == TYPE_NAME ? cdecl_type_name(table, source, error) != NULL : cdecl_declare(table, source, error);
}

static void check_case(CTypeTable *table, const CountingHeap *heap, const struct Case *c)
{
    CdeclSource source = source_of(c->text);
    size_t nbytes = heap->nbytes;
    Error error;
    memset(&error, 0, sizeof error);
    if (!CHECK(!run(table, c->form, &source, &error)))
        fprintf(stderr, "    no error in: %s\n", c->text);
    if (!CHECK_TEXT(error.text, c->message) | !CHECK_INT(error.code, c->code) | !CHECK_INT(error.line, c->line) |
        !CHECK_INT(error.column, c->column) | !CHECK_TEXT(error.file, c->file))
        fprintf(stderr, "    in: %s\n", c->text);
    CHECK_INT(heap->nbytes, nbytes);
}

/* Whether a message's text is what a format with % makes: each conversion stands for any text. */
static bool matches(const char *format, const char *text)
{
    if (*format == '\0')
        return *text == '\0';
    if (*format != '%')
        return *format == *text && matches(format + 1, text + 1);
    for (;; text++) {
        if (matches(format + 2, text))
            return true;
        if (*text == '\0')
            return false;
    }
}

/* Messages that the table cannot hold; each has a test below, or one in cdecl_memory.c. */
static bool is_elsewhere(const char *name)
{
    static const char *const names[] = {"OUT_OF_MEMORY", "TOO_DEEP", "TYPE_TOO_DEEP", "PARAM_UNUSED", "NAME_FOR_TYPE", "TOO_MANY"};
    size_t i;
    for (i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void check_every_message(void)
{
    static const struct {
        const char *name, *format;
    } messages[] = {
#define CDECL_MESSAGE(name, code, format) {#name, format},
#include "cdecl/messages.def"
#undef CDECL_MESSAGE
    };
    size_t i, k;
    for (i = 0; i < sizeof messages / sizeof *messages; i++) {
        bool is_found = is_elsewhere(messages[i].name);
        for (k = 0; !is_found && k < sizeof cases / sizeof *cases; k++)
            is_found = matches(messages[i].format, cases[k].message);
        if (!CHECK(is_found))
            fprintf(stderr, "    no case for message %s\n", messages[i].name);
    }
}

/* -- values for $ ----------------------------------------------------------------------------------------------------------- */

static void check_values(CTypeTable *table)
{
    CdeclParam params[] = {{.kind = CDECL_PARAM_INTEGER, .u.integer = 3}, {.kind = CDECL_PARAM_TYPE, .u.type = ctype_scalar(table, CSCALAR_SHORT)}};
    CdeclSource source = {.text = "int x[$];", .length = 9, .params = params, .nparams = 2};
    Error error;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.text, "more values than '$': 2 given, 1 in the text");
    source.nparams = 1;
    source.text = "$ x[$];";
    source.length = 7;
    source.params = params + 1;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.text, "'$' without a value: only 1 given");
    CHECK_INT(error.column, 5);
    params[1] = (CdeclParam){.kind = CDECL_PARAM_NAME, .u.name = {.text = "int", .length = 3}};
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.text, "expected a type for '$', got the name 'int'");
    CHECK_INT(error.column, 1);
}

/* -- what is shown ------------------------------------------------------------------------------------------------------------ */

static void check_source_line(CTypeTable *table)
{
    char text[1000];
    CdeclSource source = {.text = "int a;\n  int b c;\nint d;", .length = 24, .file = "some.h"};
    Error error;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.file, "some.h");
    CHECK_TEXT(error.source, "  int b c;");
    CHECK_INT(error.caret, 8);
    CHECK_INT(error.column, 9);
    memset(text, ' ', sizeof text);
    memcpy(text, "int b", 5);
    memcpy(text + 800, "c;", 2);
    source.text = text;
    source.length = sizeof text;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_INT(error.column, 801);
    CHECK_INT(strlen(error.source), sizeof error.source - 1);
    CHECK(error.source[error.caret] == 'c');
}

/* A long file name keeps its end, a long message ends in dots. */
static void check_cut(CTypeTable *table)
{
    char file[300], text[700];
    CdeclSource source = {.text = "int", .length = 3, .file = file};
    Error error;
    memset(file, 'd', sizeof file);
    memcpy(file + sizeof file - 6, "/end.h", 6);
    file[sizeof file - 1] = '\0';
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_INT(strlen(error.file), sizeof error.file - 1);
    CHECK_TEXT(error.file + strlen(error.file) - 5, "/end.");
    snprintf(text, sizeof text, "_Static_assert(0, \"%0500d\");", 1);
    source = source_of(text);
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK(strlen(error.text) < sizeof error.text);
    snprintf(text, sizeof text, "int %0500d", 1);
    memset(text + 4, 'n', 500);
    memcpy(text + 504, "; long ", 7);
    memset(text + 511, 'n', 100);
    text[611] = '\0';
    source = source_of(text);
    CHECK(declare(table, text));
    text[4 + 500] = ';';
    memcpy(text, "long", 4);
    memmove(text + 5, text + 4, 500);
    text[4] = ' ';
    text[505] = ';';
    text[506] = '\0';
    source = source_of(text);
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_INT(strlen(error.text), sizeof error.text - 1);
    CHECK_TEXT(error.text + strlen(error.text) - 3, "...");
}

/* A good text after a bad one finds the table as if the bad one had never been. */
static void check_nothing_left(CTypeTable *table)
{
    CdeclSource source = source_of("struct gone { int a; }; typedef int gone_t; enum { GONE = 1 }; extern int gone_v; int gone_f(struct gone *); int 3;");
    Error error;
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK(find_tag(table, "gone") == NULL);
    CHECK(find_decl(table, "gone_t") == NULL);
    CHECK(find_decl(table, "GONE") == NULL);
    CHECK(find_decl(table, "gone_v") == NULL);
    CHECK(find_decl(table, "gone_f") == NULL);
    CHECK(ctype_find_name(table, "gone_f", 6) == NULL);
    CHECK(declare(table, "struct gone { long b; }; typedef long gone_t; enum { GONE = 2 }; int gone_f(void);"));
    CHECK_INT(find_tag(table, "gone")->size, 8);
}

int main(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table;
    CTypeTable *kept = ctype_table_new(&allocator);
    size_t i;
    declare(kept, "int first;"); /* interns the keywords */
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(kept, &heap, &cases[i]);
    check_values(kept);
    check_source_line(kept);
    ctype_table_free(kept);
    CHECK_INT(heap.nblocks, 0);
    table = ctype_table_new(&mem_system_allocator);
    check_every_message();
    check_cut(table);
    check_nothing_left(table);
    ctype_table_free(table);
    return unit_end("cdecl_errors");
}
