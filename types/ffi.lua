---@meta ffi
-- Annotations of require "ffi" for the Lua language server (lua-language-server.github.io): what each function takes and gives.
-- spec/manual_spec.lua compares the names with the module's. The manual is doc/api.md.

---A C object or pointer: a number, struct, union, array, pointer, complex number or vector.
---@class ffi.cdata: userdata
---@field [string] any # fields of structs and unions, also through pointers; what a metatype's __index gives
---@field [integer] any # elements of arrays, pointers, vectors
---@field re number # of complex numbers
---@field im number # of complex numbers
---@overload fun(...): any
---@operator add(any): any
---@operator sub(any): any
---@operator mul(any): any
---@operator div(any): any
---@operator idiv(any): any
---@operator mod(any): any
---@operator pow(any): any
---@operator unm: any
---@operator band(any): any
---@operator bor(any): any
---@operator bxor(any): any
---@operator shl(any): any
---@operator shr(any): any
---@operator bnot: any
---@operator concat(any): any
---@operator len: any

---A C type. There is one object for each type. Called, it makes an object, as ffi.new does.
---@class ffi.ctype: userdata
---@field [string] integer # constants that belong to the type
---@overload fun(...): any

---What is declared and found in a library: functions, variables, constants.
---@class ffi.namespace: table
---@field [string] any

---What names a C type: text, a ctype object, or a cdata or C function, of which the type is taken.
---@alias ffi.ct string|ffi.ctype|ffi.cdata|function

---What has an address where bytes are read or written.
---@alias ffi.address ffi.cdata|string|userdata|lightuserdata

---@class ffi
local ffi = {}

---The functions, variables and constants of what the process has loaded.
---@type ffi.namespace
ffi.C = {}

---@type string # "Linux"
ffi.os = ""

---@type string # "x64"
ffi.arch = ""

---@type string
ffi._VERSION = ""

---Declares what the text says, in C. Each `$` in it stands for one of the arguments.
---@param text string
---@param ... ffi.ctype|ffi.cdata|string|integer
function ffi.cdef(text, ...) end

---The ctype object of a type. With further arguments the first is text with a `$` for each.
---@param ct ffi.ct
---@param ... ffi.ctype|ffi.cdata|string|integer
---@return ffi.ctype
function ffi.typeof(ct, ...) end

---The value of a C constant expression.
---@param text string
---@param ... ffi.ctype|ffi.cdata|string|integer
---@return any
function ffi.eval(text, ...) end

---Gives a struct, union, complex or vector type a metatable, once.
---@param ct ffi.ct
---@param metatable table
---@return ffi.ctype
function ffi.metatype(ct, metatable) end

---Opens a shared library. With `global` its symbols serve other libraries and ffi.C.
---@param name string
---@param global? boolean
---@return ffi.namespace
function ffi.load(name, global) end

---A new object, zeroed and then initialised. For a type with `[?]` the number of elements comes first.
---@param ct ffi.ct
---@param ... any
---@return any # ffi.cdata; nil for a pointer type and nil
function ffi.new(ct, ...) end

---The value as one of the type, as a C cast does it. NULL is nil.
---@param ct ffi.ct
---@param value any
---@return any
function ffi.cast(ct, value) end

---Sets what is called with the cdata when nothing refers to it any more; nil takes it off. Returns the cdata.
---@generic T
---@param cdata T
---@param finaliser? function|ffi.cdata|table
---@return T
function ffi.gc(cdata, finaliser) end

---Options of `ffi.callback`.
---@class ffi.callbackoptions
---@field error? any what C gets, instead of zero, when there is an error
---@field thread? "queue" other threads' calls wait until the state runs them

---A callback of the Lua function, freed with its cdata, by `cb:free()`, or at the end of the block of `local cb <close>`.
---@param ct ffi.ct a function type, or a pointer to one
---@param f function
---@param options? ffi.callbackoptions
---@return ffi.cdata
function ffi.callback(ct, f, options) end

---How many callbacks live; while `ffi.debug` is on, where they were made.
---@return integer count
---@return string[]? places
function ffi.callbacks() end

---Sets what is told of errors in callbacks, at once; the error is dealt with when it returns true. Returns the one before.
---@param handler? fun(error: any, traceback: string): boolean?
---@return function? previous
function ffi.onerror(handler) end

---Message and traceback of the last error in a callback.
---@return string?
function ffi.lasttraceback() end

---Runs what other threads have queued; waits for that for so many seconds.
---@param seconds? number
---@return integer count
function ffi.poll(seconds) end

---Whether callbacks remember where they were made; sets it.
---@param on? boolean
---@return boolean was_on
function ffi.debug(on) end

---A pointer to the object, to its field or element, or to a library's variable or function.
---@param cdata ffi.cdata|ffi.namespace|function
---@param key? string|integer
---@return ffi.cdata
function ffi.addressof(cdata, key) end

---Bytes of the type or object; nil when the size is not known. `count` is the number of elements of a type with `[?]`.
---@param ct ffi.ct
---@param count? integer
---@return integer?
function ffi.sizeof(ct, count) end

---Bytes that addresses of the type are multiples of.
---@param ct ffi.ct
---@return integer
function ffi.alignof(ct) end

---The offset of a field in bytes; of a bit-field also the bits before it and its width. Nothing when there is no such field.
---@param ct ffi.ct
---@param field string
---@return integer? offset
---@return integer? position
---@return integer? width
function ffi.offsetof(ct, field) end

---Whether the value is a cdata or C function of the type.
---@param ct ffi.ct
---@param value any
---@return boolean
function ffi.istype(ct, value) end

---"cdata" for cdata and ctype objects, else what type says.
---@param value any
---@return string
function ffi.type(value) end

---Whether two values are equal as C would have it.
---@param a any
---@param b any
---@return boolean
function ffi.eq(a, b) end

---Lua's tonumber that knows cdata.
---@param value any
---@param base? integer
---@return number?
function ffi.tonumber(value, base) end

---What a C function that returns the value would give to Lua.
---@param value any
---@return any
function ffi.toretval(value) end

---How ffi.inspect writes an object.
---@class ffi.inspect_options
---@field depth? integer # levels of braces, 8
---@field width? integer # elements or members, 64
---@field text? integer # bytes of strings, 256
---@field follow? integer # levels of pointers, 0
---@field indent? integer # columns for each level, each member on its line; 0: one line

---The object as text, in the syntax of a C initialiser.
---@param cdata ffi.cdata|function
---@param options? ffi.inspect_options
---@return string
function ffi.inspect(cdata, options) end

---A table of the elements or fields. `n` is how many elements, of a pointer always given; `recursive` makes tables of what is inside, too.
---@param cdata ffi.cdata
---@param n? integer|boolean
---@param recursive? boolean
---@return table
function ffi.totable(cdata, n, recursive) end

---A Lua string of the bytes at an address: so many, or up to the first zero.
---@param pointer ffi.address?
---@param length? integer
---@return string
function ffi.string(pointer, length) end

---Copies bytes. A Lua string without a length is copied with its final zero.
---@param target ffi.address
---@param source ffi.address
---@param length? integer
function ffi.copy(target, source, length) end

---Sets bytes, to 0 when none is given.
---@param target ffi.address
---@param length integer
---@param byte? integer
function ffi.fill(target, length, byte) end

---C's errno as the last call left it; `new` is what the next call finds.
---@param new? integer
---@return integer
function ffi.errno(new) end

---Whether the machine is "64bit", "le", "fpu", "hardfp" …
---@param name string
---@return boolean
function ffi.abi(name) end

return ffi
