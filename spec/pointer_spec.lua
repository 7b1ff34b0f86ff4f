-- Operators on cdata: pointer arithmetic, comparisons, NULL, 64- and 128-bit integers, and the text of everything.
local ffi = require "ffi"
local oracle = require "spec.oracle"

local message = oracle.message

local function int64(value) return ffi.new("int64_t", value) end
local function uint64(value) return ffi.new("uint64_t", value) end

local function value_text(value) return (tostring(value):gsub("U?LL$", "")) end

setup(function()
    ffi.cdef [[
        typedef struct pt_point { int x, y; } pt_point;
        enum pt_colour { PT_RED, PT_BLUE = 7 };
        int abs(int);
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
            local file = ("pointer_%s_%s"):format(kind[1], kind[2]):gsub(" ", "_")
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
        assert.are.equal("8LL", tostring(ffi.new("enum pt_colour", "PT_BLUE") + 1))
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
        assert.is_true(ffi.new("enum pt_colour", 7) == int64(7))
        assert.is_false(ffi.new("enum pt_colour", 7) == "PT_BLUE")
    end)

    it("complex numbers are equal by their parts", function()
        assert.is_true(ffi.new("_Complex double", 1, 2) == ffi.new("_Complex float", 1, 2))
        assert.is_false(ffi.new("_Complex double", 1, 2) == ffi.new("_Complex double", 1, 3))
        assert.is_false(ffi.new("_Complex double", 1, 2) == 1)
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
        assert.are.equal("cdata<enum pt_colour>: 7", tostring(ffi.new("enum pt_colour", "PT_BLUE")))
    end)

    it("pointers is where they point, of others where they are", function()
        assert.are.equal("cdata<int *>: 0x10", tostring(ffi.cast("int *", 16)))
        assert.are.equal("cdata<const char *>: NULL", tostring(ffi.new "const char *"))
        assert.are.equal("cdata<int (*)(int)>: 0x10", tostring(ffi.cast("int (*)(int)", 16)))
        for _, ct in ipairs { "int", "double", "int[3]", "struct pt_point", "const struct pt_point", "int __attribute__((vector_size(16)))" } do
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
