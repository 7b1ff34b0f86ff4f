/* The operations of libffi's interface that bench/libffi.lua measures. The same program runs on any libffi.so.8: which one it is, the
 * loader decides by LD_LIBRARY_PATH, and the first line of the output says. Then a line for each case: its name, a tab, and
 *
 *     libffi check            what one operation came to
 *     libffi time             nanoseconds an operation
 *     libffi count            nothing, but callgrind dumps the instructions of two stretches, labelled "CASE_NUMBER less" and "... more"
 *     libffi spin NAME N      runs that case's loop N times
 *
 * An operation is all of a turn of the loop: the loop itself, the call, the C function called, the handler. */
#include <dlfcn.h>
#include <ffi.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef METERED
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(label) (void)(label)
#endif

#define STRETCH_LESS 500
#define STRETCH_MORE 1500

static void die(const char *what)
{
    fprintf(stderr, "libffi bench: %s\n", what);
    exit(1);
}

/* -- what is called --------------------------------------------------------------------------------------------------------------- */

typedef struct Struct16 {
    long a, b;
} Struct16;
typedef struct Struct64 {
    long a[8];
} Struct64;

static void nothing(void)
{
}

static int add(int a, int b)
{
    return a + b;
}

static double half(double a)
{
    return a / 2;
}

static long sum6(long a, long b, long c, long d, long e, long f)
{
    return a + b + c + d + e + f;
}

static long sum12(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l)
{
    return a + b + c + d + e + f + g + h + i + j + k + l;
}

static double mixed(int a, double b, long c, float d, char *e, short f, double g, unsigned char h)
{
    return a + b + (double)c + (double)d + f + g + h + (e != NULL);
}

static Struct16 next16(Struct16 s)
{
    s.a++;
    return s;
}

static Struct64 next64(Struct64 s)
{
    s.a[0]++;
    return s;
}

/* -- handlers --------------------------------------------------------------------------------------------------------------------- */

static void on_add(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(ffi_arg *)result = (ffi_arg)(*(int *)args[0] + *(int *)args[1]);
}

static void on_mixed(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(double *)result = *(int *)args[0] + *(double *)args[1];
}

static void on_struct16(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(Struct16 *)result = *(Struct16 *)args[0];
}

static void on_struct64(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    ((Struct64 *)result)->a[0] = ((Struct64 *)args[0])->a[0];
}

/* -- signatures ------------------------------------------------------------------------------------------------------------------- */

static ffi_type *elements[9] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                                &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type struct16 = {0, 0, FFI_TYPE_STRUCT, NULL}, struct64 = {0, 0, FFI_TYPE_STRUCT, elements};
static ffi_type *ints[] = {&ffi_type_sint, &ffi_type_sint}, *doubles[] = {&ffi_type_double};
static ffi_type *longs[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                            &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong};
static ffi_type *mixture[] = {&ffi_type_sint,    &ffi_type_double, &ffi_type_slong,  &ffi_type_float,
                              &ffi_type_pointer, &ffi_type_sshort, &ffi_type_double, &ffi_type_uchar};
static ffi_type *structs16[] = {&struct16}, *structs64[] = {&struct64};

static ffi_cif prepare(unsigned nargs, ffi_type *result, ffi_type **args)
{
    ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, nargs, result, args) != FFI_OK)
        die("ffi_prep_cif fails");
    return cif;
}

/* A closure that is never freed. */
static void *make_closure(ffi_cif *cif, void (*handler)(ffi_cif *, void *, void **, void *))
{
    void *code = NULL;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    if (closure == NULL || ffi_prep_closure_loc(closure, cif, handler, NULL, code) != FFI_OK)
        die("no closure");
    return code;
}

/* -- loops: n times; what the last one came to ------------------------------------------------------------------------------------ */

typedef double Loop(size_t n);

static double call_nothing(size_t n)
{
    ffi_cif cif = prepare(0, &ffi_type_void, NULL);
    ffi_arg result = 7;
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, FFI_FN(nothing), &result, NULL);
    return (double)result;
}

static double call_add(size_t n)
{
    ffi_cif cif = prepare(2, &ffi_type_sint, ints);
    int a = 30, b = -12;
    void *values[] = {&a, &b};
    ffi_arg result = 0;
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, FFI_FN(add), &result, values);
    return (double)(int)result;
}

static double call_double(size_t n)
{
    ffi_cif cif = prepare(1, &ffi_type_double, doubles);
    double a = 5, result = 0;
    void *values[] = {&a};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, FFI_FN(half), &result, values);
    return result;
}

static double call_longs(size_t n, unsigned nargs, void (*function)(void))
{
    ffi_cif cif = prepare(nargs, &ffi_type_slong, longs);
    long numbers[12], result = 0;
    void *values[12];
    for (int i = 0; i < 12; i++) {
        numbers[i] = 1L << (3 * i);
        values[i] = &numbers[i];
    }
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, function, &result, values);
    return (double)result;
}

static double call_6_longs(size_t n)
{
    return call_longs(n, 6, FFI_FN(sum6));
}

static double call_12_longs(size_t n)
{
    return call_longs(n, 12, FFI_FN(sum12));
}

static double call_mixed(size_t n)
{
    ffi_cif cif = prepare(8, &ffi_type_double, mixture);
    int a = 1;
    double b = 1.5, g = 2.5, result = 0;
    long c = 1000;
    float d = 0.25F;
    char *e = "";
    short f = -3;
    unsigned char h = 200;
    void *values[] = {&a, &b, &c, &d, &e, &f, &g, &h};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, FFI_FN(mixed), &result, values);
    return result;
}

static double call_struct16(size_t n)
{
    ffi_cif cif = prepare(1, &struct16, structs16);
    Struct16 a = {40, 2}, result = {0, 0};
    void *values[] = {&a};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, FFI_FN(next16), &result, values);
    return (double)(result.a * 100 + result.b);
}

static double call_struct64(size_t n)
{
    ffi_cif cif = prepare(1, &struct64, structs64);
    Struct64 a = {{40, 2, 3, 4, 5, 6, 7, 8}}, result = {{0}};
    void *values[] = {&a};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, FFI_FN(next64), &result, values);
    return (double)(result.a[0] * 100 + result.a[7]);
}

static double close_add(size_t n)
{
    ffi_cif cif = prepare(2, &ffi_type_sint, ints);
    int (*function)(int, int) = (int (*)(int, int))make_closure(&cif, on_add);
    int result = 0;
    for (size_t i = 0; i < n; i++)
        result = function((int)n, -12);
    return result - (int)n;
}

static double close_mixed(size_t n)
{
    ffi_cif cif = prepare(8, &ffi_type_double, mixture);
    double (*function)(int, double, long, float, char *, short, double, unsigned char) =
        (double (*)(int, double, long, float, char *, short, double, unsigned char))make_closure(&cif, on_mixed);
    double result = 0;
    for (size_t i = 0; i < n; i++)
        result = function(3, 1.25, 2, 3, "", 4, 5, 6);
    return result;
}

static double close_struct16(size_t n)
{
    ffi_cif cif = prepare(1, &struct16, structs16);
    Struct16 (*function)(Struct16) = (Struct16(*)(Struct16))make_closure(&cif, on_struct16);
    Struct16 a = {40, 2};
    for (size_t i = 0; i < n; i++)
        a = function(a);
    return (double)(a.a * 100 + a.b);
}

static double close_struct64(size_t n)
{
    ffi_cif cif = prepare(1, &struct64, structs64);
    Struct64 (*function)(Struct64) = (Struct64(*)(Struct64))make_closure(&cif, on_struct64);
    Struct64 a = {{40, 2, 3, 4, 5, 6, 7, 8}}, result = {{0}};
    for (size_t i = 0; i < n; i++)
        result = function(a);
    return (double)result.a[0];
}

static double prepare_add(size_t n)
{
    ffi_cif cif = {0};
    for (size_t i = 0; i < n; i++)
        ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, ints);
    return cif.nargs;
}

static double prepare_mixed(size_t n)
{
    ffi_cif cif = {0};
    for (size_t i = 0; i < n; i++)
        ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 8, &ffi_type_double, mixture);
    return cif.nargs;
}

static double make_and_free(size_t n)
{
    ffi_cif cif = prepare(2, &ffi_type_sint, ints);
    void *code = NULL;
    for (size_t i = 0; i < n; i++) {
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
        ffi_prep_closure_loc(closure, &cif, on_add, NULL, code);
        ffi_closure_free(closure);
    }
    return code != NULL;
}

/* Not in every libffi.so.8. */
static struct {
    ffi_call_plan *(*alloc)(ffi_cif *);
    void (*invoke)(ffi_call_plan *, void (*)(void), void *, void **);
    void (*free)(ffi_call_plan *);
} plans;

static bool has_plans(void)
{
    *(void **)&plans.alloc = dlsym(RTLD_DEFAULT, "ffi_call_plan_alloc");
    *(void **)&plans.invoke = dlsym(RTLD_DEFAULT, "ffi_call_plan_invoke");
    *(void **)&plans.free = dlsym(RTLD_DEFAULT, "ffi_call_plan_free");
    return plans.alloc != NULL && plans.invoke != NULL && plans.free != NULL;
}

static double invoke_add(size_t n)
{
    ffi_cif cif = prepare(2, &ffi_type_sint, ints);
    ffi_call_plan *plan = plans.alloc(&cif);
    int a = 30, b = -12;
    void *values[] = {&a, &b};
    ffi_arg result = 0;
    for (size_t i = 0; i < n; i++)
        plans.invoke(plan, FFI_FN(add), &result, values);
    plans.free(plan);
    return (double)(int)result;
}

/* -- cases ------------------------------------------------------------------------------------------------------------------------ */

static const struct Case {
    const char *name;
    Loop *loop;
    bool (*is_possible)(void); /* NULL: always */
} cases[] = {
    {"void()", call_nothing, NULL},
    {"int add(int, int)", call_add, NULL},
    {"double(double)", call_double, NULL},
    {"6 longs", call_6_longs, NULL},
    {"12 longs", call_12_longs, NULL},
    {"8 mixed", call_mixed, NULL},
    {"struct of 16 bytes", call_struct16, NULL},
    {"struct of 64 bytes", call_struct64, NULL},
    {"closure add", close_add, NULL},
    {"closure 8 mixed", close_mixed, NULL},
    {"closure struct of 16", close_struct16, NULL},
    {"closure struct of 64", close_struct64, NULL},
    {"prep_cif add", prepare_add, NULL},
    {"prep_cif 8 mixed", prepare_mixed, NULL},
    {"closure alloc+prep+free", make_and_free, NULL},
    {"plan add", invoke_add, has_plans},
};
enum { NCASES = sizeof cases / sizeof *cases };

static bool is_possible(const struct Case *c)
{
    return c->is_possible == NULL || c->is_possible();
}

/* -- ways to run them ------------------------------------------------------------------------------------------------------------- */

static void check(const struct Case *c)
{
    printf("%s\t%.17g\n", c->name, c->loop(7));
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double elapsed(Loop *loop, size_t n)
{
    double start = now();
    loop(n);
    return now() - start;
}

/* As many turns as take some milliseconds. */
static void measure(const struct Case *c)
{
    const double wanted = 4e6;
    size_t n = 1000;
    double ns;
    while ((ns = elapsed(c->loop, n)) < wanted)
        n *= 2;
    printf("%s\t%.3f\n", c->name, ns / (double)n);
}

/* The first stretches settle what happens once. */
static void count(const struct Case *c)
{
    static const struct {
        const char *name;
        size_t n;
    } stretches[] = {{"warm", STRETCH_MORE}, {"warm", STRETCH_MORE}, {"less", STRETCH_LESS}, {"more", STRETCH_MORE}};
    char label[32];
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++) {
        snprintf(label, sizeof label, "%d %s", (int)(c - cases), stretches[i].name);
        CALLGRIND_ZERO_STATS;
        c->loop(stretches[i].n);
        CALLGRIND_DUMP_STATS_AT(label);
    }
    printf("%s\t%d\n", c->name, STRETCH_MORE - STRETCH_LESS);
}

static int spin(const char *name, size_t n)
{
    for (const struct Case *c = cases; c < cases + NCASES; c++)
        if (strcmp(c->name, name) == 0 && is_possible(c)) {
            c->loop(n);
            return 0;
        }
    die("no such case");
    return 1;
}

/* Where ffi_call is; no other file of that name may be mapped. */
static const char *library(void)
{
    Dl_info info;
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    if (dladdr(dlsym(RTLD_DEFAULT, "ffi_call"), &info) == 0 || info.dli_fname == NULL || maps == NULL)
        die("it is not known which libffi this is");
    char *real = realpath(info.dli_fname, NULL);
    while (fgets(line, sizeof line, maps) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strstr(line, "libffi.so") != NULL && (real == NULL || strstr(line, real) == NULL))
            die("there are two of libffi.so.8");
    }
    fclose(maps);
    free(real);
    return info.dli_fname;
}

static void (*way_of(const char *name))(const struct Case *)
{
    if (strcmp(name, "check") == 0)
        return check;
    if (strcmp(name, "time") == 0)
        return measure;
    if (strcmp(name, "count") == 0)
        return count;
    die("usage: libffi check|time|count, or libffi spin NAME N");
    return NULL;
}

int main(int argc, char **argv)
{
    static ffi_type *two[] = {&ffi_type_slong, &ffi_type_slong, NULL};
    struct16.elements = two;
    printf("%s\n", library());
    if (argc == 4 && strcmp(argv[1], "spin") == 0)
        return spin(argv[2], strtoul(argv[3], NULL, 10));
    void (*way)(const struct Case *) = way_of(argc == 2 ? argv[1] : "");
    for (const struct Case *c = cases; c < cases + NCASES; c++)
        if (is_possible(c))
            way(c);
    return 0;
}
