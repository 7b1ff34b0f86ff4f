/* Closures of libffi in each form that has a C function pointer, made and freed alike, so that a test can loop over the forms. For
 * spec/unit/libffi_*, C and C++. */
#ifndef AIRLOCK_SPEC_LIBFFI_CLOSURES_H
#define AIRLOCK_SPEC_LIBFFI_CLOSURES_H

#include <ffi.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "unit.h"

typedef enum ClosureForm {
    CLOSURE_ALLOCATED,
    CLOSURE_OWNED, /* in memory of ours, with a writable view and an executable one */
    CLOSURE_RAW,
    CLOSURE_JAVA_RAW,
    CLOSURE_FORM_COUNT
} ClosureForm;

typedef void ClosureHandler(ffi_cif *cif, void *result, void **args, void *user_data);

typedef struct Closure {
    ClosureForm form;
    ffi_cif *cif;
    ClosureHandler *handler;
    void *user_data;
    void *memory; /* the writable view */
    void *code;
} Closure;

enum { CLOSURE_PAGE_NBYTES = 4096, CLOSURE_NARGS_MAX = 64 };

static inline void closure_handle_raw(ffi_cif *cif, void *result, ffi_raw *raw, void *user_data)
{
    const Closure *closure = (const Closure *)user_data;
    void *args[CLOSURE_NARGS_MAX];
    ffi_raw_to_ptrarray(cif, raw, args);
    closure->handler(cif, result, args, closure->user_data);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static inline void closure_handle_java_raw(ffi_cif *cif, void *result, ffi_java_raw *raw, void *user_data)
{
    const Closure *closure = (const Closure *)user_data;
    void *args[CLOSURE_NARGS_MAX];
    ffi_java_raw_to_ptrarray(cif, raw, args);
    closure->handler(cif, result, args, closure->user_data);
}

static inline ffi_status closure_prepare(Closure *closure)
{
    switch (closure->form) {
    case CLOSURE_RAW:
        return ffi_prep_raw_closure_loc((ffi_raw_closure *)closure->memory, closure->cif, closure_handle_raw, closure,
                                        closure->code);
    case CLOSURE_JAVA_RAW:
        return ffi_prep_java_raw_closure_loc((ffi_java_raw_closure *)closure->memory, closure->cif,
                                             closure_handle_java_raw, closure, closure->code);
    default:
        return ffi_prep_closure_loc((ffi_closure *)closure->memory, closure->cif, closure->handler, closure->user_data,
                                    closure->code);
    }
}

#pragma GCC diagnostic pop

/* A page twice: false when there is none. */
static inline int closure_map_twice(void **writable, void **executable)
{
    int descriptor = memfd_create("closure", MFD_CLOEXEC),
        ok = descriptor >= 0 && ftruncate(descriptor, CLOSURE_PAGE_NBYTES) == 0;
    *writable = *executable = MAP_FAILED;
    if (ok) {
        *writable = mmap(NULL, CLOSURE_PAGE_NBYTES, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        *executable = mmap(NULL, CLOSURE_PAGE_NBYTES, PROT_READ | PROT_EXEC, MAP_SHARED, descriptor, 0);
    }
    close(descriptor);
    return *writable != MAP_FAILED && *executable != MAP_FAILED;
}

/* *closure must stay where it is until it is freed; cif and what it refers to too. False: no closure could be made. */
static inline int closure_make(Closure *closure, ClosureForm form, ffi_cif *cif, ClosureHandler *handler,
                               void *user_data)
{
    closure->form = form;
    closure->cif = cif;
    closure->handler = handler;
    closure->user_data = user_data;
    if (form != CLOSURE_OWNED)
        closure->memory = ffi_closure_alloc(form == CLOSURE_ALLOCATED ? sizeof(ffi_closure) : sizeof(ffi_raw_closure),
                                            &closure->code);
    else if (!closure_map_twice(&closure->memory, &closure->code))
        return 0;
    return closure->memory != NULL && closure_prepare(closure) == FFI_OK;
}

static inline void (*closure_function(void *code))(void)
{
    void (*function)(void);
    memcpy(&function, &code, sizeof function);
    return function;
}

static inline void closure_free(Closure *closure)
{
    if (closure->form != CLOSURE_OWNED) {
        ffi_closure_free(closure->memory);
        return;
    }
    munmap(closure->memory, CLOSURE_PAGE_NBYTES);
    munmap(closure->code, CLOSURE_PAGE_NBYTES);
}

#endif
