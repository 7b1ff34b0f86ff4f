-- Real programs on our libffi.so.8 (spec/libffi/clients.lua): each is started with our library first, has to end well, and has to have loaded ours
-- and no other libffi.
--
-- With AIRLOCK_CLIENTS=all the bigger ones too (`make clients` installs them). What is not installed is pending; with CI or AIRLOCK_CLIENTS set it
-- is a failure.
local clients = require "spec.libffi.clients"
local runner = require "spec.libffi.runner"
local support = require "spec.support"

local all = os.getenv "AIRLOCK_CLIENTS" == "all"
local required = all or os.getenv "CI" ~= nil

-- Interpreters that know nothing of sanitizers, and programs that valgrind does not follow.
if os.getenv "AIRLOCK_ASAN" or support.has_valgrind then
    pending "clients run on the library as it is built for use"
    return
end

describe("on our libffi.so.8 runs", function()
    local left_out = {}
    for _, client in ipairs(clients) do
        if client.bigger and not all then
            left_out[#left_out + 1] = client.name
        elseif runner.is_installed(client) then
            it(client.name, function() runner.check(client) end)
        elseif required then
            it(client.name, function() error("not installed: " .. client.packages) end)
        else
            pending(("%s: not installed: %s"):format(client.name, client.packages))
        end
    end
    if #left_out > 0 then pending("with AIRLOCK_CLIENTS=all: " .. table.concat(left_out, ", ")) end
end)

describe("every client of libffi.so.8", function()
    local function is_word_of(text, word) return (" " .. text:gsub("[%s\"]", " ") .. " "):find(" " .. word .. " ", 1, true) ~= nil end

    it("is installed by a make target", function()
        local script = support.read(support.root .. "/tools/install_packages.sh")
        for _, client in ipairs(clients) do
            local lists = script:match(client.bigger and '\nsmall_clients=".-\ntest=".-"' or '\nsmall_clients="(.-)"')
            for package in client.packages:gmatch "%S+" do
                assert(is_word_of(lists, package), ("%s of %s is not in tools/install_packages.sh"):format(package, client.name))
            end
        end
    end)

    it("is run, and named in doc/libffi.md", function()
        local page = support.read(support.root .. "/doc/libffi.md")
        for name in support.run("ls " .. support.quote(support.root .. "/spec/libffi")):gmatch "[^\n]+" do
            local is_run = name == "sample.py" or name:find "%.lua$"
            for _, client in ipairs(clients) do is_run = is_run or client.command:find("/spec/libffi/" .. name, 1, true) end
            assert(is_run, name .. " is not run")
            assert(name == "sample.py" or name:find "%.lua$" or page:find("spec/libffi/" .. name, 1, true), name .. " is not named")
        end
    end)
end)

-- The checks themselves, on the smallest client.
describe("the runner of clients", function()
    local ours = support.build .. "/libffi.so.8"
    local client = { probe = "/usr/bin/python3 -c 'import ctypes'", command = "/usr/bin/python3 -c 'import ctypes; print(1)'", count = "^(%d+)" }
    if not runner.is_installed(client) then
        pending "needs python3"
        return
    end

    it("sees ours when it is loaded", function() runner.check(client) end)

    it("sees the system's", function()
        local _, status, found = runner.run(client.command)
        assert.equal(0, status)
        assert.is_nil(found[ours])
        assert.error_matches(function() runner.assert_only(ours, found) end, "loaded /%S+/libffi%.so%.8, not only " .. ours:gsub("%p", "%%%0"))
    end)

    it("sees the system's beside ours, in a process that the client starts", function()
        local mixed = { command = client.command .. " && env -u LD_LIBRARY_PATH " .. client.command, count = client.count }
        assert.error_matches(function() runner.check(mixed) end, "loaded /%S+ and /%S+, not only")
    end)

    it("sees that none is loaded", function()
        assert.error_matches(function() runner.check { command = "echo 1", count = "^(%d+)" } end, "loaded no libffi")
    end)

    it("sees a failure", function()
        assert.error_matches(function() runner.check { command = client.command .. "; exit 3", count = client.count } end, "exit status 3:\n1")
    end)

    it("sees a death", function()
        local dying = { command = "/usr/bin/python3 -c 'import ctypes; print(1, flush=True); ctypes.string_at(0)'", count = client.count }
        assert.error_matches(function() runner.check(dying) end, "exit status 1[23]%d:\n1")
    end)

    it("sees that nothing was tested", function()
        for _, text in ipairs { "0", "" } do
            local idle = { command = client.command .. " >/dev/null; echo " .. text, count = client.count }
            assert.error_matches(function() runner.check(idle) end, "no sum of tests")
        end
    end)
end)
