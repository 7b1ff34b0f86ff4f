/* The allocator that every layer below bind takes from its caller: lua_Alloc's signature and rules, so that a
 * face over Lua hands in its state's own. No layer calls malloc itself; each allocation can fail and is checked. */
#ifndef AIRLOCK_BASE_MEM_H
#define AIRLOCK_BASE_MEM_H

#include <stddef.h>

typedef struct Allocator {
    /* nbytes_new == 0 frees `block` and returns NULL; otherwise returns a block of at least nbytes_new bytes aligned
     * to 16 that keeps the old content, or NULL when memory is out (the old block then stays valid). */
    void *(*realloc)(void *context, void *block, size_t nbytes_old, size_t nbytes_new);
    void *context;
} Allocator;

static inline void *mem_alloc(const Allocator *allocator, size_t nbytes)
{
    return allocator->realloc(allocator->context, NULL, 0, nbytes);
}

static inline void *mem_realloc(const Allocator *allocator, void *block, size_t nbytes_old, size_t nbytes_new)
{
    return allocator->realloc(allocator->context, block, nbytes_old, nbytes_new);
}

static inline void mem_free(const Allocator *allocator, void *block, size_t nbytes)
{
    if (block != NULL)
        allocator->realloc(allocator->context, block, nbytes, 0);
}

/* malloc and free behind the interface, for programs without a host allocator (unit tests, the libffi face). */
extern const Allocator mem_system_allocator;

#endif
