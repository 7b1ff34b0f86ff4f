/* Callbacks from the inside: what a state keeps of them, and how C's call becomes a Lua function's. What other threads,
 * or C after lua_close, may still reach is not Lua's memory: the home, the callback types and the slots' own. */
#ifndef AIRLOCK_BIND_INBOUND_H
#define AIRLOCK_BIND_INBOUND_H

#include "abi/callback.h"
#include "bind/errors.h"
#include "bind/signature.h"
#include "bind/state.h"

/* What lives as long as any slot that was a callback of the state has not been armed anew. It is never freed but used
 * again, by another state, for any thread may be looking at its cell: home.c. */
typedef struct Home {
    CallCell cell;                                 /* the state's, while it is open */
    _Atomic(FfiState *) state;                     /* NULL: the Lua state has been closed */
    lua_State *main;                               /* its main coroutine */
    _Atomic(uint32_t) nreferences;                 /* the state's, and one of each CallbackType */
    _Atomic(bool) has_reported;                    /* that C called after the state was closed */
    uint32_t newest;                               /* list of live callbacks: 1 + slot index, 0: none */
    uint32_t count;                                /* of live callbacks */
    _Atomic(uint32_t) ninside;                     /* other threads that are reading a slot's user just now */
    struct CallbackExtra *retired;                 /* of freed callbacks, while other threads may still read them */
    AbiSlot *spare;                                /* taken and not armed, for the next taker; or NULL */
    struct CallbackType *types;                    /* all that were made for the state */
    _Atomic(struct RemoteCall *) queue;            /* remote.c */
    _Atomic(uint32_t) arrivals;                    /* goes up with each remote call; ffi.poll waits for it */
    _Atomic(const struct CallbackType *) stray[2]; /* what another thread called without leave, and when it was freed */
    _Atomic(bool) is_taken;                        /* in use */
    _Atomic(const void *) closer;                  /* the thread that has it for the states that it closes, or NULL */
    struct Home *next;                             /* in the list of all that were ever made */
} Home;

typedef struct CallbackParam {
    uint8_t kind;  /* ResultKind: to Lua, a parameter goes the way of a result */
    uint32_t slot; /* frame offset, or ABI_NO_SLOT */
    TypeInfo *info;
} CallbackParam;

/* What all callbacks of one function type share. */
typedef struct CallbackType {
    AbiOwner owner; /* first: a slot's owner is its callback type */
    Home *home;
    struct CallbackType *next;  /* in Home.types */
    const Signature *signature; /* Lua's memory, as the infos are: while the state is open */
    AbiPlan *plan;
    uint32_t nparams;
    uint8_t result_kind; /* ResultKind */
    CallbackParam params[];
} CallbackType;

/* What few callbacks have: options of ffi.callback. */
typedef struct CallbackExtra {
    struct CallbackExtra *next; /* in Home.retired */
    bool is_queued;             /* thread = "queue" */
    bool has_error;
    _Alignas(16) unsigned char error[]; /* what C gets when there is an error: an object of the result's type */
} CallbackExtra;

/* Callback.ref of one that is freed with its cdata: the function is in S->ref_weak, by the slot's index. */
enum { REF_WEAK = LUA_NOREF - 1 };

/* AbiSlot.user of a callback. */
typedef struct Callback {
    int ref;                 /* registry reference of the Lua function; REF_WEAK; LUA_NOREF: freed */
    uint32_t previous, next; /* in Home's list: 1 + slot index */
    bool is_implicit;
    bool is_noted;                  /* it has an entry in S->ref_results or ref_sites */
    _Atomic(CallbackExtra *) extra; /* or NULL; all that other threads read here */
} Callback;

_Static_assert(sizeof(Callback) <= sizeof(((AbiSlot *)0)->user), "a callback fits a slot");

static inline Callback *callback_of(AbiSlot *slot)
{
    return (Callback *)(void *)slot->user;
}

static inline CallbackType *callback_type_of(const AbiSlot *slot)
{
    return (CallbackType *)(void *)atomic_load_explicit(&slot->owner, memory_order_relaxed);
}

/* -- homes: home.c ------------------------------------------------------------------------------------------------- */

/* A home with one reference, its cell's thread being this one; NULL: no memory. */
Home *home_take(void);

static inline void home_retain(Home *home)
{
    atomic_fetch_add_explicit(&home->nreferences, 1, memory_order_relaxed);
}

/* Gives a reference back; the last one leaves the home to another state. */
void home_release(Home *home);

/* Frees what callbacks had that were freed; no other thread may be inside. */
void home_free_retired(Home *home);

/* The home of whatever states this thread is closing: finalisers may call C when their own is gone. NULL: no memory. */
Home *home_for_closing(void);

/* The call of this thread's states that is innermost on the stack above `stack`; NULL: none that C could return to. A
 * record that C has left by longjmp does not count: what is on the stack now has written over it. */
CallRecord *home_innermost_call(const void *stack);

/* -- calls --------------------------------------------------------------------------------------------------------- */

/* The targets of live and of freed callbacks. */
void inbound_live(AbiSlot *slot, AbiFrame *frame);
void inbound_freed(AbiSlot *slot, AbiFrame *frame);

/* Runs the Lua function, on the home thread. */
void inbound_run(AbiSlot *slot, AbiFrame *frame);

/* What C gets when there is no result: zero, or the callback's error value. */
void inbound_refuse(AbiSlot *slot, AbiFrame *frame);

/* -- options of ffi.callback: option.c ----------------------------------------------------------------------------- */

/* Pushes a block with the options of the table at `index`, to be copied once nothing can raise any more; its user value
 * is the error's. Returns the number of bytes to copy from option_extra_at. [-0, +1, v] */
size_t option_push(lua_State *L, TypeInfo *result, int index);

/* The options in such a block. [-0, +0, -] */
CallbackExtra *option_extra_at(lua_State *L, int index);

/* -- errors: fault.c ----------------------------------------------------------------------------------------------- */

/* Makes the array of what is kept. [-0, +0, m] */
void fault_open(FfiState *S, lua_State *L);

/* Message handler for lua_pcall: keeps the traceback for fault_keep. */
int fault_traceback(lua_State *L);

/* Takes the error on top: tells the handler of ffi.onerror or stderr, and leaves it for the call in flight to raise.
 * Raises nothing. [-1, +0, -] */
void fault_keep(FfiState *S, lua_State *L);

/* Whether a callback of the call in flight has left an error: no other runs until C returns. */
static inline bool fault_is_kept(const FfiState *S)
{
    return (atomic_load_explicit(&S->cell->attention, memory_order_relaxed) & ATTENTION_ERROR) != 0;
}

/* The same for an error of Airlock's own about a callback of this type, which the message's %s names. [-0, +0, -] */
void fault_keep_message(FfiState *S, lua_State *L, Message message, const CallbackType *type);

/* The same when there is no stack left for the error. */
void fault_keep_overflow(FfiState *S);

/* What a call does when its cell asks for attention: serves other threads' calls, raises what was kept. [-0, +0, v] */
void fault_attend(FfiState *S, lua_State *L);

/* -- other threads: remote.c --------------------------------------------------------------------------------------- */

/* Called on another thread than the home thread: queues the call and waits, or refuses it. */
void remote_call(AbiSlot *slot, AbiFrame *frame);

/* Another thread called what it must not call, or (is_freed) what had been freed: the next FFI call raises that. */
void remote_report_stray(const CallbackType *type, bool is_freed);

/* A callback whose state has been closed was called: one report. */
void remote_report_closed(Home *home);

/* Runs what other threads have queued, as calls of the coroutine L; returns how many. Their errors are left for the
 * caller to raise. [-0, +0, -] */
int remote_serve(FfiState *S, lua_State *L);

/* Refuses what is queued, and all that comes later. */
void remote_close(Home *home);

#endif
