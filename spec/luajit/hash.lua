-- Hashes and generators of 64 bits in cdata arithmetic, and MD5 in the 32 bits of numbers.
local ffi = require("ffi")
local bit = require("bit")
local band, bor, bxor, bnot = bit.band, bit.bor, bit.bxor, bit.bnot
local lshift, rshift, arshift, rol, ror = bit.lshift, bit.rshift, bit.arshift, bit.rol, bit.ror
local bswap, tobit, tohex = bit.bswap, bit.tobit, bit.tohex

-- FNV-1a ----------------------------------------------------------------------

local function fnv1a(text)
  local h = 0xcbf29ce484222325ULL
  for i = 1, #text do
    h = bxor(h, text:byte(i)) * 0x100000001b3ULL
  end
  return h
end

for _, text in ipairs({ "", "a", "foobar", "airlock" }) do
  print("fnv1a", text, tohex(fnv1a(text)), fnv1a(text))
end
print("known", fnv1a("") == 0xcbf29ce484222325ULL, 0x85944171f73967e8ULL == fnv1a("foobar"), fnv1a("a") ~= 0ULL)

-- splitmix64 and xorshift128+ --------------------------------------------------

local function splitmix64(state)
  return function()
    state = state + 0x9e3779b97f4a7c15ULL
    local z = state
    z = bxor(z, rshift(z, 30)) * 0xbf58476d1ce4e5b9ULL
    z = bxor(z, rshift(z, 27)) * 0x94d049bb133111ebULL
    return bxor(z, rshift(z, 31))
  end
end

local next_word = splitmix64(42ULL)
for i = 1, 3 do
  print("splitmix64", i, tohex(next_word()))
end

local function xorshift128plus(a, b)
  return function()
    local x, y = a, b
    a = y
    x = bxor(x, lshift(x, 23))
    b = bxor(x, y, rshift(x, 17), rshift(y, 26))
    return b + y
  end
end

local random = xorshift128plus(next_word(), next_word())
local buckets = {}
for _ = 1, 2000 do
  local n = tonumber(random() % 7ULL)
  buckets[n + 1] = (buckets[n + 1] or 0) + 1
end
print("xorshift128+", tohex(random()), unpack(buckets))

-- MurmurHash64A ----------------------------------------------------------------

local function murmur64a(data, seed)
  local m = 0xc6a4a7935bd1e995ULL
  local h = bxor(seed, #data * m)
  local words = ffi.cast("const uint64_t *", ffi.cast("const char *", data))
  local nwords = math.floor(#data / 8)
  for i = 0, nwords - 1 do
    local k = words[i] * m
    k = bxor(k, rshift(k, 47)) * m
    h = bxor(h, k) * m
  end
  local tail = data:sub(nwords * 8 + 1)
  for i = #tail, 1, -1 do
    h = bxor(h, lshift(tail:byte(i) + 0ULL, 8 * (i - 1)))
  end
  if #tail > 0 then
    h = h * m
  end
  h = bxor(h, rshift(h, 47)) * m
  return bxor(h, rshift(h, 47))
end

for _, text in ipairs({ "", "12345678", "the quick brown fox jumps", ("\255"):rep(16) }) do
  print("murmur64a", #text, tohex(murmur64a(text, 0ULL)), tohex(murmur64a(text, 0x1234ULL), -16))
end

-- SipHash-2-4 -------------------------------------------------------------------

local function siphash(key, message)
  local k = ffi.new("union { uint8_t bytes[16]; uint64_t words[2]; }")
  ffi.copy(k.bytes, key, 16)
  local k0, k1 = 0ULL + k.words[0], 0ULL + k.words[1]
  local v0, v1 = bxor(k0, 0x736f6d6570736575ULL), bxor(k1, 0x646f72616e646f6dULL)
  local v2, v3 = bxor(k0, 0x6c7967656e657261ULL), bxor(k1, 0x7465646279746573ULL)
  local function round()
    v0 = v0 + v1; v1 = bxor(rol(v1, 13), v0); v0 = rol(v0, 32)
    v2 = v2 + v3; v3 = bxor(rol(v3, 16), v2)
    v0 = v0 + v3; v3 = bxor(rol(v3, 21), v0)
    v2 = v2 + v1; v1 = bxor(rol(v1, 17), v2); v2 = rol(v2, 32)
  end
  local padded = message .. ("\0"):rep(7 - #message % 8) .. string.char(#message % 256)
  for at = 1, #padded, 8 do
    local word = 0ULL
    for i = 7, 0, -1 do
      word = bor(lshift(word, 8), padded:byte(at + i))
    end
    v3 = bxor(v3, word)
    round() round()
    v0 = bxor(v0, word)
  end
  v2 = bxor(v2, 0xff)
  round() round() round() round()
  return bxor(v0, v1, v2, v3)
end

local key = ""
for i = 0, 15 do key = key .. string.char(i) end
print("siphash", tohex(siphash(key, "")), tohex(siphash(key, key:sub(1, 15))))
print("reference", siphash(key, key:sub(1, 15)) == 0xa129ca6149be45e5ULL)

-- MD5, whose sums leave 32 bits and are brought back by bit -----------------------

local shifts = { 7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21 }
local sines = {}
for i = 1, 64 do sines[i] = tobit(math.floor(math.abs(math.sin(i)) * 2^32)) end

local function md5(message)
  local bits = #message * 8
  message = message .. "\128" .. ("\0"):rep((55 - #message) % 64)
  for i = 0, 7 do message = message .. string.char(math.floor(bits / 256 ^ i) % 256) end
  local a0, b0, c0, d0 = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
  for block = 1, #message, 64 do
    local words = ffi.cast("const uint32_t *", ffi.cast("const char *", message) + (block - 1))
    local a, b, c, d = a0, b0, c0, d0
    for i = 0, 63 do
      local f, g
      if i < 16 then f, g = bor(band(b, c), band(bnot(b), d)), i
      elseif i < 32 then f, g = bor(band(d, b), band(bnot(d), c)), (5 * i + 1) % 16
      elseif i < 48 then f, g = bxor(b, c, d), (3 * i + 5) % 16
      else f, g = bxor(c, bor(b, bnot(d))), 7 * i % 16 end
      local shift = shifts[math.floor(i / 16) * 4 + i % 4 + 1]
      a, d, c, b = d, c, b, b + rol(tobit(a + f + sines[i + 1] + words[g]), shift)
    end
    a0, b0, c0, d0 = tobit(a0 + a), tobit(b0 + b), tobit(c0 + c), tobit(d0 + d)
  end
  return tohex(bswap(a0)) .. tohex(bswap(b0)) .. tohex(bswap(c0)) .. tohex(bswap(d0))
end

for _, text in ipairs({ "", "abc", ("1234567890"):rep(8) }) do print("md5", md5(text)) end

-- Corners of the 64-bit types -----------------------------------------------------

print("literals", 0x7fffffffffffffffLL, -0x8000000000000000LL, 18446744073709551615ULL, 12LL, 0xff)
print("arithmetic", 7LL / 2, -7LL / 2, -7LL % 3, 2LL ^ 10, -(5ULL), 5LL - 6ULL)
print("shifts", lshift(1LL, 63), arshift(-8LL, 1), rshift(-8LL, 60), ror(1ULL, 1), rol(1LL, 64), bswap(0x0102030405060708LL))
print("numbers", lshift(1, 31), rshift(-1, 28), arshift(-256, 4), bswap(0x01020304), bnot(0), tobit(0xffffffff), tobit(2^40 + 7))
print("mixed", band(-1LL, 0xff), bor(1ULL, -1LL), bxor(5, 3LL), bnot(0LL), tohex(-1LL, 4), tohex(255, -4))
print("compare", 5LL < 6, -1LL < 0ULL, 5LL == 5, 5 == 5ULL, -1LL ~= 1, 3ULL <= 3LL)
print("imaginary", 2i, 1.5i, (3i).im == 3)
