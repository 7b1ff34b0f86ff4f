-- What Lua 5.1 and LuaJIT's own libraries have: environments, modules, chunks from strings, numbers where others are wanted.
local ffi = require("ffi")
local args = { ... }

-- Reading numbers: in strings and comments 42LL stays as it is.
local s, t = "42LL", [[ 0xffULL
  3i ]] -- 5LL, [[ 6LL
print("text", s, #t, #"\"1LL\\", '7LL\'', [==[8LL]]9LL]==]) --[[ 10LL ]] --[==[ 11LL
]] ]==]
local here = debug.getinfo(1, "l").currentline -- 10
local wide = { 1LL, 0x10ULL, [3LL + 4] = true; 2i,
  -1LL,
}
print("line", here, debug.getinfo(1, "l").currentline, wide[1], wide[2], wide[3], wide[4])
local function number() return 42LL end
print("calls", number() + 1, (5LL)+1, -5LL, 2LL^3, 10LL%3, 7LL/2LL, #tostring(1LL)..tostring(1LL).."", 0b11 + 0B1)
local x = 42LL
(print or number)("next line", x == 42LL, x ~= 42LL, x - 1LL == 41 and 1LL == 1, (x % 2LL) ~= 0, 41LL == x - 1LL)
print("compare", 5 == 5LL, -5 == -5LL, 5LL == 5, -5LL == -5, 5LL ~= 5, x - 40 == 2LL, nil == 5LL, "5" == 5LL, 1LL == 1 == true, not (x == 41LL))
if x == 42LL and x > 41LL then print("branch", 0xffffffffffffffff == 2 ^ 64, 9007199254740993 == 2 ^ 53) end

-- Chunks from strings ----------------------------------------------------------------

print("loadstring", loadstring("return 1LL + ...")(2), (loadstring("x =", "=chunk")))
print("load", load("return 3ULL")(), load((function()
  local pieces = { "return 4", "2L", "L" }
  return function() return table.remove(pieces, 1) end
end)())(), load("return value", "name", "t", { value = 5 })())
local ok, message = pcall(loadstring("\n\nlocal a = 5LL\nerror('here')", "@file.lua"))
print("error", ok, message)
ok, message = pcall(loadstring("local a = 5LL return a.b.c"))
print("index", ok, (message:gsub("^.-:", "")) ~= "")
local path = os.tmpname()
local file = assert(io.open(path, "w"))
file:write("#!/usr/bin/luajit\nlocal n = ... or 0\nreturn n + 1LL, debug.getinfo(1, 'l').currentline\n")
file:close()
print("files", loadfile(path)(41), dofile(path))
os.remove(path)
print("missing", (loadfile("/no/such/file")), pcall(dofile, "/no/such/file") == false)
-- Environments -------------------------------------------------------------------------

local function reader() return value end
print("setfenv", setfenv(reader, { value = "mine" }) == reader, reader(), value)
local env = setmetatable({}, { __index = _G })
local chunk = setfenv(loadstring("made = 5; function get() return made end; return getfenv(1)"), env)
print("chunk", chunk() == env, env.made, env.get(), made, getfenv(env.get) == env)
local function sandbox(f, ...)
  setfenv(f, { tostring = tostring })
  return pcall(f, ...)
end
print("sandbox", sandbox(function() return print == nil, tostring(1) end))
local function caller_environment()
  setfenv(2, setmetatable({ mark = "set" }, { __index = _G }))
end
local function use()
  caller_environment()
  return mark
end
print("level", use(), mark, getfenv(0) == _G, getfenv(print) == _G)
local made_in = setfenv(function() return function() return inner end end, { inner = "inherited" })
print("inherit", made_in()())

package.preload["spec.shapes"] = loadstring([[
local print = print
module(..., package.seeall)
corners = { square = 4 }
function count(name) return corners[name] or tostring(nil) end
]])
local shapes = require("spec.shapes")
print("module", shapes == spec.shapes, shapes.count("square"), shapes.count("circle"), shapes._NAME, shapes._PACKAGE, corners)
print("package", package.loaders[1] ~= nil, package.loaded.bit == bit, require("bit") == bit, require("jit") == jit, require("jit.opt") ~= nil)

-- Libraries -----------------------------------------------------------------------------

print("unpack", unpack({ 1, 2, 3 }, 2), unpack({}, 1, 2), (select("#", unpack({ n = 3 }, 1, 3))))
local new, clear = require("table.new"), require("table.clear")
local list = new(4, 0)
for i = 1, 4 do list[i] = i end
print("tables", table.getn(list), table.maxn({ [10] = 1, [2.5] = 1 }), clear(list), #list, next(list))
table.foreach({ k = "v" }, print)
print("foreachi", table.foreachi({ "a", "b", "c" }, function(i, v) if v == "b" then return i end end))
print("math", string.format("%g %g %g %g %g", math.pow(2, 10), math.ldexp(0.5, 4), math.log10(1000), math.frexp(12)))
print("math", string.format("%.6f %.6f %.6f %.6f", math.cosh(1), math.sinh(1), math.tanh(1), math.atan2(1, 2)))
print("format", string.format("%d %5d|%-5d|%x %X %o %c", 3.7, -3.7, 2LL, 255ULL, 254, 8, 65.2), string.format("%d %x", 2^53, -1))
print("format", string.format("%u %s %s %5.2f %q %i", 7.9, 1LL, ffi.typeof("int"), 1.005, "a\nb", "12"), string.format("100%%"))
print("bytes", ("airlock"):sub(1, 7 / 2), ("x"):rep(2.5), string.char(72.9, 105), ("abc"):byte(1.9), ("abc"):sub(-2.5))
print("gsub", ("a.b"):gsub("%.", "%-"), ("a"):gsub("a", "%%%0%1"), ("x"):gsub("x", "100%%"), ("a"):gsub("a", { a = "%" }))
print("open", io.open("/dev/null", "rw") ~= nil, io.open("/no/such", "rbx"))
print("digits", tonumber("0x0000000000000000001"), tonumber("-0x10"), tonumber("0xfffffffffffffffff") == 2 ^ 68 - 1, tonumber("00000000000000000012"))
print("tonumber", tonumber(5LL), tonumber("0b101"), tonumber("0x10"), tonumber("z", 36), tonumber(ffi.new("int *")), tonumber("5LL"), tonumber({}))
print("type", type(1LL), type(ffi.typeof("int")), type(ffi.new("int[2]")), type(newproxy()), pcall(type) == false)
print("tostring", tostring(1LL), tostring(2ULL), tostring(3i), tostring(nil), tostring(ffi.new("struct { int a; } *")):match(": NULL$"))
print("jit", jit.os, jit.arch, jit.version_num >= 20100, jit.version:match("^LuaJIT 2%.1") ~= nil, jit.off(), jit.flush(), type(jit.status()))
print("os", os.execute("exit 3") / 256 == 3, os.execute() ~= 0, coroutine.running(), type(coroutine.wrap(coroutine.running)()))
print("fmod", math.fmod(-7, 3) == -1, math.fmod(5, 0) ~= math.fmod(5, 0), math.random(3.5) <= 3, pcall(math.randomseed, 1.5))

-- The same name twice, one in the other; jumps over locals at a block's end.
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    if i == 2 then goto next end
    io.write(i, j, " ")
    ::continue::
  end
  ::next::
end
print()
print("arguments", #args, args[1], args[2], #arg, arg[1], arg[2], arg[0]:match("[^/]*$"))
