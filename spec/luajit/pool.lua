-- A pool of objects in C memory: blocks from malloc under ffi.gc, a free list through the objects, buffers that return by finaliser.
local ffi = require("ffi")
local C = ffi.C

ffi.cdef[[
void *malloc(size_t);
void *calloc(size_t, size_t);
void free(void *);
void *memset(void *, int, size_t);
int memcmp(const void *, const void *, size_t);

typedef struct node {
  struct node *next;
  int id;
  double weight;
  char name[16];
} node;

typedef struct { uint8_t *data; size_t size; uint32_t uses; } buffer;
]]

-- The pool ------------------------------------------------------------------------

local Pool = {}
Pool.__index = Pool

local log = {}
local function note(...)
  log[#log + 1] = string.format(...)
end

local function new_pool(ct, per_block)
  local self = setmetatable({}, Pool)
  self.ct = ffi.typeof("$ *", ct)
  self.size = ffi.sizeof(ct)
  self.per_block = per_block
  self.blocks = {}
  self.free = nil
  self.taken = 0
  return self
end

function Pool:grow()
  local bytes = self.size * self.per_block
  local block = C.malloc(bytes)
  if block == nil then error("out of memory") end
  local number = #self.blocks + 1
  self.blocks[number] = ffi.gc(block, function(p)
    note("block %d", number)
    C.free(p)
  end)
  C.memset(block, 0, bytes)
  local items = ffi.cast(self.ct, block)
  for i = self.per_block - 1, 0, -1 do
    items[i].next = self.free
    self.free = items + i
  end
end

function Pool:take(id)
  if self.free == nil then self:grow() end
  local item = self.free
  self.free = item.next
  item.next = nil
  item.id = id
  self.taken = self.taken + 1
  return item
end

function Pool:give(item)
  item.next = self.free
  self.free = item
  self.taken = self.taken - 1
end

function Pool:close()
  for i, block in ipairs(self.blocks) do
    ffi.gc(block, nil)
    C.free(block)
    self.blocks[i] = nil
  end
  self.free = nil
end

local pool = new_pool(ffi.typeof("node"), 8)
local items = {}
for i = 1, 20 do
  local item = pool:take(i)
  item.weight = i / 4
  ffi.copy(item.name, "node " .. i)
  items[i] = item
end
print("taken", pool.taken, #pool.blocks, ffi.string(items[20].name), string.format("%.2f", items[9].weight))
print("neighbours", items[2] - items[1], items[1] < items[2], items[8] == items[1] + 7, items[1].next == nil)

for i = 20, 1, -2 do
  pool:give(items[i])
  items[i] = nil
end
local again = {}
for i = 1, 10 do again[i] = pool:take(100 + i) end
print("reused", pool.taken, #pool.blocks, ffi.string(again[1].name), again[1].id, again[10].id)
for i = 1, 10 do pool:give(again[i]) end
for i = 1, 19, 2 do pool:give(items[i]) end
print("given back", pool.taken, pool.free ~= nil)

local length, at = 0, pool.free
while at ~= nil do
  length, at = length + 1, at.next
end
print("free list", length)

-- Closing takes the finalisers away; a pool that is only dropped has them run.
pool:close()
do
  local dropped = new_pool(ffi.typeof("node"), 2)
  for i = 1, 5 do dropped:take(i) end
  print("dropped", #dropped.blocks)
end
items, again, at = nil, nil, nil
collectgarbage()
collectgarbage()
table.sort(log)
print("log", #log, unpack(log))

-- Buffers -------------------------------------------------------------------------

local idle, made, lost = {}, 0, 0
local recycle

local function buffer_of(size)
  local raw = table.remove(idle)
  if not raw then
    made = made + 1
    raw = ffi.gc(ffi.cast("buffer *", C.calloc(1, ffi.sizeof("buffer"))), function(b)
      lost = lost + 1
      C.free(b.data)
      C.free(b)
    end)
  end
  if raw.size < size then
    C.free(raw.data)
    raw.data, raw.size = C.calloc(size, 1), size
  end
  raw.uses = raw.uses + 1
  return raw
end

function recycle(raw)
  idle[#idle + 1] = raw
end

for round = 1, 10 do
  local one, two = buffer_of(round * 10), buffer_of(64)
  one.data[round] = round
  two.data[0] = one.data[round] * 25
  if round == 10 then
    print("buffers", one.data[10], two.data[0], tonumber(one.size) >= 100, one.uses + two.uses)
    print("compared", C.memcmp(one.data, two.data, 1) ~= 0, C.memcmp(one.data, one.data, one.size))
  end
  recycle(one)
  recycle(two)
end
print("made", made, lost, #idle)
idle = {}
collectgarbage()
collectgarbage()
print("lost", made, lost)

-- Finalisers one by one ---------------------------------------------------------------

local order = {}
local function finaliser(name)
  return function() order[#order + 1] = name end
end
do
  local p = ffi.gc(ffi.new("int[1]"), finaliser("first"))
  ffi.gc(p, finaliser("second"))
  local q = ffi.gc(ffi.new("int[1]"), finaliser("never"))
  ffi.gc(q, nil)
  p, q = nil, nil
end
collectgarbage()
collectgarbage()
print("order", #order, order[1])

-- An object comes back to life once, in its finaliser.
local saved
do
  local p = ffi.gc(ffi.new("node", { id = 77 }), function(object) saved = object end)
  p.weight = 0.5
end
collectgarbage()
collectgarbage()
print("saved", saved ~= nil and saved.id, saved ~= nil and string.format("%.1f", saved.weight))
saved = nil
collectgarbage()
print("gone", saved)

-- The same finaliser may be a C function.
local owned = ffi.gc(C.malloc(100), C.free)
ffi.fill(owned, 100, 0x55)
print("owned", ffi.cast("uint8_t *", owned)[99], tostring(owned):match("^cdata<void %*>: 0x") ~= nil)
owned = nil
collectgarbage()

-- With a name of its own, a proxy does what 5.1's programs did with newproxy.
local proxy = newproxy(true)
getmetatable(proxy).__gc = function() order[#order + 1] = "proxy" end
getmetatable(proxy).__index = { answer = 42 }
getmetatable(proxy).__len = function() return 3 end
print("proxy", type(proxy), proxy.answer, #proxy)
proxy = nil
collectgarbage()
collectgarbage()
print("proxy gone", order[2])
