/* libffi.so.8 in eight threads at once: struct types laid out and signatures prepared for the first time by all of them, one ffi_cif called by
 * all, closures made, called by others and freed; and children forked in the midst of it, which do the same. `make test-tsan` builds this,
 * and the library, with ThreadSanitizer. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include "libffi_closures.h"
#include "libffi_signatures.h"

/* ThreadSanitizer takes its time. */
#ifdef __SANITIZE_THREAD__
enum { NROUNDS = 200, NOPERATIONS = 5000 };
#else
enum { NROUNDS = 2000, NOPERATIONS = 30000 };
#endif

enum { NTHREADS = 8, NKEPT = 100, NFORKS = 300, NFORKING = 4, NCHILD = 300, NCHILD_CIFS = 50, NSECONDS_MAX = 20 };

static _Atomic(unsigned) nwrong;
static pthread_barrier_t start_line;

static void expect(int ok)
{
    if (!ok)
        atomic_fetch_add(&nwrong, 1);
}

static void run_threads(void *(*run)(void *))
{
    pthread_t threads[NTHREADS];
    for (uintptr_t i = 0; i < NTHREADS; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)i) != 0)
            abort();
    for (int i = 0; i < NTHREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(atomic_load(&nwrong), 0);
}

/* -- first times ----------------------------------------------------------------------------------------------------------- */

typedef struct Inner {
    short a;
    double b;
} Inner;
typedef struct Outer {
    char a;
    Inner b;
    int c;
} Outer;

/* Types that nobody has laid out: of each round. */
static struct {
    ffi_type *inner_elements[3], *outer_elements[4];
    ffi_type inner, outer;
    Signature signatures[NTHREADS];
} rounds[NROUNDS];

static void make_types(void)
{
    for (int i = 0; i < NROUNDS; i++) {
        ffi_type *inner[] = {&ffi_type_sint16, &ffi_type_double, NULL};
        ffi_type *outer[] = {&ffi_type_sint8, &rounds[i].inner, &ffi_type_sint32, NULL};
        memcpy(rounds[i].inner_elements, inner, sizeof inner);
        memcpy(rounds[i].outer_elements, outer, sizeof outer);
        rounds[i].inner = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = rounds[i].inner_elements};
        rounds[i].outer = (ffi_type){.type = FFI_TYPE_STRUCT, .elements = rounds[i].outer_elements};
    }
}

static long sum(Outer outer, long number)
{
    return outer.a + outer.b.a + (long)outer.b.b + outer.c + number;
}

static void use_type(ffi_type *type)
{
    Outer value = {1, {2, 3.5}, 4};
    long number = 5, result = 0;
    ffi_type *args[] = {type, &ffi_type_slong};
    void *values[] = {&value, &number};
    size_t offsets[3] = {99, 99, 99};
    ffi_cif cif;
    expect(ffi_prep_cif(&cif, FFI_UNIX64, 2, &ffi_type_slong, args) == FFI_OK);
    ffi_call(&cif, FFI_FN(sum), &result, values);
    expect(result == 15);
    expect(ffi_get_struct_offsets(FFI_UNIX64, type, offsets) == FFI_OK);
    expect(offsets[1] == offsetof(Outer, b) && offsets[2] == offsetof(Outer, c));
}

static void *do_first(void *thread)
{
    for (int i = 0; i < NROUNDS; i++) {
        if (i % 10 == 0)
            pthread_barrier_wait(&start_line);
        use_type(&rounds[i].outer);
        expect(signature_prepare(&rounds[i].signatures[(uintptr_t)thread], 1000000 + (uint64_t)i) == FFI_OK);
    }
    return NULL;
}

/* All threads have prepared one signature, and not each its own. */
static void check_first(void)
{
    enum { START = offsetof(ffi_cif, bytes) };
    run_threads(do_first);
    for (int i = 0; i < NROUNDS; i++)
        for (int k = 1; k < NTHREADS; k++) {
            const char *a = (char *)&rounds[i].signatures[0].cif, *b = (char *)&rounds[i].signatures[k].cif;
            expect(memcmp(a + START, b + START, sizeof(ffi_cif) - START) == 0);
        }
    CHECK_INT(atomic_load(&nwrong), 0);
}

/* -- closures -------------------------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Adds its user data to the first argument. */
static void add_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(long *)result = *(long *)args[0] + (long)(uintptr_t)user_data;
}

typedef struct Kept {
    Signature signature;
    Closure closure;
    long number;
} Kept;

static Kept *make_kept(uint64_t *random, ClosureForm form)
{
    Kept *kept = malloc(sizeof *kept);
    if (kept == NULL)
        abort();
    kept->number = next_random(random);
    expect(signature_prepare(&kept->signature, next_random(random) % 20000) == FFI_OK);
    expect(closure_make(&kept->closure, form, &kept->signature.cif, add_handler, (void *)kept->number));
    return kept;
}

static void call_kept(Kept *kept)
{
    long result = -1;
    kept->signature.numbers[0] = 7;
    ffi_call(&kept->signature.cif, closure_function(kept->closure.code), &result, kept->signature.values);
    expect(result == 7 + kept->number);
}

static void free_kept(Kept *kept)
{
    if (kept == NULL)
        return;
    call_kept(kept);
    closure_free(&kept->closure);
    free(kept);
}

static _Atomic(Kept *) mail[NTHREADS];

/* Keeps some, and leaves some for others, who call and free them. */
static void *use_closures(void *thread)
{
    uint64_t random = (uint64_t)(uintptr_t)thread + 1;
    Kept *kept[NKEPT] = {NULL};
    for (int i = 0; i < NOPERATIONS; i++) {
        uint32_t n = next_random(&random) % NKEPT;
        ClosureForm form = i % 64 == 0 ? CLOSURE_OWNED : next_random(&random) % 2 == 0 ? CLOSURE_ALLOCATED : CLOSURE_RAW;
        if (kept[n] == NULL)
            kept[n] = make_kept(&random, form);
        call_kept(kept[n]);
        if (n % 4 == 0)
            free_kept(atomic_exchange(&mail[n % NTHREADS], kept[n]));
        else if (next_random(&random) % 2 == 0)
            free_kept(kept[n]);
        else
            continue;
        kept[n] = NULL;
    }
    for (int n = 0; n < NKEPT; n++)
        free_kept(kept[n]);
    return NULL;
}

static void empty_mail(void)
{
    for (int i = 0; i < NTHREADS; i++)
        free_kept(atomic_exchange(&mail[i], NULL));
}

/* -- one ffi_cif ----------------------------------------------------------------------------------------------------------- */

static Kept *everybodys;

static void *call_everybodys(void *unused)
{
    (void)unused;
    for (long i = 0; i < NOPERATIONS; i++) {
        long result = -1;
        void *values[SIGNATURE_NARGS_MAX];
        memcpy(values, everybodys->signature.values, sizeof values);
        values[0] = &i;
        ffi_call(&everybodys->signature.cif, closure_function(everybodys->closure.code), &result, values);
        expect(result == i + everybodys->number);
    }
    return NULL;
}

static void check_everybodys(void)
{
    uint64_t random = 3;
    everybodys = make_kept(&random, CLOSURE_ALLOCATED);
    run_threads(call_everybodys);
    free_kept(everybodys);
}

/* -- fork ------------------------------------------------------------------------------------------------------------------ */

static _Atomic(int) is_over;

static void *use_closures_until_over(void *thread)
{
    uint64_t random = (uint64_t)(uintptr_t)thread + 100;
    Kept *kept[NKEPT * 8] = {NULL};
    for (unsigned i = 0; !atomic_load(&is_over); i++) {
        uint32_t n = next_random(&random) % (NKEPT * 8);
        free_kept(kept[n]);
        kept[n] = make_kept(&random, CLOSURE_ALLOCATED);
        if (i % 64 == 0)
            sched_yield();
    }
    for (int n = 0; n < NKEPT * 8; n++)
        free_kept(kept[n]);
    return NULL;
}

static int use_closures_in_child(uint64_t seed)
{
    static Kept *kept[NCHILD];
    static Signature signatures[NCHILD_CIFS];
    alarm(NSECONDS_MAX);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < NCHILD; i++)
            kept[i] = make_kept(&seed, CLOSURE_ALLOCATED);
        for (int i = 0; i < NCHILD; i++)
            free_kept(kept[i]);
    }
    for (uint64_t i = 0; i < NCHILD_CIFS; i++)
        expect(signature_prepare(&signatures[i], 10000000 + seed % 1000000 + i) == FFI_OK);
    use_type(&rounds[0].outer);
    return atomic_load(&nwrong) != 0;
}

static void run_child(uint64_t seed)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0)
        _exit(use_closures_in_child(seed));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK_INT(status, 0);
}

static void check_fork(void)
{
    pthread_t threads[NFORKING];
    for (uintptr_t i = 0; i < NFORKING; i++)
        if (pthread_create(&threads[i], NULL, use_closures_until_over, (void *)i) != 0)
            abort();
    for (uint64_t i = 0; i < NFORKS && unit_nfailed == 0; i++)
        run_child(i);
    atomic_store(&is_over, 1);
    for (int i = 0; i < NFORKING; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(atomic_load(&nwrong), 0);
}

int main(void)
{
    if (pthread_barrier_init(&start_line, NULL, NTHREADS) != 0)
        return 1;
    make_types();
    check_first();
    run_threads(use_closures);
    empty_mail();
    check_everybodys();
    if (IS_SANITIZED)
        printf("skipped: libffi_threads: fork (sanitizers' malloc hangs there)\n");
    else
        check_fork();
    return unit_end("libffi_threads");
}
