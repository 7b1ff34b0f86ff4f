-- What `make bench` times must do the same on all sides, or the ratio means nothing; and what it says of garbage can be held to.
local ffi = require "ffi"

local build = os.getenv("AIRLOCK_BUILD") or "build"
if not build:find("^/") then
    build = "./" .. build
end

describe("the bench case", function()
    local hand = assert(package.loadlib(build .. "/bench/hand.so", "luaopen_hand"))()
    local floor = assert(package.loadlib(build .. "/bench/floor.so", "luaopen_floor"))()
    local cases = dofile("bench/cases.lua")(ffi, build .. "/spec/libbench.so", hand, floor)

    for _, case in ipairs(cases) do
        if case.hand then
            it(case.name .. " does what the hand-written binding does", function()
                assert.equal((case.hand(7)), (case.ffi(7)))
            end)
        end
        it(case.name .. " does what the least code for it does", function()
            assert.equal((case.floor(7)), (case.ffi(7)))
        end)
    end

    -- Scalar calls and field access leave nothing behind.
    local clean = {
        "nop()", "add(int, int)", "lib.add(int, int)", "three doubles", "8 ints, 8 doubles", "length(const char *)", "int64 add",
        "pointer to struct", "snprintf(%s %d)", "global int += 1", "p.x", "p.x = p.x + 1", "ptr->id", "double a[i]",
        "double a[i] = x", "uint8_t a[i] = a[i] + 1",
    }
    local by_name = {}
    for _, case in ipairs(cases) do
        by_name[case.name] = case
    end
    for _, name in ipairs(clean) do
        it(name .. " leaves no garbage", function()
            local loop = assert(by_name[name]).ffi
            local function grown(n)
                local before = collectgarbage("count")
                loop(n)
                return collectgarbage("count") - before
            end
            loop(200)
            collectgarbage()
            collectgarbage("stop")
            local few, many = grown(100), grown(200)
            collectgarbage("restart")
            assert.equal(few, many)
        end)
    end
end)

-- What `make bench-libffi` runs on two libraries.
describe("the bench of libffi.so.8", function()
    local function run(directory, way)
        local pipe = assert(io.popen(("LD_LIBRARY_PATH='%s' '%s/bench/libffi' %s"):format(directory, build, way)))
        local library, lines = pipe:read "l", {}
        for line in pipe:lines() do
            lines[#lines + 1] = line
        end
        assert(pipe:close())
        return library, lines
    end
    local ours, results = run(build, "check")
    local system, wanted = run("", "check")

    it("runs on ours and on the system's", function()
        assert.equal(build .. "/libffi.so.8", ours)
        assert.not_equal(ours, system)
    end)

    it("leaves out on the system's only what is newer", function()
        assert.is_true(#wanted > 0)
        assert.is_true(#results == #wanted or #results == #wanted + 1)
    end)

    for i, line in ipairs(wanted) do
        it(line:match("^[^\t]*") .. " comes to the same on both", function()
            assert.equal(line, results[i])
        end)
    end
end)
