#!/bin/sh
# run_specs.sh BUSTED_ARGUMENT...: runs the busted specs and ends with "specs: N passed, N failed". From the environment: LUA, the
# interpreter; LUA_WRAPPER, put before it (valgrind, a preloading ld.so); BUSTED, the script. Specs that start an interpreter of their own find
# the whole command in AIRLOCK_LUA.
set -u
lua=$(command -v "${LUA:-lua5.4}")
busted=${BUSTED:-$(command -v busted)}
export AIRLOCK_LUA="${LUA_WRAPPER:+$LUA_WRAPPER }$lua"
if ! ls spec/*_spec.lua >/dev/null 2>&1; then
    echo "specs: 0 passed, 0 failed"
    exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
{
    $AIRLOCK_LUA "$busted" --output=plainTerminal "$@"
    echo "busted's exit status: $?"
} 2>&1 | tee "$log" | sed '/^busted.s exit status: 0$/d'
status=$(sed -n "s/^busted's exit status: //p" "$log" | tail -n 1)
line=$(grep -E '^[0-9]+ success(es)? / [0-9]+ failures? / [0-9]+ errors? / [0-9]+ pending' "$log" | tail -n 1)
npassed=$(echo "$line" | sed -n 's/^\([0-9]*\) success.*/\1/p')
nfailed=$(echo "$line" | sed -n 's|.* / \([0-9]*\) failure.*|\1|p')
nerrors=$(echo "$line" | sed -n 's|.* / \([0-9]*\) error.*|\1|p')
nfailed=$((${nfailed:-0} + ${nerrors:-0}))
# A run that dies, or whose exit status contradicts its sum, has failed.
if [ "$nfailed" -eq 0 ] && [ "${status:-1}" -ne 0 ]; then
    nfailed=1
fi
echo "specs: ${npassed:-0} passed, $nfailed failed"
[ "$nfailed" -eq 0 ]
