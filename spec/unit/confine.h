/* What kernels and administrators keep programs from: a process that calls one of these lives with it from then on. Each tells whether it
 * could be done; if not, the reason is on stdout. For the tests that make more callbacks than there are to start with. */
#ifndef AIRLOCK_SPEC_CONFINE_H
#define AIRLOCK_SPEC_CONFINE_H

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

static inline bool confine_or_say(bool ok, const char *what)
{
    if (!ok)
        printf("%s: %s\n", what, strerror(errno));
    return ok;
}

/* No memory that is writable and executable, and none that becomes executable. */
static inline bool confine_mdwe(void)
{
    return confine_or_say(prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) == 0, "PR_SET_MDWE");
}

/* A directory of its own at PATH.jail, with nothing in it, is the root. */
static inline bool confine_to_jail(const char *path)
{
    char jail[4096];
    snprintf(jail, sizeof jail, "%s.jail", path);
    return confine_or_say((mkdir(jail, 0700) == 0 || errno == EEXIST) && chroot(jail) == 0 && chdir("/") == 0, "chroot");
}

/* Not a limit: whether this kernel (5.13 or later) copies mappings of files. */
static inline bool kernel_copies_mappings(void)
{
    bool (*self)(void) = kernel_copies_mappings;
    uintptr_t address;
    memcpy(&address, &self, sizeof address);
    void *copy = mremap((void *)(address & ~(uintptr_t)4095), 4096, 4096, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    return confine_or_say(copy != MAP_FAILED && munmap(copy, 4096) == 0, "MREMAP_DONTUNMAP");
}

/* -- system calls -------------------------------------------------------------------------------------------------------- */

#define SECCOMP_LOAD(what)          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, what))
#define SECCOMP_AND(bits)           BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (bits))
#define SECCOMP_UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define SECCOMP_IF(value, skip)     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), (skip), 0)
#define SECCOMP_RETURN(action)      BPF_STMT(BPF_RET | BPF_K, (action))

static inline bool confine_by_filter(struct sock_filter *filter, size_t n)
{
    struct sock_fprog program = {.len = (unsigned short)n, .filter = filter};
    return confine_or_say(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                              prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0,
                          "seccomp");
}

/* Ends a program that maps memory writable and executable, or that makes any executable that is not. */
static inline bool confine_by_death(void)
{
    struct sock_filter filter[] = {
        SECCOMP_LOAD(nr),
        SECCOMP_UNLESS(SYS_mmap, 4),
        SECCOMP_LOAD(args[2]),
        SECCOMP_AND(PROT_WRITE | PROT_EXEC),
        SECCOMP_UNLESS(PROT_WRITE | PROT_EXEC, 7),
        SECCOMP_RETURN(SECCOMP_RET_KILL_PROCESS),
        SECCOMP_IF(SYS_mprotect, 1),
        SECCOMP_UNLESS(SYS_pkey_mprotect, 4),
        SECCOMP_LOAD(args[2]),
        SECCOMP_AND(PROT_EXEC),
        SECCOMP_UNLESS(PROT_EXEC, 1),
        SECCOMP_RETURN(SECCOMP_RET_KILL_PROCESS),
        SECCOMP_RETURN(SECCOMP_RET_ALLOW),
    };
    return confine_by_filter(filter, sizeof filter / sizeof *filter);
}

/* Kernels before 5.13 do not copy mappings of files. */
static inline bool confine_to_older_kernel(void)
{
    struct sock_filter filter[] = {
        SECCOMP_LOAD(nr),
        SECCOMP_UNLESS(SYS_mremap, 4),
        SECCOMP_LOAD(args[3]),
        SECCOMP_AND(MREMAP_DONTUNMAP),
        SECCOMP_UNLESS(MREMAP_DONTUNMAP, 1),
        SECCOMP_RETURN(SECCOMP_RET_ERRNO | EINVAL),
        SECCOMP_RETURN(SECCOMP_RET_ALLOW),
    };
    return confine_by_filter(filter, sizeof filter / sizeof *filter);
}

/* No file is mapped executable. */
static inline bool confine_without_code(void)
{
    struct sock_filter filter[] = {
        SECCOMP_LOAD(nr),
        SECCOMP_UNLESS(SYS_mmap, 4),
        SECCOMP_LOAD(args[2]),
        SECCOMP_AND(PROT_EXEC),
        SECCOMP_UNLESS(PROT_EXEC, 1),
        SECCOMP_RETURN(SECCOMP_RET_ERRNO | EACCES),
        SECCOMP_RETURN(SECCOMP_RET_ALLOW),
    };
    return confine_by_filter(filter, sizeof filter / sizeof *filter);
}

#endif
