/* Plans as such: what they refuse and with which words, each allocation failing, the stack limit on both sides, slots, frame sizes,
 * exactness of what is read and written, and stack overflow meeting the guard page in order. */
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "abi/frame.h"
#include "abi_case.h"

/* -- memory -------------------------------------------------------------------------------------------------------------------- */

/* Fails at allocation number `fail_at`; counts bytes to see that all are given back with their right size. */
typedef struct Meter {
    unsigned nallocations, fail_at;
    size_t nbytes;
} Meter;

static void *meter_realloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new)
{
    Meter *meter = context;
    if (nbytes_new > 0 && meter->nallocations++ == meter->fail_at)
        return NULL;
    meter->nbytes += nbytes_new - nbytes_old;
    return mem_system_allocator.realloc(NULL, block, nbytes_old, nbytes_new);
}

static void check_out_of_memory(void)
{
    const AbiType args[] = {CASE_INT, CASE_DOUBLE, {64, 8, 0, NULL, false}};
    const AbiSignature signature = {CASE_LONG, args, 3, 3, false, ABI_SYSV64};
    unsigned fail_at = 0;
    for (;; fail_at++) {
        Meter meter = {0, fail_at, 0};
        const Allocator allocator = {meter_realloc, &meter};
        Error error = {.code = ERROR_NONE};
        AbiPlan *plan = abi_plan_new(&allocator, &signature, &error);
        if (plan != NULL) {
            CHECK_INT(meter.nbytes, plan->plan_nbytes);
            abi_plan_free(&allocator, plan);
            CHECK_INT(meter.nbytes, 0);
            break;
        }
        CHECK_INT(meter.nbytes, 0);
        CHECK_INT(error.code, ERROR_MEMORY);
        CHECK_TEXT(error.text, "not enough memory");
    }
    CHECK_INT(fail_at, 1); /* a plan is one block */
    abi_plan_free(&mem_system_allocator, NULL);
}

/* -- limits and refusals --------------------------------------------------------------------------------------------------------- */

static const char *refusal_of(AbiConvention convention, AbiType result, const AbiType *args, uint32_t nargs, ErrorCode wanted)
{
    static Error error;
    const AbiSignature signature = {result, args, nargs, nargs, false, convention};
    AbiPlan *plan = abi_plan_new(&mem_system_allocator, &signature, &error);
    if (plan != NULL) {
        abi_plan_free(&mem_system_allocator, plan);
        return "";
    }
    CHECK_INT(error.code, wanted);
    CHECK(error.line == 0 && error.column == 0 && error.file[0] == '\0' && error.source[0] == '\0');
    return error.text;
}

static const char *refusal(AbiType result, const AbiType *args, uint32_t nargs, ErrorCode wanted)
{
    return refusal_of(ABI_SYSV64, result, args, nargs, wanted);
}

/* What goes by reference counts with the room for its alignment, as do the four words that are always there. */
static void check_copies_limit(void)
{
    const char *wanted = "the arguments take more than 1048576 bytes of stack";
    const uint32_t rest = ABI_STACK_NBYTES_MAX - 4 * 8;
    AbiType one = {rest, 16, 0, NULL, true}, two[2] = {{rest - 64, 16, 0, NULL, true}, {16, 64, 0, NULL, true}};
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, &one, 1, ERROR_LIMIT), "");
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, two, 2, ERROR_LIMIT), "");
    one.size++;
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
    two[0].size++;
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, two, 2, ERROR_LIMIT), wanted);
    one.size = UINT64_MAX;
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
    one.size = UINT64_MAX - 7;
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
    one = (AbiType){16, (uint32_t)1 << 31, 0, NULL, true};
    CHECK_TEXT(refusal_of(ABI_WIN64, CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
}

static void check_stack_limit(void)
{
    const char *wanted = "the arguments take more than 1048576 bytes of stack";
    AbiType one = {ABI_STACK_NBYTES_MAX, 8, 0, NULL, false},
            two[2] = {{ABI_STACK_NBYTES_MAX - 8, 8, 0, NULL, false}, {8, 8, 0, NULL, false}};
    const AbiLeaf unaligned = {1, ABI_I32};
    two[1] = (AbiType){5, 1, 1, &unaligned, true};
    CHECK_TEXT(refusal(CASE_VOID, &one, 1, ERROR_LIMIT), "");
    CHECK_TEXT(refusal(CASE_VOID, two, 2, ERROR_LIMIT), "");
    one.size++;
    CHECK_TEXT(refusal(CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
    two[1].size = 9;
    CHECK_TEXT(refusal(CASE_VOID, two, 2, ERROR_LIMIT), wanted);
    two[0].align = two[1].align = 64; /* padding counts: the second starts at the limit */
    two[0].size = ABI_STACK_NBYTES_MAX - 32;
    CHECK_TEXT(refusal(CASE_VOID, two, 2, ERROR_LIMIT), wanted);
    one.size = UINT64_MAX;
    CHECK_TEXT(refusal(CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
    one.size = UINT64_MAX - 7;
    CHECK_TEXT(refusal(CASE_VOID, &one, 1, ERROR_LIMIT), wanted);
    CHECK_TEXT(refusal(one, NULL, 0, ERROR_LIMIT), ""); /* a result is the caller's memory: of any size */
}

static void check_number_limit(void)
{
    enum { NMAX = ABI_STACK_NBYTES_MAX / 8 + 6 };
    AbiType *args = calloc(NMAX + 1, sizeof *args);
    for (uint32_t i = 0; i <= NMAX; i++)
        args[i] = CASE_LONG;
    CHECK_TEXT(refusal(CASE_VOID, args, NMAX, ERROR_LIMIT), "");
    CHECK_TEXT(refusal(CASE_VOID, args, NMAX + 1, ERROR_LIMIT), "the arguments take more than 1048576 bytes of stack");
    free(args);
}

/* On a machine that has the registers, no refusal. */
static void check_vectors(void)
{
    const AbiType v64 = {64, 64, 1, &case_leaves[ABI_VECTOR64], false}, args[] = {CASE_LONG, v64};
    const char *text = refusal(CASE_VOID, args, 2, ERROR_UNSUPPORTED);
    if (text[0] == '\0') {
        printf("skipped: refusal of 64-byte vectors: this machine has AVX-512F\n");
        return;
    }
    CHECK_TEXT(text, "argument 2 is in a 64-byte vector register, which needs AVX-512F");
    CHECK_TEXT(refusal(v64, args, 1, ERROR_UNSUPPORTED),
               "the result is in a 64-byte vector register, which needs AVX-512F");
}

/* -- slots ------------------------------------------------------------------------------------------------------------------------ */

static void check_slots(void)
{
    const AbiLeaf pair[] = {{0, ABI_I64}, {8, ABI_I64}};
    const AbiType args[] = {CASE_INT,
                            CASE_DOUBLE,
                            {16, 8, 2, pair, true},
                            CASE_LONG,
                            {24, 8, 0, NULL, true},
                            CASE_SCALAR(float, ABI_F32),
                            CASE_SCALAR(bool, ABI_BOOL)};
    AbiPlan *plan = case_fixed_plan("slots", CASE_INT, args, 7);
    CHECK_INT(plan->args[0].slot, offsetof(AbiFrame, gpr[0]));
    CHECK_INT(plan->args[1].slot, offsetof(AbiFrame, vec));
    CHECK_INT(plan->args[2].slot, ABI_NO_SLOT);
    CHECK_INT(plan->args[2].nmoves, 1); /* two registers side by side are one copy */
    CHECK_INT(plan->args[3].slot, offsetof(AbiFrame, gpr[3]));
    CHECK_INT(plan->args[4].slot, ABI_NO_SLOT);
    CHECK_INT(plan->args[4].nmoves, 1); /* so is a whole memory argument */
    CHECK_INT(plan->args[5].slot, offsetof(AbiFrame, vec) + plan->vec_stride);
    CHECK_INT(plan->args[6].slot, offsetof(AbiFrame, gpr[4]));
    CHECK_INT(plan->vec_stride, 8);
    CHECK_INT(plan->result, ABI_RESULT_RAX);
    CHECK_INT(plan->stack_nbytes, 32);
    CHECK_INT(plan->frame_nbytes, plan->stack_offset + 32);
    CHECK(plan->end.ngpr == 5 && plan->end.nvec == 2 && plan->end.stack_nbytes == 24);
    case_free(plan);
}

/* No vector register, no room for them; a variadic plan keeps room for doubles to come. */
static void check_frames(void)
{
    const AbiType args[] = {CASE_LONG};
    AbiSignature signature = {CASE_VOID, args, 1, 1, false, ABI_SYSV64};
    AbiPlan *plan = case_plan("frame", &signature);
    CHECK_INT(plan->frame_nbytes, sizeof(AbiFrame) + ABI_FRAME_LINK_NBYTES);
    CHECK_INT(plan->vec_stride, 0);
    CHECK_INT(plan->result, ABI_RESULT_VOID);
    case_free(plan);
    signature.is_variadic = true;
    plan = case_plan("variadic frame", &signature);
    CHECK_INT(plan->frame_nbytes, sizeof(AbiFrame) + ABI_FRAME_LINK_NBYTES + 8 * 8);
    CHECK_INT(plan->vec_stride, 8);
    case_free(plan);
}

/* What abi_place writes into a slot: eight bytes, extended by the kind. */
static void check_extension(void)
{
    static const struct {
        uint32_t kind;
        uint64_t value, wanted;
        uint32_t nbytes;
    } cases[] = {
        {ABI_BOOL, 1, 1, 1},
        {ABI_I8, 0x80, 0xffffffffffffff80, 1},
        {ABI_U8, 0x80, 0x80, 1},
        {ABI_I16, 0x8001, 0xffffffffffff8001, 2},
        {ABI_U16, 0x8001, 0x8001, 2},
        {ABI_I32, 0x80000001, 0xffffffff80000001, 4},
        {ABI_U32, 0x80000001, 0x80000001, 4},
        {ABI_I64, 0x8000000000000001, 0x8000000000000001, 8},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const AbiType arg = {cases[i].nbytes, cases[i].nbytes, 1, &case_leaves[cases[i].kind], false};
        AbiPlan *plan = case_fixed_plan("extension", CASE_VOID, &arg, 1);
        AbiFrame *frame = aligned_alloc(16, plan->frame_nbytes);
        memset(frame, 0xaa, plan->frame_nbytes);
        abi_place(plan, frame, 0, &cases[i].value);
        CHECK_INT(frame->gpr[0], cases[i].wanted);
        free(frame);
        case_free(plan);
    }
}

/* -- exactness -------------------------------------------------------------------------------------------------------------------- */

/* Values and results of 1 to 40 bytes end before a forbidden page: none is read or written beyond. */
static void check_exact(void)
{
    char *room = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    AbiLeaf leaves[64];
    for (uint32_t i = 0; i < 64; i++)
        leaves[i] = (AbiLeaf){i, ABI_U8};
    CHECK(room != MAP_FAILED && mprotect(room + 4096, 4096, PROT_NONE) == 0);
    for (uint32_t nbytes = 1; nbytes <= 40; nbytes++) {
        const AbiType type = {nbytes, 1, nbytes, leaves, false};
        AbiPlan *plan = case_fixed_plan("exact", type, &type, 1);
        char *value = room + 4096 - nbytes;
        AbiFrame *frame = aligned_alloc(16, plan->frame_nbytes);
        memset(value, (int)nbytes, nbytes);
        abi_place(plan, frame, 0, value);
        frame->rax = frame->gpr[0];
        frame->rdx = frame->gpr[1];
        memset(value - 1, 0, nbytes + 1);
        abi_take_result(plan, frame, value);
        CHECK(value[-1] == 0 &&
              (nbytes > 16 ? value[0] == 0 : value[0] == (char)nbytes && value[nbytes - 1] == (char)nbytes));
        free(frame);
        case_free(plan);
    }
    munmap(room, 8192);
}

static void *return_same(void *address)
{
    return address;
}

/* A result in memory: rdi carries the address, and abi_take_result does nothing. */
static void check_memory_result(void)
{
    const AbiType block = {64, 8, 0, NULL, false}, arg = CASE_LONG;
    AbiPlan *plan = case_fixed_plan("memory result", block, &arg, 1);
    AbiFrame *frame = aligned_alloc(16, plan->frame_nbytes);
    char store[64] = {0};
    CHECK_INT(plan->result, ABI_RESULT_MEMORY);
    CHECK_INT(plan->args[0].slot, offsetof(AbiFrame, gpr[1]));
    abi_set_result_address(frame, store);
    abi_call(plan, frame, (AbiFunction)return_same);
    CHECK(frame->rax == (uint64_t)(uintptr_t)store);
    memset(&frame->result, 0xff, sizeof frame->result);
    abi_take_result(plan, frame, store);
    CHECK(store[0] == 0 && store[63] == 0);
    free(frame);
    case_free(plan);
}

/* -- large frames ------------------------------------------------------------------------------------------------------------------ */

typedef struct {
    long a[100000];
} Block;

static long ends_of(Block block, long tail)
{
    return block.a[0] + block.a[99999] + tail;
}

static void check_large(void)
{
    const AbiType args[] = {{sizeof(Block), _Alignof(Block), 0, NULL, true}, CASE_LONG};
    Block *block = calloc(1, sizeof *block);
    long tail = 1, result = 0;
    void *values[] = {block, &tail};
    AbiPlan *plan = case_fixed_plan("large", CASE_LONG, args, 2);
    block->a[0] = 100;
    block->a[99999] = 20;
    abi_invoke(plan, (AbiFunction)ends_of, &result, values);
    CHECK_INT(result, 121);
    free(block);
    case_free(plan);
}

/* -- stack overflow ------------------------------------------------------------------------------------------------------------------ */

enum { PAGE = 4096, STACK_NBYTES = 16 * PAGE, BELOW_NBYTES = 512 * PAGE };

static char *below; /* memory in use below the guard page, then the guard page, then the stack */

typedef struct Overflow {
    const AbiPlan *plan;
    AbiFrame *frame; /* NULL: abi_invoke makes its own */
    void **values;
} Overflow;

static Overflow overflow;

/* Nothing was written beyond the guard page: the block is all ones. Built with the address sanitizer, the engine calls it behind each
 * alloca, which leaves a return address there. */
static bool is_clean(void)
{
#ifndef __SANITIZE_ADDRESS__
    for (size_t i = 0; i < BELOW_NBYTES; i++)
        if (below[i] != 0)
            return false;
#endif
    return true;
}

static void on_fault(int number, siginfo_t *info, void *context)
{
    uintptr_t guard = (uintptr_t)below + BELOW_NBYTES, address = (uintptr_t)info->si_addr;
    (void)number;
    (void)context;
    _exit(address >= guard && address < guard + PAGE && is_clean() ? 0 : 1);
}

static void run_overflow(void)
{
    if (overflow.frame != NULL)
        abi_call(overflow.plan, overflow.frame, (AbiFunction)ends_of);
    else
        abi_invoke(overflow.plan, (AbiFunction)ends_of, &(long){0}, overflow.values);
    _exit(2);
}

/* In a child process with a stack of its own, too small for the call. */
static int overflow_status(void)
{
    static char signal_stack[64 * 1024];
    static ucontext_t context, back;
    const stack_t alternative = {.ss_sp = signal_stack, .ss_size = sizeof signal_stack};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        below =
            mmap(NULL, BELOW_NBYTES + PAGE + STACK_NBYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        mprotect(below + BELOW_NBYTES, PAGE, PROT_NONE);
        sigaltstack(&alternative, NULL);
        sigaction(SIGSEGV, &action, NULL);
        getcontext(&context);
        context.uc_stack = (stack_t){.ss_sp = below + BELOW_NBYTES + PAGE, .ss_size = STACK_NBYTES};
        makecontext(&context, run_overflow, 0);
        swapcontext(&back, &context);
        _exit(3);
    }
    waitpid(child, &status, 0);
    return status;
}

static void check_guard_page(void)
{
    AbiType args[] = {{sizeof(Block), _Alignof(Block), 0, NULL, true}, CASE_LONG};
    Block *block = malloc(sizeof *block);
    long tail = 1;
    void *values[] = {block, &tail};
    memset(block, 0xff, sizeof *block);
    if (case_is_valgrind()) {
        printf("skipped: guard page: valgrind watches the stack pointer\n");
    } else {
        for (int i = 0; i < 2; i++) {
            AbiPlan *plan;
            args[0].align = i == 0 ? 8 : 524288; /* the gap of an over-aligned argument is touched too */
            plan = case_fixed_plan("guard page", CASE_LONG, args, 2);
            overflow = (Overflow){plan, NULL, values};
            CHECK_INT(overflow_status(), 0);
            overflow.frame = aligned_alloc(16, plan->frame_nbytes);
            memset(overflow.frame, 0xff, plan->frame_nbytes);
            CHECK_INT(overflow_status(), 0);
            free(overflow.frame);
            case_free(plan);
        }
    }
    free(block);
}

int main(void)
{
    check_out_of_memory();
    check_copies_limit();
    check_stack_limit();
    check_number_limit();
    check_vectors();
    check_slots();
    check_frames();
    check_extension();
    check_exact();
    check_memory_result();
    check_large();
    check_guard_page();
    return unit_end("abi_plan");
}
