-- A layer over system calls: declarations with names of their own by asm, errors as (nil, message, errno), structures filled by the kernel.
local ffi = require("ffi")
local bit = require("bit")
local C = ffi.C

ffi.cdef[[
typedef long ssize_t_;
int sys_open(const char *path, int flags, ...) asm("open");
int sys_close(int fd) asm("close");
ssize_t_ sys_read(int fd, void *buf, size_t count) __asm__("read");
ssize_t_ sys_write(int fd, const void *buf, size_t count) __asm__("write");
long sys_lseek(int fd, long offset, int whence) asm("lseek");
int sys_pipe(int fds[2]) asm("pipe");
int sys_unlink(const char *path) asm("unlink");
int sys_ftruncate(int fd, long length) asm("ftruncate");
int getpid(void);
int getppid(void);
char *strerror(int errnum);
char *getcwd(char *buf, size_t size);
int setenv(const char *name, const char *value, int overwrite);
char *getenv(const char *name);
int fcntl(int fd, int cmd, ...);

struct pollfd { int fd; short events, revents; };
int poll(struct pollfd *fds, unsigned long nfds, int timeout);

struct iovec { void *iov_base; size_t iov_len; };
ssize_t_ writev(int fd, const struct iovec *iov, int iovcnt);

struct utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65]; };
int uname(struct utsname *buf);

struct timespec { long tv_sec; long tv_nsec; };
int clock_gettime(int clock, struct timespec *ts);
]]

local O = { RDONLY = 0, WRONLY = 1, RDWR = 2, CREAT = 0x40, EXCL = 0x80, TRUNC = 0x200, NONBLOCK = 0x800 }
local E = { ENOENT = 2, EBADF = 9, EAGAIN = 11, EEXIST = 17 }
local POLLIN, POLLHUP = 0x01, 0x10

local names = {}
for name, number in pairs(E) do
  names[number] = name
end

-- The convention of all wrappers.
local function result(value)
  if value == -1 then
    local errno = ffi.errno()
    return nil, ffi.string(C.strerror(errno)), errno
  end
  return value
end

local function show_error(_, message, errno)
  return string.format("%s (%s)", message, names[errno] or errno)
end

local function flags(...)
  local value = 0
  for _, name in ipairs({ ... }) do
    value = bit.bor(value, O[name])
  end
  return value
end

local File = {}
File.__index = File

local function open(path, mode, ...)
  local fd, message, errno = result(C.sys_open(path, flags(...), ffi.cast("int", mode or 0)))
  if not fd then
    return nil, message, errno
  end
  return setmetatable({ fd = fd }, File)
end

function File:write(data)
  return result(tonumber(C.sys_write(self.fd, data, #data)))
end

function File:read(count)
  local buffer = ffi.new("char[?]", count)
  local n, message, errno = result(tonumber(C.sys_read(self.fd, buffer, count)))
  if not n then
    return nil, message, errno
  end
  return ffi.string(buffer, n)
end

function File:seek(offset, whence)
  return result(tonumber(C.sys_lseek(self.fd, offset, whence or 0)))
end

function File:close()
  local ok, message, errno = result(C.sys_close(self.fd))
  self.fd = -1
  return ok and true, message, errno
end

-- Files -----------------------------------------------------------------------

local path = os.tmpname()
local file = assert(open(path, 420, "RDWR", "CREAT", "TRUNC"))
print("write", string.format("%d", assert(file:write("hello, kernel"))))
print("seek", string.format("%d", file:seek(7)), file:read(100), file:read(100) == "")
print("truncate", C.sys_ftruncate(file.fd, 5) == 0, file:seek(0) == 0 and file:read(100))
print("again", show_error(open(path, 420, "WRONLY", "CREAT", "EXCL")))
print("close", file:close())
print("closed", show_error(file:read(1)), show_error(file:close()))
print("unlink", C.sys_unlink(path) == 0, C.sys_unlink(path), ffi.errno() == E.ENOENT)
print("missing", show_error(open("/no/such/file", 0, "RDONLY")))

-- errno is kept until the next call, and may be set.
ffi.errno(0)
print("errno", ffi.errno(), C.getpid() > 0, ffi.errno())
print("errno set", ffi.errno(E.EBADF), ffi.errno(), ffi.errno(0), ffi.errno())

-- Pipes -----------------------------------------------------------------------

local fds = ffi.new("int[2]")
assert(C.sys_pipe(fds) == 0)
local reader = setmetatable({ fd = fds[0] }, File)
local writer = setmetatable({ fd = fds[1] }, File)
local F_GETFL, F_SETFL = 3, 4
local old = C.fcntl(reader.fd, F_GETFL)
C.fcntl(reader.fd, F_SETFL, ffi.new("int", bit.bor(old, O.NONBLOCK)))
print("empty pipe", show_error(reader:read(10)))

local polled = ffi.new("struct pollfd[1]", { { fd = reader.fd, events = POLLIN } })
print("poll", C.poll(polled, 1, 0), polled[0].revents)
local parts = { "gather ", "these ", "pieces" }
local iov = ffi.new("struct iovec[?]", #parts)
local keep, total = {}, 0
for i, part in ipairs(parts) do
  local buffer = ffi.new("char[?]", #part, part)
  keep[i], total = buffer, total + #part
  iov[i - 1].iov_base, iov[i - 1].iov_len = buffer, #part
end
print("writev", tonumber(C.writev(writer.fd, iov, #parts)) == total)
print("poll", C.poll(polled, 1, 0), bit.band(polled[0].revents, POLLIN) ~= 0)
print("read", reader:read(100))
writer:close()
print("hang up", C.poll(polled, 1, 0), bit.band(polled[0].revents, POLLHUP) == POLLHUP, reader:read(1) == "")
reader:close()

-- The rest --------------------------------------------------------------------

local uts = ffi.new("struct utsname")
assert(C.uname(uts) == 0)
print("uname", ffi.string(uts.sysname), ffi.string(uts.machine), ffi.sizeof(uts))

local ts = ffi.new("struct timespec")
assert(C.clock_gettime(0, ts) == 0)
print("clock", math.abs(tonumber(ts.tv_sec) - os.time()) <= 1, ts.tv_nsec >= 0 and ts.tv_nsec < 1000000000)

print("env", C.getenv("NO_SUCH_NAME") == nil, C.setenv("AIRLOCK_PROBE", "yes", 1), ffi.string(C.getenv("AIRLOCK_PROBE")))
local buffer = ffi.new("char[1]")
print("getcwd", C.getcwd(buffer, 1) == nil, ffi.errno() == 34, C.getcwd(ffi.new("char[4096]"), 4096) ~= nil)
print("parent", C.getppid() ~= C.getpid())
