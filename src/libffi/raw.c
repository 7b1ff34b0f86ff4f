/* Owns the raw forms: arguments side by side in words, as interpreters have them on their stacks. In the raw form each
 * takes as many words as it needs, structs by their address; in Java's a 64-bit value takes two. */
#define FFI_BUILDING /* what is deprecated is made here */
#include <string.h>

#include "libffi/closure.h"

enum { WORD_NBYTES = sizeof(ffi_raw) };

typedef enum Form { FORM_RAW, FORM_JAVA } Form;

static bool is_by_address(const ffi_type *type)
{
    return type->type == FFI_TYPE_STRUCT;
}

static size_t word_count(const ffi_type *type, Form form)
{
    if (is_by_address(type))
        return 1;
    if (form == FORM_JAVA &&
        (type->type == FFI_TYPE_UINT64 || type->type == FFI_TYPE_SINT64 || type->type == FFI_TYPE_DOUBLE))
        return 2;
    return (type->size + WORD_NBYTES - 1) / WORD_NBYTES;
}

static size_t raw_nbytes(const ffi_cif *cif, Form form)
{
    size_t nwords = 0;
    for (unsigned i = 0; i < cif->nargs; i++)
        nwords += word_count(cif->arg_types[i], form);
    return nwords * WORD_NBYTES;
}

static void to_pointers(const ffi_cif *cif, ffi_raw *raw, void **args, Form form)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        args[i] = is_by_address(cif->arg_types[i]) ? raw->ptr : raw;
        raw += word_count(cif->arg_types[i], form);
    }
}

static void from_pointer(const ffi_type *type, void *arg, ffi_raw *raw)
{
    switch (type->type) {
    case FFI_TYPE_UINT8: raw->uint = *(const unsigned char *)arg; break;
    case FFI_TYPE_SINT8: raw->sint = (ffi_sarg) * (const signed char *)arg; break;
    case FFI_TYPE_UINT16: raw->uint = *(const unsigned short *)arg; break;
    case FFI_TYPE_SINT16: raw->sint = *(const short *)arg; break;
    case FFI_TYPE_UINT32: raw->uint = *(const unsigned *)arg; break;
    case FFI_TYPE_INT:
    case FFI_TYPE_SINT32: raw->sint = *(const int *)arg; break;
    case FFI_TYPE_STRUCT: raw->ptr = arg; break;
    default: memcpy(raw->data, arg, type->size); break;
    }
}

static void from_pointers(const ffi_cif *cif, void **args, ffi_raw *raw, Form form)
{
    for (unsigned i = 0; i < cif->nargs; i++) {
        from_pointer(cif->arg_types[i], args[i], raw);
        raw += word_count(cif->arg_types[i], form);
    }
}

/* -- calls --------------------------------------------------------------------------------------------------------- */

size_t ffi_raw_size(ffi_cif *cif)
{
    return raw_nbytes(cif, FORM_RAW);
}

void ffi_raw_to_ptrarray(ffi_cif *cif, ffi_raw *raw, void **args)
{
    to_pointers(cif, raw, args, FORM_RAW);
}

void ffi_ptrarray_to_raw(ffi_cif *cif, void **args, ffi_raw *raw)
{
    from_pointers(cif, args, raw, FORM_RAW);
}

static void call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_raw *raw, Form form)
{
    void **args = __builtin_alloca((cif->nargs + 1) * sizeof *args);
    to_pointers(cif, raw, args, form);
    ffi_call(cif, fn, rvalue, args);
}

void ffi_raw_call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_raw *avalue)
{
    call(cif, fn, rvalue, avalue, FORM_RAW);
}

size_t ffi_java_raw_size(ffi_cif *cif)
{
    return raw_nbytes(cif, FORM_JAVA);
}

void ffi_java_raw_to_ptrarray(ffi_cif *cif, ffi_java_raw *raw, void **args)
{
    to_pointers(cif, raw, args, FORM_JAVA);
}

void ffi_java_ptrarray_to_raw(ffi_cif *cif, void **args, ffi_java_raw *raw)
{
    from_pointers(cif, args, raw, FORM_JAVA);
}

void ffi_java_raw_call(ffi_cif *cif, void (*fn)(void), void *rvalue, ffi_java_raw *avalue)
{
    call(cif, fn, rvalue, avalue, FORM_JAVA);
}

/* -- closures: ordinary ones whose handler makes words of the arguments ---------------------------------------------- */

static void run(ffi_cif *cif, void *result, void **args, const ffi_raw_closure *closure, Form form)
{
    ffi_raw *raw = __builtin_alloca(raw_nbytes(cif, form) + WORD_NBYTES);
    from_pointers(cif, args, raw, form);
    closure->fun(cif, result, raw, closure->user_data);
}

static void run_raw(ffi_cif *cif, void *result, void **args, void *closure)
{
    run(cif, result, args, closure, FORM_RAW);
}

static void run_java_raw(ffi_cif *cif, void *result, void **args, void *closure)
{
    run(cif, result, args, closure, FORM_JAVA);
}

/* The handler's place in an ordinary closure is translate_args, its user data this_closure. */
_Static_assert(offsetof(ffi_raw_closure, translate_args) == offsetof(ffi_closure, fun) &&
                   offsetof(ffi_raw_closure, this_closure) == offsetof(ffi_closure, user_data),
               "a raw closure starts with an ordinary one");
_Static_assert(offsetof(ffi_java_raw_closure, fun) == offsetof(ffi_raw_closure, fun) &&
                   offsetof(ffi_java_raw_closure, user_data) == offsetof(ffi_raw_closure, user_data),
               "Java's raw closure is a raw closure: ffi_java_raw is ffi_raw");

ffi_status ffi_prep_raw_closure_loc(ffi_raw_closure *closure, ffi_cif *cif,
                                    void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data, void *codeloc)
{
    ffi_status status = ffi_prep_closure_loc((ffi_closure *)(void *)closure, cif, run_raw,
                                             libffi_readable_closure(closure, codeloc), codeloc);
    if (status == FFI_OK) {
        closure->fun = fun;
        closure->user_data = user_data;
    }
    return status;
}

ffi_status ffi_prep_raw_closure(ffi_raw_closure *closure, ffi_cif *cif,
                                void (*fun)(ffi_cif *, void *, ffi_raw *, void *), void *user_data)
{
    return ffi_prep_raw_closure_loc(closure, cif, fun, user_data, closure);
}

ffi_status ffi_prep_java_raw_closure_loc(ffi_java_raw_closure *closure, ffi_cif *cif,
                                         void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *), void *user_data,
                                         void *codeloc)
{
    ffi_status status = ffi_prep_closure_loc((ffi_closure *)(void *)closure, cif, run_java_raw,
                                             libffi_readable_closure(closure, codeloc), codeloc);
    if (status == FFI_OK) {
        closure->fun = fun;
        closure->user_data = user_data;
    }
    return status;
}

ffi_status ffi_prep_java_raw_closure(ffi_java_raw_closure *closure, ffi_cif *cif,
                                     void (*fun)(ffi_cif *, void *, ffi_java_raw *, void *), void *user_data)
{
    return ffi_prep_java_raw_closure_loc(closure, cif, fun, user_data, closure);
}
