/* Integers of less than 64 bits, as libffi extends them: arguments to 64 bits by their sign wherever they are passed, results of calls
 * to ffi_arg, results of closures to the whole register whether the handler wrote an ffi_arg or the type itself, words of the raw forms. What
 * gcc's casts make of the same bytes is right. */
#include <ffi.h>
#include <stdint.h>

#include "unit.h"

typedef uint64_t (*Extend)(uint64_t bits);

#define SMALL_TYPE(c_type, wide)                                                                                       \
    static uint64_t extend_##c_type(uint64_t bits)                                                                     \
    {                                                                                                                  \
        return (uint64_t)(wide)(c_type)bits;                                                                           \
    }
SMALL_TYPE(int8_t, int64_t)
SMALL_TYPE(uint8_t, uint64_t)
SMALL_TYPE(int16_t, int64_t)
SMALL_TYPE(uint16_t, uint64_t)
SMALL_TYPE(int32_t, int64_t)
SMALL_TYPE(uint32_t, uint64_t)

static ffi_type type_int = {4, 4, FFI_TYPE_INT, NULL}; /* no ffi_type_* has this number */

static const struct Small {
    const char *name;
    ffi_type *type;
    Extend extend;
} smalls[] = {
    {"sint8", &ffi_type_sint8, extend_int8_t},    {"uint8", &ffi_type_uint8, extend_uint8_t},
    {"sint16", &ffi_type_sint16, extend_int16_t}, {"uint16", &ffi_type_uint16, extend_uint16_t},
    {"sint32", &ffi_type_sint32, extend_int32_t}, {"uint32", &ffi_type_uint32, extend_uint32_t},
    {"FFI_TYPE_INT", &type_int, extend_int32_t},
};
enum { NSMALLS = sizeof smalls / sizeof *smalls, NWORDS_MAX = 14 };

/* Of each size, the top bit is set and not. */
static const uint64_t patterns[] = {0x8182838485868788, 0x7172737475767778, 0xffffffffffffffff, 0x00000000ff007f80};
enum { NPATTERNS = sizeof patterns / sizeof *patterns };

/* -- arguments ------------------------------------------------------------------------------------------------------- */

typedef struct Split {
    long a;
    double b;
} Split;
typedef struct Large {
    long a[100];
} Large;

static ffi_type *split_elements[] = {&ffi_type_slong, &ffi_type_double, NULL};
static ffi_type split_type = {0, 0, FFI_TYPE_STRUCT, split_elements};
static ffi_type *large_elements[101];
static ffi_type large_type = {0, 0, FFI_TYPE_STRUCT, large_elements};

static uint64_t seen[NWORDS_MAX];
static Large large;
static Split split = {1, 2};

#define NOTE6 seen[0] = a, seen[1] = b, seen[2] = c, seen[3] = d, seen[4] = e, seen[5] = f
#define NOTE14                                                                                                         \
    NOTE6, seen[6] = g, seen[7] = h, seen[8] = i, seen[9] = j, seen[10] = k, seen[11] = l, seen[12] = m, seen[13] = n
#define WORDS6  uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f
#define WORDS14 WORDS6, uint64_t g, uint64_t h, uint64_t i, uint64_t j, uint64_t k, uint64_t l, uint64_t m, uint64_t n

static void take_2(uint64_t a, uint64_t b)
{
    seen[0] = a;
    seen[1] = b;
}

static void take_6(WORDS6)
{
    NOTE6;
}

static void take_14(WORDS14)
{
    NOTE14;
}

static void take_split(Split first, WORDS14)
{
    (void)first;
    NOTE14;
}

static void take_large(Large first, WORDS14)
{
    (void)first;
    NOTE14;
}

static Large give_large(WORDS14)
{
    NOTE14;
    return large;
}

/* Between them they are filled in each of the ways that calls are made: registers in order or not, the stack, beside what is in two
 * registers, beside more than a small frame holds, behind the address of the result. */
static const struct Shape {
    const char *name;
    void (*function)(void);
    ffi_type *first; /* in front of the words, or NULL */
    void *first_value;
    ffi_type *result;
    unsigned nwords;
} shapes[] = {
    {"2 words", FFI_FN(take_2), NULL, NULL, &ffi_type_void, 2},
    {"6 words", FFI_FN(take_6), NULL, NULL, &ffi_type_void, 6},
    {"14 words", FFI_FN(take_14), NULL, NULL, &ffi_type_void, 14},
    {"14 words behind a struct in two registers", FFI_FN(take_split), &split_type, &split, &ffi_type_void, 14},
    {"14 words behind a large struct", FFI_FN(take_large), &large_type, &large, &ffi_type_void, 14},
    {"14 words and a result in memory", FFI_FN(give_large), NULL, NULL, &large_type, 14},
};
enum { NSHAPES = sizeof shapes / sizeof *shapes };

typedef struct Forms {
    ffi_cif cif;
    void (*function)(void);
    void *result;
    void **values;
} Forms;

static void call_plainly(Forms *call)
{
    ffi_call(&call->cif, call->function, call->result, call->values);
}

static void call_as_go(Forms *call)
{
    ffi_call_go(&call->cif, call->function, call->result, call->values, call);
}

static void call_by_plan(Forms *call)
{
    ffi_call_plan *plan = ffi_call_plan_alloc(&call->cif);
    ffi_call_plan_invoke(plan, call->function, call->result, call->values);
    ffi_call_plan_free(plan);
}

static void (*const forms[])(Forms *) = {call_plainly, call_as_go, call_by_plan};

/* Argument i is of type (first + i * step). */
static void check_arguments(const struct Shape *shape, unsigned first, unsigned step, uint64_t bits)
{
    ffi_type *types[NWORDS_MAX + 1];
    void *values[NWORDS_MAX + 1];
    unsigned n = 0;
    Large result;
    if (shape->first != NULL) {
        types[n] = shape->first;
        values[n++] = shape->first_value;
    }
    for (unsigned i = 0; i < shape->nwords; i++) {
        types[n] = smalls[(first + i * step) % NSMALLS].type;
        values[n++] = &bits;
    }
    Forms call = {.function = shape->function, .result = &result, .values = values};
    CHECK_INT(ffi_prep_cif(&call.cif, FFI_UNIX64, n, shape->result, types), FFI_OK);
    for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
        memset(seen, 0xcc, sizeof seen);
        forms[form](&call);
        for (unsigned i = 0; i < shape->nwords; i++) {
            const struct Small *small = &smalls[(first + i * step) % NSMALLS];
            if (!unit_check(seen[i] == small->extend(bits), __FILE__, __LINE__, shape->name))
                fprintf(stderr, "    argument %u of type %s, form %zu\n", i, small->name, form);
        }
    }
}

/* Each type by itself, and all of them by turns. */
static void check_all_arguments(void)
{
    for (int i = 0; i < 100; i++)
        large_elements[i] = &ffi_type_slong;
    for (size_t shape = 0; shape < NSHAPES; shape++)
        for (unsigned small = 0; small < NSMALLS; small++)
            for (size_t pattern = 0; pattern < NPATTERNS; pattern++) {
                check_arguments(&shapes[shape], small, 0, patterns[pattern]);
                check_arguments(&shapes[shape], small, 1, patterns[pattern]);
            }
}

/* -- results ------------------------------------------------------------------------------------------------------------ */

static uint64_t given;

static uint64_t give(void)
{
    return given;
}

static uint64_t give_behind_mixed(double a, uint64_t b)
{
    (void)a;
    (void)b;
    return given;
}

static uint64_t give_behind_stack(WORDS14)
{
    NOTE14;
    return given;
}

static const struct Giver {
    const char *name;
    void (*function)(void);
    unsigned nargs;
} givers[] = {{"in order", FFI_FN(give), 0},
              {"mixed", FFI_FN(give_behind_mixed), 2},
              {"with stack", FFI_FN(give_behind_stack), 14}};
enum { NGIVERS = sizeof givers / sizeof *givers };

static ffi_type *giver_types[NWORDS_MAX] = {&ffi_type_double, &ffi_type_ulong, &ffi_type_ulong, &ffi_type_ulong,
                                            &ffi_type_ulong,  &ffi_type_ulong, &ffi_type_ulong, &ffi_type_ulong,
                                            &ffi_type_ulong,  &ffi_type_ulong, &ffi_type_ulong, &ffi_type_ulong,
                                            &ffi_type_ulong,  &ffi_type_ulong};

/* result[1] must stay, and of result[0] what the type does not take. */
static void call_giver(const struct Giver *giver, ffi_type *type, uint64_t result[2], void (*form)(Forms *))
{
    static double number;
    static uint64_t word;
    void *values[NWORDS_MAX] = {&number};
    for (unsigned i = 1; i < NWORDS_MAX; i++)
        values[i] = &word;
    Forms call = {.function = giver->function, .result = result, .values = values};
    memset(result, 0x5a, 2 * sizeof result[0]);
    CHECK_INT(ffi_prep_cif(&call.cif, FFI_UNIX64, giver->nargs, type, giver_types), FFI_OK);
    form(&call);
}

static void check_result(const struct Giver *giver, const struct Small *small, void (*form)(Forms *))
{
    ffi_type *elements[] = {small->type, NULL};
    ffi_type alone = {0, 0, FFI_TYPE_STRUCT, elements};
    uint64_t result[2];
    call_giver(giver, small->type, result, form);
    unit_check(result[0] == small->extend(given), __FILE__, __LINE__, giver->name);
    CHECK(result[1] == 0x5a5a5a5a5a5a5a5a);
    /* A struct of one is written as it is. */
    call_giver(giver, &alone, result, form);
    unit_check(memcmp(result, &given, small->type->size) == 0, __FILE__, __LINE__, giver->name);
    for (size_t i = small->type->size; i < sizeof result; i++)
        CHECK_INT(((unsigned char *)result)[i], 0x5a);
}

static void check_results(void)
{
    for (size_t giver = 0; giver < NGIVERS; giver++)
        for (size_t small = 0; small < NSMALLS; small++)
            for (size_t pattern = 0; pattern < NPATTERNS; pattern++)
                for (size_t form = 0; form < sizeof forms / sizeof *forms; form++) {
                    given = patterns[pattern];
                    check_result(&givers[giver], &smalls[small], forms[form]);
                }
}

/* -- closures ------------------------------------------------------------------------------------------------------------ */

static void answer_widely(ffi_cif *cif, void *result, void **args, void *user_data)
{
    const struct Small *small = user_data;
    (void)cif;
    *(ffi_arg *)result = small->extend(*(uint64_t *)args[0]);
}

/* Room for an ffi_arg is there, and holds anything. */
static void answer_narrowly(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)user_data;
    memset(result, 0x5a, sizeof(ffi_arg));
    memcpy(result, args[0], cif->rtype->size);
}

static void check_closure(const struct Small *small, void (*handler)(ffi_cif *, void *, void **, void *))
{
    ffi_type *args[] = {&ffi_type_ulong};
    ffi_cif cif;
    uint64_t (*code)(uint64_t) = NULL;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, (void **)(void *)&code);
    CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, small->type, args), FFI_OK);
    CHECK_INT(ffi_prep_closure_loc(closure, &cif, handler, (void *)(uintptr_t)small, (void *)(uintptr_t)code), FFI_OK);
    for (size_t pattern = 0; pattern < NPATTERNS; pattern++)
        unit_check(code(patterns[pattern]) == small->extend(patterns[pattern]), __FILE__, __LINE__, small->name);
    ffi_closure_free(closure);
}

/* -- raw words ----------------------------------------------------------------------------------------------------------- */

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* Java's form */

static void check_raw_words(const struct Small *small)
{
    for (size_t pattern = 0; pattern < NPATTERNS; pattern++) {
        uint64_t bits = patterns[pattern], wanted = small->extend(bits);
        void *args[] = {&bits};
        ffi_raw word = {.uint = 0};
        ffi_java_raw java_word = {.uint = 0};
        ffi_cif cif;
        CHECK_INT(ffi_prep_cif(&cif, FFI_UNIX64, 1, &ffi_type_void, &(ffi_type *){small->type}), FFI_OK);
        ffi_ptrarray_to_raw(&cif, args, &word);
        unit_check(word.uint == wanted, __FILE__, __LINE__, small->name);
        ffi_java_ptrarray_to_raw(&cif, args, &java_word);
        unit_check(java_word.uint == wanted, __FILE__, __LINE__, small->name);
    }
}

int main(void)
{
    check_all_arguments();
    check_results();
    for (size_t small = 0; small < NSMALLS; small++)
        check_raw_words(&smalls[small]);
    for (size_t small = 0; small < NSMALLS; small++) {
        check_closure(&smalls[small], answer_widely);
        check_closure(&smalls[small], answer_narrowly);
    }
    return unit_end("libffi_extension");
}
