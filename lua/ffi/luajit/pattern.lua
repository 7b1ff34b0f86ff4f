-- string.gsub and string.gmatch of Lua 5.1, where an empty match may stand right after another match: ("abc"):gsub("%w*", "x") is "xx" there
-- and "x" in stock Lua, ("a,b"):gmatch "[^,]*" gives an empty string after each field. And a % ahead of anything in a replacement.
local value = require "ffi.luajit.value"

local call = value.call
local find, format, raw_gmatch, raw_gsub, sub = string.find, string.format, string.gmatch, string.gsub, string.sub
local concat, pack, unpack = table.concat, table.pack, table.unpack
local error, pcall, select, tonumber, type = error, pcall, select, tonumber, type

local pattern_library = {}

-- Whether a pattern, of which there are few, may match an empty string; made anew when a program makes many. One that begins with ^
-- matches once, and a malformed one is stock Lua's to refuse.
local known, known_count, KNOWN_MAX = {}, 0, 500

local function may_be_empty(pattern)
    local is_empty = known[pattern]
    if is_empty ~= nil then return is_empty end
    if known_count == KNOWN_MAX then known, known_count = {}, 0 end
    local is_done, first = pcall(find, "", pattern)
    is_empty = is_done and first ~= nil and sub(pattern, 1, 1) ~= "^"
    known[pattern], known_count = is_empty, known_count + 1
    return is_empty
end

local function is_text(argument)
    local kind = type(argument)
    return kind == "string" or kind == "number"
end

-- -- gmatch -----------------------------------------------------------------------------------------------------------------------

function pattern_library.gmatch(s, pattern, ...)
    if not is_text(s) or not is_text(pattern) or ... ~= nil or not may_be_empty(pattern) then return call("gmatch", raw_gmatch, s, pattern, ...) end
    s = s .. ""
    local at = 1
    local function captures(first, last, ...)
        if not first then
            at = #s + 2
            return nil
        end
        at = last < first and first + 1 or last + 1
        if ... == nil then return sub(s, first, last) end
        return ...
    end
    return function() return captures(find(s, pattern, at)) end
end

-- -- gsub -------------------------------------------------------------------------------------------------------------------------

-- A replacement that stock Lua takes: what % stands ahead of in vain loses it.
local function strict(replacement)
    return (raw_gsub(replacement, "%%(.?)", function(after) return find(after, "^[^%d%%]$") and after or nil end))
end

-- What stands for the captures of `match` in a replacement text.
local function expand(replacement, whole, captures)
    return (raw_gsub(replacement, "%%(.?)", function(after)
        local index = tonumber(after)
        if index == 0 or (index == 1 and captures.n == 0) then return whole end
        if not index then return after end
        return captures[index] or error("invalid capture index", 0)
    end))
end

-- The text for one match: `whole`, or what the replacement makes of its captures.
local function replaced(replacement, whole, captures)
    local kind = type(replacement)
    if kind == "string" then return find(replacement, "%", 1, true) and expand(replacement, whole, captures) or replacement end
    local key = captures.n == 0 and whole or captures[1]
    local new
    if kind == "table" then
        new = replacement[key]
    elseif captures.n == 0 then
        new = replacement(whole)
    else
        new = replacement(unpack(captures, 1, captures.n))
    end
    if not new then return whole end
    return is_text(new) and new or error(format("invalid replacement value (a %s)", type(new)), 0)
end

-- `count` replacements at most.
local function gsub(s, pattern, replacement, count)
    local parts, at, done = {}, 1, 0
    while done < count do
        local found = pack(find(s, pattern, at))
        local first, last = found[1], found[2]
        if not first then break end
        done = done + 1
        parts[#parts + 1] = sub(s, at, first - 1)
        parts[#parts + 1] = replaced(replacement, sub(s, first, last), pack(unpack(found, 3, found.n)))
        at = last + 1
        if last < first then
            parts[#parts + 1] = sub(s, first, first)
            at = first + 1
        end
        if at > #s + 1 then break end
    end
    parts[#parts + 1] = sub(s, at)
    return concat(parts), done
end

local is_replacement = { string = true, number = true, table = true, ["function"] = true }

function pattern_library.gsub(s, pattern, replacement, ...)
    local kind, count = type(replacement), ...
    if is_text(s) and is_text(pattern) and is_replacement[kind] and may_be_empty(pattern) then
        s = s .. ""
        count = select("#", ...) == 0 and #s + 1 or tonumber(count)
        if kind == "number" then replacement = replacement .. "" end
        if count then return call("gsub", gsub, s, pattern, replacement, count // 1) end
    end
    if kind == "function" or kind == "table" then return raw_gsub(s, pattern, replacement, ...) end
    if kind == "string" and find(replacement, "%", 1, true) then replacement = strict(replacement) end
    return call("gsub", raw_gsub, s, pattern, replacement, ...)
end

function pattern_library.install() string.gmatch, string.gsub = pattern_library.gmatch, pattern_library.gsub end

return pattern_library
