-- Calls: pointers and strings, many arguments, function pointers, C functions as Lua functions, C's variables, errno.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef [[
size_t strlen(const char *text);
int abs(int n);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
int fileno(void *file);
char *getenv(const char *name);
int access(const char *path, int mode);
]]

local lib
local function load_library() lib = support.load "calls" end

local function address_of(value) return tostring(value):match "0x%x+" end

describe("a pointer argument takes", function()
    setup(load_library)

    it("nil as NULL", function()
        assert.equal(1, lib.call_is_null(nil))
        assert.is_nil(lib.call_same(nil))
        assert.is_nil(lib.call_same_text(nil))
        assert.equal(1, lib.call_is_null(ffi.new "void *"))
        assert.equal(1, lib.call_is_null(ffi.new "int *"))
    end)

    it("arrays and pointers to elements", function()
        local list = ffi.new("int[3]", 5, 6, 7)
        assert.equal(5, lib.call_read(list))
        assert.equal(6, lib.call_read(list + 1))
        lib.call_write(list + 2, 70)
        assert.equal(70, list[2])
        lib.call_swap(list, list + 2)
        assert.same({ 70, 6, 5 }, { list[0], list[1], list[2] })
        assert.equal(6, lib.call_read(ffi.cast("int *", list) + 1))
        assert.equal(10, lib.call_sum_array(ffi.new("int[4]", 1, 2, 3, 4)))
    end)

    it("anything with an address for void *", function()
        local list = ffi.new "double[2]"
        local pair = ffi.new "struct { int a, b; }"
        for _, value in ipairs { list, pair, list + 1, ffi.cast("char *", list) } do
            assert.equal(0, lib.call_is_null(value))
            assert.equal(address_of(value), address_of(lib.call_same(value)))
        end
        assert.equal(address_of(io.stdout):gsub("^0x0*", ""), (address_of(lib.call_same(io.stdout)):gsub("^0x0*", "")))
    end)

    it("Lua strings for const char *, zeros and all", function()
        assert.equal(5, ffi.C.strlen "hello")
        assert.equal(0, ffi.C.strlen "")
        assert.equal(3, ffi.C.strlen "one\0two")
        local bytes = "\0\1\255"
        assert.equal(256, lib.call_sum_bytes(bytes, #bytes))
        local long = ("x"):rep(100000)
        assert.equal(#long, ffi.C.strlen(long))
        assert.equal(long, ffi.string(lib.call_same_text(long)))
    end)

    it("io files as their FILE *", function()
        assert.equal(1, ffi.C.fileno(io.stdout))
        local file = assert(io.tmpfile())
        assert.is_true(ffi.C.fileno(file) > 2)
        file:close()
        assert.has_error(function() ffi.C.fileno(file) end)
    end)

    it("buffers that C writes into", function()
        local buffer = ffi.new("char[20]", "mixed Case")
        lib.call_upper(buffer)
        assert.equal("MIXED CASE", ffi.string(buffer))
    end)

    it("arrays of pointers, a NULL among them", function()
        local a, b = ffi.new("int[3]", 1, 2, 3), ffi.new("int[3]", 10, 20, 30)
        local rows = ffi.new("int *[3]", a, nil, b)
        assert.equal(66, lib.call_sum_rows(rows, 3, 3))
        assert.is_nil(rows[1])
        rows[2] = nil
        assert.equal(6, lib.call_sum_rows(rows, 3, 3))
    end)

    it("arrays of arrays", function()
        local matrix = ffi.new("int[2][3]", { { 1, 2, 3 }, { 4, 5, 6 } })
        assert.equal(1 + 4 + 9 + 4 + 10 + 18, lib.call_sum_matrix(matrix, 2))
        assert.equal(1 + 4 + 9 + 4 + 10 + 18, lib.call_sum_matrix(lib.call_matrix, 2))
    end)

    it("one type after another, each by the same rules as alone", function()
        local list, reals = ffi.new("int[3]", 5, 6, 7), ffi.new "double[3]"
        local constant = ffi.cast("const int *", list)
        local whole = ffi.new("struct { int list[3]; }", { { 8, 9, 10 } })
        for _ = 1, 3 do
            assert.equal(5, lib.call_read(list))
            assert.equal(5, lib.call_read(constant))
            assert.equal(6, lib.call_read(list + 1))
            assert.equal(8, lib.call_read(whole.list))
            assert.error_matches(function() lib.call_read(reals) end, "'double %[3%]'")
            lib.call_write(list, 5)
            assert.error_matches(function() lib.call_write(constant, 1) end, "'const int %*'")
            assert.equal(0, lib.call_is_null(list))
            assert.equal(0, lib.call_is_null "text")
            assert.equal(1, lib.call_is_null(nil))
            assert.equal(1, lib.call_is_null(ffi.new "int *"))
            assert.has_error(function() lib.call_is_null(1) end)
        end
    end)

    it("lists of strings", function()
        local one, two = "one", "two"
        local list = ffi.new("const char *[3]", { one, two })
        assert.equal("two", ffi.string(lib.call_nth(list, 1)))
        assert.is_nil(lib.call_nth(list, 2))
    end)

    it("pointers to pointers that C fills", function()
        local place = ffi.new "int *[1]"
        assert.is_nil(place[0])
        lib.call_hand_out(place)
        assert.same({ 11, 22, 33 }, { place[0][0], place[0][1], place[0][2] })
        local text, length = ffi.new "const char *[1]", ffi.new "size_t[1]"
        lib.call_hand_out_text(text, length)
        assert.equal("handed out", ffi.string(text[0], length[0]))
    end)
end)

describe("a pointer result", function()
    setup(load_library)

    it("is nil for NULL, so that assert and == nil work", function()
        assert.is_nil(ffi.C.getenv "AIRLOCK_NO_SUCH_VARIABLE")
        assert.equal(os.getenv "PATH", ffi.string(assert(ffi.C.getenv "PATH")))
    end)

    it("is a pointer of the declared type", function()
        local list = ffi.new("int[2]", 3, 4)
        local pointer = ffi.cast("int *", lib.call_same(list))
        assert.equal(4, pointer[1])
        assert.equal("ctype<void *>", tostring(ffi.typeof(lib.call_same(list))))
        assert.equal("ctype<const char *>", tostring(ffi.typeof(lib.call_same_text "x")))
    end)
end)

describe("arguments in great number", function()
    setup(load_library)

    it("arrive in their places, 24 of mixed types", function()
        local arguments, whole, real, n, x = {}, 0, 0, 0, 0
        -- a1 to a13 (u: unsigned, b: _Bool) and f1 to f11 in the order of the prototype
        for kind in ("auauauaffbffffaffffaafaa"):gmatch "." do
            if kind == "f" then
                x = x + 1
                arguments[#arguments + 1] = x + 0.5
                real = real + x * (x + 0.5)
            else
                n = n + 1
                local value = kind == "b" and 1 or kind == "u" and n * 40 or n * 3 - 20
                arguments[#arguments + 1] = kind == "b" and true or value
                whole = whole + n * value
            end
        end
        assert.equal(1000 * whole + math.floor(real), lib.call_mixed24(table.unpack(arguments)))
    end)

    it("arrive in their places, 20 doubles", function()
        local arguments, sum = {}, 0
        for i = 1, 20 do
            arguments[i] = i * 0.25
            sum = sum + i * arguments[i]
        end
        assert.equal(sum, lib.call_doubles20(table.unpack(arguments)))
    end)

    it("leave the stack aligned, however many are in memory", function()
        assert.equal(0, lib.call_misalignment0())
        assert.equal(0, lib.call_misalignment1(1, 2, 3, 4, 5, 6, 7))
        assert.equal(0, lib.call_misalignment2(1, 2, 3, 4, 5, 6, 7, 8))
        assert.equal(0, lib.call_misalignment3(1, 2, 3, 4, 5, 6, 7, 8, 9))
    end)

    it("and a large struct result arrive through hidden pointers", function()
        local a, b = lib.call_big_make(100), lib.call_big_make(5)
        assert.equal(100, a.n[0])
        assert.equal(119, a.n[19])
        local sum = lib.call_big_add(a, b, 2)
        for i = 0, 19 do assert.equal(a.n[i] + 2 * b.n[i], sum.n[i]) end
        assert.equal(100, a.n[0])
    end)

    it("and structs from objects, views, constants and tables by turns", function()
        local one = lib.call_big_make(1)
        local list = ffi.new "struct call_big[2]"
        list[1] = lib.call_big_make(50)
        local constant = ffi.new("const struct call_big", lib.call_big_make(7))
        local other = ffi.new "struct { long n[20]; }"
        for _ = 1, 3 do
            assert.equal(1 + 2 * 50, lib.call_big_add(one, list[1], 2).n[0])
            assert.equal(7 + 2 * 1, lib.call_big_add(constant, one, 2).n[0])
            assert.equal(50 + 2 * 7, lib.call_big_add(list[1], constant, 2).n[0])
            assert.equal(3 + 2 * 1, lib.call_big_add({ { 3 } }, one, 2).n[0])
            assert.error_matches(function() lib.call_big_add(other, one, 2) end, "'struct call_big' expected")
            assert.error_matches(function() lib.call_big_add(one, list, 2) end, "'struct call_big' expected")
        end
    end)
end)

describe("a function pointer", function()
    setup(load_library)

    it("argument takes a C function as Lua has it", function()
        assert.equal(7, lib.call_apply(lib.call_add, 3, 4))
        assert.equal(-1, lib.call_apply(lib.call_subtract, 3, 4))
        assert.equal(7, lib.call_apply_function(lib.call_add, 3, 4))
        assert.equal(7, lib.call_apply_function_type(lib.call_add, 3, 4))
    end)

    it("argument takes function pointers and nil", function()
        assert.equal(7, lib.call_apply(lib.call_choose(("+"):byte()), 3, 4))
        assert.equal(-1, lib.call_apply(nil, 3, 4))
    end)

    it("goes as void * too", function()
        assert.equal(7, lib.call_apply_untyped(lib.call_add, 3, 4))
        assert.equal(-1, lib.call_apply_untyped(lib.call_choose(("-"):byte()), 3, 4))
        assert.equal(address_of(lib.call_choose(("+"):byte())), address_of(lib.call_same(lib.call_add)))
    end)

    it("result is called", function()
        assert.equal(12, lib.call_choose(("+"):byte())(5, 7))
        assert.equal(-2, lib.call_choose_again(("-"):byte())(5, 7))
        assert.is_nil(lib.call_choose(0))
    end)

    it("in an array, a struct and a variable is called, read and written", function()
        local both = lib.call_both()
        assert.equal(9, both[0](4, 5))
        assert.equal(-1, both[1](4, 5))
        assert.is_nil(both[2])
        assert.equal(9, lib.call_operations.add(4, 5))
        lib.call_operations.add, lib.call_operations.subtract = lib.call_subtract, lib.call_operations.add
        assert.equal(-1, lib.call_operations.add(4, 5))
        assert.equal(9, lib.call_operations.subtract(4, 5))
        lib.call_operations = { lib.call_add, lib.call_subtract }
        assert.equal(9, lib.call_operations.add(4, 5))
        assert.is_nil(lib.call_current)
        lib.call_current = lib.call_add
        assert.equal(9, lib.call_current_apply(4, 5))
        assert.equal(9, lib.call_current(4, 5))
        lib.call_current = nil
        assert.equal(-1, lib.call_current_apply(4, 5))
        assert.equal(9, lib.call_always_add(4, 5))
    end)

    it("is made by a cast from a function, an address and back", function()
        local add = ffi.cast("call_binary", lib.call_add)
        assert.equal(3, add(1, 2))
        local number = ffi.cast("uintptr_t", add)
        assert.equal(3, ffi.cast("call_binary", number)(1, 2))
        assert.equal(address_of(add), address_of(ffi.cast("void *", lib.call_add)))
    end)

    it("goes to qsort", function()
        local list = ffi.new("int[5]", 5, 1, 4, -2, 3)
        ffi.C.qsort(list, 5, ffi.sizeof "int", lib.call_compare_ints)
        assert.same({ -2, 1, 3, 4, 5 }, { list[0], list[1], list[2], list[3], list[4] })
    end)
end)

describe("a C function is a Lua function:", function()
    setup(load_library)

    it("type says so", function()
        assert.equal("function", type(lib.call_add))
        assert.equal("function", type(ffi.C.strlen))
    end)

    it("one object for one address and type", function()
        assert.is_true(rawequal(lib.call_add, lib.call_add))
        local again = ffi.load(support.path "calls")
        assert.is_true(rawequal(lib.call_add, again.call_add))
        ffi.cdef [[
            int call_add_alias(int, int) __asm__("call_add");
            long call_add_wide(long, long) __asm__("call_add");
        ]]
        assert.is_true(rawequal(lib.call_add, lib.call_add_alias))
        assert.is_false(rawequal(lib.call_add, lib.call_add_wide))
        assert.is_false(rawequal(lib.call_add, lib.call_subtract))
        local names = { [lib.call_add] = "add" }
        assert.equal("add", names[again.call_add])
    end)

    it("pcall, xpcall and coroutine.wrap take it", function()
        assert.same({ true, 7 }, { pcall(lib.call_add, 3, 4) })
        assert.same({ true, 7 }, { xpcall(lib.call_add, debug.traceback, 3, 4) })
        assert.equal(7, coroutine.wrap(lib.call_add)(3, 4))
        local worked, message = pcall(lib.call_add, "x", 4)
        assert.is_false(worked)
        assert.equal("'int' expected, got string (argument #1 'a' of 'call_add')", message)
    end)

    it("table.sort compares with it", function()
        local list = { 5, 1.5, -4, 3, 2, 10 }
        table.sort(list, lib.call_is_less)
        assert.same({ -4, 1.5, 2, 3, 5, 10 }, list)
    end)

    it("string.gsub replaces with it", function()
        assert.equal("3 5 1", (("one three x"):gsub("%a+", ffi.C.strlen)))
    end)

    it("a metamethod may be one", function()
        local object = setmetatable({}, { __index = function(_, key) return ffi.C.strlen(key) end, __len = nil })
        assert.equal(4, object.four)
        local sum = setmetatable({}, { __call = function(_, ...) return lib.call_add(...) end })
        assert.equal(9, sum(4, 5))
    end)

    it("ffi.typeof, ffi.istype and tostring know it", function()
        assert.equal("ctype<int (int, int)>", tostring(ffi.typeof(lib.call_add)))
        assert.equal(ffi.typeof "unsigned long (const char *)", ffi.typeof(ffi.C.strlen))
        assert.is_true(ffi.istype("int (int, int)", lib.call_add))
        assert.is_true(ffi.istype("int (*)(int, int)", lib.call_add))
        assert.is_false(ffi.istype("int (int)", lib.call_add))
        assert.is_false(ffi.istype("int (int, int)", print))
    end)

    it("survives collections", function()
        local add = lib.call_add
        collectgarbage()
        assert.equal(3, add(1, 2))
        assert.is_true(rawequal(add, lib.call_add))
        assert.equal(3, ffi.load(support.path "calls").call_add(1, 2))
    end)

    it("a name given by __asm__ is what is looked up", function()
        ffi.cdef [[
            int call_renamed(int n) __asm__("call_twice");
            extern int call_renamed_counter __asm__("call_counter");
        ]]
        assert.equal(14, lib.call_renamed(7))
        lib.call_counter = 41
        assert.equal(41, lib.call_renamed_counter)
        lib.call_renamed_counter = 50
        assert.equal(51, lib.call_count())
    end)

    it("coroutines call it at any depth", function()
        local function deep(n)
            if n == 0 then return lib.call_add(20, 22) end
            local inner = coroutine.wrap(deep)
            return inner(n - 1)
        end
        assert.equal(42, deep(50))
        local summing = coroutine.wrap(function()
            local sum = 0
            while true do sum = lib.call_add(sum, coroutine.yield(sum)) end
        end)
        summing()
        for i = 1, 100 do assert.equal(i * (i + 1) // 2, summing(i)) end
    end)
end)

describe("a C variable", function()
    setup(load_library)

    it("is read and written, and C sees it", function()
        lib.call_counter = 6
        assert.equal(7, lib.call_count())
        assert.equal(7, lib.call_counter)
        assert.is_nil(rawget(lib, "call_counter"))
    end)

    it("of array type is a view", function()
        local matrix = lib.call_matrix
        assert.equal(6, matrix[1][2])
        matrix[1][2] = 60
        assert.equal(60, lib.call_matrix[1][2])
        matrix[1][2] = 6
        assert.equal(24, ffi.sizeof(matrix))
        assert.has_error(function() return matrix[2] end)
    end)

    it("of incomplete array type knows no bounds", function()
        assert.equal(1000, lib.call_open_array[3])
        lib.call_open_array[3] = 2000
        assert.equal(2000, lib.call_open_array[3])
        assert.equal("per aspera", ffi.string(lib.call_motto))
    end)

    it("that is const refuses", function()
        assert.equal(7, lib.call_primes[3])
        assert.has_error(function() lib.call_primes[3] = 8 end, "element of 'const int [5]' is const")
        assert.has_error(function() lib.call_motto[0] = 8 end, "element of 'const char []' is const")
        assert.has_error(function() lib.call_always_add = lib.call_subtract end, "variable 'call_always_add' is const")
        assert.equal(7, lib.call_primes[3])
    end)

    it("takes arrays and strings whole", function()
        lib.call_text = "other"
        assert.equal("other", ffi.string(lib.call_text))
        lib.call_matrix = { { 9, 8, 7 }, { 6, 5, 4 } }
        assert.equal(5, lib.call_matrix[1][1])
        lib.call_matrix = { { 1, 2, 3 }, { 4, 5, 6 } }
    end)

    it("of pointer type takes pointers, strings and nil", function()
        assert.equal("hello", ffi.string(lib.call_greeting))
        local greeting = "good morning"
        lib.call_greeting = greeting
        assert.equal(greeting, ffi.string(lib.call_greeting))
        lib.call_greeting = nil
        assert.is_nil(lib.call_greeting)
        assert.is_nil(lib.call_pointer)
        local number = ffi.new("int[1]", 5)
        lib.call_pointer = number
        assert.equal(5, lib.call_pointer[0])
        lib.call_pointer[0] = 6
        assert.equal(6, number[0])
        lib.call_pointer = nil
        assert.is_nil(lib.call_opaque)
        lib.call_opaque = ffi.cast("struct call_hidden *", number)
        assert.equal(address_of(ffi.cast("void *", number)), address_of(lib.call_opaque))
        assert.has_error(function() return lib.call_opaque[0] end, "'struct call_hidden *' points to an incomplete type")
        lib.call_opaque = nil
    end)
end)

describe("errno", function()
    setup(load_library)

    it("is what the last call left", function()
        lib.call_fail(33)
        assert.equal(33, ffi.errno())
        assert.equal(33, ffi.errno())
        lib.call_add(1, 2)
        assert.equal(33, ffi.errno())
        assert.equal(-1, ffi.C.access("/no/such/file", 0))
        local _, _, number = io.open "/no/such/file"
        assert.equal(number, ffi.errno())
    end)

    it("stays whatever Lua does meanwhile", function()
        lib.call_fail(34)
        assert.is_nil(io.open "/no/such/file")
        assert.is_nil(os.remove "/no/such/directory")
        collectgarbage()
        assert.equal(34, ffi.errno())
        assert.equal(34, lib.call_errno())
    end)

    it("is set for the next call by ffi.errno(n), which returns the old one", function()
        ffi.errno(7)
        assert.equal(7, ffi.errno(8))
        assert.equal(8, lib.call_errno())
        assert.equal(8, ffi.errno(0))
        assert.equal(0, lib.call_errno())
    end)

    it("is one for all coroutines", function()
        coroutine.wrap(function() lib.call_fail(35) end)()
        assert.equal(35, ffi.errno())
    end)

    it("is kept by calls through pointers and variadic calls", function()
        ffi.cast("int (*)(int)", lib.call_fail)(36)
        assert.equal(36, ffi.errno())
        ffi.errno(37)
        lib.call_sum(0)
        assert.equal(37, ffi.errno())
        assert.equal(37, ffi.cast("int (*)(void)", lib.call_errno)())
    end)
end)
