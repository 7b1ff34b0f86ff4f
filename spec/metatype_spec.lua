-- ffi.metatype: each metamethod on each kind of type that can have one, what wins over what, and what happens inside.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef [[
    double _Complex conj(double _Complex z);
    void *malloc(size_t n);
    void free(void *p);
]]

-- Kinds of types that can have a metatype; "%" is a name that is new each time, for no type takes two metatypes. None has a member
-- `nothing`; the arguments make an object whose first number is not 0.
local kinds = {
    { name = "a struct", declaration = "struct %", body = "struct % { int x, y; };", arguments = { 3, 4 } },
    { name = "a union", declaration = "union %", body = "union % { int x; float y; };", arguments = { 3 } },
    { name = "an anonymous struct behind a typedef", declaration = "%", body = "typedef struct { int x, y; } %;", arguments = { 3, 4 } },
    { name = "a packed struct of odd size", declaration = "%", body = "typedef struct __attribute__((packed)) { char c; int x; } %;",
        arguments = { 1, 3 } },
    { name = "an over-aligned struct", declaration = "%", body = "typedef struct { int x __attribute__((aligned(64))); } %;", arguments = { 3 } },
}

-- complex and vector types are one type each, however they are called: they get their metatypes once, here, and other specs run in
-- the same state.
local shared = {
    { name = "a complex type", type = ffi.typeof "unsigned char _Complex", arguments = { 3, 4 } },
    { name = "a vector type", type = ffi.typeof "unsigned char __attribute__((vector_size(32)))", arguments = { 3, 4 } },
}
for _, kind in ipairs(shared) do
    kind.metatable = {}
    ffi.metatype(kind.type, kind.metatable)
end

-- Makes the metatype of a type of this kind: the type, its metatable (empty), an object.
local counter = 0
local function new_metatype(kind)
    if kind.type then
        for key in pairs(kind.metatable) do kind.metatable[key] = nil end
        return kind.type, kind.metatable, kind.type(table.unpack(kind.arguments))
    end
    counter = counter + 1
    local name = "mt_" .. counter
    ffi.cdef((kind.body:gsub("%%", name)))
    local metatable = {}
    local ct = ffi.metatype((kind.declaration:gsub("%%", name)), metatable)
    return ct, metatable, ct(table.unpack(kind.arguments))
end

local function each_kind()
    local all = {}
    for _, list in ipairs { kinds, shared } do
        for _, kind in ipairs(list) do all[#all + 1] = kind end
    end
    local i = 0
    return function()
        i = i + 1
        return all[i]
    end
end

-- What a metatype's values can be handled through: name -> function(type, object) -> value to operate on.
local handles = {
    ["the object"] = function(_, object) return object end,
    ["a pointer to it"] = function(ct, object) return ffi.cast(ffi.typeof("$ *", ct), object) end,
    ["a const pointer to it"] = function(ct, object) return ffi.cast(ffi.typeof("const $ *", ct), object) end,
    ["a const object"] = function(ct, object) return ffi.new(ffi.typeof("const $", ct), object) end,
    ["a volatile object"] = function(ct, object) return ffi.new(ffi.typeof("volatile $", ct), object) end,
}

-- event -> what makes Lua ask for it, given the value; and what the metamethod then gets besides the value, and gives.
local events = {
    { event = "__index", run = function(v) return v.nothing end, extra = { "nothing" }, gives = "found" },
    { event = "__newindex", run = function(v) v.nothing = 12 return nil end, extra = { "nothing", 12 } },
    { event = "__call", run = function(v) return v("a", nil, "c") end, extra = { "a", nil, "c" }, gives = "called" },
    { event = "__len", run = function(v) return #v end, gives = 77, twice = true },
    { event = "__concat", run = function(v) return v .. "tail" end, extra = { "tail" }, gives = "joined" },
    { event = "__tostring", run = tostring, gives = "text" },
    { event = "__pairs", run = function(v) return (pairs(v)) end, gives = print },
    { event = "__close", run = function(v) do local _ <close> = v end return nil end },
}

local function clear_shared()
    for _, kind in ipairs(shared) do
        for key in pairs(kind.metatable) do kind.metatable[key] = nil end
    end
end

describe("a metamethod is called with the cdata:", function()
    teardown(clear_shared)

    for kind in each_kind() do
        for handle, get in pairs(handles) do
            for _, case in ipairs(events) do
                it(("%s of %s through %s"):format(case.event, kind.name, handle), function()
                    local ct, metatable, object = new_metatype(kind)
                    local value = get(ct, object)
                    local got
                    metatable[case.event] = function(...)
                        got = table.pack(...)
                        return case.gives
                    end
                    assert.are.equal(case.gives, case.run(value))
                    assert.is_true(rawequal(value, got[1]))
                    if case.twice then assert.is_true(rawequal(value, got[2])) end
                    for i = 1, case.extra and #case.extra or 0 do assert.are.equal(case.extra[i], got[i + 1]) end
                end)
            end
        end
    end

    it("__concat with the cdata on the right, and on both sides", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__concat = function(a, b) return { a, b } end
        local pair = "head" .. object
        assert.are.equal("head", pair[1])
        assert.is_true(rawequal(object, pair[2]))
        pair = object .. object
        assert.is_true(rawequal(object, pair[1]) and rawequal(object, pair[2]))
    end)

    it("__concat of another value when the cdata has none, as Lua would", function()
        local _, _, object = new_metatype(kinds[1])
        local other = setmetatable({}, { __concat = function(a, b) return { a, b } end })
        local pair = object .. other
        assert.is_true(rawequal(object, pair[1]) and rawequal(other, pair[2]))
    end)

    it("__close with the error", function()
        local _, metatable, object = new_metatype(kinds[1])
        local got
        metatable.__close = function(_, message) got = message end
        pcall(function()
            local _ <close> = object
            error("oh", 0)
        end)
        assert.are.equal("oh", got)
    end)

    it("__pairs gives its three values", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__pairs = function(o)
            return function(_, key)
                if key == nil then return "x", o.x end
                if key == "x" then return "y", o.y end
            end, o, nil
        end
        local seen = {}
        for key, value in pairs(object) do seen[key] = value end
        assert.are.same({ x = 3, y = 4 }, seen)
    end)

    it("__call gives all its results", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__call = function(_, ...) return ... end
        assert.are.same({ 1, nil, 3, n = 3 }, table.pack(object(1, nil, 3)))
        assert.are.equal(0, select("#", object()))
    end)
end)

describe("__index", function()
    teardown(clear_shared)

    for kind in each_kind() do
        for handle, get in pairs(handles) do
            it(("may be a table: %s through %s"):format(kind.name, handle), function()
                local ct, metatable, object = new_metatype(kind)
                local value = get(ct, object)
                metatable.__index = { method = function(self, n) return self, n end }
                local self, n = value:method(5)
                assert.is_true(rawequal(value, self))
                assert.are.equal(5, n)
                assert.has_error(function() return value.nothing end) -- as in LuaJIT: what is in no table is told
                metatable.__index.falsy = false
                assert.is_false(value.falsy)
            end)
        end
    end

    it("may be a table with a metatable of its own", function()
        local _, metatable, object = new_metatype(kinds[1])
        local base = { shared = "base" }
        metatable.__index = setmetatable({}, { __index = setmetatable({}, { __index = base }) })
        assert.are.equal("base", object.shared)
        assert.has_error(function() return object.nothing end, ("'%s' has no field 'nothing'"):format(tostring(ffi.typeof(object)):match "<(.*)>"))
        setmetatable(base, { __index = function(_, key) if key == "made" then return 1 end end })
        assert.are.equal(1, object.made)
        assert.is_nil(object.nothing) -- the function says so
        ffi.cdef "int abs(int);"
        metatable.__index = setmetatable({}, { __index = ffi.C })
        assert.are.equal(3, object.abs(-3))
        assert.has_error(function() return object.mt_undeclared end, "'mt_undeclared' is not declared: ffi.cdef its prototype first")
        metatable.__index = "text"
        assert.are.equal(string.rep, object.rep)
        assert.has_error(function() return object.nothing end)
    end)

    it("may be a C function of Lua's", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__index = select
        assert.has_error(function() return object.nothing end) -- select(object, "nothing")
        metatable.__index = rawequal
        assert.is_false(object.nothing)
    end)

    it("may be another cdata", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__index = ffi.new("struct { int hidden; }", 42)
        metatable.__newindex = metatable.__index
        assert.are.equal(42, object.hidden)
        object.hidden = 43
        assert.are.equal(43, object.hidden)
    end)

    it("may be a C function that the ffi calls", function()
        local ct, metatable = new_metatype(kinds[1])
        metatable.__call = ffi.C.free
        ct = ffi.typeof("$ *", ct)
        assert.are.equal(0, select("#", ffi.cast(ct, ffi.C.malloc(8))()))
    end)

    it("comes after the fields, also those of anonymous members, bit-fields and names that are too long to be interned", function()
        local long = ("l"):rep(60)
        local ct = ffi.typeof(("struct { int a; struct { int inner; }; unsigned bits : 3; int %s; }"):format(long))
        local asked = {}
        ffi.metatype(ct, {
            __index = function(_, key) asked[#asked + 1] = key return "asked" end,
            __newindex = function(_, key) asked[#asked + 1] = key end,
        })
        local object = ct { a = 1, inner = 2, bits = 3, [long] = 4 }
        assert.are.same({ 1, 2, 3, 4 }, { object.a, object.inner, object.bits, object[("l"):rep(60)] })
        object.a, object.inner, object.bits, object[("l"):rep(60)] = 5, 6, 7, 8
        assert.are.same({ 5, 6, 7, 8 }, { object.a, object.inner, object.bits, object[long] })
        assert.are.same({}, asked)
        assert.are.equal("asked", object[("l"):rep(59)])
        assert.are.equal("asked", object["a\0"])
        assert.are.equal("asked", object[""])
        assert.are.same({ ("l"):rep(59), "a\0", "" }, asked)
    end)

    it("comes after .re and .im of complex numbers, and after the elements of complex numbers and vectors", function()
        for _, kind in ipairs(shared) do
            local _, metatable, object = new_metatype(kind)
            metatable.__index = function(_, key) return "asked for " .. tostring(key) end
            assert.are.equal(3.0, object[0])
            assert.are.equal(4.0, object[1])
            assert.has_error(function() return object[100] end)
            assert.are.equal("asked for x", object.x)
            assert.are.equal("asked for nil", object[nil])
        end
        local _, metatable, z = new_metatype(shared[1])
        metatable.__index = { re = "wrong", arg = "right" }
        assert.are.same({ 3.0, 4.0, "right" }, { z.re, z.im, z.arg })
    end)

    it("is asked for keys of any type of a struct, and of a pointer when they are no integers", function()
        local ct, metatable, object = new_metatype(kinds[1])
        metatable.__index = function(_, key) return { key } end
        local pointer = ffi.cast(ffi.typeof("$ *", ct), object)
        for _, key in ipairs { true, print, metatable } do
            assert.are.same({ key }, object[key])
            assert.are.same({ key }, pointer[key])
        end
        assert.are.same({ 1 }, object[1])
        assert.are.same({ 1.5 }, object[1.5])
        assert.are.equal(3, pointer[0].x)
    end)

    it("is asked for through a NULL pointer, whose fields still raise", function()
        local ct, metatable = new_metatype(kinds[1])
        metatable.__index = { is_null = function(self) return self == ffi.new(ffi.typeof("$ *", ct)) end }
        local null = ffi.new(ffi.typeof("$ *", ct))
        assert.is_true(null:is_null())
        assert.has_error(function() return null.x end)
    end)

    it("is asked for through a pointer to a type that is never completed", function()
        local ct = ffi.metatype("struct mt_opaque", { __index = { answer = function() return 42 end } })
        local pointer = ffi.cast("struct mt_opaque *", 16)
        assert.are.equal(42, pointer:answer())
        assert.has_error(function() return pointer.nothing end, "'struct mt_opaque' has no field 'nothing'")
        assert.has_error(function() pointer.nothing = 1 end, "'struct mt_opaque' has no field 'nothing'")
        assert.has_error(function() return ct() end)
    end)

    it("does not hold for arrays of the type nor for pointers to its pointers", function()
        local ct, metatable, object = new_metatype(kinds[1])
        metatable.__index = { found = 1 }
        local array = ffi.new(ffi.typeof("$[2]", ct))
        assert.has_error(function() return array.found end)
        assert.are.equal(1, array[0].found)
        local pointers = ffi.new(ffi.typeof("$ *[1]", ct), { object })
        assert.has_error(function() return pointers.found end)
        assert.are.equal(1, pointers[0].found)
    end)

    it("serves members that are of the type", function()
        local inner = ffi.metatype("struct { int v; }", { __index = { twice = function(self) return 2 * self.v end } })
        local outer = ffi.typeof("struct { $ one; const $ two; $ *there; }", inner, inner, inner)
        local object = outer { { 5 }, { 6 } }
        object.there = object.one
        assert.are.same({ 10, 12, 10 }, { object.one:twice(), object.two:twice(), object.there:twice() })
    end)
end)

describe("__newindex", function()
    it("may be a table, with a metatable of its own", function()
        local _, metatable, object = new_metatype(kinds[1])
        local store, passed = {}, nil
        metatable.__newindex = store
        object.name = "a name"
        assert.are.equal("a name", store.name)
        metatable.__newindex = setmetatable({}, { __newindex = function(_, key, value) passed = { key, value } end })
        object.other = false
        assert.are.same({ "other", false }, passed)
    end)

    it("does not lift const", function()
        local ct = ffi.metatype("struct { const int fixed; int free; }", { __newindex = function() end })
        local object = ct(1, 2)
        assert.has_error(function() object.fixed = 2 end)
        local const = ffi.new(ffi.typeof("const $", ct), object)
        assert.has_error(function() const.free = 2 end)
        const.nothing = 3
    end)
end)

describe("__new", function()
    it("is what a ctype call does, with the ctype and all arguments", function()
        local got
        local ct = ffi.metatype("struct { int a, b; }", {
            __new = function(...)
                got = table.pack(...)
                return ffi.new(..., 7, 8), "and more"
            end,
        })
        local object, more = ct(1, nil, 3)
        assert.are.same({ 7, 8, "and more" }, { object.a, object.b, more })
        assert.are.same({ 1, nil, 3 }, { table.unpack(got, 2, 4) })
        assert.is_true(rawequal(ct, got[1]))
    end)

    it("is not what ffi.new does", function()
        local ct = ffi.metatype("struct { int a; }", { __new = function() error "called" end })
        assert.are.equal(4, ffi.new(ct, 4).a)
        assert.has_error(function() return ct(4) end)
    end)

    it("holds for variants, not for pointers to the type", function()
        local ct = ffi.metatype("struct { int a; }", { __new = function() return "new" end })
        assert.are.equal("new", ffi.typeof("const $", ct)())
        assert.are_not.equal("new", ffi.typeof("$ *", ct)())
    end)
end)

describe("__name", function()
    it("is in tostring, as Lua has it", function()
        local ct, metatable, object = new_metatype(kinds[1])
        local pointer = ffi.cast(ffi.typeof("$ *", ct), object)
        local plain = tostring(object)
        metatable.__name = "Point"
        assert.are.equal(plain:gsub("^cdata<.->", "Point"), tostring(object))
        assert.are.equal(plain:gsub("^cdata<.->", "Point *"), tostring(pointer))
        assert.are.equal("Point *: NULL", tostring(ffi.new(ffi.typeof("$ *", ct))))
        metatable.__name = 12
        assert.are.equal(plain, tostring(object))
    end)

    it("is in messages", function()
        local ct, metatable, object = new_metatype(kinds[1])
        metatable.__name = "Point"
        local pointer = ffi.cast(ffi.typeof("$ *", ct), object)
        local function message(f) return (select(2, pcall(f)):gsub("^[^ ]*:%d+: ", "")) end
        assert.are.equal("'Point' has no field 'nothing'", message(function() return object.nothing end))
        assert.are.equal("'Point' has no field 'nothing'", message(function() return pointer.nothing end))
        assert.are.equal("'Point' cannot be indexed with boolean", message(function() return object[true] end))
        assert.are.equal("attempt to call a 'Point'", message(function() return object() end))
        assert.are.equal("attempt to get length of a 'Point'", message(function() return #object end))
        assert.are.equal("attempt to concatenate 'Point *' and number", message(function() return pointer .. 1 end))
        assert.are.equal("'int' expected, got 'Point' (initialiser of 'int')", message(function() return ffi.new("int", object) end))
        assert.are.equal("'Point' cannot be iterated over: its metatype has no __pairs", message(function() return pairs(object) end))
    end)
end)

describe("a metatype", function()
    it("is looked at anew at each use, and so is its __index table", function()
        local _, metatable, object = new_metatype(kinds[1])
        assert.has_error(function() return object.later end)
        metatable.__index = {}
        assert.has_error(function() return object.later end)
        metatable.__index.later = 1
        assert.are.equal(1, object.later)
        metatable.__index = function() return 2 end
        assert.are.equal(2, object.later)
        metatable.__index = nil
        assert.has_error(function() return object.later end)
    end)

    it("is asked raw: a metatable of the metatable counts for nothing", function()
        local _, metatable, object = new_metatype(kinds[1])
        setmetatable(metatable, { __index = function() error "asked" end })
        assert.has_error(function() return object.nothing end, nil)
        assert.is_truthy(tostring(object):find "^cdata<")
    end)

    it("holds for objects, pointers and const variants that were there before it", function()
        local ct = ffi.typeof "struct { int a; }"
        local object = ct(1)
        local pointer = ffi.cast(ffi.typeof("const $ *", ct), object)
        local const = ffi.new(ffi.typeof("const $", ct), object)
        assert.has_error(function() return object.b, pointer.b, const.b end)
        ffi.metatype(ct, { __index = { b = 5 } })
        assert.are.same({ 5, 5, 5 }, { object.b, pointer.b, const.b })
    end)

    it("can be given through a const variant, a typedef, an object", function()
        ffi.cdef "typedef const struct mt_by_typedef { int a; } mt_by_typedef;"
        assert.are.equal(ffi.typeof "mt_by_typedef", ffi.metatype("mt_by_typedef", { __index = { b = 6 } }))
        assert.are.equal(6, ffi.new("struct mt_by_typedef").b)
        local object = ffi.new "struct { int a; }"
        ffi.metatype(object, { __index = { b = 7 } })
        assert.are.equal(7, object.b)
    end)

    it("is not cdata's metatable", function()
        local _, _, object = new_metatype(kinds[1])
        assert.are.equal("ffi", getmetatable(object))
    end)

    it("outlives all references to it", function()
        local ct = ffi.metatype("struct { int a; }", { __index = { text = ("x"):rep(100) } })
        collectgarbage()
        collectgarbage()
        assert.are.equal(("x"):rep(100), ct().text)
    end)

    it("does not bind pointers' and numbers' own operations", function()
        local ct, metatable = new_metatype(kinds[1])
        local called = 0
        for _, event in ipairs { "__add", "__sub", "__index", "__eq", "__lt" } do
            metatable[event] = function() called = called + 1 return "metatype" end
        end
        local array = ffi.new(ffi.typeof("$[4]", ct))
        local pointer = ffi.cast(ffi.typeof("$ *", ct), array)
        array[1].x = 9
        assert.are.equal(9, (pointer + 1).x)
        assert.are.equal(9, pointer[1].x)
        assert.are.equal(1, (pointer + 1) - pointer)
        assert.is_true(pointer == pointer + 0)
        assert.is_true(pointer < pointer + 1)
        assert.are.equal(0, called)
    end)
end)

describe("a metamethod that raises", function()
    teardown(clear_shared)

    for kind in each_kind() do
        for _, case in ipairs(events) do
            it(("passes its error on: %s of %s"):format(case.event, kind.name), function()
                local _, metatable, object = new_metatype(kind)
                local mark = {}
                metatable[case.event] = function() error(mark) end
                local worked, message = pcall(case.run, object)
                assert.is_false(worked)
                assert.are.equal(mark, message)
                metatable[case.event] = function() return case.gives end
                assert.are.equal(case.gives, case.run(object))
            end)
        end
    end

    it("that is no function raises Lua's own error", function()
        local _, metatable, object = new_metatype(kinds[1])
        for _, case in ipairs(events) do
            metatable[case.event] = false
            assert.has_error(function() case.run(object) end)
            metatable[case.event] = nil
        end
        metatable.__tostring = function() return {} end
        assert.has_error(function() return tostring(object) end, "'__tostring' must return a string")
    end)

    it("recursion ends in a Lua error", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__index = function(o, key) return o[key .. "x"] end
        local worked, message = pcall(function() return object.nothing end)
        assert.is_false(worked)
        assert.is_truthy(tostring(message):find "overflow")
    end)
end)

describe("a metamethod may yield:", function()
    -- All but __tostring and __pairs are asked for by the language itself; tostring is a C function that does not let its callee yield.
    for _, case in ipairs(events) do
        if case.event ~= "__tostring" then
            it(case.event, function()
                local _, metatable, object = new_metatype(kinds[1])
                metatable[case.event] = function()
                    assert.are.equal("in", coroutine.yield "out")
                    return case.gives
                end
                local co = coroutine.create(function() return case.run(object) end)
                assert.are.same({ true, "out" }, { coroutine.resume(co) })
                assert.are.same({ true, case.gives }, { coroutine.resume(co, "in") })
                assert.are.equal("dead", coroutine.status(co))
            end)
        end
    end

    it("__new", function()
        local ct = ffi.metatype("struct { int a; }", { __new = function(ct, a) return ffi.new(ct, a + coroutine.yield()) end })
        local co = coroutine.wrap(function() return ct(1).a end)
        co()
        assert.are.equal(3, co(2))
    end)

    it("not __tostring, which raises", function()
        local _, metatable, object = new_metatype(kinds[1])
        metatable.__tostring = coroutine.yield
        local worked, message = coroutine.resume(coroutine.create(function() return tostring(object) end))
        assert.is_false(worked)
        assert.are.equal("attempt to yield across a C-call boundary", message)
    end)
end)

describe("under a hostile collector", function()
    local program = [[
        local ffi = require "ffi"
        local function collect() collectgarbage() collectgarbage "step" end
        local base = setmetatable({}, { __index = function(_, key) collect() return key end })
        local metatable = {
            __index = function(self, key) collect() return key == "chained" and base[key] or self.x .. key end,
            __newindex = function(self, key, value) collect() self.x = #key + value end,
            __call = function(self, ...) collect() return self.x, ... end,
            __len = function(self) collect() return self.x end,
            __concat = function(a, b) collect() return type(a) .. type(b) end,
            __tostring = function(self) collect() return "<" .. self.x .. ">" end,
            __pairs = function(self) collect() return next, { x = self.x } end,
            __close = function(self) collect() self.x = -1 end,
            __new = function(ct, x) collect() return ffi.new(ct, x) end,
            __gc = function(self) collect() self.x = 0 end,
        }
        local ct = ffi.metatype("struct { int x; }", metatable)
        for i = 1, 20 do
            assert(ct(i).name == i .. "name" and ct(i).chained == "chained")
            assert(ffi.cast(ffi.typeof("$ *", ct), ct(i)).name == i .. "name")
            local object = ct(i)
            object.name = i
            assert(object.x == 4 + i)
            assert(select(2, ct(i)("a")) == "a" and #ct(i) == i and ct(i) .. "" == "userdatastring")
            assert(tostring(ct(i)) == "<" .. i .. ">")
            for key, value in pairs(ct(i)) do assert(key == "x" and value == i) end
            do local closed <close> = object end
            assert(object.x == -1)
        end
        print "done"
    ]]
    for name, setting in pairs {
        ["that is incremental and never rests"] = 'collectgarbage("incremental", 100, 1000, 1)',
        ["that is generational"] = 'collectgarbage("generational", 1, 1)',
        ["that runs at each instruction"] = 'debug.sethook(function() collectgarbage() end, "", 7)',
    } do
        it(name .. " all work", function()
            local output, status = support.lua_text(setting .. "\n" .. program)
            assert.are.equal("done\n", output)
            assert.are.equal(0, status)
        end)
    end
end)
