-- LuaJIT's bit library. Numbers of 32 bits (-2^31 .. 2^32-1), and floats of any size modulo 2^32, are computed in 32 bits and give signed
-- 32-bit numbers. Integers outside are computed in 64 bits, with all that stands beside them, and give integers: they are what LuaJIT
-- reads out of C as a 64-bit cdata. With cdata among the arguments all gives int64_t, or uint64_t if one of them is one.
local ffi = require "ffi"

local math_type, tointeger = math.type, math.tointeger
local upper, rep, format, pack, unpack = string.upper, string.rep, string.format, string.pack, string.unpack
local select, type, error = select, type, error
local values = require "ffi.luajit.value"
local is_cdata, to_number = values.is_cdata, values.to_number

local int64, uint64 = ffi.typeof "int64_t", ffi.typeof "uint64_t"
local int64_box = ffi.new "int64_t[1]"

-- What an argument asks for; the largest of a call's decides.
local NARROW, WIDE, SIGNED, UNSIGNED = 0, 1, 2, 3
local least, greatest = -0x80000000, 0xffffffff -- of what is computed in 32 bits

local function bad_argument(position, name, value)
    error(format("bad argument #%d to '%s' (number expected, got %s)", position, name, value == nil and "no value" or type(value)), 4)
end

local function kind_of(value, position, name)
    local subtype = math_type(value)
    if subtype == "integer" then
        return value <= greatest and value >= least and NARROW or WIDE
    elseif subtype == "float" then
        return NARROW
    elseif is_cdata(value) then
        return ffi.istype(uint64, value) and UNSIGNED or SIGNED
    elseif type(value) == "string" and to_number(value) then
        return NARROW
    end
    bad_argument(position, name, value)
end

-- The low 32 bits, signed.
local function narrow(value) return ((value & 0xffffffff) ~ 0x80000000) - 0x80000000 end

-- A float's nearest integer, halves to the even one, modulo 2^32.
local function round(value)
    if value > -0x1p51 and value < 0x1p51 then return tointeger((value + 0x1.8p52) - 0x1.8p52) end
    return tointeger(math.fmod(value, 0x1p32)) or 0
end

local function integer_of(value, kind)
    local subtype = math_type(value)
    if subtype == "integer" then return value end
    if type(value) == "string" then return integer_of(to_number(value), kind) end
    if subtype == "float" and kind == WIDE and value >= -0x1p63 and value < 0x1p63 then return (value + 0.5) // 1 | 0 end
    if subtype == "float" and kind <= WIDE then return round(value) end
    int64_box[0] = value
    return int64_box[0]
end

local function result(value, kind)
    if kind == NARROW then return narrow(value) end
    if kind == WIDE then return value end
    return (kind == UNSIGNED and uint64 or int64)(value)
end

local function fold(name, operator, ...)
    local count = select("#", ...)
    if count == 0 then bad_argument(1, name) end
    local arguments, kind = { ... }, NARROW
    for i = 1, count do
        local asked = kind_of(arguments[i], i, name)
        if asked > kind then kind = asked end
    end
    local value = integer_of(arguments[1], kind)
    for i = 2, count do value = operator(value, integer_of(arguments[i], kind)) end
    return result(value, kind)
end

-- Two operands, as programs mostly give: cdata have these operators themselves.
local function combine(name, operator, a, b)
    local is_number_a, is_number_b = math_type(a), math_type(b)
    if is_number_a and is_number_b then return fold(name, operator, a, b) end
    if (is_number_a or is_cdata(a)) and (is_number_b or is_cdata(b)) then return operator(a, b) end
    return fold(name, operator, a, b)
end

local bit = {}

-- Whether the operands are two integers of 32 bits, the shortest way.
local function is_plain(a, b, more)
    return more == nil and math_type(a) == "integer" and math_type(b) == "integer" and a <= greatest and a >= least and b <= greatest and b >= least
end

local function band(a, b) return a & b end
local function bor(a, b) return a | b end
local function bxor(a, b) return a ~ b end

-- The three are written out, for a call of the operator would cost as much as the rest of the usual way.
function bit.band(a, b, ...)
    if is_plain(a, b, ...) then return (((a & b) & 0xffffffff) ~ 0x80000000) - 0x80000000 end
    if b ~= nil and ... == nil then return combine("band", band, a, b) end
    if b == nil then return fold("band", band, a) end
    return fold("band", band, a, b, ...)
end

function bit.bor(a, b, ...)
    if is_plain(a, b, ...) then return (((a | b) & 0xffffffff) ~ 0x80000000) - 0x80000000 end
    if b ~= nil and ... == nil then return combine("bor", bor, a, b) end
    if b == nil then return fold("bor", bor, a) end
    return fold("bor", bor, a, b, ...)
end

function bit.bxor(a, b, ...)
    if is_plain(a, b, ...) then return (((a ~ b) & 0xffffffff) ~ 0x80000000) - 0x80000000 end
    if b ~= nil and ... == nil then return combine("bxor", bxor, a, b) end
    if b == nil then return fold("bxor", bxor, a) end
    return fold("bxor", bxor, a, b, ...)
end

function bit.bnot(value)
    if is_cdata(value) then return ~value end
    local kind = kind_of(value, 1, "bnot")
    return result(~integer_of(value, kind), kind)
end

function bit.tobit(value) return narrow(integer_of(value, kind_of(value, 1, "tobit"))) end

function bit.bswap(value)
    local kind = kind_of(value, 1, "bswap")
    local integer = integer_of(value, kind)
    if kind == NARROW then return (unpack(">i4", pack("<i4", narrow(integer)))) end
    return result((unpack(">i8", pack("<i8", integer))), kind)
end

-- Shifts and rotations: (value, count, number of bits) -> value. For 32 bits `value` is that many, without sign.
local function lshift(value, count) return value << count end
local function rshift(value, count) return value >> count end
local function rol(value, count, width) return (value << count) | (value >> (width - count)) end
local function ror(value, count, width) return (value >> count) | (value << (width - count)) end

local function arshift(value, count, width)
    if width == 32 then value = narrow(value) end
    if value < 0 then return ~(~value >> count) end
    return value >> count
end

-- `is_own`: the operator is right for a cdata, which has << and >>.
local function shifter(name, operator, is_own)
    bit[name] = function(value, count)
        if math_type(value) == "integer" and value <= greatest and value >= least and math_type(count) == "integer" then
            return narrow(operator(value & 0xffffffff, count & 31, 32))
        end
        local kind = kind_of(value, 1, name)
        local places = integer_of(count, kind_of(count, 2, name))
        if kind >= SIGNED and is_own then return operator(value, places & 63, 64) end
        local integer = integer_of(value, kind)
        if kind == NARROW then return narrow(operator(integer & 0xffffffff, places & 31, 32)) end
        return result(operator(integer, places & 63, 64), kind)
    end
end

shifter("lshift", lshift, true)
shifter("rshift", rshift, true)
shifter("arshift", arshift, false)
shifter("rol", rol, true)
shifter("ror", ror, true)

-- bit.tohex(value [, digits]): a negative count of digits makes them capital.
function bit.tohex(value, digits)
    local kind = kind_of(value, 1, "tohex")
    local integer = integer_of(value, kind)
    if kind == NARROW then integer = integer & 0xffffffff end
    local count = kind == NARROW and 8 or 16
    if digits ~= nil then count = narrow(integer_of(digits, kind_of(digits, 2, "tohex"))) end
    local is_upper = count < 0
    if is_upper then count = -count end
    if count > 254 then count = 254 end
    if count < 16 then integer = integer & ((1 << 4 * count) - 1) end
    if count == 0 then return "" end
    local text = format("%x", integer)
    text = rep("0", count - #text) .. text
    return is_upper and upper(text) or text
end

-- From now on 32 bits are enough for every integer that a double holds exactly (narrow.lua).
local function narrow_integers() least, greatest = 1 - (1 << 53), (1 << 53) - 1 end

return { library = bit, narrow_integers = narrow_integers }
