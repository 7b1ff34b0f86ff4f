-- Wrong use of C functions, variables and libraries: what the error says, word for word, and which line it points at.
local ffi = require "ffi"
local support = require "spec.support"

ffi.cdef [[
int err_missing(int n);
extern int err_missing_variable;
int err_renamed(int n) __asm__("err_symbol_that_is_not_there");
typedef struct err_point { int x, y; } err_point;
struct err_other { int x, y; };
struct err_empty {};
enum err_colour { ERR_RED, ERR_GREEN };
int err_opaque(struct err_hidden *p) __asm__("call_is_null");
int err_points(err_point *p) __asm__("call_is_null");
int err_const_points(const err_point *p) __asm__("call_is_null");
int err_doubles(double *p) __asm__("call_is_null");
int err_floats(float *p) __asm__("call_is_null");
int err_text(char *text) __asm__("call_is_null");
int err_const_text(const char *text) __asm__("call_is_null");
int err_const_ints(const int *list) __asm__("call_is_null");
int err_ints(int *list) __asm__("call_is_null");
int err_unsigned_ints(unsigned *list) __asm__("call_is_null");
int err_rows(int **rows) __asm__("call_is_null");
int err_const_rows(const int **rows) __asm__("call_is_null");
int err_voids(void *p) __asm__("call_is_null");
int err_callback(int (*function)(int), void *context) __asm__("call_is_null");
int err_by_value(err_point point) __asm__("call_twice");
unsigned err_one(int only) __asm__("call_twice");
unsigned err_none(void) __asm__("call_errno");
int err_unnamed(int, double) __asm__("call_add");
int err_colour(enum err_colour colour, unsigned char size) __asm__("call_add");
int err_double(double x, float y, long z, uint64_t u, bool b, int8_t c) __asm__("call_add");
double err_complex(double _Complex z) __asm__("call_add");
]]

local lib

-- The message of the error that f(...) raises, which must point at the line that calls f, or at f where f is a Lua function of one line.
local function message_of(f, ...)
    local line = debug.getinfo(1, "l").currentline + 1
    local worked, message = pcall(function(...) local result = f(...) return result end, ...)
    local info = type(f) == "function" and debug.getinfo(f, "S")
    if info and info.what == "Lua" then line = info.linedefined end
    assert.is_false(worked)
    assert.equal("string", type(message))
    local position, text = message:match "^([^\n]-:%d+:) (.*)$"
    assert.equal(debug.getinfo(1, "S").short_src .. ":" .. line .. ":", position)
    return text
end

local function assert_refused(expected, f, ...) assert.equal(expected, message_of(f, ...)) end

local function load_library() lib = support.load "calls" end

describe("the number of arguments", function()
    setup(load_library)

    it("is told with the prototype when too small", function()
        assert_refused("'call_add' takes 2 arguments, got 1: int call_add(int a, int b)", lib.call_add, 1)
        assert_refused("'call_add' takes 2 arguments, got 0: int call_add(int a, int b)", lib.call_add)
        assert_refused("'err_one' takes 1 argument, got 0: unsigned int err_one(int only)", lib.err_one)
    end)

    it("is told when too great, nil included", function()
        assert_refused("'call_add' takes 2 arguments, got 3: int call_add(int a, int b)", lib.call_add, 1, 2, 3)
        assert_refused("'call_add' takes 2 arguments, got 3: int call_add(int a, int b)", lib.call_add, 1, 2, nil)
        assert_refused("'err_none' takes 0 arguments, got 1: unsigned int err_none(void)", lib.err_none, nil)
    end)

    it("is told for variadic functions when too small", function()
        assert_refused("'call_sum' takes at least 1 argument, got 0: long call_sum(int count, ...)", lib.call_sum)
        assert_refused("'call_after_fixed' takes at least 3 arguments, got 2: double call_after_fixed(double d, const char *text, float f, ...)",
            lib.call_after_fixed, 1, "x")
    end)

    it("is told for function pointers by their type", function()
        assert_refused("'int (int, int)' takes 2 arguments, got 1: int (int, int)", ffi.cast("call_binary", lib.call_add), 1)
    end)
end)

describe("a number parameter refuses", function()
    setup(load_library)

    for _, case in ipairs {
        { "string", "string" }, { "5", "string" }, { {}, "table" }, { nil, "nil" }, { print, "function" },
        { io.stdout, "userdata" }, { 0 / 0, "nan" }, { 1 / 0, "inf" }, { -1 / 0, "-inf" },
    } do
        it(("%s for int"):format(tostring(case[1]):match "^[^:]*"), function()
            assert_refused(("'int' expected, got %s (argument #2 'b' of 'call_add')"):format(case[2]), lib.call_add, 1, case[1])
        end)
    end

    it("floats that no 64-bit integer holds", function()
        assert_refused("'int' expected, got 1e+300, which no 64-bit integer holds (argument #1 'a' of 'call_add')", lib.call_add, 1e300, 1)
        assert_refused("'int' expected, got -1e+300, which no 64-bit integer holds (argument #1 'a' of 'call_add')", lib.call_add,
            -1e300, 1)
        assert_refused("'long' expected, got 1e+20, which no 64-bit integer holds (argument #3 'z' of 'err_double')", lib.err_double,
            1, 2, 1e20, 3, true, 1)
        assert_refused("'signed char' expected, got nan (argument #6 'c' of 'err_double')", lib.err_double, 1, 2, 3, 4, true, 0 / 0)
    end)

    it("strings for floating types and for _Bool", function()
        assert_refused("'double' expected, got string (argument #1 'x' of 'err_double')", lib.err_double, "5", 2, 3, 4, true, 1)
        assert_refused("'float' expected, got string (argument #2 'y' of 'err_double')", lib.err_double, 1, "2", 3, 4, true, 1)
        assert_refused("'unsigned long' expected, got string (argument #4 'u' of 'err_double')", lib.err_double, 1, 2, 3, "4", true, 1)
        assert_refused("'_Bool' expected, got string (argument #5 'b' of 'err_double')", lib.err_double, 1, 2, 3, 4, "true", 1)
        assert_refused("'_Bool' expected, got nil (argument #5 'b' of 'err_double')", lib.err_double, 1, 2, 3, 4, nil, 1)
    end)

    it("structs, pointers, arrays and ctypes", function()
        local point = ffi.new "err_point"
        assert_refused("'int' expected, got 'struct err_point' (argument #1 'a' of 'call_add')", lib.call_add, point, 1)
        assert_refused("'int' expected, got 'int *' (argument #1 'a' of 'call_add')", lib.call_add, ffi.new "int *", 1)
        assert_refused("'int' expected, got 'int [3]' (argument #1 'a' of 'call_add')", lib.call_add, ffi.new "int[3]", 1)
        assert_refused("'int' expected, got ctype (argument #1 'a' of 'call_add')", lib.call_add, ffi.typeof "int", 1)
        assert_refused("'int' expected, got 'int (int, int)' (argument #1 'a' of 'call_add')", lib.call_add, lib.call_add, 1)
    end)

    it("by number alone where the prototype names nothing", function()
        assert_refused("'int' expected, got string (argument #1 of 'err_unnamed')", lib.err_unnamed, "1", 2)
        assert_refused("'double' expected, got table (argument #2 of 'err_unnamed')", lib.err_unnamed, 1, {})
    end)

    it("the variadic function's fixed arguments too", function()
        assert_refused("'int' expected, got string (argument #1 'count' of 'call_sum')", lib.call_sum, "3", 1, 2, 3)
        assert_refused("'float' expected, got string (argument #3 'f' of 'call_after_fixed')", lib.call_after_fixed, 1, "x", "y", 1)
        assert_refused("'int' expected, got string (argument #1 'count' of 'call_sum')", lib.call_sum, "3", ffi.new "long double")
    end)

    it("by number and type where the function is called through a pointer", function()
        assert_refused("'int' expected, got string (argument #2 of 'int (int, int)')", ffi.cast("call_binary", lib.call_add), 1, "2")
        assert_refused("table cannot be passed as a variadic argument (argument #3 of 'long (int, ...)')",
            ffi.cast("long (*)(int, ...)", lib.call_sum), 2, 1, {})
    end)

    it("what a complex number is not made of", function()
        assert_refused("'_Complex double' expected, got string (argument #1 'z' of 'err_complex')", lib.err_complex, "1")
    end)
end)

describe("an enum parameter refuses", function()
    setup(load_library)

    it("names that are not its constants", function()
        assert_refused("'enum err_colour' has no constant 'ERR_BLUE' (argument #1 'colour' of 'err_colour')", lib.err_colour, "ERR_BLUE", 1)
        assert_refused("'enum err_colour' has no constant '1' (argument #1 'colour' of 'err_colour')", lib.err_colour, "1", 1)
        assert.equal(4, lib.err_colour("ERR_GREEN", 3))
    end)

    it("what is no number", function()
        assert_refused("'enum err_colour' expected, got table (argument #1 'colour' of 'err_colour')", lib.err_colour, {}, 1)
    end)

    it("nothing of the sort for the integer beside it", function()
        assert_refused("'unsigned char' expected, got string (argument #2 'size' of 'err_colour')", lib.err_colour, 0, "ERR_RED")
    end)
end)

describe("a pointer parameter refuses", function()
    setup(load_library)

    for _, case in ipairs { { {}, "table" }, { true, "boolean" }, { 0, "number" }, { 0.0, "number" }, { coroutine.create(print), "thread" } } do
        it("a " .. case[2] .. (case[2] == "number" and " " .. case[1] or ""), function()
            assert_refused(("'int *' expected, got %s (argument #1 'list' of 'err_ints')"):format(case[2]), lib.err_ints, case[1])
            assert_refused(("'void *' expected, got %s (argument #1 'p' of 'err_voids')"):format(case[2]), lib.err_voids, case[1])
            assert_refused(("'const char *' expected, got %s (argument #1 'text' of 'err_const_text')"):format(case[2]),
                lib.err_const_text, case[1])
        end)
    end

    it("a string where C may write", function()
        assert_refused("'char *' expected, got string (argument #1 'text' of 'err_text')", lib.err_text, "text")
        assert_refused("'void *' expected, got string (argument #1 'p' of 'err_voids')", lib.err_voids, "text")
        assert_refused("'const int *' expected, got string (argument #1 'list' of 'err_const_ints')", lib.err_const_ints, "text")
        assert.equal(0, lib.err_const_text "text")
    end)

    it("pointers to other types", function()
        assert_refused("'int *' expected, got 'double *' (argument #1 'list' of 'err_ints')", lib.err_ints, ffi.new "double *")
        assert_refused("'double *' expected, got 'float [2]' (argument #1 'p' of 'err_doubles')", lib.err_doubles, ffi.new "float[2]")
        assert_refused("'float *' expected, got 'double [2]' (argument #1 'p' of 'err_floats')", lib.err_floats, ffi.new "double[2]")
        assert_refused("'int **' expected, got 'int *' (argument #1 'rows' of 'err_rows')", lib.err_rows, ffi.new "int *")
        assert_refused("'int *' expected, got 'long [1]' (argument #1 'list' of 'err_ints')", lib.err_ints, ffi.new "long[1]")
        assert.equal(1, lib.err_ints(ffi.new "int *"))
    end)

    it("other structs, by value or by pointer", function()
        local other = ffi.new "struct err_other"
        assert_refused("'struct err_point *' expected, got 'struct err_other' (argument #1 'p' of 'err_points')", lib.err_points, other)
        assert_refused("'struct err_point *' expected, got 'struct err_other *' (argument #1 'p' of 'err_points')", lib.err_points,
            ffi.cast("struct err_other *", other))
        assert_refused("'struct err_point' expected, got 'struct err_other' (argument #1 'point' of 'err_by_value')", lib.err_by_value,
            other)
        assert_refused("'struct err_point' expected, got number (argument #1 'point' of 'err_by_value')", lib.err_by_value, 5)
        assert_refused("'struct err_point' expected, got nil (argument #1 'point' of 'err_by_value')", lib.err_by_value, nil)
        assert_refused("'struct err_hidden *' expected, got 'struct err_other' (argument #1 'p' of 'err_opaque')", lib.err_opaque, other)
    end)

    it("pointers to const where C may write", function()
        local list = ffi.new("const int[2]", 1, 2)
        assert_refused("'int *' expected, got 'const int [2]' (argument #1 'list' of 'err_ints')", lib.err_ints, list)
        assert_refused("'int *' expected, got 'const int *' (argument #1 'list' of 'err_ints')", lib.err_ints, list + 1)
        assert_refused("'void *' expected, got 'const int [2]' (argument #1 'p' of 'err_voids')", lib.err_voids, list)
        local point = ffi.new "const err_point"
        assert_refused("'struct err_point *' expected, got 'const struct err_point' (argument #1 'p' of 'err_points')", lib.err_points,
            point)
        assert.equal(0, lib.err_const_points(point))
        assert.equal(0, lib.err_const_ints(list))
    end)

    it("const below the first level, either way", function()
        assert_refused("'int **' expected, got 'const int *[1]' (argument #1 'rows' of 'err_rows')", lib.err_rows,
            ffi.new "const int *[1]")
        assert_refused("'const int **' expected, got 'int *[1]' (argument #1 'rows' of 'err_const_rows')", lib.err_const_rows,
            ffi.new "int *[1]")
    end)

    it("Lua functions where data are wanted", function()
        assert_refused("'void *' expected, got function (argument #2 'context' of 'err_callback')", lib.err_callback, nil, function() end)
    end)

    it("C objects that are not pointers, and ctypes", function()
        assert_refused("'int *' expected, got 'int' (argument #1 'list' of 'err_ints')", lib.err_ints, ffi.new "int")
        assert_refused("'void *' expected, got 'unsigned long' (argument #1 'p' of 'err_voids')", lib.err_voids, ffi.new "uint64_t")
        assert_refused("'void *' expected, got ctype (argument #1 'p' of 'err_voids')", lib.err_voids, ffi.typeof "int")
        assert_refused("'int *' expected, got 'int (int, int)' (argument #1 'list' of 'err_ints')", lib.err_ints, lib.call_add)
    end)

    it("nothing that differs in sign alone", function()
        assert.equal(0, lib.err_unsigned_ints(ffi.new "int[1]"))
        assert.equal(0, lib.err_ints(ffi.new "unsigned[1]"))
    end)
end)

describe("a name", function()
    setup(load_library)

    local function get(library, name) local value = library[name] return value end
    local function set(library, name, value) library[name] = value end

    it("that is not declared", function()
        assert_refused("'err_undeclared' is not declared: ffi.cdef its prototype first", get, ffi.C, "err_undeclared")
    end)

    it("that is a type", function()
        assert_refused("'err_point' is a type, not a function, variable or constant", get, lib, "err_point")
        assert_refused("'err_point' is a type, not a function, variable or constant", set, lib, "err_point", 1)
    end)

    it("that no symbol stands for, with the library that was searched", function()
        local path = support.path "calls"
        assert_refused(("no symbol 'err_missing' in library '%s'"):format(path), get, lib, "err_missing")
        assert_refused(("no symbol 'err_missing_variable' in library '%s'"):format(path),
            get, lib, "err_missing_variable")
        assert_refused(("no symbol 'err_missing_variable' in library '%s'"):format(path),
            set, lib, "err_missing_variable", 1)
        assert_refused(("no symbol 'err_symbol_that_is_not_there' (for 'err_renamed') in library '%s'"):format(path),
            get, lib, "err_renamed")
        assert_refused("no symbol 'err_missing' in the process and the libraries it has loaded (ffi.C)",
            get, ffi.C, "err_missing")
    end)

    it("that is no string", function()
        assert_refused("a library is indexed by names, got number", get, lib, 1)
        assert_refused("a library is indexed by names, got boolean", get, lib, true)
        assert_refused("a library is indexed by names, got table", set, lib, {}, 1)
    end)

    it("of a function or a constant, assigned to", function()
        assert_refused("'call_subtract' is not a variable and cannot be assigned to", set, lib, "call_subtract", print)
        assert_refused("'ERR_RED' is not a variable and cannot be assigned to", set, lib, "ERR_RED", 5)
        assert_refused("'err_undeclared' is not declared: ffi.cdef its prototype first", set, lib, "err_undeclared", 5)
    end)

    it("of a variable, assigned what it cannot hold", function()
        assert_refused("'volatile int' expected, got string (variable 'call_counter')", set, lib, "call_counter", "5")
        assert_refused("'int *' expected, got 'double [1]' (variable 'call_pointer')",
            set, lib, "call_pointer", ffi.new "double[1]")
        assert_refused("variable 'call_primes' is const", set, lib, "call_primes", { 1 })
        assert_refused("'int (*)(int, int)' expected, got string (variable 'call_current')", set, lib, "call_current", "print")
    end)
end)

describe("a library that is not there", function()
    it("is told with all that was tried", function()
        local message = message_of(ffi.load, "airlock_no_such_library")
        local lines = {}
        for line in message:gmatch "[^\n]+" do lines[#lines + 1] = line end
        assert.equal("cannot load library 'airlock_no_such_library'; tried:", lines[1])
        assert.matches("^    airlock_no_such_library: airlock_no_such_library: cannot open shared object file: No such file", lines[2])
        assert.matches("^    libairlock_no_such_library%.so: libairlock_no_such_library%.so: cannot open shared object file", lines[3])
        assert.equal("    libairlock_no_such_library.so.*: none in /etc/ld.so.cache", lines[4])
        assert.equal(4, #lines)
    end)

    it("is told with its path alone", function()
        local message = message_of(ffi.load, "/no/such/library.so")
        assert.matches("^cannot load library '/no/such/library%.so'; tried:\n    /no/such/library%.so: /no/such/library%.so: cannot open "
            .. "shared object file: No such file or directory$", message)
    end)

    it("is told with the reason when it is no library", function()
        local file = os.tmpname()
        support.write(file, "no library at all")
        local message = message_of(ffi.load, file)
        os.remove(file)
        assert.matches("tried:\n    " .. file .. ": " .. file .. ": ", message)
        assert.matches("file too short", message)
    end)

    it("is not asked for by anything but a string", function()
        assert_refused("bad argument #1 to 'ffi.load' (library name expected, got nil)", ffi.load, nil)
        assert_refused("bad argument #1 to 'ffi.load' (library name expected, got number)", ffi.load, 5)
        assert_refused("bad argument #1 to 'ffi.load' (library name expected, got table)", ffi.load, {})
    end)
end)

describe("ffi.abi", function()
    it("knows what holds for this machine", function()
        for _, fact in ipairs { "64bit", "le", "fpu", "hardfp" } do assert.is_true(ffi.abi(fact)) end
        for _, fact in ipairs { "32bit", "be", "softfp", "win", "" } do assert.is_false(ffi.abi(fact)) end
    end)

    it("is asked with a string only", function()
        assert_refused("bad argument #1 to 'ffi.abi' (string expected, got no value)", ffi.abi)
        assert_refused("bad argument #1 to 'ffi.abi' (string expected, got number)", ffi.abi, 64)
    end)
end)

describe("a failing call", function()
    setup(load_library)

    it("leaves nothing behind: the next one works", function()
        for _ = 1, 100 do pcall(lib.call_add, 1, "x") end
        assert.equal(3, lib.call_add(1, 2))
        for _ = 1, 100 do pcall(lib.call_sum, 2, {}, ffi.new "long double") end
        assert.equal(5, lib.call_sum(2, 1, 2))
    end)

    it("tells its position in a coroutine too", function()
        local wrapped = coroutine.wrap(function() return lib.call_add(1) end)
        local line = debug.getinfo(1, "l").currentline - 1
        local _, message = pcall(wrapped)
        assert.equal(("%s:%d: 'call_add' takes 2 arguments, got 1: int call_add(int a, int b)"):format(debug.getinfo(1, "S").short_src, line),
            message)
    end)
end)

describe("an operator refuses", function()
    local long, colour = ffi.new("long", 1), ffi.new("enum err_colour", "ERR_GREEN")
    local ints, floats = ffi.cast("int *", 16), ffi.cast("float *", 16)

    it("operands it has no meaning for", function()
        assert_refused("attempt to perform arithmetic (+) on 'long' and string", function() return long + "1" end)
        assert_refused("attempt to perform arithmetic (-) on string and 'long'", function() return "1" - long end) -- by way of string's __sub
        assert_refused("'long' expected, got 1e+30, which no 64-bit integer holds (operand of +)", function() return long + 1e30 end)
        assert_refused("attempt to perform arithmetic (unary -) on 'int *'", function() return -ints end)
        assert_refused("attempt to compare 'long' with 'int *'", function() return long < ints end)
        assert_refused("'enum err_colour' has no constant 'ERR_BLUE' (operand of -)", function() return colour - "ERR_BLUE" end)
    end)

    it("to divide by zero where it floors", function()
        assert_refused("attempt to perform '//' by zero", function() return long // 0 end)
    end)

    it("pointers without a difference", function()
        local empty = ffi.cast("struct err_empty *", 16)
        assert_refused("attempt to subtract 'float *' from 'int *': different element types", function() return ints - floats end)
        assert_refused("pointers of type 'struct err_empty *' have no difference: their elements have no size", function() return empty - empty end)
        assert_refused("index 4611686018427387904 of 'int *' is beyond the address space", function() return ints + (1 << 62) end)
    end)

    it("to compare fewer than two values", function()
        assert_refused("bad argument #2 to 'ffi.eq' (value expected, got no value)", ffi.eq, 1)
    end)
end)
