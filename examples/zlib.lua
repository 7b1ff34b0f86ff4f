-- Compresses a file in memory with zlib, expands it again and compares, with checksums of both.
-- Usage: lua5.4 examples/zlib.lua [file]      (default: this script)
local ffi = require "ffi"

ffi.cdef [[
unsigned long compressBound(unsigned long nbytes);
int compress2(uint8_t *target, unsigned long *target_nbytes, const uint8_t *source, unsigned long source_nbytes, int level);
int uncompress(uint8_t *target, unsigned long *target_nbytes, const uint8_t *source, unsigned long source_nbytes);
unsigned long crc32(unsigned long crc, const uint8_t *bytes, unsigned int nbytes);
const char *zlibVersion(void);
]]

local z = ffi.load "z"

local function compress(text, level)
  local room = z.compressBound(#text)
  local buffer = ffi.new("uint8_t[?]", room)
  local nbytes = ffi.new("unsigned long[1]", room)
  local status = z.compress2(buffer, nbytes, text, #text, level or 9)
  assert(status == 0, "compress2 failed with status " .. status)
  return ffi.string(buffer, nbytes[0])
end

local function uncompress(text, room)
  local buffer = ffi.new("uint8_t[?]", room)
  local nbytes = ffi.new("unsigned long[1]", room)
  local status = z.uncompress(buffer, nbytes, text, #text)
  assert(status == 0, "uncompress failed with status " .. status)
  return ffi.string(buffer, nbytes[0])
end

local name = arg and (arg[1] or arg[0]) or "examples/zlib.lua"
local text = assert(io.open(name, "rb")):read "a"
local packed = compress(text)
local unpacked = uncompress(packed, #text)
print("zlib " .. ffi.string(z.zlibVersion()))
print(("%d bytes, crc32 %08x"):format(#text, z.crc32(0, text, #text)))
print(("compressed to %d bytes"):format(#packed))
print(("expanded to %d bytes, crc32 %08x"):format(#unpacked, z.crc32(0, unpacked, #unpacked)))
assert(unpacked == text, "the round trip changed the file")
print "same"
