-- The sample library that the repository began with, and the ABI course's functions in NASM next to their C twins.
local ffi = require "ffi"

local build = os.getenv("AIRLOCK_BUILD") or "build"

local function list(n, format)
    local parts = {}
    for i = 1, n do
        parts[i] = format:gsub("#", tostring(i))
    end
    return table.concat(parts, ", ")
end

describe("the sample library", function()
    local lib
    local counts = { 1, 6, 7, 10, 20 }

    setup(function()
        local declarations = { "int add(int a, int b);" }
        for _, n in ipairs(counts) do
            declarations[#declarations + 1] = ("int sum%d(%s);"):format(n, list(n, "int a#"))
        end
        ffi.cdef(table.concat(declarations, "\n"))
        lib = ffi.load(build .. "/spec/libsample.so")
    end)

    for _, case in ipairs({ { 1, 2, 3 }, { -1, 1, 0 }, { 2147483647, -2147483648, -1 }, { 0, 0, 0 } }) do
        it(("adds %d and %d"):format(case[1], case[2]), function()
            assert.equal(case[3], lib.add(case[1], case[2]))
        end)
    end

    for _, n in ipairs(counts) do
        it(("sums the first %d naturals passed as %d arguments"):format(n, n), function()
            local arguments = {}
            for i = 1, n do
                arguments[i] = i
            end
            assert.equal(n * (n + 1) // 2, lib["sum" .. n](table.unpack(arguments)))
        end)
    end
end)

describe("the ABI course's function in NASM", function()
    local lib
    local seed = math.random(1 << 30)

    setup(function()
        for _, suffix in ipairs({ "", "_c" }) do
            ffi.cdef((([[
                uint32_t alternate_sum_8@(%s);
                void product_2_f@(uint32_t *dst, uint32_t x, float f);
                void product_9_f@(double *dst, %s);
            ]]):format(list(8, "uint32_t x#"), list(9, "uint32_t x#, float f#")):gsub("@", suffix)))
        end
        lib = ffi.load(build .. "/spec/libcourse.so")
    end)

    before_each(function()
        math.randomseed(seed)
    end)

    local function u32()
        return math.random(0, 0xffffffff)
    end

    -- Both of them on the same random arguments, a hundred times.
    local function compare(name, draw, call)
        for _ = 1, 100 do
            local arguments = draw()
            local nasm = call(lib[name], arguments)
            local c = call(lib[name .. "_c"], arguments)
            assert.equal(c, nasm, ("seed %d: %s(%s)"):format(seed, name, table.concat(arguments, ", ")))
        end
    end

    it("alternate_sum_8 does what C does", function()
        compare("alternate_sum_8", function()
            return { u32(), u32(), u32(), u32(), u32(), u32(), u32(), u32() }
        end, function(f, arguments)
            return f(table.unpack(arguments))
        end)
        assert.equal(4, lib.alternate_sum_8(8, 7, 6, 5, 4, 3, 2, 1))
    end)

    it("product_2_f does what C does", function()
        local result = ffi.new("uint32_t[1]")
        compare("product_2_f", function()
            return { u32() >> 8, math.random() * 200 }
        end, function(f, arguments)
            f(result, arguments[1], arguments[2])
            return result[0]
        end)
        lib.product_2_f(result, 3, 2.5)
        assert.equal(7, result[0])
    end)

    it("product_9_f does what C does", function()
        local result = ffi.new("double[1]")
        compare("product_9_f", function()
            local arguments = {}
            for i = 1, 9 do
                arguments[2 * i - 1] = u32()
                arguments[2 * i] = (math.random() - 0.5) * 10
            end
            return arguments
        end, function(f, arguments)
            f(result, table.unpack(arguments))
            return result[0]
        end)
        lib.product_9_f(result, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 7, 1, 8, 1, 9, 0.5)
        assert.equal(181440.0, result[0])
    end)
end)
