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

#define MS_ABI __attribute__((ms_abi))

static MS_ABI int ms_add(int a, int b)
{
    return add(a, b);
}

static MS_ABI long ms_sum6(long a, long b, long c, long d, long e, long f)
{
    return sum6(a, b, c, d, e, f);
}

static MS_ABI double ms_mixed(int a, double b, long c, float d, char *e, short f, double g, unsigned char h)
{
    return mixed(a, b, c, d, e, f, g, h);
}

static MS_ABI Struct16 ms_next16(Struct16 s)
{
    return next16(s);
}

static MS_ABI Struct64 ms_next64(Struct64 s)
{
    return next64(s);
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

static ffi_type *elements[9] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                                &ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                                &ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type struct16 = {0, 0, FFI_TYPE_STRUCT, NULL}, struct64 = {0, 0, FFI_TYPE_STRUCT, elements};
static ffi_type *ints[] = {&ffi_type_sint, &ffi_type_sint}, *doubles[] = {&ffi_type_double};
static ffi_type *longs[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                            &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                            &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong};
static ffi_type *mixture[] = {&ffi_type_sint,    &ffi_type_double, &ffi_type_slong,  &ffi_type_float,
                              &ffi_type_pointer, &ffi_type_sshort, &ffi_type_double, &ffi_type_uchar};
static ffi_type *structs16[] = {&struct16}, *structs64[] = {&struct64};

static ffi_cif prepare(ffi_abi abi, unsigned nargs, ffi_type *result, ffi_type **args)
{
    ffi_cif cif;
    if (ffi_prep_cif(&cif, abi, nargs, result, args) != FFI_OK)
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

typedef struct Case Case;
typedef double Loop(const Case *self, size_t n);

struct Case {
    const char *name;
    Loop *loop;
    ffi_abi abi;
    void (*function)(void);    /* what is called; NULL: a handler, or nothing */
    bool (*is_possible)(void); /* NULL: always */
};

static double call_nothing(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 0, &ffi_type_void, NULL);
    ffi_arg result = 7;
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, NULL);
    return (double)result;
}

static double call_add(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 2, &ffi_type_sint, ints);
    int a = 30, b = -12;
    void *values[] = {&a, &b};
    ffi_arg result = 0;
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, values);
    return (double)(int)result;
}

static double call_double(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 1, &ffi_type_double, doubles);
    double a = 5, result = 0;
    void *values[] = {&a};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, values);
    return result;
}

static double call_longs(const Case *self, size_t n, unsigned nargs)
{
    ffi_cif cif = prepare(self->abi, nargs, &ffi_type_slong, longs);
    long numbers[12], result = 0;
    void *values[12];
    for (int i = 0; i < 12; i++) {
        numbers[i] = 1L << (3 * i);
        values[i] = &numbers[i];
    }
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, values);
    return (double)result;
}

static double call_6_longs(const Case *self, size_t n)
{
    return call_longs(self, n, 6);
}

static double call_12_longs(const Case *self, size_t n)
{
    return call_longs(self, n, 12);
}

static double call_mixed(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 8, &ffi_type_double, mixture);
    int a = 1;
    double b = 1.5, g = 2.5, result = 0;
    long c = 1000;
    float d = 0.25F;
    char *e = "";
    short f = -3;
    unsigned char h = 200;
    void *values[] = {&a, &b, &c, &d, &e, &f, &g, &h};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, values);
    return result;
}

static double call_struct16(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 1, &struct16, structs16);
    Struct16 a = {40, 2}, result = {0, 0};
    void *values[] = {&a};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, values);
    return (double)(result.a * 100 + result.b);
}

static double call_struct64(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 1, &struct64, structs64);
    Struct64 a = {{40, 2, 3, 4, 5, 6, 7, 8}}, result = {{0}};
    void *values[] = {&a};
    for (size_t i = 0; i < n; i++)
        ffi_call(&cif, self->function, &result, values);
    return (double)(result.a[0] * 100 + result.a[7]);
}

static double close_add(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 2, &ffi_type_sint, ints);
    int (*function)(int, int) = (int (*)(int, int))make_closure(&cif, on_add);
    int result = 0;
    for (size_t i = 0; i < n; i++)
        result = function((int)n, -12);
    return result - (int)n;
}

static double close_mixed(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 8, &ffi_type_double, mixture);
    double (*function)(int, double, long, float, char *, short, double, unsigned char) =
        (double (*)(int, double, long, float, char *, short, double, unsigned char))make_closure(&cif, on_mixed);
    double result = 0;
    for (size_t i = 0; i < n; i++)
        result = function(3, 1.25, 2, 3, "", 4, 5, 6);
    return result;
}

static double ms_close_add(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 2, &ffi_type_sint, ints);
    int(MS_ABI * function)(int, int) = (int(MS_ABI *)(int, int))make_closure(&cif, on_add);
    int result = 0;
    for (size_t i = 0; i < n; i++)
        result = function((int)n, -12);
    return result - (int)n;
}

static double ms_close_mixed(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 8, &ffi_type_double, mixture);
    double(MS_ABI * function)(int, double, long, float, char *, short, double, unsigned char) =
        (double(MS_ABI *)(int, double, long, float, char *, short, double, unsigned char))make_closure(&cif, on_mixed);
    double result = 0;
    for (size_t i = 0; i < n; i++)
        result = function(3, 1.25, 2, 3, "", 4, 5, 6);
    return result;
}

static double close_struct16(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 1, &struct16, structs16);
    Struct16 (*function)(Struct16) = (Struct16(*)(Struct16))make_closure(&cif, on_struct16);
    Struct16 a = {40, 2};
    for (size_t i = 0; i < n; i++)
        a = function(a);
    return (double)(a.a * 100 + a.b);
}

static double close_struct64(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 1, &struct64, structs64);
    Struct64 (*function)(Struct64) = (Struct64(*)(Struct64))make_closure(&cif, on_struct64);
    Struct64 a = {{40, 2, 3, 4, 5, 6, 7, 8}}, result = {{0}};
    for (size_t i = 0; i < n; i++)
        result = function(a);
    return (double)result.a[0];
}

static double prepare_add(const Case *self, size_t n)
{
    ffi_cif cif = {0};
    for (size_t i = 0; i < n; i++)
        ffi_prep_cif(&cif, self->abi, 2, &ffi_type_sint, ints);
    return cif.nargs;
}

static double prepare_mixed(const Case *self, size_t n)
{
    ffi_cif cif = {0};
    for (size_t i = 0; i < n; i++)
        ffi_prep_cif(&cif, self->abi, 8, &ffi_type_double, mixture);
    return cif.nargs;
}

static double make_and_free(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 2, &ffi_type_sint, ints);
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

static double invoke_add(const Case *self, size_t n)
{
    ffi_cif cif = prepare(self->abi, 2, &ffi_type_sint, ints);
    ffi_call_plan *plan = plans.alloc(&cif);
    int a = 30, b = -12;
    void *values[] = {&a, &b};
    ffi_arg result = 0;
    for (size_t i = 0; i < n; i++)
        plans.invoke(plan, self->function, &result, values);
    plans.free(plan);
    return (double)(int)result;
}

/* -- cases ------------------------------------------------------------------------------------------------------------------------ */

static const Case cases[] = {
    {"void()", call_nothing, FFI_UNIX64, FFI_FN(nothing), NULL},
    {"int add(int, int)", call_add, FFI_UNIX64, FFI_FN(add), NULL},
    {"double(double)", call_double, FFI_UNIX64, FFI_FN(half), NULL},
    {"6 longs", call_6_longs, FFI_UNIX64, FFI_FN(sum6), NULL},
    {"12 longs", call_12_longs, FFI_UNIX64, FFI_FN(sum12), NULL},
    {"8 mixed", call_mixed, FFI_UNIX64, FFI_FN(mixed), NULL},
    {"struct of 16 bytes", call_struct16, FFI_UNIX64, FFI_FN(next16), NULL},
    {"struct of 64 bytes", call_struct64, FFI_UNIX64, FFI_FN(next64), NULL},
    {"closure add", close_add, FFI_UNIX64, NULL, NULL},
    {"closure 8 mixed", close_mixed, FFI_UNIX64, NULL, NULL},
    {"closure struct of 16", close_struct16, FFI_UNIX64, NULL, NULL},
    {"closure struct of 64", close_struct64, FFI_UNIX64, NULL, NULL},
    {"prep_cif add", prepare_add, FFI_UNIX64, NULL, NULL},
    {"prep_cif 8 mixed", prepare_mixed, FFI_UNIX64, NULL, NULL},
    {"closure alloc+prep+free", make_and_free, FFI_UNIX64, NULL, NULL},
    {"ms_abi: int add(int, int)", call_add, FFI_WIN64, FFI_FN(ms_add), NULL},
    {"ms_abi: 6 longs", call_6_longs, FFI_WIN64, FFI_FN(ms_sum6), NULL},
    {"ms_abi: 8 mixed", call_mixed, FFI_WIN64, FFI_FN(ms_mixed), NULL},
    {"ms_abi: struct of 16", call_struct16, FFI_WIN64, FFI_FN(ms_next16), NULL},
    {"ms_abi: struct of 64", call_struct64, FFI_WIN64, FFI_FN(ms_next64), NULL},
    {"ms_abi: closure add", ms_close_add, FFI_WIN64, NULL, NULL},
    {"ms_abi: closure 8 mixed", ms_close_mixed, FFI_WIN64, NULL, NULL},
    {"ms_abi: prep_cif add", prepare_add, FFI_WIN64, NULL, NULL},
    {"ms_abi: prep_cif 8 mixed", prepare_mixed, FFI_WIN64, NULL, NULL},
    /* Last, what not every library has. */
    {"plan add", invoke_add, FFI_UNIX64, FFI_FN(add), has_plans},
};
enum { NCASES = sizeof cases / sizeof *cases };

static bool is_possible(const Case *c)
{
    return c->is_possible == NULL || c->is_possible();
}

/* -- ways to run them ------------------------------------------------------------------------------------------------------------- */

static void check(const Case *c)
{
    printf("%s\t%.17g\n", c->name, c->loop(c, 7));
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double elapsed(const Case *c, size_t n)
{
    double start = now();
    c->loop(c, n);
    return now() - start;
}

/* As many turns as take some milliseconds. */
static void measure(const Case *c)
{
    const double wanted = 4e6;
    size_t n = 1000;
    double ns;
    while ((ns = elapsed(c, n)) < wanted)
        n *= 2;
    printf("%s\t%.3f\n", c->name, ns / (double)n);
}

/* The first stretches settle what happens once. */
static void count(const Case *c)
{
    static const struct {
        const char *name;
        size_t n;
    } stretches[] = {{"warm", STRETCH_MORE}, {"warm", STRETCH_MORE}, {"less", STRETCH_LESS}, {"more", STRETCH_MORE}};
    char label[32];
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++) {
        snprintf(label, sizeof label, "%d %s", (int)(c - cases), stretches[i].name);
        CALLGRIND_ZERO_STATS;
        c->loop(c, stretches[i].n);
        CALLGRIND_DUMP_STATS_AT(label);
    }
    printf("%s\t%d\n", c->name, STRETCH_MORE - STRETCH_LESS);
}

static int spin(const char *name, size_t n)
{
    for (const Case *c = cases; c < cases + NCASES; c++)
        if (strcmp(c->name, name) == 0 && is_possible(c)) {
            c->loop(c, n);
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

static void (*way_of(const char *name))(const Case *)
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
    void (*way)(const Case *) = way_of(argc == 2 ? argv[1] : "");
    for (const Case *c = cases; c < cases + NCASES; c++)
        if (is_possible(c))
            way(c);
    return 0;
}
