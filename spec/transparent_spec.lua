-- Transparent unions: parameters that take what one of the members takes, and are passed as the first one is. The compiler says which unions
-- it makes transparent, and its functions get and give the values.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message

-- -- random unions ----------------------------------------------------------------------------------------------------

local prelude = [[
enum tu_small { TU_A, TU_B = 5 }; enum tu_wide { TU_W = 0x123456789a };
typedef struct { int a; } tu_int; typedef struct { int a, b; } tu_ints; typedef struct { char c[3]; } tu_chars;
typedef struct { float x, y; } tu_floats; typedef struct { double d; } tu_double; typedef struct { long a, b; } tu_longs;
typedef struct { long a, b, c; } tu_three; typedef union { int i; float f; } tu_inner; typedef struct { tu_chars c; } tu_nested;
typedef double tu_v1 __attribute__((vector_size(8))); typedef _Decimal64 tu_decimals __attribute__((vector_size(16)));
typedef int tu_v8 __attribute__((vector_size(8))); typedef int tu_v16 __attribute__((vector_size(16)));
typedef struct { int a : 3, b : 29; } tu_bits; typedef struct { } tu_empty; typedef struct { void *p; char c; } tu_padded;
]]

local member_types = {
    "char", "short", "int", "unsigned", "long", "_Bool", "void *", "const char *", "int *", "float", "double", "long double", "__int128",
    "__float128", "_Float16", "_Decimal64", "_Complex float", "_Complex int", "_Complex double", "enum tu_small", "enum tu_wide", "tu_int", "tu_ints",
    "tu_chars", "tu_floats", "tu_double", "tu_longs", "tu_three", "tu_inner", "tu_nested", "tu_v8", "tu_v16", "tu_v1", "tu_decimals",
    "tu_bits", "tu_empty", "tu_padded",
    "char [3]", "char [4]", "char [8]", "int [2]", "long [1]", "long [2]", "short [3]", "float [1]", "double [1]", "float [2]",
    "int : 3", "int : 32", "long : 64",
}

local function draw_member(i, size_class)
    local type = member_types[math.random(#member_types)]
    if size_class and math.random() < 0.7 then type = size_class[math.random(#size_class)] end
    -- gcc passes nothing for a union that begins with an empty struct, and reads it all the same
    if i == 1 and type == "tu_empty" then type = "tu_int" end
    local base, suffix = type:match "^(.-)( ?[%[:].*)$"
    return ("%s m%d%s;"):format(base or type, i, suffix or ""), type
end

local size_classes = {
    { "int", "unsigned", "float", "tu_int", "char [4]", "tu_inner", "tu_bits", "enum tu_small", "int : 32", "short", "float [1]" },
    { "long", "double", "void *", "const char *", "int *", "tu_ints", "tu_floats", "tu_double", "int [2]", "long [1]", "enum tu_wide", "tu_v8",
        "tu_v1", "int" },
    { "__int128", "tu_longs", "long double", "__float128", "_Complex double", "long [2]", "tu_v16", "tu_decimals", "long", "tu_padded" },
    { "tu_three", "tu_chars", "char [3]", "short [3]", "tu_empty", "char", "tu_nested" },
}

-- C text, one declaration to a line, and the type of each union's first member.
local function draw_unions(count)
    local lines, firsts = {}, {}
    for i = 1, count do
        local members = {}
        local size_class = size_classes[math.random(#size_classes + 2)]
        for j = 1, math.random(1, 4) do
            local text, type = draw_member(j, size_class)
            members[j] = text
            if j == 1 then firsts[i] = type end
        end
        local body = "union { " .. table.concat(members, " ") .. " }"
        local attribute = "__attribute__((__transparent_union__))"
        local aligned = math.random() < 0.05 and "__attribute__((aligned(16)))" or ""
        local form = math.random(3)
        lines[i] = form == 1 and ("typedef %s %s tu_%d %s;"):format(body, aligned, i, attribute)
            or form == 2 and ("typedef %s %s %s tu_%d;"):format(body, attribute, aligned, i)
            or ("typedef union %s tu_tag%d %s; typedef union tu_tag%d tu_%d;"):format(attribute, i, body:match "{.*", i, i)
    end
    return lines, firsts
end

-- By number: whether gcc says that it ignores the attribute.
local function ask_gcc(lines)
    local directory = support.new_directory()
    support.write(directory .. "/unions.c", prelude:gsub("\n", " ") .. "\n" .. table.concat(lines, "\n") .. "\n")
    local text = support.run(("LC_ALL=C %s -std=gnu11 -fsyntax-only %s/unions.c 2>&1"):format(support.cc, directory))
    support.remove(directory)
    local ignored = {}
    assert(not text:find "error:", text)
    for line, what in text:gmatch "unions%.c:(%d+):%d+: warning: ([^\n]*)" do
        if what:find "transparent" then ignored[tonumber(line) - 1] = true end
    end
    return ignored
end

describe("random unions", function()
    local count = 300
    local seed = tonumber(os.getenv "AIRLOCK_SEED") or 7
    local lines, firsts, ignored, lib

    setup(function()
        math.randomseed(seed)
        lines, firsts = draw_unions(count)
        ignored = ask_gcc(lines)
        local types, prototypes, functions = prelude .. table.concat(lines, "\n") .. "\n", {}, {}
        for i = 1, count do
            prototypes[i] = ("void tu_take_%d(int a, tu_%d u, double x, tu_%d *out); tu_%d tu_give_%d(const tu_%d *in);"):format(i, i, i, i, i, i)
            functions[i] = ([[
                void tu_take_%d(int a, tu_%d u, double x, tu_%d *out) { memset(out, a, sizeof *out); *out = u; }
                tu_%d tu_give_%d(const tu_%d *in) { return *in; }
            ]]):format(i, i, i, i, i, i)
        end
        ffi.cdef(types .. table.concat(prototypes, "\n"))
        lib = ffi.load(oracle.library("transparent_random", types .. table.concat(functions)))
    end)

    local function say(i) return ("seed %d: %s"):format(seed, lines[i]) end

    -- A union with a pattern in it, and the number of its bytes that the first member has a value in.
    local function make(i)
        local union = ffi.new(("tu_%d"):format(i))
        local size = ffi.sizeof(union)
        for at = 0, size - 1 do ffi.fill(ffi.cast("char *", union) + at, 1, at == 0 and 1 or at % 7 * 16 + 1) end
        local first = firsts[i]
        if first == "_Bool" then ffi.fill(union, 1, 1) end
        -- a long double passes through the x87, which valgrind does in 64 bits
        local is_unknown = first:find ":" or first == "long double" and support.has_valgrind
        return union, is_unknown and 0 or first == "long double" and 10 or first == "tu_padded" and 9 or ffi.sizeof(first)
    end

    it("are transparent where gcc makes them so", function()
        local ntransparent = 0
        for i = 1, count do
            if not firsts[i]:find ":" then
                local union = make(i)
                local taken = pcall(lib["tu_take_" .. i], 1, union.m1, 2.0, union)
                assert.equal(not ignored[i], taken, say(i))
                ntransparent = ntransparent + (taken and 1 or 0)
            end
        end
        assert.is_true(ntransparent > count / 10 and ntransparent < count * 9 / 10)
    end)

    it("are passed and returned whole, and by their first member", function()
        for i = 1, count do
            local union, size = make(i)
            local out = ffi.new(("tu_%d"):format(i))
            lib["tu_take_" .. i](1, union, 2.0, out)
            assert.equal(oracle.hex(ffi.string(union, size)), oracle.hex(ffi.string(out, size)), say(i))
            assert.equal(oracle.hex(ffi.string(union, size)), oracle.hex(ffi.string(lib["tu_give_" .. i](union), size)), say(i))
            if not ignored[i] and size > 0 then
                out = ffi.new(("tu_%d"):format(i))
                lib["tu_take_" .. i](1, union.m1, 2.0, out)
                assert.equal(oracle.hex(ffi.string(union, size)), oracle.hex(ffi.string(out, size)), say(i))
            end
        end
    end)
end)

-- -- what goes in -----------------------------------------------------------------------------------------------------

local declarations = [[
struct tu_point { int x, y; };
typedef union { struct tu_point *point; const char *text; long *number; void (*function)(void); } tu_any __attribute__((transparent_union));
typedef union { int i; float f; struct { short a, b; } pair; } tu_scalar __attribute__((transparent_union));
union tu_tagged { int i; unsigned u; };
typedef union tu_tagged tu_tagged_any __attribute__((transparent_union));
typedef union { double d; long l; } tu_not __attribute__((transparent_union));
]]

local functions = [[
const void *tu_address(tu_any any) { return any.point; }
int tu_integer(int before, tu_scalar scalar, int after) { return before * 1000000 + scalar.i * 10 + after; }
int tu_count(int n, tu_any any, ...) { return n + (any.text != NULL); }
int tu_tagged_i(tu_tagged_any any) { return any.i; }
int tu_tagged_plain(union tu_tagged plain) { return plain.i; }
]]

describe("a parameter of a transparent union", function()
    local lib

    setup(function()
        ffi.cdef(declarations .. functions:gsub(" %b{}\n", ";\n"))
        lib = ffi.load(oracle.library("transparent", declarations .. functions))
    end)

    local function address(value) return (tostring(value):match "0x%x+") end

    it("takes what any of its pointers takes", function()
        local point, numbers = ffi.new "struct tu_point", ffi.new "long[2]"
        assert.equal(address(point), address(lib.tu_address(point)))
        assert.equal(address(point), address(lib.tu_address(ffi.cast("struct tu_point *", point))))
        assert.equal(address(numbers), address(lib.tu_address(numbers)))
        assert.equal("text", ffi.string(lib.tu_address "text"))
        assert.equal(address(ffi.cast("void *", lib.tu_address)), address(lib.tu_address(ffi.cast("void (*)(void)", lib.tu_address))))
        assert.is_nil(lib.tu_address(nil))
        assert.equal(address(point), address(lib.tu_address(ffi.new("tu_any", { point = point }))))
    end)

    it("takes the first member that the value converts to", function()
        assert.equal(7000423, lib.tu_integer(7, 42, 3))
        assert.equal(7000013, lib.tu_integer(7, 1.9, 3))
        assert.equal(7000000 + 10 * (2 + 65536 * 3) + 3, lib.tu_integer(7, { 2, 3 }, 3))
    end)

    it("takes the same through a function pointer and before variadic arguments", function()
        local pointer = ffi.cast("const void *(*)(tu_any)", lib.tu_address)
        assert.equal("text", ffi.string(pointer "text"))
        assert.equal(6, lib.tu_count(5, "x", 1, 2.0))
        assert.equal(5, lib.tu_count(5, nil))
    end)

    it("refuses the rest, saying what there is", function()
        assert.equal("'tu_any' expected, got number, which none of its members takes: 'struct tu_point *', 'const char *', 'long *', " ..
            "'void (*)(void)' (argument #1 'any' of 'tu_address')", message(lib.tu_address, 1))
        assert.equal("'tu_any' expected, got 'int [3]', which none of its members takes: 'struct tu_point *', 'const char *', 'long *', " ..
            "'void (*)(void)' (argument #1 'any' of 'tu_address')", message(lib.tu_address, ffi.new "int[3]"))
        assert.equal("'tu_scalar' expected, got string, which none of its members takes: 'int', 'float', 'struct {line 3}' " ..
            "(argument #2 'scalar' of 'tu_integer')", message(lib.tu_integer, 1, "x", 1))
    end)

    it("leaves the union as it is where the typedef alone has the attribute", function()
        assert.equal(5, lib.tu_tagged_i(5))
        assert.equal("'union tu_tagged' expected, got number (argument #1 'plain' of 'tu_tagged_plain')", message(lib.tu_tagged_plain, 5))
        assert.equal(6, lib.tu_tagged_plain { 6 })
        assert.is_false(ffi.istype("union tu_tagged", ffi.new "tu_tagged_any"))
    end)

    it("is decided on in time where there are very many ways through its members", function()
        local lines = { "union tu_deep0 { int a, b; };" }
        for i = 1, 60 do lines[i + 1] = ("union tu_deep%d { union tu_deep%d a, b; };"):format(i, i - 1) end
        ffi.cdef(table.concat(lines, "\n") .. "typedef union tu_deep60 tu_deep __attribute__((transparent_union));")
        assert.equal(4, ffi.sizeof "tu_deep")
    end)

    it("is declared again without a change, and as one of its members", function()
        ffi.cdef(declarations .. functions:gsub(" %b{}\n", ";\n"))
        ffi.cdef "const void *tu_address(const char *); int tu_tagged_i(unsigned);"
        assert.matches("'tu_address' is declared as", message(ffi.cdef, "const void *tu_address(int *);"))
        assert.matches("'tu_tagged_plain' is declared as", message(ffi.cdef, "int tu_tagged_plain(int);"))
        assert.matches("'tu_tagged_any' is declared as", message(ffi.cdef, "typedef union tu_tagged tu_tagged_any;"))
    end)
end)

-- -- sys/socket.h -----------------------------------------------------------------------------------------------------

describe("the sockets of glibc's header with _GNU_SOURCE", function()
    it("are bound and named with the address structs as they are", function()
        local headers = [[#include <sys/socket.h>\n#include <netinet/in.h>\n#include <arpa/inet.h>\n#include <unistd.h>\n]]
        local text, status = support.run(("printf '%s' | %s -E -D_GNU_SOURCE -"):format(headers, support.cc))
        assert.equal(0, status)
        ffi.cdef(text)
        assert.is_truthy(text:find "__transparent_union__")
        local C = ffi.C
        local AF_INET, SOCK_STREAM = 2, 1
        local fd = C.socket(AF_INET, SOCK_STREAM, 0)
        assert.is_true(fd >= 0)
        local wanted = ffi.new("struct sockaddr_in", { sin_family = AF_INET })
        wanted.sin_addr.s_addr = C.inet_addr "127.0.0.1"
        assert.equal(0, C.bind(fd, wanted, ffi.sizeof(wanted)))
        local got, length = ffi.new "struct sockaddr_in", ffi.new("socklen_t[1]", ffi.sizeof "struct sockaddr_in")
        assert.equal(0, C.getsockname(fd, ffi.cast("struct sockaddr_in *", got), length))
        assert.equal(AF_INET, got.sin_family)
        assert.equal(wanted.sin_addr.s_addr, got.sin_addr.s_addr)
        assert.is_true(got.sin_port ~= 0)
        local plain = ffi.cast("struct sockaddr *", ffi.new "struct sockaddr_in")
        assert.equal(0, C.getsockname(fd, plain, length))
        assert.equal(AF_INET, plain.sa_family)
        assert.matches("^'__CONST_SOCKADDR_ARG' expected, got number, which none of its members takes: 'const struct sockaddr %*',",
            message(C.bind, fd, 1, 2))
        C.close(fd)
    end)
end)
