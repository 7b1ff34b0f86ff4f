-- ffi.new and ctype objects: every form, every initialiser rule, and what they refuse.
local ffi = require "ffi"
local oracle = require "spec.oracle"

local message = oracle.message

-- The first n elements of an array as a table.
local function elements(array, n)
    local values = {}
    for i = 0, n - 1 do values[i + 1] = array[i] end
    return values
end

local function is_zeroed(object) return not ffi.string(object, ffi.sizeof(object)):find "[^%z]" end

describe("ffi.new", function()
    setup(function()
        ffi.cdef [[
            typedef struct nw_point { int x, y; } nw_point;
            typedef struct nw_line { nw_point from, to; const char *name; } nw_line;
            union nw_union { int i; double d; char c[8]; };
            struct nw_bits { int a : 3; unsigned : 0; unsigned b : 5; _Bool c : 1; };
            struct nw_anonymous { int a; union { int b; float c; }; struct { short d, e; }; int f; };
            struct nw_pointers { int *a; const char *b; int c; void *d; };
            enum nw_colour { NW_RED, NW_GREEN, NW_BLUE = 7 };
            struct nw_open { int n; double rest[?]; };
            struct nw_flexible { int n; short rest[]; };
            typedef int nw_four __attribute__((vector_size(16)));
        ]]
    end)

    describe("takes its type", function()
        it("as a string, a ctype and a cdata", function()
            for _, ct in ipairs { "nw_point", ffi.typeof "nw_point", ffi.new "nw_point" } do
                local object = ffi.new(ct, 1, 2)
                assert.are.same({ 1, 2 }, { object.x, object.y })
                assert.are.equal(ffi.typeof "nw_point", ffi.typeof(object))
            end
        end)

        it("as a call of a ctype object", function()
            local point = ffi.typeof "nw_point"
            assert.are.equal(2, point(1, 2).y)
            assert.are.equal(0, point().y)
            assert.are.equal(0, ffi.typeof "int[?]"(5)[4])
        end)

        it("and nothing else", function()
            assert.are.equal("bad argument #1 to 'ffi.new' (C type expected, got number)", message(ffi.new, 5))
            assert.are.equal("bad argument #1 to 'ffi.new' (C type expected, got no value)", message(ffi.new))
            assert.are.equal("bad argument #1 to 'ffi.new' (C type expected, got table)", message(ffi.new, {}))
            assert.are.equal("bad argument #1 to 'ffi.new' (C type expected, got function)", message(ffi.new, print))
        end)
    end)

    describe("without initialiser", function()
        for _, ct in ipairs { "int[5]", "struct { char a; double b[3]; }", "union { int a; char b[9]; }", "_Complex double[1]", "_Complex float",
            "__int128[1]", "int __attribute__((vector_size(32)))", "struct { int n; char rest[]; }", "long double[2]" } do
            it("zeroes " .. ct, function()
                for _ = 1, 10 do
                    local junk = ffi.new("char[64]", 255)
                    assert.are.equal(64, ffi.sizeof(junk))
                    assert.is_true(is_zeroed(ffi.new(ct)))
                end
            end)
        end

        it("zeroes scalars", function()
            for ct, zero in pairs { int = 0, double = 0.0, ["long double"] = 0.0, _Bool = false, __int128 = 0, ["enum { NW_A }"] = 0 } do
                assert.are.equal(zero, ffi.new(ct .. "[1]", ffi.new(ct))[0])
            end
        end)

        it("zeroes variable-length objects", function()
            assert.is_true(is_zeroed(ffi.new("int[?]", 100)))
            assert.is_true(is_zeroed(ffi.new("struct nw_open", 10)))
        end)

        it("makes a NULL pointer object", function()
            local pointer = ffi.new "int *"
            assert.are.equal("cdata<int *>: NULL", tostring(pointer))
            assert.is_true(pointer == ffi.new "int *")
        end)

        it("makes objects without size", function()
            for _, ct in ipairs { "struct { }", "int[0]", "union { }", "struct { int a[0]; }" } do
                assert.are.equal(0, ffi.sizeof(ffi.new(ct)), ct)
            end
            assert.are.equal(0, ffi.sizeof(ffi.new("int[?]", 0)))
        end)
    end)

    describe("with scalars", function()
        local cases = {
            { "int", 42, "42" }, { "double", 1.5, "1.5" }, { "_Bool", true, "1" }, { "unsigned char", 300, "44" }, { "short", -1.9, "-1" },
            { "int64_t", math.mininteger, "-9223372036854775808" }, { "uint64_t", -1, "18446744073709551615" }, { "float", 0.5, "0.5" },
            { "enum nw_colour", "NW_BLUE", "7" }, { "enum nw_colour", 1, "1" }, { "char", 65, "65" },
        }
        local lines
        setup(function()
            local body = {}
            for i, case in ipairs(cases) do
                local ct = case[1]:gsub("enum nw_colour", "int")
                local format = (ct == "double" or ct == "float") and "%g" or ct == "uint64_t" and "%lu" or "%ld"
                local value = format == "%g" and "(double)" or format == "%lu" and "(uint64_t)" or "(long)"
                local names = { [true] = "1", NW_BLUE = "7", [math.mininteger] = "LONG_MIN" }
                local given = names[case[2]] or tostring(case[2])
                body[i] = ('printf("%s\\n", %s(%s)%s);'):format(format, value, ct, given)
            end
            lines = oracle.lines("new_scalars", table.concat(body, "\n"))
        end)
        for i, case in ipairs(cases) do
            it(("%s from %s"):format(case[1], tostring(case[2])), function()
                assert.are.equal(case[3], lines[i])
                local holder = ffi.new(case[1] .. "[1]", case[2])
                local object = ffi.new(case[1], case[2])
                assert.are.equal(ffi.string(holder, ffi.sizeof(holder)), ffi.string(ffi.new(case[1] .. "[1]", object), ffi.sizeof(holder)))
                local value = holder[0]
                assert.are.equal(tonumber(case[3]), value == true and 1 or tonumber((tostring(value):gsub("ULL", ""))))
            end)
        end

        it("takes one value only", function()
            assert.are.equal("too many initialisers for 'int': at most 1, got 2 (initialiser of 'int')", message(ffi.new, "int", 1, 2))
            assert.are.equal("too many initialisers for 'int *': at most 1, got 2 (initialiser of 'int *')", message(ffi.new, "int *", nil, nil))
        end)

        it("refuses what does not convert", function()
            assert.are.equal("'int' expected, got nil (initialiser of 'int')", message(ffi.new, "int", nil))
            assert.are.equal("'int' expected, got table (initialiser of 'int')", message(ffi.new, "int", {}))
            assert.are.equal("'int' expected, got string (initialiser of 'int')", message(ffi.new, "int", "5"))
        end)
    end)

    describe("with pointers", function()
        it("gives nil for nil", function()
            assert.is_nil(ffi.new("int *", nil))
            assert.is_nil(ffi.new("void *", nil))
        end)

        it("takes the address of arrays and records", function()
            local array = ffi.new("int[3]", 1, 2, 3)
            assert.are.equal(2, ffi.new("int *", array)[1])
            local point = ffi.new("nw_point", 5, 6)
            assert.are.equal(6, ffi.new("nw_point *", point).y)
        end)
    end)

    describe("with arrays:", function()
        local cases = {
            { "flat values", "int[4]", { 1, 2, 3, 4, n = 4 }, { 1, 2, 3, 4 } },
            { "fewer values leave zeroes", "int[4]", { 1, 2, n = 2 }, { 1, 2, 0, 0 } },
            { "one value stands for all", "int[4]", { 7, n = 1 }, { 7, 7, 7, 7 } },
            { "a table from 1", "int[4]", { { 1, 2, 3 }, n = 1 }, { 1, 2, 3, 0 } },
            { "a table from 0", "int[4]", { { [0] = 9, 1, 2, 3 }, n = 1 }, { 9, 1, 2, 3 } },
            { "an empty table", "int[4]", { {}, n = 1 }, { 0, 0, 0, 0 } },
            { "a table of one stands for all", "int[4]", { { 5 }, n = 1 }, { 5, 5, 5, 5 } },
            { "a table of one from 0 stands for all", "int[4]", { { [0] = 5 }, n = 1 }, { 5, 5, 5, 5 } },
            { "a table ends at its first nil", "int[4]", { { 1, 2, nil, 4 }, n = 1 }, { 1, 2, 0, 0 } },
            { "names in a table are ignored", "int[4]", { { 1, 2, x = 3 }, n = 1 }, { 1, 2, 0, 0 } },
            { "a string gives its bytes and a zero", "char[6]", { "abc", n = 1 }, { 97, 98, 99, 0, 0, 0 } },
            { "a string that fits without its zero", "unsigned char[3]", { "abc", n = 1 }, { 97, 98, 99 } },
            { "a string too long is cut", "int8_t[2]", { "abc", n = 1 }, { 97, 98 } },
            { "floats", "double[2]", { { 1, 2.5 }, n = 1 }, { 1.0, 2.5 } },
            { "booleans", "_Bool[3]", { { true, false, 5 }, n = 1 }, { true, false, true } },
            { "enum names", "enum nw_colour[2]", { "NW_BLUE", "NW_GREEN", n = 2 }, { 7, 1 } },
        }
        for _, case in ipairs(cases) do
            it(case[1], function()
                local array = ffi.new(case[2], table.unpack(case[3], 1, case[3].n))
                assert.are.same(case[4], elements(array, #case[4]))
            end)
        end

        it("an array of the same type is copied", function()
            local first = ffi.new("int[3]", 1, 2, 3)
            local second = ffi.new("int[3]", first)
            first[0] = 9
            assert.are.same({ 1, 2, 3 }, elements(second, 3))
            assert.are.equal("'int' expected, got 'int [3]' (element 0 of 'int [4]')", message(ffi.new, "int[4]", first))
        end)

        it("nested tables, also with mixed bases", function()
            local matrix = ffi.new("int[2][3]", { { 1, 2, 3 }, { [0] = 4, 5 } })
            assert.are.same({ 1, 2, 3 }, elements(matrix[0], 3))
            assert.are.same({ 4, 5, 0 }, elements(matrix[1], 3))
            matrix = ffi.new("int[2][3]", { { 1, 2 } })
            assert.are.same({ 1, 2, 0 }, elements(matrix[1], 3))
            matrix = ffi.new("int[2][3]", { 1 }, { 2 })
            assert.are.same({ 1, 1, 1 }, elements(matrix[0], 3))
            assert.are.same({ 2, 2, 2 }, elements(matrix[1], 3))
        end)

        it("strings in arrays of strings", function()
            local names = ffi.new("char[3][4]", "ab", "cde")
            assert.are.same({ "ab", "cde", "" }, { ffi.string(names[0]), ffi.string(names[1]), ffi.string(names[2]) })
        end)

        it("records in arrays", function()
            local points = ffi.new("nw_point[3]", { { 1, 2 }, { x = 3 }, ffi.new("nw_point", 5, 6) })
            assert.are.same({ 1, 2, 3, 0, 5, 6 }, { points[0].x, points[0].y, points[1].x, points[1].y, points[2].x, points[2].y })
            points = ffi.new("nw_point[2]", { { 8, 9 } })
            assert.are.same({ 8, 9 }, { points[1].x, points[1].y })
        end)

        it("too many values are refused, one less are not", function()
            assert.are.equal("too many initialisers for 'int [2]': at most 2, got 3 (initialiser of 'int [2]')",
                message(ffi.new, "int[2]", 1, 2, 3))
            assert.are.equal("too many initialisers for 'int [2]': at most 2, got 3 (initialiser of 'int [2]')",
                message(ffi.new, "int[2]", { 1, 2, 3 }))
            assert.are.equal("too many initialisers for 'int [2]': at most 2, got 3 (initialiser of 'int [2]')",
                message(ffi.new, "int[2]", { [0] = 1, 2, 3 }))
            assert.are.equal("too many initialisers for 'int [0]': at most 0, got 1 (initialiser of 'int [0]')", message(ffi.new, "int[0]", 1))
            assert.are.same({ 1, 2 }, elements(ffi.new("int[2]", { [0] = 1, 2 }), 2))
        end)

        it("what does not convert is refused by its element", function()
            assert.are.equal("'int' expected, got nil (element 1 of 'int [3]')", message(ffi.new, "int[3]", 1, nil, 3))
            assert.are.equal("'int' expected, got string (element 0 of 'int [3]')", message(ffi.new, "int[3]", "abc"))
            assert.are.equal("'int [2]' expected, got number (element 0 of 'int [2][2]')", message(ffi.new, "int[2][2]", 1, 2))
            assert.are.equal("'int' expected, got string (element 2 of 'int [3]')", message(ffi.new, "int[3]", { 1, 2, "3" }))
        end)
    end)

    describe("with arrays of pointers:", function()
        local a, b
        before_each(function() a, b = ffi.new("int[1]", 1), ffi.new("int[1]", 2) end)

        -- Which of a and b the elements point at, "-" for NULL.
        local function targets(array, n)
            local text = ""
            for i = 0, n - 1 do text = text .. (array[i] == nil and "-" or array[i][0] == 1 and "a" or "b") end
            return text
        end

        it("nil below the largest index is an element", function()
            assert.are.equal("a-b-", targets(ffi.new("int *[4]", { a, nil, b }), 4))
            assert.are.equal("-b--", targets(ffi.new("int *[4]", { nil, b }), 4))
            assert.are.equal("a--b", targets(ffi.new("int *[4]", { [0] = a, [3] = b }), 4))
            assert.are.equal("---b", targets(ffi.new("int *[4]", { [4] = b }), 4))
            assert.are.equal("a-b-", targets(ffi.new("int *[4]", a, nil, b), 4))
        end)

        it("a single element is not repeated", function()
            assert.are.equal("a--", targets(ffi.new("int *[3]", { a }), 3))
            assert.are.equal("a--", targets(ffi.new("int *[3]", a), 3))
        end)

        it("a largest index outside is refused", function()
            assert.are.equal("too many initialisers for 'int *[2]': at most 2, got 3 (initialiser of 'int *[2]')",
                message(ffi.new, "int *[2]", { [3] = a }))
            assert.are.equal("too many initialisers for 'int *[2]': at most 2, got 1000000 (initialiser of 'int *[2]')",
                message(ffi.new, "int *[2]", { [1000000] = a }))
        end)

        it("placeholders and strings", function()
            local null = ffi.new "const char *"
            local names = ffi.new("const char *[3]", { "one", null, "three" })
            assert.are.equal("one", ffi.string(names[0]))
            assert.is_nil(names[1])
            assert.are.equal("three", ffi.string(names[2]))
        end)
    end)

    describe("with structs:", function()
        local function point_of(...)
            local point = ffi.new("nw_point", ...)
            return { point.x, point.y }
        end

        it("flat values", function()
            assert.are.same({ 1, 2 }, point_of(1, 2))
            assert.are.same({ 1, 0 }, point_of(1))
        end)

        it("tables by position, from 1 and from 0", function()
            assert.are.same({ 1, 2 }, point_of { 1, 2 })
            assert.are.same({ 1, 2 }, point_of { [0] = 1, 2 })
            assert.are.same({ 1, 0 }, point_of { 1 })
            assert.are.same({ 0, 0 }, point_of {})
        end)

        it("tables by name", function()
            assert.are.same({ 1, 2 }, point_of { x = 1, y = 2 })
            assert.are.same({ 0, 2 }, point_of { y = 2 })
            assert.are.same({ 1, 2 }, point_of { x = 1, y = 2, z = 3 })
        end)

        it("names count only without positions", function()
            assert.are.same({ 1, 0 }, point_of { 1, y = 2 })
            assert.are.same({ 0, 2 }, point_of { y = 2, [2] = 7 })
        end)

        it("what a table has too much of is ignored, further values are refused", function()
            assert.are.same({ 1, 2 }, point_of { 1, 2, 3 })
            assert.are.equal("too many initialisers for 'struct nw_point': at most 2, got 3 (initialiser of 'struct nw_point')",
                message(point_of, 1, 2, 3))
        end)

        it("a struct of the same type is copied, of another one or a pointer is not", function()
            local first = ffi.new("nw_point", 1, 2)
            local second = ffi.new("nw_point", first)
            first.x = 9
            assert.are.same({ 1, 2 }, { second.x, second.y })
            assert.are.equal(9, ffi.new("nw_point", ffi.cast("nw_point *", first)[0]).x)
            assert.are.equal("'int' expected, got 'struct nw_point *' (field 'x' of 'struct nw_point')",
                message(ffi.new, "nw_point", ffi.cast("nw_point *", first)))
            assert.are.equal("'int' expected, got 'struct nw_line' (field 'x' of 'struct nw_point')",
                message(ffi.new, "nw_point", ffi.new "nw_line"))
        end)

        it("nested", function()
            local line = ffi.new("nw_line", { { 1, 2 }, { y = 4 }, "name" })
            assert.are.same({ 1, 2, 0, 4, "name" }, { line.from.x, line.from.y, line.to.x, line.to.y, ffi.string(line.name) })
            line = ffi.new("nw_line", { to = ffi.new("nw_point", 5, 6) })
            assert.are.same({ 0, 5, 6 }, { line.from.x, line.to.x, line.to.y })
            assert.are.equal("'struct nw_point' expected, got number (field 'from' of 'struct nw_line')", message(ffi.new, "nw_line", 1))
        end)

        it("anonymous members by position and by name", function()
            local object = ffi.new("struct nw_anonymous", { 1, 2, 3, 4, 5 })
            assert.are.same({ 1, 2, 3, 4, 5 }, { object.a, object.b, object.d, object.e, object.f })
            object = ffi.new("struct nw_anonymous", { c = 1.5, e = 4, f = 6 })
            assert.are.same({ 0, 1.5, 0, 4, 6 }, { object.a, object.c, object.d, object.e, object.f })
        end)

        it("bit-fields, unnamed ones passed over", function()
            local object = ffi.new("struct nw_bits", { -1, 33, true })
            assert.are.same({ -1, 1, true }, { object.a, object.b, object.c })
            object = ffi.new("struct nw_bits", 3, 31)
            assert.are.same({ 3, 31, false }, { object.a, object.b, object.c })
        end)

        it("nil for pointers, also in the middle of a table", function()
            local target = ffi.new("int[1]", 5)
            local object = ffi.new("struct nw_pointers", { nil, "text", 3, nil })
            assert.is_nil(object.a)
            assert.are.equal("text", ffi.string(object.b))
            assert.are.equal(3, object.c)
            object = ffi.new("struct nw_pointers", { target, nil, 4, target })
            assert.are.equal(5, object.a[0])
            assert.is_nil(object.b)
            assert.are.equal(4, object.c)
            assert.is_truthy(object.d)
            object = ffi.new("struct nw_pointers", nil, nil, 6)
            assert.are.equal(6, object.c)
            assert.are.equal(9, ffi.new("struct nw_pointers", { c = 9 }).c)
        end)

        it("strings into char arrays", function()
            local object = ffi.new("struct { char name[4]; int n; }", "abcdef", 5)
            assert.are.same({ "abcd", 5 }, { ffi.string(object.name, 4), object.n })
        end)

        it("flexible arrays keep their fixed part", function()
            local object = ffi.new("struct nw_flexible", 2)
            assert.are.same({ 2, 4 }, { object.n, ffi.sizeof(object) })
            assert.are.equal("too many initialisers for 'short []': at most 0, got 1 (field 'rest' of 'struct nw_flexible')",
                message(ffi.new, "struct nw_flexible", 2, { 1 }))
        end)
    end)

    describe("with unions:", function()
        it("the first member by position, any by name", function()
            assert.are.equal(5, ffi.new("union nw_union", 5).i)
            assert.are.equal(5, ffi.new("union nw_union", { 5 }).i)
            assert.are.equal(2.5, ffi.new("union nw_union", { d = 2.5 }).d)
            assert.are.equal("abc", ffi.string(ffi.new("union nw_union", { c = "abc" }).c))
            assert.is_true(is_zeroed(ffi.new("union nw_union", {})))
        end)

        it("one member only", function()
            assert.are.equal(1, ffi.new("union nw_union", { [0] = 1, 2 }).i)
            assert.are.equal(1, ffi.new("union nw_union", { i = 1, d = 2 }).i)
            assert.are.equal("too many initialisers for 'union nw_union': at most 1, got 2 (initialiser of 'union nw_union')",
                message(ffi.new, "union nw_union", 1, 2))
        end)

        it("a union of the same type is copied", function()
            assert.are.equal(1.25, ffi.new("union nw_union", ffi.new("union nw_union", { d = 1.25 })).d)
        end)
    end)

    describe("with complex numbers and vectors:", function()
        it("a number, two parts, a table, a complex", function()
            local function parts(...)
                local z = ffi.new("_Complex double", ...)
                return { z.re, z.im }
            end
            assert.are.same({ 1.0, 0.0 }, parts(1))
            assert.are.same({ 1.0, 2.0 }, parts(1, 2))
            assert.are.same({ 1.0, 2.0 }, parts { 1, 2 })
            assert.are.same({ 1.0, 1.0 }, parts { 1 }) -- one element given for all, as for an array
            assert.are.same({ 1.0, 2.0 }, parts { [0] = 1, 2 })
            assert.are.same({ 1.5, 2.5 }, parts(ffi.new("_Complex float", 1.5, 2.5)))
            assert.are.same({ 1.5, 2.5 }, parts(ffi.new("_Complex double", 1.5, 2.5)))
            assert.are.equal("too many initialisers for '_Complex double': at most 2, got 3 (initialiser of '_Complex double')",
                message(parts, 1, 2, 3))
        end)

        it("vectors like arrays", function()
            assert.are.same({ 1, 2, 3, 4 }, elements(ffi.new("nw_four", 1, 2, 3, 4), 4))
            assert.are.same({ 1, 2, 3, 4 }, elements(ffi.new("nw_four", { 1, 2, 3, 4 }), 4))
            assert.are.same({ 5, 5, 5, 5 }, elements(ffi.new("nw_four", 5), 4))
            assert.are.same({ 1, 2, 3, 4 }, elements(ffi.new("nw_four", ffi.new("nw_four", 1, 2, 3, 4)), 4))
        end)
    end)

    describe("with variable length:", function()
        it("a count and then initialisers", function()
            assert.are.same({ 1, 2, 3 }, elements(ffi.new("int[?]", 3, 1, 2, 3), 3))
            assert.are.same({ 1, 2, 0 }, elements(ffi.new("int[?]", 3, { 1, 2 }), 3))
            assert.are.same({ 7, 7, 7 }, elements(ffi.new("int[?]", 3, 7), 3))
            assert.are.equal("ab", ffi.string(ffi.new("char[?]", 3, "ab")))
            assert.are.equal("abc", ffi.string(ffi.new("char[?]", 3, "abcdef"), 3))
            assert.are.same({ 1, 2 }, elements(ffi.new("int[?]", ffi.new("uint64_t", 2), { 1, 2 }), 2))
        end)

        it("a table of one is not repeated", function()
            assert.are.same({ 5, 0, 0 }, elements(ffi.new("int[?]", 3, { 5 }), 3))
        end)

        it("structs that end in one", function()
            local object = ffi.new("struct nw_open", 2, { 7, { 1, 2 } })
            assert.are.same({ 7, 1.0, 2.0 }, { object.n, object.rest[0], object.rest[1] })
            object = ffi.new("struct nw_open", 3, 8, { 4 })
            assert.are.same({ 8, 4.0, 0.0 }, { object.n, object.rest[0], object.rest[1] })
            assert.are.equal("too many initialisers for 'double [?]': at most 2, got 3 (field 'rest' of 'struct nw_open')",
                message(ffi.new, "struct nw_open", 2, { 7, { 1, 2, 3 } }))
        end)

        it("copies as far as both go", function()
            local first = ffi.new("int[?]", 3, 1, 2, 3)
            assert.are.same({ 1, 2 }, elements(ffi.new("int[?]", 2, first), 2))
            assert.are.same({ 1, 2, 3, 0 }, elements(ffi.new("int[?]", 4, first), 4))
        end)

        it("counts that are none are refused", function()
            assert.are.equal("'int [?]' needs its number of elements, got no value", message(ffi.new, "int[?]"))
            assert.are.equal("'int [?]' needs its number of elements, got nil", message(ffi.new, "int[?]", nil))
            assert.are.equal("'int [?]' needs its number of elements, got string", message(ffi.new, "int[?]", "3"))
            assert.are.equal("'int [?]' needs its number of elements, got -1", message(ffi.new, "int[?]", -1))
            assert.are.equal("'int [?]' needs its number of elements, got nan", message(ffi.new, "int[?]", 0 / 0))
            assert.are.equal("'int [?]' needs its number of elements, got boolean", message(ffi.new, "int[?]", true))
            assert.are.equal("too many initialisers for 'int [?]': at most 2, got 3 (initialiser of 'int [?]')",
                message(ffi.new, "int[?]", 2, 1, 2, 3))
        end)

        it("sizes beyond the address space are refused", function()
            assert.are.equal("9223372036854775807 elements of 'int [?]' are too large an object", message(ffi.new, "int[?]", math.maxinteger))
            assert.are.equal("4611686018427387904 elements of 'char [?]' are too large an object", message(ffi.new, "char[?]", 1 << 62))
            assert.are.equal("not enough memory", message(ffi.new, "char[?]", 1 << 61))
            assert.are.equal("not enough memory", message(ffi.new, "char[0x1000000000000000]"))
        end)
    end)

    it("refuses types of which there are no objects", function()
        assert.are.equal("cannot make an object of type 'void'", message(ffi.new, "void"))
        assert.are.equal("cannot make an object of type 'int (int)'", message(ffi.new, "int(int)"))
        assert.are.equal("size of 'int []' is unknown", message(ffi.new, "int[]"))
        assert.are.equal("size of 'struct nw_never' is unknown", message(ffi.new, "struct nw_never"))
        assert.are.equal("size of 'enum nw_never_enum' is unknown", message(ffi.new, "enum nw_never_enum"))
    end)

    it("aligns every object as its type asks", function()
        local function address(object) return ffi.cast("uintptr_t", ffi.cast("void *", object)) end
        for _, align in ipairs { 1, 2, 4, 8, 16, 32, 64, 128, 4096 } do
            local record = ffi.typeof("struct { char a __attribute__((aligned($))); int b[3]; }", align)
            assert.are.equal(align < 4 and 4 or align, ffi.alignof(record))
            for _ = 1, 8 do
                assert.are.equal(ffi.new("uint64_t", 0), address(ffi.new(record, 1, { 2 })) % ffi.alignof(record))
            end
            local open = ffi.typeof("struct { char a __attribute__((aligned($))); int b[?]; }", align)
            assert.are.equal(ffi.new("uint64_t", 0), address(ffi.new(open, 5)) % ffi.alignof(open))
        end
        for _, ct in ipairs { "long double", "__int128", "nw_four", "char __attribute__((vector_size(64)))" } do
            for _ = 1, 8 do assert.are.equal(ffi.new("uint64_t", 0), address(ffi.new(ct .. "[1]")) % ffi.alignof(ct), ct) end
        end
        local record = ffi.new("struct { char a; int b[3] __attribute__((aligned(64))); }", 1, { 2, 3, 4 })
        assert.are.same({ 2, 3, 4 }, elements(record.b, 3))
    end)
end)

describe("ctype objects", function()
    it("are one per type", function()
        assert.are.equal(ffi.typeof "int", ffi.typeof "signed int")
        assert.are.equal(ffi.typeof "struct nw_point", ffi.typeof "nw_point")
        assert.are.equal(ffi.typeof "int *", ffi.typeof("$ *", ffi.typeof "int"))
        assert.are.equal(ffi.typeof "nw_point", ffi.typeof(ffi.new "nw_point"))
        assert.are.equal(ffi.typeof "nw_point", ffi.typeof(ffi.typeof "nw_point"))
        assert.are_not.equal(ffi.typeof "int", ffi.typeof "const int")
        assert.are_not.equal(ffi.typeof "struct { int a; }", ffi.typeof "struct { int a; }")
    end)

    it("are table keys", function()
        local names = { [ffi.typeof "int"] = "int", [ffi.typeof "nw_point"] = "point" }
        collectgarbage()
        assert.are.equal("int", names[ffi.typeof "signed"])
        assert.are.equal("point", names[ffi.typeof(ffi.new "nw_point")])
        assert.is_nil(names[ffi.typeof "long"])
    end)

    it("show their type in C syntax", function()
        for text, spelling in pairs {
            ["int"] = "int", ["unsigned long int"] = "unsigned long", ["char const*"] = "const char *",
            ["int(*)(double,...)"] = "int (*)(double, ...)",
            ["int*[3][4]"] = "int *[3][4]", ["int(*)[3]"] = "int (*)[3]", ["nw_point"] = "struct nw_point", ["int[?]"] = "int [?]",
            ["void(*(*)(int))(char)"] = "void (*(*)(int))(char)", ["uint8_t"] = "unsigned char", ["enum nw_colour*"] = "enum nw_colour *",
            ["int *const volatile"] = "int *const volatile", ["bool"] = "_Bool", ["_Complex double"] = "_Complex double",
        } do
            assert.are.equal(("ctype<%s>"):format(spelling), tostring(ffi.typeof(text)))
        end
    end)

    it("of untagged records show their typedef or their line", function()
        ffi.cdef "typedef struct { int a; } nw_untagged;"
        assert.are.equal("ctype<nw_untagged>", tostring(ffi.typeof "nw_untagged"))
        assert.are.equal("ctype<struct {line 2}>", tostring(ffi.typeof "\nstruct { int a; }"))
    end)

    it("know the type of C functions", function()
        ffi.cdef "int abs(int);"
        assert.are.equal("ctype<int (int)>", tostring(ffi.typeof(ffi.C.abs)))
    end)

    it("have a closed metatable", function()
        assert.are.equal("ffi", getmetatable(ffi.typeof "int"))
        assert.are.equal("ffi", getmetatable(ffi.new "int"))
    end)

    it("are refused where there is no type", function()
        assert.are.equal("bad argument #1 to 'ffi.typeof' (C type expected, got nil)", message(ffi.typeof, nil))
        assert.are.equal("bad argument #1 to 'ffi.sizeof' (C type expected, got userdata)", message(ffi.sizeof, io.stdout))
        assert.are.equal("bad argument #1 to 'ffi.alignof' (C type expected, got boolean)", message(ffi.alignof, true))
    end)
end)

describe("ffi.istype", function()
    -- wanted, type of the object, answer
    local cases = {
        { "int", "int", true }, { "const int", "int", true }, { "int", "const int", true }, { "int", "unsigned", false }, { "int", "long", false },
        { "long long", "long", true }, { "unsigned char", "uint8_t", true }, { "float", "double", false }, { "int", "float", false },
        { "int *", "const int *", true }, { "const int *", "int *", true }, { "int *", "unsigned *", true }, { "int *", "long *", false },
        { "int *", "float *", false }, { "void *", "int *", false }, { "int *", "void *", false }, { "void *", "void *", true },
        { "int **", "unsigned **", true }, { "int **", "int *", false }, { "int *", "enum { NW_I }*", true }, { "char *", "int8_t *", true },
        { "int[3]", "int[3]", true }, { "int[3]", "int[4]", false }, { "int *", "int[3]", false }, { "int[3]", "int *", false },
        { "struct nw_point", "struct nw_point", true }, { "nw_point", "const struct nw_point", true },
        { "struct nw_point", "struct nw_point *", true },
        { "struct nw_point", "const struct nw_point *", true }, { "struct nw_point *", "struct nw_point", false },
        { "struct nw_point", "struct nw_line", false }, { "struct nw_point", "struct nw_point **", false },
        { "struct nw_point *", "struct nw_line *", false },
        { "_Bool", "_Bool", true }, { "_Bool", "char", false }, { "enum nw_colour", "enum nw_colour", true }, { "enum nw_colour", "int", false },
        { "_Complex double", "_Complex double", true }, { "_Complex double", "_Complex float", false }, { "__int128", "__int128", true },
        { "enum nw_colour", "unsigned", false }, { "unsigned", "enum nw_colour", false }, { "_Bool *", "char *", false },
        { "int[3]", "const int[3]", true }, { "int[3]", "unsigned[3]", true }, { "int[3]", "float[3]", false },
        { "int (*)[3]", "unsigned (*)[3]", true }, { "int (*)[3]", "float (*)[3]", false }, { "int (*)[3]", "int (*)[4]", false },
        { "void *", "const void *", true }, { "char **", "const char **", false }, { "char **", "char *const *", true },
        { "int (*)(int)", "int (*)(int)", true }, { "int (*)(int)", "void (*)(double)", false }, { "int &", "int", true },
        { "struct nw_point &", "struct nw_point", true }, { "size_t", "uint64_t", true }, { "size_t", "int64_t", false },
    }
    for _, case in ipairs(cases) do
        it(("%s is %s%s"):format(case[2], case[3] and "" or "not ", case[1]), function()
            assert.are.equal(case[3], ffi.istype(case[1], ffi.new(case[2])))
        end)
    end

    it("knows variable-length arrays", function()
        assert.is_true(ffi.istype("int[?]", ffi.new("int[?]", 3)))
        assert.is_false(ffi.istype("int[3]", ffi.new("int[?]", 3)))
    end)

    it("takes a ctype object for an object of its type", function()
        assert.is_true(ffi.istype("int", ffi.typeof "int"))
        assert.is_true(ffi.istype("struct nw_point", ffi.typeof "struct nw_point *"))
        assert.is_false(ffi.istype("int", ffi.typeof "long"))
    end)

    it("knows C functions", function()
        ffi.cdef "int abs(int);"
        assert.is_true(ffi.istype(ffi.typeof(ffi.C.abs), ffi.C.abs))
        assert.is_true(ffi.istype("int (*)(int)", ffi.C.abs))
        assert.is_false(ffi.istype("int (*)(long)", ffi.C.abs))
        assert.is_false(ffi.istype("int (*)(int)", print))
    end)

    it("is false for what is no cdata", function()
        for _, value in ipairs { 5, 1.5, "int", true, {}, io.stdout } do
            assert.is_false(ffi.istype("int", value))
        end
        assert.is_false(ffi.istype("int *", nil))
        assert.are.equal("bad argument #2 to 'ffi.istype' (value expected, got no value)", message(ffi.istype, "int"))
    end)

    it("wants a type", function()
        assert.are.equal("bad argument #1 to 'ffi.istype' (C type expected, got number)", message(ffi.istype, 5, 5))
    end)
end)
