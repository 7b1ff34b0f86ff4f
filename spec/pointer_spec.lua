-- Pointer arithmetic and comparison, and NULL: each kind of step and operand, beside C, and what is refused in which words.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local int128, uint128 = ffi.typeof "__int128", ffi.typeof "unsigned __int128"

setup(function()
    ffi.cdef [[
        typedef struct pt_point { int x, y; } pt_point;
        enum op_colour { OP_RED, OP_GREEN, OP_BLUE = 7 };
        typedef struct op_point { int x, y; } op_point;
        typedef struct op_empty {} op_empty;
        int abs(int);
        long labs(long);
    ]]
end)

describe("pointer arithmetic", function()
    local array, pointer
    before_each(function()
        array = ffi.new("int[4]", 10, 20, 30, 40)
        pointer = array + 0
    end)

    it("steps by elements, from both sides", function()
        assert.are.same({ 30, 30, 40 }, { (pointer + 2)[0], (2 + pointer)[0], (pointer + 3)[0] })
        assert.are.equal(20, (pointer + 3 - 2)[0])
        assert.are.equal(20, (array + 1)[0])
        assert.are.equal(30, (pointer + 2.9)[0])
        assert.are.equal(20, (pointer + uint64(1))[0])
        assert.are.equal(10, (pointer + 1 + uint64(-1))[0])
        assert.are.equal(10, (pointer + 1 - int64(1))[0])
        assert.are.equal("ctype<int *>", tostring(ffi.typeof(array + 1)))
        assert.are.equal("ctype<const int *>", tostring(ffi.typeof(ffi.cast("const int *", array) + 1)))
        assert.are.equal("ctype<int (*)[3]>", tostring(ffi.typeof(ffi.new("int[2][3]") + 1)))
    end)

    it("steps by whole records", function()
        local points = ffi.new("pt_point[3]", { { 1, 2 }, { 3, 4 }, { 5, 6 } })
        assert.are.equal(6, (points + 2).y)
        assert.are.equal(3, (points + 2 - 1).x)
    end)

    it("gives differences in elements", function()
        assert.are.equal(3, (pointer + 3) - pointer)
        assert.are.equal(-3, pointer - (array + 3))
        assert.are.equal(1, array - (array + -1))
        assert.are.equal("integer", math.type(pointer - array))
        assert.are.equal(12, ffi.cast("char *", array + 3) - ffi.cast("unsigned char *", array))
        assert.are.equal(2, ffi.cast("unsigned *", array + 2) - array)
        assert.are.equal(1, ffi.cast("const int *", array + 1) - array)
    end)

    it("that comes to NULL is nil", function()
        assert.is_nil(ffi.cast("char *", 5) - 5)
        assert.is_nil(ffi.cast("int *", 8) + -2)
    end)

    it("steps from placeholders too", function()
        assert.are.equal("cdata<char *>: 0x5", tostring(ffi.new "char *" + 5))
        assert.is_nil(ffi.new "char *" + 0)
    end)

    it("has no elements of void, functions and incomplete types to step by", function()
        local words = "has no elements: cast it to a pointer to a complete type first"
        assert.are.equal("'void *' " .. words, message(function() return ffi.cast("void *", 8) + 1 end))
        assert.are.equal("'void *' " .. words, message(function() return ffi.cast("void *", 8) - ffi.cast("void *", 4) end))
        assert.are.equal("'int (*)(int)' " .. words, message(function() return ffi.cast("int (*)(int)", 8) + 1 end))
        assert.are.equal("'struct pt_hidden *' points to an incomplete type", message(function() return ffi.cast("struct pt_hidden *", 8) + 1 end))
    end)

    it("is refused otherwise", function()
        assert.are.equal("attempt to subtract 'float *' from 'int *': different element types",
            message(function() return pointer - ffi.cast("float *", 8) end))
        assert.are.equal("attempt to subtract 'short *' from 'int *': different element types",
            message(function() return pointer - ffi.cast("short *", 8) end))
        assert.are.equal("attempt to perform arithmetic (+) on 'int *' and 'int *'", message(function() return pointer + pointer end))
        assert.are.equal("attempt to perform arithmetic (-) on number and 'int *'", message(function() return 1 - pointer end))
        assert.are.equal("attempt to perform arithmetic (*) on 'int *' and number", message(function() return pointer * 2 end))
        assert.are.equal("attempt to perform arithmetic (+) on 'int *' and string", message(function() return pointer + "1" end))
        assert.are.equal("attempt to perform arithmetic (+) on string and 'int *'", message(function() return "1" + pointer end))
        assert.are.equal("attempt to perform arithmetic (+) on 'int *' and nil", message(function() return pointer + nil end))
        assert.are.equal("attempt to perform arithmetic (+) on 'int *' and boolean", message(function() return pointer + true end))
        assert.are.equal("attempt to perform arithmetic (+) on 'int *' and nan", message(function() return pointer + 0 / 0 end))
        assert.are.equal("attempt to perform arithmetic (unary -) on 'int *'", message(function() return -pointer end))
        assert.are.equal("attempt to perform arithmetic (&) on 'int *' and number", message(function() return pointer & 1 end))
        assert.are.equal("attempt to perform arithmetic (+) on 'struct pt_point' and number", message(function() return ffi.new "pt_point" + 1 end))
        assert.are.equal("attempt to get length of a 'int [4]'", message(function() return #array end))
        assert.are.equal("attempt to concatenate string and 'int [4]'", message(function() return "a" .. array end))
        assert.are.equal("attempt to concatenate 'int [4]' and number", message(function() return array .. 1 end))
    end)
end)

describe("pointer comparison", function()
    it("is equal by address, whatever the types", function()
        local array = ffi.new("int[2]")
        assert.is_true(array + 0 == array)
        assert.is_true(ffi.cast("void *", array) == array)
        assert.is_true(ffi.cast("float *", array) == array)
        assert.is_true(ffi.cast("int *", 8) == ffi.cast("struct pt_hidden *", 8))
        assert.is_true(array ~= array + 1)
        local point = ffi.new "pt_point"
        assert.is_true(ffi.cast("pt_point *", point) == point)
        assert.is_true(point == point)
        assert.is_false(point == ffi.new "pt_point")
        assert.is_true(ffi.cast("int (*)(int)", ffi.C.abs) == ffi.cast("void *", ffi.C.abs))
    end)

    it("never equals what is no cdata", function()
        local pointer = ffi.cast("int *", 8)
        for _, other in ipairs { 8, "8", true, {}, print, io.stdout } do
            assert.is_false(pointer == other)
            assert.is_true(other ~= pointer)
        end
        assert.is_false(pointer == nil)
        assert.is_false(pointer == int64(8))
        assert.is_false(pointer == ffi.typeof "int *")
    end)

    it("has an order by unsigned address", function()
        local array = ffi.new("int[3]")
        assert.is_true(array < array + 1)
        assert.is_true(array + 1 > array)
        assert.is_true(array <= array + 0)
        assert.is_false(array + 1 <= array)
        assert.is_true(ffi.cast("char *", 8) < ffi.cast("char *", -8))
        assert.is_true(ffi.cast("unsigned *", array) <= array)
        assert.is_true(ffi.cast("const int *", array) >= array)
        assert.is_true(ffi.new "int *" < array)
    end)

    it("refuses an order of incompatible types and of what has none", function()
        local pointer = ffi.cast("int *", 8)
        assert.are.equal("attempt to compare 'int *' with 'float *'", message(function() return pointer < ffi.cast("float *", 8) end))
        assert.are.equal("attempt to compare 'int *' with 'long *'", message(function() return pointer < ffi.cast("long *", 8) end))
        assert.are.equal("attempt to compare 'int *' with 'int **'", message(function() return pointer <= ffi.cast("int **", 8) end))
        assert.are.equal("attempt to compare 'int *' with number", message(function() return pointer < 8 end))
        assert.are.equal("attempt to compare number with 'int *'", message(function() return 8 < pointer end))
        assert.are.equal("attempt to compare 'int *' with 'void *'", message(function() return pointer < ffi.cast("void *", 8) end))
        assert.are.equal("attempt to compare 'int *' with 'long'", message(function() return pointer < int64(1) end))
        assert.are.equal("attempt to compare '_Complex double' with number", message(function() return ffi.new "_Complex double" < 1 end))
    end)
end)

describe("NULL", function()
    it("reads as nil from fields, elements, pointers and casts", function()
        local record = ffi.new "struct { int *a; const char *b; void *c; int (*f)(int); int *list[2]; }"
        assert.are.same({}, { record.a, record.b, record.c, record.f, record.list[0], ffi.cast("int *", 0) })
        local holder = ffi.new "int *[1]"
        assert.is_nil((holder + 0)[0])
        assert.is_nil(ffi.cast("int **", holder)[0])
        assert.is_true(record.a == nil)
    end)

    it("placeholders are true, equal to each other and to no pointer", function()
        local null = ffi.new "int *"
        assert.is_truthy(null)
        assert.is_true(null == ffi.new "int *")
        assert.is_true(null == ffi.new "void *")
        assert.is_false(null == nil)
        assert.is_false(null == ffi.new "int[1]" + 0)
    end)

    it("placeholders are written as NULL", function()
        local holder = ffi.new("int *[1]", ffi.new "int[1]")
        assert.is_truthy(holder[0])
        holder[0] = ffi.new "int *"
        assert.is_nil(holder[0])
    end)

    it("there is no ffi.nullptr", function() assert.is_nil(ffi.nullptr) end)
end)

describe("a pointer", function()
    it("moves by cdata numbers of every kind, truncated", function()
        local p = ffi.cast("int *", 64)
        local function at(q) return tonumber(tostring(q):match "0x%x+") end
        for _, step in ipairs { int64(2), uint64(2), int128(2), uint128(2), ffi.new("char", 2), ffi.new("double", 2.7), ffi.new("float", 2.2),
            ffi.new("long double", 2.9), 2, 2.0, 2.9 } do
            assert.equal(72, at(p + step))
            assert.equal(72, at(step + p))
            assert.equal(56, at(p - step))
        end
        assert.equal(92, at(p + ffi.new("enum op_colour", "OP_BLUE")))
        assert.equal(60, at(p + uint64(-1)))
        assert.equal(60, at(p + -1.9))
    end)

    it("to elements of no size moves nowhere and has no difference", function()
        local p = ffi.cast("op_empty *", 16)
        assert.is_true(p + 5 == p)
        assert.equal("pointers of type 'struct op_empty *' have no difference: their elements have no size",
            message(function() return p - p end))
    end)

    it("is not moved beyond what counts", function()
        assert.equal("index 4611686018427387904 of 'int *' is beyond the address space",
            message(function() return ffi.cast("int *", 16) + (1 << 62) end))
        assert.equal("index -9223372036854775808 of 'short *' is beyond the address space",
            message(function() return ffi.cast("short *", 16) - math.mininteger end))
    end)

    it("has a difference and an order with what agrees with it only", function()
        local agreeing = {
            { "int *", "const int *" }, { "const int *", "int *" }, { "int *", "volatile int *" }, { "int *", "unsigned *" },
            { "long *", "long long *" }, { "unsigned *", "enum op_colour *" }, { "char *", "unsigned char *" }, { "int **", "unsigned **" },
            { "op_point *", "const op_point *" }, { "int (*)[3]", "unsigned (*)[3]" },
        }
        for _, pair in ipairs(agreeing) do
            local size = ffi.sizeof((pair[1]:gsub("%*", "", 1):gsub("%(%)", "")))
            local low, high = ffi.cast(pair[1], 4096), ffi.cast(pair[2], 4096 + 3 * size)
            assert.equal(3, high - low, pair[1])
            assert.equal(-3, low - high, pair[1])
            assert.same({ true, true, true, false, false }, { low < high, low <= high, high > low, high <= low, high < low }, pair[1])
        end
        local others = { { "int *", "float *" }, { "int *", "void *" }, { "void *", "int *" }, { "int **", "void **" }, { "int **", "const int **" },
            { "int *", "long *" }, { "int *", "int (*)[3]" }, { "op_point *", "op_empty *" }, { "bool *", "char *" } }
        for _, pair in ipairs(others) do
            local a, b = ffi.cast(pair[1], 4096), ffi.cast(pair[2], 8192)
            local function spelling(p) return tostring(ffi.typeof(p)):match "<(.*)>" end
            local unordered = ("attempt to compare '%s' with '%s'"):format(spelling(a), spelling(b))
            assert.equal(("attempt to subtract '%s' from '%s': different element types"):format(spelling(b), spelling(a)),
                message(function() return a - b end))
            assert.equal(unordered, message(function() return a < b end))
            assert.equal(unordered, message(function() return a <= b end))
            assert.is_false(a == b)
            assert.is_true(a == ffi.cast(pair[2], 4096))
        end
        assert.is_true(ffi.cast("void *", 8) < ffi.cast("const void *", 16))
        assert.is_true(ffi.cast("struct op_hidden *", 8) <= ffi.cast("struct op_hidden *", 8))
    end)

    it("differs from the other by whole elements, towards zero", function()
        local function cast(address) return ffi.cast("int *", address) end
        assert.same({ 2, -2, 0, 0 }, { cast(16) - cast(7), cast(7) - cast(16), cast(19) - cast(16), cast(16) - cast(19) })
    end)

    it("has nil below it, where NULL is", function()
        local p = ffi.cast("int *", 16)
        assert.is_true(nil < p and nil <= p and p > nil and p >= nil)
        assert.is_false(p < nil)
        assert.is_false(p <= nil)
        assert.is_true(ffi.new "int *" <= nil)
        assert.is_false(p == nil)
        assert.equal("attempt to perform arithmetic (-) on 'int *' and nil", message(function() return p - nil end))
        assert.equal("attempt to compare 'long' with nil", message(function() return int64(1) < nil end))
    end)

    it("to a function has an order with its kind and no arithmetic", function()
        local abs, labs = ffi.cast("int (*)(int)", ffi.C.abs), ffi.cast("long (*)(long)", ffi.C.labs)
        assert.is_true(abs <= abs and abs <= ffi.C.abs and ffi.C.abs >= abs)
        assert.equal("attempt to compare 'int (*)(int)' with 'long (*)(long)'", message(function() return abs < labs end))
        assert.equal("attempt to compare 'int (*)(int)' with 'long (long)'", message(function() return abs < ffi.C.labs end))
        assert.equal("'int (*)(int)' has no elements: cast it to a pointer to a complete type first",
            message(function() return abs - abs end))
        assert.equal("attempt to perform arithmetic (-) on 'int (*)(int)' and 'int (int)'", message(function() return abs - ffi.C.abs end))
    end)

    it("is not what a record is: that has no order and no arithmetic", function()
        local point = ffi.new "op_point"
        local p = ffi.cast("op_point *", point)
        assert.equal("attempt to compare 'struct op_point' with 'struct op_point'", message(function() return point < point end))
        assert.equal("attempt to compare 'struct op_point *' with 'struct op_point'", message(function() return p < point end))
        assert.equal("attempt to perform arithmetic (-) on 'struct op_point' and 'struct op_point'", message(function() return point - point end))
        assert.equal("attempt to perform arithmetic (+) on 'struct op_point' and number", message(function() return point + 1 end))
        assert.is_true(p == point and point == p)
    end)

    it("keeps alive what it was derived from", function()
        support.stressed(function()
            local p = ffi.new("int[4]", 1, 2, 3, 4) + 1
            for _ = 1, 20 do p = 1 + (p - 1) + 0 end
            collectgarbage()
            local other = ffi.new("int[4]", 9, 9, 9, 9)
            assert.equal(2, p[0])
            assert.equal(9, other[0])
            local freed = 0
            local q = ffi.gc(ffi.cast("char *", 64), function() freed = freed + 1 end) + 1
            collectgarbage()
            collectgarbage()
            assert.equal(0, freed)
            assert.truthy(q)
            q = nil -- luacheck: ignore
            collectgarbage()
            collectgarbage()
            assert.equal(1, freed)
        end)
    end)
end)
