-- Memory that runs out: each scenario of spec/torture/scenarios.lua with each of its allocations failing, and with a collection at each.
local support = require "spec.support"

describe("with each allocation failing in turn, and with a collection at each,", function()
    local directory = support.root .. "/spec/torture"
    local output, status

    setup(function()
        local program = os.tmpname()
        local extent = (support.has_valgrind or support.has_torture) and "sparse" or "short"
        local sources = ("%s/failing.c %s/allocator.c"):format(directory, directory)
        -- where malloc is nobody else's
        if not support.has_valgrind and not os.getenv "LUA_WRAPPER" then sources = sources .. (" -DWATCH_MALLOC %s/malloc.c"):format(directory) end
        output, status = support.run(("%s -O1 -g -Wall -Wextra $(pkg-config --cflags lua5.4) -o %s %s $(pkg-config --libs lua5.4) 2>&1"):format(
            support.cc, program, sources))
        assert.equal(0, status, output)
        output, status = support.run(("%s %s %s/scenarios.lua %s 2>&1"):format(os.getenv "LUA_WRAPPER" or "", program, directory, extent))
        os.remove(program)
    end)

    -- The scenarios' names, and what the program says of each: complaints, then the number of runs.
    for _, scenario in ipairs(dofile(directory .. "/scenarios.lua")) do
        it(scenario.name, function()
            local complaints, nruns = {}, nil
            for line in output:gmatch "[^\n]+" do
                if line:sub(1, #scenario.name + 2) == scenario.name .. ", " then complaints[#complaints + 1] = line end
                if line:sub(1, #scenario.name + 2) == scenario.name .. ": " then nruns = tonumber(line:match(": (%d+) runs$")) end
            end
            assert.are.same({}, complaints)
            assert.is_true(nruns ~= nil and nruns > 0, output)
        end)
    end

    it("nothing else happens", function()
        assert.equal(0, status, output)
    end)
end)
