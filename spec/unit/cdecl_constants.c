/* Constant expressions against gcc: tables, and random ones (seeded); compared are type, size and value, the latter by 128 bits
 * or as a floating number, and whether a text is refused.
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
    "typedef int T; typedef char T3[3]; int function(int, char *);\n"
    "static const __int128 small128 = -5; static const unsigned __int128 top128 = 0xffffffffffffffffu; struct twin { char c; long l; int a[7]; }; struct fields { int f : 3; };\n"
    "struct nest { char c; struct pair pairs[3]; short grid[2][3]; }; union mix { char c; struct pair p; };\n"
    "typedef int over_type __attribute__((aligned(8))); extern over_type over; extern int aligned_1 __attribute__((aligned(1))), aligned_16 __attribute__((aligned(16)));\n"
    "extern int open_array[]; int aligned_function(void) __attribute__((aligned(32))); extern int late; extern int late __attribute__((aligned(32)));\n"
    "struct holder { char c; int i __attribute__((aligned(16))); over_type a8; }; extern struct holder member_holder, holders[3]; extern double *pointer;\n"
    "struct __attribute__((packed)) tight { char c; int i; double d __attribute__((aligned(4))); struct holder inner; }; extern struct tight tight;\n"
    "\n#pragma pack(push, 2)\nstruct paged { char c; int i; double d; int list[3]; };\n#pragma pack(pop)\nextern struct paged paged;\n"
    "static const int held_32 __attribute__((aligned(32))) = 3; typedef float v4 __attribute__((vector_size(16))); extern v4 vector;\n"
    "static const char text[] = \"hello\" \" you\"; static const char *const texts[] = { \"a\", \"b\", [6] = \"c\", }; static struct twin points[] = {{1, 2}, {3}};\n";

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

/* More of the same in one table: what gcc adds, and the corners. */
static const char *const more_expressions[] = {
    /* integers of 128 bits */
    "(__int128)1 << 100", "-((__int128)1 << 100)", "((unsigned __int128)1 << 127) / 3", "(__int128)-7 / 2", "(__int128)-7 % 3",
    "(unsigned __int128)-1 / 10", "(unsigned __int128)-1 % 1000000007", "(__int128)-1 >> 3", "(unsigned __int128)-1 >> 3",
    "((__int128)1 << 64) > 0xffffffffffffffff", "(__int128)-1 < 0ul", "(unsigned __int128)-1 > 0", "(long)((__int128)1 << 70)", "(int)(((__int128)1 << 64) + 7)",
    "~(unsigned __int128)0", "(unsigned __int128)0xffffffffffffffff * 0xffffffffffffffff", "(__int128)(1.5e30)", "(unsigned __int128)1e38f", "(__int128)-1e25L",
    "(_Bool)((__int128)1 << 100)", "!((__int128)1 << 100)", "((__int128)1 << 100) && 1", "((__int128)1 << 100) ? 3 : 4", "-(__int128)0x7fffffffffffffff - 2",
    "small128", "small128 - 1", "top128 + 1", "sizeof(small128)", "(__int128)1 << 126 >> 125", "1 ? (__int128)1 : 2u", "((__int128)1 << 90) == ((__int128)1 << 90)",
    "9223372036854775808", "18446744073709551615", "9223372036854775808l", "9223372036854775808ll", "9223372036854775808u", "-9223372036854775808", "18446744073709551615 + 1",
    /* numbers */
    "0B101", "0X1fUL", "1Ul", "1lU", "1LLu", "1uLL", "00", "0", "0u", "0xFFFFFFFFu", "0b11111111111111111111111111111111", "0777777777777777777777", "01777777777777777777777", "123456789012ll", "4294967296u",
    /* characters */
    "'\\400'", "'\\777'", "'\\x1ff'", "'\\x80'", "u'\\x1ffff'", "U'\\xfffffffff'", "L'\\x80000000'", "'\\u00e9'", "'\\u20ac'", "L'\\u20ac'", "u'\\u20ac'", "U'\\U0001f600'", "u'\\U0001f600'",
    "'\xc3\xa9'", "L'\xc3\xa9'", "u'\xe2\x82\xac'", "U'\xf0\x9f\x98\x80'", "'\\q'", "'\\E'", "'\\('", "'abcde'", "'\\377\\377'", "'a\\0'", "L'ab'", "u'ab'", "'\\$'", "'\\u0024'", "'\\0a'", "'\\08'",
    "sizeof(\"\\x41\\102\\u20ac\")", "sizeof(\"\xe2\x82\xac\")", "sizeof(L\"\xe2\x82\xac\")", "sizeof(u\"\\U0001f600\")", "sizeof(U\"\\U0001f600\")", "sizeof(u8\"\\u00e9\")", "sizeof(u8\"a\" \"\\u00e9\")",
    "sizeof(\"\\u00e9\" L\"a\")", "sizeof(\"\xc3\xa9\" u\"b\" \"c\")", "sizeof(\"a\\0b\")", "sizeof(\"\\\\\\\"\")", "sizeof(u\"\\x123456\")", "sizeof(\"\" \"\" \"\")",
    "_Generic(\"a\"[0], char: 1, default: 2)", "_Generic(u8\"a\"[0], char: 1, default: 2)", "_Generic(L\"a\"[0], int: 1, default: 2)", "_Generic(u\"a\"[0], unsigned short: 1, default: 2)", "_Generic(U\"a\"[0], unsigned: 1, default: 2)",
    /* shifts beyond the width */
    "1 << 40", "1 << 32", "1u << 32", "1L << 64", "1LL << 65", "1 >> 40", "-5 >> 40", "-1L >> 70", "~0u >> 32", "(__int128)1 << 128", "(__int128)-3 >> 200", "(1 << 40) + 1", "1 << 0x100000000", "(char)1 << 31", "1 << 3ull", "5L << (char)2",
    /* floating numbers in integers */
    "(int)1e10", "(int)-1e10", "(unsigned)-1.0", "(char)1e10", "(unsigned char)300.5", "(long)1e30", "(unsigned long)1e30", "(unsigned long)-1e30", "(short)70000.0", "(unsigned short)-70000.0", "(enum positive)1e20", "(int)2147483647.5", "(int)-2147483648.5", "(unsigned)-0.5",
    "(int)__builtin_inf()", "(int)-__builtin_inff()", "(int)__builtin_nan(\"\")", "(_Bool)__builtin_nan(\"\")", "(_Bool)1e-400L", "0.1 + 0.2 == 0.3", "0.1f + 0.2f == 0.3f", "0.1L + 0.2L == 0.3L", "0.1f == 0.1", "(float)0.1 == 0.1f", "0.1 == 0.1L", "16777217.0f == 16777216",
    "9007199254740993.0 == 9007199254740992", "(long)9007199254740993.0L", "(long)(float)16777217", "(long)(double)9007199254740993", "(float)16777217 == 16777217", "(double)0x7fffffffffffffff == 0x7fffffffffffffff", "(long)18446744073709551615.0", "1e400L > 1e4000L",
    "0x1.fffffep+127f > 3.4e38f", "1e-45f > 0", "1e-46f > 0", "4.9e-324 > 0", "2.4e-324 > 0", "-0.0 == 0", "!0.0", "!0.5L", "1.0 && 0.0", "0.0 || 0x1p-1074", "1.5 ? 2 : 3", "__builtin_nan(\"\") == __builtin_nan(\"\")", "__builtin_nan(\"\") != 1", "__builtin_nanf(\"\") < 1", "!(__builtin_nanl(\"\") >= 1)",
    "1e2 == 100", "1.e2 == 100", ".5e1 == 5", "089.5 > 89", "0x.8p1 == 1", "0x8.p-3 == 1", "0X1P3 == 8", "1E+2 == 100", "0e0 == 0", "1.0f16 > 0", "1.0F32x > 0", "0.1f16 == 0.1f16", "1.5d == 1.5", "1.0w == 1.0L", "1.0Q == 1.0",
    "sizeof(1.0f)", "sizeof(1.0l)", "sizeof(1.0q)", "sizeof(1.0W)", "sizeof(1.0f16)", "sizeof(1.0f32)", "sizeof(1.0f64)", "sizeof(1.0f128)", "sizeof(1.0f32x)", "sizeof(1.0f64x)", "sizeof(1.0i)", "sizeof(1.0fi)", "sizeof(1.0jf)", "sizeof(1.0Li)", "sizeof(0x1p3)", "sizeof(0x1p3f)", "sizeof(1.0f + 1.0)", "sizeof(1.0fi + 1.0)", "sizeof(1.0f * 2ul)",
    "_Generic(1.0i, _Complex double: 1, default: 2)", "_Generic(1.0fi + 1.0L, _Complex long double: 1, default: 2)", "_Generic(-1.0if, _Complex float: 1, default: 2)", "_Generic(1.0f * 1ull, float: 1, default: 2)",
    /* gcc's builtins */
    "__builtin_bswap16(0x12345)", "__builtin_bswap32(0x12345678)", "__builtin_bswap64(0x123456789abcdef0)", "__builtin_bswap128((unsigned __int128)0x1234 << 64 | 0x56)", "__builtin_bswap16(-2)",
    "__builtin_popcount(-1)", "__builtin_popcountl(-1)", "__builtin_popcountll(0xf0f0)", "__builtin_popcount(0x1ffffffff)", "__builtin_parity(7)", "__builtin_parityl(0x300000000)", "__builtin_parityll(0)", "__builtin_ctz(8)", "__builtin_ctzl(1ul << 40)", "__builtin_ctzll(1ull << 63)", "__builtin_clz(1)", "__builtin_clzl(1)", "__builtin_clzll(0x8000000000000000)", "__builtin_clz(0)", "__builtin_ctz(0)", "__builtin_clzl(0)", "__builtin_ctzll(0)",
    "__builtin_ffs(0)", "__builtin_ffs(12)", "__builtin_ffsl(1l << 50)", "__builtin_ffsll(-0x7fffffffffffffff - 1)", "__builtin_clrsb(0)", "__builtin_clrsb(-1)", "__builtin_clrsbl(1)", "__builtin_clrsbll(-256)", "__builtin_popcount(2.9)",
    "__builtin_expect(3, 1)", "__builtin_expect(!!5, 1)", "__builtin_expect_with_probability(7, 1, 0.5)", "__builtin_constant_p(3)", "__builtin_constant_p(variable)", "__builtin_constant_p(3.5 + 1)", "__builtin_constant_p(\"a\")", "__builtin_constant_p(&variable)", "__builtin_constant_p((void *)0)", "__builtin_constant_p(\"abc\"[1])", "__builtin_constant_p(1 / 0)", "__builtin_constant_p(five)", "__builtin_constant_p(function)", "__builtin_constant_p(array)", "__builtin_constant_p(TEN)",
    "__builtin_choose_expr(1, 3, 4.5)", "__builtin_choose_expr(0, \"a\", 4u)", "sizeof(__builtin_choose_expr(1, array, 1))", "__builtin_choose_expr(sizeof(int) == 4, 'a', 1.0)",
    "__builtin_types_compatible_p(int, int)", "__builtin_types_compatible_p(int, const int)", "__builtin_types_compatible_p(int *, const int *)", "__builtin_types_compatible_p(int[], int[3])", "__builtin_types_compatible_p(int[3], int[4])", "__builtin_types_compatible_p(enum positive, unsigned)", "__builtin_types_compatible_p(enum positive, enum numbers)", "__builtin_types_compatible_p(char, signed char)", "__builtin_types_compatible_p(long, long long)", "__builtin_types_compatible_p(T, int)", "__builtin_types_compatible_p(int (*)(int), int (*)(const int))", "__builtin_types_compatible_p(int (*)(), int (*)(int))", "__builtin_types_compatible_p(int (*)(int *), int (*)(const int *))", "__builtin_types_compatible_p(__typeof__(variable), int)", "__builtin_types_compatible_p(struct pair, struct twin)", "__builtin_types_compatible_p(const int[3], int[3])", "__builtin_types_compatible_p(void, const void)", "__builtin_types_compatible_p(int volatile *const, int volatile *)",
    "_Generic(variable, int: 3, default: 4)", "_Generic(five, int: 3, default: 4)", "_Generic(five, const int: 3, default: 4)", "_Generic(array, int *: 3, default: 4)", "_Generic(\"a\", char *: 3, const char *: 5, default: 4)", "_Generic(function, int (*)(int, char *): 3, default: 4)", "_Generic((const int *)0, int *: 1, const int *: 2)", "_Generic(1, default: 5, long: 1)", "_Generic('a', char: 1, int: 2)", "_Generic(TEN, enum numbers: 1, int: 2, default: 3)", "_Generic(1u + 1l, long: 7)", "_Generic((char)1, char: 1, int: 2)", "_Generic(+(char)1, char: 1, int: 2)", "_Generic(0, int: _Generic(0u, unsigned: 8, default: 1), default: 2)", "_Generic(1 ? (char)1 : (char)2, int: 1, char: 2)", "_Generic(*&aligned_16, int: 1, default: 2)",
    "_Generic(1 ? (void *)0 : (int *)0, int *: 1, void *: 2)", "_Generic(1 ? (void *)4 : (int *)0, int *: 1, void *: 2)", "_Generic(1 ? 0 : (int *)0, int *: 1, void *: 2)", "_Generic(1 ? (const int *)8 : (int *)8, int *: 1, const int *: 2)", "_Generic(1 ? (const int *)8 : (void *)8, void *: 1, const void *: 2)", "_Generic(1 ? (int *)8 : (const void *)0, const void *: 1, default: 2)", "sizeof(*(8 ? ((void *)((long)(variable) * 0l)) : (int *)8))", "sizeof(*(8 ? ((void *)((long)(5) * 0l)) : (int *)8))", "_Generic(0 ? array : 0, int *: 1, default: 2)",
    "__real__ 3", "__imag__ 3", "__real__ -2.5 < 0", "sizeof(__real__ 1.0fi)", "sizeof(__imag__ 1.0Li)", "_Generic(__imag__ 2.0f, float: 1, default: 2)",
    "__builtin_offsetof(struct pair, a[2 + 1])", "__builtin_offsetof(struct nest, pairs[2].a[3])", "__builtin_offsetof(struct nest, pairs[1].in.s)", "__builtin_offsetof(struct nest, grid[1][2])", "__builtin_offsetof(struct pair, a[-1])", "__builtin_offsetof(union mix, p.l)", "__builtin_offsetof(struct nest, pairs)",
    /* compound literals */
    "sizeof((int[]){1, 2, 3})", "sizeof((int[]){[5] = 1, 2})", "sizeof((int[]){[5] = 1, [2] = 2})", "sizeof((int[]){[1 ... 4] = 1})", "sizeof((int[]){1, 2, 3,})", "sizeof((char[]){\"abc\"})", "sizeof((char[]){\"abc\" \"def\"})", "sizeof((char[]){'a', 'b'})", "sizeof((int[]){L\"abc\"})", "sizeof((char *[]){\"a\", \"b\", \"c\"})", "sizeof((char[][4]){\"abc\", \"d\"})", "sizeof((struct pair[]){{1}, {2}})", "sizeof((struct pair[]){[3] = {1}, {2}})", "sizeof((struct pair){.c = 1})", "sizeof (int[]){1, 2}[1]", "sizeof((struct pair){1}.l)", "sizeof((long){3})", "sizeof((int[2][3]){{1}})", "sizeof((int[]){(1, 2), 3})", "_Alignof((struct pair){1})", "sizeof((int[]){ [TEN] = 1 })", "sizeof(&(int){1})", "_Generic((int){1}, int: 1, default: 2)", "sizeof((double[]){{1}, 2})", "sizeof((struct pair[]){[1].c = 1})", "sizeof((struct pair[]){[1].c = 1, [3].in.s = 2})", "sizeof((unsigned char[]){u8\"ab\"})", "sizeof((int[]){1, 2}) / sizeof((int[]){1})",
    /* types of what has no constant value */
    "sizeof(variable = 3.0)", "sizeof(variable++)", "sizeof(--variable)", "sizeof(array[0] += 2)", "sizeof(variable, 1.0)", "sizeof((array, array))", "sizeof(variable <<= 2)", "_Generic(variable = 3, int: 1, default: 2)", "sizeof(*function)", "sizeof(function(1, 0) + 1l)", "sizeof(-variable)", "sizeof(variable ? 1 : 2l)", "sizeof(1 / 0)", "sizeof(vector)", "sizeof(vector + vector)", "sizeof(vector[1])", "sizeof(vector * 2)", "sizeof(five)", "sizeof(&five)", "sizeof(text)", "sizeof(texts) / sizeof(texts[0])", "sizeof(\"abc\"[0])", "sizeof(*\"abc\")", "sizeof(&array)", "sizeof(*&array)", "sizeof(points)", "sizeof(0 ? variable : 1.0f)",
    /* alignment of objects */
    "__alignof__(aligned_1)", "__alignof__(aligned_16)", "__alignof__(variable)", "__alignof__(array)", "__alignof__(open_array)", "__alignof__(function)", "__alignof__(aligned_function)", "__alignof__(over)", "__alignof__(late)", "__alignof__(member_holder.i)", "__alignof__(member_holder.a8)", "__alignof__(tight)", "__alignof__(tight.i)", "__alignof__(tight.d)", "__alignof__(tight.inner)", "__alignof__(tight.inner.i)", "__alignof__(paged.i)", "__alignof__(paged.d)", "__alignof__(paged.list)", "__alignof__(paged.list[1])", "__alignof__(((struct holder *)0)->i)", "__alignof__(((struct tight *)0)->i)", "__alignof__(holders[1].i)", "__alignof__(holders[1])", "__alignof__(*holders)", "__alignof__(*&aligned_16)", "__alignof__(*(char *)&aligned_16)", "__alignof__(*(char *)(double *)0)", "__alignof__(*(char *)pointer)", "__alignof__(*(short *)(char *)pointer)", "__alignof__(*pointer)", "__alignof__(pointer[1])", "__alignof__(aligned_16 + 1)", "__alignof__((aligned_16))", "__alignof__(*&tight.i)", "__alignof__(five)", "__alignof__(TEN)", "__alignof__(\"abc\")", "__alignof__(void)", "__alignof__(*function)", "__alignof__(function(1, 0))", "_Alignof(aligned_16)", "__alignof__(__extension__ aligned_16)", "__alignof__(over_type)", "__alignof__(int[3])", "__alignof__(held_32)", "_Alignof(1.0L)", "__alignof__(struct tight)", "__alignof__(_Complex float)",
};

/* Both sides number the types alike; those that are one to the parser are one to gcc here. */
#define TYPES(X) \
    X(_Bool, 1) X(char, 2) X(signed char, 3) X(unsigned char, 4) X(short, 5) X(unsigned short, 6) X(int, 7) X(unsigned, 8) X(long, 9) \
    X(unsigned long, 10) X(long long, 11) X(unsigned long long, 12) X(__int128, 13) X(unsigned __int128, 14) X(float, 15) X(double, 16) \
    X(long double, 17) X(__float128, 18) X(_Float16, 19)
#define AS_TEXT(type, number) ", " #type ": " #number

static const char type_number[] = "_Generic((%s)" TYPES(AS_TEXT) ", default: 99)";
static const char gcc_type_number[] = "_Generic((%s)" TYPES(AS_TEXT) ", _Float32: 15, _Float64: 16, _Float32x: 16, _Float64x: 17, default: 99)";

/* The format's %s, each of them, filled with the expression. */
static const char *fill(const char *format, const char *expression)
{
    static char buffers[4][16384];
    static unsigned next;
    char *buffer = buffers[next++ % 4], *to = buffer;
    const char *end = buffer + sizeof buffers[0] - 1;
    for (; *format != '\0' && to < end; format++)
        if (format[0] == '%' && format[1] == 's') {
            size_t length = strlen(expression), room = (size_t)(end - to);
            memcpy(to, expression, length < room ? length : room);
            to += length < room ? length : room;
            format++;
        } else {
            *to++ = *format;
        }
    *to = '\0';
    return buffer;
}

static uint64_t constant(CTypeTable *table, const char *prefix, unsigned index)
{
    char name[32];
    const CDecl *decl;
    snprintf(name, sizeof name, "%s%u", prefix, index);
    decl = find_decl(table, name);
    return decl != NULL && decl->kind == CDECL_CONSTANT ? decl->value : UINT64_C(0xBADBADBADBADBAD);
}

static void read_line(FILE *output, char *line, int nbytes)
{
    if (fgets(line, nbytes, output) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

static void check_values(CTypeTable *table, FILE *output, unsigned index, const char *expression)
{
    char line[128], got[128];
    read_line(output, line, sizeof line);
    snprintf(got, sizeof got, "%016" PRIx64 "%016" PRIx64 " size %" PRIu64 " type %" PRIu64, constant(table, "h", index), constant(table, "l", index),
             constant(table, "s", index), constant(table, "t", index));
    if (!CHECK_TEXT(got, line))
        fprintf(stderr, "    %s\n", expression);
}

static CTypeTable *new_table(void)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    CHECK(declare(table, prelude));
    return table;
}

/* Both sides get the same text. The value goes through unsigned __int128 in two halves. */
static void compare(const char *const *texts, unsigned count)
{
    CTypeTable *table = new_table();
    FILE *file = create_source("constants"), *output;
    unsigned i;
    fprintf(file, "#include <stdio.h>\n%sint main(void) {\nunsigned __int128 v;\n", prelude);
    for (i = 0; i < count; i++) {
        static char text[40000];
        snprintf(text, sizeof text, "static const unsigned long h%u = %s, l%u = %s; enum { s%u = %s, t%u = %s };", i, fill("(unsigned __int128)(%s) >> 64", texts[i]), i,
                 fill("(unsigned __int128)(%s)", texts[i]), i, fill("sizeof(%s)", texts[i]), i, fill(type_number, texts[i]));
        if (!CHECK(declare(table, text)))
            fprintf(stderr, "    %s\n", texts[i]);
        fprintf(file, "v = %s; printf(\"%%016lx%%016lx size %%zu type %%d\\n\", (unsigned long)(v >> 64), (unsigned long)v, %s, %s);\n",
                fill("(unsigned __int128)(%s)", texts[i]), fill("sizeof(%s)", texts[i]), fill(gcc_type_number, texts[i]));
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

/* -- floating expressions: gcc's value is written as a sum of two hexadecimal constants, and the parser compares ----------------- */

static const char *const floating_expressions[] = {
    "1.0", "0.1", "0.1f", "0.1L", "0.1q", "0.1f16", "0.1f32", "0.1f64", "0.1f128", "0.1f32x", "0.1f64x", "0.1w", "0.1d", "1e308 * 10", "-1e-320", "3.4028235e38f", "1e39f", "1e-45f", "65504.0f16", "65519.9f16", "65520.0f16", "6e-8f16", "2e-8f16", "3e-5f16", "1e4932L", "1e5000L", "3.6e-4951L",
    "0x1.8p1", "0x1.fffffffffffff8p0", "0x1.fffffffffffff7fffp0", "0x1.000001p0f", "0x1.0000010000001p0f", "0x.0000001p-100L", "179769313486231580793728971405301e276", "123456789012345678901234567890.0L", "2.2250738585072011e-308", "9007199254740993.0", "9007199254740992.99999999999999999999999", "0.500000000000000166533453693773481063544750213623046875", "1.00000005960464477539062500000000000000000000000001f",
    "0.1 + 0.2", "0.1f + 0.2f", "0.1L + 0.2L", "0.1q + 0.2q", "1.0L + 0x1.0000000000000002p-64L", "0.1f + 0.2", "1.0 / 3", "1.0f / 3", "1.0L / 3", "1.0q / 3", "2.0f16 / 3.0f16", "0.1f16 * 0.1f16", "1.0f16 + 0.0004885f16", "-0.0", "-(0.1f)", "+0.1L", "(float)0.1", "(double)0.1L", "(float)0.1L", "(_Float16)0.1", "(_Float16)1e-7L", "(__float128)0.1", "(float)16777217", "(float)0xffffffffffffffff", "(double)0xffffffffffffffff",
    "(double)((__int128)1 << 100)", "(float)(((__int128)1 << 100) + 1)", "(float)(((unsigned __int128)1 << 120) + ((unsigned __int128)1 << 96) + 1)", "(long double)(unsigned __int128)-1", "(double)(unsigned __int128)-1", "(float)-((__int128)1 << 90)", "(_Float16)65519", "(_Float16)2049", "1 + 0.5f", "1ul * 0.1", "0xffffffffffffffff * 1.0f", "1 ? 1 : 2.0", "1 ? 1.5f : 2.0L", "0 ? 1.5f : 2", "1e300 * 1e300 * 0", "__builtin_inf()", "-__builtin_inff()", "__builtin_infl()", "__builtin_inff128()", "__builtin_inff16()", "__builtin_infq()", "__builtin_huge_val()", "__builtin_huge_valf()", "__builtin_huge_vall()", "__builtin_huge_valf64x()", "__builtin_nan(\"\")", "__builtin_nanf(\"0x7f\")", "__builtin_nanl(\"\")", "__builtin_nans(\"\")", "__builtin_nanf128(\"\")", "__builtin_nanf32x(\"\")", "1e16 + 1.0 - 1e16", "1e16L + 1.0 - 1e16L", "(float)(1e10f + 1) * 3", "0.1 * 3 - 0.3", "5e-324 / 2", "5e-324 * 0.75", "1.5e-45f * 0.9f", "1e-310 * 0.1", "2.5 - 1u", "'a' * 1.0f", "__real__ 2.5", "__imag__ 2.5f",
    "1.0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001",
};

/* "0x1.8p+3L" and the like as the parser reads it. */
static void add_term(char *to, size_t nbytes, const char *number)
{
    if (strstr(number, "inf") != NULL)
        snprintf(to, nbytes, "(__float128)%s__builtin_inf()", number[0] == '-' ? "-" : "");
    else
        snprintf(to, nbytes, "(__float128)%sL", number);
}

static void check_floating(CTypeTable *table, FILE *output, unsigned index, const char *expression)
{
    static char text[20000];
    char line[160], high[80], low[80], terms[2][120];
    unsigned type = 0, size = 0;
    read_line(output, line, sizeof line);
    if (!CHECK(sscanf(line, "%79s %79s size %u type %u", high, low, &size, &type) == 4))
        return;
    if (strstr(high, "nan") != NULL) {
        snprintf(text, sizeof text, "enum { e%u = (%s) != (%s)", index, expression, expression);
    } else {
        bool is_finite = strstr(high, "inf") == NULL;
        add_term(terms[0], sizeof terms[0], high);
        add_term(terms[1], sizeof terms[1], is_finite ? low : "0");
        snprintf(text, sizeof text, "enum { e%u = (%s) == %s + %s", index, expression, terms[0], terms[1]);
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), ", s%u = sizeof(%s), t%u = %s };", index, expression, index, fill(type_number, expression));
    if (!CHECK(declare(table, text)) | !CHECK_INT(constant(table, "e", index), 1) | !CHECK_INT(constant(table, "s", index), size) | !CHECK_INT(constant(table, "t", index), type))
        fprintf(stderr, "    %s: %s\n", expression, line);
}

static void compare_floating(const char *const *texts, unsigned count)
{
    CTypeTable *table = new_table();
    FILE *file = create_source("floating"), *output;
    unsigned i;
    fprintf(file, "#include <stdio.h>\n%sint main(void) {\n__float128 v; long double high, low;\n", prelude);
    for (i = 0; i < count; i++)
        fprintf(file, "v = %s; high = v; low = high - high == 0 ? v - high : 0; printf(\"%%La %%La size %%zu type %%d\\n\", high, low, %s, %s);\n",
                texts[i], fill("sizeof(%s)", texts[i]), fill(gcc_type_number, texts[i]));
    fprintf(file, "}\n");
    fclose(file);
    output = run_oracle("floating");
    if (CHECK(output != NULL)) {
        for (i = 0; i < count; i++)
            check_floating(table, output, i, texts[i]);
        pclose(output);
    }
    ctype_table_free(table);
}

/* -- what is refused: each line is a declaration, and gcc's errors name its lines --------------------------------------------------- */

static const char *const refusals[] = {
    "double v = 0x1e+1;", "double v = 0x1e + 1;", "int v = 0b12;", "int v = 08;", "double v = 08.5;", "double v = 08e1;", "int v = 1ulL;", "int v = 1lul;", "int v = 1lL;", "int v = 1uu;", "int v = 1lll;", "int v = 1wb;", "int v = 1z;", "int v = 1f;", "double v = 1.0lf;", "double v = 1.0ll;", "double v = 1.0ff;", "double v = 1.0u;", "double v = 0x1.8;", "double v = 0x1p;", "double v = 0x1.8p1f;", "double v = 1e;", "double v = 1e+;", "double v = 1e5.0;", "int v = 0x;", "int v = 0b;", "double v = 0b1.1;", "double v = 0b1e1;", "double v = 0x.p1;", "double v = 1.2.3;", "double v = 1._0;",
    "double v = 1.0f17;", "double v = 1.0f8;", "double v = 1.0f16x;", "double v = 1.0f128x;", "double v = 1.0F32X;", "double v = 1.0F64x;", "double v = 1.0f0;", "double v = 1.0f32f;", "_Complex double v = 1.0ii;", "_Complex double v = 1.0fi;", "_Complex double v = 1.0if;", "_Complex double v = 1.0f32i;", "_Complex double v = 1.0if32;", "_Complex double v = 1.0J;", "_Complex double v = 1.0ij;", "_Complex double v = 1.0di;", "double v = 1.0D;", "double v = 1.0dF;", "double v = 1.0DF > 1.0DF;", "double v = 0x1.0p3df;", "double v = 0x1p3d;", "double v = 1.0k;", "double v = 1.0WL;", "_Complex double v = 1.0wi;", "_Complex double v = 1.0qI;", "_Complex int v = 1ui;", "_Complex int v = 1iul;", "_Complex int v = 1lil;", "_Complex int v = 1ji;",
    "int v = '\\x';", "int v = '\\u12';", "int v = '\\ud800';", "int v = '\\u0041';", "int v = '\\u0024';", "int v = L'\\U0000dfff';", "int v = '';", "int v[sizeof(u\"a\" L\"b\")];", "int v[sizeof(u8\"a\" L\"b\")];", "int v[sizeof(u8\"a\" u\"b\")];", "int v[sizeof(\"a\" L\"b\")];", "int v[sizeof(u8\"a\" u8\"b\")];", "int v[sizeof(\"\\x\")];", "int v[sizeof(\"\\q\")];",
    "enum { A = 1 << -1 };", "enum { A = 1 >> -1 };", "enum { A = 1 << 40 };", "enum { A = 1 / 0 };", "enum { A = 1 % 0 };", "enum { A = 0 && 1 / 0 };", "enum { A = 1 || 1 / 0 };", "enum { A = 1 / 0 && 0 };", "enum { A = 0 ? 1 / 0 : 2 };", "enum { A = 1 ? 1 / 0 : 2 };", "enum { A = 1.0 / 0 > 1 };", "enum { A = sizeof(1 / 0) };", "enum { A = (variable = 3) };", "enum { A = variable++ };", "enum { A = variable };", "enum { A = sizeof(variable++) };", "enum { A = 1 ? 2 : variable };", "enum { A = (int)2.5 };", "enum { A = 2.5 };", "enum { A = (__int128)1 << 30 };", "enum { A = (unsigned long)&variable };", "enum { A = (unsigned long)&((struct pair *)0)->l };", "enum { A = \"abc\"[1] };",
    "struct { int v : (1 << 40) + 2; } s;", "struct { int v : -1; } s;", "struct { int v : 1 - 2; } s;", "struct { int v : 33; } s;", "struct { int v : (__int128)1 << 100; } s;", "int v[-1];", "int v[(__int128)1 << 100];", "int v[0x7fffffffffffffff];", "int v[1u - 2];", "int v[2 - 1];", "_Static_assert((1 << 40) == 0, \"\");", "_Static_assert((1 << 40) + 1, \"\");", "_Static_assert(1.0, \"\");", "_Static_assert(0.5 > 0, \"\");", "_Static_assert((__int128)1 << 100, \"\");", "_Static_assert(0 * (__int128)5, \"\");",
    "enum { A = _Generic(variable, long: 3) };", "enum { A = _Generic(variable, int: 3, int: 4) };", "enum { A = _Generic(variable, int: 3, default: 1, default: 4) };", "enum { A = _Generic(variable, default: 4) };", "enum { A = __builtin_choose_expr(variable, 1, 2) };", "enum { A = __builtin_choose_expr(0, variable, 2) };", "enum { A = __builtin_offsetof(struct pair, nothing) };", "enum { A = __builtin_offsetof(struct pair, a[variable]) };", "enum { A = __builtin_offsetof(struct fields, f) };", "enum { A = sizeof(((struct fields *)0)->f) };", "enum { A = __alignof__(((struct fields *)0)->f) };", "__typeof__(((struct fields *)0)->f) v;", "__typeof__(((struct fields *)0)->f + 1) v;", "__typeof__(variable = 3.0) v;", "__typeof__((variable, 2.0)) v;", "__typeof__(variable, 2.0) v;", "enum { A = __alignof__(int[]) };", "enum { A = __alignof__(struct unknown) };", "enum { A = sizeof(struct unknown) };", "enum { A = sizeof(open_array) };", "enum { A = __alignof__(open_array) };",
    "enum { A = sizeof((int[]){[-1] = 2}) };", "enum { A = sizeof((struct unknown){0}) };", "enum { A = sizeof((int[]){1, 2}) };", "enum { A = sizeof((int[]){[variable] = 2}) };", "enum { A = -\"abc\" };", "enum { A = ~1.0 };", "enum { A = 1.0 % 2 };", "enum { A = 1.0 << 2 };", "enum { A = sizeof(1.0i < 2) };", "enum { A = sizeof(1.0i == 2) };", "enum { A = sizeof(~1.0i) };", "enum { A = sizeof(array + array) };", "enum { A = sizeof(array - array) };", "enum { A = sizeof(&3) };", "enum { A = sizeof(*3) };", "enum { A = sizeof(3 = 4) };", "enum { A = sizeof(++3) };", "enum { A = sizeof((int *)1.5) };", "enum { A = sizeof((double)(int *)0) };", "enum { A = sizeof((struct pair)1) };", "enum { A = sizeof((int)*(struct pair *)0) };", "enum { A = sizeof(1 ? *(struct pair *)0 : 2) };", "enum { A = __real__ array };", "enum { A = !*(struct pair *)0 };", "enum { A = sizeof(!array) };",
};

/* The texts of gcc's errors are flagged; each has ten lines, the names that it defines apart included. */
static bool find_refused(bool *is_refused, unsigned count)
{
    char command[512], line[1024];
    FILE *output;
    snprintf(command, sizeof command, "LC_ALL=C %s -std=gnu11 -w -fsyntax-only '%s/refusals.c' 2>&1", oracle_compiler(), scratch_directory());
    output = popen(command, "r");
    while (output != NULL && fgets(line, sizeof line, output) != NULL) {
        const char *place = strstr(line, "refusals.c:");
        unsigned number = place == NULL ? 0 : (unsigned)strtoul(place + 11, NULL, 10);
        if (strstr(line, "error: ") != NULL && number >= 1000 && number < 1000 + 10 * count)
            is_refused[(number - 1000) / 10] = true;
    }
    return output != NULL && pclose(output) >= 0;
}

static void compare_refusals(void)
{
    enum { COUNT = sizeof refusals / sizeof *refusals };
    static bool is_refused[COUNT];
    FILE *file = create_source("refusals");
    unsigned i;
    fprintf(file, "%s", prelude);
    for (i = 0; i < COUNT; i++) {
        fprintf(file, "\n# %u \"refusals.c\"\n#define A A%u\n#define v object%u\n#define s s%u\n", 1000 + 10 * i, i, i, i);
        fprintf(file, "%s\n#undef A\n#undef v\n#undef s\n", refusals[i]);
    }
    fclose(file);
    CHECK(find_refused(is_refused, COUNT));
    for (i = 0; i < COUNT; i++) {
        CTypeTable *table = new_table();
        CdeclSource source = source_of(refusals[i]);
        Error error;
        bool is_good = cdecl_declare(table, &source, &error);
        if (!CHECK_INT(is_good, !is_refused[i]))
            fprintf(stderr, "    %s%s%s\n", refusals[i], is_good ? "" : ": ", is_good ? "" : error.text);
        ctype_table_free(table);
    }
}

/* -- random expressions ----------------------------------------------------------------------------------------------------- */

typedef struct Text {
    char bytes[2000];
    size_t length;
} Text;

static void add(Text *text, const char *piece)
{
    size_t length = strlen(piece);
    if (text->length + length < sizeof text->bytes) {
        memcpy(text->bytes + text->length, piece, length + 1);
        text->length += length;
    }
}

static const char *one_of(const char *const *texts, unsigned count)
{
    return texts[pick(count)];
}

#define ONE_OF(...) one_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* What gcc folds before the run, and what it loads: it has the machine's word for overflow in the latter. */
typedef enum Folding { FOLDED, LOADED } Folding;

static void add_literal(Text *text, Folding folding)
{
    unsigned kind = pick(6);
    if (kind == 0) {
        add(text, ONE_OF("TEN", "MINUS", "BIG", "TOP", "LOW", "HIGH", "HUGE_", "'a'", "'\\xff'", "L'\\xffffffff'", "u'\\xffff'", "U'z'", "'ab'", "sizeof(int)", "sizeof(struct pair)"));
    } else if (kind == 1 && folding == LOADED) {
        add(text, ONE_OF("five", "byte", "lots", "small128", "top128"));
    } else {
        const char *value = ONE_OF("0", "1", "2", "7", "100", "255", "65535", "2147483647", "2147483648", "4294967295", "0x80000000", "0x7fffffffffffffff", "0xffffffffffffffff", "017", "0b101", "9223372036854775807", "9223372036854775808");
        add(text, value);
        add(text, ONE_OF("", "", "u", "l", "ul", "ll", "ull", "LU"));
    }
}

static const char *integer_cast(void)
{
    return ONE_OF("(char)", "(signed char)", "(unsigned char)", "(short)", "(unsigned short)", "(int)", "(unsigned)", "(long)", "(unsigned long)", "(long long)", "(unsigned long long)",
                  "(_Bool)", "(enum positive)", "(T)", "(__int128)", "(unsigned __int128)", "(__int128)", "(unsigned __int128)");
}

/* What the machine would compute otherwise is left out where gcc leaves it to the machine: a shift beyond the width stands
 * among what is folded, and divisors and counts are literals. */
static void add_tail(Text *text, Folding folding)
{
    if (folding == FOLDED && pick(3) == 0)
        add(text, ONE_OF(" << 31", " << 40", " >> 40", " << 64", " >> 63", " >> 70", " << 100", " >> 127", " << 128u", " >> 200ll"));
    else
        add(text, ONE_OF(" / 3", " % 7", " << 3", " >> 2", " / 10u", " % 5l", " << 1u", " >> 7ull", " / 1000000007ull", " % (__int128)12345678901", " / -2", " % -9l"));
}

static void add_expression(Text *text, unsigned depth, Folding folding);

static void add_call(Text *text, unsigned depth, Folding folding)
{
    static const char *const forms[][2] = {
        {"__builtin_popcount(", ")"}, {"__builtin_bswap32(", ")"}, {"__builtin_bswap64(", ")"}, {"__builtin_parityll(", ")"}, {"__builtin_expect(", ", 1)"},
        {"__builtin_choose_expr(1, ", ", 2)"}, {"__builtin_choose_expr(0, 1.5, ", ")"}, {"_Generic(1, default: 3, int: ", ")"}, {"_Generic(1ul, default: ", ", int: 2.5)"}, {"__real__(", ")"},
        {"sizeof(", ")"}, {"(long)sizeof(", ")"}, {"__extension__(", ")"}, {"__builtin_ffs(", ")"}, {"__builtin_bswap16(", ")"},
    };
    unsigned form = pick(sizeof forms / sizeof *forms);
    add(text, forms[form][0]);
    add_expression(text, depth - 1, folding);
    add(text, forms[form][1]);
}

static void add_expression(Text *text, unsigned depth, Folding folding)
{
    unsigned kind = depth == 0 ? 0 : pick(11);
    if (kind < 2) {
        add_literal(text, folding);
        return;
    }
    if (kind == 10) {
        add_call(text, depth, folding);
        return;
    }
    add(text, "(");
    if (kind == 2)
        add(text, ONE_OF("-", "~", "!", "+"));
    else if (kind == 3)
        add(text, integer_cast());
    add_expression(text, depth - 1, folding);
    if (kind == 4) {
        add(text, " ? ");
        add_expression(text, depth - 1, folding);
        add(text, " : ");
        add_expression(text, depth - 1, folding);
    } else if (kind == 5) {
        add_tail(text, folding);
    } else if (kind > 5) {
        add(text, ONE_OF(" + ", " - ", " * ", " & ", " | ", " ^ ", " < ", " > ", " <= ", " >= ", " == ", " != ", " && ", " || "));
        add_expression(text, depth - 1, folding);
    }
    add(text, ")");
}

/* _Float16 is left out: gcc folds it in float, and runs it in float or in half, as the machine has it. */
static void add_floating(Text *text, unsigned depth)
{
    unsigned kind = depth == 0 ? 0 : pick(9);
    if (kind < 2) {
        add(text, ONE_OF("0", "1", "3", "7u", "1000000007l", "0xffffffffffffffff", "'a'", "1.0", "0.1", "0.5f", "0.1f", "3.25L", "0.1L", "1e10", "1e-10f", "0x1.fffffep0f", "0x1.fffffffffffffp0", "0x1.fffffffffffffffep0L", "1e-310", "1e-40f", "9007199254740993.0L", "0.1q",
                         "1.1f32", "1.1f64", "1.1f32x", "1.1f64x", "1.1f128", "((__int128)1 << 100)", "(((unsigned __int128)1 << 127) + 1)"));
        return;
    }
    add(text, "(");
    if (kind == 2)
        add(text, ONE_OF("-", "+", "(float)", "(double)", "(long double)", "(__float128)", "(float)", "__real__ "));
    add_floating(text, depth - 1);
    if (kind == 3) {
        add(text, ONE_OF(" / 3", " / 0.1", " / 7.0f", " / 1e3L", " * 3u", " / 3.0q"));
    } else if (kind == 4) {
        add(text, ONE_OF(" ? ", " > 1 ? ", " < 0.5f ? ", " == 0 ? "));
        add_floating(text, depth - 1);
        add(text, " : ");
        add_floating(text, depth - 1);
    } else if (kind > 4) {
        add(text, ONE_OF(" + ", " - ", " * "));
        add_floating(text, depth - 1);
    }
    add(text, ")");
}

static void run_random(unsigned count)
{
    char **texts = calloc(count + 1, sizeof *texts), **floating = calloc(count / 2 + 1, sizeof *floating);
    unsigned i;
    for (i = 0; i < count; i++) {
        Text text = {.length = 0};
        add_expression(&text, 4, i % 2 == 0 ? FOLDED : LOADED);
        texts[i] = strdup(text.bytes);
    }
    compare((const char *const *)texts, count);
    for (i = 0; i < count / 2; i++) { /* 1.0 * makes it floating */
        Text text = {.length = 0};
        add(&text, ONE_OF("1.0f * ", "1.0 * ", "1.0L * ", "1.0q * "));
        add_floating(&text, 3);
        floating[i] = strdup(text.bytes);
    }
    compare_floating((const char *const *)floating, count / 2);
    for (i = 0; i < count; i++)
        free(texts[i]);
    for (i = 0; i < count / 2; i++)
        free(floating[i]);
    free(texts);
    free(floating);
}

/* -- static const integers: constants where the value is known, else variables --------------------------------------------------- */

static const struct StaticCase {
    const char *initializer; /* of the variable `c` with its type before */
    bool is_constant;
} statics[] = {
    {"int c = 5", true}, {"int c = {5}", true}, {"int c = { 5, }", true}, {"char c = 300", true}, {"unsigned char c = -1", true}, {"_Bool c = 7", true}, {"int c = 2.75", true}, {"unsigned c = {-1}", true},
    {"enum numbers c = TEN", true}, {"enum positive c = {3}", true}, {"unsigned long c = sizeof(struct pair)", true}, {"long c = (long)(void *)8", true}, {"short c = 'ab'", true}, {"unsigned long long c = 1ull << 63", true},
    {"__int128 c = -7", true}, {"__int128 c = (__int128)1 << 62", true}, {"__int128 c = (__int128)1 << 63", false}, {"__int128 c = (__int128)1 << 100", false}, {"__int128 c = -((__int128)1 << 63)", true}, {"__int128 c = -((__int128)1 << 63) - 1", false}, {"unsigned __int128 c = 0xffffffffffffffff", true}, {"unsigned __int128 c = -1", false},
    {"unsigned long c = (unsigned long)&variable", false}, {"unsigned long c = (unsigned long)&array[1] + 2", false}, {"unsigned long c = (unsigned long)function", false}, {"unsigned long c = (unsigned long)\"abc\"", false}, {"unsigned long c = {(unsigned long)&five}", false}, {"long c = __builtin_strlen(\"abc\") + 1", false}, {"int c = __builtin_isnan(1.0) ? 2 : 3", false}, {"int c = !__builtin_isinf(2.0)", false}, {"double c = 2.5", false}, {"int *c = 0", false}, {"int c = __imag__ 2i", false},
};

static void check_static(FILE *output, const char *initializer, bool is_constant)
{
    CTypeTable *table = new_table();
    char text[256], got[64], line[128];
    const CDecl *decl;
    read_line(output, line, sizeof line);
    snprintf(text, sizeof text, "static const %s; static const int behind = 4;", initializer);
    if (CHECK(declare(table, text))) {
        decl = find_decl(table, "c");
        if (!CHECK_INT(decl->kind, is_constant ? CDECL_CONSTANT : CDECL_VARIABLE))
            fprintf(stderr, "    %s\n", initializer);
        snprintf(got, sizeof got, "%" PRId64, (int64_t)decl->value);
        if (is_constant && !CHECK_TEXT(got, line))
            fprintf(stderr, "    %s\n", initializer);
        CHECK(find_decl(table, "behind") != NULL && find_decl(table, "behind")->value == 4);
        CHECK(declare(table, text)); /* the same again */
    }
    ctype_table_free(table);
}

static void compare_statics(void)
{
    FILE *file = create_source("statics"), *output;
    size_t i, count = sizeof statics / sizeof *statics;
    fprintf(file, "#include <stdio.h>\n%sint variable, array[3]; int function(int a, char *b) { return a + *b; }\nint main(void) {\n", prelude);
    for (i = 0; i < count; i++)
        fprintf(file, "{ static const %s; printf(\"%%ld\\n\", (long)c); }\n", statics[i].initializer);
    fprintf(file, "}\n");
    fclose(file);
    output = run_oracle("statics");
    if (!CHECK(output != NULL))
        return;
    for (i = 0; i < count; i++)
        check_static(output, statics[i].initializer, statics[i].is_constant);
    pclose(output);
}

/* -- hostile texts ------------------------------------------------------------------------------------------------------------- */

/* `opening` many times, then a middle, in an enumerator's value: refused for its depth, whatever it is. */
static void check_nest(const char *opening, const char *middle, size_t count)
{
    CTypeTable *table = new_table();
    size_t length = strlen(opening), i;
    char *text = malloc(length * count + 100);
    CdeclSource source = {.text = text};
    Error error = {.code = ERROR_NONE};
    strcpy(text, "enum { A = ");
    source.length = strlen(text);
    for (i = 0; i < count; i++, source.length += length)
        memcpy(text + source.length, opening, length);
    strcpy(text + source.length, middle);
    source.length += strlen(middle);
    if (!CHECK(!cdecl_declare(table, &source, &error)) | !CHECK_INT(error.code, ERROR_LIMIT))
        fprintf(stderr, "    %s...: %s\n", opening, error.text);
    free(text);
    ctype_table_free(table);
}

static void check_nests(void)
{
    static const char *const openings[] = {
        "(", "-", "!", "+ ", "~", "*", "& ", "sizeof ", "sizeof(", "__alignof__ ", "(int)", "1?", "1?1:", "(variable=", "(variable+=", "++", "__real__ ", "__extension__ ", "1+(", "1-sizeof(", "array[",
        "1||1&&1|1^1&1==1<1<<1+1*(", "_Generic(", "_Generic(1,int:", "_Generic(1,default:", "__builtin_choose_expr(1,", "__builtin_constant_p(", "__builtin_popcount(1+", "__builtin_expect(1,", "__builtin_nan(",
        "(int[]){[", "sizeof(int[]){[", "(int){1}+(int[]){[", "__builtin_offsetof(struct pair,a[", "sizeof(int[", "(__typeof__(", "(long)&((struct pair *)0)->a[", "sizeof(struct { int x : ", "(enum {B=", "__builtin_types_compatible_p(int[", "(1,", "function(1)+(",
    };
    size_t i;
    for (i = 0; i < sizeof openings / sizeof *openings; i++)
        check_nest(openings[i], "1", 200000);
}

/* Every beginning of the text, and the text with a NUL byte or a quote in each place: none may crash or hang, whatever comes out. */
static void check_pieces(const char *expression)
{
    static const char bytes[] = {'\0', '"', '\'', '\\', '(', '\xff'};
    CTypeTable *table = new_table();
    char *text = malloc(strlen(expression) + 40), *exact;
    size_t length, i, k;
    Error error;
    sprintf(text, "enum { A = %s };", expression);
    length = strlen(text);
    for (i = 11; i <= length; i++) {
        CdeclSource source = {.length = i};
        exact = malloc(i); /* the sanitizer sees a read behind it */
        memcpy(exact, text, i);
        source.text = exact;
        if (cdecl_declare(table, &source, &error)) {
            ctype_table_free(table);
            table = new_table();
        }
        for (k = 0; k < sizeof bytes && i < length; k++) {
            exact[i - 1] = bytes[k];
            if (cdecl_declare(table, &source, &error)) {
                ctype_table_free(table);
                table = new_table();
            }
        }
        free(exact);
    }
    free(text);
    ctype_table_free(table);
}

/* What no table above holds: numbers of many digits, and few of no meaning. */
static void check_long_numbers(void)
{
    enum { NDIGITS = 100000 };
    static const char *const forms[] = {"enum { A = %s > 1 };", "enum { A = 0.%s > 1 };", "enum { A = 1e%s > 1 };", "enum { A = 1e-%s > 1 };", "enum { A = 0x%sp1 > 1 };", "enum { A = '\\x%s' };", "enum { A = sizeof(\"\\x%s\") };", "enum { A = 1.0f%s > 1 };", "enum { A = 0%s > 1 };", "enum { A = sizeof \"%s\" };", "enum { A = '%s' };"};
    char *digits = malloc(NDIGITS + 1), *text = malloc(NDIGITS + 100);
    size_t i;
    memset(digits, '7', NDIGITS);
    digits[NDIGITS] = '\0';
    for (i = 0; i < sizeof forms / sizeof *forms; i++) {
        CTypeTable *table = new_table();
        CdeclSource source;
        Error error;
        char *at = strstr(strcpy(text, forms[i]), "%s");
        strcpy(at, digits);
        strcat(at, strstr(forms[i], "%s") + 2);
        source = source_of(text);
        cdecl_declare(table, &source, &error);
        ctype_table_free(table);
    }
    CHECK(true);
    free(digits);
    free(text);
}

static void check_hostile(void)
{
    size_t i;
    check_nests();
    for (i = 0; i < sizeof expressions / sizeof *expressions; i++)
        check_pieces(expressions[i]);
    for (i = 0; i < sizeof more_expressions / sizeof *more_expressions; i++)
        check_pieces(more_expressions[i]);
    check_long_numbers();
}

int main(int argc, char **argv)
{
    uint64_t count = begin_random("cdecl_constants", "expressions", 2000, argc, argv);
    compare(expressions, sizeof expressions / sizeof *expressions);
    compare(more_expressions, sizeof more_expressions / sizeof *more_expressions);
    compare_floating(floating_expressions, sizeof floating_expressions / sizeof *floating_expressions);
    compare_refusals();
    compare_statics();
    check_hostile();
    run_random((unsigned)count);
    remove_scratch_directory();
    return unit_end("cdecl_constants");
}
