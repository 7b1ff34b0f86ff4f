-- Variadic functions: what each Lua value passes as. The oracles are string.format and a C function that tells what it got.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef [[
int snprintf(char *text, size_t nbytes, const char *format, ...);
int sscanf(const char *text, const char *format, ...);
]]

local lib
local function load_library() lib = support.load "calls" end

local function format(pattern, ...)
    local nbytes = ffi.C.snprintf(nil, 0, pattern, ...)
    local text = ffi.new("char[?]", nbytes + 1)
    assert.equal(nbytes, ffi.C.snprintf(text, nbytes + 1, pattern, ...))
    return ffi.string(text)
end

local function describe_in_c(types, ...) return ffi.string(lib.call_describe(types, ...)) end

local function address_of(value) return tostring(value):match "0x%x+" end

describe("snprintf prints like string.format:", function()
    for _, case in ipairs {
        { "%d", 42 }, { "%d", -1 }, { "%ld", math.maxinteger, lua = "%d" }, { "%ld", math.mininteger, lua = "%d" },
        { "%lx", -1, lua = "%x" }, { "%c%c", 65, 66 }, { "%5d|%-5d|%05d", 1, 2, 3 },
        { "%g", 0.5 }, { "%g", 3.0 }, { "%.17g", 0.1 }, { "%a", 1 / 3 }, { "%g", 1 / 0 }, { "%e", -0.0 },
        { "%s", "text" }, { "%s", "" }, { "%10s|%-10s", "right", "left" }, { "%%" },
        { "%s=%d, %g", "x", 1, 2.5 },
        { ("%d "):rep(20), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 },
        { ("%g "):rep(12), 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5 },
        { ("%d %g %s "):rep(6), 1, 1.5, "a", 2, 2.5, "b", 3, 3.5, "c", 4, 4.5, "d", 5, 5.5, "e", 6, 6.5, "f" },
    } do
        local list = {}
        for i, value in ipairs(case) do list[i] = tostring(value) end
        it(table.concat(list, ", "), function()
            assert.equal((case.lua or case[1]):format(table.unpack(case, 2)), format(table.unpack(case)))
        end)
    end
end)

describe("a variadic argument", function()
    setup(load_library)

    it("integer goes as int64_t, float as double", function()
        assert.equal("1 -2 9223372036854775807 0.25 3", describe_in_c("illdd", 1, -2, math.maxinteger, 0.25, 3.0))
    end)

    it("string goes as const char *, nil as NULL", function()
        assert.equal("text (nil) (null)", describe_in_c("sps", "text", nil, nil))
    end)

    it("boolean goes as int", function() assert.equal("1 0", describe_in_c("ii", true, false)) end)

    it("cdata number goes promoted as C promotes it", function()
        assert.equal("-5 65535 -7 4294967295 9", describe_in_c("iiill", ffi.new("int8_t", -5), ffi.new("uint16_t", 65535),
            ffi.new("int", -7), ffi.new("unsigned", -1), ffi.new("int64_t", 9)))
        assert.equal("0.5 0.25 1", describe_in_c("ddi", ffi.new("float", 0.5), ffi.new("double", 0.25), ffi.new("bool", true)))
        ffi.cdef "enum variadic_colour { VARIADIC_RED = 3, VARIADIC_BLUE = 5 };"
        assert.equal("5", describe_in_c("i", ffi.new("enum variadic_colour", "VARIADIC_BLUE")))
        assert.equal("-1", describe_in_c("l", ffi.cast("uint64_t", -1)))
        assert.equal("0.5 7", describe_in_c("hi", ffi.new("_Float16", 0.5), 7))
    end)

    it("pointer goes as it is, array and struct as their addresses", function()
        local list = ffi.new("int[2]", 1, 2)
        local pair = ffi.new("struct { int a, b; }", 3, 4)
        local p, s = address_of(ffi.cast("void *", list)), address_of(ffi.cast("void *", pair))
        assert.equal(("%s %s %s"):format(p, p, s), describe_in_c("ppp", list, ffi.cast("int *", list), pair))
        assert.equal("(nil)", describe_in_c("p", ffi.new "int *"))
        assert.equal("chars", describe_in_c("s", ffi.new("char[8]", "chars")))
        local union = ffi.new("union { int a; double b; }", 3)
        assert.equal(address_of(ffi.cast("void *", union)), describe_in_c("p", union))
        assert.equal("3", describe_in_c("i", ffi.cast("int &", list + 1) + 1))
        assert.equal("2", describe_in_c("i", ffi.cast("int &", list + 1)))
    end)

    it("C function goes as its address, and so do light userdata and files", function()
        assert.equal(address_of(ffi.cast("void *", lib.call_add)), describe_in_c("p", lib.call_add))
        assert.equal(address_of(ffi.cast("void *", io.stdout)), describe_in_c("p", io.stdout))
        local light = debug.upvalueid(function() return lib end, 1)
        assert.equal(address_of(ffi.cast("void *", light)), describe_in_c("p", light))
        assert.equal(address_of(ffi.cast("void *", lib.call_add)), describe_in_c("p", ffi.cast("int (*)(int, int)", lib.call_add)))
    end)

    it("long double, __float128 and __int128 keep their type", function()
        assert.equal("0.5 1.25 3", describe_in_c("Lqd", ffi.new("long double", 0.5), ffi.new("__float128", 1.25), 3.0))
        assert.equal("-1:18446744073709551615", describe_in_c("n", ffi.new("__int128", -1)))
        assert.equal("0:18446744073709551615", describe_in_c("n", ffi.cast("unsigned __int128", ffi.cast("uint64_t", -1))))
    end)

    it("__int128 is aligned on the stack, between others", function()
        local wide = ffi.new("__int128", 7)
        assert.equal("1 2 3 4 5 0:7 6 0:7", describe_in_c("iiiiinin", 1, 2, 3, 4, 5, wide, 6, wide))
        assert.equal("1 2 3 4 0:7 6 0:7 0:7", describe_in_c("iiiininn", 1, 2, 3, 4, wide, 6, wide, wide))
        local long = ffi.new("long double", 2.5)
        assert.equal("1 2 3 4 5 6 2.5 7 2.5", describe_in_c("iiiiiiLiL", 1, 2, 3, 4, 5, 6, long, 7, long))
    end)

    it("complex number and vector keep their type", function()
        local z, f, l = ffi.new("double _Complex", 1, -2), ffi.new("float _Complex", 3, 4), ffi.new("long double _Complex", 5, 6)
        assert.equal("1-2i 3+4i 5+6i 7", describe_in_c("zfZi", z, f, l, 7))
        assert.equal("1-2i 1-2i 1-2i 1-2i 1-2i 0.5", describe_in_c("zzzzzd", z, z, z, z, z, 0.5))
        assert.equal("1,2,3,4 0.5", describe_in_c("vd", ffi.new("call_v4i", { 1, 2, 3, 4 }), 0.5))
        local sum = lib.call_complex_variadic(3, z, z, ffi.new("double _Complex", 10, 10))
        assert.equal(12.0, sum.re)
        assert.equal(6.0, sum.im)
    end)

    it("receives what C writes through it", function()
        local n, x, word = ffi.new "int[1]", ffi.new "double[1]", ffi.new "char[10]"
        assert.equal(3, ffi.C.sscanf("17 0.5 word", "%d %lf %9s", n, x, word))
        assert.same({ 17, 0.5, "word" }, { n[0], x[0], ffi.string(word) })
    end)
end)

describe("a variadic call", function()
    setup(load_library)

    for _, count in ipairs { 0, 1, 4, 5, 6, 7, 8, 9, 100, 250, 5000 } do
        it(("passes %d integers and as many doubles"):format(count), function()
            local integers, floats, sum = {}, {}, 0
            for i = 1, count do
                integers[i] = i - 100
                floats[i] = (i - 100) / 4
                sum = sum + i * (i - 100)
            end
            assert.equal(sum, lib.call_sum(count, table.unpack(integers)))
            assert.equal(sum / 4, lib.call_sum_doubles(count, table.unpack(floats)))
        end)
    end

    it("converts the fixed arguments by the prototype", function()
        assert.equal(1 + 20 + 300 + 4000 + 50000.0, lib.call_after_fixed(1, "xyz", 2, 4.0, 5))
        -- with a plan of its own
        assert.equal("2", describe_in_c("i", 2, ffi.new("long double", 1)))
        assert.equal(1 + 20 + 300 + 4000 + 50000.0, lib.call_after_fixed(1, "xyz", 2, 4.0, 5, ffi.new("long double", 1)))
    end)

    it("returns structs in memory, complex numbers, nothing", function()
        local big = lib.call_big_variadic(7, 99)
        assert.same({ 7, 25, 99 }, { big.n[0], big.n[18], big.n[19] })
        big = lib.call_big_variadic(7, 99, ffi.new("long double", 1))
        assert.same({ 7, 25, 99 }, { big.n[0], big.n[18], big.n[19] })
        local place = ffi.new "int[1]"
        assert.equal(0, select("#", lib.call_nothing_variadic(place, 5)))
        assert.equal(5, place[0])
    end)

    it("goes through function pointers", function()
        assert.equal(5, ffi.cast("int (*)(int, ...)", lib.call_second)(4, 5))
        assert.equal(8, lib.call_apply_variadic(lib.call_second, 4))
        local sum = ffi.cast("long (*)(int, ...)", lib.call_sum)
        assert.equal(1 + 4 + 9, sum(3, 1, 2, 3))
    end)

    it("keeps its arguments apart from the next call's", function()
        local sum = 0
        for i = 1, 100 do sum = sum + lib.call_sum(2, i, i) end
        assert.equal(3 * 5050, sum)
    end)

    it("takes as many arguments as fit into a mebibyte of stack", function()
        local list, most = {}, (1 << 20) // 8
        for i = 1, most + 10 do list[i] = 1 end -- some of them in registers
        assert.equal(3, lib.call_sum(2, table.unpack(list, 1, most)))
        for _, other in ipairs { 1, (ffi.new("long double", 1)) } do
            list[1] = other
            assert.has_error(function() lib.call_sum(2, table.unpack(list)) end,
                "cannot call 'call_sum': the arguments take more than 1048576 bytes of stack")
        end
    end)

    for name, value in pairs { table = {}, ["function"] = print, thread = coroutine.create(print), ctype = ffi.typeof "int" } do
        it("refuses a " .. name, function()
            assert.has_error(function() lib.call_sum(1, value) end,
                ("%s cannot be passed as a variadic argument (argument #2 of 'call_sum')"):format(name))
            assert.has_error(function() lib.call_sum(1, 5, ffi.new("long double", 1), value) end,
                ("%s cannot be passed as a variadic argument (argument #4 of 'call_sum')"):format(name))
        end)
    end
end)
