-- bench.lua: times each case of cases.lua over the ffi and over the hand-written binding and prints a table.
--
--     lua5.4 bench/bench.lua BUILD [--only=TEXT] [--rounds=N] [--luajit=COMMAND]    the table: ns, ratios, garbage
--     luajit -joff bench/bench.lua BUILD --column                                   name, ns and bytes of the ffi alone, for the above
--
-- Both sides of a case run by turns, several rounds of some milliseconds each; the medians are compared. Times include the loop.

local build = assert(arg[1], "usage: bench.lua BUILD [OPTION...]")
local options = {}
for i = 2, #arg do
    local name, value = arg[i]:match("^%-%-(%w+)=?(.*)$")
    assert(name, "unknown argument")
    options[name] = value
end
local rounds = tonumber(options.rounds) or 9
local seconds_per_round = 0.01

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local ffi = require("ffi")
local hand
if not options.column then
    hand = assert(package.loadlib(build .. "/bench/hand.so", "luaopen_hand"))()
end
local cases = dofile(here .. "/cases.lua")(ffi, build .. "/spec/libbench.so", hand)

-- How many iterations take about seconds_per_round.
local function calibrate(loop)
    local n = 1000
    while true do
        local start = os.clock()
        loop(n)
        local elapsed = os.clock() - start
        if elapsed > seconds_per_round / 4 then
            return math.max(1000, math.ceil(n * seconds_per_round / elapsed))
        end
        n = n * 2
    end
end

local function time(loop, n)
    collectgarbage()
    local start = os.clock()
    loop(n)
    return (os.clock() - start) / n * 1e9
end

local function median(list)
    table.sort(list)
    return list[(#list + 1) / 2] or (list[#list / 2] + list[#list / 2 + 1]) / 2
end

-- Bytes that one operation leaves behind.
local function garbage(loop)
    local n = 1000
    loop(n)
    collectgarbage()
    collectgarbage("stop")
    local function count(times)
        local before = collectgarbage("count")
        loop(times)
        return collectgarbage("count") - before
    end
    local bytes = (count(3 * n) - count(n)) * 1024 / (2 * n)
    collectgarbage("restart")
    return math.floor(bytes + 0.5)
end

local function measure(case)
    local result = { name = case.name }
    local n_ffi, n_hand = calibrate(case.ffi), case.hand and calibrate(case.hand)
    local ffi_ns, hand_ns = {}, {}
    for _ = 1, rounds do
        ffi_ns[#ffi_ns + 1] = time(case.ffi, n_ffi)
        if case.hand then
            hand_ns[#hand_ns + 1] = time(case.hand, n_hand)
        end
    end
    result.ffi, result.ffi_bytes = median(ffi_ns), garbage(case.ffi)
    if case.hand then
        assert(case.ffi(7) == case.hand(7), case.name .. ": the two sides do not do the same")
        result.hand, result.hand_bytes = median(hand_ns), garbage(case.hand)
    end
    return result
end

local function wanted(case)
    return not options.only or case.name:find(options.only, 1, true)
end

if options.column then
    for _, case in ipairs(cases) do
        if wanted(case) then
            local r = measure(case)
            print(("%s\t%.2f\t%d"):format(r.name, r.ffi, r.ffi_bytes))
        end
    end
    return
end

-- The same cases run by another interpreter: name -> { ns, bytes }.
local function column(command)
    local quoted = ("%s '%s' '%s' --column --rounds=%d"):format(command, arg[0], build, rounds)
    if options.only then
        quoted = ("%s '--only=%s'"):format(quoted, options.only)
    end
    local pipe = assert(io.popen(quoted))
    local results = {}
    for line in pipe:lines() do
        local name, ns, bytes = line:match("^(.-)\t(.-)\t(.-)$")
        if name then
            results[name] = { ns = tonumber(ns), bytes = tonumber(bytes) }
        end
    end
    pipe:close()
    return results
end

local luajit = options.luajit and column(options.luajit)
local heading = ("%-24s %8s %8s %7s %8s %8s"):format("case", "ffi ns", "hand ns", "ratio", "ffi B", "hand B")
if luajit then
    heading = heading .. (" %9s %8s"):format("-joff ns", "-joff B")
end
print(heading)
for _, case in ipairs(cases) do
    if wanted(case) then
        local r = measure(case)
        local line = ("%-24s %8.1f %8.1f %7.2f %8d %8d"):format(r.name, r.ffi, r.hand, r.ffi / r.hand, r.ffi_bytes, r.hand_bytes)
        local other = luajit and luajit[r.name]
        if other then
            line = line .. (" %9.1f %8d"):format(other.ns, other.bytes)
        end
        print(line)
        io.stdout:flush()
    end
end
print("ns per operation with its loop, medians of " .. rounds .. " interleaved rounds; B: bytes of garbage per operation"
    .. (luajit and "; -joff: LuaJIT's interpreter, same file" or ""))
