-- Who keeps whom alive: views and derived pointers hold what they point into, nothing else does, and scalars leave no garbage.
local ffi = require "ffi"
local lifetime = require "spec.lifetime_cases"
local support = require "spec.support"

describe("what is derived keeps its owner alive:", function()
    for name, derive in lifetime.each() do
        it(name, function()
            local value, reads = derive()
            for _ = 1, 3 do
                collectgarbage()
                lifetime.overwrite()
                assert.is_true(reads(value))
            end
        end)
    end

    -- In an interpreter of its own: its heap is small, and the collector's settings go with it.
    local function passes(text)
        local prologue = 'local ffi, lifetime = require "ffi", require "spec.lifetime_cases"\n'
        local output, status = support.lua_text(prologue .. text .. '\nprint "done"')
        assert.are.equal("done\n", output)
        assert.are.equal(0, status)
    end

    it("with the generational collector", function()
        passes [[
            collectgarbage "generational"
            for _ = 1, 5 do lifetime.check(function() collectgarbage "step" end) end
        ]]
    end)

    it("with an incremental collector that never rests", function()
        passes [[
            collectgarbage("incremental", 100, 1000, 1)
            for _ = 1, 5 do lifetime.check(function() for _ = 1, 20 do collectgarbage("step", 1) end end) end
        ]]
    end)

    it("with a full collection at every instruction", function()
        passes(([[
            debug.sethook(function() collectgarbage() end, "", %d)
            lifetime.check(function() end)
        ]]):format(support.has_valgrind and 20 or 1))
    end)

    it("arguments live through their call", function()
        passes [[
            debug.sethook(function() collectgarbage() end, "", 1)
            for i = 1, 20 do
                assert(ffi.C.strlen(("x"):rep(i * 50)) == i * 50)
                assert(ffi.C.strlen(ffi.new("char[100]", ("y"):rep(i))) == i)
            end
        ]]
    end)
end)

describe("what nothing refers to is freed:", function()
    -- Whether the object is gone once only `keep` of it is held.
    local function is_freed(make)
        local weak = setmetatable({}, { __mode = "v" })
        local kept = (function()
            local object, keep = make()
            weak[1] = object
            return keep
        end)()
        collectgarbage()
        collectgarbage()
        return weak[1] == nil, kept
    end

    it("an object by itself", function()
        assert.is_true((is_freed(function() return ffi.new "lt_point" end)))
        assert.is_true((is_freed(function() return ffi.new("int[?]", 100) end)))
        assert.is_true((is_freed(function() return ffi.new "struct lt_aligned" end)))
    end)

    it("an object with its last view", function()
        local freed, view = is_freed(function()
            local object = ffi.new "struct lt_nested"
            return object, object.inner.p
        end)
        assert.is_false(freed)
        assert.is_truthy(view)
        assert.is_true((is_freed(function()
            local object = ffi.new "struct lt_nested"
            return object, object.inner.p.x
        end)))
    end)

    it("a view is anchored to the owner alone, not to the views between", function()
        local between = setmetatable({}, { __mode = "v" })
        local object = ffi.new "struct lt_nested"
        local p = (function()
            between[1] = object.inner
            between[2] = object.inner.list + 1
            return between[1].p, between[2] + 1
        end)()
        collectgarbage()
        assert.is_nil(between[1])
        assert.is_nil(between[2])
        assert.are.equal(0, p.x)
    end)

    it("what was only stored as a pointer in C memory", function()
        local holder = ffi.new "struct lt_holder"
        assert.is_true((is_freed(function()
            local target = ffi.new "int[1]"
            holder.p = target
            return target
        end)))
        holder.p = nil
        assert.is_true((is_freed(function()
            local target = ffi.new "int[1]"
            return target, ffi.new("struct lt_holder", target)
        end)))
    end)

    it("what was copied from", function()
        assert.is_true((is_freed(function()
            local object = ffi.new("lt_point", 1, 2)
            return object, ffi.new("lt_point", object)
        end)))
        assert.is_true((is_freed(function()
            local object = ffi.new("int[1]", 1)
            return object, ffi.cast("uintptr_t", object)
        end)))
    end)

    it("memory comes back", function()
        collectgarbage()
        local before = collectgarbage "count"
        for _ = 1, 200 do
            local object = ffi.new("char[?]", 100000)
            assert(object + 5)
        end
        collectgarbage()
        assert.is_true(collectgarbage "count" - before < 200)
    end)

    it("a thousand objects of types already known leave nothing", function()
        local function make()
            for _ = 1, 1000 do
                local object = ffi.new("struct lt_nested", { inner = { list = { 1, 2 } } })
                assert(object.inner.list[1] == 2 and object.points + 1)
            end
        end
        make()
        collectgarbage()
        collectgarbage()
        local before = collectgarbage "count"
        make()
        collectgarbage()
        collectgarbage()
        assert.is_true(math.abs(collectgarbage "count" - before) < 1)
    end)
end)

describe("no garbage is made by", function()
    -- Bytes that 100 rounds of f allocate.
    local function garbage_of(f)
        f()
        collectgarbage()
        collectgarbage "stop"
        local before = collectgarbage "count"
        for _ = 1, 100 do f() end
        local after = collectgarbage "count"
        collectgarbage "restart"
        return (after - before) * 1024
    end
    local object, pointer, array, doubles, abs, fabs, C

    setup(function()
        object = ffi.new("struct lt_scalars", 1, 2.5)
        pointer = ffi.cast("struct lt_scalars *", object)
        array, doubles = ffi.new("int[4]"), ffi.new("double[4]")
        abs, fabs, C = ffi.C.abs, ffi.C.fabs, ffi.C
    end)

    local cases = {
        ["a call with integers"] = function() return abs(-5) end,
        ["a call with floats"] = function() return fabs(-5.5) end,
        ["a call through ffi.C"] = function() return C.abs(-5) end,
        ["a call with a string"] = function() return C.strlen "text" end,
        ["reading fields"] = function() return object.i, object.d, object.b, object.l, object.u, object.f, object.t end,
        ["writing fields"] = function()
            object.i, object.d, object.b, object.l, object.u, object.f, object.t = 1, 2.5, 3, 4, 5, 6.5, true
        end,
        ["fields through a pointer"] = function() pointer.i = pointer.i + 1 end,
        ["reading elements"] = function() return array[1], doubles[2] end,
        ["writing elements"] = function() array[1], doubles[2] = 5, 2.5 end,
        ["comparing cdata"] = function() return object == pointer, array == doubles end,
        ["sizes and types"] = function() return ffi.sizeof "int", ffi.sizeof(object), ffi.istype("int", object), ffi.typeof "lt_point" end,
        ["ffi.fill and ffi.copy"] = function() ffi.fill(array, 16) ffi.copy(array, doubles, 8) end,
        ["casts to numbers"] = function() return ffi.cast("int", 5.5), ffi.cast("double", 5) end,
    }
    local sorted = {}
    for name in pairs(cases) do sorted[#sorted + 1] = name end
    table.sort(sorted)
    for _, name in ipairs(sorted) do
        it(name, function() assert.are.equal(0.0, garbage_of(cases[name])) end)
    end
end)
