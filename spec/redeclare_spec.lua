-- What ffi.cdef keeps: nothing for the same declarations again, nothing of a text that fails.
local ffi = require "ffi"

local function heap()
    for _ = 1, 4 do collectgarbage() end
    return collectgarbage("count")
end

-- What running this once more adds to the heap, in bytes: the first time may settle caches.
local function growth(run)
    local before
    for _ = 1, 3 do
        before = heap()
        run()
    end
    return (heap() - before) * 1024
end

-- One of everything that can be declared.
local text = [[
# 1 "redeclare.h"
typedef unsigned long rd_size;
struct rd_node { struct rd_node *next; int value : 3, rest : 11; rd_size n; struct { char c; union { int i; float f; }; } inside[2]; };
typedef struct { double re, im; } rd_complex;
enum rd_color { RD_RED, RD_GREEN = 1 << 4, RD_BLUE };
typedef enum { RD_A, RD_B = 0xfffffffffLL } rd_wide;
static const int RD_LIMIT = RD_BLUE * 2;
int rd_printf(const char *format, ...) __asm__("printf");
void (*rd_signal(int number, void (*handler)(int)))(int);
extern int rd_array[];
extern int rd_array[7];
int rd_local(struct rd_only_here { int a; } *p, enum rd_color color);
typedef float rd_v4 __attribute__((vector_size(16)));
static inline int rd_twice(int x) { return x * 2; }
#pragma pack(push, 1)
struct rd_packed { char c; int i; };
#pragma pack(pop)
typedef struct { int n; int data[?]; } rd_variable;
const volatile struct rd_node *rd_find(struct rd_unknown *, rd_wide);
]]

describe("the same declarations again", function()
    setup(function() ffi.cdef(text) end)

    it("keep the heap as it was, 100,000 times", function()
        assert.are.equal(0, growth(function()
            for i = 1, 100000 do
                ffi.cdef "typedef struct { double re, im; } rd_complex; int rd_printf(const char *format, ...);"
                if i % 100 == 0 then ffi.cdef(text) end
            end
        end))
    end)

    it("keep the heap as it was when they come in pieces", function()
        local pieces = { "struct rd_node;", "enum rd_color { RD_RED, RD_GREEN = 16, RD_BLUE };", "extern int rd_array[];",
            "struct rd_packed { char c; int i; } __attribute__((packed));", ";", "", "typedef unsigned long rd_size;" }
        assert.are.equal(0, growth(function()
            for _ = 1, 1000 do
                for _, piece in ipairs(pieces) do ffi.cdef(piece) end
            end
        end))
    end)

    it("as types keep the heap as it was", function()
        assert.are.equal(0, growth(function()
            for _ = 1, 1000 do
                ffi.typeof("struct rd_node *(*)[3]")
                ffi.sizeof("rd_complex")
                ffi.new("struct rd_node")
            end
        end))
    end)
end)

describe("a text that fails", function()
    local failing = {
        "int rd_new_f(struct rd_new_s { int a; } *p); struct rd_new_t { int m; }; typedef rd_typo rd_new;",
        "struct rd_node { int other; };", "enum rd_new_e { RD_NEW_1, RD_NEW_2, RD_RED = 7 };", "int rd_new_g(int a, int a);",
        "# 1 \"rd_new.h\"\nstruct rd_unknown { int known; }; int rd_printf;", "struct rd_new_s {",
    }

    it("leaves nothing of itself", function()
        for _, bad in ipairs(failing) do assert.is_false(pcall(ffi.cdef, bad)) end
        for _, name in ipairs { "struct rd_new_s", "struct rd_new_t", "rd_new", "enum rd_new_e" } do
            assert.is_false(pcall(ffi.typeof, name .. " *(*)(int)") and ffi.sizeof(name) ~= nil, name)
        end
        assert.is_nil(ffi.sizeof("struct rd_unknown"))
        assert.has_no_error(function() ffi.cdef(text) end)
    end)

    it("keeps the heap as it was", function()
        assert.are.equal(0, growth(function()
            for _ = 1, 5000 do
                for _, bad in ipairs(failing) do pcall(ffi.cdef, bad) end
            end
        end))
    end)
end)

describe("a large text", function()
    it("in a coroutine is bounded in depth as in the main one", function()
        local deep = "int " .. ("("):rep(1000000) .. "x" .. (")"):rep(1000000) .. ";"
        local results = { coroutine.wrap(function() return pcall(ffi.cdef, deep) end)() }
        assert.is_false(results[1])
        assert.is_truthy(results[2]:find("nested too deeply", 1, true))
    end)

    it("from within many coroutines does not overflow the C stack", function()
        local deep = "int " .. ("("):rep(1000000) .. "x;"
        local function nest(n)
            if n == 0 then return pcall(ffi.cdef, deep) end
            return coroutine.wrap(nest)(n - 1)
        end
        local ok, message = nest(100)
        assert.is_false(ok)
        assert.is_truthy(message:find("nested too deeply", 1, true))
    end)
end)
