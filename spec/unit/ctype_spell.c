/* Types and their spelling: what is parsed is spelled as C says it, and what is spelled parses to the same type. Structurally
 * equal types are one pointer. */
#include "cdecl_help.h"

/* Text, and its spelling where that is another. */
static const struct Case {
    const char *text, *spelling;
} cases[] = {
    {"int", NULL},
    {"signed", "int"},
    {"long unsigned int", "unsigned long"},
    {"int long long signed", "long long"},
    {"char unsigned", "unsigned char"},
    {"short signed int", "short"},
    {"_Bool", NULL},
    {"bool", "_Bool"},
    {"int8_t", "signed char"},
    {"uint64_t", "unsigned long"},
    {"wchar_t", "int"},
    {"char16_t", "unsigned short"},
    {"ssize_t", "long"},
    {"__int128", NULL},
    {"unsigned __int128", NULL},
    {"__uint128_t", "unsigned __int128"},
    {"_Float16", NULL},
    {"__bf16", NULL},
    {"_Decimal32", NULL},
    {"_Decimal64 const", "const _Decimal64"},
    {"_Decimal128", NULL},
    {"__float80", "long double"},
    {"_Float32", "float"},
    {"_Float64", "double"},
    {"_Float32x", "double"},
    {"_Float64x", "long double"},
    {"_Float128", "__float128"},
    {"double long", "long double"},
    {"float _Complex", "_Complex float"},
    {"long _Complex double", "_Complex long double"},
    {"_Complex int", NULL},
    {"int _Complex unsigned short", "_Complex unsigned short"},
    {"_Complex signed", "_Complex int"},
    {"char _Complex", "_Complex char"},
    {"unsigned __int128 _Complex", "_Complex unsigned __int128"},
    {"complex", "_Complex double"},
    {"complex float", "_Complex float"},
    {"complex [2]", "_Complex double [2]"},
    {"double complex [2]", "_Complex double [2]"},
    {"complex (*)(complex [], float complex [3])", "_Complex double (*)(_Complex double *, _Complex float *)"},
    {"_Complex _Float128", NULL},
    {"__builtin_ms_va_list", "char *"},
    {"__builtin_sysv_va_list", "struct __va_list_tag [1]"},
    {"void *", NULL},
    {"const char *", NULL},
    {"char const *", "const char *"},
    {"char *const", NULL},
    {"const volatile int *restrict", NULL},
    {"_Atomic int", NULL},
    {"_Atomic(int *)", "int *_Atomic"},
    {"const char *const *", NULL},
    {"int [3]", NULL},
    {"int [3][4]", NULL},
    {"int []", NULL},
    {"int [?]", NULL},
    {"int *[3]", NULL},
    {"int (*)[3]", NULL},
    {"int (*const)[3]", NULL},
    {"const int [3]", NULL},
    {"int (double)", NULL},
    {"int (*)(double)", NULL},
    {"int (**)(double)", NULL},
    {"int (*const)(double)", NULL},
    {"int (*[3])(double)", NULL},
    {"int (void)", NULL},
    {"int ()", NULL},
    {"int (...)", NULL},
    {"int (const char *, ...)", NULL},
    {"int (int [3], int (double))", "int (int *, int (*)(double))"},
    {"int (const int, char *const)", "int (int, char *)"},
    {"const int (void)", "int (void)"},
    {"void (*(int, void (*)(int)))(int)", NULL},
    {"int *(*(*)[3])(void)", NULL},
    {"char (*(*[3])())[5]", NULL},
    {"int (*(*)(int (*)(void)))(char)", NULL},
    {"int &", NULL},
    {"int (&)[3]", NULL},
    {"struct tagged", NULL},
    {"struct tagged *", NULL},
    {"union u *", NULL},
    {"enum e", NULL},
    {"struct point [3]", "struct point [3]"},
    {"untagged", NULL},
    {"const untagged *", NULL},
    {"untagged_enum", NULL},
    {"float __attribute__((vector_size(16)))", NULL},
    {"const float __attribute__((vector_size(16)))", "const float __attribute__((vector_size(16)))"},
    {"float __attribute__((vector_size(16))) *[2]", NULL},
    {"int __attribute__((ms_abi)) (double)", NULL},
    {"int (__attribute__((ms_abi)) *)(double)", NULL},
    {"int (*)(double) __attribute__((ms_abi))", "int (__attribute__((ms_abi)) *)(double)"},
    {"void (__attribute__((ms_abi)) *(*)(int))(char *)", NULL},
    {"void (*(__attribute__((ms_abi)) *)(int))(char *)", NULL},
    {"struct s13 { int a; } *", "struct s13 *"},
    {"va_list", "struct __va_list_tag [1]"},
    {"__typeof__(int *)", "int *"},
    {"__typeof__(1 + 1L)", "long"},
};

static void check_case(CTypeTable *table, const struct Case *c)
{
    CType *type = type_of(table, c->text), *again;
    const char *spelling;
    if (!CHECK(type != NULL))
        return;
    spelling = spell(type);
    CHECK_TEXT(spelling, c->spelling != NULL ? c->spelling : c->text);
    again = type_of(table, spelling);
    if (!CHECK(again == type))
        fprintf(stderr, "    %s\n", c->text);
    CHECK(type->main->main == type->main);
    CHECK_INT(type->main->qualifiers, 0);
}

static void check_named(CTypeTable *table)
{
    static const char *const cases_named[][2] = {
        {"int", "int x"}, {"int *", "int *x"}, {"int [3]", "int x[3]"}, {"int (*)(double)", "int (*x)(double)"},
        {"void (*(int))(int)", "void (*x(int))(int)"}, {"char *const", "char *const x"}, {"struct tagged", "struct tagged x"},
        {"int *const [3]", "int *const x[3]"}, {"int &", "int &x"},
    };
    char text[100];
    size_t i;
    for (i = 0; i < sizeof cases_named / sizeof *cases_named; i++) {
        size_t length = ctype_spell(type_of(table, cases_named[i][0]), "x", text, sizeof text);
        CHECK_TEXT(text, cases_named[i][1]);
        CHECK_INT(length, strlen(text));
    }
}

/* Like snprintf: the whole length, and always a NUL. */
static void check_cut(CTypeTable *table)
{
    char text[8];
    const CType *type = type_of(table, "const char *const *");
    CHECK_INT(ctype_spell(type, NULL, text, sizeof text), strlen("const char *const *"));
    CHECK_TEXT(text, "const c");
    CHECK_INT(ctype_spell(type, NULL, NULL, 0), strlen("const char *const *"));
    CHECK_INT(ctype_spell(type, NULL, text, 1), strlen("const char *const *"));
    CHECK_TEXT(text, "");
}

static void check_unnamed(CTypeTable *table)
{
    CHECK_TEXT(spell(type_of(table, "\nstruct { int a; } *")), "struct {line 2} *");
    CHECK_TEXT(spell(type_of(table, "union { int a; }")), "union {line 1}");
    CHECK_TEXT(spell(type_of(table, "enum { SOME_NAME }")), "enum {line 1}");
}

static void check_variants(CTypeTable *table)
{
    CType *c = type_of(table, "const int"), *v = type_of(table, "volatile int"), *i = ctype_scalar(table, CSCALAR_INT);
    CType *a = type_of(table, "const int [3][4]");
    CHECK(c->main == i && v->main == i && c != i && v != c);
    CHECK(ctype_qualified(table, c, 0) == i);
    CHECK(ctype_qualified(table, i, QUALIFIER_CONST) == c);
    CHECK(a->main == type_of(table, "int [3][4]"));
    CHECK_INT(a->qualifiers, QUALIFIER_CONST);
    CHECK(a->u.element == type_of(table, "const int [4]"));
    CHECK(ctype_qualified(table, type_of(table, "int [3][4]"), QUALIFIER_CONST) == a);
    CHECK(declare(table, "typedef int i16 __attribute__((aligned(16))); typedef const i16 ci16;"));
    CHECK_INT(type_of(table, "i16")->align, 16);
    CHECK_INT(type_of(table, "ci16")->align, 16);
    CHECK_INT(type_of(table, "i16")->size, 4);
    CHECK(type_of(table, "ci16")->main == i);
    CHECK(ctype_qualified(table, type_of(table, "ci16"), 0) == type_of(table, "i16"));
}

/* A type completed later is complete in all its variants. */
static void check_completion(CTypeTable *table)
{
    CType *c, *p;
    CHECK(declare(
        table,
        "struct later; typedef const struct later clater; typedef struct later alater __attribute__((aligned(32)));"));
    c = type_of(table, "clater");
    p = type_of(table, "struct later *");
    CHECK(!ctype_is_complete(c));
    CHECK(declare(table, "struct later { long a; char b; };"));
    CHECK_INT(c->size, 16);
    CHECK_INT(c->align, 8);
    CHECK_INT(type_of(table, "alater")->align, 32);
    CHECK_INT(type_of(table, "alater")->size, 16);
    CHECK(p->u.element == find_tag(table, "later"));
    CHECK_INT(p->u.element->size, 16);
}

static void check_compatible(CTypeTable *table)
{
    static const struct {
        const char *a, *b;
        bool is_compatible;
    } pairs[] = {
        {"int", "const int", true}, {"int", "unsigned", false}, {"long", "long long", false}, {"char *", "const char *", true},
        {"char *", "signed char *", false}, {"int [3]", "int []", true}, {"int [3]", "int [4]", false}, {"int (*)()", "int (*)(int)", true},
        {"int (*)(int)", "int (*)(long)", false}, {"int (int, ...)", "int (int)", false}, {"enum e", "unsigned", true}, {"enum e", "int", false},
        {"enum e *", "unsigned *", true}, {"struct tagged *", "struct tagged *", true}, {"struct tagged *", "union u *", false},
        {"float __attribute__((vector_size(16)))", "float __attribute__((vector_size(8)))", false}, {"int *", "int **", false},
        {"void *", "int *", false}, {"_Complex float", "_Complex double", false},
    };
    size_t i;
    for (i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const CType *a = type_of(table, pairs[i].a), *b = type_of(table, pairs[i].b);
        if (!CHECK(ctype_is_compatible(a, b) == pairs[i].is_compatible) ||
            !CHECK(ctype_is_compatible(b, a) == pairs[i].is_compatible))
            fprintf(stderr, "    %s and %s\n", pairs[i].a, pairs[i].b);
    }
}

int main(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    size_t i;
    CHECK(declare(table, "struct tagged; union u { int a; }; enum e { E }; struct point { int x, y; };"
                         "typedef struct { int a; } untagged; typedef enum { U } untagged_enum;"));
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(table, &cases[i]);
    check_named(table);
    check_cut(table);
    check_unnamed(table);
    check_variants(table);
    check_completion(table);
    check_compatible(table);
    ctype_table_free(table);
    return unit_end("ctype_spell");
}
