/* The parser and memory: every allocation of a parse fails once and leaves a usable table and no leak; declaring the same again
 * keeps no byte; nesting beyond the bound is an error and never a crash; large inputs work and stay linear. */
#include <pthread.h>
#include <time.h>

#include "cdecl_help.h"
#include "ctype/table.h"

/* One of everything. */
static const char everything[] =
    "typedef unsigned long my_size; typedef struct node node; struct node { node *next; int value : 3, : 2, rest : 11; my_size n; };\n"
    "struct big { int a, b, c, d, e, f, g, h, i, j; union { int k; struct { char l; }; }; struct { int m; } n[3]; };\n"
    "enum color { RED, GREEN = 1 << 4, BLUE }; enum { ANON = sizeof(struct big) }; static const int limit = BLUE * 2;\n"
    "typedef struct { float x, y; } vec; typedef enum { P, Q = 0xfffffffffLL } wide; typedef int fn(int, vec); fn *table[4]; fn declared;\n"
    "int f(const char *format, ...) __asm__(\"g\" \"h\"); void (*signal(int sig, void (*func)(int)))(int); extern int open_array[]; int k();\n"
    "enum { FLOATS = (int)(1.5e3L + 0x1p-3f), COUNT = sizeof((short[]){[3] = 1}) + sizeof(1.0i), TEXT = sizeof(L\"ab\" \"c\"), KIND = _Generic(1 ? (void *)0 : (long **)0, long **: 2) };\n"
    "static const char words[] = \"some words\"; static const int cast = __builtin_types_compatible_p(int (*[])(short **), int (*[2])(short **));\n"
    "typedef float v4 __attribute__((vector_size(16))); typedef int di __attribute__((mode(DI))); typedef int lax __attribute__((aligned(2)));\n"
    "typedef union { struct node *node; const char *text; } any_node __attribute__((transparent_union)); int count_any(any_node, int);\n"
    "# 12 \"some/file.h\" 3\n"
    "union __attribute__((packed, aligned(8))) u { char c; long l; const volatile int *restrict p; _Complex double z; };\n"
    "static inline int twice(int x) { return x * 2; } _Static_assert(sizeof(vec) == 8, \"two floats\"); int g(struct local { int q; } *p);\n"
    "#pragma pack(push, 1)\n"
    "struct packed { char c; int i; };\n"
    "struct scoped { enum { SCOPED = 3 }; struct { static const int inner = SCOPED, other = 2; int x; }; };\n"
    "#pragma pack(pop)\n"
    "extern int spliced\\\n, array[10][sizeof(int)]; typedef struct { int n; char data[]; } flexible; typedef struct { int n; int data[?]; } variable;\n"
    "struct node *later(struct unknown *, enum color c, int [3], __builtin_va_list); struct unknown { _Atomic int a; }; int k(int); extern int open_array[7];\n";

static void check_everything(const CTypeTable *table)
{
    CHECK(find_tag(table, "big") != NULL && ctype_is_complete(find_tag(table, "big")));
    CHECK(find_decl(table, "limit") != NULL && find_decl(table, "limit")->value == 34);
    CHECK(find_decl(table, "open_array") != NULL && find_decl(table, "open_array")->type->nelems == 7);
    CHECK_TEXT(ctype_asm_name(find_decl(table, "f")), "gh");
    CHECK(find_decl(table, "any_node") != NULL && find_decl(table, "any_node")->type->u.record->is_transparent);
}

/* -- failing allocations ---------------------------------------------------------------------------------------------------- */

/* Fails the n-th allocation of a declaration, for each n until it succeeds. Chunks of one byte make every allocation a call. */
static void fail_declarations(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table = ctype_table_new_sized(&allocator, 1);
    CdeclSource source = source_of(everything);
    bool is_done = false;
    size_t n;
    for (n = 1; !is_done && n < 100000; n++) {
        Error error;
        memset(&error, 0, sizeof error);
        heap.fail_at = heap.ncalls + n;
        is_done = cdecl_declare(table, &source, &error);
        heap.fail_at = 0;
        if (!is_done) {
            CHECK_INT(error.code, ERROR_MEMORY);
            CHECK_TEXT(error.text, "not enough memory");
            CHECK(find_tag(table, "node") == NULL && find_decl(table, "f") == NULL);
            CHECK(declare(table, "typedef int still_works;"));
        }
    }
    printf("cdecl_memory: %zu allocations of a declaration failed\n", n - 2);
    CHECK(n > 200);
    check_everything(table);
    ctype_table_free(table);
    CHECK_INT(heap.nblocks, 0);
    CHECK_INT(heap.nbytes, 0);
}

static void fail_tables(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table = NULL;
    size_t n;
    for (n = 1; table == NULL && n < 1000; n++) {
        heap.fail_at = heap.ncalls + n;
        table = ctype_table_new_sized(&allocator, 1);
        heap.fail_at = 0;
        if (table == NULL)
            CHECK_INT(heap.nblocks, 0);
    }
    CHECK(table != NULL && n > 50);
    ctype_table_free(table);
    CHECK_INT(heap.nbytes, 0);
}

static void fail_type_names(void)
{
    static const char *const names[] = {"int *(*(*)[3])(void)", "struct { int a; struct { long b; } c[3]; }",
                                        "void (*)(struct fresh *, enum fresh_enum { X1 })",
                                        "float __attribute__((vector_size(16))) *[sizeof(\"abc\")]"};
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table = ctype_table_new_sized(&allocator, 1);
    size_t i, n;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        CdeclSource source = source_of(names[i]);
        CType *type = NULL;
        for (n = 1; type == NULL && n < 1000; n++) {
            Error error;
            heap.fail_at = heap.ncalls + n;
            type = cdecl_type_name(table, &source, &error);
            heap.fail_at = 0;
            CHECK(type != NULL || error.code == ERROR_MEMORY);
        }
        CHECK(type != NULL);
    }
    ctype_table_free(table);
    CHECK_INT(heap.nblocks, 0);
}

/* -- the same again --------------------------------------------------------------------------------------------------------- */

static void declare_again(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table = ctype_table_new(&allocator);
    size_t nbytes, i;
    const CDecl *decl;
    CHECK(declare(table, everything));
    nbytes = heap.nbytes;
    decl = find_decl(table, "f");
    for (i = 0; i < 1000; i++)
        if (!CHECK(declare(table, everything)) || !CHECK_INT(heap.nbytes, nbytes))
            break;
    CHECK(find_decl(table, "f") == decl);
    CHECK(strcmp(ctype_param_name(decl, 0), "format") == 0);
    check_everything(table);
    ctype_table_free(table);
    CHECK_INT(heap.nblocks, 0);
}

/* What is said again beside something new costs nothing either. */
static void declare_more(void)
{
    static const char again[] =
        "struct large { int a, b, c, d, e, f, g, h, i, j, k, l, m, n; struct { char o; union { long p; double q; }; } r[3]; };\n"
        "typedef struct { struct large *first, *second; int third : 3, fourth : 4; } untagged; enum color { RED, GREEN, BLUE };\n"
        "int function(const char *format, untagged *u, void (*callback)(struct large *, enum color), ...); _Static_assert(1, \"\");\n"
        "static inline int twice(int argument) { int local = argument; return local * 2; } extern const volatile untagged *table[4];\n";
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    CTypeTable *table = ctype_table_new(&allocator);
    size_t nbytes, i, count = 1000;
    CHECK(declare(table, again));
    nbytes = heap.nbytes;
    for (i = 0; i < count; i++) {
        char text[2000];
        snprintf(text, sizeof text, "%s extern int fresh_%zu; %s struct node_%zu { int member; }; %s", again, i, again, i, again);
        CHECK(declare(table, text));
        snprintf(text, sizeof text, "node_%zu", i);
        CHECK(find_tag(table, text) != NULL && find_tag(table, text)->size == 4);
    }
    CHECK(heap.nbytes - nbytes < count * 500);
    CHECK_INT(find_tag(table, "large")->u.record->nmembers, 15);
    CHECK(declare(table, again));
    ctype_table_free(table);
    CHECK_INT(heap.nbytes, 0);
}

/* What a failed declaration made of an older type is gone with it: the qualified variants that it added before it completed the type,
 * and those that it added behind. */
static void roll_back_variants(void)
{
    CTypeTable *table = ctype_table_new_sized(&mem_system_allocator, 1);
    CdeclSource source = source_of("extern const struct s *a; struct s { int m; } b; extern volatile struct s c; enum e; typo d;");
    CType *type;
    const TypeNode *variant;
    Error error;
    CHECK(declare(table, "struct s; extern struct s *p;"));
    type = find_tag(table, "s");
    CHECK(!cdecl_declare(table, &source, &error));
    CHECK_TEXT(error.text, "unknown type name 'typo'");
    CHECK(!ctype_is_complete(type) && type_node(type)->next == NULL);
    CHECK(declare(table, "extern const struct s *a; struct s { int m; }; extern volatile struct s c;"));
    CHECK_INT(type->size, 4);
    for (variant = type_node(type); variant != NULL; variant = variant->next)
        CHECK_INT(variant->type.size, 4);
    CHECK(find_decl(table, "c")->type->main == type);
    ctype_table_free(table);
}

/* Tags of parameter lists hide those of the file only for as long as the list lasts, also when it ends in an error. */
static void close_scopes(void)
{
    static const char *const texts[] = {
        "int f(struct s { int a; struct fresh { int b; } c; } *p, struct s *q, int (*g)(enum e { A } e, struct t { int c; } *t));",
        "int g(struct s { int a; struct fresh { int b; } c; } *p, int (*g)(enum e { B } e, struct t { int c; } *t, typo)",
        "int g(struct s { int a; struct fresh { int b; } c; } *p, int (*g)(enum e { B } e, struct t { int c",
    };
    CTypeTable *table = ctype_table_new_sized(&mem_system_allocator, 1);
    CType *s, *t;
    size_t i;
    CHECK(declare(table, "struct s { long l; }; struct t;"));
    s = find_tag(table, "s");
    t = find_tag(table, "t");
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
        CdeclSource source = source_of(texts[i]);
        Error error;
        CHECK(cdecl_declare(table, &source, &error) == (i == 0));
        CHECK(find_tag(table, "s") == s && find_tag(table, "t") == t);
        CHECK(find_tag(table, "fresh") == NULL && find_tag(table, "e") == NULL);
    }
    CHECK(find_decl(table, "f")->type->u.function->params[0] == find_decl(table, "f")->type->u.function->params[1]);
    CHECK(find_decl(table, "f")->type->u.function->params[0]->u.element != s);
    CHECK(!ctype_is_complete(t) && declare(table, "struct t { char c; };"));
    ctype_table_free(table);
}

/* -- depth ------------------------------------------------------------------------------------------------------------------ */

typedef struct Text {
    char *bytes;
    size_t length, capacity;
} Text;

static void add(Text *text, const char *piece, size_t count)
{
    size_t length = strlen(piece), i;
    if (text->length + length * count + 1 > text->capacity) {
        text->capacity = 2 * (text->length + length * count + 1);
        text->bytes = realloc(text->bytes, text->capacity);
    }
    for (i = 0; i < count; i++, text->length += length)
        memcpy(text->bytes + text->length, piece, length);
    text->bytes[text->length] = '\0';
}

/* before × n, middle, after × n between a head and a tail */
static const struct Nest {
    const char *name, *head, *before, *middle, *after, *tail;
} nests[] = {
    {"stars", "int ", "*", "x", "", ";"},
    {"parentheses around a name", "int ", "(", "x", ")", ";"},
    {"pointers in parentheses", "int ", "(*", "x", ")", ";"},
    {"brackets", "int x", "[1]", "", "", ";"},
    {"structs", "", "struct { ", "int x;", "} a; ", ""},
    {"unnamed unions", "struct s { ", "union { ", "int x; ", "}; ", "};"},
    {"parameters", "int f", "(int g", "(void)", ")", ";"},
    {"abstract parameters", "int f", "(int ", "(void)", ")", ";"},
    {"parentheses in an expression", "enum { A = ", "(", "1", ")", "};"},
    {"unary operators", "enum { A = ", "- ", "1", "", "};"},
    {"casts", "enum { A = ", "(int)", "1", "", "};"},
    {"sizeof", "enum { A = ", "sizeof ", "1", "", "};"},
    {"sizeof types", "enum { A = ", "sizeof(char[", "1", "])", "};"},
    {"conditions", "enum { A = ", "1 ? 1 : ", "1", "", "};"},
    {"conditions inside", "enum { A = ", "1 ? ", "1", " : 1", "};"},
    {"typeof", "", "__typeof__(", "int", ")", " x;"},
    {"_Atomic", "", "_Atomic(", "int", ")", " x;"},
    {"attributes", "int x __attribute__((", "x(", "1", ")", "));"},
    {"skipped bodies", "int f(void) { ", "{", "", "}", "}"},
    {"initializers", "int x = ", "{", "1", "}", ";"},
    {"function pointers", "int ", "(*", "x", ")(void)", ";"},
    {"indices", "extern int a[2]; enum { A = sizeof a", "[a", "[0]", "]", "};"},
    {"unfinished parentheses", "int ", "(", "", "", ""},
    {"unfinished braces", "", "struct {", "", "", ""},
    {"unfinished parameters", "int f", "(int(", "", "", ""},
};

static const char *const flat[][3] = {
    {"", "int x; ", ""},
    {"enum { A = 1", " + 1", "};"},
    {"int ", "x, ", "x;"},
    {"void f(", "int, ", "int);"},
    {"const ", "const ", "int x;"},
    {"int x __attribute__((", "unused, ", "used));"},
    {"enum { A = sizeof(", "\"x\"", ") };"},
    {"", "/* c */", ""},
    {"", ";", ""},
    {"", "# 1 \"a\"\n", ""},
    {"", "#pragma pack(push, 1)\n", ""},
    {"", "\\\n", ""},
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* True, or an error that is a limit; false with `Error` when the text is bad otherwise. */
static bool declare_large(const Text *text, Error *error)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    CdeclSource source = {.text = text->bytes, .length = text->length};
    bool is_good = cdecl_declare(table, &source, error);
    if (is_good)
        error->code = ERROR_NONE;
    ctype_table_free(table);
    return is_good;
}

static void nest(const struct Nest *n, size_t depth, Text *text)
{
    text->length = 0;
    add(text, n->head, 1);
    add(text, n->before, depth);
    add(text, n->middle, 1);
    add(text, n->after, depth);
    add(text, n->tail, 1);
}

static void check_nests(void)
{
    Text text = {NULL, 0, 0};
    size_t i;
    Error error;
    for (i = 0; i < sizeof nests / sizeof *nests; i++) {
        bool is_finished = strncmp(nests[i].name, "unfinished", 10) != 0;
        nest(&nests[i], 190, &text);
        memset(&error, 0, sizeof error);
        if (!CHECK(declare_large(&text, &error) || !is_finished))
            fprintf(stderr, "    190 %s: %u: %s\n", nests[i].name, error.column, error.text);
        nest(&nests[i], 1000000, &text);
        memset(&error, 0, sizeof error);
        if (!CHECK(declare_large(&text, &error) || error.code == ERROR_LIMIT || !is_finished))
            fprintf(stderr, "    1000000 %s: %u: %s\n", nests[i].name, error.column, error.text);
    }
    free(text.bytes);
}

static void check_limit_texts(void)
{
    Text text = {NULL, 0, 0};
    Error error;
    nest(&nests[1], 900, &text);
    CHECK(!declare_large(&text, &error));
    CHECK_TEXT(error.text, "nested too deeply at '('");
    CHECK_INT(error.code, ERROR_LIMIT);
    CHECK_INT(error.column, 605);
    nest(&nests[1], 599, &text);
    CHECK(declare_large(&text, &error));
    nest(&nests[0], 1000, &text);
    CHECK(declare_large(&text, &error));
    nest(&nests[0], 1001, &text);
    CHECK(!declare_large(&text, &error));
    CHECK_TEXT(error.text, "type is nested too deeply");
    CHECK_INT(error.column, 1005);
    free(text.bytes);
}

/* Typedefs and members can stack derivations over many declarations: the bound is on the type, not on the text. */
static void check_stacked(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    char text[100];
    unsigned i;
    Error error = {.code = ERROR_NONE};
    bool is_good = true;
    CHECK(declare(table, "typedef int *t0; struct s0 { int a; };"));
    for (i = 1; is_good && i < 2000; i++) {
        CdeclSource source;
        snprintf(text, sizeof text, "typedef t%u *t%u;", i - 1, i);
        source = source_of(text);
        is_good = cdecl_declare(table, &source, &error);
    }
    CHECK_INT(i, 1001);
    CHECK_INT(error.code, ERROR_LIMIT);
    for (is_good = true, i = 1; is_good && i < 2000; i++) {
        CdeclSource source;
        snprintf(text, sizeof text, "struct s%u { struct s%u a; };", i, i - 1);
        source = source_of(text);
        is_good = cdecl_declare(table, &source, &error);
    }
    CHECK_INT(error.code, ERROR_LIMIT);
    CHECK(i > 900 && i < 1100);
    ctype_table_free(table);
}

/* -- size ------------------------------------------------------------------------------------------------------------------- */

/* Long lists of what leaves little behind. */
static void check_flat(void)
{
    Text text = {NULL, 0, 0};
    size_t i;
    Error error;
    for (i = 0; i < sizeof flat / sizeof *flat; i++) {
        text.length = 0;
        add(&text, flat[i][0], 1);
        add(&text, flat[i][1], 300000);
        add(&text, flat[i][2], 1);
        if (!CHECK(declare_large(&text, &error)))
            fprintf(stderr, "    %s: %u: %s\n", flat[i][1], error.column, error.text);
    }
    free(text.bytes);
}

/* 200,000 members, enumerators, parameters, and tagged types; each is found again. */
static void check_many(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    Text text = {NULL, 0, 0};
    char piece[64];
    unsigned i, count = 200000;
    uint64_t offset;
    const CType *type;
    add(&text, "struct many {", 1);
    for (i = 0; i < count; i++) {
        snprintf(piece, sizeof piece, " int m%u;", i);
        add(&text, piece, 1);
    }
    add(&text, " }; enum {", 1);
    for (i = 0; i < count; i++) {
        snprintf(piece, sizeof piece, " E%u,", i);
        add(&text, piece, 1);
    }
    add(&text, " }; int f(", 1);
    for (i = 0; i < count; i++) {
        snprintf(piece, sizeof piece, "%sint p%u", i > 0 ? ", " : "", i);
        add(&text, piece, 1);
    }
    add(&text, ");", 1);
    for (i = 0; i < count; i++) {
        snprintf(piece, sizeof piece, " struct t%u { struct t%u *a[%u]; };", i, i, i);
        add(&text, piece, 1);
    }
    if (CHECK(declare(table, text.bytes))) {
        type = find_tag(table, "many");
        CHECK_INT(type->size, 4 * count);
        CHECK(ctype_find_member(type->u.record, "m199999", 7, &offset) == &type->u.record->members[199999] &&
              offset == 799996);
        CHECK_INT(find_decl(table, "E199999")->value, 199999);
        CHECK_INT(find_decl(table, "f")->type->u.function->nparams, count);
        CHECK_TEXT(ctype_param_name(find_decl(table, "f"), 199999), "p199999");
        CHECK_INT(find_tag(table, "t199999")->size, 8 * 199999);
    }
    ctype_table_free(table);
    free(text.bytes);
}

/* In a thread with 1 MiB of stack, where the bound on nesting must hold as well. The sanitizers' frames are larger. */
static void *check_depth(void *unused)
{
    check_limit_texts();
    check_stacked();
    check_nests();
    return unused;
}

static void run_on_small_stack(void *(*function)(void *))
{
#ifdef __SANITIZE_ADDRESS__
    const size_t nbytes = 8u << 20;
#else
    const size_t nbytes = 1u << 20;
#endif
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    CHECK_INT(pthread_attr_setstacksize(&attributes, nbytes), 0);
    if (CHECK(pthread_create(&thread, &attributes, function, NULL) == 0))
        pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
}

int main(void)
{
    double start = seconds();
    fail_tables();
    fail_declarations();
    fail_type_names();
    declare_again();
    declare_more();
    roll_back_variants();
    close_scopes();
    run_on_small_stack(check_depth);
    check_flat();
    check_many();
    printf("cdecl_memory: %.1f s\n", seconds() - start);
    return unit_end("cdecl_memory");
}
