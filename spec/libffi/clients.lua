-- The programs that are run on our libffi.so.8, Debian's own of each. Of each client:
--   name      a sentence's subject
--   command   a shell command, run in an empty directory; ends with 0 when all is well
--   probe     a shell command that ends with 0 when the client is installed
--   packages  Debian's, for who has to install it; tools/install_packages.sh installs them
--   count     a pattern that captures how many tests were run in what the command prints: a client that tests nothing has failed
--   bigger    true: run only with AIRLOCK_CLIENTS=all
local support = require "spec.support"

local PYTHON = "/usr/bin/python3" -- Debian's: another may bring a libffi of its own

local function own(interpreter, file) return ("%s %s/spec/libffi/%s"):format(interpreter, support.quote(support.root), file) end

return {
    {
        name = "CPython's ctypes test suite",
        command = PYTHON .. " -m test -v test_ctypes",
        probe = PYTHON .. " -c 'import ctypes.test, test.test_ctypes'",
        packages = "python3 libpython3.11-testsuite",
        count = "Ran (%d+) tests",
    },
    {
        name = "ctypes",
        command = own(PYTHON, "ctypes_client.py"),
        probe = PYTHON .. " -c 'import ctypes'",
        packages = "python3",
        count = "Ran (%d+) tests?",
    },
}
