/* Random signatures through libffi.so.8, as its clients make calls and closures, in each ABI: what gcc's callees receive and return, and what handlers
 * receive from gcc's callers and return, is compared bit for bit of every member, in each form of calls and closures; and the layout of
 * every struct with gcc's. libffi_random/generate.lua draws the signatures and writes both sides.
 *
 *     libffi_random [--seed N] [--count N] [--first N]       or AIRLOCK_SEED, AIRLOCK_COUNT in the environment
 *
 * --first I --count 1 brings back signature I of a seed. */
#include <dlfcn.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libffi_closures.h"
#include "libffi_random/batch.h"
#include "random.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* Java's forms */

enum { PER_BATCH = 250, COUNT_DEFAULT = 2000, COUNT_SANITIZED = 500, NSHOWN_MAX = 12, PATH_NBYTES = 1024, GUARD = 0xa5 };

static struct {
    unsigned long seed, first, count;
    const struct Abi *abi;
    char dir[PATH_NBYTES];
} run;

/* Of the Microsoft ones there are fewer: they know few ways to pass a value. */
static const struct Abi {
    const char *name;
    ffi_abi abi;
    unsigned long divisor; /* of the count */
    char flags[40];
} abis[] = {
    {"unix64", FFI_UNIX64, 1, ""},
    {"unix64 with AVX", FFI_UNIX64, 4, "-mavx -mno-vzeroupper"}, /* gcc 12 clears half of a ymm0 that it returns a union in */
    {"gnuw64", FFI_GNUW64, 4, "-DMICROSOFT"},
    {"win64", FFI_WIN64, 8, "-DMICROSOFT"},
};

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
            fprintf(stderr, "seed %lu, signature %u, %s, %s: %s %u is wrong: %s\n", run.seed, signature->index, run.abi->name, form,
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
    judge(ffi_get_struct_offsets(run.abi->abi, type->ffi, offsets) == FFI_OK &&
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
                            ? ffi_prep_cif_var(&cif, run.abi->abi, signature->nfixed, signature->nargs, result, types)
                            : ffi_prep_cif(&cif, run.abi->abi, signature->nargs, result, types);
    if (!judge(status == FFI_OK, signature, "ffi_prep_cif", "status", status))
        return;
    check_layouts(signature);
    check_calls(batch, signature, &cif);
    check_closures(signature, &cif);
}

/* -- batches ----------------------------------------------------------------------------------------------------------------- */

extern char **environ;

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != 0 ? value : otherwise;
}

/* libffi_random/build.sh writes the batches and compiles them. */
static bool build(unsigned long number)
{
    char script[PATH_NBYTES], flags[sizeof run.abi->flags], seed[24], first[24], count[24], per_batch[24];
    snprintf(script, sizeof script, "%s/unit/libffi_random/build.sh", setting("AIRLOCK_SPEC", "spec"));
    snprintf(seed, sizeof seed, "%lu", run.seed);
    snprintf(first, sizeof first, "%lu", run.first);
    snprintf(count, sizeof count, "%lu", number);
    memcpy(flags, run.abi->flags, sizeof flags);
    snprintf(per_batch, sizeof per_batch, "%d", PER_BATCH);
    char *argv[] = {script, seed, first, count, per_batch, run.dir, flags, NULL};
    pid_t pid;
    int status = -1;
    return posix_spawn(&pid, script, NULL, NULL, argv, environ) == 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void check_batch(unsigned number)
{
    char path[PATH_NBYTES + 32];
    snprintf(path, sizeof path, "%s/batch%u.so", run.dir, number);
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

static void remove_dir(void)
{
    char remove[] = "rm", recursively[] = "-rf";
    char *argv[] = {remove, recursively, run.dir, NULL};
    pid_t pid;
    if (posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ) == 0)
        waitpid(pid, NULL, 0);
}

static void read_options(int argc, char **argv)
{
    const char *sanitized = getenv("AIRLOCK_ASAN");
    run.seed = strtoul(setting("AIRLOCK_SEED", "1"), NULL, 0);
    run.count = sanitized != NULL ? COUNT_SANITIZED : COUNT_DEFAULT;
    run.count = strtoul(setting("AIRLOCK_COUNT", "0"), NULL, 0) > 0 ? strtoul(setting("AIRLOCK_COUNT", "0"), NULL, 0) : run.count;
    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long *option = strcmp(argv[i], "--seed") == 0 ? &run.seed : strcmp(argv[i], "--first") == 0 ? &run.first : &run.count;
        *option = strtoul(argv[i + 1], NULL, 0);
    }
}

static void check_abi(const struct Abi *abi)
{
    unsigned long count = (run.count + abi->divisor - 1) / abi->divisor;
    run.abi = abi;
    snprintf(run.dir, sizeof run.dir, "%s/libffi_random.XXXXXX", setting("AIRLOCK_BUILD", "build"));
    if (mkdtemp(run.dir) == NULL || !build(count)) {
        fprintf(stderr, "libffi_random: nothing built in %s\n", run.dir);
        unit_nfailed++;
        return;
    }
    for (unsigned number = 0; number * PER_BATCH < count; number++)
        check_batch(number);
    if (unit_nfailed > 0)
        printf("what was generated is in %s\n", run.dir);
    else
        remove_dir();
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    printf("libffi_random: --seed %lu --first %lu --count %lu\n", run.seed, run.first, run.count);
    for (size_t i = 0; i < sizeof abis / sizeof abis[0]; i++)
        if (strstr(abis[i].flags, "-mavx") == NULL || __builtin_cpu_supports("avx"))
            check_abi(&abis[i]);
    return unit_end("libffi_random");
}
