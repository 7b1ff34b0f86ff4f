/* Owns ffi_call in all its forms. */
#include <stdlib.h>

#include "libffi/intern.h"

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
    const AbiPlan *plan = intern_of(cif)->owner.plan;
    if (__builtin_expect(rvalue == NULL, 0))
        call_for_nothing(plan, fn, avalue);
    else
        abi_invoke(plan, fn, rvalue, avalue);
}

void ffi_call_go(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue, void *closure)
{
    const AbiPlan *plan = intern_of(cif)->owner.plan;
    if (rvalue == NULL)
        rvalue = __builtin_alloca_with_align(UNWANTED_NBYTES(plan), 64 * 8);
    abi_invoke_chained(plan, fn, rvalue, avalue, closure);
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
