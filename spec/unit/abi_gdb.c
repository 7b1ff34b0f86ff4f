/* gdb's backtrace at every instruction of both trampolines: this program starts gdb in batch mode on itself (backtrace.py), where
 * tracing is permitted. With an argument it is the inferior. */
#include "abi_callbacks.h"

static void make_call(const char *name, const AbiPlan *plan, AbiFunction function, void *result, void *const *values)
{
    (void)name;
    abi_invoke(plan, function, result, values);
}

static void call_back(const char *name, AbiFunction entry, CallbackCaller *call)
{
    (void)name;
    if (!call(entry))
        exit(1);
}

static const char *spec_folder(void)
{
    const char *folder = getenv("AIRLOCK_SPEC");
    return folder != NULL ? folder : "spec";
}

/* Steps and wrong backtraces as the script counts them; of the rest that gdb prints, what went wrong is shown. */
static bool run_gdb(const char *self, unsigned *nsteps, unsigned *nwrong, char *said, size_t said_nbytes)
{
    char command[1024], line[512];
    bool is_counted = false;
    FILE *gdb;
    snprintf(
        command, sizeof command,
        "gdb -nx -q -batch -iex 'set debuginfod enabled off' -x %s/unit/abi_gdb/backtrace.py --args %s inferior 2>&1",
        spec_folder(), self);
    gdb = popen(command, "r");
    if (gdb == NULL)
        return false;
    while (fgets(line, sizeof line, gdb) != NULL) {
        if (sscanf(line, "%u steps, %u wrong", nsteps, nwrong) == 2)
            is_counted = true;
        else if (strstr(line, "wrong") != NULL || strstr(line, "rror") != NULL)
            fputs(line, stderr);
        if (strstr(line, "ptrace") != NULL || strstr(line, "not found") != NULL)
            snprintf(said, said_nbytes, "%.*s", (int)strcspn(line, "\n"), line);
    }
    pclose(gdb);
    return is_counted;
}

int main(int argc, char **argv)
{
    unsigned nsteps = 0, nwrong = 0;
    char said[256] = "";
    if (argc > 1) {
        calls_visit_win64(make_call);
        callbacks_visit_win64(call_back, callback_spoil_and_return_first);
        return calls_visit(make_call) + callbacks_visit(call_back, callback_return_first) > 4;
    }
    if (case_is_valgrind()) {
        printf("skipped: abi_gdb: gdb would debug valgrind\n");
    } else if (run_gdb(argv[0], &nsteps, &nwrong, said, sizeof said)) {
        printf("abi_gdb: %u backtraces\n", nsteps);
        CHECK(nsteps > 100);
        CHECK_INT(nwrong, 0);
    } else if (said[0] != '\0') {
        printf("skipped: abi_gdb: %s\n", said);
    } else {
        CHECK(!"gdb did not come to its end");
    }
    return unit_end("abi_gdb");
}
