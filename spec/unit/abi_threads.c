/* Callback slots taken, armed, called and given back by eight threads at once, while tables are added; callbacks that other threads call; and
 * children forked in the midst of it; both as on this kernel and as on older ones. `make test-tsan` builds this, and the engine, with ThreadSanitizer. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi/callback.h"

#include "abi_case.h"
#include "confine.h"

/* ThreadSanitizer follows no threads into a child, and takes its time. */
#ifdef __SANITIZE_THREAD__
enum { IS_TSAN = 1, NOPERATIONS = 20000 };
#else
enum { IS_TSAN = 0, NOPERATIONS = 100000 };
#endif

enum {
    NTHREADS = 8,
    NKEPT = 200,
    NINTERRUPTS = 20000,
    NATONCE = 3000,
    NINDICES = 1 << 20,
    NFORKS = 200,
    NFORKS_OLDER = 50,
    NCHILD = 700,
    NGROWN_MAX = 60000, /* by a thread while children are forked */
    NSECONDS_MAX = 20,  /* of one child */
    NSECONDS_OLDER = 300
};

/* -- callbacks ----------------------------------------------------------------------------------------------------------- */

static AbiPlan *plan;
static _Atomic(uint32_t) nowners, nwrong;
static _Atomic(uint8_t) *is_taken; /* by index: two threads never have one slot */

typedef long UnaryLong(long);

static void add_number(AbiSlot *slot, AbiFrame *frame)
{
    long a, number;
    abi_take(plan, frame, 0, &a);
    memcpy(&number, slot->user, sizeof number);
    a += number;
    abi_place_result(plan, frame, &a);
}

static void free_owner(AbiOwner *owner)
{
    free(owner);
    atomic_fetch_sub(&nowners, 1);
}

static void keep(AbiOwner *unused)
{
    (void)unused;
}

static AbiOwner *new_owner(void)
{
    AbiOwner *own = malloc(sizeof *own);
    if (own == NULL)
        abort();
    *own = (AbiOwner){.plan = plan, .nreferences = 1, .free = free_owner};
    atomic_fetch_add(&nowners, 1);
    return own;
}

static AbiSlot *take(AbiOwner *own, long number)
{
    Error error = {.code = ERROR_NONE};
    AbiSlot *slot = abi_slot_take(&error);
    if (slot == NULL) {
        fprintf(stderr, "abi_threads: %s\n", error.text);
        exit(1);
    }
    if (atomic_exchange(&is_taken[slot->index], 1) != 0)
        atomic_fetch_add(&nwrong, 1);
    memcpy(slot->user, &number, sizeof number);
    abi_slot_arm(slot, own, add_number);
    return slot;
}

static void give_back(AbiSlot *slot)
{
    atomic_store(&is_taken[slot->index], 0);
    abi_slot_give_back(slot, NULL);
}

static void check_call(AbiFunction entry, long number)
{
    if (((UnaryLong *)entry)(-7) != number - 7)
        atomic_fetch_add(&nwrong, 1);
}

static void run_child(int (*run)(void), unsigned nseconds)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(nseconds);
        _exit(run());
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    CHECK_INT(status, 0);
}

/* -- at random ----------------------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* Each with an owner of its own now and then. */
static void *take_at_random(void *seed)
{
    uint64_t random = (uint64_t)(uintptr_t)seed;
    AbiSlot *kept[NKEPT] = {NULL};
    long numbers[NKEPT];
    AbiOwner *own = new_owner();
    for (int i = 0; i < NOPERATIONS; i++) {
        uint32_t n = next_random(&random) % NKEPT;
        if (i % 1000 == 0) {
            abi_owner_release(own);
            own = new_owner();
        }
        if (kept[n] == NULL) {
            numbers[n] = (long)next_random(&random);
            kept[n] = take(own, numbers[n]);
        }
        check_call(abi_slot_entry(kept[n]), numbers[n]);
        if (next_random(&random) % 2 == 0) {
            give_back(kept[n]);
            kept[n] = NULL;
        }
    }
    for (int n = 0; n < NKEPT; n++)
        if (kept[n] != NULL)
            give_back(kept[n]);
    abi_owner_release(own);
    return NULL;
}

static void run_threads(void *(*run)(void *))
{
    pthread_t threads[NTHREADS];
    for (uintptr_t i = 0; i < NTHREADS; i++)
        if (pthread_create(&threads[i], NULL, run, (void *)(i + 1)) != 0)
            abort();
    for (int i = 0; i < NTHREADS; i++)
        pthread_join(threads[i], NULL);
}

/* -- interrupted --------------------------------------------------------------------------------------------------------- */

static AbiOwner *interrupting;
static volatile sig_atomic_t ninterrupts;

/* Takes two, gives the first one back, last, and keeps the second: a taking that was interrupted finds the top of the list as it was, but not what
 * is below. Lock-free means that it may be done here. */
static void on_alarm(int number)
{
    static AbiSlot *kept;
    AbiSlot *first = take(interrupting, number), *second = take(interrupting, number);
    if (kept != NULL)
        give_back(kept);
    give_back(first);
    kept = second;
    ninterrupts++;
}

static void check_interrupted(void)
{
    struct itimerval soon = {{0, 30}, {0, 30}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = on_alarm}, before;
    AbiOwner *own = new_owner();
    AbiSlot *spare[4];
    for (int i = 0; i < 4; i++)
        spare[i] = take(own, i);
    for (int i = 0; i < 4; i++)
        give_back(spare[i]);
    interrupting = new_owner();
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &soon, NULL);
    for (int i = 0; i < 100 * NOPERATIONS && ninterrupts < NINTERRUPTS; i++) {
        AbiSlot *slot = take(own, i);
        give_back(slot);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    abi_owner_release(own);
    abi_owner_release(interrupting);
    printf("abi_threads: %d interruptions\n", (int)ninterrupts);
}

/* -- growing at the same time -------------------------------------------------------------------------------------------- */

static pthread_barrier_t start_line;

static void *take_many(void *unused)
{
    AbiSlot **slots = calloc(NATONCE, sizeof(AbiSlot *));
    AbiOwner *own = new_owner();
    (void)unused;
    if (slots == NULL)
        abort();
    pthread_barrier_wait(&start_line);
    for (long i = 0; i < NATONCE; i++)
        slots[i] = take(own, i);
    pthread_barrier_wait(&start_line);
    for (long i = 0; i < NATONCE; i++) {
        check_call(abi_slot_entry(slots[i]), i);
        if (abi_slot_of(abi_slot_entry(slots[i])) != slots[i])
            atomic_fetch_add(&nwrong, 1);
    }
    for (long i = 0; i < NATONCE; i++)
        give_back(slots[i]);
    abi_owner_release(own);
    free(slots);
    return NULL;
}

/* -- called by others ---------------------------------------------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    AbiSlot *slot;
    long number;
} mail[NTHREADS];

/* Puts a callback where another thread finds it, and calls and frees what it finds itself. */
static void *exchange_callbacks(void *seed)
{
    uint64_t random = (uint64_t)(uintptr_t)seed;
    AbiOwner *own = new_owner();
    for (int i = 0; i < NOPERATIONS / 4; i++) {
        uint32_t n = next_random(&random) % NTHREADS;
        long number = (long)next_random(&random), found_number;
        AbiSlot *slot = take(own, number), *found;
        pthread_mutex_lock(&mail[n].lock);
        found = mail[n].slot;
        found_number = mail[n].number;
        mail[n].slot = slot;
        mail[n].number = number;
        pthread_mutex_unlock(&mail[n].lock);
        if (found != NULL) {
            check_call(abi_slot_entry(found), found_number);
            give_back(found);
        }
    }
    abi_owner_release(own);
    return NULL;
}

static void check_exchange(void)
{
    for (int i = 0; i < NTHREADS; i++)
        pthread_mutex_init(&mail[i].lock, NULL);
    run_threads(exchange_callbacks);
    for (int i = 0; i < NTHREADS; i++)
        if (mail[i].slot != NULL)
            give_back(mail[i].slot);
}

/* -- the last table ------------------------------------------------------------------------------------------------------- */

enum { NROUNDS = 60, NTABLE = 256 };

static AbiOwner unowned = {.nreferences = 1, .free = keep};
static _Atomic(uint32_t) nrefused;

/* A share of the last table: who comes while another thread maps it is not told that there is none. */
static void *take_share(void *unused)
{
    Error error = {.code = ERROR_NONE};
    (void)unused;
    pthread_barrier_wait(&start_line);
    for (int i = 0; i < NTABLE / NTHREADS; i++)
        if (abi_slot_take(&error) == NULL)
            atomic_fetch_add(&nrefused, 1);
    pthread_barrier_wait(&start_line);
    return NULL;
}

/* Leaves room for one table. */
static bool use_up_addresses(void)
{
    enum { NBYTES_LEFT = 24 << 10 };
    char text[64] = "";
    struct rlimit limit;
    int descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    ssize_t count = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = strtoul(text, NULL, 10) * 4096 + NBYTES_LEFT;
    return count > 0 && setrlimit(RLIMIT_AS, &limit) == 0;
}

/* In a child, which has taken nothing yet. */
static int share_last_table(void)
{
    Error error = {.code = ERROR_NONE};
    pthread_t thread;
    unowned.plan = plan;
    for (int i = 0; i < NTABLE; i++)
        abi_slot_arm(abi_slot_take(&error), &unowned, add_number);
    pthread_barrier_init(&start_line, NULL, NTHREADS + 1);
    for (int i = 0; i < NTHREADS; i++)
        if (pthread_create(&thread, NULL, take_share, NULL) != 0)
            return 2;
    if (!use_up_addresses())
        return 2;
    pthread_barrier_wait(&start_line);
    pthread_barrier_wait(&start_line);
    if (atomic_load(&nrefused) != 0)
        return 3;
    return abi_slot_take(&error) == NULL && strcmp(error.text, "more than 512 callbacks are in use") == 0 ? 0 : 4;
}

static void check_last_table(void)
{
    for (int i = 0; i < NROUNDS && unit_nfailed == 0; i++)
        run_child(share_last_table, NSECONDS_MAX);
}

/* -- fork ---------------------------------------------------------------------------------------------------------------- */

static _Atomic(int) is_over;

/* Takes more than it gives back, so that tables are added all the time, up to a limit. */
static void *grow_slowly(void *seed)
{
    uint64_t random = (uint64_t)(uintptr_t)seed;
    static AbiOwner shared = {.nreferences = 1};
    AbiSlot **slots = calloc(NGROWN_MAX, sizeof(AbiSlot *));
    size_t n = 0;
    shared.plan = plan;
    if (slots == NULL)
        abort();
    while (!atomic_load(&is_over)) {
        if (n < NGROWN_MAX && next_random(&random) % 8 < 5) {
            slots[n] = take(&shared, (long)n);
            n++;
        } else if (n > 0) {
            give_back(slots[--n]);
        }
        if (n % 64 == 0)
            sched_yield();
    }
    while (n > 0)
        give_back(slots[--n]);
    free(slots);
    return NULL;
}

/* In the child: without is_taken, whose flags are the parent's threads'. */
static int use_callbacks(void)
{
    static AbiSlot *slots[NCHILD];
    static AbiOwner owner = {.nreferences = 1, .free = keep};
    Error error = {.code = ERROR_NONE};
    int nbad = 0;
    owner.plan = plan;
    for (long round = 0; round < 3; round++) {
        for (long i = 0; i < NCHILD; i++) {
            if ((slots[i] = abi_slot_take(&error)) == NULL)
                return 2;
            memcpy(slots[i]->user, &i, sizeof i);
            abi_slot_arm(slots[i], &owner, add_number);
        }
        for (long i = 0; i < NCHILD; i++)
            nbad += ((UnaryLong *)abi_slot_entry(slots[i]))(3) != 3 + i;
        for (long i = 0; i < NCHILD; i++)
            abi_slot_give_back(slots[i], NULL);
        for (long i = 0; i < NCHILD; i++)
            nbad += ((UnaryLong *)abi_slot_entry(slots[i]))(3) != 0;
    }
    return nbad != 0;
}

static void check_fork(int nforks)
{
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, grow_slowly, (void *)(i + 1)) != 0)
            abort();
    for (int i = 0; i < nforks && unit_nfailed == 0; i++)
        run_child(use_callbacks, NSECONDS_MAX);
    atomic_store(&is_over, 1);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

/* -- where tables come from the file --------------------------------------------------------------------------------------- */

static int use_older_kernel(void)
{
    if (!confine_to_older_kernel())
        return 0;
    run_threads(take_many);
    check_fork(NFORKS_OLDER);
    CHECK_INT(atomic_load(&nwrong), 0);
    return unit_nfailed != 0;
}

int main(void)
{
    static const AbiType arg = {8, 8, 1, &case_leaves[ABI_I64], false};
    plan = case_fixed_plan("threads", arg, &arg, 1);
    is_taken = calloc(NINDICES + 256, 1);
    if (IS_SANITIZED)
        printf("skipped: abi_threads: the last table (sanitizers need addresses)\n");
    else
        check_last_table();
    if (is_taken == NULL || pthread_barrier_init(&start_line, NULL, NTHREADS) != 0)
        return 1;
    if (!IS_SANITIZED)
        run_child(use_older_kernel, NSECONDS_OLDER);
    run_threads(take_at_random);
    if (!IS_TSAN)
        check_interrupted();
    run_threads(take_many);
    check_exchange();
    CHECK_INT(atomic_load(&nwrong), 0);
    if (IS_TSAN)
        printf("skipped: abi_threads: fork (ThreadSanitizer follows none)\n");
    else
        check_fork(NFORKS);
    CHECK_INT(atomic_load(&nwrong), 0);
    printf("abi_threads: %u owners are left\n", atomic_load(&nowners));
    return unit_end("abi_threads");
}
