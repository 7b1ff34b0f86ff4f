"""The sample libraries of spec/lib, whose functions the C compiler made: what they return and accept is right."""
import ctypes
import os


def path(name):
    return "%s/spec/lib%s.so" % (os.environ["AIRLOCK_BUILD"], name)


def load(name):
    return ctypes.CDLL(path(name), use_errno=True)


def declare(library, name, result, *arguments):
    function = library[name]
    function.restype, function.argtypes = result, arguments
    return function
