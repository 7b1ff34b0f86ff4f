-- The conversion tables of LuaJIT's documentation, a case for each row and each way in or out: what a compiled library holds is what
-- Lua reads from its results, variables, fields, elements, pointers and references, and what Lua writes there is what C would have.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message

-- A row: short name, C type, the text of a value in C, whether floating values pass an integer of 64 bits on their way, values in C.
local integer_text = 'snprintf(text, sizeof text, "%" PRId64, (int64_t)value);'
local unsigned_text = 'snprintf(text, sizeof text, "%" PRIu64, (uint64_t)value);'
local floating_text = 'snprintf(text, sizeof text, "%a", (double)value);'
local complex_text = 'snprintf(text, sizeof text, "%a %a", (double)creal(value), (double)cimag(value));'
local wide_text = "put_wide(text, value < 0, value < 0 ? -(unsigned __int128)value : (unsigned __int128)value);"

local rows = {
    { "i8", "int8_t", integer_text, true, "INT8_MIN, -1, 0, 1, INT8_MAX" },
    { "u8", "uint8_t", integer_text, true, "0, 1, UINT8_MAX" },
    { "char", "char", integer_text, true, "CHAR_MIN, 0, 'a', CHAR_MAX" },
    { "i16", "int16_t", integer_text, true, "INT16_MIN, -1, 0, INT16_MAX" },
    { "u16", "uint16_t", integer_text, true, "0, 1, UINT16_MAX" },
    { "i32", "int32_t", integer_text, true, "INT32_MIN, -1, 0, INT32_MAX" },
    { "u32", "uint32_t", integer_text, true, "0, INT32_MAX + 1u, UINT32_MAX" },
    { "i64", "int64_t", integer_text, true, "INT64_MIN, -1, 0, INT64_MAX" },
    { "u64", "uint64_t", unsigned_text, true, "0, INT64_MAX, INT64_MAX + 1ull, UINT64_MAX" },
    { "i128", "__int128", wide_text, true, "INT64_MIN, -1, INT64_MAX, (__int128)INT64_MIN - 1, (__int128)1 << 126" },
    { "u128", "unsigned __int128", wide_text, true, "0, INT64_MAX, (unsigned __int128)1 << 63, -(unsigned __int128)1" },
    { "bool", "_Bool", integer_text, false, "0, 1" },
    { "enum", "enum conv_colour", integer_text, true, "CONV_RED, CONV_BLUE, -1u" },
    { "senum", "enum conv_signed", integer_text, true, "CONV_MINUS, CONV_PLUS" },
    { "f32", "float", floating_text, false, "0.1f, -0.0f, 0x1p-149f, 3, INFINITY" },
    { "f64", "double", floating_text, false, "0.1, -0.0, 0x1p-1074, 0x1.fffffffffffffp1023, -INFINITY" },
    { "f80", "long double", floating_text, false, "0.5L, -0.0L, 3, 0x1p-16445L, INFINITY" },
    { "f128", "__float128", floating_text, false, "0.5, -0.0, 3, INFINITY" },
    { "c32", "_Complex float", complex_text, false, "1.5f + 0.1f * 1.0iF, -2" },
    { "c64", "_Complex double", complex_text, false, "1.5 + 0.1 * 1.0i, -2" },
    { "c80", "_Complex long double", complex_text, false, "1.5L + 0.5L * 1.0iL, -2" },
}

local half_macro = '#ifdef __FLT16_MAX__\nputs("has");\n#endif'
if oracle.lines("conversion_half", half_macro)[1] then
    rows[#rows + 1] = { "f16", "_Float16", floating_text, false, "0.1f, -0.0f, 65504, 0x1p-24f, INFINITY" }
end

-- What numbers convert from: Lua's text, C's text, whether it is floating.
local sources = {
    { "0", "0" }, { "1", "1" }, { "-1", "-1" }, { "127", "127" }, { "128", "128" }, { "-129", "-129" }, { "255", "255" }, { "256", "256" },
    { "32768", "32768" }, { "-32769", "-32769" }, { "65536", "65536" }, { "2147483648", "2147483648" }, { "-2147483649", "-2147483649" },
    { "4294967295", "4294967295" }, { "4294967296", "4294967296" }, { "9007199254740993", "9007199254740993" },
    { "math.maxinteger", "INT64_MAX" }, { "math.mininteger", "INT64_MIN" },
    { "0.5", "0.5", true }, { "-0.5", "-0.5", true }, { "1.9", "1.9", true }, { "-1.9", "-1.9", true }, { "300.75", "300.75", true },
    { "-0.0", "-0.0", true }, { "65535.9", "65535.9", true }, { "2147483648.5", "2147483648.5", true }, { "1e15", "1e15", true },
    { "-1e15", "-1e15", true }, { "-2.0^63", "-0x1p63", true }, { "true", "(_Bool)1" }, { "false", "(_Bool)0" },
    { "ffi.new('int8_t', -3)", "(int8_t)-3" }, { "ffi.new('uint8_t', 200)", "(uint8_t)200" }, { "ffi.new('int16_t', -300)", "(int16_t)-300" },
    { "ffi.new('uint16_t', 60000)", "(uint16_t)60000" }, { "ffi.new('int', -70000)", "-70000" },
    { "ffi.new('unsigned', 4000000000)", "4000000000u" }, { "ffi.new('int64_t', math.mininteger)", "INT64_MIN" },
    { "ffi.new('uint64_t', -1)", "UINT64_MAX" }, { "ffi.new('__int128', -5)", "(__int128)-5" }, { "ffi.new('bool', true)", "(_Bool)1" },
    { "ffi.new('enum conv_colour', 'CONV_BLUE')", "CONV_BLUE" }, { "ffi.new('enum conv_signed', 'CONV_MINUS')", "CONV_MINUS" },
    { "ffi.new('float', 0.1)", "0.1f", true }, { "ffi.new('double', -7.9)", "-7.9", true }, { "ffi.new('long double', 2.5)", "2.5L", true },
    { "ffi.new('__float128', 40.25)", "(__float128)40.25", true },
    { "ffi.new('_Complex float', 1.5, 2)", "1.5f + 2 * 1.0iF", true }, { "ffi.new('_Complex double', -3, 4)", "-3 + 4 * 1.0i", true },
    { "ffi.cast('int &', ffi.new('int[1]', 77))", "77" }, { "ffi.new('int[2]', 5)[1]", "5" },
}

local prelude = [[
enum conv_colour { CONV_RED, CONV_GREEN, CONV_BLUE = 7 };
enum conv_signed { CONV_MINUS = -5, CONV_PLUS = 5 };
]]

-- One row in C; in Lua's declarations of the same the reference is one.
local row_functions = [[
struct conv_holder_N { char before; T field; T array[3]; T *pointer; };
extern T conv_variable_N;
extern struct conv_holder_N conv_holder_N;
int conv_count_N(void);
T conv_result_N(int i);
T *conv_pointer_N(int i);
T REF conv_reference_N(int i);
void conv_set_N(int i);
const char *conv_at_N(int i);
const char *conv_text_N(T value);
const char *conv_text_referred_N(T REF value);
const char *conv_expected_N(int i);
]]

local row_bodies = [[
T conv_variable_N;
struct conv_holder_N conv_holder_N;
static T values_N[] = { VALUES };
int conv_count_N(void) { return sizeof values_N / sizeof values_N[0]; }
T conv_result_N(int i) { return values_N[i]; }
T *conv_pointer_N(int i) { return &values_N[i]; }
T *conv_reference_N(int i) { return &values_N[i]; }
void conv_set_N(int i) { conv_variable_N = conv_holder_N.field = conv_holder_N.array[1] = values_N[i]; conv_holder_N.pointer = &values_N[i]; }
const char *conv_text_N(T value) { static char text[100]; TEXT return text; }
const char *conv_text_referred_N(T *value) { return conv_text_N(*value); }
const char *conv_at_N(int i) { return conv_text_N(values_N[i]); }
const char *conv_expected_N(int i) { T value = 0; switch (i) { EXPECTED } return conv_text_N(value); }
]]

local function fill(template, row, more)
    local names = { N = row[1], T = row[2], TEXT = row[3], VALUES = row[5] }
    for key, value in pairs(more) do names[key] = value end
    return (template:gsub("%f[%w_]%u+%f[^%w_]", names):gsub("_N%f[^%w_]", "_" .. row[1]))
end

local function expected_cases(row)
    local cases = {}
    for i, source in ipairs(sources) do
        local text = (source[3] and row[4]) and ("(%s)(int64_t)(%s)"):format(row[2], source[2]) or source[2]
        cases[i] = ("case %d: value = %s; break;"):format(i, text)
    end
    return table.concat(cases, "\n")
end

local function c_text()
    local parts = { prelude, [[
#include <math.h>
static void put_wide(char *text, int is_negative, unsigned __int128 rest)
{
    char digits[60], *p = digits + sizeof digits;
    *--p = 0;
    do *--p = '0' + (int)(rest % 10); while (rest /= 10);
    if (is_negative) *--p = '-';
    strcpy(text, p);
}
]] }
    for _, row in ipairs(rows) do
        parts[#parts + 1] = fill(row_functions, row, { REF = "*" })
        parts[#parts + 1] = fill(row_bodies, row, { EXPECTED = expected_cases(row) })
    end
    return table.concat(parts, "\n")
end

local lib

setup(function()
    local declarations = { prelude }
    for _, row in ipairs(rows) do declarations[#declarations + 1] = fill(row_functions, row, { REF = "&" }) end
    ffi.cdef(table.concat(declarations, "\n"))
    lib = ffi.load(oracle.library("conversion", c_text()))
end)

-- A value that was read, as C's text of it.
local function text_of(value)
    if type(value) == "boolean" then return value and "1" or "0" end
    if math.type(value) == "float" then return ("%a"):format(value) end
    if type(value) == "userdata" and tostring(ffi.typeof(value)):find "omplex" then return ("%a %a"):format(value.re, value.im) end
    return (tostring(value):gsub("U?LL$", ""))
end

-- The functions of a row by their short names.
local function functions_of(row)
    return function(name) return lib[("conv_%s_%s"):format(name, row[1])] end
end

describe("C to Lua:", function()
    for _, row in ipairs(rows) do
        it(row[2], function()
            local f = functions_of(row)
            for i = 0, f "count"() - 1 do
                f "set"(i)
                local holder = f "holder"
                local expected = ffi.string(f "at"(i))
                local reads = { f "result"(i), f "pointer"(i)[0], f "reference"(i), f "variable", holder.field, holder.array[1], holder.pointer[0],
                    ffi.cast("const struct conv_holder_" .. row[1] .. " *", holder).field, ffi.new(row[2] .. "[2]", f "result"(i))[1] }
                assert.equal(9, #reads)
                for way, value in ipairs(reads) do
                    assert.equal(expected, text_of(value), ("value %d, way %d"):format(i, way))
                end
            end
        end)
    end
end)

describe("number to C:", function()
    for _, row in ipairs(rows) do
        it(row[2], function()
            if support.has_valgrind and row[2]:find "long double" then return pending "80-bit values are not exact under valgrind" end
            local f = functions_of(row)
            local holder = f "holder"
            local array_type, holder_type = ffi.typeof(row[2] .. "[2]"), ffi.typeof("struct conv_holder_" .. row[1])
            local scalar_type, referring = ffi.typeof(row[2]), ffi.typeof("struct { $ &r; }", ffi.typeof(row[2]))
            for i, source in ipairs(sources) do
                local value = load("local ffi = ... return " .. source[1])(ffi)
                local expected = ffi.string(f "expected"(i))
                local one = array_type()
                one[0] = value
                holder.field, holder.array[2] = value, value
                lib["conv_variable_" .. row[1]] = value
                local behind = array_type()
                referring(behind).r = value
                local written = { value, scalar_type(value), one[0], holder.field, holder.array[2], f "variable",
                    holder_type({ field = value }).field, holder_type(0, value).field,
                    array_type({ 0, value })[1], array_type(value)[1], behind[0], ffi.cast(scalar_type, value) }
                for way = 1, 12 do
                    assert.equal(expected, ffi.string(f "text"(written[way])), ("%s, way %d"):format(source[1], way))
                end
                assert.equal(expected, ffi.string(f "text_referred"(one)), source[1])
            end
        end)
    end
end)

describe("what is no number to C raises:", function()
    local values = {
        ["nil"] = function() return nil end, string = function() return "5" end, table = function() return {} end,
        ["function"] = function() return print end, ["'int *'"] = function() return ffi.cast("int *", 8) end,
        ["'int [1]'"] = function() return ffi.new "int[1]" end, ["'struct conv_holder_i8'"] = function() return ffi.new "struct conv_holder_i8" end,
        userdata = function() return io.stdout end, ctype = function() return ffi.typeof "int" end,
        ["'int __attribute__((vector_size(8)))'"] = function() return ffi.new "int __attribute__((vector_size(8)))" end,
    }
    for name, make in pairs(values) do
        it(name, function()
            local value = make()
            for _, ct in ipairs { "int8_t", "uint64_t", "__int128", "_Bool", "float", "double", "long double", "_Complex double" } do
                local is_aggregate = ct == "_Complex double" and name == "table"
                local holder = ffi.new(ffi.typeof("struct { $ field; }", ffi.typeof(ct)))
                if not is_aggregate then assert.is_false(pcall(function() holder.field = value end), ct) end
                if not is_aggregate then assert.is_false(pcall(ffi.new, ct, value), ct) end
            end
            assert.is_truthy(message(lib.conv_text_i32, value):find("'int' expected, got " .. name, 1, true))
        end)
    end
end)

describe("floats that no integer of 64 bits holds", function()
    for _, value in ipairs { 0 / 0, 1 / 0, -1 / 0, 2.0 ^ 64, -2.0 ^ 64, 1e300 } do
        it(("%g raises"):format(value), function()
            for _, ct in ipairs { "int8_t", "uint32_t", "int64_t", "uint64_t", "enum conv_colour" } do
                assert.is_false(pcall(ffi.new, ct, value))
                assert.is_false(pcall(ffi.cast, ct, value))
            end
            assert.is_true(ffi.new("_Bool[1]", value)[0])
        end)
    end

    it("from 2^63 up go through uint64_t", function()
        local lines = oracle.lines("conversion_top", [[
            printf("%d %u %lld\n", (int)(uint64_t)0x1.8p63, (unsigned short)(uint64_t)0x1.fffffffffffffp63, (long long)(uint64_t)0x1p63);]])
        local array = { ffi.new("int[1]", 0x1.8p63)[0], ffi.new("unsigned short[1]", 0x1.fffffffffffffp63)[0], ffi.new("int64_t[1]", 0x1p63)[0] }
        assert.equal(lines[1], table.concat(array, " "))
    end)
end)

describe("references:", function()
    local refs

    setup(function()
        local source = [[
            struct conv_pair { int x, y; };
            static struct conv_pair pair = { 3, 4 };
            static int number = 5;
            struct conv_pair REF conv_pair_variable = NOTHING pair;
            int REF conv_int_variable = NOTHING number;
            struct conv_refs { int REF i; struct conv_pair REF p; const int REF c; };
            struct conv_pair REF conv_pair_reference(void) { return NOTHING pair; }
            const int REF conv_const_reference(void) { return NOTHING number; }
            int conv_add_to(int REF target, int by) { return *target += by; }
            int conv_sum(const struct conv_pair REF p) { return p->x + p->y; }
            int REF conv_null(void) { return 0; }
        ]]
        ffi.cdef [[
            struct conv_pair { int x, y; };
            extern struct conv_pair &conv_pair_variable;
            extern int &conv_int_variable;
            struct conv_refs { int &i; struct conv_pair &p; const int &c; };
            struct conv_pair &conv_pair_reference(void);
            const int &conv_const_reference(void);
            int conv_add_to(int &target, int by);
            int conv_sum(const struct conv_pair &p);
            int &conv_null(void);
        ]]
        refs = ffi.load(oracle.library("conversion_references", (source:gsub("REF", "*"):gsub("NOTHING", "&"))))
    end)

    it("results and variables are what they refer to", function()
        assert.equal(5, refs.conv_int_variable)
        assert.equal(5, refs.conv_const_reference())
        assert.equal(3, refs.conv_pair_reference().x)
        refs.conv_pair_reference().y = 9
        assert.equal(9, refs.conv_pair_variable.y)
        assert.is_nil(refs.conv_null())
    end)

    it("variables are written through", function()
        refs.conv_int_variable = 6
        assert.equal(6, refs.conv_const_reference())
        refs.conv_pair_variable = { 7, 8 }
        assert.same({ 7, 8 }, { refs.conv_pair_reference().x, refs.conv_pair_reference().y })
        refs.conv_pair_variable = ffi.new("struct conv_pair", 1, 2)
        assert.equal(3, refs.conv_sum(refs.conv_pair_reference()))
    end)

    it("parameters take no NULL, which C would dereference", function()
        assert.equal("'int &' expected, got nil (argument #1 'target' of 'conv_add_to')", message(refs.conv_add_to, nil, 1))
        assert.equal("'int &' expected, got 'int *' (argument #1 'target' of 'conv_add_to')", message(refs.conv_add_to, ffi.new "int *", 1))
        assert.equal("'const struct conv_pair &' expected, got nil (argument #1 'p' of 'conv_sum')", message(refs.conv_sum, nil))
    end)

    it("parameters take what a pointer does", function()
        local target = ffi.new("int[1]", 40)
        assert.equal(42, refs.conv_add_to(target, 2))
        assert.equal(43, refs.conv_add_to(ffi.cast("int *", target), 1))
        assert.equal(11, refs.conv_sum(ffi.new("struct conv_pair", 5, 6)))
        assert.equal("'int &' expected, got number (argument #1 'target' of 'conv_add_to')", message(refs.conv_add_to, 5, 1))
        assert.equal("'int &' expected, got 'int' (argument #1 'target' of 'conv_add_to')", message(refs.conv_add_to, ffi.new("int", 5), 1))
    end)

    it("fields are set when they are initialised, and then written through", function()
        local i, p = ffi.new("int[1]", 1), ffi.new("struct conv_pair", 2, 3)
        local object = ffi.new("struct conv_refs", i, p, i)
        assert.same({ 1, 2, 3, 1 }, { object.i, object.p.x, object.p.y, object.c })
        object.i, object.p.x = 8, 9
        assert.same({ 8, 9, 8 }, { i[0], p.x, object.c })
        object.p = { 10, 11 }
        assert.same({ 10, 11 }, { p.x, p.y })
        object.p = ffi.new("struct conv_pair", 12, 13)
        assert.same({ 12, 13 }, { p.x, p.y })
        assert.equal("'int' expected, got string (field 'i' of 'struct conv_refs')", message(function() object.i = "x" end))
        assert.equal("field 'c' of 'struct conv_refs' is const", message(function() object.c = 1 end))
        assert.equal("'int &' is NULL and cannot be dereferenced", message(function() ffi.new("struct conv_refs").i = 1 end))
        assert.is_nil(ffi.new("struct conv_refs").i)
    end)

    it("a cast to one is what it refers to", function()
        local array = ffi.new("int[2]", 20, 30)
        local one = ffi.cast("int &", array + 1)
        assert.equal("30LL", tostring(one + 0))
        assert.is_true(ffi.istype("int", one))
        array[1] = 31
        assert.equal(62, ffi.new("int[1]", one + one)[0])
        local p = ffi.new("struct conv_pair", 2, 3)
        ffi.cast("struct conv_pair &", p).y = 5
        assert.equal(5, p.y)
        assert.is_nil(ffi.cast("int &", nil))
        assert.equal("cannot cast 'struct conv_pair' to 'int (&)(int)'", message(ffi.cast, "int (&)(int)", p))
    end)

    it("a cast to one keeps what it refers to alive", function()
        local one = ffi.cast("int &", ffi.new("int[1000]", 7))
        for _ = 1, 3 do
            collectgarbage()
            ffi.new("int[1000]", 8)
        end
        assert.equal(7, ffi.new("int[1]", one)[0])
    end)

    it("sizes are those of what it refers to", function()
        assert.equal(ffi.sizeof "struct conv_pair", ffi.sizeof "struct conv_pair &")
        assert.equal(1, ffi.alignof "char &")
        assert.equal(4, ffi.offsetof("struct conv_pair &", "y"))
    end)
end)

describe("between C types:", function()
    it("an array is copied into one of its size whose elements agree", function()
        local object = ffi.new "struct { int a[2]; int m[2][2]; enum conv_colour e[2]; void *p[2]; }"
        object.a = ffi.new("unsigned[2]", 1, -1)
        assert.same({ 1, -1 }, { object.a[0], object.a[1] })
        object.a = ffi.new("const int[2]", 3, 4)
        assert.equal(4, object.a[1])
        object.e = ffi.new("int[2]", 7)
        assert.equal(7, object.e[1])
        object.m = ffi.new("unsigned[2][2]", { 1, 2 }, { 3, 4 })
        assert.equal(4, object.m[1][1])
        for name, given in pairs { a = "float[2]", m = "int[4]", e = "int[3]", p = "int *[2]" } do
            assert.is_truthy(message(function() object[name] = ffi.new(given) end):find("expected, got '", 1, true), given)
        end
        assert.is_truthy(message(function() object.a = ffi.new("int[?]", 2) end):find("got 'int [?]'", 1, true))
    end)

    it("a vector is copied into one of its size, bit by bit", function()
        local v4i, v4f = ffi.typeof "int __attribute__((vector_size(16)))", ffi.typeof "float __attribute__((vector_size(16)))"
        local lines = oracle.lines("conversion_vector", 'float f[2] = { 1.5f, -2 }; int i[2]; memcpy(i, f, 8); printf("%d\\n%d\\n", i[0], i[1]);')
        local made = ffi.new(v4i, ffi.new(v4f, 1.5, -2))
        assert.same(lines, { tostring(made[0]), tostring(made[1]) })
        local object = ffi.new(ffi.typeof("struct { $ v; }", v4i))
        object.v = ffi.new(v4f, 1.5, -2)
        assert.same(lines, { tostring(object.v[0]), tostring(object.v[1]) })
        assert.is_false(pcall(ffi.new, v4i, ffi.new "float __attribute__((vector_size(8)))"))
    end)

    it("an address becomes an integer by a cast only, from pointers, arrays, strings, functions and userdata", function()
        local array, light = ffi.new "int[1]", debug.upvalueid(function() return message end, 1)
        assert.equal("userdata", type(light))
        for _, value in ipairs { array, ffi.cast("int *", array), light, io.stdout, lib.conv_result_i8, "5" } do
            local address = tonumber((tostring(ffi.cast("void *", value)):match "0x%x+"))
            assert.equal(address, ffi.cast("intptr_t", value))
            assert.equal(address & 0xffff, ffi.cast("uint16_t", value))
            assert.is_false(pcall(ffi.new, "intptr_t", value))
        end
        assert.is_false(pcall(ffi.cast, "intptr_t", ffi.new "struct conv_holder_i8"))
        assert.is_false(pcall(ffi.cast, "intptr_t", ffi.new "int __attribute__((vector_size(16)))"))
        assert.is_false(pcall(ffi.cast, "double", ffi.cast("void *", 8)))
    end)

    it("a complex number is no address, and no address one", function()
        local z = ffi.new("_Complex double", 16, 1)
        assert.equal("cannot cast '_Complex double' to 'int *'", message(ffi.cast, "int *", z))
        assert.equal("'int *' expected, got '_Complex double' (initialiser of 'int *')", message(ffi.new, "int *", z))
        assert.equal("'_Complex double' expected, got 'int *' (argument #2 of 'ffi.cast')",
            message(ffi.cast, "_Complex double", ffi.cast("int *", 8)))
        assert.equal(16.0, ffi.cast("_Complex double *", z)[0].re)
    end)

    it("light userdata and the payload of others go where a pointer does, closed files nowhere", function()
        local light = debug.upvalueid(function() return message end, 1)
        local holder = ffi.new "struct { void *v; int *i; }"
        for _, value in ipairs { light, io.stdout } do
            holder.v, holder.i = value, value
            assert.equal(ffi.cast("intptr_t", value), ffi.cast("intptr_t", holder.v))
            assert.equal(ffi.cast("intptr_t", value), ffi.cast("intptr_t", holder.i))
        end
        for _, value in ipairs { coroutine.create(print), print, {}, true, 5 } do
            assert.is_false(pcall(function() holder.v = value end))
        end
    end)
end)

describe("enums take names wherever a value converts:", function()
    local good, bad = "CONV_BLUE", "CONV_PURPLE"
    local ways = {
        field = function(name)
            local object = ffi.new "struct { enum conv_colour e; }"
            object.e = name
            return object.e
        end,
        ["bit-field"] = function(name)
            local object = ffi.new "struct { int before : 3; enum conv_colour e : 4; }"
            object.e = name
            return object.e
        end,
        element = function(name)
            local array = ffi.new "enum conv_colour[2]"
            array[1] = name
            return array[1]
        end,
        pointer = function(name)
            local array = ffi.new "enum conv_colour[2]"
            ffi.cast("enum conv_colour *", array)[1] = name
            return array[1]
        end,
        initialiser = function(name) return ffi.cast("int", ffi.new("enum conv_colour", name)) end,
        ["table initialiser"] = function(name) return ffi.new("struct { int i; enum conv_colour e[2]; }", { 1, { name } }).e[1] end,
        argument = function(name) return tonumber(ffi.string(lib.conv_text_enum(name))) end,
        ["reference"] = function(name)
            local array = ffi.new "enum conv_colour[1]"
            ffi.new("struct { enum conv_colour &e; }", array).e = name
            return array[0]
        end,
        variable = function(name)
            lib.conv_variable_enum = name
            return lib.conv_variable_enum
        end,
        cast = function(name) return ffi.cast("enum conv_colour", name) end,
    }
    for way, convert in pairs(ways) do
        it(way, function()
            assert.equal(7, convert(good))
            assert.equal(0, convert "CONV_RED")
            assert.is_truthy(message(convert, bad):find("'enum conv_colour' has no constant 'CONV_PURPLE'", 1, true))
            assert.is_truthy(message(convert, "CONV_PLUS"):find("'enum conv_colour' has no constant 'CONV_PLUS'", 1, true))
            assert.is_truthy(message(convert, "7"):find("'enum conv_colour' has no constant '7'", 1, true))
        end)
    end

    it("no other integer does", function()
        assert.is_truthy(message(lib.conv_text_i32, good):find("'int' expected, got string", 1, true))
        assert.is_false(pcall(ffi.new, "struct { int i : 3; }", good))
    end)
end)
