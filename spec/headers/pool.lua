-- Runs jobs of check.lua, each in a Lua process of its own, several at a time. A job is a table of strings: source (C text with the #includes),
-- preprocess (command), flags (for it), standard (flags for it and for gcc); perhaps find and replace, a Lua pattern whose matches ffi.cdef, and only
-- ffi.cdef, sees replaced; and oracle "none" where gcc does not compile the text.
local support = require "spec.support"

local pool = {}

local NSECONDS_MAX = 300 -- of one job

local function write_job(path, job)
    local fields = {}
    for name, value in pairs(job) do fields[#fields + 1] = ("%s = %q"):format(name, value) end
    support.write(path, "return { " .. table.concat(fields, ", ") .. " }\n")
end

local function read_result(path)
    local file = io.open(path, "rb")
    if not file then return { state = "failed", lines = { "no result: the process died" } } end
    local result = { state = file:read "l", lines = {} }
    for line in file:lines() do
        if line ~= "" then table.insert(result.lines, line) end
    end
    file:close()
    return result
end

-- The results in the jobs' order, each { state, lines }; what the processes printed, and the exit status: 0 if each one's was.
function pool.run(jobs)
    local directory = support.new_directory()
    for i, job in ipairs(jobs) do write_job(("%s/%d.job"):format(directory, i), job) end
    local log, status = support.run(("seq -f %s/%%.0f 1 %d | xargs -P \"$(nproc)\" -n 1 timeout %d %s %s/spec/headers/check.lua 2>&1"):format(
        directory, #jobs, NSECONDS_MAX, support.lua, support.quote(support.root)))
    local results = {}
    for i = 1, #jobs do results[i] = read_result(("%s/%d.result"):format(directory, i)) end
    support.remove(directory)
    return results, log, status
end

return pool
