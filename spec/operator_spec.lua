-- Operators on cdata, rule by rule: integers beside LuaJIT where it is installed, complex numbers beside C, pointers, references, enums,
-- booleans, what metatypes add, and what is refused in which words. What pointers and integers do beside C is in pointer_spec.lua.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local int128, uint128 = ffi.typeof "__int128", ffi.typeof "unsigned __int128"

setup(function()
    ffi.cdef [[
        enum op_colour { OP_RED, OP_GREEN, OP_BLUE = 7 };
        enum op_small { OP_MINUS = -3 };
        enum op_large { OP_LARGE = 0xffffffffffffffffULL };
        typedef struct op_point { int x, y; } op_point;
        typedef struct op_empty {} op_empty;
        int abs(int);
        long labs(long);
    ]]
end)

-- The results of the metamethod `f` under a collector that collects at every chance.
local function stressed(f)
    collectgarbage "incremental"
    local pause, step = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
    f()
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", step)
    collectgarbage "generational"
    f()
    collectgarbage "incremental"
end

-- -- integers, beside LuaJIT ------------------------------------------------------------------------------------------

-- A table of operations over boundary values that runs here and there; each line is an expression and what it comes to.
local table_program = [==[
local ffi = require "ffi"
local names = { "int8_t", "uint8_t", "int32_t", "uint32_t", "int64_t", "uint64_t", "bool", "double", "enum op_table" }
ffi.cdef "enum op_table { OP_T0, OP_T1, OP_T9 = 9 };"
local bits = {
    ["int8_t"] = { -128, -1, 0, 1, 127 }, ["uint8_t"] = { 0, 1, 255 },
    ["int32_t"] = { -2147483648, -7, 2, 2147483647 }, ["uint32_t"] = { 0, 3, 4294967295 },
    ["bool"] = { false, true }, ["double"] = { -1.9, 0.5, 3.0, 1e15 }, ["enum op_table"] = { 0, 1, 9 },
}
-- 64 bits from halves: LuaJIT has no integers to write them with
local function wide(ct, high, low) return ffi.cast(ct, ffi.cast("uint64_t", high) * 4294967296 + low) end
local halves = { { 0, 0 }, { 0, 1 }, { 0, 2 }, { 0, 7 }, { 4294967295, 4294967295 }, { 4294967295, 4294967289 }, { 2147483648, 0 },
    { 2147483647, 4294967295 }, { 2147483648, 1 }, { 0, 4294967296 / 2 }, { 305419896, 2596069104 } }
local operands = {}
for _, name in ipairs(names) do
    if bits[name] then
        for _, value in ipairs(bits[name]) do operands[#operands + 1] = { name .. " " .. tostring(value):gsub("%.0$", ""), ffi.new(name, value) } end
    else
        for _, half in ipairs(halves) do
            local value = ffi.new(name .. "[1]")
            value[0] = wide("uint64_t", half[1], half[2])
            local object = ffi.new(name, wide("uint64_t", half[1], half[2]))
            operands[#operands + 1] = { ("%s %.0f:%.0f"):format(name, half[1], half[2]), object }
        end
    end
end
local count = #operands
for _, value in ipairs { 0, 1, 2, 7, 63, 64, 1.5, 3.9, 1e15 } do
    operands[#operands + 1] = { ("number %.14g"):format(value), value }
end
local negatives = { -1, -2, -7, -1.5, -1e15 } -- into uint64_t LuaJIT leaves these open
for _, value in ipairs(negatives) do operands[#operands + 1] = { ("number %.14g"):format(value), value, true } end
local operators = {
    ["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end,
    ["/"] = function(a, b) return a / b end, ["%"] = function(a, b) return a % b end, ["^"] = function(a, b) return a ^ b end,
    ["<"] = function(a, b) return a < b end, ["<="] = function(a, b) return a <= b end, ["=="] = function(a, b) return a == b end,
}
local function is_unsigned(operand) return operand[1]:find "^uint64_t" end
local function is_open(a, b)
    local function is_negative(operand) return operand[3] or operand[1]:find "^double %-" end
    return is_unsigned(a) and is_negative(b) or is_unsigned(b) and is_negative(a)
end
for _, name in ipairs { "+", "-", "*", "/", "%", "^", "<", "<=", "==" } do
    for i, a in ipairs(operands) do
        for j, b in ipairs(operands) do
            local both_lua = i > count and j > count
            -- stock Lua asks no metamethod whether a cdata equals a number
            if not (both_lua or is_open(a, b) or name == "==" and (i > count or j > count)) then
                print(("%s %s %s = %s"):format(a[1], name, b[1], tostring(operators[name](a[2], b[2]))))
            end
        end
    end
end
for i = 1, count do print(("-(%s) = %s"):format(operands[i][1], tostring(-operands[i][2]))) end
]==]

describe("integer arithmetic and comparison", function()
    it("are LuaJIT's, for every operator over boundary values of every type", function()
        local luajit = os.getenv "LUAJIT" or "luajit"
        if select(2, support.run(luajit .. " -v 2>&1")) ~= 0 then
            pending "luajit is not installed"
            return
        end
        local directory = support.new_directory()
        support.write(directory .. "/table.lua", table_program)
        local theirs, status = support.run(("%s %s/table.lua 2>&1"):format(luajit, directory))
        support.remove(directory)
        assert.equal(0, status, theirs)
        local ours = support.lua_text(table_program)
        local expected = {}
        for line in theirs:gmatch "[^\n]+" do expected[#expected + 1] = line end
        assert(#expected > 20000)
        local i = 0
        for line in ours:gmatch "[^\n]+" do
            i = i + 1
            assert.equal(expected[i], line)
        end
        assert.equal(#expected, i)
    end)

    it("take negative floats into unsigned types modulo 2^64, through a signed one", function()
        assert.equal("18446744073709551615ULL", tostring(uint64(0) + -1.9))
        assert.equal("0ULL", tostring(uint64(1) + -1.0))
        assert.equal("10000000000000000001ULL", tostring(uint64(1) + 1e19))
        assert.is_true(uint64(5) < -1.0)
    end)

    it("raise where no integer holds a float", function()
        for _, case in ipairs { { 0 / 0, "nan" }, { 1 / 0, "inf" }, { -1 / 0, "-inf" } } do
            assert.equal("attempt to perform arithmetic (+) on 'long' and " .. case[2], message(function() return int64(1) + case[1] end))
            assert.equal(("attempt to perform arithmetic (*) on %s and 'unsigned long'"):format(case[2]),
                message(function() return case[1] * uint64(1) end))
            assert.equal("attempt to compare 'long' with " .. case[2], message(function() return int64(1) < case[1] end))
            assert.is_false(int64(1) == ffi.new("double", case[1]))
        end
        assert.equal("100000000000000000000", tostring(int128(0) + 1e20))
        local tells = "'%s' expected, got %s, which no %d-bit integer holds (operand of %s)"
        assert.equal(tells:format("long", "1e+30", 64, "+"), message(function() return int64(1) + 1e30 end))
        assert.equal(tells:format("unsigned long", "-1e+30", 64, "*"), message(function() return -1e30 * uint64(1) end))
        assert.equal(tells:format("long", "1e+30", 64, "<"), message(function() return 1e30 < int64(1) end))
        assert.equal(tells:format("long", "1e+30", 64, "-"), message(function() return ffi.new "int[2]" - 1e30 end))
        assert.equal(tells:format("long", "1e+30", 64, "unary ~"), message(function() return ~ffi.new("double", 1e30) end))
        assert.equal(tells:format("__int128", "1e+40", 128, "&"), message(function() return int128(1) & 1e40 end))
        assert.equal(tells:format("unsigned __int128", "1e+40", 128, "//"), message(function() return 1e40 // uint128(1) end))
    end)

    it("in 128 bits go by the same rules one level up", function()
        local lowest = int128(1) << 127
        assert.equal("-170141183460469231731687303715884105728", tostring(lowest))
        assert.equal(lowest, lowest / -1)
        assert.equal(int128(0), lowest % -1)
        assert.equal(lowest, -lowest)
        assert.equal("340282366920938463463374607431768211455", tostring(uint128(0) - 1))
        assert.equal("340282366920938463463374607431768211455", tostring(int64(-1) + uint128(0)))
        assert.equal("18446744073709551615", tostring(uint64(-1) + int128(0)))
        assert.equal(ffi.typeof "__int128", ffi.typeof(uint64(-1) + int128(0)))
        assert.equal(ffi.typeof "unsigned __int128", ffi.typeof(int128(1) * uint128(1)))
        assert.is_true(int128(-1) > uint128(5))
        assert.is_true(int128(-1) < uint64(5))
        assert.equal("170141183460469231731687303715884105728", tostring(uint128(5) / 0))
        assert.equal("170141183460469231731687303715884105728", tostring(uint128(5) % 0))
        assert.equal("170141183460469231731687303715884105727", tostring(int128(0) ^ -1))
        assert.equal("0", tostring(int128(2) ^ -1))
        assert.equal("-1", tostring(int128(-1) ^ -3))
        assert.equal("-4", tostring(int128(-7) // 2))
        assert.equal("-3", tostring(int128(-7) / 2))
    end)

    it("to a negative power truncate 1 by the power", function()
        local cases = { { 0, -1, "9223372036854775807LL" }, { 2, -1, "0LL" }, { 1, -9, "1LL" }, { -1, -3, "-1LL" }, { -1, -4, "1LL" },
            { math.mininteger, -1, "0LL" } }
        for _, case in ipairs(cases) do assert.equal(case[3], tostring(int64(case[1]) ^ case[2]), case[1]) end
    end)

    it("// floors as Lua's own, on every pair of signs and at the edges", function()
        local values = { 1, -1, 2, -2, 3, -3, 7, -7, 10, -10, math.maxinteger, math.mininteger, math.mininteger + 1 }
        for _, a in ipairs(values) do
            for _, b in ipairs(values) do
                assert.equal(("%dLL"):format(a // b), tostring(int64(a) // b), a .. " // " .. b)
                assert.equal(("%dLL"):format(a // b), tostring(a // int64(b)), a .. " // " .. b)
            end
        end
        assert.equal("attempt to perform '//' by zero", message(function() return int64(1) // int64(0) end))
        assert.equal("attempt to perform '//' by zero", message(function() return uint64(1) // 0 end))
        assert.equal("attempt to perform '//' by zero", message(function() return int128(1) // 0 end))
    end)
end)

describe("bitwise operators", function()
    local values = { 0, 1, -1, 2, 0x55, 0x7fffffff, -0x80000000, 0x123456789abcdef0, math.maxinteger, math.mininteger }

    it("are Lua's on 64 bits, whatever the types", function()
        for _, a in ipairs(values) do
            for _, b in ipairs(values) do
                for _, make in ipairs { int64, uint64 } do
                    local suffix, form = make == int64 and "LL" or "ULL", make == int64 and "%d" or "%u"
                    local function text(n) return (form == "%d" and ("%d"):format(n) or tostring(uint64(n)):gsub("ULL", "")) .. suffix end
                    assert.equal(text(a & b), tostring(make(a) & b))
                    assert.equal(text(a | b), tostring(a | make(b)))
                    assert.equal(text(a ~ b), tostring(make(a) ~ make(b)))
                    assert.equal(text(~a), tostring(~make(a)))
                end
            end
        end
        assert.equal("-256LL", tostring(~ffi.new("uint8_t", 255)))
        assert.equal("1LL", tostring(ffi.new("bool", true) & 3))
        assert.equal("7LL", tostring(ffi.new("enum op_colour", "OP_BLUE") | 0))
    end)

    it("are C's on 128 bits", function()
        local body, cases = {}, {}
        for _, a in ipairs(values) do
            for _, b in ipairs(values) do
                for _, operator in ipairs { "&", "|", "^" } do
                    local literal = "(unsigned __int128)0x%xULL * 0x%xULL"
                    local left, right = literal:format(a, 0x1000000000001), literal:format(b, 0x100000000001)
                    body[#body + 1] = ([[{ unsigned __int128 r = (%s) %s (%s);
                        printf("%%016llx%%016llx\n", (long long)(r >> 64), (long long)r); }]]):format(left, operator, right)
                    cases[#cases + 1] = { operator, a, b }
                end
            end
        end
        for i, line in ipairs(oracle.lines("operator_bits", table.concat(body, "\n"))) do
            local operator, a, b = table.unpack(cases[i])
            local left, right = uint128(uint64(a)) * 0x1000000000001, uint128(uint64(b)) * 0x100000000001
            local result = operator == "&" and left & right or operator == "|" and left | right or operator == "^" and left ~ right
            assert.equal(line, oracle.hex(ffi.string(ffi.new("unsigned __int128[1]", result), 16):reverse()))
        end
    end)

    it("shift in the left operand's type, by a count with its own sign", function()
        assert.equal("4ULL", tostring(uint64(8) << -1))
        assert.equal("16ULL", tostring(uint64(8) >> int64(-1)))
        assert.equal("8LL", tostring(int64(1) << uint64(3)))
        assert.equal("0LL", tostring(int64(1) << uint64(-1)))
        assert.equal("8LL", tostring(1 << int64(3)))
        assert.equal("8LL", tostring(1 << uint128(3)))
        assert.equal("256", tostring(int128(1) << int64(8)))
        assert.equal("0", tostring(uint128(-1) >> 128))
        assert.equal("1", tostring(int128(-1) >> 127))
        assert.equal("9223372036854775807LL", tostring(ffi.new("int8_t", -1) >> 1))
        assert.equal("attempt to perform arithmetic (<<) on 'long' and string", message(function() return int64(1) << "1" end))
        assert.equal("attempt to perform arithmetic (>>) on nil and 'long'", message(function() return nil >> int64(1) end))
    end)

    it("refuse what is no number", function()
        local operators = {
            ["&"] = function(a, b) return a & b end, ["|"] = function(a, b) return a | b end, ["~"] = function(a, b) return a ~ b end,
        }
        for name, f in pairs(operators) do
            assert.equal(("attempt to perform arithmetic (%s) on 'long' and table"):format(name), message(f, int64(1), {}))
            assert.equal(("attempt to perform arithmetic (%s) on boolean and 'long'"):format(name), message(f, true, int64(1)))
            assert.equal(("attempt to perform arithmetic (%s) on '_Complex double' and number"):format(name), message(f, ffi.new "complex", 1))
        end
        assert.equal("attempt to perform arithmetic (unary ~) on 'int *'", message(function() return ~ffi.new "int *" end))
    end)
end)

-- -- enums, booleans, references, strings -----------------------------------------------------------------------------

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

-- -- pointers ---------------------------------------------------------------------------------------------------------

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
        stressed(function()
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

-- -- complex numbers --------------------------------------------------------------------------------------------------

describe("complex arithmetic", function()
    local floats = { { 1, 2 }, { -0.5, 0.25 }, { 3, -0.0 }, { 0.0, 0.0 }, { 1e30, -1e-30 }, { 1 / 0, 1 }, { 0 / 0, 2 }, { 1e308, 1e308 } }
    local whole = { { 7, 2 }, { -3, 5 }, { 0, 0 }, { 100, -100 }, { 0, 1 }, { -128, 0 }, { 127, 127 }, { 2, 2 } }
    local complexes = {
        { "float", floats }, { "double", floats }, { "long double", floats }, { "_Float128", floats },
        { "_Float16", { floats[1], floats[2], floats[3] } },
        { "int", whole }, { "signed char", whole }, { "unsigned", whole }, { "long", whole }, { "unsigned char", whole }, { "short", whole },
    }
    local reals = {
        { "double", { 2.5, 0.0, -3.0 }, is_lua = true }, { "long", { 3, 0, -2, 1 << 60 }, is_lua = true }, { "float", { 0.5 } },
        { "signed char", { -3 } }, { "unsigned", { 5 } }, { "unsigned long", { 6 } }, { "_Bool", { true } }, { "long double", { 1.5 } },
        { "short", { 2 } }, { "enum op_colour", { 7 } }, { "_Float128", { 0.25 } },
    }
    local operators = {
        { "+", function(a, b) return a + b end }, { "-", function(a, b) return a - b end }, { "*", function(a, b) return a * b end },
        { "/", function(a, b) return a / b end },
    }

    local before = [[
        enum op_colour { OP_RED, OP_GREEN, OP_BLUE = 7 };
        #define MAKE(part, re, im) ({ _Complex part made; __real__ made = (part)(re); __imag__ made = (part)(im); made; })
        /* a part's bytes, without the padding of long double */
        #define PUT_PART(x) do { __typeof__(x) part = (x); unsigned char bytes[16]; memcpy(bytes, &part, sizeof part); \
            size_t n = __builtin_types_compatible_p(__typeof__(part), long double) ? 10 : sizeof part; \
            if (part != part) printf("nan"); else for (size_t k = 0; k < n; k++) printf("%02x", bytes[k]); } while (0)
        #define SHOW(e) do { __typeof__(e) value = (e); printf("%zu ", sizeof value); PUT_PART(__real__ value); printf(" "); \
            PUT_PART(__imag__ value); printf("\n"); } while (0)
    ]]

    local function literal(part)
        if part == true then return "1" end
        if math.type(part) == "integer" then return ("%dL"):format(part) end
        if part ~= part then return '__builtin_nan("")' end
        return math.abs(part) == 1 / 0 and "__builtin_inf()" or ("%a"):format(part)
    end

    -- The same of an object here.
    local function shown(z)
        local size = ffi.sizeof(z)
        local bytes = ffi.string(z, size)
        local is_long_double = tostring(ffi.typeof(z)):find "long double"
        local function part(from, value)
            if value ~= value then return "nan" end
            return oracle.hex(bytes:sub(from, from + (is_long_double and 10 or size // 2) - 1))
        end
        return ("%d %s %s"):format(size, part(1, z[0]), part(size // 2 + 1, z[1]))
    end

    -- What a 16-bit float does not hold C may compute with all the same, in float.
    local function is_beyond_half(kind, parts)
        return kind == "unsigned" or math.type(parts[1]) == "integer" and parts[1] > 1000
    end

    local function complex(kind, parts)
        local text = ("MAKE(%s, %s, %s)"):format(kind[1], literal(parts[1]), literal(parts[2]))
        return text, ffi.new("_Complex " .. kind[1], parts[1], parts[2])
    end

    -- Pairs of operands, each a text for C and the value here: all of the one type, some with the others.
    local function operands_of(left)
        local list = {}
        local function add(a, b) list[#list + 1] = { a, b } end
        for i, parts in ipairs(left[2]) do
            for j, right in ipairs(complexes) do
                for k, other in ipairs(right[2]) do
                    local is_open = left[1] == "_Float16" and is_beyond_half(right[1], other) or
                        right[1] == "_Float16" and is_beyond_half(left[1], parts)
                    if right == left or (i + 2 * j + 3 * k) % 11 == 0 and not is_open then
                        add({ complex(left, parts) }, { complex(right, other) })
                    end
                end
            end
            for j, right in ipairs(reals) do
                for k, other in ipairs(right[2]) do
                    local real = { ("(%s)%s"):format(right[1], literal(other)), right.is_lua and other or ffi.new(right[1], other) }
                    local is_open = left[1] == "_Float16" and is_beyond_half(right[1], { other })
                    if (i + j + k) % 3 == 0 and not is_open then
                        add({ complex(left, parts) }, real)
                        add(real, { complex(left, parts) })
                    end
                end
            end
        end
        return list
    end

    -- An integer division by zero stops a C program.
    local function stops(text) return not (text:find "float" or text:find "double" or text:find "_Float") end

    for _, left in ipairs(complexes) do
        it(("of %s is C's, in its type and to the bit"):format(left[1]), function()
            local body, results = {}, {}
            local function case(text, result)
                body[#body + 1] = ("SHOW(%s);"):format(text)
                results[#results + 1] = { text, result }
            end
            for _, parts in ipairs(left[2]) do
                local text, value = complex(left, parts)
                case("-" .. text, -value)
            end
            for _, pair in ipairs(operands_of(left)) do
                for _, operator in ipairs(operators) do
                    local text = ("%s %s %s"):format(pair[1][1], operator[1], pair[2][1])
                    local result = operator[2](pair[1][2], pair[2][2])
                    local is_inexact = support.has_valgrind and text:find "long double" -- 64 bits there
                    if not is_inexact and (operator[1] ~= "/" or not stops(text)) then case(text, result) end
                end
            end
            local lines = oracle.lines("operator_complex_" .. left[1]:gsub(" ", "_"), table.concat(body, "\n"), before)
            assert.equal(#results, #lines)
            for i, result in ipairs(results) do assert.equal(lines[i], shown(result[2]), result[1]) end
        end)
    end

    it("of integers divides as gcc does, and by zero gives the lowest number", function()
        local body, cases = {}, {}
        for _, part in ipairs { "int", "signed char", "unsigned", "long" } do
            for _, a in ipairs(whole) do
                for _, b in ipairs(whole) do
                    if b[1] ~= 0 or b[2] ~= 0 then
                        local make = "MAKE(%s, %d, %d)"
                        body[#body + 1] = ("SHOW(%s / %s);"):format(make:format(part, a[1], a[2]), make:format(part, b[1], b[2]))
                        local ctype = "_Complex " .. part
                        cases[#cases + 1] = { ctype, a, b }
                    end
                end
            end
        end
        for i, line in ipairs(oracle.lines("operator_complex_division", table.concat(body, "\n"), before)) do
            local ctype, a, b = table.unpack(cases[i])
            assert.equal(line, shown(ffi.new(ctype, a[1], a[2]) / ffi.new(ctype, b[1], b[2])),
                ("%s (%d, %d) / (%d, %d)"):format(ctype, a[1], a[2], b[1], b[2]))
        end
        local lowest = { ["int"] = -1 << 31, ["signed char"] = -128, ["long"] = math.mininteger, ["unsigned"] = 1 << 31 }
        for part, number in pairs(lowest) do
            local z = ffi.new("_Complex " .. part, 5, 6) / ffi.new("_Complex " .. part)
            assert.same({ number, number }, { z.re, z.im })
        end
    end)

    it("is equal by the parts, and to numbers without an imaginary one", function()
        local z = ffi.new("complex", 1, 2)
        assert.is_true(z == ffi.new("complex float", 1, 2))
        assert.is_true(z == ffi.new("_Complex int", 1, 2))
        assert.is_false(z == ffi.new("complex", 1, -2))
        assert.is_true(ffi.new("complex", 3, 0) == int64(3))
        assert.is_true(ffi.new("double", 3) == ffi.new("complex", 3, -0.0))
        assert.is_false(ffi.new("complex", 3, 1) == int64(3))
        assert.is_false(ffi.new("complex", 0 / 0) == ffi.new("complex", 0 / 0))
        assert.is_false(z == ffi.new "int *")
    end)

    it("has no order, no power, no remainder", function()
        local z = ffi.new("complex", 1, 2)
        assert.equal("attempt to compare '_Complex double' with '_Complex double'", message(function() return z < z end))
        assert.equal("attempt to compare number with '_Complex double'", message(function() return 1 <= z end))
        assert.equal("attempt to perform arithmetic (^) on '_Complex double' and number", message(function() return z ^ 2 end))
        assert.equal("attempt to perform arithmetic (%) on '_Complex double' and number", message(function() return z % 2 end))
        assert.equal("attempt to perform arithmetic (//) on number and '_Complex double'", message(function() return 1 // z end))
        assert.equal("attempt to perform arithmetic (+) on '_Complex double' and string", message(function() return z + "1" end))
        assert.equal("attempt to perform arithmetic (*) on boolean and '_Complex double'", message(function() return true * z end))
        assert.equal("attempt to perform arithmetic (-) on '_Complex double' and 'int *'", message(function() return z - ffi.new "int *" end))
        assert.equal("attempt to perform arithmetic (+) on '_Decimal64' and '_Complex double'",
            message(function() return ffi.new "_Decimal64" + z end))
    end)
end)

-- -- metatypes --------------------------------------------------------------------------------------------------------

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
        stressed(function()
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
