-- debug.sethook: hooks that collect, that raise, that use the ffi themselves and that yield, in the midst of whatever the ffi does.
local oracle = require "spec.oracle"
local support = require "spec.support"

-- What all programs begin with: the scenarios of spec/torture/, but those that change every global.
local prologue = ([[
    local scenarios = {}
    for _, scenario in ipairs(dofile %q) do
        if not scenario.name:find "luajit" and scenario.name ~= "lua_close" then
            scenario.setup()
            scenarios[#scenarios + 1] = scenario
        end
    end
    local ffi = require "ffi"
    local sethook = debug.sethook
]]):format(support.root .. "/spec/torture/scenarios.lua")

-- In an interpreter of its own, whose heap is small.
local function passes(text, ...)
    local output, status = support.lua_text(prologue .. text .. '\nsethook()\nprint "done"', ...)
    -- where the handler of ffi.onerror was what the hook made fail
    output = output:gsub("airlock: error in a callback: raised by the hook\n", "")
    assert.are.equal("done\n", output)
    assert.are.equal(0, status)
end

-- Seconds would become minutes.
local is_slow = support.has_valgrind or support.has_torture

describe("a hook that collects garbage", function()
    local hooks = {
        ["all of it, at instructions"] = { 'collectgarbage()', "", is_slow and 97 or 7 },
        ["all of it, at calls and returns"] = { 'count = count + 1 if count % period == 0 then collectgarbage() end', "cr", 0 },
        ["the young, at every instruction"] = { 'collectgarbage "step"', "", is_slow and 13 or 1, 'collectgarbage "generational"' },
        ["a step, at every instruction"] = { 'collectgarbage("step", 1)', "", is_slow and 13 or 1, 'collectgarbage("incremental", 100, 1000, 1)' },
    }
    for name, hook in pairs(hooks) do
        it(name, function()
            passes(([[
                local count, period = 0, %d
                local function hook() %s end
                %s
                for _, scenario in ipairs(scenarios) do
                    sethook(hook, %q, %d)
                    scenario.body()
                    sethook()
                    scenario.body()
                end
            ]]):format(is_slow and 11 or 1, hook[1], hook[4] or "", hook[2], hook[3]))
        end)
    end
end)

describe("a hook that raises", function()
    for mask, name in pairs { [""] = "instruction", c = "call", r = "return", l = "line" } do
        it("at any " .. name, function()
            passes(([[
                for _, scenario in ipairs(scenarios) do
                    -- where the hook raises, in steps that grow
                    local n = 1
                    while n do
                        local left, raised = n, false
                        local function hook()
                            left = left - 1
                            if left == 0 then
                                sethook()
                                raised = true
                                error("raised by the hook", 0)
                            end
                        end
                        local good, message = pcall(function()
                            sethook(hook, %q, %d)
                            scenario.body()
                            sethook()
                        end)
                        assert(good or message:find "raised by the hook", message)
                        scenario.body()
                        n = raised and n + n // %d + 1
                    end
                end
            ]]):format(mask, mask == "" and 1 or 0, is_slow and 4 or 16))
        end)
    end
end)

describe("a hook that uses the ffi", function()
    for mask, name in pairs { [""] = "every third instruction", c = "every call", r = "every return" } do
        it("at " .. name, function()
            passes(([[
                local count, depth = 0, 0
                local lib = ffi.load((os.getenv "AIRLOCK_BUILD" or "build") .. "/spec/libcalls.so")
                local function hook()
                    count = count + 1
                    ffi.errno(count %% 100)
                    local point = ffi.new("ts_point", count, 2)
                    assert(point.x == count and ffi.C.abs(-count) == count and lib.call_add(count, point.y) == count + 2)
                    if count %% 50 == 0 then ffi.cdef(("struct ts_hooked%%d { int a[%%d]; };"):format(count, count)) end
                    if count %% 50 == 1 and count > 1 then assert(ffi.sizeof("struct ts_hooked" .. count - 1) == 4 * (count - 1)) end
                    assert(not pcall(ffi.cdef, "struct ts_broken {") and not pcall(ffi.new, "ts_point", {}, {}))
                    ffi.gc(point, function(o) depth = depth + o.y end)
                end
                for _, scenario in ipairs(scenarios) do
                    sethook(hook, %q, %d)
                    scenario.body()
                    sethook()
                end
                collectgarbage()
                collectgarbage()
                assert(count > 500 and depth == 2 * count, count .. " " .. depth)
            ]]):format(mask, mask == "" and 3 or 0))
        end)
    end
end)

describe("a hook that yields", function()
    it("wherever a coroutine may", function()
        local path = oracle.library("hook_yield", [[
            #include <lauxlib.h>
            #include <lua.h>
            static void hook(lua_State *L, lua_Debug *event)
            {
                (void)event;
                if (lua_isyieldable(L))
                    lua_yield(L, 0);
            }
            int luaopen_hook_yield(lua_State *L);
            int luaopen_hook_yield(lua_State *L)
            {
                lua_sethook(lua_tothread(L, 1), hook, LUA_MASKCOUNT, 1);
                return 0;
            }
        ]], "$(pkg-config --cflags lua5.4)")
        passes([[
            local start = assert(package.loadlib(..., "luaopen_hook_yield"))
            local nyields = 0
            for _, scenario in ipairs(scenarios) do
                local running = coroutine.create(scenario.body)
                start(running)
                repeat
                    local good, message = coroutine.resume(running)
                    assert(good, message)
                    nyields = nyields + 1
                until coroutine.status(running) == "dead" or scenario.name == "coroutines"
            end
            assert(nyields > 1000)
        ]], path)
    end)
end)
