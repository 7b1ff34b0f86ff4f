/* Random signatures through libffi.so.8, as its clients make calls and closures, in each ABI: what gcc's callees receive and return, and what handlers
 * receive from gcc's callers and return, is compared bit for bit of every member, in each form of calls and closures; and the layout of
 * every struct with gcc's. libffi_random/generate.lua draws the signatures and writes both sides.
 *
 *     libffi_random [--seed N] [--count N] [--first N] [--keep]       or AIRLOCK_SEED, AIRLOCK_COUNT in the environment
 *
 * --first I --count 1 brings back signature I of a seed. */
#include <dlfcn.h>

#include "generated.h"
#include "libffi_closures.h"
#include "libffi_random/batch.h"
#include "random.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* Java's forms */

enum { PER_BATCH = 250, COUNT_DEFAULT = IS_SANITIZED ? 500 : 2000, NSHOWN_MAX = 12, GUARD = 0xa5 };

static Generated run = {.name = "libffi_random", .count = COUNT_DEFAULT};

/* Of the Microsoft ones there are fewer: they know few ways to pass a value. */
static const struct Abi {
    const char *name;
    ffi_abi abi;
    unsigned divisor; /* of the count */
    const char *flags;
} abis[] = {
    {"unix64", FFI_UNIX64, 1, ""},
    {"unix64 with AVX", FFI_UNIX64, 4, "-mavx -mno-vzeroupper"}, /* gcc 12 clears half of a ymm0 that it returns a union in */
    {"gnuw64", FFI_GNUW64, 4, "-DMICROSOFT"},
    {"win64", FFI_WIN64, 8, "-DMICROSOFT"},
}, *abi;

static unsigned nshown;

/* -- values ------------------------------------------------------------------------------------------------------------------ */

static _Alignas(64) unsigned char sent[NARGS_MAX][VALUE_NBYTES_MAX], result_sent[VALUE_NBYTES_MAX];
static _Alignas(64) unsigned char got[VALUE_NBYTES_MAX];
static void *values[NARGS_MAX];

/* The same at odd addresses: libffi copies what it is given, wherever that lies. */
static unsigned char odd[NARGS_MAX][VALUE_NBYTES_MAX + 1];
static void *odd_values[NARGS_MAX];

/* Random bits; a long double is a number. */
static void draw_value(Random *random, const Type *type, unsigned char *to)
{
    random_fill(random, to, type->size);
    for (unsigned i = 0; i < type->nranges; i++)
        if (type->ranges[i].is_x87)
            to[type->ranges[i].offset + 7] |= 0x80;
}

static bool is_same(const Type *type, const void *a, const void *b)
{
    for (unsigned i = 0; i < type->nranges; i++) {
        const Range *range = &type->ranges[i];
        if (memcmp((const unsigned char *)a + range->offset, (const unsigned char *)b + range->offset, range->nbytes) != 0)
            return false;
    }
    return true;
}

/* What ffi_call makes of an integer result: its bytes widened to eight. false: it is none. */
static bool widen(const Type *type, const unsigned char *value, ffi_arg *wide)
{
    switch (type->ffi->type) {
    case FFI_TYPE_UINT8: *wide = *value; return true;
    case FFI_TYPE_SINT8: *wide = (ffi_arg)(ffi_sarg) * (const signed char *)value; return true;
    case FFI_TYPE_UINT16: *wide = *(const unsigned short *)(const void *)value; return true;
    case FFI_TYPE_SINT16: *wide = (ffi_arg) * (const short *)(const void *)value; return true;
    case FFI_TYPE_UINT32: *wide = *(const unsigned *)(const void *)value; return true;
    case FFI_TYPE_SINT32: *wide = (ffi_arg) * (const int *)(const void *)value; return true;
    default: return false;
    }
}

/* -- judging ----------------------------------------------------------------------------------------------------------------- */

static bool judge(bool ok, const Signature *signature, const char *form, const char *what, unsigned i)
{
    if (ok) {
        unit_npassed++;
    } else {
        unit_nfailed++;
        if (nshown++ < NSHOWN_MAX)
            fprintf(stderr, "seed %llu, signature %u, %s, %s: %s %u is wrong: %s\n", (unsigned long long)run.seed, signature->index, abi->name, form,
                    what, i, signature->text);
    }
    return ok;
}

static void judge_arguments(const Batch *batch, const Signature *signature, const char *form)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < signature->nargs; i++)
        if (!is_same(signature->args[i], sent[i], batch->received[i]))
            ok = judge(false, signature, form, "argument", i + 1);
    if (ok)
        judge(true, signature, form, "", 0);
}

static void judge_result(const Signature *signature, const char *form)
{
    size_t nbytes = signature->result == NULL ? 0 : signature->result->size;
    ffi_arg wide;
    bool ok = signature->result == NULL || is_same(signature->result, result_sent, got);
    if (signature->result != NULL && widen(signature->result, result_sent, &wide))
        ok = ok && memcmp(got, &wide, sizeof wide) == 0;
    for (size_t i = nbytes < sizeof(ffi_arg) && nbytes > 0 ? sizeof(ffi_arg) : nbytes; i < sizeof got; i++)
        ok = ok && got[i] == GUARD;
    judge(ok, signature, form, "result", 0);
}

/* -- layouts ----------------------------------------------------------------------------------------------------------------- */

static void check_type(const Signature *signature, const Type *type)
{
    size_t offsets[VALUE_NBYTES_MAX];
    judge(type->ffi->size == type->size && type->ffi->alignment == type->align, signature, type->name, "layout", 0);
    if (type->offsets == NULL)
        return;
    judge(ffi_get_struct_offsets(abi->abi, type->ffi, offsets) == FFI_OK &&
              memcmp(offsets, type->offsets, type->noffsets * sizeof *offsets) == 0 && type->ffi->size == type->size,
          signature, type->name, "offset", 0);
}

static void check_layouts(const Signature *signature)
{
    if (signature->result != NULL)
        check_type(signature, signature->result);
    for (unsigned i = 0; i < signature->nargs; i++)
        check_type(signature, signature->args[i]);
    for (const Type *const *record = signature->records; *record != NULL; record++)
        if ((*record)->ffi->size != 0) /* some are members of what was not used */
            check_type(signature, *record);
}

/* -- calls ------------------------------------------------------------------------------------------------------------------- */

static void call_plain(ffi_cif *cif, void (*function)(void))
{
    ffi_call(cif, function, got, values);
}

static void call_odd(ffi_cif *cif, void (*function)(void))
{
    ffi_call(cif, function, got, odd_values);
}

static void call_plan(ffi_cif *cif, void (*function)(void))
{
    ffi_call_plan *plan = ffi_call_plan_alloc(cif);
    ffi_call_plan_invoke(plan, function, got, values);
    ffi_call_plan_free(plan);
}

static void call_go(ffi_cif *cif, void (*function)(void))
{
    ffi_call_go(cif, function, got, values, cif);
}

static void call_raw(ffi_cif *cif, void (*function)(void))
{
    ffi_raw *raw = malloc(ffi_raw_size(cif) + 1);
    ffi_ptrarray_to_raw(cif, values, raw);
    ffi_raw_call(cif, function, got, raw);
    free(raw);
}

static void call_java_raw(ffi_cif *cif, void (*function)(void))
{
    ffi_java_raw *raw = malloc(ffi_java_raw_size(cif) + 1);
    ffi_java_ptrarray_to_raw(cif, values, raw);
    ffi_java_raw_call(cif, function, got, raw);
    free(raw);
}

static const struct {
    const char *name;
    void (*call)(ffi_cif *cif, void (*function)(void));
} calls[] = {{"ffi_call", call_plain},
             {"ffi_call with unaligned arguments", call_odd},
             {"ffi_call_plan_invoke", call_plan},
             {"ffi_call_go", call_go},
             {"ffi_raw_call", call_raw},
             {"ffi_java_raw_call", call_java_raw}};

static void check_calls(const Batch *batch, const Signature *signature, ffi_cif *cif)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        memset(batch->received, 0, sizeof sent);
        memset(got, GUARD, sizeof got);
        memcpy(batch->returned, result_sent, sizeof result_sent);
        calls[i].call(cif, signature->callee);
        judge_arguments(batch, signature, calls[i].name);
        judge_result(signature, calls[i].name);
    }
}

/* -- closures ---------------------------------------------------------------------------------------------------------------- */

static struct Expected {
    const Signature *signature;
    const char *form;
    ffi_cif *cif;
    unsigned nhandled;
    bool is_narrow; /* the handler writes an integer result in its own size, not as ffi_arg */
} expected;

static void handle(ffi_cif *cif, void *result, void **args, void *user_data)
{
    const Signature *signature = expected.signature;
    ffi_arg wide;
    bool ok = judge(cif == expected.cif && user_data == &expected, signature, expected.form, "handler", 0);
    expected.nhandled++;
    for (unsigned i = 0; ok && i < signature->nargs; i++) {
        const Type *type = signature->args[i];
        ok = judge(is_same(type, sent[i], args[i]), signature, expected.form, "argument", i + 1);
    }
    if (signature->result == NULL)
        return;
    if (!expected.is_narrow && widen(signature->result, result_sent, &wide))
        memcpy(result, &wide, sizeof wide);
    else
        memcpy(result, result_sent, signature->result->size);
}

static void handle_aligned(ffi_cif *cif, void *result, void **args, void *user_data)
{
    for (unsigned i = 0; i < cif->nargs; i++)
        judge((uintptr_t)args[i] % cif->arg_types[i]->alignment == 0, expected.signature, expected.form, "alignment of argument", i + 1);
    handle(cif, result, args, user_data);
}

static void handle_go(ffi_cif *cif, void *result, void **args, void *closure)
{
    judge(((ffi_go_closure *)closure)->cif == cif, expected.signature, expected.form, "closure", 0);
    handle(cif, result, args, &expected);
}

static void handle_raw(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    void *args[NARGS_MAX];
    ffi_raw_to_ptrarray(cif, raw, args);
    handle(cif, result, args, user_data);
}

static void handle_java_raw(ffi_cif *cif, void *result, ffi_java_raw *raw, void *user_data)
{
    void *args[NARGS_MAX];
    ffi_java_raw_to_ptrarray(cif, raw, args);
    handle(cif, result, args, user_data);
}

static void expect(const Signature *signature, const char *form, ffi_cif *cif)
{
    expected.signature = signature;
    expected.form = form;
    expected.cif = cif;
    expected.nhandled = 0;
    memset(got, GUARD, sizeof got);
}

static void judge_closure(const Signature *signature)
{
    judge(expected.nhandled == 1, signature, expected.form, "number of calls", expected.nhandled);
    judge(signature->result == NULL || is_same(signature->result, result_sent, got), signature, expected.form, "result", 0);
}

static void enter(const Signature *signature, void *code)
{
    signature->caller(closure_function(code), got, values);
    judge_closure(signature);
}

/* Memory of the client's own that can be executed: a closure there, and where its code is. */
static ffi_raw_closure *own_memory(void **code)
{
    static void *writable, *executable;
    if (writable == NULL && !closure_map_twice(&writable, &executable))
        abort();
    *code = executable;
    return writable;
}

static void check_closure_forms(const Signature *signature, ffi_cif *cif, ffi_raw_closure *closure, void *code, const char *const names[3])
{
    expect(signature, names[0], cif);
    judge(ffi_prep_closure_loc((ffi_closure *)(void *)closure, cif, handle_aligned, &expected, code) == FFI_OK, signature, names[0],
          "status", 0);
    enter(signature, code);
    expect(signature, names[1], cif);
    judge(ffi_prep_raw_closure_loc(closure, cif, handle_raw, &expected, code) == FFI_OK, signature, names[1], "status", 0);
    enter(signature, code);
    expect(signature, names[2], cif);
    judge(ffi_prep_java_raw_closure_loc((ffi_java_raw_closure *)(void *)closure, cif, handle_java_raw, &expected, code) == FFI_OK, signature,
          names[2], "status", 0);
    enter(signature, code);
}

/* A Go closure is entered by ffi_call_go, for it wants its own address in the static chain. */
static void check_go(const Signature *signature, ffi_cif *cif)
{
    ffi_go_closure closure;
    expect(signature, "go closure", cif);
    judge(ffi_prep_go_closure(&closure, cif, handle_go) == FFI_OK, signature, "go closure", "status", 0);
    ffi_call_go(cif, closure_function(closure.tramp), got, values, &closure);
    judge_closure(signature);
}

static void check_closures(const Signature *signature, ffi_cif *cif)
{
    static const char *const names[] = {"closure", "raw closure", "java raw closure"};
    static const char *const owned_names[] = {"owned closure", "owned raw closure", "owned java raw closure"};
    void *code;
    ffi_raw_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    expected.is_narrow = signature->index % 2 != 0;
    check_closure_forms(signature, cif, closure, code, names);
    ffi_closure_free(closure);
    closure = own_memory(&code);
    check_closure_forms(signature, cif, closure, code, owned_names);
    check_go(signature, cif);
}

/* -- signatures -------------------------------------------------------------------------------------------------------------- */

static void check_signature(const Batch *batch, const Signature *signature)
{
    Random random = {run.seed * 1000003 + signature->index};
    ffi_type *types[NARGS_MAX];
    ffi_cif cif;
    for (unsigned i = 0; i < signature->nargs; i++) {
        types[i] = signature->args[i]->ffi;
        values[i] = sent[i];
        draw_value(&random, signature->args[i], sent[i]);
        odd_values[i] = memcpy(odd[i] + 1, sent[i], signature->args[i]->size);
    }
    ffi_type *result = signature->result == NULL ? &ffi_type_void : signature->result->ffi;
    if (signature->result != NULL)
        draw_value(&random, signature->result, result_sent);
    ffi_status status = signature->is_variadic
                            ? ffi_prep_cif_var(&cif, abi->abi, signature->nfixed, signature->nargs, result, types)
                            : ffi_prep_cif(&cif, abi->abi, signature->nargs, result, types);
    if (!judge(status == FFI_OK, signature, "ffi_prep_cif", "status", status))
        return;
    check_layouts(signature);
    check_calls(batch, signature, &cif);
    check_closures(signature, &cif);
}

/* -- batches ----------------------------------------------------------------------------------------------------------------- */

/* libffi_random/build.sh writes the batches and compiles them. */
static bool build(uint64_t count)
{
    char script[PATH_NBYTES], numbers[4][24];
    uint64_t values_of[] = {run.seed, run.first, count, PER_BATCH};
    format_path(script, "%s/unit/libffi_random/build.sh", setting("AIRLOCK_SPEC", "spec"));
    for (size_t i = 0; i < 4; i++)
        snprintf(numbers[i], sizeof numbers[i], "%llu", (unsigned long long)values_of[i]);
    const char *argv[] = {script, numbers[0], numbers[1], numbers[2], numbers[3], run.dir, abi->flags, NULL};
    return wait_for(start_program(argv));
}

static void check_batch(unsigned number)
{
    char path[PATH_NBYTES];
    format_path(path, "%s/batch%u.so", run.dir, number);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const Batch *batch = library != NULL ? dlsym(library, "batch") : NULL;
    if (batch == NULL) {
        fprintf(stderr, "libffi_random: %s\n", dlerror());
        unit_nfailed++;
        return;
    }
    for (unsigned i = 0; i < batch->count; i++)
        check_signature(batch, &batch->signatures[i]);
    dlclose(library);
}

static void check_abi(void)
{
    uint64_t count = (run.count + abi->divisor - 1) / abi->divisor;
    unsigned nfailed = unit_nfailed;
    generated_open_dir(&run);
    if (CHECK(build(count)))
        for (unsigned number = 0; number * (uint64_t)PER_BATCH < count; number++)
            check_batch(number);
    generated_close_dir(&run, unit_nfailed > nfailed);
}

int main(int argc, char **argv)
{
    generated_read_options(&run, argc, argv);
    for (size_t i = 0; i < sizeof abis / sizeof abis[0]; i++) {
        abi = &abis[i];
        if (strstr(abi->flags, "-mavx") == NULL || __builtin_cpu_supports("avx"))
            check_abi();
    }
    return unit_end("libffi_random");
}
