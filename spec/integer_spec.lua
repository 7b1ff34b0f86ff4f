-- Operators on integer cdata: beside LuaJIT where it is installed and beside C, 64 and 128 bits, and what is refused in which words.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local int128, uint128 = ffi.typeof "__int128", ffi.typeof "unsigned __int128"

local function value_text(value) return (tostring(value):gsub("U?LL$", "")) end

setup(function() ffi.cdef "enum op_colour { OP_RED, OP_GREEN, OP_BLUE = 7 };" end)

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

describe("integer cdata", function()
    local values = { 0, 1, -1, 2, 3, -3, 7, -7, 63, 64, 1000003, math.maxinteger, math.mininteger, math.mininteger + 1, 0x0123456789abcdef }
    local operators = {
        ["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end,
        ["/"] = function(a, b) return a / b end, ["%"] = function(a, b) return a % b end, ["&"] = function(a, b) return a & b end,
        ["|"] = function(a, b) return a | b end, ["^"] = function(a, b) return a ~ b end, ["<"] = function(a, b) return a < b and 1 or 0 end,
        ["<="] = function(a, b) return a <= b and 1 or 0 end, ["=="] = function(a, b) return a == b and 1 or 0 end,
    }
    local names = { "+", "-", "*", "/", "%", "&", "|", "^", "<", "<=", "==" }
    local kinds = {
        { "int64_t", "int64_t", "int64_t" }, { "uint64_t", "uint64_t", "uint64_t" }, { "int64_t", "uint64_t", "uint64_t" },
        { "uint64_t", "int64_t", "uint64_t" }, { "int", "int64_t", "int64_t" }, { "unsigned char", "short", "int64_t" },
        { "__int128", "int64_t", "__int128" }, { "__int128", "uint64_t", "__int128" }, { "unsigned __int128", "__int128", "unsigned __int128" },
        { "int64_t", "unsigned __int128", "unsigned __int128" },
    }

    for _, kind in ipairs(kinds) do
        it(("%s with %s computes as C does in %s"):format(table.unpack(kind)), function()
            local body, cases, literals = {}, {}, {}
            for i, value in ipairs(values) do literals[i] = value == math.mininteger and "INT64_MIN" or ("INT64_C(%d)"):format(value) end
            for _, name in ipairs(names) do
                local divides = name == "/" or name == "%"
                local compares = name == "<" or name == "<=" or name == "=="
                body[#body + 1] = ([[
                    for (int i = 0; i < %d; i++)
                        for (int j = 0; j < %d; j++) {
                            %s a = (%s)values[i], b = (%s)values[j];
                            if (%s && (b == 0 || b == -1)) puts("skip"); else put((%s)(a %s b));
                        }]]):format(#values, #values, kind[3], kind[1], kind[2], divides and "1" or "0", compares and "int64_t" or kind[3], name)
                for _, left in ipairs(values) do
                    for _, right in ipairs(values) do cases[#cases + 1] = { name, left, right } end
                end
            end
            local before = ([[
                static const int64_t values[] = {%s};
                static void put_number(unsigned __int128 n, int negative) {
                    char digits[48], *p = digits + 47; *p = 0;
                    do *--p = '0' + (int)(n %% 10); while ((n /= 10) != 0);
                    if (negative) *--p = '-';
                    puts(p);
                }
                #define put(n) put_number((n) < 0 ? -(unsigned __int128)(n) : (unsigned __int128)(n), (n) < 0)]]):format(
                table.concat(literals, ", "))
            local file = ("integer_%s_%s"):format(kind[1], kind[2]):gsub(" ", "_")
            local lines = oracle.lines(file, table.concat(body, "\n"), before)
            assert.are.equal(#cases, #lines)
            for i, case in ipairs(cases) do
                local left, right = ffi.new(kind[1], case[2]), ffi.new(kind[2], case[3])
                if lines[i] ~= "skip" then
                    local result = operators[case[1]](left, right)
                    assert.are.equal(lines[i], value_text(result), ("%s %s %s"):format(tostring(left), case[1], tostring(right)))
                    if type(result) ~= "number" then assert.are.equal(ffi.typeof(kind[3]), ffi.typeof(result)) end
                end
            end
        end)
    end

    it("Lua numbers convert to the cdata's width and sign", function()
        assert.are.equal("8LL", tostring(int64(5) + 3))
        assert.are.equal("8LL", tostring(3 + int64(5)))
        assert.are.equal("6LL", tostring(int64(5) + 1.9))
        assert.are.equal("18446744073709551615ULL", tostring(uint64(0) - 1))
        assert.are.equal("8LL", tostring(ffi.new("int", 5) + 3))
        assert.are.equal("2LL", tostring(ffi.new("double", 1.5) + 1))
        assert.are.equal("8LL", tostring(ffi.new("enum op_colour", "OP_BLUE") + 1))
        assert.are.equal("8", tostring(ffi.new("__int128", 5) + 3))
        assert.are.equal("-9223372036854775808LL", tostring(int64(math.maxinteger) + 1))
        assert.is_true(uint64(5) < -1)
        assert.is_true(int64(5) > -1)
        assert.is_true(int64(1) < 2.5)
        assert.is_false(int64(2) < 2.5)
    end)

    it("/ and % truncate, // floors, the lowest by -1 wraps", function()
        local cases = { { 7, 2, 3, 1, 3 }, { -7, 2, -3, -1, -4 }, { 7, -2, -3, 1, -4 }, { -7, -2, 3, -1, 3 }, { -8, 2, -4, 0, -4 },
            { 6, -3, -2, 0, -2 } }
        for _, case in ipairs(cases) do
            local left, right = int64(case[1]), int64(case[2])
            assert.are.equal(("%dLL %dLL %dLL"):format(case[3], case[4], case[5]),
                ("%s %s %s"):format(tostring(left / right), tostring(left % right), tostring(left // right)))
        end
        local lowest = int64(math.mininteger)
        assert.are.equal(lowest, lowest / -1)
        assert.are.equal(int64(0), lowest % -1)
        assert.are.equal(lowest, lowest // -1)
        assert.are.equal("9223372036854775807ULL", tostring(uint64(-1) // 2))
    end)

    it("/ and % by zero give 2^63, // by zero raises", function()
        assert.are.equal("-9223372036854775808LL", tostring(int64(5) / 0))
        assert.are.equal("-9223372036854775808LL", tostring(int64(5) % 0))
        assert.are.equal("9223372036854775808ULL", tostring(uint64(5) / 0))
        assert.are.equal("-170141183460469231731687303715884105728", tostring(ffi.new("__int128", 5) / 0))
        assert.are.equal("attempt to perform '//' by zero", message(function() return int64(5) // 0 end))
    end)

    it("^ is the integer power", function()
        assert.are.equal("1024LL", tostring(int64(2) ^ 10))
        assert.are.equal("-9223372036854775808LL", tostring(int64(2) ^ 63))
        assert.are.equal("0LL", tostring(int64(2) ^ 64))
        assert.are.equal("-27LL", tostring(int64(-3) ^ 3))
        assert.are.equal("1LL", tostring(int64(0) ^ 0))
        assert.are.equal("0LL", tostring(int64(2) ^ -1))
        assert.are.equal("1LL", tostring(int64(1) ^ -5))
        assert.are.equal("-1LL", tostring(int64(-1) ^ -3))
        assert.are.equal("1LL", tostring(int64(-1) ^ -4))
        assert.are.equal("12157665459056928801ULL", tostring(uint64(3) ^ 40))
        assert.are.equal("147808829414345923316083210206383297601", tostring(ffi.new("__int128", 3) ^ 80))
    end)

    it("unary minus and ~", function()
        assert.are.equal("-5LL", tostring(-int64(5)))
        assert.are.equal("18446744073709551611ULL", tostring(-uint64(5)))
        assert.are.equal("-9223372036854775808LL", tostring(-int64(math.mininteger)))
        assert.are.equal("-6LL", tostring(~int64(5)))
        assert.are.equal("18446744073709551610ULL", tostring(~uint64(5)))
        assert.are.equal("-6", tostring(~ffi.new("__int128", 5)))
    end)

    it("shifts are Lua's: zeroes come in, the width and more give 0, negative counts turn round", function()
        for _, value in ipairs { 1, -1, 0x123456789abcdef0, math.mininteger } do
            for _, count in ipairs { 0, 1, 5, 31, 32, 63, 64, 65, 1000, -1, -63, -64, math.mininteger, math.maxinteger } do
                assert.are.equal(tostring(value << count), value_text(int64(value) << count), value .. " << " .. count)
                assert.are.equal(tostring(value >> count), value_text(int64(value) >> count), value .. " >> " .. count)
            end
        end
        assert.are.equal("9223372036854775808ULL", tostring(uint64(1) << 63))
        assert.are.equal("0ULL", tostring(uint64(1) << 64))
        assert.are.equal("1ULL", tostring(uint64(-1) >> 63))
        assert.are.equal("18446744073709551616", tostring(ffi.new("__int128", 1) << 64))
        assert.are.equal("0", tostring(ffi.new("__int128", 1) << 128))
        assert.are.equal("340282366920938463463374607431768211455", tostring(ffi.new("unsigned __int128", -1) >> 0))
        assert.are.equal("1", tostring(ffi.new("unsigned __int128", -1) >> 127))
    end)

    it("is never == to a Lua number, and != to no other", function()
        assert.is_false(int64(5) == 5)
        assert.is_false(5 == int64(5))
        assert.is_true(int64(5) == uint64(5))
        assert.is_true(int64(5) == ffi.new("char", 5))
        assert.is_true(ffi.new("__int128", 5) == int64(5))
        assert.is_true(int64(-1) == uint64(-1))
        assert.is_false(int64(5) == int64(6))
        assert.is_true(ffi.new("enum op_colour", 7) == int64(7))
        assert.is_false(ffi.new("enum op_colour", 7) == "OP_BLUE")
    end)

    it("refuses what is no number", function()
        assert.are.equal("attempt to perform arithmetic (+) on 'long' and string", message(function() return int64(1) + "1" end))
        assert.are.equal("attempt to perform arithmetic (*) on boolean and 'unsigned long'", message(function() return true * uint64(1) end))
        assert.are.equal("attempt to perform arithmetic (/) on 'long' and nan", message(function() return int64(1) / (0 / 0) end))
        assert.are.equal("attempt to perform arithmetic (^) on 'long' and table", message(function() return int64(1) ^ {} end))
        assert.are.equal("attempt to compare 'long' with string", message(function() return int64(1) < "2" end))
        assert.are.equal("attempt to compare nil with 'long'", message(function() return nil <= int64(1) end))
        assert.are.equal("attempt to get length of a 'long'", message(function() return #int64(1) end))
    end)
end)
