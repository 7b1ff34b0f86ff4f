#!/bin/sh
# sum_tests.sh LOG...: adds up the last "WHAT: N passed, N failed" of each log and ends with the sum alone on its line. A log
# without such a line counts as one failure. Fails when anything failed.
set -u
npassed=0
nfailed=0
for log in "$@"; do
    line=$(grep -E '^[a-z ]+: [0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    if [ -z "$line" ]; then
        echo "$log: no closing line"
        nfailed=$((nfailed + 1))
        continue
    fi
    p=${line##*: }
    npassed=$((npassed + ${p%% passed*}))
    f=${line##*passed, }
    nfailed=$((nfailed + ${f%% failed*}))
done
echo "$npassed passed, $nfailed failed"
[ "$nfailed" -eq 0 ]
