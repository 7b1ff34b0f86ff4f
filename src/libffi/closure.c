/* Owns closures: the memory that clients get for them, where their code leads, and how the arguments in a frame become the
 * pointers that a handler takes. */
#define FFI_BUILDING
#include "libffi/closure.h"

#include <stdlib.h>

#include "abi/move.h"
#include "libffi/intern.h"

/* -- running ------------------------------------------------------------------------------------------------------- */

typedef struct Handler {
    ffi_cif *cif;
    void (*fun)(ffi_cif *, void *, void **, void *);
    void *user_data;
} Handler;

/* Where argument i is: in the frame, or copied behind *scratch when its bytes lie apart or too little aligned. */
static inline void *locate(const AbiPlan *plan, AbiFrame *frame, uint32_t i, const ffi_type *type,
                           unsigned char **scratch)
{
    const AbiArg *arg = &plan->args[i];
    unsigned char *at = (unsigned char *)frame;
    if (arg->nmoves == 1)
        at += plan->moves[arg->first_move].frame;
    if (arg->nmoves <= 1 && ((uintptr_t)at & (type->alignment - 1u)) == 0)
        return at;
    at = *scratch;
    abi_take(plan, frame, i, at);
    *scratch = at + 64;
    return at;
}

/* The same for all arguments of the Microsoft ABI, whose caller has made the copies: each is in the frame or where its
 * address is. A double has two places, of which the last is right. */
static __attribute__((noinline)) void locate_win64(const AbiPlan *plan, AbiFrame *frame, void **arguments)
{
    for (uint32_t i = 0; i < plan->nargs; i++) {
        const AbiMove *last = &plan->moves[plan->args[i].first_move + plan->args[i].nmoves - 1];
        arguments[i] = (unsigned char *)frame + last->frame;
        if (last->op == MOVE_REFERENCE)
            memcpy(&arguments[i], arguments[i], sizeof arguments[i]);
    }
}

/* In a function of its own, for it takes the room that it needs. */
static inline __attribute__((always_inline)) void run(const Interned *interned, const Handler *handler, AbiFrame *frame)
{
    const AbiPlan *plan = interned->owner.plan;
    _Alignas(64) unsigned char value[64];
    void **arguments = __builtin_alloca((plan->nargs + 1) * sizeof *arguments);
    unsigned char *scratch = interned->ncopied == 0 ? value : __builtin_alloca_with_align(64 * interned->ncopied, 512);
    if (interned->is_win64)
        locate_win64(plan, frame, arguments);
    else
        for (uint32_t i = 0; i < plan->nargs; i++)
            arguments[i] = locate(plan, frame, i, handler->cif->arg_types[i], &scratch);
    if (plan->result == ABI_RESULT_MEMORY) {
        frame->rax = frame->gpr[0];
        handler->fun(handler->cif, (void *)(uintptr_t)frame->gpr[0], arguments, handler->user_data);
        return;
    }
    handler->fun(handler->cif, value, arguments, handler->user_data);
    abi_place_result(plan, frame, value);
}

static ffi_closure *closure_of(const AbiSlot *slot)
{
    ffi_closure *closure;
    memcpy(&closure, slot->user, sizeof closure);
    return closure;
}

static void slot_target(AbiSlot *slot, AbiFrame *frame)
{
    const ffi_closure *closure = closure_of(slot);
    const Handler handler = {closure->cif, closure->fun, closure->user_data};
    run((const Interned *)(const void *)atomic_load_explicit(&slot->owner, memory_order_relaxed), &handler, frame);
}

void libffi_owned_target(ffi_closure *closure, AbiFrame *frame)
{
    const Handler handler = {closure->cif, closure->fun, closure->user_data};
    run(intern_of(closure->cif), &handler, frame);
}

void libffi_go_target(ffi_go_closure *closure, AbiFrame *frame)
{
    const Handler handler = {closure->cif, closure->fun, closure};
    run(intern_of(closure->cif), &handler, frame);
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

/* In front of each closure that ffi_closure_alloc gives. */
typedef struct Allocation {
    _Alignas(16) AbiSlot *slot;
} Allocation;

void *ffi_closure_alloc(size_t size, void **code)
{
    Error error;
    if (size < sizeof(ffi_closure))
        size = sizeof(ffi_closure);
    if (code == NULL || size > PTRDIFF_MAX - sizeof(Allocation))
        return NULL;
    Allocation *allocation = malloc(sizeof *allocation + size);
    if (allocation == NULL)
        return NULL;
    allocation->slot = abi_slot_take(&error);
    if (allocation->slot == NULL) {
        free(allocation);
        return NULL;
    }
    AbiFunction entry = abi_slot_entry(allocation->slot);
    memcpy(code, &entry, sizeof *code);
    return allocation + 1;
}

void ffi_closure_free(void *writable)
{
    if (writable == NULL)
        return;
    Allocation *allocation = (Allocation *)writable - 1;
    abi_slot_give_back(allocation->slot, NULL);
    free(allocation);
}

/* -- preparing ----------------------------------------------------------------------------------------------------- */

/* endbr64; lea r10,[the closure]; jmp [r10 + 24], and there the address. The only bytes that are written. */
static void write_trampoline(ffi_closure *closure)
{
    static const unsigned char code[24] = {0xf3, 0x0f, 0x1e, 0xfa, 0x4c, 0x8d, 0x15, 0xf5, 0xff, 0xff, 0xff, 0x41,
                                           0xff, 0x62, 0x18, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc};
    void (*enter)(void) = closure->cif->abi == FFI_UNIX64 ? libffi_enter_owned_sysv64 : libffi_enter_owned_win64;
    memcpy(closure->tramp, code, sizeof code);
    memcpy(closure->tramp + sizeof code, &enter, sizeof enter);
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *),
                                void *user_data, void *codeloc)
{
    if (cif->abi <= FFI_FIRST_ABI || cif->abi >= FFI_LAST_ABI)
        return FFI_BAD_ABI;
    AbiFunction entry;
    memcpy(&entry, &codeloc, sizeof entry);
    AbiSlot *slot = abi_slot_of(entry);
    closure->cif = cif;
    closure->fun = fun;
    closure->user_data = user_data;
    if (slot == NULL) {
        write_trampoline(closure);
        return FFI_OK;
    }
    memcpy(slot->user, &closure, sizeof closure);
    abi_slot_arm(slot, (AbiOwner *)(uintptr_t)intern_of(cif), slot_target);
    return FFI_OK;
}

ffi_status ffi_prep_closure(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *),
                            void *user_data)
{
    return ffi_prep_closure_loc(closure, cif, fun, user_data, closure);
}

ffi_status ffi_prep_go_closure(ffi_go_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *))
{
    if (cif->abi <= FFI_FIRST_ABI || cif->abi >= FFI_LAST_ABI)
        return FFI_BAD_ABI;
    void (*enter)(void) = cif->abi == FFI_UNIX64 ? libffi_enter_go_sysv64 : libffi_enter_go_win64;
    memcpy(&closure->tramp, &enter, sizeof enter);
    closure->cif = cif;
    closure->fun = fun;
    return FFI_OK;
}
