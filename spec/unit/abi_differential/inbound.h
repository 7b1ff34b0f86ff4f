/* The way in: the target that the slots of the test lead to, and the slots, of which a few hundred are always taken, so that the cases go
 * through mapped tables too. For abi_differential.c alone. */
#ifndef AIRLOCK_SPEC_ABI_DIFFERENTIAL_INBOUND_H
#define AIRLOCK_SPEC_ABI_DIFFERENTIAL_INBOUND_H

#include "abi/callback.h"
#include "check.h"

/* A callback about to be made; the slot's `user` points at it. */
typedef struct Inbound {
    Case *c;
    const AbiPlan *plan; /* of the named arguments */
    const MachineCall *machine;
    uint32_t nentered;
    bool by_slots; /* reads arguments and sets the result where the plan says that they are, not by abi_take and abi_place_result */
} Inbound;

/* -- the target -------------------------------------------------------------------------------------------------------- */

static MachineRoom inbound_taken_room, inbound_result_room;

static inline void inbound_check_machine(Case *c, const Inbound *inbound)
{
    uint64_t flags;
    uint32_t mxcsr, x87[7];
    __asm__ volatile("pushfq\n\tpopq %0\n\tcld" : "=r"(flags) : : "memory", "cc");
    __asm__ volatile("stmxcsr %0\n\tfnstenv %1\n\tfldenv %1" : "=m"(mxcsr), "=m"(x87));
    check_state(c, "the target", inbound->machine, flags, mxcsr, x87, 0);
}

static inline bool inbound_has_slot(const AbiPlan *plan, const ValueType *type, uint32_t index)
{
    return call_has_slot(type) && plan->args[index].slot != ABI_NO_SLOT;
}

static inline void inbound_check_argument(Case *c, const Inbound *inbound, const AbiFrame *frame, uint32_t index)
{
    const ValueType *type = call_arg_type(&c->call, index);
    unsigned char *taken = machine_place(&inbound_taken_room, type->abi.size);
    memset(inbound_taken_room.start, 0x5a, inbound_taken_room.nbytes);
    if (inbound->by_slots && inbound_has_slot(inbound->plan, type, index))
        memcpy(taken, (const unsigned char *)frame + inbound->plan->args[index].slot, type->abi.size);
    else
        abi_take(inbound->plan, frame, index, taken);
    check_value(c, "argument", index + 1, type, taken, c->call.values[index]);
    for (size_t i = 1; i <= 64; i++) {
        if (taken[-(ptrdiff_t)i] != 0x5a)
            complain(c, "\n      argument %u: the byte %zu before it was written", index + 1, i);
    }
}

static inline void inbound_place_result(const Case *c, const Inbound *inbound, AbiFrame *frame)
{
    const ValueType *type = &c->types[c->signature->result];
    unsigned char *result = machine_place(&inbound_result_room, type->abi.size);
    memcpy(result, c->wanted, type->abi.size);
    if (inbound->by_slots && inbound->plan->result == ABI_RESULT_RAX && call_has_slot(type))
        frame->rax = value_extended(value_scalar_kind(type), result);
    else if (inbound->by_slots && inbound->plan->result == ABI_RESULT_XMM0)
        memcpy(frame->result.xmm[0], result, type->abi.size);
    else
        abi_place_result(inbound->plan, frame, result);
}

/* Called by inbound_target. */
void inbound_look(AbiSlot *slot, AbiFrame *frame);

void inbound_look(AbiSlot *slot, AbiFrame *frame)
{
    Inbound *inbound;
    memcpy(&inbound, slot->user, sizeof inbound);
    Case *c = inbound->c;
    inbound->nentered++;
    inbound_check_machine(c, inbound);
    if ((uintptr_t)__builtin_frame_address(0) % 16 != 0)
        complain(c, "\n      in the target the stack is not aligned");
    for (uint32_t i = 0; i < inbound->plan->nargs; i++)
        inbound_check_argument(c, inbound, frame, i);
    frame->rax = frame->rdx = 0xcccccccccccccccc;
    memset(&frame->result, 0xcc, sizeof frame->result);
    if (c->signature->result != BATCH_NO_TYPE)
        inbound_place_result(c, inbound, frame);
}

/* An AbiTarget: inbound_look, then rubbish in all registers that are not callee-saved. */
void inbound_target(AbiSlot *slot, AbiFrame *frame);

#define INBOUND_SPOIL_XMM(n) "    pcmpeqd %xmm" #n ", %xmm" #n "\n"

/* clang-format off */

__asm__(".text\n"
        "inbound_target:\n"
        "    endbr64\n"
        "    subq $8, %rsp\n"
        "    call inbound_look\n"
        "    addq $8, %rsp\n"
        "    movq $-1, %rax\n"
        "    movq %rax, %rcx\n"
        "    movq %rax, %rdx\n"
        "    movq %rax, %rsi\n"
        "    movq %rax, %rdi\n"
        "    movq %rax, %r8\n"
        "    movq %rax, %r9\n"
        "    movq %rax, %r10\n"
        "    movq %rax, %r11\n"
        INBOUND_SPOIL_XMM(0) INBOUND_SPOIL_XMM(1) INBOUND_SPOIL_XMM(2) INBOUND_SPOIL_XMM(3)
        INBOUND_SPOIL_XMM(4) INBOUND_SPOIL_XMM(5) INBOUND_SPOIL_XMM(6) INBOUND_SPOIL_XMM(7)
        INBOUND_SPOIL_XMM(8) INBOUND_SPOIL_XMM(9) INBOUND_SPOIL_XMM(10) INBOUND_SPOIL_XMM(11)
        INBOUND_SPOIL_XMM(12) INBOUND_SPOIL_XMM(13) INBOUND_SPOIL_XMM(14) INBOUND_SPOIL_XMM(15)
        "    ret\n");

/* clang-format on */

/* -- slots ------------------------------------------------------------------------------------------------------------- */

enum { INBOUND_NKEPT = 300 };

static AbiSlot *inbound_kept[INBOUND_NKEPT];
static size_t inbound_oldest;
static int inbound_nowners;

typedef struct InboundOwner {
    AbiOwner owner;
    AbiPlan *plan;
} InboundOwner;

static inline void inbound_free_owner(AbiOwner *owner)
{
    InboundOwner *own = (InboundOwner *)(void *)owner;
    abi_plan_free(&mem_system_allocator, own->plan);
    free(own);
    inbound_nowners--;
}

/* The plan is the slot's from now on. */
static inline AbiSlot *inbound_arm(AbiPlan *plan, Inbound *inbound)
{
    Error error;
    InboundOwner *own = malloc(sizeof *own);
    AbiSlot *slot = abi_slot_take(&error);
    if (own == NULL || slot == NULL)
        abort();
    *own = (InboundOwner){{.plan = plan, .nreferences = 1, .free = inbound_free_owner}, plan};
    memcpy(slot->user, &inbound, sizeof inbound);
    abi_slot_arm(slot, &own->owner, inbound_target);
    abi_owner_release(&own->owner);
    inbound_nowners++;
    return slot;
}

/* Takes a slot, which is the latest that was given back, and gives back the one that was taken longest ago. */
static inline void inbound_rotate(void)
{
    Error error;
    AbiSlot **place = &inbound_kept[inbound_oldest++ % INBOUND_NKEPT];
    AbiSlot *old = *place;
    if ((*place = abi_slot_take(&error)) == NULL)
        abort();
    if (old != NULL)
        abi_slot_give_back(old, NULL);
}

static inline void inbound_begin(void)
{
    inbound_taken_room = machine_new_room(1);
    inbound_result_room = machine_new_room(1);
    for (size_t i = 0; i < INBOUND_NKEPT; i++)
        inbound_rotate();
}

#endif
