/* __attribute__((mode)) against gcc: every mode on every kind of type, in every place. One line of C for each case, compiled at once: where
 * the parser takes it the line also asserts what it made of it, so that gcc must refuse exactly the lines that the parser refuses. BF, which
 * gcc 12 lacks, is left to scalar_spec.lua. */
#include "cdecl_help.h"

static const char prelude[] =
    "enum few { F0, F1 = 5 }; enum negative { N0 = -1, N1 = 300 }; enum wide { W0 = 0x123456789a };"
    "struct record { int a; }; typedef int array[3]; typedef int (*function)(int); typedef int vector __attribute__((vector_size(16)));"
    "typedef int lax __attribute__((aligned(1))); typedef const unsigned short fixed;\n";

static const char *const modes[] = {
    "QI", "HI", "SI", "DI", "TI", "OI", "XI", "BI", "CC", "PSI", "byte", "word", "pointer", "__word__", "__DI__", "unwind_word", "libgcc_cmp_return",
    "libgcc_shift_count", "libgcc_shift_return", "HF", "SF", "DF", "XF", "TF", "__DF__", "SD", "DD", "TD", "QC", "HC", "SC", "DC", "XC", "TC",
    "CQI", "CHI", "CSI", "CDI", "CTI", "COI", "V", "V4", "VSI", "V0SI", "V3SI", "V4word", "V2byte", "V4SC", "V2CSI", "V2XF", "V4SD", "V2OI", "nothing",
    "V1QI", "V2QI", "V4QI", "V128QI", "V256QI", "V1HI", "V2HI", "V8HI", "V64HI", "V128HI", "V1SI", "V2SI", "V4SI", "__V4SI__", "V8SI", "V64SI", "V128SI", "V1DI",
    "V2DI", "V16DI", "V32DI", "V1TI", "V2TI", "V8TI", "V16TI", "V1HF", "V2HF", "V8HF", "V128HF", "V256HF", "V1SF", "V2SF", "V4SF", "V64SF", "V128SF", "V1DF",
    "V2DF", "V32DF", "V64DF", "V1TF", "V2TF", "V16TF", "V32TF",
};

static const char *const types[] = {
    "char", "signed char", "unsigned", "int", "unsigned long", "__int128", "_Bool", "enum few", "enum negative", "enum wide", "float", "double",
    "long double", "_Float16", "__float128", "_Decimal32", "_Decimal128", "_Complex float", "_Complex long double", "_Complex int",
    "_Complex unsigned char", "void *", "const char *", "function", "array", "vector", "struct record", "lax", "fixed", "const volatile int",
};

static const char *const enum_bodies[] = {
    "A%u, B%u", "A%u = 255, B%u", "A%u = 127, B%u = -128", "A%u = 128, B%u = -1", "A%u = 65535, B%u = 3", "A%u = 0x7fffffff, B%u = -1",
    "A%u = 0xffffffff, B%u = 7", "A%u = 0x7fffffffffffffff, B%u = -1", "A%u = 0xffffffffffffffff, B%u = 1", "A%u = 255, B%u = 254",
};

enum { CASES_MAX = 32768, TEXT_MAX = 512 };

static bool is_taken[CASES_MAX]; /* by the parser */
static unsigned ncases;
static char (*texts)[TEXT_MAX];

/* -- the assertions --------------------------------------------------------------------------------------------------------- */

/* An enum of another size has no name in C. */
static bool is_nameless(const CType *type)
{
    return type->kind == CTYPE_ENUM;
}

static void put_type_assertion(FILE *file, const char *name, const CType *type)
{
    fprintf(file, "_Static_assert(sizeof(%s) == %llu && __alignof__(%s) == %u, \"\");", name, (unsigned long long)type->size, name, type->align);
    if (is_nameless(type))
        fprintf(file, "_Static_assert(((__typeof__(%s))-1 < 0) == %d, \"\");", name,
                ctype_scalar_class((CScalar)type->scalar) == CSCALAR_SIGNED);
    else
        fprintf(file, "_Static_assert(__builtin_types_compatible_p(__typeof__(%s), %s), \"%s\");", name, spell(type), spell(type));
}

static void put_assertions(FILE *file, const CTypeTable *table, const char *name, unsigned number)
{
    char member[64];
    const CDecl *decl = find_decl(table, name);
    const CType *tag = find_tag(table, name);
    if (decl != NULL && decl->type->kind != CTYPE_FUNCTION) {
        put_type_assertion(file, name, decl->type);
    } else if (decl != NULL && !is_nameless(decl->type->u.function->params[0])) {
        fprintf(file, "_Static_assert(__builtin_types_compatible_p(__typeof__(%s), %s), \"%s\");", name, spell(decl->type), spell(decl->type));
    } else if (tag != NULL && tag->kind == CTYPE_RECORD) {
        snprintf(member, sizeof member, "((struct x%u *)0)->m", number);
        if (!tag->u.record->members[1].is_bitfield)
            put_type_assertion(file, member, tag->u.record->members[1].type);
        fprintf(file, "_Static_assert(sizeof(struct x%u) == %llu, \"\");", number, (unsigned long long)tag->size);
    } else if (tag != NULL) {
        snprintf(member, sizeof member, "enum x%u", number);
        put_type_assertion(file, member, tag);
    }
}

/* -- the cases -------------------------------------------------------------------------------------------------------------- */

static void add_case(FILE *file, CTypeTable *table, const char *text)
{
    CdeclSource source = source_of(text);
    Error error;
    char name[32];
    unsigned number = ncases++;
    if (!CHECK(ncases <= CASES_MAX && strlen(text) < TEXT_MAX))
        exit(2);
    snprintf(name, sizeof name, "x%u", number);
    snprintf(texts[number], TEXT_MAX, "%s", text);
    is_taken[number] = cdecl_declare(table, &source, &error);
    fprintf(file, "%s ", text);
    if (is_taken[number])
        put_assertions(file, table, name, number);
    fputc('\n', file);
}

static void add_places(FILE *file, CTypeTable *table, const char *mode, const char *type)
{
    static const char *const places[] = {
        "typedef %s x%u __attribute__((mode(%s)));", "extern %s x%u __attribute__((__mode__(%s)));",
        "struct x%u { char c; %s m __attribute__((mode(%s))); };", "void x%u(%s p __attribute__((mode(%s))));",
        "extern char x%u[sizeof(%s __attribute__((mode(%s))))];", "typedef %s __attribute__((mode(%s))) x%u;",
    };
    char text[TEXT_MAX];
    snprintf(text, sizeof text, places[0], type, ncases, mode);
    add_case(file, table, text);
    snprintf(text, sizeof text, places[1], type, ncases, mode);
    add_case(file, table, text);
    snprintf(text, sizeof text, places[2], ncases, type, mode);
    add_case(file, table, text);
    snprintf(text, sizeof text, places[3], ncases, type, mode);
    add_case(file, table, text);
    snprintf(text, sizeof text, places[4], ncases, type, mode);
    add_case(file, table, text);
    snprintf(text, sizeof text, places[5], type, mode, ncases);
    add_case(file, table, text);
}

static void add_enums(FILE *file, CTypeTable *table, const char *mode)
{
    char text[TEXT_MAX], body[128];
    size_t i;
    for (i = 0; i < sizeof enum_bodies / sizeof *enum_bodies; i++) {
        snprintf(body, sizeof body, enum_bodies[i], ncases, ncases); /* NOLINT */
        snprintf(text, sizeof text, i % 2 == 0 ? "enum __attribute__((mode(%s))) x%u { %s };" : "enum __attribute__((packed, mode(%s))) x%u { %s };",
                 mode, ncases, body);
        add_case(file, table, text);
        snprintf(body, sizeof body, enum_bodies[i], ncases, ncases); /* NOLINT */
        snprintf(text, sizeof text, "enum x%u { %s } __attribute__((mode(%s)));", ncases, body, mode);
        add_case(file, table, text);
    }
}

/* Derived types, bit-fields, lists, more than one attribute. */
static void add_others(FILE *file, CTypeTable *table)
{
    static const char *const others[] = {
        "int *x%u __attribute__((mode(DI)));", "int *x%u __attribute__((mode(SI)));", "int __attribute__((mode(QI))) *x%u;",
        "extern int x%u[2] __attribute__((mode(QI)));", "int x%u(void) __attribute__((mode(QI)));", "int __attribute__((mode(QI))) x%u(void);",
        "void x%u(int a[3] __attribute__((mode(DI))));", "void x%u(int a[3] __attribute__((mode(QI))));", "void x%u(int f(void) __attribute__((mode(DI))));",
        "extern char x%u[sizeof(int __attribute__((mode(QI))) *)];", "typedef int x%u __attribute__((mode(QI), mode(DI)));",
        "typedef float x%u __attribute__((mode(DF), vector_size(16)));", "typedef float x%u __attribute__((vector_size(16), mode(DF)));",
        "struct x%u { char c; int m : 3 __attribute__((mode(QI))); };", "struct x%u { char c; int __attribute__((mode(HI))) m : 5; };",
        "struct x%u { char c; unsigned m : 3 __attribute__((mode(DI))); };", "struct x%u { char c; float m : 3 __attribute__((mode(SF))); };",
        "struct x%u { char c; int m : 3 __attribute__((mode(SF))); };", "typedef struct __attribute__((mode(QI))) { int a; } x%u;",
        "typedef struct { int a; } x%u __attribute__((mode(SI)));", "typedef enum { E0 = 300 } x%u __attribute__((mode(QI)));",
    };
    char text[TEXT_MAX];
    size_t i;
    for (i = 0; i < sizeof others / sizeof *others; i++) {
        snprintf(text, sizeof text, others[i], ncases); /* NOLINT */
        add_case(file, table, text);
    }
}

/* -- gcc's answer ----------------------------------------------------------------------------------------------------------- */

/* Fills is_refused by the lines of gcc's errors; the first case is on line 2. */
static void ask_gcc(bool *is_refused)
{
    char command[512], line[1024];
    FILE *errors;
    snprintf(command, sizeof command, "LC_ALL=C %s -std=gnu11 -w -fmax-errors=0 -fno-diagnostics-show-caret -fsyntax-only '%s/modes.c' 2>&1",
             oracle_compiler(), scratch_directory());
    errors = popen(command, "r");
    if (!CHECK(errors != NULL))
        return;
    while (fgets(line, sizeof line, errors) != NULL) {
        const char *name = strstr(line, "modes.c:");
        const char *error = strstr(line, "error:");
        unsigned long number = name != NULL && error != NULL ? strtoul(name + strlen("modes.c:"), NULL, 10) : 0;
        if (number >= 2 && number - 2 < ncases)
            is_refused[number - 2] = true;
        else
            CHECK(error == NULL);
    }
    pclose(errors);
}

int main(void)
{
    static bool is_refused[CASES_MAX];
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    FILE *file = create_source("modes");
    unsigned ntaken = 0;
    size_t i, j;
    texts = malloc(CASES_MAX * sizeof *texts);
    if (table == NULL || texts == NULL || !CHECK(declare(table, prelude)))
        return 2;
    fputs(prelude, file);
    for (i = 0; i < sizeof modes / sizeof *modes; i++) {
        for (j = 0; j < sizeof types / sizeof *types; j++)
            add_places(file, table, modes[i], types[j]);
        add_enums(file, table, modes[i]);
    }
    add_others(file, table);
    fclose(file);
    ask_gcc(is_refused);
    for (i = 0; i < ncases; i++) {
        ntaken += is_taken[i];
        if (!CHECK(is_taken[i] != is_refused[i]))
            fprintf(stderr, "    %s by the parser: %s\n", is_taken[i] ? "taken (as something else)" : "refused", texts[i]);
    }
    printf("cdecl_modes: %u of %u cases are C\n", ntaken, ncases);
    CHECK(ntaken > ncases / 10);
    free(texts);
    ctype_table_free(table);
    remove_scratch_directory();
    return unit_end("cdecl_modes");
}
