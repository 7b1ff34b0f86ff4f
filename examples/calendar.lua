-- strftime with a struct tm made in Lua, and one that the C library fills.
local ffi = require "ffi"

ffi.cdef [[
struct tm {
  int tm_sec, tm_min, tm_hour, tm_mday, tm_mon, tm_year, tm_wday, tm_yday, tm_isdst;
  long tm_gmtoff;
  const char *tm_zone;
};
size_t strftime(char *text, size_t nbytes, const char *format, const struct tm *time);
struct tm *gmtime_r(const int64_t *seconds, struct tm *time);
int64_t timegm(struct tm *time);
]]

local function format_time(pattern, time)
  local text = ffi.new "char[100]"
  return ffi.string(text, ffi.C.strftime(text, ffi.sizeof(text), pattern, time))
end

-- years count from 1900 and months from 0
local landing = ffi.new("struct tm", { tm_year = 69, tm_mon = 6, tm_mday = 20, tm_hour = 20, tm_min = 17, tm_sec = 40 })
local seconds = ffi.C.timegm(landing) -- fills in the day of the week too
print(format_time("%Y-%m-%d %H:%M:%S, day %j of the year", landing))
print(("day %d of the week, %d seconds from 1970"):format(landing.tm_wday, seconds))

local epoch = ffi.new "struct tm"
ffi.C.gmtime_r(ffi.new("int64_t[1]", 2 ^ 31), epoch)
print(format_time("32-bit clocks end at %Y-%m-%dT%H:%M:%SZ", epoch))
