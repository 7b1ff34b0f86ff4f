// throws MODE SCRIPT: a host program in C++. The script gets three functions: `leave()` jumps out of all that the host has
// called, `fail(text)` throws a C++ exception, `protect(f)` calls f and catches what comes out of it.
//
//   run        runs the script
//   abandoned  runs the script, which leaves from inside of a C function; then, with that state still there, once more in
//              another state, from the same place on the stack: what it raises goes to the standard output
//   thread     runs the script in a thread that ends in it; then the script's function `after`, its callback `fails`, from
//              no C function that Lua has called, and `after` again
//   foreign    runs the script, which returns a function pointer; calls that in another thread, and catches what it throws
//
// Links with Lua as C, or as C++.
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <pthread.h>
#include <stdexcept>
#include <thread>

extern "C" {
#include <lauxlib.h>
#include <lualib.h>
}

namespace {

const char *script;
std::jmp_buf outside;

int leave(lua_State *)
{
    std::longjmp(outside, 1);
}

int fail(lua_State *L)
{
    throw std::runtime_error(luaL_checkstring(L, 1));
}

// What a host does that calls Lua without protection: whatever comes out is its own affair.
int protect(lua_State *L)
{
    try {
        lua_settop(L, 1);
        lua_call(L, 0, 0);
        lua_pushliteral(L, "returned");
    } catch (const std::exception &exception) {
        lua_pushstring(L, exception.what());
    }
    return 1;
}

lua_State *open_state(int id)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    lua_register(L, "leave", leave);
    lua_register(L, "fail", fail);
    lua_register(L, "protect", protect);
    lua_pushinteger(L, id);
    lua_setglobal(L, "id");
    return L;
}

int run(lua_State *L, int nresults)
{
    int status = luaL_loadfile(L, script);
    if (status == LUA_OK)
        status = lua_pcall(L, 0, nresults, 0);
    if (status != LUA_OK)
        std::printf("%s\n", lua_tostring(L, -1));
    return status;
}

void call(lua_State *L, const char *name)
{
    lua_getglobal(L, name);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK)
        std::printf("%s\n", lua_tostring(L, -1));
}

using Function = int (*)(int);

Function function_at(lua_Integer address)
{
    Function function;
    std::memcpy(&function, &address, sizeof function);
    return function;
}

int run_once()
{
    lua_State *L = open_state(1);
    int status = run(L, 0);
    lua_close(L);
    return status;
}

int run_abandoned()
{
    lua_State *volatile left = open_state(1);
    lua_State *second = open_state(2);
    if (setjmp(outside) == 0)
        run(left, 0);
    run(second, 0);
    lua_close(second);
    return 0;
}

int run_thread()
{
    lua_State *L = open_state(1);
    std::thread([&] { run(L, 0); }).join();
    call(L, "after");
    lua_getglobal(L, "fails");
    function_at(lua_tointeger(L, -1))(1);
    call(L, "after");
    lua_close(L);
    return 0;
}

int run_foreign()
{
    lua_State *L = open_state(1);
    if (run(L, 1) != LUA_OK)
        return 1;
    Function function = function_at(lua_tointeger(L, -1));
    std::thread([&] {
        try {
            function(1);
        } catch (const std::exception &exception) {
            std::printf("caught: %s\n", exception.what());
        }
    }).join();
    lua_close(L);
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    script = argv[2];
    if (std::strcmp(argv[1], "abandoned") == 0)
        return run_abandoned();
    if (std::strcmp(argv[1], "thread") == 0)
        return run_thread();
    if (std::strcmp(argv[1], "foreign") == 0)
        return run_foreign();
    return run_once();
}
