-- More callbacks than the module has entries for: the rest are copies of one of its mappings or, on kernels before 5.13, mapped from its file.
require "ffi"
local support = require "spec.support"

local BUILD = os.getenv "AIRLOCK_BUILD"

-- A copy of the module in a directory of its own, which is told to `program` as `dir`; what it prints and its status.
local function run_with_copy(dir, program)
    local copied = os.execute(("mkdir -p %q && cp %q %q"):format(dir, BUILD .. "/ffi.so", dir))
    assert.is_true(copied)
    return support.lua_text(([[
        local dir = %q
        package.cpath = dir .. "/?.so"
        local ffi = require "ffi"
        assert(package.searchpath("ffi", package.cpath) == dir .. "/ffi.so")
        local made = {}
        local function make(count)
            for i = 1, count do
                local ok, cb = pcall(ffi.cast, "int (*)(int)", function(n) return n + i end)
                if not ok then return cb end
                made[#made + 1] = cb
                assert(cb(1) == 1 + i)
            end
        end
    ]] .. program):format(dir))
end

-- Has mremap say what those kernels say of its flag MREMAP_DONTUNMAP.
local OLDER_KERNEL = [[
    ffi.cdef "typedef struct { uint16_t code; uint8_t jt, jf; uint32_t k; } Filter; int prctl(int, ...);"
    local LOAD, AND, UNLESS, RETURN = 0x20, 0x54, 0x15, 0x06
    local MREMAP, DONTUNMAP, ALLOW, REFUSE = 25, 4, 0x7fff0000, 0x50000 + 22
    local filter = ffi.new("Filter[7]", {{LOAD, 0, 0, 0}, {UNLESS, 0, 4, MREMAP}, {LOAD, 0, 0, 16 + 8 * 3}, {AND, 0, 0, DONTUNMAP},
        {UNLESS, 0, 1, DONTUNMAP}, {RETURN, 0, 0, REFUSE}, {RETURN, 0, 0, ALLOW}})
    local program = ffi.new("struct { unsigned short len; Filter *filter; }", 7, filter)
    assert(ffi.C.prctl(38, 1, 0, 0, 0) == 0 and ffi.C.prctl(22, 2, program) == 0)
]]

describe("more callbacks than the module's own entries", function()
    local dir

    before_each(function() dir = support.new_directory() end)

    after_each(function() support.remove(dir) end)

    -- valgrind has mappings of that kind itself
    it("are made from a file whose path has spaces, in another directory by then, and no mapping is writable and executable", function()
        if support.has_torture then return pending "skipped: too many" end
        local output, status = run_with_copy(dir .. "/a directory with spaces", [[
            require "ffi".cdef "int chdir(const char *);"
            assert(ffi.C.chdir "/" == 0)
            assert(make(2000) == nil)
            for line in io.lines "/proc/self/maps" do assert(os.getenv "AIRLOCK_VALGRIND" or not line:find "^%%S+ .wx", line) end
            print(ffi.callbacks())
        ]])
        assert.equal("2000\n", output)
        assert.equal(0, status)
    end)

    it("need no file where the kernel copies mappings", function()
        if support.has_torture then return pending "skipped: too many" end
        local output, status = run_with_copy(dir, [[
            assert(os.remove(dir .. "/ffi.so"))
            local message = make(2000)
            print(message == nil or message:find "more callbacks need " and ffi.callbacks() > 100)
        ]])
        assert.equal("true\n", output)
        assert.equal(0, status)
    end)

    it("say which file is missing, and are made again when it is back", function()
        if support.has_torture then return pending "skipped: too many" end
        local output, status = run_with_copy(dir, OLDER_KERNEL .. [[
            assert(os.execute(("cp %%s/ffi.so %%s/kept"):format(dir, dir)) and os.remove(dir .. "/ffi.so"))
            local message = make(1000)
            print(message)
            print(#made > 100 and #made < 1000, made[#made](1) == 1 + #made)
            assert(os.rename(dir .. "/kept", dir .. "/ffi.so"))
            print(make(1000))
            print(#made > 1000, ffi.callbacks() == #made)
        ]])
        assert.equal("no callback of type 'int (int)' can be made: more callbacks need " .. dir .. "/ffi.so, which cannot be opened: " ..
            "No such file or directory\ntrue\ttrue\n\ntrue\ttrue\n", output)
        assert.equal(0, status)
    end)
end)
