-- The functions of Lua 5.1 and LuaJIT that stock Lua 5.4 lacks, and those that it has with other results.
local ffi = require "ffi"
local environment = require "ffi.luajit.environment"
local text = require "ffi.luajit.text"
local value = require "ffi.luajit.value"

local call, is_cdata, whole = value.call, value.is_cdata, text.whole
local getmetatable, math_type, next = debug.getmetatable, math.type, next

local compat = {}

-- -- base -------------------------------------------------------------------------------------------------------------------

local raw_type, raw_tonumber, raw_ipairs = type, tonumber, ipairs

local function type_of(...)
    if select("#", ...) == 0 then error("bad argument #1 to 'type' (value expected)", 2) end
    local name = raw_type(...)
    if name == "userdata" and is_cdata((...)) then return "cdata" end
    return name
end

-- With a base, and for what is neither string nor cdata, stock Lua's.
local function number_of(...)
    local argument, base = ...
    if base == nil then
        if raw_type(argument) == "string" then return value.to_number(argument) end
        if is_cdata(argument) then return ffi.tonumber(argument) end
    end
    return call("tonumber", raw_tonumber, ...)
end

local function want_table(object, name)
    if raw_type(object) ~= "table" then error(("bad argument #1 to '%s' (table expected, got %s)"):format(name, value.describe(object)), 3) end
end

local function ipairs_of(object)
    local metatable = getmetatable(object)
    local handler = metatable and rawget(metatable, "__ipairs")
    if handler then return handler(object) end
    want_table(object, "ipairs")
    return raw_ipairs(object)
end

local function unpack_of(list, first, last)
    want_table(list, "unpack")
    return call("unpack", table.unpack, list, whole(first), whole(last))
end

local proxies = setmetatable({}, { __mode = "k" })

-- newproxy([flag | proxy]): a userdata without metatable, with a new one, or with another proxy's. It is a closed file with the metatable
-- taken away, for nothing else in stock Lua makes a userdata; it was made with a __gc, so that one set later is called.
local function newproxy_of(like)
    local kind = raw_type(like)
    if not (like == nil or kind == "boolean" or proxies[like]) then
        error("bad argument #1 to 'newproxy' (boolean or proxy expected)", 2)
    end
    local proxy = assert(io.open "/dev/null")
    proxy:close()
    debug.setmetatable(proxy, like == true and {} or (proxies[like] and getmetatable(like)) or nil)
    proxies[proxy] = true
    return proxy
end

local function install_base()
    type, tonumber, ipairs = type_of, number_of, ipairs_of
    unpack, newproxy = unpack_of, newproxy_of
    setfenv, getfenv, module = environment.setfenv, environment.getfenv, environment.module
    package.seeall = environment.seeall
    debug.setfenv, debug.getfenv = environment.setfenv, environment.getfenv
    function gcinfo() return (collectgarbage "count") end
end

-- -- table ------------------------------------------------------------------------------------------------------------------

local function maxn(list)
    local largest = 0
    for key in next, list do
        if raw_type(key) == "number" and key > largest then largest = key end
    end
    return largest
end

local function clear(list)
    for key in next, list do list[key] = nil end
end

local function foreach(list, visit)
    for key, element in next, list do
        local result = visit(key, element)
        if result ~= nil then return result end
    end
end

local function foreachi(list, visit)
    for i = 1, #list do
        local result = visit(i, list[i])
        if result ~= nil then return result end
    end
end

local function install_table()
    table.maxn, table.clear, table.foreach, table.foreachi = maxn, clear, foreach, foreachi
    function table.getn(list) return #list end
    function table.new() return {} end
    package.preload["table.new"] = function() return table.new end
    package.preload["table.clear"] = function() return table.clear end
end

-- -- math -------------------------------------------------------------------------------------------------------------------

-- Stock Lua has these when it was built to be compatible with 5.3.
local function frexp(x)
    if x == 0 or x ~= x or x == math.huge or x == -math.huge then return x + 0.0, 0 end
    local exponent = math.max(-1021, math.ceil(math.log(math.abs(x), 2)))
    local mantissa = x / 2.0 ^ exponent
    while math.abs(mantissa) >= 1 do mantissa, exponent = mantissa / 2, exponent + 1 end
    while math.abs(mantissa) < 0.5 do mantissa, exponent = mantissa * 2, exponent - 1 end
    return mantissa, exponent
end

-- In steps whose factors are doubles themselves.
local function ldexp(mantissa, exponent)
    local x = mantissa + 0.0
    while exponent > 1000 do x, exponent = x * 0x1p1000, exponent - 1000 end
    while exponent < -1000 do x, exponent = x * 0x1p-1000, exponent + 1000 end
    return x * 2.0 ^ exponent
end

local missing = {
    pow = function(x, y) return x ^ y end,
    frexp = frexp,
    ldexp = ldexp,
    log10 = function(x) return math.log(x, 10) end,
    atan2 = function(y, x) return math.atan(y, x) end,
    cosh = function(x) return (math.exp(x) + math.exp(-x)) / 2 end,
    sinh = function(x) return (math.exp(x) - math.exp(-x)) / 2 end,
    tanh = function(x)
        local e = math.exp(-2 * math.abs(x))
        return (x < 0 and -1 or 1) * (1 - e) / (1 + e)
    end,
}

local function install_math()
    for name, fn in next, missing do math[name] = math[name] or fn end
    local raw_random, raw_randomseed, raw_fmod = math.random, math.randomseed, math.fmod
    function math.random(low, high)
        if low == nil then return raw_random() end
        if high == nil then return call("random", raw_random, whole(low)) end
        return call("random", raw_random, whole(low), whole(high))
    end
    function math.randomseed(seed)
        if seed == nil then return raw_randomseed() end
        if is_cdata(seed) then seed = ffi.tonumber(seed) end
        if math_type(seed) == "float" then seed = string.unpack("<i8", string.pack("<d", seed)) end
        call("randomseed", raw_randomseed, seed)
    end
    function math.fmod(x, y) return call("fmod", raw_fmod, x, y == 0 and 0.0 or y) end
end

-- -- os, io and coroutine -----------------------------------------------------------------------------------------------------

-- os.execute as in 5.1: what system(3) returned, or whether there is a shell.
local function install_os()
    local execute = os.execute
    function os.execute(command)
        if command == nil then return execute() and 1 or 0 end
        local _, how, number = execute(command)
        return how == "exit" and number << 8 or number
    end
    local open = io.open
    -- fopen(3) takes any mode that begins well: "rw" is "r".
    function io.open(filename, mode)
        local letter = raw_type(mode) == "string" and mode:match "^[rwa]"
        if letter then mode = letter .. (mode:match "%+" or "") .. (mode:match "b" or "") end
        return call("open", open, filename, mode)
    end
    local running = coroutine.running
    function coroutine.running()
        local thread, is_main = running()
        if not is_main then return thread end
    end
end

function compat.install()
    install_base()
    install_table()
    install_math()
    install_os()
    text.install()
end

return compat
