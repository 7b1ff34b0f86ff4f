/* Large calls and closures of libffi.so.8: a hundred thousand arguments, structs of megabytes; and where the stack ends before the arguments do,
 * the guard page is met and nothing below it written. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>

#include "libffi_closures.h"

/* -- many arguments, large ones ----------------------------------------------------------------------------------------------- */

enum { NMANY = 100000, LARGE_NBYTES = 2 << 20 };

static long sum_of(long n, ...)
{
    long sum = n;
    va_list list;
    va_start(list, n);
    for (long i = 1; i < n; i++)
        sum += va_arg(list, long);
    va_end(list);
    return sum;
}

static void sum_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    long sum = 0;
    (void)user_data;
    for (unsigned i = 0; i < cif->nargs; i++)
        sum += *(long *)args[i];
    *(long *)result = sum;
}

static void check_many_arguments(void)
{
    static ffi_type *types[NMANY];
    static long numbers[NMANY];
    static void *values[NMANY];
    ffi_cif cif;
    Closure closure;
    long sum = 0, result = 0;
    for (int i = 0; i < NMANY; i++) {
        types[i] = &ffi_type_slong;
        numbers[i] = i == 0 ? NMANY : i % 1000;
        values[i] = &numbers[i];
        sum += numbers[i];
    }
    CHECK_INT(ffi_prep_cif_var(&cif, FFI_UNIX64, 1, NMANY, &ffi_type_slong, types), FFI_OK);
    ffi_call(&cif, FFI_FN(sum_of), &result, values);
    CHECK_INT(result, sum);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, NMANY, &ffi_type_slong, types), FFI_OK);
    CHECK(closure_make(&closure, CLOSURE_ALLOCATED, &cif, sum_handler, NULL));
    result = 0;
    ffi_call(&cif, closure_function(closure.code), &result, values);
    CHECK_INT(result, sum);
    closure_free(&closure);
}

typedef struct Large {
    char bytes[LARGE_NBYTES];
} Large;

/* Its size is said, its elements are those of its first word. */
static ffi_type *large_elements[] = {&ffi_type_slong, NULL};
static ffi_type large_type = {LARGE_NBYTES, 1, FFI_TYPE_STRUCT, large_elements};
static Large large;

static long ends_of(Large value, long number)
{
    return value.bytes[0] + value.bytes[LARGE_NBYTES - 1] + number;
}

static void ends_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    const Large *value = args[0];
    (void)cif;
    (void)user_data;
    *(long *)result = value->bytes[0] + value->bytes[LARGE_NBYTES - 1] + *(long *)args[1];
}

static Large return_large(void)
{
    return large;
}

static __attribute__((ms_abi)) long ms_ends_of(Large value, long number)
{
    return ends_of(value, number);
}

static __attribute__((ms_abi)) Large ms_return_large(void)
{
    return large;
}

static void check_large_struct(ffi_abi abi, void (*ends)(void), void (*returns)(void))
{
    ffi_type *types[] = {&large_type, &ffi_type_slong};
    ffi_cif cif, result_cif;
    Closure closure;
    long number = 40, result = 0;
    void *values[] = {&large, &number};
    Large *copy = calloc(1, sizeof *copy);
    large.bytes[0] = 1;
    large.bytes[LARGE_NBYTES - 1] = 1;
    CHECK_INT(ffi_prep_cif(&cif, abi, 2, &ffi_type_slong, types), FFI_OK);
    ffi_call(&cif, ends, &result, values);
    CHECK_INT(result, 42);
    CHECK(closure_make(&closure, CLOSURE_ALLOCATED, &cif, ends_handler, NULL));
    ffi_call(&cif, closure_function(closure.code), &result, values);
    CHECK_INT(result, 42);
    closure_free(&closure);
    CHECK_INT(ffi_prep_cif(&result_cif, abi, 0, &large_type, NULL), FFI_OK);
    ffi_call(&result_cif, returns, copy, NULL);
    CHECK(memcmp(copy, &large, sizeof large) == 0);
    ffi_call(&result_cif, returns, NULL, NULL);
    free(copy);
}

/* -- the end of the stack ----------------------------------------------------------------------------------------------------- */

/* Of a thread: a stack of so many bytes, a page that must not be touched, and other memory below. */
enum { BELOW_NBYTES = 4 << 20, PAGE = 4096, STACK_NBYTES = 256 << 10, FILL = 0xa5 };

static struct {
    char *below, *guard, *stack;
    void (*overflow)(void);
    sigjmp_buf way_out;
    void *volatile address; /* that was touched */
} end;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    end.address = info->si_addr;
    siglongjmp(end.way_out, 1);
}

static void *overflow_in_thread(void *unused)
{
    static char other_stack[64 << 10];
    const stack_t other = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    (void)unused;
    sigaltstack(&other, NULL);
    if (sigsetjmp(end.way_out, 1) == 0)
        end.overflow();
    return NULL;
}

static void check_overflow(const char *name, void (*overflow)(void))
{
    pthread_attr_t attributes;
    pthread_t thread;
    end.overflow = overflow;
    end.address = NULL;
    memset(end.below, FILL, BELOW_NBYTES);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, end.stack, STACK_NBYTES);
    CHECK_INT(pthread_create(&thread, &attributes, overflow_in_thread, NULL), 0);
    CHECK_INT(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    const char *address = end.address;
    if (!unit_check(address >= end.guard && address < end.stack, __FILE__, __LINE__, name))
        fprintf(stderr, "    %p touched, %p the stack\n", end.address, (void *)end.stack);
    CHECK(end.below[0] == (char)FILL && memcmp(end.below, end.below + 1, BELOW_NBYTES - 1) == 0);
}

static ffi_cif large_cif, large_result_cif, many_cif;

static void never_reached(void)
{
    abort();
}

static void overflow_by_argument(void)
{
    long number = 0, result;
    void *values[] = {&large, &number};
    ffi_call(&large_cif, never_reached, &result, values);
}

static void overflow_by_go_argument(void)
{
    long number = 0, result;
    void *values[] = {&large, &number};
    ffi_call_go(&large_cif, never_reached, &result, values, NULL);
}

static void overflow_by_result(void)
{
    ffi_call(&large_result_cif, never_reached, NULL, NULL);
}

static void overflow_by_go_result(void)
{
    ffi_call_go(&large_result_cif, never_reached, NULL, NULL, NULL);
}

static void overflow_by_raw(void)
{
    static ffi_raw raw[NMANY];
    long result;
    ffi_raw_call(&many_cif, never_reached, &result, raw);
}

static void check_overflows(const char *abi_name, ffi_abi abi)
{
    static ffi_type *types[NMANY], *two[] = {&large_type, &ffi_type_slong};
    static const struct {
        const char *name;
        void (*run)(void);
    } overflows[] = {
        {"an argument", overflow_by_argument},
        {"an argument of a call with a static chain", overflow_by_go_argument},
        {"a result that nobody wants", overflow_by_result},
        {"that of a call with a static chain", overflow_by_go_result},
        {"many words", overflow_by_raw},
    };
    char name[128];
    for (int i = 0; i < NMANY; i++)
        types[i] = &ffi_type_slong;
    CHECK_INT(ffi_prep_cif(&large_cif, abi, 2, &ffi_type_slong, two), FFI_OK);
    CHECK_INT(ffi_prep_cif(&large_result_cif, abi, 0, &large_type, NULL), FFI_OK);
    CHECK_INT(ffi_prep_cif(&many_cif, abi, NMANY, &ffi_type_slong, types), FFI_OK);
    for (size_t i = 0; i < sizeof overflows / sizeof *overflows; i++) {
        snprintf(name, sizeof name, "%s: %s", abi_name, overflows[i].name);
        check_overflow(name, overflows[i].run);
    }
}

static void check_ends(void)
{
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK}, before;
    end.below = mmap(NULL, BELOW_NBYTES + PAGE + STACK_NBYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    end.guard = end.below + BELOW_NBYTES;
    end.stack = end.guard + PAGE;
    CHECK_INT(mprotect(end.guard, PAGE, PROT_NONE), 0);
    sigaction(SIGSEGV, &action, &before);
    check_overflows("System V", FFI_UNIX64);
    check_overflows("Microsoft", FFI_WIN64);
    sigaction(SIGSEGV, &before, NULL);
    munmap(end.below, BELOW_NBYTES + PAGE + STACK_NBYTES);
}

int main(void)
{
    check_many_arguments();
    check_large_struct(FFI_UNIX64, FFI_FN(ends_of), FFI_FN(return_large));
    check_large_struct(FFI_WIN64, FFI_FN(ms_ends_of), FFI_FN(ms_return_large));
    if (IS_SANITIZED)
        printf("skipped: libffi_large: the end of the stack (sanitizers look at signals and stacks)\n");
    else
        check_ends();
    return unit_end("libffi_large");
}
