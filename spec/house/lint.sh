#!/bin/sh
# Each check of `make lint` fails when there is something to find: a violation is planted in a temporary tree for each. The
# checks that need clang-tidy, cppcheck or luacheck are tried with LINT_TOOLS=1 only (make lint-selftest).
set -u
tools=$(cd "$(dirname "$0")/../../tools" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
title=lint
. "$root/spec/house/check.inc"
cc=${CC:-gcc}

# want pass|fail "what" command...: fail also wants $pattern in the output.
want() {
    wanted=$1
    what=$2
    shift 2
    if output=$("$@" 2>&1); then got=pass; else got=fail; fi
    if [ "$got" = "$wanted" ] && { [ "$got" = pass ] || echo "$output" | grep -q -e "$pattern"; }; then
        npassed=$((npassed + 1))
    else
        nfailed=$((nfailed + 1))
        echo "lint: $what: wanted $wanted (\"$pattern\"), got $got: $output"
    fi
}

# -- layers -------------------------------------------------------------------------------------------------------------------

tree() {
    rm -rf "$dir/tree"
    for layer in base ctype cdecl abi bind host libffi; do
        mkdir -p "$dir/tree/src/$layer"
        echo '#include <stddef.h>' >"$dir/tree/src/$layer/$layer.h"
        echo "#include \"$layer/$layer.h\"" >"$dir/tree/src/$layer/$layer.c"
    done
    mkdir -p "$dir/tree/spec/unit"
    echo '#include "unit.h"' >"$dir/tree/spec/unit/abi_x.c"
}

# include FILE LINE: the tree with LINE added to FILE
include() {
    tree
    mkdir -p "$(dirname "$dir/tree/$1")"
    echo "$2" >>"$dir/tree/$1"
}

layers() {
    pattern=$4
    include "$2" "$3"
    want "$1" "$2: $3" "$tools/lint_layers.sh" "$dir/tree"
}

tree
pattern=
want pass "a clean tree" "$tools/lint_layers.sh" "$dir/tree"
while read -r verdict file text; do
    layers "$verdict" "$file" "$text" "$file:[0-9]*: layer"
done <<'CASES'
pass src/ctype/ctype.h #include "base/mem.h"
pass src/cdecl/cdecl.c #include "ctype/ctype.h"
pass src/abi/abi.c #include "base/mem.h"
pass src/bind/bind.c #include "cdecl/cdecl.h"
pass src/bind/bind.c #include <lauxlib.h>
pass src/host/host.h #include <lua.h>
pass src/libffi/libffi.c #include "abi/abi.h"
pass spec/unit/abi_x.c #include "abi/abi.h"
fail src/base/base.c #include "ctype/ctype.h"
fail src/base/base.h #  include <abi/abi.h>
fail src/ctype/ctype.c #include "cdecl/cdecl.h"
fail src/cdecl/cdecl.c #include "abi/abi.h"
fail src/abi/abi.c #include "ctype/ctype.h"
fail src/abi/abi.c #include "bind/state.h"
fail src/abi/abi.c #include <lua.h>
fail src/cdecl/cdecl.c #include "lauxlib.h"
fail src/cdecl/cdecl.c #include <lua5.4/lua.h>
fail src/libffi/libffi.c #include "bind/state.h"
fail src/libffi/libffi.c #include "ctype/ctype.h"
fail src/host/host.c #include "base/mem.h"
fail asm/call.asm %include "bind/offsets.inc"
fail spec/unit/abi_x.c #include "ctype/ctype.h"
fail spec/unit/cdecl_x.c #include "abi/abi.h"
CASES
layers fail src/abi/abi.c '#include "../base/mem.h"' "relative path"
layers fail src/misc/misc.c '#include <stddef.h>' "belongs to no layer"
layers fail src/bind/bind.c '#include "other/x.h"' "unknown layer"
mkdir "$dir/empty"
pattern="no sources"
want fail "an empty tree" "$tools/lint_layers.sh" "$dir/empty"

# -- binary -------------------------------------------------------------------------------------------------------------------

cat >"$dir/noted.asm" <<'ASM'
default rel
section .note.GNU-stack noalloc noexec nowrite progbits
section .note.gnu.property note alloc noexec nowrite align=8
    dd 4, 16, 5
    db "GNU", 0
    dd 0xc0000002, 4, 3, 0
section .text
global noted:function hidden
noted:
    endbr64
    ret
ASM
sed 's/0xc0000002, 4, 3/0xc0000002, 4, 1/' "$dir/noted.asm" >"$dir/half.asm"
sed '/section .note.gnu.property/,/0xc0000002/d' "$dir/noted.asm" >"$dir/bare.asm"
sed '/GNU-stack/d' "$dir/noted.asm" >"$dir/stack.asm"
sed 's/GNU-stack noalloc noexec/GNU-stack noalloc exec/' "$dir/noted.asm" >"$dir/exec.asm"
for name in noted half bare stack exec; do
    nasm -f elf64 -o "$dir/$name.o" "$dir/$name.asm" || exit 1
done

cat >"$dir/module.c" <<'C'
int value;
int luaopen_ffi(void *L);
int helper(void);
int helper(void) { return ++value; }
int luaopen_ffi(void *L) { (void)L; return helper(); }
C
cat >"$dir/missing.c" <<'C'
int elsewhere(void);
int lua_gettop(void *L);
int missing(void);
int missing(void) { return elsewhere() + lua_gettop(0); }
C
good="-Wl,-z,nodelete,-z,now,-z,relro,-z,noexecstack -Wl,--version-script=$tools/ffi.map"

# module "flags": links the module anew
module() {
    rm -f "$dir/ffi.so"
    # shellcheck disable=SC2086
    "$cc" -shared -fPIC -w -o "$dir/ffi.so" "$dir/module.c" "$dir/noted.o" $1 2>"$dir/log" || { cat "$dir/log"; exit 1; }
}

binary() {
    pattern=$4
    module "$3"
    want "$1" "$2" "$tools/lint_binary.sh" "$dir/ffi.so" "$dir/noted.o"
}

binary pass "a module as it should be" "$good" ""
binary fail "another export" "-Wl,-z,nodelete,-z,relro,-z,noexecstack" 'exports "helper luaopen_ffi value"'
binary fail "no export" "$good -Dluaopen_ffi=luaopen_other" 'exports ""'
binary fail "missing function" "$good $dir/missing.c" 'nobody has: elsewhere'
binary fail "executable stack" "$good -Wl,-z,execstack" 'GNU_STACK is "RWE"'
binary fail "without nodelete" "-Wl,-z,now,-z,relro,-z,noexecstack -Wl,--version-script=$tools/ffi.map" 'not linked -z nodelete'
binary fail "without relro" "$good -Wl,-z,norelro" 'not linked -z relro'
binary fail "text relocations" "$good -fno-pic -mcmodel=large -Wl,-z,notext" 'text relocations'
binary fail "one segment for all" "$good -Wl,--omagic -nostdlib" 'writable and executable'
"$cc" -shared -o "$dir/liblua5.4.so.0" -x c /dev/null -Wl,-soname,liblua5.4.so.0
binary fail "linked to liblua" "$good -Wl,--no-as-needed $dir/liblua5.4.so.0" 'against liblua'

module "$good"
objects() {
    pattern=$3
    want "$1" "object $2" "$tools/lint_binary.sh" "$dir/ffi.so" "$dir/noted.o" ${2:+"$dir/$2.o"}
}
objects fail half "half.o: carries no IBT and SHSTK note"
objects fail bare "bare.o: carries no IBT and SHSTK note"
objects fail stack "stack.o: has no .note.GNU-stack"
objects fail exec "exec.o: asks for an executable stack"
objects fail missing "missing.o: not there"
cat >"$dir/drop_in.c" <<'C'
int ffi_call(int n);
int helper(int n);
int helper(int n) { return n + 1; }
int ffi_call(int n) { return helper(n); }
int ffi_raw_call(int n) { return ffi_call(n); }
C
echo 'LIBFFI_BASE_8.0 { global: ffi_call; ffi_raw_call; local: *; };' >"$dir/drop_in.map"
echo 'LIBFFI_BASE_8.0 { global: *; };' >"$dir/open.map"
"$cc" -shared -fPIC -o "$dir/libother.so" -x c /dev/null -Wl,-soname,libother.so.1
# drop_in pass|fail "what" "flags" "pattern": links a libffi.so.8 anew
drop_in() {
    pattern=$4
    rm -f "$dir/libffi.so.8"
    # shellcheck disable=SC2086
    "$cc" -shared -fPIC -o "$dir/libffi.so.8" "$dir/drop_in.c" "$dir/noted.o" $3 2>"$dir/log" || { cat "$dir/log"; exit 1; }
    want "$1" "libffi: $2" "$tools/lint_binary.sh" "$dir/libffi.so.8" "$dir/noted.o"
}
hard="-Wl,-z,nodelete,-z,now,-z,relro,-z,noexecstack"
named="-Wl,-soname,libffi.so.8,-Bsymbolic-functions"
private="-Wl,--version-script=$dir/drop_in.map"
drop_in pass "a library as it should be" "$hard $named $private" ""
drop_in fail "another export" "$hard $named -Wl,--version-script=$dir/open.map" 'exports "helper@@LIBFFI_BASE_8.0"'
drop_in fail "no versions" "$hard $named" 'exports "ffi_call ffi_raw_call helper"'
drop_in fail "no soname" "$hard $private -Wl,-Bsymbolic-functions" 'has not the soname'
drop_in fail "calls that others may get" "$hard -Wl,-soname,libffi.so.8 $private" 'looks its own ffi_call up'
drop_in fail "another library" "$hard $named $private -Wl,--no-as-needed $dir/libother.so" 'needs libother.so.1'
drop_in fail "missing function" "$hard $named $private $dir/missing.c" 'nobody has: elsewhere'
drop_in fail "executable stack" "$hard $named $private -Wl,-z,execstack" 'GNU_STACK is "RWE"'
drop_in fail "without nodelete" "-Wl,-z,now,-z,relro,-z,noexecstack $named $private" 'not linked -z nodelete'
drop_in fail "without relro" "$hard $named $private -Wl,-z,norelro" 'not linked -z relro'
drop_in fail "text relocations" "$hard $named $private -fno-pic -mcmodel=large -Wl,-z,notext" 'text relocations'
drop_in fail "one segment for all" "$hard $named $private -Wl,--omagic -nostdlib" 'writable and executable'

pattern="no NASM objects"
want fail "no objects" "$tools/lint_binary.sh" "$dir/ffi.so"
pattern="not there"
want fail "no module" "$tools/lint_binary.sh" "$dir/none.so" "$dir/noted.o"

# -- the tools of others ------------------------------------------------------------------------------------------------------

if [ "${LINT_TOOLS-}" = 1 ]; then
    tree
    cp "$root/.clang-tidy" "$root/.luacheckrc" "$dir/tree/"
    cat >"$dir/tree/src/base/good.c" <<'C'
int good(const int *p);
int good(const int *p)
{
    return *p;
}
C
    cat >"$dir/tree/src/base/bad.c" <<'C'
#include <stdlib.h>
#include <string.h>
int *bad(int n);
int *bad(int n)
{
    int *p = malloc(sizeof(*p));
    if (p == NULL)
        return NULL;
    *p = n;
    free(p);
    if (n > 2)
        memset(p, sizeof(*p), 0);
    return p;
}
C
    echo 'local t = {} return t' >"$dir/tree/good.lua"
    echo 'x = undefined_name' >"$dir/tree/bad.lua"
    cd "$dir/tree" || exit 1
    pattern=
    want pass "clang-tidy, clean" "$tools/lint_tidy.sh" -std=c11 -- src/base/good.c
    want pass "cppcheck, clean" "$tools/lint_cppcheck.sh" src/base/good.c
    want pass "luacheck, clean" luacheck -q good.lua
    pattern="clang-analyzer-unix.Malloc"
    want fail "clang-tidy, planted" "$tools/lint_tidy.sh" -std=c11 -- src/base/bad.c
    pattern="bugprone-suspicious-memset-usage"
    want fail "clang-tidy, planted" "$tools/lint_tidy.sh" -std=c11 -- src/base/good.c src/base/bad.c
    pattern="deallocret"
    want fail "cppcheck, planted" "$tools/lint_cppcheck.sh" src/base/bad.c
    pattern="undefined_name"
    want fail "luacheck, planted" luacheck -q bad.lua
fi

close
