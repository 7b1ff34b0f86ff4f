-- What LuaJIT's own functions know of cdata and of numbers, and stock Lua's do not: which values are cdata, and what number a value is.
local ffi = require "ffi"

local getmetatable = debug.getmetatable
local find, gmatch, gsub, match, sub = string.find, string.gmatch, string.gsub, string.match, string.sub
local error, pcall, rawget, type = error, pcall, rawget, type
local math_type, tointeger, raw_tonumber = math.type, math.tointeger, tonumber

local value = {}

-- ctype objects are cdata too, as in LuaJIT.
local handlers = { [getmetatable(ffi.new "int64_t").__index] = true, [getmetatable(ffi.typeof "int64_t").__index] = true }

function value.is_cdata(object)
    local metatable = getmetatable(object)
    return metatable ~= nil and handlers[rawget(metatable, "__index")] == true
end

-- "0b101" as an integer modulo 2^64; nil if it has other digits, or more than 64 that count.
function value.binary(text)
    local digits = match(text, "^0[bB]0*([01]*)$")
    if not digits or #digits > 64 or #text == 2 then return nil end
    local number = 0
    for i = 1, #digits do number = number << 1 | (sub(digits, i, i) == "1" and 1 or 0) end
    return number
end

-- An integer as LuaJIT, whose numbers are doubles, holds it: above 2^53 it is a float. `is_unsigned`: of 64 bits.
function value.as_double(integer, is_unsigned)
    if integer >= -(1 << 53) and integer <= 1 << 53 then return integer end
    if integer < 0 and is_unsigned then return (integer >> 1 | integer & 1) * 2.0 end
    return integer + 0.0
end

local INFINITY, NAN = 1 / 0, -(0 / 0)
local words = { inf = INFINITY, infinity = INFINITY, nan = NAN }

-- The number that LuaJIT reads in a string, or nil.
function value.to_number(text)
    local number = raw_tonumber(text)
    if not number and find(text, "[nN]") then
        local sign, word = match(text, "^%s*([-+]?)(%a+)%s*$")
        number = word and words[word:lower()]
        return number and (sign == "-" and number == number and -number or number)
    end
    if math_type(number) == "float" or (number and #text < 16) then return number end
    local bare = match(text, "^%s*(.-)%s*$")
    local sign, digits = match(bare, "^([-+]?)(.*)$")
    local binary = value.binary(digits)
    if binary then
        number = value.as_double(binary, true)
        return sign == "-" and -number or number
    end
    if find(digits, "^0[xX]%x+$") then
        number = raw_tonumber(bare .. "p0") -- a float, for an integer may have wrapped round
        return number >= -0x1p53 and number <= 0x1p53 and tointeger(number) or number
    end
    return number and value.as_double(number)
end

local int64_box = ffi.new "int64_t[1]"

-- What LuaJIT reads in "ffff" with a base: too many digits are a float. Nil for what is no number.
function value.with_base(text, base)
    local sign, digits = match(text, "^%s*([-+]?)(%w+)%s*$")
    if not digits then return nil end
    if base == 16 then digits = match(digits, "^0[xX](.+)$") or digits end
    local exact = raw_tonumber(digits, base)
    if not exact then return nil end
    local number = 0.0
    for digit in gmatch(digits, ".") do number = number * base + raw_tonumber(digit, base) end
    number = number <= 0x1p53 and exact or math.min(number, 0x1p64)
    return sign == "-" and -number or number
end

local function store(box, cdata) box[0] = cdata end

-- The integer of 64 bits that C's conversion makes of a C number: unsigned ones of 2^63 and more are negative.
function value.integer_of(cdata)
    if not pcall(store, int64_box, cdata) then return nil end
    return int64_box[0]
end

-- A library's function says where the error is, and what its own name is, only when a program calls it itself.
local library_error = {}
for word in ("bad invalid malformed missing unfinished interval resulting string too pattern field"):gmatch "%a+" do library_error[word] = true end

local function finish(name, is_done, ...)
    if is_done then return ... end
    local message = ...
    if type(message) ~= "string" or not library_error[match(message, "^(%a+) ")] then error(message, 0) end
    if find(message, "^bad argument") then message = gsub(message, "to '[^']*'", "to '" .. name .. "'", 1) end
    error(message, 2)
end

-- fn(...), for a function that stands for the library's `name` and that ends with this call: errors are its caller's.
function value.call(name, fn, ...) return finish(name, pcall(fn, ...)) end

function value.describe(object) return object == nil and "no value" or type(object) end

return value
