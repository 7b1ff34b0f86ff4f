-- Operators on complex numbers of each type, beside C: with each other and with real numbers, what is equal, what is refused.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message
local int64 = ffi.typeof "int64_t"

setup(function() ffi.cdef "enum op_colour { OP_RED, OP_GREEN, OP_BLUE = 7 };" end)

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

    it("complex numbers are equal by their parts", function()
        assert.is_true(ffi.new("_Complex double", 1, 2) == ffi.new("_Complex float", 1, 2))
        assert.is_false(ffi.new("_Complex double", 1, 2) == ffi.new("_Complex double", 1, 3))
        assert.is_false(ffi.new("_Complex double", 1, 2) == 1)
    end)
end)
