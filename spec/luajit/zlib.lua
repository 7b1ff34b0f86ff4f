-- Streams of zlib as classes: a metatype for z_stream, methods in its __index, one-shot functions beside them.
local ffi = require("ffi")
local bit = require("bit")

ffi.cdef[[
enum {
  Z_NO_FLUSH = 0, Z_SYNC_FLUSH = 2, Z_FINISH = 4,
  Z_OK = 0, Z_STREAM_END = 1, Z_BUF_ERROR = -5,
  Z_BEST_COMPRESSION = 9, Z_DEFLATED = 8, Z_DEFAULT_STRATEGY = 0
};

typedef void *(*alloc_func)(void *opaque, unsigned items, unsigned size);
typedef void (*free_func)(void *opaque, void *address);

typedef struct z_stream_s {
  const unsigned char *next_in;
  unsigned avail_in;
  unsigned long total_in;
  unsigned char *next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char *msg;
  struct internal_state *state;
  alloc_func zalloc;
  free_func zfree;
  void *opaque;
  int data_type;
  unsigned long adler;
  unsigned long reserved;
} z_stream;

const char *zlibVersion(void);
const char *zError(int code);
int deflateInit2_(z_stream *strm, int level, int method, int windowBits, int memLevel, int strategy, const char *version, int stream_size);
int deflate(z_stream *strm, int flush);
int deflateEnd(z_stream *strm);
int inflateInit2_(z_stream *strm, int windowBits, const char *version, int stream_size);
int inflate(z_stream *strm, int flush);
int inflateEnd(z_stream *strm);
unsigned long compressBound(unsigned long sourceLen);
int compress2(uint8_t *dest, unsigned long *destLen, const uint8_t *source, unsigned long sourceLen, int level);
int uncompress(uint8_t *dest, unsigned long *destLen, const uint8_t *source, unsigned long sourceLen);
unsigned long crc32(unsigned long crc, const unsigned char *buf, unsigned len);
unsigned long adler32(unsigned long adler, const unsigned char *buf, unsigned len);
]]

local z = ffi.load("z")
local CHUNK = 256

-- The class -------------------------------------------------------------------

local live = 0

local function check(code)
  if code < 0 and code ~= z.Z_BUF_ERROR then
    error("zlib: " .. ffi.string(z.zError(code)), 3)
  end
  return code
end

local Stream = {}

-- Runs `step` over the input until it makes no more output.
function Stream:drain(step, input, flush)
  local out = ffi.new("unsigned char[?]", CHUNK)
  local pieces = {}
  self.next_in = ffi.cast("const unsigned char *", input)
  self.avail_in = #input
  local code
  repeat
    self.next_out = out
    self.avail_out = CHUNK
    code = check(step(self, flush))
    local made = CHUNK - self.avail_out
    if made > 0 then
      pieces[#pieces + 1] = ffi.string(out, made)
    end
  until self.avail_out > 0 or code == z.Z_STREAM_END
  return table.concat(pieces), code == z.Z_STREAM_END
end

function Stream:deflate(input, finish)
  return self:drain(z.deflate, input, finish and z.Z_FINISH or z.Z_NO_FLUSH)
end

function Stream:inflate(input)
  return self:drain(z.inflate, input, z.Z_NO_FLUSH)
end

function Stream:totals()
  return tonumber(self.total_in), tonumber(self.total_out)
end

local z_stream = ffi.metatype("z_stream", {
  __index = Stream,
  __tostring = function(self)
    return string.format("z_stream(%d in, %d out)", self:totals())
  end,
})

local function new_stream(init, finish, ...)
  local stream = z_stream()
  local args = {...}
  args[#args + 1] = z.zlibVersion()
  args[#args + 1] = ffi.sizeof(z_stream)
  check(init(stream, unpack(args)))
  live = live + 1
  return ffi.gc(stream, function(s)
    live = live - 1
    finish(s)
  end)
end

local function deflater(level, window)
  return new_stream(z.deflateInit2_, z.deflateEnd, level or -1, z.Z_DEFLATED, window or 15, 8, z.Z_DEFAULT_STRATEGY)
end

local function inflater(window)
  return new_stream(z.inflateInit2_, z.inflateEnd, window or 15)
end

-- Streams ---------------------------------------------------------------------

local words = { "lock", "valve", "hatch", "seal", "pressure", "suit", "crew" }
local parts = {}
for i = 1, 600 do
  parts[i] = words[i * 7 % #words + 1] .. " " .. i % 13
end
local text = table.concat(parts, ",")

local packer = deflater(z.Z_BEST_COMPRESSION)
local packed = {}
for at = 1, #text, 1000 do
  packed[#packed + 1] = packer:deflate(text:sub(at, at + 999), at + 1000 > #text)
end
packed = table.concat(packed)
print("smaller", #packed < #text / 4, tostring(packer) == string.format("z_stream(%d in, %d out)", #text, #packed))

local unpacker = inflater()
local unpacked, at, is_done = {}, 1, false
while not is_done do
  unpacked[#unpacked + 1], is_done = unpacker:inflate(packed:sub(at, at + 99))
  at = at + 100
end
print("round trip", table.concat(unpacked) == text, is_done, select(2, unpacker:totals()) == #text)
print("adler", unpacker.adler == z.adler32(1, ffi.cast("const unsigned char *", text), #text))

-- gzip's header and trailer, read with bit and a cast.
local gzip = deflater(6, 15 + 16):deflate(text, true)
local trailer = ffi.cast("const uint32_t *", ffi.cast("const char *", gzip) + #gzip - 8)
print("gzip", bit.tohex(gzip:byte(1) * 256 + gzip:byte(2), 4), trailer[1] == #text)
print("crc", bit.tohex(trailer[0]), bit.tohex(tonumber(z.crc32(0, ffi.cast("const unsigned char *", text), #text))))

-- One shot --------------------------------------------------------------------

local function compress(data, level)
  local size = ffi.new("unsigned long[1]", z.compressBound(#data))
  local buffer = ffi.new("uint8_t[?]", size[0])
  check(z.compress2(buffer, size, data, #data, level or 6))
  return ffi.string(buffer, size[0])
end

local function uncompress(data, length)
  local size = ffi.new("unsigned long[1]", length)
  local buffer = ffi.new("uint8_t[?]", length)
  check(z.uncompress(buffer, size, data, #data))
  return ffi.string(buffer, size[0])
end

for level = 0, 9, 3 do
  local small = compress(text, level)
  print("level", level, uncompress(small, #text) == text, small:byte(1) == 0x78)
end
local ok, message = pcall(uncompress, "not zlib", 100)
print(ok, (message:gsub("^.-:%d+: ", "")))
ok, message = pcall(function()
  return inflater():inflate("garbage in")
end)
print(ok, (message:gsub("^.-:%d+: ", "")))

-- Every stream is ended when it is collected.
packer, unpacker = nil, nil
collectgarbage()
collectgarbage()
print("live streams", live)
