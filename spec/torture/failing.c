/* failing SCENARIOS all|short|sparse [NAME]: runs each scenario (scenarios.lua, or the one named) with its 1st, 2nd, 3rd … request for
 * memory failing, that one alone and with all later ones, until it passes untouched; then once with a collection at every request.
 * `all` and more so `short` leave out some of the requests of scenarios that say so (stride), `sparse` most of all scenarios.
 * Each run has a state of its own. What fails must say so as an error that tells of memory or stack, the same state must then do
 * the scenario whole, twice, and closing it must give back every byte. Prints what went wrong, and ends with a sum. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "malloc.h"

typedef struct Chunk {
    char *bytes;
    size_t nbytes;
} Chunk;

typedef struct Run {
    const Chunk *chunk;
    const char *name;
    int scenario;
    HostileMode mode;
    size_t at;
    long nblocks_before; /* of malloc's */
} Run;

enum { NCOMPLAINTS = 3, SPARSE = 13, NKEPT = 256 * 8 };

static int nfailed, npassed;

static void complain(const Run *run, const char *what, const char *text)
{
    static const char *const modes[] = {"calm", "one", "onward", "collecting"};
    if (text == NULL)
        text = "(no text)";
    printf("%s, %s %zu: %s: %.*s\n", run->name, modes[run->mode], run->at, what, (int)strcspn(text, "\n"), text);
    nfailed++;
}

/* -- states ---------------------------------------------------------------------------------------------------------- */

/* What finalisers raise while memory fails becomes a warning, which nobody needs to read. */
static void ignore_warning(void *context, const char *text, int is_continued)
{
    (void)context;
    (void)text;
    (void)is_continued;
}

/* (chunk) -> the list of scenarios */
static int load_chunk(lua_State *L)
{
    const Chunk *chunk = lua_touserdata(L, 1);
    luaL_Buffer buffer;
    luaL_openlibs(L);
    /* Lua 5.4 keeps the metatable of large buffers half made when memory fails in it */
    luaL_buffinitsize(L, &buffer, 10000);
    luaL_pushresult(&buffer);
    lua_pop(L, 1);
    if (luaL_loadbufferx(L, chunk->bytes, chunk->nbytes, "=scenarios", "b") != LUA_OK)
        return lua_error(L);
    lua_call(L, 0, 1);
    return 1;
}

/* A state with the list of scenarios at 1. */
static lua_State *open_state(Hostile *hostile, const Chunk *chunk)
{
    memset(hostile, 0, sizeof *hostile);
    lua_State *L = lua_newstate(hostile_alloc, hostile);
    lua_setwarnf(L, ignore_warning, NULL);
    lua_pushcfunction(L, load_chunk);
    lua_pushlightuserdata(L, (void *)(size_t)chunk);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        exit(2);
    }
    return L;
}

/* Pushes the scenario's part of this name; nil when it has none. */
static void push_part(lua_State *L, const Run *run, const char *part)
{
    lua_rawgeti(L, 1, run->scenario);
    lua_getfield(L, -1, part);
    lua_remove(L, -2);
}

static bool has_flag(lua_State *L, const Run *run, const char *flag)
{
    push_part(L, run, flag);
    bool is_set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is_set;
}

/* A slot holds on to the last callback that it was, of this state or one before; there are 256 before the first is taken again. */
static void close_state(lua_State *L, Hostile *hostile, const Run *run)
{
    char text[100];
    long nkept = has_flag(L, run, "makes_callbacks") ? NKEPT : run->nblocks_before;
    lua_close(L);
    malloc_watch(NULL);
    snprintf(text, sizeof text, "%ld bytes in %ld blocks, %ld of malloc's", hostile->nbytes, hostile->nblocks, malloc_nblocks());
    if (hostile->nbytes != 0 || hostile->nblocks != 0 || malloc_nblocks() > nkept)
        complain(run, "not given back", text);
    hostile_flush(hostile);
}

/* -- one run --------------------------------------------------------------------------------------------------------- */

static bool call_calmly(lua_State *L, const Run *run, const char *part)
{
    lua_settop(L, 1);
    push_part(L, run, part);
    bool is_good = lua_isnil(L, -1) || lua_pcall(L, 0, 0, 0) == LUA_OK;
    if (!is_good)
        complain(run, part, lua_tostring(L, -1));
    lua_settop(L, 1);
    return is_good;
}

static bool is_clean(const char *text)
{
    return text != NULL && (strstr(text, "not enough memory") != NULL || strstr(text, "stack overflow") != NULL);
}

/* Whether any request failed. */
static bool run_hostile(Run *run)
{
    Hostile hostile;
    run->nblocks_before = malloc_nblocks();
    lua_State *L = open_state(&hostile, run->chunk);
    bool has_failed = false;
    if (call_calmly(L, run, "setup")) {
        push_part(L, run, "body");
        malloc_watch(&hostile);
        hostile_set(&hostile, run->mode, run->at);
        int status = lua_pcall(L, 0, 0, 0);
        has_failed = hostile.nfailed > 0;
        hostile_set(&hostile, HOSTILE_CALM, 0);
        if (status != LUA_OK && (run->mode == HOSTILE_COLLECT || !is_clean(lua_tostring(L, -1))))
            complain(run, "raised", lua_tostring(L, -1));
        if (call_calmly(L, run, "body") && call_calmly(L, run, "body"))
            lua_gc(L, LUA_GCCOLLECT);
        if (has_flag(L, run, "closes_badly"))
            hostile_set(&hostile, run->mode, run->at);
    }
    close_state(L, &hostile, run);
    return has_failed || hostile.nfailed > 0;
}

static void run_scenario(const Chunk *chunk, const char *name, int scenario, size_t stride)
{
    static const HostileMode modes[] = {HOSTILE_ONE, HOSTILE_ONWARD};
    int before = nfailed;
    size_t nruns = 0;
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        Run run = {.chunk = chunk, .name = name, .scenario = scenario, .mode = modes[i]};
        for (run.at = 1; run_hostile(&run) && nfailed < before + NCOMPLAINTS; run.at += stride)
            nruns++;
    }
    run_hostile(&(Run){.chunk = chunk, .name = name, .scenario = scenario, .mode = HOSTILE_COLLECT, .at = 1});
    npassed += nfailed == before;
    printf("%s: %zu runs\n", name, nruns);
}

/* -- all of them ------------------------------------------------------------------------------------------------------ */

static int add_bytes(lua_State *L, const void *bytes, size_t nbytes, void *context)
{
    Chunk *chunk = context;
    (void)L;
    chunk->bytes = realloc(chunk->bytes, chunk->nbytes + nbytes);
    memcpy(chunk->bytes + chunk->nbytes, bytes, nbytes);
    chunk->nbytes += nbytes;
    return 0;
}

static Chunk compile(const char *path)
{
    Chunk chunk = {NULL, 0};
    lua_State *L = luaL_newstate();
    if (luaL_loadfile(L, path) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        exit(2);
    }
    lua_dump(L, add_bytes, &chunk, 0);
    lua_close(L);
    return chunk;
}

/* What the process keeps from its first state on is there before anything is counted. */
static void warm_up(const Chunk *chunk)
{
    Hostile hostile;
    lua_State *L = open_state(&hostile, chunk);
    if (luaL_dostring(L, "require 'ffi'") != LUA_OK)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    lua_close(L);
    hostile_flush(&hostile);
}

int main(int argc, char **argv)
{
    Hostile hostile;
    if (argc < 3 || argc > 4)
        return 2;
    bool is_whole = strcmp(argv[2], "all") == 0;
    bool is_sparse = strcmp(argv[2], "sparse") == 0;
    Chunk chunk = compile(argv[1]);
    warm_up(&chunk);
    lua_State *L = open_state(&hostile, &chunk);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    for (int i = 1; i <= (int)lua_rawlen(L, 1); i++) {
        lua_rawgeti(L, 1, i);
        lua_getfield(L, -1, "name");
        const char *name = lua_tostring(L, -1);
        lua_getfield(L, 2, "stride");
        size_t stride = (size_t)luaL_optinteger(L, -1, 1);
        stride = is_whole ? (stride + SPARSE - 1) / SPARSE : stride * (is_sparse ? SPARSE : 1);
        if (argc < 4 || strcmp(argv[3], name) == 0)
            run_scenario(&chunk, name, i, stride);
        lua_settop(L, 1);
    }
    lua_close(L);
    hostile_flush(&hostile);
    free(chunk.bytes);
    printf("failing: %d passed, %d failed\n", npassed, nfailed);
    return nfailed != 0;
}
