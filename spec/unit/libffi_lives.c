/* The lives of libffi.so.8's closures: in memory of the program's own, with one view or several; prepared again, freed while they run, called when
 * they are gone; where their code begins. */
#include <complex.h>
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
    return unit_end("libffi_lives");
}
