/* Structs whose arrays are said to be void, and unions of which the first member is said alone, with size and alignment set beforehand, as PHP
 * does: what is an array of integers, or shares its eightbyte with something that is said, arrives and comes back as gcc has it. */
#include <ffi.h>

#include "unit.h"

typedef struct Pair {
    int a, b;
} Pair;

/* X(name, body, bytes of padding at its end, what is said of its members) */
#define ARRAYS(X) \
    X(Text, { char a[16]; }, 0, &ffi_type_void) \
    X(Short, { char a[3]; }, 0, &ffi_type_void) \
    X(Odd, { short a[3]; char b[5]; }, 0, &ffi_type_void, &ffi_type_void) \
    X(Pairs, { Pair p[2]; }, 0, &ffi_type_void) \
    X(NumberText, { double x; char a[7]; }, 0, &ffi_type_double, &ffi_type_void) \
    X(TextNumber, { char a[8]; double x; }, 0, &ffi_type_void, &ffi_type_double) \
    X(LongInts, { long n; int a[2]; }, 0, &ffi_type_slong, &ffi_type_void) \
    X(FloatFloats, { float x; float a[1]; int n; }, 0, &ffi_type_float, &ffi_type_void, &ffi_type_sint) \
    X(Large, { char a[24]; }, 0, &ffi_type_void) \
    X(Union, { union { long n; char text[12]; } u; }, 0, &ffi_type_slong) \
    X(SmallUnion, { union { char c; short s; char text[11]; } u; }, 0, &ffi_type_schar) \
    X(DoubleUnion, { union { double x; struct { double x; int n; } both; } u; }, 0, &ffi_type_double) \
    X(Aligned, { _Alignas(16) long n; }, 8, &ffi_type_slong)

/* A value of bytes that are all different; it is passed twice among other arguments, and returned. What is padding is not compared. */
#define DEFINE(N, body, padding, ...) \
    typedef struct N body N; \
    enum { nbytes_##N = sizeof(N) - padding }; \
    static N make_##N(void) \
    { \
        N value; \
        for (unsigned i = 0; i < sizeof value; i++) \
            ((unsigned char *)&value)[i] = (unsigned char)(i + 1); \
        return value; \
    } \
    static N same_##N(int before, N value, double x, N again, int after) \
    { \
        N made = make_##N(); \
        CHECK_INT(before, 7); \
        CHECK_INT(after, 8); \
        CHECK(x == 2.5); \
        CHECK(memcmp(&again, &made, nbytes_##N) == 0); \
        return value; \
    } \
    static void handle_##N(ffi_cif *cif, void *result, void **args, void *user_data) \
    { \
        (void)user_data; \
        ffi_call(cif, FFI_FN(same_##N), result, args); \
    } \
    static void check_##N(void) \
    { \
        ffi_type *elements[] = {__VA_ARGS__, NULL}; \
        ffi_type type = {sizeof(N), _Alignof(N), FFI_TYPE_STRUCT, elements}; \
        ffi_type *types[] = {&ffi_type_sint, &type, &ffi_type_double, &type, &ffi_type_sint}; \
        ffi_cif cif; \
        N value = make_##N(), result, returned; \
        N (*code)(int, N, double, N, int) = NULL; \
        int before = 7, after = 8; \
        double x = 2.5; \
        void *args[] = {&before, &value, &x, &value, &after}; \
        CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 5, &type, types), FFI_OK); \
        ffi_call(&cif, FFI_FN(same_##N), &result, args); \
        if (!CHECK(memcmp(&result, &value, nbytes_##N) == 0)) \
            fprintf(stderr, "the result of a call, " #N "\n"); \
        void *place; \
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &place); \
        memcpy(&code, &place, sizeof code); \
        CHECK_INT(ffi_prep_closure_loc(closure, &cif, handle_##N, NULL, place), FFI_OK); \
        returned = code(before, value, x, value, after); \
        if (!CHECK(memcmp(&returned, &value, nbytes_##N) == 0)) \
            fprintf(stderr, "the result of a closure, " #N "\n"); \
        ffi_closure_free(closure); \
    }

ARRAYS(DEFINE)

#define RUN(N, ...) check_##N();

int main(void)
{
    ARRAYS(RUN)
    return unit_end("libffi_void_members");
}
