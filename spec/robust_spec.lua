-- What once crashed, hung or came out wrong on odd but legal input: each case is the smallest that did.
local ffi = require "ffi"

local function message(call, ...)
    local good, text = pcall(call, ...)
    assert.is_false(good)
    return text
end

describe("a variable-length array in a union", function()
    it("gives the union its size wherever it stands", function()
        local union = ffi.new("union { int a[?]; char b; }", 5)
        assert.are.equal(20, ffi.sizeof(union))
        union.a[4] = 7
        assert.are.equal(7, union.a[4])
        assert.are.equal(48, ffi.sizeof("struct { long n; union { int a[?]; long b[?]; } u; }", 5))
        assert.are.equal(8, ffi.sizeof("union { char a[?]; long b; }", 3))
    end)

    it("is refused when it is too large", function()
        assert.matches("too large an object", message(ffi.new, "union { int a[?]; char b; }", math.maxinteger))
    end)
end)

describe("an enum without its definition", function()
    it("has no values", function()
        assert.matches("size of 'enum rb_none' is unknown", message(ffi.cast, "enum rb_none", 5))
        local pointer = ffi.cast("enum rb_none *", ffi.new "long[2]")
        assert.is_false(pcall(function() return pointer[0] end))
        assert.is_false(pcall(function() pointer[0] = 1 end))
        ffi.cdef "extern enum rb_none rb_environ __asm__(\"environ\");"
        assert.is_false(pcall(function() return ffi.C.rb_environ end))
        assert.is_false(pcall(function() ffi.C.rb_environ = 1 end))
    end)

    it("has the right ones once it is defined", function()
        local values = ffi.new("int64_t[2]", -5, 7)
        local pointer = ffi.cast("enum rb_late *", values)
        assert.is_false(pcall(function() return pointer[0] end))
        ffi.typeof "enum rb_late"
        ffi.cdef "enum rb_late { RB_LOW = -1, RB_HIGH = 0x100000000 };"
        assert.are.equal(-5, pointer[0])
        assert.are.equal(7, pointer[1])
    end)
end)

describe("a variable of an incomplete type", function()
    it("is not copied to", function()
        ffi.cdef "struct rb_unknown; extern struct rb_unknown rb_stderr __asm__(\"stderr\");"
        local view = ffi.C.rb_stderr
        assert.is_false(pcall(function() ffi.C.rb_stderr = view end))
        assert.is_false(pcall(function() ffi.C.rb_stderr = ffi.cast("struct rb_unknown &", view) end))
    end)
end)

describe("a bit-field of a 128-bit type", function()
    it("holds all its bits, wherever it begins, and touches no other", function()
        for start = 0, 9 do
            for _, width in ipairs { 1, 8, 57, 63, 64, 65, 100, 119, 120, 121, 127, 128 } do
                local text = "struct __attribute__((packed)) { unsigned a : %d; %s b : %d; unsigned c : 7; unsigned d : 9; }"
                local first = math.max(start, 1)
                local number = ffi.new(text:format(first, "unsigned __int128", width))
                local all = ~(ffi.new("unsigned __int128", 0))
                local top = all >> (128 - width)
                number.b = all
                assert.is_true(ffi.new("unsigned __int128", number.b) == top)
                assert.are.same({ 0, 0, 0 }, { number.a, number.c, number.d })
                number.a, number.c, number.d = (1 << first) - 1, 127, 511
                number.b = 0
                assert.are.equal(0, number.b)
                assert.are.same({ (1 << first) - 1, 127, 511 }, { number.a, number.c, number.d })
                local signed = ffi.new(text:format(first, "__int128", width))
                signed.b = -1
                assert.are.equal(-1, signed.b)
                assert.are.same({ 0, 0, 0 }, { signed.a, signed.c, signed.d })
            end
        end
    end)
end)

describe("elements without size", function()
    it("are not copied one by one", function()
        assert.is_truthy(ffi.new("struct {} [4611686018427387904]", { {} }))
        assert.is_truthy(ffi.new("int [4611686018427387904][0]", { {} }))
    end)

    it("have room in an array of any length", function()
        local empty = ffi.new "struct {}"
        assert.are.equal(0, ffi.sizeof(ffi.new("struct {} [?]", 3, { {}, {}, {} })))
        assert.are.equal(0, ffi.sizeof(ffi.new(ffi.typeof("$ [?]", empty), 3, empty, empty)))
        assert.are.equal(4, ffi.sizeof(ffi.new("struct { int n; int rows[?][0]; }", 2, { 1, { {}, {} } })))
    end)
end)

describe("types that share types", function()
    local function chain(count, first, text)
        local lines = { first }
        for i = 1, count do lines[#lines + 1] = text:gsub("%%(%a)", { n = i, p = i - 1 }) end
        return table.concat(lines, "\n")
    end

    it("are not followed along every way for the registers they go in", function()
        ffi.cdef(chain(60, "union rb_u0 { int a; };", "union rb_u%n { union rb_u%p a, b; };"))
        ffi.cdef(chain(60, "struct rb_e0 {};", "struct rb_e%n { struct rb_e%p a, b; };"))
        local call = ffi.cast("int (*)(union rb_u60)", ffi.new "char[1]")
        assert.matches("cannot be passed by value", message(call, {}))
        call = ffi.cast("int (*)(struct rb_e60)", ffi.new "char[1]")
        assert.matches("cannot be passed by value", message(call, {}))
    end)

    it("have a spelling of bounded length", function()
        ffi.cdef(chain(60, "typedef int rb_f0(int);", "typedef int rb_f%n(rb_f%p *, rb_f%p *);"))
        assert.is_true(#tostring(ffi.typeof "rb_f60") < 2 ^ 21)
    end)

    it("are compared in bounded time", function()
        ffi.cdef(chain(60, "typedef int rb_g0(int);", "typedef int rb_g%n(rb_g%p *, rb_g%p *);"))
        ffi.cdef(chain(60, "typedef int rb_h0();", "typedef int rb_h%n(rb_h%p *, rb_h%p *);"))
        assert.is_false(ffi.istype("rb_g60 *", ffi.cast("rb_h60 *", 1)))
        assert.is_true(ffi.istype("rb_g10 *", ffi.cast("rb_h10 *", 1)))
    end)
end)

describe("a prototype that defines records which lead to themselves", function()
    it("can be declared again", function()
        local list = "void rb_list(struct rb_node { struct rb_node *next; int (*f)(struct rb_node *); } *first);"
        local pair = "void rb_pair(struct rb_a { struct rb_b *b; struct rb_b { struct rb_a *a; } in; } *first);"
        for _ = 1, 2 do ffi.cdef(list .. pair) end
        assert.matches("is declared as", message(ffi.cdef, (list:gsub("int %(", "long ("))))
        assert.matches("is declared as", message(ffi.cdef, (pair:gsub("rb_a %*a", "rb_b *a"))))
    end)
end)

describe("a call hook", function()
    it("does not come back into a declaration that is being read", function()
        local count = 0
        local function hook()
            count = count + 1
            ffi.cdef(("struct rb_hook%d { int a; };"):format(count))
        end
        local list = {}
        for i = 1, 2000 do list[i] = ("typedef struct rb_long%d { int a%d; } rb_long%d_t;"):format(i, i, i) end
        local text = table.concat(list, "\n")
        debug.sethook(hook, "c")
        local good = pcall(ffi.cdef, text .. " int x[")
        local good_again = pcall(ffi.cdef, text)
        debug.sethook()
        assert.is_false(good)
        assert.is_true(good_again)
        assert.are.equal(4, ffi.sizeof "rb_long2000_t")
        assert.is_true(count > 0 and ffi.sizeof("struct rb_hook" .. count) == 4)
    end)
end)

describe("a chain of __index tables", function()
    it("may become a circle while it is asked", function()
        local list, metatable = {}, {}
        function metatable.__index() metatable.__index = list end
        local object = ffi.metatype("struct { int rb_a; }", { __index = setmetatable(list, metatable) })()
        assert.matches("has no field 'absent'", message(function() return object.absent end))
    end)
end)

describe("another library's userdata", function()
    it("is not written to or read beyond its bytes, an io file not at all", function()
        local file = assert(io.open "/dev/null")
        assert.matches("beyond the 0 bytes of 'userdata'", message(ffi.fill, file, 8))
        assert.matches("beyond the 0 bytes of 'userdata'", message(ffi.copy, file, "text"))
        assert.matches("beyond the 0 bytes of 'userdata'", message(ffi.string, file, 1))
        file:close()
    end)
end)

describe("large arguments of calls in callbacks", function()
    ffi.cdef [[
        struct rb_large { char bytes[65536]; };
        struct rb_huge { char bytes[1000000]; };
        void *rb_search(const void *key, const void *base, size_t count, size_t size,
            int (*compare)(const void *, const void *), struct rb_large extra) __asm__("bsearch");
    ]]

    -- Runs call(callback) in itself so many times; the callback may be called as a function of another type.
    local function descend(depth, kind, call)
        local count = 0
        local callback
        callback = ffi.cast(kind, function()
            count = count + 1
            if count < depth then call(callback) end
            return 0
        end)
        local before = ffi.onerror(function() end)
        local good, text = pcall(call, callback)
        ffi.onerror(before)
        callback:free()
        return good and count or text
    end

    local large, huge = ffi.new "struct rb_large", ffi.new "struct rb_huge"
    local many = {}
    for i = 1, 100000 do many[i] = i end
    local cases = {
        pointer = { "int (*)(struct rb_large)", function(callback) return callback(large) end },
        huge = { "int (*)(struct rb_huge)", function(callback) return callback(huge) end },
        ["function"] = {
            "int (*)(const void *, const void *)",
            function(callback) return ffi.C.rb_search(large, large, 1, 1, callback, large) end,
        },
        variadic = {
            "int (*)(int)",
            function(callback) return ffi.cast("int (*)(int, ...)", callback)(table.unpack(many)) end,
        },
        ["variadic with a plan of its own"] = {
            "int (*)(int)",
            function(callback) return ffi.cast("int (*)(int, ...)", callback)(1, ffi.new("long double", 1), table.unpack(many)) end,
        },
    }

    for name, case in pairs(cases) do
        it("do not overflow the C stack: " .. name, function()
            assert.are.equal(2, descend(2, table.unpack(case)))
            assert.matches("cannot call '.-': C stack overflow, the arguments take %d+ bytes", descend(150, table.unpack(case)))
        end)
    end

    it("leave room for small ones", function()
        local small = ffi.cast("int (*)(int)", function(depth) return depth end)
        small:set(function(depth) return depth > 0 and small(depth - 1) + 1 or 0 end)
        local depth
        local result = descend(150, "int (*)(struct rb_large)", function(callback)
            if not pcall(callback, large) then depth = depth or small(60) end
        end)
        small:free()
        assert.are.equal(60, depth)
        assert.is_true(result > 20)
    end)
end)

describe("ffi.load", function()
    it("takes no empty name, which dlopen takes for the program itself", function()
        assert.matches("library name expected, got an empty string", message(ffi.load, ""))
    end)

    it("takes no name with a zero byte for its beginning", function()
        assert.matches("zero byte", message(ffi.load, "m\0other"))
    end)
end)
