#!/bin/sh
# The two checks of `make lint` that need no tools of others: the layers' arrows, and what the linked libraries are.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${AIRLOCK_BUILD:-$root/build}
title=shape
. "$root/spec/house/check.inc"
cd "$root" || exit 1
ok "layers" tools/lint_layers.sh
ok "ffi.so" tools/lint_binary.sh "$build/ffi.so" "$build"/asm/*.o
ok "libffi.so.8" tools/lint_binary.sh "$build/libffi.so.8" "$build"/asm/*.o
close
