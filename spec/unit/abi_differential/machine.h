/* The machine around a call: a shim that enters a C function with known registers and notes what it leaves behind, another that stands
 * between a compiled caller and what it calls, memory that ends at a forbidden page, and signals turned into failures. For
 * abi_differential.c alone. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_MACHINE_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_MACHINE_H

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/abi.h"

/* -- the shim ------------------------------------------------------------------------------------------------------ */

typedef struct MachineCall {
    void (*function)(void *context);
    void *context;
    uint64_t in[6]; /* rbx, rbp, r12-r15 */
    uint64_t out[6];
    uint64_t flags; /* out */
    uint32_t mxcsr_in, mxcsr_out;
    uint32_t control_in; /* x87 control word */
    uint32_t x87_out[7]; /* fnstenv: control word, status word, tags, … */
} MachineCall;

_Static_assert(offsetof(MachineCall, in) == 16, "machine_call");
_Static_assert(offsetof(MachineCall, out) == 64, "machine_call");
_Static_assert(offsetof(MachineCall, flags) == 112, "machine_call");
_Static_assert(offsetof(MachineCall, mxcsr_in) == 120, "machine_call");
_Static_assert(offsetof(MachineCall, mxcsr_out) == 124, "machine_call");
_Static_assert(offsetof(MachineCall, control_in) == 128, "machine_call");
_Static_assert(offsetof(MachineCall, x87_out) == 132, "machine_call");

/* Calls call->function(call->context) with the registers of `in`, MXCSR and x87 control word as asked; fills the rest. */
void machine_call(MachineCall *call);

__asm__(".text\n"
        ".globl machine_call\n"
        ".hidden machine_call\n"
        ".type machine_call, @function\n"
        "machine_call:\n"
        "    endbr64\n"
        "    pushq %rbx\n"
        "    pushq %rbp\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    subq $16, %rsp\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    pushq %rdi\n" /* with the return address ten words: aligned */
        "    ldmxcsr 120(%rdi)\n"
        "    fldcw 128(%rdi)\n"
        "    movq 16(%rdi), %rbx\n"
        "    movq 24(%rdi), %rbp\n"
        "    movq 32(%rdi), %r12\n"
        "    movq 40(%rdi), %r13\n"
        "    movq 48(%rdi), %r14\n"
        "    movq 56(%rdi), %r15\n"
        "    movq (%rdi), %rax\n"
        "    movq 8(%rdi), %rdi\n"
        "    call *%rax\n"
        "    popq %rdi\n"
        "    movq %rbx, 64(%rdi)\n"
        "    movq %rbp, 72(%rdi)\n"
        "    movq %r12, 80(%rdi)\n"
        "    movq %r13, 88(%rdi)\n"
        "    movq %r14, 96(%rdi)\n"
        "    movq %r15, 104(%rdi)\n"
        "    pushfq\n"
        "    popq 112(%rdi)\n"
        "    cld\n"
        "    stmxcsr 124(%rdi)\n"
        "    fnstenv 132(%rdi)\n"
        "    fninit\n"
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $16, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbp\n"
        "    popq %rbx\n"
        "    ret\n"
        ".size machine_call, . - machine_call\n");

/* -- the shim between a caller and its callee --------------------------------------------------------------------------- */

enum { MACHINE_ABOVE_NBYTES = 1024 };

/* What machine_between does and sees. It moves nothing: the callee finds the caller's stack and argument registers. */
typedef struct MachineBetween {
    AbiFunction function; /* in: whom to call */
    uint64_t return_address;
    uint64_t caller[6];       /* the caller's rbx, rbp, r12-r15 */
    uint64_t in[6], out[6];   /* those that the callee finds, and leaves */
    uint64_t rsp_in, rsp_out; /* before the call and behind it */
    uint64_t rdi, rsi, rcx;   /* arguments */
    uint64_t rax;             /* out */
    uint64_t flags;
    uint32_t mxcsr_out, x87_out[7];
    unsigned char above_in[MACHINE_ABOVE_NBYTES], above_out[MACHINE_ABOVE_NBYTES]; /* the caller's stack */
    uint64_t rdi_out, rsi_out;                                                     /* as the callee leaves them */
} MachineBetween;

_Static_assert(offsetof(MachineBetween, caller) == 16, "machine_between");
_Static_assert(offsetof(MachineBetween, in) == 64, "machine_between");
_Static_assert(offsetof(MachineBetween, out) == 112, "machine_between");
_Static_assert(offsetof(MachineBetween, rsp_in) == 160, "machine_between");
_Static_assert(offsetof(MachineBetween, rdi) == 176, "machine_between");
_Static_assert(offsetof(MachineBetween, rax) == 200, "machine_between");
_Static_assert(offsetof(MachineBetween, flags) == 208, "machine_between");
_Static_assert(offsetof(MachineBetween, mxcsr_out) == 216, "machine_between");
_Static_assert(offsetof(MachineBetween, above_in) == 248, "machine_between");
_Static_assert(offsetof(MachineBetween, above_out) == 1272, "machine_between");
_Static_assert(offsetof(MachineBetween, rdi_out) == 2296, "machine_between");

__attribute__((visibility("hidden"))) MachineBetween machine_between_state;
void machine_between(void);

__asm__(".text\n"
        ".globl machine_between\n"
        ".hidden machine_between\n"
        ".type machine_between, @function\n"
        "machine_between:\n"
        "    endbr64\n"
        "    leaq machine_between_state(%rip), %r11\n"
        "    popq 8(%r11)\n"
        "    movq %rsp, 160(%r11)\n"
        "    movq %rdi, 176(%r11)\n"
        "    movq %rsi, 184(%r11)\n"
        "    movq %rcx, 192(%r11)\n"
        "    movq %rsp, %rsi\n"
        "    leaq 248(%r11), %rdi\n"
        "    movl $128, %ecx\n"
        "    rep movsq\n"
        "    movq 176(%r11), %rdi\n"
        "    movq 184(%r11), %rsi\n"
        "    movq 192(%r11), %rcx\n"
        "    movq %rbx, 16(%r11)\n"
        "    movq %rbp, 24(%r11)\n"
        "    movq %r12, 32(%r11)\n"
        "    movq %r13, 40(%r11)\n"
        "    movq %r14, 48(%r11)\n"
        "    movq %r15, 56(%r11)\n"
        "    movq 64(%r11), %rbx\n"
        "    movq 72(%r11), %rbp\n"
        "    movq 80(%r11), %r12\n"
        "    movq 88(%r11), %r13\n"
        "    movq 96(%r11), %r14\n"
        "    movq 104(%r11), %r15\n"
        "    call *(%r11)\n" /* the return address is where the caller's was */
        "    leaq machine_between_state(%rip), %r11\n"
        "    movq %rdi, 2296(%r11)\n"
        "    movq %rsi, 2304(%r11)\n"
        "    movq %rbx, 112(%r11)\n"
        "    movq %rbp, 120(%r11)\n"
        "    movq %r12, 128(%r11)\n"
        "    movq %r13, 136(%r11)\n"
        "    movq %r14, 144(%r11)\n"
        "    movq %r15, 152(%r11)\n"
        "    movq 16(%r11), %rbx\n"
        "    movq 24(%r11), %rbp\n"
        "    movq 32(%r11), %r12\n"
        "    movq 40(%r11), %r13\n"
        "    movq 48(%r11), %r14\n"
        "    movq 56(%r11), %r15\n"
        "    movq %rsp, 168(%r11)\n"
        "    movq 160(%r11), %rsp\n"
        "    movq %rax, 200(%r11)\n"
        "    pushfq\n"
        "    popq 208(%r11)\n"
        "    cld\n"
        "    stmxcsr 216(%r11)\n"
        "    fnstenv 220(%r11)\n"
        "    fldenv 220(%r11)\n"
        "    movq %rsp, %rsi\n"
        "    leaq 1272(%r11), %rdi\n"
        "    movl $128, %ecx\n"
        "    rep movsq\n"
        "    pushq 8(%r11)\n"
        "    ret\n"
        ".size machine_between, . - machine_between\n");

/* -- the same for ms_abi ------------------------------------------------------------------------------------------------ */

/* What machine_between_ms adds: the registers that only this ABI's callees preserve. */
typedef struct MachineBetweenMs {
    uint64_t return_address;
    uint64_t caller_rdi, caller_rsi, rdi_in, rsi_in;
    uint64_t unused;
    unsigned char caller[10][16]; /* xmm6-xmm15 */
    unsigned char in[10][16], out[10][16];
} MachineBetweenMs;

_Static_assert(offsetof(MachineBetweenMs, rdi_in) == 24, "machine_between_ms");
_Static_assert(offsetof(MachineBetweenMs, caller) == 48, "machine_between_ms");
_Static_assert(offsetof(MachineBetweenMs, in) == 208, "machine_between_ms");
_Static_assert(offsetof(MachineBetweenMs, out) == 368, "machine_between_ms");

__attribute__((visibility("hidden"))) MachineBetweenMs machine_between_ms_state;
void machine_between_ms(void);

#define MACHINE_XMMS(one)                                                                                              \
    one(6, 0) one(7, 16) one(8, 32) one(9, 48) one(10, 64) one(11, 80) one(12, 96) one(13, 112) one(14, 128)           \
        one(15, 144)
#define MACHINE_KEEP(n, at) "    movups %xmm" #n ", 48+" #at "(%r11)\n"
#define MACHINE_SET(n, at)  "    movups 208+" #at "(%r11), %xmm" #n "\n"
#define MACHINE_NOTE(n, at) "    movups %xmm" #n ", 368+" #at "(%r11)\n"
#define MACHINE_BACK(n, at) "    movups 48+" #at "(%r11), %xmm" #n "\n"

/* clang-format off */

/* Around machine_between, with the caller's stack as it is. */
__asm__(".text\n"
        ".globl machine_between_ms\n"
        ".hidden machine_between_ms\n"
        ".type machine_between_ms, @function\n"
        "machine_between_ms:\n"
        "    endbr64\n"
        "    leaq machine_between_ms_state(%rip), %r11\n"
        "    popq (%r11)\n"
        "    movq %rdi, 8(%r11)\n"
        "    movq %rsi, 16(%r11)\n"
        MACHINE_XMMS(MACHINE_KEEP)
        "    movq 24(%r11), %rdi\n"
        "    movq 32(%r11), %rsi\n"
        MACHINE_XMMS(MACHINE_SET)
        "    call machine_between\n"
        "    leaq machine_between_ms_state(%rip), %r11\n"
        MACHINE_XMMS(MACHINE_NOTE)
        MACHINE_XMMS(MACHINE_BACK)
        "    movq 8(%r11), %rdi\n"
        "    movq 16(%r11), %rsi\n"
        "    pushq (%r11)\n"
        "    ret\n"
        ".size machine_between_ms, . - machine_between_ms\n");

/* clang-format on */

/* -- valgrind ------------------------------------------------------------------------------------------------------ */

/* Tells memcheck that it may believe these bytes: it takes flags and padding that a call leaves behind for undefined. The
 * request of valgrind.h, which is not always installed; elsewhere five instructions that do nothing. */
static inline void machine_make_defined(const void *start, size_t nbytes)
{
    volatile uint64_t request[6] = {0x4d430002 /* VG_USERREQ__MAKE_MEM_DEFINED */, (uintptr_t)start, nbytes};
    uint64_t answer = 0;
    __asm__ volatile("rolq $3, %%rdi\n\trolq $13, %%rdi\n\trolq $61, %%rdi\n\trolq $51, %%rdi\n\txchgq %%rbx, %%rbx"
                     : "+d"(answer)
                     : "a"(&request[0])
                     : "cc", "memory");
}

/* -- memory before a forbidden page -------------------------------------------------------------------------------- */

enum { MACHINE_PAGE = 4096 };

/* Room for objects that end where a forbidden page begins, so that a byte read or written too many is a fault. */
typedef struct MachineRoom {
    unsigned char *start;
    size_t nbytes;
} MachineRoom;

static inline MachineRoom machine_new_room(size_t npages)
{
    size_t nbytes = npages * MACHINE_PAGE;
    unsigned char *block = mmap(NULL, nbytes + 2 * MACHINE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED || mprotect(block + MACHINE_PAGE, nbytes, PROT_READ | PROT_WRITE) != 0)
        abort();
    return (MachineRoom){block + MACHINE_PAGE, nbytes};
}

/* The last nbytes of the room. */
static inline unsigned char *machine_place(const MachineRoom *room, size_t nbytes)
{
    if (nbytes > room->nbytes)
        abort();
    return room->start + room->nbytes - nbytes;
}

/* -- faults -------------------------------------------------------------------------------------------------------- */

static sigjmp_buf machine_fault_target;
static volatile sig_atomic_t machine_expects_fault;

static inline void machine_on_fault(int number)
{
    if (!machine_expects_fault) {
        signal(number, SIG_DFL);
        return;
    }
    machine_expects_fault = 0;
    siglongjmp(machine_fault_target, number);
}

static inline void machine_catch_faults(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGALRM};
    static unsigned char stack[1 << 16];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = machine_on_fault, .sa_flags = SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

enum { MACHINE_NSECONDS_MAX = 20 };

/* machine_call; a signal that ends it is returned, 0 otherwise. SIGALRM ends one that does not come back. */
static inline int machine_call_guarded(MachineCall *call)
{
    int number = sigsetjmp(machine_fault_target, 1);
    if (number == 0) {
        machine_expects_fault = 1;
        alarm(MACHINE_NSECONDS_MAX);
        machine_call(call);
        machine_expects_fault = 0;
        alarm(0);
    } else {
        static const uint32_t mxcsr_default = 0x1f80;
        __asm__ volatile("cld\n\tfninit\n\tldmxcsr %0" : : "m"(mxcsr_default));
    }
    return number;
}

#endif
