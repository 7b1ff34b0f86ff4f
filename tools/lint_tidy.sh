#!/bin/sh
# lint_tidy.sh CFLAG... -- FILE...: clang-tidy with .clang-tidy over the files, as many at once as there are processors.
set -eu
if [ "$1" = --one ]; then # --one FILE CFLAG...
    file=$2
    shift 2
    output=$(clang-tidy --quiet "$file" -- "$@" 2>&1) && exit 0
    printf '%s\n' "$output" | grep -v '^[0-9]* warnings\? generated\|^[0-9]* warnings\? treated\|^Suppressed' || true
    exit 1
fi
nflags=0
for argument in "$@"; do
    [ "$argument" != -- ] || break
    nflags=$((nflags + 1))
done
# The files go to xargs, one each; the flags stay.
files=$(mktemp)
trap 'rm -f "$files"' EXIT
i=0
for argument in "$@"; do
    shift
    if [ "$i" -lt "$nflags" ]; then
        set -- "$@" "$argument"
    elif [ "$i" -gt "$nflags" ]; then
        printf '%s\n' "$argument" >>"$files"
    fi
    i=$((i + 1))
done
xargs -d '\n' -P "$(nproc)" -I '{}' "$0" --one '{}' "$@" <"$files"
