/* Exceptions in flight, as one who was not compiled as C++ sees them: what was thrown, what it says, and how to end it.
 * Everything is read from the object itself, by the layouts that the Itanium C++ ABI (2.2.1, 2.9.5) and the runtimes in
 * use (libstdc++, libc++abi) share; no C++ runtime is linked, and a program may hold several. */
#ifndef AIRLOCK_ABI_THROWN_H
#define AIRLOCK_ABI_THROWN_H

#include <stddef.h>
#include <unwind.h>

/* Functions of the runtime that threw; all NULL where it hides them. */
typedef struct ThrownRuntime {
    void *(*begin_catch)(void *exception);
    void (*end_catch)(void);
    char *(*demangle)(const char *mangled, char *buffer, size_t *nbytes, int *status);
} ThrownRuntime;

typedef struct Thrown {
    struct _Unwind_Exception *exception;
    ThrownRuntime runtime;
    const char *type; /* mangled name of the type; NULL: not thrown by C++ */
    const char *what; /* what() of a std::exception, or NULL; until thrown_end */
    char *spelling;   /* the type as C++ spells it, or NULL; until thrown_end */
} Thrown;

/* The mangled name of the type of a C++ exception, NULL for others'. Runs no code of the runtime. */
const char *thrown_type(const struct _Unwind_Exception *exception);

/* Catches an exception that will go no further: its runtime, where it can be asked, no longer counts it as uncaught. Calls
 * what(), and so code of the program's. */
void thrown_begin(Thrown *thrown, struct _Unwind_Exception *exception);

/* Ends it: the object is destroyed. A runtime that hides its functions goes on counting it as uncaught, in
 * std::uncaught_exceptions(), for only its own catch clauses can tell it. */
void thrown_end(Thrown *thrown);

#endif
