-- Every type that C passes by value, through Lua functions that C calls: the callers are compiled by the C compiler, and what arrives
-- in Lua and comes back is compared by it.
local ffi = require "ffi"
local support = require "spec.support"

local scalars = {}
for name in ([[bool char schar uchar short ushort int uint long ulong llong ullong size wchar int128 uint128 plain signed wide huge float
    double ldouble quad half cfloat cdouble cldouble string buffer address operation]]):gmatch "%S+" do scalars[#scalars + 1] = name end

local records = {}
for name in ([[pair char bools mixed int_float floats_int float3 double2 double3 long_double double_long nested deep anonymous array matrix
    pairs bits bits_apart bits_float packed packed_small packed_bits packed2 packed_member aligned16 aligned32 aligned64 aligned_member
    ldouble ldouble_int quad int128 int128_char enum number letters either variant vector small_vector flexible double8 large typedefs
    half3]]):gmatch "%S+" do records[#records + 1] = name end

local function functions_of(load_library, prefix, name)
    local lib = load_library()
    local f = {}
    setmetatable(f, { __index = function(_, key) return lib[("%s_%s_%s"):format(prefix, name, key)] end })
    return pcall(function() return f.send end) and f or nil
end

local libraries = {}
local function loader(name)
    return function()
        libraries[name] = libraries[name] or support.load(name)
        return libraries[name]
    end
end
local load_values, load_records = loader "values", loader "records"

-- `it` for types that only some compilers and processors know.
local function it_has(prefix, name, sentence, body)
    it(sentence, function()
        local f = functions_of(prefix == "val" and load_values or load_records, prefix, name)
        if not f then return pending("this compiler has no " .. name) end
        body(f)
    end)
end

-- What goes with the values in `round`: everything that lies in registers and on the stack is checked too.
local function is_surrounded(i, ...)
    local n2, n3, n4, n5, n6, d1, d2, d3, d4, d5, d6, d7, d8, s, _, c = ...
    return n2 == 2 and n3 == 3 and n4 == 4 and n5 == 5 and n6 == 6 and d1 == 0.5 and d2 == 1.5 and d3 == 2.5 and d4 == 3.5 and d5 == 4.5
        and d6 == 5.5 and d7 == 6.5 and d8 == 7.5 and s == -i and c == i - 128
end

local function check_round(f, count, make)
    assert.equal(count, f.round(function(i, ...)
        assert(is_surrounded(i, ...))
        return (select(15, ...))
    end))
    assert.equal(count, f.round(function(i, ...)
        assert(is_surrounded(i, ...))
        return make(i)
    end))
    assert.equal(0, f.round(function(i) return make((i + 1) % count) end))
end

describe("through a callback, a value of type", function()
    for _, name in ipairs(scalars) do
        describe(name, function()
            it_has("val", name, "arrives as C passed it", function(f)
                assert.equal(f.count(), f.send(function(value, i) return f.is(value, i) end))
                assert.equal(0, f.send(function(value, i) return f.is(value, (i + 1) % f.count()) end))
                local seen = {}
                f.send(function(value, i)
                    seen[i] = { value }
                    return 0
                end)
                for i = 0, f.count() - 1 do
                    local value = f.get(i)
                    assert.equal(type(value), type(seen[i][1]))
                    assert.equal(math.type(value), math.type(seen[i][1]))
                    assert.equal(1, f.is(seen[i][1], i))
                end
            end)

            it_has("val", name, "is what C gets", function(f)
                assert.equal(f.count(), f.fetch(function(i) return f.get(i) end))
                assert.equal(0, f.fetch(function(i) return f.get((i + 1) % f.count()) end))
            end)

            it_has("val", name, "arrives ten times among others, in registers and on the stack", function(f)
                assert.equal(14 * f.count(), f.pour(function(...) return f.spread(...) end))
                assert.equal(14 * f.count(), f.pour(f.spread)) -- C calls C
            end)

            it_has("val", name, "goes back behind a full stack", function(f) check_round(f, f.count(), f.get) end)

            it_has("val", name, "goes through when Lua calls it", function(f)
                local echo <close> = ffi.callback(("val_%s (*)(val_%s)"):format(name, name), function(value) return value end)
                for i = 0, f.count() - 1 do assert.equal(1, f.is(echo(f.get(i)), i), "value " .. i) end
            end)

            it_has("val", name, "is the member of a struct", function(f)
                if support.has_valgrind and f.box_count() ~= f.count() and name ~= "quad" then
                    return pending "skipped under valgrind: 80-bit values"
                end
                assert.equal(f.box_count(), f.box_send(function(box, i) return f.box_is(box, i) end))
                local boxes = {}
                f.box_send(function(box, i)
                    boxes[i] = box
                    return 0
                end)
                for i = 0, f.box_count() - 1 do assert.equal(1, f.box_is(boxes[i], i), "value " .. i) end
                assert.equal(f.box_count(), f.box_fetch(function(i) return boxes[i] end))
                assert.equal(f.box_count(), f.box_fetch(function(i) return ffi.addressof(boxes[i])[0] end))
                assert.equal(f.count(), math.min(f.count(), f.box_fetch(function(i) return { f.get(i < f.count() and i or 0) } end)))
            end)
        end)
    end

    for _, name in ipairs(records) do
        describe("rec_" .. name, function()
            it_has("rec", name, "arrives as C passed it, a copy", function(f)
                local seen = {}
                assert.equal(5, f.send(function(record, seed)
                    seen[seed] = record
                    return f.is(record, seed)
                end))
                assert.equal(0, f.send(function(record, seed) return f.is(record, seed + 1) end))
                for seed = 0, 4 do assert.equal(1, f.is(seen[seed], seed)) end
                ffi.fill(seen[0], ffi.sizeof(seen[0]), 0xff)
                for seed = 1, 4 do assert.equal(1, f.is(seen[seed], seed)) end
            end)

            it_has("rec", name, "is what C gets", function(f)
                assert.equal(5, f.fetch(function(seed) return f.make(seed) end))
                assert.equal(0, f.fetch(function(seed) return f.make(seed + 1) end))
            end)

            it_has("rec", name, "arrives six times among others", function(f)
                assert.equal(50, f.pour(function(...) return f.spread(...) end))
            end)

            it_has("rec", name, "goes back behind a full stack", function(f) check_round(f, 5, f.make) end)

            it_has("rec", name, "goes through when Lua calls it", function(f)
                local spelling = tostring(ffi.typeof(f.make(0))):match "<(.*)>"
                local echo <close> = ffi.callback(("%s (*)(%s)"):format(spelling, spelling), function(record) return record end)
                for seed = 0, 4 do assert.equal(1, f.is(echo(f.make(seed)), seed)) end
            end)
        end)
    end

    for _, family in ipairs { "bytes", "headed" } do
        it(("struct rec_%s of each size goes both ways"):format(family), function()
            local lib = load_records()
            for size = 1, 64 do
                local function f(key) return lib[("rec_%s%d_%s"):format(family, size, key)] end
                local is, make = f "is", f "make"
                local callback = function(x, record, seed, again)
                    assert(is(x, record, seed, again) == 1)
                    return again
                end
                assert.equal(1, f "swap"(callback), size)
                assert.equal(1, f "swap"(function() return make(3) end), size)
                assert.equal(0, f "swap"(function() return make(4) end), size)
            end
        end)
    end

    it("struct {} goes both ways", function()
        load_records()
        local cb <close> = ffi.callback("struct rec_empty (int, struct rec_empty, int)", function(a, nothing, b)
            assert.equal(1, a)
            assert.equal(2, b)
            assert.equal(0, ffi.sizeof(nothing))
            return nothing
        end)
        assert.is_true(ffi.istype("struct rec_empty", cb(1, ffi.new "struct rec_empty", 2)))
    end)
end)

describe("through a callback, a vector of type", function()
    local vectors = { "v8b", "v4h", "v2i", "v2f", "v1d", "v1l", "v16b", "v4i", "v2l", "v4f", "v2d", avx = { "v8i", "v8f", "v4d" },
        avx512f = { "v16i", "v8d" } }

    local function test(name)
        local f, count = functions_of(load_values, "val", name), 6
        assert.equal(count, f.send(function(value, seed) return f.is(value, seed) end))
        assert.equal(0, f.send(function(value, seed) return f.is(value, seed + 1) end))
        assert.equal(count, f.fetch(function(seed) return f.get(seed) end))
        assert.equal(count, f.fetch(function(seed)
            local lanes = {}
            for lane = 0, f.lanes() - 1 do lanes[lane + 1] = f.lane(seed, lane) end
            return lanes
        end))
        assert.equal(14 * count, f.pour(function(...) return f.spread(...) end))
        check_round(f, count, f.get)
    end

    for _, name in ipairs(vectors) do
        it(name .. " goes both ways", function() test(name) end)
    end

    for _, feature in ipairs { "avx", "avx512f" } do
        for _, name in ipairs(vectors[feature]) do
            it(("%s goes both ways (where there is %s)"):format(name, feature), function()
                if support.has_valgrind then return pending("skipped under valgrind: " .. feature) end
                if not support.has_cpu(feature) then return pending("this machine has no " .. feature) end
                test(name)
            end)
        end
    end
end)

describe("the error value of a callback", function()
    -- Of the values that C asks for it gets the one that the callback has for errors each time: one of them is right.
    local function check(f, get, type, count)
        local before = ffi.onerror(function() return true end)
        for i = 0, count - 1 do
            local cb <close> = ffi.callback(ffi.typeof("$ (*)(int)", type), function() error "always" end, { error = get(i) })
            collectgarbage()
            assert.equal(1, f.fetch(cb), "value " .. i)
        end
        ffi.onerror(before)
    end

    for _, name in ipairs(scalars) do
        it_has("val", name, "may be a " .. name, function(f) check(f, f.get, ffi.typeof("val_" .. name), f.count()) end)
    end

    for _, name in ipairs(records) do
        it_has("rec", name, "may be a rec_" .. name, function(f) check(f, f.make, ffi.typeof(f.make(0)), 5) end)
    end

    it("may be a table for a struct, and the name of an enum's constant", function()
        load_values()
        local before = ffi.onerror(function() return true end)
        local cb <close> = ffi.callback("val_double_box (*)(void)", function() error "always" end, { error = { v = 2.5 } })
        assert.equal(2.5, cb().v)
        local named <close> = ffi.callback("val_plain (*)(void)", function() error "always" end, { error = "VAL_MANY" })
        assert.equal(ffi.eval "VAL_MANY", named())
        ffi.onerror(before)
    end)

    it("must be one of the result's type", function()
        for type, value in pairs { int = "x", void = 1, double = {}, ["char *"] = 5, ["struct rec_pair"] = 5 } do
            local done, message = pcall(ffi.callback, ffi.typeof("$ (*)(int)", ffi.typeof(type)), print, { error = value })
            assert.is_false(done)
            assert.matches("%(.*option 'error' of 'ffi.callback'%)$", message)
        end
    end)
end)

describe("the result of a callback", function()
    local table_value = { 1 }
    local values = {
        0, 1, -1, 255, 256, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 32, math.maxinteger, math.mininteger, 0.0, -0.0, 0.5, -0.5,
        3.99, -3.99, 2.0 ^ 31, 2.0 ^ 32 - 1, 2.0 ^ 53, 2.0 ^ 63, 2.0 ^ 64, -2.0 ^ 63, 1e300, -1e300, 1 / 0, -1 / 0, true, false, "", "1",
        "VAL_ONE", "VAL_LOW", table_value, print, print, ffi.new("int8_t", -9), ffi.new("uint64_t", -1), ffi.cast("__int128", -1),
        ffi.new("double", 9.5), ffi.new("float _Complex", 1, 2), ffi.new("int[3]", 1, 2, 3), ffi.new "struct { int a; }",
        ffi.typeof "int", coroutine.create(print), io.stdout,
    }

    -- What became of it: the value that comes back, or the error without the place where it happened.
    local function outcome(f, ...)
        local done, value = pcall(f, ...)
        if not done then return (value:gsub("^%S+:%d+: ", ""):gsub(" %(argument #1.*$", ""):gsub(" %(result of.*$", "")) end
        return type(value) == "userdata" and tostring(value) or ("%s %s"):format(math.type(value), value)
    end

    for _, name in ipairs(scalars) do
        it_has("val", name, ("converts to val_%s as an argument does"):format(name), function(f)
            local before = ffi.onerror(function() return false end)
            local given
            local cb <close> = ffi.callback(("val_%s (*)(void)"):format(name), function() return given end)
            for i, value in ipairs(values) do
                given = value
                assert.equal(outcome(f.echo, value), outcome(cb), ("value %d, %s"):format(i, value))
            end
            ffi.onerror(before)
        end)
    end

    it("is the first value, and nil when there is none", function()
        local before = ffi.onerror(function() return false end)
        local cb <close> = ffi.callback("int (*)(int)", function(n) return table.unpack({ 1, 2, 3 }, 1, n) end)
        assert.equal(1, cb(1))
        assert.equal(1, cb(3))
        local done, message = pcall(cb, 0)
        assert.is_false(done)
        assert.equal("'int' expected, got nil (result of a callback of type 'int (int)')", (message:gsub("^%S+:%d+: ", "")))
        local pointer <close> = ffi.callback("int *(*)(void)", function() end)
        assert.is_nil(pointer())
        ffi.onerror(before)
    end)

    it("is not looked at where C wants none", function()
        local cb <close> = ffi.callback("void (*)(void)", function() return 1, "two", {} end)
        assert.equal(0, select("#", cb()))
    end)
end)
