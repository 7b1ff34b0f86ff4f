-- The bigger clients of libffi.so.8, as clients.lua has the others. Programs of ours are in this directory; those in C and OCaml are built where
-- they run. Each ends with 0 and "N checks" when all its checks hold.
local support = require "spec.support"

-- name, file, how it is run ($FILE is the file), a probe, Debian's packages
local programs = {
    { "ruby-ffi", "ruby_ffi.rb", "/usr/bin/ruby $FILE", [[/usr/bin/ruby -e 'require "ffi"']], "ruby-ffi" },
    { "Guile's (system foreign)", "guile.scm", "/usr/bin/guile --no-auto-compile $FILE", "/usr/bin/guile -c '(use-modules (system foreign))'",
        "guile-3.0" },
}

local clients = {}
for i, program in ipairs(programs) do
    local name, file, command, probe, packages = table.unpack(program)
    local path = support.quote(("%s/spec/libffi/%s"):format(support.root, file))
    clients[i] = { name = name, command = command:gsub("$FILE", (path:gsub("%%", "%%%%"))), probe = probe, packages = packages,
        count = "(%d+) checks\n$", bigger = true }
end
return clients
