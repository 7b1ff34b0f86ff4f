#!/bin/sh
# run_units.sh PROGRAM...: runs each unit test, which ends with "NAME: N passed, N failed"; a program that dies, does not say
# so or takes over UNIT_SECONDS (900) counts as one failure. Ends with the sum, and fails when anything did. UNIT_WRAPPER is
# put before each program, TITLE names the sum.
set -u
npassed=0
nfailed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for program in "$@"; do
    name=${program##*/}
    timeout "${UNIT_SECONDS:-900}" ${UNIT_WRAPPER:-} "$program" >"$log" 2>&1
    status=$?
    cat "$log"
    last=$(grep -E '^.*: [0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1)
    p=$(printf '%s\n' "$last" | sed -n 's/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1/p')
    f=$(printf '%s\n' "$last" | sed -n 's/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\2/p')
    npassed=$((npassed + ${p:-0}))
    nfailed=$((nfailed + ${f:-0}))
    if [ "$status" -ne 0 ] && [ "${f:-0}" -eq 0 ]; then
        [ "$status" -ne 124 ] || echo "$name: still running after ${UNIT_SECONDS:-900} s"
        echo "$name: exit status $status"
        nfailed=$((nfailed + 1))
    elif [ -z "$last" ]; then
        echo "$name: no closing line"
        nfailed=$((nfailed + 1))
    fi
done
echo "${TITLE:-unit tests}: $npassed passed, $nfailed failed"
[ "$nfailed" -eq 0 ]
