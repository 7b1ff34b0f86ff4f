/* A bump allocator in chunks: what lives as long as its owner, or until a mark is returned to. Chunks grow with what is
 * in them, so that the room left at the end stays a small part of the whole; what is large has a chunk of its own.
 *
 * Invariant: memory handed out stays where it is until arena_release to an older mark, or arena_free. */
#ifndef AIRLOCK_BASE_ARENA_H
#define AIRLOCK_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {
    const Allocator *allocator; /* outlives the arena */
    ArenaChunk *newest;         /* NULL while empty */
    ArenaChunk *newest_large;   /* the last of those that hold one block */
    unsigned char *next;        /* first free byte of the newest chunk */
    size_t nfree;               /* bytes left behind `next` */
    size_t chunk_nbytes;        /* of the next chunk; grows */
} Arena;

typedef struct ArenaMark {
    ArenaChunk *newest, *newest_large;
    size_t nfree, chunk_nbytes;
} ArenaMark;

/* The first chunk will have `chunk_nbytes`, later ones more. Allocates nothing yet. */
void arena_init(Arena *arena, const Allocator *allocator, size_t chunk_nbytes);
void arena_free(Arena *arena);

/* The slow path of arena_alloc: nbytes is already rounded. */
void *arena_alloc_chunk(Arena *arena, size_t nbytes);

/* nbytes > 0 of uninitialised memory, aligned to 8; NULL when memory is out. */
static inline void *arena_alloc(Arena *arena, size_t nbytes)
{
    size_t rounded = (nbytes + 7) & ~(size_t)7;
    void *block = arena->next;
    if (rounded > arena->nfree || rounded < nbytes)
        return arena_alloc_chunk(arena, rounded < nbytes ? nbytes : rounded);
    arena->next += rounded;
    arena->nfree -= rounded;
    return block;
}

ArenaMark arena_mark(const Arena *arena);
/* Whether the block is known to be younger than the mark: true is sure, false is not. */
bool arena_is_younger(const Arena *arena, ArenaMark mark, const void *block);
/* Frees all that was allocated after the mark. */
void arena_release(Arena *arena, ArenaMark mark);

#endif
