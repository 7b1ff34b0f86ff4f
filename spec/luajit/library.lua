-- Where the libraries of Lua 5.1 and LuaJIT give other results than stock Lua's, with the numbers formatted.
local function show(...)
  local shown = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    shown[i] = type(value) == "number" and ("%.14g"):format(value) or tostring(value)
  end
  return table.concat(shown, " ")
end

-- Patterns that may match nothing, right after a match too -----------------------------

local patterns = { "%w*", "()", "()%w*", "(%w*)()", "%s*", "%w-", "%f[%w]%w*", "$", "%w*$", "x?", "(x?)(y?)", "[^,]*", "([^,]*),?", ",*", "%f[%W]" }
local texts = { "", "ab xy ", "a,b,,c", ",", "xyxy", "  two  words" }
for _, pattern in ipairs(patterns) do
  for _, text in ipairs(texts) do
    local found = {}
    for a, b in text:gmatch(pattern) do found[#found + 1] = "<" .. show(a, b) .. ">" end
    print(pattern, text, table.concat(found), show(text:gsub(pattern, "[%0]")))
  end
end
print("gsub", show(("abc"):gsub("b*", "x", 2)), show(("abc"):gsub("b*", "x", 0)), show(("abc"):gsub("b*", "x", -1)),
  show(("abc"):gsub("b*", "x", 1.5)))
print("gsub", show(("abc"):gsub("b*", { b = "B", [""] = "e" })), show(("abc"):gsub("(b*)()", function(b, at) return #b > 0 and b .. at end)))
print("gsub", show(("abc"):gsub("b*", 5)), show(("abc"):gsub("b*", "%%")), show(("a.b.c"):gsub("%.*", "%/")), show(string.gsub(123, "%d*", "%0%0")))
print("gsub", show(("abc"):gsub("^b*", "x")), show(("abc"):gsub("^", "x")), show(("bbc"):gsub("^b*", "x")), show(("trim  "):gsub("%s*$", "")))
for _, replacement in ipairs({ "%2", function() return {} end, { b = true } }) do
  local ok, message = pcall(function() return (("abc"):gsub("b*", replacement)) end)
  print("refused", ok, (message:gsub("^.-:%d+: ", ""):gsub(" %%2", "")))
end
local lines = {}
for line in ("one\ntwo\n\nfour"):gmatch("([^\n]*)\n?") do lines[#lines + 1] = line end
print("lines", #lines, table.concat(lines, "|"))

-- Numbers in strings --------------------------------------------------------------------

print("base 10", show(tonumber("10", 10), tonumber("1e1", 10), tonumber("0x10", 10), tonumber(7, 10), tonumber(7.5, 10), tonumber({}, 10),
  tonumber(" 8 ", 10)))
print("base 16", show(tonumber("ff", 16), tonumber("-FF", 16), tonumber("+f", 16), tonumber("0x1f", 16), tonumber(10, 16),
  tonumber("g", 16), tonumber("", 16)))
print("bases", show(tonumber("zz", 36), tonumber("12", 2), tonumber("101", 2), tonumber(11, 2), tonumber("7", "8"), tonumber("1 1", 2),
  tonumber("-", 8)))
print("large", show(tonumber("7fffffffffffffff", 16), tonumber("ffffffffffffffff", 16), tonumber("-fffffffffffffffff", 16),
  tonumber("1" .. ("0"):rep(53), 2)))
print("words", show(tonumber("inf"), tonumber("-INF"), tonumber(" infinity "), tonumber("nan"), tonumber("NaN"), tonumber("in"),
  tonumber("nano"), tonumber("nine")))

-- string.format -------------------------------------------------------------------------

local nan = 0 / 0
print("nan", ("%g %5.1f %f %e %08.2f|%-6.0f|%G"):format(nan, nan, -nan, nan, nan, nan, nan), ("%g %g"):format(1 / 0, -1 / 0))
print("quoted", ("%q %q %q %q %q"):format(5, 0.5, true, "a\nb", nil))
print("zeros", (("%5s|%-5s|%.2s|%5.1s|%s"):format("a\0", "a\0", "a\0b", "\0b", "\0"):gsub("%z", "0")))
for _, call in ipairs({ { "%d", nil, n = 2 }, { "%d %d", 1, true }, { "%x", "x" }, { "%5.1f", {} } }) do
  local ok, message = pcall(function() return (string.format(unpack(call, 1, call.n or #call))) end)
  print("refused", ok, (message:gsub("^.-:%d+: ", "")))
end

-- Tables, files and times -----------------------------------------------------------------

local default = setmetatable({ "a", "b" }, { __index = function(_, key) return key end })
local count = 0
for _ in ipairs(default) do count = count + 1 end
local list = { 1, 2, 3, [10] = 5 }
print("tables", count, show(table.remove(list, 7)), show(table.remove(list, 0)), show(table.remove(list, 1)), #list,
  show(table.remove(list)), show(table.remove({})))
for _, name in ipairs({ "getn", "maxn", "foreach", "foreachi" }) do
  local ok, message = pcall(function() return (table[name](5, print)) end)
  print(name, ok, (message:gsub("^.-:%d+: ", ""):gsub("'.-'", "")))
end
local pipe = io.popen("exit 3")
print("close", pipe:close(), io.close(io.popen("true")), io.tmpfile():close())
print("times", os.date("!%H:%M:%S", 3599.9), os.date("!*t", 86399.5).sec,
  os.time({ year = 2020, month = 1.5, day = 2.7 }) == os.time({ year = 2020, month = 1, day = 2 }))
local ok, message = pcall(function() return (os.time({ year = 2020, day = 1 })) end)
print("refused", ok, (message:gsub("^.-:%d+: ", "")))

-- tostring gives what __tostring gives -----------------------------------------------------

local ffi = require("ffi")
local nameless = ffi.metatype("struct { int code; }", { __tostring = function(self) return self.code > 0 and "code " .. self.code or nil end })
local answer = setmetatable({}, { __tostring = function() return 42 end })
print("tostring", tostring(nameless(3)), tostring(nameless(0)) == nil, tostring(answer) == 42, tostring(nan), tostring(nil))
print("print", pcall(print, nameless(0)) == false, pcall(tostring) == false)
print("nan", nan, -nan, nil, nan)
local plain = tostring
function _G.tostring(value) return "<" .. plain(value) .. ">" end
print("print", 1, nil, {} ~= nil)
function _G.tostring() return nil end
local is_printed = pcall(print, 1)
_G.tostring = plain
print("print", is_printed)
