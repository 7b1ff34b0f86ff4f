/* See records.h: records made from a seed, compared, and passed among other arguments. */
#include "records.h"

#include <string.h>

#pragma GCC diagnostic ignored "-Wpsabi"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"

#define SET(path) record->path = seed + 29 * i++;
#define SAME(path) same &= record->path == wanted.path;
#define TEXT(path) #path " "
#define LEAF(path) \
    if (i-- == 0) \
        return (double)record->path;

#define DEFINE(N, K) \
    K rec_##N rec_##N##_variable; \
    const K rec_##N rec_##N##_constant; \
    K rec_##N rec_##N##_list[3]; \
    int rec_##N##_size(void) \
    { \
        return (int)sizeof(K rec_##N); \
    } \
    int rec_##N##_align(void) \
    { \
        return (int)_Alignof(K rec_##N); \
    } \
    const char *rec_##N##_leaves(void) \
    { \
        return REC_##N##_LEAVES(TEXT); \
    } \
    double rec_##N##_leaf(const K rec_##N *record, int i) \
    { \
        REC_##N##_LEAVES(LEAF) return -1; \
    } \
    void rec_##N##_fill(K rec_##N *record, int seed) \
    { \
        int i = 0; \
        memset((void *)record, 0, sizeof *record); \
        REC_##N##_LEAVES(SET) \
    } \
    K rec_##N rec_##N##_make(int seed) \
    { \
        K rec_##N record; \
        rec_##N##_fill(&record, seed); \
        return record; \
    } \
    K rec_##N rec_##N##_echo(K rec_##N record) \
    { \
        return record; \
    } \
    int rec_##N##_at_is(const K rec_##N *record, int seed) \
    { \
        K rec_##N wanted = rec_##N##_make(seed); \
        int same = 1; \
        REC_##N##_LEAVES(SAME) return same; \
    } \
    int rec_##N##_is(K rec_##N record, int seed) \
    { \
        const void *volatile place = &record; /* volatile: or the compiler would know that it is aligned */ \
        return rec_##N##_at_is(&record, seed) && (unsigned long)place % _Alignof(K rec_##N) == 0; \
    } \
    int rec_##N##_spread(int seed, K rec_##N r1, double d1, K rec_##N r2, long n1, K rec_##N r3, char c1, K rec_##N r4, \
                         K rec_##N r5, K rec_##N r6, float f1) \
    { \
        return rec_##N##_at_is(&r1, seed) + rec_##N##_at_is(&r2, seed) + rec_##N##_at_is(&r3, seed) + \
               rec_##N##_at_is(&r4, seed) + rec_##N##_at_is(&r5, seed) + rec_##N##_at_is(&r6, seed) + (d1 == seed + 0.5) + \
               (n1 == -seed) + (c1 == (char)seed) + (f1 == -seed - 0.25f); \
    } \
    int rec_##N##_send(int (*f)(K rec_##N record, int seed)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < REC_NSEEDS; seed++) \
            sum += f(rec_##N##_make(seed), seed); \
        return sum; \
    } \
    int rec_##N##_fetch(K rec_##N (*f)(int seed)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < REC_NSEEDS; seed++) \
            sum += rec_##N##_is(f(seed), seed); \
        return sum; \
    } \
    int rec_##N##_pour(int (*f)(int, K rec_##N, double, K rec_##N, long, K rec_##N, char, K rec_##N, K rec_##N, K rec_##N, float)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < REC_NSEEDS; seed++) { \
            K rec_##N r = rec_##N##_make(seed); \
            sum += f(seed, r, seed + 0.5, r, -seed, r, (char)seed, r, r, r, -seed - 0.25f); \
        } \
        return sum; \
    } \
    int rec_##N##_round(K rec_##N (*f)(int, long, long, long, long, long, double, double, double, double, double, double, double, \
                                       double, short, K rec_##N, signed char)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < REC_NSEEDS; seed++) \
            sum += rec_##N##_is(f(seed, 2, 3, 4, 5, 6, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, (short)-seed, rec_##N##_make(seed), \
                                  (signed char)(seed - 128)), seed); \
        return sum; \
    }

REC_RECORDS(DEFINE)
#undef DEFINE

#define DEFINE(N, F) \
    struct rec_##F##N rec_##F##N##_make(int seed) \
    { \
        struct rec_##F##N record; \
        memset(&record, 0, sizeof record); \
        for (int i = 0; i < N; i++) \
            record.bytes[i] = (char)(seed + i); \
        HEAD_##F return record; \
    } \
    struct rec_##F##N rec_##F##N##_turn(int n, struct rec_##F##N record, double x) \
    { \
        struct rec_##F##N turned = record; \
        for (int i = 0; i < N; i++) \
            turned.bytes[i] = record.bytes[(i + n + (int)x) % N]; \
        return turned; \
    } \
    int rec_##F##N##_is(double x, struct rec_##F##N record, int seed, struct rec_##F##N again) \
    { \
        struct rec_##F##N wanted = rec_##F##N##_make(seed); \
        return x == seed && memcmp(&record, &wanted, sizeof wanted) == 0 && memcmp(&again, &wanted, sizeof wanted) == 0; \
    } \
    int rec_##F##N##_swap(struct rec_##F##N (*f)(double x, struct rec_##F##N record, int seed, struct rec_##F##N again)) \
    { \
        struct rec_##F##N made = rec_##F##N##_make(3); \
        return rec_##F##N##_is(3, f(3, made, 3, made), 3, made); \
    }

#define HEAD_bytes
#define HEAD_headed record.head = seed + 0.5f;
#define DEFINE_BOTH(N) DEFINE(N, bytes) DEFINE(N, headed)
REC_SIZES(DEFINE_BOTH)

struct rec_empty rec_empty_make(void)
{
    return (struct rec_empty){};
}

int rec_empty_between(int a, struct rec_empty nothing, int b)
{
    (void)nothing;
    return 1000 * a + b;
}

struct rec_empty_inside rec_empty_inside_make(int a)
{
    return (struct rec_empty_inside){.a = a};
}

int rec_empty_inside_a(struct rec_empty_inside record)
{
    return record.a;
}

struct rec_complexes rec_complexes_make(double are, double aim, double bre, double bim)
{
    return (struct rec_complexes){__builtin_complex((float)are, (float)aim), __builtin_complex(bre, bim)};
}

double rec_complexes_part(struct rec_complexes record, int i)
{
    return i == 0 ? __real__ record.a : i == 1 ? __imag__ record.a : i == 2 ? __real__ record.b : __imag__ record.b;
}

struct rec_complex_float rec_complex_float_make(double re, double im)
{
    return (struct rec_complex_float){__builtin_complex((float)re, (float)im)};
}

double rec_complex_float_part(struct rec_complex_float record, int i)
{
    return i == 0 ? __real__ record.a : __imag__ record.a;
}

struct rec_complex_ldouble rec_complex_ldouble_make(double re, double im)
{
    return (struct rec_complex_ldouble){__builtin_complex((long double)re, (long double)im)};
}

double rec_complex_ldouble_part(struct rec_complex_ldouble record, int i)
{
    return (double)(i == 0 ? __real__ record.a : __imag__ record.a);
}

static int weigh(struct rec_node node)
{
    return (int)strlen(node.name);
}

struct rec_node rec_node_make(struct rec_node *next, const char *name)
{
    return (struct rec_node){next, name, weigh};
}

int rec_node_count(struct rec_node first)
{
    return first.next == NULL ? 1 : 1 + rec_node_count(*first.next);
}
