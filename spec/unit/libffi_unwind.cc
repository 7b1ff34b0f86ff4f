// What leaves C functions otherwise than by returning, through libffi.so.8's calls and closures: C++ exceptions, thread cancellation and
// pthread_exit, longjmp; and who looks down the stack from within. Destructors on the way run, the catching function finds its registers as
// they were, and nothing is left behind. The program is built twice, with the C++ runtime shared and linked in.
#include <csetjmp>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <execinfo.h>
#include <malloc.h>
#include <pthread.h>
#include <unwind.h>

#include "libffi_closures.h"

namespace {

struct Thrown {
    long number;
};

int ndestroyed;

struct Guard {
    ~Guard() { ndestroyed++; }
};

template <typename F> void (*erase(F *function))()
{
    return reinterpret_cast<void (*)()>(function);
}

template <typename F> F *function_at(const void *code)
{
    F *function;
    std::memcpy(&function, &code, sizeof function);
    return function;
}

// -- signatures --------------------------------------------------------------------------------------------------------------

struct Large { // as an argument and as a result: a frame of more than the engine has on its stack at first, and of a page
    long a[1024];
};

ffi_type *large_elements[1025], large_type = {0, 0, FFI_TYPE_STRUCT, large_elements};

enum { NARGS_MAX = 10 };

struct Signature {
    const char *name;
    ffi_type *result;
    unsigned nargs;
    ffi_type *args[NARGS_MAX];
    ffi_cif cif;
};

#define LONG &ffi_type_slong
Signature signatures[] = {
    {"one long", LONG, 1, {LONG}, {}},
    {"two doubles", &ffi_type_double, 2, {LONG, &ffi_type_double}, {}},
    {"ten longs", LONG, 10, {LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG}, {}},
    {"long double", &ffi_type_longdouble, 2, {LONG, &ffi_type_longdouble}, {}},
    {"complex", &ffi_type_complex_double, 2, {LONG, &ffi_type_complex_double}, {}},
    {"a large argument", LONG, 2, {LONG, &large_type}, {}},
    {"a large result", &large_type, 1, {LONG}, {}},
    {"nothing", &ffi_type_void, 1, {LONG}, {}},
};
#undef LONG

// Of each argument, the first a long.
Large room;
long first_argument = 42;
void *argument_values[NARGS_MAX] = {&first_argument, &room, &room, &room, &room, &room, &room, &room, &room, &room};

const struct Abi {
    const char *name;
    ffi_abi number;
} abis[] = {{"System V", FFI_UNIX64}, {"Microsoft", FFI_WIN64}, {"Microsoft with gcc's long double", FFI_GNUW64}};

void prepare_signatures(ffi_abi abi)
{
    for (int i = 0; i < 1024; i++)
        large_elements[i] = &ffi_type_slong;
    for (Signature &signature : signatures)
        unit_check(ffi_prep_cif(&signature.cif, abi, signature.nargs, signature.result, signature.args) == FFI_OK, __FILE__, __LINE__,
                   signature.name);
}

// -- what a callee or a handler does -----------------------------------------------------------------------------------------

typedef void Leave(long number);

Leave *leave;
jmp_buf way_out;

void leave_by_throw(long number)
{
    throw Thrown{number};
}

void leave_by_jump(long number)
{
    longjmp(way_out, static_cast<int>(number));
}

void leave_thread(long)
{
    pthread_exit(nullptr);
}

// Functions of both ABIs with something to destroy, whatever else the caller passes, and others for longjmp, which must leave nothing that is
// to be destroyed. Each for results in registers and in memory.
#define CALLEES(name, attribute)                                                                                                            \
    attribute long name##_callee(long number)                                                                                               \
    {                                                                                                                                       \
        Guard guard;                                                                                                                        \
        leave(number);                                                                                                                      \
        return number;                                                                                                                      \
    }                                                                                                                                       \
    attribute Large name##_large_callee(long number)                                                                                        \
    {                                                                                                                                       \
        Guard guard;                                                                                                                        \
        leave(number);                                                                                                                      \
        return Large();                                                                                                                     \
    }                                                                                                                                       \
    attribute long name##_plain_callee(long number)                                                                                         \
    {                                                                                                                                       \
        leave(number);                                                                                                                      \
        return number;                                                                                                                      \
    }                                                                                                                                       \
    attribute Large name##_plain_large_callee(long number)                                                                                  \
    {                                                                                                                                       \
        leave(number);                                                                                                                      \
        return Large();                                                                                                                     \
    }
CALLEES(sysv, )
CALLEES(ms, __attribute__((ms_abi)))

void handler(ffi_cif *, void *, void **args, void *)
{
    Guard guard;
    leave(*static_cast<long *>(args[0]));
}

void plain_handler(ffi_cif *, void *, void **args, void *)
{
    leave(*static_cast<long *>(args[0]));
}

// -- ways in -----------------------------------------------------------------------------------------------------------------

struct Way {
    const char *name;
    void (*enter)(Signature &signature, bool is_plain);
};

void (*callee_of(const Signature &signature, bool is_plain))()
{
    bool is_large = signature.result == &large_type;
    if (signature.cif.abi == FFI_UNIX64) {
        if (is_large)
            return is_plain ? erase(sysv_plain_large_callee) : erase(sysv_large_callee);
        return is_plain ? erase(sysv_plain_callee) : erase(sysv_callee);
    }
    if (is_large)
        return is_plain ? erase(ms_plain_large_callee) : erase(ms_large_callee);
    return is_plain ? erase(ms_plain_callee) : erase(ms_callee);
}

void enter_call(Signature &signature, bool is_plain)
{
    ffi_call(&signature.cif, callee_of(signature, is_plain), &room, argument_values);
}

void enter_call_for_nothing(Signature &signature, bool is_plain)
{
    ffi_call(&signature.cif, callee_of(signature, is_plain), nullptr, argument_values);
}

void enter_raw_call(Signature &signature, bool is_plain)
{
    ffi_raw raw[NARGS_MAX * 4];
    ffi_ptrarray_to_raw(&signature.cif, argument_values, raw);
    ffi_raw_call(&signature.cif, callee_of(signature, is_plain), &room, raw);
}

void enter_go_call(Signature &signature, bool is_plain)
{
    ffi_call_go(&signature.cif, callee_of(signature, is_plain), &room, argument_values, &signature);
}

void enter_go_call_for_nothing(Signature &signature, bool is_plain)
{
    ffi_call_go(&signature.cif, callee_of(signature, is_plain), nullptr, argument_values, &signature);
}

void enter_go_closure(Signature &signature, bool is_plain)
{
    ffi_go_closure closure;
    CHECK_INT(ffi_prep_go_closure(&closure, &signature.cif, is_plain ? plain_handler : handler), FFI_OK);
    ffi_call_go(&signature.cif, function_at<void()>(closure.tramp), &room, argument_values, &closure);
}

Closure closures[CLOSURE_FORM_COUNT];

// The caller of a closure is a call: it carries any signature, and is on the way too.
template <ClosureForm form> void enter_closure(Signature &signature, bool is_plain)
{
    if (CHECK(closure_make(&closures[form], form, &signature.cif, is_plain ? plain_handler : handler, nullptr)))
        ffi_call(&signature.cif, function_at<void()>(closures[form].code), &room, argument_values);
}

const Way ways[] = {
    {"ffi_call", enter_call},
    {"ffi_call without a result", enter_call_for_nothing},
    {"ffi_raw_call", enter_raw_call},
    {"ffi_call_go", enter_go_call},
    {"ffi_call_go without a result", enter_go_call_for_nothing},
    {"a Go closure", enter_go_closure},
    {"a closure", enter_closure<CLOSURE_ALLOCATED>},
    {"a closure in memory of ours", enter_closure<CLOSURE_OWNED>},
    {"a raw closure", enter_closure<CLOSURE_RAW>},
    {"a java-raw closure", enter_closure<CLOSURE_JAVA_RAW>},
};

// Words hold no 16-byte scalars and no complex, as libffi's raw form has it.
bool is_raw(const Way &way)
{
    return std::strstr(way.name, "raw") != nullptr;
}

// Microsoft's has neither type of result in registers, where the callees have theirs.
bool fits(const Way &way, const Signature &signature)
{
    if (signature.cif.abi != FFI_UNIX64 && (signature.result == &ffi_type_longdouble || signature.result == &ffi_type_complex_double))
        return false;
    for (unsigned i = 0; is_raw(way) && i < signature.nargs; i++)
        if (signature.args[i]->type == FFI_TYPE_COMPLEX || signature.args[i]->type == FFI_TYPE_LONGDOUBLE)
            return false;
    return true;
}

void free_closures()
{
    for (Closure &closure : closures)
        if (closure.memory != nullptr)
            closure_free(&closure);
    std::memset(closures, 0, sizeof closures);
}

template <typename Visit> void visit_way(const Abi &abi, const Way &way, Signature &signature, Visit visit)
{
    char what[160];
    unsigned nbefore = unit_nfailed;
    if (!fits(way, signature))
        return;
    visit(way, signature);
    free_closures();
    snprintf(what, sizeof what, "%s: %s: %s", abi.name, way.name, signature.name);
    unit_check(unit_nfailed == nbefore, __FILE__, __LINE__, what);
}

template <typename Visit> void for_each_way(Visit visit)
{
    for (const Abi &abi : abis) {
        prepare_signatures(abi.number);
        for (const Way &way : ways)
            for (Signature &signature : signatures)
                visit_way(abi, way, signature, visit);
    }
}

// -- exceptions --------------------------------------------------------------------------------------------------------------

void check_exception(const Way &way, Signature &signature)
{
    volatile long seed = 7;
    long a = seed, b = a * 3, c = b + 11, d = c * 5, caught = -1; // kept in callee-saved registers across the call
    int nbefore = ndestroyed;
    try {
        Guard guard;
        way.enter(signature, false);
    } catch (const Thrown &thrown) {
        caught = thrown.number;
    }
    CHECK_INT(caught, 42);
    CHECK_INT(ndestroyed, nbefore + 2);
    CHECK(a == 7 && b == 21 && c == 32 && d == 160);
}

// A Microsoft caller has two more callee-saved registers.
typedef __attribute__((ms_abi)) long MsLong(long);

__attribute__((ms_abi, noinline)) long catch_in_ms(MsLong *function, const volatile long *seeds)
{
    long a = seeds[0], b = seeds[1], c = seeds[2], d = seeds[3], e = seeds[4], f = seeds[5], g = seeds[6], caught = -1;
    try {
        Guard guard;
        function(42);
    } catch (const Thrown &thrown) {
        caught = thrown.number;
    }
    return caught + a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g;
}

void check_ms_caller(ClosureForm form)
{
    static volatile long seeds[] = {1000, 2000, 3000, 4000, 5000, 6000, 7000};
    long wanted = 42;
    if (signatures[0].cif.abi == FFI_UNIX64)
        return;
    for (int i = 0; i < 7; i++)
        wanted += (i + 1) * seeds[i];
    if (!CHECK(closure_make(&closures[form], form, &signatures[0].cif, handler, nullptr)))
        return;
    CHECK_INT(catch_in_ms(function_at<MsLong>(closures[form].code), seeds), wanted);
    free_closures();
}

// C++, ffi_call, closure, handler, ffi_call, closure ...: thrown at depth 0, caught by the handler at `catcher`.
struct Nest {
    ClosureForm form;
    long catcher, caught;
    long (*at_end)(const Nest *nest);
};

long descend(Nest *nest, long depth);

void nest_handler(ffi_cif *, void *result, void **args, void *user_data)
{
    Nest *nest = static_cast<Nest *>(user_data);
    long depth = *static_cast<long *>(args[0]), got = -1;
    Guard guard;
    if (depth != nest->catcher) {
        got = descend(nest, depth - 1);
    } else {
        try {
            got = descend(nest, depth - 1);
        } catch (const Thrown &thrown) {
            nest->caught = depth;
            got = thrown.number;
        }
    }
    std::memcpy(result, &got, sizeof got);
}

__attribute__((noinline)) long descend(Nest *nest, long depth)
{
    Signature &signature = signatures[0];
    Closure closure;
    long result = -1;
    void *values[] = {&depth};
    if (depth == 0)
        return nest->at_end(nest);
    if (!CHECK(closure_make(&closure, nest->form, &signature.cif, nest_handler, nest)))
        return -1;
    struct Free { // frees the closure in flight, too
        Closure *closure;
        ~Free() { closure_free(closure); }
    } free_it{&closure};
    ffi_call(&signature.cif, function_at<void()>(closure.code), &result, values);
    return result;
}

template <typename Visit> void for_each_form(Visit visit)
{
    for (const Abi &abi : abis) {
        prepare_signatures(abi.number);
        for (int form = 0; form < CLOSURE_FORM_COUNT; form++)
            visit(static_cast<ClosureForm>(form));
    }
}

void check_nested(ClosureForm form)
{
    for (long catcher = 1; catcher <= 3; catcher++) {
        Nest nest = {form, catcher, 0, [](const Nest *) -> long { throw Thrown{17}; }};
        int nbefore = ndestroyed;
        CHECK_INT(descend(&nest, 3), 17);
        CHECK_INT(nest.caught, catcher);
        CHECK_INT(ndestroyed, nbefore + 3);
    }
}

// -- who looks down ----------------------------------------------------------------------------------------------------------

enum { NFRAMES_MAX = 100 };

struct Stack {
    void *functions[NFRAMES_MAX]; // where each frame's function starts
    int n;
};

_Unwind_Reason_Code note_frame(_Unwind_Context *context, void *stack_pointer)
{
    Stack *stack = static_cast<Stack *>(stack_pointer);
    uintptr_t ip = _Unwind_GetIP(context);
    if (stack->n < NFRAMES_MAX)
        stack->functions[stack->n++] = _Unwind_FindEnclosingFunction(reinterpret_cast<void *>(ip - 1));
    return _URC_NO_REASON;
}

Stack stack_by_unwind()
{
    Stack stack = {{}, 0};
    _Unwind_Backtrace(note_frame, &stack);
    return stack;
}

Stack stack_by_backtrace()
{
    Stack stack = {{}, 0};
    void *addresses[NFRAMES_MAX];
    stack.n = backtrace(addresses, NFRAMES_MAX);
    for (int i = 0; i < stack.n; i++)
        stack.functions[i] = _Unwind_FindEnclosingFunction(static_cast<char *>(addresses[i]) - 1);
    return stack;
}

// Innermost first: descend, then handler and descend for each level.
bool is_in_order(const Stack &stack)
{
    void *wanted[] = {reinterpret_cast<void *>(descend), reinterpret_cast<void *>(nest_handler)};
    int nfound = 0;
    for (int i = 0; i < stack.n; i++)
        if (stack.functions[i] == wanted[0] || stack.functions[i] == wanted[1])
            if (stack.functions[i] != wanted[nfound++ % 2])
                return false;
    return nfound == 7;
}

Stack (*look)();

void check_looks(ClosureForm form)
{
    Stack (*const looks[])() = {stack_by_unwind, stack_by_backtrace};
    for (Stack (*one)() : looks) {
        Nest nest = {form, 0, 0, [](const Nest *) -> long { return is_in_order(look()) ? 1 : 0; }};
        look = one;
        CHECK_INT(descend(&nest, 3), 1);
    }
}

// Seen from the callee or handler of each way, the test's own function is there once.
int nfound;
void *sought;

void leave_a_look(long)
{
    Stack stack = stack_by_unwind();
    for (int i = 0; i < stack.n; i++)
        nfound += stack.functions[i] == sought;
}

__attribute__((noinline)) void check_look(const Way &way, Signature &signature)
{
    nfound = 0;
    sought = reinterpret_cast<void *>(check_look);
    way.enter(signature, false);
    CHECK_INT(nfound, 1);
}

// -- threads that end --------------------------------------------------------------------------------------------------------

struct Ending {
    const Way *way;
    Signature *signature;
};

void *end_inside(void *argument)
{
    const Ending *ending = static_cast<const Ending *>(argument);
    Guard guard;
    ending->way->enter(*ending->signature, false);
    return argument;
}

pthread_barrier_t inside;

void leave_asleep(long)
{
    pthread_barrier_wait(&inside);
    for (;;)
        pause();
}

void leave_asleep_at_any_time(long)
{
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, nullptr);
    leave_asleep(0);
}

void check_ending(const Way &way, Signature &signature)
{
    Ending ending = {&way, &signature};
    pthread_t thread;
    void *result = &ending;
    int nbefore = ndestroyed;
    CHECK_INT(pthread_create(&thread, nullptr, end_inside, &ending), 0);
    if (leave != leave_thread) {
        pthread_barrier_wait(&inside);
        CHECK_INT(pthread_cancel(thread), 0);
    }
    CHECK_INT(pthread_join(thread, &result), 0);
    CHECK(result == (leave == leave_thread ? nullptr : PTHREAD_CANCELED));
    CHECK_INT(ndestroyed, nbefore + 2);
}

// -- longjmp -----------------------------------------------------------------------------------------------------------------

size_t heap_nbytes()
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

enum { NJUMPS = 200 };

__attribute__((noinline)) void check_jumps(const Way &way, Signature &signature)
{
    static volatile int njumps;
    static size_t nbytes;
    njumps = -1; // the first time is not counted: backtraces and locales may have been made
    if (setjmp(way_out) == 42)
        free_closures();
    if (++njumps == 1)
        nbytes = heap_nbytes();
    if (njumps < NJUMPS)
        way.enter(signature, true);
    CHECK_INT(njumps, NJUMPS);
    CHECK_INT(heap_nbytes(), nbytes);
}

} // namespace

int main()
{
    pthread_barrier_init(&inside, nullptr, 2);
    leave = leave_by_throw;
    for_each_way(check_exception);
#ifdef __clang__ // which expects rdi and rsi in a catch clause, whoever threw: unwinders do not restore them
    (void)check_ms_caller;
#else
    for_each_form(check_ms_caller);
#endif
    for_each_form(check_nested);
    for_each_form(check_looks);
    leave = leave_a_look;
    for_each_way(check_look);
    for (Leave *one : {leave_thread, leave_asleep, leave_asleep_at_any_time}) {
        leave = one;
        for_each_way(check_ending);
    }
    leave = leave_by_jump;
    for_each_way(check_jumps);
    return unit_end(UNIT_NAME);
}
