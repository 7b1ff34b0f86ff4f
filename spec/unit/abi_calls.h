/* Calls that together pass every instruction of the trampoline, and some that go without it, for the tests that step through both:
 * abi_unwind and abi_gdb. */
#ifndef AIRLOCK_SPEC_ABI_CALLS_H
#define AIRLOCK_SPEC_ABI_CALLS_H

#include "abi_case.h"

#pragma GCC diagnostic ignored "-Wpsabi"

typedef int Vector16 __attribute__((vector_size(16)));
typedef int Vector32 __attribute__((vector_size(32)));
typedef int Vector64 __attribute__((vector_size(64)));
typedef struct __attribute__((aligned(64))) {
    long a[8];
} Aligned64;

static long take_longs(long a, long b, long c, long d, long e, long f, long g)
{
    return a + b + c + d + e + f + g;
}

static long take_two_longs(long a, long b)
{
    return a + b;
}

static double take_doubles(double a, double b)
{
    return a - b;
}

static double take_nine_doubles(double a, double b, double c, double d, double e, double f, double g, double h,
                                double i)
{
    return a + b + c + d + e + f + g + h + i;
}

static double take_both(long a, double b)
{
    return (double)a + b;
}

static Vector16 take_vector16(Vector16 a)
{
    return a + a;
}

__attribute__((target("avx"))) static Vector32 take_vector32(Vector32 a)
{
    return a;
}

__attribute__((target("avx512f"))) static Vector64 take_vector64(Vector64 a)
{
    return a;
}

static long double take_long_double(long double a)
{
    return a + 1;
}

static _Complex long double take_complex(_Complex long double a)
{
    return a;
}

static long take_aligned(Aligned64 a, long b)
{
    return a.a[7] + b;
}

#define MS_ABI __attribute__((ms_abi))

static MS_ABI long ms_take_longs(long a, double b, Aligned64 c, float d, long e, Vector16 f, long g)
{
    return a + (long)b + c.a[7] + (long)d + e + f[0] + g;
}

static MS_ABI double ms_take_doubles(double a, double b)
{
    return a - b;
}

static MS_ABI Aligned64 ms_take_aligned(Aligned64 a)
{
    return a;
}

typedef void CallVisitor(const char *name, const AbiPlan *plan, AbiFunction function, void *result,
                         void *const *values);

/* ABI_WIN64: each passes all of its trampoline but the loop over the stack. */
static inline void calls_visit_win64(CallVisitor *visit)
{
    const AbiType aligned = {sizeof(Aligned64), _Alignof(Aligned64), 0, NULL, true}, one = CASE_LONG;
    const AbiType mixed[] = {
        one, CASE_DOUBLE, aligned, CASE_SCALAR(float, ABI_F32), one, CASE_SCALAR(Vector16, ABI_VECTOR16), one};
    const AbiType doubles[] = {CASE_DOUBLE, CASE_DOUBLE};
    const struct {
        const char *name;
        AbiFunction function;
        const AbiType *result, *args;
        uint32_t nargs;
    } calls[] = {
        {"ms_abi: all kinds, three on the stack", (AbiFunction)ms_take_longs, &one, mixed, 7},
        {"ms_abi: doubles", (AbiFunction)ms_take_doubles, doubles, doubles, 2},
        {"ms_abi: a struct aligned to 64", (AbiFunction)ms_take_aligned, &aligned, &aligned, 1},
    };
    static long zeros[16];
    _Alignas(64) unsigned char store[64];
    void *values[7] = {zeros, zeros, zeros, zeros, zeros, zeros, zeros};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        AbiPlan *plan = case_win64_plan(calls[i].name, *calls[i].result, calls[i].args, calls[i].nargs);
        visit(calls[i].name, plan, calls[i].function, store, values);
        case_free(plan);
    }
}

/* Returns how many calls this machine has not got the registers for. */
static inline int calls_visit(CallVisitor *visit)
{
    const AbiType longs[] = {CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG};
    const AbiType doubles[] = {CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE,
                               CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE};
    const AbiType both[] = {CASE_LONG, CASE_DOUBLE};
    const AbiType vector16 = CASE_SCALAR(Vector16, ABI_VECTOR16), f80 = CASE_SCALAR(long double, ABI_F80);
    const AbiType vector32 = {32, 32, 1, &case_leaves[ABI_VECTOR32], false},
                  vector64 = {64, 64, 1, &case_leaves[ABI_VECTOR64], false};
    const AbiType complex_f80 = CASE_SCALAR(_Complex long double, ABI_COMPLEX_F80);
    const AbiType aligned[] = {{sizeof(Aligned64), _Alignof(Aligned64), 0, NULL, true}, CASE_LONG};
    const struct {
        const char *name;
        AbiFunction function;
        const AbiType *result, *args;
        uint32_t nargs;
    } calls[] = {
        {"longs, one on the stack", (AbiFunction)take_longs, longs, longs, 7},
        {"doubles, one on the stack", (AbiFunction)take_nine_doubles, doubles, doubles, 9},
        {"two longs, directly", (AbiFunction)take_two_longs, longs, longs, 2},
        {"two doubles, directly", (AbiFunction)take_doubles, doubles, doubles, 2},
        {"a long and a double, directly", (AbiFunction)take_both, doubles, both, 2},
        {"a 16-byte vector", (AbiFunction)take_vector16, &vector16, &vector16, 1},
        {"a 32-byte vector", (AbiFunction)take_vector32, &vector32, &vector32, 1},
        {"a 64-byte vector", (AbiFunction)take_vector64, &vector64, &vector64, 1},
        {"long double", (AbiFunction)take_long_double, &f80, &f80, 1},
        {"complex long double", (AbiFunction)take_complex, &complex_f80, &complex_f80, 1},
        {"a struct aligned to 64", (AbiFunction)take_aligned, longs, aligned, 2},
    };
    static long zeros[16];
    _Alignas(64) unsigned char store[64];
    void *values[9];
    int nskipped = 0;
    for (int i = 0; i < 9; i++)
        values[i] = zeros;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        AbiPlan *plan = case_fixed_plan(calls[i].name, *calls[i].result, calls[i].args, calls[i].nargs);
        if (plan != NULL)
            visit(calls[i].name, plan, calls[i].function, store, values);
        nskipped += plan == NULL;
        case_free(plan);
    }
    return nskipped;
}

#endif
