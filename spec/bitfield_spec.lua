-- Bit-fields from Lua against C compiled from the same declarations: every type and width, packed, in ms_structs, in unions, and under
-- #pragma pack; written at both ends of a page that has no neighbours, initialised, passed and returned.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local prelude = [[
enum bf_small { BF_S0, BF_S1 = 7 };
enum bf_negative { BF_N0 = -5, BF_N1 = 5 };
enum bf_wide { BF_W0 = 0x123456789a };
enum __attribute__((packed)) bf_byte { BF_B0, BF_B1 = 200 };
typedef unsigned long bf_aligned __attribute__((aligned(2)));
]]

local types = {
    { "char", 8 }, { "signed char", 8 }, { "unsigned char", 8 }, { "short", 16 }, { "unsigned short", 16 }, { "int", 32 },
    { "unsigned", 32 }, { "long", 64 }, { "unsigned long", 64 }, { "long long", 64 }, { "unsigned long long", 64 }, { "_Bool", 1 },
    { "enum bf_small", 32 }, { "enum bf_negative", 32 }, { "enum bf_wide", 64 }, { "enum bf_byte", 8 }, { "bf_aligned", 64 },
    { "__int128", 128 }, { "unsigned __int128", 128 },
}

-- Where the field lies: behind `shift` bits, with more behind it.
local forms = {
    { "plain", "struct { unsigned char before : @shift; @type a : @width; unsigned char after : 5; }" },
    { "packed", "struct __attribute__((packed)) { unsigned char before : @shift; @type a : @width; unsigned char after : 5; }" },
    { "in an ms_struct", "struct __attribute__((ms_struct)) { @type before : 1; @type a : @width; @type after : 1; unsigned char c : 3; }" },
    { "in a packed ms_struct", "struct __attribute__((ms_struct, packed)) { char c; @type before : 1, a : @width; unsigned char after : 3; }" },
    { "in a union", "union { @type a : @width; unsigned char before; unsigned after : 7; }" },
    { "under #pragma pack(2)", "struct { unsigned short before : @shift; @type a : @width, after : 1; }" },
}

-- Each (type, width) in each form, with a name and the declaration that both compilers get.
local function cases_of(form)
    local cases = {}
    for _, entry in ipairs(types) do
        for width = 1, entry[2], support.has_torture and 13 or 1 do -- where thousands of types take quadratic time
            local values = { type = entry[1], width = width, shift = width * 5 % 7 + 1 }
            local name = ("bf_%s_%d"):format((form[1] .. "_" .. entry[1]):gsub("%W", "_"), width)
            local text = form[2]:gsub("@(%a+)", values)
            if form[1]:find "pragma" then text = ("\n#pragma pack(2)\ntypedef %s %s;\n#pragma pack()"):format(text, name)
            else text = ("typedef %s %s;"):format(text, name) end
            local wide = entry[1] == "unsigned __int128" and entry[1] or "__int128"
            cases[#cases + 1] = { name = name, type = entry[1], width = width, text = text, wide = wide, wide_array = wide .. "[1]" }
        end
    end
    return cases
end

-- What C does with the field; the value comes and goes as 128 bits.
local functions = [[
void @_set(@ *p, unsigned __int128 value)@{ p->a = value; }@
void @_get(const @ *p, WIDE *value)@{ *value = p->a; }@
void @_by_value(@ object, WIDE *value)@{ *value = object.a; }@
@ @_make(unsigned __int128 value)@{ @ object = {0}; object.a = value; return object; }@
]]

local function library(form, cases)
    local source, header = { prelude }, {}
    for i, case in ipairs(cases) do
        local text = functions:gsub("WIDE", case.wide)
        source[i + 1] = case.text .. "\n" .. text:gsub("@{(.-)}@", "{%1}"):gsub("@", case.name)
        header[i] = case.text .. "\n" .. text:gsub("@{.-}@", ";"):gsub("@", case.name)
    end
    ffi.cdef(table.concat(header, "\n"))
    return ffi.load(oracle.library("bitfield_" .. form[1]:gsub("%W", "_"), table.concat(source, "\n")))
end

ffi.cdef(prelude .. [[
void *mmap(void *, size_t, int, int, int, long);
int mprotect(void *, size_t, int);
int munmap(void *, size_t);
]])

local page = 4096
local pages -- three, of which only the middle one is there
setup(function()
    local address = ffi.C.mmap(nil, 3 * page, 0, 0x22, -1, 0)
    pages = ffi.cast("char *", address)
    assert(ffi.C.mprotect(pages + page, page, 3) == 0)
end)
teardown(function() ffi.C.munmap(pages, 3 * page) end)

-- Any integer, boolean or wide cdata as the text of its value.
local function shown(value)
    if type(value) == "boolean" then return value and "1" or "0" end
    return tostring(value):match "(%-?%d+)U?L?L?$"
end

local int128 = ffi.typeof "__int128"
local random_state = 1
local function random()
    random_state = random_state * 6364136223846793005 + 1442695040888963407
    return random_state
end

-- Values to write: the ends of the range, their neighbours outside, and some with all bits.
local function values_of(width)
    local top = int128(1) << (width - 1)
    local wide = int128(random()) << 64 | (int128(random()) & ((int128(1) << 64) - 1))
    return { 0, 1, -1, random(), top, top - 1, -top, -top - 1, top + top, wide, ffi.new("uint64_t", random()) }
end

-- As assert.are.equal, for many.
local function check_same(expected, got, case, value)
    if expected ~= got then assert.are.equal(expected, got, ("%s a = %s"):format(case.text, shown(value))) end
end

local function check_memory(lib, case, twin, pointer_type, size)
    local out = ffi.new(case.wide_array)
    local set, get = lib[case.name .. "_set"], lib[case.name .. "_get"]
    local ends = { pages + page, pages + 2 * page - size }
    for i, value in ipairs(values_of(case.width)) do
        local object = ffi.cast(pointer_type, ends[i % 2 + 1])
        local fill = i % 3 == 0 and 0xff or i % 3 == 1 and 0xa5 or 0
        ffi.fill(object, size, fill)
        ffi.fill(twin, size, fill)
        get(object, out)
        if case.type ~= "_Bool" then check_same(shown(out[0]), shown(object.a), case) end
        set(twin, value)
        object.a = value
        local expected, got = ffi.string(twin, size), ffi.string(object, size)
        if expected ~= got then check_same(oracle.hex(expected), oracle.hex(got), case, value) end
        get(object, out)
        check_same(shown(out[0]), shown(object.a), case, value)
    end
end

local function check_values(lib, case)
    local out = ffi.new(case.wide_array)
    local by_value, get, make = lib[case.name .. "_by_value"], lib[case.name .. "_get"], lib[case.name .. "_make"]
    local ctype = ffi.typeof(case.name)
    for _, value in ipairs(values_of(case.width)) do
        local object = ffi.new(ctype, { a = value })
        get(object, out)
        local expected = shown(out[0])
        check_same(expected, shown(object.a), case, value)
        by_value(object, out)
        check_same(expected, shown(out[0]), case, value)
        check_same(expected, shown(make(value).a), case, value)
        get(make(value), out)
        check_same(expected, shown(out[0]), case, value)
    end
end

for _, form in ipairs(forms) do
    describe("bit-fields " .. form[1], function()
        local cases = cases_of(form)
        local lib
        setup(function() lib = library(form, cases) end)

        it("are read and written as C does, and nothing beside them", function()
            for _, case in ipairs(cases) do
                check_memory(lib, case, ffi.new(case.name), ffi.typeof(case.name .. " *"), ffi.sizeof(case.name))
            end
        end)

        it("are initialised, passed and returned", function()
            for _, case in ipairs(cases) do check_values(lib, case) end
        end)
    end)
end

describe("a bit-field", function()
    it("takes other values as a member of its type does", function()
        local object = ffi.new "struct { int a : 4; unsigned b : 4; _Bool c : 1; enum { IX_A, IX_B = 3 } d : 3; const int e : 2; }"
        object.a, object.b, object.c, object.d = 7.9, true, 0.5, "IX_B"
        assert.are.same({ 7, 1, true, 3 }, { object.a, object.b, object.c, object.d })
        object.a = ffi.new("uint64_t", 15)
        assert.are.equal(-1, object.a)
        assert.are.equal("'int' expected, got string (field 'a' of 'struct {line 1}')", oracle.message(function() object.a = "1" end))
        assert.are.equal("'int' expected, got nan (field 'a' of 'struct {line 1}')", oracle.message(function() object.a = 0 / 0 end))
        assert.are.equal("field 'e' of 'struct {line 1}' is const", oracle.message(function() object.e = 1 end))
    end)
end)
