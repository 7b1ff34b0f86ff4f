/* Clients call functions with a `...` through an ordinary ffi_prep_cif: al has to say each time how many vector registers may be used
 * (psABI 3.2.3), at least as many as are, at most eight. */
#include <ffi.h>
#include <stdarg.h>
#include <stdbool.h>

#include "unit.h"

enum { NARGS_MAX = 20 };

typedef struct Large {
    double n[NARGS_MAX];
} Large;

/* The number of integers and of doubles, then these: what is read, weighted by its position. */
static double weigh_list(int nints, int ndoubles, va_list *list)
{
    double sum = 0;
    for (int i = 0; i < nints; i++)
        sum += (i + 1) * va_arg(*list, int);
    for (int i = 0; i < ndoubles; i++)
        sum += (100 + i) * va_arg(*list, double);
    return sum;
}

static double weigh(int nints, int ndoubles, ...)
{
    va_list list;
    va_start(list, ndoubles);
    double sum = weigh_list(nints, ndoubles, &list);
    va_end(list);
    return sum;
}

static Large weigh_large(int nints, int ndoubles, ...)
{
    Large large = {{0}};
    va_list list;
    va_start(list, ndoubles);
    large.n[0] = weigh_list(nints, ndoubles, &list);
    va_end(list);
    return large;
}

__attribute__((naked, noinline)) static int al_at_entry(void)
{
    __asm__("movzbl %al, %eax\n\tret");
}

/* weigh's arguments and their types. */
typedef struct Arguments {
    int nints, ndoubles, ints[NARGS_MAX];
    double doubles[NARGS_MAX];
    ffi_type *types[2 * NARGS_MAX + 2];
    void *values[2 * NARGS_MAX + 2];
    unsigned count;
} Arguments;

static void add_argument(Arguments *arguments, ffi_type *type, void *value)
{
    arguments->types[arguments->count] = type;
    arguments->values[arguments->count++] = value;
}

static void set_arguments(Arguments *arguments, int nints, int ndoubles)
{
    *arguments = (Arguments){.nints = nints, .ndoubles = ndoubles};
    add_argument(arguments, &ffi_type_sint, &arguments->nints);
    add_argument(arguments, &ffi_type_sint, &arguments->ndoubles);
    for (int i = 0; i < nints; i++) {
        arguments->ints[i] = 7 * i - 3;
        add_argument(arguments, &ffi_type_sint, &arguments->ints[i]);
    }
    for (int i = 0; i < ndoubles; i++) {
        arguments->doubles[i] = 1.5 * i - 4;
        add_argument(arguments, &ffi_type_double, &arguments->doubles[i]);
    }
}

static double expected(const Arguments *arguments)
{
    double sum = 0;
    for (int i = 0; i < arguments->nints; i++)
        sum += (i + 1) * arguments->ints[i];
    for (int i = 0; i < arguments->ndoubles; i++)
        sum += (100 + i) * arguments->doubles[i];
    return sum;
}

static void check_al(Arguments *arguments, ffi_cif *cif, bool is_go)
{
    ffi_arg al = 99;
    int nused = arguments->ndoubles < 8 ? arguments->ndoubles : 8;
    if (is_go)
        ffi_call_go(cif, FFI_FN(al_at_entry), &al, arguments->values, NULL);
    else
        ffi_call(cif, FFI_FN(al_at_entry), &al, arguments->values);
    if (!CHECK((int)al >= nused && al <= 8))
        fprintf(stderr, "%d ints, %d doubles: al is %d\n", arguments->nints, arguments->ndoubles, (int)al);
    if (nused == 0)
        CHECK_INT(al, 0);
}

static void check_result(Arguments *arguments, ffi_cif *cif)
{
    double sum = 0;
    ffi_call(cif, FFI_FN(weigh), &sum, arguments->values);
    if (!CHECK(sum == expected(arguments)))
        fprintf(stderr, "%d ints, %d doubles: got %g\n", arguments->nints, arguments->ndoubles, sum);
}

static void check_large_result(Arguments *arguments)
{
    ffi_cif cif;
    ffi_type *elements[NARGS_MAX + 1] = {NULL};
    ffi_type type = {0, 0, FFI_TYPE_STRUCT, elements};
    Large large;
    for (int i = 0; i < NARGS_MAX; i++)
        elements[i] = &ffi_type_double;
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, arguments->count, &type, arguments->types), FFI_OK);
    ffi_call(&cif, FFI_FN(weigh_large), &large, arguments->values);
    CHECK(large.n[0] == expected(arguments));
}

int main(void)
{
    Arguments arguments;
    ffi_cif cif;
    for (int nints = 0; nints <= 10; nints++) {
        for (int ndoubles = 0; ndoubles <= 12; ndoubles++) {
            set_arguments(&arguments, nints, ndoubles);
            CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, arguments.count, &ffi_type_sint, arguments.types), FFI_OK);
            check_al(&arguments, &cif, false);
            check_al(&arguments, &cif, true);
            CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, arguments.count, &ffi_type_double, arguments.types), FFI_OK);
            check_result(&arguments, &cif);
            check_large_result(&arguments);
        }
    }
    return unit_end("libffi_unprototyped");
}
