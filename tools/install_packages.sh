#!/bin/sh
# install_packages.sh TARGET: makes sure that the Debian packages behind a make target are there: demo, test, clients, headers, asan, tsan,
# valgrind, bench-cdef, fuzz or lint. Asks dpkg first and touches apt only when something is missing; without the right to install,
# names the packages and stops.
set -eu

demo="gcc libc6-dev nasm lua5.4 liblua5.4-dev libsqlite3-0"
# Run on libffi.so.8 by every test, and those that spec/libffi/bigger.lua has.
small_clients="python3 libpython3.11-testsuite libpython3-dev python3-cffi python3-distutils ruby libffi-platypus-perl"
clients="ruby-ffi guile-3.0 php8.2-cli ocaml-nox ocaml-findlib libctypes-ocaml-dev ecl libglib2.0-dev libwayland-dev
python3-gi gjs lua5.3 lua-lgi gobject-introspection openjdk-17-jdk-headless libjna-java rakudo pypy3 pypy3-dev
libp11-kit-dev p11-kit p11-kit-modules llvm-runtime polyml newlisp libglib2.0-tests gjs-tests dbus-daemon libglib-object-introspection-perl"
test="$demo $small_clients g++ clang libc++-dev libc++abi-dev binutils pkg-config lua-busted luarocks gdb zlib1g libuv1 libglib2.0-0 luajit libffi-dev"
headers="zlib1g-dev libsqlite3-dev libcurl4-openssl-dev libssl-dev libuv1-dev libsdl2-dev libglib2.0-dev libgtk-3-dev libx11-dev
libxcb1-dev libxml2-dev libpng-dev libavcodec-dev libvulkan-dev python3-dev linux-libc-dev pkg-config"
# libFuzzer is in a package of the compiler's version.
clang_runtime() {
    version=$(clang -dumpversion 2>/dev/null || apt-cache show clang 2>/dev/null | sed -n 's/^Depends:.*clang-\([0-9][0-9]*\).*/\1/p' | head -n 1)
    echo "libclang-rt-${version%%.*}-dev"
}
case ${1-} in
    demo) wanted=$demo ;;
    test) wanted=$test ;;
    clients) wanted="$test $clients" ;;
    headers) wanted=$headers ;;
    asan) wanted="$test libasan8 libubsan1" ;;
    tsan) wanted="$test libtsan2" ;;
    valgrind) wanted="$test valgrind libc6-dbg" ;;
    bench-cdef) wanted="$test valgrind libc6-dbg libsqlite3-dev libssl-dev libgtk-3-dev" ;;
    fuzz) wanted="clang $(clang_runtime)" ;;
    lint) wanted="$demo binutils clang clang-tidy clang-format cppcheck lua-check" ;;
    *) echo "usage: $0 demo|test|clients|headers|asan|tsan|valgrind|lint|bench-cdef|fuzz" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "$0: not a Debian system: taking for granted what these packages hold: $wanted" >&2
    exit 0
fi

missing=
for package in $wanted; do
    status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
    [ "$status" = "install ok installed" ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
    as_root="sudo"
else
    echo "missing Debian packages, and no right to install them. Please run, as root:" >&2
    echo "    apt-get install$missing" >&2
    exit 1
fi

echo "installing:$missing"
apt_get() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 "$@"
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! { apt_get update && apt_get install --no-install-recommends $missing; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "apt-get could not install:$missing" >&2
    exit 1
fi
