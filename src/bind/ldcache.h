/* The dynamic loader's cache, read to find the versioned file of a library whose unversioned link only -dev packages
 * bring. */
#ifndef AIRLOCK_BIND_LDCACHE_H
#define AIRLOCK_BIND_LDCACHE_H

#include <stdbool.h>
#include <stddef.h>

#define LDCACHE_FILE "/etc/ld.so.cache"

/* Writes the name of the newest `plain`.N ("libz.so" -> "libz.so.1") for x86-64 into `name`. False when there is none,
 * the name does not fit, or the cache cannot be read. Versions compare by their numbers: .so.10 is newer than .so.9. */
bool ldcache_newest(const char *plain, char *name, size_t nbytes);

#endif
