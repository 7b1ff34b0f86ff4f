#!/bin/sh
# run_specs.sh [BUSTED_ARGUMENT...]: runs the busted specs and ends with "specs: N passed, N failed". Without arguments each file of spec/ runs
# in a process of its own, JOBS of them at a time, so that none meets what another declared. From the environment: LUA, the interpreter;
# LUA_WRAPPER, put before it (valgrind, a preloading ld.so); BUSTED, the script; JOBS; SPECS, names of the files to run without their
# "_spec.lua", all of them when it is empty. Specs that start an interpreter of their own find the whole command in AIRLOCK_LUA.
set -u
lua=$(command -v "${LUA:-lua5.4}")
busted=${BUSTED:-$(command -v busted)}
export AIRLOCK_LUA="${LUA_WRAPPER:+$LUA_WRAPPER }$lua"
log=$(mktemp)
logs=$(mktemp -d)
trap 'rm -rf "$log" "$logs"' EXIT

# All files: one log each, shown when it is whole.
if [ $# -eq 0 ]; then
    list=$(mktemp)
    trap 'rm -rf "$log" "$logs" "$list"' EXIT
    for spec in spec/*_spec.lua; do
        case " ${SPECS:-$(basename "$spec" _spec.lua)} " in *" $(basename "$spec" _spec.lua) "*) echo "$spec" ;; esac
    done >"$list"
    # shellcheck disable=SC2016
    tr '\n' '\0' <"$list" | xargs -0 -r -n 1 -P "${JOBS:-1}" sh -c '
        name=$(basename "$3" .lua)
        "$1" "$3" >"$2/$name" 2>&1
        printf "%s\n" "$name" && cat "$2/$name"' sh "$0" "$logs"
    npassed=0
    nfailed=0
    while read -r spec; do
        line=$(grep -E '^specs: [0-9]+ passed, [0-9]+ failed$' "$logs/$(basename "$spec" .lua)" 2>/dev/null | tail -n 1)
        p=$(echo "$line" | sed -n 's/^specs: \([0-9]*\) passed.*/\1/p')
        f=$(echo "$line" | sed -n 's/.* \([0-9]*\) failed$/\1/p')
        npassed=$((npassed + ${p:-0}))
        nfailed=$((nfailed + ${f:-1}))
    done <"$list"
    echo "specs: $npassed passed, $nfailed failed"
    [ "$nfailed" -eq 0 ]
    exit
fi

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
