/* Values of every type that C passes by value. The specs read this file too, through the preprocessor.
 *
 * For a type T with values 0 to count - 1 that a Lua number (boolean, nil, pointer) can say, and those from count to box_count - 1
 * that only T can: get and echo return it, is and spread compare what arrives with value i, text prints it. */

enum val_plain { VAL_NONE, VAL_ONE, VAL_MANY = 77, VAL_TOP = 0xffffffffu };
enum val_signed { VAL_LOW = -__INT_MAX__ - 1, VAL_BELOW = -1, VAL_ZERO, VAL_HIGH = __INT_MAX__ };
enum val_wide { VAL_WIDE_LOW = -__LONG_MAX__ - 1, VAL_WIDE_ZERO = 0, VAL_WIDE_HIGH = __LONG_MAX__ };
enum val_huge { VAL_HUGE_ZERO, VAL_HUGE_MIDDLE = __LONG_MAX__, VAL_HUGE_TOP = -1ul };
typedef int (*val_operation)(int);

#ifdef __FLT16_MAX__
#define VAL_HALF(X) X(half, _Float16, FLOATING)
#else
#define VAL_HALF(X)
#endif

/* X(name, type, how it prints) */
#define VAL_TYPES(X) \
    X(bool, _Bool, BOOL) \
    X(char, char, SIGNED) \
    X(schar, signed char, SIGNED) \
    X(uchar, unsigned char, UNSIGNED) \
    X(short, short, SIGNED) \
    X(ushort, unsigned short, UNSIGNED) \
    X(int, int, SIGNED) \
    X(uint, unsigned, UNSIGNED) \
    X(long, long, SIGNED) \
    X(ulong, unsigned long, UNSIGNED) \
    X(llong, long long, SIGNED) \
    X(ullong, unsigned long long, UNSIGNED) \
    X(size, __SIZE_TYPE__, UNSIGNED) \
    X(wchar, __WCHAR_TYPE__, SIGNED) \
    X(int128, __int128, SIGNED) \
    X(uint128, unsigned __int128, UNSIGNED) \
    X(plain, enum val_plain, UNSIGNED) \
    X(signed, enum val_signed, SIGNED) \
    X(wide, enum val_wide, SIGNED) \
    X(huge, enum val_huge, UNSIGNED) \
    X(float, float, FLOATING) \
    X(double, double, FLOATING) \
    X(ldouble, long double, FLOATING) \
    X(quad, __float128, FLOATING) \
    VAL_HALF(X) \
    X(cfloat, float _Complex, COMPLEX) \
    X(cdouble, double _Complex, COMPLEX) \
    X(cldouble, long double _Complex, COMPLEX) \
    X(string, const char *, POINTER) \
    X(buffer, char *, POINTER) \
    X(address, void *, POINTER) \
    X(operation, val_operation, POINTER)

#define VAL_DECLARE(N, T, how) \
    typedef T val_##N; \
    typedef struct val_##N##_box { val_##N v; } val_##N##_box; \
    int val_##N##_count(void); \
    int val_##N##_box_count(void); \
    val_##N val_##N##_get(int i); \
    val_##N val_##N##_echo(val_##N v); \
    int val_##N##_is(val_##N v, int i); \
    int val_##N##_spread(int i, val_##N a1, double d1, val_##N a2, long n1, val_##N a3, val_##N a4, val_##N a5, char c1, \
                         val_##N a6, val_##N a7, val_##N a8, val_##N a9, val_##N a10, float f1); \
    const char *val_##N##_text(int i); \
    int val_##N##_at_is(const val_##N *place, int i); \
    void val_##N##_put(val_##N *place, int i); \
    int val_##N##_send(int (*f)(val_##N v, int i)); \
    int val_##N##_fetch(val_##N (*f)(int i)); \
    int val_##N##_pour(int (*f)(int, val_##N, double, val_##N, long, val_##N, val_##N, val_##N, char, val_##N, val_##N, val_##N, \
                                val_##N, val_##N, float)); \
    int val_##N##_round(val_##N (*f)(int, long, long, long, long, long, double, double, double, double, double, double, double, double, \
                                     short, val_##N, signed char)); \
    int val_##N##_box_send(int (*f)(val_##N##_box box, int i)); \
    int val_##N##_box_fetch(val_##N##_box (*f)(int i)); \
    val_##N##_box val_##N##_box_get(int i); \
    val_##N##_box val_##N##_box_echo(val_##N##_box box); \
    int val_##N##_box_is(val_##N##_box box, int i); \
    extern val_##N val_##N##_variable; \
    extern const val_##N val_##N##_constant; \
    extern val_##N val_##N##_array[4];

VAL_TYPES(VAL_DECLARE)
#undef VAL_DECLARE

/* The enums' values 0 to count - 1 by name. */
const char *val_plain_name(int i);
const char *val_signed_name(int i);
const char *val_wide_name(int i);
const char *val_huge_name(int i);

/* Vectors, of VAL_NSEEDS values: X(name, element, bytes, the attribute that gives it a register) */
#define VAL_AVX __attribute__((target("avx")))
#define VAL_AVX512 __attribute__((target("avx512f")))
#define VAL_VECTORS(X) \
    X(v8b, signed char, 8, ) \
    X(v4h, short, 8, ) \
    X(v2i, int, 8, ) \
    X(v2f, float, 8, ) \
    X(v1d, double, 8, ) \
    X(v1l, long, 8, ) \
    X(v16b, unsigned char, 16, ) \
    X(v4i, int, 16, ) \
    X(v2l, long, 16, ) \
    X(v4f, float, 16, ) \
    X(v2d, double, 16, ) \
    X(v8i, int, 32, VAL_AVX) \
    X(v8f, float, 32, VAL_AVX) \
    X(v4d, double, 32, VAL_AVX) \
    X(v16i, int, 64, VAL_AVX512) \
    X(v8d, double, 64, VAL_AVX512)

enum { VAL_NSEEDS = 6 };

#define VAL_DECLARE(N, E, nbytes, TARGET) \
    typedef E val_##N __attribute__((vector_size(nbytes))); \
    TARGET val_##N val_##N##_get(int seed); \
    TARGET val_##N val_##N##_echo(val_##N v); \
    TARGET int val_##N##_is(val_##N v, int seed); \
    TARGET int val_##N##_spread(int seed, val_##N a1, double d1, val_##N a2, long n1, val_##N a3, val_##N a4, val_##N a5, char c1, \
                                val_##N a6, val_##N a7, val_##N a8, val_##N a9, val_##N a10, float f1); \
    int val_##N##_lanes(void); \
    double val_##N##_lane(int seed, int lane); \
    void val_##N##_put(val_##N *place, int seed); \
    TARGET int val_##N##_send(int (*f)(val_##N v, int seed)); \
    TARGET int val_##N##_fetch(val_##N (*f)(int seed)); \
    TARGET int val_##N##_pour(int (*f)(int, val_##N, double, val_##N, long, val_##N, val_##N, val_##N, char, val_##N, val_##N, val_##N, \
                                       val_##N, val_##N, float)); \
    TARGET int val_##N##_round(val_##N (*f)(int, long, long, long, long, long, double, double, double, double, double, double, double, \
                                            double, short, val_##N, signed char)); \
    extern val_##N val_##N##_variable;

VAL_VECTORS(VAL_DECLARE)
#undef VAL_DECLARE
