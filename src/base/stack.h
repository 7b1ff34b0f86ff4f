/* A growable stack of bytes for the lists that a parser builds while it nests: each level remembers where it began,
 * pushes its items and drops back to its beginning.
 *
 * Invariant: [0, used) is initialised by its pushers; a push may move the data, so keep indices, not pointers. */
#ifndef AIRLOCK_BASE_STACK_H
#define AIRLOCK_BASE_STACK_H

#include <stddef.h>

#include "base/mem.h"

typedef struct Stack {
    const Allocator *allocator; /* outlives the stack */
    unsigned char *data;        /* NULL at first, aligned to 16 */
    size_t used;                /* bytes */
    size_t capacity;            /* bytes */
} Stack;

void stack_init(Stack *stack, const Allocator *allocator);
void stack_free(Stack *stack);

/* stack_push where there is no room. */
void *stack_push_more(Stack *stack, size_t nbytes);

/* Room for nbytes more on top, uninitialised; NULL when memory is out (the stack is then unchanged). */
static inline void *stack_push(Stack *stack, size_t nbytes)
{
    if (stack->data == NULL || nbytes > stack->capacity - stack->used)
        return stack_push_more(stack, nbytes);
    stack->used += nbytes;
    return stack->data + stack->used - nbytes;
}

/* The item at `offset` bytes from the bottom, which may be one behind the last; valid until the next push. */
static inline void *stack_at(const Stack *stack, size_t offset)
{
    return stack->data == NULL ? NULL : stack->data + offset;
}

/* Forgets all above the first `used` bytes. */
static inline void stack_drop(Stack *stack, size_t used)
{
    stack->used = used;
}

#endif
