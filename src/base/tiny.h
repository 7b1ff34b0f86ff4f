/* Sizes that say when a slow path begins (first tables, chunks, caches, buffers on the stack) and that nobody can see from outside. A
 * build with -DAIRLOCK_TINY=1 has the second value, the least that works, so that its tests take the slow paths all the time. */
#ifndef AIRLOCK_BASE_TINY_H
#define AIRLOCK_BASE_TINY_H

#ifndef AIRLOCK_TINY
#define AIRLOCK_TINY 0
#endif

#define TINY(normal, tiny) (AIRLOCK_TINY ? (tiny) : (normal))

#endif
