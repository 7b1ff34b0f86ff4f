/* The unwind tables of the trampoline and of the ways around it, proved in process: with the trap flag set around a call, a backtrace
 * is taken at every instruction of the routine and, where the trampoline stays on the stack, of the callee; the frame that called the
 * routine must come out with its return address, stack pointer and callee-saved registers. The calls are chosen so that every
 * instruction of the trampoline is passed. */
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include "abi_calls.h"

/* libgcc's own view of the tables (unwind-dw2-fde.h). */
struct dwarf_eh_bases {
    void *tbase, *dbase, *func;
};
const void *_Unwind_Find_FDE(void *pc, struct dwarf_eh_bases *bases);

void step_on(void);
void step_off(void);

__asm__(".text\n"
        "step_on:\n"
        "    endbr64\n"
        "    pushfq\n"
        "    orl $0x100, (%rsp)\n"
        "    popfq\n"
        "    ret\n"
        "step_off:\n"
        "    endbr64\n"
        "    pushfq\n"
        "    andl $~0x100, (%rsp)\n"
        "    popfq\n"
        "    ret\n");

/* DWARF numbers and where the signal context keeps them. */
static const struct {
    int dwarf, context;
} saved[] = {{3, REG_RBX}, {6, REG_RBP}, {12, REG_R12}, {13, REG_R13}, {14, REG_R14}, {15, REG_R15}};

enum { NSAVED = sizeof saved / sizeof *saved, NBYTES_MAX = 2048 };

/* The routine that is stepped through: the trampoline, or a plan's direct way, which is gone when the callee runs. */
static uintptr_t start, end;
static bool is_direct;
static bool is_visited[NBYTES_MAX]; /* of the trampoline */
static unsigned nsteps, nwrong;

/* The truth, from the routine's first instruction. */
static struct {
    bool is_inside;
    uintptr_t return_address, sp, registers[NSAVED];
} truth;

/* One backtrace. */
static struct {
    uintptr_t from;      /* the interrupted instruction: what is above is the handler */
    bool is_below;       /* ... and has been passed */
    bool was_routine;    /* the previous frame was the routine's */
    bool is_found;
} walk;

static bool is_in_routine(uintptr_t ip)
{
    return ip >= start && ip < end;
}

static bool is_true(struct _Unwind_Context *context)
{
    bool same = _Unwind_GetIP(context) == truth.return_address && _Unwind_GetCFA(context) == truth.sp;
    for (int i = 0; i < NSAVED; i++)
        same = same && _Unwind_GetGR(context, saved[i].dwarf) == truth.registers[i];
    return same;
}

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *unused)
{
    uintptr_t ip = _Unwind_GetIP(context);
    (void)unused;
    walk.is_below = walk.is_below || ip == walk.from;
    if (walk.was_routine) {
        walk.is_found = is_true(context);
        return _URC_END_OF_STACK;
    }
    walk.was_routine = walk.is_below && is_in_routine(ip);
    return _URC_NO_REASON;
}

static void note_entry(const greg_t *registers)
{
    const uintptr_t *stack;
    truth.is_inside = true;
    truth.sp = (uintptr_t)registers[REG_RSP];
    memcpy(&stack, &truth.sp, sizeof stack);
    truth.return_address = *stack;
    truth.sp += 8;
    for (int i = 0; i < NSAVED; i++)
        truth.registers[i] = (uintptr_t)registers[saved[i].context];
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t ip = (uintptr_t)registers[REG_RIP];
    (void)number;
    (void)info;
    if (ip == start)
        note_entry(registers);
    if (ip == truth.return_address)
        truth.is_inside = false;
    if (!truth.is_inside || (is_direct && !is_in_routine(ip)))
        return;
    memset(&walk, 0, sizeof walk);
    walk.from = ip;
    _Unwind_Backtrace(visit, NULL);
    nsteps++;
    nwrong += !walk.is_found;
    if (!walk.is_found)
        fprintf(stderr, "wrong frame at %s%+ld\n", is_direct ? "direct" : "trampoline", (long)(ip - start));
    if (!is_direct && is_in_routine(ip))
        is_visited[ip - start] = true;
}

/* The range of the routine, as its own unwind table gives it: an FDE holds length, CIE, start (pcrel) and size, 4 bytes each. */
static bool find_range(AbiFunction routine)
{
    struct dwarf_eh_bases bases;
    uint32_t nbytes;
    const char *fde;
    start = (uintptr_t)routine;
    fde = _Unwind_Find_FDE((void *)(start + 1), &bases);
    if (!CHECK(fde != NULL && (uintptr_t)bases.func == start))
        return false;
    memcpy(&nbytes, fde + 12, sizeof nbytes);
    end = start + nbytes;
    return CHECK(nbytes < NBYTES_MAX);
}

/* -- stepping ------------------------------------------------------------------------------------------------------------------ */

static void step_through(const char *name, const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    unsigned nsteps_before = nsteps, nwrong_before = nwrong;
    is_direct = plan->direct != NULL;
    if (!find_range(is_direct ? plan->direct : (AbiFunction)abi_call_sysv64))
        return;
    step_on();
    abi_invoke(plan, function, result, values);
    step_off();
    truth.is_inside = false;
    unit_check(nsteps > nsteps_before + (is_direct ? 4 : 20) && nwrong == nwrong_before, __FILE__, __LINE__, name);
}

/* No block of the trampoline was left out: an instruction has 15 bytes at most. */
static void check_coverage(bool has_all)
{
    uintptr_t last = 0, widest = 0, n = 0;
    find_range((AbiFunction)abi_call_sysv64);
    for (uintptr_t at = 0; at < end - start; at++) {
        if (!is_visited[at])
            continue;
        if (at - last > widest)
            widest = at - last;
        last = at;
        n++;
    }
    printf("abi_unwind: %u backtraces, %lu instructions of the trampoline\n", nsteps, (unsigned long)n);
    CHECK(!has_all || (widest <= 15 && end - start - last <= 15));
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

    if (case_is_valgrind()) {
        printf("skipped: abi_unwind: valgrind does not single-step\n");
        return unit_end("abi_unwind");
    }
    if (CHECK(sigaction(SIGTRAP, &action, NULL) == 0))
        check_coverage(calls_visit(step_through) == 0);
    return unit_end("abi_unwind");
}
