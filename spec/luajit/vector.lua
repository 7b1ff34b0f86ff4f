-- Vectors and matrices as metatypes: operators, methods, a constructor, iteration; a field wins over a method of its name.
local ffi = require("ffi")
local sqrt, format = math.sqrt, string.format

ffi.cdef[[
typedef struct { double x, y, z; } vec3;
typedef struct { float m[4][4]; } mat4;
typedef struct { vec3 min, max; } box3;
typedef struct { int size, capacity; vec3 *items; } vec3_list;
void *malloc(size_t);
void *realloc(void *, size_t);
void free(void *);
]]

local vec3, mat4, box3, vec3_list

-- Vectors -----------------------------------------------------------------------

local methods = {}

function methods.dot(a, b) return a.x * b.x + a.y * b.y + a.z * b.z end
function methods.length(a) return sqrt(a:dot(a)) end
function methods.cross(a, b)
  return vec3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
end
function methods.normalise(a) return a / a:length() end
function methods.copy(a) return vec3(a) end
function methods.unpack(a) return a.x, a.y, a.z end
function methods.x() error("the field wins") end

local vec3_mt = {
  __index = methods,
  __add = function(a, b) return vec3(a.x + b.x, a.y + b.y, a.z + b.z) end,
  __sub = function(a, b) return vec3(a.x - b.x, a.y - b.y, a.z - b.z) end,
  __mul = function(a, b)
    if type(a) == "number" then return vec3(a * b.x, a * b.y, a * b.z) end
    if type(b) == "number" then return vec3(a.x * b, a.y * b, a.z * b) end
    return vec3(a.x * b.x, a.y * b.y, a.z * b.z)
  end,
  __div = function(a, b) return vec3(a.x / b, a.y / b, a.z / b) end,
  __mod = function(a, b) return a:cross(b) end,
  __pow = function(a, n)
    local r = a
    for _ = 2, n do r = r * a end
    return r
  end,
  __unm = function(a) return vec3(-a.x, -a.y, -a.z) end,
  __eq = function(a, b)
    return ffi.istype(vec3, a) and ffi.istype(vec3, b) and a.x == b.x and a.y == b.y and a.z == b.z
  end,
  __lt = function(a, b) return a:length() < b:length() end,
  __le = function(a, b) return a:length() <= b:length() end,
  __len = function() return 3 end,
  __concat = function(a, b) return tostring(a) .. tostring(b) end,
  __call = function(a, i) return i == 1 and a.x or i == 2 and a.y or a.z end,
  __tostring = function(a) return format("(%g, %g, %g)", a.x, a.y, a.z) end,
}
vec3 = ffi.metatype("vec3", vec3_mt)

local a, b = vec3(1, 2, 3), vec3 { x = 4, y = -5, z = 6 }
print("operators", a + b, a - b, a * b, 2 * a, b * 0.5, b / 4, -a, a % b, a ^ 3)
print("methods", format("%g %g", a:dot(b), a:length()), a:cross(b), format("%.6f", b:normalise():length()))
print("order", a < b, a <= b, a > b, a == vec3(1, 2, 3), a ~= b, a == a:copy(), a == 1)
print("others", #a, a .. b, a .. "!", format("%g %g", a(1), a(3)), format("%g", select(2, a:unpack())))
print("field", format("%g", a.x), pcall(function() return a.nothing.more end) == false)
print("types", ffi.istype(vec3, a), ffi.istype("vec3 *", a), type(a), type(vec3), tostring(vec3):match("^ctype<") ~= nil)

-- A metatype is for good, but its tables are alive.
print("twice", pcall(ffi.metatype, "vec3", {}) == false)
function methods.sum(v) return v.x + v.y + v.z end
print("later", format("%g", a:sum()))

-- Matrices ------------------------------------------------------------------------

mat4 = ffi.metatype("mat4", {
  __new = function(ct, scale)
    local self = ffi.new(ct)
    for i = 0, 3 do self.m[i][i] = scale or 1 end
    return self
  end,
  __index = {
    translation = function(v)
      local self = mat4()
      self.m[0][3], self.m[1][3], self.m[2][3] = v.x, v.y, v.z
      return self
    end,
    apply = function(self, v)
      local m = self.m
      local out = ffi.new("double[3]")
      for i = 0, 2 do
        out[i] = m[i][0] * v.x + m[i][1] * v.y + m[i][2] * v.z + m[i][3]
      end
      return vec3(out[0], out[1], out[2])
    end,
  },
  __mul = function(p, q)
    local r = mat4(0)
    for i = 0, 3 do
      for j = 0, 3 do
        local sum = 0
        for k = 0, 3 do sum = sum + p.m[i][k] * q.m[k][j] end
        r.m[i][j] = sum
      end
    end
    return r
  end,
})

local move = mat4().translation(vec3(10, 20, 30))
local grow = mat4(2)
grow.m[3][3] = 1
print("matrices", move:apply(a), grow:apply(a), (move * grow):apply(a), (grow * move):apply(a))
print("new", ffi.sizeof(mat4), format("%g %g", mat4(7).m[3][3], ffi.new("mat4").m[2][2]))

-- Nested structures, by pointers into them -------------------------------------------

box3 = ffi.metatype("box3", {
  __index = {
    extend = function(self, v)
      for _, axis in ipairs { "x", "y", "z" } do
        if v[axis] < self.min[axis] then self.min[axis] = v[axis] end
        if v[axis] > self.max[axis] then self.max[axis] = v[axis] end
      end
      return self
    end,
    centre = function(self) return (self.min + self.max) / 2 end,
  },
  __tostring = function(self) return "[" .. tostring(self.min) .. " " .. tostring(self.max) .. "]" end,
})

local box = box3({ 1, 1, 1 }, { 1, 1, 1 })
print("box", box:extend(a):extend(b), box:centre(), box.min == vec3(1, -5, 1))
local first = ffi.cast("vec3 *", box)
print("pointers", first[1], first[0]:length() > 5, format("%g", (first + 1):dot(first)), first[1] == box.max)

-- A list that grows in C memory --------------------------------------------------------

local freed = 0
vec3_list = ffi.metatype("vec3_list", {
  __index = {
    push = function(self, ...)
      if self.size == self.capacity then
        self.capacity = self.capacity == 0 and 2 or self.capacity * 2
        self.items = ffi.cast("vec3 *", ffi.C.realloc(self.items, ffi.sizeof(vec3) * self.capacity))
      end
      self.items[self.size] = vec3(...)
      self.size = self.size + 1
      return self
    end,
    each = function(self)
      local i = -1
      return function()
        i = i + 1
        if i < self.size then return i, self.items[i] end
      end
    end,
  },
  __len = function(self) return self.size end,
  __gc = function(self)
    freed = freed + 1
    ffi.C.free(self.items)
  end,
})

do
  local list = vec3_list()
  for i = 1, 5 do list:push(i, i * i, -i) end
  local sum = vec3()
  for i, v in list:each() do sum = sum + v * (i + 1) end
  print("list", #list, list.capacity, sum, list.items[4])
end
collectgarbage()
collectgarbage()
print("freed", freed)

-- An array of structures, as particles move --------------------------------------------

local particles = ffi.new("struct { vec3 p, v; }[?]", 100)
for i = 0, 99 do
  particles[i].v.x, particles[i].v.y = i / 100, 1 - i / 100
end
for _ = 1, 50 do
  for i = 0, 99 do
    local it = particles[i]
    it.p = it.p + it.v * 0.1
    it.v.y = it.v.y - 0.01
  end
end
print("particles", format("%.6f %.6f %.6f", particles[99].p:unpack()), format("%.6f", particles[40].p:length()))
