/* The arena's chunks: two lists from the newest to the oldest, each chunk with its payload behind a 16-byte header. */
#include "base/arena.h"

#include <stdint.h>

#include "base/tiny.h"

enum { CHUNK_NBYTES_MAX = TINY(64 * 1024, 16) };

struct ArenaChunk {
    ArenaChunk *older;
    size_t nbytes; /* of the payload */
    unsigned char payload[];
};

_Static_assert(sizeof(ArenaChunk) == 16, "the payload keeps the allocator's alignment");

void arena_init(Arena *arena, const Allocator *allocator, size_t chunk_nbytes)
{
    *arena = (Arena){.allocator = allocator, .chunk_nbytes = chunk_nbytes};
}

void arena_free(Arena *arena)
{
    arena_release(arena, (ArenaMark){.chunk_nbytes = arena->chunk_nbytes});
}

static ArenaChunk *push_chunk(Arena *arena, ArenaChunk **list, size_t payload)
{
    ArenaChunk *chunk;
    if (payload > SIZE_MAX - sizeof *chunk)
        return NULL;
    chunk = mem_alloc(arena->allocator, sizeof *chunk + payload);
    if (chunk == NULL)
        return NULL;
    chunk->older = *list;
    chunk->nbytes = payload;
    *list = chunk;
    return chunk;
}

void *arena_alloc_chunk(Arena *arena, size_t nbytes)
{
    bool is_large = nbytes > arena->chunk_nbytes / 8;
    ArenaChunk *chunk;
    if (is_large) {
        chunk = push_chunk(arena, &arena->newest_large, nbytes);
        return chunk == NULL ? NULL : chunk->payload;
    }
    chunk = push_chunk(arena, &arena->newest, arena->chunk_nbytes);
    if (chunk == NULL)
        return NULL;
    arena->next = chunk->payload + nbytes;
    arena->nfree = chunk->nbytes - nbytes;
    if (arena->chunk_nbytes < CHUNK_NBYTES_MAX)
        arena->chunk_nbytes += arena->chunk_nbytes / 8;
    return chunk->payload;
}

ArenaMark arena_mark(const Arena *arena)
{
    return (ArenaMark){arena->newest, arena->newest_large, arena->nfree, arena->chunk_nbytes};
}

/* Looks at the newest chunk alone, where what is young mostly lies. */
bool arena_is_younger(const Arena *arena, ArenaMark mark, const void *block)
{
    const ArenaChunk *chunk = arena->newest;
    size_t used = chunk == NULL ? 0 : chunk == mark.newest ? chunk->nbytes - mark.nfree : 0;
    return chunk != NULL && (uintptr_t)block >= (uintptr_t)(chunk->payload + used) &&
           (uintptr_t)block < (uintptr_t)arena->next;
}

static void pop_chunks(Arena *arena, ArenaChunk **list, const ArenaChunk *last)
{
    while (*list != last) {
        ArenaChunk *chunk = *list;
        *list = chunk->older;
        mem_free(arena->allocator, chunk, sizeof *chunk + chunk->nbytes);
    }
}

void arena_release(Arena *arena, ArenaMark mark)
{
    pop_chunks(arena, &arena->newest, mark.newest);
    pop_chunks(arena, &arena->newest_large, mark.newest_large);
    arena->nfree = mark.nfree;
    arena->chunk_nbytes = mark.chunk_nbytes;
    arena->next = mark.newest == NULL ? NULL : mark.newest->payload + (mark.newest->nbytes - mark.nfree);
}
