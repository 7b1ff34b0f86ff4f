/* malloc and its kin as ffi.so finds them: they fail as the hostile allocator says, and what it has of them is counted. All other callers get
 * glibc's own. */
#define _GNU_SOURCE
#include "malloc.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

extern void *__libc_malloc(size_t nbytes);
extern void *__libc_calloc(size_t count, size_t nbytes);
extern void *__libc_realloc(void *block, size_t nbytes);
extern void __libc_free(void *block);

static Hostile *watched;
static uintptr_t start, end; /* of ffi.so's code and data */
static long nblocks;

static int find_module(struct dl_phdr_info *info, size_t nbytes, void *context)
{
    const char *name = strrchr(info->dlpi_name, '/');
    (void)nbytes;
    (void)context;
    if (name == NULL || strcmp(name, "/ffi.so") != 0)
        return 0;
    start = end = info->dlpi_addr;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        uintptr_t last = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz;
        if (info->dlpi_phdr[i].p_type == PT_LOAD && last > end)
            end = last;
    }
    return 1;
}

void malloc_watch(Hostile *hostile)
{
    watched = NULL;
    if (start == 0)
        dl_iterate_phdr(find_module, NULL);
    watched = hostile;
}

long malloc_nblocks(void)
{
    return nblocks;
}

static bool is_ours(const void *caller)
{
    return (uintptr_t)caller - start < end - start;
}

static bool is_refused(const void *caller)
{
    return is_ours(caller) && watched != NULL && hostile_refuses(watched);
}

static void *counted(void *block, const void *caller)
{
    nblocks += is_ours(caller) && block != NULL;
    return block;
}

void *malloc(size_t nbytes)
{
    const void *caller = __builtin_return_address(0);
    return is_refused(caller) ? NULL : counted(__libc_malloc(nbytes), caller);
}

void *calloc(size_t count, size_t nbytes)
{
    const void *caller = __builtin_return_address(0);
    return is_refused(caller) ? NULL : counted(__libc_calloc(count, nbytes), caller);
}

void *realloc(void *block, size_t nbytes)
{
    const void *caller = __builtin_return_address(0);
    if (is_refused(caller))
        return NULL;
    return block == NULL ? counted(__libc_realloc(block, nbytes), caller) : __libc_realloc(block, nbytes);
}

void free(void *block)
{
    nblocks -= is_ours(__builtin_return_address(0)) && block != NULL;
    __libc_free(block);
}
