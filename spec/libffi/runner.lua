-- Runs a program that uses libffi on a library of our choice: puts the library's directory first in the loader's path, and reads in the
-- loader's trace which libffi each process of the run loaded.
local support = require "spec.support"

local runner = {}

local NSECONDS_MAX = 300 -- of one client

-- Every file named libffi… that a process of the run initialised, with how often.
local function loaded(directory)
    local found = {}
    local trace = support.run(("cat %s/trace.* 2>/dev/null"):format(directory))
    for path in trace:gmatch "calling init: (%S*/libffi[^%s/]*)" do found[path] = (found[path] or 0) + 1 end
    return found
end

-- Runs a shell command with `library_path` (a directory; nil: the system's own) first in the loader's path: what it printed (errors too), its
-- exit status and the libffis that it loaded.
function runner.run(command, library_path)
    local directory = support.new_directory()
    local path = library_path and ("LD_LIBRARY_PATH=%s "):format(support.quote(library_path)) or ""
    local text, status = support.run(("cd %s && %sLD_DEBUG=files LD_DEBUG_OUTPUT=%s/trace timeout -k 10 %d sh -c %s 2>&1 </dev/null"):format(
        directory, path, directory, NSECONDS_MAX, support.quote(command)))
    local found = loaded(directory)
    support.remove(directory)
    return text, status, found
end

-- Raises unless `library` is the one libffi that was loaded.
function runner.assert_only(library, found)
    local names = {}
    for name in pairs(found) do names[#names + 1] = name end
    table.sort(names)
    assert(names[1] == library and #names == 1, ("loaded %s, not only %s"):format(names[1] and table.concat(names, " and ") or "no libffi", library))
end

-- The number of tests that a client's output tells of by its pattern; raises when there were none.
function runner.count(client, text)
    local count = tonumber(text:match(client.count))
    assert(count and count > 0, "no sum of tests in:\n" .. text)
    return count
end

-- Runs a client on our library: what it printed.
function runner.check(client)
    local text, status, found = runner.run(client.command, support.build)
    assert(status == 0, ("exit status %d:\n%s"):format(status, text))
    runner.count(client, text)
    runner.assert_only(support.build .. "/libffi.so.8", found)
    return text
end

function runner.is_installed(client) return select(2, support.run(client.probe .. " >/dev/null 2>&1")) == 0 end

return runner
