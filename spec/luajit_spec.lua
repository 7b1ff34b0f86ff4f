-- require "ffi.luajit": programs as LuaJIT users write them print the same here and, where luajit is installed, there; what it gives
-- programs is compared with luajit's own, literals with the C compiler's, the report of an error with the standalone interpreter's.
local oracle = require "spec.oracle"
local support = require "spec.support"

local quote = support.quote

local luajit = os.getenv "LUAJIT" or "luajit"
local has_luajit = select(2, support.run("command -v " .. luajit .. " >/dev/null 2>&1")) == 0
local it_beside_luajit = has_luajit and it or pending

-- Output, errors among it, and exit status of a command in a directory.
local function run_in(directory, ...)
    local words = {}
    -- support.lua may be more than one word
    for i, word in ipairs { ... } do words[i] = (word == support.lua or word:find "^[%w_./-]+$") and word or quote(word) end
    return support.run(("cd %s && %s 2>&1"):format(quote(directory), table.concat(words, " ")))
end

-- A directory with files in it; calls use(directory), and takes it away whatever happens.
local function with_files(files, use)
    local directory = support.new_directory()
    for name, text in pairs(files) do support.write(directory .. "/" .. name, text) end
    local results = table.pack(pcall(use, directory))
    support.remove(directory)
    if not results[1] then error(results[2], 0) end
    return table.unpack(results, 2, results.n)
end

-- What a program for LuaJIT prints under lua5.4 -l ffi.luajit, and its exit status.
local function luajit_text(text, ...)
    local arguments = { ... }
    return with_files({ ["program.lua"] = text }, function(directory)
        return run_in(directory, support.lua, "-l", "ffi.luajit", "program.lua", table.unpack(arguments))
    end)
end

describe("a program for LuaJIT", function()
    local directory = support.root .. "/spec/luajit"
    for _, name in ipairs { "zlib", "image", "syscall", "hash", "sqlite", "vector", "pool", "language", "library" } do
        it(name .. " prints what it prints there", function()
            local output, status = run_in(directory, support.lua, "-l", "ffi.luajit", name .. ".lua", "one", "two 2")
            assert.equal(0, status, output)
            local recorded = support.read(("%s/%s.out"):format(directory, name)) -- by luajit
            if has_luajit then assert.equal(recorded, (run_in(directory, luajit, name .. ".lua", "one", "two 2"))) end
            assert.equal(recorded, output)
        end)
    end
end)

describe('require "ffi"', function()
    it("touches nothing that ffi.luajit gives", function()
        local output = support.lua_text [[
            local function snapshot(value, path, into)
                into[path] = value
                if type(value) ~= "table" or into[value] then return into end
                into[value] = path
                for k, v in pairs(value) do snapshot(v, path .. "." .. tostring(k), into) end
                local metatable = debug.getmetatable(value)
                if metatable then snapshot(metatable, path .. "(metatable)", into) end
                return into
            end
            local function state()
                local all = snapshot(_G, "_G", {})
                for _, value in ipairs { "", 1, true, print, coroutine.create(print), io.stdout } do
                    snapshot(debug.getmetatable(value) or false, type(value), all)
                end
                return all
            end
            package.loaded.ffi = false -- a key that is there already
            local before = state()
            package.loaded.ffi = nil
            require "ffi"
            package.loaded.ffi = false
            for path, value in pairs(state()) do
                if before[path] ~= value and type(path) == "string" then print(path) end
            end
            package.loaded.ffi = nil
            require "ffi.luajit"
            print(bit ~= nil, before["_G.bit"])]]
        assert.equal("true\tnil\n", output)
    end)
end)

-- -- literals ------------------------------------------------------------------------------------------------------------------

describe("a literal", function()
    local good = {
        "42LL", "42ull", "42LLU", "42llu", "42uLL", "0x10LL", "0xffULL", "0b11LL", "9223372036854775807LL", "18446744073709551615ULL",
        "0xffffffffffffffffULL", "0x000000000000000000000000000042LL", "0x7fffffffffffffffLL",
    }
    local lines
    lazy_setup(function()
        local body = {}
        for i, literal in ipairs(good) do
            local is_unsigned = literal:lower():find "u"
            body[i] = ('printf("%%%s%s\\n", %s);'):format(is_unsigned and "llu" or "lld", is_unsigned and "ULL" or "LL", literal)
        end
        lines = oracle.lines("luajit_literals", table.concat(body, "\n"))
    end)
    for i, literal in ipairs(good) do
        it(literal .. " has C's value", function() assert.equal(lines[i] .. "\n", (luajit_text("print(" .. literal .. ")"))) end)
    end

    it("imaginary has C's value", function()
        local imaginary = { "3i", "1.5i", ".5i", "5.i", "1e2i", "0x10i", "3I" }
        local body = {}
        for j, literal in ipairs(imaginary) do body[j] = ('printf("0%%+gi\\n", (double)__imag__(%s));'):format((literal:gsub("I", "i"))) end
        assert.equal(table.concat(oracle.lines("luajit_imaginary", table.concat(body, "\n")), "\n") .. "\n",
            (luajit_text("for _, z in ipairs { " .. table.concat(imaginary, ", ") .. " } do print(z) end")))
    end)

    it("above 2^53 is a double", function()
        local numbers = { "9007199254740993", "0x20000000000001", "0x7fffffffffffffff", "0xffffffffffffffff" }
        local body = {}
        for j, number in ipairs(numbers) do body[j] = ('printf("%%.17g\\n", (double)%s);'):format(number) end
        assert.equal(table.concat(oracle.lines("luajit_doubles", table.concat(body, "\n")), "\n") .. "\n",
            (luajit_text("for _, n in ipairs { " .. table.concat(numbers, ", ") .. [[ } do print(("%.17g"):format(n)) end]])))
    end)

    for _, literal in ipairs {
        "42Ul", "42u", "42L", "42LUL", "0b12", "1.5LL", "1e3LL", "18446744073709551616ULL", "0x1ffffffffffffffffULL", "0b", "0xLL", "0bLL", "1LLi",
        "1ei", "5LLand", "1_000", "0b" .. ("1"):rep(65),
    } do
        it(literal .. " is malformed", function()
            local output = luajit_text("\nreturn " .. literal)
            assert.match("^%S+: program.lua:2: malformed number near", output)
        end)
    end

    -- As many local variables as Lua and LuaJIT allow, and one more.
    it("stands in a chunk that has all the local variables there are", function()
        for _, count in ipairs { 199, 200, 201 } do
            local uses = "print(x, x == 9LL, (x % 2LL) ~= 0, -3LL, #{ [5LL] = 6 }, debug.getinfo(1, 'l').currentline)"
            local text = ("local x\n"):rep(count) .. "\nx = 2LL^3 + 1 " .. uses
            local output, status = luajit_text(text)
            if count == 201 then
                assert.match("^%S+: program.lua:203: too many local variables", output) -- the line of the token behind
                assert.equal(1, status)
            else
                assert.equal("9LL\ttrue\ttrue\t-3LL\t0\t" .. count + 2 .. "\n", output)
            end
        end
        for _, broken in ipairs { "x = x 5LL", "x = x\n5LL", "x = 5LL.y", "x = 5LL(1)" } do
            local output, status = luajit_text(("local x\n"):rep(200) .. broken)
            assert.match("program.lua:20[12]: .* near", output, nil, broken)
            assert.equal(1, status)
        end
    end)

    it("is one object wherever it stands, with every environment", function()
        assert.equal("true\ttrue\t6LL\n", (luajit_text [[
            local function f() return 5LL end
            print(rawequal(f(), f()), rawequal(f(), 5LL), load("return 5LL + 1", "name", "t", {})())]]))
    end)

    it("cannot be called or indexed by what follows it", function()
        local output = luajit_text "local x = 5LL\n(print)(x)\nlocal y = 6LL\n;(print)(y) goto done\n::done:: local z = 7LL ::label:: print(z)"
        assert.equal("5LL\n6LL\n7LL\n", output)
        for _, text in ipairs { "x = 5LL{}", "x = 5LL'a'", "x = 5LL.y", "x = 5LL[1]", "x = 5LL:f()" } do
            assert.match("program.lua:1:", (luajit_text(text)), nil, text)
        end
    end)
end)

describe("the lexer for literals", function()
    local literals = require "ffi.luajit.literals"

    it("leaves what is no literal", function()
        for _, text in ipairs {
            'return "42LL"', "-- 42LL", "--[[ 42LL\n]] x = 1", "x = [==[ 5LL ]] ]=] ]==]", "x = '\\'5LL\\\\'", "x1LL = a3i", "x = 'a\\\n5LL'",
            "x = 'a\\z  \n 5LL'", "x = 0x1e+5", "'unfinished 5LL", "[[ unfinished 5LL", "--[==[ unfinished 5LL", "x = y.z5LL", "return 0xabcdefi0",
        } do
            assert.equal(text, literals.rewrite(text))
        end
    end)

    it("finds the end of strings and comments", function()
        for _, before in ipairs {
            "x = 'a\\\r\n5LL' y = ", "x = 'a\\\n\r5LL' y = ", "x = 'a\\z \n \r 5LL' y = ", "x = '\\\\' y = ", "x = '\\'5LL' y = ", "x = [[\\]] y = ",
            "--[[ 5LL ]] y = ", "--[ 5LL\ny = ", "-- 5LL\ry = ", "--[=[ ]] ]=] y = ", "x = [=[]]]=] y = ", "x = a[b[1]] y = ", "x = 1 --\ny = ",
        } do
            assert.equal(before .. '__literals["6LL"]', (literals.rewrite(before .. "6LL"):gsub("^local __literals[^;]*; ", "")))
        end
    end)

    -- Token soup: whatever stands around them, literals are replaced and nothing else.
    it("replaces literals and nothing else", function()
        local seed = tonumber(os.getenv "AIRLOCK_SEED") or os.time()
        math.randomseed(seed)
        local plain = {
            "name", "x1LL", '"5LL"', "'6LL\\''", "[[7LL]]", "[=[8LL]]]=]", "--[[9LL\n]]", "--[==[\n10LL]]]==]", "--11LL\n", "12", "0x1f", "1e5", ".5",
            "(", ")", "{", "}", ",", ";", "+", "..", "...", "::", "<=", "and", "return", "\n", "\t", '"\\\n3i"', "0x1p-3", "#", "i", "LL", "=",
        }
        local cdata = { "42LL", "0xffULL", "3i", "0b101LL", "1.5i", "7ull" }
        local numbers = { ["0b101"] = "5", ["0xffffffffffffffff"] = "0xffffffffffffffffp0", ["9007199254740993"] = "9007199254740993.0" }
        local names = { "0b101", "0xffffffffffffffff", "9007199254740993" }
        for _ = 1, 300 do
            local given, expected, has_cdata = {}, {}, false
            for i = 1, math.random(30) do
                local kind = math.random(6)
                local token, new
                if kind == 1 then
                    token = cdata[math.random(#cdata)]
                    new, has_cdata = ('__literals["%s"]'):format(token), true
                elseif kind == 2 then
                    token = names[math.random(#names)]
                    new = numbers[token]
                else
                    token = plain[math.random(#plain)]
                    new = token
                end
                given[i], expected[i] = token, new
            end
            local text = table.concat(given, " ")
            local rewritten = literals.rewrite(text):gsub("^local __literals[^;]*; ", "")
            rewritten = rewritten:gsub('(__literals%["[^"]*"%]);', "%1")
            local wanted = table.concat(expected, " "):gsub('(__literals%["[^"]*"%]);', "%1")
            assert.equal(wanted, rewritten, "seed " .. seed)
            assert.equal(has_cdata, literals.rewrite(text):find("^local __literals") ~= nil)
        end
    end)

    it("keeps every line of a program where it was", function()
        for _, name in ipairs { "hash", "language", "sqlite" } do
            local text = support.read(("%s/spec/luajit/%s.lua"):format(support.root, name))
            local rewritten = literals.rewrite(text)
            assert.not_equal(text, rewritten)
            assert.equal(select(2, text:gsub("\n", "")), select(2, rewritten:gsub("\n", "")))
        end
    end)
end)

-- -- bit -----------------------------------------------------------------------------------------------------------------------

-- Prints results of all of bit's functions on random operands of each kind; the same text in both interpreters.
local bit_program = [[
local bit, ffi = require "bit", require "ffi"
local seed = tonumber(arg[1])
local function random(n) seed = seed * 16807 % 2147483647 return math.floor(seed / 65536) % n end
local function word() return random(32768) * 131072 + random(32768) * 4 + random(4) end
local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local makers = {
    function() return random(256) end,
    function() return word() end,
    function() return word() * 1024 + random(1024) + 0.5 end, -- as an integer it is computed in 64 bits here
    function() return random(32768) + random(10) / 10 end,
    function() return tostring(word() * (random(2) * 1024 + 1)) end,
    function() return uint64(word()) * 4294967296 + word() end,
    function() return ffi.new("uint32_t", word()) end,
    function() return int64(word()) * word() - word() end, -- from here on negative too
    function() return -random(256) end,
    function() return -word() % 4294967296 - 2147483648 end,
    function() return -word() * 1024 - 0.25 end,
    function() return -(random(32768) + random(10) / 10) end,
    function() return ffi.new("int16_t", random(65536)) end,
}
local function operand(has_unsigned) return makers[random(has_unsigned and 7 or #makers) + 1]() end
local function is_unsigned(...)
    for i = 1, select("#", ...) do
        if ffi.istype(uint64, (select(i, ...))) then return true end
    end
end
local function has_cdata(...)
    for i = 1, select("#", ...) do
        if type((select(i, ...))) == "cdata" then return true end
    end
end
local function number_of(value) return type(value) == "string" and tonumber(value) + 0.0 or value end
local function show(value) return type(value) == "number" and string.format("%d", value) or tostring(value) end
for i = 1, 2000 do
    -- LuaJIT's conversion of negative numbers to uint64_t is not C's: they do not meet.
    local a, b, c = operand(i % 2 == 0), operand(i % 2 == 0), operand(i % 2 == 0)
    if i % 2 == 1 and is_unsigned(a, b, c) then a, b, c = 1, 2, 3 end
    -- Nor what it makes of a string beside a cdata: it takes the string's address.
    if has_cdata(a, b, c) then a, b, c = number_of(a), number_of(b), number_of(c) end
    local digits = random(40) - 20
    print(i, show(bit.band(a, b)), show(bit.bor(a, b, c)), show(bit.bxor(a, b, c, a)), show(bit.bnot(a)), show(bit.tobit(a)), show(bit.band(c)))
    print(show(bit.bswap(a)), bit.tohex(a), bit.tohex(b, digits))
    local count = random(type(a) == "cdata" and 64 or 32)
    for _, name in ipairs { "lshift", "rshift", "arshift", "rol", "ror" } do io.write(show(bit[name](a, count)), " ") end
    print()
end
]]

describe("bit", function()
    it_beside_luajit("computes what LuaJIT's does", function()
        local seed = tostring(tonumber(os.getenv "AIRLOCK_SEED") or os.time() % 1000000 + 1)
        with_files({ ["program.lua"] = bit_program }, function(directory)
            local theirs, status = run_in(directory, luajit, "program.lua", seed)
            assert.equal(0, status, theirs)
            assert.equal(theirs, (run_in(directory, support.lua, "-l", "ffi.luajit", "program.lua", seed)), "seed " .. seed)
        end)
    end)

    local ffi = require "ffi"
    local bit = require "ffi.luajit.bit".library

    -- The compiler computes what each function gives for integers at the edges: in 32 bits as long as all are of 32, in 64 otherwise.
    local edges = {
        0, 1, 5, -1, 0x7fffffff, 0x80000000, 0xffffffff, -0x7fffffff, -0x80000000, -- 32 bits
        0x100000000, 0x100000001, 0x180000001, 0x1ffffffff, -0x80000001, -0xffffffff, -0x100000000, 1 << 40, (1 << 53) - 1, 1 << 53, (1 << 53) + 1,
        -(1 << 53), -(1 << 53) - 1, 0x0123456789abcdef, math.maxinteger, -math.maxinteger, math.mininteger,
    }
    local computed = {}
    lazy_setup(function()
        local values = {}
        for i, edge in ipairs(edges) do values[i] = edge == math.mininteger and "INT64_MIN" or ("INT64_C(%d)"):format(edge) end
        local text = ([[
            static const int64_t edges[] = { %s };
            enum { COUNT = sizeof edges / sizeof *edges };
            static bool narrow(int64_t v) { return v >= INT32_MIN && v <= UINT32_MAX; }
            #define SHOW(is_narrow, of_32, of_64) printf("%%" PRId64 " ", (is_narrow) ? (int64_t)(int32_t)(of_32) : (int64_t)(of_64))
            static void shifts(int64_t v, int count)
            {
                uint32_t u = (uint32_t)v, n = count & 31;
                uint64_t w = (uint64_t)v, m = count & 63;
                SHOW(narrow(v), u << n, w << m);
                SHOW(narrow(v), u >> n, w >> m);
                SHOW(narrow(v), (int32_t)u >> n, v >> m);
                SHOW(narrow(v), n ? u << n | u >> (32 - n) : u, m ? w << m | w >> (64 - m) : w);
                SHOW(narrow(v), n ? u >> n | u << (32 - n) : u, m ? w >> m | w << (64 - m) : w);
            }
            static void all(void)
            {
                for (int i = 0; i < COUNT; i++) {
                    int64_t a = edges[i];
                    SHOW(narrow(a), ~a, ~a);
                    SHOW(narrow(a), __builtin_bswap32((uint32_t)a), __builtin_bswap64((uint64_t)a));
                    SHOW(true, a, a);
                    if (narrow(a)) printf("%%08" PRIx32 " ", (uint32_t)a); else printf("%%016" PRIx64 " ", (uint64_t)a);
                    for (int count = 0; count < 70; count += 3) shifts(a, count);
                    for (int k = 0; k < COUNT; k++) {
                        int64_t b = edges[k], c = edges[(i + k) %% COUNT];
                        SHOW(narrow(a) && narrow(b), a & b, a & b);
                        SHOW(narrow(a) && narrow(b), a | b, a | b);
                        SHOW(narrow(a) && narrow(b) && narrow(c), a ^ b ^ c, a ^ b ^ c);
                    }
                    puts("");
                }
            }]]):format(table.concat(values, ", "))
        computed = oracle.lines("luajit_bit", "all();", text)
    end)
    for i, a in ipairs(edges) do
        it(("computes %d in as many bits as it has"):format(a), function()
            local got = { bit.bnot(a), bit.bswap(a), bit.tobit(a), bit.tohex(a) }
            local function add(value) got[#got + 1] = value end
            for count = 0, 69, 3 do
                for _, name in ipairs { "lshift", "rshift", "arshift", "rol", "ror" } do add(bit[name](a, count)) end
            end
            for k, b in ipairs(edges) do
                add(bit.band(a, b))
                add(bit.bor(a, b))
                add(bit.bxor(a, b, edges[(i - 1 + k - 1) % #edges + 1]))
            end
            for _, value in ipairs(got) do assert.is_true(math.type(value) == "integer" or value == got[4]) end
            assert.equal(computed[i], table.concat(got, " ") .. " ")
        end)
    end

    it("computes what stands beside an integer of more than 32 bits in 64, too", function()
        assert.equal(-1, bit.bor(1 << 32, -1))
        assert.equal(0x1ffffffff, bit.bor(1 << 32, 0xffffffff))
        assert.equal(0xffffffff, bit.band(1 << 32 | 0xffffffff, 0xffffffff))
        assert.equal((1 << 40) + 3, bit.bor(1 << 40, 2.6))
        assert.equal(1 << 52 | 1 << 40, bit.bor(1 << 40, 0x1p52))
        assert.equal("1099511627776LL", tostring(bit.band(1 << 40, ffi.new("int64_t", -1))))
        assert.equal(bit.tobit(0x1p40 + 5), bit.band(0x1p40 + 5, -1)) -- a float is LuaJIT's number
    end)

    -- One-at-a-time (B. Jenkins), whose sums leave 32 bits, and rotations of sums.
    local sums = [[
        local bit = require "bit"
        local function hash(text)
            local h, r = 0, 1
            for i = 1, #text do
                h = h + text:byte(i)
                h = h + bit.lshift(h, 10)
                h = bit.bxor(h, bit.rshift(h, 6))
                r = bit.rol(r + h + 0xffffffff, 7) + bit.bswap(r + h * 3) - bit.ror(h - 0xfffffff0, 3) + bit.arshift(h + r + 0xf0000000, 1)
            end
            h = h + bit.lshift(h, 3)
            h = bit.bxor(h, bit.rshift(h, 11))
            return bit.tohex(h + bit.lshift(h, 15)) .. bit.tohex(r)
        end
        for _, text in ipairs { "", "a", "airlock", ("x"):rep(1000) } do print(hash(text)) end]]
    it_beside_luajit("takes sums of words modulo 2^32 with ffi.luajit.narrow", function()
        with_files({ ["program.lua"] = sums }, function(directory)
            local theirs, status = run_in(directory, luajit, "program.lua")
            assert.equal(0, status, theirs)
            assert.equal(theirs, (run_in(directory, support.lua, "-l", "ffi.luajit", "-l", "ffi.luajit.narrow", "program.lua")))
            assert.equal(theirs, (luajit_text("require 'ffi.luajit.narrow'\n" .. sums)))
            assert.not_equal(theirs, (luajit_text(sums)))
        end)
    end)

    it("names what it cannot compute", function()
        assert.error_matches(function() bit.band() end, "bad argument #1 to 'band' %(number expected, got no value%)")
        assert.error_matches(function() bit.bor(1, {}) end, "bad argument #2 to 'bor' %(number expected, got table%)")
        assert.error_matches(function() bit.lshift(1) end, "bad argument #2 to 'lshift' %(number expected, got no value%)")
        assert.error_matches(function() bit.bnot "x" end, "bad argument #1 to 'bnot' %(number expected, got string%)")
        assert.error_matches(function() bit.bnot(ffi.new "int[2]") end, "int %[2%]")
    end)
end)

-- -- the main script -----------------------------------------------------------------------------------------------------------

describe("lua5.4 -l ffi.luajit", function()
    local failing = [[
        local kind, depth = arg[1], tonumber(arg[2])
        local objects = {
            text = "oops", number = 12, none = nil, table = {},
            named = setmetatable({}, { __tostring = function() return "by __tostring" end }),
        }
        local function fail(n)
            if n == 0 then error(objects[kind]) end
            fail(n - 1)
            return n
        end
        local Class = {}
        function Class:method() fail(depth) return 1 end
        if arg[3] == "tail" then return Class:method() end
        Class:method()
    ]]

    -- The same program by the standalone interpreter alone: the text has nothing of LuaJIT's.
    local function compare(files, words, ...)
        local after = { ... }
        with_files(files, function(directory)
            local expected, expected_status = run_in(directory, support.lua, table.unpack(words))
            local with = { support.lua, "-l", "ffi.luajit", table.unpack(words) }
            local output, status = run_in(directory, table.unpack(with))
            local function normal(text) return (text:gsub("skipping %d%d%d%d+ levels", "skipping many levels")) end
            assert.equal(normal(expected), normal(output), after[1])
            assert.equal(expected_status, status)
        end)
    end

    for _, kind in ipairs { "text", "number", "none", "table", "named" } do
        it("reports an error that is a " .. kind .. " as lua5.4 does", function()
            compare({ ["program.lua"] = failing }, { "program.lua", kind, "3" })
        end)
    end

    -- What raises there is C's, and here what stands for it.
    for _, text in ipairs {
        "string.rep('x', {})", "local s = ('x'):rep(1e8)\ns = s:rep(1e8)", "local function f() tonumber({}, 16) end\nf()", "string.format('%d', {})",
        "string.gsub('x', 'x', function() error 'in the callback' end)", "string.gsub('x', '(', '')", "os.date '%Ez'", "type()", "loadfile {}",
        "dofile '/no/such/file'", "table.remove(5)", "math.random {}", "tostring()",
        "local function fail(depth) if depth == 0 then string.char(-1) end fail(depth - 1) return 1 end\nfail(tonumber(arg[1]))",
    } do
        it("reports " .. text .. " as lua5.4 does", function()
            for depth = 16, text:find "depth" and 21 or 16 do compare({ ["program.lua"] = text }, { "program.lua", tostring(depth) }) end
        end)
    end

    it("shortens a long traceback as lua5.4 does", function()
        for depth = 14, 20 do compare({ ["program.lua"] = failing }, { "program.lua", "text", tostring(depth) }) end
        compare({ ["program.lua"] = failing }, { "program.lua", "text", "500" })
        compare({ ["program.lua"] = failing }, { "program.lua", "text", "5", "tail" })
    end)

    it("reports a stack overflow as lua5.4 does", function()
        if support.has_valgrind then return pending "too slow under valgrind" end
        compare({ ["program.lua"] = "local function f() return 1 + f() end\nf()" }, { "program.lua" })
    end)

    it("reports what it cannot load as lua5.4 does", function()
        compare({ ["program.lua"] = "local x = 5\ny = = 3" }, { "program.lua" })
        compare({}, { "program.lua" })
        compare({ ["program.lua"] = "require 'failing'", ["failing.lua"] = "\n\nerror 'here'" }, { "program.lua" })
        compare({ ["program.lua"] = "require 'no.such.module'" }, { "-e", "package.path, package.cpath = './?.lua', './?.so'", "program.lua" })
    end)

    it("ends with the script's exit status", function()
        compare({ ["program.lua"] = "os.exit(7)" }, { "program.lua" })
        compare({ ["program.lua"] = "os.exit(false)" }, { "program.lua" })
        compare({ ["program.lua"] = "return 5" }, { "program.lua" })
    end)

    it("shows a hook of the script's nothing but the script", function()
        compare({ ["program.lua"] = "debug.sethook(function(_, line) print(line) end, 'l')\nlocal x = 1\nx = x + 1" }, { "program.lua" })
        compare({ ["program.lua"] = "debug.sethook(function() error('in the hook', 0) end, 'l')\nprint(1)" }, { "program.lua" })
        compare({ ["program.lua"] = "debug.sethook(function() error('in the hook', 0) end, 'l')" }, { "program.lua" })
    end)

    it("gives the script its arguments", function()
        local program = "#!/usr/bin/env luajit\nprint(select('#', ...), ...) print(arg[0], #arg) error(debug.getinfo(1, 'l').currentline)"
        compare({ ["program.lua"] = program }, { "program.lua", "a", "", "c d" })
        compare({ ["program.lua"] = program }, { "program.lua" })
        compare({ ["program.lua"] = "\xef\xbb\xbf" .. program }, { "program.lua", "x" })
    end)

    it("does what the options after it say", function()
        compare({ ["program.lua"] = "print(one, two, m.x)", ["m.lua"] = "print 'm' return { x = 7 }" },
            { "-e", "one = 1", "-l", "m", "-e", "two = one + 1", "program.lua" })
        compare({ ["program.lua"] = "print(m)" }, { "-e", "error 'in -e'", "program.lua" })
        compare({ ["program.lua"] = "print(m)" }, { "-e", "x = = 1", "program.lua" })
        compare({ ["program.lua"] = "warn('seen') print 'end'" }, { "-W", "program.lua" })
        compare({ ["m.lua"] = "error 'in m'", ["program.lua"] = "" }, { "-l", "m", "program.lua" })
    end)

    it("runs the program from the standard input", function()
        local output, status = support.run(("echo 'print(5LL, ...)' | %s -lffi.luajit - a b 2>&1"):format(support.lua))
        assert.equal("5LL\ta\tb\n", output)
        assert.equal(0, status)
    end)

    it("leaves the state to the interpreter where there is no script", function()
        local output = support.run(("%s -l ffi.luajit -e 'print(bit.tohex(255), load [[return 5LL]]())' 2>&1"):format(support.lua))
        assert.equal("000000ff\t5LL\n", output)
    end)

    it("closes the state: finalisers run, of Lua's and of C's objects", function()
        for _, ending in ipairs { "", "error 'failed'", "return 1" } do
            local output = luajit_text([[
                local ffi = require "ffi"
                kept = ffi.gc(ffi.new "int[1]", function() print "cdata" end)
                proxy = newproxy(true)
                getmetatable(proxy).__gc = function() print "proxy" end
                require "ffi.luajit"
            ]] .. ending)
            assert.match("proxy\ncdata\n$", output)
        end
    end)

    it("names the line of an error with literals before it", function()
        local output, status = luajit_text "local a, b = 1LL, 2i\n--[[ 3LL\n]] local c = 4LL == 4LL\nlocal d = { 5LL,\n6LL } error('here', 1)"
        assert.match("^%S+: program.lua:5: here\nstack traceback:\n\t%[C%]: in function 'error'\n\tprogram.lua:5: in main chunk\n", output)
        assert.equal(1, status)
    end)
end)

describe("ffi.luajit's loaders", function()
    it("read modules with literals, and name them as require does", function()
        local output, status = with_files({
            ["program.lua"] = "local m = require 'lib.module' print(m.value, m.name, m.file, package.loaded['lib.module'] == m) require 'lib.broken'",
        }, function(directory)
            os.execute("mkdir " .. quote(directory .. "/lib"))
            support.write(directory .. "/lib/module.lua", "local name, file = ...\nreturn { value = 5LL, name = name, file = file }")
            support.write(directory .. "/lib/broken.lua", "local x = 5LL\nx = = 5")
            return run_in(directory, support.lua, "-e", "package.path = './?.lua;' .. package.path", "-l", "ffi.luajit", "program.lua")
        end)
        assert.match("^5LL\tlib.module\t./lib/module.lua\ttrue\n", output)
        local message = "error loading module 'lib.broken' from file './lib/broken.lua':\n\t./lib/broken.lua:2: unexpected symbol near '='"
        assert.match(message, output, 1, true)
        assert.equal(1, status)
    end)

    it("refuse and fail as stock Lua's do", function()
        local text = [[
            print(load("return 1", "=name", "b"))
            print(load("x = ", "=name"))
            print(load(function() return nil end)())
            print(select(2, load(function() error("in the reader", 0) end)):match "^[^\n]*")
            print(pcall(load))
            print(loadfile "/no/such/file")
            print(loadfile "/")
            print(pcall(dofile, "/no/such/file"))
            print(load(string.dump(function() return 7 end), "name", "b")())
            print(load(string.dump(function() return 7 end), "name", "t"))
            print(select("#", load("return ...")()), load("return x", "n", "t", { x = 3 })(), pcall(load("return x", "n", "t", nil)))
            print(debug.getinfo(load "return 1", "S").source, debug.getinfo(load(function() return nil end), "S").source)]]
        assert.equal((support.lua_text(text)):gsub("/tmp/[%w_]+/script", "program"), (luajit_text(text)))
    end)
end)

describe("an error in a function that ffi.luajit gives", function()
    local cases = {
        { "string.rep('x', {})", "bad argument #2 to 'rep' (number expected, got table)" },
        { "string.sub(nil, 1)", "bad argument #1 to 'sub' (string expected, got nil)" },
        { "string.byte({})", "bad argument #1 to 'byte' (string expected, got table)" },
        { "string.char(300)", "bad argument #1 to 'char' (value out of range)" },
        { "string.format('%d', 'x')", "bad argument #2 to 'format' (number expected, got string)" },
        { "string.format('%d %d', 1)", "bad argument #3 to 'format' (number expected, got no value)" },
        { "string.format('%d %s', 1)", "bad argument #3 to 'format' (no value)" },
        { "string.format('%x', require 'ffi'.new 'int[2]')", "bad argument #2 to 'format' (number expected, got cdata)" },
        { "string.gsub('x', '[', 'y')", "malformed pattern (missing ']')" },
        { "math.random {}", "bad argument #1 to 'random' (number expected, got table)" },
        { "math.fmod('x', 1)", "bad argument #1 to 'fmod' (number expected, got string)" },
        { "unpack(5)", "bad argument #1 to 'unpack' (table expected, got number)" },
        { "ipairs(5)", "bad argument #1 to 'ipairs' (table expected, got number)" },
        { "tonumber('z', 99)", "bad argument #2 to 'tonumber' (base out of range)" },
        { "type()", "bad argument #1 to 'type' (value expected)" },
        { "loadfile {}", "bad argument #1 to 'loadfile' (string expected, got table)" },
        { "load(nil)", "bad argument #1 to 'load' (function expected, got no value)" },
        { "newproxy {}", "bad argument #1 to 'newproxy' (boolean or proxy expected)" },
        { "module(nil)", "bad argument #1 to 'module' (string expected, got no value)" },
        { "setfenv(99, {})", "bad argument #1 to 'setfenv' (invalid level)" },
        { "setfenv(1)", "bad argument #2 to 'setfenv' (table expected, got no value)" },
        { "setfenv(tonumber, {})", "'setfenv' cannot change environment of given object" },
        { "setfenv(print, {})", "'setfenv' cannot change environment of given object" },
        { "getfenv(-1)", "bad argument #1 to 'getfenv' (level must be non-negative)" },
        { "getfenv 'x'", "bad argument #1 to 'getfenv' (number expected, got string)" },
        { "string.format('%s', setmetatable({}, { __tostring = function() error('its own') end }))", "its own" },
    }
    local lines = {}
    lazy_setup(function()
        local text = {}
        for i, case in ipairs(cases) do text[i] = ("print(select(2, pcall(function() local x = %s return x end)))"):format(case[1]) end
        for line in luajit_text(table.concat(text, "\n")):gmatch "[^\n]+" do lines[#lines + 1] = line end
    end)
    for i, case in ipairs(cases) do
        it("names the line of " .. case[1], function() assert.equal(("program.lua:%d: %s"):format(i, case[2]), lines[i]) end)
    end
end)

describe("type", function()
    it("knows objects of every metatype, also those that Lua finalises", function()
        local output = luajit_text [[
            local ffi = require "ffi"
            local plain = ffi.metatype("struct { int x; }", {})
            local finalised = ffi.metatype("struct { int x; }", { __gc = function() end })
            print(type(plain()), type(finalised()), type(finalised), type(ffi.gc(finalised(), nil)), type(io.stdout))
        ]]
        assert.equal("cdata\tcdata\tcdata\tcdata\tuserdata\n", output)
    end)
end)

describe("newproxy and ipairs", function()
    it("know proxies and metatypes", function()
        assert.equal("userdata\tnil\ttrue\tfalse\n1\t10\n2\t20\nfalse\n", (luajit_text [[
            local ffi = require "ffi"
            local p = newproxy(true)
            print(type(newproxy()), getmetatable(newproxy(false)), getmetatable(newproxy(p)) == getmetatable(p), (pcall(newproxy, io.stdout)))
            ffi.cdef "typedef struct { int n, items[4]; } list;"
            local list = ffi.metatype("list", { __ipairs = function(self)
                return function(s, i) if i < s.n then return i + 1, s.items[i] end end, self, 0
            end })
            for i, v in ipairs(list(2, { 10, 20 })) do print(i, v) end
            print((pcall(ipairs, ffi.new "int[2]")))]]))
    end)
end)
