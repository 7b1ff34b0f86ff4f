#!/bin/sh
# What `make env`, `make install` and the rockspec promise, from a directory whose name holds a space and a quote.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
lua=${LUA:-lua5.4}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS LUA_PATH LUA_CPATH LUA_PATH_5_4 LUA_CPATH_5_4
npassed=0
nfailed=0

# ok "what" command...
ok() {
    what=$1
    shift
    if "$@" >"$dir/log" 2>&1; then
        npassed=$((npassed + 1))
    else
        nfailed=$((nfailed + 1))
        echo "install: $what failed:"
        cat "$dir/log"
    fi
}

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

echo "install: $npassed passed, $nfailed failed"
[ "$nfailed" -eq 0 ]
