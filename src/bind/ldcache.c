#include "bind/ldcache.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file's layout, glibc's "new" format (since 2.2), little-endian. */
typedef struct CacheHeader {
    char magic[20]; /* CACHE_MAGIC */
    uint32_t nlibs;
    uint32_t nbytes_strings;
    uint8_t flags[4];
    uint32_t extension_offset;
    uint32_t unused[3];
} CacheHeader;

typedef struct CacheEntry {
    int32_t flags;  /* CACHE_X86_64 */
    uint32_t key;   /* offset of the library's name from the file's start */
    uint32_t value; /* offset of its path */
    uint32_t os_version;
    uint64_t hwcap;
} CacheEntry;

_Static_assert(sizeof(CacheHeader) == 48 && sizeof(CacheEntry) == 24, "the file's layout");

static const char CACHE_MAGIC[] = "glibc-ld.so.cache1.1";
enum { CACHE_X86_64 = 0x0303 };

/* Compares dotted version numbers, a missing part being older. */
static int compare_versions(const char *a, const char *b)
{
    for (;;) {
        char *end_a;
        char *end_b;
        unsigned long part_a = strtoul(a, &end_a, 10);
        unsigned long part_b = strtoul(b, &end_b, 10);
        if (part_a != part_b)
            return part_a < part_b ? -1 : 1;
        if (*end_a != '.' || *end_b != '.')
            return (*end_a == '.') - (*end_b == '.');
        a = end_a + 1;
        b = end_b + 1;
    }
}

/* The version behind `plain` in `key` ("1.2" of "libz.so.1.2"), or NULL when it is another library or no number
 * follows. */
static const char *version_of(const char *key, const char *plain)
{
    size_t length = strlen(plain);
    if (strncmp(key, plain, length) != 0 || key[length] != '.')
        return NULL;
    const char *version = key + length + 1;
    return version[0] >= '0' && version[0] <= '9' ? version : NULL;
}

static const char *find_newest(const char *file, size_t nbytes, const char *plain)
{
    const CacheHeader *header = (const void *)file;
    const CacheEntry *entries = (const void *)(file + sizeof *header);
    const char *newest = NULL;
    if (nbytes < sizeof *header || memcmp(header->magic, CACHE_MAGIC, sizeof header->magic) != 0 ||
        header->nlibs > (nbytes - sizeof *header) / sizeof *entries)
        return NULL;
    for (uint32_t i = 0; i < header->nlibs; i++) {
        if (entries[i].flags != CACHE_X86_64 || entries[i].key >= nbytes ||
            memchr(file + entries[i].key, '\0', nbytes - entries[i].key) == NULL)
            continue;
        const char *key = file + entries[i].key;
        const char *version = version_of(key, plain);
        if (version != NULL && (newest == NULL || compare_versions(version_of(newest, plain), version) < 0))
            newest = key;
    }
    return newest;
}

bool ldcache_newest(const char *plain, char *name, size_t nbytes)
{
    bool found = false;
    struct stat status;
    int descriptor = open(LDCACHE_FILE, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &status) == 0 && status.st_size > 0) {
        size_t length = (size_t)status.st_size;
        char *file = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (file != MAP_FAILED) {
            const char *newest = find_newest(file, length, plain);
            found = newest != NULL && strlen(newest) < nbytes;
            if (found)
                memcpy(name, newest, strlen(newest) + 1);
            munmap(file, length);
        }
    }
    close(descriptor);
    return found;
}
