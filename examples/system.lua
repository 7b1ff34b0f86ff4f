-- Structs that the C library fills: uname, getpwuid, stat.
-- Usage: lua5.4 examples/system.lua [file]      (default: /etc/passwd)
local ffi = require "ffi"

ffi.cdef [[
struct utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
int uname(struct utsname *name);

typedef unsigned int uid_t;
struct passwd { char *pw_name, *pw_passwd; uid_t pw_uid, pw_gid; char *pw_gecos, *pw_dir, *pw_shell; };
struct passwd *getpwuid(uid_t uid);

struct timespec { long tv_sec, tv_nsec; };
struct stat {
  unsigned long st_dev, st_ino, st_nlink;
  unsigned int st_mode, st_uid, st_gid, __pad0;
  unsigned long st_rdev;
  long st_size, st_blksize, st_blocks;
  struct timespec st_atim, st_mtim, st_ctim;
  long __reserved[3];
};
int stat(const char *path, struct stat *status);
char *strerror(int number);
]]

local function file_status(path)
  local status = ffi.new "struct stat"
  if ffi.C.stat(path, status) ~= 0 then
    return nil, path .. ": " .. ffi.string(ffi.C.strerror(ffi.errno()))
  end
  return status
end

local name = ffi.new "struct utsname"
assert(ffi.C.uname(name) == 0)
print(("%s on %s"):format(ffi.string(name.sysname), ffi.string(name.machine)))

local user = ffi.C.getpwuid(0)
if user == nil then
  print "nobody has user number 0"
else
  print(("user %d is %s, at home in %s"):format(user.pw_uid, ffi.string(user.pw_name), ffi.string(user.pw_dir)))
end

local path = arg and arg[1] or "/etc/passwd"
local status = assert(file_status(path))
print(("%s: %d bytes, mode %o, changed at %d"):format(path, status.st_size, status.st_mode & 0xfff, status.st_mtim.tv_sec))

print(select(2, file_status "/no/such/file"))
