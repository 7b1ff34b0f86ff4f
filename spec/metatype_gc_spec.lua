-- __gc of metatypes: which objects have it as their finaliser, and how it goes with ffi.gc's, with what is derived and with errors.
local ffi = require "ffi"

ffi.cdef "typedef struct gc_point { int x, y; } gc_point;"

local function collect()
    collectgarbage()
    collectgarbage()
end

describe("__gc of a metatype", function()
    local gone, metatable, ct

    before_each(function()
        gone = {}
        metatable = { __gc = function(object) gone[#gone + 1] = object.x end }
        ct = ffi.metatype("struct { int x; }", metatable)
    end)

    it("finalises what ffi.new and ctype calls make", function()
        do
            local held = { ct(1), ffi.new(ct, 2), ffi.new(ffi.typeof("const $", ct), 3) }
            metatable.__new = function(...) return ffi.new(...) end
            held[4] = ct(4)
            assert.are.equal(4, #held)
        end
        collect()
        assert.are.same({ 4, 3, 2, 1 }, gone)
    end)

    it("finalises unions, complex numbers and vectors", function()
        local count = 0
        local finalising = { __gc = function() count = count + 1 end }
        for _, type in ipairs { "union { int x; }", "signed char _Complex", "signed char __attribute__((vector_size(32)))" } do
            ffi.metatype(type, finalising)()
            local ok = pcall(ffi.metatype, type, finalising)
            assert.are.equal(type:find "union" ~= nil, ok) -- each union text is a type of its own
        end
        collect()
        assert.are.equal(3, count)
        finalising.__gc = nil -- complex and vector types are one for all specs
    end)

    it("does not finalise pointers, views, arrays of the type, members", function()
        local array = ffi.new(ffi.typeof("$[3]", ct))
        do
            local view, pointer = array[1], ffi.cast(ffi.typeof("$ *", ct), array)
            local outer = ffi.new(ffi.typeof("struct { $ inner; }", ct))
            assert.is_truthy(view and pointer[0] and outer.inner and ffi.new(ffi.typeof("$ *", ct)))
        end
        array = nil -- luacheck: ignore
        collect()
        assert.are.same({}, gone)
    end)

    it("is taken off and replaced by ffi.gc", function()
        do
            ffi.gc(ct(1), nil)
            ffi.gc(ct(2), function(object) gone[#gone + 1] = -object.x end)
        end
        collect()
        assert.are.same({ -2 }, gone)
    end)

    it("is what it was when the object was made", function()
        do
            local old = ct(1)
            metatable.__gc = nil
            ct(2)
            metatable.__gc = function(object) gone[#gone + 1] = -object.x end
            local new = ct(3)
            assert.is_truthy(old and new)
        end
        collect()
        assert.are.same({ -3, 1 }, gone)
    end)

    it("runs in reverse order of making, with ffi.gc's finalisers and Lua's; a replaced one keeps its turn", function()
        do
            local list = { ct(1) }
            list[2] = ffi.gc(ffi.new("gc_point", 2), function(point) gone[#gone + 1] = point.x end)
            list[3] = ct(3)
            list[4] = setmetatable({}, { __gc = function() gone[#gone + 1] = 4 end })
            list[5] = ct { 5 }
            ffi.gc(list[1], function(object) gone[#gone + 1] = 100 + object.x end)
            ffi.gc(ffi.gc(list[3], print), function(object) gone[#gone + 1] = 100 + object.x end)
        end
        collect()
        assert.are.same({ 5, 4, 103, 2, 101 }, gone)
    end)

    it("is taken off, replaced and given again in other finalisers and its own", function()
        local kept
        do
            local a, b, c = ct(1), ct(2), ct(3)
            ffi.gc(ct(4), function(object)
                ffi.gc(a, nil)
                ffi.gc(b, function() gone[#gone + 1] = "replaced" end)
                ffi.gc(ffi.gc(c, nil), function() gone[#gone + 1] = "given again" end)
                kept = object
            end)
        end
        collect()
        assert.are.same({ "replaced", "given again" }, gone)
        assert.are.equal(4, kept.x)
        gone = {}
        do ffi.gc(kept, function(object) gone[#gone + 1] = object.x end) end
        kept = nil -- luacheck: ignore
        collect()
        assert.are.same({ 4 }, gone)
    end)

    it("runs once, whoever keeps the object or calls its metamethod", function()
        local kept
        metatable.__gc = function(object)
            gone[#gone + 1] = object.x
            kept = object
        end
        do ct(1) end
        collect()
        debug.getmetatable(kept).__gc(kept)
        debug.getmetatable(kept).__gc(ct(2))
        kept = nil -- luacheck: ignore
        collect()
        assert.are.same({ 1, 2 }, gone)
    end)

    it("may be what can be called, besides functions", function()
        metatable.__gc = setmetatable({}, { __call = function(_, object) gone[#gone + 1] = object.x end })
        do ct(1) end
        collect()
        assert.are.same({ 1 }, gone)
    end)

    it("takes nothing from its objects: operators, fields, views, copies, messages", function()
        metatable.__add = function(a, b) return a.x + b.x end
        metatable.__index = { double = function(object) return 2 * object.x end }
        metatable.__name = "Thing"
        local object = ct(3)
        assert.are.equal(6, object:double())
        assert.are.equal(7, object + ct(4))
        assert.is_true(ffi.istype(ct, object))
        assert.are.equal("ffi", getmetatable(object))
        assert.are.equal("attempt to call a 'Thing'", select(2, pcall(object)))
        assert.is_true(object == object and object ~= ct(5))
        local view = ffi.cast(ffi.typeof("$ *", ct), object)
        object = nil -- luacheck: ignore
        collect()
        assert.are.equal(3, view.x)
        for _, x in ipairs(gone) do assert.are_not.equal(3, x) end
    end)

    it("does not disturb ffi.errno, also when it raises", function()
        metatable.__gc = function()
            gone[#gone + 1] = ffi.errno(77)
            error "after changing errno"
        end
        ffi.errno(5)
        do ct(1) end
        collect()
        assert.are.equal(1, #gone)
        assert.are.equal(5, ffi.errno(0))
    end)

    it("does not finalise what an initialiser's error left half made", function()
        assert.has_error(function() ct "no number" end)
        collect()
        assert.are.same({}, gone)
    end)
end)
