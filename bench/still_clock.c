/* Preloaded under callgrind: Lua seeds its string hashes from the time, and with it the chains that a lookup walks and so the number
 * of instructions. Here the time stands still at BENCH_SEED, which makes a count repeatable, and another seed a chosen change. */
#include <stdlib.h>
#include <time.h>

time_t time(time_t *result)
{
    const char *seed = getenv("BENCH_SEED");
    time_t now = seed != NULL ? (time_t)atol(seed) : 0;
    if (result != NULL)
        *result = now;
    return now;
}
