-- The programs that are run on our libffi.so.8, Debian's own of each. Of each client:
--   name      a sentence's subject
--   command   a shell command, run in an empty directory; ends with 0 when all is well
--   probe     a shell command that ends with 0 when the client is installed
--   packages  Debian's, for who has to install it; tools/install_packages.sh installs them
--   count     a pattern that captures how many tests were run in what the command prints: a client that tests nothing has failed
--   bigger    true: run only with AIRLOCK_CLIENTS=all
local support = require "spec.support"

local PYTHON = "/usr/bin/python3" -- Debian's: another may bring a libffi of its own

-- A program of ours, in this directory, for an interpreter: { command, probe, packages, count }.
local function own(name, file, interpreter)
    local command = ("%s %s"):format(interpreter.command, support.quote(("%s/spec/libffi/%s"):format(support.root, file)))
    return { name = name, command = command, probe = interpreter.probe, packages = interpreter.packages, count = interpreter.count }
end

local UNITTEST = "Ran (%d+) tests?"
local ctypes = { command = PYTHON .. " -B", probe = PYTHON .. " -c 'import ctypes'", packages = "python3", count = UNITTEST }
local cffi = { -- which compiles modules for Python
    command = PYTHON .. " -B",
    probe = PYTHON .. " -c 'import cffi, distutils.core, os, sysconfig; os.stat(sysconfig.get_path(\"include\") + \"/Python.h\")'",
    packages = "python3-cffi python3-distutils libpython3-dev",
    count = UNITTEST,
}
local ruby = {
    command = "/usr/bin/ruby -w",
    probe = "/usr/bin/ruby -e 'require \"fiddle\"'",
    packages = "ruby",
    count = "(%d+) checks",
}
local perl = {
    command = "/usr/bin/perl",
    probe = "/usr/bin/perl -e 'use FFI::Platypus 2.00; use Test::More'",
    packages = "libffi-platypus-perl",
    count = "%f[^\n\0]1%.%.(%d+)",
}

local clients = {
    {
        name = "CPython's ctypes test suite",
        command = PYTHON .. " -m test -v test_ctypes",
        probe = PYTHON .. " -c 'import ctypes.test, test.test_ctypes'",
        packages = "python3 libpython3.11-testsuite",
        count = "Ran (%d+) tests",
    },
    own("ctypes with values of every type", "ctypes_values.py", ctypes),
    own("ctypes in threads, forked children and confined processes", "ctypes_process.py", ctypes),
    own("cffi", "cffi_values.py", cffi),
    own("Ruby's fiddle", "fiddle.rb", ruby),
    own("Perl's FFI::Platypus", "platypus.pl", perl),
}

for _, client in ipairs(require "spec.libffi.bigger") do clients[#clients + 1] = client end
return clients
