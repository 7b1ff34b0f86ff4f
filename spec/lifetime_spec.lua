-- Who keeps whom alive: views and derived pointers hold what they point into, nothing else does, and scalars leave no garbage.
local ffi = require "ffi"
local support = require "spec.support"

setup(function()
    ffi.cdef [[
        typedef struct lt_point { int x, y; } lt_point;
        struct lt_nested { int head; struct { lt_point p; int list[4]; } inner; lt_point points[3]; };
        struct lt_open { int n; lt_point rest[?]; };
        struct lt_aligned { int n __attribute__((aligned(64))); lt_point p; };
        struct lt_holder { int *p; const char *s; };
        struct lt_scalars { int i; double d; unsigned char b; int64_t l; uint32_t u : 5; float f; _Bool t; };
        int abs(int);
        double fabs(double);
        size_t strlen(const char *);
    ]]
end)

-- Makes objects where freed ones were, full of another pattern.
local function overwrite(step)
    local junk = {}
    for size = step or 8, 320, step or 8 do
        junk[#junk + 1] = ffi.new("unsigned char[?]", size, 0xdd)
        junk[#junk + 1] = ("\xee"):rep(size)
    end
    return #junk
end

-- Each makes an owner, and gives only what was derived from it, with what it must still read.
local derived = {
    ["a nested struct"] = function()
        local object = ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } })
        return object.inner, function(view) return view.p.y == 12 end
    end,
    ["a struct nested twice"] = function()
        local object = ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } })
        return object.inner.p, function(view) return view.x == 11 end
    end,
    ["an array member"] = function()
        local object = ffi.new("struct lt_nested", { inner = { list = { 1, 2, 3, 4 } } })
        return object.inner.list, function(view) return view[3] == 4 end
    end,
    ["an element of an array of structs"] = function()
        return ffi.new("lt_point[3]", { { 1, 2 }, { 3, 4 } })[1], function(view) return view.y == 4 end
    end,
    ["an element of a member"] = function()
        local object = ffi.new("struct lt_nested", { points = { { 1, 2 }, { 3, 4 }, { 5, 6 } } })
        return object.points[2], function(view) return view.y == 6 end
    end,
    ["a row of a matrix"] = function()
        return ffi.new("int[2][3]", { { 1, 2, 3 }, { 4, 5, 6 } })[1], function(view) return view[2] == 6 end
    end,
    ["a member of a variable-length struct"] = function()
        return ffi.new("struct lt_open", 3, { 3, { { 1, 2 }, { 3, 4 }, { 5, 6 } } }).rest, function(view) return view[2].y == 6 end
    end,
    ["an element of a variable-length array"] = function()
        return ffi.new("lt_point[?]", 3, { { 1, 2 }, { 3, 4 }, { 5, 6 } })[2], function(view) return view.y == 6 end
    end,
    ["a member of an over-aligned struct"] = function()
        return ffi.new("struct lt_aligned", { 1, { 2, 3 } }).p, function(view) return view.y == 3 end
    end,
    ["a pointer derived by +"] = function()
        return ffi.new("int[4]", 1, 2, 3, 4) + 2, function(pointer) return pointer[1] == 4 end
    end,
    ["a pointer derived by + and -"] = function()
        return 3 + ffi.new("int[4]", 1, 2, 3, 4) - 1, function(pointer) return pointer[0] == 3 end
    end,
    ["a pointer that left the array and came back"] = function()
        return ffi.new("int[4]", 1, 2, 3, 4) + 1000 - 999, function(pointer) return pointer[0] == 2 end
    end,
    ["a cast array"] = function()
        return ffi.cast("unsigned char *", ffi.new("int[4]", 1, 2, 3, 4)), function(pointer) return pointer[12] == 4 end
    end,
    ["a cast of a cast"] = function()
        local pointer = ffi.cast("void *", ffi.cast("char *", ffi.new("lt_point", 7, 8)) + 4)
        return ffi.cast("int *", pointer), function(p) return p[0] == 8 end
    end,
    ["a struct's address by ffi.new"] = function()
        return ffi.new("lt_point *", ffi.new("lt_point", 7, 8)), function(pointer) return pointer.y == 8 end
    end,
    ["a field through a derived pointer"] = function()
        local pointer = ffi.cast("struct lt_nested *", ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } }))
        return pointer.inner.p, function(view) return view.y == 12 end
    end,
    ["an element through a derived pointer"] = function()
        return (ffi.new("lt_point[3]", { { 1, 2 }, { 3, 4 }, { 5, 6 } }) + 1)[1], function(view) return view.y == 6 end
    end,
    ["a pointer into a view"] = function()
        local object = ffi.new("struct lt_nested", { inner = { list = { 1, 2, 3, 4 } } })
        return object.inner.list + 2, function(pointer) return pointer[1] == 4 end
    end,
    ["a pointer into a string"] = function()
        return ffi.cast("const char *", ("string %d"):format(12345)), function(pointer) return ffi.string(pointer) == "string 12345" end
    end,
    ["a pointer into a long string"] = function()
        return ffi.new("const char *", ("s"):rep(1000)) + 500, function(pointer) return ffi.string(pointer) == ("s"):rep(500) end
    end,
    ["a pointer to a C function"] = function()
        return ffi.cast("int (*)(int)", ffi.C.abs), function(call) return call(-5) == 5 end
    end,
}

local names = {}
for name in pairs(derived) do names[#names + 1] = name end
table.sort(names)

describe("what is derived keeps its owner alive:", function()
    local function check_all(collect, step)
        for _, name in ipairs(names) do
            local value, reads = derived[name]()
            collect()
            overwrite(step)
            collect()
            assert(reads(value), name)
        end
    end

    after_each(function()
        debug.sethook()
        collectgarbage "incremental"
        collectgarbage "restart"
    end)

    for _, name in ipairs(names) do
        it(name, function()
            local value, reads = derived[name]()
            for _ = 1, 3 do
                collectgarbage()
                overwrite()
                assert.is_true(reads(value))
            end
        end)
    end

    it("with the generational collector", function()
        collectgarbage "generational"
        for _ = 1, 3 do check_all(function() collectgarbage "step" end) end
    end)

    it("with an incremental collector that never rests", function()
        collectgarbage("incremental", 100, 1000, 1)
        for _ = 1, 3 do check_all(function() for _ = 1, 20 do collectgarbage("step", 1) end end) end
    end)

    it("with a full collection at every instruction", function()
        debug.sethook(function() collectgarbage() end, "", support.has_valgrind and 50 or 3)
        check_all(function() end, 64)
    end)

    it("arguments live through their call", function()
        debug.sethook(function() collectgarbage() end, "", 1)
        for i = 1, 20 do
            assert(ffi.C.strlen(("x"):rep(i * 50)) == i * 50)
            assert(ffi.C.strlen(ffi.new("char[100]", ("y"):rep(i))) == i)
        end
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
