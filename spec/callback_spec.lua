-- Lua functions as C function pointers, in short: how they are made, called, freed, and what becomes of their errors. callback_value_spec.lua has
-- every type, callback_lifetime_spec.lua how long they live, callback_error_spec.lua errors, callback_thread_spec.lua other threads.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef [[
void qsort(void *base, size_t count, size_t size, int (*compare)(const int *, const int *));
typedef struct callback_pair { int a; double b; } callback_pair;
]]

-- Errors without a handler go to the standard error output too; what these specs raise on purpose should not.
local quietly = support.quietly

local function refused(f, ...)
    local worked, message = pcall(f, ...)
    assert.is_false(worked)
    return (message:gsub("^[^\n]-:%d+: ", ""))
end

describe("a Lua function", function()
    it("goes where C wants a function pointer", function()
        local list = ffi.new("int[5]", 3, 1, 5, 2, 4)
        ffi.C.qsort(list, 5, ffi.sizeof "int", function(a, b) return a[0] - b[0] end)
        assert.same({ 1, 2, 3, 4, 5 }, ffi.totable(list))
    end)

    it("becomes one permanent callback for each type", function()
        local function f(x) return x end
        local before = ffi.callbacks()
        local first = ffi.new("struct { int (*f)(int); long (*g)(long); }", f, f)
        local second = ffi.new("struct { int (*f)(int); }", f)
        assert.equal(before + 2, ffi.callbacks())
        assert.is_true(first.f == second.f)
        assert.equal(7, second.f(7))
        assert.equal(8, first.g(8))
        first.f:free()
        assert.equal(before + 1, ffi.callbacks())
        assert.is_true(ffi.new("struct { int (*f)(int); }", f).f(9) == 9)
    end)

    it("gets copies of structs and gives structs", function()
        local kept
        local cb <close> = ffi.callback("callback_pair (callback_pair, long double, char)", function(pair, x, c)
            kept = pair
            return { pair.a + c, pair.b + x }
        end)
        local pair = ffi.new("callback_pair", 1, 2.5)
        local result = cb(pair, 10, 65)
        pair.a = 100
        assert.equal(1, kept.a)
        assert.equal(66, result.a)
        assert.equal(12.5, result.b)
    end)

    it("cannot be a variadic one", function()
        assert.equal("no callback can have the type 'int (int, ...)': it could not tell what variadic arguments it got",
            refused(ffi.cast, "int (*)(int, ...)", print))
    end)

    it("nests 150 deep, and further is an error", function()
        local f
        f = ffi.cast("int (*)(int)", function(n) return n == 0 and 0 or f(n - 1) + 1 end)
        assert.equal(150, f(150))
        local worked, message = quietly(function() return f(1000) end)
        assert.is_false(worked)
        assert.matches("stack overflow", message)
        f:free()
    end)
end)

describe("a callback", function()
    it("is freed, and another function put in", function()
        local before = ffi.callbacks()
        local cb = ffi.cast("double (*)(double, bool)", function(x, is_half) return is_half and x / 2 or x end)
        assert.equal(before + 1, ffi.callbacks())
        assert.equal(2.0, cb(4, true))
        cb:set(function(x) return -x end)
        assert.equal(-4.0, cb(4, true))
        assert.equal("bad argument #2 to 'set' (function expected, got no value)", refused(cb.set, cb))
        cb:free()
        assert.equal(before, ffi.callbacks())
        assert.equal("bad argument #1 to 'free' ('double (*)(double, _Bool)' is no live callback)", refused(cb.free, cb))
        local worked, message = quietly(function() return cb(1, false) end)
        assert.is_false(worked)
        assert.matches("a callback of type 'double %(double, _Bool%)' was called after it had been freed$", message)
    end)

    it("of ffi.callback goes with its cdata", function()
        local before = ffi.callbacks()
        for _ = 1, 100 do ffi.callback("int (int)", function(x) return x end) end
        collectgarbage()
        collectgarbage()
        assert.equal(before, ffi.callbacks())
        do
            local cb <close> = ffi.callback("int (*)(int)", function(x) return x + 1 end)
            assert.equal(2, cb(1))
            assert.equal(before + 1, ffi.callbacks())
        end
        assert.equal(before, ffi.callbacks())
    end)

    it("tells where it was made", function()
        ffi.debug(true)
        local cb <close> = ffi.callback("int (int)", function(x) return x end)
        local line = debug.getinfo(1, "l").currentline - 1
        local _, places = ffi.callbacks()
        ffi.debug(false)
        assert.matches("callback_spec.lua:" .. line .. ":", places[1])
        assert.equal(1, cb(1))
    end)

    it("is asked for with its own words", function()
        assert.equal("bad argument #1 to 'ffi.callback' ('int' is no function type or pointer to one)", refused(ffi.callback, "int", print))
        assert.equal("bad argument #2 to 'ffi.callback' (Lua function expected, got number)", refused(ffi.callback, "int (int)", 3))
        assert.equal("'ffi.callback' has no option 'foo'", refused(ffi.callback, "int (int)", print, { foo = 1 }))
        assert.equal("option 'thread' of 'ffi.callback' is \"queue\", got boolean", refused(ffi.callback, "int (int)", print, { thread = true }))
        assert.equal("'int' expected, got string (option 'error' of 'ffi.callback')",
            refused(ffi.callback, "int (int)", print, { error = "x" }))
        assert.equal("bad argument #1 to 'ffi.onerror' (function or nil expected, got number)", refused(ffi.onerror, 1))
        assert.equal("bad argument #1 to 'ffi.poll' (number of seconds from 0 on expected, got string)", refused(ffi.poll, "1"))
    end)
end)

describe("an error in a callback", function()
    local value = { "any value" }

    it("is raised by the call of the C function, the value that it is", function()
        local cb <close> = ffi.callback("int (int)", function() error(value) end)
        local worked, raised = quietly(function() return cb(1) end)
        assert.is_false(worked)
        assert.equal(value, raised)
        assert.matches("error object is a table value.*stack traceback", ffi.lasttraceback())
    end)

    it("keeps other callbacks of the same C call from running", function()
        local ncalls, list = 0, ffi.new("int[100]")
        local worked = quietly(function()
            ffi.C.qsort(list, 100, ffi.sizeof "int", function()
                ncalls = ncalls + 1
                error "stop"
            end)
        end)
        assert.is_false(worked)
        assert.equal(1, ncalls)
    end)

    it("may be dealt with by a handler, and C gets the value for errors", function()
        local told = {}
        ffi.onerror(function(...)
            told[#told + 1] = table.pack(...)
            return true
        end)
        local cb <close> = ffi.callback("int (int)", function() error(value) end, { error = -7 })
        local result = cb(1)
        assert.is_function(ffi.onerror(nil))
        assert.equal(-7, result)
        assert.equal(1, #told)
        assert.equal(value, told[1][1])
        assert.matches("stack traceback", told[1][2])
    end)

    it("of its result names the type", function()
        local cb <close> = ffi.callback("double (int)", function() return "x" end)
        local _, message = quietly(function() return cb(1) end)
        assert.equal("'double' expected, got string (result of a callback of type 'double (int)')", message)
    end)

    it("is not to yield", function()
        local cb <close> = ffi.callback("int (void)", function() coroutine.yield(1) return 2 end)
        local worked, message = quietly(coroutine.wrap(function() return cb() end))
        assert.is_false(worked)
        assert.equal("attempt to yield across a C-call boundary: a callback cannot yield, C is waiting for it", message)
    end)
end)
