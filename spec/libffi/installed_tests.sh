#!/bin/sh
# installed_tests.sh SUITE NAME...: runs the tests that a package brought to /usr/share/installed-tests/SUITE; at the end, how many of their cases
# passed. The first one that fails is shown and ends it.
set -u
suite=$1
shift
ncases=0
for name in "$@"; do
    command=$(sed -n 's/^Exec=//p' "/usr/share/installed-tests/$suite/$name.test")
    output=$(timeout -k 5 120 sh -c "$command" 2>&1 </dev/null)
    status=$?
    if [ $status -ne 0 ] || [ -z "$command" ] || printf '%s\n' "$output" | grep -q '^not ok'; then
        printf '%s\n%s: exit status %d\n' "$output" "$name" "$status"
        exit 1
    fi
    ncases=$((ncases + $(printf '%s\n' "$output" | grep -c '^ok')))
done
echo "$ncases checks"
