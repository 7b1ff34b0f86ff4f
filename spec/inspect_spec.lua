-- ffi.inspect and ffi.totable. What inspect writes is compiled as an initialiser, and must make the same bytes.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local declarations = [[
enum in_colour { IN_RED, IN_GREEN = 5, IN_LOW = -3 };
typedef struct { short named; } in_named;
union in_number { char c; int i; float f; double d; struct { short low, high; }; unsigned char bytes[8]; };
struct in_bits { unsigned a : 3; int b : 5; unsigned long c : 40; _Bool d : 1; enum in_colour e : 4; };
struct in_node {
    char tag; struct { short s; struct { int deep; }; }; union in_number u; int list[2][3]; struct in_node *next;
    enum in_colour colour; double d; float f; char name[8]; char full[3]; int (*length)(const char *); in_named n;
    union { long q; char w; }; struct in_bits bits; struct { int x; } unnamed[2]; const char *text; void *address; _Bool yes;
    unsigned long long huge; long long low; __int128 wide; unsigned __int128 widest; long double l; _Complex float z; unsigned char raw[4];
    float v __attribute__((vector_size(16))); __float128 quad; int zeros[40]; char row[2][4]; int empty[0];
};
struct in_packed { char a; long b; } __attribute__((packed));
struct in_flexible { int n; short items[]; };
struct in_none { };
int remove(const char *text);
]]

ffi.cdef(declarations)
ffi.cdef "struct in_vls { int n; int items[?]; }; struct in_hidden;"

local function assert_refused(expected, f, ...) assert.equal(expected, oracle.message(f, ...)) end

local function bytes_of(object) return oracle.hex(ffi.string(ffi.addressof(object), ffi.sizeof(object))) end

-- A number that is different each time, from a seed.
local state = 42
local function random()
    state = (state * 6364136223846793005 + 1442695040888963407) & 0x7fffffffffffffff
    return state >> 24
end

local node_zero = ffi.new "struct in_node"

local node = ffi.new("struct in_node", {
    tag = ("a"):byte(), s = -2, deep = 77, u = { d = 0.1 }, list = { { 1, 2, 3 }, { 4, 5, 6 } }, next = ffi.cast("struct in_node *", 0x1230),
    colour = "IN_GREEN", d = 1 / 3, f = 0.1, name = 'a"\\*/', full = "x?" .. "?", length = ffi.C.remove, n = { -9 }, q = 1 << 40,
    bits = { 5, -7, 1 << 33, true, "IN_GREEN" }, unnamed = { { 1 }, { 2 } }, address = ffi.cast("void *", -1), yes = true,
    huge = -1, low = math.mininteger, wide = ffi.eval "-((__int128)5 << 90) - 3", widest = ffi.eval "~(unsigned __int128)0 - 9",
    l = ffi.new("long double", 1 / 3), z = ffi.new("_Complex float", -0.0, 1 / 0), raw = { 1, 2, 255, 0 },
    v = ffi.new("float __attribute__((vector_size(16)))", { 1.5, -2, 1e10, 0 }), quad = 0.1, zeros = { 1, 2 }, row = { "ab", "\1\0c" },
})

-- C type with the declared name in place of %s, and an object of it.
local objects = {
    { "int %s", ffi.new("int", -42) },
    { "char %s", ffi.new("char", ("'"):byte()) },
    { "char %s", ffi.new("char", 10) },
    { "char %s", ffi.new("char", -1) },
    { "unsigned char %s", ffi.new("unsigned char", 65) },
    { "long %s", ffi.new("long", math.mininteger) },
    { "unsigned long %s", ffi.new("unsigned long", -1) },
    { "__int128 %s", ffi.eval "(__int128)1 << 127" },
    { "__int128 %s", ffi.new("__int128", math.mininteger) },
    { "unsigned __int128 %s", ffi.eval "(unsigned __int128)0x8000000000000001 << 3" },
    { "_Bool %s", ffi.new("_Bool", true) },
    { "enum in_colour %s", ffi.new("enum in_colour", "IN_LOW") },
    { "enum in_colour %s", ffi.new("enum in_colour", 99) },
    { "int *%s", ffi.new "int *" },
    { "int *%s", ffi.cast("int *", 0x1000) },
    { "int (*%s)(const char *)", ffi.cast("int (*)(const char *)", ffi.C.remove), dynamic = true },
    { "int (*%s)(const char *)", ffi.cast("int (*)(const char *)", 0x10) },
    { "int %s[3]", ffi.new("int[3]", 1, 2, 3) },
    { "int %s[100]", ffi.new("int[100]", { 1, 2, 3 }) },
    { "int %s[4]", ffi.new("int[?]", 4, { 1, 2, 3, 4 }) },
    { "char %s[8]", ffi.new("char[8]", "ab\0\"c\n") },
    { "char %s[3]", ffi.new("char[3]", "\255\0019") },
    { "char %s[2][3]", ffi.new("char[2][3]", { "ab", "cde" }) },
    { "double %s[2][2]", ffi.new("double[2][2]", { { 1, 2 }, { 3, 1e300 } }) },
    { "_Complex double %s", ffi.new("_Complex double", -0.0, 1 / 0) },
    { "_Complex float %s", ffi.new("_Complex float", 0.1, -2) },
    { "struct in_node %s", node, dynamic = true },
    { "struct in_node %s", node_zero },
    { "struct in_packed %s", ffi.new("struct in_packed", 1, 2) },
    { "struct in_bits %s", ffi.new("struct in_bits", 7, -16, 3, false, "IN_RED") },
    { "union in_number %s", ffi.new("union in_number", { d = -1.5 }) },
    { "struct in_none %s", ffi.new "struct in_none" },
    { "float %s __attribute__((vector_size(16)))", ffi.new("float __attribute__((vector_size(16)))", { 1, 2, 3, 0.1 }) },
    { "struct in_flexible %s", ffi.new "struct in_flexible" },
    { "const struct in_packed %s", ffi.new("const struct in_packed", 1, 2) },
}

local numbers = { 0.0, -0.0, 1, -1.5, 0.1, 1 / 3, 1e300, 5e-324, 2.2250738585072014e-308,
    math.huge, -math.huge, 0 / 0, -(0 / 0), math.pi, 2 ^ 53, 1e22 }
for _, ct in ipairs { "float", "double", "long double", "__float128" } do
    for _, number in ipairs(numbers) do
        -- of a NaN in more than 64 bits the sign is not written
        if number == number or ffi.sizeof(ct) <= 8 then objects[#objects + 1] = { ct .. " %s", ffi.new(ct, number) } end
    end
    for _ = 1, 20 do
        local object = ffi.new(ct, (random() - 2 ^ 38) * 2.0 ^ (random() % 60 - 30) / 3)
        if ffi.sizeof(ct) == 16 then -- all the digits that a double has not
            local bytes = ffi.cast("uint8_t *", ffi.addressof(object))
            -- valgrind computes long double with the 64 bits of double
            for i = 0, ct == "__float128" and 7 or support.has_valgrind and -1 or 1 do bytes[i] = random() end
        end
        objects[#objects + 1] = { ct .. " %s", object }
    end
end
for _, bits in ipairs { 0x7ff8000000000123, 0x7ff0000000000456, -1, 0x7ff4000000000000 } do
    local box = ffi.new "double"
    ffi.copy(ffi.addressof(box), ffi.new("int64_t[1]", bits), 8)
    objects[#objects + 1] = { "double %s", box }
end
for _, case in ipairs { { "_Decimal32", 4 }, { "_Decimal64", 8 }, { "_Decimal128", 16 } } do
    for i, literal in ipairs { "0E0", "123E-2", "-7E10", "1E-20", "9999999E3" } do
        local suffix = ({ [4] = "DF", [8] = "DD", [16] = "DL" })[case[2]]
        local lines = oracle.lines("inspect_decimal_" .. case[1] .. i, ("%s d = %s%s; put_hex(&d, sizeof d);"):format(case[1], literal, suffix),
            oracle.hex_function)
        local object = ffi.new(case[1])
        ffi.copy(ffi.addressof(object), (lines[1]:gsub("..", function(hex) return string.char(tonumber(hex, 16)) end)), case[2])
        objects[#objects + 1] = { case[1] .. " %s", object }
    end
end

describe("ffi.inspect", function()
    it("writes what gcc takes as an initialiser that makes the same bytes", function()
        local body = {}
        for i, object in ipairs(objects) do
            local name = "object_" .. i
            local text = ffi.inspect(object[2])
            -- the tail of the padded formats, and padding, is zero in a static object
            body[i] = ("{ static %s = %s; put_hex(&%s, sizeof %s); }"):format(object[1]:format(name), text, name, name)
        end
        local lines = oracle.lines("inspect", table.concat(body, "\n"), declarations .. oracle.hex_function)
        for i, object in ipairs(objects) do
            local wanted = bytes_of(object[2])
            if not object.dynamic then
                assert.equal(wanted, lines[i], object[1] .. " = " .. ffi.inspect(object[2]))
            else
                -- but for the address of a function in another process
                local place = ffi.istype("struct in_node", object[2]) and ffi.offsetof("struct in_node", "length") or 0
                local function without(hex) return hex:sub(1, place * 2) .. hex:sub(place * 2 + 17) end
                assert.equal(without(wanted), without(lines[i]), object[1] .. " = " .. ffi.inspect(object[2]))
            end
        end
    end)

    it("names enumerators, functions and types, and escapes text", function()
        assert.equal("(enum in_colour)IN_GREEN", ffi.inspect(ffi.new("enum in_colour", 5)))
        assert.equal("(enum in_colour)99", ffi.inspect(ffi.new("enum in_colour", 99)))
        assert.equal("(int (*)(const char *))remove", ffi.inspect(ffi.C.remove))
        assert.equal("(int (*)(const char *))remove", ffi.inspect(ffi.cast("int (*)(const char *)", ffi.C.remove)))
        assert.equal("(struct in_packed){.a = '\\0', .b = 5}", ffi.inspect(ffi.new("struct in_packed", { b = 5 })))
        assert.equal('(char [6]){"a\\"\\t*\\057"}', ffi.inspect(ffi.new("char[6]", 'a"\t*/')))
        assert.equal("(char)'A'", ffi.inspect(ffi.new("char", 65)))
    end)

    it("writes all members of a union, the largest outside of the comment", function()
        assert.equal("(union in_number){.d = 2.0 /* .c = '\\0', .i = 0, .f = 0.0f, .low = 0, .high = 0, .bytes = {0, 0, 0, 0, 0, 0, 0, 64} */}",
            ffi.inspect(ffi.new("union in_number", { d = 2 })))
        local nested = ffi.new("union { union in_number a[2]; struct { char c; union { int i; short s; } u; } b; }")
        local text = ffi.inspect(nested)
        assert.equal(select(2, text:gsub("/%*", "")), select(2, text:gsub("%*/", "")))
        assert.is_nil(text:match "/%*[^*]*/%*")
    end)

    it("leaves the type out where it has no name or ends in a flexible array", function()
        assert.equal("{.x = 5}", ffi.inspect(ffi.new("struct { int x; }", 5)))
        assert.equal("{.n = 3, .items = {1, 2, 3}}", ffi.inspect(ffi.new("struct in_vls", 3, { 3, { 1, 2, 3 } })))
        assert.equal("{.n = 2, .items = {}}", ffi.inspect(ffi.new("struct in_flexible", 2)))
        assert.equal("{/* unknown length */}", ffi.inspect(ffi.cast("struct in_flexible *", node).items))
    end)

    it("is bounded in depth and width", function()
        assert.equal("(int [100]){5, 5, 5 /* 97 more */}", ffi.inspect(ffi.new("int[100]", 5), { width = 3 }))
        local sparse = ffi.new("int[100]", { 1, 2 })
        sparse[99] = 5
        assert.equal("(int [100]){1, 2, 0 /* 97 more */}", ffi.inspect(sparse, { width = 3 }))
        assert.equal("(int [100]){1, 2 /* 98 zeros */}", ffi.inspect(ffi.new("int[100]", { 1, 2 })))
        assert.equal("(int [2][2]){{/* int [2] */}, {/* int [2] */}}", ffi.inspect(ffi.new("int[2][2]", { { 1, 2 }, { 3, 4 } }), { depth = 1 }))
        assert.equal("(int [2][2]){/* int [2][2] */}", (ffi.inspect(ffi.new "int[2][2]", { depth = 0 })))
        assert.equal('(char [9]){"abc" /* 5 more */}', ffi.inspect(ffi.new("char[9]", "abcdefgh"), { text = 3 }))
        assert.equal("(struct in_packed){.a = '\\0' /* 1 more */}", ffi.inspect(ffi.new "struct in_packed", { width = 1 }))
        assert.equal("(union in_number){.d = 0.0 /* 6 more */}", ffi.inspect(ffi.new "union in_number", { width = 1 }))
        assert.is_true(#ffi.inspect(node, { width = 0, depth = 1 }) < 60)
        local text = ffi.inspect(ffi.new("char[?]", 1 << 20, ("x"):rep(1 << 19)))
        assert.is_true(#text < 400)
        assert.is_true(#ffi.inspect(ffi.new "struct in_none[1000000000000]") < 2000)
    end)

    it("writes a member in each line on request", function()
        assert.equal("(struct in_packed [2]){\n  {\n    .a = '\\0',\n    .b = 1\n  },\n  {\n    .a = '\\0',\n    .b = 2\n  }\n}",
            ffi.inspect(ffi.new("struct in_packed[2]", { { b = 1 }, { b = 2 } }), { indent = 2 }))
    end)

    it("follows pointers only when asked, and so far", function()
        local first, second = ffi.new "struct in_node", ffi.new "struct in_node"
        first.next, second.next, second.d = second, first, 2.5
        assert.is_truthy(ffi.inspect(first):find(".next = (struct in_node *)0x", 1, true))
        local text = ffi.inspect(first, { follow = 5 })
        assert.is_truthy(text:find(".next = &(struct in_node){.tag", 1, true))
        assert.equal(2, select(2, text:gsub("%.tag", ""))) -- round and round it does not go
        assert.equal("&(int *){&(int){5}}", ffi.inspect(ffi.addressof(ffi.addressof(ffi.new("int", 5))), { follow = 2 }))
        assert.is_truthy(ffi.inspect(ffi.addressof(ffi.addressof(ffi.new("int", 5))), { follow = 1 }):find "^&%(int %*%){%(int %*%)0x")
        assert.equal('"hello"', ffi.inspect(ffi.new("const char *", "hello"), { follow = 1 }))
        assert.equal('"hel" /* more */', ffi.inspect(ffi.new("const char *", "hello"), { follow = 1, text = 3 }))
        assert.equal('"hello"', ffi.inspect(ffi.new("const char *", "hello"), { follow = 1, text = 5 }))
        assert.equal('&(char [3]){"ab"}', ffi.inspect(ffi.addressof(ffi.new("char[3]", "ab")), { follow = 1 }))
        assert.equal("&(int [2]){1, 2}", ffi.inspect(ffi.addressof(ffi.new("int[2]", 1, 2)), { follow = 1 }))
    end)

    it("does not read through a bad pointer", function()
        for _, place in ipairs { 1, 8, 4096, -1, -8, 1 << 47, 0x7fffffffffff } do
            for _, ct in ipairs { "int *", "char *", "struct in_node *", "int **", "void *", "struct in_hidden *", "int (*)(int)" } do
                local pointer = ffi.cast(ct, place)
                local wanted = ("(%s)%s"):format(ct, tostring(pointer):match "0x%x+")
                assert.equal(wanted, ffi.inspect(pointer))
                assert.equal(wanted, ffi.inspect(pointer, { follow = 9 }))
            end
        end
        assert.equal("(int *)0", ffi.inspect(ffi.new "int *", { follow = 9 }))
    end)

    it("reads a string up to the end of its mapping", function()
        ffi.cdef [[
            void *mmap(void *address, size_t length, int protection, int flags, int file, long offset);
            int munmap(void *address, size_t length);
        ]]
        local pages = ffi.cast("char *", ffi.C.mmap(nil, 8192, 3, 0x22, -1, 0))
        ffi.C.munmap(pages + 4096, 4096)
        ffi.fill(pages, 4096, ("x"):byte())
        assert.is_truthy(ffi.inspect(pages + 4090, { follow = 1 }):find "^%(char %*%)0x")
        pages[4095] = 0
        assert.equal('"xxxxx"', ffi.inspect(pages + 4090, { follow = 1 }))
        assert.is_truthy(ffi.inspect(ffi.cast("long *", pages + 4092), { follow = 1 }):find "^%(long %*%)0x")
        assert.equal("&(int){2021161080}", (ffi.inspect(ffi.cast("int *", pages + 4088), { follow = 1 })))
        ffi.C.munmap(pages, 4096)
    end)

    it("survives a collection at every step", function()
        local wanted = ffi.inspect(node, { indent = 2, follow = 1 })
        collectgarbage "generational"
        for _ = 1, 5 do assert.equal(wanted, ffi.inspect(node, { indent = 2, follow = 1 })) end
        collectgarbage "incremental"
        collectgarbage("setpause", 0)
        collectgarbage("setstepmul", 1000)
        for _ = 1, 20 do assert.equal(wanted, ffi.inspect(node, { indent = 2, follow = 1 })) end
        collectgarbage("setpause", 200)
        collectgarbage("setstepmul", 100)
    end)

    it("tells wrong arguments", function()
        for _, value in ipairs { 5, "x", true, {}, print, io.stdout } do
            assert_refused(("bad argument #1 to 'ffi.inspect' (cdata expected, got %s)"):format(type(value)), ffi.inspect, value)
        end
        assert_refused("bad argument #1 to 'ffi.inspect' (cdata expected, got no value)", ffi.inspect)
        assert_refused("bad argument #2 to 'ffi.inspect' (table of options expected, got number)", ffi.inspect, node, 5)
        assert_refused("'ffi.inspect' has no option 'deep'", ffi.inspect, node, { deep = 5 })
        assert_refused("'ffi.inspect' has no option 'depth width'", ffi.inspect, node, { ["depth width"] = 5 })
        assert_refused("'ffi.inspect' has no option 'number'", ffi.inspect, node, { 5 })
        assert_refused("option 'depth' of 'ffi.inspect' is a number from 0 on, got string", ffi.inspect, node, { depth = "5" })
        assert_refused("option 'width' of 'ffi.inspect' is a number from 0 on, got number", ffi.inspect, node, { width = -1 })
    end)
end)

describe("ffi.totable", function()
    it("makes sequences of arrays, vectors and what pointers point to", function()
        local list = ffi.new("int[3]", 7, 8, 9)
        assert.same({ 7, 8, 9 }, ffi.totable(list))
        assert.same({ 7, 8 }, ffi.totable(list, 2))
        assert.same({}, ffi.totable(list, 0))
        assert.same({ 8, 9 }, ffi.totable(list + 1, 2))
        assert.same({ 7, 8, 0 }, ffi.totable(ffi.new("int[?]", 3, { 7, 8 })))
        assert.same({ 1.0, 2.0, 3.0, 4.0 }, ffi.totable(ffi.new("float __attribute__((vector_size(16)))", { 1, 2, 3, 4 })))
        assert.same({ 1.0, 2.0 }, ffi.totable(ffi.new("float __attribute__((vector_size(16)))", { 1, 2, 3, 4 }), 2))
        assert.same({}, ffi.totable(ffi.new "int *", 0))
        local rows = ffi.totable(ffi.new("int *[3]", { list, nil, list }))
        assert.is_nil(rows[2])
        assert.equal(9, rows[3][2])
    end)

    it("makes keyed tables of records and complex numbers", function()
        assert.same({ a = 1, b = 2 }, ffi.totable(ffi.new("struct in_packed", 1, 2)))
        assert.same({ a = 7, b = -16, c = 3, d = false, e = 5 }, ffi.totable(ffi.new("struct in_bits", 7, -16, 3, false, "IN_GREEN")))
        assert.same({ re = 1.0, im = 2.0 }, ffi.totable(ffi.new("_Complex double", 1, 2)))
        local union = ffi.totable(ffi.new("union in_number", { i = 0x10002 }))
        assert.same({ 2, 0x10002, 2, 1 }, { union.c, union.i, union.low, union.high })
        assert.same({ a = 1, b = 2 }, ffi.totable(ffi.addressof(ffi.new("struct in_packed", 1, 2))))
        assert.same({ { a = 1, b = 2 } }, ffi.totable(ffi.addressof(ffi.new("struct in_packed", 1, 2)), 1, true))
    end)

    it("goes inside on request, not through pointers", function()
        local shallow, deep = ffi.totable(node), ffi.totable(node, true)
        assert.is_true(ffi.istype("int[2][3]", shallow.list))
        assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, deep.list)
        assert.same({ 77, -2, 5, true }, { deep.deep, deep.s, deep.colour, deep.yes })
        assert.same({ a = 5, b = -7, c = 1 << 33, d = true, e = 5 }, deep.bits)
        assert.same({ { x = 1 }, { x = 2 } }, deep.unnamed)
        assert.same({ 97, 34, 92, 42, 47, 0, 0, 0 }, deep.name)
        assert.equal("cdata<struct in_node *>: 0x1230", tostring(deep.next))
        assert.same({}, deep.empty)
        assert.same({ n = 3, items = { 1, 2, 3 } }, ffi.totable(ffi.new("struct in_vls", 3, { 3, { 1, 2, 3 } }), true))
        assert.same({ n = 2, items = {} }, ffi.totable(ffi.new("struct in_flexible", 2), true))
        assert.is_nil(ffi.totable(ffi.cast("struct in_flexible *", node), true).items)
    end)

    it("gives what makes the object again", function()
        for _, case in ipairs {
            { "struct in_packed", { 1, 2 } }, { "int[2][3]", { { 1, 2, 3 }, { 4, 5, 6 } } }, { "struct in_bits", { 1, 2, 3 } },
        } do
            local object = ffi.new(case[1], case[2])
            assert.equal(bytes_of(object), bytes_of(ffi.new(case[1], ffi.totable(object, true))))
        end
    end)

    it("takes so many elements without bytes and no more, wherever they are", function()
        ffi.cdef [[
            struct insp_nothing {};
            struct insp_crowd { struct insp_nothing all[1000000000000]; };
            struct insp_square { struct insp_nothing all[1025][1024]; };
        ]]
        local refused = "'ffi.totable' takes no more than 1048576 elements of 'struct insp_nothing', which have no bytes"
        if not support.has_torture then assert.equal(1048576, #ffi.totable(ffi.new "struct insp_nothing[1048576]")) end
        assert_refused(refused, ffi.totable, ffi.new "struct insp_nothing[1048577]")
        assert_refused(refused, ffi.totable, ffi.new "struct insp_crowd", true)
        assert_refused(refused, ffi.totable, ffi.new "struct insp_square", true)
        assert_refused(refused, ffi.totable, ffi.cast("struct insp_nothing *", 16), math.maxinteger)
        assert.equal(3, #ffi.totable(ffi.new("struct insp_crowd").all, 3))
    end)

    it("keeps alive what the views in it show", function()
        local made = ffi.totable(ffi.new("struct in_node", { list = { { 1, 2, 3 }, { 4, 5, 6 } } }))
        for _ = 1, 10 do
            collectgarbage()
            ffi.new("char[2000]", ("\255"):rep(1999))
        end
        assert.equal(6, made.list[1][2])
    end)

    it("tells wrong arguments", function()
        local list = ffi.new "int[2]"
        local function refused(text, ...) assert_refused(text, ffi.totable, ...) end
        refused("bad argument #1 to 'ffi.totable' (cdata expected, got number)", 5)
        refused("bad argument #1 to 'ffi.totable' (cdata expected, got no value)")
        refused("'int' has no elements or fields to make a table of", ffi.new "int")
        refused("'int [2]' has 2 elements, 3 asked for", list, 3)
        refused("bad argument #2 to 'ffi.totable' (number of elements expected, got number)", list, -1)
        refused("bad argument #2 to 'ffi.totable' (number of elements expected, got string)", list, "1")
        refused("bad argument #2 to 'ffi.totable' (number of elements expected, got nil)", list + 0)
        refused("bad argument #2 to 'ffi.totable' (boolean expected, got number)", node, 1)
        refused("'int *' is NULL and cannot be dereferenced", ffi.new "int *", 1)
        refused("'struct in_node *' is NULL and cannot be dereferenced", ffi.new "struct in_node *")
        refused("'void *' has no elements: cast it to a pointer to a complete type first", ffi.cast("void *", 8), 1)
        refused("'struct in_hidden *' points to an incomplete type", ffi.cast("struct in_hidden *", 8))
    end)
end)
