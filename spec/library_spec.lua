-- Libraries: how ffi.load finds them, what a namespace caches, how long they stay mapped, several states and threads.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

ffi.cdef [[
const char *zlibVersion(void);
const char *sqlite3_libversion(void);
double cos(double x);
int call_add(int a, int b);
int call_count(void);
extern volatile int call_counter;
extern int call_matrix[2][3];
extern struct call_operations { int (*add)(int, int), (*subtract)(int, int); } call_operations;
extern const char *call_greeting;
enum { LIBRARY_CONSTANT = 77 };
static const int LIBRARY_STATIC = 78;
]]

local path = support.path "calls"

describe("ffi.load finds a library", function()
    it("by path", function()
        assert.equal(3, ffi.load(path).call_add(1, 2))
        assert.equal(3, ffi.load((path:gsub("/spec/", "/spec/../spec/"))).call_add(1, 2))
    end)

    it("by name", function()
        assert.matches("^%d+%.%d+", ffi.string(ffi.load "z".zlibVersion()))
        assert.matches("^3%.", ffi.string(ffi.load "sqlite3".sqlite3_libversion()))
        assert.equal(math.cos(1), ffi.load "m".cos(1))
    end)

    it("by file name", function()
        assert.matches("^%d+%.%d+", ffi.string(ffi.load "libz.so.1".zlibVersion()))
        assert.equal(math.cos(1), ffi.load "libm.so.6".cos(1))
    end)

    it("by a name without the lib in front, or with the version behind, as LuaJIT does", function()
        for _, name in ipairs { "libz", "z.so.1", "libz.so.1" } do
            assert.matches("^%d+%.%d+", ffi.string(ffi.load(name).zlibVersion()))
        end
        assert.equal(math.cos(1), ffi.load "m.so.6".cos(1))
    end)

    it("by name where only versions of it are installed", function()
        local listing = support.run "/sbin/ldconfig -p 2>/dev/null"
        local names = {}
        for name in listing:gmatch "lib([%w_]+)%.so%.%d+ [^\n]*x86%-64" do
            if not listing:find(("lib%s.so "):format(name), 1, true) and #names < 3 then names[#names + 1] = name end
        end
        if #names == 0 then return pending "every library here has its development link" end
        for _, name in ipairs(names) do
            -- in a process of its own: a strange library may do anything when it is loaded
            local output, status = support.lua_text(([[
                local ffi = require "ffi"
                local lib = ffi.load "%s"
                for line in io.lines "/proc/self/maps" do
                    local file = line:match "/lib%s%%.so%%.%%S+$"
                    if file then print(file, lib) os.exit(true, true) end
                end]]):format(name, name))
            assert.equal(0, status, output)
            assert.matches("^/lib" .. name .. "%.so%.%d", output)
        end
    end)

    it("the same one again", function()
        local first, second = ffi.load(path), ffi.load(path)
        first.call_counter = 12
        assert.equal(12, second.call_counter)
    end)
end)

describe("the global flag", function()
    local function missing_in_c(flag)
        return support.lua_text(([[
            local ffi = require "ffi"
            ffi.cdef "int call_add(int a, int b);"
            local lib = ffi.load(..., %s)
            print(pcall(function() return ffi.C.call_add(1, 2) end), lib.call_add(1, 2))
            print((select(2, pcall(function() return ffi.C.call_add(1, 2) end))))]]):format(flag), path)
    end

    it("shows a library's symbols in ffi.C", function()
        assert.equal("true\t3\n3\n", missing_in_c "true")
    end)

    -- Programs discard the namespace: nothing of ffi.C would keep the library that a function is in.
    it("keeps the library loaded, whatever becomes of its namespace", function()
        assert.equal("3\n", (support.lua_text([[
            local ffi = require "ffi"
            ffi.load(..., true)
            ffi.cdef "int call_add(int a, int b);"
            for _ = 1, 4 do collectgarbage() end
            local add = ffi.C.call_add
            for _ = 1, 4 do collectgarbage() end
            print(add(1, 2))]], path)))
    end)

    it("keeps them apart without", function()
        assert.matches("^false\t3\n[^\n]*no symbol 'call_add' in the process and the libraries it has loaded %(ffi%.C%)\n$",
            missing_in_c "false")
        assert.matches("^false\t3\n", missing_in_c "nil")
    end)
end)

describe("a namespace", function()
    local lib
    before_each(function() lib = ffi.load(path) end)

    it("caches functions after the first read", function()
        assert.is_nil(rawget(lib, "call_add"))
        local add = lib.call_add
        assert.is_true(rawequal(add, rawget(lib, "call_add")))
        assert.is_true(rawequal(add, lib.call_add))
    end)

    it("caches constants, of every library and ffi.C", function()
        assert.is_nil(rawget(lib, "LIBRARY_CONSTANT"))
        assert.equal(77, lib.LIBRARY_CONSTANT)
        assert.equal(77, rawget(lib, "LIBRARY_CONSTANT"))
        assert.equal(78, ffi.C.LIBRARY_STATIC)
        assert.equal(78, rawget(ffi.C, "LIBRARY_STATIC"))
    end)

    -- More of them than a namespace keeps at hand, and names that Lua does not intern.
    it("tells variables apart, however many and long their names", function()
        local names, declarations, definitions = {}, {}, {}
        for i = 1, 100 do
            names[i] = ("library_variable_%d%s"):format(i, i % 3 == 0 and ("_long"):rep(10) or "")
            declarations[i] = ("extern int %s;"):format(names[i])
            definitions[i] = ("int %s = %d;"):format(names[i], i)
        end
        ffi.cdef(table.concat(declarations, "\n"))
        local many = ffi.load(oracle.library("library_variables", table.concat(definitions, "\n")))
        for round = 0, 2 do
            for i, name in ipairs(names) do
                assert.equal(i + round, many[name .. ""], name)
                many[name] = many[name] + 1
            end
            collectgarbage()
        end
    end)

    it("never caches variables", function()
        for _, name in ipairs { "call_counter", "call_matrix", "call_operations", "call_greeting" } do
            local _ = lib[name]
            assert.is_nil(rawget(lib, name), name)
        end
        lib.call_counter = 1
        assert.is_nil(rawget(lib, "call_counter"))
        assert.equal(2, lib.call_count())
        assert.equal(2, lib.call_counter)
    end)

    it("tells which library it is", function()
        assert.equal(("library: library '%s'"):format(path), tostring(lib))
        assert.equal("library: the process and the libraries it has loaded (ffi.C)", tostring(ffi.C))
        assert.equal("table", type(lib))
        assert.equal("ffi", getmetatable(lib))
    end)
end)

describe("a library that is used no more", function()
    local directory, copy

    setup(function()
        directory = support.new_directory()
        copy = directory .. "/libprivate.so"
        support.write(copy, support.read(path))
    end)

    teardown(function()
        support.remove(directory)
    end)

    local function collect()
        for _ = 1, 4 do collectgarbage() end
    end

    local function is_mapped()
        collect()
        for line in io.lines "/proc/self/maps" do
            if line:find(copy, 1, true) then return true end
        end
        return false
    end

    after_each(function() assert.is_false(is_mapped()) end)

    it("is unloaded", function()
        local lib = ffi.load(copy)
        assert.is_true(is_mapped())
        assert.equal("library '" .. copy .. "'", tostring(lib):match "library '.*")
        lib = nil -- luacheck: ignore
        assert.is_false(is_mapped())
    end)

    it("is unloaded after calls, and can be loaded again", function()
        for _ = 1, 3 do
            local lib = ffi.load(copy)
            lib.call_counter = 5
            assert.equal(6, lib.call_count())
            assert.is_true(is_mapped())
            lib = nil -- luacheck: ignore
            assert.is_false(is_mapped())
        end
    end)

    for what, take in pairs {
        ["its namespace"] = function(lib) return lib end,
        ["a function"] = function(lib) return lib.call_add end,
        ["a variadic function"] = function(lib)
            ffi.cdef "long call_sum(int count, ...);"
            return lib.call_sum
        end,
        ["a pointer made from a function"] = function(lib) return ffi.cast("void *", lib.call_add) end,
        ["a function pointer object made from a function"] = function(lib) return ffi.new("int (*)(int, int)", lib.call_add) end,
        ["the view of an array variable"] = function(lib) return lib.call_matrix end,
        ["the view of a struct variable"] = function(lib) return lib.call_operations end,
        ["an element of a view"] = function(lib) return lib.call_matrix[1] end,
        ["a pointer derived from a view"] = function(lib) return lib.call_matrix + 1 end,
        ["a pointer cast from a view"] = function(lib) return ffi.cast("int *", lib.call_matrix) end,
        ["a Lua function that calls it"] = function(lib) return function() return lib.call_count() end end,
        ["a coroutine that uses it"] = function(lib)
            local running = coroutine.create(function() coroutine.yield(lib.call_add(1, 2)) end)
            coroutine.resume(running)
            return running
        end,
    } do
        it("stays mapped while there is " .. what, function()
            local kept = take(ffi.load(copy))
            assert.is_true(is_mapped())
            assert.is_not_nil(kept)
            kept = nil -- luacheck: ignore
        end)
    end

    it("stays mapped until the finalisers of those that die with it have run", function()
        local output, status = support.lua_text([[
            local ffi = require "ffi"
            ffi.cdef "int call_add(int a, int b);"
            local path = ...
            local function mapped()
                for line in io.lines "/proc/self/maps" do if line:find(path, 1, true) then return true end end
                return false
            end
            for round = 1, 2 do
                -- before the library, so that its turn comes after the library's
                local user = setmetatable({}, { __gc = function(self)
                    print(self.add(round, 1), self.lib.call_add(round, 2), mapped())
                    if self.again then self.again = false setmetatable(self, getmetatable(self)) end
                end })
                user.again = round == 2
                user.lib = ffi.load(path)
                user.add = user.lib.call_add
                user = nil
                for _ = 1, 5 do collectgarbage() end
                print(mapped())
            end]], copy)
        assert.equal(0, status)
        assert.equal("2\t3\ttrue\nfalse\n3\t4\ttrue\n3\t4\ttrue\nfalse\n", output)
    end)

    it("is unloaded in generational mode too", function()
        collectgarbage "generational"
        local lib = ffi.load(copy)
        assert.equal(3, lib.call_add(1, 2))
        assert.is_true(is_mapped())
        lib = nil -- luacheck: ignore
        local mapped = is_mapped()
        collectgarbage "incremental"
        assert.is_false(mapped)
    end)
end)

describe("at the end of a state", function()
    it("finalisers still call C, whenever their objects were made", function()
        local output, status = support.lua_text([[
            early = setmetatable({}, { __gc = function()
                print("early", lib.call_add(1, 2), lib.call_counter, matrix[1][2], pointer(5, 6), ffi.string(lib.call_greeting))
                print("new names", lib.call_subtract(5, 3), pcall(function() return lib.call_missing end))
            end })
            ffi = require "ffi"
            ffi.cdef "int call_add(int a, int b); int call_subtract(int a, int b); int call_missing(void);"
            ffi.cdef "extern volatile int call_counter; extern int call_matrix[2][3]; extern const char *call_greeting;"
            between = setmetatable({}, { __gc = function() print("between", lib.call_add(2, 3), ffi.new("int[3]", 1, 2, 3)[2]) end })
            lib = ffi.load(...)
            lib.call_counter = 9
            matrix = lib.call_matrix
            pointer = ffi.cast("int (*)(int, int)", lib.call_add)
            late = setmetatable({}, { __gc = function()
                print("late", add(3, 4), ffi.sizeof(ffi.typeof("struct { int a[$]; }", 4)))
                collectgarbage()
            end })
            add = lib.call_add]], path)
        assert.equal(0, status, output)
        local lines = {}
        for line in output:gmatch "[^\n]+" do lines[#lines + 1] = line end
        assert.equal("late\t7\t16", lines[1])
        assert.equal("between\t5\t3", lines[2])
        assert.equal("early\t3\t9\t6\t11\thello", lines[3])
        assert.matches("^new names\t2\tfalse\t.*no symbol 'call_missing' in library '", lines[4])
        assert.equal(4, #lines)
    end)

    it("objects in to-be-closed variables and pending coroutines do no harm", function()
        local output, status = support.lua_text([[
            local ffi = require "ffi"
            ffi.cdef "int call_add(int a, int b);"
            local lib = ffi.load(...)
            local object <close> = setmetatable({}, { __close = function() print(lib.call_add(1, 1)) end })
            pending = coroutine.wrap(function()
                local inner <close> = setmetatable({}, { __close = function() print(lib.call_add(2, 2)) end })
                coroutine.yield()
            end)
            pending()
            os.exit(true, true)]], path)
        assert.equal(0, status, output)
        assert.equal("2\n", output)
    end)
end)

describe("several states in one process", function()
    local directory

    local script = [[
        local ffi = require "ffi"
        local id = id
        -- the same names for other things in each state
        ffi.cdef("struct thing { int n[" .. id + 1 .. "]; }; int call_add(int a, int b); int call_fail(int n); long call_sum(int n, ...);")
        ffi.cdef "int call_compare_ints(const void *, const void *);"
        ffi.cdef "void qsort(void *list, size_t count, size_t size, int (*compare)(const void *, const void *));"
        local lib = ffi.load "%s"
        assert(ffi.sizeof "struct thing" == 4 * (id + 1))
        for i = 1, 50 do
            assert(lib.call_add(id, i) == id + i)
            lib.call_fail(id + i)
            local thing = ffi.new("struct thing", { { i } })
            assert(thing.n[0] == i)
            assert(lib.call_sum(2, id, i) == id + 2 * i)
            local list = ffi.new("int[3]", i, id, -1)
            ffi.C.qsort(list, 3, 4, lib.call_compare_ints)
            assert(list[0] == -1)
            assert(ffi.errno() == id + i)
            assert(not pcall(lib.call_add, "x", i))
        end
        last = setmetatable({}, { __gc = function() assert(lib.call_add(id, 1) == id + 1) end })
        collectgarbage()
        return function()
            assert(lib.call_add(20, 22) == 42)
            lib.call_fail(5)
            assert(ffi.errno() == 5)
            ffi.cdef "int call_twice(int n);"
            assert(lib.call_twice(21) == 42)
        end]]

    setup(function()
        directory = support.new_directory()
        support.write(directory .. "/script.lua", (script:gsub('load "%%s"', ("load %q"):format(path))))
    end)

    teardown(function() support.remove(directory) end)

    for _, mode in ipairs { "together", "after", "threads", "handover" } do
        it("do not meet: " .. mode, function()
            local output, status = support.run_states(directory, mode)
            assert.equal("", output)
            assert.equal(0, status)
        end)
    end
end)
