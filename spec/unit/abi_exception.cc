// A C++ exception thrown by the callee passes through the trampoline and through abi_invoke, whatever the call carries: destructors
// on the way run, and the catching function finds its registers as they were.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic" // C11 headers: a flexible array member
extern "C" {
#include "abi/abi.h"
}
#pragma GCC diagnostic pop

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

// The locals are kept in callee-saved registers across the call.
void check(AbiFunction function, AbiType result, const AbiType *args, uint32_t nargs, void **values, long wanted)
{
    AbiSignature signature = {result, args, nargs, nargs, false};
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

template <typename F> AbiFunction erase(F *function)
{
    return reinterpret_cast<AbiFunction>(function);
}

} // namespace

int main()
{
    const AbiLeaf leaf_i64 = {0, ABI_I64}, leaf_f64 = {0, ABI_F64}, leaf_f80 = {0, ABI_F80};
    const AbiType i64 = {8, 8, 1, &leaf_i64}, f64 = {8, 8, 1, &leaf_f64}, f80 = {16, 16, 1, &leaf_f80};
    const AbiType eight[] = {i64, i64, i64, i64, i64, i64, i64, i64}, two[] = {f64, f64}, aligned[] = {{64, 64, 0, nullptr}, i64};
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

    AbiSignature signature = {i64, &i64, 1, 1, false};
    Error error;
    AbiPlan *plan = abi_plan_new(&mem_system_allocator, &signature, &error);
    long result = 0;
    abi_invoke(plan, erase(catch_inside), &result, longs);
    CHECK_INT(result, 2);
    abi_plan_free(&mem_system_allocator, plan);
    return unit_end("abi_exception");
}
