/* C that calls function pointers: again and again, later, in other threads. The specs read this file too, through the preprocessor. */

typedef int (*cbk_int)(int);
typedef struct cbk_small { int a; float b; } cbk_small;
typedef struct cbk_large { long a; double b; char c[40]; } cbk_large;

/* The sum of f(0) to f(n - 1). */
int cbk_sum(cbk_int f, int n);
/* f(n). */
int cbk_call(cbk_int f, int n);

/* Sets errno, calls, and returns what errno is then. */
int cbk_errno(void (*f)(void), int before);

/* Kept for later: called by cbk_kept, and at the end of the process. What the function returned is written then, as "at exit: N". */
void cbk_keep(cbk_int f);
int cbk_kept(int n);
void cbk_call_at_exit(cbk_int f);
/* The function that cbk_kept calls when the library is unloaded. */
void cbk_call_at_unload(cbk_int f);

/* -- threads: nthreads of them call a function ncalls times each, with numbers made of the thread's and the call's; cbk_join waits for
 * them and returns how many results were right: for n, 3 * n + 1. ------------------------------------------------------------------ */

typedef struct cbk_threads cbk_threads;
extern volatile int cbk_is_closed; /* threads wait before their first call until it is 0 */
extern volatile int cbk_nentered;  /* that have gone on to it */
long cbk_wanted(long n);
cbk_threads *cbk_start_int(int (*f)(int), int nthreads, int ncalls);
cbk_threads *cbk_start_double(double (*f)(double), int nthreads, int ncalls);
cbk_threads *cbk_start_bool(_Bool (*f)(long), int nthreads, int ncalls); /* right: whether cbk_wanted(n) is odd */
cbk_threads *cbk_start_void(void (*f)(int *), int nthreads, int ncalls); /* *f has it */
cbk_threads *cbk_start_pointer(const char *(*f)(const char *), int nthreads, int ncalls); /* in decimal */
cbk_threads *cbk_start_small(cbk_small (*f)(cbk_small), int nthreads, int ncalls);
cbk_threads *cbk_start_large(cbk_large (*f)(int, cbk_large), int nthreads, int ncalls);
cbk_threads *cbk_start_extended(long double (*f)(long double, long double _Complex), int nthreads, int ncalls);
cbk_threads *cbk_start_many(long (*f)(long, long, long, long, long, long, long, long, double, double, double, double, double, double,
                                      double, double, double), int nthreads, int ncalls); /* the sum of the arguments, times 3, plus 1 */
extern cbk_int cbk_variable;
/* Results that were right, so far; whether all threads have ended. */
long cbk_nright(cbk_threads *threads);
long cbk_nzero(cbk_threads *threads);
int cbk_is_over(cbk_threads *threads);
long cbk_join(cbk_threads *threads);
int cbk_wait(int which); /* for the end of all threads that there are: how many results were zero, of them all; 0 for 2 */
/* Sends SIGUSR1, which does nothing, to the calling thread twenty times, so many milliseconds apart. */
void cbk_signal_soon(int milliseconds);
