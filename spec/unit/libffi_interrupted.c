/* Calls and closures of libffi.so.8 interrupted at any instruction: by a signal whose handler looks down the stack, by one whose handler jumps
 * out, and by the asynchronous cancellation of their thread. And interrupted by themselves: coroutines that leave a callee or a handler
 * for one another, and go on in another thread. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

#include "libffi_closures.h"

enum { NINTERRUPTS = 3000, NROUNDS_MAX = 100000000, NCANCELLED = 300, NLARGE = 600 };

/* -- calls of closures ---------------------------------------------------------------------------------------------------- */

typedef struct Large {
    long a[NLARGE];
} Large;

static ffi_type *large_elements[NLARGE + 1], large_type = {0, 0, FFI_TYPE_STRUCT, large_elements};

/* Of each ABI. */
static struct Set {
    ffi_abi abi;
    ffi_cif sum_cif, large_cif;
    Closure closures[CLOSURE_FORM_COUNT], large_closure;
} sets[] = {{.abi = FFI_UNIX64}, {.abi = FFI_WIN64}};

enum { NSETS = sizeof sets / sizeof *sets };

/* a + b * c + d: from registers of both kinds, and the stack. */
static void sum_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(double *)result = (double)*(long *)args[0] + *(double *)args[1] * *(double *)args[2] + *(int *)args[8];
}

/* A struct's last number, as its first. */
static void large_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    ((Large *)result)->a[0] = ((Large *)args[0])->a[NLARGE - 1];
}

static void make_closures(struct Set *set)
{
    static ffi_type *large_args[] = {&large_type};
    static ffi_type *args[] = {&ffi_type_slong,   &ffi_type_double,  &ffi_type_double,  &ffi_type_pointer, &ffi_type_pointer,
                               &ffi_type_pointer, &ffi_type_pointer, &ffi_type_pointer, &ffi_type_sint};
    for (int i = 0; i < NLARGE; i++)
        large_elements[i] = &ffi_type_slong;
    CHECK_INT(ffi_prep_cif(&set->sum_cif, set->abi, 9, &ffi_type_double, args), FFI_OK);
    CHECK_INT(ffi_prep_cif(&set->large_cif, set->abi, 1, &large_type, large_args), FFI_OK);
    for (int form = 0; form < CLOSURE_FORM_COUNT; form++)
        CHECK(closure_make(&set->closures[form], (ClosureForm)form, &set->sum_cif, sum_handler, NULL));
    CHECK(closure_make(&set->large_closure, CLOSURE_ALLOCATED, &set->large_cif, large_handler, NULL));
}

/* How many results are wrong. */
static int call_set(struct Set *set, int round)
{
    static Large large = {{0}}; /* only read */
    Large large_result;
    long a = round;
    double b = 2.5, c = 4, result = 0;
    int d = -round, nwrong = 0;
    void *p = NULL, *args[] = {&a, &b, &c, &p, &p, &p, &p, &p, &d}, *large_args[] = {&large};
    for (int form = 0; form < CLOSURE_FORM_COUNT; form++) {
        ffi_call(&set->sum_cif, closure_function(set->closures[form].code), &result, args);
        nwrong += result != 10;
    }
    ffi_call(&set->large_cif, closure_function(set->large_closure.code), &large_result, large_args);
    ffi_call(&set->large_cif, closure_function(set->large_closure.code), NULL, large_args);
    return nwrong + (large_result.a[0] != 0);
}

static int call_round(int round)
{
    int nwrong = 0;
    for (int i = 0; i < NSETS; i++)
        nwrong += call_set(&sets[i], round);
    return nwrong;
}

/* -- signals -------------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t ninterrupts, nlost;
static void *sought;

static _Unwind_Reason_Code seek(struct _Unwind_Context *context, void *is_found)
{
    if (_Unwind_FindEnclosingFunction((void *)_Unwind_GetIP(context)) != sought)
        return _URC_NO_REASON;
    *(bool *)is_found = true;
    return _URC_END_OF_STACK;
}

/* No unwinder knows code that stands in memory of ours. */
static bool is_in_owned_code(const ucontext_t *context)
{
    uintptr_t ip = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    bool is_inside = false;
    for (int i = 0; i < NSETS; i++)
        is_inside = is_inside || ip - (uintptr_t)sets[i].closures[CLOSURE_OWNED].code < FFI_TRAMPOLINE_SIZE;
    return is_inside;
}

static void look_down(int number, siginfo_t *info, void *context)
{
    bool is_found = is_in_owned_code(context);
    (void)number;
    (void)info;
    if (!is_found)
        _Unwind_Backtrace(seek, &is_found);
    nlost += !is_found;
    ninterrupts++;
}

static sigjmp_buf way_out;

static void jump_out(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
    ninterrupts++;
    siglongjmp(way_out, 1);
}

static void interrupt(void (*handler)(int, siginfo_t *, void *))
{
    static const struct itimerval soon = {{0, 40}, {0, 40}};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    ninterrupts = 0;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void stop_interrupting(void)
{
    static const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_IGN);
}

__attribute__((noinline)) static void check_looks(void)
{
    int nwrong = 0;
    void (*self)(void) = check_looks;
    memcpy(&sought, &self, sizeof sought);
    interrupt(look_down);
    for (int i = 0; i < NROUNDS_MAX && ninterrupts < NINTERRUPTS; i++)
        nwrong += call_round(i);
    stop_interrupting();
    CHECK_INT(nwrong, 0);
    CHECK_INT(nlost, 0);
}

static void check_jumps(void)
{
    static volatile int nwrong, round;
    sigsetjmp(way_out, 1);
    if (ninterrupts == 0)
        interrupt(jump_out);
    for (; round < NROUNDS_MAX && ninterrupts < NINTERRUPTS; round++)
        nwrong += call_round(round);
    stop_interrupting();
    CHECK_INT(nwrong, 0);
    CHECK_INT(call_round(5), 0);
}

/* -- cancellation ---------------------------------------------------------------------------------------------------------- */

static _Atomic(int) ncleaned, nwrong_in_threads;
static pthread_barrier_t start_line;

static void clean(void *unused)
{
    (void)unused;
    atomic_fetch_add(&ncleaned, 1);
}

static void *call_for_ever(void *unused)
{
    int round = 0, type;
    (void)unused;
    pthread_cleanup_push(clean, NULL);
    pthread_barrier_wait(&start_line);
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &type);
    for (;;)
        if (call_round(round++ % 1000) != 0)
            atomic_fetch_add(&nwrong_in_threads, 1);
    pthread_cleanup_pop(0);
    return NULL;
}

static void check_cancelled(void)
{
    pthread_barrier_init(&start_line, NULL, 2);
    for (int i = 0; i < NCANCELLED; i++) {
        const struct timespec nap = {.tv_nsec = 997L * i % 50000};
        pthread_t thread;
        void *result = NULL;
        CHECK_INT(pthread_create(&thread, NULL, call_for_ever, NULL), 0);
        pthread_barrier_wait(&start_line);
        nanosleep(&nap, NULL);
        CHECK_INT(pthread_cancel(thread), 0);
        CHECK_INT(pthread_join(thread, &result), 0);
        CHECK(result == PTHREAD_CANCELED);
    }
    CHECK_INT(ncleaned, NCANCELLED);
    CHECK_INT(nwrong_in_threads, 0);
}

/* -- coroutines ------------------------------------------------------------------------------------------------------------ */

enum { NCOROUTINES = 8, NYIELDS = 500, COROUTINE_NBYTES = 256 << 10 };

static struct Coroutine {
    ucontext_t context;
    char stack[COROUTINE_NBYTES];
    Closure closure;
    int nwrong, nrounds;
} coroutines[NCOROUTINES];

static ucontext_t scheduler;
static struct Coroutine *running;

static void yield(void)
{
    swapcontext(&running->context, &scheduler);
}

/* Yields within a callee, too: the sum is made by a call that yields. */
static long yield_and_add(long a, long b)
{
    yield();
    return a + b;
}

static void yield_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    const struct Coroutine *self = user_data;
    long sum = 0, number = self - coroutines;
    void *values[] = {args[0], &number};
    yield();
    ffi_call(cif, FFI_FN(yield_and_add), &sum, values);
    yield();
    *(long *)result = sum;
}

static ffi_cif pair_cif;

static void run_coroutine(void)
{
    struct Coroutine *self = running;
    for (long i = 0; i < NYIELDS; i++) {
        long number = i, unused = 0, result = -1;
        void *values[] = {&number, &unused};
        ffi_call(&pair_cif, closure_function(self->closure.code), &result, values);
        self->nwrong += result != i + (self - coroutines);
        self->nrounds++;
    }
}

/* Half of what is to be done, one after the other. */
static void *schedule(void *unused)
{
    (void)unused;
    for (int i = 0; i < NYIELDS * 3 / 2; i++)
        for (int n = 0; n < NCOROUTINES; n++) {
            running = &coroutines[n];
            swapcontext(&scheduler, &running->context);
        }
    return NULL;
}

static void check_coroutines(void)
{
    static ffi_type *args[] = {&ffi_type_slong, &ffi_type_slong};
    pthread_t thread;
    CHECK_INT(ffi_prep_cif(&pair_cif, FFI_UNIX64, 2, &ffi_type_slong, args), FFI_OK);
    for (int i = 0; i < NCOROUTINES; i++) {
        struct Coroutine *one = &coroutines[i];
        CHECK(closure_make(&one->closure, i % 2 == 0 ? CLOSURE_ALLOCATED : CLOSURE_OWNED, &pair_cif, yield_handler, one));
        getcontext(&one->context);
        one->context.uc_stack.ss_sp = one->stack;
        one->context.uc_stack.ss_size = sizeof one->stack;
        one->context.uc_link = &scheduler;
        makecontext(&one->context, run_coroutine, 0);
    }
    schedule(NULL);
    CHECK(pthread_create(&thread, NULL, schedule, NULL) == 0 && pthread_join(thread, NULL) == 0);
    for (int i = 0; i < NCOROUTINES; i++) {
        CHECK_INT(coroutines[i].nrounds, NYIELDS - 1); /* the last one is about to return */
        CHECK_INT(coroutines[i].nwrong, 0);
    }
}

int main(void)
{
    for (int i = 0; i < NSETS; i++)
        make_closures(&sets[i]);
    CHECK_INT(call_round(3), 0);
    check_looks();
    check_jumps();
    check_coroutines();
    if (IS_SANITIZED)
        printf("skipped: libffi_interrupted: cancellation (sanitizers' functions cannot be left at any instruction)\n");
    else
        check_cancelled();
    return unit_end("libffi_interrupted");
}
