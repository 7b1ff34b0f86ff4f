-- The compiler as the oracle: programs and libraries that a spec writes, compiled once per text under the build directory.
local support = require "spec.support"

local oracle = {}

local prologue = [[
#include <complex.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>
]]

-- The file that `source` becomes with these flags: compiled unless the same text already was.
local function compile(name, source, flags)
    local directory = support.build .. "/spec/oracle"
    local stem = directory .. "/" .. name
    local text = ("%s/* %s */\n#line 1 \"%s\"\n%s"):format(prologue, flags, name, source)
    local known = io.open(stem .. ".c", "rb")
    local same = known ~= nil and known:read "a" == text
    if known then known:close() end
    local built = io.open(stem, "rb")
    if built then built:close() end
    if same and built then return stem end
    assert(os.execute("mkdir -p " .. support.quote(directory)))
    -- under a name of its own first: another run of the specs may be using the file
    local fresh = support.quote(stem .. os.tmpname():match "[^/]*$")
    support.write(stem .. ".c", text)
    local command = ("%s -std=gnu11 -w %s -o %s %s -lm && mv -f %s %s"):format(support.cc, flags, fresh, support.quote(stem .. ".c"), fresh,
        support.quote(stem))
    local output, status = support.run("{ " .. command .. "; } 2>&1")
    assert(status == 0, output)
    return stem
end

-- The lines that a C program with this body of main prints; `before` stands before main.
function oracle.lines(name, body, before)
    local file = compile(name, ("%s\nint main(void)\n{\n%s\nreturn 0;\n}\n"):format(before or "", body), "-O0")
    local text, status = support.run(support.quote(file))
    assert(status == 0, name .. " failed")
    local lines = {}
    for line in text:gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
    return lines
end

-- Path of a shared library.
function oracle.library(name, source, flags)
    return compile(name .. ".so", source, "-O1 -fPIC -shared " .. (flags or ""))
end

-- The bytes of an object in hexadecimal, as the C function below prints them.
function oracle.hex(bytes)
    return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

oracle.hex_function = [[
static void put_hex(const void *object, size_t nbytes)
{
    const unsigned char *byte = object;
    for (size_t i = 0; i < nbytes; i++)
        printf("%02x", byte[i]);
    printf("\n");
}
]]

-- What f raises, without the position of the Lua code that called it, which must be in this file.
function oracle.message(f, ...)
    local ok, message = pcall(f, ...)
    assert(not ok, "no error was raised")
    return (tostring(message):gsub("^spec/[%w_]+_spec%.lua:%d+: ", "", 1))
end

return oracle
