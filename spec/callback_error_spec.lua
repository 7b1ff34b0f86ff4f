-- Errors in Lua functions that C calls: how they get past C to the call that is waiting, who hears of them, and when.
local ffi = require "ffi"
local support = require "spec.support"

local lib = support.load "callbacks"
local Int = ffi.typeof "int (*)(int)"

-- Calls f with a handler of ffi.onerror: what f returned or raised, and what the handler was told.
local function told_by(f, handler)
    local told = {}
    local before = ffi.onerror(function(...)
        told[#told + 1] = table.pack(...)
        if handler then return handler(...) end
    end)
    local results = table.pack(pcall(f))
    ffi.onerror(before)
    return told, table.unpack(results, 1, results.n)
end

-- What a program prints, errors too, and its exit status. `lib` and `ffi` are there already.
local function program(text) return support.lua_text_with("callbacks", text) end

local function occurrences(text, pattern)
    return select(2, text:gsub(pattern, ""))
end

describe("an error in a callback", function()
    local object = setmetatable({}, { __tostring = function() return "an object" end })
    local values = {
        string = "text", ["empty string"] = "", integer = 42, float = 0.5, ["true"] = true, ["false"] = false, table = {}, object = object,
        ["function"] = print, thread = coroutine.create(print),
        file = io.stdout, cdata = ffi.new("int[2]"), ["64-bit cdata"] = ffi.new("uint64_t", 1),
    }

    for name, value in pairs(values) do
        it(("that is a %s is raised as it is"):format(name), function()
            local cb <close> = ffi.callback(Int, function() error(value, 0) end)
            local told, worked, raised = told_by(function() return lib.cbk_sum(cb, 10) end)
            assert.is_false(worked)
            assert.is_true(rawequal(value, raised))
            assert.equal(1, #told)
            assert.is_true(rawequal(value, told[1][1]))
            assert.equal(2, told[1].n)
            assert.equal(told[1][2], ffi.lasttraceback())
        end)
    end

    it("that is nil is raised as it is", function()
        local cb <close> = ffi.callback(Int, function() error() end)
        local told, worked, raised = told_by(function() return lib.cbk_sum(cb, 10) end)
        assert.is_false(worked)
        assert.is_nil(raised)
        assert.equal(1, #told)
    end)

    it("has a traceback that begins with what it says, and names its function and C's caller", function()
        local function guilty() error(object) end
        local cb <close> = ffi.callback(Int, function() guilty() end)
        told_by(function() lib.cbk_sum(cb, 1) end)
        local text = ffi.lasttraceback()
        assert.matches("^an object\nstack traceback:\n", text)
        assert.matches("callback_error_spec.lua:%d+: in upvalue 'guilty'", text)
        assert.matches("in function 'lib.cbk_sum'", (text:gsub("in field 'cbk_sum'", "in function 'lib.cbk_sum'")))
    end)

    it("may be an object that cannot say what it is", function()
        for _, tostring_of in ipairs { function() error "no" end, function() return {} end, 5 } do
            local value = setmetatable({}, { __tostring = tostring_of })
            local cb <close> = ffi.callback(Int, function() error(value) end)
            local told, worked, raised = told_by(function() lib.cbk_sum(cb, 1) end)
            assert.is_false(worked)
            assert.equal(value, raised)
            assert.matches("^%(error object .*\nstack traceback:", told[1][2])
        end
    end)

    it("keeps the others of its C call from running, not those of the next one", function()
        local ncalls = 0
        local cb <close> = ffi.callback(Int, function(n)
            ncalls = ncalls + 1
            if n == 3 then error "three" end
            return 1
        end)
        local other <close> = ffi.callback(Int, function() return 5 end)
        local _, worked = told_by(function() return lib.cbk_sum(cb, 10) end)
        assert.is_false(worked)
        assert.equal(4, ncalls)
        assert.equal(3, lib.cbk_sum(cb, 3))
        assert.equal(50, lib.cbk_sum(other, 10))
    end)

    it("may be that it was freed, which is told once for each C call, unless a handler deals with it", function()
        local cb = ffi.callback(Int, function() return 1 end)
        cb:free()
        local told, worked, raised = told_by(function() return lib.cbk_sum(cb, 100) end)
        assert.is_false(worked)
        assert.equal("a callback of type 'int (int)' was called after it had been freed", raised)
        assert.equal(1, #told)
        told, worked = told_by(function() return lib.cbk_sum(cb, 100) end, function() return true end)
        assert.is_true(worked)
        assert.equal(100, #told)
    end)

    it("gives C the error value where a callback has one, zero elsewhere, also for those that do not run any more", function()
        local seen = {}
        local outer <close> = ffi.callback(Int, function()
            local zero <close> = ffi.callback(Int, function() error "stop" end)
            local value <close> = ffi.callback(Int, function() error "stop" end, { error = -7 })
            seen.zero = lib.cbk_sum(zero, 3)
            seen.value = lib.cbk_sum(value, 3)
            return 0
        end)
        told_by(function() return lib.cbk_call(outer, 0) end, function() return true end)
        assert.same({ zero = 0, value = -21 }, seen)
    end)

    it("passes through several C calls, is reported once, and is the same at the end", function()
        local value, levels = {}, 0
        local function at(level)
            return function()
                levels = math.max(levels, level)
                if level == 20 then error(value) end
                local cb <close> = ffi.callback(Int, at(level + 1))
                return lib.cbk_sum(cb, 2)
            end
        end
        local cb <close> = ffi.callback(Int, at(1))
        local told, worked, raised = told_by(function() return lib.cbk_sum(cb, 2) end)
        assert.is_false(worked)
        assert.equal(value, raised)
        assert.equal(20, levels)
        assert.equal(1, #told)
        assert.matches("in function <.-callback_error_spec.lua", told[1][2])
    end)

    for name, wrap in pairs {
        ["coroutine.wrap"] = function(f) return coroutine.wrap(f)() end,
        ["pcall and error"] = function(f)
            local results = table.pack(pcall(f))
            if not results[1] then error(results[2], 0) end
            return table.unpack(results, 2, results.n)
        end,
        ["xpcall"] = function(f)
            local worked, value = xpcall(f, function(message) return message end)
            return worked and value or error(value, 0)
        end,
        ["coroutine.close"] = function(f)
            local thread = coroutine.create(f)
            local worked, value = coroutine.resume(thread)
            coroutine.close(thread)
            return worked and value or error(value, 0)
        end,
        ["a variable to be closed"] = function(f)
            local closed <close> = setmetatable({}, { __close = function() collectgarbage() end }) -- luacheck: ignore
            return (f())
        end,
    } do
        for kind, value in pairs { text = "boom", table = {} } do
            it(("passes through %s on its way, as a %s, and is reported once"):format(name, kind), function()
                local inner <close> = ffi.callback(Int, function() error(value, 0) end)
                local outer <close> = ffi.callback(Int, function() return wrap(function() return lib.cbk_sum(inner, 2) end) end)
                local told, worked, raised = told_by(function() return lib.cbk_sum(outer, 2) end)
                assert.is_false(worked)
                if kind == "table" then assert.equal(value, raised) else assert.matches("boom$", raised) end
                assert.equal(1, #told)
                assert.equal(value, told[1][1])
            end)
        end
    end

    it("that is caught inside goes no further", function()
        local inner <close> = ffi.callback(Int, function(n) return n == 1 and error "one" or 10 end)
        local outer <close> = ffi.callback(Int, function() return pcall(lib.cbk_sum, inner, 3) and 100 or 1 end)
        local told, worked, sum = told_by(function() return lib.cbk_sum(outer, 3) end)
        assert.is_true(worked)
        assert.equal(3, sum)
        assert.equal(3, #told)
    end)

    it("that an error caught inside is followed by is another one", function()
        local inner <close> = ffi.callback(Int, function() error "first" end)
        local outer <close> = ffi.callback(Int, function()
            pcall(lib.cbk_sum, inner, 1)
            error("second", 0)
        end)
        local told, worked, raised = told_by(function() return lib.cbk_sum(outer, 3) end)
        assert.is_false(worked)
        assert.equal("second", raised)
        assert.equal(2, #told)
        assert.matches("^second\n", ffi.lasttraceback())
    end)

    it("in the conversion of a result names the type", function()
        for type, message in pairs {
            ["int (*)(void)"] = "'int' expected, got string (result of a callback of type 'int (void)')",
            ["cbk_small (*)(void)"] = "'struct cbk_small' expected, got string (result of a callback of type 'struct cbk_small (void)')",
            ["int *(*)(void)"] = "'int *' expected, got string (result of a callback of type 'int *(void)')",
            ["_Bool (*)(void)"] = "'_Bool' expected, got string (result of a callback of type '_Bool (void)')",
            ["long double (*)(void)"] = "'long double' expected, got string (result of a callback of type 'long double (void)')",
        } do
            local cb <close> = ffi.callback(type, function() return "x" end)
            local _, worked, raised = told_by(function() return cb() end)
            assert.is_false(worked)
            assert.equal(message, raised)
        end
    end)

    it("in a metamethod that converts its result, or its arguments, goes the same way", function()
        ffi.cdef "struct cbk_meta { int n; };"
        ffi.metatype("struct cbk_meta", { __index = function(_, key) error("no " .. key, 0) end })
        local cb <close> = ffi.callback("int (*)(struct cbk_meta)", function(meta) return meta.other end)
        local _, worked, raised = told_by(function() return cb { 1 } end)
        assert.is_false(worked)
        assert.equal("no other", raised)
    end)

    it("may be that the stack has no more room", function()
        local cb <close> = ffi.callback(Int, function()
            local function deeper() return 1 + deeper() end
            return deeper()
        end)
        local told, worked, raised = told_by(function() return lib.cbk_sum(cb, 5) end)
        assert.is_false(worked)
        assert.matches("stack overflow", raised)
        assert.equal(1, #told)
        assert.equal(5, lib.cbk_sum(function() return 1 end, 5))
    end)

    it("may be that C has no more room, through C and Lua by turns", function()
        local output, status = program [[
            local depth, cb = 0, nil
            cb = ffi.cast("int (*)(int)", function(n)
                depth = math.max(depth, n)
                return lib.cbk_call(cb, n + 1)
            end)
            print(pcall(lib.cbk_call, cb, 0))
            print(depth >= 150)
            cb:set(function() return 7 end)
            print(lib.cbk_call(cb, 0))]]
        assert.equal(0, status, output)
        assert.equal(1, occurrences(output, "airlock: error in a callback: "))
        assert.matches("\nfalse\t[^\n]*C stack overflow\ntrue\n7\n$", output)
    end)

    it("in a coroutine's stack without room", function()
        local cb <close> = ffi.callback(Int, function() return 1 end)
        local function full(n) -- leaves about no slot, in a Lua stack of a million
            if n > 0 then return (full(n - 1)) end
            return lib.cbk_sum(cb, 1)
        end
        local worked, message
        for n = 199980, 199999 do
            local _
            _, worked, message = told_by(coroutine.wrap(function() return full(n) end))
            if not worked then assert.matches("overflow", message) end
        end
        assert.equal(1, lib.cbk_sum(cb, 1))
    end)

    it("of a finaliser that calls back becomes a warning", function()
        local output, status = program [[
            warn "@on"
            local cb = ffi.cast("int (*)(int)", function() error "from a finaliser" end)
            ffi.gc(ffi.new "int[1]", function() lib.cbk_sum(cb, 3) end)
            setmetatable({}, { __gc = function() lib.cbk_sum(cb, 3) end })
            collectgarbage()
            print(lib.cbk_sum(ffi.cast("int (*)(int)", function() return 1 end), 3))]]
        assert.equal(0, status, output)
        assert.equal(2, occurrences(output, "airlock: error in a callback: [^\n]*from a finaliser"))
        assert.equal(2, occurrences(output, "Lua warning: error in [^\n]*from a finaliser"))
        assert.matches("\n3\n$", output)
    end)
end)

describe("the handler of ffi.onerror", function()
    it("deals with the error by returning true: the C call goes on, and what it calls", function()
        local cb <close> = ffi.callback(Int, function(n) return n % 2 == 0 and error(n) or 1 end, { error = 100 })
        local told, worked, sum = told_by(function() return lib.cbk_sum(cb, 10) end, function() return true end)
        assert.is_true(worked)
        assert.equal(505, sum)
        assert.equal(5, #told)
    end)

    it("leaves it alone by returning nothing, false or nil", function()
        for _, answer in ipairs { { n = 0 }, { false, n = 1 }, { nil, n = 1 } } do
            local cb <close> = ffi.callback(Int, function() error "stop" end)
            local told, worked = told_by(function() return lib.cbk_sum(cb, 10) end, function() return table.unpack(answer, 1, answer.n) end)
            assert.is_false(worked)
            assert.equal(1, #told)
        end
    end)

    it("runs at once, while C waits", function()
        local order = {}
        local cb <close> = ffi.callback(Int, function(n)
            order[#order + 1] = n
            error(n)
        end)
        told_by(function() lib.cbk_sum(cb, 3) end, function(n)
            order[#order + 1] = ("told of %d"):format(n)
            return true
        end)
        assert.same({ 0, "told of 0", 1, "told of 1", 2, "told of 2" }, order)
    end)

    it("is given back by the next call, and goes with nil", function()
        local function first() end
        local function second() end
        local before = ffi.onerror(first)
        assert.equal(first, ffi.onerror(second))
        assert.equal(second, ffi.onerror(nil))
        assert.is_nil(ffi.onerror(before))
    end)

    it("may fail: that is written, and the error kept", function()
        local output, status = program [[
            local cb = ffi.cast("int (*)(int)", function() error("first", 0) end)
            ffi.onerror(function() error("second", 0) end)
            print(pcall(lib.cbk_sum, cb, 3))
            ffi.onerror(function() error {} end)
            print(pcall(lib.cbk_sum, cb, 3))]]
        assert.equal(0, status, output)
        assert.equal("airlock: error in a callback: second\nfalse\tfirst\n"
            .. "airlock: error in a callback: error in the handler of ffi.onerror\nfalse\tfirst\n", output)
    end)

    it("is not called for the errors of its own callbacks, which are written", function()
        local output, status = program [[
            local ncalls = 0
            local cb
            cb = ffi.cast("int (*)(int)", function(n) error("number " .. n, 0) end)
            ffi.onerror(function()
                ncalls = ncalls + 1
                print(pcall(lib.cbk_call, cb, 2))
                return true
            end)
            print(lib.cbk_call(cb, 1), ncalls)]]
        assert.equal(0, status, output)
        assert.matches("^airlock: error in a callback: number 2\nstack traceback:\n", output)
        assert.matches("\nfalse\tnumber 2\n0\t1\n$", output)
        assert.equal(1, occurrences(output, "airlock:"))
    end)

    it("may call C that calls back, set another handler, and collect garbage", function()
        local cb <close> = ffi.callback(Int, function(n) return n < 0 and error "negative" or n end)
        local told, worked, result = told_by(function() return lib.cbk_call(cb, -1) end, function()
            assert.equal(45, lib.cbk_sum(cb, 10))
            ffi.onerror(function() end)
            collectgarbage()
            return true
        end)
        assert.is_true(worked)
        assert.equal(0, result)
        assert.equal(1, #told)
    end)
end)

describe("without a handler", function()
    it("an error is written at once, once, with its traceback, and raised", function()
        local output, status = program [[
            local function guilty() error "on purpose" end
            local cb = ffi.cast("int (*)(int)", guilty)
            print(pcall(lib.cbk_sum, cb, 100))]]
        assert.equal(0, status, output)
        assert.matches("^airlock: error in a callback: [^\n]*script.lua:%d+: on purpose\nstack traceback:\n\t%[C%]: in function 'error'\n", output)
        assert.matches("\nfalse\t[^\n]*script.lua:%d+: on purpose\n$", output)
        assert.equal(1, occurrences(output, "airlock:"))
    end)

    it("one that passes through several calls is written once", function()
        local output, status = program [[
            local value = setmetatable({}, { __tostring = function() return "the value" end })
            local function at(level)
                return function()
                    if level == 5 then error(value) end
                    return lib.cbk_sum(at(level + 1), 2)
                end
            end
            local worked, raised = pcall(lib.cbk_sum, at(1), 2)
            print(worked, raised == value)]]
        assert.equal(0, status, output)
        assert.equal(1, occurrences(output, "airlock: error in a callback: the value\n"))
        assert.matches("\nfalse\ttrue\n$", output)
    end)

    it("an error that ends the program is told by the interpreter too", function()
        local output, status = program [[lib.cbk_sum(function() error "the end" end, 2)]]
        assert.equal(1, status)
        assert.equal(1, occurrences(output, "airlock: error in a callback: [^\n]*the end\n"))
        assert.equal(1, occurrences(output, "lua5%.4: [^\n]*the end\n"))
    end)
end)

describe("C that calls when no FFI call is waiting", function()
    it("at exit gets results", function()
        local output, status = program [[
            lib.cbk_call_at_exit(function(n) return n + 40 end)
            os.exit(0)]]
        assert.equal(0, status, output)
        assert.equal("at exit: 83\n", output)
    end)

    it("at exit, from a coroutine that ended the process, too", function()
        local output, status = program [[
            lib.cbk_call_at_exit(function(n) return coroutine.isyieldable() and -1 or n + 40 end)
            coroutine.wrap(function() local t = { 1, 2, 3 } os.exit(0) return table.unpack(t) end)()]]
        assert.equal(0, status, output)
        assert.equal("at exit: 83\n", output)
    end)

    it("has each error written, and others still run", function()
        local output, status = program [[
            lib.cbk_call_at_exit(function(n) return n == 1 and error "too late" or 5 end)
            os.exit(0)]]
        assert.equal(0, status, output)
        assert.equal(1, occurrences(output, "airlock: error in a callback: [^\n]*too late\nstack traceback:"))
        assert.matches("\nat exit: 5\n$", output)
    end)

    it("has each error told to the handler", function()
        local output, status = program [[
            ffi.onerror(function(message) print("told: " .. message) end)
            lib.cbk_call_at_exit(function(n) error("too late, " .. n, 0) end)
            os.exit(0)]]
        assert.equal(0, status, output)
        assert.equal("told: too late, 1\ntold: too late, 2\nat exit: 0\n", output)
    end)

    it("after the Lua state was closed gets zero, which is told once", function()
        local output, status = program [[
            lib.cbk_call_at_exit(ffi.callback("int (*)(int)", function() print "not reached" return 1 end, { error = 9 }))
            lib.cbk_call_at_unload(function() print "not reached" return 1 end)
            local large = ffi.cast("cbk_large (*)(int)", function() end)]]
        assert.equal(0, status, output)
        assert.matches("at exit: 0\n", output)
        assert.matches("at unload: 0\n", output)
        assert.equal(1, occurrences(output, "airlock: C called a callback whose Lua state has been closed; it returned zero\n"))
        assert.equal(3, occurrences(output, "\n"))
    end)
end)

describe("out of memory in a callback", function()
    it("is an error like others", function()
        local cb <close> = ffi.callback(Int, function() return ffi.new("char[?]", 1 << 47)[0] end) -- the whole address space
        local told, worked, raised = told_by(function() return lib.cbk_sum(cb, 3) end)
        assert.is_false(worked)
        assert.matches("not enough memory", raised)
        assert.equal(1, #told)
        assert.matches("^not enough memory", ffi.lasttraceback())
    end)
end)

describe("yielding from a callback", function()
    it("is an error that says why", function()
        local cb <close> = ffi.callback(Int, function() coroutine.yield() end)
        local _, worked, raised = told_by(coroutine.wrap(function() return lib.cbk_sum(cb, 1) end))
        assert.is_false(worked)
        assert.equal("attempt to yield across a C-call boundary: a callback cannot yield, C is waiting for it", raised)
        _, worked, raised = told_by(function() return lib.cbk_sum(cb, 1) end)
        assert.is_false(worked)
        assert.matches("attempt to yield", raised)
    end)

    it("works inside a coroutine of its own", function()
        local cb <close> = ffi.callback(Int, function(n)
            local thread = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(n * i) end end)
            return thread() + thread() + thread()
        end)
        assert.equal(6 * 45, lib.cbk_sum(cb, 10))
    end)
end)
