-- Two engines in one process: ours calls libffi.so.8, whose calls lead to our callbacks and whose closures lead back here. Each has its own
-- entries, and neither takes the other's for its own.
local ffi = require "ffi"
local support = require "spec.support"

local DECLARATIONS = [[
    typedef struct _ffi_type { size_t size; unsigned short alignment, type; struct _ffi_type **elements; } ffi_type;
    typedef struct { int abi; unsigned nargs; ffi_type **arg_types; ffi_type *rtype; unsigned bytes, flags; } ffi_cif;
    typedef struct { char tramp[32]; ffi_cif *cif; void (*fun)(ffi_cif *, void *, void **, void *); void *user_data; } ffi_closure;
    extern ffi_type ffi_type_sint64, ffi_type_double;
    int ffi_prep_cif(ffi_cif *, int abi, unsigned nargs, ffi_type *, ffi_type **);
    void ffi_call(ffi_cif *, void (*)(void), void *, void **);
    void *ffi_closure_alloc(size_t, void **);
    void ffi_closure_free(void *);
    int ffi_prep_closure_loc(ffi_closure *, ffi_cif *, void (*)(ffi_cif *, void *, void **, void *), void *, void *);
]]
local UNIX64 = 2

describe("libffi.so.8 beside ffi.so", function()
    local lib, cif, types, made

    setup(function()
        ffi.cdef(DECLARATIONS)
        lib = ffi.load(support.build .. "/libffi.so.8")
        types = ffi.new("ffi_type *[2]", {lib.ffi_type_sint64, lib.ffi_type_double})
        cif = ffi.new "ffi_cif"
        assert.equal(0, lib.ffi_prep_cif(cif, UNIX64, 2, lib.ffi_type_double, types))
        made = {}
    end)

    teardown(function()
        for _, closure in ipairs(made) do lib.ffi_closure_free(closure) end
    end)

    local function call(f, a, b)
        local result = ffi.new "double[1]"
        local x, y = ffi.new("int64_t[1]", a), ffi.new("double[1]", b)
        lib.ffi_call(cif, ffi.cast("void (*)(void)", f), result, ffi.new("void *[2]", {x, y}))
        return result[0]
    end

    -- A closure of libffi's that hands on to `handler`, a callback of ours; also prepared with `code` in place of its own.
    local function closure_of(handler, code)
        local own_code = ffi.new "void *[1]"
        local closure = ffi.cast("ffi_closure *", lib.ffi_closure_alloc(ffi.sizeof "ffi_closure", own_code))
        made[#made + 1] = closure
        assert.equal(0, lib.ffi_prep_closure_loc(closure, cif, handler, nil, code or own_code[0]))
        return ffi.cast("double (*)(int64_t, double)", own_code[0]), closure
    end

    local function handler_of(f)
        return ffi.cast("void (*)(ffi_cif *, void *, void **, void *)", function(_, result, args)
            ffi.cast("double *", result)[0] = f(ffi.cast("int64_t *", args[0])[0], ffi.cast("double *", args[1])[0])
        end)
    end

    it("calls our callbacks, as many as there are", function()
        for i = 1, 400 do
            local callback = ffi.cast("double (*)(int64_t, double)", function(a, b) return a * i + b end)
            assert.equal(3.0 * i + 0.5, call(callback, 3, 0.5))
            callback:free()
        end
    end)

    it("has closures whose handlers are our callbacks, more of both than either has entries for at first", function()
        local functions, handlers = {}, {}
        for i = 1, 400 do
            handlers[i] = handler_of(function(a, b) return a * i + b end)
            functions[i] = closure_of(handlers[i])
        end
        for i = 1, 400 do
            assert.equal(3.0 * i + 0.5, functions[i](3, 0.5))
            assert.equal(3.0 * i + 0.5, call(functions[i], 3, 0.5))
        end
        for i = 1, 400 do handlers[i]:free() end
    end)

    it("takes the code of our callback for memory of the program's own", function()
        local callback = ffi.cast("double (*)(int64_t, double)", function(a, b) return a - b end)
        local handler = handler_of(function() return 99 end)
        local _, closure = closure_of(handler, ffi.cast("void *", callback))
        assert.equal(0xf3, closure.tramp[0] & 0xff) -- what is written where the closure itself can be executed
        assert.equal(2.5, callback(3, 0.5))
        callback:free()
        handler:free()
    end)

    it("goes through both again and again", function()
        local depth, f = 0, nil
        local handler = handler_of(function(a, b)
            depth = math.max(depth, a)
            return a == 0 and b or call(f, a - 1, b + 1)
        end)
        f = closure_of(handler)
        assert.equal(20.5, f(20, 0.5))
        assert.equal(20, depth)
        handler:free()
    end)
end)
