-- ffi.gc: what can be marked, when finalisers run and in which order, what they may do, when the state closes. What a metatype's __gc adds is in
-- metatype_gc_spec.lua.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef [[
    typedef struct gc_file FILE;
    FILE *fopen(const char *path, const char *mode);
    int fputs(const char *text, FILE *file);
    int fclose(FILE *file);
    void *malloc(size_t n);
    void free(void *p);
    int close(int fd);
    typedef struct gc_point { int x, y; } gc_point;
    typedef struct gc_outer { int n; gc_point inner; gc_point list[4]; } gc_outer;
    union gc_union { int i; float f; };
    struct gc_open { int n; int rest[?]; };
    struct gc_aligned { int n __attribute__((aligned(64))); };
    typedef float gc_vector __attribute__((vector_size(16)));
    enum gc_enum { GC_ONE = 1 };
]]

local function collect()
    collectgarbage()
    collectgarbage()
end

-- Runs a program in an interpreter of its own, warnings on: what it printed, in order.
local function output_of(text, ...)
    local prologue = 'io.stdout:setvbuf "no" warn "@on" local ffi = require "ffi"\n'
    local output, status = support.lua_text(prologue .. text, ...)
    return output, status
end

-- Each makes an object that can be marked.
local markable = {
    ["a struct"] = function() return ffi.new("gc_point", 1, 2) end,
    ["a const struct"] = function() return ffi.new("const gc_point", 1, 2) end,
    ["a union"] = function() return ffi.new("union gc_union", 1) end,
    ["an array"] = function() return ffi.new("int[3]", 1) end,
    ["an empty array"] = function() return ffi.new("int[0]") end,
    ["a variable-length array"] = function() return ffi.new("int[?]", 5, 1) end,
    ["a variable-length struct"] = function() return ffi.new("struct gc_open", 5) end,
    ["an over-aligned struct"] = function() return ffi.new("struct gc_aligned", 5) end,
    ["a complex number"] = function() return ffi.new("double _Complex", 1, 2) end,
    ["a vector"] = function() return ffi.new("gc_vector", 1, 2) end,
    ["a pointer read from C"] = function() return ffi.cast("int *", 16) end,
    ["a pointer into an object"] = function() return ffi.new("int[3]") + 1 end,
    ["a function pointer"] = function() return ffi.cast("void (*)(void *)", ffi.C.free) end,
    ["what a pointer points to"] = function() return ffi.cast("gc_outer *", ffi.new "gc_outer")[0] end,
    ["a view into a struct"] = function() return ffi.new("gc_outer").inner end,
    ["an array in a struct"] = function() return ffi.new("gc_outer").list end,
    ["a NULL pointer object"] = function() return ffi.new("int *") end,
}

describe("ffi.gc", function()
    for name, make in pairs(markable) do
        it("marks " .. name, function()
            local text, got
            do
                local object = make()
                text = tostring(object)
                assert.is_true(rawequal(object, ffi.gc(object, function(o) got = tostring(o) end)))
            end
            collect()
            assert.are.equal(text, got)
        end)

        it("does not run the finaliser of what is in use: " .. name, function()
            local runs = 0
            local object = ffi.gc(make(), function() runs = runs + 1 end)
            collect()
            assert.are.equal(0, runs)
            assert.is_truthy(object)
            object = nil -- luacheck: ignore
            collect()
            collect()
            assert.are.equal(1, runs)
        end)

        it("clears and replaces: " .. name, function()
            local runs = {}
            local function note(what) return function() runs[#runs + 1] = what end end
            do
                local cleared, replaced, again = make(), make(), make()
                ffi.gc(ffi.gc(cleared, note "cleared"), nil)
                assert.is_true(rawequal(cleared, ffi.gc(cleared, nil)))
                ffi.gc(ffi.gc(replaced, note "old"), note "new")
                ffi.gc(ffi.gc(ffi.gc(again, note "old"), nil), note "again")
            end
            collect()
            table.sort(runs)
            assert.are.same({ "again", "new" }, runs)
        end)
    end

    it("of nil is nil", function()
        assert.is_nil(ffi.gc(nil, print))
        assert.is_nil(ffi.gc(nil, nil))
    end)

    local function message(...) return (select(2, pcall(ffi.gc, ...))) end

    it("refuses what has no finaliser", function()
        local point = ffi.new "gc_point"
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got no value)", message(point))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got no value)", message())
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got number)", message(point, 1))
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got boolean)", message(point, false))
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got table)", message(point, {}))
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got string)", message(point, "free"))
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got 'struct gc_point')", message(nil, point))
        assert.are.equal("bad argument #2 to 'ffi.gc' (finaliser or nil expected, got 'int *')", message(nil, ffi.new "int *"))
    end)

    it("refuses numbers and what is no cdata", function()
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got number)", message(1, print))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got string)", message("x", print))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got boolean)", message(false, nil))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got userdata)", message(io.stdout, print))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got ctype)", message(ffi.typeof "int", print))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got 'long')", message(ffi.new("long", 1), print))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got 'enum gc_enum')",
            message(ffi.new("enum gc_enum", 1), print))
        assert.are.equal("bad argument #1 to 'ffi.gc' (object or pointer expected, got 'void (void *)')", message(ffi.C.free, print))
    end)

    -- `ffi.gc(p[0], free)`: programs keep what the pointer points to, and the object is freed when the last view is gone.
    it("marks what a pointer points to, for as long as that or a view into it is in use", function()
        local freed = {}
        local memory = ffi.cast("gc_outer *", ffi.C.malloc(ffi.sizeof "gc_outer"))
        local object = ffi.gc(memory[0], function(o)
            freed[#freed + 1] = o.n
            ffi.C.free(o)
        end)
        object.n = 7
        local inner, element, pointer = object.inner, object.list[2], object.list + 1
        object, memory = nil, nil -- luacheck: ignore
        collect()
        inner.x, element.y, pointer.x = 1, 2, 3
        inner, element = nil, nil -- luacheck: ignore
        collect()
        assert.are.same({}, freed)
        pointer = nil -- luacheck: ignore
        collect()
        assert.are.same({ 7 }, freed)
    end)

    it("marks a view into an object that Lua owns, by itself", function()
        local outer, log = ffi.new "gc_outer", {}
        local view = ffi.gc(outer.inner, function(o) log[#log + 1] = o.x end)
        ffi.gc(outer.list, nil)
        local other = ffi.gc(outer.inner, print)
        assert.is_true(rawequal(other, ffi.gc(other, nil)))
        view.x = 5
        view = nil -- luacheck: ignore
        collect()
        assert.are.same({ 5 }, log)
    end)

    it("gives cdata's metatable no __gc, which would make marking walk over all newer objects", function()
        local object = ffi.gc(ffi.new "gc_point", print)
        assert.is_nil(debug.getmetatable(object).__gc)
        ffi.gc(object, nil)
    end)
end)

describe("a finaliser", function()
    local path

    before_each(function() path = os.tmpname() end)
    after_each(function() os.remove(path) end)

    -- Whether the file is flushed and closed once its pointer is gone.
    local function closes(finaliser)
        local file = ffi.gc(ffi.C.fopen(path, "w"), finaliser)
        ffi.C.fputs("written", file)
        assert.are.equal("", support.read(path))
        file = nil -- luacheck: ignore
        collect()
        return support.read(path) == "written"
    end

    it("may be a C function", function()
        assert.is_true(closes(ffi.C.fclose))
    end)

    it("may be a function pointer", function()
        assert.is_true(closes(ffi.cast("int (*)(FILE *)", ffi.C.fclose)))
    end)

    it("may be a table or userdata that can be called", function()
        assert.is_true(closes(setmetatable({}, { __call = function(_, file) ffi.C.fclose(file) end })))
        local closer = ffi.metatype("struct { int n; }", { __call = function(_, file) ffi.C.fclose(file) end })
        assert.is_true(closes(closer()))
    end)

    it("may be a C function that takes the object by value or by pointer", function()
        local got
        local object = ffi.gc(ffi.cast("void *", ffi.C.malloc(10)), ffi.C.free)
        assert.is_truthy(object)
        object = ffi.gc(ffi.new("gc_point", 5, 6), function(point) got = point.x + point.y end) -- luacheck: ignore
        object = nil -- luacheck: ignore
        collect()
        assert.are.equal(11, got)
    end)

    it("runs in reverse order of marking, not of making", function()
        local order = {}
        do
            local list = {}
            for i = 1, 10 do list[i] = ffi.new("gc_point", i) end
            for _, i in ipairs { 3, 1, 10, 2, 9, 4, 8, 5, 7, 6 } do
                ffi.gc(list[i], function(point) order[#order + 1] = point.x end)
            end
            ffi.gc(list[3], function(point) order[#order + 1] = 100 + point.x end) -- replaced: keeps its place
            ffi.gc(list[10], nil)
            ffi.gc(list[10], function(point) order[#order + 1] = 100 + point.x end) -- cleared and marked again: anew
        end
        collect()
        assert.are.same({ 110, 6, 7, 5, 8, 4, 9, 2, 1, 103 }, order)
    end)

    it("runs once although it keeps its object, and again if it marks it again", function()
        local runs, kept = 0, nil
        local function finalise(point)
            runs = runs + 1
            kept = point
        end
        do ffi.gc(ffi.new("gc_point", 5), finalise) end
        collect()
        assert.are.equal(1, runs)
        assert.are.equal(5, kept.x)
        kept = nil -- luacheck: ignore
        collect()
        assert.are.equal(1, runs)

        local function again(point)
            runs = runs + 1
            if runs < 5 then ffi.gc(point, again) end
        end
        runs = 0
        do ffi.gc(ffi.new("gc_point", 5), again) end
        for i = 1, 7 do
            collectgarbage()
            assert.are.equal(math.min(i, 5), runs)
        end
    end)

    it("may make objects that have finalisers", function()
        local runs = 0
        local function finalise(point)
            runs = runs + 1
            if point.x > 0 then ffi.gc(ffi.new("gc_point", point.x - 1), finalise) end
        end
        do ffi.gc(ffi.new("gc_point", 5), finalise) end
        for _ = 1, 10 do collectgarbage() end
        assert.are.equal(6, runs)
    end)

    it("may refer to its own object, and to others that are finalised", function()
        local order = {}
        do
            local a, b = ffi.new("gc_point", 1), ffi.new("gc_point", 2)
            ffi.gc(a, function() order[#order + 1] = a.x * 10 + b.x end)
            ffi.gc(b, function() order[#order + 1] = b.x * 10 + a.x end)
        end
        collect()
        assert.are.same({ 21, 12 }, order)
    end)

    it("may take the mark off an object whose turn comes later, and replace another's", function()
        local order = {}
        do
            local a, b, c = ffi.new("gc_point", 1), ffi.new("gc_point", 2), ffi.new("gc_point", 3)
            ffi.gc(a, function() order[#order + 1] = "a" end)
            ffi.gc(b, function() order[#order + 1] = "b" end)
            ffi.gc(c, function()
                ffi.gc(a, nil)
                ffi.gc(b, function() order[#order + 1] = "b, replaced" end)
            end)
        end
        collect()
        assert.are.same({ "b, replaced" }, order)
    end)

    it("finds its object gone from the values of weak tables", function()
        local weak, seen = setmetatable({}, { __mode = "v" }), "not run"
        do weak[1] = ffi.gc(ffi.new "gc_point", function() seen = weak[1] end) end
        collect()
        assert.is_nil(seen)
    end)

    it("does not disturb ffi.errno", function()
        assert.are.equal(-1, ffi.C.close(-1))
        local errno = ffi.errno()
        assert.are_not.equal(0, errno)
        do
            ffi.gc(ffi.new "gc_point", function()
                assert.is_nil(ffi.C.fopen("/nonexistent/file", "r"))
                assert.are_not.equal(errno, ffi.errno())
            end)
            ffi.gc(ffi.new "gc_point", function() ffi.errno(77) error "after changing errno" end)
        end
        collect()
        assert.are.equal(errno, ffi.errno())
        ffi.errno(0)
    end)

    it("is let go when it is cleared, replaced or has run", function()
        local weak = setmetatable({}, { __mode = "k" })
        local function finaliser()
            local f = function() weak[1] = nil end
            weak[f] = true
            return f
        end
        local cleared, replaced = ffi.new "gc_point", ffi.new "gc_point"
        ffi.gc(ffi.gc(cleared, finaliser()), nil)
        ffi.gc(ffi.gc(replaced, finaliser()), print)
        do ffi.gc(ffi.new "gc_point", finaliser()) end
        collect()
        collect()
        assert.is_nil(next(weak))
        ffi.gc(replaced, nil)
    end)

    it("costs nothing once it is gone", function()
        local object = ffi.new "gc_point"
        local function nothing() end
        collect()
        local before = collectgarbage "count"
        for i = 1, 5000 do
            ffi.gc(ffi.gc(object, nothing), nil)
            ffi.gc(ffi.new "gc_point", nothing)
            if i % 200 == 0 then collect() end -- whatever else the heap holds: the table of finalisers stays small
        end
        collect()
        collect()
        assert.is_true(collectgarbage "count" - before < 50)
    end)

    it("that is marked in a coroutine runs when that is gone", function()
        local got
        coroutine.wrap(function()
            ffi.gc(ffi.new("gc_point", 8), function(point) got = point.x end)
            coroutine.yield()
        end)()
        collect()
        assert.are.equal(8, got)
    end)
end)

describe("what is derived from a marked object keeps it:", function()
    local function allocate() return ffi.cast("gc_outer *", ffi.C.malloc(100)) end

    -- Each derives from a marked object, given and then dropped.
    local derived = {
        ["a view of a struct"] = { function() return ffi.new("gc_outer", 1) end, function(o) return o.inner end },
        ["an element"] = { function() return ffi.new "gc_point[4]" end, function(o) return o[2] end },
        ["an array member"] = { function() return ffi.new "gc_outer" end, function(o) return o.list end },
        ["a cast"] = { function() return ffi.new "gc_outer" end, function(o) return ffi.cast("char *", o) end },
        ["a struct behind a pointer"] = { allocate, function(p) return p[0] end },
        ["a member behind a pointer"] = { allocate, function(p) return p.inner end },
        ["a pointer moved"] = { allocate, function(p) return p + 1 end },
        ["a pointer cast"] = { allocate, function(p) return ffi.cast("int *", p) end },
        ["a pointer into an object moved"] = { function() return ffi.new "int[8]" + 1 end, function(p) return p + 1 end },
        ["a view of a view"] = { allocate, function(p) return p.list[1] end },
    }
    for name, case in pairs(derived) do
        it(name, function()
            local runs = 0
            local value
            do
                local object = case[1]()
                ffi.gc(object, function(o)
                    runs = runs + 1
                    if case[1] == allocate then ffi.C.free(o) end
                end)
                value = case[2](object)
            end
            collect()
            assert.are.equal(0, runs)
            assert.is_truthy(value)
            value = nil -- luacheck: ignore
            collect()
            assert.are.equal(1, runs)
        end)
    end

    it("not a copy, nor a pointer stored in C memory", function()
        local runs = 0
        local copy, holder
        do
            local object = ffi.gc(ffi.new("gc_point", 3), function() runs = runs + 1 end)
            copy = ffi.new("gc_point", object)
            holder = ffi.new("gc_point *[1]", { object })
        end
        collect()
        assert.are.equal(1, runs)
        assert.are.equal(3, copy.x)
        assert.is_truthy(holder)
        collect()
        assert.are.equal(1, runs)
    end)
end)

describe("a to-be-closed cdata", function()
    local events

    before_each(function() events = {} end)
    local function note(what) return function() events[#events + 1] = what end end

    it("runs its finaliser at once, and that once", function()
        do
            local object <close> = ffi.gc(ffi.new "gc_point", note "finaliser")
            assert.is_truthy(object)
            events[#events + 1] = "body"
        end
        assert.are.same({ "body", "finaliser" }, events)
        collect()
        assert.are.same({ "body", "finaliser" }, events)
    end)

    it("runs its metatype's __close instead, and keeps its finaliser", function()
        local ct = ffi.metatype("struct { int x; }", { __close = note "close", __gc = note "gc" })
        do local _ <close> = ct() end
        assert.are.same({ "close" }, events)
        collect()
        assert.are.same({ "close", "gc" }, events)
    end)

    it("runs its metatype's __gc when there is no __close", function()
        local ct = ffi.metatype("struct { int x; }", { __gc = note "gc" })
        do local _ <close> = ct() end
        assert.are.same({ "gc" }, events)
        collect()
        assert.are.same({ "gc" }, events)
    end)

    it("does nothing without either, whatever it is", function()
        for _, make in pairs(markable) do
            do local _ <close> = make() end
        end
        do local _ <close> = ffi.new("int64_t", 1) end
        do local _ <close> = ffi.new("gc_outer").inner end
    end)

    it("may be cleared before", function()
        do
            local object <close> = ffi.gc(ffi.new "gc_point", note "finaliser")
            ffi.gc(object, nil)
        end
        assert.are.same({}, events)
    end)

    it("passes on its finaliser's error, and may yield in it", function()
        local worked, message = pcall(function()
            local _ <close> = ffi.gc(ffi.new "gc_point", function() error("raised", 0) end)
        end)
        assert.are.same({ false, "raised" }, { worked, message })
        local co = coroutine.wrap(function()
            do local _ <close> = ffi.gc(ffi.new "gc_point", function() coroutine.yield "out" end) end
            return "end"
        end)
        assert.are.equal("out", co())
        assert.are.equal("end", co())
    end)

    it("gets the error that closes it only in __close", function()
        local got
        pcall(function()
            local _ <close> = ffi.gc(ffi.new "gc_point", function(...) got = select("#", ...) end)
            error "oh"
        end)
        assert.are.equal(1, got)
    end)
end)

describe("when the state closes,", function()
    it("all finalisers run, in reverse order of marking among each other and with Lua's", function()
        local output, status = output_of [[
            local list = {}
            for i = 1, 3 do
                list[#list + 1] = ffi.gc(ffi.new("int[1]", i), function(o) print("cdata", o[0]) end)
                list[#list + 1] = setmetatable({}, { __gc = function() print("table", i) end })
            end
            local ct = ffi.metatype("struct { int x; }", { __gc = function(o) print("metatype", o.x) end })
            list[#list + 1] = ct(4)
            _G.list = list
        ]]
        assert.are.equal("metatype\t4\ntable\t3\ncdata\t3\ntable\t2\ncdata\t2\ntable\t1\ncdata\t1\n", output)
        assert.are.equal(0, status)
    end)

    it("they may use the whole ffi, libraries too", function()
        local output, status = output_of([[
            ffi.cdef "int call_add(int a, int b); int call_twice(int); typedef struct { int x; } point;"
            local lib = ffi.load(...)
            keep = ffi.gc(ffi.new("point", 1), function(point)
                collectgarbage()
                ffi.cdef "struct late { point p; int list[?]; }; double fabs(double);"
                local late = ffi.new("struct late", 3, { { 5 }, { 6, 7 } })
                print(lib.call_add(point.x, late.list[1]), lib.call_twice(late.p.x), ffi.C.fabs(-2.5))
                local T = ffi.metatype("point", { __index = { y = 8 }, __gc = print })
                print(T(1).y, ffi.sizeof(late), ffi.cast("int *", late)[0], ffi.load(path).call_twice(4))
                ffi.gc(T(2), print)
            end)
            path = ...
        ]], support.path "calls")
        assert.are.equal("8\t10\t2.5\n8\t16\t5\t8\n", output)
        assert.are.equal(0, status)
    end)

    it("C functions as finalisers find their libraries", function()
        local output, status = output_of([[
            ffi.cdef "int puts(const char *); int call_is_null(const void *p);"
            list = {}
            list[0] = ffi.gc(ffi.new "int[1]", ffi.load(...).call_is_null)
            list[1] = ffi.gc(ffi.new("char[4]", "one"), ffi.C.puts)
            list[2] = ffi.gc(ffi.new("char[4]", "two"), ffi.cast("int (*)(const char *)", ffi.C.puts))
            os.exit(true, true)
        ]], support.path "calls")
        assert.are.equal("two\none\n", output)
        assert.are.equal(0, status)
    end)

    it("errors in finalisers are warnings, as Lua gives them for __gc", function()
        local function run(how) return (output_of(([[
            _G.keep = %s
            print "end"
        ]]):format(how))) end
        local finaliser = [[function() error("it broke", 0) end]]
        assert.are.equal(run(("setmetatable({}, { __gc = %s })"):format(finaliser)), run(("ffi.gc(ffi.new 'int[1]', %s)"):format(finaliser)))
        assert.are.equal("end\nLua warning: error in __gc (it broke)\n", run(("ffi.gc(ffi.new 'int[1]', %s)"):format(finaliser)))
    end)
end)

describe("an error in a finaliser", function()
    it("stops neither the collection nor the other finalisers", function()
        local output = output_of [[
            local held = {}
            for i = 1, 3 do
                held[i] = ffi.gc(ffi.new("int[1]", i), function(o)
                    print(o[0])
                    if o[0] == 2 then error("two", 0) elseif o[0] == 1 then coroutine.yield() end
                end)
            end
            held = nil
            coroutine.wrap(collectgarbage)()
            print "end"
        ]]
        assert.are.equal("3\n2\nLua warning: error in __gc (two)\n1\n" ..
            "Lua warning: error in __gc (attempt to yield across a C-call boundary)\nend\n", output)
    end)
end)

describe("under a hostile collector", function()
    local program = [[
        ffi.cdef "typedef struct { int x, y; } point; void *malloc(size_t); void free(void *);"
        local made, gone = 0, 0
        local function finalise(point)
            collectgarbage()
            assert(point.x == 5 and point.y == 6)
            gone = gone + 1
            point.x = 0
        end
        local T = ffi.metatype("struct { int x, y; }", { __gc = function(o) finalise(o) end })
        for _ = 1, 30 do
            made = made + 4
            local a = ffi.gc(ffi.new("point", 5, 6), finalise)
            local b = ffi.gc(ffi.cast("point *", ffi.C.malloc(8)), function(p) finalise(p) ffi.C.free(p) end)
            b.x, b.y = 5, 6
            local c = T(5, 6)
            local view = ffi.gc(ffi.cast("point *", ffi.C.malloc(16)), function(p) finalise(p + 1) ffi.C.free(p) end)[1]
            collectgarbage "step"
            view.x, view.y = 5, 6
            assert(a.x == 5 and b.y == 6 and c.x == 5 and view.y == 6)
            ffi.gc(a, nil)
            ffi.gc(a, finalise)
            ffi.gc(b, nil)
            ffi.gc(b, function(p) finalise(p) ffi.C.free(p) end)
        end
        debug.sethook()
        collectgarbage()
        collectgarbage()
        assert(made == gone, made .. " made, " .. gone .. " gone")
        print "done"
    ]]
    for name, setting in pairs {
        ["that is incremental and never rests"] = 'collectgarbage("incremental", 100, 1000, 1)',
        ["that is generational"] = 'collectgarbage("generational", 1, 1)',
        ["that is generational and runs at each instruction"] =
            'collectgarbage("generational", 1, 1) debug.sethook(function() collectgarbage "step" end, "", 3)',
        ["that runs at each instruction"] = 'debug.sethook(function() collectgarbage() end, "", 3)',
    } do
        it(name .. " each finaliser runs once, with its object whole", function()
            local output, status = output_of(setting .. "\n" .. program)
            assert.are.equal("done\n", output)
            assert.are.equal(0, status)
        end)
    end
end)

describe("in several states", function()
    for _, mode in ipairs { "together", "after", "threads" } do
        it("finalisers and metatypes do not meet: " .. mode, function()
            local directory = support.new_directory()
            finally(function() support.remove(directory) end)
            support.write(directory .. "/script.lua", [[
                local ffi = require "ffi"
                ffi.cdef("struct st_thing { int n[" .. id + 1 .. "]; }")
                local count = 0
                local mt = { __index = { id = id }, __gc = function(o) count = count + o.n[0] end, __len = function() return id end }
                local T = rounds and ffi.typeof "struct st_thing" or ffi.metatype("struct st_thing", mt)
                rounds = (rounds or 0) + 1
                if rounds == 1 then
                    for i = 1, 20 do assert(T({ { i } }).id == id and #T() == id) end
                    collectgarbage()
                    collectgarbage()
                    assert(count == 210, count)
                end
                last = ffi.gc(ffi.new("struct st_thing"), function(o) assert(o.id == id and #o == id) end)
            ]])
            local output, status = support.run_states(directory, mode)
            assert.equal("", output)
            assert.equal(0, status)
        end)
    end
end)
