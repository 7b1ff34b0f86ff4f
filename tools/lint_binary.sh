#!/bin/sh
# lint_binary.sh LIBRARY [NASM_OBJECT...]: what a linked library must be, whatever made it. ffi.so exports luaopen_ffi alone; libffi.so.8 has
# that soname, exports ffi_ names alone, each under a version, calls its own functions whoever else has such names, and needs the C library
# alone. Both: no text relocations, no executable stack, no segment both writable and executable, never unmapped, not tied to a liblua, whole;
# and each NASM object says that it keeps to IBT and SHSTK and wants no executable stack.
set -u
export LC_ALL=C
so=$1
shift
nfailed=0
fail() {
    echo "$1: $2"
    nfailed=$((nfailed + 1))
}

[ -f "$so" ] || { echo "$so: not there"; exit 1; }

dynamic=$(readelf -dW "$so")
case $so in
*libffi.so.8)
    unversioned=$(nm -D --with-symbol-versions --defined-only --extern-only "$so" | awk '$2 != "A" && $3 !~ /^ffi_[a-z0-9_]+@@LIBFFI_/ { printf "%s ", $3 }')
    [ -z "$unversioned" ] || fail "$so" "exports \"${unversioned% }\", wanted ffi_ names with versions"
    echo "$dynamic" | grep -q 'SONAME.*\[libffi\.so\.8\]' || fail "$so" "has not the soname libffi.so.8"
    looked_up=$(readelf -rW "$so" | sed -n 's/.*\(GLOB_DAT\|JUMP_SLOT\).* \(ffi_[a-z0-9_]*\)@.*/\2/p' | tr '\n' ' ')
    [ -z "$looked_up" ] || fail "$so" "looks its own ${looked_up% } up, where a program may have another"
    needed=$(echo "$dynamic" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | grep -v '^libc\.so\.6$' | tr '\n' ' ')
    [ -z "$needed" ] || fail "$so" "needs ${needed% }"
    ;;
*)
    exports=$(nm -D --defined-only --extern-only "$so" | awk '{ print $NF }' | sort | tr '\n' ' ')
    [ "$exports" = "luaopen_ffi " ] || fail "$so" "exports \"${exports% }\", wanted \"luaopen_ffi\""
    ;;
esac

# What it wants from outside: Lua's API from the host program, the rest from versioned system libraries.
foreign=$(nm -D --undefined-only "$so" | awk '$1 == "U" && $2 !~ /@/ && $2 !~ /^luaL?_/ { printf "%s ", $2 }')
[ -z "$foreign" ] || fail "$so" "needs symbols that nobody has: ${foreign% }"

case $dynamic in *TEXTREL*) fail "$so" "has text relocations" ;; esac
echo "$dynamic" | grep -q 'FLAGS_1.*NODELETE' || fail "$so" "is not linked -z nodelete"
echo "$dynamic" | grep -q 'NEEDED.*liblua' && fail "$so" "is linked against liblua"

segments=$(readelf -lW "$so")
stack=$(echo "$segments" | awk '$1 == "GNU_STACK" { print $7 }')
[ "$stack" = "RW" ] || fail "$so" "GNU_STACK is \"$stack\", wanted \"RW\""
echo "$segments" | grep -q 'GNU_RELRO' || fail "$so" "is not linked -z relro"
echo "$segments" | awk '$1 == "LOAD" && /RWE/ { found = 1 } END { exit !found }' && fail "$so" "has a writable and executable segment"

[ $# -gt 0 ] || fail "$so" "no NASM objects to look at"
for object in "$@"; do
    [ -f "$object" ] || { fail "$object" "not there"; continue; }
    readelf -nW "$object" | grep -q 'x86 feature: IBT, SHSTK' || fail "$object" "carries no IBT and SHSTK note"
    readelf -SW "$object" | grep -q '\.note\.GNU-stack' || fail "$object" "has no .note.GNU-stack"
    readelf -SW "$object" | grep '\.note\.GNU-stack' | grep -q 'PROGBITS.* X ' && fail "$object" "asks for an executable stack"
done

[ "$nfailed" -eq 0 ] || exit 1
echo "binary: $so and $# NASM objects are as they should be"
