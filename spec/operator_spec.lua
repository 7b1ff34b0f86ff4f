-- Operators on enums, booleans, references and strings, what metatypes add to them all, and tostring. Integers, complex numbers and pointers have
-- specs of their own.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local int128 = ffi.typeof "__int128"

setup(function()
    ffi.cdef [[
        enum op_colour { OP_RED, OP_GREEN, OP_BLUE = 7 };
        enum op_small { OP_MINUS = -3 };
        enum op_large { OP_LARGE = 0xffffffffffffffffULL };
        typedef struct op_point { int x, y; } op_point;
    ]]
end)

describe("an enum", function()
    local blue
    before_each(function() blue = ffi.new("enum op_colour", "OP_BLUE") end)

    it("counts as its integer", function()
        assert.equal("8LL", tostring(blue + 1))
        assert.equal("49LL", tostring(blue * blue))
        assert.equal("-7LL", tostring(-blue))
        assert.equal("-4LL", tostring(ffi.new("enum op_small", -3) - 1))
        assert.equal("0ULL", tostring(ffi.new("enum op_large", uint64(-1)) + 1))
        assert.is_true(blue < 8 and blue <= 7 and 6 < blue)
    end)

    it("takes its constants' names beside it", function()
        assert.equal("8LL", tostring(blue + "OP_GREEN"))
        assert.equal("-6LL", tostring("OP_GREEN" - blue))
        assert.equal("1LL", tostring("OP_BLUE" / blue))
        assert.is_true(blue > "OP_GREEN")
        assert.is_true("OP_GREEN" < blue)
        assert.is_true(blue <= "OP_BLUE")
    end)

    it("refuses other strings by name", function()
        assert.equal("'enum op_colour' has no constant 'OP_PINK' (operand of +)", message(function() return blue + "OP_PINK" end))
        assert.equal("'enum op_colour' has no constant '1' (operand of *)", message(function() return "1" * blue end))
        assert.equal("'enum op_colour' has no constant 'OP_PINK' (operand of <)", message(function() return "OP_PINK" < blue end))
        assert.equal("'enum op_colour' has no constant '' (operand of <=)", message(function() return blue <= "" end))
    end)
end)

describe("a boolean", function()
    it("counts when C's, not when Lua's", function()
        local yes = ffi.new("bool", true)
        assert.equal("2LL", tostring(yes + yes))
        assert.equal("-1LL", tostring(-yes))
        assert.equal(30, (ffi.new("int[4]", 10, 30, 20) + yes)[0])
        assert.is_true(yes == ffi.new("int", 1))
        assert.equal("attempt to perform arithmetic (+) on '_Bool' and boolean", message(function() return yes + true end))
        assert.equal("attempt to compare boolean with '_Bool'", message(function() return true < yes end))
    end)
end)

describe("a reference", function()
    it("is what it refers to", function()
        local number, point = ffi.new("int64_t[1]", 40), ffi.new("op_point", 1, 2)
        local reference = ffi.cast("int64_t &", number)
        assert.equal("42LL", tostring(reference + 2))
        assert.equal("-40LL", tostring(-reference))
        assert.is_true(reference < 41)
        assert.is_true(reference == int64(40))
        number[0] = 1
        assert.equal("2LL", tostring(reference * 2))
        assert.is_true(ffi.cast("op_point &", point) == point)
        local pointers = ffi.new("int *[1]", ffi.cast("int *", 16))
        assert.equal("cdata<int *>: 0x18", tostring(ffi.cast("int *&", pointers) + 2))
    end)
end)

describe("a string", function()
    it("is never a number", function()
        for _, text in ipairs { "1", "0x10", "", "a" } do
            assert.equal("attempt to perform arithmetic (+) on 'long' and string", message(function() return int64(1) + text end))
            assert.equal("attempt to perform arithmetic (-) on string and 'long'", message(function() return text - int64(1) end))
            assert.equal("attempt to compare 'long' with string", message(function() return int64(1) < text end))
            assert.equal("attempt to compare string with 'int *'", message(function() return text <= ffi.new "int *" end))
        end
    end)
end)

describe("a metatype's operators", function()
    local events = { add = "+", sub = "-", mul = "*", div = "/", idiv = "//", mod = "%", pow = "^", band = "&", bor = "|", bxor = "~", shl = "<<",
        shr = ">>", lt = "<", le = "<=" }
    local binary = {}
    for event, operator in pairs(events) do
        binary[event] = assert(load(("local a, b = ... return a %s b"):format(operator)))
    end
    local record, number_like, vector, other

    -- Each entry answers with its own name and its operands'.
    setup(function()
        local function metatable_of(name)
            local metatable = {}
            for event in pairs(events) do
                metatable["__" .. event] = function(a, b)
                    metatable.last = { name .. "." .. event, a, b }
                    return true
                end
            end
            function metatable.__unm(a) return "minus " .. tostring(ffi.istype("op_meta", a)) end
            function metatable.__bnot() return "not" end
            return metatable
        end
        ffi.cdef [[
            typedef struct op_meta { int n; } op_meta;
            typedef struct op_other { int n; } op_other;
            typedef float op_vector __attribute__((vector_size(16)));
        ]]
        record, other, vector, number_like = metatable_of "record", metatable_of "other", metatable_of "vector", metatable_of "complex"
        ffi.metatype("op_meta", record)
        ffi.metatype("op_other", other)
        ffi.metatype("op_vector", vector)
        ffi.metatype("_Complex short", number_like)
    end)

    local function asks(metatable, name, event, a, b)
        metatable.last = nil
        assert.is_true((binary[event](a, b)))
        assert.equal(name .. "." .. event, metatable.last[1])
        assert.is_true(rawequal(a, metatable.last[2]) and rawequal(b, metatable.last[3]))
    end

    it("answer for records, vectors and complex numbers, with any other operand on either side", function()
        local objects = {
            { record, "record", ffi.new "op_meta" }, { vector, "vector", ffi.new "op_vector" }, { number_like, "complex", ffi.new "_Complex short" },
        }
        for _, object in ipairs(objects) do
            for event in pairs(events) do
                for _, operand in ipairs { 1, 2.5, "text", int64(3), ffi.new "int *", true, {}, print, ffi.new("complex", 1, 2) } do
                    asks(object[1], object[2], event, object[3], operand)
                    asks(object[1], object[2], event, operand, object[3])
                end
                asks(object[1], object[2], event, object[3], object[3])
            end
        end
        assert.equal("minus true", -ffi.new "op_meta")
        assert.equal("not", ~ffi.new "op_meta")
    end)

    it("are the left operand's before the right one's", function()
        for event in pairs(events) do
            asks(record, "record", event, ffi.new "op_meta", ffi.new "op_other")
            asks(other, "other", event, ffi.new "op_other", ffi.new "op_meta")
        end
    end)

    it("answer for pointers where nothing is built in", function()
        local object = ffi.new "op_meta[4]"
        local p = object + 1
        assert.equal(2, (p + 2) - p)
        assert.is_true(p < p + 1)
        for event in pairs(events) do
            local is_pointer_arithmetic = event == "add" or event == "sub"
            if not is_pointer_arithmetic then
                asks(record, "record", event, p, 2)
                asks(record, "record", event, 2, p)
            end
            if event ~= "add" then asks(record, "record", event, p, object[0]) end
        end
        asks(record, "record", "add", p, p)
        asks(record, "record", "sub", 1, p)
        asks(record, "record", "lt", p, ffi.new "op_other *")
        assert.equal("minus true", -p)
    end)

    it("that are missing leave the refusal", function()
        local add = record.__add
        record.__add = nil
        assert.equal("attempt to perform arithmetic (+) on 'struct op_meta' and number", message(function() return ffi.new "op_meta" + 1 end))
        asks(other, "other", "add", ffi.new "op_meta", ffi.new "op_other")
        record.__add = add
    end)

    it("may yield", function()
        local shr = record.__shr
        record.__shr = function(_, b) return coroutine.yield(b) end
        local run = coroutine.wrap(function() return ffi.new "op_meta" >> 5 end)
        assert.equal(5, run())
        assert.equal("back", run "back")
        record.__shr = shr
    end)
end)

describe("operators under a busy collector", function()
    it("give the same", function()
        support.stressed(function()
            local sum, product, z, wide = int64(0), uint64(1), ffi.new "complex", int128(0)
            local p = ffi.new("int[101]") + 0
            for i = 1, 100 do
                sum, product, z, wide = sum + int64(i), product * uint64(i | 1), z + ffi.new("complex float", i, -i), wide + (int128(i) << 64)
                p = p + 1
                p[0] = i
            end
            assert.equal("5050LL", tostring(sum))
            assert.equal("5050-5050i", tostring(z))
            assert.equal(int128(5050) << 64, wide)
            assert.equal(100, p[0])
            assert.equal(50, (p - 50)[0])
            assert.is_true(product > 0)
        end)
    end)
end)

describe("tostring of", function()
    it("64- and 128-bit integers is their value", function()
        assert.are.equal("-9223372036854775808LL", tostring(int64(math.mininteger)))
        assert.are.equal("0LL", tostring(int64(0)))
        assert.are.equal("18446744073709551615ULL", tostring(uint64(-1)))
        assert.are.equal("7ULL", tostring(ffi.new("size_t", 7)))
        assert.are.equal("7LL", tostring(ffi.new("long long", 7)))
        assert.are.equal("-1", tostring(ffi.new("__int128", -1)))
        assert.are.equal("340282366920938463463374607431768211455", tostring(ffi.new("unsigned __int128", -1)))
    end)

    it("complex numbers is re and im", function()
        local function text(...) return tostring(ffi.new("_Complex double", ...)) end
        assert.are.same({ "1+2i", "1.5-2.5i", "0+0i", "1-0i", "nan+nanI", "inf-infI", "-1e+100+0.1i" },
            { text(1, 2), text(1.5, -2.5), text(0), text(1, -0.0), text(0 / 0, -(0 / 0)), text(1 / 0, -1 / 0), text(-1e100, 0.1) })
        assert.are.equal("0.5+0.25i", tostring(ffi.new("_Complex float", 0.5, 0.25)))
        assert.are.equal("0.5+0.25i", tostring(ffi.new("_Complex long double", 0.5, 0.25)))
    end)

    it("enums is their type and value", function()
        assert.are.equal("cdata<enum op_colour>: 7", tostring(ffi.new("enum op_colour", "OP_BLUE")))
    end)

    it("pointers is where they point, of others where they are", function()
        assert.are.equal("cdata<int *>: 0x10", tostring(ffi.cast("int *", 16)))
        assert.are.equal("cdata<const char *>: NULL", tostring(ffi.new "const char *"))
        assert.are.equal("cdata<int (*)(int)>: 0x10", tostring(ffi.cast("int (*)(int)", 16)))
        for _, ct in ipairs { "int", "double", "int[3]", "struct op_point", "const struct op_point", "int __attribute__((vector_size(16)))" } do
            local spelling = tostring(ffi.typeof(ct)):match "<(.*)>"
            local text = tostring(ffi.new(ct))
            assert.are.equal(("cdata<%s>: 0x"):format(spelling), text:sub(1, #spelling + 11), ct)
        end
        local array = ffi.new("int[3]")
        assert.are.equal(tostring(array):match "0x%x+", tostring(array + 0):match "0x%x+")
        assert.are.equal(tostring(array):match "0x%x+", tostring(ffi.cast("void *", array)):match "0x%x+")
    end)

    it("pads no format", function() assert.are.equal("[7LL]", ("[%s]"):format(int64(7))) end)
end)
