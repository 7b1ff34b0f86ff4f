/* Owns ffi_call in all its forms. */
#include <stdlib.h>

#include "base/inline.h"
#include "libffi/intern.h"

/* Room for a result that is not wanted but may be written: on the stack of the function that says so, however large, for
 * nothing else goes away with an exception, a longjmp or the thread. The compiler touches each page
 * (-fstack-clash-protection). Its alignment, in bits, is that of the largest vector. */
#define UNWANTED_RESULT(plan)                                                                                          \
    __builtin_alloca_with_align((plan)->result_nbytes < ABI_REGISTERS_NBYTES_MAX ? ABI_REGISTERS_NBYTES_MAX            \
                                                                                 : (size_t)(plan)->result_nbytes,      \
                                8 * ABI_REGISTERS_NBYTES_MAX)

/* Apart, so that ffi_call itself has no frame. */
static NOINLINE void call_for_nothing(const AbiPlan *plan, AbiFunction fn, void *const *avalue)
{
    abi_invoke(plan, fn, UNWANTED_RESULT(plan), avalue);
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
        rvalue = UNWANTED_RESULT(plan);
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
