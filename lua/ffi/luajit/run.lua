-- Runs the main script for `lua5.4 -l ffi.luajit script.lua`. The standalone interpreter would load it with its own parser, so it is
-- run from within -l: with the rest of the options, the arguments, the report of an error and the exit status as lua5.4 has them. Then
-- the state is closed and the process ends.
local loader = require "ffi.luajit.loader"

local getinfo, getlocal, traceback = debug.getinfo, debug.getlocal, debug.traceback
local find, format, match, sub = string.find, string.format, string.match, string.sub
local getmetatable, type, xpcall, require = debug.getmetatable, type, xpcall, require
local exit, stderr, unpack = os.exit, io.stderr, table.unpack

local run = {}

-- -- the command line -------------------------------------------------------------------------------------------------------------

-- The options in front of the script, in order: { letter, value }; and the interpreter's name. Nil where there is no script.
local function options_of(arguments)
    if type(arguments) ~= "table" or arguments[-1] == nil then return nil end
    local first = -1
    while arguments[first - 1] ~= nil do first = first - 1 end
    local options, at = {}, first + 1
    while at < 0 do
        local letter, value = match(arguments[at], "^%-(.)(.*)$")
        if (letter == "l" or letter == "e") and value == "" then
            at = at + 1
            value = arguments[at]
        end
        if letter and value then options[#options + 1] = { letter, value } end
        at = at + 1
    end
    return options, arguments[first]
end

-- The place of the option that had us loaded, among options that leave running the script to us.
local function own_place(options)
    local place
    for i, option in ipairs(options) do
        if option[1] == "i" then return nil end
        if option[1] == "l" and option[2] == "ffi.luajit" then place = place or i end
    end
    return place
end

-- Whether `require` was called by the interpreter itself: `level` is require's.
local function is_called_by_interpreter(level)
    local caller = getinfo(level + 2, "S")
    return caller ~= nil and caller.what == "C" and getinfo(level + 3, "l") == nil
end

-- -- the report of an error -------------------------------------------------------------------------------------------------------

local function depth_from(level)
    local low, high = level, level + 1
    while getinfo(high + 1, "l") do low, high = high, high * 2 end
    while low < high do
        local middle = (low + high + 1) // 2
        if getinfo(middle + 1, "l") then low = middle else high = middle - 1 end
    end
    return low - 1
end

local FIRST, LAST = 10, 11 -- how many levels a long traceback shows of either end (lauxlib.c)

-- The part of a traceback's text that is its first level.
local function first_level(text)
    local line, next_line = match(text, "^\nstack traceback:(\n\t[^\n]*)(\n?[^\n]*)")
    return find(next_line, "^\n\t%(%.%.%.tail calls%.%.%.%)") and line .. next_line or line
end

local outside -- the number of levels below the xpcall that runs the program

local function text_of(object)
    local metatable = getmetatable(object)
    local to_string = metatable and metatable.__tostring
    local text = to_string and to_string(object)
    return type(text) == "string" and text or nil
end

local own_directory = match(getinfo(1, "S").source, "^@.*/") or "@"
local libraries = { "string", "table", "math", "os", "io", "coroutine", "package", "debug" }

local function qualified(name)
    if type(_G[name]) == "function" then return name end
    for _, library in ipairs(libraries) do
        if _G[library] and _G[library][name] then return library .. "." .. name end
    end
    return name
end

-- Whether the function at this level, for the caller, stands for a library's.
local function is_own(level)
    local info = getinfo(level + 1, "S")
    return info ~= nil and sub(info.source, 1, #own_directory) == own_directory
end

local function is_c(level)
    local info = getinfo(level + 1, "S")
    return info ~= nil and info.what == "C"
end

-- A function that stands for a library's, and what it calls of C's and of our own, are one level of a traceback, as if it were C's. If
-- they are at this level, for the caller: that one's line, and how many levels they are.
local function builtin_level(level)
    local first = level + 1
    local at, name = first, nil
    while is_own(at) or (is_c(at) and is_own(at + 1)) do
        local variable, text = getlocal(at, 1)
        if variable == "name" then name = text end -- value.call's
        at = at + 1
    end
    if at == first then return nil end
    name = match(first_level(traceback("", at - 1)), "in function '([%w_.]+)'") or name
    if name then return ("\n\t[C]: in function '%s'"):format(qualified(match(name, "[%w_]+$"))), at - first end
end

-- The message handler of lua.c. Its traceback ends where the standalone interpreter's would: our own levels are left out.
local function handler(message)
    if type(message) ~= "string" and type(message) ~= "number" then
        local text = text_of(message)
        if text then return text end
        message = format("(error object is a %s value)", type(message))
    end
    local last = depth_from(2) - outside
    local lines = { message, "\nstack traceback:" }
    local level, merged = 1, 0
    while level < last do
        if last - 1 - merged > FIRST + LAST and #lines == FIRST + 2 then
            local skipped = last - level - LAST
            lines[#lines + 1] = format("\n\t...\t(skipping %d levels)", skipped)
            level = level + skipped + 1 -- and this one
        else
            local line, count = builtin_level(level + 1)
            lines[#lines + 1] = line or first_level(traceback("", level + 1))
            level = level + (line and count or 1)
            merged = merged + (line and count - 1 or 0)
        end
    end
    lines[#lines + 1] = "\n\t[C]: in ?"
    return table.concat(lines)
end

-- -- running ------------------------------------------------------------------------------------------------------------------------

local function fail(progname, message)
    stderr:write(progname, ": ", message, "\n")
    exit(false, true)
end

-- Called when a chunk has ended, on the line that called it. Behind the script, which is the last one, it takes away the program's
-- hook: that has nothing to see here.
local after_chunk = debug.gethook

local function call(progname, fn, ...)
    outside = depth_from(2) + 1
    local is_done, result = xpcall(fn, handler, ...) after_chunk()
    if not is_done then fail(progname, result) end
    return result
end

local function run_chunk(progname, chunk, message, ...)
    if not chunk then fail(progname, message) end
    call(progname, chunk, ...)
end

local run_option = {
    e = function(progname, value)
        local chunk, message = loader.load(value, "=(command line)")
        run_chunk(progname, chunk, message)
    end,
    l = function(progname, value)
        local name, module = match(value, "^([^=]*)=(.*)$")
        _G[name or value] = call(progname, require, module or value)
    end,
    W = function() warn "@on" end,
}

local function run_script(progname, arguments)
    local name = arguments[0]
    if name == "-" and arguments[-1] ~= "--" then name = nil end
    local chunk, message = loader.loadfile(name)
    after_chunk = debug.sethook
    run_chunk(progname, chunk, message, unpack(arguments))
end

-- Runs the script and ends the process if it was -l that had the caller's chunk loaded; `level` is that chunk's level for its caller.
function run.main(arguments)
    local options, progname = options_of(arguments)
    local place = options and own_place(options)
    if not place or not is_called_by_interpreter(3) then return end
    for i = place + 1, #options do
        local run_it = run_option[options[i][1]]
        if run_it then run_it(progname, options[i][2]) end
    end
    run_script(progname, arguments)
    exit(true, true)
end

return run
