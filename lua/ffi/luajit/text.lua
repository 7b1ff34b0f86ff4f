-- The string functions of LuaJIT that take numbers which stock Lua's refuse: fractions are cut off, and string.format knows cdata, %u, and
-- floats of 2^63 and more for %x.
local ffi = require "ffi"
local value = require "ffi.luajit.value"

local call, is_cdata, to_number, integer_of = value.call, value.is_cdata, value.to_number, value.integer_of
local math_type, tointeger, fmod = math.type, math.tointeger, math.fmod
local find, gmatch, gsub, sub, format = string.find, string.gmatch, string.gsub, string.sub, string.format
local error, select, type, unpack = error, select, type, table.unpack

local text = {}

-- C's conversion of a double to int64_t as x86-64 does it: out of range, and NaN, is the least one. For `is_unsigned` conversions 2^63
-- and more go modulo 2^64.
local function truncate(number, is_unsigned)
    if is_unsigned and number >= 0x1p63 then number = number - 0x1p64 end
    return tointeger(number - fmod(number, 1)) or math.mininteger
end

-- A position or a count: what has a fraction loses it; all else is left to the function that wants it.
local function whole(argument)
    if math_type(argument) == "float" and argument % 1 ~= 0 then return truncate(argument) end
    if is_cdata(argument) then return ffi.tonumber(argument) end
    return argument
end

-- The integer that a directive writes for an argument; nil for what is no number.
local function integer_argument(argument, is_unsigned)
    local subtype = math_type(argument)
    if subtype == "integer" then return argument end
    if subtype == "float" then return truncate(argument, is_unsigned) end
    if is_cdata(argument) then return integer_of(argument) end
    local number = type(argument) == "string" and to_number(argument)
    return number and integer_argument(number, is_unsigned)
end

local function bad_argument(position, argument)
    local got = is_cdata(argument) and "cdata" or value.describe(argument)
    error(format("bad argument #%d to 'format' (number expected, got %s)", position + 1, got), 6) -- format's caller
end

-- The text of an integer without its sign bit.
local function unsigned_text(integer)
    if integer >= 0 then return format("%d", integer) end
    local quotient = (integer >> 1) // 5
    return format("%d%d", quotient, integer - quotient * 10)
end

local is_integral = { d = true, i = true, o = true, u = true, x = true, X = true, c = true }

-- %u: the digits, filled up to the precision by %d's rules, and then to the width by %s's.
local function unsigned_directive(flags, width, precision, integer)
    local digits = unsigned_text(integer)
    local wanted = tonumber(precision ~= "" and (sub(precision, 2) ~= "" and sub(precision, 2) or "0") or
        (find(flags, "0", 1, true) and not find(flags, "-", 1, true) and width ~= "" and width or "0"))
    digits = ("0"):rep(wanted - #digits) .. digits
    return "%" .. (find(flags, "-", 1, true) and "-" or "") .. width .. "s", digits
end

-- The pattern and its arguments as stock Lua's string.format takes them.
local function convert(pattern, count, ...)
    local arguments, position = { ... }, 0
    local converted = gsub(pattern, "%%([-+ #0]*)(%d*)(%.?%d*)(.)", function(flags, width, precision, letter)
        if letter == "%" then return nil end
        position = position + 1
        if not is_integral[letter] then return nil end
        local is_signed = letter == "d" or letter == "i" or letter == "c"
        local argument = position <= count and arguments[position] or nil
        arguments[position] = integer_argument(argument, not is_signed) or bad_argument(position, argument)
        if letter ~= "u" then return nil end
        local directive
        directive, arguments[position] = unsigned_directive(flags, width, precision, arguments[position])
        return directive
    end)
    return converted, unpack(arguments, 1, count)
end

-- What of a pattern concerns us: the positions of the arguments that are to be integers, and whether there is a %u.
local function analyse(pattern)
    local positions, has_u, position = {}, false, 0
    for letter in gmatch(pattern, "%%[-+ #0]*%d*%.?%d*(.)") do
        if letter ~= "%" then position = position + 1 end
        if is_integral[letter] then positions[#positions + 1] = position end
        has_u = has_u or letter == "u"
    end
    return { positions = positions, has_u = has_u }
end

-- The analyses of patterns, which are few; made anew when a program makes many.
local known, known_count, KNOWN_MAX = {}, 0, 500

local function analysis_of(pattern)
    local analysis = known[pattern]
    if analysis then return analysis end
    if known_count == KNOWN_MAX then known, known_count = {}, 0 end
    analysis, known_count = analyse(pattern), known_count + 1
    known[pattern] = analysis
    return analysis
end

local function are_integers(positions, ...)
    for i = 1, #positions do
        if math_type((select(positions[i], ...))) ~= "integer" then return false end
    end
    return true
end

function text.format(pattern, ...)
    if type(pattern) ~= "string" then return call("format", format, pattern, ...) end
    local analysis = analysis_of(pattern)
    if analysis.has_u or not are_integers(analysis.positions, ...) then
        return call("format", format, convert(pattern, select("#", ...), ...))
    end
    return call("format", format, pattern, ...)
end

function text.install()
    local raw_sub, raw_byte, raw_rep, raw_char = string.sub, string.byte, string.rep, string.char
    function string.sub(s, first, last)
        if type(s) == "string" and math_type(first) == "integer" and (last == nil or math_type(last) == "integer") then
            return raw_sub(s, first, last)
        end
        return call("sub", raw_sub, s, whole(first), whole(last))
    end
    function string.byte(s, first, last)
        if type(s) == "string" and (first == nil or math_type(first) == "integer") and (last == nil or math_type(last) == "integer") then
            return raw_byte(s, first, last)
        end
        return call("byte", raw_byte, s, whole(first), whole(last))
    end
    function string.rep(s, count, separator) return call("rep", raw_rep, s, whole(count), separator) end
    function string.char(...)
        local codes = { ... }
        for i = 1, #codes do codes[i] = whole(codes[i]) end
        return call("char", raw_char, unpack(codes, 1, select("#", ...)))
    end
    local raw_gsub = string.gsub
    -- LuaJIT takes a % ahead of anything in a replacement.
    function string.gsub(s, pattern, replacement, ...)
        if type(replacement) == "function" or type(replacement) == "table" then return raw_gsub(s, pattern, replacement, ...) end
        if type(replacement) == "string" and find(replacement, "%", 1, true) then
            replacement = raw_gsub(replacement, "%%(.?)", function(after) return find(after, "^[^%d%%]$") and after or nil end)
        end
        return call("gsub", raw_gsub, s, pattern, replacement, ...)
    end
    string.format = text.format
end

text.whole = whole

return text
