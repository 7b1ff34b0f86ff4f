-- Several Lua states in one process: all that the ffi does, in threads that have a state each, and nothing of Lua's shared between states.
local support = require "spec.support"

-- A script for spec/states/states.c, in a directory that goes away: what it prints and its exit status.
local function run(mode, script)
    local directory = support.new_directory()
    finally(function() support.remove(directory) end)
    support.write(directory .. "/script.lua", script)
    local output, status = support.run_states(directory, mode)
    assert.equal("", output)
    assert.equal(0, status)
    return directory
end

local scenarios = support.root .. "/spec/torture/scenarios.lua"

describe("all that the ffi does", function()
    local modes = { threads = "in four threads at the same time", together = "in four states of one thread", after = "in states one by one" }
    for mode, name in pairs(modes) do
        it(name, function()
            run(mode, ([[
                for _, scenario in ipairs(dofile %q) do
                    if not (rounds and scenario.name == "lua_close") then
                        scenario.setup()
                        for _ = 1, 2 do scenario.body() end
                    end
                end
                rounds = true
                collectgarbage()
            ]]):format(scenarios))
        end)
    end
end)

describe("two states", function()
    -- Every object that can be reached from the registry and the module, by what keeps it: the metatables, upvalues, user values,
    -- environments and stacks are Lua's own affair.
    local script = [[
        local ffi = require "ffi"
        for _, scenario in ipairs(dofile %q) do
            if scenario.name == "callbacks" or scenario.name == "metatype" or scenario.name == "gc" then
                scenario.setup()
                scenario.body()
            end
        end
        local seen, list = {}, {}
        local function visit(object)
            local kind = type(object)
            if kind == "nil" or kind == "boolean" or kind == "number" or seen[object] then return end
            if kind == "userdata" and tostring(object):find "^userdata: 0x" and not debug.getmetatable(object) then
                local _, is_full = debug.getuservalue(object, 1)
                if not is_full and not pcall(debug.setuservalue, object, nil, 1) then return end -- light: an address
            end
            seen[object] = true
            local has_upvalues = kind ~= "function" or debug.getupvalue(object, 1) or debug.getinfo(object, "S").what ~= "C"
            if has_upvalues then list[#list + 1] = ("%%s %%p"):format(kind, object) end -- else it may be a C function, an address
            visit(debug.getmetatable(object))
            if kind == "table" then
                for key, value in next, object do visit(key) visit(value) end
            elseif kind == "function" then
                local i = 1
                while debug.getupvalue(object, i) do
                    visit(select(2, debug.getupvalue(object, i)))
                    i = i + 1
                end
            elseif kind == "userdata" then
                for i = 1, 3 do visit((debug.getuservalue(object, i))) end
            end
        end
        visit(ffi)
        visit(debug.getregistry())
        local file = assert(io.open(%q .. id, "w"))
        file:write(table.concat(list, "\n"))
        file:close()
        kept = list
    ]]

    it("share no object, whatever it is", function()
        local stem = os.tmpname()
        run("together", script:format(scenarios, stem))
        local owners, count, kinds = {}, 0, {}
        for id = 0, 3 do
            for line in support.read(stem .. id):gmatch "[^\n]+" do
                assert.is_nil(owners[line], line)
                kinds[line:match "^%a+"] = true
                count = count + 1
            end
            for line in support.read(stem .. id):gmatch "[^\n]+" do owners[line] = id end
            os.remove(stem .. id)
        end
        os.remove(stem)
        assert.is_true(count > 4 * 500, count)
        assert.are.same({ table = true, ["function"] = true, userdata = true, string = true, thread = true }, kinds)
    end)
end)
