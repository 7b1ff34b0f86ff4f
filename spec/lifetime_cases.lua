-- What lifetime_spec.lua derives from owners that are then dropped; also for interpreters of their own, whose small heap can be
-- collected at every instruction.
local ffi = require "ffi"

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

local lifetime = {}

-- Makes objects where freed ones were, full of another pattern.
function lifetime.overwrite()
    local junk = {}
    for size = 8, 320, 8 do
        junk[#junk + 1] = ffi.new("unsigned char[?]", size, 0xdd)
        junk[#junk + 1] = ("\xee"):rep(size)
    end
    return #junk
end

-- Each makes an owner, and gives only what was derived from it, with what it must still read.
lifetime.derived = {
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

-- Each case by name, in order.
function lifetime.each()
    local names = {}
    for name in pairs(lifetime.derived) do names[#names + 1] = name end
    table.sort(names)
    return coroutine.wrap(function()
        for _, name in ipairs(names) do coroutine.yield(name, lifetime.derived[name]) end
    end)
end

-- Drops each owner, has `collect` called on both sides of new garbage, and checks what is still read.
function lifetime.check(collect)
    for name, derive in lifetime.each() do
        local value, reads = derive()
        collect()
        lifetime.overwrite()
        collect()
        assert(reads(value), name)
    end
end

return lifetime
