/* Owns callbacks that C calls on another thread than the state's home thread. Such a thread never touches Lua: it is
 * refused, or leaves a record of its call, which lies on its own stack, in the home's queue and sleeps until the home
 * thread has run it. The queue is a stack without locks, taken whole by the home thread; waiting is by futex(2), so that
 * a fork at any moment leaves nothing locked. */
#include <errno.h>
#include <linux/futex.h>
#include <math.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bind/callback.h"
#include "bind/errors.h"
#include "bind/inbound.h"
#include "bind/number.h"

typedef struct RemoteCall {
    struct RemoteCall *next;
    AbiSlot *slot;
    uint32_t serial;    /* the slot's when it was called */
    CallbackType *type; /* held, for the slot may get another one meanwhile */
    AbiFrame *frame;
    _Atomic(uint32_t) is_done; /* futex */
} RemoteCall;

/* The queue of a state that has been closed. */
static RemoteCall closed_queue;

static long futex(_Atomic(uint32_t) *word, int operation, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

/* -- the calling thread -------------------------------------------------------------------------------------------- */

static void attract(Home *home)
{
    atomic_fetch_or_explicit(&home->cell.attention, ATTENTION_REMOTE, memory_order_release);
    atomic_fetch_add_explicit(&home->arrivals, 1, memory_order_release);
    futex(&home->arrivals, FUTEX_WAKE, UINT32_MAX >> 1, NULL);
}

/* False: the state has been closed. */
static bool enqueue(Home *home, RemoteCall *call)
{
    RemoteCall *first = atomic_load_explicit(&home->queue, memory_order_relaxed);
    do {
        if (first == &closed_queue)
            return false;
        call->next = first;
    } while (
        !atomic_compare_exchange_weak_explicit(&home->queue, &first, call, memory_order_release, memory_order_relaxed));
    return true;
}

void remote_report_stray(const CallbackType *type, bool is_freed)
{
    atomic_store_explicit(&type->home->stray[is_freed], type, memory_order_release);
    attract(type->home);
}

void remote_report_closed(Home *home)
{
    if (!atomic_exchange(&home->has_reported, true))
        fputs("airlock: C called a callback whose Lua state has been closed; it returned zero\n", stderr);
}

/* Whether the callback may be queued; if not, the call is refused. The home thread may be freeing it just now. */
static bool is_queued(AbiSlot *slot, Home *home, AbiFrame *frame)
{
    atomic_fetch_add(&home->ninside, 1);
    const CallbackExtra *extra = atomic_load(&callback_of(slot)->extra);
    bool is_queued = extra != NULL && extra->is_queued;
    if (!is_queued)
        inbound_refuse(slot, frame);
    atomic_fetch_sub(&home->ninside, 1);
    return is_queued;
}

void remote_call(AbiSlot *slot, AbiFrame *frame)
{
    CallbackType *type = callback_type_of(slot);
    Home *home = type->home;
    int error_number = errno;
    RemoteCall call = {.slot = slot, .serial = slot->serial, .type = type, .frame = frame};
    abi_owner_retain(&type->owner);
    if (!is_queued(slot, home, frame)) {
        remote_report_stray(type, false);
    } else if (enqueue(home, &call)) {
        attract(home);
        while (atomic_load_explicit(&call.is_done, memory_order_acquire) == 0)
            futex(&call.is_done, FUTEX_WAIT, 0, NULL);
    } else {
        remote_report_closed(home);
        abi_zero_result(type->plan, frame);
    }
    abi_owner_release(&type->owner);
    errno = error_number;
}

/* -- the home thread ----------------------------------------------------------------------------------------------- */

/* Takes the queue, oldest call first. */
static RemoteCall *take_queue(Home *home, RemoteCall *left_behind)
{
    RemoteCall *call = atomic_exchange_explicit(&home->queue, left_behind, memory_order_acquire);
    RemoteCall *oldest = NULL;
    while (call != NULL && call != &closed_queue) {
        RemoteCall *next = call->next;
        call->next = oldest;
        oldest = call;
        call = next;
    }
    return oldest;
}

/* The record is gone as soon as its thread sees this. */
static void finish(RemoteCall *call)
{
    atomic_store_explicit(&call->is_done, 1, memory_order_release);
    futex(&call->is_done, FUTEX_WAKE, 1, NULL);
}

/* One whose slot was freed while it waited is an error; if another callback has the slot now, the frame is not its. */
static void run(RemoteCall *call)
{
    if (call->slot->serial == call->serial)
        atomic_load (&call->slot->target)(call->slot, call->frame);
    else
        abi_zero_result(call->type->plan, call->frame);
    finish(call);
}

/* One error at a time: another waits for the next call. */
static void raise_stray(FfiState *S, lua_State *L)
{
    static const Message messages[] = {MESSAGE_CALLBACK_THREAD, MESSAGE_CALLBACK_FREED};
    for (int i = 0; i < 2; i++) {
        const CallbackType *type = atomic_load_explicit(&S->home->stray[i], memory_order_acquire);
        if (type != NULL && fault_is_kept(S)) {
            attract(S->home);
        } else if (type != NULL) {
            atomic_store_explicit(&S->home->stray[i], NULL, memory_order_relaxed);
            fault_keep_message(S, L, messages[i], type);
        }
    }
}

/* Until one leaves an error: the others wait for the next time. */
static int run_queue(FfiState *S)
{
    int count = 0;
    for (RemoteCall *call = take_queue(S->home, NULL), *next; call != NULL; call = next) {
        next = call->next;
        if (fault_is_kept(S)) {
            enqueue(S->home, call);
            attract(S->home);
        } else {
            run(call);
            count++;
        }
    }
    return count;
}

int remote_serve(FfiState *S, lua_State *L)
{
    CallRecord record = {.previous = cell_calls(S->cell), .L = L};
    int errno_value = S->errno_value;
    atomic_fetch_and_explicit(&S->cell->attention, ~(unsigned)ATTENTION_REMOTE, memory_order_acquire);
    if (S->home == NULL)
        return 0;
    cell_set_calls(S->cell, &record);
    int count = run_queue(S);
    raise_stray(S, L);
    cell_set_calls(S->cell, record.previous);
    S->errno_value = errno_value;
    return count;
}

void remote_close(Home *home)
{
    for (RemoteCall *call = take_queue(home, &closed_queue), *next; call != NULL; call = next) {
        next = call->next;
        remote_report_closed(home);
        abi_zero_result(call->type->plan, call->frame);
        finish(call);
    }
}

/* -- ffi.poll ------------------------------------------------------------------------------------------------------ */

/* Seconds that ffi.poll may wait: a number from 0 on, infinite too; 0 without. */
static lua_Number check_seconds(lua_State *L)
{
    if (lua_isnoneornil(L, 1))
        return 0;
    lua_Number seconds = lua_tonumber(L, 1);
    if (lua_type(L, 1) != LUA_TNUMBER || !(seconds >= 0))
        error_argument(L, 1, "ffi.poll", "number of seconds from 0 on");
    return seconds;
}

static lua_Number now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (lua_Number)time.tv_sec + (lua_Number)time.tv_nsec / 1e9;
}

/* Until a call arrives after `seen` was counted, or for so many seconds; false: a signal came. */
static bool wait_for_call(Home *home, uint32_t seen, lua_Number seconds)
{
    enum { SECONDS_MAX = 1000000 };
    lua_Number bounded = seconds < SECONDS_MAX ? seconds : SECONDS_MAX;
    struct timespec timeout = {.tv_sec = (time_t)bounded, .tv_nsec = (long)((bounded - floor(bounded)) * 1e9)};
    return futex(&home->arrivals, FUTEX_WAIT, seen, &timeout) == 0 || errno != EINTR;
}

/* Serves what has arrived, or waits for something to arrive for so many seconds. */
static int poll_calls(FfiState *S, lua_State *L, lua_Number seconds)
{
    lua_Number end = seconds > 0 ? now() + seconds : 0;
    for (;;) {
        uint32_t seen = atomic_load(&S->home->arrivals);
        int count = atomic_load(&S->cell->attention) & ATTENTION_REMOTE ? remote_serve(S, L) : 0;
        lua_Number left = seconds > 0 ? end - now() : 0;
        if (count > 0 || left <= 0 || fault_is_kept(S) || !wait_for_call(S->home, seen, left))
            return count;
    }
}

/* ffi.poll([seconds]) -> number of other threads' calls that were run. */
int remote_poll(lua_State *L)
{
    FfiState *S = state_of(L);
    lua_Number seconds = check_seconds(L);
    atomic_store_explicit(&S->cell->thread, current_thread(), memory_order_relaxed);
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    int count = S->home != NULL ? poll_calls(S, L, seconds) : 0;
    if (fault_is_kept(S))
        fault_attend(S, L);
    lua_pushinteger(L, count);
    return 1;
}
