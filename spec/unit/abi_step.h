/* Stepping through assembly, instruction by instruction: with the trap flag set around a call, a backtrace is taken at every instruction from
 * the call's first one until it returns, and the frame that called must come out with its return address, stack pointer and
 * callee-saved registers. For spec/unit/abi_unwind*.c. */
#ifndef AIRLOCK_SPEC_ABI_STEP_H
#define AIRLOCK_SPEC_ABI_STEP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#include "abi/abi.h"
#include "unit.h"

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
} step_saved[] = {{3, REG_RBX},  {6, REG_RBP},  {12, REG_R12}, {13, REG_R13},
                  {14, REG_R14}, {15, REG_R15}, {5, REG_RDI},  {4, REG_RSI}};

/* The first six are preserved by every function, the others by those of the Microsoft ABI too. */
enum { STEP_NSAVED = 6, STEP_NSAVED_WIN64 = sizeof step_saved / sizeof *step_saved, STEP_NBYTES_MAX = 8192 };

/* A routine that is stepped through. The one that stays is on the stack while whatever it calls runs; the one that passes has jumped on, to
 * the one that stays if there is one. */
typedef struct StepRoutine {
    uintptr_t start, end;
} StepRoutine;

static struct {
    uintptr_t first; /* the first instruction of the call */
    StepRoutine stays, passes;
    StepRoutine silent;               /* passes too, and has no unwind table */
    bool is_visited[STEP_NBYTES_MAX]; /* of the one that stays, ever */
    unsigned nsteps, nwrong;
    int nsaved; /* registers that are looked at */
} step = {.nsaved = STEP_NSAVED};

/* The truth, from the first instruction. */
static struct {
    bool is_inside;
    uintptr_t return_address, sp, registers[STEP_NSAVED_WIN64];
} step_truth;

/* One backtrace. */
static struct {
    uintptr_t from;   /* the interrupted instruction: what is above is the handler */
    bool is_below;    /* ... and has been passed */
    bool was_routine; /* the previous frame was a routine's */
    bool is_found;
} step_walk;

static inline bool step_is_in(const StepRoutine *routine, uintptr_t ip)
{
    return ip >= routine->start && ip < routine->end;
}

static inline bool step_is_true(struct _Unwind_Context *context)
{
    bool same = _Unwind_GetIP(context) == step_truth.return_address && _Unwind_GetCFA(context) == step_truth.sp;
    for (int i = 0; i < step.nsaved; i++)
        same = same && _Unwind_GetGR(context, step_saved[i].dwarf) == step_truth.registers[i];
    return same;
}

static inline _Unwind_Reason_Code step_visit(struct _Unwind_Context *context, void *unused)
{
    uintptr_t ip = _Unwind_GetIP(context);
    (void)unused;
    step_walk.is_below = step_walk.is_below || ip == step_walk.from;
    if (step_walk.was_routine) {
        step_walk.is_found = step_is_true(context);
        return _URC_END_OF_STACK;
    }
    step_walk.was_routine = step_walk.is_below && (step_is_in(&step.stays, ip) || step_is_in(&step.passes, ip));
    return _URC_NO_REASON;
}

static inline void step_note_truth(const greg_t *registers)
{
    const uintptr_t *stack;
    step_truth.is_inside = true;
    step_truth.sp = (uintptr_t)registers[REG_RSP];
    memcpy(&stack, &step_truth.sp, sizeof stack);
    step_truth.return_address = *stack;
    step_truth.sp += 8;
    for (int i = 0; i < step.nsaved; i++)
        step_truth.registers[i] = (uintptr_t)registers[step_saved[i].context];
}

/* Whether there is a routine below: in the call, but for what a routine that passes has jumped to. */
static inline bool step_has_frame(uintptr_t ip)
{
    if (!step_truth.is_inside || step_is_in(&step.silent, ip))
        return false;
    return step.stays.end != 0 || step_is_in(&step.passes, ip);
}

static inline void step_on_trap(int number, siginfo_t *info, void *context)
{
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t ip = (uintptr_t)registers[REG_RIP];
    (void)number;
    (void)info;
    if (ip == step.first)
        step_note_truth(registers);
    if (ip == step_truth.return_address)
        step_truth.is_inside = false;
    if (!step_has_frame(ip))
        return;
    memset(&step_walk, 0, sizeof step_walk);
    step_walk.from = ip;
    _Unwind_Backtrace(step_visit, NULL);
    step.nsteps++;
    step.nwrong += !step_walk.is_found;
    if (!step_walk.is_found)
        fprintf(stderr, "wrong frame %ld bytes behind the first instruction\n", (long)(ip - step.first));
    if (step_is_in(&step.stays, ip))
        step.is_visited[ip - step.stays.start] = true;
}

/* The range of a routine, as its own unwind table gives it: an FDE holds length, CIE, start (pcrel) and size, 4 bytes each. Nothing if there is
 * no such table. */
static inline StepRoutine step_routine(AbiFunction function)
{
    struct dwarf_eh_bases bases;
    uintptr_t address;
    uint32_t nbytes;
    const char *fde;
    memcpy(&address, &function, sizeof address);
    fde = _Unwind_Find_FDE((void *)(address + 1), &bases);
    if (fde == NULL)
        return (StepRoutine){0, 0};
    memcpy(&nbytes, fde + 12, sizeof nbytes);
    CHECK(nbytes <= STEP_NBYTES_MAX);
    return (StepRoutine){(uintptr_t)bases.func, (uintptr_t)bases.func + nbytes};
}

static inline bool step_catch_traps(void)
{
    struct sigaction action = {.sa_sigaction = step_on_trap, .sa_flags = SA_SIGINFO};
    return CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
}

/* No block of the routine that stays was left out, if has_all: an instruction has 15 bytes at most. */
static inline void step_check_coverage(const char *unit, const StepRoutine *routine, bool has_all)
{
    uintptr_t last = 0, widest = 0, n = 0, nbytes = routine->end - routine->start;
    for (uintptr_t at = 0; at < nbytes; at++) {
        if (!step.is_visited[at])
            continue;
        if (at - last > widest)
            widest = at - last;
        last = at;
        n++;
    }
    printf("%s: %u backtraces, %lu instructions of the trampoline\n", unit, step.nsteps, (unsigned long)n);
    CHECK(!has_all || (widest <= 15 && nbytes - last <= 15));
}

#endif
