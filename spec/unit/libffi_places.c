/* Where a closure's handler finds its arguments and leaves its result, for values that lie in one place of the frame, in two, too little
 * aligned there, or in the caller's memory; and what ffi_prep_cif makes one signature of. The callers are gcc's. */
#include <complex.h>
#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "unit.h"

/* -- types ------------------------------------------------------------------------------------------------------------- */

typedef struct Bytes3 {
    char a[3];
} Bytes3;
typedef struct Longs {
    long a, b;
} Longs;
typedef struct __attribute__((aligned(16))) Aligned16 {
    long a, b;
} Aligned16;
typedef struct __attribute__((aligned(32))) Aligned32 {
    long a[4];
} Aligned32;
typedef struct Doubles {
    double a, b;
} Doubles;
typedef struct Floats {
    float a, b, c;
} Floats;
typedef struct LongDouble {
    long a;
    double b;
} LongDouble;
typedef struct DoubleLong {
    double a;
    long b;
} DoubleLong;
typedef struct Large {
    long a[9];
} Large;
typedef float _Complex FloatComplex;
typedef double _Complex DoubleComplex;
typedef long double _Complex WideComplex;
typedef long double Wide;

static ffi_type *chars3[] = {&ffi_type_schar, &ffi_type_schar, &ffi_type_schar, NULL};
static ffi_type *longs2[] = {&ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type *longs4[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type *doubles2[] = {&ffi_type_double, &ffi_type_double, NULL};
static ffi_type *floats3[] = {&ffi_type_float, &ffi_type_float, &ffi_type_float, NULL};
static ffi_type *long_double[] = {&ffi_type_slong, &ffi_type_double, NULL};
static ffi_type *double_long[] = {&ffi_type_double, &ffi_type_slong, NULL};
static ffi_type *longs9[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong,
                             &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, NULL};

static ffi_type type_Bytes3 = {0, 0, FFI_TYPE_STRUCT, chars3};
static ffi_type type_Longs = {0, 0, FFI_TYPE_STRUCT, longs2};
static ffi_type type_Aligned16 = {16, 16, FFI_TYPE_STRUCT, longs2}; /* a client's own layout */
static ffi_type type_Aligned32 = {32, 32, FFI_TYPE_STRUCT, longs4};
static ffi_type type_Doubles = {0, 0, FFI_TYPE_STRUCT, doubles2};
static ffi_type type_Floats = {0, 0, FFI_TYPE_STRUCT, floats3};
static ffi_type type_LongDouble = {0, 0, FFI_TYPE_STRUCT, long_double};
static ffi_type type_DoubleLong = {0, 0, FFI_TYPE_STRUCT, double_long};
static ffi_type type_Large = {0, 0, FFI_TYPE_STRUCT, longs9};

#define type_Wide          ffi_type_longdouble
#define type_FloatComplex  ffi_type_complex_float
#define type_DoubleComplex ffi_type_complex_double
#define type_WideComplex   ffi_type_complex_longdouble
#define type_double        ffi_type_double
#define type_float         ffi_type_float
#define type_long          ffi_type_slong
#define type_short         ffi_type_sshort

/* X(type): nbytes are what counts of its representation. */
#define TYPES(X)                                                                                                       \
    X(short, 2)                                                                                                        \
    X(long, 8)                                                                                                         \
    X(float, 4)                                                                                                        \
    X(double, 8)                                                                                                       \
    X(Wide, 10)                                                                                                        \
    X(FloatComplex, 8)                                                                                                 \
    X(DoubleComplex, 16)                                                                                               \
    X(WideComplex, 26)                                                                                                 \
    X(Bytes3, 3)                                                                                                       \
    X(Longs, 16)                                                                                                       \
    X(Aligned16, 16)                                                                                                   \
    X(Aligned32, 32)                                                                                                   \
    X(Doubles, 16)                                                                                                     \
    X(Floats, 12)                                                                                                      \
    X(LongDouble, 16)                                                                                                  \
    X(DoubleLong, 16)                                                                                                  \
    X(Large, 72)

/* -- handlers ------------------------------------------------------------------------------------------------------------ */

static struct {
    unsigned nmisaligned;
    bool is_silent; /* the handler writes no result */
    long tags[2];   /* the arguments around the value */
} seen;

/* (long, T, long, [more longs]) -> T: what came. */
static void give_back(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    for (unsigned i = 0; i < cif->nargs; i++)
        seen.nmisaligned += (uintptr_t)args[i] % cif->arg_types[i]->alignment != 0;
    memcpy(&seen.tags[0], args[0], sizeof(long));
    memcpy(&seen.tags[1], args[cif->nargs - 1], sizeof(long));
    if (!seen.is_silent)
        memcpy(result, args[1], cif->rtype->size);
}

enum { NLONGS = 16, WIDE_NBYTES = 10 };

/* Other bytes each time. Of long doubles, real numbers: the x87 may make others of other patterns. */
static void fill(void *value, size_t size, size_t nbytes)
{
    static unsigned char next = 1;
    static const long double numbers[2] = {2.5L, -3.25L};
    for (size_t i = 0; i < size; i++)
        ((unsigned char *)value)[i] = (unsigned char)(next++ % 100 + 1);
    if (nbytes == WIDE_NBYTES || nbytes == sizeof(long double) + WIDE_NBYTES)
        memcpy(value, numbers, size);
}

static int is_same(const void *a, const void *b, size_t nbytes)
{
    if (nbytes == sizeof(long double) + WIDE_NBYTES) /* there are six bytes of nothing in between */
        return is_same(a, b, WIDE_NBYTES) &&
               is_same((const long double *)a + 1, (const long double *)b + 1, WIDE_NBYTES);
    return memcmp(a, b, nbytes) == 0;
}

/* What lies below on the stack is no zero. */
static __attribute__((noinline)) void spoil_stack(void)
{
    unsigned char block[4096];
    memset(block, 0xa5, sizeof block);
    __asm__ volatile("" : : "r"(block) : "memory");
}

static void *make_closure(ffi_cif *cif, ffi_closure **closure)
{
    void *code = NULL;
    *closure = ffi_closure_alloc(sizeof **closure, &code);
    CHECK_INT(ffi_prep_closure_loc(*closure, cif, give_back, NULL, code), FFI_OK);
    seen.nmisaligned = 0;
    return code;
}

/* The C caller of a handler that writes no result in registers gets zero. */
#define CHECK_SILENT(T, nbytes, call)                                                                                  \
    do {                                                                                                               \
        seen.is_silent = (nbytes) <= sizeof(long double) + WIDE_NBYTES;                                                \
        spoil_stack();                                                                                                 \
        result = call;                                                                                                 \
        unit_check(!seen.is_silent || is_same(&result, &(T){0}, nbytes), __FILE__, __LINE__,                           \
                   #T " that is not written");                                                                         \
        seen.is_silent = false;                                                                                        \
    } while (false)

/* A few arguments, and so many that most are on the stack. */
#define CHECK_TYPE(T, nbytes)                                                                                          \
    static void check_##T(void)                                                                                        \
    {                                                                                                                  \
        ffi_type *few[] = {&ffi_type_slong, &type_##T, &ffi_type_slong}, *many[2 + NLONGS] = {few[0], few[1]};         \
        ffi_cif cif;                                                                                                   \
        ffi_closure *closure;                                                                                          \
        T value, result;                                                                                               \
        for (int i = 0; i < NLONGS; i++)                                                                               \
            many[2 + i] = &ffi_type_slong;                                                                             \
        fill(&value, sizeof value, nbytes);                                                                            \
        CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 3, &type_##T, few), FFI_OK);                                          \
        T (*short_call)(long, T, long) = (T(*)(long, T, long))(uintptr_t)make_closure(&cif, &closure);                 \
        CHECK_SILENT(T, nbytes, short_call(-7, value, 9));                                                             \
        result = short_call(-7, value, 9);                                                                             \
        unit_check(is_same(&result, &value, nbytes) && seen.tags[0] == -7 && seen.tags[1] == 9 &&                      \
                       seen.nmisaligned == 0,                                                                          \
                   __FILE__, __LINE__, #T);                                                                            \
        ffi_closure_free(closure);                                                                                     \
        CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 2 + NLONGS, &type_##T, many), FFI_OK);                                \
        T(*long_call)                                                                                                  \
        (long, T, long, long, long, long, long, long, long, long, long, long, long, long, long, long, long, long) =    \
            (T(*)(long, T, long, long, long, long, long, long, long, long, long, long, long, long, long, long, long,   \
                  long))(uintptr_t)make_closure(&cif, &closure);                                                       \
        CHECK_SILENT(T, nbytes, long_call(-8, value, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16));          \
        result = long_call(-8, value, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16);                          \
        unit_check(is_same(&result, &value, nbytes) && seen.tags[0] == -8 && seen.tags[1] == 16 &&                     \
                       seen.nmisaligned == 0,                                                                          \
                   __FILE__, __LINE__, #T);                                                                            \
        ffi_closure_free(closure);                                                                                     \
    }

TYPES(CHECK_TYPE)

/* -- signatures -------------------------------------------------------------------------------------------------------------- */

static int compare_words(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(uint64_t));
}

static uint64_t private_word(ffi_abi abi, unsigned nargs, ffi_type *result, ffi_type **args)
{
    ffi_cif cif;
    uint64_t word;
    CHECK_INT(ffi_prep_cif(&cif, abi, nargs, result, args), FFI_OK);
    memcpy(&word, &cif.bytes, sizeof word);
    return word;
}

static ffi_type *scalars[] = {&ffi_type_uint8,  &ffi_type_sint8,  &ffi_type_uint16,     &ffi_type_sint16,
                              &ffi_type_uint32, &ffi_type_sint32, &ffi_type_uint64,     &ffi_type_sint64,
                              &ffi_type_float,  &ffi_type_double, &ffi_type_longdouble, &ffi_type_pointer};
enum {
    NSCALARS = sizeof scalars / sizeof *scalars,
    NARGS_MAX = 20,
    NSIGNATURES = NSCALARS * NSCALARS * NSCALARS + 3 * NARGS_MAX + 3
};

/* Different ones never share what they were planned to, however few and alike they are; the same one always does. */
static void check_signatures(void)
{
    static uint64_t words[NSIGNATURES];
    unsigned n = 0;
    ffi_type *many[NARGS_MAX];
    for (int a = 0; a < NSCALARS; a++)
        for (int b = 0; b < NSCALARS; b++)
            for (int c = 0; c < NSCALARS; c++)
                words[n++] = private_word(FFI_UNIX64, 2, scalars[a], (ffi_type *[]){scalars[b], scalars[c]});
    CHECK(private_word(FFI_UNIX64, 2, scalars[0], (ffi_type *[]){scalars[0], scalars[1]}) == words[1]);
    words[n++] = private_word(FFI_WIN64, 2, scalars[0], (ffi_type *[]){scalars[0], scalars[0]});
    words[n++] = private_word(FFI_GNUW64, 2, scalars[0], (ffi_type *[]){scalars[0], scalars[0]});
    words[n++] = private_word(FFI_UNIX64, 0, scalars[0], NULL);
    for (unsigned i = 0; i < NARGS_MAX; i++)
        many[i] = &ffi_type_sint32;
    for (unsigned nargs = 3; nargs <= NARGS_MAX; nargs++) {
        words[n++] = private_word(FFI_UNIX64, nargs, &ffi_type_void, many);
        CHECK(private_word(FFI_UNIX64, nargs, &ffi_type_void, many) == words[n - 1]);
        words[n++] = private_word(FFI_UNIX64, nargs, &ffi_type_double, many);
        words[n++] = private_word(FFI_WIN64, nargs, &ffi_type_double, many);
    }
    qsort(words, n, sizeof words[0], compare_words);
    for (unsigned i = 1; i < n; i++)
        CHECK(words[i - 1] != words[i]);
}

/* A known signature is no licence for a type that is none, or an ABI. */
static void check_refusals(void)
{
    ffi_type no_size = {0, 4, FFI_TYPE_SINT32, NULL}, *good[] = {&ffi_type_sint32}, *bad[] = {&no_size};
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &ffi_type_sint32, good), FFI_OK);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &ffi_type_sint32, bad), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &no_size, good), FFI_BAD_TYPEDEF);
    for (unsigned more = 16; more <= 1024; more *= 2)
        CHECK_INT(ffi_prep_cif(&cif, (ffi_abi)(FFI_UNIX64 + more), 1, &ffi_type_sint32, good), FFI_BAD_ABI);
    /* Nothing else is looked at then. */
    CHECK_INT(ffi_prep_cif(&cif, FFI_FIRST_ABI, 1, NULL, NULL), FFI_BAD_ABI);
    CHECK_INT(ffi_prep_cif(&cif, FFI_LAST_ABI, 1, NULL, NULL), FFI_BAD_ABI);
}

#define RUN(T, nbytes) check_##T();

int main(void)
{
    TYPES(RUN)
    check_signatures();
    check_refusals();
    return unit_end("libffi_places");
}
