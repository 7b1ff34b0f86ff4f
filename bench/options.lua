-- options.lua: what the benches read from their command line: BUILD, then --NAME or --NAME=VALUE.
--
--     local build, options = dofile(here .. "/options.lua")("bench.lua")

return function(script)
    local build = assert(arg[1], "usage: " .. script .. " BUILD [OPTION...]")
    local options = {}
    for i = 2, #arg do
        local name, value = arg[i]:match("^%-%-(%w+)=?(.*)$")
        assert(name, "unknown argument")
        options[name] = value
    end
    return build, options
end
