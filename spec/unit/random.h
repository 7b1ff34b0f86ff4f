/* Random numbers that a seed repeats: splitmix64. */
#ifndef AIRLOCK_SPEC_RANDOM_H
#define AIRLOCK_SPEC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

static inline uint64_t random_next(Random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void random_fill(Random *random, unsigned char *to, size_t nbytes)
{
    for (size_t i = 0; i < nbytes; i++)
        to[i] = (unsigned char)(random_next(random) >> 32);
}

#endif
