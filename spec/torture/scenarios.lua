-- What failing.c does while memory runs out: each scenario's setup is done in peace, once; its body then as often as it takes, also
-- again after it failed half way. A body checks what it does; what it creates goes with it. Flags: closes_badly, lua_close is done with
-- memory failing too; makes_callbacks, whose slots are not given back; stride, so many requests apart are failed in a short run.
local ffi -- since setup, or since the body itself required it
local scenarios = {}

local declarations = [[
    typedef struct { int x, y; } ts_point;
    struct ts_outer { char name[8]; ts_point inner; ts_point list[3]; int *p; const char *s; unsigned bits : 5; double d; };
    struct ts_open { int n; ts_point rest[?]; };
    struct ts_aligned { int n __attribute__((aligned(64))); };
    enum ts_color { TS_RED, TS_GREEN = 5 };
    union ts_number { int i; float f; };
    typedef float ts_vector __attribute__((vector_size(16)));
    typedef union { int *i; const char *s; ts_point *p; } ts_either __attribute__((transparent_union));
    int abs(int);
    size_t strlen(const char *);
    int snprintf(char *, size_t, const char *, ...);
    char *getenv(const char *);
    void *mmap(void *address, size_t nbytes, int protection, int flags, int file, long offset);
    int munmap(void *address, size_t nbytes);
    int call_add(int a, int b);
    struct call_big { long n[20]; };
    struct call_big call_big_make(long first);
    struct call_big call_big_add(struct call_big a, struct call_big b, long n);
    double call_doubles20(double, double, double, double, double, double, double, double, double, double, double, double, double,
        double, double, double, double, double, double, double);
    const char *call_describe(const char *types, ...);
    double _Complex call_complex_variadic(int count, ...);
    extern volatile int call_counter;
    extern int call_matrix[2][3];
    extern struct call_operations { int (*add)(int, int), (*subtract)(int, int); } call_operations;
    extern const char *call_greeting;
    typedef int (*call_binary)(int, int);
    call_binary call_choose(char operation);
    enum { TS_CONSTANT = 77 };
]]

local path = (os.getenv "AIRLOCK_BUILD" or "build") .. "/spec/libcalls.so"

local function prepare()
    ffi = require "ffi"
    ffi.cdef(declarations)
end

local function add(name, body, setup, flags)
    local scenario = flags or {}
    scenario.name, scenario.body, scenario.setup = name, body, setup or prepare
    scenarios[#scenarios + 1] = scenario
end

-- Whether the call raises an error with this in it; one that tells of memory goes on.
local function raises(text, call, ...)
    local good, message = pcall(call, ...)
    assert(not good)
    message = tostring(message)
    if message:find "not enough memory" or message:find "stack overflow" then error(message, 0) end
    assert(message:find(text, 1, true), message)
end

local count = 0
-- A name that no body used before.
local function fresh()
    count = count + 1
    return "ts_fresh" .. count
end

-- -- the module ----------------------------------------------------------------------------------------------------------

add("require", function()
    local module = require "ffi"
    assert(module.sizeof "int" == 4 and module.C and module == require "ffi")
end, function() end)

add("require ffi.luajit", function()
    for name in pairs(package.loaded) do
        if name:find "^ffi%.luajit" then package.loaded[name] = nil end
    end
    require "ffi.luajit"
    assert(load "return 0xffULL")() -- luacheck: ignore
end, function() end, { stride = 101 })

add("ffi.luajit's loader and bit", function()
    assert(assert(load "return 42LL + 1ULL, 3i")() == ffi.new("uint64_t", 43)) -- luacheck: ignore
    local bit = require "bit"
    assert(bit.bxor(0xff, 0x0f) == 0xf0 and bit.tohex(255) == "000000ff")
    assert(tostring(bit.lshift(ffi.new("uint64_t", 1), 63)) == "9223372036854775808ULL")
    assert(string.format("%d %s", 3.0, ffi.new("int64_t", 5)) == "3 5LL")
end, function()
    prepare()
    require "ffi.luajit"
end)

-- -- declarations and types --------------------------------------------------------------------------------------------------

add("cdef", function()
    ffi.cdef(declarations)
    local name = fresh()
    local text = "struct % { int a; struct { long b, c; } d[3]; struct % *next; }; int %_f(struct % *, int (*)(int)); enum %_e { %_A, %_B };"
    ffi.cdef((text:gsub("%%", name)))
    assert(ffi.sizeof("struct " .. name) == 64 and ffi.C[name .. "_B"] == 1)
end)

add("cdef of many names", function()
    local lines = {}
    for i = 1, 40 do
        local name = fresh()
        lines[i] = ("typedef struct %s { int a%d; } %s; extern int %s_v; static const int %s_c = %d;"):format(name, i, name, name, name, i)
    end
    ffi.cdef(table.concat(lines, "\n"))
end)

add("cdef with parameters", function()
    local ct = ffi.typeof("struct { $ a; int $[$]; }", ffi.typeof "ts_point", "list", 5)
    assert(ffi.sizeof(ct) == 28)
    ffi.cdef("typedef $ $;", ct, fresh())
end)

add("cdef that fails", function()
    local name = fresh()
    raises("expected", ffi.cdef, ("struct %s { int a; }; int f(struct %s"):format(name, name))
    raises("typedef", ffi.cdef, "typedef ts_point ts_unknown_t2 x;")
    raises("incomplete", ffi.sizeof, "struct " .. name .. "x [3]")
end)

add("typeof", function()
    assert(tostring(ffi.typeof "struct ts_outer") == "ctype<struct ts_outer>")
    assert(ffi.typeof "int[4]" == ffi.typeof "int[4]" and ffi.typeof(ffi.new "ts_point") == ffi.typeof "ts_point")
    assert(ffi.sizeof(ffi.typeof "const char *(*[7])(int, ts_point, ...)") == 56)
    assert(ffi.sizeof(ffi.typeof("struct { int " .. fresh() .. "; }")) == 4)
end)

add("sizes and offsets", function()
    assert(ffi.sizeof("struct ts_open", 3) == 28 and ffi.sizeof "struct ts_aligned" == 64 and ffi.alignof "struct ts_aligned" == 64)
    assert(ffi.offsetof("struct ts_outer", "inner") == 8 and select(3, ffi.offsetof("struct ts_outer", "bits")) == 5)
    assert(ffi.istype("ts_point", ffi.new "ts_point") and ffi.abi "64bit" and ffi.errno() ~= nil)
end)

add("eval", function()
    assert(ffi.eval "sizeof(struct ts_outer) + TS_GREEN * 2" == ffi.sizeof "struct ts_outer" + 10)
    assert(tostring(ffi.eval "0xffffffffffffffffULL") == "18446744073709551615ULL")
end)

add("constants of a ctype", function()
    assert(ffi.typeof("enum ts_color").TS_GREEN == 5 and ffi.C.TS_CONSTANT == 77)
end)

-- -- objects -----------------------------------------------------------------------------------------------------------------

add("new", function()
    local outer = ffi.new("struct ts_outer", { name = "seven", inner = { 1, 2 }, list = { { 3, 4 }, { 5, 6 } }, s = "text", bits = 9, d = 2.5 })
    assert(outer.list[1].y == 6 and ffi.string(outer.name) == "seven" and outer.bits == 9)
    assert(ffi.new("struct ts_open", 2, { 7, { { 1, 2 }, { 3, 4 } } }).rest[1].y == 4)
    assert(ffi.new("int[?]", 300, 1)[0] == 1 and ffi.new("struct ts_aligned", 3).n == 3)
    assert(ffi.new("double _Complex", 1, 2).im == 2.0 and ffi.new("ts_vector", 1, 2, 3, 4)[3] == 4.0)
    assert(ffi.new("enum ts_color", "TS_GREEN") == ffi.new("enum ts_color", 5) and ffi.new("union ts_number", { f = 1 }).i == 0x3f800000)
    local point = ffi.typeof "ts_point"
    assert(point(point(1, 2)).y == 2 and ffi.new(ffi.new "int[2]")[1] == 0)
    assert(ffi.new("const char *[3]", { "a", nil, "c" })[1] == nil)
end)

add("new that fails", function()
    raises("too many", ffi.new, "int[2]", 1, 2, 3)
    raises("expected", ffi.new, "ts_point", "no number")
    raises("expected", ffi.new, "struct ts_outer", { inner = { x = {} } })
    raises("outside", function() return ffi.new "int[2]"[5] end)
end)

add("cast", function()
    local array = ffi.new("int[4]", 1, 2, 3, 4)
    assert(ffi.cast("unsigned char *", array)[4] == 2 and ffi.cast("uint64_t", -1) > 0 and ffi.cast("int", 5.5) == 5)
    assert(ffi.string(ffi.cast("const char *", "text")) == "text" and ffi.cast("ts_point &", array).y == 2)
    assert(tostring(ffi.cast("__int128", 1) << 100) == "1267650600228229401496703205376")
    raises("cannot", ffi.cast, "ts_point", 5)
end)

add("fields and elements", function()
    local outer = ffi.new "struct ts_outer"
    outer.inner.x, outer.list[2].y, outer.bits, outer.d = 1, 2, 3, 4.5
    outer.inner = { 5, 6 }
    outer.name = "other"
    outer.p = ffi.cast("int *", outer.list)
    assert(outer.inner.y == 6 and outer.p[5] == 2 and (outer.p + 5)[0] == 2 and outer.list + 1 - outer.list == 1)
    raises("no field", function() return outer.unknown end)
    raises("no field", function() outer.unknown = 1 end)
    raises("expected", function() outer.inner = 5 end)
end)

add("long names", function()
    local name = ("a_name_that_is_too_long_for_lua_to_intern_"):rep(3)
    local object = ffi.new(("struct { int %s, b; }"):format(name), 1, 2)
    assert(object[name] == 1 and object.b == 2)
    raises("no field", function() return object[name .. "x"] end)
end)

add("operators", function()
    local a, b = ffi.new("int64_t", 7), ffi.new("uint64_t", 3)
    assert(a + b == ffi.new("uint64_t", 10) and a // 2 == ffi.new("int64_t", 3) and -a < a and a ~= b and a >= b)
    assert((a << 60 | 1) & 1 == ffi.new("int64_t", 1) and ~a ~ a == ffi.new("int64_t", -1) and a ^ 2 == ffi.new("int64_t", 49))
    assert(tostring(ffi.new("double _Complex", 1, 2) * ffi.new("double _Complex", 0, 1)) == "-2+1i")
    raises("attempt to", function() return a .. ffi.new "ts_point" end)
    raises("compare", function() return ffi.new "ts_point *" < ffi.new "struct ts_outer *" end)
end)

add("comparisons", function()
    local array = ffi.new "int[2]"
    assert(ffi.eq(array, ffi.addressof(array, 0)) and array + 0 == ffi.cast("int *", array) and not ffi.eq(nil, array))
    assert(ffi.eq(ffi.new("enum ts_color", 5), "TS_GREEN"))
end)

add("extras", function()
    local outer = ffi.new("struct ts_outer", { "x", { 1, 2 } })
    assert(ffi.addressof(outer, "inner").y == 2 and ffi.addressof(ffi.C, "abs") ~= nil and ffi.addressof(outer).inner.x == 1)
    assert(ffi.tonumber(ffi.new("uint64_t", 5)) == 5 and ffi.tonumber("ff", 16) == 255 and ffi.type(outer) == "cdata")
    assert(ffi.toretval(outer.inner).x == 1 and ffi.toretval(ffi.new("int", 3)) == 3)
end)

add("totable", function()
    local outer = ffi.new("struct ts_outer", { "x", { 1, 2 }, { { 3, 4 }, { 5, 6 } } })
    assert(ffi.totable(outer, true).list[2].y == 6 and ffi.totable(outer).inner.x == 1)
    assert(#ffi.totable(ffi.new("int[50]", 7)) == 50 and ffi.totable(ffi.new("double _Complex", 1, 2)).im == 2.0)
    assert(ffi.totable(ffi.new("int[3]", 1, 2, 3) + 1, 2)[2] == 3)
end)

add("inspect and tostring", function()
    local outer = ffi.new("struct ts_outer", { name = "x", inner = { 1, 2 }, list = { { 3, 4 } }, s = "a \"string\"", d = 0.1 })
    assert(ffi.inspect(outer, { follow = 1 }):find("0.1", 1, true) and ffi.inspect(outer, { indent = 4 }):find "\n")
    assert(ffi.inspect(ffi.new("double[300]", 1 / 3), { width = 300 }):find "0.333")
    assert(tostring(outer):find "cdata<struct ts_outer>" and tostring(ffi.new("int64_t", 5)) == "5LL" and tostring(ffi.C):find "library")
    assert(tostring(ffi.new("enum ts_color", 5)):find "5")
end)

add("string, copy, fill", function()
    local buffer = ffi.new("char[100]", ("x"):rep(99))
    assert(ffi.string(buffer) == ("x"):rep(99) and #ffi.string(buffer, 100) == 100)
    ffi.copy(buffer, "text")
    ffi.fill(buffer + 5, 10, 65)
    assert(ffi.string(buffer) == "text" and ffi.string(buffer + 5, 10) == ("A"):rep(10))
    raises("beyond", ffi.copy, buffer, ("y"):rep(200))
end)

-- -- calls ---------------------------------------------------------------------------------------------------------------------

add("load", function()
    local lib = ffi.load(path)
    assert(lib.call_add(1, 2) == 3 and lib.call_matrix[1][2] ~= nil and lib.call_operations.subtract(5, 3) == 2)
    if not _G.nstates then lib.call_counter = 5 end -- else other threads' states write to it too
    assert((_G.nstates or lib.call_counter == 5) and ffi.string(lib.call_greeting) ~= "" and lib.TS_CONSTANT == 77)
    raises("nothing_of_this_name", ffi.load, "nothing_of_this_name")
    raises("no symbol", function() return lib.getenv_not end, ffi.cdef "int getenv_not(void);")
end)

add("calls", function()
    local lib = ffi.load(path)
    assert(ffi.C.abs(-5) == 5 and ffi.C.strlen "four" == 4 and ffi.C.strlen(ffi.new("char[9]", "text")) == 4)
    assert(ffi.C.getenv "TS_NOT_SET" == nil and lib.call_choose(("+"):byte()) ~= nil)
    assert(lib.call_big_add(lib.call_big_make(1), { { 1, 2, 3 } }, 4).n[0] == 5)
    assert(lib.call_doubles20(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20) > 0)
    raises("takes 1 argument", ffi.C.abs)
    raises("expected", ffi.C.abs, {})
end)

add("variadic calls", function()
    local lib = ffi.load(path)
    local buffer = ffi.new "char[40]"
    assert(ffi.C.snprintf(buffer, 40, "%d %s %g", 42, "text", 2.5) == 11 and ffi.string(buffer) == "42 text 2.5")
    if not _G.nstates then -- it has one buffer
        assert(ffi.string(lib.call_describe("idL", 1, 2.5, ffi.new("long double", 3))):find "3")
    end
    assert(lib.call_complex_variadic(1, ffi.new("double _Complex", 1, 2)).im == 2.0)
    raises("table", lib.call_describe, "i", {})
end)

add("function pointers", function()
    local lib = ffi.load(path)
    local call = ffi.cast("int (*)(int, int)", lib.call_add)
    local operations = ffi.new("struct call_operations", { lib.call_add, lib.call_add })
    assert(call(1, 2) == 3 and operations.add(2, 3) == 5 and ffi.eq(call, lib.call_add))
    raises("NULL", ffi.new "call_binary", 1, 2)
end)

add("transparent unions", function()
    local name = fresh()
    ffi.cdef(("int %s(ts_either) __asm__(\"getpid\");"):format(name))
    assert(ffi.C[name](ffi.new "ts_point") > 0 and ffi.C[name] "text" > 0 and ffi.C[name](ffi.new "int[1]") > 0)
    raises("expected", ffi.C[name], {})
end)

add("a library that goes", function()
    local names = {}
    for i = 1, 3 do
        local lib = ffi.load(path)
        names[i] = lib.call_add
    end
    collectgarbage()
    collectgarbage()
    assert(names[3](1, 2) == 3)
end)

-- -- callbacks -----------------------------------------------------------------------------------------------------------------

local function prepare_callbacks()
    prepare()
    ffi.cdef [[
        void qsort(void *base, size_t count, size_t size, int (*compare)(const int *, const int *));
        int call_apply(call_binary function, int a, int b);
    ]]
    ffi.onerror(function() end) -- else each is written to stderr
end

add("callbacks", function()
    local lib = ffi.load(path)
    local list = ffi.new("int[4]", 3, 1, 4, 2)
    ffi.C.qsort(list, 4, 4, function(a, b) return a[0] - b[0] end)
    assert(list[0] == 1 and list[3] == 4)
    assert(lib.call_apply(function(a, b) return a * b end, 6, 7) == 42)
    local operations = ffi.new("struct call_operations", { function(a, b) return a + b end })
    assert(operations.add(2, 3) == 5)
    raises("raised in a callback", lib.call_apply, function() error "raised in a callback" end, 1, 2)
    raises("expected", lib.call_apply, function() return {} end, 1, 2)
end, prepare_callbacks, { makes_callbacks = true })

add("callbacks by ffi.cast", function()
    local cb = ffi.cast("int (*)(int)", function(x) return x + 1 end)
    local good, message = pcall(function()
        assert(cb(41) == 42)
        cb:set(function(x) return 2 * x end)
        assert(cb(21) == 42)
    end)
    cb:free()
    if not good then error(message, 0) end
    raises("free", cb.free, cb)
    local closed <close> = ffi.callback("int (int, int)", function(a, b) return a - b end)
    assert(closed(5, 3) == 2)
end, prepare_callbacks, { makes_callbacks = true })

-- What is collected is freed, also what an error left half made: there are as many callbacks as at the first time.
local function check_callbacks(scenario)
    collectgarbage()
    collectgarbage()
    scenario.ncallbacks = scenario.ncallbacks or ffi.callbacks()
    assert(ffi.callbacks() == scenario.ncallbacks)
end

local collected, debugged = {}, {}

add("ffi.callback", function()
    check_callbacks(collected)
    local cb = ffi.callback("int (int, double)", function(i, x) return i + x end, { error = -1 })
    assert(cb(40, 2.0) == 42)
    local dropped = ffi.callback("struct call_big (*)(struct call_big, double _Complex, uint64_t, const char *)", function(big, z, n, text)
        big.n[0] = big.n[1] + z.im + ffi.tonumber(n) + #ffi.string(text)
        return big
    end)
    local big = dropped({ { 1, 2 } }, ffi.new("double _Complex", 3, 4), ffi.new("uint64_t", 2 ^ 63), "five")
    assert(big.n[0] == 2 + 4 + math.mininteger + 4 or big.n[0] ~= 0)
    local wide = ffi.callback("__int128 (long double)", function() error "none" end, { error = -7 }) -- of 16-aligned types
    raises("none", wide, 1)
    raises("option", ffi.callback, "int (int)", print, { unknown = 1 })
end, prepare_callbacks, { makes_callbacks = true })

add("callbacks in debugging", function()
    check_callbacks(debugged)
    ffi.debug(true)
    local cb = ffi.callback("int (int)", function(x) return x end)
    local ncallbacks, places = ffi.callbacks()
    ffi.debug(false)
    assert(cb(1) == 1 and ncallbacks == debugged.ncallbacks + 1 and #places == 1)
    raises("in depth", function()
        ffi.callback("int (int)", function(x)
            return ffi.callback("int (int)", function(y) error("in depth " .. x + y, 0) end)(x)
        end)(5)
    end)
    if not ffi.lasttraceback():find "in depth" then error("the traceback found not enough memory", 0) end
end, prepare_callbacks, { makes_callbacks = true })

-- -- metatypes and finalisers -----------------------------------------------------------------------------------------------------

add("metatype", function()
    local ct = ffi.metatype("struct { int x; }", {
        __index = { double = function(o) return o.x * 2 end },
        __newindex = function(o, _, value) o.x = value end,
        __add = function(a, b) return a.x + b.x end,
        __len = function(o) return o.x end,
        __concat = function(a) return "concat" .. a.x end,
        __call = function(o, y) return o.x + y end,
        __tostring = function(o) return "point " .. o.x end,
        __pairs = function() return next, { 1 }, nil end,
        __close = function(o) o.x = 0 end,
        __eq = function() return true end,
        __new = function(ct, x) return ffi.new(ct, x) end,
        __name = "point",
    })
    local object = ct(5)
    assert(object:double() == 10 and object + object == 10 and #object == 5 and object .. "" == "concat5" and object(1) == 6)
    assert(tostring(object) == "point 5" and object == ct(6))
    for key in pairs(object) do assert(key == 1) end
    object.other = 7
    do local closed <close> = object assert(closed.x == 7) end
    assert(object.x == 0)
    raises("point", function() return object < object end)
end)

add("metatype by a default key", function()
    local ct = ffi.metatype("struct { int x; }", { __index = function(o, key) return key .. o.x end })
    assert(ct(3).other == "other3")
end)

local live = 0
add("gc", function()
    local lost = {}
    for i = 1, 3 do
        local object = ffi.gc(ffi.new("ts_point", i), function(o) assert(o.x == i) end)
        ffi.gc(object, function(o) lost[#lost + 1] = o.x end)
        if i == 2 then ffi.gc(object, nil) end
    end
    local memory = ffi.gc(ffi.cast("char *", ffi.C.mmap(nil, 4096, 3, 0x22, -1, 0)), function(p)
        live = live + 1
        ffi.C.munmap(p, 4096)
    end)
    local view = ffi.cast("ts_point *", memory)
    view.x = 5
    memory = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert(view.x == 5)
    if #lost ~= 2 then error("a finaliser found not enough memory", 0) end -- its own error was a warning
    local ct = ffi.metatype("struct { int x; }", { __gc = function() live = live + 1 end })
    assert(ct(1).x == 1)
    do local _ <close> = ffi.gc(ffi.new "ts_point", function() live = live + 1 end) end
end)

add("lua_close", function()
    local function finalise(o)
        ffi.cdef(("struct %s { int a; };"):format(fresh()))
        assert(ffi.load(path).call_add(o.x, 1) == o.x + 1 and ffi.new("struct ts_outer", { "x" }).inner.x == 0)
    end
    _G.kept = {}
    for i = 1, 3 do _G.kept[i] = ffi.gc(ffi.new("ts_point", i), finalise) end
    _G.kept[4] = ffi.load(path).call_add
end, prepare, { closes_badly = true })

add("coroutines", function()
    local results = {}
    for i = 1, 3 do
        results[i] = coroutine.wrap(function()
            local lib = ffi.load(path)
            local sum = coroutine.yield(lib.call_add(i, 1))
            local object = ffi.metatype("struct { int x; }", { __index = function() return coroutine.yield "asked" end })()
            return lib.call_add(sum, object.other)
        end)
    end
    for i = 1, 3 do assert(results[i]() == i + 1) end
    for i = 1, 3 do assert(results[i](10) == "asked") end
    for i = 1, 3 do assert(results[i](i) == 10 + i) end
end)

add("C++ exceptions", function()
    local lib = ffi.load((path:gsub("calls", "throws")))
    local cb <close> = ffi.callback("int (int)", function(kind) return lib.throws_int(kind) end)
    raises("C++ exception std::runtime_error: one", lib.throws_int, 1)
    raises("C++ exception int", ffi.cast("int (*)(int)", lib.throws_int), 3)
    raises("C++ exception std::runtime_error: one", lib.throws_errno, 1, 0)
    raises("C++ exception std::runtime_error: one", lib.throws_through, cb, 1)
    raises("C++ exception std::runtime_error: one", lib.throws_variadic, 1, 2, ffi.new("long double"))
    assert(lib.throws_guards() == lib.throws_guards_destroyed() and lib.throws_uncaught() == 0 and lib.throws_counted() == 0)
end, function()
    prepare()
    ffi.cdef [[
        int throws_int(int);
        int throws_errno(int, int);
        int throws_through(int (*)(int), int);
        int throws_variadic(int, ...);
        int throws_guards(void);
        int throws_guards_destroyed(void);
        int throws_uncaught(void);
        int throws_counted(void);
    ]]
    ffi.onerror(function() end)
end, { makes_callbacks = true })

-- Each function is the first to ask for memory after a coroutine did that is no more.
add("after a coroutine that is gone", function()
    local lib = ffi.load(path)
    local name = fresh()
    ffi.cdef(("typedef struct { int a[3]; struct { char c; } d; } %s; int %s_abs(%s *, int) __asm__(\"call_is_null\");"):format(name, name, name))
    local object, list, point = ffi.new(name), ffi.new(name .. "[4]"), ffi.new "ts_point"
    local rows, abs = ffi.new(name .. "[2][2]"), name .. "_abs"
    local pointer = ffi.cast(("int (*)(int, short, %s *)"):format(name), lib.call_add)
    local functions = {
        function() return object.a[1] == 0 and object.d.c == 0 end,
        function() return ffi.addressof(list)[0][1].a[2] == 0 end,
        function() return (rows + 1)[0][0].a[0] == 0 end,
        function() return ffi.inspect(list, { width = 1 }):find "%.a" end,
        function() return #ffi.totable(list, true) == 4 end,
        function() return lib[abs](object, 1) == 0 end,
        function() return pointer(1, 2, nil) == 3 end,
        function() return lib.call_complex_variadic(1, ffi.new("double _Complex", 1, 2)).im == 2.0 end,
        function() return ffi.new("float _Complex", 1) * ffi.new("double _Complex", 2) ~= nil end,
        function() return ffi.new(ffi.typeof("const $", ffi.typeof(object))).a[0] == 0 end,
        function() return ffi.offsetof(name, "d") == 12 and ffi.istype(name, object) end,
        function() return ffi.callback(("void (*)(%s *, short)"):format(name), print) ~= nil end,
        function() point.x = 1 return ffi.toretval(point).x == 1 end,
        function() return ffi.eval "sizeof(ts_point[3])" == 24 end,
    }
    for i, call in ipairs(functions) do
        coroutine.wrap(function() ffi.cdef(("struct %s { int a; };"):format(fresh())) end)()
        collectgarbage()
        assert(call(), i)
    end
end, function()
    prepare()
    ffi.onerror(function() end)
end, { makes_callbacks = true })

return scenarios
