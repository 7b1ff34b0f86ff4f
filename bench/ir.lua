-- ir.lua: counts instructions per operation for each case of cases.lua, over the ffi, over the hand-written binding and
-- over the least C code for the job (floor.c).
--
--     lua5.4 bench/ir.lua BUILD [--only=TEXT] [--seeds=N]     the table; runs itself under callgrind, once a seed
--     lua5.4 bench/ir.lua BUILD --inside                      what runs there
--
-- Each loop runs twice, for `few` and for `many` iterations, and a full collection closes each measured stretch: the difference of
-- the two counts over the difference of iterations is exact, holds the freeing of what an operation leaves behind, and no start-up.
-- Addresses do not change under valgrind, and the time is made to stand still, so that a count is repeatable to the
-- instruction; how strings happen to hash moves some counts a little, so the median over a few seeds is shown.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local build, options = dofile(here .. "/options.lua")("ir.lua")
local few, many = 500, 1500

local function load_cases(ffi)
    local hand = assert(package.loadlib(build .. "/bench/hand.so", "luaopen_hand"))()
    local floor = assert(package.loadlib(build .. "/bench/floor.so", "luaopen_floor"))()
    return dofile(here .. "/cases.lua")(ffi, build .. "/spec/libbench.so", hand, floor)
end

local side_names = { "ffi", "hand", "floor" }

local function wanted(case)
    return not options.only or case.name:find(options.only, 1, true)
end

local function inside()
    local meter = assert(package.loadlib(build .. "/bench/meter.so", "luaopen_meter"))()
    local start, stop, collect = meter.start, meter.stop, collectgarbage
    local function stretch(loop, n, label)
        collect()
        collect()
        start()
        loop(n)
        collect()
        stop(label)
    end
    collect("stop")
    for index, case in ipairs(load_cases(require("ffi"))) do
        if wanted(case) then
            for _, side in ipairs(case.hand and side_names or { "ffi", "floor" }) do
                -- The first stretches settle what happens once: caches, the stack's size, the string table's.
                for _, label in ipairs({ "warm", "warm", "less", "more" }) do
                    local n = label == "less" and few or many
                    stretch(case[side], n, ("%d %s %s"):format(index, side, label))
                end
            end
        end
    end
end

if options.inside then
    return inside()
end

local function run(command)
    local ok = os.execute(command)
    assert(ok, "failed: " .. command)
end

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- One run under callgrind: list of { ffi =, hand =, floor = } by case number.
local function count(seed)
    local out = build .. "/bench/callgrind.out"
    run("rm -f " .. quote(out) .. "*")
    local only = options.only and quote("--only=" .. options.only) or ""
    run(table.concat({
        "env -i PATH=/usr/bin:/bin",
        "LUA_PATH=" .. quote(package.path), "LUA_CPATH=" .. quote(package.cpath),
        "LD_PRELOAD=" .. quote(build .. "/bench/still_clock.so"), "BENCH_SEED=" .. seed,
        "setarch -R valgrind -q --tool=callgrind --combine-dumps=yes --callgrind-out-file=" .. quote(out),
        arg[-1], quote(arg[0]), quote(build), "--inside", only,
        ">&2",
    }, " "))
    local results, label = {}, nil
    for line in io.lines(out) do
        local text = line:match("^desc: Trigger: Client Request: (.*)")
        if text then
            label = text
        end
        local total = line:match("^totals: (%d+)")
        if total and label then
            local index, side, times = label:match("^(%d+) (%a+) (%a+)$")
            index = tonumber(index)
            results[index] = results[index] or {}
            local r = results[index]
            if times == "less" then
                r[side] = -tonumber(total)
            elseif times == "more" then
                r[side] = (r[side] + tonumber(total)) / (many - few)
            end
            label = nil
        end
    end
    return results
end

local function median(list)
    table.sort(list)
    return list[(#list + 1) // 2]
end

local runs = {}
for seed = 1, tonumber(options.seeds) or 5 do
    runs[seed] = count(seed)
end
local function cell(format, value)
    return value and format:format(value) or (" "):rep(#format:format(0) - 1) .. "."
end

print(("%-25s %8s %8s %8s %7s %7s"):format("case", "ffi", "hand", "floor", "/hand", "/floor"))
local instructions = {}
for index, case in ipairs(load_cases(require("ffi"))) do
    if wanted(case) then
        local sides = {}
        for _, side in ipairs(side_names) do
            local list = {}
            for i, results in ipairs(runs) do
                list[i] = results[index][side]
            end
            sides[side] = list[1] and median(list)
        end
        local ffi, hand, floor = sides.ffi, sides.hand, sides.floor
        instructions[case.name] = ffi
        print(table.concat({
            ("%-25s %8.1f"):format(case.name, ffi), cell("%8.1f", hand), cell("%8.1f", floor),
            cell("%7.2f", hand and ffi / hand), cell("%7.2f", floor and ffi / floor),
        }, " "))
    end
end
if instructions["add(int, int)"] and instructions["lib.add(int, int)"] then
    print(("through the namespace: %+.1f to a local"):format(instructions["lib.add(int, int)"] - instructions["add(int, int)"]))
end
print(("instructions per operation with its loop and the freeing of its garbage, by callgrind; median of %d hash seeds"):format(#runs))
