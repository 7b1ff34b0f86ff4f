/* states MODE SCRIPT: several Lua states in one process. Each runs the script with the globals `id` and `nstates`.
 *
 *   together   four states, each opened before the first runs; closed in the order of opening
 *   after      four states one after the other
 *   threads    four threads with eight states each, one after the other
 *   handover   one state, whose script returns a function that each of four threads calls in turn
 *
 * Prints nothing but what the script does; the exit status is 0 unless a script fails. */
#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { NSTATES = 4, NREPEATS = 8 };

static const char *script;

static lua_State *open_state(int id)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_pushinteger(L, id);
    lua_setglobal(L, "id");
    lua_pushinteger(L, NSTATES);
    lua_setglobal(L, "nstates");
    return L;
}

static int report(lua_State *L, int status)
{
    if (status != LUA_OK)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    return status != LUA_OK;
}

static int run_script(lua_State *L, int nresults)
{
    int status = luaL_loadfile(L, script);
    return report(L, status == LUA_OK ? lua_pcall(L, 0, nresults, 0) : status);
}

static int run_together(void)
{
    lua_State *states[NSTATES];
    int nfailed = 0;
    for (int i = 0; i < NSTATES; i++)
        states[i] = open_state(i);
    for (int i = 0; i < NSTATES; i++)
        nfailed += run_script(states[i], 0);
    for (int i = 0; i < NSTATES; i++) /* again: what the others did must not show */
        nfailed += run_script(states[i], 0);
    for (int i = 0; i < NSTATES; i++)
        lua_close(states[i]);
    return nfailed;
}

static int run_after(int first)
{
    int nfailed = 0;
    for (int i = 0; i < NREPEATS; i++) {
        lua_State *L = open_state(first + i);
        nfailed += run_script(L, 0);
        lua_close(L);
    }
    return nfailed;
}

static void *run_thread(void *argument)
{
    int *result = argument;
    *result = run_after(*result);
    return NULL;
}

static int run_threads(void)
{
    pthread_t threads[NSTATES];
    int results[NSTATES];
    int nfailed = 0;
    for (int i = 0; i < NSTATES; i++) {
        results[i] = 100 * i;
        pthread_create(&threads[i], NULL, run_thread, &results[i]);
    }
    for (int i = 0; i < NSTATES; i++) {
        pthread_join(threads[i], NULL);
        nfailed += results[i];
    }
    return nfailed;
}

static void *call_function(void *argument)
{
    lua_State *L = argument;
    lua_pushvalue(L, -1);
    return report(L, lua_pcall(L, 0, 0, 0)) ? L : NULL;
}

static int run_handover(void)
{
    lua_State *L = open_state(0);
    int nfailed = run_script(L, 1);
    for (int i = 0; i < NSTATES && nfailed == 0; i++) {
        pthread_t thread;
        void *result;
        pthread_create(&thread, NULL, call_function, L);
        pthread_join(thread, &result);
        nfailed += result != NULL;
    }
    lua_close(L);
    return nfailed;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    script = argv[2];
    if (strcmp(argv[1], "together") == 0)
        return run_together() != 0;
    if (strcmp(argv[1], "after") == 0)
        return run_after(0) != 0;
    if (strcmp(argv[1], "threads") == 0)
        return run_threads() != 0;
    return run_handover() != 0;
}
