/* What the tests of the type model and the parser share: an allocator that counts and fails, short ways to declare and ask,
 * and gcc as the oracle. */
#ifndef AIRLOCK_SPEC_CDECL_HELP_H
#define AIRLOCK_SPEC_CDECL_HELP_H

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cdecl/cdecl.h"
#include "unit.h"

/* -- an allocator that counts what is out and fails the n-th call ----------------------------------------------------------- */

typedef struct CountingHeap {
    size_t nbytes;   /* out now */
    size_t nblocks;  /* out now */
    size_t ncalls;   /* that ask for memory */
    size_t fail_at;  /* the number of the call that fails, from 1; 0: none */
} CountingHeap;

static inline void *counting_realloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new)
{
    CountingHeap *heap = context;
    void *made;
    if (nbytes_new == 0) {
        heap->nblocks -= block != NULL;
        heap->nbytes -= nbytes_old;
        free(block);
        return NULL;
    }
    if (++heap->ncalls == heap->fail_at)
        return NULL;
    made = malloc(nbytes_new); /* always a move, so that stale pointers show under ASan */
    if (made == NULL)
        return NULL;
    if (block != NULL)
        memcpy(made, block, nbytes_old < nbytes_new ? nbytes_old : nbytes_new);
    free(block);
    heap->nblocks += block == NULL;
    heap->nbytes += nbytes_new - nbytes_old;
    return made;
}

static inline Allocator counting_allocator(CountingHeap *heap)
{
    *heap = (CountingHeap){0, 0, 0, 0};
    return (Allocator){counting_realloc, heap};
}

/* -- short ways ----------------------------------------------------------------------------------------------------------- */

static inline CdeclSource source_of(const char *text)
{
    CdeclSource source = {.text = text, .length = strlen(text)};
    return source;
}

/* Declares, and prints the error of a text that should be good. */
static inline bool declare(CTypeTable *table, const char *text)
{
    CdeclSource source = source_of(text);
    Error error;
    bool is_good = cdecl_declare(table, &source, &error);
    if (!is_good)
        fprintf(stderr, "%u:%u: %s\n    %s\n", error.line, error.column, error.text, error.source);
    return is_good;
}

static inline CType *type_of(CTypeTable *table, const char *text)
{
    CdeclSource source = source_of(text);
    Error error;
    CType *type = cdecl_type_name(table, &source, &error);
    if (type == NULL)
        fprintf(stderr, "%s: %u:%u: %s\n", text, error.line, error.column, error.text);
    return type;
}

static inline const CDecl *find_decl(const CTypeTable *table, const char *name)
{
    return ctype_find_decl(table, name, strlen(name));
}

static inline CType *find_tag(const CTypeTable *table, const char *name)
{
    return ctype_find_tag(table, name, strlen(name));
}

/* The spelling in one of a few static buffers. */
static inline const char *spell(const CType *type)
{
    static char buffers[4][512];
    static unsigned next;
    char *buffer = buffers[next++ % 4];
    ctype_spell(type, NULL, buffer, sizeof buffers[0]);
    return buffer;
}

/* -- gcc ------------------------------------------------------------------------------------------------------------------- */

/* A directory of the test's own under build/, or under /tmp where there is no build/. */
static inline const char *scratch_directory(void)
{
    static char path[64];
    struct stat status;
    bool has_build = stat("build", &status) == 0 && S_ISDIR(status.st_mode);
    if (path[0] != '\0')
        return path;
    snprintf(path, sizeof path, "%s/cdecl.XXXXXX", has_build ? "build" : "/tmp");
    if (mkdtemp(path) == NULL) {
        perror(path);
        exit(2);
    }
    return path;
}

static inline void remove_scratch_directory(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", scratch_directory());
    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", scratch_directory());
}

static inline const char *oracle_compiler(void)
{
    const char *gcc = getenv("AIRLOCK_GCC");
    return gcc != NULL && gcc[0] != '\0' ? gcc : "gcc";
}

/* Compiles NAME.c of the scratch directory to NAME and opens its output; NULL when it does not compile. Overflow wraps, as in our
 * constant expressions; without -fwrapv gcc folds a product of two non-zero numbers to true. */
static inline FILE *run_oracle(const char *name)
{
    const char *directory = scratch_directory();
    char command[512];
    snprintf(command, sizeof command, "%s -std=gnu11 -fms-extensions -w -Wno-packed-bitfield-compat -fwrapv -O0 -o '%s/%s' '%s/%s.c'",
             oracle_compiler(), directory, name, directory, name);
    if (system(command) != 0)
        return NULL;
    snprintf(command, sizeof command, "'%s/%s'", directory, name);
    return popen(command, "r");
}

static inline FILE *create_source(const char *name)
{
    char path[128];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s.c", scratch_directory(), name);
    file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(2);
    }
    return file;
}

/* -- chance ---------------------------------------------------------------------------------------------------------------- */

static uint64_t random_state;

/* splitmix64 */
static inline uint64_t draw(void)
{
    uint64_t z = random_state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* One of 0 .. n - 1. */
static inline unsigned pick(unsigned n)
{
    return (unsigned)(draw() % n);
}

static inline bool chance(unsigned percent)
{
    return pick(100) < percent;
}

static inline uint64_t env_number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 0) : otherwise;
}

/* The number of random cases: that of the arguments "[count [seed]]", of AIRLOCK_COUNT, or `otherwise`. Sets the seed, by
 * default that of AIRLOCK_SEED or 1, and prints both. */
static inline uint64_t begin_random(const char *test, const char *cases, uint64_t otherwise, int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 0) : env_number("AIRLOCK_COUNT", otherwise);
    random_state = argc > 2 ? strtoull(argv[2], NULL, 0) : env_number("AIRLOCK_SEED", 1);
    printf("%s: %" PRIu64 " %s, seed %" PRIu64 "\n", test, count, cases, random_state);
    fflush(stdout);
    return count;
}

#endif
