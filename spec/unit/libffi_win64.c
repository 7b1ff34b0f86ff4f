/* The Microsoft x64 ABIs of libffi.so.8 (FFI_WIN64, FFI_GNUW64) against functions that gcc compiled as ms_abi: each class of types,
 * in registers and on the stack, as argument and result, through each form of calls and closures. */
#include <complex.h>
#include <stdbool.h>
#include <stdint.h>

#include "libffi_closures.h"

#define MS __attribute__((ms_abi))

static const ffi_abi abis[] = {FFI_WIN64, FFI_GNUW64};

/* -- one call: what a callee or a handler got, and what it returns ----------------------------------------------------- */

enum { NARGS = 6, NBYTES_MAX = 256 };

static struct {
    unsigned char received[NARGS][NBYTES_MAX];
    unsigned char returned[NBYTES_MAX];
    unsigned nmisaligned, nentered;
} seen;

/* Spoils what it got, for a callee owns it. */
static void receive(unsigned index, void *value, size_t nbytes, size_t align)
{
    uintptr_t address = (uintptr_t)value;
    __asm__("" : "+r"(address));
    memcpy(seen.received[index], value, nbytes);
    memset(value, 0xee, nbytes);
    __asm__("" : : "r"(value) : "memory");
    seen.nmisaligned += address % align != 0;
}

/* -- types: each with a callee, and a caller of callbacks ---------------------------------------------------------------- */

typedef struct Type {
    const char *name;
    ffi_type *type;
    size_t nbytes, align;
    void (*callee)(void);
    void (*caller)(void (*code)(void), void *const *values, void *result);
} Type;

#define FUNCTIONS(T, libffi_type)                                                                                      \
    static MS T callee_##T(int a, T b, double c, T d, float e, T f)                                                    \
    {                                                                                                                  \
        T result;                                                                                                      \
        seen.nentered++;                                                                                               \
        receive(0, &a, sizeof a, 1);                                                                                   \
        receive(1, &b, sizeof b, _Alignof(T));                                                                         \
        receive(2, &c, sizeof c, 1);                                                                                   \
        receive(3, &d, sizeof d, _Alignof(T));                                                                         \
        receive(4, &e, sizeof e, 1);                                                                                   \
        receive(5, &f, sizeof f, _Alignof(T));                                                                         \
        memcpy(&result, seen.returned, sizeof result);                                                                 \
        return result;                                                                                                 \
    }                                                                                                                  \
    static void caller_##T(void (*code)(void), void *const *v, void *result)                                           \
    {                                                                                                                  \
        T(MS *function)(int, T, double, T, float, T) = (T(MS *)(int, T, double, T, float, T))code;                     \
        T got = function(*(int *)v[0], *(T *)v[1], *(double *)v[2], *(T *)v[3], *(float *)v[4], *(T *)v[5]);           \
        memcpy(result, &got, sizeof got);                                                                              \
    }

#define ROW(T, libffi_type) {#T, &libffi_type, sizeof(T), _Alignof(T), FFI_FN(callee_##T), caller_##T},

typedef void *Pointer;
__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UnsignedInt128;
typedef long double LongDouble;
typedef float _Complex ComplexFloat;
typedef double _Complex ComplexDouble;
typedef long double _Complex ComplexLongDouble;
typedef float Vector8 __attribute__((vector_size(8)));
typedef float Vector16 __attribute__((vector_size(16)));
typedef float Vector32 __attribute__((vector_size(32)));

#define BYTES(n)                                                                                                       \
    typedef struct Bytes##n {                                                                                          \
        unsigned char bytes[n];                                                                                        \
    } Bytes##n;                                                                                                        \
    static ffi_type bytes##n##_type = {n, 1, FFI_TYPE_STRUCT, byte_elements}

static ffi_type *byte_elements[] = {&ffi_type_uint8, NULL};
BYTES(1);
BYTES(2);
BYTES(3);
BYTES(4);
BYTES(5);
BYTES(8);
BYTES(9);
BYTES(16);
BYTES(200);

typedef struct OneFloat {
    float a;
} OneFloat;
typedef struct OneDouble {
    double a;
} OneDouble;
typedef struct TwoFloats {
    float a, b;
} TwoFloats;
typedef struct TwoLongs {
    long a, b;
} TwoLongs;
typedef struct OneVector {
    Vector16 a;
} OneVector;
typedef struct OneInt128 {
    Int128 a;
} OneInt128;
typedef struct __attribute__((aligned(64))) Aligned64 {
    long a[8];
} Aligned64;

static ffi_type *vector_elements[] = {&ffi_type_float, &ffi_type_float, NULL};
static ffi_type vector8_type = {8, 8, FFI_TYPE_VECTOR, vector_elements},
                vector16_type = {16, 16, FFI_TYPE_VECTOR, vector_elements},
                vector32_type = {32, 32, FFI_TYPE_VECTOR, vector_elements};

#define STRUCT(name, ...)                                                                                              \
    static ffi_type *name##_elements[] = {__VA_ARGS__, NULL};                                                          \
    static ffi_type name##_type = {0, 0, FFI_TYPE_STRUCT, name##_elements}

STRUCT(one_float, &ffi_type_float);
STRUCT(one_double, &ffi_type_double);
STRUCT(two_floats, &ffi_type_float, &ffi_type_float);
STRUCT(two_longs, &ffi_type_slong, &ffi_type_slong);
STRUCT(one_vector, &vector16_type);
STRUCT(one_int128, &ffi_type_sint128);
static ffi_type aligned64_type = {64, 64, FFI_TYPE_STRUCT, two_longs_elements};

#define TYPES(X)                                                                                                       \
    X(int8_t, ffi_type_sint8)                                                                                          \
    X(uint8_t, ffi_type_uint8)                                                                                         \
    X(int16_t, ffi_type_sint16)                                                                                        \
    X(uint16_t, ffi_type_uint16)                                                                                       \
    X(int32_t, ffi_type_sint32)                                                                                        \
    X(uint32_t, ffi_type_uint32)                                                                                       \
    X(int64_t, ffi_type_sint64)                                                                                        \
    X(uint64_t, ffi_type_uint64)                                                                                       \
    X(Pointer, ffi_type_pointer)                                                                                       \
    X(float, ffi_type_float)                                                                                           \
    X(double, ffi_type_double)                                                                                         \
    X(LongDouble, ffi_type_longdouble)                                                                                 \
    X(Int128, ffi_type_sint128)                                                                                        \
    X(UnsignedInt128, ffi_type_uint128)                                                                                \
    X(ComplexFloat, ffi_type_complex_float)                                                                            \
    X(ComplexDouble, ffi_type_complex_double)                                                                          \
    X(ComplexLongDouble, ffi_type_complex_longdouble)                                                                  \
    X(Vector8, vector8_type)                                                                                           \
    X(Vector16, vector16_type)                                                                                         \
    X(Vector32, vector32_type)                                                                                         \
    X(Bytes1, bytes1_type)                                                                                             \
    X(Bytes2, bytes2_type)                                                                                             \
    X(Bytes3, bytes3_type)                                                                                             \
    X(Bytes4, bytes4_type)                                                                                             \
    X(Bytes5, bytes5_type)                                                                                             \
    X(Bytes8, bytes8_type)                                                                                             \
    X(Bytes9, bytes9_type)                                                                                             \
    X(Bytes16, bytes16_type)                                                                                           \
    X(Bytes200, bytes200_type)                                                                                         \
    X(OneFloat, one_float_type)                                                                                        \
    X(OneDouble, one_double_type)                                                                                      \
    X(TwoFloats, two_floats_type)                                                                                      \
    X(TwoLongs, two_longs_type)                                                                                        \
    X(OneVector, one_vector_type)                                                                                      \
    X(OneInt128, one_int128_type)                                                                                      \
    X(Aligned64, aligned64_type)

TYPES(FUNCTIONS)

static const Type types[] = {TYPES(ROW)};

/* -- values -------------------------------------------------------------------------------------------------------------- */

static bool has_long_doubles(const ffi_type *type)
{
    return type->type == FFI_TYPE_LONGDOUBLE ||
           (type->type == FFI_TYPE_COMPLEX && type->elements[0]->type == FFI_TYPE_LONGDOUBLE);
}

/* Some value; no NaN of float or double. */
static void fill(const ffi_type *type, unsigned char *to, size_t nbytes, unsigned seed)
{
    for (size_t i = 0; i < nbytes; i++)
        to[i] = (unsigned char)(0x91 + 7 * i + 29 * seed);
    for (size_t i = 0; has_long_doubles(type) && i < nbytes; i += 16) {
        long double value = seed + (long double)i + 0.375L;
        memcpy(to + i, &value, 10);
    }
    for (size_t i = 3; (type->type == FFI_TYPE_FLOAT || type->type == FFI_TYPE_DOUBLE) && i < nbytes; i += 4)
        to[i] = (unsigned char)(0x40 + seed);
}

/* The padding of long doubles is nobody's. */
static bool is_same(const ffi_type *type, const unsigned char *a, const unsigned char *b, size_t nbytes)
{
    if (!has_long_doubles(type))
        return memcmp(a, b, nbytes) == 0;
    for (size_t i = 0; i < nbytes; i += 16)
        if (memcmp(a + i, b + i, 10) != 0)
            return false;
    return true;
}

/* As an ffi_arg; 0 for what is no integer of less than that. */
static ffi_arg widened(const ffi_type *type, const unsigned char *value, bool *is_integer)
{
    *is_integer = true;
    switch (type->type) {
    case FFI_TYPE_UINT8: return *value;
    case FFI_TYPE_SINT8: return (ffi_arg)(ffi_sarg) * (const int8_t *)value;
    case FFI_TYPE_UINT16: return *(const uint16_t *)(const void *)value;
    case FFI_TYPE_SINT16: return (ffi_arg)(ffi_sarg) * (const int16_t *)(const void *)value;
    case FFI_TYPE_UINT32: return *(const uint32_t *)(const void *)value;
    case FFI_TYPE_SINT32: return (ffi_arg)(ffi_sarg) * (const int32_t *)(const void *)value;
    default: *is_integer = false; return 0;
    }
}

/* A call of one type about to be made. */
typedef struct Call {
    const Type *type;
    ffi_cif cif;
    ffi_type *arg_types[NARGS];
    _Alignas(64) unsigned char bytes[NARGS][NBYTES_MAX], kept[NARGS][NBYTES_MAX];
    void *values[NARGS];
    _Alignas(64) unsigned char result[NBYTES_MAX];
} Call;

static void new_call(Call *call, const Type *type, ffi_abi abi, unsigned seed)
{
    ffi_type *arg_types[NARGS] = {&ffi_type_sint, type->type,      &ffi_type_double,
                                  type->type,     &ffi_type_float, type->type};
    *call = (Call){.type = type};
    memcpy(call->arg_types, arg_types, sizeof arg_types);
    CHECK_INT(ffi_prep_cif(&call->cif, abi, NARGS, type->type, call->arg_types), FFI_OK);
    CHECK_INT(type->type->size, type->nbytes);
    for (unsigned i = 0; i < NARGS; i++) {
        fill(call->arg_types[i], call->bytes[i], call->arg_types[i]->size, seed + i);
        call->values[i] = call->bytes[i];
    }
    memcpy(call->kept, call->bytes, sizeof call->kept);
    memset(call->result, 0xa5, sizeof call->result);
    memset(&seen, 0, sizeof seen);
    fill(type->type, seen.returned, type->nbytes, seed + NARGS);
}

static bool is_received(const Call *call)
{
    for (unsigned i = 0; i < NARGS; i++)
        if (!is_same(call->arg_types[i], seen.received[i], call->kept[i], call->arg_types[i]->size))
            return false;
    return true;
}

static void check(bool ok, const char *form, const Call *call, const char *what)
{
    char text[160];
    snprintf(text, sizeof text, "%s of %s, ABI %d: %s", form, call->type->name, (int)call->cif.abi, what);
    unit_check(ok, __FILE__, __LINE__, text);
}

static void check_call(const Call *call, const char *form)
{
    bool is_integer;
    size_t nbytes = call->type->nbytes < sizeof(ffi_arg) ? sizeof(ffi_arg) : call->type->nbytes;
    ffi_arg wanted = widened(call->type->type, seen.returned, &is_integer), got;
    memcpy(&got, call->result, sizeof got);
    check(seen.nentered == 1 && is_received(call), form, call, "the arguments");
    check(memcmp(call->kept, call->bytes, sizeof call->kept) == 0, form, call, "the client's objects are as they were");
    check(seen.nmisaligned == 0, form, call, "arguments stand at their alignment");
    check(is_same(call->type->type, call->result, seen.returned, call->type->nbytes), form, call, "the result");
    check(!is_integer || got == wanted, form, call, "the result is widened");
    check(call->result[nbytes] == 0xa5, form, call, "nothing is written behind the result");
}

/* -- the forms of calls -------------------------------------------------------------------------------------------------- */

static void by_call(Call *call)
{
    ffi_call(&call->cif, call->type->callee, call->result, call->values);
}

static void by_go(Call *call)
{
    ffi_call_go(&call->cif, call->type->callee, call->result, call->values, call);
}

static void by_plan(Call *call)
{
    ffi_call_plan *plan = ffi_call_plan_alloc(&call->cif);
    ffi_call_plan_invoke(plan, call->type->callee, call->result, call->values);
    ffi_call_plan_free(plan);
}

enum { NRAW_MAX = NARGS * 4 };

static void by_raw(Call *call)
{
    ffi_raw raw[NRAW_MAX];
    CHECK(ffi_raw_size(&call->cif) <= sizeof raw);
    ffi_ptrarray_to_raw(&call->cif, call->values, raw);
    ffi_raw_call(&call->cif, call->type->callee, call->result, raw);
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void by_java_raw(Call *call)
{
    ffi_java_raw raw[NRAW_MAX];
    CHECK(ffi_java_raw_size(&call->cif) <= sizeof raw);
    ffi_java_ptrarray_to_raw(&call->cif, call->values, raw);
    ffi_java_raw_call(&call->cif, call->type->callee, call->result, raw);
}

static bool is_javas(const ffi_type *type)
{
    return type->type != FFI_TYPE_LONGDOUBLE && type->type <= FFI_TYPE_POINTER;
}

static const struct {
    const char *name;
    void (*make)(Call *call);
} calls[] = {{"a call", by_call},
             {"a Go call", by_go},
             {"a planned call", by_plan},
             {"a raw call", by_raw},
             {"a Java call", by_java_raw}};

static void check_calls(const Type *type, ffi_abi abi)
{
    static Call call;
    for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        if (calls[i].make == by_java_raw && !is_javas(type->type))
            continue;
        new_call(&call, type, abi, i);
        calls[i].make(&call);
        check_call(&call, calls[i].name);
    }
    new_call(&call, type, abi, 0);
    ffi_call(&call.cif, type->callee, NULL, call.values);
    ffi_call_go(&call.cif, type->callee, NULL, call.values, &call);
    check(seen.nentered == 2 && is_received(&call), "a call for nothing", &call, "the arguments");
}

/* -- the forms of closures ----------------------------------------------------------------------------------------------- */

static void handle(ffi_cif *cif, void *result, void **args, void *user_data)
{
    CHECK(user_data == &seen);
    seen.nentered++;
    for (unsigned i = 0; i < NARGS; i++) {
        seen.nmisaligned += (uintptr_t)args[i] % cif->arg_types[i]->alignment != 0;
        memcpy(seen.received[i], args[i], cif->arg_types[i]->size);
    }
    memcpy(result, seen.returned, cif->rtype->size);
}

static void handle_go(ffi_cif *cif, void *result, void **args, void *closure)
{
    CHECK(((ffi_go_closure *)closure)->cif == cif);
    handle(cif, result, args, &seen);
}

static void by_closure(Call *call, ClosureForm form)
{
    Closure closure;
    CHECK(closure_make(&closure, form, &call->cif, handle, &seen));
    call->type->caller(closure_function(closure.code), call->values, call->result);
    closure_free(&closure);
}

static ffi_go_closure go_closure __asm__("go_closure") __attribute__((used));
void go_enter(void);

/* What a Go caller does: the static chain is the closure. */
__asm__(".text\n"
        "go_enter:\n"
        "    endbr64\n"
        "    leaq go_closure(%rip), %r10\n"
        "    jmp *(%r10)\n");

static void by_go_closure(Call *call)
{
    CHECK_INT(ffi_prep_go_closure(&go_closure, &call->cif, handle_go), FFI_OK);
    call->type->caller(go_enter, call->values, call->result);
}

/* Behind the forms of libffi_closures.h. */
enum { FORM_GO = CLOSURE_FORM_COUNT, NFORMS };

static const char *const form_names[NFORMS] = {[CLOSURE_ALLOCATED] = "a closure",
                                               [CLOSURE_OWNED] = "a closure in the client's memory",
                                               [CLOSURE_RAW] = "a raw closure",
                                               [CLOSURE_JAVA_RAW] = "a Java closure",
                                               [FORM_GO] = "a Go closure"};

static void check_closures(const Type *type, ffi_abi abi)
{
    static Call call;
    for (unsigned form = 0; form < NFORMS; form++) {
        if (form == CLOSURE_JAVA_RAW && !is_javas(type->type))
            continue;
        new_call(&call, type, abi, 10 + form);
        if (form == FORM_GO)
            by_go_closure(&call);
        else
            by_closure(&call, (ClosureForm)form);
        bool has_words = form == CLOSURE_RAW || form == CLOSURE_JAVA_RAW;
        check(seen.nentered == 1 && is_received(&call), form_names[form], &call, "the arguments");
        check(seen.nmisaligned == 0 || has_words, form_names[form], &call, "arguments stand at their alignment");
        check(is_same(type->type, call.result, seen.returned, type->nbytes), form_names[form], &call, "the result");
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof abis / sizeof abis[0]; i++) {
        for (size_t j = 0; j < sizeof types / sizeof types[0]; j++) {
            check_calls(&types[j], abis[i]);
            check_closures(&types[j], abis[i]);
        }
    }
    return unit_end("libffi_win64");
}
