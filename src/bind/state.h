/* FfiState: all that Airlock keeps for one Lua state. It is a userdata that every function of the module holds, and all
 * memory behind it (types, plans, field tables) lives in userdata anchored in the registry, so that Lua frees it after
 * the last finaliser of lua_close has run, and finalisers may still call C. No state shares anything mutable with
 * another. */
#ifndef AIRLOCK_BIND_STATE_H
#define AIRLOCK_BIND_STATE_H

#include <lauxlib.h>
#include <lua.h>
#include <stdatomic.h>

#include "abi/abi.h"
#include "base/arena.h"
#include "base/inline.h"
#include "base/mem.h"
#include "base/tiny.h"
#include "ctype/ctype.h"

/* One FFI call in flight, on the C stack of its entry with the call's frame right behind it; CallCell.calls is the
 * innermost. */
typedef struct CallRecord {
    struct CallRecord *previous;
    lua_State *L;                    /* the coroutine that called */
    const struct CallTarget *target; /* what it called: function, plan, declaration */
    uintptr_t stack;                 /* rsp when C was entered, 0 when it was not, and CALL_* */
} CallRecord;

enum {
    CALL_HAS_RAISED = 1 /* a call of the callback that it runs has raised an error: fault.c */
};

/* What an FFI call tells other threads, and what they and callbacks leave for it. */
typedef struct CallCell {
    _Atomic(const void *) thread; /* %fs:0 of the thread that last entered the state: its home thread */
    _Atomic(CallRecord *) calls;  /* innermost FFI call in flight, on that thread, or NULL; written after `thread` */
    _Atomic(unsigned) attention;  /* ATTENTION_*, seen to when C returns */
} CallCell;

enum {
    ATTENTION_ERROR = 1,   /* a callback left an error that the innermost call must raise */
    ATTENTION_REMOTE = 2,  /* another thread has called a callback */
    ATTENTION_OVERFLOW = 4 /* the error is that there was no stack for more */
};

static inline const void *current_thread(void)
{
    const void *thread;
    __asm__("mov %%fs:0, %0" : "=r"(thread));
    return thread;
}

enum { STATE_NSPARES = TINY(9, 1), STATE_NSPELLINGS = TINY(32, 1) };

/* What a type string that was read before says. */
typedef struct Spelling {
    const void *key; /* lua_topointer of the string, an interned one that ref_spellings holds; NULL: none */
    CType *type;
} Spelling;

typedef struct FfiState {
    lua_State *L; /* the coroutine whose call is being served while memory may be asked for; see state_enter */
    CTypeTable *types;
    Allocator allocator;         /* userdata-backed, see above; may be used inside state_enter only */
    void *spares[STATE_NSPARES]; /* lists of freed blocks of 16 << i bytes, each with the next one's address in it */
    Arena arena;                 /* of state_alloc: each block of the allocator costs a collection */
    Allocator permanent;         /* from the arena, frees nothing; may be used inside state_enter only */
    CallCell *cell;              /* of `home`; after the state's guard has been finalised, home_for_closing's */
    CallCell own_cell;           /* when there is neither */
    struct Home *home;           /* its callbacks (inbound.h); NULL after the guard */
    bool is_debugging;           /* ffi.debug */
    bool is_handling;            /* the handler of ffi.onerror is running */
    const void *stack_thread;    /* the thread whose C stack ... */
    uintptr_t stack_start;       /* ... begins here, as far as is known (cstack.c) ... */
    uintptr_t stack_end;         /* ... and ends here */
    int errno_value;             /* C's errno as the last FFI call left it; given back to the next */
    size_t interned_length;      /* strings up to this length are known by their pointers; see find_interned_length */
    Spelling spellings[STATE_NSPELLINGS]; /* by a hash of the key; the newest one wins */
    struct TypeInfo *word;                /* long, what indices and lengths convert to */
    struct TypeInfo *uword;               /* unsigned long */
    struct TypeInfo *bytes;               /* void *, where ffi.copy and ffi.fill write */
    struct TypeInfo *const_bytes;         /* const volatile void *, where they and ffi.string read */
    int ref_self;                         /* registry references: this userdata */
    int ref_blocks;                       /* table: address -> userdata block of the allocator */
    int ref_names;                        /* table: anchored key strings of field tables */
    int ref_spellings;                    /* table: type string -> ctype object */
    int ref_ctypes;                       /* table: CType address -> ctype object */
    int ref_functions;  /* table: TypeInfo address -> weak-valued table: function address -> C closure */
    int ref_libraries;  /* weak-keyed table: library object -> the guard that closes it */
    int ref_finalizers; /* weak-keyed table: cdata -> the sentinel of its finaliser */
    int ref_faults;     /* array: errors of callbacks, see fault.c */
    int ref_implicit;   /* table: TypeInfo address -> table: Lua function -> entry of its callback */
    int ref_weak;       /* weak-valued table: slot index -> Lua function of a callback that is freed with its cdata */
    int ref_results;    /* table: slot index -> what the pointer it returned to C points into */
    int ref_sites;      /* table: slot index -> where the callback was made */
    int ref_callback_meta; /* metatable of the cdata of ffi.callback; made with the first */
    int ref_callback_free; /* the method `free` of function pointers */
    int ref_callback_set;  /* and `set` */
    int ref_new_event;     /* the string "__new" */
    int ref_gc_event;      /* the string "__gc" */
    int ref_sentinel_meta; /* metatable of the sentinels */
    int ref_cdata_meta;    /* metatable of every cdata but those that Lua finalises (finalizer.h) */
    int ref_ctype_meta;    /* metatable of every ctype object */
    int ref_library_meta;  /* metatable of the guards */
} FfiState;

/* The state that L has, or NULL before state_open. [-0, +0, -] */
FfiState *state_find(lua_State *L);

/* Makes the state of L or finds the one already made; leaves its userdata on the stack. [-0, +1, m] */
FfiState *state_open(lua_State *L);

/* To be called before anything that allocates through S->allocator (type making, parsing, planning): names the running
 * coroutine and makes sure of its stack space. [-0, +0, v] */
void state_enter(FfiState *S, lua_State *L);

/* Memory that lives until the Lua state closes, zeroed; raises when there is none. [-0, +0, v] */
void *state_alloc(FfiState *S, lua_State *L, size_t nbytes);

/* Pushes a new table; mode: its __mode, or NULL. [-0, +1, m] */
void state_push_table(lua_State *L, const char *mode);

/* The registry reference of such a table. [-0, +0, m] */
int state_new_table(lua_State *L, const char *mode);

/* Pushes a block of S->allocator and gives its ownership to the stack. [-0, +1, -] */
void state_push_block(FfiState *S, lua_State *L, void *block);

/* The innermost call in flight, or NULL; to be used on the home thread. */
static inline CallRecord *cell_calls(const CallCell *cell)
{
    return atomic_load_explicit(&cell->calls, memory_order_relaxed);
}

static inline void cell_set_calls(CallCell *cell, CallRecord *record)
{
    atomic_store_explicit(&cell->calls, record, memory_order_release);
}

/* The state of a module function or metamethod: its first upvalue. */
static inline FfiState *state_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static inline void state_push_ref(lua_State *L, int ref)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, ref);
}

#endif
