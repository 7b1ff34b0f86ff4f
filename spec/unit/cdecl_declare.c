/* What declarations declare: kinds, types, parameters, symbols, constants; redeclaration; gcc's enum types; tags and scopes. */
#include <inttypes.h>

#include "cdecl_help.h"
#include "ctype/build.h"

/* A declaration, and what ctype_spell says of a name in it. */
static const struct Case {
    const char *text, *name;
    CDeclKind kind;
    const char *spelling;
} cases[] = {
    {"int f(void);", "f", CDECL_FUNCTION, "int (void)"},
    {"int f();", "f", CDECL_FUNCTION, "int ()"},
    {"extern int printf(const char *__restrict format, ...);", "printf", CDECL_FUNCTION, "int (const char *, ...)"},
    {"void (*signal(int sig, void (*func)(int)))(int);", "signal", CDECL_FUNCTION, "void (*(int, void (*)(int)))(int)"},
    {"typedef int fn(double); fn f;", "f", CDECL_FUNCTION, "int (double)"},
    {"typedef int fn(double); fn *f;", "f", CDECL_VARIABLE, "int (*)(double)"},
    {"typedef int fn(double); int f(fn g, fn *h);", "f", CDECL_FUNCTION, "int (int (*)(double), int (*)(double))"},
    {"int f(int a[3], int b[], int c[static 4], int d[const], int e[*], int g[2][3]);", "f", CDECL_FUNCTION, "int (int *, int *, int *, int *, int *, int (*)[3])"},
    {"int f(int n, int a[n], int b[n + 1][3]);", "f", CDECL_FUNCTION, "int (int, int *, int (*)[3])"},
    {"int f(int n, int m, int a[n][m]);", "f", CDECL_FUNCTION, "int (int, int, int (*)[])"},
    {"typedef int T; int f(int T, T x);", "f", CDECL_FUNCTION, "int (int, int)"},
    {"typedef int T; int f(int (T));", "f", CDECL_FUNCTION, "int (int (*)(int))"},
    {"int f(int (x));", "f", CDECL_FUNCTION, "int (int)"},
    {"int f(int (*x)(int), int (*)(int), int (int), int());", "f", CDECL_FUNCTION, "int (int (*)(int), int (*)(int), int (*)(int), int (*)())"},
    {"int f(register int x, const char c, int *const p);", "f", CDECL_FUNCTION, "int (int, char, int *)"},
    {"int (f)(int), (*g)(int), ((h));", "h", CDECL_VARIABLE, "int"},
    {"int (f)(int), (*g)(int), ((h));", "g", CDECL_VARIABLE, "int (*)(int)"},
    {"int x, *y, z[3], (*w)[3], *v[3];", "w", CDECL_VARIABLE, "int (*)[3]"},
    {"int x, *y, z[3], (*w)[3], *v[3];", "v", CDECL_VARIABLE, "int *[3]"},
    {"long int typedef unsigned T;", "T", CDECL_TYPEDEF, "unsigned long"},
    {"int static const x = 4;", "x", CDECL_CONSTANT, "const int"},
    {"static const _Bool x = 4;", "x", CDECL_CONSTANT, "const _Bool"},
    {"static const double x = 4;", "x", CDECL_VARIABLE, "const double"},
    {"const int x = 4;", "x", CDECL_VARIABLE, "const int"},
    {"static int x = sizeof(int), y;", "y", CDECL_VARIABLE, "int"},
    {"int x[] = {1, 2, {3, 4}}, y;", "y", CDECL_VARIABLE, "int"},
    {"enum { A, B = 5 };", "B", CDECL_CONSTANT, "enum {line 1}"},
    {"typedef struct { int a; } T; T *f(const T *);", "f", CDECL_FUNCTION, "T *(const T *)"},
    {"typedef struct tag { int a; } T; T x;", "x", CDECL_VARIABLE, "struct tag"},
    {"struct { int a; } x, *y;", "y", CDECL_VARIABLE, "struct {line 1} *"},
    {"static __inline__ __attribute__((always_inline)) int f(int x) { if (x) { return '}' + \"}\"[0]; } return 0; } int y;", "y", CDECL_VARIABLE, "int"},
    {"extern __inline int f(int x) { return x; }", "f", CDECL_FUNCTION, "int (int)"},
    {"_Noreturn void f(void) __attribute__((noreturn, format(printf, 1, 2), nonnull));", "f", CDECL_FUNCTION, "void (void)"},
    {"__extension__ typedef long long T;", "T", CDECL_TYPEDEF, "long long"},
    {"extern _Thread_local int x; extern __thread int y; thread_local int z;", "z", CDECL_VARIABLE, "int"},
    {"_Alignas(16) extern int x;", "x", CDECL_VARIABLE, "int"},
    {"int *__attribute__((aligned(8))) const x, __attribute__((unused)) *y;", "y", CDECL_VARIABLE, "int *"},
    {"int f(__attribute__((unused)) int x, int __attribute__((unused)) y, int z __attribute__((unused)));", "f", CDECL_FUNCTION, "int (int, int, int)"},
    {"typedef float v4 __attribute__((vector_size(16))); v4 f(v4 *);", "f", CDECL_FUNCTION, "float __attribute__((vector_size(16))) (float __attribute__((vector_size(16))) *)"},
    {"typedef int v4 __attribute__((__mode__(__V4SI__)));", "v4", CDECL_TYPEDEF, "int __attribute__((vector_size(16)))"},
    {"typedef unsigned T __attribute__((mode(DI)));", "T", CDECL_TYPEDEF, "unsigned long"},
    {"typedef int T __attribute__((__mode__(__QI__)));", "T", CDECL_TYPEDEF, "signed char"},
    {"typedef int T __attribute__((mode(TI)));", "T", CDECL_TYPEDEF, "__int128"},
    {"typedef unsigned T __attribute__((mode(word)));", "T", CDECL_TYPEDEF, "unsigned long"},
    {"typedef float T __attribute__((mode(TF)));", "T", CDECL_TYPEDEF, "__float128"},
    {"typedef float T __attribute__((mode(XF)));", "T", CDECL_TYPEDEF, "long double"},
    {"typedef _Complex float T __attribute__((mode(DC)));", "T", CDECL_TYPEDEF, "_Complex double"},
    {"typedef float _Decimal32 __attribute__((mode(SD)));", "_Decimal32", CDECL_TYPEDEF, "_Decimal32"},
    {"typedef float T __attribute__((mode(BF)));", "T", CDECL_TYPEDEF, "__bf16"},
    {"typedef float T __attribute__((mode(V8BF)));", "T", CDECL_TYPEDEF, "__bf16 __attribute__((vector_size(16)))"},
    {"typedef __typeof__(int *) T; T f(__typeof__(sizeof(int)));", "f", CDECL_FUNCTION, "int *(unsigned long)"},
    {"static const unsigned k = 5; extern __typeof__(k) v;", "v", CDECL_VARIABLE, "const unsigned int"},
    {"int f(void) __asm__(\"sym\" \"bol\") __attribute__((nothrow));", "f", CDECL_FUNCTION, "int (void)"},
    {"void __attribute__((ms_abi)) f(int);", "f", CDECL_FUNCTION, "void __attribute__((ms_abi)) (int)"},
    {"void f(int) __attribute__((ms_abi));", "f", CDECL_FUNCTION, "void __attribute__((ms_abi)) (int)"},
    {"void (__attribute__((ms_abi)) *f)(int);", "f", CDECL_VARIABLE, "void (__attribute__((ms_abi)) *)(int)"},
    {"int f(struct unseen *p); struct unseen { int a; };", "f", CDECL_FUNCTION, "int (struct unseen *)"},
    {"int f(int &x, const char &y);", "f", CDECL_FUNCTION, "int (int &, const char &)"},
    {"; ; int x;", "x", CDECL_VARIABLE, "int"},
    {"asm(\".globl foo\"); int x;", "x", CDECL_VARIABLE, "int"},
    {"#pragma once\n#ident \"x\"\nint x;\r\n\v\f", "x", CDECL_VARIABLE, "int"},
    {"in\\\nt x; // line \\\n int y;\nint z;", "z", CDECL_VARIABLE, "int"},
    {"int wchar_t, bool;", "bool", CDECL_VARIABLE, "int"},
    {"typedef unsigned char bool; bool f(bool);", "f", CDECL_FUNCTION, "unsigned char (unsigned char)"},
    {"typedef long long int64_t; typedef unsigned long long size_t; size_t f(int64_t);", "f", CDECL_FUNCTION, "unsigned long (long)"},
    {"typedef unsigned int size_t; typedef short int64_t; typedef unsigned size_t; size_t f(int64_t);", "f", CDECL_FUNCTION, "unsigned long (long)"},
    {"typedef char *va_list; int f(va_list, __gnuc_va_list);", "f", CDECL_FUNCTION, "int (struct __va_list_tag *, struct __va_list_tag *)"},
    {"typedef unsigned short char16_t; typedef int char32_t; char32_t f(char16_t);", "f", CDECL_FUNCTION, "int (unsigned short)"},
    {"union u { union u; long a; } x;", "x", CDECL_VARIABLE, "union u"},
    {"int caf\303\251;", "caf\303\251", CDECL_VARIABLE, "int"},
};

static void check_cases(void)
{
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        CTypeTable *table = ctype_table_new(&mem_system_allocator);
        const CDecl *decl;
        if (CHECK(declare(table, cases[i].text)) && CHECK((decl = find_decl(table, cases[i].name)) != NULL)) {
            bool is_kind = CHECK_INT(decl->kind, cases[i].kind);
            if (!CHECK_TEXT(spell(decl->type), cases[i].spelling) || !is_kind)
                fprintf(stderr, "    %s\n", cases[i].text);
            CHECK(declare(table, cases[i].text));
        }
        ctype_table_free(table);
    }
}

static void check_declarations(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    const CDecl *f;
    CdeclSource source = source_of("\n\nint f(int a, char *, struct point *where) __asm__(\"real_f\");\n");
    Error error;
    source.file = "some.h";
    CHECK(cdecl_declare(table, &source, &error));
    f = find_decl(table, "f");
    CHECK_TEXT(ctype_asm_name(f), "real_f");
    CHECK_TEXT(ctype_param_name(f, 0), "a");
    CHECK(ctype_param_name(f, 1) == NULL);
    CHECK_TEXT(ctype_param_name(f, 2), "where");
    CHECK_INT(f->line, 3);
    CHECK_TEXT(ctype_file(table, f->file), "some.h");
    CHECK(f->name == ctype_find_name(table, "f", 1));
    CHECK(declare(table, "int g(int, char *); int (*h)(int a); typedef int fn(int a); fn k;"));
    CHECK(!find_decl(table, "g")->has_param_names);
    CHECK(!find_decl(table, "h")->has_param_names);
    CHECK(!find_decl(table, "k")->has_param_names);
    CHECK(find_decl(table, "nothing") == NULL && find_tag(table, "nothing") == NULL);
    CHECK(find_tag(table, "point") != NULL);
    ctype_table_free(table);
}

/* A second declaration that says more completes the first; what it says less changes nothing. */
static void check_completion(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    const CDecl *f, *a;
    CHECK(declare(table, "int f(); extern int a[];"));
    f = find_decl(table, "f");
    a = find_decl(table, "a");
    CHECK(declare(table, "int f(int x, char y) __asm__(\"s\"); extern int a[4];"));
    CHECK(find_decl(table, "f") == f && find_decl(table, "a") == a);
    CHECK_TEXT(spell(f->type), "int (int, char)");
    CHECK_TEXT(ctype_param_name(f, 1), "y");
    CHECK_TEXT(ctype_asm_name(f), "s");
    CHECK_INT(a->type->nelems, 4);
    CHECK(declare(table, "int f(); int f(int, char); extern int a[]; extern int a[4]; typedef int T; typedef int T;"));
    CHECK_TEXT(spell(f->type), "int (int, char)");
    CHECK_TEXT(ctype_param_name(f, 1), "y");
    CHECK_INT(a->type->nelems, 4);
    CHECK(declare(
        table,
        "struct s; struct s *p; struct s { int a; struct s *next; }; struct s; struct s { int a; struct s *next; };"));
    CHECK(find_decl(table, "p")->type->u.element == find_tag(table, "s"));
    CHECK(declare(table, "typedef struct { int a; struct { int b; } c; enum { INNER = 3 } d; } same; same *q;"));
    CHECK(declare(table, "typedef struct { int a; struct { int b; } c; enum { INNER = 3 } d; } same; same *q;"));
    ctype_table_free(table);
}

/* A definition in a parameter list is local to it; a mention is not. */
static void check_scopes(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    CHECK(declare(table, "int f(struct s { int a; } *x, struct s *y); struct s { double d; }; int g(struct t *); "
                         "struct t { char c; };"));
    CHECK_INT(find_tag(table, "s")->size, 8);
    CHECK_INT(find_decl(table, "f")->type->u.function->params[0]->u.element->size, 4);
    CHECK(find_decl(table, "f")->type->u.function->params[0] == find_decl(table, "f")->type->u.function->params[1]);
    CHECK(find_decl(table, "g")->type->u.function->params[0]->u.element == find_tag(table, "t"));
    CHECK(declare(table, "struct outer { struct inner { int a; } in; }; struct inner x;"));
    CHECK(declare(table, "typedef int name; struct name { name name; }; union u { struct name name; };"));
    ctype_table_free(table);
}

/* Whether gcc takes the declarations. */
static bool compiles(const char *text)
{
    char command[512];
    FILE *file = create_source("scopes");
    fprintf(file, "%s\n", text);
    fclose(file);
    snprintf(command, sizeof command, "%s -fsyntax-only '%s/scopes.c' 2>/dev/null", oracle_compiler(), scratch_directory());
    return system(command) == 0;
}

/* A parameter's name is a bound's from there to the end of its list, an inner list's name of the same text notwithstanding. */
static void check_parameter_scopes(void)
{
    static const char *const good[] = {
        "int f1(int n, int a[2][n]);", "int f2(int n, int (*g)(int n, int b[3][n]), int a[2][n + 1]);",
        "int f3(int n, int (*g)(int m, int b[m][n]), int (*h)(int m, int n, int b[n][m]), int a[n][n]);"};
    static const char *const bad[] = {"int g1(int (*g)(int n), int a[2][n]);", "int (*g2(int n))(int a[2][n]);",
                                      "int g3(int n), g4(int a[2][n]);", "int g5(int a[2][n], int n);"};
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    size_t i;
    for (i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(compiles(good[i]) && declare(table, good[i]));
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        CdeclSource source = source_of(bad[i]);
        Error error;
        CHECK(!compiles(bad[i]) && !cdecl_declare(table, &source, &error));
        CHECK_TEXT(error.text, "'n' is not declared");
    }
    ctype_table_free(table);
}

/* -- values for $ ------------------------------------------------------------------------------------------------------------ */

static void check_values(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    CdeclParam params[4] = {{.kind = CDECL_PARAM_NAME},
                            {.kind = CDECL_PARAM_TYPE},
                            {.kind = CDECL_PARAM_NAME},
                            {.kind = CDECL_PARAM_INTEGER, .u.integer = 7}};
    CdeclSource source = source_of("struct $ { const $ *$[$]; };");
    Error error;
    CType *type;
    params[0].u.name.text = "made";
    params[0].u.name.length = 4;
    params[1].u.type = type_of(table, "struct { int a; }");
    params[2].u.name.text = "items and more";
    params[2].u.name.length = 5;
    source.params = params;
    source.nparams = 4;
    CHECK(cdecl_declare(table, &source, &error));
    type = find_tag(table, "made");
    CHECK_INT(type->size, 56);
    CHECK_TEXT(type->u.record->members[0].name, "items");
    CHECK(type->u.record->members[0].type->u.element->u.element->main == params[1].u.type);
    source.text = "$ (*)[$]";
    source.length = 8;
    params[2] = params[3];
    source.params = params + 1;
    source.nparams = 2;
    type = cdecl_type_name(table, &source, &error);
    CHECK(type != NULL && type->u.element->nelems == 7);
    params[3].u.integer = -3;
    source.text = "enum { MINUS_THREE = $ };";
    source.length = strlen(source.text);
    source.params = params + 3;
    source.nparams = 1;
    CHECK(cdecl_declare(table, &source, &error));
    CHECK_INT(find_decl(table, "MINUS_THREE")->value, -3);
    ctype_table_free(table);
}

/* -- enums against gcc ---------------------------------------------------------------------------------------------------------- */

static const char *const enums[] = {
    "{ A%u }", "{ A%u = -1 }", "{ A%u = 0x7fffffff }", "{ A%u = 0x80000000 }", "{ A%u = 0xffffffff }", "{ A%u = 0x100000000 }", "{ A%u = -1, B%u = 0x80000000 }",
    "{ A%u = -1, B%u = 0x8000000000000000 }", "{ A%u = 0x8000000000000001, B%u = -5, C%u }", "{ A%u = -1, B%u = 0xffffffffffffffff } __attribute__((packed))", "{ A%u = -0x80000000LL }", "{ A%u = -0x80000001LL }", "{ A%u = 0x7fffffffffffffff }", "{ A%u = 0x8000000000000000 }", "{ A%u = 0xffffffffffffffff }",
    "{ A%u = 200 } __attribute__((packed))", "{ A%u = -1 } __attribute__((packed))", "{ A%u = 300 } __attribute__((packed))", "{ A%u = -200 } __attribute__((packed))",
    "{ A%u = 70000 } __attribute__((packed))", "{ A%u = 1LL << 40 } __attribute__((packed))", "{ A%u = -1, B%u = 200 } __attribute__((packed))",
    "{ A%u = 1 } __attribute__((aligned(2), packed))", "{ A%u = 1 } __attribute__((packed, aligned(2)))", "{ A%u = 1 } __attribute__((aligned(8)))",
    "{ A%u = 1 } __attribute__((aligned(8))) __attribute__((packed))", "{ A%u = 1 } __attribute__((packed)) __attribute__((aligned(8), packed))", "{ A%u = 1 } __attribute__((mode(DI)))", "{ A%u = 1 } __attribute__((mode(QI)))", "{ A%u = 'x', B%u }", "{ A%u = 5u }", "{ A%u = 5ull }", "{ A%u = (char)-1, B%u }",
    "{ A%u = 4294967295, B%u }", "{ A%u = 0x7ffffffffffffffe, B%u }", "{ A%u = -5000000000, B%u = 5 }",
};

static void check_enums(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    FILE *file = create_source("enums"), *output;
    unsigned i, count = sizeof enums / sizeof *enums;
    fprintf(file, "#include <stdio.h>\n");
    for (i = 0; i < count; i++) {
        char body[128], text[200];
        snprintf(body, sizeof body, "%s", enums[i]);
        for (char *at = body; (at = strstr(at, "%u")) != NULL;) {
            at[0] = (char)('a' + i / 10);
            at[1] = (char)('0' + i % 10);
        }
        snprintf(text, sizeof text, "enum e%u %s;", i, body);
        CHECK(declare(table, text));
        fprintf(file, "%s\n", text);
    }
    fprintf(file, "int main(void) {\n");
    for (i = 0; i < count; i++)
        fprintf(file,
                "printf(\"%%zu %%d %%ld %%zu\\n\", sizeof(enum e%u), (enum e%u)-1 > 0, (long)A%c%c, sizeof(A%c%c));\n",
                i, i, 'a' + i / 10, '0' + i % 10, 'a' + i / 10, '0' + i % 10);
    fprintf(file, "}\n");
    fclose(file);
    output = run_oracle("enums");
    for (i = 0; CHECK(output != NULL) && i < count; i++) {
        char line[100] = "", got[100], name[32], text[64];
        const CType *type;
        snprintf(name, sizeof name, "e%u", i);
        type = find_tag(table, name);
        snprintf(name, sizeof name, "A%c%c", 'a' + i / 10, '0' + i % 10);
        snprintf(text, sizeof text, "char [sizeof(%s)]", name);
        snprintf(got, sizeof got, "%" PRIu64 " %d %" PRId64 " %" PRIu64 "\n", type->size,
                 ctype_scalar_class((CScalar)type->scalar) == CSCALAR_UNSIGNED, (int64_t)find_decl(table, name)->value,
                 type_of(table, text)->size);
        CHECK(fgets(line, sizeof line, output) != NULL);
        if (!CHECK_TEXT(got, line))
            fprintf(stderr, "    enum %s\n", enums[i]);
    }
    if (output != NULL)
        pclose(output);
    ctype_table_free(table);
}

/* -- records -------------------------------------------------------------------------------------------------------------------- */

static void check_records(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    const CMember *member;
    const CType *type;
    uint64_t offset;
    CHECK(declare(table, "struct flexible { int n; char data[]; }; struct variable { int n; long data[?]; }; struct "
                         "holder { int a; struct variable v; };"));
    type = find_tag(table, "flexible");
    CHECK(type->u.record->has_flexible && !type->is_vla && type->size == 4);
    type = find_tag(table, "variable");
    CHECK(type->u.record->has_flexible && type->is_vla && type->size == 8);
    CHECK(find_tag(table, "holder")->is_vla);
    CHECK(declare(table, "struct fields { int a : 3, : 5, b : 4; int : 0; unsigned c : 1; };"));
    member = ctype_find_member(find_tag(table, "fields")->u.record, "b", 1, &offset);
    CHECK(member->is_bitfield && member->bit_offset == 8 && member->bit_width == 4 && offset == 0);
    CHECK_INT(find_tag(table, "fields")->u.record->nmembers, 5);
    CHECK(ctype_find_member(find_tag(table, "fields")->u.record, "nothing", 7, &offset) == NULL);
    CHECK(declare(table, "struct plain { int p; }; struct extended { struct plain; union { int q; char r; }; };"));
    CHECK(ctype_find_member(find_tag(table, "extended")->u.record, "r", 1, &offset) != NULL && offset == 4);
    CHECK(ctype_find_member(find_tag(table, "extended")->u.record, "p", 1, &offset) != NULL && offset == 0);
    ctype_table_free(table);
}

/* The value of an enumerator, or -99. */
static int64_t enumerator(const CType *type, const char *name)
{
    uint64_t value;
    return ctype_find_enumerator(type->u.enumeration, name, strlen(name), &value) ? (int64_t)value : -99;
}

static void check_enumerators(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    const CType *color, *again;
    CHECK(declare(table, "enum color { RED = 1, BLUE, DARK = -5 }; static const enum color PAINT = 2; enum wood { OAK = 2 };"
                         "int color(enum scoped { INNER = 7 } x); extern int variable; typedef enum { MINE } enum_t;"));
    color = find_tag(table, "color");
    CHECK_INT(enumerator(color, "BLUE"), 2);
    CHECK_INT(enumerator(color, "DARK"), -5);
    CHECK_INT(enumerator(color, "BLU"), -99);
    CHECK_INT(enumerator(color, "PAINT"), -99);
    CHECK_INT(enumerator(color, "OAK"), -99);
    CHECK_INT(enumerator(color, "variable"), -99);
    CHECK_INT(enumerator(color, "INNER"), -99);
    CHECK_INT(enumerator(color, ""), -99);
    CHECK_INT(enumerator(find_decl(table, "enum_t")->type, "MINE"), 0);
    CHECK_INT(enumerator(find_decl(table, "color")->type->u.function->params[0], "INNER"), 7);
    CHECK(declare(table, "enum color { RED = 1, BLUE, DARK = -5 }; typedef enum { MINE } enum_t; enum_t f(enum { MINE } x);"));
    CHECK_INT(enumerator(find_tag(table, "color"), "BLUE"), 2);
    again = find_decl(table, "f")->type->u.function->params[0];
    CHECK_INT(enumerator(again, "MINE"), 0);
    ctype_table_free(table);
}

/* Each name of the table is met once. */
static void check_names(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    char text[64];
    const CName *name = NULL;
    uint32_t stamp;
    size_t i, count = 0, nmet = 0;
    for (i = 0; i < 3000; i++) {
        snprintf(text, sizeof text, "extern int met_%zu;", i);
        CHECK(declare(table, text));
    }
    stamp = ctype_next_stamp(table);
    while ((name = ctype_next_name(table, name)) != NULL) {
        CHECK(name->stamp != stamp);
        ctype_name_of(name->text)->stamp = stamp;
        nmet += strncmp(name->text, "met_", 4) == 0;
        count++;
    }
    CHECK_INT(nmet, 3000);
    CHECK(count > nmet);
    ctype_table_free(table);
}

int main(void)
{
    check_cases();
    check_declarations();
    check_completion();
    check_scopes();
    check_parameter_scopes();
    check_values();
    check_enums();
    check_records();
    check_enumerators();
    check_names();
    remove_scratch_directory();
    return unit_end("cdecl_declare");
}
