-- Walks a directory with nftw of the C library, which calls a Lua function for each file.
-- Usage: lua5.4 examples/walk.lua [directory]      (default: the directory of this script)
local ffi = require "ffi"

ffi.cdef [[
struct stat; // not looked into here
struct FTW { int base; int level; };
enum { FTW_F, FTW_D, FTW_DNR, FTW_NS, FTW_SL };
enum { FTW_PHYS = 1, FTW_DEPTH = 8 };
int nftw(const char *directory, int (*visit)(const char *path, const struct stat *status, int type, struct FTW *place), int nopen,
         int flags);
char *strerror(int number);
]]

local C = ffi.C

local function walk(directory, visit)
  local callback <close> = ffi.callback("int (*)(const char *, const struct stat *, int, struct FTW *)",
    function(path, _, type, place)
      path = ffi.string(path)
      return visit(path, type, path:sub(place.base + 1), place.level) or 0
    end)
  local result = C.nftw(directory, callback, 16, C.FTW_PHYS)
  if result == -1 then error(("%s: %s"):format(directory, ffi.string(C.strerror(ffi.errno()))), 0) end
  return result
end

local root = arg and (arg[1] or arg[0]:match "^(.*)/") or "."
local nfiles, ndirectories, nlinks, deepest = 0, 0, 0, 0
walk(root, function(_, type, _, level)
  if type == C.FTW_F then nfiles = nfiles + 1
  elseif type == C.FTW_D then ndirectories = ndirectories + 1
  elseif type == C.FTW_SL then nlinks = nlinks + 1 end
  deepest = math.max(deepest, level)
end)
print(("%d files, %d directories, %d links, %d levels"):format(nfiles, ndirectories, nlinks, deepest))

-- What the function returns ends the walk unless it is 0; what it finds, Lua has.
local found
local result = walk(root, function(path, type, name)
  if type == C.FTW_F and name:find "%.lua$" then
    found = path
    return 42
  end
end)
print(result, found ~= nil and found:sub(1, #root) == root)

print(pcall(walk, "/no/such/directory", print))
