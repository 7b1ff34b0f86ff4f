-- libffi.lua: libffi.so.8 beside the system's, by the same program (libffi.c) on both, and prints a table.
--
--     lua5.4 bench/libffi.lua BUILD [--rounds=N]    nanoseconds: the two by turns, medians
--     lua5.4 bench/libffi.lua BUILD --ir            instructions by callgrind, with what there is to beat
--
-- Whether either program has loaded the library it was to load is checked each time.

local here = arg[0]:match("^(.*)/[^/]*$") or "."
local build, options = dofile(here .. "/options.lua")("libffi.lua")

-- Instructions that ours must not need more of.
local targets = {
    ["int add(int, int)"] = 115, ["6 longs"] = 90, ["8 mixed"] = 240, ["struct of 16 bytes"] = 150, ["struct of 64 bytes"] = 180,
    ["closure add"] = 125, ["closure 8 mixed"] = 280, ["prep_cif add"] = 200, ["prep_cif 8 mixed"] = 400,
    ["closure alloc+prep+free"] = 309,
}

local function quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- The program's lines on ours, or on the loader's: list of { name, number }.
local function run(is_ours, command)
    local pipe = assert(io.popen(("LD_LIBRARY_PATH=%s %s"):format(is_ours and quote(build) or "", command)))
    local library, results = pipe:read("l"), {}
    for line in pipe:lines() do
        local name, number = line:match("^(.-)\t(.*)$")
        results[#results + 1] = { name, assert(tonumber(number)) }
    end
    assert(pipe:close(), "failed: " .. command)
    assert((library == build .. "/libffi.so.8") == is_ours, "the wrong libffi was loaded: " .. library)
    return results, library
end

local function median(list)
    table.sort(list)
    return list[(#list + 1) // 2]
end

-- { name =, ours =, other = } for each case, in order.
local function by_case(ours, other)
    local numbers, rows = {}, {}
    for _, result in ipairs(other) do
        numbers[result[1]] = result[2]
    end
    for i, result in ipairs(ours) do
        rows[i] = { name = result[1], ours = result[2], other = numbers[result[1]] }
    end
    return rows
end

local function cell(format, value)
    return value and format:format(value) or (" "):rep(#format:format(0) - 1) .. "."
end

-- -- time

local function time(rounds)
    local sides = { {}, {} }
    local library
    for round = 1, rounds do
        for side = 1, 2 do
            local is_ours = side == 1
            local results, name = run(is_ours, quote(build .. "/bench/libffi") .. " time")
            library = is_ours and library or name
            for i, result in ipairs(results) do
                local kept = sides[side][i] or { result[1], {} }
                kept[2][round], sides[side][i] = result[2], kept
            end
        end
    end
    for _, results in ipairs(sides) do
        for _, result in ipairs(results) do
            result[2] = median(result[2])
        end
    end
    print(("%-25s %8s %8s %8s"):format("case", "ours ns", "system", "/system"))
    for _, row in ipairs(by_case(sides[1], sides[2])) do
        print(("%-25s %8.1f %s %s"):format(row.name, row.ours, cell("%8.1f", row.other),
            cell("%8.2f", row.other and row.ours / row.other)))
    end
    print(("ns per operation with its loop, medians of %d rounds by turns; the system's is %s"):format(rounds, library))
end

-- -- instructions

-- What callgrind dumped: per case number, the difference of its two stretches.
local function totals(path)
    local found, label = {}, nil
    for line in io.lines(path) do
        label = line:match("^desc: Trigger: Client Request: (.*)") or label
        local total = line:match("^totals: (%d+)")
        if total and label then
            local number, stretch = label:match("^(%d+) (%a+)$")
            local sign = ({ warm = 0, less = -1, more = 1 })[stretch]
            found[tonumber(number)] = (found[tonumber(number)] or 0) + sign * tonumber(total)
            label = nil
        end
    end
    return found
end

local function count(is_ours)
    local out = build .. "/bench/callgrind.libffi"
    os.execute("rm -f " .. quote(out) .. "*")
    local results, library = run(is_ours, ("valgrind -q --tool=callgrind --combine-dumps=yes --callgrind-out-file=%s %s count"):format(
        quote(out), quote(build .. "/bench/libffi_metered")))
    local found = totals(out)
    for i, result in ipairs(results) do
        result[2] = assert(found[i - 1], "callgrind has not counted " .. result[1]) / result[2]
    end
    return results, library
end

local function instructions()
    local ours, other, library = count(true), count(false)
    print(("%-25s %8s %8s %8s %8s"):format("case", "ours", "system", "/system", "at most"))
    for _, row in ipairs(by_case(ours, other)) do
        local target = targets[row.name]
        print(("%-25s %8.1f %s %s %s%s"):format(row.name, row.ours, cell("%8.1f", row.other),
            cell("%8.2f", row.other and row.ours / row.other), cell("%8d", target), target and row.ours > target and "  missed" or ""))
    end
    print("instructions per operation with its loop, the function called and the handler, by callgrind; the system's is " .. library)
end

if options.ir then
    instructions()
else
    time(tonumber(options.rounds) or 9)
end
