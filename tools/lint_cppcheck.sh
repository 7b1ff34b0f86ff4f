#!/bin/sh
# lint_cppcheck.sh FILE...: cppcheck over the files; a finding is an error. A comment `cppcheck-suppress ID` excuses one line.
set -eu
[ $# -gt 0 ] || exit 0
exec cppcheck --quiet --library="$(dirname "$0")/cppcheck.cfg" --std=c11 --language=c --platform=unix64 --enable=warning,performance,portability --inline-suppr \
    --suppress=missingIncludeSystem --suppress=unmatchedSuppression --error-exitcode=1 -j "$(nproc)" -Isrc -D__x86_64__ -D__linux__ '-D_Noreturn=__attribute__((noreturn))' \
    '-DPRIu64="lu"' '-DPRId64="ld"' '-DPRIx64="lx"' "$@"
