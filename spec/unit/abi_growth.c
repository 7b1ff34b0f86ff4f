/* More callbacks than the first table has, in a program linked in each of the ways there are and in each situation that abi_growth/inferior.c
 * knows: descriptors closed, another working directory, memory protections, no /proc, the file deleted, replaced or covered; on this kernel, and as on those that
 * do not copy mappings of files. The
 * programs are built here, from the sources, in a directory with a space in its name. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

enum { COMMAND_NBYTES = 8192, CANNOT_TRY = 77 };

static char dir[1024]; /* of what is built, absolute */

static int run_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The exit status; 1000 and more for a signal. */
static int run_shell(const char *format, ...)
{
    char command[COMMAND_NBYTES];
    va_list list;
    va_start(list, format);
    if (vsnprintf(command, sizeof command, format, list) >= COMMAND_NBYTES)
        abort();
    va_end(list);
    fflush(stdout);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* -- ways to link and to start ------------------------------------------------------------------------------------------- */

static const struct Way {
    const char *name;
    const char *link;   /* flags, after the objects */
    const char *file;   /* what holds the engine */
    const char *before; /* of the command that starts it in `dir`, and ... */
    const char *command;
} ways[] = {
    {"pie", "-pie", "pie", "", "\"$DIR/pie\""},
    {"not pie", "-no-pie", "no-pie", "", "\"$DIR/no-pie\""},
    {"static", "-static", "static", "", "\"$DIR/static\""},
    {"static pie", "-static-pie", "static-pie", "", "\"$DIR/static-pie\""},
    {"by a relative path", "-pie", "relative", "cd \"$DIR\" &&", "./relative"},
    {"by the loader", "-pie", "loaded", "", "/lib64/ld-linux-x86-64.so.2 \"$DIR/loaded\""},
    {"by the loader, not pie", "-no-pie", "loaded-fixed", "", "/lib64/ld-linux-x86-64.so.2 \"$DIR/loaded-fixed\""},
    {"a module", "-shared -DINFERIOR_IS_MODULE", "module.so", "", "\"$DIR/host\" \"$DIR/module.so\""},
    {"a module by a relative path", "-shared -DINFERIOR_IS_MODULE", "relative.so", "cd \"$DIR\" &&",
     "./host ./relative.so"},
};

enum { NWAYS = sizeof ways / sizeof *ways };

static bool build_all(void)
{
    char spec[900], build[900];
    const char *cc = setting("CC", "gcc");
    if (realpath(setting("AIRLOCK_SPEC", "spec"), spec) == NULL ||
        realpath(setting("AIRLOCK_BUILD", "build"), build) == NULL)
        return false;
    static const char flags[] = "-std=c11 -D_GNU_SOURCE -O1 -w -fPIC -fvisibility=hidden";
    bool ok = run_shell("cd \"%s\" && %s %s -I%s/../src -c %s/../src/abi/*.c %s/../src/base/*.c && ar rcs engine.a *.o "
                        "%s/asm/*.o && "
                        "%s %s -o host %s/unit/abi_growth/host.c -ldl",
                        dir, cc, flags, spec, spec, spec, build, cc, flags, spec) == 0;
    for (size_t i = 0; ok && i < NWAYS; i++)
        ok = run_shell("cd \"%s\" && %s %s -I%s/../src -I%s/unit -o %s %s/unit/abi_growth/inferior.c engine.a %s", dir,
                       cc, flags, spec, spec, ways[i].file, spec, ways[i].link) == 0;
    return ok;
}

/* -- situations ---------------------------------------------------------------------------------------------------------- */

static void check_situation(const struct Way *way, const char *situation)
{
    char what[256];
    snprintf(what, sizeof what, "%s: %s", way->name, situation);
    int status = run_shell("DIR='%s'; %s %s %s \"$DIR/%s\" >\"$DIR/said\"", dir, way->before, way->command, situation,
                           way->file);
    if (status == CANNOT_TRY) {
        printf("skipped: abi_growth: %s: ", what);
        fflush(stdout);
        run_shell("cat '%s/said'", dir);
        return;
    }
    if (!unit_check(status == 0, __FILE__, __LINE__, what))
        fprintf(stderr, "    status %d\n", status);
}

static void check_all(void)
{
    char command[1100], situation[64];
    snprintf(command, sizeof command, "\"%s/pie\"", dir);
    FILE *list = popen(command, "r");
    size_t n = 0;
    while (list != NULL && fscanf(list, "%63s", situation) == 1) {
        n++;
        for (size_t i = 0; i < NWAYS; i++)
            check_situation(&ways[i], situation);
    }
    CHECK(list != NULL && pclose(list) == 0 && n > 10);
}

int main(void)
{
    const char *build = setting("AIRLOCK_BUILD", "build");
    char made[900];
    snprintf(made, sizeof made, "%s/abi_growth XXXXXX", build);
    if (mkdtemp(made) == NULL || realpath(made, dir) == NULL) {
        perror(made);
        return 2;
    }
    if (CHECK(build_all()))
        check_all();
    run_shell("rm -rf '%s'", dir);
    return unit_end("abi_growth");
}
