-- The initialiser rules of LuaJIT's documentation: what each makes is, byte for byte, what gcc makes of the C initialiser beside it.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message

local declarations = [[
enum init_colour { INIT_RED, INIT_GREEN, INIT_BLUE = 7 };
struct init_pair { int x, y; };
struct init_all { char tag; struct init_pair pair; short list[3]; char name[4]; enum init_colour colour; double number; _Bool flag; };
union init_any { int i; double d; char text[8]; struct init_pair pair; };
struct init_bits { int a : 3; unsigned : 0; unsigned b : 5; unsigned : 4; _Bool c : 1; enum init_colour d : 4; long long e : 40; };
struct init_deep { int a; struct { int b; union { int c; float d; }; }; struct init_pair list[2]; };
struct init_choice { int a; union { int b; double c; }; int d; };
struct init_complex { _Complex double z; _Complex float f[2]; };
struct init_wide { __int128 wide; unsigned char bytes[3]; struct init_pair const fixed; };
typedef int init_v4 __attribute__((vector_size(16)));
struct init_vector { init_v4 v; int i; };
]]
ffi.cdef(declarations)

local function pair(...) return ffi.new("struct init_pair", ...) end

-- rule, type, arguments of ffi.new, C's initialiser; flat: only ffi.new takes it, no member or assignment
local cases = {
    { "no initialiser gives zeroes", "struct init_all", {}, "{0}" },
    { "scalars take one value", "int", { 42 }, "42" },
    { "and so do floating ones", "double", { 42 }, "42" },
    { "and enums", "enum init_colour", { "INIT_BLUE" }, "INIT_BLUE" },
    { "flat values in an array", "int[3]", { 1, 2, 3 }, "{1, 2, 3}" },
    { "fewer values leave zeroes", "int[3]", { 1, 2 }, "{1, 2, 0}" },
    { "one value is repeated", "int[3]", { 5 }, "{5, 5, 5}", flat = true },
    { "the empty table", "int[3]", { {} }, "{0}" },
    { "a table of one is repeated", "int[3]", { { 1 } }, "{1, 1, 1}" },
    { "a table of two is not", "int[3]", { { 1, 2 } }, "{1, 2, 0}" },
    { "a table of all", "int[3]", { { 1, 2, 3 } }, "{1, 2, 3}" },
    { "a table from 0 of one", "int[3]", { { [0] = 1 } }, "{1, 1, 1}" },
    { "a table from 0 of two", "int[3]", { { [0] = 1, 2 } }, "{1, 2}" },
    { "a table from 0 of all", "int[3]", { { [0] = 1, 2, 3 } }, "{1, 2, 3}" },
    { "a table ends at its first nil", "int[4]", { { 1, 2, nil, 4 } }, "{1, 2}" },
    { "and is empty when that comes first", "int[3]", { { [2] = 1 } }, "{0}" },
    { "names do not count in an array", "int[3]", { { 1, 2, x = 3, [1.5] = 4, [-1] = 5 } }, "{1, 2}" },
    { "arrays of arrays", "int[2][2]", { { { 1, 2 }, { 3, 4 } } }, "{{1, 2}, {3, 4}}" },
    { "flat tables in arrays of arrays", "int[2][2]", { { 1, 2 }, { 3, 4 } }, "{{1, 2}, {3, 4}}" },
    { "one element of one element", "int[2][2]", { { { 1 } } }, "{{1, 1}, {1, 1}}" },
    { "an inner table from 0", "int[2][3]", { { { [0] = 1, 2 }, { 3, 4 } } }, "{{1, 2}, {3, 4}}" },
    { "one string is repeated", "char[3][4]", { { "ab" } }, '{"ab", "ab", "ab"}' },
    { "strings in arrays of strings", "char[3][4]", { "ab", "cde" }, '{"ab", "cde"}' },
    { "a string shorter than the array", "char[6]", { "abc" }, '"abc"' },
    { "a string with no room for its zero", "char[3]", { "abc" }, '{"abc"}' },
    { "a string longer than the array", "char[2]", { "abc" }, "{'a', 'b'}" },
    { "a string with zeroes inside", "char[6]", { "a\0bc" }, '"a\\0bc"' },
    { "the empty string", "char[3]", { "" }, '""' },
    { "a string into unsigned bytes", "uint8_t[4]", { "\xff\x80" }, "{0xff, 0x80}" },
    { "a string into signed bytes", "int8_t[4]", { "ab" }, "{'a', 'b'}" },
    { "numbers into bytes", "char[3]", { 97, 98 }, '"ab"' },
    { "flat values in a struct", "struct init_pair", { 1, 2 }, "{1, 2}" },
    { "one value is not repeated in a struct", "struct init_pair", { 1 }, "{1, 0}", flat = true },
    { "the empty table in a struct", "struct init_pair", { {} }, "{0}" },
    { "a table of one in a struct", "struct init_pair", { { 1 } }, "{1, 0}" },
    { "a table in a struct", "struct init_pair", { { 1, 2 } }, "{1, 2}" },
    { "a table from 0 in a struct", "struct init_pair", { { [0] = 1, 2 } }, "{1, 2}" },
    { "a table by name", "struct init_pair", { { y = 2 } }, "{.y = 2}" },
    { "names that are no members do not count", "struct init_pair", { { x = 1, y = 2, z = 3 } }, "{1, 2}" },
    { "names do not count beside positions", "struct init_pair", { { 1, y = 2 } }, "{1}" },
    { "positions too many for a struct are ignored", "struct init_pair", { { 1, 2, 3 } }, "{1, 2}" },
    { "a struct of aggregates, flat", "struct init_all", { 1, { 2, 3 }, { 4, 5 }, "ab", "INIT_GREEN", 1.5, true },
        '{1, {2, 3}, {4, 5}, "ab", INIT_GREEN, 1.5, 1}' },
    { "a struct of aggregates, in a table", "struct init_all", { { 1, { y = 3 }, { 4 }, "abcd", 7, 2, 5 } },
        '{1, {0, 3}, {4, 4, 4}, {"abcd"}, INIT_BLUE, 2, 1}' },
    { "a struct of aggregates, by name", "struct init_all", { { pair = pair(8, 9), list = { [0] = 1, 2 }, flag = true, colour = "INIT_BLUE" } },
        "{.pair = {8, 9}, .list = {1, 2}, .flag = 1, .colour = INIT_BLUE}" },
    { "a copy", "struct init_pair", { pair(1, 2) }, "{1, 2}" },
    { "a copy from a const", "struct init_pair", { ffi.new("const struct init_pair", 3, 4) }, "{3, 4}" },
    { "a copy of an array", "int[3]", { ffi.new("int[3]", 1, 2, 3) }, "{1, 2, 3}" },
    { "a copy of a part", "struct init_pair", { ffi.new("struct init_all", { pair = { 5, 6 } }).pair }, "{5, 6}" },
    { "arrays of structs", "struct init_pair[3]", { { { 1, 2 }, { y = 3 }, pair(4, 5) } }, "{{1, 2}, {0, 3}, {4, 5}}" },
    { "one struct is repeated", "struct init_pair[3]", { { { 1, 2 } } }, "{{1, 2}, {1, 2}, {1, 2}}" },
    { "one struct object is repeated", "struct init_pair[3]", { pair(1, 2) }, "{{1, 2}, {1, 2}, {1, 2}}", flat = true },
    { "structs flat", "struct init_pair[3]", { { 1, 2 }, { x = 3 } }, "{{1, 2}, {3}}" },
    { "an array in place of structs is empty of positions", "struct init_pair[2]", { { x = 1 } }, "{0}" },
    { "a union takes its first member", "union init_any", { 5 }, "{5}", flat = true },
    { "a union takes its first member from a table", "union init_any", { { 5, 6 } }, "{5}" },
    { "a union by name", "union init_any", { { d = 2 } }, "{.d = 2}" },
    { "a union by name with a table", "union init_any", { { pair = { y = 2 } } }, "{.pair = {.y = 2}}" },
    { "a union by name with a string", "union init_any", { { text = "abc" } }, '{.text = "abc"}' },
    { "a union takes one member by name, in order", "union init_any", { { d = 2, i = 1 } }, "{1}" },
    { "the empty table in a union", "union init_any", { {} }, "{0}" },
    { "bit-fields flat", "struct init_bits", { -1, 33, true, "INIT_BLUE", -5 }, "{-1, 33, 1, INIT_BLUE, -5}" },
    { "bit-fields in a table", "struct init_bits", { { 3, 31 } }, "{3, 31}" },
    { "bit-fields by name", "struct init_bits", { { b = 17, e = 2 ^ 39, d = "INIT_GREEN" } }, "{.b = 17, .e = 1ll << 39, .d = INIT_GREEN}" },
    { "unnamed members in their places", "struct init_deep", { 1, 2, 3, { { 4 }, { 5, 6 } } }, "{1, {2, {3}}, {{4}, {5, 6}}}" },
    { "unnamed members by name", "struct init_deep", { { d = 1.5, b = 2, list = { { 7, 8 } } } },
        "{.d = 1.5f, .b = 2, .list = {{7, 8}, {7, 8}}}" },
    { "an unnamed union takes one place", "struct init_choice", { 1, 2, 3 }, "{1, {2}, 3}" },
    { "an unnamed union takes one place of a table", "struct init_choice", { { 1, 2, 3 } }, "{1, {2}, 3}" },
    { "an unnamed union by name", "struct init_choice", { { c = 2.5, d = 3 } }, "{.c = 2.5, .d = 3}" },
    { "complex numbers", "_Complex double", { 1, 2 }, "1 + 2i" },
    { "a complex number of one part", "_Complex double", { 1 }, "1" },
    { "a complex number from a table", "_Complex double", { { 1, 2 } }, "1 + 2i" },
    { "one part in a table is both", "_Complex double", { { 1 } }, "1 + 1i" },
    { "complex members", "struct init_complex", { { 1, 2 }, { 3, { 4, 5 } } }, "{1 + 2i, {3, 4 + 5i}}" },
    { "vectors", "init_v4", { 1, 2 }, "{1, 2}" },
    { "one value in a vector is repeated", "init_v4", { 3 }, "{3, 3, 3, 3}" },
    { "a vector from a table", "init_v4", { { [0] = 1, 2 } }, "{1, 2}" },
    { "one value in a vector's table is repeated", "init_v4", { { 4 } }, "{4, 4, 4, 4}" },
    { "vector members", "struct init_vector", { { 1, 2, 3, 4 }, 5 }, "{{1, 2, 3, 4}, 5}" },
    { "one number for a vector member", "struct init_vector", { 6, 7 }, "{{6, 6, 6, 6}, 7}" },
    { "wide, byte and const members", "struct init_wide", { -1, "abc", { 1, 2 } }, '{-1, {"abc"}, {1, 2}}' },
}

describe("an initialiser makes what gcc makes:", function()
    local lines

    setup(function()
        local body = {}
        for i, case in ipairs(cases) do
            body[i] = ("static __typeof__(%s) object%d = %s; put_hex(&object%d, sizeof object%d);"):format(case[2], i, case[4], i, i)
        end
        lines = oracle.lines("initialiser", table.concat(body, "\n"), declarations .. oracle.hex_function)
    end)

    for i, case in ipairs(cases) do
        it(("%s (%s)"):format(case[1], case[2]), function()
            local ct, count = ffi.typeof(case[2]), #case[3]
            local record = ffi.typeof("struct { $ value; }", ct)
            local object = ffi.new(record, { ffi.new(ct, table.unpack(case[3], 1, count)) })
            assert.equal(lines[i], oracle.hex(ffi.string(object, ffi.sizeof(object))))
            if count > 1 then return end
            if case.flat then
                assert.is_truthy(message(ffi.new, record, { case[3][1] }):find(" expected, got .* %(field 'value' of 'struct {line 1}'%)$"))
                assert.is_false(pcall(function() object.value = case[3][1] end))
                return
            end
            -- a single one does the same for a member, and when it is assigned
            object = ffi.new(record, count == 1 and { case[3][1] } or {})
            assert.equal(lines[i], oracle.hex(ffi.string(object, ffi.sizeof(object))))
            if count == 0 then return end
            ffi.fill(object, ffi.sizeof(object), 0xa5)
            object.value = case[3][1]
            assert.equal(lines[i], oracle.hex(ffi.string(object, ffi.sizeof(object))))
        end)
    end
end)

local function elements(array, first, last)
    local list = {}
    for i = first, last do list[#list + 1] = array[i] end
    return list
end

describe("variable-length arrays", function()
    local make = ffi.typeof "int[?]"

    it("take their length first, from any whole number", function()
        for _, n in ipairs { 3, 3.0, ffi.new("int", 3), ffi.new("uint8_t", 3), ffi.new("int64_t", 3), ffi.new("double", 3.9) } do
            assert.equal(12, ffi.sizeof(make(n)))
            assert.equal(12, ffi.sizeof("int[?]", n))
        end
        assert.equal(0, ffi.sizeof(make(0)))
        for text, n in pairs { ["-1"] = -1, string = "3", boolean = true, table = {}, ["nil"] = false or nil } do
            assert.equal(("'int [?]' needs its number of elements, got %s"):format(text), message(make, n))
            assert.equal(("'int [?]' needs its number of elements, got %s"):format(text), message(ffi.new, "int[?]", n))
        end
        assert.equal("'int [?]' needs its number of elements, got no value", message(make))
    end)

    it("take values after it", function()
        assert.same({ 0, 0, 0 }, elements(make(3), 0, 2))
        assert.same({ 1, 2, 0 }, elements(make(3, 1, 2), 0, 2))
        assert.same({ 1, 2, 3 }, elements(make(3, { 1, 2, 3 }), 0, 2))
        assert.same({ 1, 2, 3 }, elements(make(3, { [0] = 1, 2, 3 }), 0, 2))
        assert.same({ 7, 7, 7 }, elements(make(3, 7), 0, 2))
        assert.same({ 7, 8 }, elements(make(2, make(3, 7, 8, 9)), 0, 1))
        assert.same({ 1, 2, 4 }, { ffi.new("int[?][2]", 2, { { 1, 2 }, { 3, 4 } })[0][0], 2, ffi.new("int[?][2]", 2, { 1, 2 }, { 3, 4 })[1][1] })
    end)

    it("are not filled up by one element of a table", function() assert.same({ 7, 0, 0 }, elements(make(3, { 7 }), 0, 2)) end)

    it("of bytes take strings, cut at their end", function()
        assert.equal("abc", ffi.string(ffi.new("char[?]", 4, "abc")))
        assert.equal("ab", ffi.string(ffi.new("char[?]", 2, "abc"), 2))
        assert.equal("abc\0\0", ffi.string(ffi.new("uint8_t[?]", 5, "abc"), 5))
    end)

    it("refuse more values than elements", function()
        local text = "too many initialisers for 'int [?]': at most 2, got 3 (initialiser of 'int [?]')"
        assert.equal(text, message(make, 2, 1, 2, 3))
        assert.equal(text, message(make, 2, { 1, 2, 3 }))
        assert.equal("too many initialisers for 'int [?]': at most 0, got 1 (initialiser of 'int [?]')", message(make, 0, 1))
    end)

    it("are only the outermost array", function()
        assert.is_truthy(message(ffi.typeof, "int[2][?]"):find("'[?]' is only for the outermost array or the last member of a struct", 1, true))
    end)

    it("have no size of their own", function()
        assert.is_nil(ffi.sizeof "int[?]")
        assert.equal(4, ffi.alignof "int[?]")
        for _, ct in ipairs { "void", "int (int)", "int[]" } do assert.is_nil(ffi.sizeof(ct)) end
    end)
end)

describe("variable-length structs", function()
    ffi.cdef [[
        struct init_vls { int n; short a[?]; };
        struct init_vls_pairs { char tag; struct init_pair a[?]; };
        struct init_vls_padded { double d; char tag; short a[?]; };
        struct init_vls_outer { long l; struct init_vls_padded inner; };
        union init_vla_union { double d[3]; short a[?]; };
        struct init_empty {};
    ]]
    local make = ffi.typeof "struct init_vls"

    it("have the size that C programs allocate: without elements, and the elements", function()
        local lines = oracle.lines("initialiser_vls", [[
            struct a { int n; short a[]; };
            struct b { char tag; struct { int x, y; } a[]; };
            struct c { double d; char tag; short a[]; };
            struct d { long l; struct c inner; };
            for (size_t n = 0; n < 6; n++)
                printf("%zu %zu %zu %zu\n", sizeof(struct a) + n * sizeof(short), sizeof(struct b) + n * 8, sizeof(struct c) + n * sizeof(short),
                    sizeof(struct d) + n * sizeof(short));
        ]])
        local types = { make, ffi.typeof "struct init_vls_pairs", ffi.typeof "struct init_vls_padded", ffi.typeof "struct init_vls_outer" }
        for n = 0, 5 do
            local made, asked = {}, {}
            for i, ct in ipairs(types) do made[i], asked[i] = ffi.sizeof(ct(n)), ffi.sizeof(ct, n) end
            assert.equal(lines[n + 1], table.concat(made, " "))
            assert.equal(lines[n + 1], table.concat(asked, " "))
        end
        assert.is_nil(ffi.sizeof(make))
        assert.equal(4, ffi.offsetof(make, "a"))
    end)

    it("take their members' values after the length", function()
        local object = make(3, 7, { 1, 2 })
        assert.same({ 7, 1, 2, 0 }, { object.n, object.a[0], object.a[1], object.a[2] })
        object = make(3, { 7, { 1, 2, 3 } })
        assert.same({ 7, 1, 2, 3 }, { object.n, object.a[0], object.a[1], object.a[2] })
        object = make(2, { a = { 5 } })
        assert.same({ 0, 5, 0 }, { object.n, object.a[0], object.a[1] })
        local pairs_object = ffi.new("struct init_vls_pairs", 2, 1, { { 2, 3 }, { y = 4 } })
        assert.same({ 1, 2, 3, 0, 4 },
            { pairs_object.tag, pairs_object.a[0].x, pairs_object.a[0].y, pairs_object.a[1].x, pairs_object.a[1].y })
    end)

    it("are copied as far as both go", function()
        local object = make(2, make(3, 7, { 1, 2, 3 }))
        assert.same({ 7, 1, 2 }, { object.n, object.a[0], object.a[1] })
        object = make(3, make(2, 7, { 1, 2 }))
        assert.same({ 7, 1, 2, 0 }, { object.n, object.a[0], object.a[1], object.a[2] })
    end)

    it("refuse what does not fit", function()
        assert.equal("too many initialisers for 'short [?]': at most 2, got 3 (field 'a' of 'struct init_vls')", message(make, 2, 7, { 1, 2, 3 }))
        assert.equal("'short [?]' expected, got number (field 'a' of 'struct init_vls')", message(make, 2, 7, 1))
        assert.equal("too many initialisers for 'struct init_vls': at most 2, got 3 (initialiser of 'struct init_vls')",
            message(make, 2, 7, { 1 }, 3))
        assert.equal("'struct init_vls' needs its number of elements, got table", message(make, { 7 }))
    end)

    it("have no elements in the padding behind the others", function()
        local refused = "too many initialisers for 'short [?]': at most 2, got 3 (field 'a' of 'struct init_vls_padded')"
        assert.equal(refused, message(ffi.new, "struct init_vls_padded", 2, { a = { 1, 2, 3 } }))
        assert.equal(refused, message(ffi.new, "struct init_vls_outer", 2, { inner = { a = { 1, 2, 3 } } }))
        assert.equal(2, #ffi.totable(ffi.new("struct init_vls_padded", 2), true).a)
        assert.equal("{.l = 0, .inner = {.d = 0.0, .tag = '\\0', .a = {0, 0}}}", ffi.inspect(ffi.new("struct init_vls_outer", 2)))
    end)

    it("of unions are as large as the largest member", function()
        for n = 0, 20 do
            assert.equal(math.max(ffi.sizeof "double[3]", n * ffi.sizeof "short"), ffi.sizeof("union init_vla_union", n))
        end
        local union = ffi.new("union init_vla_union", 1, { d = { 1, 2, 3 } })
        assert.equal(3.0, ffi.new("union init_vla_union", 1, union).d[2])
    end)

    it("of elements without bytes do not know how many they are", function()
        local array = ffi.new("struct init_empty[?]", 3)
        assert.equal(ffi.typeof "struct init_empty", ffi.typeof(array[2]))
        assert.equal(0, ffi.sizeof(array))
    end)

    it("are no elements, and members only at the end", function()
        assert.is_truthy(message(ffi.typeof, "struct init_vls[2]"):find("'[?]' is only for the outermost array", 1, true))
        assert.is_truthy(message(ffi.typeof, "struct { struct init_vls a; int b; }"):find("member 'a' is not the last one", 1, true))
    end)
end)

describe("an excess or a wrong initialiser raises:", function()
    for rule, case in pairs {
        ["two values for a scalar"] = { "int", { 1, 2 }, "too many initialisers for 'int': at most 1, got 2 (initialiser of 'int')" },
        ["two values for a pointer"] = { "int *", { 8, 8 }, "too many initialisers for 'int *': at most 1, got 2 (initialiser of 'int *')" },
        ["a table for a scalar"] = { "int", { { 1 } }, "'int' expected, got table (initialiser of 'int')" },
        ["a number for a pointer"] = { "int *", { 8 }, "'int *' expected, got number (initialiser of 'int *')" },
        ["too many for an inner array"] = { "int[2][2]", { { { 1, 2, 3 } } },
            "too many initialisers for 'int [2]': at most 2, got 3 (element 0 of 'int [2][2]')" },
        ["too many for an array member"] = { "struct init_all", { { list = { 1, 2, 3, 4 } } },
            "too many initialisers for 'short [3]': at most 3, got 4 (field 'list' of 'struct init_all')" },
        ["too many for a struct"] = { "struct init_pair", { 1, 2, 3 },
            "too many initialisers for 'struct init_pair': at most 2, got 3 (initialiser of 'struct init_pair')" },
        ["two values for a union"] = { "union init_any", { 1, 2 },
            "too many initialisers for 'union init_any': at most 1, got 2 (initialiser of 'union init_any')" },
        ["three parts for a complex number"] = { "_Complex double", { { 1, 2, 3 } },
            "too many initialisers for '_Complex double': at most 2, got 3 (initialiser of '_Complex double')" },
        ["too many for a vector"] = { "init_v4", { 1, 2, 3, 4, 5 },
            ("too many initialisers for '%s': at most 4, got 5 (initialiser of '%s')"):gsub("%%s", "int __attribute__((vector_size(16)))") },
        ["flat numbers for inner arrays"] = { "int[2][2]", { 1, 2, 3, 4 },
            "too many initialisers for 'int [2][2]': at most 2, got 4 (initialiser of 'int [2][2]')" },
        ["flat numbers for structs"] = { "struct init_pair[2]", { 1, 2 },
            "'struct init_pair' expected, got number (element 0 of 'struct init_pair [2]')" },
        ["a struct and one more"] = { "struct init_pair", { pair(1, 2), 3 },
            "'int' expected, got 'struct init_pair' (field 'x' of 'struct init_pair')" },
        ["a pointer to a struct for a struct"] = { "struct init_pair", { ffi.cast("struct init_pair *", 8) },
            "'int' expected, got 'struct init_pair *' (field 'x' of 'struct init_pair')" },
        ["a string for integers"] = { "int[4]", { "abc" }, "'int' expected, got string (element 0 of 'int [4]')" },
        ["a string for one byte"] = { "char[3]", { "a", "b" }, "'char' expected, got string (element 0 of 'char [3]')" },
        ["a string for booleans"] = { "_Bool[4]", { "abc" }, "'_Bool' expected, got string (element 0 of '_Bool [4]')" },
        ["an unknown name for an enum"] = { "enum init_colour[2]", { "INIT_RED", "INIT_PINK" },
            "'enum init_colour' has no constant 'INIT_PINK' (element 1 of 'enum init_colour [2]')" },
        ["an unknown name for a bit-field"] = { "struct init_bits", { { d = "INIT_PINK" } },
            "'enum init_colour' has no constant 'INIT_PINK' (field 'd' of 'struct init_bits')" },
        ["no object type"] = { "void", {}, "cannot make an object of type 'void'" },
        ["a function"] = { "int (int)", {}, "cannot make an object of type 'int (int)'" },
        ["a reference"] = { "int &", {}, "cannot make an object of type 'int &'" },
        ["an incomplete struct"] = { "struct init_unknown", {}, "size of 'struct init_unknown' is unknown" },
        ["an array of unknown length"] = { "int[]", {}, "size of 'int []' is unknown" },
    } do
        it(rule, function() assert.equal(case[3], message(ffi.new, case[1], table.unpack(case[2]))) end)
    end
end)

describe("plain numbers", function()
    local types = { "int8_t", "uint8_t", "int16_t", "uint16_t", "int32_t", "uint32_t", "int64_t", "uint64_t", "float", "double", "_Bool" }
    -- Lua's, C's; what is above 2^53 shows whether a conversion to float rounds once
    local integers = { "0", "1", "-1", "255", "-129", "65536", "2147483648", "-2147483649", "9007199254740993", "18014399583223809",
        "-18014399583223809", "9223372036854775807" }
    local floats = { "0.0", "1.5", "-2.75", "0.1", "3.0", "16777217.0", "1e30" }

    local function values_for(type)
        local values = {}
        for _, value in ipairs(integers) do
            -- valgrind rounds a 64-bit integer to double on its way to float
            if not (support.has_valgrind and type == "float" and #value > 16) then values[#values + 1] = value end
        end
        for _, value in ipairs(floats) do
            if type == "float" or type == "double" or value ~= "1e30" then values[#values + 1] = value end
        end
        return values
    end

    -- One line for each type and value: the bytes of { value, 1, value }, padding cleared.
    local function expected()
        local body = {}
        for _, type in ipairs(types) do
            for _, value in ipairs(values_for(type)) do
                local text = value:find "[.e]" and value or value .. "LL"
                -- floats go to integers through int64_t
                local cast = value:find "[.e]" and type:find "int" and ("(int64_t)" .. text) or text
                body[#body + 1] = ("{ struct { %s a; char b; %s c; } s; memset(&s, 0, sizeof s); s.a = s.c = %s; s.b = 1; put_hex(&s, sizeof s); }")
                    :format(type, type, cast)
            end
        end
        return oracle.lines("plain_numbers", table.concat(body, "\n"), oracle.hex_function)
    end

    local function bytes(object) return oracle.hex(ffi.string(ffi.cast("char *", object), ffi.sizeof(object))) end

    it("become what C makes of them, in a struct, its fields and elements", function()
        local lines, line = expected(), 0
        for _, type in ipairs(types) do
            local ct = ffi.typeof(("struct { %s a; char b; %s c; }"):format(type, type))
            local whole = ffi.typeof(("struct { %s a, b; }"):format(type))
            for _, text in ipairs(values_for(type)) do
                local value = load("return " .. text)()
                line = line + 1
                for _ = 1, 2 do -- the second time the struct is known
                    assert.are.equal(lines[line], bytes(ct(value, 1, value)), type .. " " .. text)
                    assert.are.equal(lines[line], bytes(ffi.new(ct, { value, 1, value })))
                end
                local object = ct(7, 1)
                object.a, object.c = value, value
                assert.are.equal(lines[line], bytes(object))
                local array = ffi.new(type .. "[2]", 7)
                array[0], array[1] = value, value
                assert.are.equal(bytes(array), bytes(whole(value, value)))
                assert.are.equal(array[0], whole(value, value).b)
            end
        end
    end)

    it("are refused where they are none, wherever they stand, and a struct that is known takes all else too", function()
        local ct = ffi.typeof "struct { int a; double b; short c; }"
        for _ = 1, 2 do
            assert.are.equal(bytes(ct { 1, 2.5, 3 }), bytes(ct(1, 2.5, 3)))
            assert.are.equal(bytes(ct { 1, 2.5 }), bytes(ct(1, 2.5)))
            assert.are.equal(bytes(ct {}), bytes(ct()))
            assert.are.equal(bytes(ct { 1, 2.5, 3 }), bytes(ct(1, ffi.new("double", 2.5), ffi.new("int64_t", 3))))
            assert.are.equal(bytes(ct { 1, 2.5, 3 }), bytes(ct(ct(1, 2.5, 3))))
            assert.are.equal("'double' expected, got string (field 'b' of 'struct {line 1}')", message(ct, 1, "2"))
            assert.are.equal("'int' expected, got table (field 'a' of 'struct {line 1}')", message(ct, {}, 2))
            assert.matches("^too many initialisers for 'struct {line 1}': at most 3, got 4", message(ct, 1, 2, 3, 4))
            assert.are.equal(bytes(ct { 1, 0, 1 }), bytes(ct(true, false, true)))
        end
    end)
end)
