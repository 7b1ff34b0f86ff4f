/* Callback slots in one process: a hundred thousand at once, whose slot an entry is, what a slot that was given back returns, how long an
 * owner lives, how many there can be, and what that does to the process's memory. */
#include <errno.h>
#include <stdlib.h>

#include "abi/callback.h"
#include "abi/frame.h"

#include "abi_case.h"
#include "abi_slots/maps.h"

/* Then the heap is in mappings too. */
static bool has_more_maps(void)
{
    return IS_SANITIZED || case_is_valgrind(); /* which makes code of its own */
}

enum { NSLOTS = 100000, NBYTES_MAX = 128 /* memory of one callback */ };

/* -- owners -------------------------------------------------------------------------------------------------------------- */

typedef struct Owner {
    AbiOwner owner;
    AbiPlan *plan;
    bool is_freed;
} Owner;

static void free_owner(AbiOwner *owner)
{
    Owner *own = (Owner *)(void *)owner;
    CHECK(!own->is_freed);
    own->is_freed = true;
    case_free(own->plan);
}

/* One reference is the caller's. */
static Owner new_owner(const char *name, AbiType result, const AbiType *args, uint32_t nargs)
{
    AbiPlan *plan = case_fixed_plan(name, result, args, nargs);
    return (Owner){.owner = {.plan = plan, .nreferences = 1, .free = free_owner}, .plan = plan};
}

static const AbiType two_ints[2] = {{4, 4, 1, &case_leaves[ABI_I32], false}, {4, 4, 1, &case_leaves[ABI_I32], false}};

typedef int BinaryInt(int, int);

/* a * b + the number that the slot's `user` holds. */
static void multiply_add(AbiSlot *slot, AbiFrame *frame)
{
    const AbiPlan *plan = slot->owner->plan;
    int a, b, number;
    abi_take(plan, frame, 0, &a);
    abi_take(plan, frame, 1, &b);
    memcpy(&number, slot->user, sizeof number);
    a = a * b + number;
    abi_place_result(plan, frame, &a);
}

static unsigned ntaken; /* taken and not given back */

static AbiSlot *take(void)
{
    Error error = {.code = ERROR_NONE};
    AbiSlot *slot = abi_slot_take(&error);
    ntaken++;
    if (slot == NULL) {
        fprintf(stderr, "abi_slots: %s\n", error.text);
        exit(1);
    }
    return slot;
}

static void give_back(AbiSlot *slot, AbiTarget target)
{
    abi_slot_give_back(slot, target);
    ntaken--;
}

static AbiSlot *take_armed(Owner *owner, int number)
{
    AbiSlot *slot = take();
    memcpy(slot->user, &number, sizeof number);
    abi_slot_arm(slot, &owner->owner, multiply_add);
    return slot;
}

/* -- many ---------------------------------------------------------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const unsigned char *const *x = a, *const *y = b;
    return *x < *y ? -1 : *x > *y;
}

static unsigned count_equal(const AbiSlot *const *slots)
{
    static AbiFunction entries[NSLOTS];
    unsigned nequal = 0;
    for (int i = 0; i < NSLOTS; i++)
        entries[i] = abi_slot_entry(slots[i]);
    qsort(entries, NSLOTS, sizeof entries[0], compare_entries);
    for (int i = 1; i < NSLOTS; i++)
        nequal += entries[i] == entries[i - 1];
    return nequal;
}

/* How many of them do not say what they should. */
static unsigned count_wrong(AbiSlot *const *slots, bool is_live)
{
    unsigned nwrong = 0;
    for (int i = 0; i < NSLOTS; i++) {
        BinaryInt *call = (BinaryInt *)abi_slot_entry(slots[i]);
        nwrong += call(i % 1000, -7) != (is_live ? i % 1000 * -7 + i : 0);
        nwrong += abi_slot_of((AbiFunction)call) != slots[i];
        nwrong += abi_slot_at(slots[i]->index) != slots[i];
    }
    return nwrong;
}

static void check_many(AbiSlot **slots)
{
    Owner owner = new_owner("many", CASE_INT, two_ints, 2);
    Maps before = maps_read(), after;
    errno = 77;
    for (int i = 0; i < NSLOTS; i++)
        slots[i] = take_armed(&owner, i);
    CHECK_INT(errno, 77);
    after = maps_read();
    CHECK_INT(owner.owner.nreferences, NSLOTS + 1);
    CHECK_INT(count_equal((const AbiSlot *const *)slots), 0);
    CHECK_INT(count_wrong(slots, true), 0);
    CHECK(has_more_maps() || after.nbytes_used - before.nbytes_used <= (size_t)NSLOTS * NBYTES_MAX);
    CHECK(has_more_maps() || after.nwritable_code == 0);
    for (int i = 0; i < NSLOTS; i++)
        give_back(slots[i], NULL);
    CHECK_INT(count_wrong(slots, false), 0);
    abi_owner_release(&owner.owner);
    CHECK_INT(owner.owner.nreferences, NSLOTS);

    Owner second = new_owner("the same again", CASE_INT, two_ints, 2);
    for (int i = 0; i < NSLOTS; i++)
        slots[i] = take_armed(&second, i);
    CHECK(owner.is_freed);
    CHECK_INT(count_equal((const AbiSlot *const *)slots), 0);
    CHECK_INT(count_wrong(slots, true), 0);
    CHECK(has_more_maps() || maps_read().nbytes_used == after.nbytes_used);
    for (int i = 0; i < NSLOTS; i++)
        give_back(slots[i], multiply_add);
    CHECK_INT(count_wrong(slots, true), 0);
    abi_owner_release(&second.owner);

    /* The rest of this program arms some of them anew, and second is on the stack. */
    static Owner last;
    last = new_owner("and again", CASE_INT, two_ints, 2);
    for (int i = 0; i < NSLOTS; i++)
        slots[i] = take_armed(&last, i);
    CHECK(second.is_freed);
    for (int i = 0; i < NSLOTS; i++)
        give_back(slots[i], NULL);
}

/* -- whose it is --------------------------------------------------------------------------------------------------------- */

static AbiFunction function_at(const void *address)
{
    AbiFunction function;
    memcpy(&function, &address, sizeof function);
    return function;
}

static void check_strangers(AbiSlot *const *slots)
{
    unsigned nfound = 0;
    for (int i = 0; i < NSLOTS; i += 97) {
        const unsigned char *code;
        AbiFunction entry = abi_slot_entry(slots[i]);
        memcpy(&code, &entry, sizeof code);
        for (int n = 1; n < 16; n++)
            nfound += abi_slot_of(function_at(code + n)) != NULL;
        nfound += abi_slot_of(function_at(slots[i])) != NULL; /* what lies behind the entries */
        nfound += abi_slot_of(function_at((const unsigned char *)slots[i] + 32)) != NULL;
    }
    CHECK_INT(nfound, 0);
    CHECK(abi_slot_of(NULL) == NULL);
    CHECK(abi_slot_of((AbiFunction)abort) == NULL);
    CHECK(abi_slot_of((AbiFunction)abi_call_sysv64) == NULL);
    CHECK(abi_slot_of((AbiFunction)check_strangers) == NULL);
    CHECK(abi_slot_of(function_at((const void *)UINTPTR_MAX)) == NULL);
}

/* Before anything was taken, and so before there is a second table. */
static void check_first(void)
{
    AbiSlot *first = take(), *next = take();
    AbiFunction entry = abi_slot_entry(first);
    const unsigned char *code;
    memcpy(&code, &entry, sizeof code);
    CHECK(abi_slot_of(entry) == first);
    CHECK(abi_slot_of(abi_slot_entry(next)) == next && next != first);
    CHECK(abi_slot_of(function_at(code + 2 * ABI_ENTRY_NBYTES)) == NULL); /* nobody has that one yet */
    CHECK(abi_slot_of(function_at(code - ABI_ENTRY_NBYTES)) == NULL);
    CHECK(memcmp(code, "\xf3\x0f\x1e\xfa", 4) == 0); /* endbr64 */
    CHECK(abi_slot_of((AbiFunction)abort) == NULL);
}

/* A slot that was given back is not the next one that is taken, as long as there are new ones. */
static void check_reuse(void)
{
    AbiSlot *first = take();
    static Owner owner;
    owner = new_owner("reuse", CASE_INT, two_ints, 2);
    abi_slot_arm(first, &owner.owner, multiply_add);
    abi_owner_release(&owner.owner);
    give_back(first, NULL);
    AbiSlot *second = take();
    CHECK(second != first);
    CHECK_INT(((BinaryInt *)abi_slot_entry(first))(6, 7), 0);
}

/* -- owners' lives ------------------------------------------------------------------------------------------------------- */

static void check_owners(void)
{
    Owner a = new_owner("a", CASE_INT, two_ints, 2), b = new_owner("b", CASE_INT, two_ints, 2);
    AbiSlot *slot = take_armed(&a, 5);
    CHECK_INT(a.owner.nreferences, 2);
    abi_slot_arm(slot, &a.owner, multiply_add);
    CHECK_INT(a.owner.nreferences, 2);
    abi_owner_release(&a.owner);
    CHECK_INT(((BinaryInt *)abi_slot_entry(slot))(6, 7), 47);
    abi_slot_arm(slot, &b.owner, multiply_add);
    CHECK(a.is_freed);
    CHECK_INT(b.owner.nreferences, 2);
    give_back(slot, NULL);
    abi_owner_release(&b.owner);
    CHECK(!b.is_freed); /* the slot's zero needs its plan */
    CHECK_INT(((BinaryInt *)abi_slot_entry(slot))(6, 7), 0);
    static Owner c;
    c = new_owner("c", CASE_INT, two_ints, 2);
    CHECK(take() == slot); /* nobody else gives back or takes */
    abi_slot_arm(slot, &c.owner, multiply_add);
    CHECK(b.is_freed);
}

/* -- the end ------------------------------------------------------------------------------------------------------------- */

/* A million and no more; what was given back can be taken again. */
static void check_limit(void)
{
    Error error = {.code = ERROR_NONE};
    AbiSlot *slot, *last = NULL;
    unsigned nlimit = 0;
    for (; (slot = abi_slot_take(&error)) != NULL; ntaken++)
        last = slot;
    printf("abi_slots: %u callbacks, then: %s\n", ntaken, error.text);
    CHECK(sscanf(error.text, "more than %u ", &nlimit) == 1 && nlimit == ntaken && nlimit >= 1000000);
    CHECK_INT(error.code, ERROR_LIMIT);
    CHECK_TEXT(error.text, "more than 1048832 callbacks are in use");
    CHECK(abi_slot_take(&error) == NULL);
    if (!CHECK(last != NULL))
        return;
    abi_slot_give_back(last, multiply_add);
    CHECK(abi_slot_take(&error) == last);
    CHECK(has_more_maps() || maps_read().nwritable_code == 0);
}

int main(void)
{
    AbiSlot **slots = calloc(NSLOTS, sizeof(AbiSlot *));
    if (slots == NULL)
        return 1;
    check_first();
    check_reuse();
    check_many(slots);
    check_strangers(slots);
    check_owners();
    check_limit();
    free(slots);
    return unit_end("abi_slots");
}
