/* The arena's chunks: a list from the newest to the oldest, each with its payload behind a 16-byte header. */
#include "base/arena.h"

#include <stdint.h>

enum { CHUNK_NBYTES_MAX = 256 * 1024 };

struct ArenaChunk {
    ArenaChunk *older;
    size_t nbytes; /* of the payload */
    unsigned char payload[];
};

_Static_assert(sizeof(ArenaChunk) == 16, "the payload keeps the allocator's alignment");

void arena_init(Arena *arena, const Allocator *allocator, size_t chunk_nbytes)
{
    arena->allocator = allocator;
    arena->newest = NULL;
    arena->next = NULL;
    arena->nfree = 0;
    arena->chunk_nbytes = chunk_nbytes;
}

void arena_free(Arena *arena)
{
    arena_release(arena, (ArenaMark){NULL, 0});
}

void *arena_alloc_chunk(Arena *arena, size_t nbytes)
{
    size_t payload = nbytes > arena->chunk_nbytes ? nbytes : arena->chunk_nbytes;
    ArenaChunk *chunk;
    if (payload > SIZE_MAX - sizeof *chunk)
        return NULL;
    chunk = mem_alloc(arena->allocator, sizeof *chunk + payload);
    if (chunk == NULL)
        return NULL;
    chunk->older = arena->newest;
    chunk->nbytes = payload;
    arena->newest = chunk;
    arena->next = chunk->payload + nbytes;
    arena->nfree = payload - nbytes;
    if (arena->chunk_nbytes < CHUNK_NBYTES_MAX)
        arena->chunk_nbytes += arena->chunk_nbytes / 2;
    return chunk->payload;
}

ArenaMark arena_mark(const Arena *arena)
{
    return (ArenaMark){arena->newest, arena->nfree};
}

void arena_release(Arena *arena, ArenaMark mark)
{
    while (arena->newest != mark.newest) {
        ArenaChunk *chunk = arena->newest;
        arena->newest = chunk->older;
        mem_free(arena->allocator, chunk, sizeof *chunk + chunk->nbytes);
    }
    arena->nfree = mark.nfree;
    arena->next = mark.newest == NULL ? NULL : mark.newest->payload + (mark.newest->nbytes - mark.nfree);
}
