-- The bigger clients of libffi.so.8: rows as clients.lua has them. Programs in C and OCaml are built where they run.
local support = require "spec.support"

local function in_c(modules, libraries)
    return ("%s -std=gnu11 -Wall -Wextra -O2 -g -o client $FILE $(pkg-config --cflags --libs %s) %s && ./client"):format(
        support.cc, modules, libraries)
end

-- With what values_gir.lua says of libvalues.so.
local function introspected(command)
    return ("%s %s >Values-1.0.gir && g-ir-compiler --shared-library=%s -o Values-1.0.typelib Values-1.0.gir && GI_TYPELIB_PATH=. %s $FILE"):format(
        support.lua, support.quote(support.root .. "/spec/libffi/values_gir.lua"), support.quote(support.path "values"), command)
end
-- What the packages' own authors test with.
local function installed(suite, names) return ("dbus-run-session -- sh $FILE %s %s"):format(suite, names) end
local function has_installed(suite) return "test -x /usr/bin/dbus-run-session -a -d /usr/share/installed-tests/" .. suite end
local GLIB_TESTS = "accumulator basic-signals binding closure closure-refcount custom-dispatch gdbus-export gdbus-peer glistmodel object " ..
    "properties signal-handler signalgroup signals value"
local GJS_TESTS = "testAsync testCairo testExceptions testFundamental testGDBus testGIMarshalling testGLib testGObject testGObjectClass " ..
    "testGObjectInterface testGObjectValue testGio testIntrospection testLegacyGObject testMainloop testParamSpec testPromise testRegress " ..
    "testSignals testWarnLib"
local LUA53 = "env -u LUA_PATH -u LUA_CPATH /usr/bin/lua5.3"

return {
    { "ruby-ffi", "ruby_ffi.rb", "/usr/bin/ruby $FILE", [[/usr/bin/ruby -e 'require "ffi"']], "ruby-ffi" },
    { "Guile's (system foreign)", "guile.scm", "/usr/bin/guile --no-auto-compile $FILE", "/usr/bin/guile -c '(use-modules (system foreign))'",
        "guile-3.0" },
    { "PHP's FFI", "php.php", "/usr/bin/php8.2 -d ffi.enable=1 $FILE", [[/usr/bin/php8.2 -r 'extension_loaded("FFI") || exit(1);']],
        "php8.2-cli" },
    { "OCaml's ctypes", "ocaml_ctypes.ml", [[cp $FILE client.ml && /usr/bin/ocamlfind ocamlopt -thread -package ctypes.foreign,threads.posix,unix \
        -linkpkg client.ml -o client && ./client]], "/usr/bin/ocamlfind query ctypes.foreign && test -x /usr/bin/ocamlopt",
        "ocaml-nox ocaml-findlib libctypes-ocaml-dev" },
    { "GLib's closure marshalling", "glib.c", in_c("gobject-2.0", ""), "pkg-config gobject-2.0", "libglib2.0-dev" },
    { "GLib's own tests of signals and D-Bus", "installed_tests.sh", installed("glib", GLIB_TESTS), has_installed "glib",
        "libglib2.0-tests dbus-daemon" },
    { "a Wayland server and its client", "wayland.c", in_c("wayland-server wayland-client", "-lpthread"),
        "pkg-config wayland-server wayland-client", "libwayland-dev" },
    { "Poly/ML's Foreign", "polyml.ml", "/usr/bin/poly -q --error-exit --script $FILE", "test -x /usr/bin/poly", "polyml" },
    { "newLISP", "newlisp.lsp", "/usr/bin/newlisp $FILE", "test -x /usr/bin/newlisp", "newlisp" },
    { "p11-kit", "p11_kit.c", in_c("p11-kit-1", ""), "pkg-config p11-kit-1 && test -e /usr/share/p11-kit/modules/p11-kit-trust.module",
        "libp11-kit-dev p11-kit p11-kit-modules" },
    { "LLVM's interpreter", "interpreted.c", "/usr/bin/clang -O0 -fno-builtin -ffp-contract=off -emit-llvm -c -o client.bc $FILE && " ..
        "/usr/bin/lli -jit-kind=mcjit -force-interpreter -load=libm.so.6 client.bc", "test -x /usr/bin/clang -a -x /usr/bin/lli",
        "clang llvm-runtime" },
    { "ECL", "ecl.lisp", "/usr/bin/ecl --norc --shell $FILE", "test -x /usr/bin/ecl", "ecl" },
    { "PyGObject", "pygobject.py", introspected "/usr/bin/python3 -B", "/usr/bin/python3 -c 'import gi' && test -x /usr/bin/g-ir-compiler",
        "python3-gi gobject-introspection" },
    { "gjs", "gjs.js", introspected "/usr/bin/gjs", "test -x /usr/bin/gjs -a -x /usr/bin/g-ir-compiler", "gjs gobject-introspection" },
    { "Perl's Glib::Object::Introspection", "introspection.pl", introspected "/usr/bin/perl",
        "/usr/bin/perl -e 'use Glib::Object::Introspection' && test -x /usr/bin/g-ir-compiler",
        "libglib-object-introspection-perl gobject-introspection" },
    { "gjs's own tests", "installed_tests.sh", installed("gjs", GJS_TESTS), has_installed "gjs", "gjs-tests dbus-daemon" },
    { "lgi", "lgi.lua", introspected(LUA53),
        LUA53 .. " -e 'require \"lgi\"' && test -x /usr/bin/g-ir-compiler", "lua5.3 lua-lgi gobject-introspection" },
    { "Java's JNA", "Jna.java", "/usr/bin/java -cp /usr/share/java/jna.jar $FILE", "test -e /usr/share/java/jna.jar && /usr/bin/javac -version",
        "openjdk-17-jdk-headless libjna-java" },
    { "Raku's NativeCall", "nativecall.raku", "/usr/bin/raku $FILE", "test -x /usr/bin/raku", "rakudo" },
    { "PyPy's cffi", "cffi_values.py", "/usr/bin/pypy3 -B $FILE", "test -x /usr/bin/pypy3 -a -e /usr/include/pypy3.9/Python.h", "pypy3 pypy3-dev",
        "Ran (%d+) tests" },
}
