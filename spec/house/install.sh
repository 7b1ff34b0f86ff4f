#!/bin/sh
# What `make env`, `make install` and the rockspec promise, from a directory whose name holds a space and a quote.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
title=install
. "$root/spec/house/check.inc"
lua=${LUA:-lua5.4}
unset MAKEFLAGS MAKELEVEL MFLAGS LUA_PATH LUA_CPATH LUA_PATH_5_4 LUA_CPATH_5_4

version=$(sed -n 's/^#define AIRLOCK_VERSION "\(.*\)"/\1/p' "$root/src/base/version.h")
use="local ffi = require 'ffi'; assert(ffi.sizeof 'int' == 4)"

checkout="$dir/it's a checkout"
mkdir "$checkout"
(cd "$root" && tar -cf - --exclude=./build --exclude='./build-*' --exclude=./.git .) | tar -xf - -C "$checkout"
mkdir -p "$checkout/lua/probe"
echo 'return 42' >"$checkout/lua/probe/it.lua"

cd "$checkout" || exit 1
ok "make" make -s -j"$(nproc)" WERROR=0
ok "version" test -n "$version"

in_env() {
    (cd / && eval "$("$MAKE_ENV")" && "$lua" -e "$1")
}
MAKE_ENV="$dir/make_env"
printf '#!/bin/sh\nexec make -s -C "%s" env\n' "$checkout" >"$MAKE_ENV"
chmod +x "$MAKE_ENV"
ok "env finds the module" in_env "$use"
ok "env finds lua/" in_env "assert(require 'probe.it' == 42)"
ok "env keeps Lua's own path" in_env "assert(package.path:find('/usr/local/share/lua/5.4/?.lua', 1, true))"

ok "make install" make -s install PREFIX=/opt/airlock DESTDIR="$dir/dest"
ok "the module" test -f "$dir/dest/opt/airlock/lib/lua/5.4/ffi.so"
ok "the archive" test -f "$dir/dest/opt/airlock/lib/libairlock.a"
ok "installed module" env LUA_CPATH="$dir/dest/opt/airlock/lib/lua/5.4/?.so" "$lua" -e "$use"

luajit="assert(bit.tohex(255) == '000000ff' and load('return 5LL')() + 1 == load('return 6LL')())"
ok "installed add-ons" env LUA_CPATH="$dir/dest/opt/airlock/lib/lua/5.4/?.so" LUA_PATH="$dir/dest/opt/airlock/share/lua/5.4/?.lua" \
    "$lua" -l ffi.luajit -e "$luajit"

# -- libffi.so.8 --------------------------------------------------------------------------------------------------------------

ok "make install leaves libffi alone" sh -c '! find "$1" -name "*libffi*" -o -name ffi.h | grep .' - "$dir/dest"
ok "make install-libffi, staged" make -s install-libffi PREFIX=/opt/ffi LIBDIR=/opt/ffi/lib/triplet DESTDIR="$dir/stage"
installed() {
    (cd "$dir/stage" && find . -type f -o -type l) | sort
}
staged="./opt/ffi/include/ffi.h ./opt/ffi/include/ffitarget.h ./opt/ffi/lib/triplet/libffi.so ./opt/ffi/lib/triplet/libffi.so.8 ./opt/ffi/lib/triplet/pkgconfig/libffi.pc"
ok "what is installed" test "$(echo $(installed))" = "$staged"
ok "no path of the stage in libffi.pc" sh -c '! grep "$1" "$2"' - "$dir" "$dir/stage/opt/ffi/lib/triplet/pkgconfig/libffi.pc"
ok "paths below the prefix" grep -q '^libdir=${prefix}/lib/triplet$' "$dir/stage/opt/ffi/lib/triplet/pkgconfig/libffi.pc"

cat >"$dir/client.c" <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <ffi.h>
#include <stdio.h>
static int add(int a, int b) { return a + b; }
int main(int argc, char **argv)
{
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint};
    int a = 40, b = 2;
    ffi_cif cif;
    ffi_arg result = 0;
    Dl_info info;
    (void)argc;
    if (ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types) != FFI_OK || !dladdr(dlsym(RTLD_DEFAULT, "ffi_prep_cif"), &info))
        return 1;
    ffi_call(&cif, FFI_FN(add), &result, (void *[]){&a, &b});
    printf("%d %s %s %s\n", (int)result, FFI_VERSION_STRING, ffi_get_version(), info.dli_fname);
    return argv[0] == 0;
}
C
prefix="$dir/it's ours"
client() {
    PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
    export PKG_CONFIG_PATH
    flags=$(pkg-config --cflags --libs libffi) && eval "${CC:-gcc} -o '$dir/client' '$dir/client.c' $flags" || return 1
    number=$(pkg-config --modversion libffi)
    got=$(LD_LIBRARY_PATH="$prefix/lib" "$dir/client")
    echo "$got"
    [ -n "$number" ] && [ "$got" = "42 $number $number $prefix/lib/libffi.so.8" ]
}
ok "make install-libffi" make -s install-libffi PREFIX="$prefix"
ok "a program built with pkg-config" client

if command -v luarocks >/dev/null 2>&1; then
    rock() {
        # No server is asked: the dependencies are met by Lua itself.
        luarocks --lua-version 5.4 make --only-server=file:///nonexistent rockspec/airlock-scm-1.rockspec --tree "$dir/tree"
    }
    ok "luarocks make" rock
    ok "the rock" test -f "$dir/tree/lib/lua/5.4/ffi.so"
    ok "installed rock" env LUA_CPATH="$dir/tree/lib/lua/5.4/?.so" "$lua" -e "$use"
    ok "the rock's add-ons" env LUA_CPATH="$dir/tree/lib/lua/5.4/?.so" LUA_PATH="$dir/tree/share/lua/5.4/?.lua" \
        "$lua" -l ffi.luajit -e "$luajit"
else
    echo "install: luarocks is not here: the rockspec was not tried"
fi

close
