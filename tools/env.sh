#!/bin/sh
# env.sh ROOT BUILD: prints the export lines with which lua5.4 finds require "ffi" and require "ffi.NAME" in a checkout.
set -eu
quote() {
    printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}
root=$1
case $2 in
    /*) build=$2 ;;
    *) build=$root/$2 ;;
esac
printf 'export LUA_PATH=%s; export LUA_CPATH=%s\n' "$(quote "$root/lua/?.lua;;")" "$(quote "$build/?.so;;")"
