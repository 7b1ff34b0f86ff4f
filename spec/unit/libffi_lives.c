/* The lives of libffi.so.8's closures: in memory of the program's own, with one view or several; prepared again, freed while they run, called when
 * they are gone; where their code begins. And large ones: calls and closures with a hundred thousand arguments and with structs of megabytes, and where the stack ends
 * before the arguments do. */
#include <complex.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "libffi_closures.h"

typedef long UnaryLong(long);

static long call(void *code, long number)
{
    return ((UnaryLong *)closure_function(code))(number);
}

static ffi_cif long_cif;
static ffi_type *long_args[] = {&ffi_type_slong};

static void add_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(long *)result = *(long *)args[0] + (long)(uintptr_t)user_data;
}

/* -- where code begins --------------------------------------------------------------------------------------------------------- */

extern const unsigned char branch_target[4];
__asm__(".section .rodata\n"
        "branch_target:\n"
        "    endbr64\n"
        ".text\n");

/* Where indirect branches are tracked they may lead there alone. */
static void check_branch_targets(ffi_abi abi)
{
    ffi_go_closure go;
    ffi_cif cif;
    CHECK_INT(ffi_prep_cif(&cif, abi, 1, &ffi_type_slong, long_args), FFI_OK);
    for (unsigned form = 0; form < CLOSURE_FORM_COUNT; form++) {
        Closure closure;
        if (!CHECK(closure_make(&closure, (ClosureForm)form, &cif, add_handler, NULL)))
            return;
        CHECK(memcmp(closure.code, branch_target, sizeof branch_target) == 0);
        closure_free(&closure);
    }
    CHECK_INT(ffi_prep_go_closure(&go, &cif, NULL), FFI_OK);
    CHECK(memcmp(go.tramp, branch_target, sizeof branch_target) == 0);
}

/* -- in memory of our own ----------------------------------------------------------------------------------------------------- */

enum { PAGE = 4096, FILL = 0xa5 };

static unsigned count_written(const unsigned char *memory, size_t start, size_t end)
{
    unsigned n = 0;
    for (size_t i = start; i < end; i++)
        n += memory[i] != FILL;
    return n;
}

/* A closure in the midst of a page that is ours; `nbytes` of it are the closure. */
static void check_written(ClosureForm form, size_t nbytes)
{
    enum { AT = 1024 };
    void *writable, *executable;
    if (!CHECK(closure_map_twice(&writable, &executable)))
        return;
    memset(writable, FILL, PAGE);
    Closure closure = {.form = form, .cif = &long_cif, .handler = add_handler, .user_data = (void *)5};
    closure.memory = (char *)writable + AT;
    closure.code = (char *)executable + AT;
    CHECK_INT(closure_prepare(&closure), FFI_OK);
    CHECK_INT(count_written(writable, 0, AT), 0);
    CHECK_INT(count_written(writable, AT + nbytes, PAGE), 0);
    CHECK(count_written(writable, AT, AT + FFI_TRAMPOLINE_SIZE) > 0);
    CHECK_INT(call(closure.code, 37), 42);
    munmap(writable, PAGE);
    munmap(executable, PAGE);
}

/* Its code works wherever it is mapped, and needs the writable view no more. */
static void check_views(ClosureForm form)
{
    int descriptor = memfd_create("closure", MFD_CLOEXEC);
    CHECK_INT(ftruncate(descriptor, PAGE), 0);
    Closure closure = {.form = form, .cif = &long_cif, .handler = add_handler, .user_data = (void *)5};
    closure.memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    closure.code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, descriptor, 0);
    char *other_code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, descriptor, 0);
    close(descriptor);
    CHECK_INT(closure_prepare(&closure), FFI_OK);
    CHECK_INT(call(other_code, 37), 42);
    munmap(closure.memory, PAGE);
    CHECK_INT(call(closure.code, 37), 42);
    CHECK_INT(call(other_code, 37), 42);
    munmap(closure.code, PAGE);
    munmap(other_code, PAGE);
}

/* One view, first written and then executed. */
static void check_one_view(void)
{
    ffi_closure *closure = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    CHECK_INT(ffi_prep_closure(closure, &long_cif, add_handler, (void *)5), FFI_OK);
#pragma GCC diagnostic pop
    CHECK_INT(mprotect(closure, PAGE, PROT_READ | PROT_EXEC), 0);
    CHECK_INT(call(closure, 37), 42);
    munmap(closure, PAGE);
}

/* -- lives -------------------------------------------------------------------------------------------------------------------- */

typedef struct Triple {
    long a, b, c;
} Triple;

static ffi_type *triple_elements[] = {&ffi_type_slong, &ffi_type_slong, &ffi_type_slong, NULL};
static ffi_type triple_type = {0, 0, FFI_TYPE_STRUCT, triple_elements};

static void fill_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)args;
    (void)user_data;
    memset(result, 1, cif->rtype->size);
}

/* A closure of that result, called before it is freed and afterwards, when nothing is left of it but its code. */
#define CHECK_GONE(ctype, ffitype)                                                                                     \
    do {                                                                                                               \
        static ctype live, gone, zero, ones;                                                                           \
        ffi_cif cif;                                                                                                   \
        void *code;                                                                                                    \
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);                                              \
        memset(&ones, 1, sizeof ones);                                                                                 \
        memset(&gone, 2, sizeof gone);                                                                                 \
        CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 0, &ffitype, NULL), FFI_OK);                                          \
        CHECK_INT(ffi_prep_closure_loc(closure, &cif, fill_handler, NULL, code), FFI_OK);                              \
        live = ((ctype(*)(void))closure_function(code))();                                                                  \
        CHECK(memcmp(&live, &ones, sizeof live) == 0);                                                                 \
        ffi_closure_free(closure);                                                                                     \
        memset(&cif, FILL, sizeof cif);                                                                                \
        gone = ((ctype(*)(void))closure_function(code))();                                                                  \
        CHECK(memcmp(&gone, &zero, sizeof gone) == 0);                                                                 \
    } while (0)

static void check_gone(void)
{
    CHECK_GONE(signed char, ffi_type_schar);
    CHECK_GONE(long, ffi_type_slong);
    CHECK_GONE(double, ffi_type_double);
    CHECK_GONE(double _Complex, ffi_type_complex_double);
    CHECK_GONE(Triple, triple_type);
}

static void check_never_prepared(void)
{
    void *code, *code_again;
    for (int i = 0; i < 1000; i++) {
        void *closure = ffi_closure_alloc(sizeof(ffi_closure), &code), *other = ffi_closure_alloc(sizeof(ffi_closure), &code_again);
        CHECK(closure != NULL && other != NULL && code != code_again);
        ffi_closure_free(closure);
        ffi_closure_free(other);
    }
}

static void negate_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)user_data;
    *(double *)result = -*(double *)args[0];
}

/* Another signature, and then the first one again. */
static void check_prepared_again(void)
{
    ffi_cif double_cif;
    ffi_type *args[] = {&ffi_type_double};
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    CHECK_INT(ffi_prep_cif(&double_cif, FFI_UNIX64, 1, &ffi_type_double, args), FFI_OK);
    for (long i = 0; i < 100; i++) {
        CHECK_INT(ffi_prep_closure_loc(closure, &long_cif, add_handler, (void *)i, code), FFI_OK);
        CHECK_INT(call(code, 1), i + 1);
        CHECK_INT(ffi_prep_closure_loc(closure, &double_cif, negate_handler, NULL, code), FFI_OK);
        CHECK(((double (*)(double))closure_function(code))(1.5) == -1.5);
    }
    ffi_closure_free(closure);
}

/* Frees the closure that it is called by, has its memory used by others, and prepares its code's next owner. */
static void free_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    void *code;
    (void)cif;
    ffi_closure_free(user_data);
    ffi_closure *next = ffi_closure_alloc(sizeof(ffi_closure), &code);
    CHECK_INT(ffi_prep_closure_loc(next, &long_cif, add_handler, (void *)1000, code), FFI_OK);
    CHECK_INT(call(code, 1), 1001);
    ffi_closure_free(next);
    *(long *)result = *(long *)args[0] + 1;
}

static void check_freed_inside(void)
{
    for (int i = 0; i < 600; i++) {
        void *code;
        ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
        CHECK_INT(ffi_prep_closure_loc(closure, &long_cif, free_handler, closure, code), FFI_OK);
        CHECK_INT(call(code, 41), 42);
    }
}

/* Calls itself, through libffi, until its argument is 0. */
static void recurse_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    long number = *(long *)args[0] - 1, got = 0;
    void *values[] = {&number};
    if (number >= 0)
        ffi_call(cif, closure_function(user_data), &got, values);
    *(long *)result = got + 1;
}

static void check_recursion(void)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    CHECK_INT(ffi_prep_closure_loc(closure, &long_cif, recurse_handler, code, code), FFI_OK);
    CHECK_INT(call(code, 2000), 2001);
    ffi_closure_free(closure);
}

/* -- large -------------------------------------------------------------------------------------------------------------------- */

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
enum { BELOW_NBYTES = 4 << 20, STACK_NBYTES = 256 << 10 };

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
    CHECK_INT(count_written((unsigned char *)end.below, 0, BELOW_NBYTES), 0);
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
    CHECK_INT(ffi_prep_cif(&long_cif, FFI_UNIX64, 1, &ffi_type_slong, long_args), FFI_OK);
    check_branch_targets(FFI_UNIX64);
    check_branch_targets(FFI_WIN64);
    check_written(CLOSURE_OWNED, sizeof(ffi_closure));
    check_written(CLOSURE_RAW, sizeof(ffi_raw_closure));
    check_written(CLOSURE_JAVA_RAW, sizeof(ffi_java_raw_closure));
    check_views(CLOSURE_OWNED);
    check_views(CLOSURE_RAW);
    check_views(CLOSURE_JAVA_RAW);
    check_one_view();
    check_gone();
    check_never_prepared();
    check_prepared_again();
    check_freed_inside();
    check_recursion();
    check_many_arguments();
    check_large_struct(FFI_UNIX64, FFI_FN(ends_of), FFI_FN(return_large));
    check_large_struct(FFI_WIN64, FFI_FN(ms_ends_of), FFI_FN(ms_return_large));
    if (IS_SANITIZED)
        printf("skipped: libffi_lives: the end of the stack (sanitizers look at signals and stacks)\n");
    else
        check_ends();
    return unit_end("libffi_lives");
}
