/* What ffi.so asks malloc for itself, beside Lua's allocator: memory that C may use after lua_close. Only with -DWATCH_MALLOC, for a sanitizer
 * or valgrind has a malloc of its own. */
#ifndef AIRLOCK_SPEC_MALLOC_H
#define AIRLOCK_SPEC_MALLOC_H

#include "allocator.h"

#ifdef WATCH_MALLOC
/* From now on its requests fail as this says; NULL: never. */
void malloc_watch(Hostile *hostile);
/* How many blocks it has. */
long malloc_nblocks(void);
#else
static inline void malloc_watch(Hostile *hostile)
{
    (void)hostile;
}

static inline long malloc_nblocks(void)
{
    return 0;
}
#endif

#endif
