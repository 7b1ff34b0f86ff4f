// A C++ exception thrown by the callee passes through the trampoline and through abi_invoke, whatever the call carries: destructors
// on the way run, and the catching function finds its registers as they were. The same for one that a callback's target throws, to the
// function that called the callback, for one that ends the thread, and for a longjmp out of a target. And through ms_abi callees and callers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" // C11 headers: a flexible array member
extern "C" {
#include "abi/abi.h"
}
#pragma GCC diagnostic pop

#include <csetjmp>
#include <cstring>
#include <pthread.h>

#include "unit.h"

namespace {

struct Thrown {
    long sum;
};

int ndestroyed;

struct Guard {
    ~Guard() { ndestroyed++; }
};

struct alignas(64) Aligned {
    long a[8];
};

long throw_longs(long a, long b, long c, long d, long e, long f, long g, long h)
{
    Guard guard;
    throw Thrown{a + b + c + d + e + f + g + h};
}

double throw_doubles(double a, double b)
{
    throw Thrown{static_cast<long>(a + b)};
}

long throw_aligned(Aligned a, long b)
{
    throw Thrown{a.a[7] + b};
}

long double throw_long_double(long double a)
{
    throw Thrown{static_cast<long>(a)};
}

long catch_inside(long a)
{
    try {
        throw Thrown{a};
    } catch (const Thrown &thrown) {
        return thrown.sum + 1;
    }
}

#define MS_ABI __attribute__((ms_abi))

MS_ABI long ms_throw(long a, double b, Aligned c, long d, long e)
{
    Guard guard;
    throw Thrown{a + static_cast<long>(b) + c.a[7] + d + e};
}

// The locals are kept in callee-saved registers across the call.
void check(AbiFunction function, AbiType result, const AbiType *args, uint32_t nargs, void **values, long wanted,
           AbiConvention convention = ABI_SYSV64)
{
    AbiSignature signature = {result, args, nargs, nargs, false, convention};
    Error error;
    AbiPlan *plan = abi_plan_new(&mem_system_allocator, &signature, &error);
    long double store;
    volatile long seed = 7;
    long a = seed, b = a * 3, c = b + 11, d = c * 5, caught = -1;
    if (!CHECK(plan != NULL))
        return;
    try {
        Guard guard;
        abi_invoke(plan, function, &store, values);
    } catch (const Thrown &thrown) {
        caught = thrown.sum;
    }
    CHECK_INT(caught, wanted);
    CHECK(a == 7 && b == 21 && c == 32 && d == 160);
    abi_plan_free(&mem_system_allocator, plan);
}

// -- callbacks ---------------------------------------------------------------------------------------------------------------

// abi/callback.h as C++ has it, which knows no _Atomic.
struct Owner {
    const AbiPlan *plan;
    uint32_t nreferences;
    void (*free)(Owner *owner);
};

extern "C" {
struct AbiSlot;
typedef void (*Target)(AbiSlot *slot, AbiFrame *frame);
AbiSlot *abi_slot_take(Error *error);
void abi_slot_arm(AbiSlot *slot, Owner *owner, Target target);
void abi_slot_give_back(AbiSlot *slot, Target target);
AbiFunction abi_slot_entry(const AbiSlot *slot);
void abi_take(const AbiPlan *plan, const AbiFrame *frame, uint32_t index, void *value);
}

Owner owner;

void keep(Owner *) {}

void throw_first(AbiSlot *, AbiFrame *frame)
{
    Guard guard;
    long double room[4];
    abi_take(owner.plan, frame, 0, room);
    if (owner.plan->vec_stride == 8) {
        double first;
        std::memcpy(&first, room, sizeof first);
        throw Thrown{static_cast<long>(first)};
    }
    long first;
    std::memcpy(&first, room, sizeof first);
    throw Thrown{first};
}

// In a slot of the first table or, after those are used up, of a mapped one.
AbiSlot *arm(AbiType result, const AbiType *args, uint32_t nargs, Target target = throw_first, AbiConvention convention = ABI_SYSV64)
{
    AbiSignature signature = {result, args, nargs, nargs, false, convention};
    Error error;
    AbiSlot *slot = abi_slot_take(&error);
    owner = {abi_plan_new(&mem_system_allocator, &signature, &error), 1, keep};
    abi_slot_arm(slot, &owner, target);
    return slot;
}

void disarm(AbiSlot *slot)
{
    abi_slot_give_back(slot, throw_first);
    abi_plan_free(&mem_system_allocator, const_cast<AbiPlan *>(owner.plan));
}

template <typename Call> void check_callback(AbiSlot *slot, Call call)
{
    volatile long seed = 7;
    long a = seed, b = a * 3, c = b + 11, d = c * 5, caught = -1;
    int nbefore = ndestroyed;
    try {
        Guard guard;
        call(abi_slot_entry(slot));
    } catch (const Thrown &thrown) {
        caught = thrown.sum;
    }
    CHECK_INT(caught, 42);
    CHECK_INT(ndestroyed, nbefore + 2);
    CHECK(a == 7 && b == 21 && c == 32 && d == 160);
    disarm(slot);
}

// -- ms_abi ------------------------------------------------------------------------------------------------------------------

void throw_integer(AbiSlot *, AbiFrame *frame)
{
    Guard guard;
    long first;
    abi_take(owner.plan, frame, 0, &first);
    throw Thrown{first};
}

MS_ABI __attribute__((noinline)) long ms_call_and_catch(AbiFunction entry)
{
    volatile long seed = 7;
    long a = seed, b = a * 3, c = b + 11, d = c * 5, caught = -1;
    try {
        Guard guard;
        reinterpret_cast<MS_ABI long (*)(long, double, long, long, long)>(entry)(42, 1.5, 2, 3, 4);
    } catch (const Thrown &thrown) {
        caught = thrown.sum;
    }
    CHECK(a == 7 && b == 21 && c == 32 && d == 160);
    return caught;
}

void check_ms(AbiType i64, AbiType f64, AbiType aligned, long *numbers, double *doubles, Aligned *block)
{
    const AbiType out[] = {i64, f64, aligned, i64, i64}, in[] = {i64, f64, i64, i64, i64};
    void *values[] = {&numbers[0], &doubles[0], block, &numbers[1], &numbers[2]};
    check(reinterpret_cast<AbiFunction>(ms_throw), i64, out, 5, values, 76, ABI_WIN64);
    int nbefore = ndestroyed;
    AbiSlot *slot = arm(i64, in, 5, throw_integer, ABI_WIN64);
    CHECK_INT(ms_call_and_catch(abi_slot_entry(slot)), 42);
    CHECK_INT(ndestroyed, nbefore + 2);
    disarm(slot);
}

// -- other ways out of a target ----------------------------------------------------------------------------------------------

jmp_buf way_out;

void jump_out(AbiSlot *, AbiFrame *)
{
    longjmp(way_out, 42);
}

void end_thread(AbiSlot *, AbiFrame *)
{
    Guard guard;
    pthread_exit(nullptr);
}

void *call_in_thread(void *slot)
{
    Guard guard;
    reinterpret_cast<void (*)(double)>(abi_slot_entry(static_cast<AbiSlot *>(slot)))(1.5);
    return slot;
}

void check_other_ways(AbiType f64)
{
    const AbiType none = {0, 1, 0, nullptr, false};
    AbiSlot *slot = arm(none, &f64, 1, jump_out);
    int got = setjmp(way_out), nbefore = ndestroyed;
    if (got == 0)
        reinterpret_cast<void (*)(double)>(abi_slot_entry(slot))(1.5);
    CHECK_INT(got, 42);
    disarm(slot);

    slot = arm(none, &f64, 1, end_thread);
    pthread_t thread;
    void *result = slot;
    CHECK(pthread_create(&thread, nullptr, call_in_thread, slot) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == nullptr);
    CHECK_INT(ndestroyed, nbefore + 2);
    disarm(slot);
}

void check_callbacks(AbiType i64, AbiType f64, AbiType f80, const AbiType *aligned)
{
    const AbiType eight[] = {i64, i64, i64, i64, i64, i64, i64, i64}, two[] = {f64, f64}, one_long[] = {i64, f80};
    check_callback(arm(i64, eight, 8), [](AbiFunction entry) {
        reinterpret_cast<long (*)(long, long, long, long, long, long, long, long)>(entry)(42, 2, 3, 4, 5, 6, 7, 8);
    });
    check_callback(arm(f64, two, 2), [](AbiFunction entry) { reinterpret_cast<double (*)(double, double)>(entry)(42, 2); });
    check_callback(arm(f80, one_long, 2),
                   [](AbiFunction entry) { reinterpret_cast<long double (*)(long, long double)>(entry)(42, 2.5L); });
    check_callback(arm(*aligned, &i64, 1), [](AbiFunction entry) { reinterpret_cast<Aligned (*)(long)>(entry)(42); });
}

template <typename F> AbiFunction erase(F *function)
{
    return reinterpret_cast<AbiFunction>(function);
}

} // namespace

int main()
{
    const AbiLeaf leaf_i64 = {0, ABI_I64}, leaf_f64 = {0, ABI_F64}, leaf_f80 = {0, ABI_F80};
    const AbiType i64 = {8, 8, 1, &leaf_i64, false}, f64 = {8, 8, 1, &leaf_f64, false}, f80 = {16, 16, 1, &leaf_f80, false};
    const AbiType eight[] = {i64, i64, i64, i64, i64, i64, i64, i64}, two[] = {f64, f64}, aligned[] = {{64, 64, 0, nullptr, false}, i64};
    long numbers[] = {1, 2, 3, 4, 5, 6, 7, 8};
    double doubles[] = {40.0, 2.0};
    long double extended = 99;
    Aligned block = {{0, 0, 0, 0, 0, 0, 0, 30}};
    void *longs[] = {&numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4], &numbers[5], &numbers[6], &numbers[7]};
    void *pair[] = {&doubles[0], &doubles[1]}, *one_extended[] = {&extended}, *block_and_long[] = {&block, &numbers[4]};

    check(erase(throw_longs), i64, eight, 8, longs, 36);
    CHECK_INT(ndestroyed, 2);
    check(erase(throw_doubles), f64, two, 2, pair, 42);
    check(erase(throw_long_double), f80, &f80, 1, one_extended, 99);
    check(erase(throw_aligned), i64, aligned, 2, block_and_long, 35);

    AbiSignature signature = {i64, &i64, 1, 1, false, ABI_SYSV64};
    Error error;
    check_callbacks(i64, f64, f80, aligned);
    check_other_ways(f64);
    check_ms(i64, f64, aligned[0], numbers, doubles, &block);
    for (int i = 0; i < 300; i++)
        CHECK(abi_slot_take(&error) != nullptr);
    check_callbacks(i64, f64, f80, aligned);
    check_other_ways(f64);
    check_ms(i64, f64, aligned[0], numbers, doubles, &block);

    AbiPlan *plan = abi_plan_new(&mem_system_allocator, &signature, &error);
    long result = 0;
    abi_invoke(plan, erase(catch_inside), &result, longs);
    CHECK_INT(result, 2);
    abi_plan_free(&mem_system_allocator, plan);
    return unit_end("abi_exception");
}
