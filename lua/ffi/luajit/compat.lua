-- The functions of Lua 5.1 and LuaJIT that stock Lua 5.4 lacks, and those that it has with other results.
local ffi = require "ffi"
local environment = require "ffi.luajit.environment"
local pattern = require "ffi.luajit.pattern"
local text = require "ffi.luajit.text"
local value = require "ffi.luajit.value"

local call, is_cdata, whole = value.call, value.is_cdata, text.whole
local getmetatable, math_type, next = debug.getmetatable, math.type, next

local compat = {}

-- -- base -------------------------------------------------------------------------------------------------------------------

local raw_type, raw_tonumber, raw_tostring, raw_ipairs = type, tonumber, tostring, ipairs

local function type_of(...)
    if select("#", ...) == 0 then error("bad argument #1 to 'type' (value expected)", 2) end
    local name = raw_type(...)
    if name == "userdata" and is_cdata((...)) then return "cdata" end
    return name
end

-- What __tostring gives is the result, whatever it is.
local function tostring_of(...)
    local object = ...
    local kind = raw_type(object)
    if kind == "table" or kind == "userdata" then
        local metatable = getmetatable(object)
        local handler = metatable and metatable.__tostring
        if handler then return (handler(object)) end
    elseif kind == "number" and object ~= object then
        return "nan" -- C writes its sign
    end
    return call("tostring", raw_tostring, ...)
end

local raw_print = print

-- print writes what the global tostring gives.
local function print_all(...)
    local is_plain = tostring == tostring_of
    for i = 1, is_plain and select("#", ...) or 0 do
        local object = select(i, ...)
        local kind = raw_type(object)
        is_plain = is_plain and object == object and kind ~= "table" and kind ~= "userdata"
    end
    if is_plain then return raw_print(...) end
    local texts = table.pack(...)
    for i = 1, texts.n do
        local shown = tostring(texts[i])
        if raw_type(shown) ~= "string" then error("'tostring' must return a string to 'print'", 2) end
        texts[i] = shown
    end
    raw_print(table.unpack(texts, 1, texts.n))
end

-- A base of 10 is none; with another one numbers are read as their text. What is neither number, string nor cdata is stock Lua's to
-- refuse.
local function number_of(...)
    local argument, base = ...
    local kind = raw_type(argument)
    if base ~= nil then base = whole(raw_tonumber(base)) or base end
    if base == nil or base == 10 then
        if kind == "string" then return value.to_number(argument) end
        if is_cdata(argument) then return ffi.tonumber(argument) end
        if base == 10 then return kind == "number" and argument or nil end
    elseif (kind == "string" or kind == "number") and math_type(base) == "integer" and base >= 2 and base <= 36 then
        return value.with_base(kind == "number" and ("%.14g"):format(argument) or argument, base)
    end
    return call("tonumber", raw_tonumber, ...)
end

local function want_table(object, name)
    if raw_type(object) ~= "table" then error(("bad argument #1 to '%s' (table expected, got %s)"):format(name, value.describe(object)), 3) end
end

-- LuaJIT's ipairs goes past no metamethod: a table that has an element for every key is not walked for ever.
local function raw_element(list, i)
    local element = rawget(list, i + 1)
    if element ~= nil then return i + 1, element end
end

local function ipairs_of(object)
    local metatable = getmetatable(object)
    local handler = metatable and rawget(metatable, "__ipairs")
    if handler then return handler(object) end
    want_table(object, "ipairs")
    if metatable and metatable.__index then return raw_element, object, 0 end
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
    type, tonumber, tostring, ipairs = type_of, number_of, tostring_of, ipairs_of
    print, unpack, newproxy = print_all, unpack_of, newproxy_of
    setfenv, getfenv, module = environment.setfenv, environment.getfenv, environment.module
    package.seeall = environment.seeall
    debug.setfenv, debug.getfenv = environment.setfenv, environment.getfenv
    function gcinfo() return (collectgarbage "count") end
end

-- -- table ------------------------------------------------------------------------------------------------------------------

local function maxn(list)
    want_table(list, "maxn")
    local largest = 0
    for key in next, list do
        if raw_type(key) == "number" and key > largest then largest = key end
    end
    return largest
end

local function clear(list)
    want_table(list, "clear")
    for key in next, list do list[key] = nil end
end

local function foreach(list, visit)
    want_table(list, "foreach")
    for key, element in next, list do
        local result = visit(key, element)
        if result ~= nil then return result end
    end
end

local function foreachi(list, visit)
    want_table(list, "foreachi")
    for i = 1, #list do
        local result = visit(i, list[i])
        if result ~= nil then return result end
    end
end

local function install_table()
    table.maxn, table.clear, table.foreach, table.foreachi = maxn, clear, foreach, foreachi
    function table.getn(list)
        want_table(list, "getn")
        return #list
    end
    function table.new() return {} end
    local remove = table.remove
    -- Where there is no element, there is none to remove.
    function table.remove(list, position)
        if raw_type(list) == "table" then
            local count = #list
            position = position == nil and count or whole(position)
            if math_type(position) and (position < 1 or position > count) then return end
        end
        return call("remove", remove, list, position)
    end
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

-- The file is closed, whatever a program's exit status was: 5.1 does not tell.
local function close_result(is_done, how, ...)
    if how == nil or how == "exit" or how == "signal" then return is_done or how ~= nil end
    return is_done, how, ...
end

local function install_io()
    local open, close_default = io.open, io.close
    -- fopen(3) takes any mode that begins well: "rw" is "r".
    function io.open(filename, mode)
        local letter = raw_type(mode) == "string" and mode:match "^[rwa]"
        if letter then mode = letter .. (mode:match "%+" or "") .. (mode:match "b" or "") end
        return call("open", open, filename, mode)
    end
    local methods = getmetatable(io.stdout).__index
    local close = methods.close
    function methods.close(file) return close_result(call("close", close, file)) end
    function io.close(...) return close_result(call("close", close_default, ...)) end
end

-- os.execute as in 5.1: what system(3) returned, or whether there is a shell. Times may have fractions.
local function install_os()
    local execute, date, time = os.execute, os.date, os.time
    function os.execute(command)
        if command == nil then return execute() and 1 or 0 end
        local _, how, number = execute(command)
        return how == "exit" and number << 8 or number
    end
    function os.date(form, moment) return call("date", date, form, whole(moment)) end
    function os.time(fields)
        if raw_type(fields) ~= "table" then return call("time", time, fields) end
        return call("time", time, setmetatable({}, { __index = function(_, key) return whole(fields[key]) end }))
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
    install_io()
    install_os()
    pattern.install()
    text.install()
end

return compat
