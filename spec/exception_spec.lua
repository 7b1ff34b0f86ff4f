-- C++ exceptions out of C functions: what Lua sees of them, whatever C++ runtime threw them and however it was called, and
-- that C++ goes on as if it had caught them itself.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef(support.header "throws")

-- A message without its position.
local function bare(message)
    return type(message) == "string" and message:gsub("^[^\n]-:%d+: ", "") or message
end

-- That of an error that must come.
local function raised(f, ...)
    local worked, message = pcall(f, ...)
    assert.is_false(worked)
    return bare(message)
end

-- Errors of callbacks without a handler go to the standard error output too; what these specs raise on purpose should not.
local function quietly(f, ...)
    local before = ffi.onerror(function() return false end)
    local results = table.pack(pcall(f, ...))
    ffi.onerror(before)
    assert.is_false(results[1])
    return bare(results[2])
end

-- AddressSanitizer's run has libstdc++ in front of all libraries, and so in the place of libc++'s functions too.
local has_asan = os.getenv "AIRLOCK_ASAN" ~= nil

local runtimes = {
    { name = "libstdc++, shared", library = "throws" },
    { name = "libstdc++, a part of the library", library = "throws_static" },
    { name = "libstdc++, a hidden part of the library", library = "throws_hidden", is_hidden = true },
    { name = "libc++", library = not has_asan and "throws_libcxx" or "" },
}

local function exists(path)
    local file = io.open(path)
    if file then file:close() end
    return file ~= nil
end

for _, runtime in ipairs(runtimes) do
    -- luacheck: push ignore 143
    local describe = exists(support.path(runtime.library)) and describe or pending
    -- luacheck: pop
    describe("an exception of " .. runtime.name .. ",", function()
        local lib = ffi.load(support.path(runtime.library))
        local ncounted, nuncaught

        before_each(function()
            ncounted, nuncaught = lib.throws_counted(), lib.throws_uncaught()
        end)

        -- What C++ sees of an exception, as the message says it.
        local function expected(kind)
            local type = ffi.string(runtime.is_hidden and lib.throws_mangled(kind) or lib.throws_spelled(kind))
            if runtime.is_hidden then type = type:gsub("^%*", "") end
            local what = lib.throws_what(kind)
            return "C++ exception " .. type .. (what and ": " .. ffi.string(what) or "")
        end

        -- All that C++ made has been destroyed, and it knows of no exception any more.
        local function settled()
            assert.equal(lib.throws_guards(), lib.throws_guards_destroyed())
            assert.equal(ncounted, lib.throws_counted())
            if not runtime.is_hidden then assert.equal(0, lib.throws_uncaught()) end
        end

        for kind = 1, lib.throws_count() do
            local name = ffi.string(lib.throws_name(kind))
            if not ((has_asan or support.has_valgrind) and name == "what operator new throws") then -- theirs ends the program
                it(name .. " is told as C++ sees it", function()
                    local message = expected(kind)
                    assert.equal(message, raised(lib.throws_int, kind))
                    assert.equal(message, raised(lib.throws_int, kind))
                    settled()
                end)
            end
        end

        it("is counted as caught, if the runtime can be told", function()
            raised(lib.throws_int, 1)
            assert.equal(nuncaught + (runtime.is_hidden and 1 or 0), lib.throws_uncaught())
        end)

        it("comes out of functions of all kinds", function()
            local message = expected(1)
            local large = ffi.new("throws_large", { { 1, 2, 3, 4, 5, 6, 7, 8 } })
            lib.throws_choose(1)
            assert.equal(message, raised(lib.throws_none))
            assert.equal(message, raised(lib.throws_void, 1))
            assert.equal(message, raised(lib.throws_longs, 1, 2, 3, 4, 5, 6))
            assert.equal(message, raised(lib.throws_stack, 1, 2, 3, 4, 5, 6, 7, 8, large))
            assert.equal(message, raised(lib.throws_doubles, 1, 2, 3, 4, 5, 6, 7, 8))
            assert.equal(message, raised(lib.throws_float, 1))
            assert.equal(message, raised(lib.throws_bool, 1))
            assert.equal(message, raised(lib.throws_string, 1))
            assert.equal(message, raised(lib.throws_pointer, ffi.cast("void *", 1)))
            assert.equal(message, raised(lib.throws_long_double, 1))
            assert.equal(message, raised(lib.throws_complex, 1))
            assert.equal(message, raised(lib.throws_by_pair, { 0, 1 }))
            assert.equal(message, raised(lib.throws_by_large, 1))
            assert.equal(message, raised(lib.throws_variadic, 1, 2))
            assert.equal(message, raised(lib.throws_variadic, 1, 2, ffi.new("long double", 3)))
            assert.equal(message, raised(lib.throws_function(), 1))
            settled()
        end)

        it("leaves these functions as they were", function()
            local large = ffi.new("throws_large", { { 1, 2, 3, 4, 5, 6, 7, 8 } })
            raised(lib.throws_int, 1)
            assert.equal(20, lib.throws_longs(0, 2, 3, 4, 5, 6))
            assert.equal(43, lib.throws_stack(0, 2, 3, 4, 5, 6, 7, 8, large))
            assert.equal(35.0, lib.throws_doubles(0, 2, 3, 4, 5, 6, 7, 8))
            assert.equal("string", ffi.string(lib.throws_string(0)))
            assert.equal(0, lib.throws_by_pair({ 5, 0 }).b)
            assert.equal(2, lib.throws_variadic(0, 2))
            assert.equal(-1, lib.throws_function()(0))
            settled()
        end)

        it("comes out of a function that a callback called, into the callback", function()
            local messages = {}
            local cb <close> = ffi.callback("int (int)", function(kind)
                messages[#messages + 1] = raised(lib.throws_int, kind)
                return kind
            end)
            assert.equal(4, lib.throws_through(cb, 3))
            assert.equal(2, lib.throws_caught(cb, 2))
            assert.same({ expected(3), expected(2) }, messages)
            settled()
        end)

        it("that no callback catches is carried around the C++ code in between", function()
            local cb <close> = ffi.callback("int (int)", function(kind) return lib.throws_int(kind) end)
            local nreturns = lib.throws_returns()
            local message = quietly(lib.throws_through, cb, 1)
            assert.equal(expected(1), message)
            message = quietly(lib.throws_caught, cb, 1)
            assert.equal(expected(1), message)
            assert.equal(nreturns + 2, lib.throws_returns())
            settled()
        end)

        it("comes after the error of a callback, which is the one to be raised", function()
            local value = {}
            local cb <close> = ffi.callback("int (int)", function() error(value) end)
            local nreturns = lib.throws_returns()
            local message = quietly(lib.throws_behind, cb, 1, 1)
            assert.equal(value, message)
            assert.equal(nreturns + 1, lib.throws_returns())
            cb:set(function() return 1 end)
            assert.equal(expected(1), raised(lib.throws_behind, cb, 1, 1))
            settled()
        end)

        it("may be thrown, and caught, while another is on its way", function()
            local message
            local cb <close> = ffi.callback("int (int)", function(kind)
                message = raised(lib.throws_int, kind)
                return 0
            end)
            assert.equal(expected(2), raised(lib.throws_unwinding, cb, 11, 2))
            assert.equal(expected(11), message)
            settled()
        end)

        it("may call back when it is asked what it is", function()
            local asked
            local cb <close> = ffi.callback("int (int)", function(x)
                asked = raised(lib.throws_int, x)
                return 0
            end)
            assert.matches(": asked$", raised(lib.throws_asking, cb, 11))
            assert.equal(expected(11), asked)
            cb:set(function() error({}) end)
            local value = quietly(lib.throws_asking, cb, 1)
            assert.same({}, value)
            settled()
        end)

        it("passes in coroutines", function()
            local thread = coroutine.create(function(kind)
                coroutine.yield(raised(lib.throws_int, kind))
                return lib.throws_int(kind)
            end)
            assert.same({ true, expected(1) }, { coroutine.resume(thread, 1) })
            local worked, message = coroutine.resume(thread)
            assert.is_false(worked)
            assert.equal(expected(1), bare(message))
            settled()
        end)

        it("leaves errno as C++ had it", function()
            raised(lib.throws_errno, 1, 77)
            assert.equal(77, ffi.errno())
        end)

        it("does so thousands of times, and in nested calls", function()
            local depth = 0
            local cb <close> = ffi.callback("int (int)", function() return 0 end)
            local function down(x)
                depth = depth + 1
                if x == 0 then return lib.throws_int(1) end
                return lib.throws_through(cb, x - 1)
            end
            cb:set(down)
            for _ = 1, 2000 do raised(lib.throws_int, 1) end
            assert.equal(expected(1), quietly(down, 50))
            assert.equal(51, depth)
            settled()
        end)
    end)
end

describe("an exception", function()
    local lib = ffi.load(support.path "throws")

    it("is an error at the call's place", function()
        local _, message = pcall(function() lib.throws_int(1) end)
        local here = debug.getinfo(1, "Sl")
        assert.equal(("%s:%d: C++ exception std::runtime_error: one"):format(here.short_src, here.currentline - 1), message)
    end)

    it("has a traceback", function()
        local function inner() lib.throws_int(1) end
        local _, traceback = xpcall(function() inner() end, debug.traceback)
        assert.matches("C%+%+ exception std::runtime_error: one\nstack traceback:.*in upvalue 'inner'", traceback)
    end)

    it("comes out of metamethods that are C functions", function()
        local pair = ffi.metatype("throws_pair", { __call = lib.throws_object })(1, 2)
        assert.equal("C++ exception std::runtime_error: one", raised(pair))
        assert.equal("C++ exception std::runtime_error: one", raised(function() return pair() + 1 end))
    end)

    it("that is another language's is ended as such", function()
        local nended = lib.throws_foreign_ended()
        assert.equal("exception of another language than C++", raised(lib.throws_foreign))
        assert.equal(nended + 1, lib.throws_foreign_ended())
        assert.equal(lib.throws_guards(), lib.throws_guards_destroyed())
    end)

    it("of a function that is called for its address passes to the C++ code that calls it", function()
        assert.equal(-1, lib.throws_caught(lib.throws_int, 1))
    end)
end)

-- What ends a process, or wants another host, is tried in one of its own.
local start = ([[
local before = setmetatable({}, { __gc = function() end })
local ffi = require "ffi"
ffi.cdef %q
local lib = ffi.load %q
]]):format(support.header "throws", support.path "throws")

local function run(text)
    return support.lua_text(start .. text)
end

describe("a finaliser that throws", function()
    it("is a warning in a collection, as any error of a finaliser", function()
        local output, status = run [[
            warn "@on"
            ffi.gc(ffi.new("throws_pair", 1), lib.throws_object)
            collectgarbage()
            print(lib.throws_guards() == lib.throws_guards_destroyed(), lib.throws_uncaught())
        ]]
        assert.equal("Lua warning: error in __gc (C++ exception std::runtime_error: one)\ntrue\t0\n", output)
        assert.equal(0, status)
    end)

    it("is one when the state closes, before and behind the module's own", function()
        local output, status = run [[
            warn "@on"
            kept = ffi.gc(ffi.new("throws_pair", 1), lib.throws_object)
            function late() return select(2, pcall(lib.throws_int, 1)) end
            getmetatable(before).__gc = function() print(late(), lib.throws_guards() == lib.throws_guards_destroyed()) end
        ]]
        assert.equal("Lua warning: error in __gc (C++ exception std::runtime_error: one)\n" ..
            "C++ exception std::runtime_error: one\ttrue\n", output)
        assert.equal(0, status)
    end)
end)

describe("forced unwinding", function()
    for _, name in ipairs { "exit", "cancel" } do
        it("by pthread_" .. name .. " passes", function()
            local output, status = run(([[
                io.stdout:setvbuf "no"
                lib.throws_%s()
                print "returned"
            ]]):format(name))
            assert.equal(name .. "\n", output)
            assert.equal(0, status)
        end)
    end
end)

for name, package in pairs { C = "lua5.4", ["C++"] = "lua5.4-c++" } do
    local is_there = os.execute(("pkg-config --exists %s 2>/dev/null"):format(package)) == true
    -- luacheck: push ignore 143
    local describe = is_there and describe or pending
    -- luacheck: pop
    describe("in a host in C++, with Lua built as " .. name .. ",", function()
        local directory, program

        setup(function()
            directory = support.new_directory()
            program = directory .. "/throws"
            local command = ("%s -std=c++17 -O2 -g -Wall -Wextra $(pkg-config --cflags %s) -o %s %s/spec/states/throws.cc %s"):format(
                os.getenv "CXX" or "g++", package, program, support.quote(support.root), ("$(pkg-config --libs %s) -lpthread"):format(package))
            local output, status = support.run(command .. " 2>&1")
            assert(status == 0, output)
        end)

        teardown(function() support.remove(directory) end)

        local function host(mode, text)
            support.write(directory .. "/script.lua", start .. text)
            return support.run(("%s %s %s %s/script.lua 2>&1"):format(os.getenv "LUA_WRAPPER" or "", program, mode, directory))
        end

        it("exceptions and Lua's own errors are told apart", function()
            local output, status = host("run", [[
                ffi.onerror(function() return false end)
                local cb = ffi.callback("int (int)", function(kind) return lib.throws_int(kind) end)
                local function check(wanted, f, ...)
                    local worked, message = pcall(f, ...)
                    assert(not worked and message:gsub("^[^\n]-:%d+: ", "") == wanted, message)
                end
                for kind = 1, 20 do
                    local what = lib.throws_what(kind)
                    local message = "C++ exception " .. ffi.string(lib.throws_spelled(kind)) .. (what and ": " .. ffi.string(what) or "")
                    check(message, lib.throws_int, kind)
                    check(message, lib.throws_through, cb, kind)
                    check(message, lib.throws_behind, ffi.cast("int (*)(int)", lib.throws_errno), 0, kind)
                    check("'int' expected, got string (argument #1 'kind' of 'throws_int')", lib.throws_int, "x")
                end
                local function down(n)
                    if n == 0 then return lib.throws_int "x" end
                    cb:set(down)
                    return lib.throws_through(cb, n - 1)
                end
                check("'int' expected, got string (argument #1 'kind' of 'throws_int')", down, 10)
                print(lib.throws_guards() - lib.throws_guards_destroyed(), lib.throws_counted(), lib.throws_uncaught())
                setmetatable({}, { __gc = function() check("C++ exception std::runtime_error: one", lib.throws_int, 1) end })
            ]])
            assert.equal("0\t0\t0\n", output)
            assert.equal(0, status)
        end)

        it("a call that C has left by longjmp is no one's", function()
            local output, status = host("abandoned", [[
                ffi.onerror(function() return false end)
                local cb <close> = ffi.callback("int (int)", function(kind)
                    if id == 1 then leave() end
                    return lib.throws_int(kind)
                end)
                local function down(n)
                    if n == 0 then lib.throws_through(cb, 1) end
                    pcall(down, n - 1)
                end
                if id == 1 then down(20) end
                print(select(2, pcall(lib.throws_int, 3)))
                print(select(2, pcall(lib.throws_deep, 3, 20)))
            ]])
            assert.equal("C++ exception int\nC++ exception int\n", output)
            assert.equal(0, status)
        end)

        it("an exception out of Lua itself is the host's", function()
            local output, status = host("run", [[
                ffi.onerror(function() return false end)
                local cb <close> = ffi.callback("int (int)", function() fail "host" end)
                print(protect(function() lib.throws_through(cb, 1) end))
                print(select(2, pcall(lib.throws_int, 3)))
            ]])
            -- Lua built as C++ catches it, in the callback.
            assert.equal(name == "C" and "host\nC++ exception int\n" or "host\n", output)
            assert.equal(name == "C" and 0 or 2, status)
        end)

        it("an exception in a thread without Lua is its C++ code's", function()
            local output, status = host("foreign", [[
                return ffi.tonumber(ffi.cast("intptr_t", ffi.cast("void *", lib.throws_int)))
            ]])
            assert.equal("caught: one\n", output)
            assert.equal(0, status)
        end)

        if name == "C" then -- Lua built as C++ stops pthread_exit
            it("a thread may end in a call, and the state live on", function()
                local output, status = host("thread", [[
                    local ends = ffi.callback("int (int)", function() lib.throws_exit() end)
                    local adds = ffi.callback("int (int)", function(x) return x + 1 end)
                    function after()
                        print(adds(1), lib.throws_through(adds, 1), (select(2, pcall(lib.throws_int, 3))))
                    end
                    ffi.onerror(function(message) print(message) end)
                    fails = ffi.tonumber(ffi.cast("intptr_t", ffi.cast("int (*)(int)", function() error("told", 0) end)))
                    coroutine.wrap(function() lib.throws_through(ends, 1) end)()
                ]])
                assert.equal("exit\n2\t3\tC++ exception int\ntold\n2\t3\tC++ exception int\n", output)
                assert.equal(0, status)
            end)
        end
    end)
end
