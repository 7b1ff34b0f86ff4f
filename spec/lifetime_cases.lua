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
    struct lt_bits { int head; struct { unsigned a : 5, b : 11; int c : 9; } bits[2]; union { struct { short low, high; }; int whole; } u; };
    struct lt_parts { double _Complex z; float v __attribute__((vector_size(16))); int64_t wide; const lt_point *link; };
    typedef float lt_vector __attribute__((vector_size(16)));
    int abs(int);
    double fabs(double);
    size_t strlen(const char *);
    int fileno(void *);
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
    ["a field's address"] = function()
        local object = ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } })
        return ffi.addressof(object, "inner"), function(pointer) return pointer.p.y == 12 end
    end,
    ["an element's address"] = function()
        return ffi.addressof(ffi.new("lt_point[3]", { { 1, 2 }, { 3, 4 } }), 1), function(pointer) return pointer.y == 4 end
    end,
    ["a view's address"] = function()
        local object = ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } })
        return ffi.addressof(object.inner), function(pointer) return pointer.p.y == 12 end
    end,
    ["an object's address"] = function()
        return ffi.addressof(ffi.new("lt_point", 7, 8)), function(pointer) return pointer[0].y == 8 end
    end,
    ["a number's address"] = function()
        return ffi.addressof(ffi.new("int64_t", 7)), function(pointer) return pointer[0] == 7 end
    end,
    ["a pointer object's address"] = function()
        local array = ffi.new("int[2]", 5, 6)
        local held = { ffi.addressof(array + 1), array }
        return held, function(h) return h[1][0][0] == 6 end
    end,
    ["an over-aligned struct's address"] = function()
        return ffi.addressof(ffi.new("struct lt_aligned", { 1, { 2, 3 } })), function(pointer) return pointer.p.y == 3 end
    end,
    ["a reference to an object"] = function()
        return ffi.cast("lt_point &", ffi.new("lt_point", 7, 8)), function(view) return view.y == 8 end
    end,
    ["a reference to an array's element"] = function()
        return ffi.cast("lt_point &", ffi.new("lt_point[3]", { { 1, 2 }, { 3, 4 } }) + 1), function(view) return view.y == 4 end
    end,
    ["a reference through a pointer"] = function()
        return ffi.cast("int (&)[4]", ffi.cast("int *", ffi.new("int[4]", 1, 2, 3, 4))), function(view) return view[3] == 4 end
    end,
    ["a struct of bit-fields"] = function()
        local object = ffi.new("struct lt_bits", { 0, { { 1, 2, 3 }, { 4, 5, -6 } } })
        return object.bits[1], function(view) return view.a == 4 and view.b == 5 and view.c == -6 end
    end,
    ["a union's member"] = function()
        local object = ffi.new("struct lt_bits", { u = { whole = 0x20001 } })
        return object.u, function(view) return view.high == 2 and view.whole == 0x20001 end
    end,
    ["a pointer into a vector"] = function()
        return ffi.cast("float *", ffi.new("lt_vector", 1, 2, 3, 4)), function(pointer) return pointer[3] == 4.0 end
    end,
    ["a vector's address"] = function()
        return ffi.addressof(ffi.new("lt_vector", 1, 2, 3, 4)), function(pointer) return pointer[0][3] == 4.0 end
    end,
    ["a vector's element's address"] = function()
        return ffi.addressof(ffi.new("lt_vector", 1, 2, 3, 4), 2), function(pointer) return pointer[1] == 4.0 end
    end,
    ["a complex number's address"] = function()
        return ffi.addressof(ffi.new("double _Complex", 1, 2)), function(pointer) return pointer[0].im == 2.0 end
    end,
    ["the addresses of parts that are read as copies"] = function()
        local object = ffi.new("struct lt_parts", { z = { 1, 2 }, v = { 3, 4, 5, 6 }, wide = 7 })
        local parts = { ffi.addressof(object, "z"), ffi.addressof(object, "v"), ffi.addressof(object, "wide") }
        return parts, function(p) return p[1][0].im == 2.0 and p[2][0][3] == 6.0 and p[3][0] == 7 end
    end,
    ["copies of a complex number and a vector"] = function()
        local object = ffi.new("struct lt_parts", { z = { 1, 2 }, v = { 3, 4, 5, 6 } })
        return { object.z, object.v }, function(c) return c[1].im == 2.0 and c[2][3] == 6.0 end
    end,
    ["a pointer copied by ffi.new"] = function()
        return ffi.new("int *", ffi.new("int *", ffi.new("int[4]", 1, 2, 3, 4))), function(pointer) return pointer[3] == 4 end
    end,
    ["a struct made from a struct"] = function()
        return ffi.new("lt_point", ffi.new("lt_point[2]", { { 1, 2 }, { 3, 4 } })[1]), function(point) return point.y == 4 end
    end,
    ["what a C function would return of it"] = function()
        local object = ffi.new("struct lt_nested", { inner = { p = { 11, 12 }, list = { 1, 2 } } })
        local values = { ffi.toretval(object.inner.p), ffi.toretval(object.inner.list), ffi.toretval(object.inner.list + 1) }
        return values, function(v) return v[1].y == 12 and v[2][1] == 2 and v[3][0] == 2 end
    end,
    ["a table of views"] = function()
        local object = ffi.new("struct lt_nested", { inner = { p = { 11, 12 } }, points = { { 1, 2 }, { 3, 4 } } })
        return ffi.totable(object), function(t) return t.inner.p.y == 12 and t.points[1].y == 4 end
    end,
    ["a finalised object's view"] = function()
        local object = ffi.gc(ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } }), function(o) o.inner.p.y = 0 end)
        return object.inner.p, function(view) return view.y == 12 end
    end,
    ["a finalised pointer's view"] = function()
        local array = ffi.new("lt_point[2]", { { 1, 2 }, { 3, 4 } })
        return ffi.gc(array + 1, function(p) p.y = 0 end)[0], function(view) return view.y == 4 end
    end,
    ["what __index gives"] = function()
        local ct = ffi.metatype("struct { lt_point p; }", { __index = function(o, key) return key == "view" and o.p or nil end })
        return ct({ { 1, 2 } }).view, function(view) return view.y == 2 end
    end,
    ["what an iterator goes over"] = function()
        local ct = ffi.metatype("struct { lt_point p[3]; }", {
            __pairs = function(o) return function(_, i) if i < 2 then return i + 1, o.p[i + 1] end end, nil, -1 end,
        })
        return pairs(ct({ { { 1, 2 }, { 3, 4 }, { 5, 6 } } })), function(advance)
            local sum = 0
            for _, point in advance, nil, -1 do sum = sum + point.y end
            return sum == 12
        end
    end,
    ["an object whose metatable and type nothing else names"] = function()
        local ct = ffi.metatype("struct { int x; }", { __index = { double = function(o) return o.x * 2 end }, __len = function(o) return o.x end })
        return ct(21), function(object) return object:double() == 42 and #object == 21 and tostring(ffi.typeof(object)):find "struct" ~= nil end
    end,
    ["a method, and a type, of an object"] = function()
        local ct = ffi.metatype("struct { int x; }", { __index = { make = function(o) return ffi.new(ffi.typeof(o), o.x + 1) end } })
        local object = ct(1)
        local make, typename = object.make, ffi.typeof(object)
        return { make, typename }, function(t) return t[1](t[2](5)).x == 6 end
    end,
    ["what a suspended coroutine holds"] = function()
        local running = coroutine.wrap(function()
            local view = ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } }).inner
            local pointer = ffi.new("int[4]", 1, 2, 3, 4) + 2
            while true do coroutine.yield(view.p.y == 12 and pointer[1] == 4) end
        end)
        running()
        return running, function(resume) return resume() end
    end,
    ["a pointer to another library's userdata"] = function()
        return ffi.cast("void *", io.tmpfile()), function(file) return ffi.C.fileno(file) > 2 end
    end,
    ["a field through a pointer made from a view"] = function()
        local object = ffi.new("struct lt_nested", { points = { { 1, 2 }, { 3, 4 }, { 5, 6 } } })
        return ffi.cast("lt_point *", object.points)[2], function(view) return view.y == 6 end
    end,
    ["an element of an over-aligned array"] = function()
        return ffi.new("struct lt_aligned[3]", { { 1 }, { 2, { 3, 4 } } })[1].p, function(view) return view.y == 4 end
    end,
    ["a row of rows of variable number"] = function()
        return ffi.new("int[?][2][3]", 2, { { { 1 } }, { { 1, 2, 3 }, { 4, 5, 6 } } })[1][1], function(view) return view[2] == 6 end
    end,
    ["a const view"] = function()
        local pointer = ffi.cast("const struct lt_nested *", ffi.new("struct lt_nested", { inner = { p = { 11, 12 } } }))
        return pointer.inner.p, function(view) return view.y == 12 end
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
