/* See values.h: each type's values, and functions that take, return and compare them. */
#include "values.h"

#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#pragma GCC diagnostic ignored "-Wpsabi"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wfloat-conversion"

#define INT128_MAX ((__int128)(UINT128_MAX >> 1))
#define UINT128_MAX (~(unsigned __int128)0)
#define FLOATS(MIN, MAX, EPSILON) 0.0, -0.0, 1.0, -1.5, 0.1f, MIN, MAX, -MAX, EPSILON, INFINITY, -INFINITY, NAN,
#define COMPLEXES(C) C(0.0, 0.0), C(1.5, -2.25), C(-0.0, 0x1p100), C(INFINITY, -0.0), C(NAN, 1.0),
#define CMPLX(re, im) __builtin_complex((double)(re), (double)(im))
#define CMPLXF(re, im) __builtin_complex((float)(re), (float)(im))
#define CMPLXL(re, im) __builtin_complex((long double)(re), (long double)(im))

static int negate(int n)
{
    return -n;
}

static int twice(int n)
{
    return 2 * n;
}

static char room[16];

/* Trailing commas: BEYOND continues VALUES. Value 1 is the constant's. */
#define SECOND(first, second, ...) second
#define SECOND_OF(values) SECOND(values)
#define VALUES_bool 0, 1,
#define VALUES_char 0, 1, -1, CHAR_MIN, CHAR_MAX, 'a',
#define VALUES_schar 0, 1, -1, SCHAR_MIN, SCHAR_MAX,
#define VALUES_uchar 0, 1, SCHAR_MAX, SCHAR_MAX + 1, UCHAR_MAX,
#define VALUES_short 0, 1, -1, SHRT_MIN, SHRT_MAX,
#define VALUES_ushort 0, 1, SHRT_MAX, SHRT_MAX + 1, USHRT_MAX,
#define VALUES_int 0, 1, -1, INT_MIN, INT_MAX,
#define VALUES_uint 0, 1, INT_MAX, INT_MAX + 1u, UINT_MAX,
#define VALUES_long 0, 1, -1, LONG_MIN, LONG_MAX, INT_MIN, UINT_MAX,
#define VALUES_ulong 0, 1, UINT_MAX, LONG_MAX, LONG_MAX + 1ul, ULONG_MAX,
#define VALUES_llong 0, 1, -1, LLONG_MIN, LLONG_MAX,
#define VALUES_ullong 0, 1, LLONG_MAX, LLONG_MAX + 1ull, ULLONG_MAX,
#define VALUES_size 0, 1, SIZE_MAX / 2, SIZE_MAX,
#define VALUES_wchar 0, L'\u00e9', WCHAR_MIN, WCHAR_MAX,
#define VALUES_int128 0, 1, -1, LONG_MIN, LONG_MAX, (__int128)LONG_MAX + 1, (__int128)LONG_MIN - 1, INT128_MAX, -INT128_MAX - 1,
#define VALUES_uint128 0, 1, LONG_MAX, LONG_MAX + 1ul, ULONG_MAX, (unsigned __int128)ULONG_MAX + 1, UINT128_MAX,
#define VALUES_plain VAL_NONE, VAL_ONE, VAL_MANY, VAL_TOP,
#define VALUES_signed VAL_LOW, VAL_BELOW, VAL_ZERO, VAL_HIGH,
#define VALUES_wide VAL_WIDE_LOW, VAL_WIDE_ZERO, VAL_WIDE_HIGH,
#define VALUES_huge VAL_HUGE_ZERO, VAL_HUGE_MIDDLE, VAL_HUGE_TOP,
#define VALUES_float FLOATS(FLT_MIN, FLT_MAX, FLT_EPSILON) FLT_TRUE_MIN,
#define VALUES_double FLOATS(DBL_MIN, DBL_MAX, DBL_EPSILON) DBL_TRUE_MIN, 0.1,
#define VALUES_ldouble FLOATS(DBL_MIN, DBL_MAX, DBL_EPSILON) 0.1,
#define VALUES_quad FLOATS(DBL_MIN, DBL_MAX, DBL_EPSILON) DBL_TRUE_MIN,
#define VALUES_half FLOATS(0x1p-14, 65504.0, 0x1p-10) 0x1p-24, 2049,
#define VALUES_cfloat COMPLEXES(CMPLXF)
#define VALUES_cdouble COMPLEXES(CMPLX) CMPLX(DBL_MAX, DBL_TRUE_MIN),
#define VALUES_cldouble COMPLEXES(CMPLXL)
#define VALUES_string NULL, "", "text",
#define VALUES_buffer NULL, room, room + 15,
#define VALUES_address NULL, room + 7, (void *)1, (void *)-1l,
#define VALUES_operation NULL, negate, twice,

#define BEYOND_bool
#define BEYOND_char
#define BEYOND_schar
#define BEYOND_uchar
#define BEYOND_short
#define BEYOND_ushort
#define BEYOND_int
#define BEYOND_uint
#define BEYOND_long
#define BEYOND_ulong
#define BEYOND_llong
#define BEYOND_ullong
#define BEYOND_size
#define BEYOND_wchar
#define BEYOND_int128
#define BEYOND_uint128
#define BEYOND_plain
#define BEYOND_signed
#define BEYOND_wide
#define BEYOND_huge
#define BEYOND_float
#define BEYOND_double
#define BEYOND_ldouble 0.1L, LDBL_MIN, LDBL_MAX, LDBL_TRUE_MIN, 1 + LDBL_EPSILON,
#define BEYOND_quad (__float128)1 / 3, (__float128)LDBL_MAX, (__float128)LDBL_MIN / 3,
#define BEYOND_half
#define BEYOND_cfloat
#define BEYOND_cdouble
#define BEYOND_cldouble CMPLXL(0.1L, LDBL_MAX),
#define BEYOND_string
#define BEYOND_buffer
#define BEYOND_address
#define BEYOND_operation

/* -- comparing and printing ------------------------------------------------------------------------------------------------------ */

/* By their bytes: -0.0 is not 0.0 and NaN is itself. The 80-bit format has six bytes of padding. */
static int is_same(const void *a, const void *b, size_t nbytes, int is_x87)
{
    size_t step = is_x87 ? 16 : nbytes;
    for (size_t i = 0; i < nbytes; i += step)
        if (memcmp((const char *)a + i, (const char *)b + i, is_x87 ? 10 : nbytes) != 0)
            return 0;
    return 1;
}

#define IS_X87(v) _Generic((v), long double: 1, long double _Complex: 1, default: 0)

static char printed[100];

static const char *print_unsigned(unsigned __int128 n, int is_negative)
{
    char *p = printed + sizeof printed;
    *--p = '\0';
    do {
        *--p = (char)('0' + (int)(n % 10));
        n /= 10;
    } while (n != 0);
    if (is_negative)
        *--p = '-';
    return p;
}

static const char *print_signed(__int128 n)
{
    return print_unsigned(n < 0 ? -(unsigned __int128)n : (unsigned __int128)n, n < 0);
}

static const char *print_complex(double re, double im)
{
    snprintf(printed, sizeof printed, "%a %a", re, im);
    return printed;
}

static const char *print_floating(double number)
{
    snprintf(printed, sizeof printed, "%a", number);
    return printed;
}

static const char *print_pointer(uintptr_t address)
{
    snprintf(printed, sizeof printed, "%#lx", address);
    return printed;
}

#define PRINT_BOOL(v) ((v) ? "true" : "false")
#define PRINT_SIGNED(v) print_signed(v)
#define PRINT_UNSIGNED(v) print_unsigned(v, 0)
#define PRINT_FLOATING(v) print_floating((double)(v))
#define PRINT_COMPLEX(v) print_complex((double)__real__(v), (double)__imag__(v))
#define PRINT_POINTER(v) print_pointer((uintptr_t)(v))

/* -- scalars --------------------------------------------------------------------------------------------------------------------- */

#define DEFINE(N, T, how) \
    static const val_##N values_##N[] = {VALUES_##N BEYOND_##N}; \
    val_##N val_##N##_variable; \
    const val_##N val_##N##_constant = SECOND_OF(VALUES_##N); \
    val_##N val_##N##_array[4]; \
    static int same_##N(val_##N a, val_##N b) \
    { \
        return is_same(&a, &b, sizeof a, IS_X87(a)); \
    } \
    int val_##N##_count(void) \
    { \
        return (int)(sizeof((val_##N[]){VALUES_##N}) / sizeof(val_##N)); \
    } \
    int val_##N##_box_count(void) \
    { \
        return (int)(sizeof values_##N / sizeof(val_##N)); \
    } \
    val_##N val_##N##_get(int i) \
    { \
        return values_##N[i]; \
    } \
    val_##N val_##N##_echo(val_##N v) \
    { \
        return v; \
    } \
    int val_##N##_is(val_##N v, int i) \
    { \
        return same_##N(v, values_##N[i]); \
    } \
    int val_##N##_spread(int i, val_##N a1, double d1, val_##N a2, long n1, val_##N a3, val_##N a4, val_##N a5, char c1, \
                         val_##N a6, val_##N a7, val_##N a8, val_##N a9, val_##N a10, float f1) \
    { \
        val_##N v = values_##N[i]; \
        return same_##N(a1, v) + same_##N(a2, v) + same_##N(a3, v) + same_##N(a4, v) + same_##N(a5, v) + same_##N(a6, v) + \
               same_##N(a7, v) + same_##N(a8, v) + same_##N(a9, v) + same_##N(a10, v) + (d1 == i + 0.5) + (n1 == -i) + \
               (c1 == (char)i) + (f1 == -i - 0.25f); \
    } \
    const char *val_##N##_text(int i) \
    { \
        return PRINT_##how(values_##N[i]); \
    } \
    int val_##N##_at_is(const val_##N *place, int i) \
    { \
        return place != NULL && same_##N(*place, values_##N[i]); \
    } \
    void val_##N##_put(val_##N *place, int i) \
    { \
        *place = values_##N[i]; \
    } \
    int val_##N##_send(int (*f)(val_##N v, int i)) \
    { \
        int sum = 0; \
        for (int i = 0; i < val_##N##_count(); i++) \
            sum += f(values_##N[i], i); \
        return sum; \
    } \
    int val_##N##_fetch(val_##N (*f)(int i)) \
    { \
        int sum = 0; \
        for (int i = 0; i < val_##N##_count(); i++) \
            sum += same_##N(f(i), values_##N[i]); \
        return sum; \
    } \
    int val_##N##_pour(int (*f)(int, val_##N, double, val_##N, long, val_##N, val_##N, val_##N, char, val_##N, val_##N, val_##N, \
                                val_##N, val_##N, float)) \
    { \
        int sum = 0; \
        for (int i = 0; i < val_##N##_count(); i++) { \
            val_##N v = values_##N[i]; \
            sum += f(i, v, i + 0.5, v, -i, v, v, v, (char)i, v, v, v, v, v, -i - 0.25f); \
        } \
        return sum; \
    } \
    int val_##N##_round(val_##N (*f)(int, long, long, long, long, long, double, double, double, double, double, double, double, double, \
                                     short, val_##N, signed char)) \
    { \
        int sum = 0; \
        for (int i = 0; i < val_##N##_count(); i++) \
            sum += same_##N(f(i, 2, 3, 4, 5, 6, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, (short)-i, values_##N[i], (signed char)(i - 128)), \
                            values_##N[i]); \
        return sum; \
    } \
    int val_##N##_box_send(int (*f)(val_##N##_box box, int i)) \
    { \
        int sum = 0; \
        for (int i = 0; i < val_##N##_box_count(); i++) \
            sum += f((val_##N##_box){values_##N[i]}, i); \
        return sum; \
    } \
    int val_##N##_box_fetch(val_##N##_box (*f)(int i)) \
    { \
        int sum = 0; \
        for (int i = 0; i < val_##N##_box_count(); i++) \
            sum += same_##N(f(i).v, values_##N[i]); \
        return sum; \
    } \
    val_##N##_box val_##N##_box_get(int i) \
    { \
        return (val_##N##_box){values_##N[i]}; \
    } \
    val_##N##_box val_##N##_box_echo(val_##N##_box box) \
    { \
        return box; \
    } \
    int val_##N##_box_is(val_##N##_box box, int i) \
    { \
        return same_##N(box.v, values_##N[i]); \
    }

VAL_TYPES(DEFINE)
#undef DEFINE

#define STRINGS(...) #__VA_ARGS__
#define NAMES(values) STRINGS(values)

/* Item number i of a list "A, B, C,". */
static const char *item(const char *list, int i)
{
    size_t length;
    for (; i > 0; i--)
        list += strcspn(list, ",") + 2;
    length = strcspn(list, ",");
    memcpy(printed, list, length);
    printed[length] = '\0';
    return printed;
}

const char *val_plain_name(int i)
{
    return item(NAMES(VALUES_plain), i);
}

const char *val_signed_name(int i)
{
    return item(NAMES(VALUES_signed), i);
}

const char *val_wide_name(int i)
{
    return item(NAMES(VALUES_wide), i);
}

const char *val_huge_name(int i)
{
    return item(NAMES(VALUES_huge), i);
}

/* -- vectors --------------------------------------------------------------------------------------------------------------------- */

/* Loops and memcmp over the lanes, so that no vector instruction is needed but where the ABI wants one. */
#define DEFINE(N, E, nbytes, TARGET) \
    val_##N val_##N##_variable; \
    int val_##N##_lanes(void) \
    { \
        return (int)(nbytes / sizeof(E)); \
    } \
    double val_##N##_lane(int seed, int lane) \
    { \
        return (double)(E)((seed + 3 * lane) * (lane % 2 ? -1 : 1)); \
    } \
    void val_##N##_put(val_##N *place, int seed) \
    { \
        for (int lane = 0; lane < val_##N##_lanes(); lane++) { \
            E element = (E)val_##N##_lane(seed, lane); \
            memcpy((char *)place + (size_t)lane * sizeof element, &element, sizeof element); \
        } \
    } \
    TARGET val_##N val_##N##_get(int seed) \
    { \
        val_##N v; \
        val_##N##_put(&v, seed); \
        return v; \
    } \
    TARGET val_##N val_##N##_echo(val_##N v) \
    { \
        return v; \
    } \
    TARGET int val_##N##_is(val_##N v, int seed) \
    { \
        val_##N wanted; \
        val_##N##_put(&wanted, seed); \
        return memcmp(&v, &wanted, sizeof v) == 0; \
    } \
    TARGET int val_##N##_spread(int seed, val_##N a1, double d1, val_##N a2, long n1, val_##N a3, val_##N a4, val_##N a5, char c1, \
                                val_##N a6, val_##N a7, val_##N a8, val_##N a9, val_##N a10, float f1) \
    { \
        return val_##N##_is(a1, seed) + val_##N##_is(a2, seed) + val_##N##_is(a3, seed) + val_##N##_is(a4, seed) + \
               val_##N##_is(a5, seed) + val_##N##_is(a6, seed) + val_##N##_is(a7, seed) + val_##N##_is(a8, seed) + \
               val_##N##_is(a9, seed) + val_##N##_is(a10, seed) + (d1 == seed + 0.5) + (n1 == -seed) + (c1 == (char)seed) + \
               (f1 == -seed - 0.25f); \
    } \
    TARGET int val_##N##_send(int (*f)(val_##N v, int seed)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < VAL_NSEEDS; seed++) \
            sum += f(val_##N##_get(seed), seed); \
        return sum; \
    } \
    TARGET int val_##N##_fetch(val_##N (*f)(int seed)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < VAL_NSEEDS; seed++) \
            sum += val_##N##_is(f(seed), seed); \
        return sum; \
    } \
    TARGET int val_##N##_pour(int (*f)(int, val_##N, double, val_##N, long, val_##N, val_##N, val_##N, char, val_##N, val_##N, val_##N, \
                                       val_##N, val_##N, float)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < VAL_NSEEDS; seed++) { \
            val_##N v = val_##N##_get(seed); \
            sum += f(seed, v, seed + 0.5, v, -seed, v, v, v, (char)seed, v, v, v, v, v, -seed - 0.25f); \
        } \
        return sum; \
    } \
    TARGET int val_##N##_round(val_##N (*f)(int, long, long, long, long, long, double, double, double, double, double, double, double, \
                                            double, short, val_##N, signed char)) \
    { \
        int sum = 0; \
        for (int seed = 0; seed < VAL_NSEEDS; seed++) \
            sum += val_##N##_is(f(seed, 2, 3, 4, 5, 6, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, (short)-seed, val_##N##_get(seed), \
                                  (signed char)(seed - 128)), seed); \
        return sum; \
    }

VAL_VECTORS(DEFINE)
#undef DEFINE
