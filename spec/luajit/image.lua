-- An RGBA image in C memory: a packed file header, loops over pixels, colours taken apart with bit.
local ffi = require("ffi")
local bit = require("bit")
local band, bor, lshift, rshift, bxor = bit.band, bit.bor, bit.lshift, bit.rshift, bit.bxor

ffi.cdef[[
typedef struct { uint8_t r, g, b, a; } rgba;

typedef struct __attribute__((packed)) {
  char magic[2];
  uint32_t file_size;
  uint16_t reserved[2];
  uint32_t offset;
} bmp_file_header;

typedef struct __attribute__((packed)) {
  uint32_t size;
  int32_t width, height;
  uint16_t planes, bits;
  uint32_t compression, image_size;
  int32_t x_ppm, y_ppm;
  uint32_t colours, important;
} bmp_info_header;

#pragma pack(push, 1)
typedef struct {
  bmp_file_header file;
  bmp_info_header info;
} bmp_header;
#pragma pack(pop)

typedef union { rgba c; uint32_t word; uint8_t bytes[4]; } pixel;

typedef struct {
  int width, height;
  rgba *pixels;
} view;
]]

print("sizes", ffi.sizeof("bmp_file_header"), ffi.sizeof("bmp_info_header"), ffi.sizeof("bmp_header"), ffi.alignof("bmp_header"))
print("offsets", ffi.offsetof("bmp_header", "info"), ffi.offsetof("bmp_file_header", "offset"))

-- The image -------------------------------------------------------------------

local Image = {}
Image.__index = Image

local function new_image(width, height)
  local self = setmetatable({}, Image)
  self.width, self.height = width, height
  self.size = width * height
  self.pixels = ffi.new("rgba[?]", self.size)
  return self
end

function Image:at(x, y)
  return self.pixels[y * self.width + x]
end

function Image:ramp()
  for y = 0, self.height - 1 do
    for x = 0, self.width - 1 do
      local p = self:at(x, y)
      p.r = x * 4
      p.g = y * 4
      p.b = bxor(x, y)
      p.a = 255
    end
  end
  return self
end

function Image:to_grey()
  for i = 0, self.size - 1 do
    local p = self.pixels[i]
    local y = 0.3 * p.r + 0.59 * p.g + 0.11 * p.b
    p.r, p.g, p.b = y, y, y
  end
  return self
end

function Image:invert()
  local words = ffi.cast("uint32_t *", self.pixels)
  for i = 0, self.size - 1 do
    words[i] = bxor(words[i], 0x00ffffff)
  end
  return self
end

-- Half of each, as games do it: without the low bits, shifted.
function Image:blend(other)
  local a = ffi.cast("uint32_t *", self.pixels)
  local b = ffi.cast("uint32_t *", other.pixels)
  for i = 0, self.size - 1 do
    a[i] = band(rshift(a[i], 1), 0x7f7f7f7f) + band(rshift(b[i], 1), 0x7f7f7f7f)
  end
  return self
end

function Image:flip()
  local row = ffi.new("rgba[?]", self.width)
  local bytes = ffi.sizeof("rgba") * self.width
  for y = 0, self.height / 2 - 1 do
    local top = self.pixels + y * self.width
    local bottom = self.pixels + (self.height - 1 - y) * self.width
    ffi.copy(row, top, bytes)
    ffi.copy(top, bottom, bytes)
    ffi.copy(bottom, row, bytes)
  end
  return self
end

-- Sums of 32-bit numbers, wrapped round by tobit.
function Image:checksum()
  local words = ffi.cast("int32_t *", self.pixels)
  local a, b = 1, 0
  for i = 0, self.size - 1 do
    a = bit.tobit(bit.rol(a, 5) + words[i])
    b = bxor(b, a + i)
  end
  return bit.tohex(a) .. bit.tohex(b)
end

function Image:histogram()
  local counts = ffi.new("int[8]")
  for i = 0, self.size - 1 do
    local bucket = rshift(self.pixels[i].r, 5)
    counts[bucket] = counts[bucket] + 1
  end
  local out = {}
  for i = 0, 7 do
    out[#out + 1] = string.format("%d", counts[i])
  end
  return table.concat(out, " ")
end

function Image:to_bmp()
  local header = ffi.new("bmp_header")
  ffi.copy(header.file.magic, "BM", 2)
  header.file.offset = ffi.sizeof(header)
  header.file.file_size = ffi.sizeof(header) + self.size * 4
  header.info = { size = 40, width = self.width, height = -self.height, planes = 1, bits = 32, image_size = self.size * 4 }
  return ffi.string(header, ffi.sizeof(header)) .. ffi.string(self.pixels, self.size * 4)
end

local function from_bmp(data)
  local header = ffi.cast("const bmp_header *", data)
  assert(ffi.string(header.file.magic, 2) == "BM", "no bitmap")
  local image = new_image(header.info.width, math.abs(header.info.height))
  ffi.copy(image.pixels, ffi.cast("const char *", data) + header.file.offset, image.size * 4)
  return image
end

-- What it makes ---------------------------------------------------------------

local image = new_image(64, 48):ramp()
print("ramp", image:checksum(), image:histogram())
print("pixel", image:at(63, 47).r, image:at(63, 47).g, image:at(63, 47).b, image:at(63, 47).a)
print("invert", image:invert():checksum())
print("flip", image:flip():checksum())
print("blend", image:blend(new_image(64, 48):ramp()):checksum())
print("grey", image:to_grey():checksum(), image:histogram())

local bmp = image:to_bmp()
print("bmp", #bmp, bit.tohex(ffi.cast("const uint32_t *", bmp)[0]), from_bmp(bmp):checksum() == image:checksum())
print(pcall(from_bmp, ("x"):rep(60)) == false, (select(2, pcall(from_bmp, ("x"):rep(60))):gsub("^.-:%d+: ", "")))

-- One pixel seen three ways.
local p = ffi.new("pixel", {{ 0x11, 0x22, 0x33, 0x44 }})
print("word", bit.tohex(p.word), bit.tohex(bit.bswap(p.word)), p.bytes[2])
p.word = bor(lshift(0xff, 24), lshift(1, 16), lshift(2, 8), 3)
print("fields", p.c.r, p.c.g, p.c.b, p.c.a, p.word == 0xff010203)

-- A view shares the pixels; writing through it shows in the image.
local view = ffi.new("view", 64, 48, image.pixels)
view.pixels[5].g = 300
print("view", image.pixels[5].g, view.pixels[5] == image.pixels[5], view.pixels == ffi.cast("rgba *", image.pixels))
