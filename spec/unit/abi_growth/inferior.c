/* What abi_growth.c builds in every way that a program can be linked, and starts in every situation: makes callbacks beyond the first table
 * after it has brought that situation about.
 *
 *     inferior SITUATION PATH       PATH: the file that holds the engine
 *
 * Ends with 0, with 77 where the machine does not let it try (why is on stdout), or with 1 (what failed is on stderr). */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "abi/slot.h"

#include "abi_case.h"
#include "abi_slots/maps.h"
#include "confine.h"

enum { NMORE = 3000, CANNOT_TRY = 77 };

/* -- callbacks ----------------------------------------------------------------------------------------------------------- */

static AbiOwner owner;
static AbiSlot *slots[ABI_TABLE_NSLOTS + NMORE];
static size_t nslots;

typedef long UnaryLong(long);

static void add_index(AbiSlot *slot, AbiFrame *frame)
{
    long number;
    abi_take(slot->owner->plan, frame, 0, &number);
    number += slot->index;
    abi_place_result(slot->owner->plan, frame, &number);
}

static void keep(AbiOwner *unused)
{
    (void)unused;
}

static void make_owner(void)
{
    static const AbiType arg = {8, 8, 1, &case_leaves[ABI_I64], false};
    owner = (AbiOwner){.plan = case_fixed_plan("inferior", arg, &arg, 1), .nreferences = 1, .free = keep};
}

static bool make_one(Error *error)
{
    AbiSlot *slot = abi_slot_take(error);
    if (slot == NULL)
        return false;
    abi_slot_arm(slot, &owner, add_index);
    slots[nslots++] = slot;
    return true;
}

/* Makes callbacks until there are n. */
static bool make(size_t n)
{
    Error error = {.code = ERROR_NONE};
    while (nslots < n)
        if (!make_one(&error))
            break;
    if (nslots < n)
        fprintf(stderr, "after %zu callbacks: %s\n", nslots, error.text);
    return CHECK(nslots == n);
}

static void check_calls(void)
{
    unsigned nwrong = 0;
    for (size_t i = 0; i < nslots; i++) {
        AbiFunction entry = abi_slot_entry(slots[i]);
        nwrong += ((UnaryLong *)entry)(-5) != (long)slots[i]->index - 5 || abi_slot_of(entry) != slots[i];
    }
    CHECK_INT(nwrong, 0);
}

static int grow(void)
{
    make(ABI_TABLE_NSLOTS + NMORE);
    check_calls();
    for (size_t i = 0; i < nslots; i++)
        abi_slot_give_back(slots[i], NULL);
    return unit_nfailed != 0;
}

/* -- descriptors --------------------------------------------------------------------------------------------------------- */

static size_t count_descriptors(void)
{
    size_t n = 0;
    for (int i = 0; i < 1024; i++)
        n += fcntl(i, F_GETFD) >= 0;
    return n;
}

static int grow_closed(const char *path)
{
    (void)path;
    for (int i = 0; i < 1024; i++)
        close(i);
    int status = grow();
    CHECK_INT(count_descriptors(), 0);
    return status || unit_nfailed != 0;
}

static int grow_usual(const char *path)
{
    size_t before = count_descriptors();
    Maps maps;
    (void)path;
    int status = grow();
    maps = maps_read();
    CHECK_INT(maps.nwritable_code, 0);
    CHECK_INT(count_descriptors(), before);
    return status || unit_nfailed != 0;
}

/* No descriptor to be had: an error, and callbacks again when there is one. */
static int grow_without_descriptors(const char *path)
{
    struct rlimit limit, none;
    Error error = {.code = ERROR_NONE};
    make(ABI_TABLE_NSLOTS);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return CANNOT_TRY;
    none = limit;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    CHECK(!make_one(&error));
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK_INT(error.code, ERROR_UNSUPPORTED);
    CHECK(strstr(error.text, "Too many open files") != NULL || strstr(error.text, "cannot be found") != NULL);
    return grow_usual(path);
}

/* A thread that is to end at its next cancellation point does not end in the midst of growing. */
static void *make_cancelled(void *unused)
{
    (void)unused;
    pthread_cancel(pthread_self());
    make(ABI_TABLE_NSLOTS + NMORE);
    return &nslots;
}

static int grow_cancelled(const char *path)
{
    pthread_t thread;
    void *result = NULL;
    CHECK(pthread_create(&thread, NULL, make_cancelled, NULL) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == &nslots);
    return grow_usual(path);
}

static int grow_elsewhere(const char *path)
{
    return chdir("/") != 0 ? CANNOT_TRY : grow_usual(path);
}

/* -- what the kernel forbids --------------------------------------------------------------------------------------------- */

static int grow_mdwe(const char *path)
{
    return confine_mdwe() ? grow_usual(path) : CANNOT_TRY;
}

/* Ends a program that maps memory writable and executable, or that makes any executable that is not. */
static int grow_under_filter(const char *path)
{
    return confine_by_death() ? grow_usual(path) : CANNOT_TRY;
}

/* Where no new mapping may be executable at all, the first table is there all the same, and the rest is an error. */
static int grow_without_code(const char *path)
{
    Error error = {.code = ERROR_NONE};
    size_t before;
    (void)path;
    if (!confine_without_code())
        return CANNOT_TRY;
    make(ABI_TABLE_NSLOTS);
    before = count_descriptors();
    for (int i = 0; i < 10; i++)
        CHECK(!make_one(&error));
    CHECK_INT(error.code, ERROR_UNSUPPORTED);
    CHECK(strstr(error.text, "cannot be mapped: Permission denied") != NULL);
    CHECK_INT(count_descriptors(), before);
    check_calls();
    return unit_nfailed != 0;
}

/* -- addresses ----------------------------------------------------------------------------------------------------------- */

static void limit_addresses(struct rlimit *limit, size_t nbytes_more)
{
    Maps maps = maps_read();
    struct rlimit now;
    getrlimit(RLIMIT_AS, limit);
    now = *limit;
    now.rlim_cur = maps.nbytes_used + maps.nbytes_reserved + nbytes_more;
    setrlimit(RLIMIT_AS, &now);
}

/* Growing leaves the program most of what it has. */
static int grow_limited(const char *path)
{
    enum { NBYTES = 64 << 20 };
    struct rlimit limit;
    (void)path;
    limit_addresses(&limit, NBYTES);
    make(ABI_TABLE_NSLOTS + NMORE);
    void *block = malloc(NBYTES / 2);
    CHECK(block != NULL);
    free(block);
    check_calls();
    Error error = {.code = ERROR_NONE};
    AbiSlot *slot;
    while ((slot = abi_slot_take(&error)) != NULL)
        continue;
    CHECK_INT(error.code, ERROR_LIMIT);
    CHECK(strncmp(error.text, "more than ", 10) == 0);
    return unit_nfailed != 0;
}

static int grow_crammed(const char *path)
{
    struct rlimit limit;
    Error error = {.code = ERROR_NONE};
    make(ABI_TABLE_NSLOTS);
    limit_addresses(&limit, 4096);
    CHECK(!make_one(&error));
    setrlimit(RLIMIT_AS, &limit);
    CHECK_INT(error.code, ERROR_LIMIT);
    CHECK_TEXT(error.text, "there is no room in memory for more callbacks");
    return grow_usual(path);
}

/* -- the file ------------------------------------------------------------------------------------------------------------ */

/* Whether the engine is in the program itself, which the kernel leads to whatever becomes of its name. */
static bool is_program(const char *path)
{
    struct stat a, b;
    return stat(path, &a) == 0 && stat("/proc/self/exe", &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Beyond the first table nothing can be made, and nothing is left of the attempts, were they more than there can be tables. */
static void check_refused(const char *path, const char *why, int nattempts)
{
    Maps before, after;
    size_t ndescriptors = count_descriptors();
    Error error = {.code = ERROR_NONE};
    before = maps_read();
    for (int i = 0; i < nattempts; i++) {
        error = (Error){.code = ERROR_NONE};
        if (make_one(&error))
            break;
    }
    after = maps_read();
    CHECK_INT(nslots, ABI_TABLE_NSLOTS);
    CHECK_INT(error.code, ERROR_UNSUPPORTED);
    if (!CHECK(strncmp(error.text, "more callbacks need ", 20) == 0 && strstr(error.text, path) != NULL &&
               strstr(error.text, why) != NULL))
        fprintf(stderr, "\"%s\"\n", error.text);
    CHECK_INT(count_descriptors(), ndescriptors);
    CHECK_INT(after.nbytes_used, before.nbytes_used);
    check_calls();
}

static int grow_deleted(const char *path)
{
    char backup[4096];
    bool is_own = is_program(path);
    snprintf(backup, sizeof backup, "%s.backup", path);
    make(ABI_TABLE_NSLOTS);
    if (link(path, backup) != 0 || unlink(path) != 0)
        return CANNOT_TRY;
    if (!is_own)
        check_refused(path, "cannot be opened: No such file or directory", 4200);
    else
        make(ABI_TABLE_NSLOTS + 300);
    CHECK(rename(backup, path) == 0);
    return grow_usual(path);
}

/* Its name is another file's. */
static int grow_replaced(const char *path)
{
    char backup[4096];
    bool is_own = is_program(path);
    snprintf(backup, sizeof backup, "%s.backup", path);
    make(ABI_TABLE_NSLOTS);
    if (link(path, backup) != 0 || unlink(path) != 0)
        return CANNOT_TRY;
    CHECK(mkfifo(path, 0600) == 0);
    if (!is_own)
        check_refused(path, "is no longer the file that was loaded", 10);
    else
        make(ABI_TABLE_NSLOTS + 300);
    CHECK(rename(backup, path) == 0);
    return grow_usual(path);
}

static bool own_mounts(void)
{
    if (unshare(CLONE_NEWNS) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0)
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
            return true;
    printf("mounts of its own: %s\n", strerror(errno));
    return false;
}

/* Something else is mounted over it: the kernel's name for the mapping now leads there. */
static int grow_covered(const char *path)
{
    char other[4096];
    unsigned char page[4096] = {0};
    bool is_own = is_program(path);
    int descriptor;
    make(ABI_TABLE_NSLOTS);
    snprintf(other, sizeof other, "%s.other", path);
    if (!own_mounts())
        return CANNOT_TRY;
    descriptor = open(other, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    for (int i = 0; i < 300; i++)
        CHECK(write(descriptor, page, sizeof page) == (ssize_t)sizeof page);
    close(descriptor);
    if (mount(other, path, NULL, MS_BIND, NULL) != 0) {
        printf("mount: %s\n", strerror(errno));
        unlink(other);
        return CANNOT_TRY;
    }
    if (!is_own)
        check_refused(path, "is no longer the file that was loaded", 10);
    else
        make(ABI_TABLE_NSLOTS + 300);
    CHECK(umount(path) == 0);
    unlink(other);
    return grow_usual(path);
}

static int grow_without_proc(const char *path)
{
    (void)path;
    if (!own_mounts())
        return CANNOT_TRY;
    if (mount("none", "/proc", "tmpfs", 0, NULL) != 0) {
        printf("mount: %s\n", strerror(errno));
        return CANNOT_TRY;
    }
    CHECK(access("/proc/self", F_OK) != 0);
    return grow();
}

/* Neither /proc nor any name leads to the file. */
static int grow_in_jail(const char *path)
{
    Error error = {.code = ERROR_NONE};
    if (!confine_to_jail(path))
        return CANNOT_TRY;
    make(ABI_TABLE_NSLOTS);
    CHECK(!make_one(&error));
    CHECK_INT(error.code, ERROR_UNSUPPORTED);
    CHECK(strncmp(error.text, "more callbacks need ", 20) == 0);
    CHECK(strstr(error.text, "No such file") != NULL);
    check_calls();
    return unit_nfailed != 0;
}

/* -- no file at all ------------------------------------------------------------------------------------------------------- */

/* An upgrade has taken the file away, a daemon has closed everything, and no descriptor is to be had. */
static int grow_without_file(const char *path)
{
    char backup[4096];
    struct rlimit limit, none;
    snprintf(backup, sizeof backup, "%s.backup", path);
    if (!kernel_copies_mappings() || getrlimit(RLIMIT_NOFILE, &limit) != 0 || rename(path, backup) != 0)
        return CANNOT_TRY;
    none = limit;
    none.rlim_cur = 0;
    for (int i = 3; i < 1024; i++)
        close(i);
    setrlimit(RLIMIT_NOFILE, &none);
    grow();
    setrlimit(RLIMIT_NOFILE, &limit);
    CHECK(rename(backup, path) == 0);
    CHECK_INT(maps_read().nwritable_code, 0);
    return unit_nfailed != 0;
}

/* A program that has moved its code to memory of no file, for large pages say: there a copy takes the original away. */
static int grow_moved(const char *path)
{
    void *code = (void *)(uintptr_t)abi_table_template;
    void *copy = mmap(NULL, ABI_TABLE_CODE_NBYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!kernel_copies_mappings() || copy == MAP_FAILED)
        return CANNOT_TRY;
    if (is_program("/lib64/ld-linux-x86-64.so.2")) {
        printf("then nothing leads to the file of a program that was started by the loader\n");
        return CANNOT_TRY;
    }
    memcpy(copy, code, ABI_TABLE_CODE_NBYTES);
    CHECK_INT(mprotect(copy, ABI_TABLE_CODE_NBYTES, PROT_READ | PROT_EXEC), 0);
    CHECK(mremap(copy, ABI_TABLE_CODE_NBYTES, ABI_TABLE_CODE_NBYTES, MREMAP_MAYMOVE | MREMAP_FIXED, code) == code);
    return grow_usual(path);
}

static bool is_locked(const void *code)
{
    return msync((void *)(uintptr_t)code, ABI_TABLE_CODE_NBYTES, MS_INVALIDATE) != 0 && errno == EBUSY;
}

/* A program that must not wait for its pages: those of its code stay locked. */
static int grow_locked(const char *path)
{
    AbiFunction other = (AbiFunction)abi_enter_sysv64;
    uintptr_t address;
    memcpy(&address, &other, sizeof address);
    const void *code = (const void *)(address & ~(uintptr_t)(ABI_TABLE_CODE_NBYTES - 1));
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0 || !is_locked(code)) {
        printf("mlockall: %s\n", strerror(errno));
        return CANNOT_TRY;
    }
    grow_usual(path);
    CHECK(is_locked(code) && is_locked(abi_table_template));
    return unit_nfailed != 0;
}

static int grow_copied_in_jail(const char *path)
{
    return kernel_copies_mappings() && confine_to_jail(path) ? grow_closed(path) : CANNOT_TRY;
}

/* -- the program --------------------------------------------------------------------------------------------------------- */

typedef enum Kernel {
    ANY_KERNEL,
    OLDER_KERNEL, /* played by a filter */
    NEWER_KERNEL
} Kernel;

/* Those of any kernel are there twice, as NAME and as older-NAME. */
static const struct Situation {
    const char *name;
    int (*run)(const char *path);
    Kernel kernel;
} situations[] = {
    {"usual", grow_usual, ANY_KERNEL},
    {"elsewhere", grow_elsewhere, OLDER_KERNEL},
    {"closed", grow_closed, ANY_KERNEL},
    {"no-descriptors", grow_without_descriptors, OLDER_KERNEL},
    {"cancelled", grow_cancelled, ANY_KERNEL},
    {"mdwe", grow_mdwe, ANY_KERNEL},
    {"filter", grow_under_filter, ANY_KERNEL},
    {"no-code", grow_without_code, OLDER_KERNEL},
    {"limited", grow_limited, ANY_KERNEL},
    {"crammed", grow_crammed, ANY_KERNEL},
    {"deleted", grow_deleted, OLDER_KERNEL},
    {"replaced", grow_replaced, OLDER_KERNEL},
    {"covered", grow_covered, OLDER_KERNEL},
    {"no-proc", grow_without_proc, OLDER_KERNEL},
    {"jail", grow_in_jail, OLDER_KERNEL},
    {"locked", grow_locked, ANY_KERNEL},
    {"moved", grow_moved, NEWER_KERNEL},
    {"no-file", grow_without_file, NEWER_KERNEL},
    {"copied-in-jail", grow_copied_in_jail, NEWER_KERNEL},
};

enum { NSITUATIONS = sizeof situations / sizeof *situations };

static void list_situations(void)
{
    for (size_t i = 0; i < NSITUATIONS; i++) {
        if (situations[i].kernel != NEWER_KERNEL)
            printf("older-%s\n", situations[i].name);
        if (situations[i].kernel != OLDER_KERNEL)
            printf("%s\n", situations[i].name);
    }
}

int inferior_main(int argc, char **argv);

__attribute__((visibility("default"))) int inferior_main(int argc, char **argv)
{
    static const char older[] = "older-";
    if (argc == 1)
        list_situations();
    if (argc != 3)
        return argc == 1 ? 0 : 2;
    make_owner();
    const char *name = argv[1];
    bool is_older = strncmp(name, older, sizeof older - 1) == 0;
    if (is_older && !confine_to_older_kernel())
        return CANNOT_TRY;
    for (size_t i = 0; i < NSITUATIONS; i++)
        if (strcmp(name + (is_older ? sizeof older - 1 : 0), situations[i].name) == 0)
            return situations[i].run(argv[2]);
    return 2;
}

#ifndef INFERIOR_IS_MODULE
int main(int argc, char **argv)
{
    return inferior_main(argc, argv);
}
#endif
