/* The inbound half of the call engine: a C function pointer that leads to a function of ours.
 *
 * C calls the entry of a slot, code that was there when the program was linked or is that page mapped once more: no page is
 * ever made executable. The entry saves what the caller passed into a frame laid out by the same plan that calls use, the
 * slot's target gets both, and what it leaves in the frame is the result.
 *
 * Slots are the one thing of the engine that is global and changes. Taking and giving them back is lock-free and may be
 * done in any thread, and in the child of a fork whatever other threads were doing. */
#ifndef AIRLOCK_ABI_CALLBACK_H
#define AIRLOCK_ABI_CALLBACK_H

#include <stdatomic.h>

#include "abi/abi.h"

typedef struct AbiSlot AbiSlot;

/* Runs on the C stack of the caller. It must set the frame's result: abi_place_result or abi_zero_result. A target during
 * which its own slot may be given back keeps the owner, with abi_owner_retain, for as long as it needs the plan. */
typedef void (*AbiTarget)(AbiSlot *slot, AbiFrame *frame);

/* What the slots of one function type and one owner share. It lives until nothing refers to it: a slot that was given
 * back still refers to its owner, so that C can still call it and gets a correct zero; only when the slot is armed
 * anew, its old owner goes. */
typedef struct AbiOwner {
    const AbiPlan *plan; /* not variadic */
    _Atomic(uint32_t) nreferences;
    void (*free)(struct AbiOwner *owner);
} AbiOwner;

/* abi_slot_arm writes what the entry reads. C that calls the entry has got it after that, by its own means; C that calls the
 * entry of a slot that was given back sees the old target or return_zero's, and either is right. */
struct AbiSlot {
    void (*enter)(void); /* what the entry jumps to: the plan's */
    _Atomic(AbiTarget) target;
    _Atomic(AbiOwner *) owner;          /* NULL: never armed */
    uint32_t flags;                     /* the plan's */
    uint32_t index;                     /* of all slots: 256 to a table, the module's own table first */
    _Atomic(uint32_t) next;             /* in the list of free slots: 1 + index, 0 at its end */
    uint32_t serial;                    /* how often it has been armed */
    _Alignas(8) unsigned char user[24]; /* the taker's; kept when the slot is given back */
};

/* A slot that nobody else has, its `user` as it was left; arm it before C sees its entry. NULL with *error filled:
 * ERROR_LIMIT, or ERROR_UNSUPPORTED when the entries cannot be mapped again (slot.h). */
AbiSlot *abi_slot_take(Error *error);

/* From now on the entry leads to `target`. Adds a reference to `owner`. */
void abi_slot_arm(AbiSlot *slot, AbiOwner *owner, AbiTarget target);

/* From now on the entry leads to `target` again, or returns zero (NULL), until the slot is armed by its next taker. */
void abi_slot_give_back(AbiSlot *slot, AbiTarget target);

/* The function pointer for C. */
AbiFunction abi_slot_entry(const AbiSlot *slot);

/* The slot whose entry that is, taken or free; NULL for another function, and for an entry that nobody was given yet. */
AbiSlot *abi_slot_of(AbiFunction entry);

/* The slot of that index, which was taken once. */
AbiSlot *abi_slot_at(uint32_t index);

static inline void abi_owner_retain(AbiOwner *owner)
{
    atomic_fetch_add_explicit(&owner->nreferences, 1, memory_order_relaxed);
}

void abi_owner_release(AbiOwner *owner);

/* -- for targets --------------------------------------------------------------------------------------------------- */

/* Copies argument number `index` to `value` (its size, exactly). */
void abi_take(const AbiPlan *plan, const AbiFrame *frame, uint32_t index, void *value);

/* The result, from its C representation; integers smaller than a register are extended. */
void abi_place_result(const AbiPlan *plan, AbiFrame *frame, const void *result);

/* All bytes zero. */
void abi_zero_result(const AbiPlan *plan, AbiFrame *frame);

/* -- for targets that point into the frame ----------------------------------------------------------------------------
 *
 * Where an argument is found, or the result is left, without a copy: a frame offset, or one of these. It is the same in every
 * call by the plan, so that it can be kept. */
enum {
    ABI_IN_PARTS = -1,          /* in no one place, or one not aligned enough: abi_take, abi_place_result */
    ABI_AT_RESULT_ADDRESS = -2, /* the result, where frame->gpr[0] points; the target returns that in frame->rax */
    ABI_AT_REFERENCE = -3       /* from here down: the address is at the frame offset ABI_AT_REFERENCE - location */
};

/* Of argument number `index`, which has to be aligned to `align` bytes. */
int32_t abi_locate(const AbiPlan *plan, uint32_t index, uint32_t align);
int32_t abi_locate_result(const AbiPlan *plan, uint32_t align);

/* What becomes of rax when the target has written as many bytes into frame->rax as the result has. */
typedef enum AbiExtension {
    ABI_EXTEND_NOT,
    ABI_EXTEND_I32,   /* to 64 bits by its sign, as most often */
    ABI_EXTEND_OTHERS /* as abi_place_result does with `result` frame->rax itself */
} AbiExtension;

AbiExtension abi_result_extension(const AbiPlan *plan);

#endif
