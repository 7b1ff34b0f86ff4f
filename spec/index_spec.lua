-- Access: fields, elements, and what raises instead of touching memory.
local ffi = require "ffi"
local oracle = require "spec.oracle"

local message = oracle.message

setup(function()
    ffi.cdef [[
        typedef struct ix_point { int x, y; } ix_point;
        struct ix_nested { ix_point p; struct { char c; union { int i; float f; }; } inner; ix_point list[2]; int tail; };
        struct ix_const { const int a; int b; const ix_point p; const char *s; char *const t; const int n[2]; };
        struct ix_arrays { int first[3]; int n; int last[3]; };
        struct ix_zero { int n; int rest[0]; };
        struct ix_flexible { int n; int rest[]; };
        struct ix_open { int n; int rest[?]; };
        struct ix_deep { int n; struct { int m; int last[2]; } end; };
        union ix_union { int a[2]; char b[8]; };
        struct ix_long {
            int a_field_name_that_is_longer_than_forty_characters_1;
            int a_field_name_that_is_longer_than_forty_characters_2;
            struct { double another_field_name_that_is_longer_than_forty_characters; };
        };
        typedef int ix_four __attribute__((vector_size(16)));
    ]]
end)

describe("fields", function()
    it("are read and written, also of nested records, which are views", function()
        local object = ffi.new "struct ix_nested"
        object.p.x, object.p.y, object.inner.c, object.inner.i, object.list[1].y, object.tail = 1, 2, 3, 4, 5, 6
        local inner, list = object.inner, object.list
        assert.are.same({ 1, 2, 3, 4, 5, 6 }, { object.p.x, object.p.y, inner.c, inner.i, list[1].y, object.tail })
        inner.f = 1.0
        assert.are.equal(0x3f800000, object.inner.i)
    end)

    it("go through pointers, also to const", function()
        local object = ffi.new("ix_point[2]", { { 1, 2 }, { 3, 4 } })
        local pointer = ffi.cast("ix_point *", object)
        assert.are.same({ 1, 4 }, { pointer.x, pointer[1].y })
        pointer.x = 9
        assert.are.equal(9, object[0].x)
        local const = ffi.cast("const ix_point *", object)
        assert.are.equal(9, const.x)
        assert.are.equal("field 'x' of 'const struct ix_point' is const", message(function() const.x = 1 end))
        assert.are.equal("field 'y' of 'const struct ix_point' is const", message(function() const[1].y = 1 end))
    end)

    it("with names of more than 40 characters", function()
        local object = ffi.new("struct ix_long", 1, 2, 3)
        local stem = "field_name_that_is_longer_than_forty_characters"
        for _ = 1, 3 do
            collectgarbage()
            assert.are.same({ 1, 2, 3.0 }, { object["a_" .. stem .. "_1"], object["a_" .. stem .. "_2"], object["another_" .. stem] })
        end
        object["a_" .. stem .. "_2"] = 7
        assert.are.equal(7, object.a_field_name_that_is_longer_than_forty_characters_2)
        assert.are.equal(("'struct ix_long' has no field 'a_%s_3'"):format(stem), message(function() return object["a_" .. stem .. "_3"] end))
    end)

    it("that are not there are refused", function()
        local object = ffi.new "ix_point"
        assert.are.equal("'struct ix_point' has no field 'z'", message(function() return object.z end))
        assert.are.equal("'struct ix_point' has no field 'z'", message(function() object.z = 1 end))
        assert.are.equal("'struct ix_point' has no field 'z'", message(function() return ffi.cast("ix_point *", object).z end))
        assert.is_false(pcall(function() return object["x\0y"] end))
        assert.are.equal("'struct ix_point' has no field ''", message(function() return object[""] end))
        assert.are.equal("'struct ix_point' cannot be indexed with number", message(function() return object[0] end))
        assert.are.equal("'struct ix_point' cannot be indexed with nil", message(function() return object[nil] end))
        assert.are.equal("'struct ix_point' cannot be indexed with table", message(function() object[{}] = 1 end))
        assert.are.equal("'int' cannot be indexed with 'x'", message(function() return ffi.new("int").x end))
        assert.are.equal("'int *' cannot be indexed with 'x'", message(function() return ffi.new("int *").x end))
        assert.are.equal("'struct ix_point **' cannot be indexed with 'x'", message(function() return ffi.new("ix_point **").x end))
        assert.are.equal("'int' cannot be indexed with number", message(function() return ffi.new("int")[0] end))
        assert.are.equal("'_Complex double' has no field 'x'", message(function() return ffi.new("_Complex double").x end))
        assert.are.equal("size of 'struct ix_never' is unknown", message(function() return ffi.cast("struct ix_never *", 8).x end))
    end)

    it("that are const are not written", function()
        local object = ffi.new("struct ix_const", { 1, 2, { 3, 4 }, "s", nil, { 5, 6 } })
        object.b, object.s = 7, "other"
        assert.are.same({ 1, 7, 3, "other", 6 }, { object.a, object.b, object.p.x, ffi.string(object.s), object.n[1] })
        assert.are.equal("field 'a' of 'struct ix_const' is const", message(function() object.a = 1 end))
        assert.are.equal("field 'p' of 'struct ix_const' is const", message(function() object.p = { 1, 2 } end))
        assert.are.equal("field 'x' of 'const struct ix_point' is const", message(function() object.p.x = 1 end))
        assert.are.equal("field 't' of 'struct ix_const' is const", message(function() object.t = nil end))
        assert.are.equal("field 'n' of 'struct ix_const' is const", message(function() object.n = { 1 } end))
        assert.are.equal("element of 'const int [2]' is const", message(function() object.n[0] = 1 end))
        local const = ffi.new("const struct ix_nested", { { 1, 2 } })
        assert.are.equal(1, const.p.x)
        assert.are.equal("field 'x' of 'const struct ix_point' is const", message(function() const.p.x = 1 end))
        assert.are.equal("field 'i' of 'const struct {line 2}' is const", message(function() const.inner.i = 1 end))
        assert.are.equal("field 'y' of 'const struct ix_point' is const", message(function() const.list[1].y = 1 end))
        assert.are.equal("field 'tail' of 'const struct ix_nested' is const", message(function() const.tail = 1 end))
    end)

    it("that are volatile are ordinary", function()
        local object = ffi.new("struct { volatile int a; volatile ix_point p; } volatile", 1, { 2, 3 })
        object.a, object.p.y = object.a + 1, 5
        assert.are.same({ 2, 2, 5 }, { object.a, object.p.x, object.p.y })
    end)
end)

describe("elements", function()
    it("of arrays are checked on both sides", function()
        for _, array in ipairs { ffi.new "int[3]", ffi.new("int[?]", 3), ffi.new("const int[3]"), ffi.new("struct ix_arrays").first } do
            local name = tostring(ffi.typeof(array)):match "<(.*)>"
            for _, index in ipairs { 0, 1, 2, 2.9, -0.9, ffi.new("int", 2), ffi.new("uint8_t", 0) } do
                assert.are.equal(0, array[index])
            end
            for index, shown in pairs { [-1] = -1, [3] = 3, [math.maxinteger] = math.maxinteger, [math.mininteger] = math.mininteger, [3.5] = 3,
                [-1.5] = -1, [1 << 62] = 1 << 62 } do
                local text = ("index %d outside '%s' of 3 elements"):format(shown, name)
                assert.are.equal(text, message(function() return array[index] end))
                assert.are.equal(text, message(function() array[index] = 0 end))
            end
        end
        assert.are.equal("index -1 outside 'int [3]' of 3 elements", message(function() return ffi.new("int[3]")[ffi.new("uint64_t", -1)] end))
        assert.are.equal("index 0 outside 'int [0]' of 0 elements", message(function() return ffi.new("int[0]")[0] end))
        assert.are.equal("index 0 outside 'int [?]' of 0 elements", message(function() return ffi.new("int[?]", 0)[0] end))
    end)

    it("of arrays of arrays are checked in each dimension", function()
        local matrix = ffi.new("int[2][3]", { { 1, 2, 3 }, { 4, 5, 6 } })
        assert.are.equal(6, matrix[1][2])
        assert.are.equal("index 2 outside 'int [2][3]' of 2 elements", message(function() return matrix[2] end))
        assert.are.equal("index 3 outside 'int [3]' of 3 elements", message(function() return matrix[0][3] end))
        local open = ffi.new("int[?][3]", 2)
        assert.are.equal("index 2 outside 'int [?][3]' of 2 elements", message(function() return open[2][0] end))
    end)

    it("of an array that ends its record are not checked", function()
        -- each record lies at the start of a larger buffer
        local buffer = ffi.new("int[16]")
        for i = 0, 15 do buffer[i] = 100 + i end
        local arrays = ffi.cast("struct ix_arrays *", ffi.cast("void *", buffer))
        assert.are.same({ 106, 109 }, { arrays.last[2], arrays.last[5] })
        assert.are.equal("index 3 outside 'int [3]' of 3 elements", message(function() return arrays.first[3] end))
        for _, name in ipairs { "ix_zero", "ix_flexible", "ix_open" } do
            local record = ffi.cast("struct " .. name .. " *", ffi.cast("void *", buffer))
            assert.are.same({ 100, 101, 115 }, { record.n, record.rest[0], record.rest[14] })
            record.rest[14] = 115
            assert.are.equal(115, buffer[15])
        end
        local deep = ffi.cast("struct ix_deep *", ffi.cast("void *", buffer))
        assert.are.equal(107, deep["end"].last[5])
        local union = ffi.cast("union ix_union *", ffi.cast("void *", buffer))
        assert.are.equal(105, union.a[5])
    end)

    it("of a variable-length object's member reach to its end", function()
        local object = ffi.new("struct ix_open", 4, { 9, { 1, 2, 3, 4 } })
        assert.are.equal(4, object.rest[3])
        object.rest[3] = 5
        assert.are.equal(5, object.rest[3])
    end)

    it("behind pointers are not checked", function()
        local array = ffi.new("int[4]", 1, 2, 3, 4)
        local pointer = array + 2
        assert.are.same({ 3, 1, 4 }, { pointer[0], pointer[-2], pointer[1] })
        pointer[-1] = 9
        assert.are.equal(9, array[1])
    end)

    it("want a number as index", function()
        local array = ffi.new("int[3]")
        assert.are.equal("'int [3]' cannot be indexed with '1'", message(function() return array["1"] end))
        assert.are.equal("'int [3]' cannot be indexed with '1'", message(function() array["1"] = 1 end))
        assert.are.equal("'int [3]' cannot be indexed with nil", message(function() return array[nil] end))
        assert.are.equal("'int [3]' cannot be indexed with boolean", message(function() return array[true] end))
        assert.are.equal("'int [3]' cannot be indexed with nan", message(function() return array[0 / 0] end))
        assert.are.equal("'int [3]' cannot be indexed with inf", message(function() return array[1 / 0] end))
        assert.are.equal("'int [3]' cannot be indexed with 'int [3]'", message(function() return array[array] end))
        assert.are.equal("'int *' cannot be indexed with table", message(function() return (array + 0)[{}] end))
        assert.are.equal("'int [3]' cannot be indexed with number", message(function() return array[1e300] end))
    end)

    it("refuse values by their place", function()
        local array = ffi.new("int[3]")
        assert.are.equal("'int' expected, got string (element 2 of 'int [3]')", message(function() array[2] = "x" end))
        assert.are.equal("'int' expected, got string (element 1 of 'int [3]')", message(function() array[1.0] = "x" end))
        assert.are.equal("'int' expected, got nil (element 1 of 'int *')", message(function() (array + 0)[1] = nil end))
        assert.are.equal("element of 'const int [3]' is const", message(function() ffi.new("const int[3]")[0] = 1 end))
        assert.are.equal("element of 'const int *' is const", message(function() ffi.cast("const int *", array)[0] = 1 end))
    end)

    it("that are records are written from tables and records", function()
        local points = ffi.new("ix_point[3]")
        points[0], points[1] = { 1, 2 }, ffi.new("ix_point", 3, 4)
        points[2] = points[1]
        points[1].x = 9
        assert.are.same({ 1, 2, 9, 4, 3, 4 }, { points[0].x, points[0].y, points[1].x, points[1].y, points[2].x, points[2].y })
        local pointer = ffi.cast("ix_point *", points)
        pointer[1] = { y = 7 }
        assert.are.same({ 0, 7 }, { points[1].x, points[1].y })
        assert.are.equal("'struct ix_point' expected, got number (element 1 of 'struct ix_point [3]')", message(function() points[1] = 5 end))
        local matrix = ffi.new("int[2][2]")
        matrix[1] = { 5, 6 }
        assert.are.same({ 0, 5, 6 }, { matrix[0][1], matrix[1][0], matrix[1][1] })
    end)

    it("of complex numbers and vectors are read and never written", function()
        local z = ffi.new("_Complex double", 1, 2)
        assert.are.same({ 1.0, 2.0, 1.0, 2.0 }, { z[0], z[1], z.re, z.im })
        assert.are.equal("index 2 outside '_Complex double' of 2 elements", message(function() return z[2] end))
        assert.are.equal("field 're' of '_Complex double' is const", message(function() z.re = 1 end))
        assert.are.equal("element of '_Complex double' is const", message(function() z[0] = 1 end))
        local vector = ffi.new("ix_four", 1, 2, 3, 4)
        assert.are.equal(4, vector[3])
        assert.are.equal("index 4 outside 'int __attribute__((vector_size(16)))' of 4 elements", message(function() return vector[4] end))
        assert.are.equal("element of 'int __attribute__((vector_size(16)))' is const", message(function() vector[0] = 1 end))
    end)
end)

describe("what cannot be reached raises:", function()
    it("void pointers", function()
        local pointer = ffi.cast("void *", ffi.new "int[1]")
        local text = "'void *' has no elements: cast it to a pointer to a complete type first"
        assert.are.equal(text, message(function() return pointer[0] end))
        assert.are.equal(text, message(function() pointer[0] = 1 end))
        assert.are.equal("'void *' cannot be indexed with 'x'", message(function() return pointer.x end))
    end)

    it("pointers to incomplete types and functions", function()
        local pointer = ffi.cast("struct ix_hidden *", 8)
        assert.are.equal("'struct ix_hidden *' points to an incomplete type", message(function() return pointer[0] end))
        assert.are.equal("'int (*)[]' points to an incomplete type", message(function() return ffi.cast("int (*)[]", 8)[0] end))
        ffi.cdef "int abs(int);"
        local call = ffi.cast("int (*)(int)", ffi.C.abs)
        assert.are.equal("'int (*)(int)' has no elements: cast it to a pointer to a complete type first", message(function() return call[0] end))
    end)

    it("NULL pointer objects", function()
        assert.are.equal("'int *' is NULL and cannot be dereferenced", message(function() return ffi.new("int *")[0] end))
        assert.are.equal("'int *' is NULL and cannot be dereferenced", message(function() ffi.new("int *")[0] = 1 end))
        assert.are.equal("'struct ix_point *' is NULL and cannot be dereferenced", message(function() return ffi.new("ix_point *").x end))
        assert.are.equal("'struct ix_point *' is NULL and cannot be dereferenced", message(function() ffi.new("ix_point *").x = 1 end))
        assert.are.equal("attempt to call a NULL 'int (*)(int)'", message(function() return ffi.new("int (*)(int)")(1) end))
    end)

    it("what is no function is not called", function()
        assert.are.equal("attempt to call a 'int'", message(function() return ffi.new("int")() end))
        assert.are.equal("attempt to call a 'struct ix_point'", message(function() return ffi.new("ix_point")() end))
    end)

    it("indices beyond the address space", function()
        local pointer = ffi.cast("int *", 8)
        assert.are.equal("index 9223372036854775807 of 'int *' is beyond the address space",
            message(function() return pointer[math.maxinteger] end))
        assert.are.equal("index -9223372036854775808 of 'int *' is beyond the address space",
            message(function() return pointer + math.mininteger end))
    end)

    it("at the Lua line that tried", function()
        local _, text = pcall(function() return ffi.new("int[3]")[3] end)
        assert.is_truthy(text:find "^spec/index_spec%.lua:%d+: index 3 outside 'int %[3%]' of 3 elements$")
    end)
end)
