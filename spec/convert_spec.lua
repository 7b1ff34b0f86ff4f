-- Conversions: every C type read as a Lua value, every Lua value written into every C type, and casts; numbers as compiled C converts them.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message

local integer_types = { "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned", "long", "unsigned long",
    "long long", "unsigned long long" }

-- A number in C: Lua integers as 64-bit constants, floats in hexadecimal.
local function c_literal(value)
    if math.type(value) == "float" then return ("%a"):format(value) end
    return value == math.mininteger and "INT64_MIN" or ("INT64_C(%d)"):format(value)
end

-- What is read, as C prints it.
local function text_of(value)
    if value == true then return "1" end
    if value == false then return "0" end
    if math.type(value) == "float" then return value ~= value and "nan" or ("%a"):format(value) end
    return (tostring(value):gsub("U?LL$", ""))
end

local function read_back(ct, value) return ffi.new(ct .. "[1]", value)[0] end

setup(function()
    ffi.cdef [[
        enum cv_colour { CV_RED, CV_GREEN, CV_BLUE = 7 };
        enum cv_signed { CV_MINUS = -5, CV_PLUS = 5 };
        enum cv_wide { CV_WIDE = 0x100000000 };
        enum cv_huge { CV_HUGE = 0xffffffffffffffffULL };
        typedef struct cv_point { int x, y; } cv_point;
        struct cv_other { int x, y; };
        struct cv_all { int i; double d; cv_point p; int a[3]; void *v; int *ip; const char *s; _Complex double z;
            int vec __attribute__((vector_size(16))); enum cv_colour e; _Bool b; int (*f)(int); };
        int abs(int);
    ]]
end)

describe("reading C:", function()
    -- type, Lua value written, value read, its math.type
    local cases = {
        { "int8_t", -128, -128, "integer" }, { "int8_t", 127, 127, "integer" }, { "uint8_t", 255, 255, "integer" },
        { "int16_t", -32768, -32768, "integer" }, { "uint16_t", 65535, 65535, "integer" }, { "int32_t", -2147483648, -2147483648, "integer" },
        { "int32_t", 2147483647, 2147483647, "integer" }, { "uint32_t", 4294967295, 4294967295, "integer" },
        { "int64_t", math.mininteger, math.mininteger, "integer" }, { "int64_t", math.maxinteger, math.maxinteger, "integer" },
        { "uint64_t", math.maxinteger, math.maxinteger, "integer" }, { "char", 65, 65, "integer" }, { "wchar_t", 0x1f600, 0x1f600, "integer" },
        { "size_t", 7, 7, "integer" }, { "__int128", math.mininteger, math.mininteger, "integer" },
        { "unsigned __int128", math.maxinteger, math.maxinteger, "integer" }, { "float", 3, 3.0, "float" }, { "double", 3, 3.0, "float" },
        { "long double", 3, 3.0, "float" }, { "__float128", 3, 3.0, "float" }, { "_Float16", 3, 3.0, "float" }, { "double", 0.1, 0.1, "float" },
        { "_Bool", 5, true }, { "_Bool", 0, false }, { "bool", true, true }, { "enum cv_colour", "CV_BLUE", 7, "integer" },
        { "enum cv_signed", "CV_MINUS", -5, "integer" }, { "enum cv_wide", "CV_WIDE", 4294967296, "integer" }, { "void *", nil, nil },
        { "int *", nil, nil }, { "int (*)(int)", nil, nil },
    }
    for _, case in ipairs(cases) do
        it(("%s %s"):format(case[1], tostring(case[3])), function()
            local array = ffi.new(ffi.typeof("$[2]", ffi.typeof(case[1])))
            array[1] = case[2]
            local value = array[1]
            assert.are.equal(case[3], value)
            assert.are.equal(case[4], math.type(value) or nil)
        end)
    end

    it("unsigned 64-bit integers from 2^63 up are cdata", function()
        local top = read_back("uint64_t", math.mininteger)
        assert.are.equal("9223372036854775808ULL", tostring(top))
        assert.are.equal(ffi.typeof "uint64_t", ffi.typeof(top))
        assert.are.equal("18446744073709551615ULL", tostring(read_back("size_t", -1)))
        assert.are.equal("18446744073709551615ULL", tostring(ffi.cast("uint64_t", read_back("enum cv_huge", "CV_HUGE"))))
    end)

    it("128-bit integers outside 64 signed bits are cdata", function()
        local function wide(ct, low, high)
            local words = ffi.new("uint64_t[2]", low, high)
            return ffi.cast(ct .. " *", ffi.cast("void *", words))[0]
        end
        assert.are.equal("9223372036854775808", tostring(wide("__int128", math.mininteger, 0)))
        assert.are.equal("-9223372036854775809", tostring(wide("__int128", math.maxinteger, -1)))
        assert.are.equal(math.maxinteger, wide("__int128", math.maxinteger, 0))
        assert.are.equal(math.mininteger, wide("__int128", math.mininteger, -1))
        assert.are.equal("170141183460469231731687303715884105727", tostring(wide("__int128", -1, math.maxinteger)))
        assert.are.equal("-170141183460469231731687303715884105728", tostring(wide("__int128", 0, math.mininteger)))
        assert.are.equal("340282366920938463463374607431768211455", tostring(wide("unsigned __int128", -1, -1)))
        assert.are.equal("18446744073709551616", tostring(wide("unsigned __int128", 0, 1)))
        assert.are.equal(ffi.typeof "unsigned __int128", ffi.typeof(wide("unsigned __int128", 0, 1)))
    end)

    it("pointers are cdata, records and arrays views, complex numbers and vectors copies", function()
        local object = ffi.new "struct cv_all"
        object.ip = object.a
        object.p.y, object.a[2] = 4, 5
        local point, array = object.p, object.a
        object.p.y, object.a[2] = 6, 7
        assert.are.same({ 6, 7, 7 }, { point.y, array[2], object.ip[2] })
        assert.are.equal("ctype<int *>", tostring(ffi.typeof(object.ip)))
        object.z, object.vec = ffi.new("_Complex double", 1, 2), ffi.new("int __attribute__((vector_size(16)))", 1, 2, 3, 4)
        local z, vec = object.z, object.vec
        object.z, object.vec = 5, ffi.new("int __attribute__((vector_size(16)))", 9)
        assert.are.same({ 1.0, 2.0, 3 }, { z.re, z.im, vec[2] })
    end)

    it("each value once through every integer type, as C has it", function()
        local values = { 0, 1, -1, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536, 2147483647, 2147483648, -2147483648, -2147483649,
            4294967295, 4294967296, math.maxinteger, math.mininteger, math.mininteger + 1, 0x123456789abcdef0 }
        local body = {}
        for _, ct in ipairs(integer_types) do
            for _, value in ipairs(values) do
                body[#body + 1] = ('printf(((%s)-1 < 0) ? "%%ld\\n" : "%%lu\\n", (unsigned long)(%s)%s);'):format(ct, ct, c_literal(value))
            end
        end
        local lines = oracle.lines("convert_integers", table.concat(body, "\n"))
        local position = 0
        for _, ct in ipairs(integer_types) do
            for _, value in ipairs(values) do
                position = position + 1
                local name = ("(%s)%d"):format(ct, value)
                assert.are.equal(lines[position], text_of(read_back(ct, value)), name)
                assert.are.equal(lines[position], text_of(ffi.cast(ct, value)), name)
                local object = ffi.new "struct cv_all"
                object.i = value
                assert.are.equal(text_of(read_back("int", value)), text_of(object.i))
            end
        end
    end)
end)

describe("writing numbers:", function()
    it("floats are truncated through int64 or uint64 and then narrowed", function()
        local values = { 0.0, -0.0, 0.5, -0.5, 0.999999, 1.5, -1.5, 127.9, 128.0, 255.9, 256.0, -128.9, -129.0, 65535.5, 2147483647.5, 2147483648.0,
            -2147483649.5, 4294967295.5, 4294967296.5, 1e15, -1e15, 9007199254740993.0, 9223372036854774784.0, -9223372036854775808.0 }
        local body = {}
        for _, ct in ipairs(integer_types) do
            for _, value in ipairs(values) do
                body[#body + 1] = ('printf(((%s)-1 < 0) ? "%%ld\\n" : "%%lu\\n", (unsigned long)(%s)(int64_t)%s);'):format(ct, ct, c_literal(value))
            end
            for _, value in ipairs { 2.0 ^ 63, 2.0 ^ 64 - 2048 } do
                body[#body + 1] = ('printf(((%s)-1 < 0) ? "%%ld\\n" : "%%lu\\n", (unsigned long)(%s)(uint64_t)%s);'):format(ct, ct, c_literal(value))
            end
        end
        local lines = oracle.lines("convert_floats", table.concat(body, "\n"))
        local position = 0
        for _, ct in ipairs(integer_types) do
            for _, value in ipairs(table.move({ 2.0 ^ 63, 2.0 ^ 64 - 2048 }, 1, 2, #values + 1, table.move(values, 1, #values, 1, {}))) do
                position = position + 1
                local name = ("(%s)%a"):format(ct, value)
                assert.are.equal(lines[position], text_of(read_back(ct, value)), name)
                assert.are.equal(lines[position], text_of(ffi.cast(ct, value)), name)
                assert.are.equal(lines[position], text_of(ffi.cast(ct, ffi.new("double", value))), name)
            end
        end
    end)

    it("only NaN, infinities and floats outside both ranges are refused", function()
        for _, ct in ipairs(integer_types) do
            local name = tostring(ffi.typeof(ct)):match "<(.*)>"
            for value, words in pairs { [1 / 0] = "inf", [-1 / 0] = "-inf" } do
                assert.are.equal(("'%s' expected, got %s (element 0 of '%s [1]')"):format(name, words, name), message(read_back, ct, value))
            end
            assert.are.equal(("'%s' expected, got nan (element 0 of '%s [1]')"):format(name, name), message(read_back, ct, 0 / 0))
            for value, words in pairs { [2.0 ^ 64] = "1.844674407371e+19", [-2.0 ^ 63 - 2048] = "-9.2233720368548e+18", [1e300] = "1e+300" } do
                assert.are.equal(("'%s' expected, got %s, which no 64-bit integer holds (element 0 of '%s [1]')"):format(name, words, name),
                    message(read_back, ct, value))
            end
        end
        assert.are.equal("'int' expected, got nan (argument #2 of 'ffi.cast')", message(ffi.cast, "int", 0 / 0))
        assert.are.equal("'int' expected, got 1e+300, which no 64-bit integer holds (argument #2 of 'ffi.cast')", message(ffi.cast, "int", 1e300))
    end)

    it("128-bit integers take floats over their whole range", function()
        assert.are.equal("-170141183460469231731687303715884105728", tostring(read_back("__int128", -2.0 ^ 127)))
        assert.are.equal("85070591730234615865843651857942052864", tostring(read_back("__int128", 2.0 ^ 126)))
        assert.are.equal("340282366920938425684442744474606501888", tostring(read_back("unsigned __int128", 2.0 ^ 128 - 2.0 ^ 75)))
        assert.is_false(pcall(read_back, "unsigned __int128", 2.0 ^ 128))
        assert.is_false(pcall(read_back, "__int128", -2.0 ^ 128))
    end)

    it("floating types round as C does", function()
        local values = { 0.1, 1 / 3, 1e-45, 1e-46, 3.4028235e38, 1e39, 16777217, 9007199254740993, math.maxinteger, math.mininteger, 65504.0,
            65519.999, 65520.0, 6.1e-5, 5.97e-8, 2.98e-8, 2049, 2051, -0.0, -1e300 }
        local types = { "float", "double", "long double", "__float128" }
        local body = {}
        for _, ct in ipairs(types) do
            for _, value in ipairs(values) do
                body[#body + 1] = ('printf("%%a\\n", (double)(%s)%s);'):format(ct, c_literal(value))
            end
        end
        for _, value in ipairs(values) do
            body[#body + 1] = ('{ volatile _Float16 half = (_Float16)%s; printf("%%a\\n", (double)half); }'):format(c_literal(value))
        end
        types[#types + 1] = "_Float16"
        local lines = oracle.lines("convert_roundings", table.concat(body, "\n"))
        for i, ct in ipairs(types) do
            for j, value in ipairs(values) do
                local skipped = support.has_valgrind and ct == "long double"
                if not skipped then
                    assert.are.equal(lines[(i - 1) * #values + j], ("%a"):format(read_back(ct, value)), ct .. " " .. value)
                    assert.are.equal(lines[(i - 1) * #values + j], ("%a"):format(ffi.cast(ct, value)), ct .. " " .. value)
                end
            end
        end
    end)

    it("NaN and infinities go into floating types", function()
        for _, ct in ipairs { "float", "double", "long double", "__float128", "_Float16" } do
            assert.are.equal(1 / 0, read_back(ct, 1 / 0))
            assert.are.equal(-1 / 0, read_back(ct, -1 / 0))
            local nan = read_back(ct, 0 / 0)
            assert.are_not.equal(nan, nan)
        end
    end)

    it("long double is written with its padding cleared", function()
        local object = ffi.new "long double[1]"
        for _, value in ipairs { 1, 1.5, math.mininteger, ffi.new("__float128", 3) } do
            ffi.fill(object, 16, 0xdd)
            object[0] = value
            assert.are.equal(("\0"):rep(6), ffi.string(object, 16):sub(11))
        end
    end)

    it("long double keeps its 64 bits of fraction between cdata", function()
        if support.has_valgrind then return pending "80-bit values are not exact under valgrind" end
        local lines = oracle.lines("convert_ldouble", "long double third = INT64_MAX; put_hex(&third, 10);", oracle.hex_function)
        local object = ffi.new("long double[1]", math.maxinteger)
        assert.are.equal(lines[1], oracle.hex(ffi.string(object, 10)))
        assert.are.equal(lines[1], oracle.hex(ffi.string(ffi.new("long double[1]", ffi.new("long double", math.maxinteger)), 10)))
    end)

    it("_Bool takes any number by its truth", function()
        for value, truth in pairs { [0] = false, [1] = true, [256] = true, [-1] = true, [0.5] = true, [1e300] = true, [math.mininteger] = true } do
            assert.are.equal(truth, read_back("_Bool", value))
        end
        assert.is_true(ffi.cast("_Bool", ffi.new("uint64_t", 2)))
        local truth = oracle.lines("convert_truth", [[
            _Bool a = 0.5, b = CMPLX(0.0, 0.5), c = CMPLX(2.0, 0.0), d = CMPLX(0.0, 0.0);
            printf("%d%d%d%d\n", a, b, c, d);]])[1]
        local function bit(value) return value and "1" or "0" end
        local none, imaginary, real = ffi.new "complex", ffi.new("complex", 0, 0.5), ffi.new("complex float", 2, 0)
        assert.are.equal(truth, bit(read_back("_Bool", 0.5)) .. bit(read_back("_Bool", imaginary)) .. bit(read_back("_Bool", real)) ..
            bit(read_back("_Bool", none)))
        assert.is_true(ffi.cast("_Bool", imaginary))
        assert.are.equal("'_Bool' expected, got nil (element 0 of '_Bool [1]')", message(function() ffi.new("_Bool[1]")[0] = nil end))
    end)

    it("cdata numbers convert between themselves", function()
        assert.are.equal(200, read_back("unsigned char", ffi.new("int", -56)))
        assert.are.equal(-56, read_back("signed char", ffi.new("uint64_t", 200)))
        assert.are.equal(1.8446744073709552e19, read_back("double", ffi.new("uint64_t", -1)))
        assert.are.equal(1.0, read_back("double", ffi.new("_Bool", true)))
        assert.are.equal(3, read_back("int", ffi.new("_Complex double", 3.7, 9)))
        assert.are.equal(7, read_back("int", ffi.new("enum cv_colour", "CV_BLUE")))
        assert.are.equal("18446744073709551615", tostring(read_back("__int128", ffi.new("uint64_t", -1))))
        assert.are.equal(-1, read_back("__int128", ffi.new("int64_t", -1)))
        assert.are.equal(1, read_back("short", ffi.new("unsigned __int128", 65537)))
    end)
end)

describe("writing other values:", function()
    local object
    before_each(function() object = ffi.new "struct cv_all" end)

    -- field, its type, a value, what the value is called; each is refused
    local userdata = io.stdout
    local refused = {
        { "i", "int", "5", "string" }, { "i", "int", "", "string" }, { "i", "int", {}, "table" }, { "i", "int", print, "function" },
        { "i", "int", userdata, "userdata" }, { "i", "int", ffi.typeof "int", "ctype" }, { "d", "double", "1.5", "string" },
        { "d", "double", {}, "table" }, { "b", "_Bool", "true", "string" }, { "b", "_Bool", {}, "table" }, { "e", "enum cv_colour", {}, "table" },
        { "e", "enum cv_colour", userdata, "userdata" }, { "v", "void *", 0, "number" }, { "v", "void *", true, "boolean" },
        { "v", "void *", {}, "table" },
        { "v", "void *", "text", "string" }, { "v", "void *", print, "function" }, { "ip", "int *", "text", "string" },
        { "ip", "int *", 1, "number" },
        { "s", "const char *", 5, "number" }, { "s", "const char *", false, "boolean" }, { "p", "struct cv_point", 1, "number" },
        { "p", "struct cv_point", "text", "string" }, { "p", "struct cv_point", true, "boolean" }, { "a", "int [3]", 1, "number" },
        { "z", "_Complex double", "1", "string" }, { "vec", "int __attribute__((vector_size(16)))", "1", "string" },
        { "f", "int (*)(int)", "text", "string" }, { "f", "int (*)(int)", 5, "number" }, { "ip", "int *", ffi.typeof "int", "ctype" },
        { "a", "int [3]", userdata, "userdata" }, { "z", "_Complex double", userdata, "userdata" },
    }
    for _, case in ipairs(refused) do
        it(("%s into %s is refused"):format(case[4], case[2]), function()
            assert.are.equal(("'%s' expected, got %s (field '%s' of 'struct cv_all')"):format(case[2], case[4], case[1]),
                message(function() object[case[1]] = case[3] end))
        end)
    end
    for _, name in ipairs { "i", "d", "b", "e", "p", "a", "z" } do
        it("nil into " .. name .. " is refused", function()
            assert.is_truthy(message(function() object[name] = nil end):find("expected, got nil (field '" .. name .. "'", 1, true))
        end)
    end

    it("booleans are 0 and 1", function()
        object.i, object.d, object.e, object.b = true, true, true, true
        assert.are.same({ 1, 1.0, 1, true }, { object.i, object.d, object.e, object.b })
        object.i, object.d, object.b = false, false, false
        assert.are.same({ 0, 0.0, false }, { object.i, object.d, object.b })
    end)

    it("enums take names, numbers and cdata", function()
        object.e = "CV_BLUE"
        assert.are.equal(7, object.e)
        object.e = 3
        assert.are.equal(3, object.e)
        object.e = ffi.new("enum cv_colour", "CV_GREEN")
        assert.are.equal(1, object.e)
        for _, name in ipairs { "CV_PINK", "7", "CV_MINUS", "" } do
            assert.are.equal(("'enum cv_colour' has no constant '%s' (field 'e' of 'struct cv_all')"):format(name),
                message(function() object.e = name end))
        end
        assert.are.equal(-5, read_back("enum cv_signed", "CV_MINUS"))
        assert.are.equal(4294967296, ffi.cast("enum cv_wide", "CV_WIDE"))
    end)

    it("nil is NULL", function()
        object.v, object.ip, object.s, object.f = object, object.a, "text", ffi.C.abs
        assert.is_truthy(object.v)
        object.v, object.ip, object.s, object.f = nil, nil, nil, nil
        assert.are.same({}, { object.v, object.ip, object.s, object.f })
    end)

    it("strings go where constant bytes are pointed at", function()
        local text = "some text"
        for _, ct in ipairs { "const char *", "const unsigned char *", "const int8_t *", "const void *", "const volatile char *" } do
            assert.are.equal(text, ffi.string(ffi.new(ct, text)), ct)
        end
        for _, ct in ipairs { "char *", "void *", "const int *", "const char **", "const _Bool *", "const struct cv_point *" } do
            local name = tostring(ffi.typeof(ct)):match "<(.*)>"
            assert.are.equal(("'%s' expected, got string (initialiser of '%s')"):format(name, name), message(ffi.new, ct, text))
        end
    end)

    it("strings go into byte arrays", function()
        local record = ffi.new "struct { char a[4]; unsigned char b[4]; int c[2]; }"
        record.a, record.b = "ab", "abcd"
        assert.are.same({ "ab", "abcd" }, { ffi.string(record.a), ffi.string(record.b, 4) })
        assert.is_truthy(message(function() record.c = "ab" end):find "^'int' expected, got string %(element 0 of 'int %[2%]'%)")
    end)

    it("tables go into records and arrays, whole or not at all", function()
        object.p, object.a = { 1, 2 }, { 4, 5, 6 }
        assert.are.same({ 1, 2, 4, 5, 6 }, { object.p.x, object.p.y, object.a[0], object.a[1], object.a[2] })
        object.p = { y = 9 }
        assert.are.same({ 0, 9 }, { object.p.x, object.p.y })
        assert.are.equal("'int' expected, got string (element 1 of 'int [3]')", message(function() object.a = { 7, "x" } end))
        assert.are.same({ 4, 5, 6 }, { object.a[0], object.a[1], object.a[2] })
        object.a = { object.a[2], object.a[1], object.a[0] }
        assert.are.same({ 6, 5, 4 }, { object.a[0], object.a[1], object.a[2] })
    end)

    it("records and arrays are copied from their own type", function()
        object.p = ffi.new("cv_point", 3, 4)
        assert.are.equal(4, object.p.y)
        object.a = ffi.new("int[3]", 1, 2, 3)
        assert.are.equal(3, object.a[2])
        assert.are.equal("'struct cv_point' expected, got 'struct cv_other' (field 'p' of 'struct cv_all')",
            message(function() object.p = ffi.new "struct cv_other" end))
        assert.are.equal("'int [3]' expected, got 'int [4]' (field 'a' of 'struct cv_all')", message(function() object.a = ffi.new "int[4]" end))
        assert.are.equal("'struct cv_point' expected, got 'struct cv_point *' (field 'p' of 'struct cv_all')",
            message(function() object.p = ffi.cast("cv_point *", object.p) end))
    end)

    it("complex numbers take numbers and complex numbers", function()
        object.z = 2
        assert.are.same({ 2.0, 0.0 }, { object.z.re, object.z.im })
        object.z = ffi.new("_Complex float", 1.5, -2.5)
        assert.are.same({ 1.5, -2.5 }, { object.z.re, object.z.im })
        object.z = { 3, 4 }
        assert.are.same({ 3.0, 4.0 }, { object.z.re, object.z.im })
    end)

    it("vectors take a number for all elements, tables and their own type", function()
        local function elements() return { object.vec[0], object.vec[1], object.vec[2], object.vec[3] } end
        object.vec = 5
        assert.are.same({ 5, 5, 5, 5 }, elements())
        object.vec = ffi.new("uint64_t", 6)
        assert.are.same({ 6, 6, 6, 6 }, elements())
        object.vec = { 1, 2 }
        assert.are.same({ 1, 2, 0, 0 }, elements())
        object.vec = ffi.new(ffi.typeof(object.vec), 4, 3, 2, 1)
        assert.are.same({ 4, 3, 2, 1 }, elements())
        assert.are.equal(7, ffi.cast("int __attribute__((vector_size(16)))", 7)[3])
    end)

    it("userdata give their payload, files their FILE", function()
        local address = tonumber((tostring(io.stdout):match "0x%x+"))
        object.v = io.stdout
        assert.are.equal(address, ffi.cast("intptr_t", object.v))
        assert.are.equal(address, ffi.cast("intptr_t", ffi.cast("int *", io.stdout)))
        local file = assert(io.tmpfile())
        object.v = file
        assert.is_truthy(object.v)
        file:close()
        assert.are.equal("'void *' expected, got userdata (field 'v' of 'struct cv_all')", message(function() object.v = file end))
    end)

    it("C functions give their address, Lua functions become callbacks", function()
        object.f = ffi.C.abs
        assert.are.equal(5, object.f(-5))
        object.v = ffi.C.abs
        assert.is_true(object.v == ffi.cast("void *", ffi.C.abs))
        object.f = function(n) return n + 1 end
        assert.are.equal(5, object.f(4))
        assert.are.equal("'int *' expected, got function (field 'ip' of 'struct cv_all')", message(function() object.ip = function() end end))
        assert.are.equal("'int *' expected, got 'int (int)' (field 'ip' of 'struct cv_all')", message(function() object.ip = ffi.C.abs end))
        ffi.cdef "int cv_rand(void) __asm__(\"rand\");"
        assert.are.equal("'int (*)(int)' expected, got 'int (void)' (field 'f' of 'struct cv_all')",
            message(function() object.f = ffi.C.cv_rand end))
    end)
end)

describe("pointers:", function()
    -- wanted, type of the pointer object or array given, whether it goes
    local cases = {
        { "int *", "int *", true }, { "int *", "int[3]", true }, { "const int *", "int *", true }, { "int *", "const int *", false },
        { "int *", "const int[3]", false }, { "volatile int *", "int *", true }, { "int *", "volatile int *", false },
        { "int *", "unsigned *", true },
        { "unsigned char *", "char *", true }, { "char *", "signed char *", true }, { "long *", "long long *", true }, { "int *", "long *", false },
        { "int *", "float *", false }, { "int *", "short *", false }, { "void *", "int *", true }, { "int *", "void *", true },
        { "void *", "const int *", false }, { "const void *", "const int *", true }, { "int *", "const void *", false },
        { "void *", "int **", true },
        { "int *", "int **", false }, { "int **", "int *[2]", true }, { "void **", "int **", false }, { "int **", "void **", false },
        { "const char **", "char **", false }, { "char **", "const char **", false }, { "char *const *", "char **", true },
        { "unsigned **", "int **", true }, { "cv_point *", "cv_point *", true }, { "cv_point *", "cv_point[2]", true },
        { "cv_point *", "cv_point", true },
        { "void *", "cv_point", true }, { "struct cv_other *", "cv_point *", false }, { "struct cv_other *", "cv_point", false },
        { "const cv_point *", "cv_point", true }, { "cv_point *", "const cv_point", false }, { "int *", "cv_point", false },
        { "int (*)[3]", "int[3]", true }, { "int (*)[3]", "int[2][3]", true }, { "int (*)[3]", "int[2][4]", false },
        { "int *", "enum cv_colour *", true },
        { "enum cv_colour *", "unsigned[1]", true }, { "int *", "enum cv_wide *", false }, { "void *", "_Complex double", true },
        { "void *", "int __attribute__((vector_size(16)))", true }, { "int *", "int __attribute__((vector_size(16)))", true },
        { "float *", "int __attribute__((vector_size(16)))", false }, { "void (*)(long)", "int (*)(int)", true },
        { "void (*)(void)", "int (*)(int)", false }, { "void (*(*)(void))(int)", "void (*(*)(void))(int)", true },
        { "void *", "int (*)(int)", true }, { "int (*)(int)", "void *", true }, { "int *", "int (*)(int)", false },
        { "int *", "int", false }, { "void *", "int64_t", false },
    }
    for _, case in ipairs(cases) do
        it(("%s %s to %s"):format(case[2], case[3] and "goes" or "does not go", case[1]), function()
            local given = ffi.new(case[2])
            local holder = ffi.new(ffi.typeof("struct { $ p; }", ffi.typeof(case[1])))
            local ok, text = pcall(function() holder.p = given end)
            assert.are.equal(case[3], ok)
            if not ok then
                local wanted, got = tostring(ffi.typeof(case[1])):match "<(.*)>", tostring(ffi.typeof(given)):match "<(.*)>"
                assert.is_truthy(text:find(("'%s' expected, got '%s' (field 'p' of"):format(wanted, got), 1, true))
            end
        end)
    end
end)

describe("ffi.cast", function()
    it("to number types gives Lua numbers, wide unsigned ones cdata", function()
        for ct, value in pairs { int = 5, ["unsigned char"] = 5, long = 5, double = 5.0, float = 5.0, ["enum cv_colour"] = 5 } do
            assert.are.equal(value, ffi.cast(ct, 5))
            assert.are.equal(math.type(value), math.type(ffi.cast(ct, 5)))
        end
        assert.is_true(ffi.cast("_Bool", 5))
        for _, ct in ipairs { "uint64_t", "size_t", "__int128", "unsigned __int128", "unsigned long long" } do
            assert.are.equal("userdata", type(ffi.cast(ct, 5)), ct)
            assert.are.equal(ffi.typeof(ct), ffi.typeof(ffi.cast(ct, 5)))
        end
        assert.are.equal("5ULL", tostring(ffi.cast("uint64_t", 5)))
    end)

    it("takes enum names, booleans, nil and pointers as numbers", function()
        assert.are.equal(7, ffi.cast("enum cv_colour", "CV_BLUE"))
        assert.are.equal("'enum cv_colour' has no constant 'x' (argument #2 of 'ffi.cast')", message(ffi.cast, "enum cv_colour", "x"))
        assert.are.equal(1, ffi.cast("int", true))
        assert.are.equal(0, ffi.cast("int", nil))
        local array = ffi.new("int[2]")
        assert.are.equal(4, ffi.cast("intptr_t", array + 1) - ffi.cast("intptr_t", array))
        assert.are.equal(0x5678, ffi.cast("uint16_t", ffi.cast("void *", 0x12345678)))
        assert.are.equal("cannot cast 'int [2]' to 'double'", message(ffi.cast, "double", array))
        assert.are.equal("cannot cast string to 'double'", message(ffi.cast, "double", "5"))
        assert.are.equal("cannot cast string to '_Bool'", message(ffi.cast, "_Bool", "true"))
        assert.are.equal("cannot cast table to 'int'", message(ffi.cast, "int", {}))
    end)

    it("to a pointer gives nil for NULL", function()
        assert.is_nil(ffi.cast("int *", nil))
        assert.is_nil(ffi.cast("int *", 0))
        assert.is_nil(ffi.cast("int *", ffi.new "int *"))
        assert.is_nil(ffi.cast("int *", ffi.new("uint64_t", 0)))
    end)

    it("to a pointer takes any address", function()
        local array = ffi.new("int[2]", 5, 6)
        assert.are.equal(6, ffi.cast("int *", ffi.cast("char *", array) + 4)[0])
        assert.are.equal(5, ffi.cast("int *", ffi.cast("uintptr_t", array))[0])
        assert.are.equal("0x1000", tostring(ffi.cast("void *", 4096)):match "0x.*")
        assert.are.equal("0x1000", tostring(ffi.cast("void *", 4096.0)):match "0x.*")
        assert.are.equal("0xffffffffffffffff", tostring(ffi.cast("void *", -1)):match "0x.*")
        assert.are.equal("0xffffffffffffffff", tostring(ffi.cast("void *", ffi.new("uint64_t", -1))):match "0x.*")
        assert.are.equal("text", ffi.string(ffi.cast("char *", "text")))
        assert.are.equal(5, ffi.cast("int (*)(int)", ffi.C.abs)(-5))
        local const = ffi.cast("const int *", array)
        ffi.cast("int *", const)[0] = 9
        assert.are.equal(9, array[0])
        assert.are.equal("cannot cast boolean to 'int *'", message(ffi.cast, "int *", true))
        assert.are.equal("cannot cast table to 'int *'", message(ffi.cast, "int *", {}))
        assert.are.equal("'int *' expected, got nan (argument #2 of 'ffi.cast')", message(ffi.cast, "int *", 0 / 0))
        assert.are.equal("'int *' expected, got 1e+30, which no 64-bit integer holds (argument #2 of 'ffi.cast')",
            message(ffi.cast, "int *", 1e30))
        local callback = ffi.cast("int (*)(int)", function(n) return 2 * n end)
        assert.are.equal(14, callback(7))
        callback:free()
        assert.are.equal("cannot cast function to 'void *'", message(ffi.cast, "void *", print))
    end)

    it("to complex numbers and vectors converts", function()
        assert.are.equal("3+0i", tostring(ffi.cast("_Complex double", 3)))
        assert.are.equal("1+2i", tostring(ffi.cast("_Complex float", ffi.new("_Complex double", 1, 2))))
    end)

    it("refuses other types and no value", function()
        assert.are.equal("cannot cast table to 'struct cv_point'", message(ffi.cast, "cv_point", {}))
        assert.are.equal("cannot cast table to 'int [3]'", message(ffi.cast, "int[3]", {}))
        assert.are.equal("cannot cast nil to 'void'", message(ffi.cast, "void", nil))
        assert.are.equal("bad argument #2 to 'ffi.cast' (value expected, got no value)", message(ffi.cast, "int"))
    end)
end)
