-- Complex numbers and long double by value, from libm.
local ffi = require "ffi"

ffi.cdef [[
double _Complex cexp(double _Complex z);
double _Complex csqrt(double _Complex z);
float _Complex csqrtf(float _Complex z);
long double _Complex csqrtl(long double _Complex z);
double cabs(double _Complex z);
long double sqrtl(long double x);
long double fabsl(long double x);
int snprintf(char *text, size_t nbytes, const char *format, ...);
]]

local m = ffi.load "m"
local complex = ffi.typeof "double _Complex"

local euler = m.cexp(complex(0, math.pi))
print(("exp(i pi) = %.15f %+.15fi"):format(euler.re, euler.im))
local root = m.csqrt(complex(-4, 0))
print(("sqrt(-4) = %g %+gi, its modulus %g"):format(root.re, root.im, m.cabs(root)))
print("in float:", m.csqrtf { -4, 0 })
print("in long double:", m.csqrtl(ffi.new("long double _Complex", -2)))

-- a long double result reads as a Lua float; printf shows what C holds when it is handed on as cdata
local two = ffi.new("long double", 2)
print(("sqrtl(2) = %.15f"):format(m.sqrtl(two)))
local text = ffi.new "char[64]"
ffi.C.snprintf(text, ffi.sizeof(text), "%.20Lf", ffi.new("long double", m.sqrtl(4)))
print("sqrtl(4) = " .. ffi.string(text))
