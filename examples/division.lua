-- Structs by value: div, ldiv and lldiv return quotient and remainder together.
local ffi = require "ffi"

ffi.cdef [[
typedef struct { int quot, rem; } div_t;
typedef struct { long quot, rem; } ldiv_t;
typedef struct { long long quot, rem; } lldiv_t;
div_t div(int numerator, int denominator);
ldiv_t ldiv(long numerator, long denominator);
lldiv_t lldiv(long long numerator, long long denominator);
]]

local small = ffi.C.div(-17, 5)
print(("-17 = 5 * %d + %d"):format(small.quot, small.rem))
local large = ffi.C.ldiv(math.maxinteger, 1000000007)
print(("%d = 1000000007 * %d + %d"):format(math.maxinteger, large.quot, large.rem))
local wide = ffi.C.lldiv(math.mininteger, 10)
print(("%d = 10 * %d + %d"):format(math.mininteger, wide.quot, wide.rem))
print(ffi.typeof(small), ffi.sizeof(small), ffi.sizeof(large))
