/* The unwind tables of the trampoline and of the ways around it, proved in process: a backtrace at every instruction of the routine and,
 * where the trampoline stays on the stack, of the callee. The calls are chosen so that every instruction of the trampoline is passed. */
#include "abi_calls.h"
#include "abi_step.h"

static void invoke(const Call *call)
{
    step_on();
    abi_invoke(call->plan, call->function, call->result, call->values);
    step_off();
}

/* What abi_invoke has a way of its own for. */
static void call_by_trampoline(const Call *call)
{
    AbiFrame *frame = aligned_alloc(16, call->plan->frame_nbytes);
    memset(frame, 0, call->plan->frame_nbytes);
    for (uint32_t i = 0; i < call->plan->nargs; i++)
        abi_place(call->plan, frame, i, call->values[i]);
    step_on();
    abi_call(call->plan, frame, call->function);
    step_off();
    free(frame);
}

static void step_routine_of(const char *name, AbiFunction first, bool passes, void (*run)(const Call *),
                            const Call *call)
{
    unsigned nsteps_before = step.nsteps, nwrong_before = step.nwrong;
    StepRoutine routine = step_routine(first), none = {0, 0};
    if (!CHECK(routine.start == (uintptr_t)first))
        return;
    step.first = routine.start;
    step.stays = passes ? none : routine;
    step.passes = passes ? routine : none;
    run(call);
    step_truth.is_inside = false;
    unit_check(step.nsteps > nsteps_before + (passes ? 4 : 20) && step.nwrong == nwrong_before, __FILE__, __LINE__,
               name);
}

static void step_through(const char *name, const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    const Call call = {plan, function, result, values};
    if (plan->direct != NULL)
        step_routine_of(name, plan->direct, true, invoke, &call);
    else
        step_routine_of(name, (AbiFunction)plan->trampoline, false, plan->stacked != NULL ? call_by_trampoline : invoke,
                        &call);
}

static void step_through_stacked(const char *name, const AbiPlan *plan, AbiFunction function, void *result,
                                 void *const *values)
{
    const Call call = {plan, function, result, values};
    if (plan->stacked != NULL)
        step_routine_of(name, plan->stacked, false, invoke, &call);
}

static void check_stacked(void)
{
    const AbiType longs[] = {CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG};
    AbiPlan *plan = case_fixed_plan("stacked", longs[0], longs, 7);
    StepRoutine routine = step_routine(plan->stacked);
    case_free(plan);
    memset(step.is_visited, 0, sizeof step.is_visited);
    calls_visit(step_through_stacked);
    step_check_coverage("abi_unwind, stacked", &routine, true);
}

int main(void)
{
    StepRoutine trampoline = step_routine((AbiFunction)abi_call_sysv64),
                win64 = step_routine((AbiFunction)abi_call_win64);
    if (case_is_valgrind()) {
        printf("skipped: abi_unwind: valgrind does not single-step\n");
    } else if (step_catch_traps()) {
        step_check_coverage("abi_unwind", &trampoline, calls_visit(step_through) == 0);
        memset(step.is_visited, 0, sizeof step.is_visited);
        calls_visit_win64(step_through);
        step_check_coverage("abi_unwind, ms_abi", &win64, true);
        check_stacked();
    }
    return unit_end("abi_unwind");
}
