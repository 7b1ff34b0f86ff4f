-- Threads of C that call Lua: pthread_create with a Lua function as the start routine. Lua runs in its own thread alone, so the calls
-- wait in a queue until the state runs them.
-- Usage: lua5.4 examples/threads.lua
local ffi = require "ffi"

ffi.cdef [[
typedef unsigned long pthread_t;
int pthread_create(pthread_t *thread, const void *attributes, void *(*start)(void *), void *argument);
int pthread_join(pthread_t thread, void **result);
pthread_t pthread_self(void);
]]

local C = ffi.C
local nthreads = 4

-- Argument and result are pointers to C; here they are numbers in their place.
local nrun = 0
local function square(argument)
  local n = ffi.tonumber(ffi.cast("intptr_t", argument))
  nrun = nrun + 1
  return ffi.cast("void *", n * n)
end

local start = ffi.callback("void *(*)(void *)", square, { thread = "queue" })
local threads = ffi.new("pthread_t[?]", nthreads)
for i = 0, nthreads - 1 do
  assert(C.pthread_create(threads + i, nil, start, ffi.cast("void *", i + 10)) == 0)
end

-- Each thread waits for its call to be run. ffi.poll does that; so does every return from C.
while nrun < nthreads do ffi.poll(1) end

local result = ffi.new "void *[1]"
for i = 0, nthreads - 1 do
  assert(C.pthread_join(threads[i], result) == 0)
  print(("thread %d returned %d"):format(i, ffi.tonumber(ffi.cast("intptr_t", result[0]))))
end
start:free()

-- A callback that is not for other threads is not run there. C gets zero, and the next call from Lua says what happened.
ffi.onerror(function() end) -- it is raised; that will do: nothing on the standard error output
local plain <close> = ffi.callback("void *(*)(void *)", square)
local worked, message = pcall(function()
  assert(C.pthread_create(threads, nil, plain, ffi.cast("void *", 5)) == 0)
  C.pthread_join(threads[0], result)
end)
print(worked, message)
