"""ctypes on the libffi that the loader finds. The sample libraries of spec/lib, compiled by the C compiler, are the oracle."""
import ctypes
import os
import unittest

BUILD = os.environ["AIRLOCK_BUILD"]
values = ctypes.CDLL(BUILD + "/spec/libvalues.so")

SCALARS = {
    "bool": ctypes.c_bool, "schar": ctypes.c_byte, "uchar": ctypes.c_ubyte, "short": ctypes.c_short, "ushort": ctypes.c_ushort,
    "int": ctypes.c_int, "uint": ctypes.c_uint, "long": ctypes.c_long, "ulong": ctypes.c_ulong, "llong": ctypes.c_longlong,
    "ullong": ctypes.c_ulonglong, "size": ctypes.c_size_t, "plain": ctypes.c_uint, "signed": ctypes.c_int, "wide": ctypes.c_long,
    "huge": ctypes.c_ulong, "float": ctypes.c_float, "double": ctypes.c_double, "address": ctypes.c_void_p,
}


def declare(function, result, *arguments):
    function.restype, function.argtypes = result, arguments
    return function


class Scalars(unittest.TestCase):
    def test_calls(self):
        for name, kind in SCALARS.items():
            get = declare(values["val_%s_get" % name], kind, ctypes.c_int)
            echo = declare(values["val_%s_echo" % name], kind, kind)
            is_same = declare(values["val_%s_is" % name], ctypes.c_int, kind, ctypes.c_int)
            for i in range(values["val_%s_count" % name]()):
                with self.subTest(type=name, value=i):
                    self.assertEqual(1, is_same(get(i), i))
                    self.assertEqual(1, is_same(echo(get(i)), i))


if __name__ == "__main__":
    unittest.main()
