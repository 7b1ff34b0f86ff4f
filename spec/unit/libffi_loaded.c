/* libffi.so.8 as programs load it: a copy of its own for each situation that a program can be in when it makes more closures than the library
 * has entries for (a daemon that has closed everything, an upgrade that has replaced the file, a jail, a hardened process), several copies
 * in one process, one that is closed and opened again. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/wait.h>

#include "abi_slots/maps.h"
#include "confine.h"
#include "libffi_closures.h"

enum { NFIRST = 256 /* entries of the library's own */, NMANY = 1500, NSECONDS_MAX = 20, CANNOT_TRY = 77 };

static char dir[1024];

static int run_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int run_shell(const char *format, ...)
{
    char command[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(command, sizeof command, format, list);
    va_end(list);
    return system(command);
}

/* -- a copy ----------------------------------------------------------------------------------------------------------------- */

typedef struct Library {
    char path[1200];
    void *handle;
    ffi_status (*prep_cif)(ffi_cif *, ffi_abi, unsigned, ffi_type *, ffi_type **);
    void (*call)(ffi_cif *, void (*)(void), void *, void **);
    void *(*closure_alloc)(size_t, void **);
    void (*closure_free)(void *);
    ffi_status (*prep_closure_loc)(ffi_closure *, ffi_cif *, ClosureHandler *, void *, void *);
} Library;

/* In the namespace of the program, or one of its own. */
static void load(Library *library, Lmid_t namespace)
{
    library->handle = dlmopen(namespace, library->path, RTLD_NOW | RTLD_LOCAL);
    if (!CHECK(library->handle != NULL)) {
        fprintf(stderr, "%s\n", dlerror());
        exit(1);
    }
    *(void **)&library->prep_cif = dlsym(library->handle, "ffi_prep_cif");
    *(void **)&library->call = dlsym(library->handle, "ffi_call");
    *(void **)&library->closure_alloc = dlsym(library->handle, "ffi_closure_alloc");
    *(void **)&library->closure_free = dlsym(library->handle, "ffi_closure_free");
    *(void **)&library->prep_closure_loc = dlsym(library->handle, "ffi_prep_closure_loc");
}

static Library copy(const char *name)
{
    Library library = {.handle = NULL};
    snprintf(library.path, sizeof library.path, "%s/%s", dir, name);
    CHECK_INT(run_shell("cp '%s/libffi.so.8' '%s'", setting("AIRLOCK_BUILD", "build"), library.path), 0);
    return library;
}

static Library copy_and_load(const char *name)
{
    Library library = copy(name);
    load(&library, LM_ID_BASE);
    return library;
}

/* -- its closures ----------------------------------------------------------------------------------------------------------- */

typedef struct Made {
    ffi_cif cif;
    ffi_closure *closure;
    void *code;
} Made;

static void add_handler(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    *(long *)result = *(long *)args[0] + (long)(uintptr_t)user_data;
}

static ffi_type *long_args[] = {&ffi_type_slong};

/* Prepares with the library `by`. */
static bool make(const Library *library, const Library *by, Made *made, long number)
{
    made->closure = library->closure_alloc(sizeof *made->closure, &made->code);
    return made->closure != NULL && by->prep_cif(&made->cif, FFI_UNIX64, 1, &ffi_type_slong, long_args) == FFI_OK &&
           by->prep_closure_loc(made->closure, &made->cif, add_handler, (void *)number, made->code) == FFI_OK;
}

/* How many of n could be made. */
static int make_many(const Library *library, Made *made, int n)
{
    int nmade = 0;
    while (nmade < n && make(library, library, &made[nmade], nmade))
        nmade++;
    return nmade;
}

static long call(void *code, long number)
{
    long (*function)(long);
    memcpy(&function, &code, sizeof function);
    return function(number);
}

/* By C, and by the library. */
static void check_calls(const Library *library, Made *made, int n)
{
    unsigned nwrong = 0;
    long number = -7, result = 0;
    void *values[] = {&number};
    for (int i = 0; i < n; i++) {
        void (*function)(void);
        memcpy(&function, &made[i].code, sizeof function);
        library->call(&made[i].cif, function, &result, values);
        nwrong += call(made[i].code, 5) != i + 5 || result != i - 7;
    }
    CHECK_INT(nwrong, 0);
}

static Made many[NMANY];

/* As many as there should be, twice; where there are no more, NULL is said and those that there are work on. */
static void check_many(const Library *library, int nwanted)
{
    for (int round = 0; round < 2; round++) {
        int n = make_many(library, many, NMANY);
        CHECK_INT(n, nwanted);
        check_calls(library, many, n);
        for (int i = 0; i < n; i++)
            library->closure_free(many[i].closure);
    }
}

/* -- situations ------------------------------------------------------------------------------------------------------------- */

static void close_everything(void)
{
    for (int i = 0; i < 1024; i++)
        if (i != STDERR_FILENO)
            close(i);
}

static int in_peace(Library *library)
{
    Maps before = maps_read(), after;
    check_many(library, NMANY);
    after = maps_read();
    CHECK_INT(after.nwritable_code, 0);
    CHECK_INT(after.nunnamed_code, before.nunnamed_code);
    return 0;
}

static int in_daemon(Library *library)
{
    close_everything();
    close(STDERR_FILENO);
    check_many(library, NMANY);
    for (int i = 0; i < 1024; i++)
        if (fcntl(i, F_GETFD) >= 0)
            return 2;
    return 0;
}

static int in_mdwe(Library *library)
{
    return confine_mdwe() ? in_peace(library) : CANNOT_TRY;
}

static int in_hardened(Library *library)
{
    return confine_by_death() ? in_peace(library) : CANNOT_TRY;
}

static int in_older_kernel(Library *library)
{
    return confine_to_older_kernel() ? in_peace(library) : CANNOT_TRY;
}

static int in_older_daemon(Library *library)
{
    return confine_to_older_kernel() ? in_daemon(library) : CANNOT_TRY;
}

/* The package is upgraded while the program runs. */
static void replace(const Library *library)
{
    CHECK_INT(run_shell("cp /bin/true '%s.new' && mv '%s.new' '%s'", library->path, library->path, library->path), 0);
}

static int in_upgrade(Library *library)
{
    if (!kernel_copies_mappings())
        return CANNOT_TRY;
    replace(library);
    return in_peace(library);
}

static int in_older_upgrade(Library *library)
{
    if (!confine_to_older_kernel())
        return CANNOT_TRY;
    replace(library);
    check_many(library, NFIRST);
    return 0;
}

static int in_jail(Library *library)
{
    if (!kernel_copies_mappings() || !confine_to_jail(library->path))
        return CANNOT_TRY;
    return in_daemon(library);
}

static int in_older_jail(Library *library)
{
    if (!confine_to_older_kernel() || !confine_to_jail(library->path))
        return CANNOT_TRY;
    check_many(library, NFIRST);
    return 0;
}

static int without_code(Library *library)
{
    if (!confine_to_older_kernel() || !confine_without_code())
        return CANNOT_TRY;
    check_many(library, NFIRST);
    return 0;
}

static const struct Situation {
    const char *name;
    int (*run)(Library *library);
} situations[] = {
    {"peace", in_peace},
    {"a daemon", in_daemon},
    {"PR_SET_MDWE", in_mdwe},
    {"a hardened process", in_hardened},
    {"an older kernel", in_older_kernel},
    {"an older kernel's daemon", in_older_daemon},
    {"an upgrade", in_upgrade},
    {"an older kernel's upgrade", in_older_upgrade},
    {"a jail", in_jail},
    {"an older kernel's jail", in_older_jail},
    {"a process that may map no code", without_code},
};

static int run_situation(const struct Situation *situation)
{
    Library library = copy_and_load("one.so");
    alarm(NSECONDS_MAX);
    int status = situation->run(&library);
    fflush(stdout);
    return status != 0 ? status : unit_nfailed != 0;
}

static void check_situation(const struct Situation *situation)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_situation(situation));
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_TRY)
        printf("skipped: libffi_loaded: %s\n", situation->name);
    else if (!unit_check(status == 0, __FILE__, __LINE__, situation->name))
        fprintf(stderr, "    status %x\n", (unsigned)status);
}

/* -- more than one, and again ------------------------------------------------------------------------------------------------ */

static void check_two(void)
{
    static Made of_first[NMANY], of_second[NMANY];
    Library first = copy_and_load("first.so"), second = copy_and_load("second.so");
    Made mixed;
    CHECK(first.closure_alloc != second.closure_alloc && first.closure_alloc != (void *(*)(size_t, void **))ffi_closure_alloc);
    CHECK_INT(make_many(&first, of_first, NMANY), NMANY);
    CHECK_INT(make_many(&second, of_second, NMANY), NMANY);
    check_calls(&second, of_first, NMANY); /* a cif of the one is none of the other's: only the address in it counts */
    check_calls(&second, of_second, NMANY);
    /* The code of the first is no code of the second, which leaves it alone, and writes into the closure. */
    CHECK(make(&first, &second, &mixed, 3));
    first.closure_free(mixed.closure);
    for (int i = 0; i < NMANY; i++) {
        first.closure_free(of_first[i].closure);
        second.closure_free(of_second[i].closure);
    }
}

static void check_namespace(void)
{
    Library library = copy("apart.so");
    load(&library, LM_ID_NEWLM);
    check_many(&library, NMANY);
}

/* Closures outlive dlclose, and a library that is opened again goes on with what it has. */
static void check_reopened(void)
{
    Library library = copy_and_load("again.so"), again = library;
    CHECK_INT(make_many(&library, many, NMANY), NMANY);
    CHECK_INT(dlclose(library.handle), 0);
    check_calls(&library, many, NMANY);
    load(&again, LM_ID_BASE);
    CHECK(again.closure_alloc == library.closure_alloc);
    check_calls(&again, many, NMANY);
    for (int i = 0; i < NMANY; i++)
        again.closure_free(many[i].closure);
    check_many(&again, NMANY);
}

int main(void)
{
    char made[1000];
    snprintf(made, sizeof made, "%s/libffi_loaded XXXXXX", setting("AIRLOCK_BUILD", "build"));
    if (mkdtemp(made) == NULL || realpath(made, dir) == NULL) {
        perror(made);
        return 2;
    }
    for (size_t i = 0; i < sizeof situations / sizeof *situations; i++)
        check_situation(&situations[i]);
    check_two();
    check_reopened();
    if (IS_SANITIZED)
        printf("skipped: libffi_loaded: a namespace (a sanitizer is there once)\n");
    else
        check_namespace();
    run_shell("rm -rf '%s'", dir);
    return unit_end("libffi_loaded");
}
