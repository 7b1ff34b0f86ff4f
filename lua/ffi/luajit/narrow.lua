-- require "ffi.luajit.narrow": bit takes integers modulo 2^32 also where they have more than 32 bits, as LuaJIT takes its numbers. For programs
-- that add and multiply words and leave it to bit to bring the results back to 32 bits: `bit.rol(a + b + c, 7)`. Integers of 2^53
-- and more, which no double holds exactly, stay what they are.
require "ffi.luajit"
require "ffi.luajit.bit".narrow_integers()

return true
