/* How the work of a parse grows with its text: the parser and the type model are compiled so that each basic block that runs is
 * counted, and four times as many of anything must not take much more than four times the blocks. */
#include "cdecl_help.h"

enum { FEW = 2000, MANY = 4 * FEW };

static size_t nblocks;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void)
{
    nblocks++;
}

/* head, piece and then piece_behind for each number from 1 up, tail. In the pieces @ stands for the number, ` for the one before it and
 * ~ for the number from the end. */
static const struct Case {
    const char *name, *head, *piece, *between, *piece_behind, *tail;
    const char *error; /* how its text begins, or NULL when the declarations are good */
} cases[] = {
    {"members", "struct m {", "int m@; ", "", "", "};", NULL},
    {"unnamed members", "struct m {", "struct { int m@; union { int n@; }; }; ", "", "", "};", NULL},
    {"bit-fields", "struct m {", "int m@ : 3; ", "", "", "};", NULL},
    {"packed members", "struct m {", "char c@; int m@; ", "", "", "} __attribute__((packed));", NULL},
    {"enumerators", "enum e {", "E@, ", "", "", "};", NULL},
    {"enumerators of enumerators", "enum e { E0, ", "E@ = E` + 1, ", "", "", "};", NULL},
    {"parameters", "int f(", "int p@, ", "", "", "...);", NULL},
    {"parameters of bounds", "int f(", "int p@, int a@[p@][p1], ", "", "", "...);", NULL},
    {"parameters of constant bounds", "enum { K = 3 }; int f(", "int p@, int a@[K][K + 1], ", "", "", "...);", NULL},
    {"parameters of tags", "int f(", "struct s@ *p@, ", "", "", "...);", NULL},
    {"parameters that define tags", "int f(", "struct s@ { struct s@ *a; } *p@, ", "", "", "...);", NULL},
    {"prototypes that define tags", "", "int f@(struct s { int a; } *p); ", "", "", "", NULL},
    {"tags", "", "struct t@ { int a; }; ", "", "", "", NULL},
    {"typedefs", "", "typedef int t@; ", "", "", "", NULL},
    {"constants", "", "static const int c@ = @; ", "", "", "", NULL},
    {"chains of records", "struct s0;", "struct s@ { struct s` *s; }; ", "", "", "", NULL},
    {"completions", "", "struct s@; extern struct s@ *p@; ", "", "struct s@ { struct s~ *s; }; ", "", NULL},
    {"variants of one type", "struct s;", "extern const volatile struct s *p@; ", "", "", "struct s { int a; };", NULL},
    {"aligned variants", "", "typedef int t@ __attribute__((aligned(8))); ", "", "", "", NULL},
    {"arrays", "", "extern int a@[@]; ", "", "", "", NULL},
    {"function types", "", "typedef int (*t@)(char (*)[@], int (*)(int a, int b)); ", "", "", "", NULL},
    {"the same typedef", "", "typedef int t; ", "", "", "", NULL},
    {"the same function", "", "int f(int a, char *b); ", "", "", "", NULL},
    {"the same struct", "", "struct s { int a; char b; struct { int c; } d; }; ", "", "", "", NULL},
    {"the same enum", "", "enum s { A, B, C }; ", "", "", "", NULL},
    {"the same untagged struct", "", "typedef struct { int a; } t; ", "", "", "", NULL},
    {"completed arrays", "", "extern int a@[]; ", "", "extern int a@[3]; ", "", NULL},
    {"prototypes behind ()", "", "int f@(); ", "", "int f@(int a, struct s *b); ", "", NULL},
    {"untagged records led to by others, again", "typedef int t0;", "typedef struct { t` *p; int a; } t@; ", "", "typedef struct { t` *p; int a; } t@; ", "", NULL},
    {"line markers", "", "\n# @ \"f@.h\"\nint x@;", "", "", "", NULL},
    {"line markers by turns", "", "\n# @ \"f.h\"\nint x@;\n# @ \"g.h\"\nint y@;", "", "", "", NULL},
    {"packs", "", "\n#pragma pack(push, 1)\n", "struct s { char c; int i; };", "\n#pragma pack(pop)\n", "", NULL},
    {"named packs", "", "\n#pragma pack(push, n@, 1)\n", "", "\n#pragma pack(pop, n~)\n", "", NULL},
    {"string pieces", "enum { A = sizeof(", "\"abc\" ", "", "", ") };", NULL},
    {"asm name pieces", "int f(void) __asm__(", "\"abc\" ", "", "", ");", NULL},
    {"comments", "", "/* c **/ // d\n", "", "", "int x;", NULL},
    {"spaces", "", " \t", "", "", "int x;", NULL},
    {"spliced lines", "", "int x\\\n@;", "", "", "", NULL},
    {"attributes", "int x ", "__attribute__((unused, aligned(4))) ", "", "", ";", NULL},
    {"assertions", "", "_Static_assert(sizeof(int) == 4, \"x\"); ", "", "", "", NULL},
    {"sums", "enum { A = 1", " + @", "", "", "};", NULL},
    {"function bodies", "", "static inline int f@(int x) { return (x); } ", "", "", "", NULL},
    {"declarators", "int x0", ", *x@, y@[3]", "", "", ";", NULL},
    {"typeof", "extern int x0;", "extern __typeof__(x`) x@; ", "", "", "", NULL},
    {"offsets", "struct m {", "int m@; ", "}; enum {", "O@ = __builtin_offsetof(struct m, m~), ", "};", NULL},
    {"a long name", "int x", "x", "", "", ";", NULL},
    {"an unknown name behind many", "", "typedef int t@; struct s@ { int a; }; ", "", "", "typo x;", "unknown type name 'typo'"},
    {"a member twice", "struct m {", "int m@; ", "", "", "int m1; };", "duplicate member 'm1'"},
    {"a parameter twice", "int f(", "int p@, ", "", "", "int p1);", "duplicate parameter 'p1'"},
    {"an enumerator twice", "enum {", "E@, ", "", "", "E1 };", "duplicate enumerator 'E1'"},
    {"a long line with an error", "int a0", ", a@", "", "", " typo;", "expected ';' after declaration"},
    {"another definition", "struct m {", "int m@; ", "}; struct m {", "int m@; ", "int more; };", "'struct m' is defined differently"},
    {"a comment that is not closed", "", "/* ", "", "", "", "comment is not closed"},
    {"a comment of stars", "/", "*", "", "", "", "comment is not closed"},
};

typedef struct Text {
    char *bytes;
    size_t length, capacity;
} Text;

static void add_byte(Text *text, char byte)
{
    if (text->length + 1 >= text->capacity) {
        text->capacity = 2 * text->capacity + 4096;
        text->bytes = realloc(text->bytes, text->capacity);
    }
    text->bytes[text->length++] = byte;
    text->bytes[text->length] = '\0';
}

static void add(Text *text, const char *piece)
{
    while (*piece != '\0')
        add_byte(text, *piece++);
}

static void add_numbered(Text *text, const char *piece, size_t count)
{
    size_t i;
    const char *at;
    for (i = 1; *piece != '\0' && i <= count; i++)
        for (at = piece; *at != '\0'; at++) {
            char digits[32];
            snprintf(digits, sizeof digits, "%zu", *at == '@' ? i : *at == '`' ? i - 1 : count + 1 - i);
            if (*at == '@' || *at == '`' || *at == '~')
                add(text, digits);
            else
                add_byte(text, *at);
        }
}

/* The blocks that the case takes with `count` pieces; 0 when its outcome is another. */
static size_t blocks_of(const struct Case *c, size_t count)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    Text text = {NULL, 0, 0};
    CdeclSource source;
    Error error = {.code = ERROR_NONE};
    size_t before;
    bool is_good, is_expected;
    add(&text, c->head);
    add_numbered(&text, c->piece, count);
    add(&text, c->between);
    add_numbered(&text, c->piece_behind, count);
    add(&text, c->tail);
    source = source_of(text.bytes);
    before = nblocks;
    is_good = cdecl_declare(table, &source, &error);
    before = nblocks - before;
    is_expected = c->error == NULL ? is_good : !is_good && strncmp(error.text, c->error, strlen(c->error)) == 0;
    if (!CHECK(is_expected))
        fprintf(stderr, "    %s: %u: %s\n", c->name, error.column, error.text);
    ctype_table_free(table);
    free(text.bytes);
    return is_expected ? before : 0;
}

/* -- lookups ---------------------------------------------------------------------------------------------------------------- */

/* The blocks that it takes to find a struct, a typedef, a function and a constant, `nlookups` of each among count of each. */
static size_t blocks_of_lookups(size_t count, size_t nlookups)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    Text text = {NULL, 0, 0};
    size_t i, before;
    add_numbered(&text, "struct s@ { int a; }; typedef struct s@ *t@; int f@(struct s@ *); enum { E@ = @ };", count);
    CHECK(declare(table, text.bytes));
    before = nblocks;
    for (i = 0; i < nlookups; i++) {
        size_t number = 1 + i * (count / nlookups);
        char name[32];
        snprintf(name, sizeof name, "struct s%zu", number);
        CHECK(type_of(table, name) != NULL);
        snprintf(name, sizeof name, "t%zu", number);
        CHECK(type_of(table, name) != NULL);
        snprintf(name, sizeof name, "f%zu", number);
        CHECK(find_decl(table, name) != NULL);
        snprintf(name, sizeof name, "E%zu", number);
        CHECK(find_decl(table, name) != NULL && find_decl(table, name)->value == number);
    }
    before = nblocks - before;
    ctype_table_free(table);
    free(text.bytes);
    return before;
}

/* A thousand times the declarations: the same work, but for longer names and the chance of the chains. */
static void check_lookups(void)
{
    size_t few = blocks_of_lookups(50, 50), many = blocks_of_lookups(50000, 50);
    CHECK(few > 0);
    if (!CHECK(many < few + few / 4))
        fprintf(stderr, "    %zu blocks among 200, %zu among 200,000\n", few, many);
    printf("counted_cdecl: 200 lookups take %zu blocks among 200 declarations, %zu among 200,000\n", few, many);
}

int main(void)
{
    double worst = 0;
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t few = blocks_of(&cases[i], FEW), many = blocks_of(&cases[i], MANY);
        double growth = few == 0 ? 0 : (double)many / (double)few;
        worst = growth > worst ? growth : worst;
        if (!CHECK(growth < 5.0))
            fprintf(stderr, "    %s: %zu blocks for %d, %zu for %d\n", cases[i].name, few, FEW, many, MANY);
    }
    CHECK(nblocks > 1000000);
    check_lookups();
    printf("counted_cdecl: four times as many take %.2f times the blocks at worst\n", worst);
    return unit_end("counted_cdecl");
}
