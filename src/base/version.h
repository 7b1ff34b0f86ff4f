/* The version, in this one place: the Makefile and the rockspec's packaging read it here, luaopen_ffi exports it. */
#ifndef AIRLOCK_BASE_VERSION_H
#define AIRLOCK_BASE_VERSION_H

#define AIRLOCK_VERSION "0.1.0"

#endif
