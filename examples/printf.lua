-- Variadic functions: a Lua integer goes as int64_t, a float as double, a string as const char *, nil as NULL.
local ffi = require "ffi"

ffi.cdef [[
int snprintf(char *text, size_t nbytes, const char *format, ...);
int sscanf(const char *text, const char *format, ...);
]]

local function format(pattern, ...)
  local nbytes = ffi.C.snprintf(nil, 0, pattern, ...)
  local text = ffi.new("char[?]", nbytes + 1)
  ffi.C.snprintf(text, nbytes + 1, pattern, ...)
  return ffi.string(text)
end

print(format("%d bottles, %5.2f litres, %s", 99, 0.75, "on the wall"))
print(format("%x %o %c %%", 255, 8, ("A"):byte()))
print(format("%ld %lu", math.mininteger, -1))
print(format("%s", "many words " .. ("and more "):rep(3)))
print(format("%d%d%d%d%d%d%d%d %g %g %g %g %g %g %g %g %g %g", 1, 2, 3, 4, 5, 6, 7, 8, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5,
  10.5))
print(format("%.18Lf", ffi.new("long double", 0.1)))

local count = ffi.new "int[1]"
local ratio = ffi.new "double[1]"
local word = ffi.new "char[16]"
local nread = ffi.C.sscanf("42 apples 0.125", "%d %15s %lf", count, word, ratio)
print(nread, count[0], ffi.string(word), ratio[0])
