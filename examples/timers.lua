-- An event loop of libuv: a timer that ticks, one that fires once, and an idle handle that runs while there is nothing else to do.
-- Usage: lua5.4 examples/timers.lua
local ffi = require "ffi"

ffi.cdef [[
typedef struct uv_loop_s uv_loop_t;
typedef struct uv_handle_s uv_handle_t;
typedef enum { UV_IDLE = 6, UV_TIMER = 13 } uv_handle_type;
typedef enum { UV_RUN_DEFAULT = 0 } uv_run_mode;
uv_loop_t *uv_default_loop(void);
int uv_run(uv_loop_t *loop, uv_run_mode mode);
int uv_loop_close(uv_loop_t *loop);
size_t uv_handle_size(uv_handle_type type);
void uv_close(uv_handle_t *handle, void (*closed)(uv_handle_t *));
int uv_timer_init(uv_loop_t *loop, uv_handle_t *timer);
int uv_timer_start(uv_handle_t *timer, void (*fire)(uv_handle_t *), uint64_t timeout, uint64_t repeat);
int uv_idle_init(uv_loop_t *loop, uv_handle_t *idle);
int uv_idle_start(uv_handle_t *idle, void (*run)(uv_handle_t *));
const char *uv_strerror(int status);
]]

local uv = ffi.load "uv"
local loop = uv.uv_default_loop()

-- What libuv has an address of must live until the handle is closed: memory and callback of each open handle.
local open = {}

local function check(status)
  if status < 0 then error(ffi.string(uv.uv_strerror(status)), 2) end
end

local function new_handle(type, init)
  local memory = ffi.new("char[?]", uv.uv_handle_size(type))
  local handle = ffi.cast("uv_handle_t *", memory)
  check(init(loop, handle))
  return handle
end

local function start(handle, f, begin)
  local callback = ffi.callback("void (*)(uv_handle_t *)", f)
  open[tostring(handle)] = { handle, callback }
  begin(callback)
  return handle
end

local function closed(handle)
  open[tostring(handle)][2]:free()
  open[tostring(handle)] = nil
end
local function close(handle) uv.uv_close(handle, closed) end -- one permanent callback for all

local function timer(timeout, every, f)
  local handle = new_handle("UV_TIMER", uv.uv_timer_init)
  return start(handle, f, function(callback) check(uv.uv_timer_start(handle, callback, timeout, every)) end)
end

local function idle(f)
  local handle = new_handle("UV_IDLE", uv.uv_idle_init)
  return start(handle, f, function(callback) check(uv.uv_idle_start(handle, callback)) end)
end

local nidle = 0
local busy = idle(function() nidle = nidle + 1 end)

local nticks = 0
timer(5, 5, function(ticker)
  nticks = nticks + 1
  print("tick " .. nticks)
  if nticks < 3 then return end
  close(ticker)
  timer(10, 0, function(once)
    print "the last one"
    close(once)
    close(busy)
  end)
end)

check(uv.uv_run(loop, "UV_RUN_DEFAULT")) -- until no handle is left
print("idle between", nidle > 0)
print("handles left", next(open))
print("loop closed", uv.uv_loop_close(loop))
print("callbacks left", (ffi.callbacks())) -- `closed`
