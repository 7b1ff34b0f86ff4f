/* Owns ffi_call in all its forms. */
#include <stdlib.h>

#include "libffi/intern.h"

/* An integer result lies at rvalue in its own size; ffi_arg has the room. */
static void widen(Widening widening, void *rvalue)
{
    ffi_arg *wide = rvalue;
    switch (widening) {
    case WIDEN_U8: *wide = *(const unsigned char *)rvalue; break;
    case WIDEN_I8: *wide = (ffi_arg)(ffi_sarg) * (const signed char *)rvalue; break;
    case WIDEN_U16: *wide = *(const unsigned short *)rvalue; break;
    case WIDEN_I16: *wide = (ffi_arg)(ffi_sarg) * (const short *)rvalue; break;
    case WIDEN_U32: *wide = *(const unsigned *)rvalue; break;
    case WIDEN_I32: *wide = (ffi_arg)(ffi_sarg) * (const int *)rvalue; break;
    case WIDEN_NOT: break;
    }
}

/* Room for a result that is not wanted but may be written. */
#define UNWANTED_NBYTES(plan) ((plan)->result_nbytes < 64 ? 64 : (size_t)(plan)->result_nbytes)

/* On the stack, however large: nothing else goes away with an exception, a longjmp or the thread. The compiler touches each
 * page (-fstack-clash-protection). */
static __attribute__((noinline)) void call_for_nothing(const AbiPlan *plan, AbiFunction fn, void *const *avalue)
{
    abi_invoke(plan, fn, __builtin_alloca_with_align(UNWANTED_NBYTES(plan), 64 * 8), avalue);
}

void ffi_call(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue)
{
    const Interned *interned = intern_of(cif);
    if (__builtin_expect(rvalue == NULL, 0)) {
        call_for_nothing(interned->owner.plan, fn, avalue);
        return;
    }
    abi_invoke(interned->owner.plan, fn, rvalue, avalue);
    if (interned->widening != WIDEN_NOT)
        widen((Widening)interned->widening, rvalue);
}

void ffi_call_go(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue, void *closure)
{
    const Interned *interned = intern_of(cif);
    const AbiPlan *plan = interned->owner.plan;
    if (rvalue == NULL) {
        abi_invoke_chained(plan, fn, __builtin_alloca_with_align(UNWANTED_NBYTES(plan), 64 * 8), avalue, closure);
        return;
    }
    abi_invoke_chained(plan, fn, rvalue, avalue, closure);
    widen((Widening)interned->widening, rvalue);
}

/* -- call plans ---------------------------------------------------------------------------------------------------- */

struct ffi_call_plan {
    ffi_cif cif;
};

ffi_call_plan *ffi_call_plan_alloc(ffi_cif *cif)
{
    ffi_call_plan *plan = malloc(sizeof *plan);
    if (plan != NULL)
        plan->cif = *cif;
    return plan;
}

void ffi_call_plan_invoke(ffi_call_plan *plan, void (*fn)(void), void *rvalue, void **avalue)
{
    ffi_call(&plan->cif, fn, rvalue, avalue);
}

void ffi_call_plan_free(ffi_call_plan *plan)
{
    free(plan);
}

size_t ffi_call_plan_size(ffi_call_plan *plan)
{
    return plan != NULL ? sizeof *plan : 0;
}
