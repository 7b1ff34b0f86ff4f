-- Which Lua runs a callback: coroutines, hooks, finalisers, states that close, several states, threads and processes.
local ffi = require "ffi"
local support = require "spec.support"

local lib = support.load "callbacks"
local Int = ffi.typeof "int (*)(int)"

-- What a script of its own prints and its exit status; `mode` of spec/states/states.c, or a plain interpreter without it.
local preamble = ([[
    io.stdout:setvbuf "no"
    local ffi = require "ffi"
    ffi.cdef %q
    local lib = ffi.load %q
]]):format(support.header "callbacks", support.path "callbacks")

local function program(text) return support.lua_text(preamble .. text) end

local function states(mode, text)
    local directory = support.new_directory()
    support.write(directory .. "/script.lua", preamble .. text)
    local output, status = support.run_states(directory, mode)
    support.remove(directory)
    return output, status
end

describe("a callback runs on the coroutine of the C call", function()
    it("though another made it, which is dead", function()
        local cb, ran_on
        local maker = coroutine.create(function()
            cb = ffi.callback(Int, function(n)
                ran_on = coroutine.running()
                return n + 1
            end)
        end)
        coroutine.resume(maker)
        assert.equal("dead", coroutine.status(maker))
        maker = nil -- luacheck: ignore
        collectgarbage()
        assert.equal(8, lib.cbk_call(cb, 7))
        assert.equal(coroutine.running(), ran_on)
        local caller
        assert.equal(9, coroutine.wrap(function()
            caller = coroutine.running()
            return lib.cbk_call(cb, 8)
        end)())
        assert.equal(caller, ran_on)
        cb:free()
    end)

    it("each on its own, one inside the other", function()
        local trail = {}
        local cb
        cb = ffi.callback(Int, function(n)
            trail[#trail + 1] = coroutine.running()
            if n == 0 then return 0 end
            return coroutine.wrap(function()
                trail[#trail + 1] = coroutine.running()
                return lib.cbk_call(cb, n - 1) + 1
            end)()
        end)
        assert.equal(5, lib.cbk_call(cb, 5))
        assert.equal(11, #trail)
        assert.equal(coroutine.running(), trail[1])
        for i = 2, 11, 2 do
            assert.equal(trail[i], trail[i + 1])
            assert.are_not.equal(trail[i], trail[i - 1])
        end
        cb:free()
    end)

    it("may resume and close others, which yield to it", function()
        local producer = coroutine.wrap(function() for i = 1, math.huge do coroutine.yield(i) end end)
        local cb <close> = ffi.callback(Int, function() return producer() end)
        assert.equal(55, lib.cbk_sum(cb, 10))
        assert.equal(11, producer())
        local closed
        local other = coroutine.create(function()
            local _ <close> = setmetatable({}, { __close = function() closed = true end })
            coroutine.yield()
        end)
        coroutine.resume(other)
        local closer <close> = ffi.callback(Int, function() return coroutine.close(other) and 1 or 0 end)
        assert.equal(1, lib.cbk_call(closer, 0))
        assert.is_true(closed)
    end)

    it("cannot resume the coroutine that waits for C", function()
        local thread
        local cb <close> = ffi.callback(Int, function()
            local worked, message = coroutine.resume(thread)
            assert(not worked and message:find "cannot resume non%-suspended coroutine")
            return 1
        end)
        thread = coroutine.create(function() return lib.cbk_call(cb, 0) end)
        assert.same({ true, 1 }, { coroutine.resume(thread) })
    end)
end)

describe("errno", function()
    it("is C's in the callback, and the callback's in C", function()
        local seen
        local cb <close> = ffi.callback("void (*)(void)", function() seen = ffi.errno(33) end)
        assert.equal(33, lib.cbk_errno(cb, 22))
        assert.equal(22, seen)
        assert.equal(33, ffi.errno())
        local idle <close> = ffi.callback("void (*)(void)", function() collectgarbage() io.open "/no/such/file" end)
        assert.equal(22, lib.cbk_errno(idle, 22)) -- Lua's own calls do not show
    end)
end)

describe("debug hooks", function()
    it("see the lines of callbacks", function()
        local lines = {}
        local cb <close> = ffi.callback(Int, function(n)
            local m = n + 1
            return m
        end)
        debug.sethook(function(_, line) lines[line] = true end, "l")
        local result = lib.cbk_call(cb, 7)
        debug.sethook()
        assert.equal(8, result)
        local first = debug.getinfo(1, "l").currentline - 7
        assert.is_true(lines[first] and lines[first + 1])
    end)

    it("count in callbacks, call C and call back", function()
        local nhooks, nsums = 0, 0
        local inner <close> = ffi.callback(Int, function(n) return n end)
        local outer <close> = ffi.callback(Int, function()
            local sum = 0
            for i = 1, 100 do sum = sum + i end
            return sum
        end)
        debug.sethook(function()
            nhooks = nhooks + 1
            nsums = nsums + lib.cbk_sum(inner, 3)
        end, "", 10)
        local result = lib.cbk_sum(outer, 10)
        debug.sethook()
        assert.equal(50500, result)
        assert.is_true(nhooks > 50)
        assert.equal(3 * nhooks, nsums)
    end)

    it("may raise in callbacks", function()
        local cb <close> = ffi.callback(Int, function() while true do end end) -- luacheck: ignore
        local before = ffi.onerror(function() end)
        debug.sethook(function() error("too long", 0) end, "", 1000)
        local worked, message = pcall(lib.cbk_call, cb, 1)
        debug.sethook()
        ffi.onerror(before)
        assert.is_false(worked)
        assert.equal("too long", message)
    end)
end)

describe("finalisers", function()
    it("may run in callbacks, and call C that calls back", function()
        local cb <close> = ffi.callback(Int, function(n) return n end)
        local nfinal = 0
        local busy <close> = ffi.callback(Int, function(n)
            for _ = 1, 20 do
                setmetatable({}, { __gc = function() nfinal = nfinal + lib.cbk_sum(cb, 3) end })
                ffi.gc(ffi.new "int[1]", function() nfinal = nfinal + lib.cbk_sum(cb, 3) end)
            end
            collectgarbage()
            return n
        end)
        assert.equal(45, lib.cbk_sum(busy, 10))
        assert.equal(10 * 20 * 2 * 3, nfinal)
    end)

    it("at lua_close find callbacks alive that were marked after the ffi was there", function()
        local output, status = program [[
            local cb = ffi.cast("int (*)(int)", function(n) return n + 40 end)
            local own = ffi.callback("int (*)(int)", function(n) return n + 50 end)
            keep = {
                setmetatable({}, { __gc = function() print(lib.cbk_call(cb, 2)) end }),
                ffi.gc(ffi.new "int[1]", function() print(lib.cbk_call(own, 2)) end),
                ffi.gc(ffi.new "int[1]", function() print(lib.cbk_call(function(n) return n + 60 end, 2)) end),
            }]]
        assert.equal(0, status, output)
        assert.equal("62\n52\n42\n", output)
    end)

    it("at lua_close that were marked before find them closed, and can make none", function()
        local output, status = support.lua_text(([[
            io.stdout:setvbuf "no"
            local ffi, lib, cb
            keep = setmetatable({}, { __gc = function()
                print(lib.cbk_call(cb, 2))
                print(pcall(cb.free, cb))
                print(pcall(ffi.cast, "int (*)(int)", print))
                print(pcall(ffi.callback, "int (*)(int)", print))
                print(pcall(lib.cbk_call, function() return 1 end, 2))
                print(pcall(ffi.callback, "double (*)(double)", print))
                print(ffi.callbacks(), ffi.poll(), ffi.poll(0.01), lib.cbk_wanted(2))
                print(ffi.lasttraceback(), ffi.onerror(print))
            end })
            ffi = require "ffi"
            ffi.cdef %q
            lib = ffi.load %q
            cb = ffi.cast("int (*)(int)", function(n) return n + 40 end)]]):format(support.header "callbacks", support.path "callbacks"))
        assert.equal(0, status, output)
        assert.equal(table.concat({
            "airlock: C called a callback whose Lua state has been closed; it returned zero",
            "0",
            "false\tbad argument #1 to 'free' ('int (*)(int)' is no live callback)",
            "false\tno callback of type 'int (int)' can be made: the Lua state is being closed",
            "false\tno callback of type 'int (int)' can be made: the Lua state is being closed",
            "false\tno callback of type 'int (int)' can be made: the Lua state is being closed",
            "false\tno callback of type 'double (double)' can be made: the Lua state is being closed",
            "0\t0\t0\t7",
            "nil\tnil",
        }, "\n") .. "\n", output)
    end)

    it("that warn at lua_close leave the others alone", function()
        local output, status = program [[
            local cb = ffi.cast("int (*)(int)", function(n) return n == 1 and error("one", 0) or n end)
            ffi.onerror(function() end)
            keep = {
                setmetatable({}, { __gc = function() print(lib.cbk_call(cb, 2)) end }),
                setmetatable({}, { __gc = function() lib.cbk_call(cb, 1) end }),
                setmetatable({}, { __gc = function() print(lib.cbk_call(cb, 3)) end }),
            }]]
        assert.equal(0, status, output)
        assert.equal("3\n2\n", output)
    end)
end)

-- Each state has its own: what C calls runs in the state that made it, whatever others do.
local own_callbacks = [[
    local list = {}
    for i = 1, 200 do list[i] = ffi.callback("int (*)(int)", function(n) return n + 1000 * id + i end) end
    for _ = 1, 3 do
        for i = 1, 200 do assert(lib.cbk_call(list[i], 1) == 1000 * id + i + 1) end
        collectgarbage()
    end
    for i = 1, 200, 2 do list[i]:free() end
    assert(ffi.callbacks() == 100)
    mine = ffi.cast("int (*)(int)", function(n) return id + n end)
    assert(lib.cbk_call(mine, 5) == id + 5)
    ffi.onerror(function() end)
    assert(select(2, pcall(lib.cbk_call, function() error(id) end, 1)) == id)
    assert(ffi.lasttraceback())
    list = nil
    collectgarbage()
    mine:free()
    assert(ffi.callbacks() == 1) -- the permanent one
    collectgarbage()]]

describe("several states", function()
    for _, mode in ipairs { "after", "threads" } do
        it(("have their own callbacks (%s)"):format(mode), function()
            local output, status = states(mode, own_callbacks)
            assert.equal("", output)
            assert.equal(0, status)
        end)
    end

    it("call each other's, each in its own Lua, and carry each other's errors", function()
        -- the first leaves its callback in C, the others call it; run twice, each calls the one of the state before
        local output, status = states("together", [[
            ffi.onerror(function() end)
            if id > 0 and not mine then
                print(id, lib.cbk_kept(5))
                print(id, pcall(lib.cbk_kept, -1))
            end
            if not mine then
                mine = ffi.cast("int (*)(int)", function(n)
                    if n < 0 then error("state " .. id, 0) end
                    return 100 * id + n
                end)
                lib.cbk_keep(mine)
            end]])
        assert.equal(0, status, output)
        -- a state that is not calling keeps no error: its handler was told, and the caller gets zero
        assert.equal("1\t5\n1\ttrue\t0\n2\t105\n2\ttrue\t0\n3\t205\n3\ttrue\t0\n", output)
    end)

    it("that are closed leave those of the others alone", function()
        local output, status = states("together", [[
            if not mine then
                mine = ffi.cast("int (*)(int)", function(n) return 100 * id + n end)
            end
            for i = 1, 300 do ffi.callback("int (*)(int)", print) end
            keep = setmetatable({}, { __gc = function() assert(lib.cbk_call(mine, 7) == 100 * id + 7) end })]])
        assert.equal("", output)
        assert.equal(0, status)
    end)
end)

describe("a state's thread", function()
    it("is the one that entered it last", function()
        local output, status = states("handover", [[
            local main = coroutine.running()
            local cb = ffi.callback("int (*)(int)", function(n)
                assert(coroutine.running() == main)
                return n + 1
            end)
            return function()
                assert(lib.cbk_call(cb, 1) == 2)
                assert(lib.cbk_sum(cb, 100) == 5050)
                local own <close> = ffi.callback("int (*)(int)", function(n) return -n end)
                assert(own(3) == -3)
            end]])
        assert.equal("", output)
        assert.equal(0, status)
    end)
end)

describe("a child process", function()
    local work = [[
        ffi.cdef "int fork(void); int waitpid(int pid, int *status, int options); void _exit(int status);"
        local inherited = ffi.cast("int (*)(int)", function(n) return n + 1 end)
        local function work()
            collectgarbage()
            local list = {}
            for i = 1, 500 do list[i] = ffi.callback("int (*)(int)", function(n) return n + i end) end
            for i = 1, 500 do assert(lib.cbk_call(list[i], 1) == i + 1) end
            for i = 1, 500 do list[i]:free() end
            assert(lib.cbk_call(inherited, 1) == 2)
            assert(ffi.callbacks() == 1)
            inherited:free()
        end
        local status = ffi.new "int[1]"
        for _ = 1, 5 do
            local pid = ffi.C.fork()
            if pid == 0 then ffi.C._exit(pcall(work) and 0 or 1) end
            for i = 1, 300 do ffi.callback("int (*)(int)", print) end
            assert(ffi.C.waitpid(pid, status, 0) == pid)
            assert(status[0] == 0)
        end
        collectgarbage()
        work()]]

    it("makes, calls and frees callbacks", function()
        local output, status = program(work)
        assert.equal("", output)
        assert.equal(0, status)
    end)

    it("does so while other threads make callbacks", function()
        if support.has_valgrind then return pending "skipped under valgrind: threads and fork" end
        if os.getenv "AIRLOCK_ASAN" then return pending "skipped: a lock of AddressSanitizer's allocator, held by another thread" end
        local output, status = states("threads", work)
        assert.equal("", output)
        assert.equal(0, status)
    end)
end)
