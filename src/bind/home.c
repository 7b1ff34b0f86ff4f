/* Owns the list of all homes of the process, which only grows: a thread that looks for its calls in flight, in the midst
 * of an exception, reads the cells of homes that others may give back, and take again, at that moment. Without locks, so
 * that a fork at any moment leaves nothing locked. */
#include <stdlib.h>

#include "bind/inbound.h"

static _Atomic(Home *) homes;

static Home *first_home(void)
{
    return atomic_load_explicit(&homes, memory_order_acquire);
}

/* -- taking and giving back ---------------------------------------------------------------------------------------- */

static bool take(Home *home)
{
    bool is_taken = atomic_load_explicit(&home->is_taken, memory_order_relaxed);
    return !is_taken && atomic_compare_exchange_strong_explicit(&home->is_taken, &is_taken, true, memory_order_acquire,
                                                                memory_order_relaxed);
}

static Home *new_home(void)
{
    Home *home = calloc(1, sizeof *home);
    if (home == NULL)
        return NULL;
    atomic_store(&home->is_taken, true);
    home->next = first_home();
    while (
        !atomic_compare_exchange_weak_explicit(&homes, &home->next, home, memory_order_release, memory_order_acquire))
        continue;
    return home;
}

Home *home_take(void)
{
    Home *home = first_home();
    while (home != NULL && !take(home))
        home = home->next;
    if (home == NULL)
        home = new_home();
    if (home == NULL)
        return NULL;
    atomic_store(&home->cell.attention, 0);
    atomic_store(&home->cell.thread, current_thread());
    atomic_store(&home->state, NULL);
    atomic_store(&home->nreferences, 1);
    atomic_store(&home->has_reported, false);
    atomic_store(&home->queue, NULL);
    for (size_t i = 0; i < sizeof home->stray / sizeof *home->stray; i++)
        atomic_store(&home->stray[i], NULL);
    home->main = NULL;
    home->types = NULL;
    home->spare = NULL;
    home->newest = home->count = 0;
    return home;
}

void home_free_retired(Home *home)
{
    while (home->retired != NULL) {
        CallbackExtra *extra = home->retired;
        home->retired = extra->next;
        free(extra);
    }
}

void home_release(Home *home)
{
    if (atomic_fetch_sub_explicit(&home->nreferences, 1, memory_order_acq_rel) != 1)
        return;
    home_free_retired(home);
    atomic_store(&home->cell.thread, NULL);
    atomic_store(&home->cell.calls, NULL);
    atomic_store_explicit(&home->is_taken, false, memory_order_release);
}

/* One for each thread, and for the thread that has its address later, is enough: the calls of what it closes nest. */
Home *home_for_closing(void)
{
    const void *thread = current_thread();
    Home *home = first_home();
    while (home != NULL && atomic_load_explicit(&home->closer, memory_order_relaxed) != thread)
        home = home->next;
    if (home == NULL) {
        home = home_take();
        if (home != NULL)
            atomic_store_explicit(&home->closer, thread, memory_order_relaxed);
    }
    return home;
}

/* -- calls in flight ----------------------------------------------------------------------------------------------- */

/* The linker's: where the module, or the program that it is a part of, starts, and where its code ends. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

/* Whether the address is one of Airlock's code, as the one that C returns to is. */
static bool is_own_code(const void *address)
{
    return (uintptr_t)address >= (uintptr_t)__ehdr_start && (uintptr_t)address < (uintptr_t)etext;
}

/* Where the stack was when it entered C. The word below is the address that C returns to. */
static const void *const *call_stack(const CallRecord *record)
{
    return (const void *const *)(record->stack & ~(uintptr_t)CALL_HAS_RAISED);
}

/* A call's record is in the frame of its entry, not far above where that left the stack. */
enum { FRAME_NBYTES_MAX = 1 << 16 };

/* The innermost call of a state, if it is on this thread's stack above `stack`. Its thread is read after it: as it was
 * written before it, it cannot be the one of an earlier call. */
static CallRecord *call_of(const Home *home, const void *stack)
{
    CallRecord *record = atomic_load_explicit(&home->cell.calls, memory_order_acquire);
    if (record == NULL || atomic_load_explicit(&home->cell.thread, memory_order_relaxed) != current_thread())
        return NULL;
    if ((uintptr_t)record <= (uintptr_t)stack) /* C has left it by longjmp, and it may be overwritten */
        return NULL;
    const void *const *entered = call_stack(record);
    bool is_whole =
        (uintptr_t)entered <= (uintptr_t)record && (uintptr_t)record - (uintptr_t)entered < FRAME_NBYTES_MAX;
    return is_whole && (uintptr_t)entered > (uintptr_t)stack && is_own_code(entered[-1]) ? record : NULL;
}

CallRecord *home_innermost_call(const void *stack)
{
    CallRecord *innermost = NULL;
    for (const Home *home = first_home(); home != NULL; home = home->next) {
        CallRecord *record = call_of(home, stack);
        if (record != NULL && (innermost == NULL || call_stack(record) < call_stack(innermost)))
            innermost = record;
    }
    return innermost;
}
