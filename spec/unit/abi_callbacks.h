/* Callbacks that together pass every instruction of what slots' entries jump to, for the tests that step through it: abi_unwind_callback
 * and abi_gdb. */
#ifndef AIRLOCK_SPEC_ABI_CALLBACKS_H
#define AIRLOCK_SPEC_ABI_CALLBACKS_H

#include "abi/callback.h"
#include "abi_calls.h"

/* -- C's side ------------------------------------------------------------------------------------------------------------ */

/* Each calls `entry` and tells whether the result is the first argument. */
typedef bool CallbackCaller(AbiFunction entry);

static bool call_back_longs(AbiFunction entry)
{
    return ((long (*)(long, long, long, long, long, long, long))entry)(1, 2, 3, 4, 5, 6, 7) == 1;
}

static bool call_back_doubles(AbiFunction entry)
{
    return ((double (*)(double, double))entry)(1.5, 2.5) == 1.5;
}

static bool call_back_vector16(AbiFunction entry)
{
    Vector16 a = {1, 2, 3, 4}, b = ((Vector16(*)(Vector16))entry)(a);
    return memcmp(&a, &b, sizeof a) == 0;
}

__attribute__((target("avx"))) static bool call_back_vector32(AbiFunction entry)
{
    Vector32 a = {1, 2, 3, 4, 5, 6, 7, 8}, b = ((Vector32(*)(Vector32))entry)(a);
    return memcmp(&a, &b, sizeof a) == 0;
}

__attribute__((target("avx512f"))) static bool call_back_vector64(AbiFunction entry)
{
    Vector64 a = {1, 2, 3, 4, 5, 6, 7, 8}, b = ((Vector64(*)(Vector64))entry)(a);
    return memcmp(&a, &b, sizeof a) == 0;
}

static bool call_back_long_double(AbiFunction entry)
{
    return ((long double (*)(long double))entry)(2.5L) == 2.5L;
}

static bool call_back_complex(AbiFunction entry)
{
    _Complex long double a = 2.5L, b;
    __imag__ a = 3.5L;
    b = ((_Complex long double (*)(_Complex long double))entry)(a);
    return a == b;
}

static bool call_back_aligned(AbiFunction entry)
{
    Aligned64 a = {{1, 2, 3, 4, 5, 6, 7, 8}}, b = ((Aligned64(*)(Aligned64))entry)(a);
    return memcmp(&a, &b, sizeof a) == 0;
}

#define XMM6_TO_15 "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

/* Different values in all that an ms_abi function preserves. */
static void set_xmm6_to_15(void)
{
    __asm__ volatile(
        "movq %0, %%xmm6\n\tpunpcklqdq %%xmm6, %%xmm6\n\t"
        "movdqa %%xmm6, %%xmm7\n\tpaddq %%xmm6, %%xmm7\n\tmovdqa %%xmm7, %%xmm8\n\tpaddq %%xmm6, %%xmm8\n\t"
        "movdqa %%xmm8, %%xmm9\n\tpaddq %%xmm6, %%xmm9\n\tmovdqa %%xmm9, %%xmm10\n\tpaddq %%xmm6, %%xmm10\n\t"
        "movdqa %%xmm10, %%xmm11\n\tpaddq %%xmm6, %%xmm11\n\tmovdqa %%xmm11, %%xmm12\n\tpaddq %%xmm6, %%xmm12\n\t"
        "movdqa %%xmm12, %%xmm13\n\tpaddq %%xmm6, %%xmm13\n\tmovdqa %%xmm13, %%xmm14\n\tpaddq %%xmm6, %%xmm14\n\t"
        "movdqa %%xmm14, %%xmm15\n\tpaddq %%xmm6, %%xmm15"
        :
        : "r"(0x123456789abcdefL)
        : XMM6_TO_15);
}

static bool ms_call_back_longs(AbiFunction entry)
{
    set_xmm6_to_15();
    return ((MS_ABI long (*)(long, long, long, long, long, long, long))entry)(1, 2, 3, 4, 5, 6, 7) == 1;
}

static bool ms_call_back_doubles(AbiFunction entry)
{
    return ((MS_ABI double (*)(double, double, double, double))entry)(1.5, 2.5, 3.5, 4.5) == 1.5;
}

static bool ms_call_back_aligned(AbiFunction entry)
{
    Aligned64 a = {{1, 2, 3, 4, 5, 6, 7, 8}}, b = ((MS_ABI Aligned64(*)(Aligned64))entry)(a);
    return memcmp(&a, &b, sizeof a) == 0;
}

/* -- our side ------------------------------------------------------------------------------------------------------------ */

static inline void callback_return_first(AbiSlot *slot, AbiFrame *frame)
{
    _Alignas(64) unsigned char value[64];
    abi_take(slot->owner->plan, frame, 0, value);
    abi_place_result(slot->owner->plan, frame, value);
}

static inline void callback_keep_owner(AbiOwner *owner)
{
    (void)owner;
}

/* The same, having changed what an ms_abi caller wants back. */
static inline void callback_spoil_and_return_first(AbiSlot *slot, AbiFrame *frame)
{
    callback_return_first(slot, frame);
    __asm__ volatile(
        "pcmpeqd %%xmm6, %%xmm6\n\tpcmpeqd %%xmm7, %%xmm7\n\tpcmpeqd %%xmm8, %%xmm8\n\tpcmpeqd %%xmm9, %%xmm9\n\t"
        "pcmpeqd %%xmm10, %%xmm10\n\tpcmpeqd %%xmm11, %%xmm11\n\tpcmpeqd %%xmm12, %%xmm12\n\t"
        "pcmpeqd %%xmm13, %%xmm13\n\tpcmpeqd %%xmm14, %%xmm14\n\tpcmpeqd %%xmm15, %%xmm15\n\t"
        "movq $-1, %%rdi\n\tmovq $-1, %%rsi"
        :
        :
        : XMM6_TO_15, "rdi", "rsi");
}

typedef void CallbackVisitor(const char *name, AbiFunction entry, CallbackCaller *call);

/* The plan is freed when `visit` returns. */
static inline void callback_visit(const char *name, AbiPlan *plan, CallbackVisitor *visit, CallbackCaller *call,
                                  AbiTarget target)
{
    static AbiOwner owner = {.nreferences = 1, .free = callback_keep_owner};
    Error error;
    AbiSlot *slot = abi_slot_take(&error);
    if (plan != NULL && slot != NULL) {
        owner.plan = plan;
        abi_slot_arm(slot, &owner, target);
        visit(name, abi_slot_entry(slot), call);
    }
    case_free(plan);
}

/* ABI_WIN64: without vector registers, and with all of them. */
static inline void callbacks_visit_win64(CallbackVisitor *visit, AbiTarget target)
{
    const AbiType longs[] = {CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG};
    const AbiType doubles[] = {CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE, CASE_DOUBLE};
    const AbiType aligned = {sizeof(Aligned64), _Alignof(Aligned64), 0, NULL, true};
    callback_visit("an ms_abi callback of longs", case_win64_plan("longs", *longs, longs, 7), visit, ms_call_back_longs,
                   target);
    callback_visit("an ms_abi callback of doubles", case_win64_plan("doubles", *doubles, doubles, 4), visit,
                   ms_call_back_doubles, target);
    callback_visit("an ms_abi callback of a struct", case_win64_plan("a struct", aligned, &aligned, 1), visit,
                   ms_call_back_aligned, target);
}

/* Returns how many callbacks this machine has not got the registers for. */
static inline int callbacks_visit(CallbackVisitor *visit, AbiTarget target)
{
    const AbiType longs[] = {CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG, CASE_LONG};
    const AbiType doubles[] = {CASE_DOUBLE, CASE_DOUBLE};
    const AbiType vector16 = CASE_SCALAR(Vector16, ABI_VECTOR16), f80 = CASE_SCALAR(long double, ABI_F80);
    const AbiType vector32 = {32, 32, 1, &case_leaves[ABI_VECTOR32], false},
                  vector64 = {64, 64, 1, &case_leaves[ABI_VECTOR64], false};
    const AbiType complex_f80 = CASE_SCALAR(_Complex long double, ABI_COMPLEX_F80);
    const AbiType aligned = {sizeof(Aligned64), _Alignof(Aligned64), 0, NULL, true};
    const struct {
        const char *name;
        CallbackCaller *call;
        const AbiType *type; /* of the result and of the arguments */
        uint32_t nargs;
    } callbacks[] = {
        {"a callback of longs", call_back_longs, longs, 7},
        {"a callback of doubles", call_back_doubles, doubles, 2},
        {"a callback of a 16-byte vector", call_back_vector16, &vector16, 1},
        {"a callback of a 32-byte vector", call_back_vector32, &vector32, 1},
        {"a callback of a 64-byte vector", call_back_vector64, &vector64, 1},
        {"a callback of long double", call_back_long_double, &f80, 1},
        {"a callback of complex long double", call_back_complex, &complex_f80, 1},
        {"a callback of a struct in memory", call_back_aligned, &aligned, 1},
    };
    int nskipped = 0;
    for (size_t i = 0; i < sizeof callbacks / sizeof *callbacks; i++) {
        AbiPlan *plan = case_fixed_plan(callbacks[i].name, *callbacks[i].type, callbacks[i].type, callbacks[i].nargs);
        nskipped += plan == NULL;
        callback_visit(callbacks[i].name, plan, visit, callbacks[i].call, target);
    }
    return nskipped;
}

#endif
