#!/bin/sh
# The two checks of `make lint` that need no tools of others: the layers' arrows, and what the linked libraries are.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${AIRLOCK_BUILD:-$root/build}
npassed=0
nfailed=0
check() {
    if "$@"; then npassed=$((npassed + 1)); else nfailed=$((nfailed + 1)); fi
}
cd "$root" || exit 1
check tools/lint_layers.sh
check tools/lint_binary.sh "$build/ffi.so" "$build"/asm/*.o
check tools/lint_binary.sh "$build/libffi.so.8" "$build"/asm/*.o
echo "shape: $npassed passed, $nfailed failed"
[ "$nfailed" -eq 0 ]
