/* What libffi 3.5 to 3.8 added: versions, call plans, __int128, vectors, and what a type must be like to be one. */
#include <ffi.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit.h"

static void check_versions(void)
{
    unsigned x = 0, y = 0, z = 0;
    CHECK_TEXT(ffi_get_version(), FFI_VERSION_STRING);
    CHECK_INT(ffi_get_version_number(), FFI_VERSION_NUMBER);
    CHECK_INT(sscanf(FFI_VERSION_STRING, "%u.%u.%u", &x, &y, &z), 3);
    CHECK_INT(FFI_VERSION_NUMBER, x * 10000 + y * 100 + z);
    CHECK_INT(ffi_get_default_abi(), FFI_DEFAULT_ABI);
    CHECK_INT(ffi_get_closure_size(), sizeof(ffi_closure));
}

/* -- call plans ------------------------------------------------------------------------------------------------------ */

static long combine(int a, double b, long c)
{
    return a + (long)(10 * b) + 100 * c;
}

static void check_plans(void)
{
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_double, &ffi_type_slong};
    int a = -3;
    double b = 4.5;
    long c = 1L << 40, result = 0;
    void *args[] = {&a, &b, &c};
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &ffi_type_slong, types), FFI_OK);
    ffi_call_plan *plan = ffi_call_plan_alloc(&cif);
    CHECK(plan != NULL);
    CHECK(ffi_call_plan_size(plan) > 0);
    CHECK_INT(ffi_call_plan_size(NULL), 0);
    ffi_call_plan_invoke(plan, FFI_FN(combine), &result, args);
    CHECK_INT(result, combine(a, b, c));
    ffi_call_plan_invoke(plan, FFI_FN(combine), NULL, args);
    ffi_call_plan_free(plan);
    ffi_call_plan_free(NULL);
}

/* -- types ----------------------------------------------------------------------------------------------------------- */

/* The status of a cif with such an argument, and what the type is then. */
static ffi_status prepare(unsigned short type, ffi_type **elements, ffi_type *made)
{
    ffi_cif cif;
    *made = (ffi_type){0, 0, type, elements};
    return ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_void, &made);
}

#define ELEMENTS(...) ((ffi_type *[]){__VA_ARGS__, NULL})
#define REPEAT_4(x)   &x, &x, &x, &x
#define REPEAT_16(x)  REPEAT_4(x), REPEAT_4(x), REPEAT_4(x), REPEAT_4(x)

typedef float Vector2 __attribute__((vector_size(8)));
typedef float Vector4 __attribute__((vector_size(16)));
typedef signed char Vector16 __attribute__((vector_size(16)));
__extension__ typedef int _Complex ComplexInt;
__extension__ typedef __int128 Int128;
typedef struct Holder {
    char a;
    Vector4 b;
} Holder;

static void check_size(const ffi_type *type, size_t size, size_t align)
{
    CHECK_INT(type->size, size);
    CHECK_INT(type->alignment, align);
}

static void check_vectors(void)
{
    ffi_type type, holder, record;
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&ffi_type_float, &ffi_type_float), &type), FFI_OK);
    check_size(&type, sizeof(Vector2), _Alignof(Vector2));
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(REPEAT_16(ffi_type_schar)), &type), FFI_OK);
    check_size(&type, sizeof(Vector16), _Alignof(Vector16));
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(REPEAT_4(ffi_type_float)), &type), FFI_OK);
    check_size(&type, sizeof(Vector4), _Alignof(Vector4));
    CHECK_INT(prepare(FFI_TYPE_STRUCT, ELEMENTS(&ffi_type_schar, &type), &holder), FFI_OK);
    check_size(&holder, sizeof(Holder), _Alignof(Holder));
    /* As clang has a vector of three: in the room of four. */
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&ffi_type_float, &ffi_type_float, &ffi_type_float), &type), FFI_OK);
    check_size(&type, sizeof(Vector4), _Alignof(Vector4));
    CHECK_INT(prepare(FFI_TYPE_STRUCT, ELEMENTS(&ffi_type_float), &record), FFI_OK);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&ffi_type_float, &ffi_type_double), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&ffi_type_float, &ffi_type_sint), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&record, &record), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&ffi_type_pointer, &ffi_type_pointer), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(&ffi_type_longdouble, &ffi_type_longdouble), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(NULL), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, NULL, &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(REPEAT_16(ffi_type_double)), &type),
              FFI_BAD_TYPEDEF); /* wider than any register */
    CHECK_INT(ffi_get_struct_offsets(FFI_DEFAULT_ABI, &type, NULL), FFI_BAD_TYPEDEF);
}

typedef float Vector8 __attribute__((vector_size(32)));

static __attribute__((target("avx"))) Vector8 add(Vector8 a, int b, Vector8 c)
{
    for (int i = 0; i < 8; i++)
        a[i] += (float)b * c[i];
    return a;
}

/* In ymm registers, as gcc has them where it knows of AVX. */
static void check_wide_vectors(void)
{
    static float numbers[3][8] __attribute__((aligned(32)));
    ffi_type type, *types[] = {&type, &ffi_type_sint, &type};
    int factor = 3;
    void *args[] = {numbers[0], &factor, numbers[1]};
    ffi_cif cif;
    if (!__builtin_cpu_supports("avx"))
        return;
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(REPEAT_4(ffi_type_float), REPEAT_4(ffi_type_float)), &type), FFI_OK);
    check_size(&type, sizeof(Vector8), sizeof(Vector8)); /* psABI 3.1.2; gcc's _Alignof says so with -mavx alone */
    for (int i = 0; i < 8; i++) {
        numbers[0][i] = (float)i;
        numbers[1][i] = 10 * (float)i + 1;
    }
    CHECK_INT(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 3, &type, types), FFI_OK);
    ffi_call(&cif, FFI_FN(add), numbers[2], args);
    for (int i = 0; i < 8; i++)
        CHECK(numbers[2][i] == numbers[0][i] + (float)factor * numbers[1][i]);
}

typedef signed char SmallVector __attribute__((vector_size(4)));

static SmallVector add_small(SmallVector a, SmallVector b)
{
    return a + b;
}

/* Integers to calls, but not widened to ffi_arg. */
static void check_small_vectors(void)
{
    signed char a[4] = {1, -2, 3, -4}, b[4] = {5, 6, -7, -8}, sum[8] = {0, 0, 0, 0, 0x55, 0x55, 0x55, 0x55};
    ffi_type type, *types[] = {&type, &type};
    void *args[] = {a, b};
    ffi_cif cif;
    CHECK_INT(prepare(FFI_TYPE_VECTOR, ELEMENTS(REPEAT_4(ffi_type_schar)), &type), FFI_OK);
    check_size(&type, sizeof(SmallVector), _Alignof(SmallVector));
    CHECK_INT(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &type, types), FFI_OK);
    ffi_call(&cif, FFI_FN(add_small), sum, args);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(sum[i], a[i] + b[i]);
        CHECK_INT(sum[i + 4], 0x55);
    }
}

/* 3.4 wants their size of the client. */
static void check_complex(void)
{
    ffi_type type, record;
    CHECK_INT(prepare(FFI_TYPE_COMPLEX, ELEMENTS(&ffi_type_sint), &type), FFI_OK);
    check_size(&type, sizeof(ComplexInt), _Alignof(ComplexInt));
    CHECK_INT(prepare(FFI_TYPE_COMPLEX, ELEMENTS(&ffi_type_double), &type), FFI_OK);
    check_size(&type, sizeof(double _Complex), _Alignof(double _Complex));
    CHECK_INT(prepare(FFI_TYPE_STRUCT, ELEMENTS(&ffi_type_float), &record), FFI_OK);
    CHECK_INT(prepare(FFI_TYPE_COMPLEX, ELEMENTS(&record), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_COMPLEX, ELEMENTS(NULL), &type), FFI_BAD_TYPEDEF);
    CHECK_INT(prepare(FFI_TYPE_COMPLEX, NULL, &type), FFI_BAD_TYPEDEF);
}

static Int128 negate(Int128 value)
{
    return -value;
}

static void check_int128(void)
{
    ffi_type *types[] = {&ffi_type_sint128};
    Int128 value = ((Int128)0x0123456789abcdef << 64) + 0x0fedcba987654321, result = 0, wanted = negate(value);
    void *args[] = {&value};
    ffi_cif cif;
    check_size(&ffi_type_sint128, sizeof(Int128), _Alignof(Int128));
    check_size(&ffi_type_uint128, sizeof(Int128), _Alignof(Int128));
    CHECK_INT(ffi_type_sint128.type, FFI_TYPE_SINT128);
    CHECK_INT(ffi_type_uint128.type, FFI_TYPE_UINT128);
    CHECK_INT(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint128, types), FFI_OK);
    ffi_call(&cif, FFI_FN(negate), &result, args);
    CHECK(memcmp(&result, &wanted, sizeof result) == 0);
}

typedef struct Three {
    long a[3];
} Three;
typedef struct Outer {
    Three three;
    long b;
} Outer;

static long sum(Three a, Outer b)
{
    return a.a[0] + 10 * a.a[1] + 100 * a.a[2] + 1000 * b.three.a[1] + 10000 * b.b;
}

static __attribute__((ms_abi)) long sum_ms(Three a, Outer b, long double c)
{
    return a.a[0] + 10 * a.a[1] + 100 * a.a[2] + 1000 * b.three.a[1] + 10000 * b.b + (long)c;
}

/* What a client says only the size of is passed in memory, as unions once were described; also as a member. */
static void check_opaque(void)
{
    ffi_type type = {sizeof(Three), _Alignof(Three), FFI_TYPE_STRUCT, NULL}, holder = {0, 0, FFI_TYPE_STRUCT, NULL};
    ffi_type *types[] = {&type, &holder}, *elements[] = {&type, &ffi_type_slong, NULL};
    Three three = {{1, 2, 3}};
    Outer both = {{{4, 5, 6}}, 7};
    void *args[] = {&three, &both};
    long result = 0;
    ffi_cif cif;
    holder.elements = elements;
    CHECK_INT(ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_slong, types), FFI_OK);
    CHECK_INT(type.size, sizeof(Three));
    CHECK_INT(holder.size, sizeof(Outer));
    ffi_call(&cif, FFI_FN(sum), &result, args);
    CHECK_INT(result, sum(three, both));
}

/* A client may say an alignment that no type has: what goes by reference is aligned as well as may be, within the frame. */
static void check_alignments(void)
{
    static const unsigned short aligns[] = {0, 1, 3, 8, 12, 17, 24, 33, 1000, 4097, 57259, 65535};
    for (size_t i = 0; i < sizeof aligns / sizeof aligns[0]; i++) {
        ffi_type *elements[] = {&ffi_type_slong, NULL};
        ffi_type type = {sizeof(Three), aligns[i], FFI_TYPE_STRUCT, elements},
                 holder = {sizeof(Outer), aligns[i], FFI_TYPE_STRUCT, elements};
        ffi_type *types[] = {&type, &holder, &ffi_type_longdouble};
        Three three = {{1, 2, 3}};
        Outer both = {{{4, 5, 6}}, 7};
        long double number = 8;
        void *args[] = {&three, &both, &number};
        long result = 0;
        ffi_cif cif;
        CHECK_INT(ffi_prep_cif(&cif, FFI_WIN64, 3, &ffi_type_slong, types), FFI_OK);
        ffi_call(&cif, FFI_FN(sum_ms), &result, args);
        CHECK_INT(result, sum_ms(three, both, number));
    }
}

/* libffi aborts, or takes them for something, depending on where they are and on how it was built. */
static void check_unknown(void)
{
    static const ffi_abi abis[] = {FFI_UNIX64, FFI_WIN64, FFI_GNUW64};
    static const unsigned short numbers[] = {FFI_TYPE_LAST + 1, 99, 0xffff};
    for (size_t i = 0; i < sizeof abis / sizeof abis[0]; i++)
        for (size_t j = 0; j < sizeof numbers / sizeof numbers[0]; j++) {
            ffi_cif cif;
            ffi_type unknown = {8, 8, numbers[j], NULL}, *args[] = {&ffi_type_pointer, &unknown};
            ffi_type *elements[] = {&ffi_type_pointer, &unknown, NULL};
            ffi_type record = {0, 0, FFI_TYPE_STRUCT, elements};
            CHECK_INT(ffi_prep_cif(&cif, abis[i], 0, &unknown, NULL), FFI_BAD_TYPEDEF);
            CHECK_INT(ffi_prep_cif(&cif, abis[i], 2, &ffi_type_void, args), FFI_BAD_TYPEDEF);
            CHECK_INT(ffi_prep_cif_var(&cif, abis[i], 1, 2, &ffi_type_void, args), FFI_BAD_TYPEDEF);
            CHECK_INT(ffi_prep_cif(&cif, abis[i], 0, &record, NULL), FFI_BAD_TYPEDEF);
            CHECK_INT(ffi_get_struct_offsets(abis[i], &record, NULL), FFI_BAD_TYPEDEF);
            CHECK_INT(record.size, 0);
        }
}

int main(void)
{
    check_versions();
    check_plans();
    check_vectors();
    check_wide_vectors();
    check_small_vectors();
    check_complex();
    check_int128();
    check_opaque();
    check_alignments();
    check_unknown();
    return unit_end("libffi_additions");
}
