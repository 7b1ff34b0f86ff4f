/* Owns closures: the memory that clients get for them, where their code leads, and how the arguments in a frame become the
 * pointers that a handler takes. */
#define FFI_BUILDING
#include "libffi/closure.h"

#include <stdlib.h>

#include "abi/move.h"
#include "libffi/intern.h"

/* -- running ------------------------------------------------------------------------------------------------------- */

enum { COPY_NBYTES = 64 }; /* of an argument that is in registers, at most */

typedef struct Handler {
    ffi_cif *cif;
    void (*fun)(ffi_cif *, void *, void **, void *);
    void *user_data;
} Handler;

/* rax, of which the handler wrote eight bytes or as many as the result has. */
static __attribute__((noinline)) void extend(AbiMoveOp op, AbiFrame *frame)
{
    switch (op) {
    case MOVE_I8: frame->rax = (uint64_t)(int64_t)(int8_t)frame->rax; break;
    case MOVE_U8: frame->rax = (uint8_t)frame->rax; break;
    case MOVE_I16: frame->rax = (uint64_t)(int64_t)(int16_t)frame->rax; break;
    case MOVE_U16: frame->rax = (uint16_t)frame->rax; break;
    case MOVE_U32: frame->rax = (uint32_t)frame->rax; break;
    default: break;
    }
}

/* Where the handler leaves the result, which is in one place. It may write none: in registers that is zero then. */
static inline __attribute__((always_inline)) void *result_room(const Places *places, AbiFrame *frame)
{
    enum { PLACE_NBYTES = 16 }; /* at most */
    char *room = (char *)frame + places->result;
    if (__builtin_expect(places->result == PLACE_MEMORY, 0)) {
        frame->rax = frame->gpr[0];
        return (void *)(uintptr_t)frame->gpr[0];
    }
    return memset(room, 0, PLACE_NBYTES);
}

/* Everything lies where the handler can have it. */
static inline __attribute__((always_inline)) void run_simple(const Places *places, Handler handler, AbiFrame *frame)
{
    void *arguments[PLACE_NARGS_SIMPLE];
    char *start = (char *)frame;
    for (uint32_t i = 0, n = places->nargs; i < n; i++)
        arguments[i] = start + places->args[i];
    handler.fun(handler.cif, result_room(places, frame), arguments, handler.user_data);
    if (places->extension == MOVE_I32) /* most often */
        frame->rax = (uint64_t)(int64_t)(int32_t)frame->rax;
    else if (places->extension != MOVE_8)
        extend((AbiMoveOp)places->extension, frame);
}

/* Argument i, which is copied behind *scratch when it has no place. */
static void *locate(const Interned *interned, AbiFrame *frame, uint32_t i, unsigned char **scratch)
{
    int32_t place = interned->places.args[i];
    void *value = *scratch;
    if (place >= 0)
        return (char *)frame + place;
    if (place != PLACE_COPIED) {
        memcpy(&value, (char *)frame + (PLACE_REFERENCE - place), sizeof value);
        return value;
    }
    abi_take(interned->owner.plan, frame, i, value);
    *scratch += COPY_NBYTES;
    return value;
}

static __attribute__((noinline)) void run_any(const Interned *interned, Handler handler, AbiFrame *frame)
{
    const Places *places = &interned->places;
    _Alignas(64) unsigned char value[64] = {0};
    void **arguments = __builtin_alloca((places->nargs + (size_t)1) * sizeof *arguments);
    unsigned char *copies =
        places->ncopied == 0 ? value : __builtin_alloca_with_align(COPY_NBYTES * (size_t)places->ncopied, 512);
    for (uint32_t i = 0; i < places->nargs; i++)
        arguments[i] = locate(interned, frame, i, &copies);
    if (places->result == PLACE_MEMORY) {
        frame->rax = frame->gpr[0];
        handler.fun(handler.cif, (void *)(uintptr_t)frame->gpr[0], arguments, handler.user_data);
        return;
    }
    handler.fun(handler.cif, value, arguments, handler.user_data);
    abi_place_result(interned->owner.plan, frame, value);
}

static inline __attribute__((always_inline)) void run(const Interned *interned, Handler handler, AbiFrame *frame)
{
    if (interned->places.is_simple)
        run_simple(&interned->places, handler, frame);
    else
        run_any(interned, handler, frame);
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
    run((const Interned *)(const void *)atomic_load_explicit(&slot->owner, memory_order_relaxed), handler, frame);
}

void libffi_owned_target(ffi_closure *closure, AbiFrame *frame)
{
    const Handler handler = {closure->cif, closure->fun, closure->user_data};
    run(intern_of(closure->cif), handler, frame);
}

void libffi_go_target(ffi_go_closure *closure, AbiFrame *frame)
{
    const Handler handler = {closure->cif, closure->fun, closure};
    run(intern_of(closure->cif), handler, frame);
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

/* In front of each closure that ffi_closure_alloc gives. */
typedef struct Allocation {
    _Alignas(16) AbiSlot *slot;
} Allocation;

/* Behind the closure's address in slot->user. A client may keep nothing but the code, and what it has of the block is not its start:
 * then valgrind would call the block possibly lost. */
static void keep_reachable(AbiSlot *slot, const Allocation *allocation)
{
    memcpy(slot->user + sizeof(ffi_closure *), &allocation, sizeof allocation);
}

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
    keep_reachable(allocation->slot, allocation);
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

static AbiSlot *slot_at(void *codeloc)
{
    AbiFunction entry;
    memcpy(&entry, &codeloc, sizeof entry);
    return abi_slot_of(entry);
}

void *libffi_closure_seen(void *closure, void *codeloc)
{
    return slot_at(codeloc) != NULL ? closure : codeloc;
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *),
                                void *user_data, void *codeloc)
{
    if (cif->abi <= FFI_FIRST_ABI || cif->abi >= FFI_LAST_ABI)
        return FFI_BAD_ABI;
    closure->cif = cif;
    closure->fun = fun;
    closure->user_data = user_data;
    AbiSlot *slot = slot_at(codeloc);
    if (slot == NULL) {
        write_trampoline(closure);
        return FFI_OK;
    }
    memcpy(slot->user, &closure, sizeof closure);
    abi_slot_arm(slot, (AbiOwner *)(uintptr_t)intern_of(closure->cif), slot_target);
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
