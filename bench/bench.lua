-- bench.lua: times each case of cases.lua over the ffi, over the hand-written binding and over the least C code for the job (floor.c)
-- and prints a table.
--
--     lua5.4 bench/bench.lua BUILD [--only=TEXT] [--rounds=N] [--luajit=COMMAND]    the table: ns, ratios, garbage
--     luajit -joff bench/bench.lua BUILD --column                                   name, ns and bytes of the ffi alone, for the above
--
-- The sides of a case run by turns, several rounds of some milliseconds each; the medians are compared. Times include the loop.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local build, options = dofile(here .. "/options.lua")("bench.lua")
local rounds = tonumber(options.rounds) or 9
local seconds_per_round = 0.01

local ffi = require("ffi")
local hand, floor
if not options.column then
    hand = assert(package.loadlib(build .. "/bench/hand.so", "luaopen_hand"))()
    floor = assert(package.loadlib(build .. "/bench/floor.so", "luaopen_floor"))()
end
local cases = dofile(here .. "/cases.lua")(ffi, build .. "/spec/libbench.so", hand, floor)
local sides = { "ffi", "hand", "floor" }

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

-- { name =, ns = { side = number }, bytes = { side = number } }, without the sides that the case has not.
local function measure(case)
    local result = { name = case.name, ns = {}, bytes = {} }
    local present, iterations, times = {}, {}, {}
    for _, side in ipairs(sides) do
        if case[side] then
            assert(case[side](7) == case.ffi(7), case.name .. ": the sides do not do the same")
            present[#present + 1] = side
            iterations[side], times[side] = calibrate(case[side]), {}
        end
    end
    for round = 1, rounds do
        for _, side in ipairs(present) do
            times[side][round] = time(case[side], iterations[side])
        end
    end
    for _, side in ipairs(present) do
        result.ns[side], result.bytes[side] = median(times[side]), garbage(case[side])
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
            print(("%s\t%.2f\t%d"):format(r.name, r.ns.ffi, r.bytes.ffi))
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
local function cell(format, value)
    return value and format:format(value) or (" "):rep(#format:format(0) - 1) .. "."
end

local heading = ("%-25s %7s %7s %7s %6s %6s %6s %6s"):format("case", "ffi ns", "hand", "floor", "/hand", "/floor", "ffi B", "hand B")
if luajit then
    heading = heading .. (" %7s %7s"):format("-joff", "-joff B")
end
print(heading)
for _, case in ipairs(cases) do
    if wanted(case) then
        local r = measure(case)
        local ns, bytes = r.ns, r.bytes
        local line = {
            ("%-25s %7.1f"):format(r.name, ns.ffi), cell("%7.1f", ns.hand), cell("%7.1f", ns.floor),
            cell("%6.2f", ns.hand and ns.ffi / ns.hand), cell("%6.2f", ns.floor and ns.ffi / ns.floor),
            cell("%6d", bytes.ffi), cell("%6d", bytes.hand),
        }
        local other = luajit and luajit[r.name]
        if other then
            line[#line + 1] = ("%7.1f %7d"):format(other.ns, other.bytes)
        end
        print(table.concat(line, " "))
        io.stdout:flush()
    end
end
print("ns per operation with its loop, medians of " .. rounds .. " interleaved rounds; B: bytes of garbage per operation"
    .. (luajit and "; -joff: LuaJIT's interpreter, same file" or ""))
