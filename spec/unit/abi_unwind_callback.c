/* The way into a callback seen by unwinders: a backtrace at every instruction of entry, handler and target finds the C function that
 * called, through entries of the first table, which has an unwind table, and of mapped ones, which use no stack and have none. And
 * from the target, as a profiler or a traceback does it, down to main. */
#include <execinfo.h>

#include "abi/slot.h"
#include "abi_callbacks.h"
#include "abi_step.h"

static StepRoutine handler;

static uintptr_t address_of(AbiFunction function)
{
    uintptr_t address;
    memcpy(&address, &function, sizeof address);
    return address;
}

static void step_through(const char *name, AbiFunction entry, CallbackCaller *call)
{
    unsigned nsteps_before = step.nsteps, nwrong_before = step.nwrong;
    StepRoutine routine = {address_of(entry), address_of(entry) + ABI_ENTRY_NBYTES}, none = {0, 0};
    bool ok, is_builtin = abi_slot_of(entry)->index < ABI_TABLE_NSLOTS;
    step.first = routine.start;
    step.stays = handler;
    step.passes = is_builtin ? step_routine(entry) : none;
    step.silent = is_builtin ? none : routine;
    CHECK(step_is_in(is_builtin ? &step.passes : &step.silent, routine.start));
    step_on();
    ok = call(entry);
    step_off();
    step_truth.is_inside = false;
    unit_check(ok && step.nsteps > nsteps_before + 50 && step.nwrong == nwrong_before, __FILE__, __LINE__, name);
}

/* -- from the target ----------------------------------------------------------------------------------------------------- */

int main(void);

static uintptr_t caller_start, caller_end; /* of main, by its own table */
static unsigned nfound;

static void look_down(AbiSlot *slot, AbiFrame *frame)
{
    void *frames[64];
    int n = backtrace(frames, 64);
    for (int i = 0; i < n; i++)
        nfound += (uintptr_t)frames[i] > caller_start && (uintptr_t)frames[i] <= caller_end;
    callback_return_first(slot, frame);
}

static void call_and_count(const char *name, AbiFunction entry, CallbackCaller *call)
{
    nfound = 0;
    bool ok = call(entry);
    unit_check(ok && nfound == 1, __FILE__, __LINE__, name);
}

/* Leaves none of the first table. */
static void use_up_builtin(void)
{
    Error error;
    AbiSlot *slot;
    while ((slot = abi_slot_take(&error)) != NULL && slot->index < ABI_TABLE_NSLOTS)
        continue;
    CHECK(slot != NULL);
}

/* Through the way in of ms_abi, where two more registers must be found again. */
static void visit_win64(void)
{
    callbacks_visit_win64(call_and_count, look_down);
    if (case_is_valgrind())
        return;
    handler = step_routine(abi_enter_win64);
    memset(step.is_visited, 0, sizeof step.is_visited);
    step.nsaved = STEP_NSAVED_WIN64;
    callbacks_visit_win64(step_through, callback_spoil_and_return_first);
    step_check_coverage("abi_unwind_callback, ms_abi", &handler, true);
}

int main(void)
{
    StepRoutine self = step_routine((AbiFunction)main);
    bool has_all, can_step = !case_is_valgrind();
    caller_start = self.start;
    caller_end = self.end;
    handler = step_routine(abi_enter_sysv64);
    has_all = callbacks_visit(call_and_count, look_down) == 0;
    if (!can_step)
        printf("skipped: abi_unwind_callback: valgrind does not single-step\n");
    if (can_step && step_catch_traps())
        callbacks_visit(step_through, callback_return_first);
    use_up_builtin();
    callbacks_visit(call_and_count, look_down);
    if (can_step) {
        callbacks_visit(step_through, callback_return_first);
        step_check_coverage("abi_unwind_callback", &handler, has_all);
    }
    visit_win64();
    return unit_end("abi_unwind_callback");
}
