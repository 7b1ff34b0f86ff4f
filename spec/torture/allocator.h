/* A hostile allocator for Lua states: each block that grows or shrinks moves, fresh ones are full of 0xAA and freed ones of 0xDD, freed
 * ones are not handed out again for a while, and requests for more memory fail as told. Lua answers a failure with a full
 * collection without finalisers and asks again, so a request that fails once only is a collection at just that place. */
#ifndef AIRLOCK_SPEC_ALLOCATOR_H
#define AIRLOCK_SPEC_ALLOCATOR_H

#include <stddef.h>

typedef enum HostileMode {
    HOSTILE_CALM,   /* nothing fails */
    HOSTILE_ONE,    /* the request `at`, and the second try that Lua makes of it */
    HOSTILE_ONWARD, /* that and all later ones */
    HOSTILE_COLLECT /* the first try of every `at`-th small request: a collection */
} HostileMode;

/* Larger requests never fail in HOSTILE_COLLECT: they may be those of lauxlib's buffers, which ask once only. */
enum { HOSTILE_QUARANTINE = 4096, HOSTILE_COLLECT_NBYTES = 1000 };

typedef struct Hostile {
    HostileMode mode;
    size_t at;        /* from 1 */
    size_t nrequests; /* since the mode was set */
    size_t nfailed;   /* since the mode was set */
    void *block;      /* what the failed request was about: the second try is known by all three */
    size_t nbytes_old, nbytes_new;
    int is_again;
    long nblocks; /* in use */
    long nbytes;  /* in use; negative numbers are what was given by another allocator before */
    void *quarantine[HOSTILE_QUARANTINE];
    size_t next;
} Hostile;

/* lua_Alloc with a Hostile as its context; zeroed it is calm. Frees what malloc gave, too. */
void *hostile_alloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new);
void hostile_set(Hostile *hostile, HostileMode mode, size_t at);
/* Whether the next request fails, for memory that is asked for elsewhere and once only. */
int hostile_refuses(Hostile *hostile);
/* Gives the quarantine back to malloc. */
void hostile_flush(Hostile *hostile);

#endif
