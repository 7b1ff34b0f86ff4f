#include "allocator.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void hostile_set(Hostile *hostile, HostileMode mode, size_t at)
{
    hostile->mode = mode;
    hostile->at = at;
    hostile->nrequests = hostile->nfailed = 0;
    hostile->is_again = 0;
}

void hostile_flush(Hostile *hostile)
{
    for (size_t i = 0; i < HOSTILE_QUARANTINE; i++) {
        free(hostile->quarantine[i]);
        hostile->quarantine[i] = NULL;
    }
}

/* Large blocks go at once: malloc unmaps them, and who reads them dies. */
static void retire(Hostile *hostile, void *block, size_t nbytes)
{
    memset(block, 0xdd, nbytes);
    hostile->nblocks--;
    hostile->nbytes -= (long)nbytes;
    if (nbytes > 4096) {
        free(block);
        return;
    }
    free(hostile->quarantine[hostile->next]);
    hostile->quarantine[hostile->next] = block;
    hostile->next = (hostile->next + 1) % HOSTILE_QUARANTINE;
}

static bool fails(Hostile *hostile, void *block, size_t nbytes_old, size_t nbytes_new)
{
    bool is_second = hostile->is_again && hostile->block == block && hostile->nbytes_old == nbytes_old &&
                     hostile->nbytes_new == nbytes_new;
    hostile->is_again = 0;
    if (hostile->mode == HOSTILE_CALM)
        return false;
    if (is_second)
        return hostile->mode != HOSTILE_COLLECT;
    if (hostile->mode == HOSTILE_COLLECT && nbytes_new > HOSTILE_COLLECT_NBYTES)
        return false;
    hostile->nrequests++;
    switch (hostile->mode) {
    case HOSTILE_ONE: return hostile->nrequests == hostile->at;
    case HOSTILE_ONWARD: return hostile->nrequests >= hostile->at;
    default: return hostile->nrequests % hostile->at == 0;
    }
}

int hostile_refuses(Hostile *hostile)
{
    bool is_refused = hostile->mode != HOSTILE_COLLECT && fails(hostile, NULL, 0, 0);
    hostile->nfailed += is_refused;
    return is_refused;
}

void *hostile_alloc(void *context, void *block, size_t nbytes_old, size_t nbytes_new)
{
    Hostile *hostile = context;
    size_t nbytes_kept = block == NULL ? 0 : nbytes_old; /* of a new block nbytes_old is its kind */
    if (nbytes_new == 0) {
        if (block != NULL)
            retire(hostile, block, nbytes_old);
        return NULL;
    }
    if (nbytes_new > nbytes_kept && fails(hostile, block, nbytes_old, nbytes_new)) {
        hostile->nfailed++;
        hostile->is_again = 1;
        hostile->block = block;
        hostile->nbytes_old = nbytes_old;
        hostile->nbytes_new = nbytes_new;
        return NULL;
    }
    void *fresh = malloc(nbytes_new);
    if (fresh == NULL)
        return NULL;
    memset(fresh, 0xaa, nbytes_new);
    hostile->nblocks++;
    hostile->nbytes += (long)nbytes_new;
    if (block != NULL) {
        memcpy(fresh, block, nbytes_kept < nbytes_new ? nbytes_kept : nbytes_new);
        retire(hostile, block, nbytes_kept);
    }
    return fresh;
}
