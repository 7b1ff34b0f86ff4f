/* What is the Microsoft x64 ABI's own in libffi.so.8 (FFI_WIN64, FFI_GNUW64), against functions that gcc compiled as ms_abi: the callee's room
 * for its arguments in registers, the static chain, variadic functions, arguments and results of thousands of bytes, none at all, and
 * statuses. Each class of types is libffi_win64.c's. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libffi_closures.h"

#define MS __attribute__((ms_abi))

static const ffi_abi abis[] = {FFI_WIN64, FFI_GNUW64};

typedef struct Bytes3 {
    unsigned char bytes[3];
} Bytes3;
typedef struct TwoFloats {
    float a, b;
} TwoFloats;
typedef struct TwoLongs {
    long a, b;
} TwoLongs;

static ffi_type *byte_elements[] = {&ffi_type_uint8, NULL},
                *two_floats_elements[] = {&ffi_type_float, &ffi_type_float, NULL},
                *two_longs_elements[] = {&ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type bytes3_type = {sizeof(Bytes3), _Alignof(Bytes3), FFI_TYPE_STRUCT, byte_elements},
                two_floats_type = {0, 0, FFI_TYPE_STRUCT, two_floats_elements},
                two_longs_type = {0, 0, FFI_TYPE_STRUCT, two_longs_elements};

/* -- room for the arguments in registers --------------------------------------------------------------------------------- */

enum { NARGS_HOME = 8 };

/* int64_t(…): writes all of the 32 bytes above its return address, as any callee may, however few arguments it has. */
void write_home(void);
__asm__(".text\n"
        "write_home:\n"
        "    endbr64\n"
        "    movq $-1, %rax\n"
        "    movq %rax, 8(%rsp)\n"
        "    movq %rax, 16(%rsp)\n"
        "    movq %rax, 24(%rsp)\n"
        "    movq %rax, 32(%rsp)\n"
        "    leaq (%rcx, %rdx), %rax\n"
        "    ret\n");

static void check_home(ffi_abi abi)
{
    int64_t numbers[NARGS_HOME] = {1LL << 40, 3};
    ffi_type *types[NARGS_HOME];
    void *args[NARGS_HOME];
    ffi_cif cif;
    for (unsigned i = 0; i < NARGS_HOME; i++) {
        types[i] = &ffi_type_sint64;
        args[i] = &numbers[i];
    }
    for (unsigned nargs = 0; nargs <= NARGS_HOME; nargs++) {
        int64_t result = 0;
        CHECK_INT(ffi_prep_cif(&cif, abi, nargs, &ffi_type_sint64, types), FFI_OK);
        ffi_call(&cif, write_home, &result, args);
        CHECK(nargs < 2 || result == numbers[0] + numbers[1]);
        ffi_call_go(&cif, write_home, &result, args, &cif);
        CHECK(nargs < 2 || result == numbers[0] + numbers[1]);
        CHECK(cif.nargs == nargs && numbers[0] == 1LL << 40);
    }
}

/* -- the static chain ---------------------------------------------------------------------------------------------------- */

static void *chain_seen;

static MS long see_chain(TwoLongs first, long second)
{
    void *chain;
    __asm__ volatile("movq %%r10, %0" : "=r"(chain));
    chain_seen = chain;
    return first.a + first.b + second;
}

/* Twice, with different ones: what happens to lie in r10 is the same. */
static void check_chain(ffi_abi abi)
{
    TwoLongs first = {1L << 40, 2};
    long second = 3;
    void *args[] = {&first, &second};
    ffi_type *types[] = {&two_longs_type, &ffi_type_slong};
    char chains[2];
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif(&cif, abi, 2, &ffi_type_slong, types), FFI_OK);
    for (unsigned i = 0; i < 2; i++) {
        long result = 0;
        ffi_call_go(&cif, FFI_FN(see_chain), &result, args, &chains[i]);
        CHECK(chain_seen == &chains[i]);
        CHECK(result == first.a + first.b + second);
    }
}

/* -- variadic ------------------------------------------------------------------------------------------------------------ */

enum { NVARIADIC = 8 };

static ffi_type *variadic_types[NVARIADIC] = {&ffi_type_double, &ffi_type_sint,       &ffi_type_double,
                                              &bytes3_type,     &ffi_type_longdouble, &ffi_type_double,
                                              &ffi_type_sint64, &two_floats_type};

static double weigh(double a, int b, double c, Bytes3 d, long double e, double f, int64_t g, TwoFloats h)
{
    return a + 2 * b + 3 * c + 4 * d.bytes[0] + 5 * d.bytes[2] + 6 * (double)e + 7 * f + 8 * (double)g +
           9 * (double)h.a + 10 * (double)h.b;
}

/* gcc 12 passes what goes by reference so, but its va_arg does not follow: it is told. */
static MS double weigh_variadic(double a, int b, ...)
{
    __builtin_ms_va_list list;
    __builtin_ms_va_start(list, b);
    double c = __builtin_va_arg(list, double);
    Bytes3 d = *__builtin_va_arg(list, Bytes3 *);
    long double e = *__builtin_va_arg(list, long double *);
    double f = __builtin_va_arg(list, double);
    int64_t g = __builtin_va_arg(list, int64_t);
    TwoFloats h = __builtin_va_arg(list, TwoFloats);
    __builtin_ms_va_end(list);
    return weigh(a, b, c, d, e, f, g, h);
}

static void handle_variadic(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(double *)result = weigh(*(double *)args[0], *(int *)args[1], *(double *)args[2], *(Bytes3 *)args[3],
                              *(long double *)args[4], *(double *)args[5], *(int64_t *)args[6], *(TwoFloats *)args[7]);
}

/* In a call of 2 + 6 arguments, or, which may be said too, of 8 + 0. */
static void check_variadic(ffi_abi abi, unsigned nfixed)
{
    double a = 1.5, c = -2.25, f = 1e9, result = 0;
    int b = -3;
    Bytes3 d = {{4, 5, 6}};
    long double e = 7.5L;
    int64_t g = -(1LL << 40);
    TwoFloats h = {8.5f, -9.5f};
    void *args[NVARIADIC] = {&a, &b, &c, &d, &e, &f, &g, &h};
    double(MS * function)(double, int, ...);
    Closure closure;
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif_var(&cif, abi, nfixed, NVARIADIC, &ffi_type_double, variadic_types), FFI_OK);
    ffi_call(&cif, FFI_FN(weigh_variadic), &result, args);
    CHECK(result == weigh(a, b, c, d, e, f, g, h));
    CHECK(closure_make(&closure, CLOSURE_ALLOCATED, &cif, handle_variadic, NULL));
    memcpy(&function, &closure.code, sizeof function);
    CHECK(function(a, b, c, d, e, f, g, h) == weigh(a, b, c, d, e, f, g, h));
    closure_free(&closure);
    /* Clients may not say that a function is variadic. */
    result = 0;
    CHECK_INT(ffi_prep_cif(&cif, abi, NVARIADIC, &ffi_type_double, variadic_types), FFI_OK);
    ffi_call(&cif, FFI_FN(weigh_variadic), &result, args);
    CHECK(result == weigh(a, b, c, d, e, f, g, h));
}

/* -- many arguments, large ones, none ------------------------------------------------------------------------------------ */

typedef struct Block {
    long a[1000];
} Block;

static ffi_type block_type = {sizeof(Block), _Alignof(Block), FFI_TYPE_STRUCT, two_longs_elements};

static MS Block change_block(Block block)
{
    block.a[999] += 1;
    return block;
}

static void handle_block(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(Block *)result = change_block(*(Block *)args[0]);
}

static void check_block(ffi_abi abi)
{
    static Block block = {{1, 2, 3}}, result;
    ffi_type *types_of_block[] = {&block_type};
    void *args[] = {&block};
    Block(MS * function)(Block);
    Closure closure;
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif(&cif, abi, 1, &block_type, types_of_block), FFI_OK);
    ffi_call(&cif, FFI_FN(change_block), &result, args);
    CHECK_INT(block.a[999], 0);
    CHECK_INT(result.a[999], 1);
    CHECK_INT(result.a[2], 3);
    ffi_call(&cif, FFI_FN(change_block), NULL, args);
    CHECK(closure_make(&closure, CLOSURE_ALLOCATED, &cif, handle_block, NULL));
    memcpy(&function, &closure.code, sizeof function);
    result = function(result);
    CHECK_INT(result.a[999], 2);
    closure_free(&closure);
}

static unsigned nnothing;

static MS void do_nothing(void)
{
    nnothing++;
}

static void handle_nothing(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    (void)args;
    (void)user_data;
    nnothing++;
}

static void check_nothing(ffi_abi abi)
{
    ffi_cif cif;
    void(MS * function)(void);
    Closure closure;
    nnothing = 0;
    CHECK_INT(ffi_prep_cif(&cif, abi, 0, &ffi_type_void, NULL), FFI_OK);
    ffi_call(&cif, FFI_FN(do_nothing), NULL, NULL);
    CHECK(closure_make(&closure, CLOSURE_ALLOCATED, &cif, handle_nothing, NULL));
    memcpy(&function, &closure.code, sizeof function);
    function();
    CHECK_INT(nnothing, 2);
    closure_free(&closure);
}

/* -- statuses: those of FFI_UNIX64 --------------------------------------------------------------------------------------- */

static void check_statuses(ffi_abi abi)
{
    ffi_cif cif;
    size_t offsets[2];
    ffi_type *no_elements[] = {NULL};
    ffi_type empty = {0, 0, FFI_TYPE_STRUCT, no_elements}, without = {0, 0, FFI_TYPE_STRUCT, NULL};
    ffi_type *args[] = {&ffi_type_sint, &ffi_type_float, &ffi_type_sint8}, *structs[] = {&empty};
    CHECK_INT(ffi_prep_cif(&cif, abi, 0, &empty, NULL), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif(&cif, abi, 0, &without, NULL), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif(&cif, abi, 1, &ffi_type_void, structs), FFI_BAD_TYPEDEF);
    CHECK_INT(ffi_prep_cif_var(&cif, abi, 1, 2, &ffi_type_void, args), FFI_BAD_ARGTYPE);
    CHECK_INT(ffi_prep_cif_var(&cif, abi, 2, 3, &ffi_type_void, args), FFI_BAD_ARGTYPE);
    CHECK_INT(ffi_prep_cif_var(&cif, abi, 2, 2, &ffi_type_void, args), FFI_OK);
    CHECK_INT(ffi_prep_cif_var(&cif, abi, 0, 1, &ffi_type_void, args), FFI_OK);
    CHECK_INT(ffi_get_struct_offsets(abi, &two_longs_type, offsets), FFI_OK);
    CHECK_INT(offsets[1], offsetof(TwoLongs, b));
}

int main(void)
{
    for (size_t i = 0; i < sizeof abis / sizeof abis[0]; i++) {
        check_home(abis[i]);
        check_chain(abis[i]);
        check_variadic(abis[i], 2);
        check_variadic(abis[i], NVARIADIC);
        check_block(abis[i]);
        check_nothing(abis[i]);
        check_statuses(abis[i]);
    }
    return unit_end("libffi_win64_calls");
}
