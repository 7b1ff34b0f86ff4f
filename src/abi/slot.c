/* Owns the callback slots: where they are, and which of them are free. The first table is part of the module; others
 * are mapped side by side into one range of addresses, reserved when the first of them is wanted, and never unmapped.
 * So an index, a slot and an entry are each other's arithmetic.
 *
 * Slots that were given back are a stack with its top and a count of changes in one word (a slot that came back in
 * between is no longer taken for the same top). Those of the first table are handed out in order before that, so that a
 * short program never sees one a second time. No thread relies on another one, which could be gone: a fork leaves the
 * child with what was finished, and loses it a slot or a table that somebody was just taking. */
#include "abi/slot.h"

#include "base/inline.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum {
    LOG2_NTABLES_MAX = 12, /* in the range: a million callbacks, 80 MiB of addresses */
    NTABLES_MAX = 1 << LOG2_NTABLES_MAX,
    RANGE_LOG2_MASK = 31, /* of `range`, whose address is page-aligned */
    RANGE_SHARE = 16,     /* of what RLIMIT_AS lets the process have */
    NYIELDS = 10,         /* and then naps, for a thread that waits for another one's table */
    NTRIES_MAX = 1000     /* a tenth of a second: a fork may have left a table that never comes */
};

/* A bit for each table of the range. */
typedef struct TableSet {
    _Atomic(uint64_t) words[NTABLES_MAX / 64];
} TableSet;

AbiSlot abi_builtin_slots[ABI_TABLE_NSLOTS] __attribute__((aligned(ABI_SLOT_NBYTES)));

static _Atomic(uint32_t) nbuiltin_taken; /* slots of the first table that were taken once */
static _Atomic(uint64_t) given_back;     /* count of changes << 32 | 1 + index of the top, 0: empty */
static _Atomic(uintptr_t) range;         /* address of the range | log2 of its tables; 0: not reserved */
static TableSet claimed;                 /* somebody maps it or has */
static TableSet mapped;                  /* has slots */
static _Atomic(uint32_t) ngrowing;       /* threads that are adding tables; a fork may leave some that are not there */
static _Atomic(uint32_t) nopened;        /* tables whose slots have become everybody's */

/* -- sets of tables ------------------------------------------------------------------------------------------------ */

static bool has_table(TableSet *set, uint32_t table)
{
    return atomic_load_explicit(&set->words[table / 64], memory_order_acquire) >> table % 64 & 1;
}

/* False if it was in there. */
static bool add_to_tables(TableSet *set, uint32_t table)
{
    uint64_t bit = (uint64_t)1 << table % 64;
    return !has_table(set, table) && (atomic_fetch_or(&set->words[table / 64], bit) & bit) == 0;
}

static void remove_from_tables(TableSet *set, uint32_t table)
{
    atomic_fetch_and(&set->words[table / 64], ~((uint64_t)1 << table % 64));
}

static uint32_t count_tables(TableSet *set)
{
    uint32_t n = 0;
    for (size_t i = 0; i < NTABLES_MAX / 64; i++)
        n += (uint32_t)__builtin_popcountll(atomic_load(&set->words[i]));
    return n;
}

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

static AbiSlot *slot_in(uint32_t table, uintptr_t offset)
{
    if (offset >= ABI_TABLE_CODE_NBYTES || offset % ABI_ENTRY_NBYTES != 0)
        return NULL;
    return abi_slot_at(table * ABI_TABLE_NSLOTS + (uint32_t)(offset / ABI_ENTRY_NBYTES));
}

AbiSlot *abi_slot_of(AbiFunction entry)
{
    uintptr_t address, offset, word = atomic_load_explicit(&range, memory_order_acquire);
    memcpy(&address, &entry, sizeof address);
    offset = address - (uintptr_t)abi_builtin_entries;
    if (offset < ABI_ENTRY_NBYTES * (uintptr_t)atomic_load_explicit(&nbuiltin_taken, memory_order_relaxed))
        return slot_in(0, offset);
    offset = address - (word & ~(uintptr_t)RANGE_LOG2_MASK);
    if (word == 0 || offset / TABLE_NBYTES >= NTABLES_MAX || !has_table(&mapped, (uint32_t)(offset / TABLE_NBYTES)))
        return NULL;
    return slot_in((uint32_t)(offset / TABLE_NBYTES) + 1, offset % TABLE_NBYTES);
}

/* -- free slots ---------------------------------------------------------------------------------------------------- */

/* The next of the first table that nobody had. */
static AbiSlot *take_builtin(void)
{
    uint32_t n = atomic_load_explicit(&nbuiltin_taken, memory_order_relaxed);
    while (n < ABI_TABLE_NSLOTS) {
        if (!atomic_compare_exchange_weak_explicit(&nbuiltin_taken, &n, n + 1, memory_order_relaxed,
                                                   memory_order_relaxed))
            continue;
        abi_builtin_slots[n].index = n;
        return &abi_builtin_slots[n];
    }
    return NULL;
}

/* Slots first..last, linked already, go on top: what was written to them is released with the word, and pop acquires it. */
static void push(uint32_t first, AbiSlot *last)
{
    uint64_t top = atomic_load_explicit(&given_back, memory_order_relaxed), wanted;
    do {
        atomic_store_explicit(&last->next, (uint32_t)top, memory_order_relaxed);
        wanted = ((top >> 32) + 1) << 32 | (first + 1);
    } while (
        !atomic_compare_exchange_weak_explicit(&given_back, &top, wanted, memory_order_release, memory_order_relaxed));
}

/* That slot->next may be another thread's by the time it is read: then the exchange fails. */
ALWAYS_INLINE AbiSlot *pop(void)
{
    uint64_t top = atomic_load_explicit(&given_back, memory_order_acquire), wanted;
    AbiSlot *slot;
    do {
        if ((uint32_t)top == 0)
            return NULL;
        slot = abi_slot_at((uint32_t)top - 1);
        wanted = ((top >> 32) + 1) << 32 | atomic_load_explicit(&slot->next, memory_order_relaxed);
    } while (
        !atomic_compare_exchange_weak_explicit(&given_back, &top, wanted, memory_order_acquire, memory_order_acquire));
    return slot;
}

/* -- more tables --------------------------------------------------------------------------------------------------- */

/* The whole range, or what a limited process can well spare. */
static unsigned choose_log2(void)
{
    struct rlimit limit;
    unsigned log2 = LOG2_NTABLES_MAX;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        while (log2 > 0 && ((rlim_t)TABLE_NBYTES << log2) > limit.rlim_cur / RANGE_SHARE)
            log2--;
    return log2;
}

/* LeakSanitizer, where the program has it. */
extern __attribute__((weak)) void look_for_pointers_in(const void *base,
                                                       size_t nbytes) __asm__("__lsan_register_root_region");

/* Owners, and what `user` says, may be known to slots alone; where leaks are looked for, what is mapped must be named. */
static void name_to_leak_checker(const void *base, size_t nbytes)
{
    if (look_for_pointers_in != NULL)
        look_for_pointers_in(base, nbytes);
}

/* Where two threads come here, one of them wins. */
static bool reserve_range(Error *error)
{
    for (unsigned log2 = choose_log2() + 1; log2-- > 0;) {
        size_t nbytes = (size_t)TABLE_NBYTES << log2;
        void *base = mmap(NULL, nbytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        uintptr_t none = 0;
        if (base == MAP_FAILED)
            continue;
        if (atomic_compare_exchange_strong(&range, &none, (uintptr_t)base | log2))
            name_to_leak_checker(base, nbytes);
        else
            munmap(base, nbytes);
        return true;
    }
    return atomic_load(&range) != 0 ||
           error_refuse(error, ERROR_LIMIT, "there is no room in memory for more callbacks");
}

static uint32_t range_ntables(void)
{
    return (uint32_t)1 << (atomic_load(&range) & RANGE_LOG2_MASK);
}

/* The first table that nobody has; range_ntables() if there is none. */
static uint32_t claim_table(void)
{
    uint32_t ntables = range_ntables(), table = 0;
    while (table < ntables && !add_to_tables(&claimed, table))
        table++;
    return table;
}

/* Its slots become everybody's, but for the first nkept. */
static AbiSlot *open_table(uint32_t table, uint32_t nkept)
{
    uint32_t first = (table + 1) * ABI_TABLE_NSLOTS;
    AbiSlot *slots = abi_slot_at(first);
    for (uint32_t i = 0; i < ABI_TABLE_NSLOTS; i++) {
        slots[i].index = first + i;
        atomic_store_explicit(&slots[i].next, first + i + 2, memory_order_relaxed);
    }
    add_to_tables(&mapped, table);
    push(first + nkept, &slots[ABI_TABLE_NSLOTS - 1]);
    atomic_fetch_add(&nopened, 1);
    return slots;
}

/* Maps `table`, which the caller has claimed; its first slot, or NULL and it is nobody's again. */
static AbiSlot *add_table(AbiTemplate *source, uint32_t table, uint32_t nkept, Error *error)
{
    unsigned char *page = range_table(table);
    bool is_there = abi_template_map(source, page, error);
    if (is_there && mprotect(page + ABI_TABLE_CODE_NBYTES, TABLE_SLOTS_NBYTES, PROT_READ | PROT_WRITE) == 0)
        return open_table(table, nkept);
    if (is_there)
        error_refuse(error, ERROR_MEMORY, "not enough memory");
    remove_from_tables(&claimed, table);
    return NULL;
}

/* `table`, and an eighth of what there is: where the file must be found, that costs a look at each mapping. */
static AbiSlot *add_some(uint32_t table, Error *error)
{
    AbiTemplate source;
    uint32_t nmore = count_tables(&mapped) / 8;
    abi_template_open(&source);
    AbiSlot *slot = add_table(&source, table, 1, error);
    while (slot != NULL && nmore-- > 0 && (table = claim_table()) < range_ntables())
        if (add_table(&source, table, 0, error) == NULL)
            break;
    abi_template_close(&source);
    return slot;
}

/* A slot of a new table. */
static AbiSlot *add_tables(Error *error)
{
    char text[96];
    uint32_t table;
    if (atomic_load(&range) == 0 && !reserve_range(error))
        return NULL;
    table = claim_table();
    if (table < range_ntables())
        return add_some(table, error);
    snprintf(text, sizeof text, "more than %u callbacks are in use", (table + 1) * ABI_TABLE_NSLOTS);
    error_refuse(error, ERROR_LIMIT, text);
    return NULL;
}

/* -- slots --------------------------------------------------------------------------------------------------------- */

static void wait_a_little(unsigned ntries)
{
    static const struct timespec nap = {.tv_nsec = 100000};
    if (ntries < NYIELDS)
        sched_yield();
    else
        nanosleep(&nap, NULL);
}

/* Where there is no room, another thread may have taken the last of it: it is given some time. */
static NOINLINE AbiSlot *grow(Error *error)
{
    AbiSlot *slot = NULL;
    int code = errno, cancelled;
    /* A thread that ends here would leave a table claimed. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelled);
    for (unsigned ntries = 0; ntries < NTRIES_MAX; ntries++) {
        uint32_t nbefore = atomic_load(&nopened);
        if ((slot = pop()) != NULL)
            break;
        atomic_fetch_add(&ngrowing, 1);
        slot = add_tables(error);
        atomic_fetch_sub(&ngrowing, 1);
        if (slot != NULL || error->code != ERROR_LIMIT)
            break;
        if (atomic_load(&ngrowing) == 0 && atomic_load(&nopened) == nbefore)
            break;
        wait_a_little(ntries);
    }
    pthread_setcancelstate(cancelled, NULL);
    errno = code;
    return slot;
}

AbiSlot *abi_slot_take(Error *error)
{
    AbiSlot *slot = take_builtin();
    if (slot == NULL)
        slot = pop();
    return slot != NULL ? slot : grow(error);
}

/* The target of a slot that was given back: its owner is the last one's still. */
static void return_zero(AbiSlot *slot, AbiFrame *frame)
{
    abi_zero_result(atomic_load_explicit(&slot->owner, memory_order_relaxed)->plan, frame);
}

void abi_slot_arm(AbiSlot *slot, AbiOwner *owner, AbiTarget target)
{
    AbiOwner *previous = atomic_load_explicit(&slot->owner, memory_order_relaxed);
    bool is_another = previous != owner; /* often it is not: what was given back last is taken first */
    if (is_another)
        abi_owner_retain(owner);
    atomic_store_explicit(&slot->owner, owner, memory_order_relaxed);
    slot->serial++;
    slot->flags = owner->plan->flags;
    slot->enter = owner->plan->enter;
    atomic_store_explicit(&slot->target, target, memory_order_release);
    if (is_another && previous != NULL)
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
