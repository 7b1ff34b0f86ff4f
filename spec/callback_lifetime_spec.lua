-- How long callbacks live: permanent ones, those that are freed, and those that go with their cdata.
local ffi = require "ffi"
local support = require "spec.support"

local lib = support.load "callbacks"
local Int = ffi.typeof "int (*)(int)"

local function live()
    collectgarbage()
    collectgarbage()
    return (ffi.callbacks())
end

local quietly = support.quietly

local function address_of(cb) return math.tointeger(tostring(cb):match "0x%x+") end

local function one() return 1 end

-- Strings as long as one that may have been freed, in its place.
local function reuse_memory(length)
    collectgarbage()
    collectgarbage()
    local list = {}
    for i = 1, 1000 do list[i] = ("%d"):format(i % 10):rep(length) end
    return list
end

describe("a callback of ffi.callback", function()
    it("lives as long as its cdata, and goes with it", function()
        local before = live()
        local cb = ffi.callback(Int, one)
        assert.equal(before + 1, live())
        assert.equal(10, lib.cbk_sum(cb, 10))
        cb = nil -- luacheck: ignore
        assert.equal(before, live())
    end)

    it("keeps its function alive", function()
        local function make(n) return ffi.callback(Int, function(i) return i + n end) end
        local list = {}
        for n = 1, 100 do list[n] = make(n) end
        collectgarbage()
        for n = 1, 100 do assert.equal(45 + 10 * n, lib.cbk_sum(list[n], 10)) end
    end)

    it("goes when its function refers to it", function()
        local before = live()
        do
            local cb
            cb = ffi.callback(Int, function(n) return cb and n end)
            assert.equal(7, cb(7))
            local object = { n = 5 }
            object.callback = ffi.callback(Int, function(n) return object.n + n end)
            assert.equal(6, object.callback(1))
            assert.equal(before + 2, live())
            assert.equal(8, object.callback(3))
        end
        assert.equal(before, live())
    end)

    it("goes when a function that was put in later refers to it", function()
        local before = live()
        do
            local cb = ffi.callback(Int, one)
            cb:set(function(n) return cb and 2 * n end)
            collectgarbage()
            assert.equal(14, cb(7))
        end
        assert.equal(before, live())
        do
            local cast = ffi.cast(Int, ffi.callback(Int, one))
            cast:set(function(n) return 3 * n end) -- through another cdata
            collectgarbage()
            assert.equal(21, cast(7))
        end
        assert.equal(before, live())
    end)

    it("is kept by what is cast from it, not by what C or a struct holds", function()
        local before = live()
        local cast = ffi.cast(Int, ffi.cast("void *", ffi.callback(Int, one)))
        assert.equal(before + 1, live())
        assert.equal(1, cast(0))
        cast = nil -- luacheck: ignore
        assert.equal(before, live())
        lib.cbk_keep(ffi.callback(Int, one))
        assert.equal(before, live())
        local worked, message = quietly(lib.cbk_kept, 1)
        assert.is_false(worked)
        assert.equal("a callback of type 'int (int)' was called after it had been freed", message)
    end)

    it("is freed at the end of its block, also by an error", function()
        local before = live()
        do
            local cb <close> = ffi.callback(Int, one)
            assert.equal(1, cb(1))
        end
        assert.equal(before, (ffi.callbacks()))
        pcall(function()
            local cb <close> = ffi.callback(Int, one) -- luacheck: ignore
            error "leave"
        end)
        assert.equal(before, (ffi.callbacks()))
    end)

    it("may be freed before, once", function()
        local before = live()
        do
            local cb <close> = ffi.callback(Int, one)
            cb:free()
            assert.equal(before, (ffi.callbacks()))
            local worked, message = pcall(cb.free, cb)
            assert.is_false(worked)
            assert.matches("bad argument #1 to 'free' %('int %(%*%)%(int%)' is no live callback%)$", message)
            assert.is_false((pcall(cb.set, cb, one)))
        end
        assert.equal(before, live())
    end)

    it("never frees the callback that has its place by now", function()
        local freed, addresses = {}, {}
        for i = 1, 3000 do
            local cb = ffi.callback(Int, one)
            cb:free()
            freed[i], addresses[address_of(cb)] = cb, true
        end
        local new, nreused = {}, 0
        for i = 1, 3000 do
            new[i] = ffi.callback(Int, function() return i end)
            if addresses[address_of(new[i])] then nreused = nreused + 1 end
        end
        assert.is_true(nreused > 0)
        for i = 1, 3000 do -- they know that their callbacks are gone
            assert.is_false((pcall(freed[i].free, freed[i])))
            assert.is_false((pcall(freed[i].set, freed[i], one)))
        end
        freed = nil -- luacheck: ignore
        collectgarbage()
        for i = 1, 3000 do assert.equal(i, new[i](0)) end
    end)

    it("is left alone by a cdata that is collected after the callback was freed and another made", function()
        local before = live()
        local kept = {}
        for i = 1, 2000 do
            local cb = ffi.callback(Int, one)
            ffi.cast(Int, cb):free() -- its own finaliser does not know
            kept[i] = ffi.callback(Int, function() return i end)
        end
        assert.equal(before + 2000, live())
        for i = 1, 2000 do assert.equal(i, kept[i](0)) end
    end)

    it("stays when ffi.gc takes its finaliser", function()
        local before = live()
        local address
        do
            local cb = ffi.callback(Int, function(n) return n + 1 end)
            ffi.gc(cb, nil)
            address = address_of(cb)
        end
        assert.equal(before + 1, live())
        local cb = ffi.cast(Int, address)
        assert.equal(8, cb(7))
        cb:free()
        assert.equal(before, live())
    end)

    it("is the other finaliser's that ffi.gc gives it", function()
        local before = live()
        local result
        do
            local cb = ffi.callback(Int, function(n) return n + 1 end)
            ffi.gc(cb, function(dying)
                result = dying(7)
                dying:free()
            end)
        end
        assert.equal(before, live())
        assert.equal(8, result)
    end)

    it("may be freed, changed and replaced by its own function", function()
        local before = live()
        local cb
        cb = ffi.callback(Int, function(n)
            cb:free()
            collectgarbage()
            return n + 1
        end)
        assert.equal(8, lib.cbk_call(cb, 7))
        local worked, message = quietly(lib.cbk_call, cb, 7)
        assert.is_false(worked)
        assert.matches("after it had been freed", message)
        cb = ffi.callback(Int, function(n)
            cb:set(function(m) return m + 100 end)
            return n
        end)
        assert.equal(0 + 101 + 102, lib.cbk_sum(cb, 3))
        cb = nil -- luacheck: ignore
        assert.equal(before, live())
    end)

    it("has the right result though its place has another type by the end of the call", function()
        local others = {}
        local cb
        cb = ffi.callback("cbk_large (*)(int)", function(n)
            local address = address_of(cb)
            cb:free()
            repeat -- until the place is taken
                local other = ffi.callback("double (*)(void)", function() return 0.5 end)
                others[#others + 1] = other
            until address_of(other) == address or #others > 20000
            return { n, n + 0.5, "text" }
        end)
        local large = cb(7)
        assert.equal(7, large.a)
        assert.equal(7.5, large.b)
        assert.equal("text", ffi.string(large.c))
        cb = ffi.callback("cbk_large (*)(int)", function()
            local address = address_of(cb)
            cb:free()
            repeat
                local other = ffi.callback("double (*)(void)", function() return 0.5 end, { error = 2.5 })
                others[#others + 1] = other
            until address_of(other) == address or #others > 40000
            error "too late"
        end)
        ffi.onerror(function() return true end)
        large = cb(7)
        ffi.onerror(nil)
        assert.equal(0, large.a)
        assert.equal(0.0, large.b)
        assert.equal("", ffi.string(large.c))
    end)

    it("keeps what its error value points into", function()
        local cb = ffi.callback("const char *(*)(void)", function() error "x" end, { error = ("text "):rep(20) })
        reuse_memory(#("text "):rep(20))
        ffi.onerror(function() return true end)
        local text = ffi.string(cb())
        ffi.onerror(nil)
        assert.equal(("text "):rep(20), text)
    end)

    it("keeps what it returned until it returns the next", function()
        local calls = 0
        local cb <close> = ffi.callback("const char *(*)(void)", function()
            calls = calls + 1
            return ("text %d "):format(calls):rep(50)
        end)
        local first = cb()
        reuse_memory(#("text 1 "):rep(50))
        assert.equal(("text 1 "):rep(50), ffi.string(first))
        assert.equal(("text 2 "):rep(50), ffi.string(cb()))
    end)

    for _, mode in ipairs { "generational", "incremental" } do
        it(("goes at the right time under a hostile %s collector"):format(mode), function()
            local before = live()
            if mode == "generational" then collectgarbage("generational", 1, 1) else collectgarbage("incremental", 1000, 400, 0) end
            local ring = {}
            for i = 1, 3000 do
                local slot = i % 50
                ring[slot] = ffi.callback(Int, function(n) return n + (ring[slot] and i or 0) end)
                assert.equal(1 + i, lib.cbk_call(ring[slot], 1))
                if i % 7 == 0 then ring[slot]:set(function(n) return n - i end) assert.equal(1 - i, ring[slot](1)) end
                local old = ring[(i + 1) % 50]
                if old then old(1) end
                collectgarbage "step"
            end
            ring = nil -- luacheck: ignore
            collectgarbage "incremental"
            collectgarbage("setpause", 200)
            assert.equal(before, live())
        end)
    end

    it("called by a finaliser after its cdata was found to be garbage is an error, or still runs", function()
        local before = live()
        local outcome
        do
            local cb = ffi.callback(Int, function(n) return n end)
            local pointer = address_of(cb)
            setmetatable({ cb }, { __gc = function() outcome = table.pack(quietly(ffi.cast(Int, pointer), 5)) end })
        end
        assert.equal(before, live())
        assert.is_true(outcome[1] and outcome[2] == 5 or outcome[2]:find "after it had been freed" ~= nil)
    end)
end)

describe("100,000 callbacks", function()
    it("live at once, and each is its own", function()
        if support.has_valgrind or support.has_torture then return pending "skipped: too many" end
        local before = live()
        local list = {}
        for i = 1, 100000 do list[i] = ffi.callback(Int, function(n) return n + i end) end
        assert.equal(before + 100000, (ffi.callbacks()))
        for i = 1, 100000, 37 do assert.equal(i + 1, lib.cbk_call(list[i], 1)) end
        for i = 1, 100000, 2 do list[i]:free() end
        assert.equal(before + 50000, (ffi.callbacks()))
        for i = 2, 100000, 74 do assert.equal(i + 1, lib.cbk_call(list[i], 1)) end
        list = nil -- luacheck: ignore
        assert.equal(before, live())
    end)
end)

describe("a callback of ffi.cast", function()
    it("lives until it is freed, whatever becomes of its cdata", function()
        local before = live()
        lib.cbk_keep(ffi.cast(Int, function(n) return n + 1 end))
        assert.equal(before + 1, live())
        assert.equal(8, lib.cbk_kept(7))
        local again = ffi.cast("int (**)(int)", ffi.new("int (*[1])(int)", ffi.cast(Int, one)))[0]
        assert.equal(before + 2, live())
        again:free()
        assert.equal(before + 1, live())
        assert.equal(8, lib.cbk_kept(7))
    end)

    it("is another one each time", function()
        local first, second = ffi.cast(Int, one), ffi.cast(Int, one)
        assert.is_false(first == second)
        first:free()
        assert.equal(1, second(0))
        second:free()
    end)

    it("is not made of C functions, function pointers and addresses", function()
        local before = live()
        local sum = ffi.cast("int (*)(cbk_int, int)", lib.cbk_sum)
        local cb <close> = ffi.callback(Int, one)
        assert.equal(3, sum(ffi.cast(Int, cb), 3))
        assert.equal(3, ffi.cast("int (*)(int (*)(int), int)", ffi.cast("void *", sum))(cb, 3))
        assert.equal(before + 1, live())
        for _, pointer in ipairs { sum, ffi.cast(Int, 16) } do
            assert.matches("is no live callback", (select(2, pcall(cb.free, pointer))))
            assert.matches("is no live callback", (select(2, pcall(cb.set, pointer, one))))
        end
        assert.is_false((pcall(cb.free, ffi.new "int[1]")))
        assert.is_false((pcall(cb.free, 5)))
        assert.is_false((pcall(cb.free)))
    end)

    it("is NULL for nil, and a NULL pointer has no methods to call", function()
        assert.is_nil(ffi.cast(Int, nil))
        local null = ffi.new(Int)
        assert.matches("is no live callback", (select(2, pcall(null.free, null))))
    end)
end)
