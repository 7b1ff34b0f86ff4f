#!/bin/sh
# build.sh SEED FIRST COUNT PER_BATCH DIR [FLAGS]: writes the batches of libffi_random.c into DIR and compiles them, as many at a time as there
# are processors; DIR/batchN.so is one.
set -eu
here=$(dirname "$0")
dir=$5
build=${AIRLOCK_BUILD:-build}
"${LUA:-lua5.4}" "$here/generate.lua" "$1" "$2" "$3" "$4" "$dir" $(case ${6-} in *-mavx*) echo wide ;; esac)
# gcc notes each type that older versions of it passed otherwise.
find "$dir" -name 'batch*.c' -print0 | xargs -0 -n 1 -P "$(nproc)" sh -c '
    "$1" -std=gnu11 -O1 -w -Wno-psabi -fPIC -shared $2 -I"$3/include" -I"$4" -o "${5%.c}.so" "$5"' - gcc "${6-}" "$build" "$here"
