/* The machine's state around a call: what the callee finds at its first instruction (stack alignment, direction flag, empty x87 stack,
 * MXCSR and control word of the caller), what the caller finds again (callee-saved registers), and what stays (a callee's fesetround).
 * And al of variadic calls, which only assembly can see. */
#include <fenv.h>
#include <stdarg.h>
#include <stddef.h>

#include "abi/callback.h"
#include "abi_case.h"

/* -- a callee that looks, and a caller that holds known registers --------------------------------------------------------------- */

typedef struct Look {
    uint64_t sp, flags;
    uint64_t al;
    uint32_t mxcsr;
    uint16_t control, tags;
} Look;

Look look; /* what look_around saw */
void look_around(void);

typedef struct Held {
    void (*function)(void *context);
    void *context;
    uint64_t before[6], after[6]; /* rbx, rbp, r12-r15 */
    uint64_t flags;
} Held;

void hold_registers(Held *held);

_Static_assert(offsetof(Look, flags) == 8 && offsetof(Look, al) == 16 && offsetof(Look, mxcsr) == 24, "look_around");
_Static_assert(offsetof(Look, control) == 28 && offsetof(Look, tags) == 30, "look_around");
_Static_assert(offsetof(Held, before) == 16 && offsetof(Held, after) == 64 && offsetof(Held, flags) == 112,
               "hold_registers");

__asm__(".text\n"
        "look_around:\n"
        "    endbr64\n"
        "    leaq look(%rip), %r11\n"
        "    movzbl %al, %eax\n"
        "    movq %rax, 16(%r11)\n"
        "    movq %rsp, (%r11)\n"
        "    pushfq\n"
        "    popq 8(%r11)\n"
        "    stmxcsr 24(%r11)\n"
        "    fnstcw 28(%r11)\n"
        "    subq $40, %rsp\n"
        "    fnstenv (%rsp)\n"
        "    movw 8(%rsp), %dx\n"
        "    movw %dx, 30(%r11)\n"
        "    fldenv (%rsp)\n"
        "    addq $40, %rsp\n"
        "    ret\n"
        "hold_registers:\n"
        "    endbr64\n"
        "    pushq %rbx\n"
        "    pushq %rbp\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    pushq %rdi\n"
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
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbp\n"
        "    popq %rbx\n"
        "    ret\n");

#define DIRECTION_FLAG 0x400u
#define TAGS_EMPTY     0xffffu

static uint32_t read_mxcsr(void)
{
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return mxcsr;
}

static uint16_t read_control(void)
{
    uint16_t control;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    return control;
}

static uint16_t read_tags(void)
{
    uint32_t environment[7];
    __asm__ volatile("fnstenv %0\n\tfldenv %0" : "=m"(environment));
    return (uint16_t)environment[2];
}

/* -- calls -------------------------------------------------------------------------------------------------------------------- */

static void invoke(void *context)
{
    const Call *call = context;
    abi_invoke(call->plan, call->function, call->result, call->values);
}

static void check_look(const char *name, const Held *held, uint32_t mxcsr, uint16_t control)
{
    unit_check((look.sp + 8) % 16 == 0, __FILE__, __LINE__, name);
    unit_check((look.flags & DIRECTION_FLAG) == 0 && (held->flags & DIRECTION_FLAG) == 0, __FILE__, __LINE__, name);
    unit_check(look.tags == TAGS_EMPTY && read_tags() == TAGS_EMPTY, __FILE__, __LINE__, name);
    unit_check(look.mxcsr == mxcsr && read_mxcsr() == mxcsr, __FILE__, __LINE__, name);
    unit_check(look.control == control && read_control() == control, __FILE__, __LINE__, name);
    unit_check(memcmp(held->before, held->after, sizeof held->before) == 0, __FILE__, __LINE__, name);
}

typedef struct __attribute__((aligned(64))) {
    long a[8];
} Aligned64;
typedef struct {
    long a[512];
} Large;

/* Every shape of call: its arguments' kinds do not matter to look_around. */
static void check_shape(const char *name, AbiType result, const AbiType *args, uint32_t nargs)
{
    static long zeros[512], store[512];
    void *values[24];
    uint32_t mxcsr = read_mxcsr();
    uint16_t control = read_control();
    AbiPlan *plan = case_fixed_plan(name, result, args, nargs);
    Call call = {plan, look_around, store, values};
    Held held = {.function = invoke, .context = &call, .before = {0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666}};
    for (uint32_t i = 0; i < nargs; i++)
        values[i] = zeros;
    memset(&look, 0, sizeof look);
    hold_registers(&held);
    check_look(name, &held, mxcsr, control);
    case_free(plan);
}

static void check_shapes(void)
{
    AbiType longs[20], doubles[20];
    const AbiType aligned[] = {CASE_LONG, {sizeof(Aligned64), _Alignof(Aligned64), 0, NULL, true}, CASE_LONG},
                  large = {sizeof(Large), 8, 0, NULL, true};
    const AbiType f80 = CASE_SCALAR(long double, ABI_F80);
    for (int i = 0; i < 20; i++) {
        longs[i] = CASE_LONG;
        doubles[i] = CASE_DOUBLE;
    }
    for (uint32_t n = 0; n <= 20; n++) {
        char name[32];
        snprintf(name, sizeof name, "%u longs", n);
        check_shape(name, CASE_LONG, longs, n);
        snprintf(name, sizeof name, "%u doubles", n);
        check_shape(name, CASE_DOUBLE, doubles, n);
    }
    check_shape("a struct aligned to 64", CASE_VOID, aligned, 3);
    check_shape("a struct of a page", CASE_VOID, &large, 1);
    check_shape("long double as argument", CASE_VOID, &f80, 1);
}

/* -- rounding ------------------------------------------------------------------------------------------------------------------ */

static int set_rounding(int mode)
{
    return fesetround(mode);
}

static long double return_extended(double a)
{
    return a;
}

static void check_caller_state_is_kept(void)
{
    fesetround(FE_UPWARD);
    check_shapes();
    fesetround(FE_TONEAREST);
}

static void check_callee_state_stays(void)
{
    const AbiType arg = CASE_INT;
    int mode = FE_DOWNWARD, result = -1;
    void *values[] = {&mode};
    AbiPlan *plan = case_fixed_plan("fesetround", CASE_INT, &arg, 1);
    abi_invoke(plan, (AbiFunction)set_rounding, &result, values);
    CHECK_INT(result, 0);
    CHECK_INT(fegetround(), FE_DOWNWARD);
    CHECK(((read_mxcsr() >> 13) & 3) == 1 && ((read_control() >> 10) & 3) == 1);
    fesetround(FE_TONEAREST);
    case_free(plan);
}

/* A result in st0 leaves the x87 stack empty. */
static void check_x87_result(void)
{
    const AbiType arg = CASE_DOUBLE;
    double value = 2.5;
    long double result = 0;
    void *values[] = {&value};
    AbiPlan *plan = case_fixed_plan("long double result", CASE_SCALAR(long double, ABI_F80), &arg, 1);
    abi_invoke(plan, (AbiFunction)return_extended, &result, values);
    CHECK(result == 2.5L);
    CHECK_INT(read_tags(), TAGS_EMPTY);
    case_free(plan);
}

/* -- al ------------------------------------------------------------------------------------------------------------------------ */

static uint64_t al_of(const AbiType *args, uint32_t nargs, uint32_t nfixed, bool is_variadic)
{
    static long zeros[8];
    void *values[24];
    AbiSignature signature = {CASE_VOID, args, nargs, nfixed, is_variadic, ABI_SYSV64};
    AbiPlan *plan = case_plan("al", &signature);
    for (uint32_t i = 0; i < nargs; i++)
        values[i] = zeros;
    abi_invoke(plan, look_around, NULL, values);
    case_free(plan);
    return look.al;
}

static void check_al(void)
{
    AbiType args[21];
    args[0] = CASE_INT;
    for (int i = 1; i <= 20; i++)
        args[i] = i % 2 == 0 ? CASE_LONG : CASE_DOUBLE;
    for (uint32_t n = 1; n <= 21; n++) {
        uint32_t ndoubles = n / 2;
        CHECK_INT(al_of(args, n, 1, true), ndoubles < 8 ? ndoubles : 8);
    }
    CHECK_INT(al_of(args, 3, 3, true), 1); /* fixed ones count too */
}

/* -- variadic arguments beyond the plan ------------------------------------------------------------------------------------------ */

static double add_up(int count, const char *kinds, ...)
{
    double sum = 0;
    va_list list;
    va_start(list, kinds);
    for (int i = 0; i < count; i++)
        sum = 3 * sum + (kinds[i] == 'd' ? va_arg(list, double) : (double)va_arg(list, long));
    va_end(list);
    return sum;
}

static double add_up_engine(AbiFunction function, const char *kinds)
{
    const AbiType args[] = {CASE_INT, CASE_SCALAR(char *, ABI_POINTER)};
    AbiSignature signature = {CASE_DOUBLE, args, 2, 2, true, ABI_SYSV64};
    AbiPlan *plan = case_plan("variadic", &signature);
    AbiCursor cursor = plan->end;
    int count = (int)strlen(kinds);
    double result = 0;
    size_t frame_nbytes = (plan->frame_nbytes + 8 * (size_t)count + 15) / 16 * 16;
    AbiFrame *frame = aligned_alloc(16, frame_nbytes);
    abi_place(plan, frame, 0, &count);
    abi_place(plan, frame, 1, &kinds);
    for (long i = 0; i < count; i++) {
        uint32_t slot = abi_next_slot(plan, &cursor, kinds[i] == 'd');
        double number = (double)i + 0.5;
        CHECK(slot + 8 <= frame_nbytes);
        memcpy((char *)frame + slot, kinds[i] == 'd' ? (void *)&number : (void *)&i, 8);
    }
    abi_call_variadic(plan, frame, function, &cursor);
    abi_take_result(plan, frame, &result);
    free(frame);
    case_free(plan);
    return result;
}

/* The same sum, without varargs. */
static double add_up_here(const char *kinds)
{
    double sum = 0;
    for (int i = 0; kinds[i] != '\0'; i++)
        sum = 3 * sum + i + (kinds[i] == 'd' ? 0.5 : 0);
    return sum;
}

static void check_variadic(void)
{
    static const char *const lists[] = {
        "", "l", "d", "ld", "llll", "lllll", "dddddddd", "ddddddddd", "ldldldldldldldldldldld", "ddddddddddlllllllll"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        size_t ndoubles = 0;
        for (const char *kind = lists[i]; *kind != '\0'; kind++)
            ndoubles += *kind == 'd';
        unit_check(add_up_engine((AbiFunction)add_up, lists[i]) == add_up_here(lists[i]), __FILE__, __LINE__, lists[i]);
        add_up_engine(look_around, lists[i]);
        CHECK_INT(look.al, ndoubles < 8 ? ndoubles : 8);
        CHECK((look.sp + 8) % 16 == 0);
    }
}

/* -- upper halves ---------------------------------------------------------------------------------------------------------------- */

/* What the trampoline loaded for a callee that takes a wide vector is not left behind to slow down SSE code. */
static void check_uppers(void)
{
    const AbiType vector = {32, 32, 1, &case_leaves[ABI_VECTOR32], false};
    AbiPlan *plan = case_fixed_plan("upper halves", CASE_VOID, &vector, 1);
    _Alignas(16) unsigned char upper[16];
    AbiFrame *frame;
    if (plan == NULL)
        return;
    frame = aligned_alloc(16, plan->frame_nbytes);
    memset(frame, 0xff, plan->frame_nbytes);
    abi_call(plan, frame, look_around);
    __asm__ volatile("vextractf128 $1, %%ymm5, %0" : "=m"(upper));
    for (int i = 0; i < 16; i++)
        CHECK_INT(upper[i], 0);
    free(frame);
    case_free(plan);
}

/* The same for what a callback's caller left there: the target is C, which may use SSE. */
static unsigned char target_upper[16];

static void look_at_upper(AbiSlot *slot, AbiFrame *frame)
{
    __asm__ volatile("vextractf128 $1, %%ymm5, %0" : "=m"(target_upper));
    abi_zero_result(slot->owner->plan, frame);
}

static void keep_owner(AbiOwner *owner)
{
    (void)owner;
}

__attribute__((target("avx"))) static void call_with_uppers(AbiFunction entry)
{
    __asm__ volatile("movq %%rsp, %%rbx\n\t"
                     "subq $128, %%rsp\n\t" /* the red zone */
                     "andq $-16, %%rsp\n\t"
                     "vcmpps $15, %%ymm5, %%ymm5, %%ymm5\n\t" /* all ones */
                     "call *%0\n\t"
                     "movq %%rbx, %%rsp"
                     :
                     : "r"(entry)
                     : "memory", "cc", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0",
                       "xmm5");
}

static void check_callback_uppers(const char *name, uint32_t nbytes, AbiKind kind)
{
    const AbiType vector = {nbytes, nbytes, 1, &case_leaves[kind], false};
    AbiPlan *plan = case_fixed_plan(name, CASE_VOID, &vector, 1);
    AbiOwner owner = {.plan = plan, .nreferences = 1, .free = keep_owner};
    Error error;
    AbiSlot *slot = plan != NULL ? abi_slot_take(&error) : NULL;
    if (slot == NULL)
        return;
    abi_slot_arm(slot, &owner, look_at_upper);
    memset(target_upper, 0xff, sizeof target_upper);
    call_with_uppers(abi_slot_entry(slot));
    for (int i = 0; i < 16; i++)
        CHECK_INT(target_upper[i], 0);
    case_free(plan); /* nobody takes this slot again */
}

int main(void)
{
    check_uppers();
    check_callback_uppers("upper halves in a callback", 32, ABI_VECTOR32);
    check_callback_uppers("upper halves in a callback, AVX-512F", 64, ABI_VECTOR64);
    check_shapes();
    check_caller_state_is_kept();
    check_callee_state_stays();
    check_x87_result();
    check_al();
    check_variadic();
    return unit_end("abi_state");
}
