-- The programs that are run on our libffi.so.8, Debian's own of each. Of each client:
--   name      a sentence's subject
--   command   a shell command, run in an empty directory; ends with 0 when all is well
--   probe     a shell command that ends with 0 when the client is installed
--   packages  Debian's; tools/install_packages.sh installs them
--   count     a pattern that captures how many tests were run in what the command prints: a client that tests nothing has failed
--   bigger    true: run only with AIRLOCK_CLIENTS=all
-- The tables below and in bigger.lua have a row for each: name, a program of ours in this directory or false, command ($FILE is the program),
-- probe, packages, and count unless it is the one of most of our programs, which print "N checks" at their end.
local support = require "spec.support"

local PYTHON = "/usr/bin/python3" -- Debian's: another may bring a libffi of its own
local UNITTEST = "Ran (%d+) tests?"
local HAS_CTYPES = PYTHON .. " -c 'import ctypes'"
local HAS_CFFI = PYTHON .. " -c 'import cffi, distutils.core, os, sysconfig; os.stat(sysconfig.get_path(\"include\") + \"/Python.h\")'"

local always = {
    { "CPython's ctypes test suite", false, PYTHON .. " -m test -v test_ctypes", PYTHON .. " -c 'import ctypes.test, test.test_ctypes'",
        "python3 libpython3.11-testsuite", UNITTEST },
    { "ctypes with values of every type", "ctypes_values.py", PYTHON .. " -B $FILE", HAS_CTYPES, "python3", UNITTEST },
    { "ctypes in threads, forked children and confined processes", "ctypes_process.py", PYTHON .. " -B $FILE", HAS_CTYPES, "python3", UNITTEST },
    { "cffi", "cffi_values.py", PYTHON .. " -B $FILE", HAS_CFFI, "python3-cffi python3-distutils libpython3-dev", UNITTEST },
    { "Ruby's fiddle", "fiddle.rb", "/usr/bin/ruby -w $FILE", "/usr/bin/ruby -e 'require \"fiddle\"'", "ruby" },
    { "Perl's FFI::Platypus", "platypus.pl", "/usr/bin/perl $FILE", "/usr/bin/perl -e 'use FFI::Platypus 2.00; use Test::More'",
        "libffi-platypus-perl", "%f[^\n\0]1%.%.(%d+)" },
}

local clients = {}
local function add(rows, bigger)
    for _, row in ipairs(rows) do
        local name, file, command, probe, packages, count = table.unpack(row)
        local path = support.quote(("%s/spec/libffi/%s"):format(support.root, file))
        clients[#clients + 1] = { name = name, command = command:gsub("$FILE", (path:gsub("%%", "%%%%"))), probe = probe, packages = packages,
            count = count or "(%d+) checks\n$", bigger = bigger }
    end
end
add(always, false)
add(require "spec.libffi.bigger", true)
return clients
