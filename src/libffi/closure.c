/* Owns closures: the memory that clients get for them, where their code leads, and how the arguments in a frame become the
 * pointers that a handler takes. */
#define FFI_BUILDING /* what is deprecated is made here */
#include "libffi/closure.h"

#include <stdlib.h>

#include "base/inline.h"
#include "libffi/adapter.h"
#include "libffi/intern.h"

/* -- running ------------------------------------------------------------------------------------------------------- */

/* A copy of an argument that is in registers, and its alignment, which can be no greater. */
enum { COPY_NBYTES = ABI_REGISTERS_NBYTES_MAX };

typedef struct Handler {
    ffi_cif *cif;
    void (*fun)(ffi_cif *, void *, void **, void *);
    void *user_data;
} Handler;

/* Where the handler leaves the result, which is in one place. It may write none: in registers that is zero then. */
ALWAYS_INLINE void *result_room(const Locations *locations, AbiFrame *frame)
{
    enum { ROOM_NBYTES = 16 }; /* at most: rax and rdx, or xmm0 */
    char *room = (char *)frame + locations->result;
    if (__builtin_expect(locations->result == ABI_AT_RESULT_ADDRESS, 0)) {
        frame->rax = frame->gpr[0];
        return (void *)(uintptr_t)frame->gpr[0];
    }
    return memset(room, 0, ROOM_NBYTES);
}

/* Everything lies where the handler can have it. */
ALWAYS_INLINE void run_simple(const Signature *signature, Handler handler, AbiFrame *frame)
{
    const Locations *locations = &signature->locations;
    void *arguments[LOCATIONS_NARGS_SIMPLE];
    char *start = (char *)frame;
    for (uint32_t i = 0, n = locations->nargs; i < n; i++)
        arguments[i] = start + locations->args[i];
    handler.fun(handler.cif, result_room(locations, frame), arguments, handler.user_data);
    if (locations->extension == ABI_EXTEND_I32)
        frame->rax = (uint64_t)(int64_t)(int32_t)frame->rax;
    else if (locations->extension != ABI_EXTEND_NOT)
        abi_place_result(signature->owner.plan, frame, &frame->rax);
}

/* Argument i, which is copied to *scratch when it is in parts. */
static void *argument_at(const Signature *signature, AbiFrame *frame, uint32_t i, unsigned char **scratch)
{
    int32_t location = signature->locations.args[i];
    void *value = *scratch;
    if (location >= 0)
        return (char *)frame + location;
    if (location <= ABI_AT_REFERENCE) {
        memcpy(&value, (char *)frame + (ABI_AT_REFERENCE - location), sizeof value);
        return value;
    }
    abi_take(signature->owner.plan, frame, i, value);
    *scratch += COPY_NBYTES;
    return value;
}

/* What is in parts goes to copies of our own; the result, too, is put together when the handler returns. */
static NOINLINE void run_any(const Signature *signature, Handler handler, AbiFrame *frame)
{
    const Locations *locations = &signature->locations;
    _Alignas(COPY_NBYTES) unsigned char value[COPY_NBYTES] = {0};
    void **arguments = __builtin_alloca((locations->nargs + (size_t)1) * sizeof *arguments);
    size_t copies_nbytes = COPY_NBYTES * (size_t)locations->ncopied;
    unsigned char *copies = copies_nbytes == 0 ? NULL : __builtin_alloca_with_align(copies_nbytes, 8 * COPY_NBYTES);
    for (uint32_t i = 0; i < locations->nargs; i++)
        arguments[i] = argument_at(signature, frame, i, &copies);
    if (locations->result == ABI_AT_RESULT_ADDRESS) {
        frame->rax = frame->gpr[0];
        handler.fun(handler.cif, (void *)(uintptr_t)frame->gpr[0], arguments, handler.user_data);
        return;
    }
    handler.fun(handler.cif, value, arguments, handler.user_data);
    abi_place_result(signature->owner.plan, frame, value);
}

ALWAYS_INLINE void run(const Signature *signature, Handler handler, AbiFrame *frame)
{
    if (signature->locations.is_simple)
        run_simple(signature, handler, frame);
    else
        run_any(signature, handler, frame);
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
    /* abi_slot_arm had it before the entry was called: intern.h says what else an owner is. */
    run((const Signature *)(const void *)atomic_load_explicit(&slot->owner, memory_order_relaxed), handler, frame);
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

void *libffi_readable_closure(void *closure, void *codeloc)
{
    return slot_at(codeloc) != NULL ? closure : codeloc;
}

ffi_status ffi_prep_closure_loc(ffi_closure *closure, ffi_cif *cif, void (*fun)(ffi_cif *, void *, void **, void *),
                                void *user_data, void *codeloc)
{
    if (!adapter_is_abi(cif->abi))
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
    if (!adapter_is_abi(cif->abi))
        return FFI_BAD_ABI;
    void (*enter)(void) = cif->abi == FFI_UNIX64 ? libffi_enter_go_sysv64 : libffi_enter_go_win64;
    memcpy(&closure->tramp, &enter, sizeof enter);
    closure->cif = cif;
    closure->fun = fun;
    return FFI_OK;
}
