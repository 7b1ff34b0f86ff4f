/* The language against gcc: each text is declared here, and gcc compiles the same text with assertions on every name that it
 * declared here: the type as ctype_spell says it, size, alignment, member offsets, values. So a name with another meaning, a
 * layout that differs and a text that is not C are all seen; a name that is missing is seen by what the text itself asserts. */
#include <inttypes.h>

#include "cdecl_help.h"
#include "ctype/build.h"

/* `gcc`: what stands before the text for gcc, where a word means nothing to it; or NULL. */
static const struct Case {
    const char *text, *gcc;
} cases[] = {
    /* specifiers in any order */
    {"long unsigned int a; int long long signed b; unsigned c; long d; int short unsigned e; char signed f; double long g; int const long volatile static h;", NULL},
    {"typedef unsigned long int long typedef_last; int typedef long reversed; const struct s { int a; } typedef S, *P; S s; P p;", NULL},
    {"long double _Complex a; _Complex float b; double _Complex c; _Complex d; __complex__ double e;", NULL},
    {"_Decimal32 a, *b; const _Decimal64 c; typedef _Decimal128 D, E[2]; struct s { char c; _Decimal64 d; D e; }; D f(_Decimal32, struct s);", NULL},
    {"_Complex int a; unsigned _Complex long b; char _Complex c[3]; _Complex signed d; _Complex __int128 e; struct s { char c; short _Complex d; }; _Complex float _Complex_f;", NULL},
    {"int extern *x, y[3]; const int *const volatile *z; char *restrict volatile const w;", NULL},
    {"_Noreturn void f(void); static inline _Noreturn int g(int); inline static long h(void) { return 1; } extern inline int i(void);", NULL},
    {"_Alignas(16) int a; _Alignas(double) _Alignas(4) char b; struct s { _Alignas(32) char c; char d; _Alignas(long) char e; };", NULL},
    {"_Thread_local int a; extern _Thread_local int b; static __thread long c; __thread int d;", NULL},
    {"_Atomic int a; _Atomic(long) b; int _Atomic *c; _Atomic(int *) d; struct s { _Atomic struct { char x[3]; } e; };", NULL},
    {"_Static_assert(sizeof(int) == 4, \"int\" \" is four\"); _Static_assert(1, \"\"); struct s { int a; _Static_assert(1, \"in\"); }; _Static_assert(-1 < 0);", NULL},
    {"register int x; typedef int T; T T1, *T2, T3[2]; unsigned T4; const T T5;", NULL},
    {"extern void end; extern const void start; struct q { char c; int x __attribute__((aligned())); };", NULL},
    {"int; struct s { int; char c; }; typedef int; ; ;", NULL},
    {"struct s { int a; char b }; union u { int a; long b };", NULL},
    /* functions */
    {"int f(), g(void), h(int, ...); void i(int (*)(void), int (int), char [], int [3], int [const 4], char [static 2], long [restrict const static 5]);", NULL},
    {"int (*(*f(int (*)(char *)))(long))[3]; int (*(*g)[2])(void); void (*signal(int, void (*)(int)))(int); char (*(*(*h[2])(void))[3])(int);", NULL},
    {"void f(int n, int m, double a[n][m], int b[*][3], char c[*], int d[const *], long e[sizeof(int) * n], int (*g)[n]);", NULL},
    {"typedef int T; int f(T, T T1, const T x, int T); int g(int (T)); int h(int (T), T(T));", NULL},
    {"typedef int F(int); F f, g; F *h(F, F *); struct s { F *p; F **q; }; extern F i;", NULL},
    {"static inline int f(int x) { if (x) { return '{' + sizeof \"}{\"; } /* } */ asm volatile(\"}\" : : \"r\"(x) : \"memory\"); return (int){0x1.8p1} + 1.5e-3f; } int after;", NULL},
    {"static __inline__ __attribute__((always_inline)) int f(const void *p __attribute__((unused))) { struct __attribute__((packed)) q { int a; } *x = (struct q *)p; for (;;) { __label__ l; l: return x->a; } } int after;", NULL},
    {"extern int f(void) __asm__(\"g\") __attribute__((nothrow)); extern int h(void) asm(\"a\" \"b\") __attribute__((pure)); int v asm(\"w\") = 3;", NULL},
    {"void f(struct { int a; } *, enum { LOCAL = 3 } e); enum { LOCAL = 3 }; struct inner { char c; };", NULL},
    {"struct s { int a; } f(struct s), *g(struct s *), h; enum e { A } i(enum e);", NULL},
    {"int f(int a, struct { int f; } *b); int (g)(int), *(h), ((i))(void), (*((j)))(void);", NULL},
    /* initializers and constants */
    {"static const int a = 5, b = -1; static const unsigned char c = 300; static const _Bool d = 7; static const long long e = 1LL << 40; enum { G = 5 };", NULL},
    {"enum { A = 0x7fffffff, B = 0x80000000, C = -1LL, D = 0xfffffffffLL, E, F = 0x7fffffffffffffff }; enum u { U = 0xffffffffffffffff, V = 1 }; enum n { N = -5, O };", NULL},
    {"int a[] = {1, 2, 3}, *b = &a[1]; struct s { int x, y; } c = {.y = 2, .x = 1}, d[2] = {[1] = {3, 4}}; char e[] = \"text\"; const char *g = \"a\" \"b\";", NULL},
    {"enum e { A, B, C, } x; enum { D = A + 10, E = D * 2, F = (char)0x1ff, G = sizeof(enum e), H = _Alignof(double), I = 'a', J = '\\n', K = L'\\x3b1' };", NULL},
    /* bit-fields */
    {"struct s { int a : 3, : 2, b : 31; unsigned long long c : 64, d : 63; _Bool e : 1; int : 0; char f : 7; long : 0; __int128 g : 100; enum { X = 3 } h : 2; };", NULL},
    {"struct __attribute__((packed)) s { int a : 31, b : 31; long long c : 50; char d; int e : 5 __attribute__((aligned(4))), f : 9; };", NULL},
    {"union u { int a : 5; unsigned long b : 60; char : 3; }; typedef signed T; struct t { T T : 4; unsigned T2 : 4; const T : 3; };", NULL},
    /* arrays */
    {"struct s { int n; char a[]; }; struct z { int n; long a[0]; }; struct t { struct { } e; int a[]; }; extern int a[], b[][3]; int c[2][3][4]; char d[0];", NULL},
    {"extern int a[]; extern int a[5]; int f(); int f(int, char *); struct s; extern struct s t; struct s { int a; }; struct s; enum e; enum e { A }; extern enum e v;", NULL},
    /* attributes, wherever gcc takes them */
    {"__attribute__((unused)) int a __attribute__((aligned(16))), __attribute__((unused)) b, *__attribute__((unused)) c; int __attribute__((unused)) d; const __attribute__((unused)) int e;", NULL},
    {"struct __attribute__((packed)) s { char a; int b __attribute__((aligned(2))), c; __attribute__((aligned(8))) char d; } __attribute__((aligned(4))) x __attribute__((aligned(64)));", NULL},
    {"enum __attribute__((packed)) e { A __attribute__((deprecated)), B __attribute__((unused)) = 200 } x; enum { C } __attribute__((packed)) y; union __attribute__((aligned)) u { char c; };", NULL},
    {"int f(int a __attribute__((unused)), __attribute__((unused)) int, int __attribute__((unused)) *b, int (*__attribute__((unused)) g)(void)) __attribute__((nonnull(3), noinline));", NULL},
    {"int (__attribute__((unused)) *f)(int), __attribute__((noinline)) *g(void), (__attribute__((noinline)) h)(void); struct s { int (__attribute__((unused)) *p)(void), : 3 __attribute__((unused)), q : 2 __attribute__((unused)); };", NULL},
    {"typedef int T __attribute__((aligned(32))), U; typedef struct { char c; } V __attribute__((aligned(16))); struct s { char c; T t; U u; V v; char d; }; typedef int W __attribute__((aligned(1))); struct p { char c; W w; };", NULL},
    {"typedef float v4 __attribute__((vector_size(16))); typedef int __attribute__((vector_size(4 * sizeof(int)))) i4, *pi4; __attribute__((vector_size(32))) double d4; v4 f(v4, v4 *); char g __attribute__((vector_size(8)));", NULL},
    {"typedef int q __attribute__((mode(QI))), h __attribute__((__mode__(__HI__))), s __attribute__((mode(SI))), d __attribute__((mode(DI))), t __attribute__((mode(TI))), w __attribute__((mode(word))), p __attribute__((mode(pointer))), b __attribute__((mode(byte)));", NULL},
    {"typedef unsigned uq __attribute__((mode(QI))), ud __attribute__((mode(DI))); typedef float sf __attribute__((mode(SF))), df __attribute__((mode(DF))), xf __attribute__((mode(XF))), tf __attribute__((mode(TF))); typedef _Complex float sc __attribute__((mode(SC))), dc __attribute__((mode(DC)));", NULL},
    {"typedef int v4si __attribute__((mode(V4SI))); typedef float v2df __attribute__((mode(V2DF))); typedef unsigned v8hi __attribute__((mode(V8HI)));", NULL},
    {"typedef int __attribute__((may_alias)) T; void f(void) __attribute__((format(printf, 1, 2), warn_unused_result, section(\".x\"), alias(\"y\"), no_such_attribute(1, {2}, \"three\")));", "#define no_such_attribute(...) unused\n#define alias(x) unused\n#define format(...) unused\n"},
    {"void __attribute__((ms_abi)) f(int); void g(int) __attribute__((sysv_abi)), g2(void (*__attribute__((ms_abi)) cb)(int), long (__attribute__((ms_abi)) **)(void)); void (__attribute__((ms_abi)) *(*k)(int))(char *); void (*(__attribute__((ms_abi)) *l)(int))(char *); int *__attribute__((ms_abi)) m(long); void h(int) __attribute__((ms_abi)); void (__attribute__((ms_abi)) *i)(int); typedef int __attribute__((ms_abi)) F(long); F *j;", NULL},
    {"__extension__ typedef long long T; __extension__ struct s { __extension__ union { int a; long b; }; __extension__ unsigned long long c; }; __extension__ extern T x; enum { A = __extension__ 3 };", NULL},
    {"int a [[maybe_unused]], b [[gnu::aligned(16)]]; [[deprecated(\"no\")]] int f(int [[gnu::unused]] x, [[maybe_unused]] int y) [[__gnu__::__pure__]]; struct [[gnu::packed]] s { char a; int b; [[maybe_unused]] int c; }; enum [[deprecated]] e { A [[deprecated]] = 3 }; int c [[maybe_unused]] [3];", NULL},
    /* gcc's types */
    {"__int128 a; unsigned __int128 b; __int128_t c; __uint128_t d; signed __int128 e; __float128 f; _Float128 g; _Float16 h; __float80 i; _Float32 j; _Float64 k; _Float32x l; _Float64x m; _Complex _Float32 n; __int128 unsigned o;", NULL},
    {"__builtin_va_list a; int f(const char *, __builtin_va_list); struct s { __builtin_va_list v; char c; };", NULL},
    {"int a; __typeof__(a) b; typeof(int *) c, *d; __typeof(a + 1.0) e; int f(long); extern __typeof__(f) f2; __typeof__(f(1)) g; __typeof__(&a) h; __typeof__(c[0]) i; __typeof__(f) *j; __typeof__(\"abc\") k; const __typeof__(sizeof 1) l; typeof(d) m[2];", "int f(long);\n"},
    {"struct empty { }; union nothing { }; struct holds { struct empty e; int a; struct { } b; }; struct nested { struct { int a; union { char b; long c; }; }; struct tagged { int d; } e; struct { int g; } f[2]; };", NULL},
    {"struct base { int a; char b; }; typedef struct { long t; } typed; union base2 { int u; long v; }; struct derived { struct base; typed; char c; union base2; int d; };", NULL},
    {"asm(\"\"); __asm__(\"nop\"); int x;", NULL},
    {"enum { A = __builtin_offsetof(struct s { char a; struct { int b[3]; } c; }, c.b[2]), B = __alignof__(long double), C = sizeof(struct s), D = (unsigned long)&((struct s *)0)->c };", NULL},
    /* tags and scopes */
    {"struct a { struct b { int x; } b; enum c { C1 } c; union { struct d { char y; } d; }; }; struct b vb; enum c vc; struct d vd; struct e *pe; struct e { struct e *next; }; typedef struct f f; struct f { f *p; };", NULL},
    {"typedef int name; struct name { name name; }; union other { struct name name; }; enum tag { tag }; struct name3 { int struct_; } name3;", NULL},
    /* what gcc -E leaves, and the lexer */
    {"# 1 \"some file.h\"\n# 1 \"<built-in>\" 1 3 4\n#line 7\n#pragma GCC diagnostic push\n#ident \"x\"\n#\n int a;\r\n\v\f int b; // c\\\n d\n int /* * / */ c;", NULL},
    {"#pragma pack(push, 1)\nstruct a { char c; int i; };\n#pragma pack(2)\nstruct b { char c; int i; };\n#pragma pack(push, name, 4)\n#pragma pack(push)\n#pragma pack(8)\nstruct c { char c; long i; };\n#pragma pack(pop, name)\nstruct d { char c; long i; };\n#pragma pack(pop)\nstruct e { char c; long i; };\n", NULL},
    {"#pragma pack(pop)\nstruct a { char c; long i; };\n#pragma pack(3)\nstruct b { char c; long i; };\n#pragma pack(2\nstruct c { char c; long i; };\n#pragma pack(push, 2)\n#pragma pack(pop, other)\nstruct d { char c; long i; };\n#pragma pack()\nstruct e { char c; long i; };\n#pragma pack(pop)\nstruct f { char c; long i; };", NULL},
    {"#pragma pack(push, 3)\nstruct a { char c; long i; };\n#pragma pack(pop)\n#pragma pack(1)\nstruct b { char c; long i; };\n#pragma pack(0)\nstruct c { char c; long i; };\n#pragma pack(push, a, b)\nstruct d { char c; long i; };\n#pragma pack(16)\nstruct e { char c; long double i; };", NULL},
    {"in\\\nt a\\\n\\\r\nb; enum { A\\\n = 1\\\n2, B = '\\\nx' }; char c[sizeof \"a\\\nb\"];", NULL},
    {"int a<:3:>; struct s <% int x; %>; enum { A = 5 <4, B = 6 % 4 };", NULL},
    {"int caf\303\251; int a_1, __b, _C;", NULL},
    {"typedef float _Float32; typedef double _Float64; _Float32 f(_Float64); typedef double _Float32x; typedef long double _Float64x; typedef __float128 _Float128; _Float64x a; _Float128 b; typedef __int128 __int128_t; __uint128_t c;", "#undef _Float32\n#undef _Float64\n#undef _Float32x\n#undef _Float64x\n#define _Float32 f32\n#define _Float64 f64\n#define _Float32x f32x\n#define _Float64x f64x\n#define _Float128 f128\n"},
    /* MSVC's words */
    {"__int8 a; __int16 b; __int32 c; __int64 d; unsigned __int8 e; __int16 unsigned f; signed __int32 g; unsigned __int64 const *h; struct s { __int8 x; __int64 y; }; __int64 f1(__int64 __int64_x);", "#define __int8 char\n#define __int16 short\n#define __int32 int\n#define __int64 long long\n"},
    {"typedef long long __int64; __int64 a; typedef signed char __int8; __int8 b; int complex; int thread_local, offsetof; struct { int static_assert; } complex2; unsigned __int32;", NULL},
    {"__declspec(dllimport) int f(int), g; __declspec(align(16)) int a; struct __declspec(align(32)) s { char c; }; struct t { char c; __declspec(align(8)) char d; }; __declspec(noreturn, nothrow) void h(void); __declspec() int i;", "#define __declspec(x, ...) __attribute__((x))\n#define align(n) aligned(n)\n#define dllimport\n"},
    {"int __cdecl f(int); int __stdcall g(void), (__cdecl *h)(int), *__fastcall i(void); typedef void (__thiscall *T)(int (__stdcall *)(void)); char *__ptr64 p;", "#define __cdecl\n#define __stdcall\n#define __fastcall\n#define __thiscall\n#define __ptr64\n"},
};

static void check_type(FILE *file, const char *name, const CType *type, bool is_variable)
{
    char text[1024];
    bool is_sized = ctype_is_complete(type) && !type->is_vla && type->kind != CTYPE_FUNCTION;
    ctype_spell(type, NULL, text, sizeof text);
    if (strchr(text, '{') == NULL && strstr(text, "&") == NULL && strstr(text, "__va_list_tag") == NULL)
        fprintf(file, "_Static_assert(__builtin_types_compatible_p(__typeof__(%s) *, __typeof__(%s) *), \"%s\");\n", name, text, name);
    if (is_sized)
        fprintf(file, "_Static_assert(sizeof(__typeof__(%s)) == %" PRIu64 ", \"size of %s\");\n", name, type->size, name);
    if (is_sized && !is_variable) /* a variable's own alignment is not its type's */
        fprintf(file, "_Static_assert(_Alignof(__typeof__(%s)) == %u, \"alignment of %s\");\n", name, type->align, name);
}

static void check_members(FILE *file, const char *name, const CRecord *record)
{
    uint32_t i;
    for (i = 0; i < record->nmembers; i++)
        if (record->members[i].name != NULL && !record->members[i].is_bitfield)
            fprintf(file, "_Static_assert(__builtin_offsetof(%s, %s) == %" PRIu64 ", \"offset of %s.%s\");\n", name,
                    record->members[i].name, record->members[i].offset, name, record->members[i].name);
}

static void check_tag(FILE *file, const CType *type)
{
    char name[256];
    ctype_spell(type, NULL, name, sizeof name);
    check_type(file, name, type, false);
    if (type->kind == CTYPE_RECORD && ctype_is_complete(type))
        check_members(file, name, type->u.record);
}

static void check_decl(FILE *file, const CDecl *decl)
{
    if (decl->kind == CDECL_CONSTANT && decl->type->kind == CTYPE_ENUM)
        fprintf(file, "_Static_assert((unsigned long)%s == %" PRIu64 "u, \"value of %s\");\n", decl->name, decl->value, decl->name);
    else
        check_type(file, decl->name, decl->type, decl->kind == CDECL_VARIABLE);
}

static void write_case(const struct Case *c, const char *name, const CTypeTable *table)
{
    FILE *file = create_source(name);
    const CName *at = NULL;
    fprintf(file, "#define _Float32 float\n#define _Float64 double\n#define _Float32x double\n#define _Float64x long double\n%s# 1 \"text\"\n%s\n",
            c->gcc != NULL ? c->gcc : "", c->text);
    fprintf(file, "#pragma pack()\n");
    while ((at = ctype_next_name(table, at)) != NULL) {
        if (at->decl != NULL && at->decl->line != 0)
            check_decl(file, at->decl);
        if (at->tag != NULL && strcmp(at->text, "__va_list_tag") != 0)
            check_tag(file, at->tag);
    }
    fclose(file);
}

/* gcc's errors go to stderr with the text they are about. */
static bool compile(const char *name)
{
    char command[512];
    snprintf(command, sizeof command, "%s -std=gnu2x -fms-extensions -w -fsyntax-only '%s/%s.c'", oracle_compiler(), scratch_directory(), name);
    return system(command) == 0;
}

static void check_case(const struct Case *c, size_t number)
{
    CTypeTable *table = ctype_table_new(&mem_system_allocator);
    char name[32];
    snprintf(name, sizeof name, "case%zu", number);
    if (CHECK(declare(table, c->text))) {
        write_case(c, name, table);
        if (!CHECK(compile(name)))
            fprintf(stderr, "    gcc does not agree: %s\n", c->text);
        if (!CHECK(declare(table, c->text)))
            fprintf(stderr, "    the same again: %s\n", c->text);
    } else {
        fprintf(stderr, "    %s\n", c->text);
    }
    ctype_table_free(table);
}

int main(void)
{
    size_t i;
    for (i = 0; i < sizeof cases / sizeof *cases; i++)
        check_case(&cases[i], i);
    remove_scratch_directory();
    return unit_end("cdecl_language");
}
