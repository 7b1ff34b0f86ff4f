/* Integer constant expressions against gcc: a table, and random ones (seeded); compared are value, size and signedness.
 *
 *     cdecl_constants [COUNT [SEED]]       or AIRLOCK_COUNT, AIRLOCK_SEED in the environment; 2000 expressions by default */
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "cdecl_help.h"

/* Declared here and there alike. */
static const char prelude[] =
    "struct pair { char c; long l; int a[7]; struct { short s; union { float f; double d; }; } in; };\n"
    "enum numbers { ZERO, ONE, TEN = 10, MINUS = -3, BIG = 0x100000000LL, MORE };\n"
    "enum positive { FOUR = 4, TOP = 0xffffffff };\n"
    "enum mixed { LOW = -1, HIGH = 0x7fffffffffffffffLL };\n"
    "enum huge { HUGE_ = 0xfffffffffffffff0ULL, NEXT };\n"
    "static const int five = 5; static const unsigned char byte = 300; static const long lots = 1L << 40; extern int variable; extern int array[3];\n"
    "typedef int T; typedef char T3[3]; int function(int, char *);\n";

static const char *const expressions[] = {
    "1", "1u", "1l", "1ul", "1LU", "1ll", "1ull", "1LLU", "2147483647", "2147483648", "0x7fffffff", "0x80000000", "0xffffffff", "0x100000000",
    "4294967295", "4294967296", "9223372036854775807", "0x8000000000000000", "0777", "0b1011", "0xffffffffffffffff", "037777777777",
    "'a'", "'\\n'", "'\\0'", "'\\x41'", "'\\377'", "'\\xff'", "'ab'", "'abcd'", "'\\''", "'\"'", "L'x'", "u'x'", "U'x'", "L'\\xffffffff'", "'\\\\'", "L'\\u00e9'", "'\\e'", "'?'",
    "-1", "-1u", "~0", "~0u", "!5", "!0", "+3", "- -3", "~0ul", "-2147483648", "-9223372036854775807 - 1",
    "1 + 2 * 3", "(1 + 2) * 3", "7 / 2", "-7 / 2", "-7 % 3", "7u % 4", "-1 / 2u", "-1 < 0u", "-1 < 0", "-1L < 0u", "1 << 31", "1u << 31", "1L << 62", "-8 >> 1", "-8l >> 1",
    "0xf0 & 0x3c", "0xf0 | 0x0f", "0xff ^ 0x0f", "1 == 1", "1 != 1", "2 <= 1", "2 >= 1", "1 && 0", "1 || 0", "0 && 1 / 1", "1 ? 2 : 3L", "0 ? 2u : -3",
    "1 ? -1 : 0u", "2 ?: 3", "0 ?: 3", "1 ? 2 : 1 ? 3 : 4", "(1, 2)", "1 << 2 + 3", "1 | 2 & 4", "1 + 1 == 2 && 3 > 2", "10 - 3 - 2", "100 / 10 / 2",
    "sizeof(int)", "sizeof(char[10])", "sizeof 1", "sizeof(1L)", "sizeof(struct pair)", "_Alignof(struct pair)", "__alignof__(double)", "sizeof(T3)", "sizeof(T[2][3])",
    "sizeof(void *)", "sizeof(int (*)(void))", "sizeof variable", "sizeof array / sizeof array[0]", "sizeof(\"hello\")", "sizeof \"a\" \"bc\"", "sizeof(L\"ab\")",
    "sizeof(function(1, 0))", "sizeof(((struct pair *)0)->l)", "sizeof(((struct pair *)0)->a)", "sizeof ((struct pair *)0)->in.d", "sizeof(1 ? 'a' : 1.0)",
    "sizeof(-'a')", "sizeof('a')", "sizeof(1.0f)", "sizeof(1.0L)", "sizeof(long double)", "sizeof(_Complex float)", "sizeof(void)", "sizeof(unsigned)", "sizeof(long long unsigned)",
    "sizeof(struct { int a; char b; })", "sizeof(enum numbers)", "sizeof(int[sizeof(long) * 2])", "sizeof(int) * -1", "sizeof(const volatile char)", "sizeof(*(int *)0)",
    "sizeof(variable + 1L)", "sizeof(&variable)", "sizeof array[0]", "sizeof(int) + 1 > 2", "sizeof -1",
    "__builtin_offsetof(struct pair, l)", "__builtin_offsetof(struct pair, a[3])", "__builtin_offsetof(struct pair, in.d)", "(unsigned long)&((struct pair *)0)->a[2]",
    "(char *)&((struct pair *)0)->in.s - (char *)0", "(long)&((struct pair *)0)->in", "(unsigned long)&(((struct pair *)16)->l) + 1", "&((struct pair *)0)[2].l - (long *)0",
    "(char)300", "(unsigned char)300", "(signed char)200", "(short)70000", "(_Bool)5", "(_Bool)0.5", "(int)3.99", "(int)-3.99", "(unsigned)-1", "(long)-1", "(unsigned long)-1",
    "(int)1e3", "(int)0x1p4", "(int)1.5e+2f", "(long)1e15", "(unsigned char)-1 + 1", "(char)-1 == -1", "(T)3", "(int)2.5 * 2", "(1.5 > 1)", "!1.5", "(int)(0.1 + 0.2 + 0.8)", "(int).5e1",
    "(long long)0x8000000000000000", "(unsigned long long)-1 >> 60", "(int)0xffffffff", "(enum numbers)2", "(void *)0 == 0", "(long)(void *)8",
    "ZERO", "TEN", "MINUS", "BIG", "MORE", "FOUR", "TOP", "LOW", "HIGH", "HUGE_", "NEXT", "TEN * 2 - MINUS", "BIG >> 4", "TOP + 1", "FOUR - 5", "LOW < 0", "HUGE_ > 0",
    "five * 2", "byte", "lots + 1", "(five)", "five == 5 ? TEN : ZERO", "__extension__ 3", "__extension__ (3 + 4)",
    "1 ? 1 : 1 / 0", "0 || 1", "((((((((((1))))))))))",
};

static void check_values(CTypeTable *table, FILE *output, unsigned index, const char *expression)
{
    char line[128] = "", text[3][32], got[128];
    const CDecl *value, *size, *is_signed;
    snprintf(text[0], sizeof text[0], "v%u", index);
    snprintf(text[1], sizeof text[1], "s%u", index);
    snprintf(text[2], sizeof text[2], "u%u", index);
    value = find_decl(table, text[0]);
    size = find_decl(table, text[1]);
    is_signed = find_decl(table, text[2]);
    if (fgets(line, sizeof line, output) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    snprintf(got, sizeof got, "%" PRId64 " %" PRIu64 " %" PRIu64, (int64_t)value->value, size->value, is_signed->value);
    if (!CHECK_TEXT(got, line))
        fprintf(stderr, "    %s\n", expression);
}

/* Both sides get the same text; value, size and signedness are three constants of it. */
static void compare(char *const *texts, unsigned count)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    FILE *file = create_source("constants"), *output;
    unsigned i;
    CHECK(declare(table, prelude));
    fprintf(file, "#include <stdio.h>\n%sint main(void) {\n", prelude);
    for (i = 0; i < count; i++) {
        static char text[8192];
        snprintf(text, sizeof text,
                 "static const long v%u = (long)(%s); enum { s%u = sizeof(%s), u%u = (__typeof__(%s))-1 > 0 };", i,
                 texts[i], i, texts[i], i, texts[i]);
        if (!CHECK(declare(table, text)))
            fprintf(stderr, "    %s\n", texts[i]);
        fprintf(file, "printf(\"%%ld %%zu %%d\\n\", (long)(%s), sizeof(%s), (__typeof__(%s))-1 > 0);\n", texts[i],
                texts[i], texts[i]);
    }
    fprintf(file, "}\n");
    fclose(file);
    output = run_oracle("constants");
    if (CHECK(output != NULL)) {
        for (i = 0; i < count; i++)
            check_values(table, output, i, texts[i]);
        pclose(output);
    }
    ctype_table_free(table);
}

/* -- random expressions ----------------------------------------------------------------------------------------------------- */

typedef struct Text {
    char bytes[2000];
    size_t length;
} Text;

static uint64_t state;

static unsigned pick(unsigned n)
{
    return (unsigned)(draw(&state) % n);
}

static void add(Text *text, const char *piece)
{
    size_t length = strlen(piece);
    if (text->length + length < sizeof text->bytes) {
        memcpy(text->bytes + text->length, piece, length + 1);
        text->length += length;
    }
}

static void add_literal(Text *text)
{
    static const char *const suffixes[] = {"", "", "u", "l", "ul", "ll", "ull"};
    static const char *const values[] = {"0",
                                         "1",
                                         "2",
                                         "7",
                                         "100",
                                         "255",
                                         "65535",
                                         "2147483647",
                                         "4294967295",
                                         "0x80000000",
                                         "0x7fffffffffffffff",
                                         "0xffffffffffffffff",
                                         "017"};
    static const char *const names[] = {
        "TEN",  "MINUS", "BIG",  "TOP", "LOW",     "HIGH",        "HUGE_",
        "five", "byte",  "lots", "'a'", "'\\xff'", "sizeof(int)", "sizeof(struct pair)"};
    if (pick(3) == 0) {
        add(text, names[pick(14)]);
    } else {
        add(text, values[pick(13)]);
        add(text, suffixes[pick(7)]);
    }
}

/* What C leaves undefined, and gcc computes anyhow, is avoided where it would trap or vary: divisors and shift counts are
 * small positive literals. */
static void add_expression(Text *text, unsigned depth)
{
    static const char *const casts[] = {
        "char",      "unsigned char",      "short", "unsigned short", "int", "unsigned", "long", "unsigned long",
        "long long", "unsigned long long", "_Bool", "enum positive",  "T"};
    static const char *const binary[] = {"+", "-", "*", "&", "|", "^", "<", ">", "<=", ">=", "==", "!=", "&&", "||"};
    static const char *const unary[] = {"-", "~", "!", "+"};
    unsigned kind = depth == 0 ? 0 : pick(10);
    if (kind < 2) {
        add_literal(text);
        return;
    }
    add(text, "(");
    if (kind == 2) {
        add(text, unary[pick(4)]);
        add_expression(text, depth - 1);
    } else if (kind == 3) {
        add(text, "(");
        add(text, casts[pick(13)]);
        add(text, ")");
        add_expression(text, depth - 1);
    } else if (kind == 4) {
        add_expression(text, depth - 1);
        add(text, " ? ");
        add_expression(text, depth - 1);
        add(text, " : ");
        add_expression(text, depth - 1);
    } else if (kind == 5) {
        static const char *const small[] = {" / 3", " % 7", " << 3", " >> 2", " / 10u", " % 5l", " << 1u", " >> 7ull"};
        add_expression(text, depth - 1);
        add(text, small[pick(8)]);
    } else {
        add_expression(text, depth - 1);
        add(text, " ");
        add(text, binary[pick(14)]);
        add(text, " ");
        add_expression(text, depth - 1);
    }
    add(text, ")");
}

static void run_random(unsigned count)
{
    char **texts = calloc(count + 1, sizeof *texts);
    unsigned i;
    for (i = 0; i < count; i++) {
        Text text = {.length = 0};
        add_expression(&text, 4);
        texts[i] = strdup(text.bytes);
    }
    compare(texts, count);
    for (i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : env_number("AIRLOCK_COUNT", 2000);
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : env_number("AIRLOCK_SEED", 1);
    printf("cdecl_constants: %" PRIu64 " expressions, seed %" PRIu64 "\n", count, seed);
    fflush(stdout);
    state = seed;
    compare((char *const *)expressions, sizeof expressions / sizeof *expressions);
    run_random((unsigned)count);
    remove_scratch_directory();
    return unit_end("cdecl_constants");
}
