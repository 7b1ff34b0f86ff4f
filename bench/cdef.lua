-- cdef.lua: what ffi.cdef costs for whole preprocessed headers, and what a lookup costs behind many declarations, beside LuaJIT.
--
--     lua5.4 bench/cdef.lua BUILD [--luajit=COMMAND] [--rounds=N] [--only=TEXT] [--ir]       the tables
--     INTERPRETER bench/cdef.lua BUILD --declare=FILE                                        ms and bytes of one ffi.cdef
--     INTERPRETER bench/cdef.lua BUILD --filter=FILE --out=FILE                              what this interpreter's ffi can parse of it
--     INTERPRETER bench/cdef.lua BUILD --lookup=KIND --count=N [--times=N]                   ns of one lookup
--
-- Each measurement is a process of its own; the interpreters take turns, and medians are shown. Memory is the Lua heap after full
-- collections: both ffis keep all that they know of C there. LuaJIT's parser lacks some of C: where it refuses a header, both get
-- the text once more without the declarations that it refuses. With --ir, instructions by callgrind: the difference of two runs,
-- with and without what is measured.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local build, options = dofile(here .. "/options.lua")("cdef.lua")
local rounds = tonumber(options.rounds) or 9

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read("*a")
    file:close()
    return text
end

local function write(path, text)
    local file = assert(io.open(path, "wb"))
    file:write(text)
    file:close()
end

local function commas(number)
    local digits = ("%.0f"):format(number)
    local head = digits:sub(1, (#digits - 1) % 3 + 1)
    return head .. digits:sub(#head + 1):gsub("%d%d%d", ",%0")
end

-- Full collections, until nothing more goes.
local function heap_nbytes()
    for _ = 1, 4 do
        collectgarbage()
    end
    return collectgarbage("count") * 1024
end

-- -- texts ------------------------------------------------------------------------------------------------------------------

-- The declarations of a preprocessed text: ends at a semicolon outside of all braces and parentheses, or at a function's body.
local function declarations(text)
    local list, start, depth, brace = {}, 1, 0, nil
    local at = 1
    while true do
        local place, c = text:match("()([%(%[{}%]%);\"'])", at)
        if not place then
            break
        end
        at = place + 1
        if c == '"' or c == "'" then
            while text:sub(at, at) ~= c do
                at = at + (text:sub(at, at) == "\\" and 2 or 1)
            end
            at = at + 1
        elseif c == "(" or c == "[" or c == "{" then
            brace = depth == 0 and c == "{" and place or brace
            depth = depth + 1
        elseif c ~= ";" then
            depth = depth - 1
        end
        local is_body = c == "}" and depth == 0 and
            text:sub(start, brace - 1):gsub("__attribute__%s*%b()", ""):find("%)%s*$") ~= nil
        if depth == 0 and (c == ";" or is_body) then
            list[#list + 1] = text:sub(start, at - 1)
            start = at
        end
    end
    return list
end

local structs = { "int x%d; double y%d;", "char name%d[32]; void *next%d;", "unsigned a%d : 3, : 2, b%d : 11;", "long n%d; float v%d[4];" }
local typedefs = { "typedef struct rec%d *ref%d;", "typedef int (*call%d)(void *data, int n%d);", "typedef unsigned char digest%d[%d];",
    "typedef const char *text%d;" }
local params = { "int count", "const char *name", "void *data", "double factor", "struct rec%d *rec", "unsigned long flags" }

-- 900 each of structs, enums, typedefs and functions, with names of their own.
local function synthetic()
    local lines = {}
    for i = 1, 900 do
        local members, list = {}, {}
        for k = 0, i % 5 do
            members[#members + 1] = structs[(i + k) % #structs + 1]:format(k, k)
        end
        lines[#lines + 1] = ("struct rec%d { %s };"):format(i, table.concat(members, " "))
        lines[#lines + 1] = ("enum kind%d { KIND%d_NONE, KIND%d_FIRST = %d, KIND%d_SECOND, KIND%d_LAST = 1 << %d };")
            :format(i, i, i, i * 7, i, i, i % 31)
        lines[#lines + 1] = typedefs[i % #typedefs + 1]:format(i, i, i)
        for k = 1, i % 6 do
            list[k] = params[(i + k) % #params + 1]:format(i)
        end
        lines[#lines + 1] = ("int function%d(%s);"):format(i, #list > 0 and table.concat(list, ", ") or "void")
    end
    return table.concat(lines, "\n") .. "\n"
end

-- Of each kind count / 4. Every function is a name for abs, so that all of them are there.
local function many(count)
    local lines = {}
    for i = 1, count / 4 do
        lines[#lines + 1] = ("struct s%d { int a, b; };\ntypedef struct s%d *t%d;\nint f%d(int) __asm__(\"abs\");\nenum { E%d = %d };")
            :format(i, i, i, i, i, i)
    end
    return table.concat(lines, "\n")
end

-- -- what runs in a process of its own ---------------------------------------------------------------------------------------

local function declare()
    local text = read(options.declare)
    local ffi = require("ffi")
    ffi.cdef("typedef int warm_up;")
    local before = heap_nbytes()
    if options.dry then
        return
    end
    local start = os.clock()
    local ok, message = pcall(ffi.cdef, text)
    local seconds = os.clock() - start
    if ok then
        print(("%.6f\t%d"):format(seconds * 1e3, heap_nbytes() - before))
    else
        print("error\t" .. tostring(message):gsub("\n.*", ""))
    end
end

local function filter()
    local ffi = require("ffi")
    local kept = {}
    for _, declaration in ipairs(declarations(read(options.filter))) do
        if pcall(ffi.cdef, declaration) then
            kept[#kept + 1] = declaration
        end
    end
    write(options.out, table.concat(kept))
end

-- kind -> what makes the lookup from a number of a name
local function lookups(ffi)
    local C = ffi.C
    return {
        ["ffi.new 'struct s'"] = function(i) return ffi.new("struct s" .. i) end,
        ["ffi.typeof 't'"] = function(i) return ffi.typeof("t" .. i) end,
        ["ffi.C.f, first use"] = function(i) return C["f" .. i] end,
        ["constant, first use"] = function(i) return C["E" .. i] end,
    }
end

local function lookup()
    local ffi = require("ffi")
    local count, times = tonumber(options.count), tonumber(options.times) or 20
    local ok, message = pcall(ffi.cdef, many(count))
    if not ok then
        return print("error\t" .. tostring(message):gsub("\n.*", ""))
    end
    local find = lookups(ffi)[options.lookup]
    find(1)
    heap_nbytes()
    collectgarbage("stop")
    local stride = math.floor(count / 4 / 25)
    local start = os.clock()
    for k = 1, times do
        find(2 + k * stride - stride)
    end
    print(("%.1f"):format((os.clock() - start) / math.max(times, 1) * 1e9))
end

if options.declare then
    return declare()
elseif options.filter then
    return filter()
elseif options.lookup then
    return lookup()
end

-- -- the tables ---------------------------------------------------------------------------------------------------------------

local function quote(text)
    return "'" .. tostring(text):gsub("'", "'\\''") .. "'"
end

local directory = build .. "/bench/cdef"
os.execute("mkdir -p " .. quote(directory))

-- The first line that an interpreter prints for these options, split at tabs.
local function ask(interpreter, given, prefix)
    local words, names = { prefix or "", interpreter, quote(arg[0]), quote(build) }, {}
    for name in pairs(given) do
        names[#names + 1] = name
    end
    table.sort(names)
    for _, name in ipairs(names) do
        words[#words + 1] = quote(("--%s=%s"):format(name, given[name]))
    end
    local pipe = assert(io.popen(table.concat(words, " ")))
    local line = pipe:read("*l") or ""
    pipe:close()
    local first, second = line:match("^([^\t]*)\t?(.*)$")
    return first, second
end

local function median(list)
    table.sort(list)
    return list[math.floor((#list + 1) / 2)]
end

-- Instructions of a run with these options.
local function count_instructions(interpreter, given)
    local out = directory .. "/callgrind.out"
    local prefix = table.concat({
        "env -i PATH=/usr/bin:/bin LUA_PATH=" .. quote(package.path), "LUA_CPATH=" .. quote(package.cpath),
        "LD_PRELOAD=" .. quote(build .. "/bench/still_clock.so"), "BENCH_SEED=1",
        "setarch -R valgrind -q --tool=callgrind --callgrind-out-file=" .. quote(out),
    }, " ")
    ask(interpreter, given, prefix)
    return tonumber(read(out):match("\ntotals: (%d+)"))
end

local own = { name = "airlock", command = arg[-1] }
local others = {}
if options.luajit and options.luajit ~= "" then
    others = { { name = "luajit -joff", command = options.luajit .. " -joff" }, { name = "luajit", command = options.luajit } }
end

-- name -> { ms, bytes, error, instructions } of each interpreter over one text.
local function measure_declare(path)
    local results = {}
    for _, side in ipairs({ own, others[1], others[2] }) do
        results[side.name] = { ms = {} }
    end
    for _ = 1, rounds do
        for _, side in ipairs({ own, others[1], others[2] }) do
            local result = results[side.name]
            local first, second = ask(side.command, { declare = path })
            if first == "error" then
                result.error = second
            else
                result.ms[#result.ms + 1], result.bytes = tonumber(first), tonumber(second)
            end
        end
    end
    for _, side in ipairs({ own, others[1], others[2] }) do
        local result = results[side.name]
        result.ms = median(result.ms)
        if options.ir and not result.error then
            local given = { declare = path }
            local whole = count_instructions(side.command, given)
            given.dry = 1
            result.instructions = whole - count_instructions(side.command, given)
        end
    end
    return results
end

local function print_declare(name, path)
    local text = read(path)
    local ndeclarations = #declarations(text)
    local results = measure_declare(path)
    for _, side in ipairs({ own, others[1], others[2] }) do
        local r, base = results[side.name], results.airlock
        local columns = ("%-26s %-13s %7s %10s"):format(name, side.name, commas(ndeclarations), commas(#text))
        if r.error then
            print(columns .. "  cannot: " .. r.error)
        else
            columns = columns .. (" %8.2f %7.1f %7.0f"):format(r.ms, #text / r.ms / 1e3, r.bytes / ndeclarations)
            if options.ir then
                columns = columns .. (" %12s"):format(commas(r.instructions))
            end
            if side ~= own then
                columns = columns .. (" %10.2f %7.2f"):format(r.ms / base.ms, base.bytes / r.bytes)
                if options.ir then
                    columns = columns .. (" %7.2f"):format(r.instructions / base.instructions)
                end
            end
            print(columns)
        end
        name = ""
    end
    return results
end

-- A header, and where LuaJIT refuses it, what is left of it for both.
local function print_header(name, path)
    local results = print_declare(name, path)
    if others[1] and results[others[1].name].error then
        local kept = path:gsub("%.i$", "-kept.i")
        ask(others[1].command, { filter = path, out = kept })
        print_declare("  what luajit knows of it", kept)
    end
end

local function preprocess(name, header, package)
    local path = ("%s/%s.i"):format(directory, name)
    local flags = package and ("$(pkg-config --cflags %s)"):format(package) or ""
    write(path .. ".c", ("#include <%s>\n"):format(header))
    local ok = os.execute(("%s -E -P %s %s -o %s"):format(os.getenv("CC") or "gcc", flags, quote(path .. ".c"), quote(path)))
    return ok and path
end

local function wanted(name)
    return not options.only or name:find(options.only, 1, true)
end

local headers = { { "sqlite3.h", "sqlite3" }, { "openssl/ssl.h", "openssl" }, { "gtk/gtk.h", "gtk", "gtk+-3.0" } }
local function print_declares()
    local heading = ("%-26s %-13s %7s %10s %8s %7s %7s"):format("ffi.cdef of", "by", "decl.", "bytes", "ms", "MB/s", "B/decl.")
    if options.ir then
        heading = heading .. (" %12s"):format("instr.")
    end
    if #others > 0 then
        heading = heading .. (" %10s %7s%s"):format("throughput", "memory", options.ir and "  instr." or "")
    end
    print(heading)
    for _, header in ipairs(headers) do
        if wanted(header[1]) then
            local path = preprocess(header[2], header[1], header[3])
            if path then
                print_header(header[1], path)
            else
                print(("%-26s is not there"):format(header[1]))
            end
        end
    end
    if wanted("synthetic") then
        local path = directory .. "/synthetic.i"
        write(path, synthetic())
        print_header("synthetic", path)
    end
end

local function measure_lookup(side, kind, count)
    local list = {}
    for round = 1, options.ir and 1 or rounds do
        local first, second = ask(side.command, { lookup = kind, count = count })
        if first == "error" then
            return nil, second
        end
        list[round] = tonumber(first)
    end
    if not options.ir then
        return median(list)
    end
    -- Command lines of one length, so that both runs find their memory in the same places.
    local whole = count_instructions(side.command, { lookup = kind, count = count, times = "20" })
    return (whole - count_instructions(side.command, { lookup = kind, count = count, times = "00" })) / 20
end

local function print_lookups()
    local counts = { 100, 10000, 100000 }
    print(("\n%-26s %-13s %12s %12s %12s declarations"):format(options.ir and "instructions of" or "ns of", "by", commas(counts[1]),
        commas(counts[2]), commas(counts[3])))
    for _, kind in ipairs({ "ffi.new 'struct s'", "ffi.typeof 't'", "ffi.C.f, first use", "constant, first use" }) do
        local name = kind
        -- LuaJIT's string hashes differ from run to run: a difference of two runs says nothing.
        for _, side in ipairs(options.ir and { own } or { own, others[1] }) do
            local columns = ("%-26s %-13s"):format(name, side.name)
            for _, count in ipairs(counts) do
                local number, message = measure_lookup(side, kind, count)
                columns = columns .. (" %12s"):format(number and commas(number) or message)
            end
            print(columns)
            name = ""
        end
    end
end

print_declares()
if wanted("lookups") then
    print_lookups()
end
print("\nmedians of " .. rounds .. " processes each, by turns; throughput: airlock's over the other's; memory: airlock's over the other's"
    .. (options.ir and "; instr.: the other's over airlock's" or "") .. "; lookups: of 20 names that were not asked for before")
