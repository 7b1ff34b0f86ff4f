-- The module's functions: every form of their arguments, and what wrong ones raise.
local ffi = require "ffi"
local oracle = require "spec.oracle"

ffi.cdef [[
enum ap_colour { AP_RED = 3, AP_GREEN, AP_LOW = -7 };
enum ap_huge { AP_HUGE = 0xffffffffffffffff };
struct ap_point { int x, y; };
struct ap_bits { char tag; unsigned a : 3, b : 7; long c : 40; };
struct ap_vls { int n; double values[?]; };
struct ap_hidden;
union ap_union { int i; float f; struct { char inner; }; };
struct ap_meta { int v; };
size_t strlen(const char *text);
]]

local function assert_refused(expected, f, ...) assert.equal(expected, oracle.message(f, ...)) end

local function wanted(index, name, what, got) return ("bad argument #%d to '%s' (%s expected, got %s)"):format(index, name, what, got) end

-- Every function that takes a type, with what comes behind it.
local typed = { sizeof = {}, alignof = {}, offsetof = { "x" }, new = {}, cast = { 1 }, istype = { 1 }, typeof = {}, metatype = { {} } }

describe("a type argument", function()
    for name, rest in pairs(typed) do
        it(("of ffi.%s is a string, ctype object, cdata or C function, and nothing else"):format(name), function()
            for _, value in ipairs { 5, true, {}, print, io.stdout, ffi.C } do
                assert_refused(wanted(1, "ffi." .. name, "C type", type(value)), ffi[name], value, table.unpack(rest))
            end
            assert_refused(wanted(1, "ffi." .. name, "C type", "nil"), ffi[name], nil, table.unpack(rest))
            assert_refused(wanted(1, "ffi." .. name, "C type", "no value"), ffi[name])
            assert_refused("int +:1:5: expected the end of the type name, got '+'\n    int +\n        ^", ffi[name], "int +", table.unpack(rest))
            assert_refused("ap_nope:1:1: unknown type name 'ap_nope'\n    ap_nope\n    ^", ffi[name], "ap_nope", table.unpack(rest))
        end)
    end

    it("may be given in each form", function()
        local ct = ffi.typeof "struct ap_point"
        for _, form in ipairs { "struct ap_point", ct, ct(1, 2) } do
            assert.equal(ct, ffi.typeof(form))
            assert.equal(8, ffi.sizeof(form))
            assert.equal(4, ffi.alignof(form))
            assert.equal(4, (ffi.offsetof(form, "y")))
            assert.equal(5, ffi.new(form, 5).x)
            assert.is_true(ffi.istype(form, ct()))
        end
        assert.equal("ctype<size_t (const char *)>", (tostring(ffi.typeof(ffi.C.strlen)):gsub("unsigned long", "size_t")))
        assert.is_nil(ffi.sizeof(ffi.C.strlen))
    end)
end)

describe("ffi.cdef", function()
    it("takes types, integers and names for $", function()
        ffi.cdef("struct $ { $ $; int list[$]; };", "ap_made", ffi.typeof "double", "number", 3)
        local made = ffi.new("struct ap_made", 1.5, { 1, 2, 3 })
        assert.equal(1.5, made.number)
        assert.equal(12, ffi.sizeof(made.list))
        ffi.cdef("typedef $ ap_made_type[$];", ffi.new "short", 2.0)
        assert.equal(4, ffi.sizeof "ap_made_type")
    end)

    it("tells wrong arguments", function()
        assert_refused(wanted(1, "ffi.cdef", "string", "no value"), ffi.cdef)
        assert_refused(wanted(1, "ffi.cdef", "string", "number"), ffi.cdef, 5)
        assert_refused(wanted(1, "ffi.cdef", "string", "ctype"), ffi.cdef, ffi.typeof "int")
        assert_refused(wanted(2, "ffi.cdef", "type, name or number", "table"), ffi.cdef, "extern $ ap_x;", {})
        assert_refused(wanted(2, "ffi.cdef", "integer", "nan"), ffi.cdef, "extern int ap_x[$];", 0 / 0)
        assert_refused("ffi.cdef:1:8: '$' without a value: only 0 given\n    extern $ ap_x;\n           ^", ffi.cdef, "extern $ ap_x;")
        assert_refused("ffi.cdef:1:17: more values than '$': 1 given, 0 in the text\n    extern int ap_x;\n                    ^", ffi.cdef,
            "extern int ap_x;", 1)
    end)
end)

describe("ffi.typeof", function()
    it("takes types, integers and names for $", function()
        local point = ffi.typeof "struct ap_point"
        assert.equal("ctype<struct ap_point *>", tostring(ffi.typeof("$ *", point)))
        assert.equal(ffi.typeof "int [3][4]", ffi.typeof("int[$][$]", 3, 4))
        assert.equal(ffi.typeof "int [2]", ffi.typeof("int[$]", 2.75))
        assert.equal(point, ffi.typeof("struct $", "ap_point"))
        assert.equal(5, ffi.new(ffi.typeof("struct { $ $; }", ffi.typeof "int", "made"), 5).made)
        assert.equal(ffi.typeof "int [3]", ffi.typeof("$[$]", ffi.new "int", 3))
    end)

    it("refuses values that no $ stands for", function()
        assert_refused("int:1:4: more values than '$': 1 given, 0 in the text\n    int\n       ^", ffi.typeof, "int", 1)
        assert_refused("$:1:1: '$' without a value: only 0 given\n    $\n    ^", ffi.typeof, "$")
        assert_refused(wanted(1, "ffi.typeof", "string with '$'", "ctype"), ffi.typeof, ffi.typeof "int", 5)
        assert_refused(wanted(1, "ffi.typeof", "string with '$'", "'int'"), ffi.typeof, ffi.new "int", 5)
        assert_refused(wanted(2, "ffi.typeof", "type, name or number", "boolean"), ffi.typeof, "$", true)
    end)

    -- More type strings than are kept at hand, some longer than what Lua interns; sizes are the compiler's.
    it("tells type strings apart, however many and long", function()
        local types, body = {}, {}
        for i = 1, 100 do
            types[i] = ("%s[%d]"):format(i % 3 == 0 and "const volatile unsigned long long int /* padded, so as to be long */" or "short", i)
            body[i] = ('printf("%%zu\\n", sizeof(%s));'):format(types[i])
        end
        local sizes = oracle.lines("api_type_strings", table.concat(body, "\n"))
        for _ = 1, 2 do
            for i, text in ipairs(types) do
                assert.equal(tonumber(sizes[i]), ffi.sizeof(text .. ""), text)
                assert.equal(ffi.typeof(text), ffi.typeof(ffi.new(text)))
            end
            collectgarbage()
        end
    end)

    it("makes a new type of each untagged definition", function()
        assert.not_equal(ffi.typeof "struct { int x; }", ffi.typeof "struct { int x; }")
        assert.not_equal(ffi.typeof "struct <% int x; %>", ffi.typeof "struct <% int x; %>")
    end)
end)

describe("ffi.new", function()
    it("refuses what is no object", function()
        for _, ct in ipairs { "void", "int (int)", "int &" } do
            assert_refused(("cannot make an object of type '%s'"):format(ct), ffi.new, ct)
        end
        assert_refused("size of 'struct ap_hidden' is unknown", ffi.new, "struct ap_hidden")
        assert_refused("'int [?]' needs its number of elements, got no value", ffi.new, "int[?]")
        assert_refused("'int [?]' needs its number of elements, got -1", ffi.new, "int[?]", -1)
        assert_refused("'struct ap_vls' needs its number of elements, got string", ffi.new, "struct ap_vls", "3")
    end)
end)

describe("ffi.cast", function()
    it("needs a value and a scalar type", function()
        assert_refused(wanted(2, "ffi.cast", "value", "no value"), ffi.cast, "int")
        assert_refused("cannot cast number to 'struct ap_point'", ffi.cast, "struct ap_point", 1)
    end)
end)

describe("ffi.sizeof", function()
    it("shows an empty text as one", function()
        assert_refused('"":1:1: expected a type, got end of text', ffi.sizeof, "")
    end)

    it("is the compiler's, and nil where there is none", function()
        local types = { "char", "int", "long double", "_Complex float", "int[3]", "int (*)[3]", "enum ap_colour", "__int128" }
        local body = {}
        for i, ct in ipairs(types) do body[i] = ('printf("%%zu %%zu\\n", sizeof(%s), _Alignof(%s));'):format(ct, ct) end
        local lines = oracle.lines("api_sizes", table.concat(body, "\n"), "enum ap_colour { AP_RED = 3, AP_GREEN, AP_LOW = -7 };")
        for i, ct in ipairs(types) do
            assert.equal(lines[i], ("%d %d"):format(ffi.sizeof(ct), ffi.alignof(ct)), ct)
        end
        for _, ct in ipairs { "void", "int (int)", "int[]", "struct ap_hidden", "int[?]", "struct ap_vls" } do
            assert.is_nil(ffi.sizeof(ct), ct)
        end
    end)

    it("takes the number of elements of variable-length types", function()
        assert.equal(12, ffi.sizeof("int[?]", 3))
        assert.equal(0, ffi.sizeof("int[?]", 0))
        assert.equal(8 + 3 * 8, ffi.sizeof("struct ap_vls", 3))
        assert.equal(12, ffi.sizeof("int[?]", 3.9))
        assert.equal(12, ffi.sizeof("int[?]", ffi.new("int64_t", 3)))
        assert.equal(4, ffi.sizeof("int", 3)) -- not used, as in LuaJIT
        assert.equal(20, ffi.sizeof(ffi.new("int[?]", 5)))
        assert.equal(8 + 2 * 8, ffi.sizeof(ffi.new("struct ap_vls", 2)))
        assert_refused("'int [?]' needs its number of elements, got -1", ffi.sizeof, "int[?]", -1)
        assert_refused("'int [?]' needs its number of elements, got string", ffi.sizeof, "int[?]", "3")
        assert_refused("4611686018427387904 elements of 'int [?]' are too large an object", ffi.sizeof, "int[?]", 1 << 62)
    end)
end)

describe("ffi.offsetof", function()
    it("gives a bit-field's position and width too", function()
        assert.same({ 4 }, { ffi.offsetof("struct ap_point", "y") })
        local bits = table.pack(ffi.offsetof("struct ap_bits", "b"))
        assert.equal(3, bits.n)
        assert.equal(7, bits[3])
        -- where the compiler puts the lowest bit
        local lines = oracle.lines("api_bits", "struct ap_bits s; memset(&s, 0, sizeof s); s.b = 1; put_hex(&s, sizeof s);",
            oracle.hex_function .. "struct ap_bits { char tag; unsigned a : 3, b : 7; long c : 40; };")
        local bytes = ffi.new("uint8_t[?]", ffi.sizeof "struct ap_bits")
        local position = bits[1] * 8 + bits[2]
        bytes[position // 8] = 1 << position % 8
        assert.equal(lines[1], oracle.hex(ffi.string(bytes, ffi.sizeof "struct ap_bits")))
    end)

    it("looks into unnamed members, and gives nothing for what is not there", function()
        assert.same({ 0 }, { ffi.offsetof("union ap_union", "inner") })
        for _, ct in ipairs { "struct ap_point", "int", "struct ap_point *", "struct ap_hidden", "struct ap_point[2]" } do
            assert.equal(0, select("#", ffi.offsetof(ct, "nope")))
        end
    end)

    it("needs a name", function()
        assert_refused(wanted(2, "ffi.offsetof", "field name", "no value"), ffi.offsetof, "struct ap_point")
        assert_refused(wanted(2, "ffi.offsetof", "field name", "number"), ffi.offsetof, "struct ap_point", 1)
    end)
end)

describe("ffi.istype", function()
    it("needs a value, and is false for what is no cdata", function()
        assert_refused(wanted(2, "ffi.istype", "value", "no value"), ffi.istype, "int")
        for _, value in ipairs { 5, "x", true, {}, print, io.stdout } do assert.is_false(ffi.istype("int", value)) end
        assert.is_false(ffi.istype("int", nil))
    end)
end)

describe("ffi.errno", function()
    it("returns the number before, and sets it", function()
        ffi.errno(0)
        assert.equal(0, ffi.errno(5))
        assert.equal(5, ffi.errno())
        assert.equal(5, ffi.errno(nil))
        assert.equal(5, ffi.errno(7.9))
        assert.equal(7, ffi.errno(ffi.new("int", 3)))
        assert.equal(3, ffi.errno(0))
    end)

    it("takes a number", function()
        for _, value in ipairs { "7", {}, true } do
            assert_refused(wanted(1, "ffi.errno", "error number", type(value)), ffi.errno, value)
        end
    end)
end)

describe("ffi.string, ffi.copy and ffi.fill", function()
    it("tell missing arguments", function()
        assert_refused("bad argument #1 to 'ffi.string' (pointer expected, got no value)", ffi.string)
        assert_refused("bad argument #1 to 'ffi.copy' (pointer expected, got no value)", ffi.copy)
        assert_refused("bad argument #2 to 'ffi.copy' (pointer expected, got no value)", ffi.copy, ffi.new "char[4]")
        assert_refused(wanted(3, "ffi.copy", "length", "no value"), ffi.copy, ffi.new "char[4]", ffi.new "char[4]")
        assert_refused("bad argument #1 to 'ffi.fill' (pointer expected, got no value)", ffi.fill)
        assert_refused(wanted(2, "ffi.fill", "length", "no value"), ffi.fill, ffi.new "char[4]")
    end)
end)

describe("ffi.abi, ffi.os and ffi.arch", function()
    it("tell the target as LuaJIT does", function()
        local facts = { ["64bit"] = true, le = true, fpu = true, hardfp = true, gc64 = true }
        for _, name in ipairs { "32bit", "64bit", "le", "be", "fpu", "softfp", "hardfp", "eabi", "win", "uwp", "gc64", "pauth", "" } do
            assert.equal(facts[name] or false, ffi.abi(name))
        end
        assert.equal("Linux x64", ffi.os .. " " .. ffi.arch)
        assert_refused(wanted(1, "ffi.abi", "string", "no value"), ffi.abi)
        assert_refused(wanted(1, "ffi.abi", "string", "number"), ffi.abi, 64)
    end)
end)

describe("ffi.load", function()
    it("wants a library's name", function()
        assert_refused(wanted(1, "ffi.load", "library name", "no value"), ffi.load)
        assert_refused(wanted(1, "ffi.load", "library name", "number"), ffi.load, 5)
        assert_refused(wanted(1, "ffi.load", "library name", "an empty string"), ffi.load, "")
        assert_refused(wanted(1, "ffi.load", "library name", "a string with a zero byte"), ffi.load, "a\0b")
    end)
end)

describe("a ctype object", function()
    it("is one for each type: equal, and a table key", function()
        local int = ffi.typeof "int"
        local seen = { [int] = "found" }
        assert.equal("found", seen[ffi.typeof "signed int"])
        assert.is_nil(seen[ffi.typeof "const int"])
        assert.is_true(rawequal(ffi.typeof "struct ap_point *", ffi.typeof("$ *", ffi.typeof "struct ap_point")))
        for _, other in ipairs { 5, "int", ffi.new "int", ffi.typeof "unsigned" } do assert.is_false(int == other) end
        collectgarbage()
        assert.equal("found", seen[ffi.typeof "int"])
    end)

    it("makes objects", function()
        assert.equal(2, ffi.typeof "struct ap_point"(1, 2).y)
        assert.equal(12, ffi.sizeof(ffi.typeof "int[?]"(3)))
        assert_refused("size of 'struct ap_hidden' is unknown", function() return (ffi.typeof "struct ap_hidden"()) end)
    end)

    it("is written as C writes the type", function()
        for text, spelling in pairs {
            ["int*"] = "int *", ["const char*const*"] = "const char *const *", ["int(*)(int,...)"] = "int (*)(int, ...)", ["int[?]"] = "int [?]",
            ["int (*[3])(void)"] = "int (*[3])(void)", ["struct ap_point[2]"] = "struct ap_point [2]", ["enum ap_colour"] = "enum ap_colour",
            ["double&"] = "double &", ["unsigned"] = "unsigned int", ["int[]"] = "int []", ["void"] = "void",
        } do
            assert.equal(("ctype<%s>"):format(spelling), tostring(ffi.typeof(text)))
            assert.equal(ffi.typeof(text), ffi.typeof(spelling))
        end
    end)

    it("has the constants of an enum", function()
        local colour = ffi.typeof "enum ap_colour"
        assert.same({ 3, 4, -7 }, { colour.AP_RED, colour.AP_GREEN, colour.AP_LOW })
        assert.equal(3, ffi.typeof "const enum ap_colour".AP_RED)
        assert.equal("cdata<enum ap_huge>: 18446744073709551615", tostring(ffi.typeof "enum ap_huge".AP_HUGE))
        assert_refused("'enum ap_colour' has no constant 'AP_HUGE'", function() return (colour.AP_HUGE) end)
        assert_refused("'enum ap_colour' has no constant 'x'", function() return (colour.x) end)
    end)

    it("has the constants that a record's body declares, as its objects and pointers to them have", function()
        local text = [[
            struct ap_scoped {
                enum { AP_SCOPED_A = 7, AP_SCOPED_B };
                enum ap_kind { AP_SCOPED_C = -3 } kind;
                struct { enum { AP_SCOPED_D = 0x7fffffff }; int inner; };
                static const int AP_SCOPED_E = 2 + 3, AP_SCOPED_F = 'x';
                static const unsigned long AP_SCOPED_G = -1;
                static const _Bool AP_SCOPED_H = 5;
                int AP_OWN;
            };
        ]]
        ffi.cdef(text)
        ffi.cdef(text) -- again
        local T = ffi.typeof "struct ap_scoped"
        for _, holder in ipairs { T, ffi.typeof "struct ap_scoped *", ffi.typeof "const struct ap_scoped", T(), ffi.addressof(T()) } do
            assert.same({ 7, 8, -3, 0x7fffffff, 5, 120, true }, { holder.AP_SCOPED_A, holder.AP_SCOPED_B, holder.AP_SCOPED_C, holder.AP_SCOPED_D,
                holder.AP_SCOPED_E, holder.AP_SCOPED_F, holder.AP_SCOPED_H })
            assert.equal("18446744073709551615ULL", tostring(holder.AP_SCOPED_G))
        end
        assert.equal(12, ffi.sizeof(T)) -- they take no room
        assert.equal(8, ffi.C.AP_SCOPED_B)
        assert_refused("'AP_SCOPED_E' is not declared: ffi.cdef its prototype first", function() return (ffi.C.AP_SCOPED_E) end)
        assert_refused("'struct ap_scoped' has no constant 'AP_OWN'", function() return (T.AP_OWN) end)
        assert_refused("'struct ap_scoped' has no constant 'AP_SCOPED'", function() return (T.AP_SCOPED) end)
        assert_refused("field 'AP_SCOPED_E' of 'struct ap_scoped' is const", function() T().AP_SCOPED_E = 1 end)
        assert_refused("the constants of 'struct ap_scoped' cannot be assigned to", function() T.AP_SCOPED_E = 1 end)
        assert_refused("'struct ap_scoped' has no field 'AP_SCOPED'", function() return (T().AP_SCOPED) end)
    end)

    it("has nothing else to read or write", function()
        local point = ffi.typeof "struct ap_point"
        assert_refused("'struct ap_point' has no constant 'x'", function() return (point.x) end)
        assert_refused("'int *' has no constant 'x'", function() return (ffi.typeof "int *".x) end)
        assert_refused("'struct ap_hidden' has no constant 'x'", function() return (ffi.typeof "struct ap_hidden".x) end)
        assert_refused("'ctype<struct ap_point>' cannot be indexed with number", function() return (point[1]) end)
        assert_refused("the constants of 'struct ap_point' cannot be assigned to", function() point.x = 1 end)
        assert_refused("the constants of 'enum ap_colour' cannot be assigned to", function() ffi.typeof "enum ap_colour".AP_RED = 1 end)
        assert.equal("ffi", getmetatable(point))
    end)

    it("leads to the metatype's __index and __newindex", function()
        local written
        local T = ffi.metatype("struct ap_meta", {
            __index = { answer = function() return 42 end },
            __newindex = function(self, key, value) written = { self, key, value } end,
        })
        assert.equal(42, T.answer())
        assert.equal(42, ffi.typeof "struct ap_meta *".answer())
        assert_refused("'struct ap_meta' has no constant 'nothing'", function() return T.nothing end)
        T.x = 5
        assert.same({ T, "x", 5 }, written)
        ffi.metatype("union ap_union", { __index = function(self, key) return tostring(self) .. "." .. key end })
        assert.equal("ctype<union ap_union>.static", ffi.typeof "union ap_union".static)
    end)
end)

describe("tostring of a cdata", function()
    local function text_of(ct, ...) return tostring(ffi.new(ct, ...)) end

    it("is the value of 64-bit integers and complex numbers", function()
        assert.equal("-5LL", text_of("int64_t", -5))
        assert.equal("5LL", text_of("const long long", 5))
        assert.equal("18446744073709551615ULL", text_of("uint64_t", -1))
        assert.equal("-170141183460469231731687303715884105728", tostring(ffi.eval "(__int128)1 << 127"))
        assert.equal("1+2i", text_of("_Complex double", 1, 2))
        assert.equal("1.5-2.5i", text_of("_Complex float", 1.5, -2.5))
        assert.equal("-0-infI", text_of("_Complex double", -0.0, -math.huge))
        assert.equal("nan+nanI", text_of("_Complex double", 0 / 0, 0 / 0))
        assert.equal("7LL", tostring(ffi.cast("int64_t &", ffi.new("int64_t[1]", 7))))
    end)

    it("is the type and an address, or NULL, or an enum's value", function()
        assert.equal("cdata<enum ap_colour>: 3", text_of("enum ap_colour", "AP_RED"))
        assert.equal("cdata<enum ap_colour>: -7", text_of("enum ap_colour", -7))
        assert.equal("cdata<enum ap_huge>: 18446744073709551615", text_of("enum ap_huge", "AP_HUGE"))
        assert.equal("cdata<int *>: NULL", text_of "int *")
        assert.equal("cdata<int *>: 0x1000", tostring(ffi.cast("int *", 4096)))
        assert.equal("cdata<int (*)(int)>: 0x1000", tostring(ffi.cast("int (*)(int)", 4096)))
        for _, ct in ipairs { "int", "double", "bool", "int[3]", "struct ap_point", "union ap_union" } do
            local object = ffi.new(ct)
            local spelling = tostring(ffi.typeof(ct)):match "<(.*)>"
            assert.equal(("cdata<%s>: %s"):format(spelling, tostring(ffi.addressof(object)):match "0x%x+"), tostring(object))
        end
    end)
end)
