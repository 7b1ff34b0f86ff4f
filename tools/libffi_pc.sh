#!/bin/sh
# libffi_pc.sh PREFIX LIBDIR INCLUDEDIR VERSION: prints libffi.pc, what pkg-config knows of an installed libffi. pkg-config reads a value as a
# shell reads words, so what a path has of spaces and quotes is escaped; the prefix is written as itself, for --define-prefix to find.
set -eu
escape() {
    printf '%s\n' "$1" | sed 's/[^A-Za-z0-9_.,:/+@%=-]/\\&/g'
}
below() {
    case $1 in "$2"/*) printf '${prefix}%s\n' "$(escape "${1#"$2"}")" ;; *) escape "$1" ;; esac
}
cat <<PC
prefix=$(escape "$1")
libdir=$(below "$2" "$1")
includedir=$(below "$3" "$1")

Name: libffi
Description: calls of C functions and closures whose signatures are known at run time
Version: $4
Libs: -L\${libdir} -lffi
Cflags: -I\${includedir}
PC
