-- Rewrites LuaJIT's number literals in a program text, so that stock Lua's parser takes it: `42LL`, `0xffULL`, `1.5i`, `0b101`, and integers
-- above 2^53, which are doubles there. Lines stay where they are; strings and comments are not touched; what LuaJIT would refuse
-- is left for Lua's parser to refuse.
--
-- A literal that is a cdata becomes an element of a table, in a local variable of the chunk: `__literals["42LL"]`. The chunk gets the
-- table from no name that a program could change or an environment could lack: from `~"ffi.luajit"`, the string metatable's __bnot. A chunk
-- that has as many local variables as Lua allows gets each from there: `(~"ffi.luajit 42LL")`.
local ffi = require "ffi"
local value = require "ffi.luajit.value"

local byte, find, lower, match, rep, sub = string.byte, string.find, string.lower, string.match, string.rep, string.sub
local concat = table.concat
local load, math_type, tonumber = load, math.type, tonumber

local int64 = ffi.typeof "int64_t"

local PROLOGUE = 'local __literals<const> = ~"ffi.luajit"; '

-- What stands for a literal: an element of the chunk's local variable; the literal itself, slower, in a chunk that has no room for
-- the variable; and what shows whether a chunk is well formed, for parentheses could be read as a call's.
local ELEMENT, ITSELF, NOTHING = '__literals["%s"]', '(~"ffi.luajit %s")', "nil"

local literals = {}

-- -- the values -----------------------------------------------------------------------------------------------------------------

-- The digits of an integer as 64 bits, or nil if they are too many.
local function bits_of(digits)
    if find(digits, "^0b") then return value.binary(digits) end
    local hexadecimal = match(digits, "^0x0*(%x*)$")
    if hexadecimal then return #hexadecimal <= 16 and #digits > 2 and tonumber("0x0" .. hexadecimal) or nil end
    local decimal = match(digits, "^0*(%d*)$")
    local largest = "18446744073709551615"
    if not decimal or #digits == 0 or #decimal > #largest or (#decimal == #largest and decimal > largest) then return nil end
    local bits = 0
    for i = 1, #decimal do bits = bits * 10 + (byte(decimal, i) - 48) end
    return bits
end

local suffixes = { ll = "int64_t", ull = "uint64_t", llu = "uint64_t" }

-- The type and the bits of `42ll`, in small letters.
local function wide_integer(text)
    local digits, suffix = match(text, "^([%dabcdefx]-)(u?llu?)$")
    local bits = suffix and suffixes[suffix] and bits_of(digits)
    if bits then return suffixes[suffix], bits end
end

local function imaginary(text)
    local digits = match(text, "^(.+)i$")
    local number = digits and value.to_number(digits)
    return number and number + 0.0
end

local function cdata_of(text)
    local small = lower(text)
    local name, bits = wide_integer(small)
    if name then return ffi.new(name, bits) end
    return ffi.new("complex", 0, (imaginary(small)))
end

-- What is compared as a cdata is: a literal that is one, or another number.
local function compared_value(text)
    return tonumber(text) or cdata_of(text)
end

-- What a number token becomes: Lua text, or nil to leave it; of a cdata, the token. And whether it is a cdata.
local function replacement(token)
    local small = lower(token)
    if find(small, "[li]$") or find(small, "llu$") then
        if wide_integer(small) or imaginary(small) then return token, true end
    elseif find(small, "^0b") then
        local bits = value.binary(small)
        local number = bits and value.as_double(bits, true)
        return number and (math_type(number) == "integer" and "%d" or "%.17g"):format(number), false
    elseif find(small, "^0x%x+$") then
        local digits = match(small, "^0x0*(.*)$")
        local bits = #digits <= 13 and 0 or (#digits == 14 and tonumber("0x" .. digits)) or math.maxinteger
        return bits > 1 << 53 and token .. "p0" or nil, false
    elseif #token >= 16 and find(small, "^%d+$") and math_type(value.to_number(token)) == "float" then
        return token .. ".0", false
    end
end

-- -- the lexer ------------------------------------------------------------------------------------------------------------------

-- Where the long bracket that opens at `at` ends; nil if none opens there, or it never closes.
local function long_bracket(text, at)
    local level = match(text, "^%[(=*)%[", at)
    if not level then return nil end
    local _, stop = find(text, "]" .. level .. "]", at + #level + 2, true)
    return stop
end

local function after_comment(text, at)
    if find(text, "^%[=*%[", at + 2) then
        local stop = long_bracket(text, at + 2)
        return stop and stop + 1
    end
    return find(text, "[\r\n]", at + 2) or #text + 1
end

-- Where the next token starts; nil in an unfinished comment.
local function after_blanks(text, at)
    at = find(text, "%S", at) or #text + 1
    while at and find(text, "^%-%-", at) do
        at = after_comment(text, at)
        at = at and (find(text, "%S", at) or #text + 1)
    end
    return at
end

local function quoted_string(text, at)
    local stops = "[\\\r\n" .. sub(text, at, at) .. "]"
    local quote = byte(text, at)
    local stop = find(text, stops, at + 1)
    while stop and byte(text, stop) ~= quote do
        if byte(text, stop) ~= 92 then return nil end
        local _, skipped = find(text, "^z%s*", stop + 1)
        if not skipped then _, skipped = find(text, "^\r\n", stop + 1) end
        if not skipped then _, skipped = find(text, "^\n\r", stop + 1) end
        stop = find(text, stops, (skipped or stop + 1) + 1)
    end
    return stop
end

-- LuaJIT's rule: letters, digits, points, and a sign after the exponent's letter.
local function number(text, at)
    local exponent = find(text, "^0[xX]", at) and "^[pP][-+]" or "^[eE][-+]"
    local stop = at
    while true do
        local _, last = find(text, exponent, stop)
        if last then
            stop = last + 1
        elseif find(text, "^[%w_.\128-\255]", stop) then
            stop = stop + 1
        else
            return stop - 1
        end
    end
end

local operators = { "^%.%.%.?", "^::", "^[=~<>]=" }

local function operator(text, at)
    for i = 1, #operators do
        local _, stop = find(text, operators[i], at)
        if stop then return stop end
    end
    return at
end

-- The token at `at`, which is no blank: its kind and its last position; nil where Lua's parser will find an error.
local function token_at(text, at)
    local _, stop = find(text, "^[%a_\128-\255][%w_\128-\255]*", at)
    if stop then return "name", stop end
    if find(text, "^%.?%d", at) then return "number", number(text, at) end
    if find(text, "^[\"']", at) then return "string", quoted_string(text, at) end
    if find(text, "^%[=*%[", at) then return "string", long_bracket(text, at) end
    return "operator", operator(text, at)
end

-- -- rewriting ------------------------------------------------------------------------------------------------------------------

-- Whether there may be something to rewrite: most texts have nothing and need no lexer.
local function is_suspect(text)
    return find(text, "%x[uU]?[lL][lL]") or find(text, "[%x.][iI]%f[^%w_]") or find(text, "0[bB][01]") or find(text, "0[xX]" .. rep("%x", 14)) or
        find(text, rep("%d", 16))
end

-- An element of a table can be called or indexed, a number cannot: what follows starts a statement of its own.
local function separator(text, following)
    if not following or not find(text, "^[({%[\"'.:]", following) then return "" end
    return (find(text, "^%.%.", following) or find(text, "^::", following)) and "" or ";"
end

-- Stock Lua asks no metamethod whether a cdata equals a number, but it does ask which is less. So where a literal itself is compared,
-- `x == 42LL` becomes `x >= __literals["== 42LL"]`, an object whose __le says whether they are equal, and `~=` becomes `>`. The
-- operators are of one precedence, and Lua evaluates the operands in the same order.
local right_of = { ["=="] = ">=", ["~="] = "> " }
local left_of = { ["=="] = "<=", ["~="] = "< " }
local opens_expression, ends_expression = {}, {}
for word in ("( { [ , ; = and or return if elseif while until in"):gmatch "%S+" do opens_expression[word] = true end
for word in (", ; = and or return if elseif while until then do"):gmatch "%S+" do ends_expression[word] = true end

local Rewriter = {}
Rewriter.__index = Rewriter

function Rewriter:replace(first, last, new)
    local parts = self.parts
    parts[#parts + 1] = sub(self.text, self.copied, first - 1)
    parts[#parts + 1] = new
    self.copied = last + 1
end

function Rewriter:comparand(token) return self.form:format("== " .. token) end

-- The token ahead of a literal and its sign.
function Rewriter:ahead() return self.before.text == "-" and self.previous or self.before end

-- Whether the literal that ends ahead of `following` is the right operand of a comparison, whose operator is rewritten then.
function Rewriter:takes_comparison(following)
    local comparison = self:ahead()
    if not right_of[comparison.text] or comparison.is_taken then return false end
    if following and (find(self.text, "^[-+*/%%^]", following) or find(self.text, "^%.%.", following)) then return false end
    self:replace(comparison.first, comparison.first + 1, right_of[comparison.text])
    return true
end

-- A literal that is a cdata, at first..last.
function Rewriter:cdata(token, first, last)
    local text, new = self.text, self.form:format(token)
    local following = after_blanks(text, last + 1)
    if self:takes_comparison(following) then
        new = self:comparand(token)
    elseif following and left_of[sub(text, following, following + 1)] and opens_expression[self:ahead().text] then
        new = self:comparand(token)
        self.taken = following
    end
    self:replace(first, last, new .. separator(text, following))
    self.has_cdata, self.is_near = true, true
end

-- Another number: one that is compared with what has a cdata in it, as in `n % 2LL == 0`, is compared as a cdata is.
function Rewriter:number(token, first, last, new)
    local following = after_blanks(self.text, last + 1)
    if self.is_near and not new and self:takes_comparison(following) then
        self:replace(first, last, self:comparand(token) .. separator(self.text, following))
    elseif new then
        self:replace(first, last, new)
    end
end

function Rewriter:token(kind, first, last)
    local token = sub(self.text, first, last)
    local is_taken = self.taken == first
    if is_taken then
        self:replace(first, last, left_of[token])
    elseif kind == "number" then
        local new, is_cdata = replacement(token)
        self[is_cdata and "cdata" or "number"](self, token, first, last, new)
    elseif ends_expression[token] then
        self.is_near = false
    end
    self.previous, self.before = self.before, { text = kind == "string" and "string" or token, first = first, is_taken = is_taken }
end

local function rewritten(text, form)
    local start = { text = ";" }
    local rewriter = setmetatable({ text = text, form = form, parts = {}, copied = 1, before = start, previous = start }, Rewriter)
    local at = after_blanks(text, 1)
    while at and at <= #text do
        local kind, last = token_at(text, at)
        if not last then break end
        rewriter:token(kind, at, last)
        at = after_blanks(text, last + 1)
    end
    if rewriter.copied == 1 then return text end
    return (rewriter.has_cdata and form == ELEMENT and PROLOGUE or "") .. concat(rewriter.parts) .. sub(text, rewriter.copied)
end

-- The text with its literals rewritten; the very text if there are none.
function literals.rewrite(text) return is_suspect(text) and rewritten(text, ELEMENT) or text end

-- load(text, ...) for a text with literals.
function literals.load(text, name, ...)
    local new = literals.rewrite(text)
    local chunk, message = load(new, name, ...)
    if chunk or new == text or not find(message, "too many local variables", 1, true) then return chunk, message end
    chunk, message = load(rewritten(text, NOTHING), name, ...)
    if not chunk then return nil, message end
    return load(rewritten(text, ITSELF), name, ...)
end

-- -- where rewritten chunks find their literals ----------------------------------------------------------------------------------

-- What a literal is compared through: `cdata` is its value.
local Comparand = {}

local function comparand(cdata) return setmetatable({ cdata = cdata }, Comparand) end

-- An operand of a comparison; an integer as the int64_t that LuaJIT makes of it beside a literal, so that -1 == 0xffffffffffffffffULL.
local function compared(object)
    if getmetatable(object) == Comparand then object = object.cdata end
    return math_type(object) == "integer" and int64(object) or object
end

local function is_equal(a, b)
    a, b = compared(a), compared(b)
    if value.is_cdata(a) and value.is_cdata(b) then return a == b end
    return ffi.eq(a, b)
end

Comparand.__le = is_equal
function Comparand.__lt(a, b) return not is_equal(a, b) end
function Comparand.__unm(self) return comparand(-self.cdata) end

local values = setmetatable({}, {
    __index = function(self, text)
        local compared_text = match(text, "^== (.*)$")
        local new = compared_text and comparand(compared_value(compared_text)) or cdata_of(text)
        rawset(self, text, new)
        return new
    end,
})

function literals.install()
    getmetatable("").__bnot = function(operand)
        if operand == "ffi.luajit" then return values end
        local token = match(operand, "^ffi%.luajit (.+)$")
        if token then return values[token] end
        error("attempt to perform bitwise operation on a string value", 2)
    end
end

return literals
