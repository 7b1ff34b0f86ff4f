#!/bin/sh
# What libffi.so.8 and its headers promise to programs that know Debian's: the same symbols under the same versions, the same macros,
# types and declarations, the same answers to the same calls. The oracle is Debian's libffi.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
title=libffi
. "$root/spec/house/check.inc"
build=${AIRLOCK_BUILD:-$root/build}
lua=${LUA:-lua5.4}
cc=${CC:-gcc}
unset LD_LIBRARY_PATH LD_PRELOAD

# same "what" WANTED GOT
same() {
    ok "$1" diff "$2" "$3"
}

ours=$build/libffi.so.8
theirs=$(realpath "$("$cc" -print-file-name=libffi.so)")
our_headers=$build/include
their_headers=$(dirname "$(echo '#include <ffi.h>' | "$cc" -M -xc - | grep -o '[^ ]*/ffi\.h')")
[ -f "$theirs" ] && [ -f "$their_headers/ffi.h" ] || { echo "libffi: libffi-dev is not here"; exit 1; }

# -- symbols ------------------------------------------------------------------------------------------------------------------

# What a library defines: name@@node, type, and the size of data.
symbols() {
    readelf --dyn-syms -W "$1" | awk '$7 != "UND" && $7 != "ABS" && $8 ~ /@/ { print $8, $4, $4 == "OBJECT" ? $3 : "" }' | sort
}

# The version nodes: node, its parents.
nodes() {
    readelf -VW "$1" | awk '/^Version needs/ { exit } / Name: / { if (node) print node, parents; node = $NF; parents = "" }
        / Parent / { parents = parents " " $NF } END { print node, parents }' | sort
}

# What libffi 3.5 to 3.8 added.
cat >"$dir/added" <<'LIST'
ffi_call_plan_alloc@@LIBFFI_CALL_PLAN_8.4 FUNC 
ffi_call_plan_free@@LIBFFI_CALL_PLAN_8.4 FUNC 
ffi_call_plan_invoke@@LIBFFI_CALL_PLAN_8.4 FUNC 
ffi_call_plan_size@@LIBFFI_CALL_PLAN_8.5 FUNC 
ffi_get_closure_size@@LIBFFI_BASE_8.1 FUNC 
ffi_get_default_abi@@LIBFFI_BASE_8.1 FUNC 
ffi_get_version@@LIBFFI_BASE_8.1 FUNC 
ffi_get_version_number@@LIBFFI_BASE_8.1 FUNC 
ffi_type_sint128@@LIBFFI_INT128_8.3 OBJECT 24
ffi_type_uint128@@LIBFFI_INT128_8.3 OBJECT 24
LIST
symbols "$theirs" >"$dir/symbols.theirs"
symbols "$ours" >"$dir/symbols.ours"
ok "Debian's has symbols" test -s "$dir/symbols.theirs"
sort "$dir/symbols.theirs" "$dir/added" >"$dir/symbols.wanted"
same "the symbols, their versions, the sizes of data" "$dir/symbols.wanted" "$dir/symbols.ours"

nodes "$theirs" >"$dir/nodes.theirs"
nodes "$ours" >"$dir/nodes.ours"
# The nodes of those, and what they inherit.
cat >"$dir/nodes.added" <<'LIST'
LIBFFI_BASE_8.1  LIBFFI_BASE_8.0
LIBFFI_CALL_PLAN_8.4  LIBFFI_BASE_8.1
LIBFFI_CALL_PLAN_8.5  LIBFFI_CALL_PLAN_8.4
LIBFFI_INT128_8.3  LIBFFI_BASE_8.1
LIST
ok "Debian's has version nodes" grep -q '^LIBFFI_CLOSURE_8.0 ' "$dir/nodes.theirs"
sort "$dir/nodes.theirs" "$dir/nodes.added" >"$dir/nodes.wanted"
same "the version nodes and what they inherit, and the soname" "$dir/nodes.wanted" "$dir/nodes.ours"

# -- headers ------------------------------------------------------------------------------------------------------------------

macros() {
    "$cc" -E -dM "$@" -xc - | sort
}
printf '#include <stddef.h>\n#include <limits.h>\n' | macros >"$dir/macros.system"
for whose in their our; do
    eval "headers=\$${whose}_headers"
    # shellcheck disable=SC2154
    echo '#include <ffi.h>' | macros -I"$headers" | comm -23 - "$dir/macros.system" >"$dir/macros.$whose"
done

# What is not as in Debian's, and why.
cat >"$dir/macros.except" <<'LIST'
FFI_64_BIT_MAX only compared with LONG_MAX there, for machines that have no 64 bits
FFI_LONG_LONG_MAX only compared with the one above
FFI_API visible whatever -fvisibility says
FFI_FN its argument in parentheses
FFI_TARGET_SPECIFIC_STACK_SPACE_ALLOCATION for libffi's own sources
FFI_TYPE_LAST the types that libffi 3.6 and 3.8 added
FFI_TYPE_MS_STRUCT for libffi's own assembly
FFI_TYPE_SMALL_STRUCT_1B for libffi's own assembly
FFI_TYPE_SMALL_STRUCT_2B for libffi's own assembly
FFI_TYPE_SMALL_STRUCT_4B for libffi's own assembly
_CET_ENDBR for libffi's own assembly
_CET_NOTRACK for libffi's own assembly
LIST
sed 's/ .*//; s/.*/^#define &[ (]/' "$dir/macros.except" >"$dir/macros.patterns"
grep -v -f "$dir/macros.patterns" "$dir/macros.their" >"$dir/macros.wanted"
comm -23 "$dir/macros.wanted" "$dir/macros.our" >"$dir/macros.missing"
ok "Debian's header has macros" grep -q 'define FFI_TYPE_VOID' "$dir/macros.wanted"
same "each macro of Debian's header" /dev/null "$dir/macros.missing"
while read -r name _; do
    ok "the exception for $name is one" grep -q "^#define $name[ (]" "$dir/macros.their"
done <"$dir/macros.except"

# Each function and variable that Debian's header declares, declared once more behind ours.
echo '#include <ffi.h>' | "$cc" -E -P -I"$their_headers" -xc - >"$dir/their.i"
{ echo '#include <ffi.h>'; echo '#ifdef __cplusplus'; echo 'extern "C" {'; echo '#endif'
  "$lua" "$root/spec/house/libffi/declarations.lua" <"$dir/their.i"
  echo '#ifdef __cplusplus'; echo '}'; echo '#endif'; } >"$dir/declared.c"
ok "Debian's header declares" grep -q 'ffi_prep_cif_var' "$dir/declared.c"
ok "each declaration of Debian's header agrees with ours" "$cc" -Werror -I"$our_headers" -c -o "$dir/declared.o" "$dir/declared.c"
ok "each declaration agrees in C++" "$cc" -xc++ -Werror -I"$our_headers" -c -o "$dir/declared.o" "$dir/declared.c"
sed 's/unsigned int nargs/unsigned long nargs/' "$dir/declared.c" >"$dir/spoilt.c"
ok "another prototype is seen" sh -c '! "$@"' - "$cc" -Werror -I"$our_headers" -c -o "$dir/declared.o" "$dir/spoilt.c"

# Each type of Debian's header, member by member with offsets, as a debugger sees it.
debugged() {
    echo '#include <ffi.h>' | "$cc" -g -fno-eliminate-unused-debug-types -I"$1" -xc - -c -o "$2"
}
types() {
    while read -r name; do
        echo "$name"
        gdb -nx -q -batch -ex "ptype /o $name" "$1"
    done <"$dir/types.names"
}
debugged "$their_headers" "$dir/types.their.o"
debugged "$our_headers" "$dir/types.our.o"
gdb -nx -q -batch -ex 'info types ffi_' "$dir/types.their.o" | sed -n 's/^\(.*[ \t]\)\?\(_\?ffi_[a-z_]*\);$/\2/p' | sed 's/^_/struct _/' | sort -u >"$dir/types.names"
types "$dir/types.their.o" >"$dir/types.their"
types "$dir/types.our.o" >"$dir/types.our"
ok "Debian's header has types" grep -q user_data "$dir/types.their"
same "each type" "$dir/types.their" "$dir/types.our"

# Quiet under what clients compile with.
for command in "$cc -std=c99 -pedantic" "$cc -std=c11" "$cc -std=gnu17" "$cc -std=gnu89" "clang -std=c99 -pedantic" "clang -std=c17" \
    "$cc -xc++ -std=c++98" "$cc -xc++ -std=c++20 -pedantic" "clang -xc++ -std=c++98" "clang -xc++ -std=c++20"; do
    command -v "${command%% *}" >/dev/null 2>&1 || continue
    # shellcheck disable=SC2086
    ok "the header under $command" sh -c 'echo "#include <ffi.h>" | "$@"' - $command \
        $(case $command in *xc++*) ;; *) echo -xc ;; esac) -Wall -Wextra -Wundef -Werror -I"$our_headers" -fsyntax-only -
done
for headers in "$their_headers" "$our_headers"; do
    ok "the idioms of clients, $headers" "$cc" -std=gnu11 -Wall -Wextra -Werror -I"$headers" -fsyntax-only "$root/spec/house/libffi/idioms.c"
    ok "the idioms of clients in C++, $headers" "$cc" -xc++ -Wall -Wextra -Werror -I"$headers" -fsyntax-only "$root/spec/house/libffi/idioms.c"
done
ok "the header in assembly" sh -c 'printf "#define LIBFFI_ASM\n#include <ffi.h>\n" | "$@"' - "$cc" -I"$our_headers" -xassembler-with-cpp -c -o "$dir/asm.o" -

# -- answers ------------------------------------------------------------------------------------------------------------------

# answer HEADERS LIBRARY: the program's answers to the one, compiled with the other.
answer() {
    "$cc" -std=gnu11 -Wall -Wextra -Werror -Wno-deprecated-declarations -g -I"$1" -I"$root/spec/unit" -o "$dir/answers" "$root/spec/house/libffi/answers.c" "$2" \
        -Wl,-rpath,"$(dirname "$2")" && "$dir/answers"
}
# Where ours answer otherwise, and why: in Java's form they give a long double its two words, where Debian's lets the next one overwrite it.
for whose in "their our" "their their" "our their" "our our"; do
    eval "headers=\$${whose% *}_headers"
    library=$ours
    [ "${whose#* }" = our ] || library=$theirs
    ok "answers of ${whose#* } library with ${whose% *} header" answer "$headers" "$library"
    grep -v 'java size of longdouble' "$dir/log" >"$dir/answers.${whose#* }.${whose% *}"
done
ok "there are answers" grep -q '^java word 3' "$dir/answers.their.their"
same "Debian's library with our header" "$dir/answers.their.their" "$dir/answers.their.our"
same "our library's answers" "$dir/answers.their.their" "$dir/answers.our.our"
same "our library's answers with Debian's header" "$dir/answers.their.their" "$dir/answers.our.their"

# -- a test of the whole, compiled with either header and run on either library ----------------------------------------------------

contract() {
    "$cc" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -g -I"$root/spec/unit" -I"$1" -o "$dir/contract" "$root/spec/unit/libffi_contract.c" "$2" -lm \
        -Wl,-rpath,"$(dirname "$2")" && "$dir/contract"
}
ok "libffi_contract: our library, Debian's header" contract "$their_headers" "$ours"
ok "libffi_contract: Debian's library and header" contract "$their_headers" "$theirs"
ok "libffi_contract: Debian's library, our header" contract "$our_headers" "$theirs"

# -- leaks: tools that look for them find none in a program that keeps its closures, or only their code -----------------------------

# found COMMAND...: it has something to say of the program that loses memory.
found() {
    "$@" lost >"$dir/log" 2>&1
    grep -q 'lost\|leaked' "$dir/log"
}
leaks_of() {
    "$cc" -std=gnu11 -Wall -Wextra -Werror -g $3 -I"$their_headers" -o "$dir/$1" "$root/spec/house/libffi/kept.c" "$2" -Wl,-rpath,"$(dirname "$2")"
}
for whose in their our; do
    library=$ours
    [ $whose = our ] || library=$theirs
    ok "kept.c, $whose library" leaks_of kept "$library" ""
    ok "kept.c with LeakSanitizer, $whose library" leaks_of kept.lsan "$library" -fsanitize=leak
    for tool in "$dir/kept.lsan" "valgrind -q --leak-check=full --error-exitcode=99 $dir/kept"; do
        # shellcheck disable=SC2086
        found $tool || { echo "libffi: not here: ${tool%% *}"; continue; }
        # shellcheck disable=SC2086
        ok "closures that are kept, $whose library, ${tool%% *}" $tool
        # shellcheck disable=SC2086
        ok "closures of which the code is kept, $whose library, ${tool%% *}" $tool codes
    done
done

close
