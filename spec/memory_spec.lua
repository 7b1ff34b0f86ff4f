-- ffi.string, ffi.copy and ffi.fill: every form, never beyond an object of known size, nil only for nothing.
local ffi = require "ffi"
local oracle = require "spec.oracle"
local support = require "spec.support"

local message = oracle.message

setup(function()
    ffi.cdef [[
        typedef struct mm_point { int x, y; } mm_point;
        struct mm_open { int n; char rest[?]; };
        struct mm_text { char head[4]; int n; char tail[4]; };
    ]]
end)

local function bytes(...) return string.char(...) end

describe("ffi.string", function()
    it("reads to the first zero", function()
        local array = ffi.new("char[8]", "abc\0def")
        assert.are.equal("abc", ffi.string(array))
        assert.are.equal("bc", ffi.string(array + 1))
        assert.are.equal("abc", ffi.string(ffi.cast("void *", array)))
        assert.are.equal("abc", ffi.string(ffi.new("const char *", array)))
        assert.are.equal("", ffi.string(ffi.new "char[8]"))
    end)

    it("reads a length, zeroes included", function()
        local array = ffi.new("char[8]", "abc\0def")
        assert.are.equal("abc\0def\0", ffi.string(array, 8))
        assert.are.equal("ab", ffi.string(array, 2))
        assert.are.equal("", ffi.string(array, 0))
        assert.are.equal("ab", ffi.string(array, 2.9))
        assert.are.equal("ab", ffi.string(array, ffi.new("uint64_t", 2)))
        assert.are.equal("abc", ffi.string(array, nil))
    end)

    it("takes every kind of bytes", function()
        assert.are.equal("A", ffi.string(ffi.new("unsigned char[2]", 65, 0)))
        assert.are.equal("A", ffi.string(ffi.new("int8_t[2]", 65, 0)))
        assert.are.equal("abc", ffi.string("abc\0def"))
        assert.are.equal("abc\0d", ffi.string("abc\0def", 5))
        assert.are.equal(bytes(1, 0, 0, 0, 2, 0, 0, 0), ffi.string(ffi.new("mm_point", 1, 2), 8))
        assert.are.equal(bytes(1, 0, 2, 0), ffi.string(ffi.new("short[2]", 1, 2), 4))
        assert.are.equal(bytes(0, 0, 0xf0, 0x3f), ffi.string(ffi.new("double[1]", 1), 8):sub(5))
        assert.are.equal("vol", ffi.string(ffi.new("volatile char[4]", "vol")))
    end)

    it("stops at the end of an object without a zero", function()
        assert.are.equal("abc", ffi.string(ffi.new("char[3]", "abc")))
        assert.are.equal("abcd", ffi.string(ffi.new("char[?]", 4, "abcdef")))
        assert.are.equal("head", ffi.string(ffi.new("struct mm_text", { "head", 1 }).head))
    end)

    it("reads a whole object and no byte more", function()
        local array = ffi.new("char[3]", "abc")
        assert.are.equal("abc", ffi.string(array, 3))
        assert.are.equal("'ffi.string' of 4 bytes would go beyond the 3 bytes of 'char [3]'", message(ffi.string, array, 4))
        assert.are.equal("'ffi.string' of 6 bytes would go beyond the 5 bytes of 'char [?]'", message(ffi.string, ffi.new("char[?]", 5), 6))
        assert.are.equal("'ffi.string' of 9 bytes would go beyond the 8 bytes of 'struct mm_point'", message(ffi.string, ffi.new "mm_point", 9))
        assert.are.equal("abc\0", ffi.string("abc", 4))
        assert.are.equal("'ffi.string' of 5 bytes would go beyond the 4 bytes of 'string'", message(ffi.string, "abc", 5))
        local open = ffi.new("struct mm_open", 4)
        assert.are.equal(8, #ffi.string(open, 8))
        assert.are.equal("'ffi.string' of 9 bytes would go beyond the 8 bytes of 'struct mm_open'", message(ffi.string, open, 9))
    end)

    it("does not know the end behind pointers, and of a record's last array that of the memory it is in", function()
        local buffer = ffi.new("char[32]", "0123456789abcdefghijklmnopqrstu")
        assert.are.equal("0123456789", ffi.string(buffer + 0, 10))
        local text = ffi.cast("struct mm_text *", ffi.cast("void *", buffer))
        assert.are.equal("89abcdef", ffi.string(text.tail, 8))
        assert.are.equal("'ffi.string' of 5 bytes would go beyond the 4 bytes of 'char [4]'", message(ffi.string, text.head, 5))
    end)

    it("does not leave the object whose last array it is", function()
        local text = ffi.new("struct mm_text", { tail = ("x"):rep(20) })
        local nbytes = ffi.sizeof(text) - ffi.offsetof("struct mm_text", "tail")
        assert.are.equal(("x"):rep(nbytes), ffi.string(text.tail))
        local beyond = ("would go beyond the %d bytes"):format(nbytes)
        assert.matches(beyond, message(ffi.string, text.tail, nbytes + 1))
        assert.matches(beyond, message(ffi.fill, text.tail, nbytes + 1))
        assert.matches(beyond, message(ffi.copy, text.tail, ("y"):rep(nbytes)))
        local outer = ffi.new "struct { struct mm_text inner; }"
        assert.matches(beyond, message(ffi.fill, outer.inner.tail, nbytes + 1))
    end)

    it("of nil is empty for length 0, and raises otherwise", function()
        assert.are.equal("", ffi.string(nil, 0))
        assert.are.equal("", ffi.string(ffi.new "char *", 0))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got nil)", message(ffi.string, nil))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got nil)", message(ffi.string, nil, 1))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got 'char *')", message(ffi.string, ffi.new "char *"))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got 'char *')", message(ffi.string, ffi.new "char *", 1))
    end)

    it("refuses other arguments", function()
        local array = ffi.new("int[2]")
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer to char, or a length, expected, got 'int [2]')", message(ffi.string, array))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer to char, or a length, expected, got 'struct mm_point')",
            message(ffi.string, ffi.new "mm_point"))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got number)", message(ffi.string, 5))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got table)", message(ffi.string, {}))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got 'int')", message(ffi.string, ffi.new "int"))
        assert.are.equal("bad argument #1 to 'ffi.string' (pointer expected, got no value)", message(ffi.string))
        assert.are.equal("bad argument #2 to 'ffi.string' (length expected, got string)", message(ffi.string, array, "2"))
        assert.are.equal("bad argument #2 to 'ffi.string' (length expected, got boolean)", message(ffi.string, array, true))
        assert.are.equal("bad argument #2 to 'ffi.string' (length expected, got nan)", message(ffi.string, array, 0 / 0))
        assert.are.equal("bad argument #2 to 'ffi.string' (length -1 is out of range)", message(ffi.string, array, -1))
    end)
end)

describe("ffi.copy", function()
    local target
    before_each(function() target = ffi.new("char[8]", "zzzzzzz") end)

    it("copies a string with its zero", function()
        ffi.copy(target, "abc")
        assert.are.equal("abc\0zzz\0", ffi.string(target, 8))
        ffi.copy(target, "d\0e")
        assert.are.equal("d\0e\0zzz\0", ffi.string(target, 8))
        ffi.copy(target, "")
        assert.are.equal("\0", ffi.string(target, 1))
        assert.are.equal(0, select("#", ffi.copy(target, "x")))
    end)

    it("copies a length", function()
        ffi.copy(target, "abcdef", 2)
        assert.are.equal("abzzzzz", ffi.string(target))
        ffi.copy(target + 4, ffi.new("char[4]", "1234"), 3)
        assert.are.equal("abzz123", ffi.string(target))
        ffi.copy(target, "abc", 4)
        assert.are.equal("abc", ffi.string(target))
        ffi.copy(target, "q", 0)
        assert.are.equal("abc", ffi.string(target))
    end)

    it("copies between objects of different types", function()
        local point = ffi.new("mm_point", 1, 2)
        local ints = ffi.new("int[2]")
        ffi.copy(ints, point, 8)
        assert.are.same({ 1, 2 }, { ints[0], ints[1] })
        ffi.copy(point, ints + 1, 4)
        assert.are.equal(2, point.x)
    end)

    it("copies what overlaps", function()
        ffi.copy(target, "abcdefg")
        ffi.copy(target + 1, target, 6)
        assert.are.equal("aabcdef", ffi.string(target))
        ffi.copy(target, target + 2, 5)
        assert.are.equal("bcdefef", ffi.string(target))
        local text = {}
        for i = 1, 1000 do text[i] = ("%05d"):format(i) end
        text = table.concat(text)
        for _, shift in ipairs { 1, 7, 64, 1000, 4999 } do
            local large = ffi.new("char[?]", 10000, text)
            ffi.copy(large + shift, large, 5000)
            assert.are.equal(text, ffi.string(large + shift, 5000))
            ffi.copy(large, large + shift, 5000)
            assert.are.equal(text, ffi.string(large, 5000))
        end
    end)

    it("fills an object to its end and not beyond", function()
        ffi.copy(target, "1234567")
        assert.are.equal("1234567", ffi.string(target))
        assert.are.equal("'ffi.copy' of 9 bytes would go beyond the 8 bytes of 'char [8]'", message(ffi.copy, target, "12345678"))
        ffi.copy(target, "12345678", 8)
        assert.are.equal("12345678", ffi.string(target, 8))
        assert.are.equal("'ffi.copy' of 9 bytes would go beyond the 8 bytes of 'char [8]'", message(ffi.copy, target, ("x"):rep(20), 9))
        assert.are.equal("'ffi.copy' of 5 bytes would go beyond the 4 bytes of 'int [1]'", message(ffi.copy, target, ffi.new "int[1]", 5))
        assert.are.equal("12345678", ffi.string(target, 8))
        assert.are.equal("'ffi.copy' of 5 bytes would go beyond the 4 bytes of 'char [4]'", message(ffi.copy, ffi.new("struct mm_text").head, "head"))
        assert.is_false(pcall(ffi.copy, target, "abc", 5))
    end)

    it("takes nil for no bytes only", function()
        assert.has_no_error(function() ffi.copy(nil, target, 0) end)
        assert.has_no_error(function() ffi.copy(target, nil, 0) end)
        assert.are.equal("bad argument #1 to 'ffi.copy' (pointer expected, got nil)", message(ffi.copy, nil, target, 1))
        assert.are.equal("bad argument #2 to 'ffi.copy' (pointer expected, got nil)", message(ffi.copy, target, nil, 1))
        assert.are.equal("bad argument #1 to 'ffi.copy' (pointer expected, got nil)", message(ffi.copy, nil, "abc"))
        assert.are.equal("bad argument #1 to 'ffi.copy' (pointer expected, got 'char *')", message(ffi.copy, ffi.new "char *", target, 1))
    end)

    it("refuses other arguments", function()
        assert.are.equal("bad argument #3 to 'ffi.copy' (length expected, got no value)", message(ffi.copy, target, target))
        assert.are.equal("bad argument #3 to 'ffi.copy' (length expected, got string)", message(ffi.copy, target, target, "1"))
        assert.are.equal("bad argument #3 to 'ffi.copy' (length -1 is out of range)", message(ffi.copy, target, target, -1))
        assert.are.equal("'void *' expected, got string (argument #1 of 'ffi.copy')", message(ffi.copy, "target", target, 1))
        assert.are.equal("'void *' expected, got 'const char [4]' (argument #1 of 'ffi.copy')", message(ffi.copy, ffi.new("const char[4]"), "abc"))
        assert.are.equal("bad argument #2 to 'ffi.copy' (pointer expected, got number)", message(ffi.copy, target, 5, 1))
        assert.are.equal("bad argument #1 to 'ffi.copy' (pointer expected, got no value)", message(ffi.copy))
    end)
end)

describe("ffi.fill", function()
    local target
    before_each(function() target = ffi.new("char[8]", "zzzzzzz") end)

    it("fills with zeroes or a byte", function()
        ffi.fill(target, 2)
        assert.are.equal("\0\0zzzzz\0", ffi.string(target, 8))
        ffi.fill(target + 3, 3, 65)
        assert.are.equal("\0\0zAAAz\0", ffi.string(target, 8))
        ffi.fill(target, 8, 0x142)
        assert.are.equal("BBBBBBBB", ffi.string(target, 8))
        ffi.fill(target, 8, -1)
        assert.are.equal(("\255"):rep(8), ffi.string(target, 8))
        ffi.fill(target, 1, 66.9)
        assert.are.equal("B", ffi.string(target, 1))
        ffi.fill(target, 1, nil)
        assert.are.equal("\0", ffi.string(target, 1))
        ffi.fill(target, 0, 67)
        assert.are.equal("\0", ffi.string(target, 1))
        assert.are.equal(0, select("#", ffi.fill(target, 1)))
    end)

    it("fills an object to its end and not beyond", function()
        ffi.fill(target, 8, 65)
        assert.are.equal("AAAAAAAA", ffi.string(target, 8))
        assert.are.equal("'ffi.fill' of 9 bytes would go beyond the 8 bytes of 'char [8]'", message(ffi.fill, target, 9))
        assert.are.equal("'ffi.fill' of 9 bytes would go beyond the 8 bytes of 'struct mm_point'", message(ffi.fill, ffi.new "mm_point", 9))
        assert.are.equal("'ffi.fill' of 5 bytes would go beyond the 4 bytes of 'char [?]'", message(ffi.fill, ffi.new("char[?]", 4), 5))
    end)

    it("takes nil for no bytes only", function()
        assert.has_no_error(function() ffi.fill(nil, 0) end)
        assert.are.equal("bad argument #1 to 'ffi.fill' (pointer expected, got nil)", message(ffi.fill, nil, 1))
    end)

    it("refuses other arguments", function()
        assert.are.equal("bad argument #2 to 'ffi.fill' (length expected, got no value)", message(ffi.fill, target))
        assert.are.equal("bad argument #2 to 'ffi.fill' (length -5 is out of range)", message(ffi.fill, target, -5))
        assert.are.equal("bad argument #3 to 'ffi.fill' (byte expected, got string)", message(ffi.fill, target, 1, "A"))
        assert.are.equal("bad argument #3 to 'ffi.fill' (byte expected, got nan)", message(ffi.fill, target, 1, 0 / 0))
        assert.are.equal("'void *' expected, got string (argument #1 of 'ffi.fill')", message(ffi.fill, "abc", 1))
        assert.are.equal("'void *' expected, got 'const int [2]' (argument #1 of 'ffi.fill')", message(ffi.fill, ffi.new "const int[2]", 1))
    end)
end)

describe("types that are met for the first time", function()
    -- Where each cost a collection, thousands would take quadratic time in the generational mode that stock lua starts in.
    it("do not each make Lua collect", function()
        if support.has_torture then return pending "each of them makes Lua collect" end
        local count, lines, ncollections = 400, {}, 0
        for i = 1, count do lines[i] = ("typedef struct { int a : 3, b; } me_new%d; int me_f%d(me_new%d *);"):format(i, i, i) end
        ffi.cdef(table.concat(lines, "\n"))
        local mode = collectgarbage "generational"
        local is_watching = true
        local function watch()
            setmetatable({}, { __gc = function()
                ncollections = ncollections + 1
                if is_watching then watch() end
            end })
        end
        watch()
        for i = 1, count do
            local object = ffi.new("me_new" .. i)
            object.a = ffi.cast(("me_new%d *"):format(i), object).b
        end
        is_watching = false
        collectgarbage(mode)
        assert.is_true(ncollections < count / 4, ncollections .. " collections")
    end)
end)
