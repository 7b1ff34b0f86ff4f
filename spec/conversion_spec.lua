-- What is no number between C and Lua, by the rules of assignment: strings, tables, nil, userdata, functions, pointers, references, and objects
-- of C's own types; then ffi.cast. Numbers are in number_spec.lua.
local ffi = require "ffi"
local oracle = require "spec.oracle"

local message = oracle.message

setup(function()
    ffi.cdef [[
        enum cv_colour { CV_RED, CV_GREEN, CV_BLUE = 7 };
        enum cv_wide { CV_WIDE = 0x100000000 };
        typedef struct cv_point { int x, y; } cv_point;
        struct cv_other { int x, y; };
        struct cv_all { int i; double d; cv_point p; int a[3]; void *v; int *ip; const char *s; _Complex double z;
            int vec __attribute__((vector_size(16))); enum cv_colour e; _Bool b; int (*f)(int); };
        int abs(int);
    ]]
end)

describe("reading:", function()
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
end)

describe("writing:", function()
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

describe("references:", function()
    local refs

    setup(function()
        local source = [[
            struct cv_pair { int x, y; };
            static struct cv_pair pair = { 3, 4 };
            static int number = 5;
            struct cv_pair REF cv_pair_variable = NOTHING pair;
            int REF cv_int_variable = NOTHING number;
            struct cv_refs { int REF i; struct cv_pair REF p; const int REF c; };
            struct cv_pair REF cv_pair_reference(void) { return NOTHING pair; }
            const int REF cv_const_reference(void) { return NOTHING number; }
            int cv_add_to(int REF target, int by) { return *target += by; }
            int cv_sum(const struct cv_pair REF p) { return p->x + p->y; }
            int REF cv_null(void) { return 0; }
        ]]
        ffi.cdef [[
            struct cv_pair { int x, y; };
            extern struct cv_pair &cv_pair_variable;
            extern int &cv_int_variable;
            struct cv_refs { int &i; struct cv_pair &p; const int &c; };
            struct cv_pair &cv_pair_reference(void);
            const int &cv_const_reference(void);
            int cv_add_to(int &target, int by);
            int cv_sum(const struct cv_pair &p);
            int &cv_null(void);
        ]]
        refs = ffi.load(oracle.library("conversion_references", (source:gsub("REF", "*"):gsub("NOTHING", "&"))))
    end)

    it("results and variables are what they refer to", function()
        assert.equal(5, refs.cv_int_variable)
        assert.equal(5, refs.cv_const_reference())
        assert.equal(3, refs.cv_pair_reference().x)
        refs.cv_pair_reference().y = 9
        assert.equal(9, refs.cv_pair_variable.y)
        assert.is_nil(refs.cv_null())
    end)

    it("variables are written through", function()
        refs.cv_int_variable = 6
        assert.equal(6, refs.cv_const_reference())
        refs.cv_pair_variable = { 7, 8 }
        assert.same({ 7, 8 }, { refs.cv_pair_reference().x, refs.cv_pair_reference().y })
        refs.cv_pair_variable = ffi.new("struct cv_pair", 1, 2)
        assert.equal(3, refs.cv_sum(refs.cv_pair_reference()))
    end)

    it("parameters take no NULL, which C would dereference", function()
        assert.equal("'int &' expected, got nil (argument #1 'target' of 'cv_add_to')", message(refs.cv_add_to, nil, 1))
        assert.equal("'int &' expected, got 'int *' (argument #1 'target' of 'cv_add_to')", message(refs.cv_add_to, ffi.new "int *", 1))
        assert.equal("'const struct cv_pair &' expected, got nil (argument #1 'p' of 'cv_sum')", message(refs.cv_sum, nil))
    end)

    it("parameters take what a pointer does", function()
        local target = ffi.new("int[1]", 40)
        assert.equal(42, refs.cv_add_to(target, 2))
        assert.equal(43, refs.cv_add_to(ffi.cast("int *", target), 1))
        assert.equal(11, refs.cv_sum(ffi.new("struct cv_pair", 5, 6)))
        assert.equal("'int &' expected, got number (argument #1 'target' of 'cv_add_to')", message(refs.cv_add_to, 5, 1))
        assert.equal("'int &' expected, got 'int' (argument #1 'target' of 'cv_add_to')", message(refs.cv_add_to, ffi.new("int", 5), 1))
    end)

    it("fields are set when they are initialised, and then written through", function()
        local i, p = ffi.new("int[1]", 1), ffi.new("struct cv_pair", 2, 3)
        local object = ffi.new("struct cv_refs", i, p, i)
        assert.same({ 1, 2, 3, 1 }, { object.i, object.p.x, object.p.y, object.c })
        object.i, object.p.x = 8, 9
        assert.same({ 8, 9, 8 }, { i[0], p.x, object.c })
        object.p = { 10, 11 }
        assert.same({ 10, 11 }, { p.x, p.y })
        object.p = ffi.new("struct cv_pair", 12, 13)
        assert.same({ 12, 13 }, { p.x, p.y })
        assert.equal("'int' expected, got string (field 'i' of 'struct cv_refs')", message(function() object.i = "x" end))
        assert.equal("field 'c' of 'struct cv_refs' is const", message(function() object.c = 1 end))
        assert.equal("'int &' is NULL and cannot be dereferenced", message(function() ffi.new("struct cv_refs").i = 1 end))
        assert.is_nil(ffi.new("struct cv_refs").i)
    end)

    it("a cast to one is what it refers to", function()
        local array = ffi.new("int[2]", 20, 30)
        local one = ffi.cast("int &", array + 1)
        assert.equal("30LL", tostring(one + 0))
        assert.is_true(ffi.istype("int", one))
        array[1] = 31
        assert.equal(62, ffi.new("int[1]", one + one)[0])
        local p = ffi.new("struct cv_pair", 2, 3)
        ffi.cast("struct cv_pair &", p).y = 5
        assert.equal(5, p.y)
        assert.is_nil(ffi.cast("int &", nil))
        assert.equal("cannot cast 'struct cv_pair' to 'int (&)(int)'", message(ffi.cast, "int (&)(int)", p))
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
        assert.equal(ffi.sizeof "struct cv_pair", ffi.sizeof "struct cv_pair &")
        assert.equal(1, ffi.alignof "char &")
        assert.equal(4, ffi.offsetof("struct cv_pair &", "y"))
    end)
end)

describe("between C types:", function()
    it("an array is copied into one of its size whose elements agree", function()
        local object = ffi.new "struct { int a[2]; int m[2][2]; enum cv_colour e[2]; void *p[2]; }"
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
        for _, value in ipairs { array, ffi.cast("int *", array), light, io.stdout, ffi.C.abs, "5" } do
            local address = tonumber((tostring(ffi.cast("void *", value)):match "0x%x+"))
            assert.equal(address, ffi.cast("intptr_t", value))
            assert.equal(address & 0xffff, ffi.cast("uint16_t", value))
            assert.is_false(pcall(ffi.new, "intptr_t", value))
        end
        assert.is_false(pcall(ffi.cast, "intptr_t", ffi.new "struct cv_point"))
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
