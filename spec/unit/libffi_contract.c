/* libffi.so.8 as a C client of libffi 3.4 sees it: the binary layouts, the statuses, and each form of calls and closures against functions
 * that gcc compiled. spec/house/libffi.sh runs it on Debian's library and with Debian's header too. */
#include <complex.h>
#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* -- the binary contract --------------------------------------------------------------------------------------------- */

static void check_layouts(void)
{
    CHECK_INT(sizeof(ffi_type), 24);
    CHECK_INT(offsetof(ffi_type, alignment), 8);
    CHECK_INT(offsetof(ffi_type, type), 10);
    CHECK_INT(offsetof(ffi_type, elements), 16);
    CHECK_INT(sizeof(ffi_cif), 32);
    CHECK_INT(offsetof(ffi_cif, arg_types), 8);
    CHECK_INT(offsetof(ffi_cif, rtype), 16);
    CHECK_INT(offsetof(ffi_cif, bytes), 24);
    CHECK_INT(sizeof(ffi_closure), 56);
    CHECK_INT(offsetof(ffi_closure, cif), 32);
    CHECK_INT(offsetof(ffi_closure, fun), 40);
    CHECK_INT(offsetof(ffi_closure, user_data), 48);
    CHECK_INT(sizeof(ffi_raw_closure), 72);
    CHECK_INT(sizeof(ffi_go_closure), 24);
    CHECK_INT(FFI_UNIX64, 2);
    CHECK_INT(FFI_LAST_ABI, 5);
    CHECK_INT(FFI_TRAMPOLINE_SIZE, 32);
}

/* -- statuses -------------------------------------------------------------------------------------------------------- */

static void check_statuses(void)
{
    ffi_cif cif;
    ffi_type *no_elements[] = {NULL};
    ffi_type empty = {0, 0, FFI_TYPE_STRUCT, no_elements}, without = {0, 0, FFI_TYPE_STRUCT, NULL};
    ffi_type *args[] = {&ffi_type_sint, &ffi_type_float, &ffi_type_sint8};
    ffi_type *structs[] = {&empty};
    CHECK_INT(ffi_prep_cif(&cif, FFI_FIRST_ABI, 0, &ffi_type_void, NULL), FFI_BAD_ABI);
    CHECK_INT(ffi_prep_cif(&cif, FFI_LAST_ABI, 0, &ffi_type_void, NULL), FFI_BAD_ABI);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 0, &empty, NULL), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 0, &without, NULL), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &ffi_type_void, structs), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif_var(&cif, FFI_UNIX64, 1, 2, &ffi_type_void, args), FFI_BAD_ARGTYPE);
    CHECK_INT(ffi_prep_cif_var(&cif, FFI_UNIX64, 2, 3, &ffi_type_void, args), FFI_BAD_ARGTYPE);
    CHECK_INT(ffi_prep_cif_var(&cif, FFI_UNIX64, 2, 2, &ffi_type_void, args), FFI_OK);
}

/* -- types ----------------------------------------------------------------------------------------------------------- */

typedef struct Mixed {
    char a;
    double b;
    short c;
} Mixed;
typedef struct Small {
    signed char a, b, c;
} Small;
typedef struct Large {
    long a[4];
    Mixed b;
} Large;
typedef struct Split {
    long a;
    double b;
} Split;

static ffi_type *mixed_elements[] = {&ffi_type_sint8, &ffi_type_double, &ffi_type_sint16, NULL};
static ffi_type mixed_type = {0, 0, FFI_TYPE_STRUCT, mixed_elements};
static ffi_type *small_elements[] = {&ffi_type_sint8, &ffi_type_sint8, &ffi_type_sint8, NULL};
static ffi_type small_type = {0, 0, FFI_TYPE_STRUCT, small_elements};
static ffi_type *large_elements[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &ffi_type_slong, &mixed_type, NULL};
static ffi_type large_type = {0, 0, FFI_TYPE_STRUCT, large_elements};
static ffi_type *split_elements[] = {&ffi_type_slong, &ffi_type_double, NULL};
static ffi_type split_type = {0, 0, FFI_TYPE_STRUCT, split_elements};

static void check_offsets(void)
{
    size_t offsets[5];
    CHECK_INT(ffi_get_struct_offsets(FFI_UNIX64, &mixed_type, offsets), FFI_OK);
    CHECK_INT(mixed_type.size, sizeof(Mixed));
    CHECK_INT(mixed_type.alignment, _Alignof(Mixed));
    CHECK_INT(offsets[0], offsetof(Mixed, a));
    CHECK_INT(offsets[1], offsetof(Mixed, b));
    CHECK_INT(offsets[2], offsetof(Mixed, c));
    CHECK_INT(ffi_get_struct_offsets(FFI_UNIX64, &large_type, offsets), FFI_OK);
    CHECK_INT(large_type.size, sizeof(Large));
    CHECK_INT(offsets[4], offsetof(Large, b));
    CHECK_INT(ffi_get_struct_offsets(FFI_LAST_ABI, &large_type, offsets), FFI_BAD_ABI);
    CHECK_INT(ffi_get_struct_offsets(FFI_UNIX64, &ffi_type_sint, offsets), FFI_BAD_TYPEDEF);
}

/* -- one signature with everything, both ways ------------------------------------------------------------------------- */

#define PARAMETERS                                                                                                     \
    signed char a, unsigned short b, int c, unsigned d, long e, float f, double g, long double h, void *i, Mixed j,   \
        Small k, Large l, Split m, double _Complex n, int o
enum { NPARAMETERS = 15 };

static ffi_type *parameters[NPARAMETERS] = {
    &ffi_type_schar,      &ffi_type_ushort,  &ffi_type_sint, &ffi_type_uint, &ffi_type_slong,
    &ffi_type_float,      &ffi_type_double,  &ffi_type_longdouble, &ffi_type_pointer, &mixed_type,
    &small_type,          &large_type,       &split_type,    &ffi_type_complex_double, &ffi_type_sint};

static double sum(PARAMETERS)
{
    return a + 2.0 * b + 3.0 * c + 4.0 * d + 5.0 * (double)e + 6.0 * (double)f + 7.0 * g + 8.0 * (double)h + (i != NULL) +
           j.a + 9.0 * j.b + j.c + k.a + 10.0 * k.b + 11.0 * k.c + (double)l.a[0] + 12.0 * (double)l.a[3] + l.b.b +
           (double)m.a + 13.0 * m.b + 14.0 * creal(n) + 15.0 * cimag(n) + 16.0 * o;
}

static struct Values {
    signed char a;
    unsigned short b;
    int c;
    unsigned d;
    long e;
    float f;
    double g;
    long double h;
    void *i;
    Mixed j;
    Small k;
    Large l;
    Split m;
    double _Complex n;
    int o;
} values = {-7, 60000, -70000, 4000000000u, -(1L << 40), 1.5f, 2.25, 3.125L, &values, {-1, 4.5, -300}, {-1, -2, -3},
            {{1, 2, 3, 4}, {5, 6.5, 7}}, {8, 9.5}, 0, -12};

static void *pointers[NPARAMETERS] = {&values.a, &values.b, &values.c, &values.d, &values.e, &values.f, &values.g, &values.h,
                                      &values.i, &values.j, &values.k, &values.l, &values.m, &values.n, &values.o};

static double expected(void)
{
    return sum(values.a, values.b, values.c, values.d, values.e, values.f, values.g, values.h, values.i, values.j, values.k,
               values.l, values.m, values.n, values.o);
}

static void check_call(void)
{
    ffi_cif cif, copy;
    double result = 0;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, NPARAMETERS, &ffi_type_double, parameters), FFI_OK);
    copy = cif;
    memset(&cif, 0, sizeof cif);
    ffi_call(&copy, FFI_FN(sum), &result, pointers);
    CHECK(result == expected());
    ffi_call(&copy, FFI_FN(sum), NULL, pointers);
}

static void sum_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    CHECK_INT(cif->nargs, NPARAMETERS);
    CHECK(user_data == &values);
    *(double *)result = sum(*(signed char *)args[0], *(unsigned short *)args[1], *(int *)args[2], *(unsigned *)args[3],
                            *(long *)args[4], *(float *)args[5], *(double *)args[6], *(long double *)args[7],
                            *(void **)args[8], *(Mixed *)args[9], *(Small *)args[10], *(Large *)args[11],
                            *(Split *)args[12], *(double _Complex *)args[13], *(int *)args[14]);
}

static void sum_raw_handler(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    void *args[NPARAMETERS];
    long double h; /* a word is aligned to 8 */
    ffi_raw_to_ptrarray(cif, raw, args);
    memcpy(&h, args[7], sizeof h);
    args[7] = &h;
    sum_handler(cif, result, args, user_data);
}

typedef double Sum(PARAMETERS);

static double call_sum(Sum *function)
{
    return function(values.a, values.b, values.c, values.d, values.e, values.f, values.g, values.h, values.i, values.j,
                    values.k, values.l, values.m, values.n, values.o);
}

static void check_closure(void)
{
    ffi_cif cif;
    void *code;
    Sum *function;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, NPARAMETERS, &ffi_type_double, parameters), FFI_OK);
    CHECK_INT(ffi_prep_closure_loc(closure, &cif, sum_handler, &values, code), FFI_OK);
    memcpy(&function, &code, sizeof function);
    CHECK(call_sum(function) == expected());
    ffi_closure_free(closure);
}

/* In memory that the caller has made executable, where the system allows what can be written and executed at once: the forms that know
 * one address alone. */
static void check_closures_at_their_own_address(void)
{
    ffi_cif cif;
    Sum *function;
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, NPARAMETERS, &ffi_type_double, parameters), FFI_OK);
    memcpy(&function, &memory, sizeof function);
    CHECK_INT(ffi_prep_closure(memory, &cif, sum_handler, &values), FFI_OK);
    CHECK(call_sum(function) == expected());
    CHECK_INT(ffi_prep_raw_closure(memory, &cif, sum_raw_handler, &values), FFI_OK);
    CHECK(call_sum(function) == expected());
    munmap(memory, 4096);
}

/* In memory that the caller has made executable: a writable view and an executable one. */
static void check_owned_closure(void)
{
    ffi_cif cif;
    Sum *function;
    int descriptor = memfd_create("closure", 0);
    CHECK_INT(ftruncate(descriptor, 4096), 0);
    ffi_closure *closure = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, descriptor, 0);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, NPARAMETERS, &ffi_type_double, parameters), FFI_OK);
    CHECK_INT(ffi_prep_closure_loc(closure, &cif, sum_handler, &values, code), FFI_OK);
    memcpy(&function, &code, sizeof function);
    CHECK(call_sum(function) == expected());
    munmap(closure, 4096);
    munmap(code, 4096);
    close(descriptor);
}

/* -- results ---------------------------------------------------------------------------------------------------------- */

#define RESULT(name, ctype, libffi_type)                                                                               \
    static ctype return_##name(const ctype *value)                                                                     \
    {                                                                                                                  \
        return *value;                                                                                                 \
    }                                                                                                                  \
    static void handle_##name(ffi_cif *cif, void *result, void **args, void *user_data)                                \
    {                                                                                                                  \
        (void)cif;                                                                                                     \
        (void)user_data;                                                                                               \
        memcpy(result, *(void **)args[0], sizeof(ctype));                                                              \
    }                                                                                                                  \
    static void check_##name(ctype value)                                                                              \
    {                                                                                                                  \
        ffi_type *args[] = {&ffi_type_pointer};                                                                        \
        union {                                                                                                        \
            ctype value;                                                                                               \
            ffi_arg wide;                                                                                              \
            unsigned char bytes[128];                                                                                  \
        } result;                                                                                                      \
        void *address = &value, *code, *pointer = &address;                                                            \
        ctype (*function)(const ctype *), got;                                                                         \
        ffi_cif cif;                                                                                                   \
        memset(&result, 0xa5, sizeof result);                                                                          \
        CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &libffi_type, args), FFI_OK);                                      \
        ffi_call(&cif, FFI_FN(return_##name), &result, &pointer);                                                      \
        CHECK(memcmp(&result.value, &value, sizeof value <= 10 ? sizeof value : compared_nbytes(sizeof value)) == 0);  \
        CHECK_INT(result.bytes[sizeof value < 8 ? 8 : sizeof value], 0xa5);                                            \
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);                                              \
        CHECK_INT(ffi_prep_closure_loc(closure, &cif, handle_##name, NULL, code), FFI_OK);                             \
        memcpy(&function, &code, sizeof function);                                                                     \
        got = function(&value);                                                                                        \
        CHECK(memcmp(&got, &value, sizeof value <= 10 ? sizeof value : compared_nbytes(sizeof value)) == 0);           \
        ffi_closure_free(closure);                                                                                     \
    }

typedef void *Pointer;

static size_t compared_nbytes(size_t nbytes)
{
    return nbytes == sizeof(long double) ? 10 : nbytes; /* the padding is nobody's */
}

RESULT(schar, signed char, ffi_type_schar)
RESULT(uchar, unsigned char, ffi_type_uchar)
RESULT(sshort, short, ffi_type_sshort)
RESULT(ushort, unsigned short, ffi_type_ushort)
RESULT(sint, int, ffi_type_sint)
RESULT(uint, unsigned, ffi_type_uint)
RESULT(slong, long, ffi_type_slong)
RESULT(pointer, Pointer, ffi_type_pointer)
RESULT(float, float, ffi_type_float)
RESULT(double, double, ffi_type_double)
RESULT(longdouble, long double, ffi_type_longdouble)
RESULT(complexfloat, float _Complex, ffi_type_complex_float)
RESULT(complexdouble, double _Complex, ffi_type_complex_double)
RESULT(small, Small, small_type)
RESULT(split, Split, split_type)
RESULT(large, Large, large_type)

static void check_results(void)
{
    Large large;
    memset(&large, 0, sizeof large);
    large.a[0] = 1;
    large.b.b = 2.5;
    check_schar(-5);
    check_uchar(250);
    check_sshort(-500);
    check_ushort(65000);
    check_sint(-70000);
    check_uint(4000000000u);
    check_slong(-(1L << 50));
    check_pointer(&large);
    check_float(1.25f);
    check_double(-2.5);
    check_longdouble(3.75L);
    check_complexfloat(1.5f + 2.5f * I);
    check_complexdouble(3.5 + 4.5 * I);
    check_small((Small){-1, 2, -3});
    check_split((Split){-1, 2.5});
    check_large(large);
}

/* Integers smaller than ffi_arg are widened to it. */
static void check_widening(void)
{
    ffi_type *args[] = {&ffi_type_pointer};
    signed char value = -5;
    void *address = &value, *pointer = &address;
    ffi_arg result = 0xa5a5a5a5a5a5a5a5u;
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &ffi_type_schar, args), FFI_OK);
    ffi_call(&cif, FFI_FN(return_schar), &result, &pointer);
    CHECK_INT((ffi_sarg)result, -5);
}

/* -- raw and go ------------------------------------------------------------------------------------------------------- */

static long weigh(int a, long b, double c, Mixed d)
{
    return a + 10 * b + (long)(100 * c) + (long)(1000 * d.b);
}

static ffi_type *weigh_types[] = {&ffi_type_sint, &ffi_type_slong, &ffi_type_double, &mixed_type};

static void weigh_handler(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    double number;
    (void)cif;
    memcpy(&number, raw[2].data, sizeof number);
    CHECK(user_data == &values);
    *(long *)result = weigh((int)raw[0].sint, raw[1].sint, number, *(Mixed *)raw[3].ptr);
}

typedef long Weigh(int a, long b, double c, Mixed d);

static void check_raw(void)
{
    ffi_cif cif;
    int a = -1;
    long b = 2, result = 0;
    double c = 3.5;
    Mixed d = {1, 4.5, 2};
    void *args[] = {&a, &b, &c, &d}, *code;
    ffi_raw raw[4];
    Weigh *function;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 4, &ffi_type_slong, weigh_types), FFI_OK);
    CHECK_INT(ffi_raw_size(&cif), 32);
    ffi_ptrarray_to_raw(&cif, args, raw);
    ffi_raw_call(&cif, FFI_FN(weigh), &result, raw);
    CHECK_INT(result, weigh(a, b, c, d));
    ffi_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    CHECK_INT(ffi_prep_raw_closure_loc(closure, &cif, weigh_handler, &values, code), FFI_OK);
    memcpy(&function, &code, sizeof function);
    CHECK_INT(function(a, b, c, d), weigh(a, b, c, d));
    ffi_closure_free(closure);
}

static void go_handler(ffi_cif *cif, void *result, void **args, void *closure)
{
    CHECK(((ffi_go_closure *)closure)->cif == cif);
    *(long *)result = weigh(*(int *)args[0], *(long *)args[1], *(double *)args[2], *(Mixed *)args[3]);
}

/* Java's words: a long and a double take two each. */
static double weigh_java(int a, long b, double c, float d, signed char e, void *f)
{
    return a + 10 * (double)b + 100 * c + 1000 * (double)d + 10000 * e + (f == &values);
}

static void weigh_java_handler(ffi_cif *cif, void *result, ffi_java_raw *raw, void *user_data)
{
    double number;
    CHECK_INT(cif->nargs, 6);
    CHECK(user_data == &values);
    memcpy(&number, raw[3].data, sizeof number);
    *(double *)result = weigh_java((int)raw[0].sint, raw[1].sint, number, raw[5].flt, (signed char)raw[6].sint, raw[7].ptr);
}

typedef double WeighJava(int a, long b, double c, float d, signed char e, void *f);

static void check_java_raw(void)
{
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_slong, &ffi_type_double, &ffi_type_float, &ffi_type_schar, &ffi_type_pointer};
    ffi_cif cif;
    int a = -7;
    long b = -(1L << 40);
    double c = 2.5, result = 0;
    float d = 3.5f;
    signed char e = -4;
    void *f = &values, *args[] = {&a, &b, &c, &d, &e, &f}, *code;
    ffi_java_raw raw[8];
    WeighJava *function;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 6, &ffi_type_double, types), FFI_OK);
    CHECK_INT(ffi_java_raw_size(&cif), sizeof raw);
    ffi_java_ptrarray_to_raw(&cif, args, raw);
    ffi_java_raw_call(&cif, FFI_FN(weigh_java), &result, raw);
    CHECK(result == weigh_java(a, b, c, d, e, f));
    ffi_java_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    CHECK_INT(ffi_prep_java_raw_closure_loc(closure, &cif, weigh_java_handler, &values, code), FFI_OK);
    memcpy(&function, &code, sizeof function);
    CHECK(function(a, b, c, d, e, f) == weigh_java(a, b, c, d, e, f));
    ffi_closure_free(closure);
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return;
    CHECK_INT(ffi_prep_java_raw_closure(memory, &cif, weigh_java_handler, &values), FFI_OK);
    memcpy(&function, &memory, sizeof function);
    CHECK(function(a, b, c, d, e, f) == weigh_java(a, b, c, d, e, f));
    munmap(memory, 4096);
}

static void check_go(void)
{
    ffi_cif cif;
    ffi_go_closure closure;
    int a = -1;
    long b = 2, result = 0;
    double c = 3.5;
    Mixed d = {1, 4.5, 2};
    void *args[] = {&a, &b, &c, &d};
    void (*function)(void);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 4, &ffi_type_slong, weigh_types), FFI_OK);
    CHECK_INT(ffi_prep_go_closure(&closure, &cif, go_handler), FFI_OK);
    memcpy(&function, &closure.tramp, sizeof function);
    ffi_call_go(&cif, function, &result, args, &closure);
    CHECK_INT(result, weigh(a, b, c, d));
}

/* -- variadic ---------------------------------------------------------------------------------------------------------- */

static void check_variadic(void)
{
    ffi_cif cif;
    char text[64];
    char *buffer = text;
    const char *format = "%d %s %.2f";
    size_t size = sizeof text;
    int number = -7;
    const char *word = "word";
    double real = 2.5;
    ffi_arg result;
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_ulong, &ffi_type_pointer, &ffi_type_sint, &ffi_type_pointer, &ffi_type_double};
    void *args[] = {&buffer, &size, &format, &number, &word, &real};
    CHECK_INT(ffi_prep_cif_var(&cif, FFI_UNIX64, 3, 6, &ffi_type_sint, types), FFI_OK);
    ffi_call(&cif, FFI_FN(snprintf), &result, args);
    CHECK_TEXT(text, "-7 word 2.50");
    CHECK_INT(result, 12);
}

int main(void)
{
    values.n = 10.5 + 11.5 * I;
    check_layouts();
    check_statuses();
    check_offsets();
    check_call();
    check_closure();
    check_closures_at_their_own_address();
    check_owned_closure();
    check_results();
    check_widening();
    check_raw();
    check_java_raw();
    check_go();
    check_variadic();
    return unit_end("libffi_contract");
}
