/* What libffi.so.8 keeps, and what it does when there is no more: a hundred thousand signatures, each kept once however often it is prepared;
 * two hundred thousand closures at once, freed in any order and made again without growing; each allocation failing. */
#include <malloc.h>
#include <stdbool.h>

#include "abi_slots/maps.h"
#include "libffi_closures.h"
#include "libffi_signatures.h"

enum { NSIGNATURES = 100000, NREPEATS = 1000000, NLIVE = 50000, NMOST = 200000, CLOSURE_NBYTES_MAX = 256, NFAILURES_MAX = 10 };

/* -- allocations that fail --------------------------------------------------------------------------------------------------- */

static long nuntil_failure = -1; /* that many more succeed; -1: all do */
static unsigned nfailures;
static size_t nbytes_allocated;
static uintptr_t latest_block; /* every bit turned round, so that nobody takes it for a pointer */

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__

extern void *__libc_malloc(size_t nbytes);
extern void *__libc_calloc(size_t count, size_t nbytes);
extern void *__libc_realloc(void *block, size_t nbytes);
extern void __libc_free(void *block);

#define FOR_ALL __attribute__((visibility("default")))

static bool is_refused(void)
{
    if (nuntil_failure < 0 || nuntil_failure-- > 0)
        return false;
    nfailures++;
    return true;
}

static void *count(void *block)
{
    nbytes_allocated += malloc_usable_size(block);
    latest_block = ~(uintptr_t)block;
    return block;
}

FOR_ALL void *malloc(size_t nbytes)
{
    return is_refused() ? NULL : count(__libc_malloc(nbytes));
}

FOR_ALL void *calloc(size_t n, size_t nbytes)
{
    return is_refused() ? NULL : count(__libc_calloc(n, nbytes));
}

FOR_ALL void *realloc(void *block, size_t nbytes)
{
    size_t before = malloc_usable_size(block);
    void *moved = is_refused() ? NULL : __libc_realloc(block, nbytes);
    if (moved != NULL)
        nbytes_allocated += malloc_usable_size(moved) - before;
    return moved;
}

FOR_ALL void free(void *block)
{
    nbytes_allocated -= malloc_usable_size(block);
    __libc_free(block);
}

#endif

/* -- signatures -------------------------------------------------------------------------------------------------------------- */

static Signature some;

static unsigned prepare_all(uint64_t first)
{
    unsigned nwrong = 0;
    for (uint64_t i = 0; i < NSIGNATURES; i++)
        nwrong += signature_prepare(&some, first + i) != FFI_OK;
    return nwrong;
}

static long last_argument(long a, ...)
{
    return a;
}

static void check_signatures(void)
{
    size_t before = nbytes_allocated, after;
    long result = 0;
    CHECK_INT(prepare_all(0), 0);
    after = nbytes_allocated;
    printf("libffi_memory: %zu bytes for a signature\n", (after - before) / NSIGNATURES);
    CHECK_INT(prepare_all(0), 0);
    for (int i = 0; i < NREPEATS; i++)
        signature_prepare(&some, 77);
    CHECK_INT(nbytes_allocated, after);
    some.numbers[0] = 5;
    ffi_call(&some.cif, FFI_FN(last_argument), &result, some.values);
    CHECK_INT(result, 5);
    CHECK_INT(nbytes_allocated, after);
}

/* -- closures ---------------------------------------------------------------------------------------------------------------- */

typedef struct Made {
    ffi_closure *closure;
    long (*function)(long);
} Made;

static Made made[NMOST];
static ffi_cif long_cif;

static void add_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(long *)result = *(long *)args[0] + (long)(uintptr_t)user_data;
}

static bool make(Made *one, long number)
{
    void *code = NULL;
    one->closure = ffi_closure_alloc(sizeof *one->closure, &code);
    memcpy(&one->function, &code, sizeof code);
    return one->closure != NULL && ffi_prep_closure_loc(one->closure, &long_cif, add_handler, (void *)number, code) == FFI_OK;
}

static int compare_functions(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return *x < *y ? -1 : *x > *y;
}

static unsigned count_equal(int n)
{
    static long (*functions[NMOST])(long);
    unsigned nequal = 0;
    for (int i = 0; i < n; i++)
        functions[i] = made[i].function;
    qsort(functions, (size_t)n, sizeof functions[0], compare_functions);
    for (int i = 1; i < n; i++)
        nequal += functions[i] == functions[i - 1];
    return nequal;
}

static void free_in_any_order(int n)
{
    uint32_t random = 1;
    for (int i = n - 1; i >= 0; i--) {
        random = random * 1664525 + 1013904223;
        int k = (int)(random % (unsigned)(i + 1));
        ffi_closure_free(made[k].closure);
        made[k] = made[i];
    }
}

static void use_many(int n)
{
    unsigned nwrong = 0;
    for (int i = 0; i < n; i++)
        nwrong += !make(&made[i], i);
    CHECK_INT(nwrong, 0);
    for (int i = 0; i < n; i++)
        nwrong += made[i].function(-7) != i - 7;
    CHECK_INT(nwrong, 0);
    CHECK_INT(count_equal(n), 0);
}

static size_t nbytes_everywhere(void)
{
    return maps_read().nbytes_used;
}

static void check_closures(int n)
{
    size_t heap = nbytes_allocated, maps = nbytes_everywhere(), heap_full, maps_full;
    use_many(n);
    heap_full = nbytes_allocated - heap;
    maps_full = nbytes_everywhere();
    printf("libffi_memory: %d closures of %zu bytes each on the heap, %zu mapped\n", n, heap_full / (size_t)n, (maps_full - maps) / (size_t)n);
    CHECK(IS_SANITIZED || heap_full + maps_full - maps <= (size_t)n * CLOSURE_NBYTES_MAX);
    CHECK(IS_SANITIZED || maps_read().nwritable_code == 0);
    free_in_any_order(n);
    CHECK_INT(nbytes_allocated, heap);
    for (int round = 0; round < 3; round++) {
        use_many(n);
        free_in_any_order(n);
    }
    CHECK_INT(nbytes_allocated, heap);
    CHECK(IS_SANITIZED || nbytes_everywhere() <= maps_full);
}

/* -- leaks that are none ------------------------------------------------------------------------------------------------------- */

static __attribute__((no_sanitize("address"))) bool holds(const uintptr_t *word, const uintptr_t *end, uintptr_t turned)
{
    while (word < end && *word != ~turned)
        word++;
    return word < end;
}

/* True when that address is in memory that may be written, outside of the heap and stacks. */
static bool is_pointed_to(uintptr_t turned)
{
    char line[4300];
    unsigned long start, end;
    bool found = false;
    FILE *file = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "%lx-%lx", &start, &end) == 2 && strstr(line, " rw-p ") != NULL && strchr(line, '[') == NULL)
            found = found || holds((const uintptr_t *)start, (const uintptr_t *)end, turned);
    fclose(file);
    return found;
}

/* A program that keeps a closure, or only its code, has no pointer to the block's start: somebody must, or valgrind calls the block
 * possibly lost. */
static void check_reachable(void)
{
    enum { NCLOSURES = 1000 };
    uintptr_t none = ~(uintptr_t)&none, blocks[NCLOSURES];
    unsigned nlost = 0;
    for (int i = 0; i < NCLOSURES; i++) {
        CHECK(make(&made[i], i));
        blocks[i] = latest_block;
    }
    for (int i = 0; i < NCLOSURES; i += 111)
        nlost += !is_pointed_to(blocks[i]);
    CHECK_INT(nlost, 0);
    CHECK(!is_pointed_to(none));
    free_in_any_order(NCLOSURES);
}

/* -- memory runs out --------------------------------------------------------------------------------------------------------- */

/* Runs `attempt` with the first, second ... of its allocations failing, until none does: it says so, and leaves nothing. */
static void exhaust(const char *name, bool (*attempt)(void))
{
    unsigned nbefore = unit_nfailed;
    for (long n = 0; n < NFAILURES_MAX; n++) {
        size_t heap = nbytes_allocated;
        bool ok;
        nfailures = 0;
        nuntil_failure = n;
        ok = attempt();
        nuntil_failure = -1;
        if (nfailures == 0) {
            CHECK(ok);
            unit_check(n > 0 && unit_nfailed == nbefore, __FILE__, __LINE__, name);
            return;
        }
        CHECK(!ok);
        CHECK_INT(nbytes_allocated, heap);
    }
    CHECK(false);
}

static bool prepare_new(void)
{
    return signature_prepare(&some, 10000000) == FFI_OK;
}

/* Its key does not fit where small ones are made. */
static bool prepare_long(void)
{
    enum { NARGS = 1000 };
    static ffi_type *types[NARGS];
    ffi_cif cif;
    for (int i = 0; i < NARGS; i++)
        types[i] = &ffi_type_double;
    return ffi_prep_cif(&cif, FFI_UNIX64, NARGS, &ffi_type_void, types) == FFI_OK;
}

static bool make_closure(void)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    ffi_closure_free(closure);
    return closure != NULL;
}

static bool make_plan(void)
{
    ffi_call_plan *plan = ffi_call_plan_alloc(&long_cif);
    ffi_call_plan_free(plan);
    return plan != NULL;
}

/* What is prepared needs no memory: calls with any result, and closures. */
static void check_without_memory(void)
{
    static ffi_type *args[] = {&ffi_type_slong}, *elements[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, NULL};
    static ffi_type type = {0, 0, FFI_TYPE_STRUCT, elements};
    long number = 4, result = 0;
    void *values[] = {&number};
    ffi_cif cif;
    CHECK(make(&made[0], 5));
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &type, args), FFI_OK);
    nfailures = 0;
    nuntil_failure = 0;
    ffi_call(&long_cif, FFI_FN(made[0].function), &result, values);
    ffi_call(&long_cif, FFI_FN(made[0].function), NULL, values);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &type, args), FFI_OK);
    CHECK_INT(ffi_prep_closure_loc(made[0].closure, &long_cif, add_handler, NULL, (void *)(uintptr_t)made[0].function), FFI_OK);
    CHECK_INT(made[0].function(6), 6);
    CHECK_INT(nfailures, 0);
    nuntil_failure = -1;
    CHECK_INT(result, 9);
    ffi_closure_free(made[0].closure);
}

static void check_sizes(void)
{
    void *code = &code;
    size_t heap = nbytes_allocated;
    static const size_t impossible[] = {SIZE_MAX, SIZE_MAX - 15, SIZE_MAX - 16, SIZE_MAX / 2, (size_t)1 << 62};
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++)
        CHECK(ffi_closure_alloc(impossible[i], &code) == NULL);
    CHECK(ffi_closure_alloc(sizeof(ffi_closure), NULL) == NULL);
    for (size_t nbytes = 0; nbytes <= 4096; nbytes += 128) {
        char *memory = ffi_closure_alloc(nbytes, &code);
        size_t room = nbytes < sizeof(ffi_closure) ? sizeof(ffi_closure) : nbytes;
        CHECK(memory != NULL && (uintptr_t)memory % 16 == 0);
        memset(memory, 0xa5, room);
        ffi_closure_free(memory);
    }
    ffi_closure_free(NULL);
    CHECK_INT(nbytes_allocated, heap);
}

int main(void)
{
    static ffi_type *args[] = {&ffi_type_slong};
    CHECK_INT(ffi_prep_cif(&long_cif, FFI_UNIX64, 1, &ffi_type_slong, args), FFI_OK);
    setvbuf(stdout, NULL, _IONBF, 0);
    check_sizes();
    if (!IS_SANITIZED)
        check_reachable();
    check_signatures();
    check_closures(NLIVE);
    check_closures(NMOST);
    if (IS_SANITIZED)
        printf("skipped: libffi_memory: allocations that fail (malloc is the sanitizer's)\n");
    else {
        exhaust("a signature", prepare_new);
        exhaust("a long signature", prepare_long);
        exhaust("a closure", make_closure);
        exhaust("a call plan", make_plan);
        check_without_memory();
    }
    return unit_end("libffi_memory");
}
