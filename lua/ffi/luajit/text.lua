-- The string functions of LuaJIT that take what stock Lua's refuse: fractions are cut off, and string.format knows cdata, %u, floats of 2^63
-- and more for %x, anything for %q, and zeros in a text that has a width.
local ffi = require "ffi"
local value = require "ffi.luajit.value"

local call, is_cdata, to_number, integer_of = value.call, value.is_cdata, value.to_number, value.integer_of
local math_type, tointeger, fmod = math.type, math.tointeger, math.fmod
local find, gmatch, gsub, sub, format = string.find, string.gmatch, string.gsub, string.sub, string.format
local error, next, select, tonumber, tostring, type, unpack = error, next, select, tonumber, tostring, type, table.unpack

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

local function bad_argument(position, argument, count)
    local got = is_cdata(argument) and "cdata" or (position > count and "no value" or type(argument))
    error(format("bad argument #%d to 'format' (number expected, got %s)", position + 1, got), 6) -- format's caller
end

-- The text of an integer without its sign bit.
local function unsigned_text(integer)
    if integer >= 0 then return format("%d", integer) end
    local quotient = (integer >> 1) // 5
    return format("%d%d", quotient, integer - quotient * 10)
end

-- %u: the digits, filled up to the precision by %d's rules, and then to the width by %s's.
local function unsigned_directive(flags, width, precision, integer)
    local digits = unsigned_text(integer)
    local wanted = tonumber(precision ~= "" and (sub(precision, 2) ~= "" and sub(precision, 2) or "0") or
        (find(flags, "0", 1, true) and not find(flags, "-", 1, true) and width ~= "" and width or "0"))
    digits = ("0"):rep(wanted - #digits) .. digits
    return "%" .. (find(flags, "-", 1, true) and "-" or "") .. width .. "s", digits
end

-- %s of a text with zeros in it, filled up to the width and cut off at the precision, which C's functions do not do.
local function padded(flags, width, precision, argument)
    if precision ~= "" then argument = sub(argument, 1, tonumber(sub(precision, 2)) or 0) end
    local blanks = (" "):rep((tonumber(width) or 0) - #argument)
    return find(flags, "-", 1, true) and argument .. blanks or blanks .. argument
end

local NAN = -(0 / 0) -- without a sign, which C would print

-- What a directive's letter asks of its argument: to be an integer, no NaN, a string (LuaJIT quotes all that %q is given), or one
-- without zeros.
local kind_of = { q = "quoted", s = "padded" }
for letter in gmatch("diouxXc", ".") do kind_of[letter] = "integral" end
for letter in gmatch("aAeEfFgG", ".") do kind_of[letter] = "float" end

local is_plain = {
    integral = function(argument) return math_type(argument) == "integer" end,
    float = function(argument) return argument == argument end,
    quoted = function(argument) return type(argument) == "string" end,
    padded = function(argument) return type(argument) ~= "string" or not find(argument, "\0", 1, true) end,
}

-- The argument of a directive as stock Lua takes it, and what stands for the directive where that is another one.
local convert_argument = {
    integral = function(letter, argument, flags, width, precision)
        local is_signed = letter == "d" or letter == "i" or letter == "c"
        local integer = integer_argument(argument, not is_signed)
        if not integer or letter ~= "u" then return integer end
        local directive, digits = unsigned_directive(flags, width, precision, integer)
        return digits, directive
    end,
    float = function() return NAN end,
    quoted = function(_, argument) return type(argument) == "number" and format("%.14g", argument) or tostring(argument) end,
    padded = function(_, argument, flags, width, precision) return padded(flags, width, precision, argument), "%s" end,
}

local DIRECTIVE = "%%([-+ #0]*)(%d*)(%.?%d*)(.)"

-- The pattern and its arguments as stock Lua's string.format takes them.
local function convert(pattern, count, ...)
    local arguments, position = { ... }, 0
    local converted = gsub(pattern, DIRECTIVE, function(flags, width, precision, letter)
        if letter == "%" then return nil end
        position = position + 1
        local kind, argument = kind_of[letter], arguments[position]
        if position > count and kind ~= "integral" then return nil end
        if not kind or (letter ~= "u" and is_plain[kind](argument)) then return nil end
        local new, directive = convert_argument[kind](letter, argument, flags, width, precision)
        if not new then bad_argument(position, argument, count) end
        arguments[position] = new
        return directive
    end)
    return converted, unpack(arguments, 1, count)
end

-- What of a pattern concerns us: the positions of the arguments that are to be integers, the kinds of others by their position, and
-- whether there is a %u.
local function analyse(pattern)
    local positions, others, has_u, position = {}, {}, false, 0
    for flags, width, precision, letter in gmatch(pattern, DIRECTIVE) do
        if letter ~= "%" then position = position + 1 end
        local kind = kind_of[letter]
        if kind == "integral" then
            positions[#positions + 1] = position
        elseif kind and (kind ~= "padded" or flags .. width .. precision ~= "") then
            others[position] = is_plain[kind]
        end
        has_u = has_u or letter == "u"
    end
    return { positions = positions, others = others, has_u = has_u }
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

local function are_plain(analysis, ...)
    local positions = analysis.positions
    for i = 1, #positions do
        if math_type((select(positions[i], ...))) ~= "integer" then return false end
    end
    for position, is_plain_one in next, analysis.others do
        if not is_plain_one((select(position, ...))) then return false end
    end
    return true
end

function text.format(...)
    local pattern = ...
    if type(pattern) ~= "string" then return call("format", format, ...) end
    local analysis = analysis_of(pattern)
    if analysis.has_u or not are_plain(analysis, select(2, ...)) then
        return call("format", format, convert(pattern, select("#", ...) - 1, select(2, ...)))
    end
    return call("format", format, ...)
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
    string.format = text.format
end

text.whole = whole

return text
