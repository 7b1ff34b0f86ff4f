-- zlib with memory that Lua gives it: each block is counted, and a limit makes zlib run out of memory.
-- Usage: lua5.4 examples/zlib_allocator.lua
local ffi = require "ffi"

ffi.cdef [[
typedef struct z_stream {
  const uint8_t *next_in; unsigned avail_in; unsigned long total_in;
  uint8_t *next_out; unsigned avail_out; unsigned long total_out;
  const char *msg; struct internal_state *state;
  void *(*zalloc)(void *opaque, unsigned count, unsigned size);
  void (*zfree)(void *opaque, void *block);
  void *opaque;
  int data_type; unsigned long adler; unsigned long reserved;
} z_stream;
enum { Z_OK = 0, Z_STREAM_END = 1, Z_MEM_ERROR = -4, Z_FINISH = 4 };
const char *zlibVersion(void);
int deflateInit_(z_stream *stream, int level, const char *version, int size);
int deflate(z_stream *stream, int flush);
int deflateEnd(z_stream *stream);
int inflateInit_(z_stream *stream, const char *version, int size);
int inflate(z_stream *stream, int flush);
int inflateEnd(z_stream *stream);
void *malloc(size_t size);
void free(void *block);
]]

local z = ffi.load "z"

-- The blocks that zlib has, by address, and how many bytes they are.
local Pool = {}
Pool.__index = Pool

function Pool.new(limit)
  local pool = setmetatable({ limit = limit, nbytes = 0, largest = 0, nblocks = 0, sizes = {} }, Pool)
  -- The functions refer to the pool, and the pool to the callbacks: they go together when nobody has the pool any more.
  pool.alloc = ffi.callback("void *(*)(void *, unsigned, unsigned)", function(_, count, size) return pool:give(count * size) end)
  pool.free = ffi.callback("void (*)(void *, void *)", function(_, block) pool:take(block) end)
  return pool
end

function Pool:give(nbytes)
  if self.nbytes + nbytes > self.limit then return nil end -- NULL
  local block = ffi.C.malloc(nbytes)
  self.sizes[tostring(block)] = nbytes
  self.nbytes, self.nblocks = self.nbytes + nbytes, self.nblocks + 1
  self.largest = math.max(self.largest, self.nbytes)
  return block
end

function Pool:take(block)
  local key = tostring(block)
  self.nbytes, self.nblocks, self.sizes[key] = self.nbytes - self.sizes[key], self.nblocks - 1, nil
  ffi.C.free(block)
end

local function run(pool, init, step, finish, text, room)
  local stream, buffer = ffi.new "z_stream", ffi.new("uint8_t[?]", room)
  stream.zalloc, stream.zfree = pool.alloc, pool.free
  local status = init(stream)
  if status ~= z.Z_OK then return nil, status end
  local blocks = pool.nblocks
  stream.next_in, stream.avail_in = ffi.cast("const uint8_t *", text), #text
  stream.next_out, stream.avail_out = buffer, room
  assert(step(stream, z.Z_FINISH) == z.Z_STREAM_END)
  local result = ffi.string(buffer, stream.total_out)
  finish(stream)
  return result, blocks
end

local function deflate(pool, text)
  return run(pool, function(stream) return z.deflateInit_(stream, 9, z.zlibVersion(), ffi.sizeof(stream)) end, z.deflate, z.deflateEnd,
    text, #text + 1000)
end
local function inflate(pool, text, room)
  return run(pool, function(stream) return z.inflateInit_(stream, z.zlibVersion(), ffi.sizeof(stream)) end, z.inflate, z.inflateEnd,
    text, room)
end

local text = ("the quick brown fox jumps over the lazy dog, again and again; "):rep(1000)
local pool = Pool.new(1 << 20)
local packed, blocks = deflate(pool, text)
print("deflate", #packed < #text, blocks > 0, pool.largest > 200000)
local unpacked
unpacked, blocks = inflate(pool, packed, #text)
print("inflate", unpacked == text, blocks > 0)
print("left", pool.nblocks, pool.nbytes, next(pool.sizes))

local small = Pool.new(1000)
local nothing, status = deflate(small, text)
print("limited", nothing, status == z.Z_MEM_ERROR, small.nbytes)

pool, small = nil, nil -- luacheck: ignore
collectgarbage()
print("callbacks left", (ffi.callbacks()))
