/* The arena and the stack: what they hand out, give back and do when memory is out. */
#include <stdint.h>

#include "base/arena.h"
#include "base/stack.h"
#include "cdecl_help.h"

static void check_arena(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    Arena arena;
    ArenaMark mark;
    size_t nbytes, i;
    char *first;
    arena_init(&arena, &allocator, 100);
    CHECK_INT(heap.nblocks, 0);
    first = arena_alloc(&arena, 5);
    CHECK(first != NULL && (uintptr_t)first % 8 == 0);
    memcpy(first, "hello", 5);
    CHECK((char *)arena_alloc(&arena, 1) == first + 8);
    mark = arena_mark(&arena);
    nbytes = heap.nbytes;
    for (i = 1; i < 2000; i += 7) {
        char *block = arena_alloc(&arena, i);
        CHECK(block != NULL && (uintptr_t)block % 8 == 0);
        memset(block, 1, i);
    }
    CHECK(memcmp(first, "hello", 5) == 0);
    arena_release(&arena, mark);
    CHECK_INT(heap.nbytes, nbytes);
    CHECK((char *)arena_alloc(&arena, 8) == first + 16);
    heap.fail_at = heap.ncalls + 1;
    CHECK(arena_alloc(&arena, 100000) == NULL);
    CHECK(arena_alloc(&arena, 8) == first + 24);
    CHECK(arena_alloc(&arena, SIZE_MAX) == NULL);
    arena_free(&arena);
    CHECK_INT(heap.nbytes, 0);
}

/* What is large does not cut short the chunk at hand, and the room left unused stays small. */
static void check_arena_room(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    Arena arena;
    ArenaMark mark;
    size_t used = 0, i;
    char *small, *large, *older;
    arena_init(&arena, &allocator, 4096);
    older = arena_alloc(&arena, 8);
    mark = arena_mark(&arena);
    small = arena_alloc(&arena, 8);
    large = arena_alloc(&arena, 100000);
    CHECK(small == older + 8 && (char *)arena_alloc(&arena, 8) == small + 8);
    CHECK(arena_is_younger(&arena, mark, small) && !arena_is_younger(&arena, mark, older));
    memset(large, 1, 100000);
    arena_release(&arena, mark);
    CHECK((char *)arena_alloc(&arena, 8) == small);
    CHECK(heap.nbytes < 5000);
    for (i = 0; i < 100000; i++) {
        size_t nbytes = 8 + i % 40 * 8;
        CHECK(arena_alloc(&arena, nbytes) != NULL);
        used += nbytes;
        if (used > 100000 && heap.nbytes > used + used / 5) {
            CHECK_INT(heap.nbytes, used);
            break;
        }
    }
    mark = arena_mark(&arena);
    CHECK(arena_is_younger(&arena, (ArenaMark){NULL, NULL, 0, 0}, arena_alloc(&arena, 8)));
    CHECK(!arena_is_younger(&arena, mark, older));
    arena_free(&arena);
    CHECK_INT(heap.nbytes, 0);
}

static void check_stack(void)
{
    CountingHeap heap;
    Allocator allocator = counting_allocator(&heap);
    Stack stack;
    size_t i;
    stack_init(&stack, &allocator);
    CHECK(stack_push(&stack, 0) != NULL);
    for (i = 0; i < 10000; i++) {
        size_t *place = stack_push(&stack, sizeof *place);
        *place = i;
    }
    for (i = 0; i < 10000; i++)
        if (((size_t *)(void *)stack.data)[i] != i)
            CHECK(!"pushed items stay");
    stack_drop(&stack, 16);
    CHECK_INT(stack.used, 16);
    CHECK(stack_push(&stack, 8) == stack.data + 16);
    heap.fail_at = heap.ncalls + 1;
    CHECK(stack_push(&stack, 1000000) == NULL);
    CHECK_INT(stack.used, 24);
    CHECK(stack_push(&stack, SIZE_MAX) == NULL);
    stack_free(&stack);
    CHECK_INT(heap.nbytes, 0);
}

int main(void)
{
    check_arena();
    check_arena_room();
    check_stack();
    return unit_end("base_memory");
}
