#include "bind/cstack.h"

#include <pthread.h>

/* What must be left, or half of a small stack: for 200 levels of calls whose frames are not looked at. */
enum { RESERVE_NBYTES = 2 * 1024 * 1024 };

/* Finding the main thread's stack means reading /proc, so it is remembered. */
static void find_stack(FfiState *S)
{
    pthread_attr_t attributes;
    void *start = NULL;
    size_t nbytes = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        if (pthread_attr_getstack(&attributes, &start, &nbytes) != 0)
            nbytes = 0;
        (void)pthread_attr_destroy(&attributes);
    }
    S->stack_start = (uintptr_t)start;
    S->stack_end = (uintptr_t)start + nbytes;
    S->stack_thread = current_thread();
}

/* The frame and the trampoline's copy of it. On a stack that is not the thread's own, nothing is known. */
void cstack_check_large(lua_State *L, const CallTarget *target, size_t nbytes)
{
    FfiState *S = target->state;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (S->stack_thread != current_thread())
        find_stack(S);
    if (here < S->stack_start || here >= S->stack_end)
        return;
    uintptr_t half = (S->stack_end - S->stack_start) / 2;
    uintptr_t reserve = half < RESERVE_NBYTES ? half : RESERVE_NBYTES;
    if (here - S->stack_start >= 2 * nbytes + reserve)
        return;
    error_raise(L, MESSAGE_STACK_FULL, signature_push_name(L, target->signature->info->type, target->decl),
                (LUAI_UACINT)nbytes);
}
