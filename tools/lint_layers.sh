#!/bin/sh
# lint_layers.sh [ROOT]: proves the layering from the #include lines. Each layer includes only its own headers and
# those of the layers listed for it; Lua's headers are seen by bind and host alone.
set -eu
cd "${1:-.}"

# layer: what it may include
rules='
base:
ctype: base
cdecl: ctype base
abi: base
bind: base ctype cdecl abi
host:
libffi: abi base
'

find src asm spec/unit -type f \( -name '*.[ch]' -o -name '*.cc' -o -name '*.def' -o -name '*.asm' -o -name '*.inc' \) 2>/dev/null |
    LC_ALL=C sort | awk -v rules="$rules" '
function fail(text) { printf "%s:%d: %s\n", file, line, text; nfailed++ }

# The layer a file belongs to; "" for one outside every layer.
function layer_of(path, parts, n) {
    n = split(path, parts, "/")
    if (parts[1] == "src") return n > 2 ? parts[2] : ""
    if (parts[1] == "asm") return parts[2] ~ /^libffi_/ ? "libffi" : "abi"
    if (path ~ /^spec\/unit\/abi_/) return "unit-abi"
    if (path ~ /^spec\/unit\/(base|ctype|cdecl)_/) return "unit-cdecl"
    if (path ~ /^spec\/unit\/leaves_/) return "unit-leaves"
    return "unit"
}

function check(path, quoted, target) {
    if (path ~ /(^|\/)(lua|lauxlib|lualib|luaconf)\.h(pp)?$/) {
        if (layer != "bind" && layer != "host") fail("layer " layer " includes " path)
        return
    }
    if (path ~ /\.\./) { fail("include by relative path: " path); return }
    target = path
    if (target !~ /\//) return  # a header of its own directory, or of the system
    sub(/\/.*/, "", target)
    if (!(target in known)) { if (quoted && layer !~ /^unit/) fail("unknown layer: " path); return }
    if (layer == "unit-leaves" && path == "bind/leaves.h") return
    if (target != layer && !((layer, target) in allowed)) fail("layer " layer " includes " path)
}

BEGIN {
    n = split(rules, rule, "\n")
    for (i = 1; i <= n; i++) {
        if (rule[i] == "") continue
        name = rule[i]; sub(/:.*/, "", name); known[name] = 1
        m = split(substr(rule[i], length(name) + 2), to, " ")
        for (j = 1; j <= m; j++) allowed[name, to[j]] = 1
    }
    known["unit-abi"] = known["unit-cdecl"] = known["unit-leaves"] = known["unit"] = 1
    allowed["unit-abi", "base"] = allowed["unit-abi", "abi"] = 1
    # from declarations to the call engine through bind/leaves.c, which knows no Lua
    m = split("base ctype cdecl abi", to, " ")
    for (j = 1; j <= m; j++) allowed["unit-leaves", to[j]] = 1
    allowed["unit-cdecl", "base"] = allowed["unit-cdecl", "ctype"] = allowed["unit-cdecl", "cdecl"] = 1
}

{
    file = $0; line = 0; nfiles++
    layer = layer_of(file)
    if (!(layer in known)) { fail("belongs to no layer"); next }
    while ((getline text < file) > 0) {
        line++
        if (text !~ /^[ \t]*[#%][ \t]*include(_next)?[ \t]*["<]/) continue
        sub(/^[ \t]*[#%][ \t]*include(_next)?[ \t]*/, "", text)
        quoted = substr(text, 1, 1) == "\""
        sub(/^["<]/, "", text); sub(/[">].*/, "", text)
        check(text, quoted)
    }
    close(file)
}

END {
    if (nfiles == 0) { print "lint_layers: no sources here"; exit 1 }
    if (nfailed > 0) exit 1
    printf "layers: %d files keep to their arrows\n", nfiles
}'
