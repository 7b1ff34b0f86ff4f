-- What several specs need: the sample libraries with their headers, child interpreters, files that go away.
local ffi = require "ffi"

local support = {
    build = os.getenv "AIRLOCK_BUILD" or "build",
    root = (os.getenv "AIRLOCK_SPEC" or "spec"):gsub("/?spec$", ""):gsub("^$", "."),
    lua = os.getenv "AIRLOCK_LUA" or os.getenv "LUA" or "lua5.4",
    cc = os.getenv "CC" or "gcc",
    has_valgrind = os.getenv "AIRLOCK_VALGRIND" ~= nil,
    has_torture = os.getenv "AIRLOCK_TORTURE" ~= nil,
}

function support.quote(text)
    return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- What a shell command prints, and its exit status.
function support.run(command)
    local pipe = assert(io.popen(command))
    local text = pipe:read "a"
    local _, kind, status = pipe:close()
    return text, kind == "exit" and status or 128 + status
end

function support.path(library)
    return ("%s/spec/lib%s.so"):format(support.build, library)
end

-- The declarations of spec/lib/NAME.h as the preprocessor leaves them: the compiler and ffi.cdef read the same text.
function support.header(name)
    local command = ("%s -E -P -x c %s"):format(support.cc, support.quote(("%s/spec/lib/%s.h"):format(support.root, name)))
    local text, status = support.run(command)
    assert(status == 0, command .. " failed")
    return text
end

-- Declares a sample library's header and loads it.
function support.load(name)
    ffi.cdef(support.header(name))
    return ffi.load(support.path(name))
end

-- Whether this processor and kernel have "avx", "avx512f" …
function support.has_cpu(feature)
    for line in io.lines "/proc/cpuinfo" do
        if line:find "^flags" then return (line .. " "):find(" " .. feature .. " ", 1, true) ~= nil end
    end
    return false
end

function support.write(path, text)
    local file = assert(io.open(path, "wb"))
    assert(file:write(text))
    assert(file:close())
end

function support.read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "a"
    file:close()
    return text
end

-- A new directory; support.remove takes it away with all that is in it.
function support.new_directory()
    local name = os.tmpname()
    os.remove(name)
    assert(os.execute("mkdir " .. support.quote(name)))
    return name
end

function support.remove(directory)
    assert(directory:find "^/tmp/")
    os.execute("rm -rf " .. support.quote(directory))
end

-- pcall(f, ...) while errors in callbacks go to nobody but f's caller: without a handler they go to the standard error output too.
function support.quietly(f, ...)
    local before = ffi.onerror(function() return false end)
    local results = table.pack(pcall(f, ...))
    ffi.onerror(before)
    return table.unpack(results, 1, results.n)
end

-- support.lua_text with a sample library and its header declared: as `lib`, beside `ffi`.
function support.lua_text_with(name, text)
    return support.lua_text(([[
        io.stdout:setvbuf "no"
        local ffi = require "ffi"
        ffi.cdef %q
        local lib = ffi.load %q
        %s]]):format(support.header(name), support.path(name), text))
end

-- Runs a program text in an interpreter of its own: what it printed (errors too) and its exit status.
function support.lua_text(text, ...)
    local directory = support.new_directory()
    local script = directory .. "/script.lua"
    support.write(script, text)
    local parts = { support.lua, support.quote(script) }
    for i = 1, select("#", ...) do parts[#parts + 1] = support.quote((select(i, ...))) end
    local output, status = support.run(table.concat(parts, " ") .. " 2>&1")
    support.remove(directory)
    return output, status
end

-- Builds spec/states/states.c into a directory and runs it there on its script.lua, in one of its modes.
function support.run_states(directory, mode)
    local program = directory .. "/states"
    local flags = "-O2 -g -Wall -Wextra $(pkg-config --cflags lua5.4)"
    local output, status = support.run(("%s %s -o %s %s/spec/states/states.c $(pkg-config --libs lua5.4) -lpthread 2>&1"):format(
        support.cc, flags, program, support.quote(support.root)))
    if status ~= 0 then return output, status end
    return support.run(("%s %s %s %s/script.lua 2>&1"):format(os.getenv "LUA_WRAPPER" or "", program, mode, directory))
end

-- Runs f under a collector that collects at every chance, of both kinds.
function support.stressed(f)
    collectgarbage "incremental"
    local pause, step = collectgarbage("setpause", 0), collectgarbage("setstepmul", 1000)
    f()
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", step)
    collectgarbage "generational"
    f()
    collectgarbage "incremental"
end

return support
