-- load, loadstring, loadfile, dofile and the searcher of require, reading programs with LuaJIT's number literals (literals.lua). What
-- they return, raise and call a chunk is what stock Lua's own do.
local literals = require "ffi.luajit.literals"
local value = require "ffi.luajit.value"

local raw_load, raw_loadfile = load, loadfile
local error, pcall, type = error, pcall, type
local byte, find, sub = string.byte, string.find, string.sub
local concat = table.concat
local open, stdin = io.open, io.stdin

local loader = {}

local function is_binary(text) return byte(text, 1) == 27 end

-- All that a reader function gives, as one string.
local function read_all(reader)
    local pieces = {}
    while true do
        local piece = reader()
        if piece == nil or piece == "" then return concat(pieces) end
        if type(piece) ~= "string" and type(piece) ~= "number" then error("reader function must return a string", 0) end
        pieces[#pieces + 1] = piece
    end
end

-- load(chunk [, name [, mode [, env]]]): an env that is nil is an env.
function loader.load(chunk, name, mode, ...)
    if type(chunk) == "function" then
        local is_read, text = pcall(read_all, chunk)
        if not is_read then return nil, text end
        chunk, name = text, name or "=(load)"
    end
    local kind = type(chunk)
    if kind ~= "string" and kind ~= "number" then error("bad argument #1 to 'load' (function expected, got " .. value.describe(chunk) .. ")", 2) end
    if kind == "number" or is_binary(chunk) then return raw_load(chunk, name, mode, ...) end
    return literals.load(chunk, name or chunk, mode, ...)
end

function loader.loadstring(text, name)
    local kind = type(text)
    if kind ~= "string" and kind ~= "number" then return value.call("loadstring", raw_load, text) end
    return loader.load(text, name)
end

-- The program in a file's text: no byte order mark, and an empty line for a first line that begins with #.
local function program_of(text)
    if find(text, "^\xef\xbb\xbf") then text = sub(text, 4) end
    if byte(text, 1) ~= 35 then return text end
    return sub(text, find(text, "\n", 1, true) or #text + 1)
end

local function contents(filename)
    if filename == nil then return stdin:read "a" end
    local file = open(filename, "rb")
    local text = file and file:read "a"
    if file then file:close() end
    return text
end

function loader.loadfile(filename, mode, ...)
    if filename ~= nil and type(filename) ~= "string" and type(filename) ~= "number" then
        error("bad argument #1 to 'loadfile' (string expected, got " .. type(filename) .. ")", 2)
    end
    local text = contents(filename)
    if not text then return raw_loadfile(filename, mode, ...) end
    local program = program_of(text)
    return (is_binary(program) and raw_load or literals.load)(program, filename and "@" .. filename or "=stdin", mode, ...)
end

function loader.dofile(filename)
    if filename ~= nil and type(filename) ~= "string" and type(filename) ~= "number" then
        error("bad argument #1 to 'dofile' (string expected, got " .. type(filename) .. ")", 2)
    end
    local chunk, message = loader.loadfile(filename)
    if not chunk then error(message, 0) end
    return chunk()
end

-- In package.searchers, in place of the one that finds Lua files.
function loader.search(name)
    local filename, message = package.searchpath(name, package.path)
    if not filename then return message end
    local chunk
    chunk, message = loader.loadfile(filename)
    if chunk then return chunk, filename end
    error(("error loading module '%s' from file '%s':\n\t%s"):format(name, filename, message), 0)
end

function loader.install()
    literals.install()
    load, loadstring, loadfile, dofile = loader.load, loader.loadstring, loader.loadfile, loader.dofile
    package.searchers[2] = loader.search
    package.loaders = package.searchers
end

return loader
