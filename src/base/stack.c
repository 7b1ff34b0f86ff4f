/* The stack's growth: by halves, from CAPACITY_MIN bytes. */
#include "base/stack.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/tiny.h"

enum { CAPACITY_MIN = TINY(256, 2) };

void stack_init(Stack *stack, const Allocator *allocator)
{
    *stack = (Stack){.allocator = allocator};
}

void stack_free(Stack *stack)
{
    mem_free(stack->allocator, stack->data, stack->capacity);
    stack_init(stack, stack->allocator);
}

static bool grow(Stack *stack, size_t wanted)
{
    size_t capacity = stack->capacity < CAPACITY_MIN ? CAPACITY_MIN : stack->capacity + stack->capacity / 2;
    unsigned char *data;
    if (capacity < wanted)
        capacity = wanted;
    data = mem_realloc(stack->allocator, stack->data, stack->capacity, capacity);
    if (data == NULL)
        return false;
    stack->data = data;
    stack->capacity = capacity;
    return true;
}

void *stack_push_more(Stack *stack, size_t nbytes)
{
    if (nbytes > SIZE_MAX / 2 - stack->used || !grow(stack, stack->used + nbytes))
        return NULL;
    stack->used += nbytes;
    return stack->data + stack->used - nbytes;
}
