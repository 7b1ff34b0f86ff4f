/* Owns the errors of callbacks: from the Lua function that raised, past the C code that called it, to the FFI call that
 * is waiting for C. What is kept lies in an array made before, so that keeping it needs no memory. */
#include <stdio.h>
#include <string.h>

#include "bind/callback.h"
#include "bind/errors.h"
#include "bind/inbound.h"

/* Elements of S->ref_faults; false: none. */
enum {
    FAULT_VALUE = 1, /* what the call in flight will raise */
    FAULT_TRACEBACK, /* of the error being kept, with its message */
    FAULT_LAST,      /* what ffi.lasttraceback returns */
    FAULT_HANDLER,   /* of ffi.onerror */
    FAULT_REPORTED,  /* what the last call raised in a callback, which may pass it on: that is no news */
    FAULT_COUNT = FAULT_REPORTED
};

void fault_open(FfiState *S, lua_State *L)
{
    lua_createtable(L, FAULT_COUNT, 0);
    for (int i = 1; i <= FAULT_COUNT; i++) {
        lua_pushboolean(L, false);
        lua_rawseti(L, -2, i);
    }
    S->ref_faults = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Moves the value on top into an element. [-1, +0, -] */
static void set_element(FfiState *S, lua_State *L, int element)
{
    state_push_ref(L, S->ref_faults);
    lua_insert(L, -2);
    lua_rawseti(L, -2, element);
    lua_pop(L, 1);
}

/* [-0, +1, -] */
static void push_element(FfiState *S, lua_State *L, int element)
{
    state_push_ref(L, S->ref_faults);
    lua_rawgeti(L, -1, element);
    lua_remove(L, -2);
}

static void clear_element(FfiState *S, lua_State *L, int element)
{
    lua_pushboolean(L, false);
    set_element(S, L, element);
}

/* -- keeping ------------------------------------------------------------------------------------------------------- */

/* (error value) -> what it says of itself; runs protected, for it asks a metamethod. */
static int text_of(lua_State *L)
{
    if (luaL_callmeta(L, 1, "__tostring") && lua_type(L, -1) == LUA_TSTRING)
        return 1;
    lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, 1));
    return 1;
}

/* Lua's own words for it help nobody who does not know that C is in between. */
static void explain_yield(lua_State *L)
{
    static const char words[] = "attempt to yield across a C-call boundary";
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
    if (text == NULL || strcmp(text, words) != 0)
        return;
    lua_pushfstring(L, "%s: a callback cannot yield, C is waiting for it", words);
    lua_replace(L, 1);
}

int fault_traceback(lua_State *L)
{
    FfiState *S = state_find(L);
    lua_settop(L, 1);
    explain_yield(L);
    bool has_text = lua_type(L, 1) == LUA_TSTRING;
    if (!has_text) {
        lua_pushcfunction(L, text_of);
        lua_pushvalue(L, 1);
        has_text = lua_pcall(L, 1, 1, 0) == LUA_OK;
    }
    luaL_traceback(L, L, has_text ? lua_tostring(L, -1) : "(error object cannot say what it is)", 1);
    set_element(S, L, FAULT_TRACEBACK);
    lua_settop(L, 1);
    return 1;
}

static void write_report(const char *text)
{
    fprintf(stderr, "airlock: error in a callback: %s\n", text);
    fflush(stderr);
}

/* Calls the handler on top with the error value and its traceback; true if it has dealt with the error. What callbacks of
 * its own raise is not for the handler. [-1, +0, -] */
static bool call_handler(FfiState *S, lua_State *L, int error)
{
    lua_pushvalue(L, error);
    lua_pushvalue(L, error + 1);
    S->is_handling = true;
    int status = lua_pcall(L, 2, 1, 0);
    S->is_handling = false;
    if (status == LUA_OK) {
        bool is_handled = lua_toboolean(L, -1);
        lua_pop(L, 1);
        return is_handled;
    }
    write_report(lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "error in the handler of ffi.onerror");
    lua_pop(L, 1);
    return false;
}

/* Pushes the traceback of the error at `error`, or what there is of it without one, and makes it the last one. */
static void push_traceback(FfiState *S, lua_State *L, int error)
{
    push_element(S, L, FAULT_TRACEBACK);
    if (lua_type(L, -1) != LUA_TSTRING) { /* no memory, or no C stack, for it */
        lua_pop(L, 1);
        lua_pushvalue(L, error);
    }
    lua_pushvalue(L, -1);
    set_element(S, L, FAULT_LAST);
}

/* Tells whoever is to be told at once of the error at `error`; true: it has been dealt with. */
static bool report(FfiState *S, lua_State *L, int error)
{
    push_traceback(S, L, error);
    push_element(S, L, FAULT_HANDLER);
    if (lua_toboolean(L, -1) && !S->is_handling)
        return call_handler(S, L, error);
    write_report(lua_type(L, error + 1) == LUA_TSTRING ? lua_tostring(L, error + 1) : "not enough memory");
    return false;
}

/* Whether the string at `error` is the one on top with a position before it: what coroutine.wrap makes of an error. */
static bool has_position_added(lua_State *L, int error)
{
    size_t length, nbytes;
    if (lua_type(L, -1) != LUA_TSTRING || lua_type(L, error) != LUA_TSTRING)
        return false;
    const char *known = lua_tolstring(L, -1, &length);
    const char *text = lua_tolstring(L, error, &nbytes);
    return length > 0 && nbytes > length + 1 && memcmp(text + nbytes - length - 2, ": ", 2) == 0 &&
           memcmp(text + nbytes - length, known, length) == 0;
}

/* Whether the callback that failed got its error from a call that it made. */
static bool is_reported(FfiState *S, lua_State *L, int error)
{
    const CallRecord *call = cell_calls(S->cell);
    if (call == NULL || !(call->stack & CALL_HAS_RAISED))
        return false;
    push_element(S, L, FAULT_REPORTED);
    bool is_same = lua_rawequal(L, -1, error) || has_position_added(L, error);
    lua_pop(L, 1);
    return is_same;
}

void fault_keep(FfiState *S, lua_State *L)
{
    int error = lua_gettop(L);
    bool is_handled = !is_reported(S, L, error) && report(S, L, error);
    clear_element(S, L, FAULT_TRACEBACK);
    if (!is_handled && cell_calls(S->cell) != NULL) {
        lua_pushvalue(L, error);
        set_element(S, L, FAULT_VALUE);
        atomic_fetch_or_explicit(&S->cell->attention, ATTENTION_ERROR, memory_order_relaxed);
    }
    lua_settop(L, error - 1);
}

typedef struct Notice {
    Message message;
    const CallbackType *type;
} Notice;

/* (Notice *): raises it; runs protected. */
static int raise_notice(lua_State *L)
{
    const Notice *notice = lua_touserdata(L, 1);
    error_raise(L, notice->message, error_push_type(L, notice->type->signature->info->type));
}

void fault_keep_message(FfiState *S, lua_State *L, Message message, const CallbackType *type)
{
    Notice notice = {.message = message, .type = type};
    if (!lua_checkstack(L, LUA_MINSTACK)) {
        fault_keep_overflow(S);
        return;
    }
    int top = lua_gettop(L);
    lua_pushcfunction(L, fault_traceback);
    lua_pushcfunction(L, raise_notice);
    lua_pushlightuserdata(L, &notice);
    lua_pcall(L, 1, 0, top + 1);
    fault_keep(S, L);
    lua_settop(L, top);
}

void fault_keep_overflow(FfiState *S)
{
    if (cell_calls(S->cell) == NULL)
        write_report("stack overflow");
    else
        atomic_fetch_or_explicit(&S->cell->attention, ATTENTION_ERROR | ATTENTION_OVERFLOW, memory_order_relaxed);
}

/* -- raising ------------------------------------------------------------------------------------------------------- */

static void take_attention(FfiState *S, unsigned bits)
{
    atomic_fetch_and_explicit(&S->cell->attention, ~bits, memory_order_acquire);
}

void fault_attend(FfiState *S, lua_State *L)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    if (atomic_load(&S->cell->attention) & ATTENTION_REMOTE)
        remote_serve(S, L);
    unsigned attention = atomic_load(&S->cell->attention);
    if (!(attention & ATTENTION_ERROR))
        return;
    take_attention(S, ATTENTION_ERROR | ATTENTION_OVERFLOW);
    if (attention & ATTENTION_OVERFLOW)
        error_raise(L, MESSAGE_CALLBACK_OVERFLOW);
    push_element(S, L, FAULT_VALUE);
    clear_element(S, L, FAULT_VALUE);
    CallRecord *call = cell_calls(S->cell);
    if (call != NULL) {
        call->stack |= CALL_HAS_RAISED;
        lua_pushvalue(L, -1);
        set_element(S, L, FAULT_REPORTED);
    }
    lua_error(L);
}

/* -- functions of the module --------------------------------------------------------------------------------------- */

/* ffi.onerror(handler or nil) -> the handler before. */
int fault_onerror(lua_State *L)
{
    FfiState *S = state_of(L);
    int type = lua_type(L, 1);
    if (type != LUA_TFUNCTION && type != LUA_TNIL)
        error_argument(L, 1, "ffi.onerror", "function or nil");
    lua_settop(L, 1);
    push_element(S, L, FAULT_HANDLER);
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushnil(L);
    }
    lua_insert(L, 1);
    if (lua_isnil(L, 2)) {
        lua_pop(L, 1);
        lua_pushboolean(L, false);
    }
    set_element(S, L, FAULT_HANDLER);
    return 1;
}

/* ffi.lasttraceback() -> the message and traceback of the last error in a callback, or nil. */
int fault_last_traceback(lua_State *L)
{
    push_element(state_of(L), L, FAULT_LAST);
    if (!lua_toboolean(L, -1))
        lua_pushnil(L);
    return 1;
}
