/* kept [CODES] | lost: a program with a thousand closures of which it keeps the addresses, or with CODES only those of their code; and
 * one that loses memory. For tools that look for leaks when it ends. */
#include <ffi.h>
#include <stdlib.h>

enum { NCLOSURES = 1000 };

static void *codes[NCLOSURES];
static ffi_closure *closures[NCLOSURES];
static void *volatile lost;

static void add_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(ffi_arg *)result = (ffi_arg)(*(int *)args[0] + *(int *)user_data);
}

/* In a stack frame that is gone afterwards. */
static __attribute__((noinline)) int make(ffi_cif *cif, int i, int keeps_codes_only)
{
    static int number = 1;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &codes[i]);
    if (closure == NULL || ffi_prep_closure_loc(closure, cif, add_handler, &number, codes[i]) != FFI_OK)
        return 0;
    if (!keeps_codes_only)
        closures[i] = closure;
    return ((int (*)(int))codes[i])(i) == i + 1;
}

int main(int argc, char **argv)
{
    static ffi_type *args[] = {&ffi_type_sint};
    static ffi_cif cif;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, args) != FFI_OK)
        return 1;
    if (argc > 1 && argv[1][0] == 'l') {
        lost = malloc(100);
        lost = NULL;
        return 0;
    }
    for (int i = 0; i < NCLOSURES; i++)
        if (!make(&cif, i, argc > 1))
            return 1;
    return 0;
}
