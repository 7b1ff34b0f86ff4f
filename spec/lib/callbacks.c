/* See callbacks.h. */
#define _GNU_SOURCE
#include "callbacks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cbk_call(cbk_int f, int n)
{
    return f(n);
}

int cbk_sum(cbk_int f, int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++)
        sum += f(i);
    return sum;
}

int cbk_errno(void (*f)(void), int before)
{
    errno = before;
    f();
    return errno;
}

cbk_int cbk_variable;
static cbk_int kept, kept_for_exit, kept_for_unload;

void cbk_keep(cbk_int f)
{
    kept = f;
}

int cbk_kept(int n)
{
    return kept(n);
}

static void at_exit(void)
{
    int result = kept_for_exit(1);
    result += kept_for_exit(2);
    printf("at exit: %d\n", result);
    fflush(stdout);
}

void cbk_call_at_exit(cbk_int f)
{
    kept_for_exit = f;
    atexit(at_exit);
}

void cbk_call_at_unload(cbk_int f)
{
    kept_for_unload = f;
}

__attribute__((destructor)) static void at_unload(void)
{
    if (kept_for_unload != NULL) {
        printf("at unload: %d\n", kept_for_unload(3));
        fflush(stdout);
    }
}

/* -- threads ----------------------------------------------------------------------------------------------------------------------- */

enum { NTHREADS_MAX = 64 };

struct cbk_threads {
    cbk_threads *older;
    int (*is_right)(void (*f)(void), long n); /* -1: zero */
    void (*f)(void);
    int nthreads, ncalls;
    atomic_long nright, nzero;
    atomic_int next, nover;
    pthread_t threads[NTHREADS_MAX];
};

long cbk_wanted(long n)
{
    return 3 * n + 1;
}

volatile int cbk_is_closed, cbk_nentered;

static void wait_for(int milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

static void *run(void *argument)
{
    cbk_threads *all = argument;
    while (__atomic_load_n(&cbk_is_closed, __ATOMIC_ACQUIRE))
        wait_for(1);
    __atomic_add_fetch(&cbk_nentered, 1, __ATOMIC_RELEASE);
    int number = atomic_fetch_add(&all->next, 1);
    for (int i = 0; i < all->ncalls; i++) {
        int is_right = all->is_right(all->f, (long)number * all->ncalls + i);
        if (is_right > 0)
            atomic_fetch_add(&all->nright, 1);
        else if (is_right < 0)
            atomic_fetch_add(&all->nzero, 1);
    }
    atomic_fetch_add(&all->nover, 1);
    return NULL;
}

static cbk_threads *newest;

int cbk_wait(int which)
{
    int nzero = 0;
    for (cbk_threads *all = which == 1 ? newest : NULL; all != NULL; all = all->older) {
        while (!cbk_is_over(all))
            wait_for(1);
        cbk_join(all);
        nzero += (int)all->nzero;
    }
    return nzero;
}

static cbk_threads *start(int (*is_right)(void (*)(void), long), void (*f)(void), int nthreads, int ncalls)
{
    cbk_threads *all = calloc(1, sizeof *all);
    if (all == NULL || nthreads > NTHREADS_MAX)
        abort();
    all->is_right = is_right;
    all->f = f;
    all->nthreads = nthreads;
    all->ncalls = ncalls;
    all->older = newest;
    newest = all;
    for (int i = 0; i < nthreads; i++)
        if (pthread_create(&all->threads[i], NULL, run, all) != 0)
            abort();
    return all;
}

long cbk_nright(cbk_threads *threads)
{
    return threads->nright;
}

long cbk_nzero(cbk_threads *threads)
{
    return threads->nzero;
}

int cbk_is_over(cbk_threads *threads)
{
    return threads->nover == threads->nthreads;
}

long cbk_join(cbk_threads *threads)
{
    for (int i = 0; i < threads->nthreads; i++)
        pthread_join(threads->threads[i], NULL);
    return threads->nright;
}

#define JUDGE(result, wanted) ((result) == (wanted) ? 1 : (result) == 0 ? -1 : 0)

static int judge_int(void (*f)(void), long n)
{
    int result = ((int (*)(int))f)((int)n);
    return JUDGE(result, (int)cbk_wanted(n));
}

static int judge_double(void (*f)(void), long n)
{
    double result = ((double (*)(double))f)((double)n);
    return JUDGE(result, (double)cbk_wanted(n));
}

static int judge_bool(void (*f)(void), long n)
{
    return ((_Bool (*)(long))f)(n) == (cbk_wanted(n) % 2 != 0);
}

static int judge_void(void (*f)(void), long n)
{
    int place = (int)n;
    ((void (*)(int *))f)(&place);
    return place == (int)cbk_wanted(n);
}

static int judge_pointer(void (*f)(void), long n)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", n);
    const char *result = ((const char *(*)(const char *))f)(text);
    return result == NULL ? -1 : atol(result) == cbk_wanted(n);
}

static int judge_small(void (*f)(void), long n)
{
    cbk_small result = ((cbk_small (*)(cbk_small))f)((cbk_small){(int)n, (float)n});
    return result.a == 0 && result.b == 0 ? -1 : result.a == (int)cbk_wanted(n) && result.b == (float)cbk_wanted(n);
}

static int judge_large(void (*f)(void), long n)
{
    cbk_large given = {.a = n, .b = (double)n}, result;
    memset(&result, 0x55, sizeof result);
    snprintf(given.c, sizeof given.c, "%ld", n);
    result = ((cbk_large(*)(int, cbk_large))f)((int)n, given);
    if (result.a == 0 && result.b == 0 && result.c[0] == '\0')
        return -1;
    return result.a == cbk_wanted(n) && result.b == (double)cbk_wanted(n) && strcmp(result.c, given.c) == 0;
}

static int judge_extended(void (*f)(void), long n)
{
    long double result = ((long double (*)(long double, long double _Complex))f)((long double)n, (long double)n + 1.0Li);
    return JUDGE(result, (long double)cbk_wanted(n));
}

static int judge_many(void (*f)(void), long n)
{
    long (*many)(long, long, long, long, long, long, long, long, double, double, double, double, double, double, double, double,
                 double) = (long (*)(long, long, long, long, long, long, long, long, double, double, double, double, double, double,
                                     double, double, double))f;
    long result = many(n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
    return JUDGE(result, cbk_wanted(n + 152));
}

#define STARTER(name, T) \
    cbk_threads *cbk_start_##name(T, int nthreads, int ncalls) \
    { \
        return start(judge_##name, (void (*)(void))f, nthreads, ncalls); \
    }

#pragma GCC diagnostic ignored "-Wcast-function-type"

STARTER(int, int (*f)(int))
STARTER(double, double (*f)(double))
STARTER(bool, _Bool (*f)(long))
STARTER(void, void (*f)(int *))
STARTER(pointer, const char *(*f)(const char *))
STARTER(small, cbk_small (*f)(cbk_small))
STARTER(large, cbk_large (*f)(int, cbk_large))
STARTER(extended, long double (*f)(long double, long double _Complex))

cbk_threads *cbk_start_many(long (*f)(long, long, long, long, long, long, long, long, double, double, double, double, double, double,
                                      double, double, double), int nthreads, int ncalls)
{
    return start(judge_many, (void (*)(void))f, nthreads, ncalls);
}

static void do_nothing(int number)
{
    (void)number;
}

static pthread_t signalled;
static int signal_delay;

static void *send_signal(void *argument)
{
    for (int i = 0; i < 20; i++) {
        wait_for(signal_delay);
        pthread_kill(signalled, SIGUSR1);
    }
    return argument;
}

void cbk_signal_soon(int milliseconds)
{
    struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
    pthread_t thread;
    sigaction(SIGUSR1, &action, NULL);
    signalled = pthread_self();
    signal_delay = milliseconds;
    if (pthread_create(&thread, NULL, send_signal, NULL) == 0)
        pthread_detach(thread);
}
