/* How the few functions are marked of which speed hangs on the compiler's doing as told. */
#ifndef AIRLOCK_BASE_INLINE_H
#define AIRLOCK_BASE_INLINE_H

/* What must be without a call, or must not add to the way that is taken nearly always. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NOINLINE      __attribute__((noinline))

#endif
