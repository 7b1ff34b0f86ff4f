/* What the tests of generated C share: the seed and the signatures of a run, the programs that write and compile them, and the directory where
 * that is done, which stays when something failed. For spec/unit/abi_differential.c and libffi_random.c. */
#ifndef AIRLOCK_SPEC_GENERATED_H
#define AIRLOCK_SPEC_GENERATED_H

#include <dirent.h>
#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

enum { PATH_NBYTES = 1024 };

/* -- one run ----------------------------------------------------------------------------------------------------------- */

typedef struct Generated {
    const char *name; /* of the test */
    uint64_t seed, first, count;
    bool keeps; /* the directory, whatever comes */
    char dir[PATH_NBYTES];
} Generated;

/* Of `run` the name, the first signature and the count are there, which AIRLOCK_SEED, AIRLOCK_COUNT and the options may change. */
static inline void generated_read_options(Generated *run, int argc, char **argv)
{
    const char *count = setting("AIRLOCK_COUNT", NULL);
    run->seed = strtoull(setting("AIRLOCK_SEED", "1"), NULL, 0);
    run->count = count != NULL ? strtoull(count, NULL, 0) : run->count;
    for (int i = 1; i < argc; i++) {
        uint64_t *number = strcmp(argv[i], "--seed") == 0    ? &run->seed
                           : strcmp(argv[i], "--count") == 0 ? &run->count
                           : strcmp(argv[i], "--first") == 0 ? &run->first
                                                             : NULL;
        if (number != NULL && i + 1 < argc) {
            *number = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--keep") == 0) {
            run->keeps = true;
        } else {
            fprintf(stderr, "usage: %s [--seed N] [--count N] [--first N] [--keep]\n", run->name);
            exit(2);
        }
    }
    printf("%s: --seed %llu --first %llu --count %llu\n", run->name, (unsigned long long)run->seed,
           (unsigned long long)run->first, (unsigned long long)run->count);
}

/* -- files ------------------------------------------------------------------------------------------------------------- */

static inline void format_path(char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void format_path(char *path, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (vsnprintf(path, PATH_NBYTES, format, list) >= PATH_NBYTES)
        abort();
    va_end(list);
}

/* A new directory for the run below the build's. */
static inline void generated_open_dir(Generated *run)
{
    format_path(run->dir, "%s/%s.XXXXXX", setting("AIRLOCK_BUILD", "build"), run->name);
    if (mkdtemp(run->dir) == NULL) {
        perror(run->dir);
        exit(2);
    }
}

static inline void generated_close_dir(const Generated *run, bool has_failed)
{
    char path[PATH_NBYTES];
    if (run->keeps || has_failed) {
        printf("what was generated is in %s\n", run->dir);
        return;
    }
    DIR *dir = opendir(run->dir);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] != '.') {
            format_path(path, "%s/%.200s", run->dir, entry->d_name);
            unlink(path);
        }
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(run->dir);
}

/* -- programs ---------------------------------------------------------------------------------------------------------- */

extern char **environ;

/* -1, and the reason is said: it could not be started. */
static inline pid_t start_program(const char *const *argv)
{
    pid_t pid;
    fflush(stdout);
    int code = posix_spawnp(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, environ);
    if (code == 0)
        return pid;
    fprintf(stderr, "%s: %s\n", argv[0], strerror(code));
    return -1;
}

/* Whether it ended well. */
static inline bool wait_for(pid_t pid)
{
    int status = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (pid > 0 && status != 0)
        fprintf(stderr, "a program ended with wait status 0x%x\n", (unsigned)status);
    return pid > 0 && status == 0;
}

#endif
