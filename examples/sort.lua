-- qsort and bsearch of the C library with Lua functions as comparators.
-- Usage: lua5.4 examples/sort.lua
local ffi = require "ffi"

ffi.cdef [[
typedef struct city { const char *name; double latitude; int people; } city;
void qsort(void *base, size_t count, size_t size, int (*compare)(const city *, const city *));
void *bsearch(const void *key, const void *base, size_t count, size_t size, int (*compare)(const city *, const city *));
]]

local names = { "Reykjavik", "Nairobi", "Quito", "Oslo", "Hobart", "Kyoto" } -- C keeps addresses, this table the strings
local cities = ffi.new("city[6]", {
  { names[1], 64.15, 139000 }, { names[2], -1.29, 4397000 }, { names[3], -0.18, 1977000 },
  { names[4], 59.91, 709000 }, { names[5], -42.88, 197000 }, { names[6], 35.01, 1464000 },
})
local count, size = 6, ffi.sizeof "city"

-- The function becomes a callback where C wants a function pointer, once, and stays one: fine for a function that is written once.
local function north_to_south(a, b)
  return a.latitude > b.latitude and -1 or a.latitude < b.latitude and 1 or 0
end
ffi.C.qsort(cities, count, size, north_to_south)
for i = 0, count - 1 do print(("%-10s %7.2f"):format(ffi.string(cities[i].name), cities[i].latitude)) end

-- Functions that are made again and again belong into ffi.callback, which frees them with the block.
local function sort_by(key)
  local compare <close> = ffi.callback("int (*)(const city *, const city *)", function(a, b)
    return a[key] - b[key]
  end)
  ffi.C.qsort(cities, count, size, compare)
  return function(value)
    local wanted = ffi.new "city"
    wanted[key] = value
    local search <close> = ffi.callback("int (*)(const city *, const city *)", function(a, b) return a[key] - b[key] end)
    return ffi.cast("city *", ffi.C.bsearch(wanted, cities, count, size, search))
  end
end

local find = sort_by "people"
print("smallest", ffi.string(cities[0].name))
print("with 1464000", ffi.string(find(1464000).name))
print("with 1464001", find(1464001)) -- NULL reads as nil

-- An error passes C, which has no idea of it: the call of qsort raises it.
ffi.onerror(function() end) -- it is raised; that will do: nothing on the standard error output
print(pcall(ffi.C.qsort, cities, count, size, function() error("cannot compare", 0) end))
