/* The system's allocator behind the interface of mem.h. malloc aligns to 16 on x86-64. */
#include "base/mem.h"

#include <stdlib.h>

static void *system_realloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new)
{
    (void)context;
    (void)nbytes_old;
    if (nbytes_new == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, nbytes_new);
}

const Allocator mem_system_allocator = {system_realloc, NULL};
