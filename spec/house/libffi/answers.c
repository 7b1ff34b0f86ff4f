/* Asks libffi many things, proper and improper, and prints what it answers: spec/house/libffi.sh runs this on Debian's library and on ours,
 * compiled with either header. A line is the question and the answer; where the two differ for a reason, libffi.sh has the line. */
#include <complex.h>
#include <ffi.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

#define MAX_MEMBERS 40

/* -- types ----------------------------------------------------------------------------------------------------------------- */

#define NAMED(X)                                                                                                       \
    X(void) X(uint8) X(sint8) X(uint16) X(sint16) X(uint32) X(sint32) X(uint64) X(sint64) X(float) X(double) X(longdouble) X(pointer)  \
        X(complex_float) X(complex_double) X(complex_longdouble)
#define ROW(name) {#name, &ffi_type_##name},

static const struct Named {
    const char *name;
    ffi_type *type;
} named[] = {NAMED(ROW)};
enum { NNAMED = sizeof named / sizeof named[0] };

static void print_type(const char *name, const ffi_type *type)
{
    printf("%s: size %zu alignment %u type %u", name, type->size, type->alignment, type->type);
    for (ffi_type **element = type->elements; element != NULL && *element != NULL; element++)
        printf(" [%zu %u %u]", (*element)->size, (*element)->alignment, (*element)->type);
    puts("");
}

/* A new struct type of n members. They are kept for good. */
static ffi_type *record(unsigned n, ffi_type *const *members)
{
    ffi_type *type = calloc(1, sizeof *type);
    type->elements = calloc(n + 1, sizeof(ffi_type *));
    type->type = FFI_TYPE_STRUCT;
    memcpy(type->elements, members, n * sizeof(ffi_type *));
    return type;
}

#define COUNT(...)    (sizeof((ffi_type *[]){__VA_ARGS__}) / sizeof(ffi_type *))
#define RECORD(...)   record(COUNT(__VA_ARGS__), (ffi_type *[]){__VA_ARGS__})
#define REPEAT(t, n)  repeat((t), (n))
#define T(name)       &ffi_type_##name

static ffi_type *repeat(ffi_type *element, unsigned n)
{
    ffi_type **members = calloc(n + 1, sizeof *members);
    for (unsigned i = 0; i < n; i++)
        members[i] = element;
    ffi_type *type = record(n, members);
    free(members);
    return type;
}

static ffi_type *empty(void)
{
    return repeat(NULL, 0);
}

static ffi_type *without_elements(void)
{
    static ffi_type type = {0, 0, FFI_TYPE_STRUCT, NULL};
    return &type;
}

/* As clients do that lay out by themselves. */
static ffi_type *sized(ffi_type *type, size_t size, unsigned short alignment)
{
    type->size = size;
    type->alignment = alignment;
    return type;
}

/* -- preparing --------------------------------------------------------------------------------------------------------------- */

static void print_cif(const char *what, ffi_status status, const ffi_cif *cif)
{
    printf("%s: status %d", what, status);
    if (status == FFI_OK)
        printf(" abi %d nargs %u result %zu/%u", cif->abi, cif->nargs, cif->rtype->size, cif->rtype->alignment);
    for (unsigned i = 0; status == FFI_OK && i < cif->nargs; i++)
        printf(" %zu/%u", cif->arg_types[i]->size, cif->arg_types[i]->alignment);
    puts("");
}

static void ask_cif(const char *what, int abi, ffi_type *result, unsigned n, ffi_type **args)
{
    ffi_cif cif;
    ffi_status status = ffi_prep_cif(&cif, (ffi_abi)abi, n, result, args);
    print_cif(what, status, &cif);
    if (status == FFI_OK && (cif.rtype != result || cif.arg_types != args))
        puts("the types of the cif are others");
}

static void ask_abis(void)
{
    char what[32];
    for (int abi = -2; abi < 9; abi++) {
        snprintf(what, sizeof what, "abi %d", abi);
        ask_cif(what, abi, T(sint32), 1, (ffi_type *[]){T(double)});
    }
}

static void ask_bad_types(void)
{
    ask_cif("result empty", FFI_UNIX64, empty(), 0, NULL);
    ask_cif("result without elements", FFI_UNIX64, without_elements(), 0, NULL);
    ask_cif("argument empty", FFI_UNIX64, T(void), 1, (ffi_type *[]){empty()});
    ask_cif("argument without elements", FFI_UNIX64, T(void), 1, (ffi_type *[]){without_elements()});
    ask_cif("second argument empty", FFI_UNIX64, T(void), 2, (ffi_type *[]){T(sint32), empty()});
    ask_cif("argument of an empty one", FFI_UNIX64, T(void), 1, (ffi_type *[]){RECORD(empty())});
    ask_cif("argument of an int and an empty one", FFI_UNIX64, T(void), 1, (ffi_type *[]){RECORD(T(sint32), empty())});
    ask_cif("argument of one without elements", FFI_UNIX64, T(void), 1, (ffi_type *[]){RECORD(without_elements())});
    ask_cif("argument void", FFI_UNIX64, T(void), 1, (ffi_type *[]){T(void)});
    ask_cif("argument of void", FFI_UNIX64, T(void), 1, (ffi_type *[]){RECORD(T(void))});
    ask_cif("argument of char and void", FFI_UNIX64, T(void), 1, (ffi_type *[]){RECORD(T(sint8), T(void))});
    ask_cif("bad abi and bad result", 77, empty(), 0, NULL);
    ask_cif("no arguments", FFI_UNIX64, T(void), 0, NULL);
}

static void ask_results(void)
{
    for (int i = 0; i < NNAMED; i++) {
        char what[64];
        snprintf(what, sizeof what, "result %s", named[i].name);
        ask_cif(what, FFI_UNIX64, named[i].type, 0, NULL);
        if (i > 0)
            ask_cif(what + 7, FFI_UNIX64, T(void), 1, (ffi_type *[]){named[i].type});
    }
}

static void ask_var(const char *what, int abi, unsigned nfixed, unsigned n, ffi_type **args)
{
    ffi_cif cif;
    ffi_status status = ffi_prep_cif_var(&cif, (ffi_abi)abi, nfixed, n, T(sint32), args);
    print_cif(what, status, &cif);
}

static void ask_variadic(void)
{
    ffi_cif cif;
    for (int i = 1; i < NNAMED; i++) {
        char what[64];
        snprintf(what, sizeof what, "variadic %s", named[i].name);
        ask_var(what, FFI_UNIX64, 1, 2, (ffi_type *[]){T(pointer), named[i].type});
        snprintf(what, sizeof what, "fixed %s", named[i].name);
        ask_var(what, FFI_UNIX64, 2, 3, (ffi_type *[]){T(pointer), named[i].type, T(sint32)});
        snprintf(what, sizeof what, "all fixed, %s", named[i].name);
        ask_var(what, FFI_UNIX64, 2, 2, (ffi_type *[]){T(pointer), named[i].type});
    }
    ask_var("variadic small struct", FFI_UNIX64, 1, 2, (ffi_type *[]){T(pointer), RECORD(T(sint8))});
    ask_var("variadic struct of float", FFI_UNIX64, 1, 2, (ffi_type *[]){T(pointer), RECORD(T(float))});
    ask_var("variadic empty", FFI_UNIX64, 1, 2, (ffi_type *[]){T(pointer), empty()});
    ask_var("variadic empty and char", FFI_UNIX64, 1, 3, (ffi_type *[]){T(pointer), T(sint8), empty()});
    ask_var("nothing fixed", FFI_UNIX64, 0, 1, (ffi_type *[]){T(sint32)});
    ask_var("nothing at all", FFI_UNIX64, 0, 0, NULL);
    ask_var("more fixed than there are", FFI_UNIX64, 3, 1, (ffi_type *[]){T(float)});
    ask_var("third variadic", FFI_UNIX64, 1, 4, (ffi_type *[]){T(pointer), T(sint32), T(double), T(uint16)});
    for (int abi = -1; abi < 7; abi++)
        if (abi < FFI_UNIX64 || abi >= FFI_LAST_ABI)
            printf("variadic, abi %d: status %d\n", abi, ffi_prep_cif_var(&cif, (ffi_abi)abi, 1, 1, T(void), (ffi_type *[]){T(sint32)}));
}

/* -- layouts ------------------------------------------------------------------------------------------------------------------ */

static void ask_offsets(const char *what, int abi, ffi_type *type)
{
    size_t offsets[MAX_MEMBERS];
    memset(offsets, 0xa5, sizeof offsets);
    ffi_status status = ffi_get_struct_offsets((ffi_abi)abi, type, offsets);
    printf("offsets of %s: status %d", what, status);
    if (status == FFI_OK)
        printf(" size %zu alignment %u:", type->size, type->alignment);
    for (unsigned i = 0; status == FFI_OK && type->elements[i] != NULL && i < MAX_MEMBERS; i++)
        printf(" %zu", offsets[i]);
    puts("");
}

static ffi_type *mixed(void)
{
    return RECORD(T(sint8), T(double), T(sint16), T(longdouble), T(sint8));
}

static void ask_layouts(void)
{
    for (int abi = -1; abi < 7; abi++)
        ask_offsets("mixed, each abi", abi, mixed());
    for (int i = 0; i < NNAMED; i++) {
        char what[64];
        snprintf(what, sizeof what, "char and %s", named[i].name);
        ask_offsets(what, FFI_UNIX64, RECORD(T(sint8), named[i].type, T(sint8)));
        ask_offsets(named[i].name, FFI_UNIX64, named[i].type);
    }
    ask_offsets("nothing", FFI_UNIX64, empty());
    ask_offsets("no elements", FFI_UNIX64, without_elements());
    ask_offsets("nested", FFI_UNIX64, RECORD(T(sint8), RECORD(T(sint8), RECORD(T(double), T(sint8))), T(sint16)));
    ask_offsets("an empty one inside", FFI_UNIX64, RECORD(T(sint8), empty()));
    ask_offsets("three floats", FFI_UNIX64, REPEAT(T(float), 3));
    ask_offsets("an array of shorts", FFI_UNIX64, RECORD(T(sint8), REPEAT(T(sint16), 5), T(sint8)));
    ffi_type *again = mixed();
    ask_offsets("mixed", FFI_UNIX64, again);
    ask_offsets("mixed, once more", FFI_UNIX64, again);
    ask_cif("mixed, laid out before", FFI_UNIX64, again, 0, NULL);
    again = mixed();
    printf("offsets not wanted: status %d", ffi_get_struct_offsets(FFI_UNIX64, again, NULL));
    print_type("", again);
    ask_offsets("mixed, sized by hand", FFI_UNIX64, sized(mixed(), 99, 1));
    ask_cif("mixed, sized by hand", FFI_UNIX64, sized(mixed(), 99, 1), 0, NULL);
    ask_cif("a member sized by hand", FFI_UNIX64, RECORD(T(sint8), sized(mixed(), 96, 32), T(sint8)), 0, NULL);
    ask_offsets("a member sized by hand", FFI_UNIX64, RECORD(T(sint8), sized(mixed(), 96, 32), T(sint8)));
    ffi_type *unknown = sized(RECORD(T(sint8)), 8, 8);
    for (unsigned type = FFI_TYPE_COMPLEX + 50; type < 0x10000; type *= 3) {
        unknown->type = (unsigned short)type;
        ask_cif("a result of an unknown number", FFI_UNIX64, unknown, 0, NULL);
    }
    ffi_type *many = REPEAT(T(sint32), 10000);
    ask_cif("ten thousand members", FFI_UNIX64, many, 1, (ffi_type *[]){many});
    ffi_type *deep = RECORD(T(sint8));
    for (int i = 0; i < 1000; i++)
        deep = RECORD(deep, T(sint8));
    ask_cif("a thousand deep", FFI_UNIX64, deep, 0, NULL);
}

/* -- random types, many of them no types at all ------------------------------------------------------------------------------ */

static Random random_state = {1};

static unsigned draw(unsigned n)
{
    return (unsigned)(random_next(&random_state) >> 33) % n;
}

static ffi_type *draw_type(int depth)
{
    ffi_type *members[8];
    unsigned n = 1 + draw(6);
    if (depth == 0 || draw(3) > 0)
        return named[draw(NNAMED)].type;
    if (draw(40) == 0)
        return draw(2) == 0 ? empty() : without_elements();
    for (unsigned i = 0; i < n; i++)
        members[i] = draw_type(depth - 1);
    ffi_type *type = draw(6) == 0 ? repeat(members[0], n) : record(n, members);
    return draw(10) == 0 ? sized(type, 1 + draw(100), (unsigned short)(1u << draw(6))) : type;
}

/* What was no type is not asked for again: Debian's library leaves it half laid out. */
static void ask_random(void)
{
    for (int i = 0; i < 3000; i++) {
        char what[32];
        ffi_type *args[6], *result = draw_type(3);
        unsigned n = draw(6), nfixed = draw(n + 1);
        int abi = draw(30) == 0 ? (int)draw(8) : FFI_UNIX64 + (int)draw(3);
        snprintf(what, sizeof what, "random %d", i);
        for (unsigned k = 0; k < n; k++)
            args[k] = draw_type(4);
        if (draw(2) == 0)
            ask_offsets(what, abi, draw_type(3));
        if (draw(3) == 0)
            ask_var(what, abi, nfixed, n, args);
        else
            ask_cif(what, abi, result, n, args);
    }
}

/* -- calls --------------------------------------------------------------------------------------------------------------------- */

static void print_bytes(const char *what, const void *bytes, size_t n)
{
    printf("%s:", what);
    for (size_t i = 0; i < n; i++)
        printf(" %02x", ((const unsigned char *)bytes)[i]);
    puts("");
}

#define RETURNS(name, ctype)                                                                                           \
    static ctype return_##name(void)                                                                                   \
    {                                                                                                                  \
        return (ctype)-3;                                                                                              \
    }
RETURNS(uint8, unsigned char)
RETURNS(sint8, signed char)
RETURNS(uint16, unsigned short)
RETURNS(sint16, short)
RETURNS(uint32, unsigned)
RETURNS(sint32, int)
RETURNS(uint64, unsigned long)
RETURNS(sint64, long)
RETURNS(float, float)
RETURNS(double, double)
RETURNS(longdouble, long double)
RETURNS(complex_float, float _Complex)
RETURNS(complex_double, double _Complex)
RETURNS(complex_longdouble, long double _Complex)

static void return_void(void)
{
}

/* A result as the client finds it, and what lies behind it. */
static void ask_call(const char *name, ffi_type *type, void (*function)(void))
{
    unsigned char result[48];
    ffi_cif cif;
    memset(result, 0xa5, sizeof result);
    ffi_prep_cif(&cif, FFI_UNIX64, 0, type, NULL);
    ffi_call(&cif, function, result, NULL);
    if (type->type == FFI_TYPE_LONGDOUBLE)
        memset(result + 10, 0, 6); /* padding */
    if (type == &ffi_type_complex_longdouble)
        memset(result + 10, 0, 6), memset(result + 26, 0, 6);
    print_bytes(name, result, type->size < 8 ? 8 : type->size);
    print_bytes("behind it", result + (type->size < 8 ? 8 : type->size), 8);
}

#define CALL(name) ask_call("result " #name, &ffi_type_##name, FFI_FN(return_##name));

static ffi_arg widened[6];

static void take_small(long a, unsigned long b, long c, unsigned long d, long e, unsigned long f)
{
    const ffi_arg got[] = {(ffi_arg)a, b, (ffi_arg)c, d, (ffi_arg)e, f};
    memcpy(widened, got, sizeof got);
}

/* As a register has them: the callee takes longs. */
typedef struct Large {
    unsigned char bytes[50000];
} Large;

static Large return_large(Large large)
{
    return large;
}

static long count_many(long first, ...)
{
    va_list rest;
    long sum = first;
    va_start(rest, first);
    for (long i = 1; i < first; i++)
        sum += va_arg(rest, long);
    va_end(rest);
    return sum;
}

/* Three thousand arguments, and a struct of 50,000 bytes by value. */
static void ask_many(void)
{
    enum { N = 3000, NBYTES = 50000 };
    static ffi_type *types[N];
    static long numbers[N];
    static void *args[N];
    static unsigned char large[NBYTES], copy[NBYTES];
    ffi_arg result = 0;
    ffi_cif cif;
    for (int i = 0; i < N; i++) {
        types[i] = T(sint64);
        numbers[i] = i == 0 ? N : i;
        args[i] = &numbers[i];
    }
    printf("many arguments: status %d", ffi_prep_cif_var(&cif, FFI_UNIX64, 1, N, T(sint64), types));
    ffi_call(&cif, FFI_FN(count_many), &result, args);
    printf(" sum %lu\n", result);
    for (int i = 0; i < NBYTES; i++)
        large[i] = (unsigned char)(i * 7);
    ffi_type *large_type = REPEAT(T(uint8), NBYTES);
    printf("a large struct: status %d", ffi_prep_cif(&cif, FFI_UNIX64, 1, large_type, &large_type));
    ffi_call(&cif, FFI_FN(return_large), copy, (void *[]){large});
    printf(" %s\n", memcmp(large, copy, NBYTES) == 0 ? "same" : "other");
}

static void ask_extension(void)
{
    ffi_type *types[] = {T(sint8), T(uint8), T(sint16), T(uint16), T(sint32), T(uint32)};
    signed char a = -2;
    unsigned char b = 254;
    short c = -300;
    unsigned short d = 65000;
    int e = -70000;
    unsigned f = 4000000000u;
    ffi_cif cif;
    ffi_prep_cif(&cif, FFI_UNIX64, 6, T(void), types);
    ffi_call(&cif, FFI_FN(take_small), NULL, (void *[]){&a, &b, &c, &d, &e, &f});
    print_bytes("small signed arguments in their registers", widened, sizeof widened);
}

static void ask_calls(void)
{
    CALL(void)
    CALL(uint8) CALL(sint8) CALL(uint16) CALL(sint16) CALL(uint32) CALL(sint32) CALL(uint64) CALL(sint64) CALL(float) CALL(double)
    CALL(longdouble) CALL(complex_float) CALL(complex_double) CALL(complex_longdouble)
    ask_extension();
}

/* -- raw forms --------------------------------------------------------------------------------------------------------------- */

typedef struct Pair {
    int a;
    double b;
} Pair;

#define NRAW 14
static signed char raw_sint8 = -2;
static unsigned char raw_uint8 = 254;
static short raw_sint16 = -300;
static unsigned short raw_uint16 = 65000;
static int raw_sint32 = -70000;
static unsigned raw_uint32 = 4000000000u;
static long raw_sint64 = -(1L << 40);
static unsigned long raw_uint64 = 1ul << 63;
static float raw_float = 1.5f;
static double raw_double = -2.25;
static long double raw_longdouble = 3.125L;
static void *raw_pointer = &raw_double;
static Pair raw_pair = {5, 6.5};

static void ask_raw(void)
{
    ffi_type *types[] = {T(sint8),  T(uint8), T(sint16), T(uint16),     T(sint32),  T(uint32),      T(sint64),
                         T(uint64), T(float), T(double), T(longdouble), T(pointer), RECORD(T(sint32), T(double)), T(sint32)};
    void *args[] = {&raw_sint8,  &raw_uint8, &raw_sint16, &raw_uint16,     &raw_sint32,  &raw_uint32, &raw_sint64,
                    &raw_uint64, &raw_float, &raw_double, &raw_longdouble, &raw_pointer, &raw_pair,   &raw_sint32};
    ffi_cif cif;
    for (unsigned n = 0; n <= NRAW; n++) {
        ffi_raw raw[4 * NRAW];
        void *back[NRAW];
        ffi_prep_cif(&cif, FFI_UNIX64, n, T(void), types);
        printf("raw size of %u: %zu\n", n, ffi_raw_size(&cif));
        memset(raw, 0, sizeof raw);
        ffi_ptrarray_to_raw(&cif, args, raw);
        for (unsigned i = 0; i < n; i++) {
            ffi_raw_to_ptrarray(&cif, raw, back);
            printf("raw argument %u: ", i);
            if (back[i] == &raw_pair)
                puts("the struct itself");
            else
                printf("word %td, %s\n", (ffi_raw *)back[i] - raw, memcmp(back[i], args[i], i == 10 ? 10 : types[i]->size) ? "other" : "same");
        }
    }
}

/* The words of Java's form: of each type alone, then one behind the other. Of complex types Debian's library aborts, and of structs. */
static void ask_java_sizes(void)
{
    for (int i = 0; i < NNAMED && named[i].type->type != FFI_TYPE_COMPLEX; i++) {
        ffi_type *types[] = {named[i].type, T(sint8)};
        ffi_java_raw raw[8];
        void *back[2];
        ffi_cif cif;
        ffi_prep_cif(&cif, FFI_UNIX64, 2, T(void), types);
        ffi_java_raw_to_ptrarray(&cif, raw, back);
        printf("java size of %s: %zu, the next at word %td\n", named[i].name, ffi_java_raw_size(&cif), (ffi_java_raw *)back[1] - raw);
    }
}

static void ask_java_raw(void)
{
    ffi_type *types[] = {T(sint8), T(sint64), T(sint16), T(double), T(uint64), T(float), T(sint32), T(pointer), T(uint8)};
    void *args[] = {&raw_sint8, &raw_sint64, &raw_sint16, &raw_double, &raw_uint64, &raw_float, &raw_sint32, &raw_pointer, &raw_uint8};
    ffi_java_raw raw[24];
    void *back[9];
    ffi_cif cif;
    memset(raw, 0, sizeof raw);
    ffi_prep_cif(&cif, FFI_UNIX64, 9, T(void), types);
    ffi_java_ptrarray_to_raw(&cif, args, raw);
    ffi_java_raw_to_ptrarray(&cif, raw, back);
    for (unsigned i = 0; i < 9; i++)
        printf("java argument %u: word %td, %s\n", i, (ffi_raw *)back[i] - raw, memcmp(back[i], args[i], types[i]->size) ? "other" : "same");
    for (unsigned i = 0; i < 12; i++)
        if (raw[i].ptr != raw_pointer) /* which differs from run to run */
            printf("java word %u: %lx\n", i, raw[i].uint);
}

/* -- closures ------------------------------------------------------------------------------------------------------------------ */

static void handle(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif, (void)args;
    memcpy(result, user_data, 8);
}

static void handle_raw(ffi_cif *cif, void *result, ffi_raw *args, void *user_data)
{
    (void)cif, (void)args;
    memcpy(result, user_data, 8);
}

static void ask_closures(void)
{
    void *code = NULL;
    ffi_cif cif;
    ffi_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_go_closure go;
    printf("closure: %d, code %d\n", closure != NULL, code != NULL);
    ffi_prep_cif(&cif, FFI_UNIX64, 0, T(sint32), NULL);
    for (int abi = -2; abi < 9; abi++) {
        cif.abi = (ffi_abi)abi;
        printf("closure, abi %d: status %d", abi, ffi_prep_closure_loc((ffi_closure *)closure, &cif, handle, NULL, code));
        printf(", raw %d", ffi_prep_raw_closure_loc(closure, &cif, handle_raw, NULL, code));
        printf(", java %d", ffi_prep_java_raw_closure_loc((ffi_java_raw_closure *)closure, &cif, handle_raw, NULL, code));
        printf(", go %d\n", ffi_prep_go_closure(&go, &cif, handle));
    }
    ffi_closure_free(closure);
}

int main(void)
{
    for (int i = 0; i < NNAMED; i++)
        print_type(named[i].name, named[i].type);
    ask_abis();
    ask_bad_types();
    ask_results();
    ask_variadic();
    ask_layouts();
    ask_random();
    ask_many();
    ask_calls();
    ask_raw();
    ask_java_sizes();
    ask_java_raw();
    ask_closures();
    return 0;
}
