-- The jit table: what it says of the platform is true, and a compiler that is not there is off, whatever a program asks of it.
local ffi = require "ffi"

local function nothing() end

local jit = {
    os = ffi.os,
    arch = ffi.arch,
    version = "LuaJIT 2.1.0 (" .. ffi._VERSION .. ")",
    version_num = 20100,
    on = nothing,
    off = nothing,
    flush = nothing,
    attach = nothing,
    opt = { start = nothing },
}

function jit.status() return false end

return jit
