-- ffi.eq(a, b): any two values compared as C would compare them, whatever stock Lua's == can ask. Each case is tried both ways round.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local int128, uint128 = ffi.typeof "__int128", ffi.typeof "unsigned __int128"

setup(function()
    ffi.cdef [[
        enum eq_colour { EQ_RED, EQ_GREEN, EQ_BLUE = 7 };
        enum eq_shape { EQ_ROUND = 7, EQ_MINUS = -1 };
        typedef struct eq_point { int x, y; } eq_point;
        typedef struct eq_plain { int x; } eq_plain;
        typedef float eq_vector __attribute__((vector_size(16)));
        int abs(int);
        int eq_abs(long) __asm__("abs");
    ]]
end)

local function name(value)
    return tostring(value)
end

local function assert_eq(a, b)
    assert.is_true(ffi.eq(a, b), name(a) .. " and " .. name(b))
    assert.is_true(ffi.eq(b, a), name(b) .. " and " .. name(a))
end

local function assert_ne(a, b)
    assert.is_false(ffi.eq(a, b), name(a) .. " and " .. name(b))
    assert.is_false(ffi.eq(b, a), name(b) .. " and " .. name(a))
end

describe("ffi.eq of numbers", function()
    it("sees the number, not the type", function()
        local fives = { 5, 5.0, int64(5), uint64(5), int128(5), uint128(5), ffi.new("char", 5), ffi.new("double", 5), ffi.new("long double", 5),
            ffi.new("float", 5), ffi.new("_Float16", 5), ffi.new("__float128", 5), ffi.new("enum eq_colour", 5), ffi.new("complex", 5),
            ffi.new("_Complex int", 5) }
        for _, a in ipairs(fives) do
            for _, b in ipairs(fives) do assert_eq(a, b) end
            for _, b in ipairs { 6, 5.5, int64(-5), uint64(1) << 63, ffi.new("complex", 5, 1), "5", true, {}, 0 / 0 } do assert_ne(a, b) end
            assert_ne(a, nil)
        end
    end)

    -- What C would say of mathematically equal numbers, by gcc's widest integer and quadruple floats, which hold each of these exactly.
    it("is exact for all pairs of boundary values", function()
        local integers = {
            { "0", 0 }, { "-1", -1 }, { "(Wide)1 << 53", 1 << 53 }, { "((Wide)1 << 53) + 1", (1 << 53) + 1 }, { "INT64_MAX", math.maxinteger },
            { "INT64_MIN", math.mininteger }, { "(Wide)UINT64_MAX", uint64(-1) }, { "(Wide)1 << 63", uint64(1) << 63 },
            { "((Wide)1 << 63) - 1", int64(math.maxinteger) }, { "(Wide)1 << 64", int128(1) << 64 }, { "(Wide)1 << 120", int128(1) << 120 },
            { "((Wide)1 << 120) + 1", (int128(1) << 120) + 1 }, { "-((Wide)1 << 120)", -(int128(1) << 120) },
            { "(Wide)((unsigned __int128)1 << 127)", int128(1) << 127 }, { "-1", ffi.new("signed char", -1) },
            { "0xffffffff", ffi.new("unsigned", -1) }, { "1", ffi.new("bool", true) },
        }
        local floats = {
            { "0x1p53", 2.0 ^ 53 }, { "0x1p63", 2.0 ^ 63 }, { "-0x1p63", -2.0 ^ 63 }, { "0x1p64", 2.0 ^ 64 }, { "0x1p120", 2.0 ^ 120 },
            { "-0x1p120", -2.0 ^ 120 }, { "-0x1p127", -2.0 ^ 127 }, { "0x1p127", 2.0 ^ 127 }, { "0x1p128", 2.0 ^ 128 }, { "0.5", 0.5 },
            { "-0.5", -0.5 }, { "-0.0", -0.0 }, { "1e300", 1e300 }, { "1.0/0.0", 1 / 0 }, { "-1.0/0.0", -1 / 0 }, { "0.0/0.0", 0 / 0 },
            { "-1.0", -1.0 },
        }
        if not support.has_valgrind then -- whose long double has 53 bits
            floats[#floats + 1] = { "0x1p53L + 1", ffi.new("long double", (1 << 53) + 1) }
            floats[#floats + 1] = { "(long double)UINT64_MAX", ffi.new("long double", uint64(-1)) }
        end
        local all, body = {}, {}
        for _, value in ipairs(integers) do all[#all + 1] = { value[1], value[2], true } end
        for _, value in ipairs(floats) do all[#all + 1] = { value[1], value[2], false } end
        for _, a in ipairs(all) do
            for _, b in ipairs(all) do
                local kinds = (a[3] and "I" or "F") .. (b[3] and "I" or "F")
                body[#body + 1] = ("printf(\"%%d\\n\", same%s(%s, %s));"):format(kinds, a[1], b[1])
            end
        end
        local before = [[
            typedef __int128 Wide;
            typedef _Float128 Quad;
            static int sameII(Wide a, Wide b) { return a == b; }
            static int sameFF(Quad a, Quad b) { return a == b; }
            /* the float as an integer, where it is one */
            static int sameIF(Wide a, Quad b) { return b >= -0x1p127 && b < 0x1p127 && (Quad)(Wide)b == b && (Wide)b == a; }
            static int sameFI(Quad a, Wide b) { return sameIF(b, a); }
        ]]
        local lines, i = oracle.lines("eq_numbers", table.concat(body, "\n"), before), 0
        for _, a in ipairs(all) do
            for _, b in ipairs(all) do
                i = i + 1
                assert.equal(lines[i] == "1", ffi.eq(a[2], b[2]), a[1] .. " and " .. b[1])
            end
        end
    end)

    it("tells a negative number from the unsigned one of the same bits", function()
        assert_ne(int64(-1), uint64(-1))
        assert_ne(-1, uint64(-1))
        assert_ne(int128(-1), uint128(-1))
        assert_eq(uint64(-1), uint128(0xffffffffffffffff & math.maxinteger) * 2 + 1)
        assert_eq(uint128(-1), uint128(-1))
    end)

    it("of complex ones sees both parts", function()
        assert_eq(ffi.new("complex", 1, 2), ffi.new("complex float", 1, 2))
        assert_eq(ffi.new("complex", 1, 2), ffi.new("_Complex int", 1, 2))
        assert_ne(ffi.new("complex", 1, 2), ffi.new("complex", 1, 3))
        assert_ne(ffi.new("complex", 1, 2), 1)
        assert_eq(ffi.new("complex", 1, -0.0), 1)
        local nan = ffi.new("complex", 0 / 0)
        assert_ne(nan, nan)
    end)

    it("of enums takes their numbers and their constants' names", function()
        local blue = ffi.new("enum eq_colour", "EQ_BLUE")
        assert_eq(blue, "EQ_BLUE")
        assert_eq(blue, 7)
        assert_eq(blue, ffi.new("enum eq_shape", "EQ_ROUND"))
        assert_eq(ffi.new("enum eq_shape", "EQ_MINUS"), -1)
        for _, other in ipairs { "EQ_RED", "EQ_ROUND", "7", "", 6, 7.5 } do assert_ne(blue, other) end
    end)

    it("of _Bool takes Lua's booleans, and no other number does", function()
        local yes, no = ffi.new("bool", true), ffi.new("bool", false)
        assert_eq(yes, true)
        assert_eq(no, false)
        assert_ne(yes, false)
        assert_ne(no, true)
        assert_ne(no, nil)
        assert_eq(yes, 1)
        assert_eq(yes, int64(1))
        assert_ne(true, 1)
        assert_ne(true, int64(1))
        assert_ne(false, ffi.new("int", 0))
    end)
end)

describe("ffi.eq of pointers", function()
    it("sees the address, not the type", function()
        local array = ffi.new("int[2]")
        assert_eq(array, array + 0)
        assert_eq(array, ffi.cast("void *", array))
        assert_eq(array + 1, ffi.cast("const float *", array + 1))
        assert_ne(array, array + 1)
        local point = ffi.new "eq_point"
        assert_eq(point, ffi.cast("eq_point *", point))
        assert_ne(point, ffi.new "eq_point *")
        assert_eq(ffi.cast("int &", array), 0)
    end)

    it("takes nil for NULL", function()
        assert_eq(ffi.new "int *", nil)
        assert_eq(ffi.new "void (*)(void)", nil)
        assert_eq(ffi.new "int *", ffi.new "char *")
        assert_ne(ffi.new "int[1]", nil)
        assert_ne(ffi.new "eq_point", nil)
        assert_ne(ffi.new("int *[1]"), nil)
        assert_ne(ffi.new "int *", false)
        assert_ne(ffi.new "int *", 0)
        assert_eq(nil, nil)
    end)

    it("takes C functions, and the same address under another type", function()
        local abs = ffi.C.abs
        assert_eq(abs, ffi.cast("void *", abs))
        assert_eq(abs, ffi.cast("int (*)(int)", abs))
        assert_eq(abs, ffi.C.eq_abs)
        assert_eq(ffi.cast("int (*)(long)", abs), ffi.C.eq_abs)
        assert_ne(abs, ffi.new "void *")
        assert_ne(abs, print)
        assert_ne(abs, nil)
        assert_ne(ffi.cast("void *", abs), print)
    end)

    it("takes a userdata as where C finds it", function()
        ffi.cdef "typedef struct eq_file FILE; extern FILE *stdout;"
        assert_eq(io.stdout, ffi.C.stdout)
        assert_ne(io.stderr, ffi.C.stdout)
        local closed = io.tmpfile()
        closed:close()
        assert_ne(closed, ffi.new "void *")
        assert_ne(ffi.typeof "int", ffi.new "int *")
    end)

    it("takes no numbers and no strings", function()
        assert_ne(ffi.cast("int *", 16), 16)
        assert_ne(ffi.cast("int *", 16), int64(16))
        assert_ne(ffi.cast("const char *", "text"), "text")
        assert_ne(ffi.new("char[5]", "text"), "text")
    end)
end)

describe("ffi.eq of records and vectors", function()
    it("is their metatype's __eq, else their address", function()
        local calls = 0
        ffi.metatype("eq_point", { __eq = function(a, b)
            calls = calls + 1
            return a.x == b.x and a.y == b.y and "yes"
        end })
        assert_eq(ffi.new("eq_point", 1, 2), ffi.new("eq_point", 1, 2))
        assert_ne(ffi.new("eq_point", 1, 2), ffi.new("eq_point", 1, 3))
        assert.equal(4, calls)
        local point = ffi.new("eq_point", 1, 2)
        assert_eq(ffi.cast("eq_point *", ffi.new("eq_point", 1, 2)), point)
        local plain = ffi.new("eq_plain[2]")
        assert_eq(plain[0], plain[0])
        assert_ne(plain[0], plain[1])
        assert_ne(plain[0], ffi.new "eq_plain")
        assert_eq(plain[1], plain + 1)
        local vector = ffi.new "eq_vector"
        assert_eq(vector, vector)
        assert_ne(vector, ffi.new "eq_vector")
        for _, other in ipairs { 0, "x", {}, true, print, ffi.new "int *" } do assert_ne(plain[0], other) end
    end)

    it("of decimals is their address", function()
        local decimal = ffi.new "_Decimal64"
        assert_eq(decimal, decimal)
        assert_ne(decimal, ffi.new "_Decimal64")
        assert_ne(decimal, 0)
    end)
end)

describe("ffi.eq of Lua's own values", function()
    it("is Lua's ==", function()
        local t = setmetatable({}, { __eq = function() return true end })
        assert_eq(t, setmetatable({}, getmetatable(t)))
        for _, value in ipairs { 1, "a", true, false, {}, print, coroutine.create(print), io.stdout, ffi.typeof "int" } do assert_eq(value, value) end
        assert_eq(1, 1.0)
        assert_eq("a" .. 1, "a1")
        assert_eq(ffi.typeof "int", ffi.typeof "int")
        local different = { 1, "1", true, {}, print, io.stdout, ffi.typeof "int" }
        for i, a in ipairs(different) do
            for j, b in ipairs(different) do if i ~= j then assert_ne(a, b) end end
            assert_ne(a, nil)
        end
        assert_ne(ffi.typeof "int", ffi.typeof "long")
        assert_ne(0 / 0, 0 / 0)
    end)

    it("wants two values", function()
        assert.equal("bad argument #1 to 'ffi.eq' (value expected, got no value)", message(ffi.eq))
        assert.equal("bad argument #2 to 'ffi.eq' (value expected, got no value)", message(ffi.eq, 1))
        assert.is_true(ffi.eq(1, 1, 2))
    end)
end)
