/* Owns the callback slots: where they are, and the list of the free ones. The first table is part of the module; others
 * are mapped side by side into one range of addresses, reserved when the first of them is wanted, and never unmapped.
 * So an index, a slot and an entry are each other's arithmetic.
 *
 * The list of free slots is a stack with its top and a count of changes in one word (a slot that came back in between is
 * no longer taken for the same top). */
#include "abi/slot.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LOG2_NTABLES_MAX = 12, /* in the range: a million callbacks, 80 MiB of addresses */
    RANGE_LOG2_MASK = 31
};

AbiSlot abi_builtin_slots[ABI_TABLE_NSLOTS] __attribute__((aligned(ABI_SLOT_NBYTES)));

static _Atomic(uint64_t) free_list;    /* count of changes << 32 | 1 + index of the top, 0: empty */
static _Atomic(bool) has_builtin;      /* the first table's slots have been put into the list */
static _Atomic(uintptr_t) range;       /* address of the range | log2 of its tables; 0: not reserved */
static _Atomic(uint32_t) nmapped_from; /* tables of the range handed out to be mapped */

/* -- where things are ---------------------------------------------------------------------------------------------- */

static unsigned char *range_table(uint32_t table)
{
    uintptr_t word = atomic_load_explicit(&range, memory_order_acquire);
    return (unsigned char *)(word & ~(uintptr_t)RANGE_LOG2_MASK) + (size_t)table * TABLE_NBYTES;
}

AbiSlot *abi_slot_at(uint32_t index)
{
    uint32_t table = index / ABI_TABLE_NSLOTS, n = index % ABI_TABLE_NSLOTS;
    if (table == 0)
        return &abi_builtin_slots[n];
    return (AbiSlot *)(void *)(range_table(table - 1) + ABI_TABLE_CODE_NBYTES) + n;
}

AbiFunction abi_slot_entry(const AbiSlot *slot)
{
    uint32_t table = slot->index / ABI_TABLE_NSLOTS, n = slot->index % ABI_TABLE_NSLOTS;
    const unsigned char *code = (table == 0 ? abi_builtin_entries : range_table(table - 1)) + ABI_ENTRY_NBYTES * n;
    AbiFunction function;
    memcpy(&function, &code, sizeof function);
    return function;
}

AbiSlot *abi_slot_of(AbiFunction entry)
{
    uintptr_t address, word = atomic_load_explicit(&range, memory_order_acquire), offset;
    uintptr_t base = word & ~(uintptr_t)RANGE_LOG2_MASK;
    memcpy(&address, &entry, sizeof address);
    offset = address - (uintptr_t)abi_builtin_entries;
    if (offset < ABI_TABLE_CODE_NBYTES)
        return offset % ABI_ENTRY_NBYTES == 0 ? &abi_builtin_slots[offset / ABI_ENTRY_NBYTES] : NULL;
    offset = address - base;
    if (word == 0 || offset >= (uintptr_t)atomic_load(&nmapped_from) * TABLE_NBYTES ||
        offset % TABLE_NBYTES >= ABI_TABLE_CODE_NBYTES || offset % TABLE_NBYTES % ABI_ENTRY_NBYTES != 0)
        return NULL;
    return (AbiSlot *)(void *)(range_table((uint32_t)(offset / TABLE_NBYTES)) + ABI_TABLE_CODE_NBYTES) +
           offset % TABLE_NBYTES / ABI_ENTRY_NBYTES;
}

/* -- the list of free slots ---------------------------------------------------------------------------------------- */

/* Slots first..last, linked already. */
static void push(uint32_t first, AbiSlot *last)
{
    uint64_t top = atomic_load_explicit(&free_list, memory_order_relaxed), wanted;
    do {
        atomic_store_explicit(&last->next, (uint32_t)top, memory_order_relaxed);
        wanted = ((top >> 32) + 1) << 32 | (first + 1);
    } while (
        !atomic_compare_exchange_weak_explicit(&free_list, &top, wanted, memory_order_release, memory_order_relaxed));
}

static AbiSlot *pop(void)
{
    uint64_t top = atomic_load_explicit(&free_list, memory_order_acquire), wanted;
    AbiSlot *slot;
    do {
        if ((uint32_t)top == 0)
            return NULL;
        slot = abi_slot_at((uint32_t)top - 1);
        wanted = ((top >> 32) + 1) << 32 | atomic_load_explicit(&slot->next, memory_order_relaxed);
    } while (
        !atomic_compare_exchange_weak_explicit(&free_list, &top, wanted, memory_order_acquire, memory_order_acquire));
    return slot;
}

static void push_table(AbiSlot *slots, uint32_t first)
{
    for (uint32_t i = 0; i < ABI_TABLE_NSLOTS; i++) {
        slots[i].index = first + i;
        atomic_store_explicit(&slots[i].next, first + i + 2, memory_order_relaxed);
    }
    push(first, &slots[ABI_TABLE_NSLOTS - 1]);
}

/* -- more tables --------------------------------------------------------------------------------------------------- */

static bool refuse(Error *error, ErrorCode code, const char *text)
{
    *error = (Error){.code = code};
    snprintf(error->text, sizeof error->text, "%s", text);
    return false;
}

/* The range, or as much of it as the limits of the process allow. Where two threads come here, one of them wins. */
static bool reserve_range(Error *error)
{
    for (unsigned log2 = LOG2_NTABLES_MAX + 1; log2-- > 0;) {
        size_t nbytes = (size_t)TABLE_NBYTES << log2;
        void *base = mmap(NULL, nbytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        uintptr_t none = 0;
        if (base == MAP_FAILED)
            continue;
        if (!atomic_compare_exchange_strong(&range, &none, (uintptr_t)base | log2))
            munmap(base, nbytes);
        return true;
    }
    return refuse(error, ERROR_LIMIT, "there is no room in memory for more callbacks");
}

static bool map_table(uint32_t table, Error *error)
{
    unsigned char *page = range_table(table);
    if (mprotect(page + ABI_TABLE_CODE_NBYTES, TABLE_SLOTS_NBYTES, PROT_READ | PROT_WRITE) != 0)
        return refuse(error, ERROR_MEMORY, "not enough memory");
    return abi_map_template(page, error);
}

static bool add_table(Error *error)
{
    char text[96];
    uint32_t table = atomic_load(&nmapped_from), next;
    if (atomic_load(&range) == 0 && !reserve_range(error))
        return false;
    uint32_t limit = (uint32_t)1 << (atomic_load(&range) & RANGE_LOG2_MASK);
    do {
        if (table >= limit) {
            snprintf(text, sizeof text, "more than %u callbacks are in use", (limit + 1) * ABI_TABLE_NSLOTS);
            return refuse(error, ERROR_LIMIT, text);
        }
    } while (!atomic_compare_exchange_weak(&nmapped_from, &table, table + 1));
    if (!map_table(table, error)) {
        next = table + 1; /* another thread may have taken the next one meanwhile: then this one is lost */
        atomic_compare_exchange_strong(&nmapped_from, &next, table);
        return false;
    }
    push_table((AbiSlot *)(void *)(range_table(table) + ABI_TABLE_CODE_NBYTES), (table + 1) * ABI_TABLE_NSLOTS);
    return true;
}

static bool add_slots(Error *error)
{
    if (atomic_exchange(&has_builtin, true))
        return add_table(error);
    push_table(abi_builtin_slots, 0);
    return true;
}

/* -- slots --------------------------------------------------------------------------------------------------------- */

AbiSlot *abi_slot_take(Error *error)
{
    AbiSlot *slot;
    while ((slot = pop()) == NULL)
        if (!add_slots(error))
            return NULL;
    return slot;
}

static void return_zero(AbiSlot *slot, AbiFrame *frame)
{
    abi_zero_result(slot->owner->plan, frame);
}

void abi_slot_arm(AbiSlot *slot, AbiOwner *owner, AbiTarget target)
{
    AbiOwner *previous = slot->owner;
    atomic_fetch_add_explicit(&owner->nreferences, 1, memory_order_relaxed);
    slot->owner = owner;
    slot->flags = owner->plan->flags;
    slot->enter = abi_enter_sysv64;
    atomic_store_explicit(&slot->target, target, memory_order_release);
    if (previous != NULL)
        abi_owner_release(previous);
}

void abi_slot_give_back(AbiSlot *slot, AbiTarget target)
{
    atomic_store_explicit(&slot->target, target != NULL ? target : return_zero, memory_order_release);
    push(slot->index, slot);
}

void abi_owner_release(AbiOwner *owner)
{
    if (atomic_fetch_sub_explicit(&owner->nreferences, 1, memory_order_acq_rel) == 1)
        owner->free(owner);
}
