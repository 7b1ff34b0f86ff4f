/* Owns the way of an exception that C++ code has thrown, below an FFI call, into a Lua error of that call. The unwinder
 * looks for who wants it (phase 1), and finds the function that called C; it runs the destructors of the frames in
 * between (phase 2) and comes to that function again. There the exception is caught and ended, and the error is raised
 * from on top of the unwinder, which is left behind as the frames below it are: Lua's own jump restores all registers.
 * So a call keeps nothing for it but the stack pointer by which it is known, and the functions of the unwinder that read
 * and change its context are not called: it may be libgcc's or LLVM's, shared or part of any library. Where Lua is built
 * as C++ and throws its errors, the new exception finds nothing more to destroy in the frames that it passes. */
#include "bind/exception.h"

#include <errno.h>
#include <string.h>

#include "abi/thrown.h"
#include "bind/errors.h"
#include "bind/inbound.h"
#include "bind/metamethods.h"
#include "bind/target.h"

/* -- whose it is --------------------------------------------------------------------------------------------------- */

/* Whether the coroutine is in the Lua function that called C, and not further in: an exception that comes out of Lua itself,
 * thrown by a host's function in a callback, is the host's affair, as Lua cannot be left that way. */
static bool is_in_call(lua_State *L)
{
    lua_Debug activation;
    if (lua_getstack(L, 0, &activation) == 0 || lua_getinfo(L, "f", &activation) == 0)
        return false;
    lua_CFunction function = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    return function != NULL && (target_is_entry(function) || function == meta_call);
}

/* What Lua throws when it is built as C++. */
static bool is_lua_error(const struct _Unwind_Exception *exception)
{
    const char *type = thrown_type(exception);
    return type != NULL && strcmp(type, "P11lua_longjmp") == 0;
}

static bool is_wanted(const struct _Unwind_Exception *exception)
{
    const CallRecord *record = home_innermost_call(__builtin_frame_address(0));
    return record != NULL && !is_lua_error(exception) && is_in_call(record->L);
}

/* -- what becomes of it -------------------------------------------------------------------------------------------- */

/* (Thrown *) -> type, what() or nil; runs protected. */
static int push_texts(lua_State *L)
{
    const Thrown *thrown = lua_touserdata(L, 1);
    lua_pushstring(L, thrown->spelling != NULL ? thrown->spelling : thrown->type);
    lua_pushstring(L, thrown->what);
    return 2;
}

/* Ends the exception and leaves two values: its type (nil: none) and what it says (nil: nothing); or the error that there
 * was instead, and false. An entry has stack for these from the start. */
static void catch_exception(lua_State *L, struct _Unwind_Exception *exception)
{
    Thrown thrown;
    thrown_begin(&thrown, exception);
    lua_pushcfunction(L, push_texts);
    lua_pushlightuserdata(L, &thrown);
    if (lua_pcall(L, 1, 2, 0) != LUA_OK)
        lua_pushboolean(L, false);
    thrown_end(&thrown);
}

_Noreturn static void raise_texts(lua_State *L)
{
    const char *type = lua_tostring(L, -2);
    const char *what = lua_tostring(L, -1);
    if (lua_isboolean(L, -1)) {
        lua_pop(L, 1);
        lua_error(L);
    }
    if (type == NULL)
        error_raise(L, MESSAGE_EXCEPTION_FOREIGN);
    if (what == NULL || what[0] == '\0')
        error_raise(L, MESSAGE_EXCEPTION, type);
    error_raise(L, MESSAGE_EXCEPTION_WHAT, type, what);
}

/* The call ends here, as it would when C returned (end_call): an error that a callback has left comes first. */
_Noreturn static void raise_instead(CallRecord *record, struct _Unwind_Exception *exception)
{
    FfiState *S = record->target->state;
    lua_State *L = record->L;
    int error_number = errno;
    catch_exception(L, exception);
    S->errno_value = error_number;
    cell_set_calls(S->cell, record->previous);
    if (atomic_load_explicit(&S->cell->attention, memory_order_relaxed) != 0)
        fault_attend(S, L);
    raise_texts(L);
}

__attribute__((used)) _Unwind_Reason_Code exception_personality(int version, _Unwind_Action actions,
                                                                uint64_t exception_class,
                                                                struct _Unwind_Exception *exception,
                                                                struct _Unwind_Context *context)
{
    (void)exception_class;
    (void)context;
    if (version != 1)
        return _URC_FATAL_PHASE1_ERROR;
    if (actions & _UA_SEARCH_PHASE)
        return is_wanted(exception) ? _URC_HANDLER_FOUND : _URC_CONTINUE_UNWIND;
    CallRecord *record = home_innermost_call(__builtin_frame_address(0));
    if (record != NULL && (actions & _UA_HANDLER_FRAME))
        raise_instead(record, exception);
    if (record != NULL && (actions & _UA_FORCE_UNWIND))
        cell_set_calls(record->target->state->cell, record->previous); /* the thread ends, by pthread_exit, say */
    return _URC_CONTINUE_UNWIND;
}
