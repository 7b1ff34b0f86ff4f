-- The bigger clients of libffi.so.8, as clients.lua has the others. Programs of ours are in this directory; those in C and OCaml are built where
-- they run. Each ends with 0 and "N checks" when all its checks hold.
local support = require "spec.support"

-- name, file, how it is run ($FILE is the file), a probe, Debian's packages
local function in_c(modules, libraries)
    return ("%s -std=gnu11 -Wall -Wextra -O2 -g -o client $FILE $(pkg-config --cflags --libs %s) %s && ./client"):format(support.cc, modules, libraries)
end

local programs = {
    { "ruby-ffi", "ruby_ffi.rb", "/usr/bin/ruby $FILE", [[/usr/bin/ruby -e 'require "ffi"']], "ruby-ffi" },
    { "Guile's (system foreign)", "guile.scm", "/usr/bin/guile --no-auto-compile $FILE", "/usr/bin/guile -c '(use-modules (system foreign))'",
        "guile-3.0" },
    { "PHP's FFI", "php.php", "/usr/bin/php8.2 -d ffi.enable=1 $FILE", [[/usr/bin/php8.2 -r 'extension_loaded("FFI") || exit(1);']], "php8.2-cli" },
    { "OCaml's ctypes", "ocaml_ctypes.ml", [[cp $FILE client.ml && /usr/bin/ocamlfind ocamlopt -thread -package ctypes.foreign,threads.posix,unix \
        -linkpkg client.ml -o client && ./client]], "/usr/bin/ocamlfind query ctypes.foreign && test -x /usr/bin/ocamlopt",
        "ocaml-nox ocaml-findlib libctypes-ocaml-dev" },
    { "GLib's closure marshalling", "glib.c", in_c("gobject-2.0", ""), "pkg-config gobject-2.0", "libglib2.0-dev" },
    { "a Wayland server and its client", "wayland.c", in_c("wayland-server wayland-client", "-lpthread"), "pkg-config wayland-server wayland-client",
        "libwayland-dev" },
}

local clients = {}
for i, program in ipairs(programs) do
    local name, file, command, probe, packages = table.unpack(program)
    local path = support.quote(("%s/spec/libffi/%s"):format(support.root, file))
    clients[i] = { name = name, command = command:gsub("$FILE", (path:gsub("%%", "%%%%"))), probe = probe, packages = packages,
        count = "(%d+) checks\n$", bigger = true }
end
return clients
