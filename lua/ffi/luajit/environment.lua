-- Function environments of Lua 5.1: setfenv, getfenv, and module, which is made of them. A function's environment is its upvalue _ENV,
-- made its own before it is changed; functions that were created in it before keep theirs, those created afterwards share the new
-- one. A function that uses no global has no such upvalue: what is set for it is remembered and has no effect, as it would have none.
local value = require "ffi.luajit.value"

local debug_getinfo, getupvalue, setupvalue, upvaluejoin = debug.getinfo, debug.getupvalue, debug.setupvalue, debug.upvaluejoin
local error, ipairs, setmetatable, type = error, ipairs, setmetatable, type
local gmatch, match, sub = string.gmatch, string.match, string.sub
local registry, GLOBALS = debug.getregistry(), 2 -- LUA_RIDX_GLOBALS

local environment = {}

local without_globals = setmetatable({}, { __mode = "k" })

-- The index of a function's upvalue _ENV, or nil.
local function upvalue_index(fn)
    local index = 1
    while true do
        local name = getupvalue(fn, index)
        if name == "_ENV" then return index end
        if not name then return nil end
        index = index + 1
    end
end

-- The function that an argument names, itself or by its level above the caller of our caller; nil for level 0, the thread.
local function function_of(argument, name)
    if type(argument) == "function" then return argument end
    local level = argument == nil and 1 or tonumber(argument)
    if not level then error(("bad argument #1 to '%s' (number expected, got %s)"):format(name, type(argument)), 3) end
    if level < 0 then error(("bad argument #1 to '%s' (level must be non-negative)"):format(name), 3) end
    if level < 1 then return nil end
    local info = debug_getinfo(level // 1 + 2, "f")
    return info and info.func or error(("bad argument #1 to '%s' (invalid level)"):format(name), 3)
end

local own_directory = match(debug_getinfo(1, "S").source, "^@.*/")

-- Whether a function is C's, or one of those that stand for C's here.
local function is_builtin(fn)
    local info = debug_getinfo(fn, "S")
    return info.what == "C" or own_directory ~= nil and sub(info.source, 1, #own_directory) == own_directory
end

local function get(fn)
    local index = fn and not is_builtin(fn) and upvalue_index(fn)
    if index then
        local _, env = getupvalue(fn, index)
        return env
    end
    return without_globals[fn or false] or registry[GLOBALS]
end

local function set(fn, env)
    local index = upvalue_index(fn)
    if index then
        upvaluejoin(fn, index, function() return env end, 1)
        setupvalue(fn, index, env)
    else
        without_globals[fn] = env
    end
end

function environment.getfenv(fn)
    local env = get((function_of(fn, "getfenv")))
    return env
end

function environment.setfenv(fn, env)
    if type(env) ~= "table" then error("bad argument #2 to 'setfenv' (table expected, got " .. value.describe(env) .. ")", 2) end
    local target = function_of(fn, "setfenv")
    if not target then
        registry[GLOBALS] = env -- what chunks that are loaded from now on get
        return nil
    end
    if is_builtin(target) then error("'setfenv' cannot change environment of given object", 2) end
    set(target, env)
    return target
end

-- -- module ------------------------------------------------------------------------------------------------------------------

-- The table at a dotted name among the globals, made where there is none; nil if something else is in its way.
local function table_at(name)
    local place = _G
    for key in gmatch(name, "[^.]+") do
        if place[key] == nil then place[key] = {} end
        place = place[key]
        if type(place) ~= "table" then return nil end
    end
    return place
end

-- module(name [, option...]): makes the table of a module the environment of the function that calls this.
function environment.module(name, ...)
    if type(name) ~= "string" then error("bad argument #1 to 'module' (string expected, got " .. value.describe(name) .. ")", 2) end
    local module = package.loaded[name]
    if type(module) ~= "table" then
        module = table_at(name) or error("name conflict for module '" .. name .. "'", 2)
        package.loaded[name] = module
    end
    if module._NAME == nil then
        module._M, module._NAME, module._PACKAGE = module, name, match(name, "^(.*%.)[^.]*$") or ""
    end
    local caller = debug_getinfo(2, "fS")
    if caller.what == "C" then error("'module' not called from a Lua function", 2) end
    set(caller.func, module)
    for _, option in ipairs { ... } do option(module) end
end

-- package.seeall(module): what the module lacks is looked up among the globals.
function environment.seeall(module)
    local metatable = getmetatable(module) or {}
    metatable.__index = _G
    setmetatable(module, metatable)
end

return environment
