/* The few checks that the C tests share: a failed one prints its place and both values, the program goes on, and unit_end()
 * turns the count into the exit status. Each test is one program: spec/unit/abi_NAME links base, abi and asm alone; libffi_NAME links
 * libffi.so.8 as its clients do; base_NAME, ctype_NAME and cdecl_NAME link base, ctype and cdecl alone, counted_NAME those built to count
 * what they do; leaves_NAME links both halves and bind's adapter between them. */
#ifndef AIRLOCK_SPEC_UNIT_H
#define AIRLOCK_SPEC_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* AddressSanitizer and ThreadSanitizer have a malloc, stacks and signal handlers of their own, and neither follows threads into a child. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { IS_SANITIZED = 1 };
#else
enum { IS_SANITIZED = 0 };
#endif

/* What the environment says, if it does. */
static inline const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : otherwise;
}

static unsigned unit_npassed, unit_nfailed;

static inline int unit_check(int ok, const char *file, int line, const char *text)
{
    if (ok) {
        unit_npassed++;
    } else {
        unit_nfailed++;
        fprintf(stderr, "%s:%d: failed: %s\n", file, line, text);
    }
    return ok;
}

static inline int unit_check_int(long long got, long long wanted, const char *file, int line, const char *text)
{
    if (got != wanted)
        fprintf(stderr, "%s:%d: got %lld, wanted %lld\n", file, line, got, wanted);
    return unit_check(got == wanted, file, line, text);
}

static inline int unit_check_text(const char *got, const char *wanted, const char *file, int line, const char *text)
{
    int same = got != NULL && wanted != NULL && strcmp(got, wanted) == 0;
    if (!same)
        fprintf(stderr, "%s:%d: got \"%s\"\n    wanted \"%s\"\n", file, line, got ? got : "(null)", wanted ? wanted : "(null)");
    return unit_check(same, file, line, text);
}

#define CHECK(condition) unit_check((condition) ? 1 : 0, __FILE__, __LINE__, #condition)
#define CHECK_INT(got, wanted) unit_check_int((long long)(got), (long long)(wanted), __FILE__, __LINE__, #got " == " #wanted)
#define CHECK_TEXT(got, wanted) unit_check_text(got, wanted, __FILE__, __LINE__, #got " is " #wanted)

/* The closing line and the exit status. */
static inline int unit_end(const char *name)
{
    printf("%s: %u passed, %u failed\n", name, unit_npassed, unit_nfailed);
    return unit_nfailed == 0 ? 0 : 1;
}

#endif
