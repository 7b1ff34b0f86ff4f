-- Structs and unions by value: what C made is what Lua reads, what Lua made is what C receives.
local ffi = require "ffi"
local support = require "spec.support"

local kinds = {}
for name in ([[pair char bools mixed int_float floats_int float3 double2 double3 long_double double_long nested deep anonymous array matrix
    pairs bits bits_apart bits_float packed packed_small packed_bits packed2 packed_member aligned16 aligned32 aligned64 aligned_member
    ldouble ldouble_int quad int128 int128_char enum variant vector small_vector flexible double8 large typedefs half3]]):gmatch "%S+" do
    kinds[#kinds + 1] = { name = name, type = "struct rec_" .. name }
end
for _, name in ipairs { "number", "letters", "either" } do kinds[#kinds + 1] = { name = name, type = "union rec_" .. name } end

local lib
local function load_library() lib = support.load "records" end

-- The record's scalar members: their paths, which Lua and C write alike, and functions that read them.
local function leaves_of(f)
    local leaves = {}
    for path in ffi.string(f.leaves()):gmatch "%S+" do
        local read = assert(load(("local record = ... return record.%s"):format(path)))
        local write = assert(load(("local record, value = ... record.%s = value"):format(path)))
        leaves[#leaves + 1] = { path = path, read = read, write = write }
    end
    return leaves
end

local function number_of(value)
    if type(value) == "boolean" then return value and 1 or 0 end
    return value
end

local function assert_reads(f, record, seed)
    local made = f.make(seed)
    for i, leaf in ipairs(leaves_of(f)) do
        assert.equal(f.leaf(made, i - 1), number_of(leaf.read(record)) + 0.0, leaf.path)
    end
end

describe("a record", function()
    setup(load_library)

    for _, kind in ipairs(kinds) do
        local name, spelling = kind.name, kind.type
        local f = setmetatable({}, {
            __index = function(_, key) return lib[("rec_%s_%s"):format(name, key)] end,
            __newindex = function(_, key, value) lib[("rec_%s_%s"):format(name, key)] = value end,
        })
        describe(spelling, function()
            local function it_has(sentence, body)
                it(sentence, function()
                    if not pcall(function() return f.make end) then return pending("this compiler has no " .. name) end
                    body()
                end)
            end

            it_has("has C's size and alignment", function()
                assert.equal(f.size(), ffi.sizeof(spelling))
                assert.equal(f.align(), ffi.alignof(spelling))
            end)

            it_has("returned by value has the members that C gave it", function()
                for seed = 0, 4 do
                    local record = f.make(seed)
                    assert.is_true(ffi.istype(spelling, record))
                    assert_reads(f, record, seed)
                end
            end)

            it_has("arrives in C, in registers, on the stack and aligned", function()
                for seed = 0, 4 do
                    local r = f.make(seed)
                    assert.equal(1, f.is(r, seed))
                    assert.equal(0, f.is(r, seed + 1))
                    assert.equal(10, f.spread(seed, r, seed + 0.5, r, -seed, r, seed, r, r, r, -seed - 0.25))
                end
            end)

            it_has("comes back from C", function()
                for seed = 0, 4 do
                    local record = f.echo(f.make(seed))
                    assert.equal(1, f.is(record, seed))
                    assert_reads(f, record, seed)
                end
            end)

            it_has("is its own: a second call leaves the first result alone", function()
                local first = f.make(1)
                local second = f.make(2)
                assert.equal(1, f.is(first, 1))
                assert.equal(1, f.is(second, 2))
            end)

            it_has("goes by pointer where C wants one", function()
                local record = ffi.new(spelling)
                f.fill(record, 3)
                assert.equal(1, f.at_is(record, 3))
                assert.equal(1, f.at_is(ffi.cast(spelling .. " *", record), 3))
            end)

            it_has("made member by member in Lua is the one that C makes", function()
                local source, record = f.make(5), ffi.new(spelling)
                for i, leaf in ipairs(leaves_of(f)) do
                    if leaf.path:find "%]$" and name:find "vector" then return end -- a vector's elements are read only
                    leaf.write(record, f.leaf(source, i - 1))
                end
                assert.equal(1, f.is(record, 5))
                assert_reads(f, record, 5)
            end)

            it_has("is passed and returned through a function pointer", function()
                local make = ffi.cast(spelling .. " (*)(int)", f.make)
                local is = ffi.cast(("int (*)(%s, int)"):format(spelling), f.is)
                assert.equal(1, is(make(6), 6))
            end)

            it_has("is a variable whose view is C's own memory", function()
                f.variable = f.make(1)
                local view = f.variable
                assert.equal(1, f.is(view, 1))
                f.fill(view, 2)
                assert.equal(1, f.is(f.variable, 2))
                f.list[2] = f.make(7)
                assert.equal(1, f.at_is(f.list + 2, 7))
                assert.equal(1, f.is(f.list[2], 7))
                local assigned, message = pcall(function() f.constant = f.make(0) end)
                assert.is_false(assigned)
                assert.matches(("variable 'rec_%s_constant' is const$"):format(name), message)
                local first = leaves_of(f)[1]
                assigned, message = pcall(first.write, f.constant, 0)
                assert.is_false(assigned)
                assert.matches(" is const$", message)
            end)
        end)
    end

    it("may be made from a table on the way", function()
        local pair = lib.rec_pair_make(3)
        assert.equal(1, lib.rec_pair_is({ pair.a, pair.b }, 3))
        assert.equal(1, lib.rec_pair_is({ b = pair.b, a = pair.a }, 3))
        local nested = lib.rec_nested_make(3)
        assert.equal(1, lib.rec_nested_is({ nested.a, { nested.at.x, nested.at.y }, nested.b }, 3))
        assert.equal(1, lib.rec_nested_at_is(nested, 3))
        local array = lib.rec_array_make(3)
        assert.equal(1, lib.rec_array_is({ array.a, { array.b[0], array.b[1], array.b[2], array.b[3], array.b[4] } }, 3))
    end)

    it("takes a view of a member of its type, and a reference to it", function()
        local pairs_ = lib.rec_pairs_make(10)
        local pair = pairs_.p[1]
        local seed = pair.a
        assert.equal(1, lib.rec_pair_is(pair, seed))
    end)
end)

describe("a record of", function()
    setup(load_library)

    for _, family in ipairs { "bytes", "headed" } do
        for n = 1, 64 do
            it(("%d bytes (%s) goes both ways"):format(n, family), function()
                local function f(what) return lib[("rec_%s%d_%s"):format(family, n, what)] end
                for seed = 0, 90, 30 do
                    local record = f "make"(seed)
                    local turned = f "turn"(2, record, 1.0)
                    local nsame = 0
                    for i = 0, n - 1 do
                        local is_made = record.bytes[i] == (seed + i + 128) % 256 - 128
                        if is_made and turned.bytes[i] == record.bytes[(i + 3) % n] then nsame = nsame + 1 end
                    end
                    assert.equal(n, nsame)
                    assert.equal(1, f "is"(seed, record, seed, record))
                    assert.equal(0, f "is"(seed, record, seed + 1, record))
                end
            end)
        end
    end
end)

describe("an empty struct", function()
    setup(load_library)

    it("takes no place among arguments", function()
        local empty = ffi.new "struct rec_empty"
        assert.equal(0, ffi.sizeof(empty))
        assert.equal(7008, lib.rec_empty_between(7, empty, 8))
        assert.equal(7008, lib.rec_empty_between(7, {}, 8))
    end)

    it("is returned", function()
        assert.is_true(ffi.istype("struct rec_empty", lib.rec_empty_make()))
    end)

    it("is a member", function()
        assert.equal(5, lib.rec_empty_inside_make(5).a)
        assert.equal(6, lib.rec_empty_inside_a { a = 6 })
    end)
end)

describe("a struct with complex members", function()
    setup(load_library)

    it("goes both ways", function()
        local record = lib.rec_complexes_make(1, -2, 3.5, -4.5)
        local parts = { record.a.re, record.a.im, record.b.re, record.b.im }
        assert.same({ 1.0, -2.0, 3.5, -4.5 }, parts)
        for i = 1, 4 do assert.equal(parts[i], lib.rec_complexes_part(record, i - 1)) end
    end)

    for _, name in ipairs { "float", "ldouble" } do
        it(("goes both ways, with one member of %s"):format(name), function()
            local part = lib[("rec_complex_%s_part"):format(name)]
            local record = lib[("rec_complex_%s_make"):format(name)](1.25, -7)
            assert.equal(1.25, record.a.re)
            assert.equal(-7.0, record.a.im)
            assert.equal(1.25, part(record, 0))
            assert.equal(-7.0, part(record, 1))
            record.a = ffi.new("double _Complex", 8, 9)
            assert.equal(8.0, part(record, 0))
            assert.equal(9.0, part(record, 1))
        end)
    end
end)

describe("a struct with pointers", function()
    setup(load_library)

    it("points to others of its kind, to text and to functions", function()
        local name = "three"
        local last = lib.rec_node_make(nil, name)
        local first = lib.rec_node_make(last, "second")
        assert.is_nil(last.next)
        assert.equal(2, lib.rec_node_count(first))
        assert.equal("three", ffi.string(first.next.name))
        assert.equal(#"three", first.weigh(last))
        first.next = nil
        assert.equal(1, lib.rec_node_count(first))
    end)

    it("takes a C function as a member's value", function()
        local node = ffi.new("struct rec_node")
        local size = ffi.cast("int (*)(struct rec_node)", lib.rec_node_count)
        node.weigh = lib.rec_node_count
        assert.equal(tostring(size):match "0x%x+", tostring(node.weigh):match "0x%x+")
        node.weigh = size
        assert.equal(1, node.weigh(node))
    end)
end)
