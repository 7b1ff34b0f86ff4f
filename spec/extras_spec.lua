-- What LuaJIT's ffi has not: addresses, C constant expressions, and the standard functions that know cdata.
local ffi = require "ffi"
local oracle = require "spec.oracle"

local declarations = [[
enum ex_colour { EX_RED = 3, EX_GREEN, EX_NEGATIVE = -7 };
enum ex_huge { EX_HUGE = 0xffffffffffffffff };
struct ex_node { char tag; int list[4]; struct { short inner; }; unsigned bits : 3; struct ex_node *next; const double fixed; };
]]

ffi.cdef(declarations)
ffi.cdef [[
extern int optind;
size_t strlen(const char *text);
struct ex_hidden;
static const int EX_STATIC = 9;
typedef int ex_type;
int ex_missing(void);
]]

local function assert_refused(expected, f, ...) assert.equal(expected, oracle.message(f, ...)) end

local function address(object) return ffi.cast("uintptr_t", ffi.cast("void *", object)) end

local function churn()
    for _ = 1, 20 do
        collectgarbage()
        local _ = ("x"):rep(1000) .. tostring({})
        ffi.new("char[64]", ("\255"):rep(63))
    end
end

describe("ffi.addressof", function()
    it("points to the object itself", function()
        for _, case in ipairs { { "int", 5 }, { "double", 1.5 }, { "uint64_t", 7 }, { "enum ex_colour", 4 }, { "bool", true } } do
            local object = ffi.new(case[1], case[2])
            local pointer = ffi.addressof(object)
            assert.is_true(ffi.istype(ffi.typeof("$ *", ffi.typeof(case[1])), pointer))
            assert.equal(case[2], pointer[0])
        end
        local object = ffi.new "int"
        ffi.addressof(object)[0] = 42
        assert.equal(42, ffi.tonumber(object))
    end)

    it("gives a pointer to a record, an array and a pointer object", function()
        local node = ffi.new "struct ex_node"
        assert.equal("ctype<struct ex_node *>", tostring(ffi.typeof(ffi.addressof(node))))
        local list = ffi.new("int[3]", 7, 8, 9)
        assert.equal("ctype<int (*)[3]>", tostring(ffi.typeof(ffi.addressof(list))))
        assert.equal(9, ffi.addressof(list)[0][2])
        local place = ffi.new("int *", list)
        assert.equal("ctype<int **>", tostring(ffi.typeof(ffi.addressof(place))))
        assert.equal(8, ffi.addressof(place)[0][1])
    end)

    it("points to fields, also of unnamed members and through pointers", function()
        local node = ffi.new "struct ex_node"
        local pointer = ffi.cast("struct ex_node *", node)
        for _, name in ipairs { "tag", "list", "inner", "next", "fixed" } do
            for _, object in ipairs { node, pointer, ffi.cast("const struct ex_node *", node) } do
                local offset = address(ffi.addressof(object, name)) - address(node)
                assert.equal(ffi.offsetof("struct ex_node", name), ffi.tonumber(offset))
            end
        end
        ffi.addressof(node, "list")[0][2] = 6
        assert.equal(6, node.list[2])
        assert.equal("ctype<const double *>", tostring(ffi.typeof(ffi.addressof(node, "fixed"))))
        assert.equal("ctype<const char *>", tostring(ffi.typeof(ffi.addressof(ffi.new "const struct ex_node", "tag"))))
    end)

    it("points to elements of arrays, vectors and pointers, and behind the last one", function()
        local list = ffi.new("int[4]", { 10, 11, 12, 13 })
        assert.equal(12, ffi.addressof(list, 2)[0])
        assert.equal(13, ffi.addressof(ffi.addressof(list, 1), 2)[0])
        assert.equal(16, ffi.tonumber(address(ffi.addressof(list, 4)) - address(list)))
        local vector = ffi.new("float __attribute__((vector_size(16)))", { 1, 2, 3, 4 })
        assert.equal(3.0, ffi.addressof(vector, 2)[0])
        assert.equal(11, ffi.addressof(ffi.new("int[?]", 3, { 10, 11, 12 }), 1)[0])
    end)

    it("points to what a reference refers to", function()
        local lines = oracle.library("extras_reference", "int ex_target = 31; int *ex_reference(void) { return &ex_target; }")
        ffi.cdef "int &ex_reference(void); extern int ex_target;"
        local lib = ffi.load(lines)
        assert.equal(31, lib.ex_reference())
        local box = ffi.new("int[1]", 5)
        local pointer = ffi.addressof(ffi.cast("int &", box))
        assert.equal("ctype<int *>", tostring(ffi.typeof(pointer)))
        assert.equal(5, pointer[0])
    end)

    it("points to the variables and functions of a library", function()
        local file = oracle.library("extras_variables",
            "int ex_number = 3; const char *ex_text = \"abc\"; int ex_add(int a) { return a + ex_number; }")
        ffi.cdef "extern int ex_number; extern const char *ex_text; int ex_add(int a);"
        local lib = ffi.load(file)
        local number, add = ffi.addressof(lib, "ex_number"), ffi.addressof(lib, "ex_add")
        number[0] = 40
        assert.equal(42, lib.ex_add(2))
        assert.equal(42, add(2))
        assert.equal("ctype<int (*)(int)>", tostring(ffi.typeof(add)))
        assert.equal("abc", ffi.string(ffi.addressof(lib, "ex_text")[0]))
        assert.is_true(ffi.addressof(lib.ex_add) == add)
        assert.equal("ctype<int *>", tostring(ffi.typeof(ffi.addressof(ffi.C, "optind"))))
        lib = nil -- luacheck: ignore
        churn()
        assert.equal(40, number[0])
        assert.equal(41, add(1))
    end)

    it("keeps alive what it points into", function()
        local made = {
            ffi.addressof(ffi.new("int", 77)),
            ffi.addressof(ffi.new("struct ex_node", { list = { 0, 77 } }), "list")[0] + 1,
            ffi.addressof(ffi.new("int[100]", 77), 50),
            ffi.addressof(ffi.new("int[?]", 100, 77), 50),
            ffi.addressof(ffi.new("struct ex_node", { list = { 0, 77 } }).list, 1),
            ffi.addressof(ffi.addressof(ffi.addressof(ffi.new("struct ex_node", { list = { 0, 77 } })), "list")[0], 1),
        }
        churn()
        for i = 1, 2 do made[i] = i == 1 and made[1][0] or made[2][0] end
        assert.same({ 77, 77 }, { made[1], made[2] })
        -- a row of a VLA initialised with one value holds it once, of a fixed array everywhere
        assert.equal(77, made[3][0])
        assert.equal(77, made[5][0])
        assert.equal(77, made[6][0])
    end)

    it("keeps a pointer object alive together with what that points into", function()
        local function make()
            local pointer = ffi.cast("int *", ffi.new("int[1]", 55))
            return ffi.addressof(pointer)
        end
        local outer = make()
        churn()
        assert.equal(55, outer[0][0])
    end)

    it("tells what has no address", function()
        local node = ffi.new "struct ex_node"
        assert_refused("bit-field 'bits' of 'struct ex_node' has no address", ffi.addressof, node, "bits")
        assert_refused("'struct ex_node' has no field 'nope'", ffi.addressof, node, "nope")
        assert_refused("'struct ex_node' cannot be indexed with number", ffi.addressof, node, 0)
        assert_refused("'int' cannot be indexed with string", ffi.addressof, ffi.new "int", "x")
        assert_refused("index 3 outside 'int [2]' of 2 elements", ffi.addressof, ffi.new "int[2]", 3)
        assert_refused("index -1 outside 'int [2]' of 2 elements", ffi.addressof, ffi.new "int[2]", -1)
        assert_refused("'int *' is NULL and cannot be dereferenced", ffi.addressof, ffi.new "int *", 1)
        assert_refused("'struct ex_node *' is NULL and cannot be dereferenced", ffi.addressof, ffi.new "struct ex_node *", "tag")
        assert_refused("'void *' has no elements: cast it to a pointer to a complete type first", ffi.addressof, ffi.cast("void *", 8), 1)
        assert_refused("size of 'struct ex_hidden' is unknown", ffi.addressof, ffi.cast("struct ex_hidden *", 8), "x")
        assert_refused("index 4611686018427387904 of 'int *' is beyond the address space", ffi.addressof, ffi.cast("int *", 8), 1 << 62)
        assert_refused("'EX_RED' is a constant and has no address", ffi.addressof, ffi.C, "EX_RED")
        assert_refused("'EX_STATIC' is a constant and has no address", ffi.addressof, ffi.C, "EX_STATIC")
        assert_refused("'ex_type' is a type, not a function, variable or constant", ffi.addressof, ffi.C, "ex_type")
        assert_refused("'ex_nope' is not declared: ffi.cdef its prototype first", ffi.addressof, ffi.C, "ex_nope")
        assert_refused("no symbol 'ex_missing' in the process and the libraries it has loaded (ffi.C)", ffi.addressof, ffi.C, "ex_missing")
        assert_refused("a library is indexed by names, got nil", ffi.addressof, ffi.C)
        for _, value in ipairs { 5, "int", {}, print, io.stdout, ffi.typeof "int" } do
            local name = value == ffi.typeof "int" and "ctype" or type(value)
            assert_refused(("bad argument #1 to 'ffi.addressof' (cdata expected, got %s)"):format(name), ffi.addressof, value)
        end
    end)
end)

describe("ffi.tonumber", function()
    it("is Lua's own for what is no cdata", function()
        for _, value in ipairs { 5, -0.0, 5.5, 1e300, "0x10", " 7 ", "7x", "1e1", "", "  ", "0x", "1 2", true, print, {} } do
            local wanted = tonumber(value)
            local got = ffi.tonumber(value)
            assert.equal(wanted, got)
            assert.equal(math.type(wanted), math.type(got))
        end
        assert.is_nil(ffi.tonumber(nil))
        for _, case in ipairs { { "ff", 16 }, { " -zz ", 36 }, { "8", 8 }, { "7\0", 8 }, { "", 10 }, { "-", 10 }, { "1e1", 10 }, { "0x1", 16 },
            { ("9"):rep(30), 10 }, { "Zz", 36 }, { "1 1", 2 } } do
            assert.equal(tonumber(case[1], case[2]), ffi.tonumber(case[1], case[2]))
        end
    end)

    it("reads every kind of cdata number", function()
        for _, ct in ipairs { "char", "short", "int", "long", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "__int128", "enum ex_colour" } do
            assert.equal(3, ffi.tonumber(ffi.new(ct, 3)))
            assert.equal("integer", math.type(ffi.tonumber(ffi.new(ct, 3))))
        end
        for _, ct in ipairs { "float", "double", "long double", "_Float16", "__float128" } do
            assert.equal(1.5, ffi.tonumber(ffi.new(ct, 1.5)))
            assert.equal("float", math.type(ffi.tonumber(ffi.new(ct, 2))))
        end
        assert.equal(1, ffi.tonumber(ffi.new("bool", true)))
        assert.equal(0, ffi.tonumber(ffi.new("bool", false)))
        assert.equal(1.0, ffi.tonumber(ffi.new("_Complex double", 1, 2)))
        assert.equal(7, ffi.tonumber(ffi.cast("int &", ffi.new("int[1]", 7))))
    end)

    it("gives a float for what no Lua integer holds", function()
        local line = oracle.lines("extras_tonumber", [[printf("%.0f\n%.0f\n%.0f\n", (double)UINT64_MAX, (double)((__int128)-1 << 100),
            (double)((unsigned __int128)1 << 127));]])
        assert.equal(tonumber(line[1]) + 0.0, ffi.tonumber(ffi.eval "0xffffffffffffffff"))
        assert.equal(tonumber(line[2]) + 0.0, ffi.tonumber(ffi.eval "(__int128)-1 * ((__int128)1 << 100)"))
        assert.equal(tonumber(line[3]) + 0.0, ffi.tonumber(ffi.eval "(unsigned __int128)1 << 127"))
        assert.equal(math.mininteger, ffi.tonumber(ffi.new("int64_t", math.mininteger)))
    end)

    it("gives nil for what is no number", function()
        for _, ct in ipairs { "int *", "int[2]", "struct ex_node", "float __attribute__((vector_size(16)))" } do
            assert.is_nil(ffi.tonumber(ffi.new(ct)))
        end
        assert.is_nil(ffi.tonumber(ffi.typeof "int"))
        assert.is_nil(ffi.tonumber(ffi.C.strlen))
    end)

    it("tells wrong arguments", function()
        assert_refused("bad argument #1 to 'ffi.tonumber' (value expected, got no value)", ffi.tonumber)
        assert_refused("bad argument #2 to 'ffi.tonumber' (base from 2 to 36 expected, got number)", ffi.tonumber, "1", 1)
        assert_refused("bad argument #2 to 'ffi.tonumber' (base from 2 to 36 expected, got number)", ffi.tonumber, "1", 37)
        assert_refused("bad argument #2 to 'ffi.tonumber' (base from 2 to 36 expected, got string)", ffi.tonumber, "1", "10")
        assert_refused("bad argument #1 to 'ffi.tonumber' (string expected, got number)", ffi.tonumber, 1, 10)
    end)
end)

describe("ffi.type", function()
    it("says cdata for cdata and ctype objects, else what type says", function()
        for _, value in ipairs { ffi.new "int", ffi.new "int[2]", ffi.new "int *", ffi.typeof "int" } do
            assert.equal("cdata", ffi.type(value))
        end
        for _, value in ipairs { 5, "x", true, {}, print, io.stdout, ffi.C, ffi.C.strlen, coroutine.create(print) } do
            assert.equal(type(value), ffi.type(value))
        end
        assert.equal("nil", ffi.type(nil))
        assert_refused("bad argument #1 to 'ffi.type' (value expected, got no value)", ffi.type)
    end)
end)

describe("ffi.toretval", function()
    it("gives what a C function would return", function()
        assert.equal(6, ffi.toretval(ffi.new("int", 6)))
        assert.equal(1.0, ffi.toretval(ffi.new("float", 1)))
        assert.equal(true, ffi.toretval(ffi.new("bool", 1)))
        assert.equal(3, ffi.toretval(ffi.new("enum ex_colour", "EX_RED")))
        assert.equal(5, ffi.toretval(ffi.new("uint64_t", 5)))
        assert.equal("18446744073709551615ULL", tostring(ffi.toretval(ffi.new("uint64_t", -1))))
        assert.is_nil(ffi.toretval(ffi.new "int *"))
        local box = ffi.new("int[1]", 9)
        assert.equal(9, ffi.toretval(ffi.cast("int &", box)))
        assert.equal(box, ffi.toretval(box))
        local pointer = ffi.cast("int *", box)
        assert.equal(pointer, ffi.toretval(pointer))
    end)

    it("copies records, vectors and complex numbers", function()
        local node = ffi.new("struct ex_node", { tag = 65 })
        local copy = ffi.toretval(node)
        node.tag = 66
        assert.equal(65, copy.tag)
        assert.equal("1+2i", tostring(ffi.toretval(ffi.new("_Complex double", 1, 2))))
        assert.equal(4.0, ffi.toretval(ffi.new("float __attribute__((vector_size(16)))", { 1, 2, 3, 4 }))[3])
    end)

    it("leaves Lua values alone", function()
        for _, value in ipairs { 5, "x", true, {}, print } do assert.equal(value, ffi.toretval(value)) end
        assert.is_nil(ffi.toretval(nil))
        assert_refused("bad argument #1 to 'ffi.toretval' (value expected, got no value)", ffi.toretval)
    end)
end)

describe("ffi.eval", function()
    local integers = { "42LL", "0xffffffffffffffffULL", "1 << 20", "-1", "sizeof(long double) * 3", "EX_RED + EX_NEGATIVE", "(unsigned char)300",
        "'a'", "1 == 1", "-7 / 2", "-7 % 3", "~0u", "0x7fffffffffffffff", "1 ? 2 : 3", "EX_HUGE", "_Alignof(long double)",
        "__builtin_offsetof(struct ex_node, list)", "(unsigned long)-1 >> 3", "sizeof(struct ex_node)" }
    local floats = { "1.5", "0.1f", "1e-3 * 3", "(double)1 / 3", "1 / 3.0f", "-0.0", "0x1.8p4", "1e400" }

    it("computes integers as gcc does", function()
        local body = {}
        for i, text in ipairs(integers) do
            body[i] = ('{ __typeof__(%s) v = %s; if (v < 0) printf("%%lld\\n", (long long)v); else printf("%%llu\\n", (unsigned long long)v); }')
                :format(text, text)
        end
        for i, line in ipairs(oracle.lines("extras_eval", table.concat(body, "\n"), declarations)) do
            local got = ffi.eval(integers[i])
            assert.equal(line, (tostring(got):gsub("U?LL$", "")), integers[i])
            assert.equal(math.tointeger(line) and "number" or "userdata", type(got), integers[i])
        end
    end)

    it("computes floating numbers as gcc does", function()
        local body = {}
        for i, text in ipairs(floats) do body[i] = ('printf("%%a\\n", (double)(%s));'):format(text) end
        for i, line in ipairs(oracle.lines("extras_eval_floats", table.concat(body, "\n"))) do
            local got = ffi.eval(floats[i])
            assert.equal("float", math.type(got), floats[i])
            assert.equal(line, ("%a"):format(got), floats[i])
        end
    end)

    it("gives booleans, pointers and 128-bit integers their Lua values", function()
        assert.equal(true, ffi.eval "(_Bool)5")
        assert.is_nil(ffi.eval "(int *)0")
        assert.equal("cdata<void *>: 0xffffffffffffffff", tostring(ffi.eval "(void *)-1"))
        assert.equal("1267650600228229401496703205376", tostring(ffi.eval "(__int128)1 << 100"))
        assert.equal(3, ffi.eval "(enum ex_colour)EX_RED")
    end)

    it("takes values for $", function()
        assert.equal(7, ffi.eval("$ + $", 3, 4))
        assert.equal(8, ffi.eval("sizeof($)", ffi.typeof "long"))
        assert.equal(3, ffi.eval("$", "EX_RED"))
    end)

    it("says where the text is wrong", function()
        assert_refused("ffi.eval:1:3: expected an expression, got end of text\n    1+\n      ^", ffi.eval, "1+")
        assert_refused("ffi.eval:1:3: expected the end of the expression, got '3'\n    2 3\n      ^", ffi.eval, "2 3")
        assert_refused("ffi.eval:1:1: 'ex_foo' is not declared\n    ex_foo\n    ^", ffi.eval, "ex_foo")
        assert_refused("ffi.eval:1:2: division by zero in a constant expression\n    1/0\n     ^", ffi.eval, "1/0")
        assert_refused('ffi.eval:1:1: the value of the expression is not constant\n    "abc"\n    ^', ffi.eval, '"abc"')
        assert_refused("ffi.eval:1:1: expected an expression, got end of text", ffi.eval, "")
        assert_refused("ffi.eval:1:2: more values than '$': 1 given, 0 in the text\n    1\n     ^", ffi.eval, "1", 2)
        assert_refused("bad argument #1 to 'ffi.eval' (string expected, got number)", ffi.eval, 5)
        assert_refused("bad argument #1 to 'ffi.eval' (string expected, got no value)", ffi.eval)
    end)

    it("is bounded", function()
        assert.is_false(pcall(ffi.eval, ("("):rep(100000)))
        assert.is_false(pcall(ffi.eval, ("-"):rep(100000) .. "1"))
    end)
end)
