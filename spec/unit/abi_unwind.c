/* The unwind tables of the trampoline and of the ways around it, proved in process: a backtrace at every instruction of the routine and,
 * where the trampoline stays on the stack, of the callee. The calls are chosen so that every instruction of the trampoline is passed. */
#include "abi_calls.h"
#include "abi_step.h"

static void step_through(const char *name, const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    unsigned nsteps_before = step.nsteps, nwrong_before = step.nwrong;
    bool is_direct = plan->direct != NULL;
    AbiFunction first = is_direct ? plan->direct : (AbiFunction)plan->trampoline;
    StepRoutine routine = step_routine(first), none = {0, 0};
    if (!CHECK(routine.start == (uintptr_t)first))
        return;
    step.first = routine.start;
    step.stays = is_direct ? none : routine;
    step.passes = is_direct ? routine : none;
    step_on();
    abi_invoke(plan, function, result, values);
    step_off();
    step_truth.is_inside = false;
    unit_check(step.nsteps > nsteps_before + (is_direct ? 4 : 20) && step.nwrong == nwrong_before, __FILE__, __LINE__,
               name);
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
    }
    return unit_end("abi_unwind");
}
