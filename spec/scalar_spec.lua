-- Arithmetic types beyond C11's: decimal floats, __bf16, gcc's _Float types and its complex integers, with C functions that the spec compiles.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message

-- `text` once for each of `names`, with $N for the name and $T for its type.
local function for_each(names, text)
    local all = {}
    for _, name in ipairs(names) do
        all[#all + 1] = text:gsub("%$N", name[1]):gsub("%$T", name[2])
    end
    return table.concat(all)
end

-- Of each function in a C text, one to a line, its prototype.
local function prototypes(text)
    return (text:gsub(" %b{}\n", ";\n"))
end

-- -- decimals ---------------------------------------------------------------------------------------------------------

local decimals = { { "d32", "_Decimal32" }, { "d64", "_Decimal64" }, { "d128", "_Decimal128" } }

local decimal_types = for_each(decimals, [[
typedef struct { char c; $T d; } sc_$N_one;
typedef struct { $T d[3]; } sc_$N_three;
typedef struct { int i; $T d; float f; } sc_$N_mixed;
typedef union { $T d; int i; } sc_$N_union;
]])

local decimal_functions = for_each(decimals, [[
$T sc_$N_make(int cents) { return ($T)cents / 100; }
int sc_$N_cents($T d) { return (int)(d * 100); }
$T sc_$N_sum($T a, int i, $T b, double x) { return a + b + i + ($T)x; }
$T sc_$N_last($T a, $T b, $T c, $T d, $T e, $T f, $T g, $T h, $T i, $T j) { return a + b + c + d + e + f + g + h + i - j; }
sc_$N_one sc_$N_make_one(char c, $T d) { sc_$N_one one = { c, d }; return one; }
int sc_$N_one_cents(sc_$N_one one) { return (int)(one.d * 100) + one.c; }
sc_$N_three sc_$N_make_three($T a, $T b, $T c) { sc_$N_three three = { { a, b, c } }; return three; }
$T sc_$N_second(sc_$N_three three) { return three.d[1]; }
int sc_$N_mixed_cents(sc_$N_mixed m) { return (int)(m.d * 100) + m.i * 1000 + (int)m.f; }
sc_$N_union sc_$N_union_twice(sc_$N_union u) { u.d += u.d; return u; }
$T sc_$N_through($T *p) { $T old = *p; *p += 1; return old; }
]])

local variadic_functions = for_each(decimals, [[
$T sc_$N_total(int n, ...) {
    va_list list; $T total = 0;
    va_start(list, n);
    while (n-- > 0) total += va_arg(list, $T);
    va_end(list);
    return total;
}
$T sc_$N_variable = -2.5df;
]])

local variadic_declarations = for_each(decimals, "$T sc_$N_total(int n, ...); extern $T sc_$N_variable;")

describe("decimal floats", function()
    local lib

    setup(function()
        ffi.cdef(decimal_types .. prototypes(decimal_functions) .. variadic_declarations)
        lib = ffi.load(oracle.library("scalar_decimals", "#include <stdarg.h>\n" .. decimal_types .. decimal_functions .. variadic_functions))
    end)

    for _, names in ipairs(decimals) do
        local name, ct = names[1], names[2]
        local function f(suffix) return lib[("sc_%s_%s"):format(name, suffix)] end
        local function make(cents) return f "make"(cents) end
        local function cents(decimal) return f "cents"(decimal) end

        describe(ct, function()
            it("comes out of C as a cdata and goes back in", function()
                local decimal = make(1234)
                assert.is_true(ffi.istype(ct, decimal))
                assert.equal(1234, cents(decimal))
                assert.equal(-50, cents(make(-50)))
            end)

            it("is passed among others, in registers and on the stack", function()
                assert.equal(475, cents(f "sum"(make(125), 2, make(50), 1.0)))
                local list = {}
                for i = 1, 10 do list[i] = make(i) end
                assert.equal(35, cents(f "last"(table.unpack(list))))
            end)

            it("is passed and returned in structs, arrays and unions", function()
                assert.equal(207, f "one_cents"(f "make_one"(7, make(200))))
                local three = f "make_three"(make(1), make(22), make(333))
                assert.equal(22, cents(f "second"(three)))
                assert.equal(333, cents(three.d[2]))
                assert.equal(4125, f "mixed_cents"({ 4, make(120), 5.0 }))
                assert.equal(84, cents(f "union_twice"({ d = make(42) }).d))
            end)

            it("is passed to a variadic function as it is", function()
                assert.equal(600, cents(f "total"(3, make(100), make(200), make(300))))
                assert.equal(5500, cents(f "total"(10, make(100), make(200), make(300), make(400), make(500), make(600), make(700), make(800),
                    make(900), make(1000))))
            end)

            it("is read as a copy and written from its own type", function()
                local one = ffi.new(("sc_%s_one"):format(name), { 1, make(77) })
                local old = one.d
                one.d = make(88)
                assert.equal(77, cents(old))
                assert.equal(88, cents(one.d))
                local list = ffi.new(ct .. "[2]", make(1), make(2))
                list[0], list[1] = list[1], list[0]
                assert.same({ 2, 1 }, { cents(list[0]), cents(list[1]) })
                assert.equal(0, cents(ffi.new(ct)))
                assert.equal(5, cents(ffi.new(ct, make(5))))
                assert.equal(5, cents(ffi.cast(ct, make(5))))
            end)

            it("is copied by ffi.copy and reached through pointers", function()
                local decimal, other = make(314), ffi.new(ct)
                ffi.copy(other, decimal, ffi.sizeof(ct))
                assert.equal(314, cents(other))
                assert.equal(314, cents(f "through"(other)))
                assert.equal(414, cents(other))
                assert.equal(414, cents(ffi.cast(ct .. " *", other)[0]))
            end)

            it("is read and written as a variable", function()
                assert.equal(-250, cents(lib[("sc_%s_variable"):format(name)]))
                lib[("sc_%s_variable"):format(name)] = make(11)
                assert.equal(11, cents(lib[("sc_%s_variable"):format(name)]))
                lib[("sc_%s_variable"):format(name)] = make(-250)
            end)

            it("converts to and from no number, string or table", function()
                local only = "a decimal number converts to and from its own type only"
                for _, case in ipairs { { 1, "number" }, { 1.5, "number" }, { "1.5", "string" }, { {}, "table" }, { true, "boolean" } } do
                    assert.equal(("'%s' expected, got %s: %s (argument #1 'd' of 'sc_%s_cents')"):format(ct, case[2], only, name),
                        message(cents, case[1]))
                    assert.equal(("'%s' expected, got %s: %s (initialiser of '%s')"):format(ct, case[2], only, ct),
                        message(ffi.new, ct, case[1]))
                    assert.equal(("'%s' expected, got %s: %s (argument #2 of 'ffi.cast')"):format(ct, case[2], only),
                        message(ffi.cast, ct, case[1]))
                end
                for _, number in ipairs { "int", "double", "unsigned long", "_Bool", "_Complex double" } do
                    assert.equal(("'%s' expected, got '%s': %s (initialiser of '%s')"):format(number, ct, only, number),
                        message(ffi.new, number, make(1)))
                    assert.equal(("'%s' expected, got '%s': %s (argument #2 of 'ffi.cast')"):format(number, ct, only),
                        message(ffi.cast, number, make(1)))
                end
                local other = ct == "_Decimal64" and "_Decimal32" or "_Decimal64"
                assert.equal(("'%s' expected, got '%s': %s (initialiser of '%s')"):format(other, ct, only, other),
                    message(ffi.new, other, make(1)))
            end)

            it("has no arithmetic, order, fields or elements", function()
                local decimal = make(100)
                assert.equal(("attempt to perform arithmetic (+) on '%s' and number"):format(ct), message(function() return decimal + 1 end))
                assert.equal(("attempt to compare '%s' with '%s'"):format(ct, ct), message(function() return decimal < make(1) end))
                assert.is_false(decimal == make(100))
                assert.equal(("'%s' cannot be indexed with 're'"):format(ct), message(function() return decimal.re end))
                assert.equal(("'%s' cannot be indexed with number"):format(ct), message(function() return decimal[0] end))
                assert.matches(("^cdata<%s>: 0x%%x+$"):format(ct), tostring(decimal))
            end)
        end)
    end
end)

-- -- complex integers -------------------------------------------------------------------------------------------------

local parts = {
    { "char", "char" }, { "schar", "signed char" }, { "uchar", "unsigned char" }, { "short", "short" }, { "ushort", "unsigned short" },
    { "int", "int" }, { "uint", "unsigned" }, { "long", "long" }, { "ulong", "unsigned long" }, { "llong", "long long" },
    { "int128", "__int128" }, { "half", "_Float16" }, { "float128", "_Float128" },
}

local complex_types = for_each(parts, [[
typedef _Complex $T sc_c$N;
typedef struct { char c; sc_c$N z; } sc_c$N_one;
typedef struct { sc_c$N z[2]; $T t; } sc_c$N_two;
]]):gsub("_Complex _Float128 sc_cfloat128", "_Complex float sc_cfloat128 __attribute__((mode(TC)))")

local complex_functions = for_each(parts, [[
sc_c$N sc_c$N_make($T re, $T im) { sc_c$N z; __real__ z = re; __imag__ z = im; return z; }
$T sc_c$N_re(sc_c$N z) { return __real__ z; }
$T sc_c$N_im(sc_c$N z) { return __imag__ z; }
sc_c$N sc_c$N_swap(int a, double b, sc_c$N z, int c) { sc_c$N w; __real__ w = __imag__ z; __imag__ w = __real__ z + a + c + (int)b; return w; }
sc_c$N_one sc_c$N_make_one(char c, sc_c$N z) { sc_c$N_one one = { c, z }; return one; }
$T sc_c$N_one_im(sc_c$N_one one) { return __imag__ one.z; }
sc_c$N_two sc_c$N_make_two(sc_c$N a, sc_c$N b, $T t) { sc_c$N_two two = { { a, b }, t }; return two; }
$T sc_c$N_two_sum(sc_c$N_two two) { return __real__ two.z[0] + __imag__ two.z[1] + two.t; }
size_t sc_c$N_size(void) { return sizeof(sc_c$N_two) * 100 + _Alignof(sc_c$N_two); }
]])

describe("complex integers", function()
    local lib

    setup(function()
        ffi.cdef(complex_types .. prototypes(complex_functions))
        lib = ffi.load(oracle.library("scalar_complexes", complex_types .. complex_functions))
    end)

    for _, names in ipairs(parts) do
        local name, ct = names[1], names[2]
        local is_floating = ct:find "Float"
        local function f(suffix) return lib[("sc_c%s_%s"):format(name, suffix)] end
        local function number(n) return is_floating and n + 0.0 or n end

        it(("_Complex %s goes both ways"):format(ct), function()
            local z = f "make"(3, 5)
            assert.same({ number(3), number(5) }, { z.re, z.im })
            assert.same({ number(3), number(5) }, { z[0], z[1] })
            assert.same({ number(3), number(5) }, { f "re"(z), f "im"(z) })
            local w = f "swap"(1, 2.0, z, 3)
            assert.same({ number(5), number(9) }, { w.re, w.im })
            assert.equal(number(5), f "one_im"(f "make_one"(1, z)))
            local two = f "make_two"(z, w, 7)
            assert.equal(number(5), two.z[1].re)
            assert.equal(number(19), f "two_sum"(two))
            assert.equal(f "size"(), ffi.sizeof(two) * 100 + ffi.alignof(two))
        end)

        it(("_Complex %s is made of a number, parts, a table, a complex"):format(ct), function()
            local ctype = ffi.typeof(("sc_c%s"):format(name))
            for _, z in ipairs { ctype(1, 2), ctype { 1, 2 }, ctype(ffi.new("_Complex double", 1, 2)), ctype(ffi.new("_Complex int", 1, 2)) } do
                assert.same({ number(1), number(2) }, { z.re, z.im })
                assert.equal("1+2i", tostring(z))
                assert.is_true(z == ffi.new("_Complex double", 1, 2))
                assert.is_false(z == ffi.new("_Complex double", 1, 3))
            end
            assert.same({ number(4), number(0) }, { ctype(4).re, ctype(4).im })
            assert.equal(number(4), f "re"(4))
            assert.equal(number(6), f "im"({ 4, 6 }))
        end)
    end

    it("print negative parts, wrap as their parts do and refuse NaN", function()
        assert.equal("-1-2i", tostring(ffi.new("_Complex int", -1, -2)))
        assert.equal("255+254i", tostring(ffi.new("_Complex unsigned char", -1, -2)))
        assert.equal("'_Complex int' expected, got nan (initialiser of '_Complex int')", message(ffi.new, "_Complex int", 0 / 0))
        assert.is_false(ffi.new("_Complex int", -1) == ffi.new("_Complex unsigned", -1))
        assert.is_false(ffi.new("_Complex long", -1) == ffi.new("_Complex unsigned long", -1))
    end)
end)

-- -- floating types of other names ------------------------------------------------------------------------------------

describe("gcc's floating types", function()
    it("have the sizes that gcc gives them", function()
        local types = { "_Float16", "_Float32", "_Float64", "_Float128", "_Float32x", "_Float64x", "__float80", "__float128", "_Decimal32",
            "_Decimal64", "_Decimal128" }
        for i = 1, 6 do types[#types + 1] = "_Complex " .. types[i] end
        for _, part in ipairs(parts) do types[#types + 1] = "_Complex " .. part[2] end
        local body = {}
        for i, ct in ipairs(types) do body[i] = ('printf("%%zu %%zu\\n", sizeof(%s), _Alignof(%s));'):format(ct, ct) end
        for i, line in ipairs(oracle.lines("scalar_sizes", table.concat(body, "\n"))) do
            assert.equal(line, ("%d %d"):format(ffi.sizeof(types[i]), ffi.alignof(types[i])), types[i])
            assert.equal(ffi.sizeof(types[i]), ffi.sizeof(("__typeof__(%s)"):format(types[i])))
        end
    end)

    it("are one with the types of their formats, so that math.h declares and calls", function()
        local text, status = support.run(("echo '#include <math.h>' | %s -E -D_GNU_SOURCE -"):format(support.cc))
        assert.equal(0, status)
        ffi.cdef(text)
        local math_library = ffi.load "m"
        local x = 0.5
        for _, name in ipairs { "sin", "sinf", "sinl", "sinf32", "sinf64", "sinf128", "sinf32x", "sinf64x" } do
            local single = name == "sinf" or name == "sinf32"
            local wanted = single and string.unpack("f", string.pack("f", math.sin(x))) or math.sin(x)
            local is_inexact = support.has_valgrind and (name == "sinl" or name == "sinf64x")
            if not is_inexact then assert.equal(wanted, math_library[name](x), name) end
        end
        ffi.cdef "_Float32 sinf(float); extern float sinf32(_Float32 __x); _Float64x sinl(long double x);"
    end)
end)

-- -- vectors ----------------------------------------------------------------------------------------------------------

describe("vectors of unusual elements", function()
    local elements = {
        { "_Decimal32", 4 }, { "_Decimal64", 8 }, { "_Decimal128", 16 }, { "_Float16", 2, 16 }, { "__float128", 16 }, { "long double", 16 },
        { "__int128", 16 }, { "enum sc_element", 4, 16 }, { "float", 4, 16 }, { "double", 8, 16 }, { "unsigned char", 1, 16 },
    }
    local names, types, functions = {}, { "enum sc_element { SC_ELEMENT };" }, {}
    for _, element in ipairs(elements) do
        local size = math.max(element[2], 2)
        while size <= (element[3] or 64) do
            local name = ("sc_vector%d"):format(#names + 1)
            names[#names + 1] = { name, size, ("%s of %d bytes"):format(element[1], size) }
            types[#types + 1] = ("typedef %s %s __attribute__((vector_size(%d)));"):format(element[1], name, size)
            types[#types + 1] = ("typedef struct { %s v; } %s_in; typedef struct { char c; %s v; } %s_behind;"):format(name, name, name, name)
            for _, t in ipairs { name, name .. "_in", name .. "_behind" } do
                functions[#functions + 1] = ("%s %s_same(int a, %s v, double x, %s w) { return a + (int)x == 3 ? v : w; }\n"):format(t, t, t, t)
            end
            size = size * 2
        end
    end
    local declarations, lib = table.concat(types, "\n") .. "\n"

    setup(function()
        ffi.cdef(declarations .. prototypes(table.concat(functions)))
        lib = ffi.load(oracle.library("scalar_vectors", declarations .. table.concat(functions)))
    end)

    local function pattern(size, from)
        local bytes = {}
        for i = 1, size do bytes[i] = string.char((from + i * 7) % 64 + 1) end
        return table.concat(bytes)
    end

    for _, vector in ipairs(names) do
        it(vector[3] .. " go both ways", function()
            local name, size = vector[1], vector[2]
            -- gcc 12 itself loses the second half of a struct of one __int128 vector
            local is_broken = vector[3] == "__int128 of 16 bytes"
            for _, t in ipairs { name, is_broken and name or name .. "_in", name .. "_behind" } do
                local v, w = ffi.new(t), ffi.new(t)
                local at = t:find "_behind" and ffi.sizeof(t) - size or 0
                ffi.copy(ffi.cast("char *", v) + at, pattern(size, 1), size)
                ffi.copy(ffi.cast("char *", w) + at, pattern(size, 30), size)
                assert.equal(oracle.hex(pattern(size, 1)), oracle.hex(ffi.string(lib[t .. "_same"](1, v, 2.0, w), ffi.sizeof(t)):sub(at + 1)), t)
                assert.equal(oracle.hex(pattern(size, 30)), oracle.hex(ffi.string(lib[t .. "_same"](1, v, 3.0, w), ffi.sizeof(t)):sub(at + 1)), t)
            end
        end)
    end
end)

describe("an enum in another mode", function()
    it("keeps its constants' names", function()
        ffi.cdef [[
            typedef enum { SC_RED = 3, SC_BLUE = 200 } sc_colour __attribute__((mode(QI)));
            enum sc_shape { SC_ROUND = -2 }; typedef enum sc_shape sc_wide_shape __attribute__((mode(DI)));
        ]]
        assert.same({ 1, 8, 4 }, { ffi.sizeof "sc_colour", ffi.sizeof "sc_wide_shape", ffi.sizeof "enum sc_shape" })
        assert.equal(200, ffi.new("sc_colour[1]", "SC_BLUE")[0])
        assert.equal(-2, ffi.new("sc_wide_shape[1]", "SC_ROUND")[0])
        assert.equal("'sc_colour' has no constant 'SC_GREEN' (element 0 of 'sc_colour [1]')", message(ffi.new, "sc_colour[1]", "SC_GREEN"))
        assert.equal(3, ffi.C.SC_RED)
    end)
end)

-- -- __bf16 -----------------------------------------------------------------------------------------------------------

-- gcc knows __bf16 from 13 on, clang 14 not on x86-64. The oracle of its values is float, whose upper half it is: C rounds the lower half
-- away by adding to the bits. What classes its arguments have no compiler says here but as those of _Float16, of the same size.
describe("__bf16", function()
    local function bits(value) return (string.unpack("<I2", ffi.string(ffi.new("__bf16[1]", value), 2))) end

    it("has two bytes", function()
        assert.equal(2, ffi.sizeof "__bf16")
        assert.equal(2, ffi.alignof "__bf16")
        assert.equal(8, ffi.sizeof "struct { char c; __bf16 x[2]; char d; }")
        assert.equal("ctype<__bf16>", tostring(ffi.typeof "__bf16"))
    end)

    it("of every bit pattern reads as the float of that upper half and is written back", function()
        local half, float = ffi.new "__bf16[1]", ffi.new "float[1]"
        for pattern = 0, 0xffff do
            ffi.copy(half, string.pack("<I2", pattern), 2)
            ffi.copy(float, string.pack("<I4", pattern << 16), 4)
            local value = half[0]
            if float[0] == float[0] then
                assert(math.type(value) == "float" and value == float[0] and 1 / value == 1 / float[0], pattern)
                half[0] = value
                assert(string.unpack("<I2", ffi.string(half, 2)) == pattern, pattern)
            else
                assert(value ~= value, pattern)
                half[0] = value
                assert(half[0] ~= half[0], pattern)
            end
        end
    end)

    it("rounds floats to nearest, ties to even, as C does on their bits", function()
        local values = {}
        math.randomseed(11)
        for i = 1, 2000 do values[i] = math.random(0, 0xffffffff) end
        for _, low in ipairs { 0x7fff, 0x8000, 0x8001, 0xffff, 1, 0 } do
            for _, high in ipairs { 0, 1, 0x7f, 0x80, 0x3f80, 0x3f81, 0x7f7f, 0x8000, 0x8001, 0xff7f, 0xbf80 } do
                values[#values + 1] = high << 16 | low
            end
        end
        local list = {}
        for i, value in ipairs(values) do list[i] = ("0x%xu"):format(value) end
        local lines = oracle.lines("scalar_bf16", ([[
            static const uint32_t values[] = { %s };
            for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
                float f;
                memcpy(&f, &values[i], 4);
                printf("%%u\n", f != f ? 0 : (unsigned)((values[i] + 0x7fff + (values[i] >> 16 & 1)) >> 16 & 0xffff));
            }]]):format(table.concat(list, ",")))
        for i, value in ipairs(values) do
            local float = string.unpack("<f", string.pack("<I4", value))
            if float == float then assert.equal(tonumber(lines[i]), bits(float), ("%08x"):format(value)) end
        end
    end)

    it("rounds doubles and integers once", function()
        -- just above the middle of two neighbours, at which float would land
        assert.equal(0x3f81, bits(1 + 2.0 ^ -8 + 2.0 ^ -40))
        assert.equal(0x3f80, bits(1 + 2.0 ^ -8))
        assert.equal(0x4b81, bits((1 << 24) + (1 << 16) + 1))
        assert.equal(bits(2.0 ^ 63), bits(math.maxinteger))
        assert.same({ 0, 0x8000 }, { bits(1e-300), bits(-1e-300) })
        assert.same({ 0x7f80, 0xff80 }, { bits(1e300), bits(-1 / 0) })
    end)

    it("goes where _Float16 goes in calls", function()
        local lib = ffi.load(oracle.library("scalar_bf16_calls", [[
            unsigned short sc_bf16_bits(double x, _Float16 h, int i) { unsigned short bits; memcpy(&bits, &h, 2); return bits; }
            _Float16 sc_bf16_make(unsigned short bits) { _Float16 h; memcpy(&h, &bits, 2); return h; }
            typedef struct { int i; _Float16 h[5]; } Record;
            Record sc_bf16_add(Record r)
            {
                for (int i = 0; i < 5; i++) {
                    unsigned short bits;
                    memcpy(&bits, &r.h[i], 2);
                    bits += r.i;
                    memcpy(&r.h[i], &bits, 2);
                }
                return r;
            }
        ]]))
        ffi.cdef [[
            unsigned short sc_bf16_bits(double, __bf16, int);
            __bf16 sc_bf16_make(unsigned short);
            typedef struct { int i; __bf16 h[5]; } sc_bf16_record;
            sc_bf16_record sc_bf16_add(sc_bf16_record);
        ]]
        assert.equal(bits(1.5), lib.sc_bf16_bits(1.0, 1.5, 1))
        assert.equal(-2.5, lib.sc_bf16_make(bits(-2.5)))
        local record = lib.sc_bf16_add { 1, { 1, 2, 3, 4, 5.0 } }
        for i = 0, 4 do assert.equal(bits(i + 1) + 1, bits(record.h[i])) end
    end)
end)
