-- Callbacks that C calls in threads of its own: refused, or queued for the state to run.
local ffi = require "ffi"
local support = require "spec.support"

local lib = support.load "callbacks"
local nthreads, ncalls = 8, support.has_valgrind and 20 or 300

ffi.cdef [[
typedef unsigned long cbk_pthread;
int pthread_create(cbk_pthread *thread, const void *attributes, void *(*start)(void *), void *argument);
int pthread_join(cbk_pthread thread, void **result);
]]

local function wanted(n) return 3 * n + 1 end

-- Calls f with a handler of ffi.onerror that leaves the errors to be raised: what it was told, and what f returned or raised.
local function told_by(f)
    local told = {}
    local before = ffi.onerror(function(message) told[#told + 1] = message end)
    local results = table.pack(pcall(f))
    ffi.onerror(before)
    return told, table.unpack(results, 1, results.n)
end

-- Polls until the threads have ended: how many results were right.
local function poll_all(threads)
    while lib.cbk_is_over(threads) == 0 do ffi.poll(0.05) end
    return lib.cbk_join(threads)
end

local function wait(threads)
    while lib.cbk_is_over(threads) == 0 do lib.cbk_wanted(0) end
end

-- Until all threads have ended and nothing is left to raise: the errors that C functions and ffi.poll raised.
local function errors_until_over(threads)
    local raised, over = {}, 0
    local before = ffi.onerror(function() end)
    local function try(f, ...)
        local worked, result = pcall(f, ...)
        if not worked then raised[#raised + 1] = result end
        return worked and result
    end
    while over ~= 1 do
        try(ffi.poll, 0.01)
        over = try(lib.cbk_is_over, threads)
    end
    while not try(ffi.poll) do end -- luacheck: ignore
    ffi.onerror(before)
    return raised
end

-- Threads that wait until `open` lets them call; it makes no call of Airlock's itself, and returns when they have called.
local function start_closed(name, ...)
    lib.cbk_is_closed, lib.cbk_nentered = 1, 0
    return lib["cbk_start_" .. name](...)
end
local function open(count)
    lib.cbk_is_closed = 0
    while lib.cbk_nentered < count do os.execute "sleep 0.01" end
    os.execute(support.has_valgrind and "sleep 1" or "sleep 0.1")
end

local not_reached = function() error "not reached" end

describe("a queued callback", function()
    local kinds = {
        int = { "int (int)", function(n) return wanted(n) end },
        double = { "double (double)", function(x) return wanted(x) end },
        bool = { "_Bool (long)", function(n) return wanted(n) % 2 ~= 0 end },
        void = { "void (int *)", function(p) p[0] = wanted(p[0]) end },
        pointer = { "const char *(const char *)", function(text) return tostring(wanted(math.tointeger(ffi.string(text)))) end },
        small = { "cbk_small (cbk_small)", function(small)
            assert(small.b == small.a)
            return { wanted(small.a), wanted(small.a) }
        end },
        large = { "cbk_large (int, cbk_large)", function(n, large)
            assert(large.a == n and large.b == n and ffi.string(large.c) == tostring(n))
            large.a, large.b = wanted(n), wanted(n)
            return large
        end },
        extended = { "long double (long double, long double _Complex)", function(x, z)
            assert(z.re == x and z.im == 1)
            return wanted(x)
        end },
        many = { "long (long, long, long, long, long, long, long, long, double, double, double, double, double, double, double, double, double)",
            function(...)
                local sum = 0
                for _, n in ipairs { ... } do sum = sum + n end
                return wanted(sum)
            end },
    }

    for name, kind in pairs(kinds) do
        it(("takes and gives %s, from other threads"):format(name), function()
            local thread_of, count = {}, 0
            local cb <close> = ffi.callback(kind[1], function(...)
                thread_of[coroutine.running()] = true
                count = count + 1
                return kind[2](...)
            end, { thread = "queue" })
            local ncallers = name == "pointer" and 1 or nthreads -- what it returns is kept until the next
            assert.equal(ncallers * ncalls, poll_all(lib["cbk_start_" .. name](cb, ncallers, ncalls)))
            assert.equal(ncallers * ncalls, count)
            assert.same({ [coroutine.running()] = true }, thread_of)
        end)
    end

    it("whose pointer results are kept elsewhere gives them right too", function()
        local kept = {}
        local cb <close> = ffi.callback("const char *(const char *)", function(text)
            kept[#kept + 1] = ffi.new("char[32]", tostring(wanted(math.tointeger(ffi.string(text)))))
            return kept[#kept]
        end, { thread = "queue" })
        assert.equal(nthreads * ncalls, poll_all(lib.cbk_start_pointer(cb, nthreads, ncalls)))
    end)

    it("is run when any C function returns", function()
        local cb <close> = ffi.callback("int (int)", wanted, { thread = "queue" })
        local threads = lib.cbk_start_int(cb, nthreads, ncalls)
        wait(threads)
        assert.equal(nthreads * ncalls, lib.cbk_join(threads))
    end)

    it("runs on the coroutine that polls, or calls, which need not be the one that made it", function()
        local cb, ran_on
        coroutine.wrap(function()
            cb = ffi.callback("int (int)", function(n)
                ran_on = coroutine.running()
                return wanted(n)
            end, { thread = "queue" })
        end)()
        local polling
        coroutine.wrap(function()
            polling = coroutine.running()
            assert.equal(1, poll_all(lib.cbk_start_int(cb, 1, 1)))
        end)()
        assert.equal(polling, ran_on)
        cb:free()
    end)

    it("called by the state's own thread runs at once", function()
        local cb <close> = ffi.callback("int (int)", wanted, { thread = "queue" })
        assert.equal(wanted(5), lib.cbk_call(cb, 5))
    end)

    it("may call C, which calls back, and poll", function()
        local plain <close> = ffi.callback("int (int)", wanted)
        local cb <close> = ffi.callback("int (int)", function(n)
            ffi.poll()
            return lib.cbk_call(plain, n)
        end, { thread = "queue" })
        assert.equal(4 * 50, poll_all(lib.cbk_start_int(cb, 4, 50)))
    end)

    it("whose function fails has its error raised by ffi.poll; others wait for the next", function()
        local cb <close> = ffi.callback("int (int)", function(n)
            if n % 10 == 3 then error("three", 0) end
            return wanted(n)
        end, { thread = "queue", error = -5 })
        local threads = lib.cbk_start_int(cb, nthreads, 10)
        local raised = errors_until_over(threads)
        assert.equal(nthreads, #raised)
        for _, message in ipairs(raised) do assert.equal("three", message) end
        assert.equal(nthreads * 9, lib.cbk_join(threads))
    end)

    it("that is freed while it waits returns zero, and that is an error", function()
        local cb = ffi.callback("cbk_large (int, cbk_large)", not_reached, { thread = "queue" })
        local threads = start_closed("large", cb, nthreads, 1)
        open(nthreads)
        cb:free()
        local raised = errors_until_over(threads)
        assert.equal(nthreads, #raised)
        for _, message in ipairs(raised) do
            assert.equal("a callback of type 'struct cbk_large (int, struct cbk_large)' was called after it had been freed", message)
        end
        assert.equal(nthreads, lib.cbk_nzero(threads))
        assert.equal(0, lib.cbk_join(threads))
    end)

    it("that is freed, and its place taken, while it waits returns zero", function()
        local cb = ffi.callback("int (int)", not_reached, { thread = "queue" })
        local threads = start_closed("int", cb, 1, 1)
        local address, others = tostring(cb):match "0x%x+", {}
        open(1)
        cb:free()
        repeat
            others[#others + 1] = ffi.callback("cbk_large (*)(int)", not_reached)
        until tostring(others[#others]):match "0x%x+" == address or #others > 20000
        errors_until_over(threads)
        assert.equal(1, lib.cbk_nzero(threads))
        assert.equal(0, lib.cbk_join(threads))
    end)

    it("may free itself", function()
        local cb
        cb = ffi.callback("int (int)", function(n)
            cb:free()
            return wanted(n)
        end, { thread = "queue" })
        assert.equal(1, poll_all(lib.cbk_start_int(cb, 1, 1)))
    end)

    it("may be a thread's start routine", function()
        local results = {}
        local start <close> = ffi.callback("void *(*)(void *)", function(argument)
            results[#results + 1] = ffi.cast("intptr_t", argument)
            return ffi.cast("void *", ffi.cast("intptr_t", argument) * 2)
        end, { thread = "queue" })
        local threads = {}
        for i = 1, 10 do
            threads[i] = ffi.new "cbk_pthread[1]"
            assert.equal(0, ffi.C.pthread_create(threads[i], nil, start, ffi.cast("void *", i)))
        end
        while #results < 10 do ffi.poll(0.1) end
        local sum = 0
        for i = 1, 10 do
            local result = ffi.new "void *[1]"
            assert.equal(0, ffi.C.pthread_join(threads[i][0], result))
            sum = sum + ffi.cast("intptr_t", result[0])
        end
        assert.equal(110, sum)
    end)
end)

describe("a plain callback in another thread", function()
    it("does not run, gives zero, and is an error of the next FFI call, whichever it is", function()
        local cb <close> = ffi.callback("int (int)", not_reached)
        local threads = start_closed("int", cb, 1, 5)
        open(1)
        local told, worked, message = told_by(function() return lib.cbk_wanted(1) end)
        assert.is_false(worked)
        assert.equal("a callback of type 'int (int)' was called on another thread than its state's; "
            .. "ffi.callback's option thread = \"queue\" allows that", message)
        assert.same({ message }, told)
        assert.equal(1, lib.cbk_is_over(threads))
        assert.equal(5, lib.cbk_nzero(threads))
        lib.cbk_join(threads)
    end)

    it("gives its error value", function()
        local cb <close> = ffi.callback("int (int)", not_reached, { error = wanted(0) })
        local threads = start_closed("int", cb, 1, 1)
        open(1)
        errors_until_over(threads)
        assert.equal(1, lib.cbk_join(threads))
    end)

    it("gives a zero of each kind", function()
        for name, type in pairs {
            double = "double (double)", pointer = "const char *(const char *)", small = "cbk_small (cbk_small)",
            large = "cbk_large (int, cbk_large)", extended = "long double (long double, long double _Complex)",
        } do
            local cb = ffi.cast(ffi.typeof("$ *", ffi.typeof(type)), not_reached)
            local threads = start_closed(name, cb, 2, 10)
            open(2)
            assert.is_true(#errors_until_over(threads) >= 1)
            assert.equal(20, lib.cbk_nzero(threads), name)
            lib.cbk_join(threads)
            cb:free()
        end
    end)

    it("that was freed says so", function()
        local cb = ffi.cast("int (*)(int)", not_reached)
        cb:free()
        local threads = start_closed("int", cb, 1, 1)
        open(1)
        assert.same({ "a callback of type 'int (int)' was called after it had been freed" }, errors_until_over(threads))
        assert.equal(1, lib.cbk_nzero(threads))
        lib.cbk_join(threads)
    end)

    it("may be handled by ffi.onerror", function()
        local cb <close> = ffi.callback("int (int)", function() error "not reached" end)
        local told = 0
        local before = ffi.onerror(function()
            told = told + 1
            return true
        end)
        local threads = start_closed("int", cb, 2, 10)
        open(2)
        wait(threads)
        ffi.poll()
        ffi.onerror(before)
        assert.is_true(told >= 1)
        lib.cbk_join(threads)
    end)
end)

describe("ffi.poll", function()
    it("returns at once without an argument, and when there is nothing", function()
        assert.equal(0, ffi.poll())
        assert.equal(0, ffi.poll(0))
        assert.equal(0, ffi.poll(nil))
    end)

    it("waits for as long as it is told, at most", function()
        local function clock() return tonumber(support.read "/proc/uptime":match "%S+") end
        local before = clock()
        assert.equal(0, ffi.poll(0.2))
        local elapsed = clock() - before
        assert.is_true(elapsed >= 0.17, elapsed)
    end)

    it("comes back when a call arrives", function()
        local cb <close> = ffi.callback("int (int)", wanted, { thread = "queue" })
        local threads = start_closed("int", cb, 1, 1)
        lib.cbk_is_closed = 0
        local count = 0
        repeat count = count + ffi.poll(math.huge) until count == 1
        wait(threads)
        assert.equal(1, lib.cbk_join(threads))
    end)

    it("comes back when a signal does", function()
        lib.cbk_signal_soon(50)
        assert.equal(0, ffi.poll(1000))
    end)

    it("refuses what is no time", function()
        for _, seconds in ipairs { -1, 0 / 0, "1", {}, true } do assert.is_false((pcall(ffi.poll, seconds))) end
    end)

    it("works inside callbacks and coroutines", function()
        local cb <close> = ffi.callback("int (int)", function(n) return ffi.poll(0) + n end)
        assert.equal(7, lib.cbk_call(cb, 7))
        assert.equal(0, coroutine.wrap(function() return ffi.poll(0.001) end)())
    end)
end)

describe("a state that closes", function()
    local function program(text) return support.lua_text_with("callbacks", text) end

    it("gives zero to threads that wait, and to those that come later, and reports that once", function()
        local output, status = program [[
            lib.cbk_call_at_exit(lib.cbk_wait)
            lib.cbk_is_closed = 1
            local function not_reached() print "not reached" return 1 end
            lib.cbk_start_int(ffi.cast("int (*)(int)", not_reached), 4, 1000)
            lib.cbk_start_large(ffi.callback("cbk_large (int, cbk_large)", not_reached, { thread = "queue" }), 4, 1000)
            lib.cbk_is_closed = 0
            os.execute "sleep 0.15"]]
        assert.equal(0, status, output)
        assert.matches("^airlock: C called a callback whose Lua state has been closed; it returned zero\nat exit: 8000\n", output)
    end)
end)
