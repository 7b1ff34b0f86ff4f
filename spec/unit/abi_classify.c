/* Classification against the compiler: for each type, callees compiled here take it as argument and return it, with all registers
 * free, with few left, and with none; the engine must deliver every byte, and the arguments behind it. */
#include <complex.h>

#include "abi_case.h"

#pragma GCC diagnostic ignored "-Wpsabi"

/* -- the types ------------------------------------------------------------------------------------------------------------- */

__extension__ typedef __int128 Int128;
__extension__ typedef __float128 Float128;
__extension__ typedef _Complex int ComplexInt;
typedef int Vector8 __attribute__((vector_size(8)));
typedef float Vector16 __attribute__((vector_size(16)));
typedef double VectorOfOne __attribute__((vector_size(8)));
typedef bool Bool;
typedef void *Pointer;
typedef _Complex float ComplexFloat;
typedef _Complex double ComplexDouble;
typedef _Complex long double ComplexLongDouble;
typedef long double LongDouble;
#ifdef __FLT16_MAX__
__extension__ typedef _Float16 Float16;
__extension__ typedef _Complex _Float16 ComplexFloat16;
typedef struct { Float16 a, b, c; } ThreeHalves;
typedef struct { short a; Float16 b; } ShortHalf;
#endif
#ifdef __DEC32_MAX__
__extension__ typedef _Decimal32 Decimal32;
__extension__ typedef _Decimal64 Decimal64;
__extension__ typedef _Decimal128 Decimal128;
typedef struct { Decimal32 a, b, c; } ThreeDecimals;
typedef struct { int a; Decimal32 b; Decimal64 c; } IntDecimals;
typedef struct { Decimal128 a; } OneDecimal128;
typedef union { Decimal64 a; long b; } DecimalOrLong;
#endif

typedef struct { char a; } OneChar;
typedef struct { char a[3]; } ThreeChars;
typedef struct { char a[5]; } FiveChars;
typedef struct { char a[7]; } SevenChars;
typedef struct { char a[15]; } FifteenChars;
typedef struct { char a[17]; } SeventeenChars;
typedef struct { int a, b, c; } ThreeInts;
typedef struct { long a, b; } TwoLongs;
typedef struct { long a, b, c; } ThreeLongs;
typedef struct { long a[8]; } EightLongs;
typedef struct { long a[8]; char b; } SixtyFive;
typedef struct { long a; double b; } LongDoubleMix;
typedef struct { double a; long b; } DoubleLong;
typedef struct { double a, b; } TwoDoubles;
typedef struct { float a, b; } TwoFloats;
typedef struct { float a, b, c; } ThreeFloats;
typedef struct { int a; float b; } IntFloat;
typedef struct { float a, b; int c; } FloatsInt;
typedef struct { struct { char a; short b; } s; float c; double d; } Nested;
typedef struct { long double a; } OneLongDouble;
typedef struct { ComplexLongDouble a; } OneComplexLongDouble;
typedef struct { ComplexFloat a; float b; } ComplexFloatFloat;
typedef struct { Int128 a; } OneInt128;
typedef struct { char a; Int128 b; } CharInt128;
typedef struct { Float128 a; } OneFloat128;
typedef struct { Vector8 a, b; } TwoVector8;
typedef struct { Vector16 a; } OneVector16;
typedef struct { Vector16 a, b; } TwoVector16;
typedef union { Vector16 a; double b[2]; } Vector16OrDoubles;
typedef union { Vector16 a; long b; } Vector16OrLong;
typedef union { long double a; int b; } LongDoubleOrInt;
typedef union { long double a; float b; } LongDoubleOrFloat;
typedef union { long double a; double b[2]; } LongDoubleOrDoubles;
typedef union { long double a; char b[16]; } LongDoubleOrChars;
typedef union { double a; long b; } DoubleOrLong;
typedef struct __attribute__((packed)) { char a; double b; } PackedDouble;
typedef struct __attribute__((packed)) { int a; char b; } PackedAligned;
typedef struct __attribute__((packed)) { long double a; char b; } PackedLongDouble;
typedef struct { int a : 3, b : 20; long c : 40; } BitFields;
typedef struct { double a; int b : 7; } DoubleBits;
typedef struct __attribute__((packed)) { char a; int b : 32; } PackedBits;
typedef struct __attribute__((aligned(16))) { int a; } Aligned16;
typedef struct __attribute__((aligned(32))) { double a; } Aligned32;
typedef struct __attribute__((aligned(64))) { int a; } Aligned64;
typedef struct __attribute__((aligned(128))) { char a[100]; } Aligned128;
__extension__ typedef struct { double a; int : 32; } DoublePadding;
__extension__ typedef struct { } Empty;
__extension__ typedef struct __attribute__((aligned(16))) { } EmptyAligned;
typedef struct { Empty a; double b; } EmptyDouble;
typedef struct { long a; char b[]; } Flexible;

#define LEAF(type, member, kind) {offsetof(type, member), kind}

#define SCALARS(X) \
    X(Bool, {0, ABI_BOOL}) X(int8_t, {0, ABI_I8}) X(uint8_t, {0, ABI_U8}) X(int16_t, {0, ABI_I16}) X(uint16_t, {0, ABI_U16}) \
    X(int32_t, {0, ABI_I32}) X(uint32_t, {0, ABI_U32}) X(int64_t, {0, ABI_I64}) X(uint64_t, {0, ABI_U64}) X(Pointer, {0, ABI_POINTER}) \
    X(Int128, {0, ABI_I128}) X(float, {0, ABI_F32}) X(double, {0, ABI_F64}) X(LongDouble, {0, ABI_F80}) X(Float128, {0, ABI_F128}) \
    X(ComplexFloat, {0, ABI_F32}, {4, ABI_F32}) X(ComplexDouble, {0, ABI_F64}, {8, ABI_F64}) X(ComplexLongDouble, {0, ABI_COMPLEX_F80}) \
    X(ComplexInt, {0, ABI_I32}, {4, ABI_I32}) X(Vector8, {0, ABI_VECTOR8}) X(Vector16, {0, ABI_VECTOR16}) X(VectorOfOne, {0, ABI_MEMORY})

#ifdef __FLT16_MAX__
#define HALVES(X) \
    X(Float16, {0, ABI_F16}) X(ComplexFloat16, {0, ABI_F16}, {2, ABI_F16}) \
    X(ThreeHalves, {0, ABI_F16}, {2, ABI_F16}, {4, ABI_F16}) X(ShortHalf, {0, ABI_I16}, {2, ABI_F16})
#else
#define HALVES(X)
#endif

#ifdef __DEC32_MAX__
#define DECIMALS(X) \
    X(Decimal32, {0, ABI_F32}) X(Decimal64, {0, ABI_F64}) X(Decimal128, {0, ABI_F128}) \
    X(ThreeDecimals, {0, ABI_F32}, {4, ABI_F32}, {8, ABI_F32}) X(IntDecimals, {0, ABI_I32}, {4, ABI_F32}, {8, ABI_F64}) \
    X(OneDecimal128, {0, ABI_F128}) X(DecimalOrLong, {0, ABI_F64}, {0, ABI_I64})
#else
#define DECIMALS(X)
#endif

#define CHARS_3(at) {at, ABI_I8}, {(at) + 1, ABI_I8}, {(at) + 2, ABI_I8}
#define CHARS_5(at) CHARS_3(at), {(at) + 3, ABI_I8}, {(at) + 4, ABI_I8}
#define LONGS_AT_0 {0, ABI_I64}, {8, ABI_I64}, {16, ABI_I64}, {24, ABI_I64}, {32, ABI_I64}, {40, ABI_I64}, {48, ABI_I64}, {56, ABI_I64}

#define AGGREGATES(X) \
    X(OneChar, {0, ABI_I8}) X(ThreeChars, CHARS_3(0)) X(FiveChars, CHARS_5(0)) X(SevenChars, CHARS_5(0), {5, ABI_I8}, {6, ABI_I8}) \
    X(FifteenChars, CHARS_5(0), CHARS_5(5), CHARS_5(10)) X(SeventeenChars, CHARS_5(0), CHARS_5(5), CHARS_5(10), {15, ABI_I8}, {16, ABI_I8}) \
    X(ThreeInts, {0, ABI_I32}, {4, ABI_I32}, {8, ABI_I32}) X(TwoLongs, {0, ABI_I64}, {8, ABI_I64}) \
    X(ThreeLongs, {0, ABI_I64}, {8, ABI_I64}, {16, ABI_I64}) X(EightLongs, LONGS_AT_0) X(LongDoubleMix, {0, ABI_I64}, {8, ABI_F64}) \
    X(DoubleLong, {0, ABI_F64}, {8, ABI_I64}) X(TwoDoubles, {0, ABI_F64}, {8, ABI_F64}) X(TwoFloats, {0, ABI_F32}, {4, ABI_F32}) \
    X(ThreeFloats, {0, ABI_F32}, {4, ABI_F32}, {8, ABI_F32}) X(IntFloat, {0, ABI_I32}, {4, ABI_F32}) \
    X(FloatsInt, {0, ABI_F32}, {4, ABI_F32}, {8, ABI_I32}) \
    X(Nested, LEAF(Nested, s.a, ABI_I8), LEAF(Nested, s.b, ABI_I16), LEAF(Nested, c, ABI_F32), LEAF(Nested, d, ABI_F64)) \
    X(OneLongDouble, {0, ABI_F80}) X(OneComplexLongDouble, {0, ABI_F80}, {16, ABI_F80}) \
    X(ComplexFloatFloat, {0, ABI_F32}, {4, ABI_F32}, {8, ABI_F32}) X(OneInt128, {0, ABI_I128}) X(CharInt128, {0, ABI_I8}, {16, ABI_I128}) \
    X(OneFloat128, {0, ABI_F128}) X(TwoVector8, {0, ABI_VECTOR8}, {8, ABI_VECTOR8}) X(OneVector16, {0, ABI_VECTOR16}) \
    X(TwoVector16, {0, ABI_VECTOR16}, {16, ABI_VECTOR16}) X(Vector16OrDoubles, {0, ABI_VECTOR16}, {0, ABI_F64}, {8, ABI_F64}) \
    X(Vector16OrLong, {0, ABI_VECTOR16}, {0, ABI_I64}) X(LongDoubleOrInt, {0, ABI_F80}, {0, ABI_I32}) \
    X(LongDoubleOrFloat, {0, ABI_F80}, {0, ABI_F32}) X(LongDoubleOrDoubles, {0, ABI_F80}, {0, ABI_F64}, {8, ABI_F64}) \
    X(LongDoubleOrChars, {0, ABI_F80}, CHARS_5(0), CHARS_5(5), CHARS_5(10), {15, ABI_I8}) \
    X(DoubleOrLong, {0, ABI_F64}, {0, ABI_I64}) X(PackedDouble, {0, ABI_I8}, {1, ABI_F64}) X(PackedAligned, {0, ABI_I32}, {4, ABI_I8}) \
    X(PackedLongDouble, {0, ABI_F80}, {16, ABI_I8}) X(BitFields, {0, ABI_U8}, {8, ABI_U8}) X(DoubleBits, {0, ABI_F64}, {8, ABI_U8}) \
    X(PackedBits, {0, ABI_I8}, {1, ABI_U8}) X(Aligned16, {0, ABI_I32}) X(Aligned32, {0, ABI_F64}) X(Aligned64, {0, ABI_I32}) \
    \
    X(EmptyDouble, {0, ABI_F64}) X(Flexible, {0, ABI_I64})

/* Types without leaves: too large for registers, or nothing in them. */
#define LEAFLESS(X) X(SixtyFive) X(Aligned128) X(Empty) X(EmptyAligned)

#define WIDE_32(X) X(Vector32, {0, ABI_VECTOR32}) X(OneVector32, {0, ABI_VECTOR32})
#define WIDE_64(X) X(Vector64, {0, ABI_VECTOR64}) X(OneVector64, {0, ABI_VECTOR64})

/* -- the callees ------------------------------------------------------------------------------------------------------------ */

#define TAIL_LONG 0x7a11L
#define TAIL_DOUBLE 0.8125

enum { NLONGS_MAX = 6, NDOUBLES_MAX = 8, NBYTES_MAX = 256 };

static struct {
    long longs[NLONGS_MAX];
    double doubles[NDOUBLES_MAX];
    unsigned char bytes[NBYTES_MAX];
    long tail_long;
    double tail_double;
    uintptr_t address;
} seen;

#define TAKE_0_0
#define KEEP_0_0
#define TAKE_4_6 long g0, long g1, long g2, long g3, double v0, double v1, double v2, double v3, double v4, double v5,
#define KEEP_4_6 \
    (void)(seen.longs[0] = g0, seen.longs[1] = g1, seen.longs[2] = g2, seen.longs[3] = g3, seen.doubles[0] = v0, seen.doubles[1] = v1, \
           seen.doubles[2] = v2, seen.doubles[3] = v3, seen.doubles[4] = v4, seen.doubles[5] = v5);
#define TAKE_5_7 long g4, double v6, TAKE_4_6
#define KEEP_5_7 KEEP_4_6(void)(seen.longs[4] = g4, seen.doubles[6] = v6);
#define TAKE_6_8 long g5, double v7, TAKE_5_7
#define KEEP_6_8 KEEP_5_7(void)(seen.longs[5] = g5, seen.doubles[7] = v7);

#define CALLEE(T, position) \
    static T T##_##position(TAKE_##position T value, long tail_long, double tail_double) \
    { \
        KEEP_##position memcpy(seen.bytes, &value, sizeof value); \
        seen.address = (uintptr_t)&value; \
        seen.tail_long = tail_long; \
        seen.tail_double = tail_double; \
        return value; \
    }

#define CALLEES_LEAFLESS(T) enum { T##_align = _Alignof(T) }; CALLEE(T, 0_0) CALLEE(T, 4_6) CALLEE(T, 5_7) CALLEE(T, 6_8)
#define CALLEES(T, ...) CALLEES_LEAFLESS(T)

SCALARS(CALLEES)
HALVES(CALLEES)
DECIMALS(CALLEES)
AGGREGATES(CALLEES)
LEAFLESS(CALLEES_LEAFLESS)

/* Types and functions must both be seen under the target: their alignment and way of passing depend on it. A union with a
 * wide vector is left out: gcc 12 clears the upper half of such a result (a vzeroupper that does not know of it). */
#pragma GCC push_options
#pragma GCC target("avx")
typedef float Vector32 __attribute__((vector_size(32)));
typedef struct { Vector32 a; } OneVector32;
WIDE_32(CALLEES)
#pragma GCC target("avx512f")
typedef float Vector64 __attribute__((vector_size(64)));
typedef struct { Vector64 a[1]; } OneVector64;
WIDE_64(CALLEES)
#pragma GCC pop_options

/* -- the table --------------------------------------------------------------------------------------------------------------- */

#define LEAVES(T, ...) static const AbiLeaf T##_leaves[] = {__VA_ARGS__};
SCALARS(LEAVES)
HALVES(LEAVES)
DECIMALS(LEAVES)
AGGREGATES(LEAVES)
WIDE_32(LEAVES)
WIDE_64(LEAVES)

/* In the order of the functions: how many arguments come before the value. */
static const struct {
    uint32_t nlongs, ndoubles;
} positions[] = {{0, 0}, {4, 6}, {5, 7}, {6, 8}};

enum { NPOSITIONS = 4 };

typedef struct Row {
    const char *name;
    AbiType type;
    AbiFunction callees[NPOSITIONS];
} Row;

#define FUNCTIONS(T) {(AbiFunction)T##_0_0, (AbiFunction)T##_4_6, (AbiFunction)T##_5_7, (AbiFunction)T##_6_8}
#define ROW(T, ...) {#T, {sizeof(T), T##_align, sizeof T##_leaves / sizeof(AbiLeaf), T##_leaves, false}, FUNCTIONS(T)},
#define ROW_LEAFLESS(T) {#T, {sizeof(T), T##_align, 0, NULL, false}, FUNCTIONS(T)},

static const Row rows[] = {SCALARS(ROW) HALVES(ROW) DECIMALS(ROW) AGGREGATES(ROW) LEAFLESS(ROW_LEAFLESS) WIDE_32(ROW) WIDE_64(ROW)};

/* -- values ------------------------------------------------------------------------------------------------------------------- */

static void fill_leaf(unsigned char *to, uint32_t kind, int seed)
{
    const float f32 = (float)seed + 0.5f;
    const double f64 = seed + 0.25;
    const long double f80[2] = {seed + 0.125L, -seed - 0.375L};
    const Float128 f128 = (Float128)seed + (Float128)0.0625;
    static const unsigned char nbytes[ABI_KIND_COUNT] = {
        [ABI_I8] = 1, [ABI_U8] = 1, [ABI_I16] = 2, [ABI_U16] = 2, [ABI_I32] = 4, [ABI_U32] = 4, [ABI_I64] = 8, [ABI_U64] = 8, [ABI_POINTER] = 8,
        [ABI_I128] = 16, [ABI_F16] = 2, [ABI_VECTOR8] = 8, [ABI_VECTOR16] = 16, [ABI_VECTOR32] = 32, [ABI_VECTOR64] = 64};
    switch (kind) {
    case ABI_BOOL: *to = 1; break;
    case ABI_F32: memcpy(to, &f32, sizeof f32); break;
    case ABI_MEMORY: /* in this table the vector of one double */
    case ABI_F64: memcpy(to, &f64, sizeof f64); break;
    case ABI_F80: memcpy(to, f80, 10); break;
    case ABI_F128: memcpy(to, &f128, sizeof f128); break;
    case ABI_COMPLEX_F80:
        memcpy(to, &f80[0], 10);
        memcpy(to + 16, &f80[1], 10);
        break;
    default:
        for (int i = 0; i < nbytes[kind]; i++) /* negative integers, and no signalling half */
            to[i] = (unsigned char)(kind == ABI_F16 ? 0x38 : 0x81 + 7 * i + seed);
        break;
    }
}

/* A value whose padding is zero. */
static void fill_value(unsigned char *to, const AbiType *type, int seed)
{
    memset(to, 0, NBYTES_MAX);
    for (uint32_t i = 0; i < type->nleaves; i++)
        fill_leaf(to + type->leaves[i].offset, type->leaves[i].kind, seed + (int)i);
    if (type->nleaves == 0 && type->size > 16)
        for (uint64_t i = 0; i < type->size; i++)
            to[i] = (unsigned char)(i * 3 + (unsigned)seed);
}

/* A bool holds 0 or 1; a padded value's zero bytes must not be asked for: gcc copies the members it likes. */
static bool is_same(const AbiType *type, const unsigned char *got, const unsigned char *wanted)
{
    for (uint64_t i = 0; i < type->size; i++)
        if (wanted[i] != 0 && got[i] != wanted[i])
            return false;
    return true;
}

/* -- the test ------------------------------------------------------------------------------------------------------------------ */

static void check_row(const Row *row, uint32_t position)
{
    enum { NARGS_MAX = NLONGS_MAX + NDOUBLES_MAX + 3 };
    static const long longs[NLONGS_MAX] = {11, -12, 13, -14, 15, -16};
    static const double doubles[NDOUBLES_MAX] = {1.5, -2.5, 3.5, -4.5, 5.5, -6.5, 7.5, -8.5};
    static const long tail_long = TAIL_LONG;
    static const double tail_double = TAIL_DOUBLE;
    _Alignas(128) unsigned char value[NBYTES_MAX], result[NBYTES_MAX];
    AbiType args[NARGS_MAX];
    void *values[NARGS_MAX];
    uint32_t n = 0, nlongs = positions[position].nlongs, ndoubles = positions[position].ndoubles;
    char name[80];
    AbiPlan *plan;

    /* The order of TAKE_: 6_8 and 5_7 put theirs in front. */
    for (uint32_t i = 6; i >= 5; i--) {
        if (nlongs < i)
            continue;
        args[n] = CASE_LONG;
        values[n++] = (void *)(uintptr_t)&longs[i - 1];
        args[n] = CASE_DOUBLE;
        values[n++] = (void *)(uintptr_t)&doubles[i + 1];
    }
    for (uint32_t i = 0; i < nlongs && i < 4; i++) {
        args[n] = CASE_LONG;
        values[n++] = (void *)(uintptr_t)&longs[i];
    }
    for (uint32_t i = 0; i < ndoubles && i < 6; i++) {
        args[n] = CASE_DOUBLE;
        values[n++] = (void *)(uintptr_t)&doubles[i];
    }
    args[n] = row->type;
    values[n++] = value;
    args[n] = CASE_LONG;
    values[n++] = (void *)(uintptr_t)&tail_long;
    args[n] = CASE_DOUBLE;
    values[n++] = (void *)(uintptr_t)&tail_double;

    snprintf(name, sizeof name, "%s behind %u longs and %u doubles", row->name, nlongs, ndoubles);
    plan = case_fixed_plan(name, row->type, args, n);
    if (plan == NULL)
        return;
    fill_value(value, &row->type, 3);
    memset(&seen, 0, sizeof seen);
    memset(result, 0xee, sizeof result);
    abi_invoke(plan, row->callees[position], result, values);
    unit_check(is_same(&row->type, seen.bytes, value), __FILE__, __LINE__, name);
    unit_check(is_same(&row->type, result, value) && result[row->type.size] == 0xee, __FILE__, __LINE__, name);
    unit_check(seen.tail_long == TAIL_LONG && seen.tail_double == TAIL_DOUBLE, __FILE__, __LINE__, name);
    unit_check(memcmp(seen.longs, longs, nlongs * sizeof *longs) == 0, __FILE__, __LINE__, name);
    unit_check(memcmp(seen.doubles, doubles, ndoubles * sizeof *doubles) == 0, __FILE__, __LINE__, name);
    unit_check(row->type.align <= 16 || seen.address % row->type.align == 0, __FILE__, __LINE__, name);
    case_free(plan);
}

/* gcc's rule for an unnamed bit-field, which keeps no value that could be looked at: it takes its register. */
static long behind_padding(DoublePadding value, long tail)
{
    return (long)value.a + tail;
}

static void check_unnamed_bit_field(void)
{
    static const AbiLeaf leaves[] = {{0, ABI_F64}, {8, ABI_U8}};
    const AbiType args[] = {{sizeof(DoublePadding), _Alignof(DoublePadding), 2, leaves, true}, CASE_LONG};
    unsigned char value[16] = {0};
    long tail = 42, result = 0;
    void *values[] = {value, &tail};
    AbiPlan *plan = case_fixed_plan("unnamed bit-field", CASE_LONG, args, 2);
    memcpy(value, &(double){1000}, sizeof(double));
    abi_invoke(plan, (AbiFunction)behind_padding, &result, values);
    CHECK_INT(result, 1042);
    case_free(plan);
}

int main(void)
{
    check_unnamed_bit_field();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (uint32_t position = 0; position < NPOSITIONS; position++)
            check_row(&rows[i], position);
    return unit_end("abi_classify");
}
