-- Where a Lua function becomes a C function pointer by itself, and where it does not. LuaJIT is asked too, where it is installed.
local ffi = require "ffi"
local support = require "spec.support"

local lib = support.load "callbacks"

local declarations = [[
typedef int (*cbi_op)(int);
typedef cbi_op cbi_same;
typedef int cbi_function(int);
struct cbi_ops { cbi_op f; int (*g)(int); const cbi_op h; cbi_op list[2]; };
union cbi_either { cbi_op f; void *p; };
int snprintf(char *buffer, size_t size, const char *format, ...);
]]
ffi.cdef(declarations)

-- name = code; true where LuaJIT does something else, as the manual says.
local conversions = {
    { "a cast to a function pointer", [[ffi.cast("cbi_op", f)(1)]] },
    { "a cast to a function type", [[ffi.cast("int (int)", f)]] },
    { "a cast to void *", [[ffi.cast("void *", f)]] },
    { "a cast to an integer", [[ffi.cast("intptr_t", f)]] },
    { "a cast to a pointer to a function pointer", [[ffi.cast("cbi_op *", f)]] },
    { "a cast to a variadic function pointer", [[ffi.cast("int (*)(int, ...)", f)]] },
    { "a cast to a function pointer with a struct parameter", [[ffi.cast("int (*)(struct cbi_ops)", f)]], true },
    { "a cast of a C function of Lua's", [[ffi.cast("cbi_op", tostring)]] },
    { "a function pointer object", [[ffi.new("cbi_op", f)(1)]] },
    { "a function pointer object from a table", [[ffi.new("cbi_op", { f })]] },
    { "a function object", [[ffi.new("int (int)", f)]] },
    { "an integer object", [[ffi.new("int", f)]] },
    { "a field initialiser by place", [[ffi.new("struct cbi_ops", f, f).g(1)]] },
    { "a field initialiser in a table", [[ffi.new("struct cbi_ops", { f, g = f }).f(1)]] },
    { "a field initialiser by name", [[ffi.new("struct cbi_ops", { g = f }).g(1)]] },
    { "an initialiser of a const field", [[ffi.new("struct cbi_ops", { h = f }).h(1)]] },
    { "a nested initialiser", [[ffi.new("struct cbi_ops", { list = { f, f } }).list[1](1)]] },
    { "a union's initialiser", [[ffi.new("union cbi_either", f).f(1)]] },
    { "a union's initialiser by name", [[ffi.new("union cbi_either", { f = f }).f(1)]] },
    { "a union's void * by name", [[ffi.new("union cbi_either", { p = f })]] },
    { "an array's initialisers", [[ffi.new("cbi_op[2]", f, f)[1](1)]] },
    { "an array's initialisers in a table", [[ffi.new("cbi_op[2]", { f, f })[1](1)]] },
    { "an assignment to a field", [[(function() local s = ffi.new("struct cbi_ops") s.f = f return s.f(1) end)()]] },
    { "an assignment to an element", [[(function() local a = ffi.new("cbi_op[2]") a[1] = f return a[1](1) end)()]] },
    { "an assignment through a pointer", [[(function() local a = ffi.new("cbi_op[2]") local p = a + 1 p[0] = f return a[1](1) end)()]] },
    { "an assignment to a const field", [[(function() local s = ffi.new("struct cbi_ops") s.h = f end)()]] },
    { "an assignment to void *", [[(function() local s = ffi.new("union cbi_either") s.p = f end)()]] },
    { "an assignment of a callable table", [[(function() ffi.new("struct cbi_ops").f = setmetatable({}, { __call = f }) end)()]] },
    { "a variadic argument", [[ffi.C.snprintf(ffi.new("char[10]"), 10, "%p", f)]] },
    { "a result of a callback", [[ffi.cast("cbi_op (*)(void)", function() return f end)()(1)]] },
    { "an argument of a callback", [[ffi.cast("int (*)(cbi_op)", function(op) return op(1) end)(f)]] },
    { "a typedef of the type", [[ffi.cast("cbi_same", f)(1)]] },
    { "a pointer to a typedef of a function type", [[ffi.cast("cbi_function *", f)(1)]] },
    { "ffi.typeof", [[ffi.typeof(f)]] },
}

describe("a Lua function is converted, or refused, as in LuaJIT:", function()
    local prologue = ([[
        local ffi = require "ffi"
        ffi.cdef %q
        local function f(x) return x + 1 end
    ]]):format(declarations)
    local parts = { prologue }
    for i, case in ipairs(conversions) do
        parts[#parts + 1] = ("print(%d, (pcall(function() return %s end)))"):format(i, case[2])
    end
    local agrees = {}

    setup(function()
        local name = os.tmpname()
        support.write(name, table.concat(parts, "\n"))
        local output, status = support.run("luajit " .. name .. " 2>/dev/null")
        os.remove(name)
        if status ~= 0 then return end
        for number, worked in output:gmatch "(%d+)\t(%a+)" do agrees[math.tointeger(number)] = worked == "true" end
    end)

    for i, case in ipairs(conversions) do
        it(case[1], function()
            local code = "local ffi, f = ... return " .. case[2]
            local worked, result = pcall(assert(load(code)), ffi, function(x) return x + 1 end)
            if math.type(result) then assert.equal(2, result) end
            if agrees[i] == nil then return pending "no luajit here" end
            if case[3] then assert.are_not.equal(agrees[i], worked) else assert.equal(agrees[i], worked, result) end
        end)
    end
end)

describe("an implicit callback", function()
    local function count() return (ffi.callbacks()) end

    it("is one for each function and type, whatever the type is called", function()
        local function f(x) return x + 1 end
        local before = count()
        local ops = ffi.new("struct cbi_ops", { f = f, g = f, h = f, list = { f, f } })
        assert.equal(before + 1, count())
        assert.is_true(ops.f == ops.g and ops.f == ops.h and ops.f == ops.list[1])
        assert.equal(2, lib.cbk_call(f, 1))
        assert.equal(before + 1, count())
        for _, type in ipairs { "cbi_op", "cbi_same", "cbi_function *", "int (*)(int n)", "int (* const)(int)", "signed (*)(signed int)" } do
            assert.is_true(ffi.new(type, f) == ops.f, type)
        end
        assert.equal(before + 1, count())
        for i, type in ipairs { "int (*)(const int *)", "long (*)(int)", "int (*)(void)", "int (*)(unsigned)" } do
            assert.is_false(ffi.cast("void *", ffi.new(type, f)) == ffi.cast("void *", ops.f), type)
            assert.equal(before + 1 + i, count())
        end
    end)

    it("is another one for each function", function()
        local before = count()
        local ops = ffi.new "struct cbi_ops"
        for i = 1, 10 do ops.f = function(x) return x + i end end
        assert.equal(before + 10, count())
        assert.equal(11, ops.f(1))
    end)

    it("is permanent", function()
        local before = count()
        lib.cbk_keep(function(n) return 3 * n end)
        for _ = 1, 3 do collectgarbage() end
        assert.equal(before + 1, count())
        assert.equal(21, lib.cbk_kept(7))
    end)

    it("can be freed and changed through any pointer to it", function()
        local function f(x) return x + 1 end
        local before = count()
        lib.cbk_keep(f)
        ffi.new("cbi_op", f):set(function(x) return x + 2 end)
        assert.equal(9, lib.cbk_kept(7))
        assert.equal(before + 1, count())
        -- f has none any more: it gets a new one
        local new = ffi.new("cbi_op", f)
        assert.equal(before + 2, count())
        assert.equal(8, new(7))
        assert.equal(9, lib.cbk_kept(7))
        new:free()
        assert.equal(before + 1, count())
        lib.cbk_keep(f)
        assert.equal(before + 2, count())
        assert.equal(8, lib.cbk_kept(7))
    end)

    it("that one function made freed in a call made anew is the new one's", function()
        local function f(x) return x + 1 end
        local first = ffi.new("cbi_op", f)
        first:free()
        local second = ffi.new("cbi_op", f)
        assert.equal(8, second(7))
        assert.equal(8, lib.cbk_call(f, 7))
        second:free()
    end)

    it("of a function that a callback returned is called by C's caller", function()
        local choose <close> = ffi.callback("cbi_op (*)(int)", function(n)
            if n == 0 then return nil end
            return function(x) return n * x end
        end)
        assert.is_nil(choose(0))
        assert.equal(35, choose(5)(7))
    end)

    it("is not made for C functions and function pointers", function()
        local before = count()
        local ops = ffi.new("struct cbi_ops", lib.cbk_wanted and ffi.cast("cbi_op", lib.cbk_wait), nil)
        ops.g = ops.f
        ops.f = ffi.cast("cbi_op", lib.cbk_wait)
        assert.is_nil(ffi.new("struct cbi_ops").f)
        ops.f = nil
        assert.is_nil(ops.f)
        assert.equal(before, count())
    end)

    it("in a library's variable", function()
        local before = count()
        lib.cbk_variable = function(n) return n + 5 end
        assert.equal(before + 1, count())
        assert.equal(12, lib.cbk_variable(7))
        lib.cbk_variable:free()
        lib.cbk_variable = nil
        assert.is_nil(lib.cbk_variable)
    end)

    it("names the argument whose type is wrong", function()
        local worked, message = pcall(lib.cbk_call, 5, 1)
        assert.is_false(worked)
        assert.equal("'int (*)(int)' expected, got number (argument #1 'f' of 'cbk_call')", message)
        assert.is_false((pcall(lib.cbk_call, {}, 1)))
        assert.is_false((pcall(lib.cbk_call, "f", 1)))
    end)
end)
