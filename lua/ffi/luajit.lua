-- require "ffi.luajit": what programs written for LuaJIT find there and not in stock Lua. The parts are in ffi/luajit/; this file puts
-- them in their places, all of them global: the tables bit and jit, Lua 5.1's functions, LuaJIT's number literals in every text that is
-- loaded from now on. `lua5.4 -l ffi.luajit script.lua` runs the script so, too.
local compat = require "ffi.luajit.compat"
local loader = require "ffi.luajit.loader"
local run = require "ffi.luajit.run"

local function provide(name, module)
    _G[name] = module
    package.loaded[name] = module
end

provide("bit", require "ffi.luajit.bit".library)
local jit = require "ffi.luajit.jit"
provide("jit", jit)
package.loaded["jit.opt"] = jit.opt
compat.install()
loader.install()

-- The script may require this too.
package.loaded["ffi.luajit"] = true
run.main(arg)
