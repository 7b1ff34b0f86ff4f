-- The cases of `make bench`: for each, the same loop over the ffi and over the hand-written binding. Uses only what LuaJIT's ffi and
-- this one have in common, and syntax that LuaJIT reads, so the ffi's half also runs there.
--
-- cases(ffi, path, hand_module, floor_module) returns a list of { name =, ffi = loop, hand = loop, floor = loop }; a loop runs its
-- operation n times and returns the last value that it got, which must be the same in all. The modules, of hand.c and of floor.c,
-- may be nil; where they do a job in the same way one loop serves both. What is set up outside a loop is not measured.

local declarations = [[
struct bench_point { double x, y; };
struct bench_body {
    struct bench_point position;
    double mass;
    int32_t id;
    uint8_t flags;
    const char *name;
};
struct bench_node {
    int value;
    struct bench_node *next;
};
extern int bench_counter;
void bench_nop(void);
int bench_add(int a, int b);
double bench_add3(double a, double b, double c);
double bench_mix16(int a1, int a2, int a3, int a4, int a5, int a6, int a7, int a8,
                   double d1, double d2, double d3, double d4, double d5, double d6, double d7, double d8);
size_t bench_length(const char *text);
const char *bench_name(void);
struct bench_point bench_mirror(struct bench_point p);
double bench_norm1(const struct bench_point *p);
struct bench_pair { double x, y; };
double bench_pair_norm1(const struct bench_pair *p) __asm__("bench_norm1");
struct bench_sum { double x, y; };
struct bench_handle { double x; };
int64_t bench_add64(int64_t a, int64_t b);
struct bench_body *bench_find_body(int id);
struct bench_node *bench_ring(void);
double bench_repeat(double (*step)(double), double x, int count);
void bench_shuffle(int *list, int count);
int snprintf(char *buffer, size_t size, const char *format, ...);
void qsort(void *base, size_t count, size_t size, int (*compare)(const int *, const int *));
]]

local is_luajit = rawget(_G, "jit") ~= nil

-- Each adds cases by case(name, ffi_loop, hand_loop, floor_loop).

local function add_calls(case, ffi, lib)
    local P = ffi.typeof("struct bench_point")

    case("nop()", function(n)
        local f = lib.bench_nop
        for _ = 1, n do f() end
    end, function(n, hand)
        local f = hand.nop
        for _ = 1, n do f() end
    end)

    case("add(int, int)", function(n)
        local f, r = lib.bench_add, nil
        for i = 1, n do r = f(i, 1) end
        return r
    end, function(n, hand)
        local f, r = hand.add, nil
        for i = 1, n do r = f(i, 1) end
        return r
    end)

    case("lib.add(int, int)", function(n)
        local r
        for i = 1, n do r = lib.bench_add(i, 1) end
        return r
    end, function(n, hand)
        local r
        for i = 1, n do r = hand.add(i, 1) end
        return r
    end)

    case("three doubles", function(n)
        local f, r = lib.bench_add3, nil
        for _ = 1, n do r = f(1.5, 2.5, 3.5) end
        return r
    end, function(n, hand)
        local f, r = hand.add3, nil
        for _ = 1, n do r = f(1.5, 2.5, 3.5) end
        return r
    end)

    case("8 ints, 8 doubles", function(n)
        local f, r = lib.bench_mix16, nil
        for i = 1, n do r = f(i, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5) end
        return r
    end, function(n, hand)
        local f, r = hand.mix16, nil
        for i = 1, n do r = f(i, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5) end
        return r
    end)

    case("length(const char *)", function(n)
        local f, r = lib.bench_length, nil
        for _ = 1, n do r = f("hello") end
        return tonumber(r)
    end, function(n, hand)
        local f, r = hand.length, nil
        for _ = 1, n do r = f("hello") end
        return r
    end)

    case("char * result", function(n)
        local f, str, r = lib.bench_name, ffi.string, nil
        for _ = 1, n do r = str(f()) end
        return r
    end, function(n, hand)
        local f, r = hand.name, nil
        for _ = 1, n do r = f() end
        return r
    end, function(n, least) -- two calls, as it takes with the ffi
        local f, str, r = least.name_pointer, least.string, nil
        for _ = 1, n do r = str(f()) end
        return r
    end)

    case("int64 add", function(n)
        local f, r = lib.bench_add64, nil
        for i = 1, n do r = f(i, 1) end
        return tonumber(r)
    end, function(n, hand)
        local f, r = hand.add64, nil
        for i = 1, n do r = f(i, 1) end
        return r
    end)

    case("struct by value", function(n)
        local f, p, r = lib.bench_mirror, P(1.5, 2.5), nil
        for _ = 1, n do r = f(p) end
        return r.x + r.y
    end, function(n, hand)
        local f, p, r = hand.mirror, hand.point(1.5, 2.5), nil
        for _ = 1, n do r = f(p) end
        return r.x + r.y
    end)

    case("pointer to struct", function(n)
        local f, p, r = lib.bench_norm1, P(1.5, 2.5), nil
        for _ = 1, n do r = f(p) end
        return r
    end, function(n, hand)
        local f, p, r = hand.norm1, hand.point(1.5, 2.5), nil
        for _ = 1, n do r = f(p) end
        return r
    end)

    case("pointer result", function(n)
        local f, r = lib.bench_find_body, nil
        for _ = 1, n do r = f(3) end
        return r.id
    end, function(n, hand)
        local f, r = hand.find_body, nil
        for _ = 1, n do r = f(3) end
        return r.id
    end)

    case("snprintf(%s %d)", function(n)
        local f, buffer, r = ffi.C.snprintf, ffi.new("char[64]"), nil
        local number = 42
        if is_luajit then -- a number would go as a double there
            number = ffi.new("int", number)
        end
        for _ = 1, n do r = f(buffer, 64, "%s %d", "hello", number) end
        return r
    end, function(n, hand)
        local f, buffer, r = hand.snprintf_si, hand.new_buffer(), nil
        for _ = 1, n do r = f(buffer, "%s %d", "hello", 42) end
        return r
    end)
end

local function add_access(case, ffi, lib)
    local P = ffi.typeof("struct bench_point")
    local Body = ffi.typeof("struct bench_body")

    case("global int += 1", function(n)
        lib.bench_counter = 0
        for _ = 1, n do lib.bench_counter = lib.bench_counter + 1 end
        return lib.bench_counter
    end, function(n, hand)
        local get, set = hand.get_counter, hand.set_counter
        set(0)
        for _ = 1, n do set(get() + 1) end
        return get()
    end, function(n, least)
        local variables = least.variables
        variables.counter = 0
        for _ = 1, n do variables.counter = variables.counter + 1 end
        return variables.counter
    end)

    case("p.x", function(n)
        local p, r = P(1.5, 2.5), nil
        for _ = 1, n do r = p.x end
        return r
    end, function(n, hand)
        local p, r = hand.point(1.5, 2.5), nil
        for _ = 1, n do r = p.x end
        return r
    end)

    case("p.x = p.x + 1", function(n)
        local p = P(1.5, 2.5)
        for _ = 1, n do p.x = p.x + 1 end
        return p.x
    end, function(n, hand)
        local p = hand.point(1.5, 2.5)
        for _ = 1, n do p.x = p.x + 1 end
        return p.x
    end)

    case("ptr->id", function(n)
        local p, r = lib.bench_find_body(3), nil
        for _ = 1, n do r = p.id end
        return r
    end, function(n, hand)
        local p, r = hand.find_body(3), nil
        for _ = 1, n do r = p.id end
        return r
    end)

    case("b.position.x += 1", function(n)
        local b = Body()
        for _ = 1, n do b.position.x = b.position.x + 1 end
        return b.position.x
    end, function(n, hand)
        local b = hand.new_body()
        for _ = 1, n do b.position.x = b.position.x + 1 end
        return b.position.x
    end)

    case("list walk q.value, q.next", function(n)
        local q, r = lib.bench_ring(), 0
        for _ = 1, n do
            r = r + q.value
            q = q.next
        end
        return r
    end, function(n, hand)
        local q, r = hand.ring(), 0
        for _ = 1, n do
            r = r + q.value
            q = q.next
        end
        return r
    end)

    case("double a[i]", function(n)
        local a, r = ffi.new("double[1000]"), nil
        for _ = 1, n do r = a[999] end
        return r
    end, function(n, hand)
        local a, r = hand.new_doubles(), nil
        for _ = 1, n do r = a[999] end
        return r
    end)

    case("double a[i] = x", function(n)
        local a = ffi.new("double[1000]")
        for _ = 1, n do a[999] = 1.5 end
        return a[999]
    end, function(n, hand)
        local a = hand.new_doubles()
        for _ = 1, n do a[999] = 1.5 end
        return a[999]
    end)

    case("uint8_t a[i] = a[i] + 1", function(n)
        local a = ffi.new("uint8_t[4096]")
        for _ = 1, n do a[4095] = a[4095] + 1 end
        return a[4095]
    end, function(n, hand)
        local a = hand.new_bytes()
        for _ = 1, n do a[4095] = a[4095] + 1 end
        return a[4095]
    end)
end

local function add_objects(case, ffi)
    local P = ffi.typeof("struct bench_point")
    local P_ptr = ffi.typeof("struct bench_point *")

    case("T(1, 2)", function(n)
        local r
        for _ = 1, n do r = P(1, 2) end
        return r.x + r.y
    end, function(n, hand)
        local new, r = hand.point, nil
        for _ = 1, n do r = new(1, 2) end
        return r.x + r.y
    end)

    case('ffi.new("T", 1, 2)', function(n)
        local new, r = ffi.new, nil
        for _ = 1, n do r = new("struct bench_point", 1, 2) end
        return r.x + r.y
    end, function(n, hand)
        local new, r = hand.point, nil
        for _ = 1, n do r = new(1, 2) end
        return r.x + r.y
    end)

    case('ffi.new("int[?]", 100)', function(n)
        local new, r = ffi.new, nil
        for _ = 1, n do r = new("int[?]", 100) end
        return r ~= nil
    end, function(n, hand)
        local new, r = hand.new_ints, nil
        for _ = 1, n do r = new(100) end
        return r ~= nil
    end)

    case('ffi.typeof("T *")', function(n)
        local typeof, r = ffi.typeof, nil
        for _ = 1, n do r = typeof("struct bench_point *") end
        return r ~= nil
    end, nil, function(n, least)
        local known, r = least.known, nil
        for _ = 1, n do r = known("__name") end
        return r == nil
    end)

    case("ffi.copy(buffer, s, 64)", function(n)
        local copy, buffer, s = ffi.copy, ffi.new("char[64]"), ("x"):rep(64)
        for _ = 1, n do copy(buffer, s, 64) end
        return ffi.string(buffer, 64)
    end, function(n, hand)
        local copy, buffer, s = hand.copy, hand.new_buffer(), ("x"):rep(64)
        for _ = 1, n do copy(buffer, s, 64) end
        return hand.text(buffer, 64)
    end)

    case("ffi.string(buffer, 64)", function(n)
        local str, buffer, r = ffi.string, ffi.new("char[64]"), nil
        for _ = 1, n do r = str(buffer, 64) end
        return r
    end, function(n, hand)
        local str, buffer, r = hand.text, hand.new_buffer(), nil
        for _ = 1, n do r = str(buffer, 64) end
        return r
    end)

    case('ffi.cast("T *", p)', function(n)
        local cast, p, r = ffi.cast, P(1.5, 2.5), nil
        for _ = 1, n do r = cast("struct bench_point *", p) end
        return r ~= nil
    end, function(n, hand)
        local view, p, r = hand.view, hand.point(1.5, 2.5), nil
        for _ = 1, n do r = view(p) end
        return r ~= nil
    end)

    case("ffi.cast(T_ptr, p)", function(n)
        local cast, p, r = ffi.cast, P(1.5, 2.5), nil
        for _ = 1, n do r = cast(P_ptr, p) end
        return r ~= nil
    end, function(n, hand)
        local view, p, r = hand.view, hand.point(1.5, 2.5), nil
        for _ = 1, n do r = view(p) end
        return r ~= nil
    end)
end

local function add_arithmetic(case, ffi)
    case("pointer + 3", function(n)
        local a, r = ffi.new("double[1000]"), nil
        a[3] = 1.5
        local p = a + 0
        for _ = 1, n do r = p + 3 end
        return r[0]
    end, function(n, hand)
        local a, r = hand.new_doubles(), nil
        a[3] = 1.5
        local p = hand.cursor(a)
        for _ = 1, n do r = p + 3 end
        return r[0]
    end)

    case("int64 cdata + cdata", function(n)
        local a, b, r = ffi.new("int64_t", 40), ffi.new("int64_t", 2), nil
        for _ = 1, n do r = a + b end
        return tostring(r)
    end, function(n, hand)
        local a, b, r = hand.int64(40), hand.int64(2), nil
        for _ = 1, n do r = a + b end
        return tostring(r)
    end)

    case("int64 cdata + 1", function(n)
        local a, r = ffi.new("int64_t", 40), nil
        for _ = 1, n do r = a + 1 end
        return tostring(r)
    end, function(n, hand)
        local a, r = hand.int64(40), nil
        for _ = 1, n do r = a + 1 end
        return tostring(r)
    end)

    case("int64 cdata < cdata", function(n)
        local a, b, r = ffi.new("int64_t", 40), ffi.new("int64_t", 2), nil
        for _ = 1, n do r = a < b end
        return r
    end, function(n, hand)
        local a, b, r = hand.int64(40), hand.int64(2), nil
        for _ = 1, n do r = a < b end
        return r
    end)

    if not is_luajit then -- which has no complex arithmetic
        case("complex + complex", function(n)
            local z, w, r = ffi.new("complex", 1, 2), ffi.new("complex", 0.5, 0.25), nil
            for _ = 1, n do r = z + w end
            return r.re + r.im
        end, function(n, hand)
            local z, w, r = hand.complex(1, 2), hand.complex(0.5, 0.25), nil
            for _ = 1, n do r = z + w end
            return r.re + r.im
        end)
    end
end

local function add_metatypes(case, ffi, lib)
    local Pair
    Pair = ffi.metatype("struct bench_pair", {
        __index = { norm1 = lib.bench_pair_norm1, sum = function(p) return p.x + p.y end },
        __add = function(a, b) return Pair(a.x + b.x, a.y + b.y) end,
    })
    local Sum = ffi.metatype("struct bench_sum", { __index = function(p) return p.x + p.y end })
    local H = ffi.metatype("struct bench_handle", { __gc = function() end })

    case("p:norm1(), in C", function(n)
        local p, r = Pair(1.5, 2.5), nil
        for _ = 1, n do r = p:norm1() end
        return r
    end, function(n, hand)
        local p, r = hand.pair(1.5, 2.5), nil
        for _ = 1, n do r = p:norm1() end
        return r
    end)

    case("p:sum(), in Lua", function(n)
        local p, r = Pair(1.5, 2.5), nil
        for _ = 1, n do r = p:sum() end
        return r
    end, function(n, hand)
        local p, r = hand.pair(1.5, 2.5), nil
        for _ = 1, n do r = p:norm1() end
        return r
    end, function(n, least)
        least.lua_pair_metatable.sum = function(p) return p.x + p.y end
        local p, r = least.lua_pair(1.5, 2.5), nil
        for _ = 1, n do r = p:sum() end
        return r
    end)

    case("p.norm1", function(n)
        local p, r = Pair(1.5, 2.5), nil
        for _ = 1, n do r = p.norm1 end
        return r ~= nil
    end, function(n, hand)
        local p, r = hand.pair(1.5, 2.5), nil
        for _ = 1, n do r = p.norm1 end
        return r ~= nil
    end)

    case("p.sum by __index function", function(n)
        local p, r = Sum(1.5, 2.5), nil
        for _ = 1, n do r = p.sum end
        return r
    end, function(n, hand)
        local p, r = hand.pair(1.5, 2.5), nil
        for _ = 1, n do r = p.sum end
        return r
    end, function(n, least)
        least.lua_pair_metatable[1] = function(p) return p.x + p.y end
        local p, r = least.lua_pair(1.5, 2.5), nil
        for _ = 1, n do r = p.computed end
        return r
    end)

    case("p + q by __add", function(n)
        local p, q, r = Pair(1.5, 2.5), Pair(1, 2), nil
        for _ = 1, n do r = p + q end
        return r.x + r.y
    end, function(n, hand)
        local p, q, r = hand.pair(1.5, 2.5), hand.pair(1, 2), nil
        for _ = 1, n do r = p + q end
        return r.x + r.y
    end, function(n, least)
        local pair = least.lua_pair
        least.lua_pair_metatable.__add = function(a, b) return pair(a.x + b.x, a.y + b.y) end
        local p, q, r = pair(1.5, 2.5), pair(1, 2), nil
        for _ = 1, n do r = p + q end
        return r.x + r.y
    end)

    case("T(1) with __gc", function(n)
        local r
        for _ = 1, n do r = H(1) end
        return r ~= nil
    end, function(n, hand)
        local new, r = hand.handle, nil
        for _ = 1, n do r = new(1) end
        return r ~= nil
    end, function(n, least)
        least.handle_metatable.__gc = function() end
        local new, r = least.handle, nil
        for _ = 1, n do r = new(1) end
        return r ~= nil
    end)
end

local function add_callbacks(case, ffi, lib)
    local C = ffi.C
    local Step = ffi.typeof("double (*)(double)")
    local function step(x) return x + 0.5 end

    -- One operation is one call of the Lua function.
    case("C calls double(double)", function(n)
        local cb = ffi.cast(Step, step)
        local r = lib.bench_repeat(cb, 1, n)
        cb:free()
        return r
    end, function(n, hand) return hand.repeat_step(step, 1, n) end)

    -- One operation is one int of an array of at most 10,000. The hand-written binding gives its Lua function ints; the ffi, and
    -- the least code here, pointers to them.
    local Compare = ffi.typeof("int (*)(const int *, const int *)")
    local ints, nints = ffi.new("int[10000]"), 10000
    case("qsort(10000 ints), 1 int", function(n)
        local cb = ffi.cast(Compare, function(a, b) return a[0] - b[0] end)
        local r
        while n > 0 do
            local count = math.min(n, nints)
            lib.bench_shuffle(ints, count)
            C.qsort(ints, count, 4, cb)
            r, n = ints[0], n - count
        end
        cb:free()
        return r
    end, function(n, hand)
        local sort, compare, r = hand.sort_shuffled, function(a, b) return a - b end, nil
        while n > 0 do
            local count = math.min(n, nints)
            r, n = sort(compare, count), n - count
        end
        return r
    end, function(n, least)
        local sort, compare, r = least.sort_shuffled, function(a, b) return a[0] - b[0] end, nil
        while n > 0 do
            local count = math.min(n, nints)
            r, n = sort(compare, count), n - count
        end
        return r
    end)

    case("ffi.cast(T, f), cb:free()", function(n)
        local cast, cb = ffi.cast, nil
        for _ = 1, n do
            cb = cast(Step, step)
            cb:free()
        end
        return cb ~= nil
    end, function(n, hand)
        local new, cb = hand.callback, nil
        for _ = 1, n do
            cb = new(step)
            cb:free()
        end
        return cb ~= nil
    end)

    if not is_luajit then -- which has none that go by themselves
        case("ffi.callback, collected", function(n)
            local new, cb = ffi.callback, nil
            for _ = 1, n do cb = new(Step, step) end
            return cb ~= nil
        end, function(n, hand)
            local new, cb = hand.owned_callback, nil
            for _ = 1, n do cb = new(step) end
            return cb ~= nil
        end)
    end
end

return function(ffi, path, hand_module, floor_module)
    ffi.cdef(declarations)
    local lib = ffi.load(path)
    local cases = {}
    local function over(module, loop)
        return module and loop and function(n) return loop(n, module) end
    end
    local function case(name, ffi_loop, hand_loop, floor_loop)
        cases[#cases + 1] = {
            name = name, ffi = ffi_loop, hand = over(hand_module, hand_loop), floor = over(floor_module, floor_loop or hand_loop),
        }
    end

    add_calls(case, ffi, lib)
    add_access(case, ffi, lib)
    add_objects(case, ffi)
    add_arithmetic(case, ffi)
    add_metatypes(case, ffi, lib)
    add_callbacks(case, ffi, lib)
    case("(empty loop)", function(n)
        for _ = 1, n do end -- luacheck: ignore
    end, function(n)
        for _ = 1, n do end -- luacheck: ignore
    end)

    return cases
end
