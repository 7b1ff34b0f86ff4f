"""ctypes on the libffi that the loader finds: values of every type, as arguments and results of C functions and of callbacks."""
import itertools
import unittest
from ctypes import (CFUNCTYPE, POINTER, Structure, Union, byref, c_bool, c_byte, c_char, c_char_p, c_double, c_float, c_int, c_long,
                    c_longdouble, c_longlong, c_short, c_size_t, c_ubyte, c_uint, c_ulong, c_ulonglong, c_ushort, c_void_p, c_wchar_p,
                    create_string_buffer, create_unicode_buffer, sizeof, CDLL)

from sample import declare, load

values, records, calls = load("values"), load("records"), load("calls")


def binder(library, prefix):
    return lambda name, result, *arguments: declare(library, prefix + name, result, *arguments)


class Scalars(unittest.TestCase):
    """spec/lib/values.h. Pointers go as addresses, so that they come back as the same ones."""
    TYPES = {
        "bool": c_bool, "char": c_byte, "schar": c_byte, "uchar": c_ubyte, "short": c_short, "ushort": c_ushort, "int": c_int,
        "uint": c_uint, "long": c_long, "ulong": c_ulong, "llong": c_longlong, "ullong": c_ulonglong, "size": c_size_t, "wchar": c_int,
        "plain": c_uint, "signed": c_int, "wide": c_long, "huge": c_ulong, "float": c_float, "double": c_double,
        "ldouble": c_longdouble, "string": c_void_p, "buffer": c_void_p, "address": c_void_p, "operation": c_void_p,
    }

    def each(self):
        for name, kind in self.TYPES.items():
            bind = binder(values, "val_%s_" % name)
            yield name, kind, bind, bind("count", c_int)()

    def test_results_and_arguments(self):
        for name, kind, bind, count in self.each():
            with self.subTest(type=name):
                get, echo, is_same = bind("get", kind, c_int), bind("echo", kind, kind), bind("is", c_int, kind, c_int)
                for i in range(count):
                    self.assertEqual(1, is_same(get(i), i))
                    self.assertEqual(1, is_same(echo(get(i)), i))
                    self.assertEqual(int(count == 1), is_same(get((i + 1) % count), i))

    def test_among_others(self):
        for name, kind, bind, count in self.each():
            with self.subTest(type=name):
                get = bind("get", kind, c_int)
                spread = bind("spread", c_int, c_int, kind, c_double, kind, c_long, kind, kind, kind, c_byte, *[kind] * 5, c_float)
                for i in range(count):
                    v = get(i)
                    self.assertEqual(14, spread(i, v, i + .5, v, -i, v, v, v, i, v, v, v, v, v, -i - .25))

    def test_to_callbacks(self):
        for name, kind, bind, count in self.each():
            with self.subTest(type=name):
                is_same, handler = bind("is", c_int, kind, c_int), CFUNCTYPE(c_int, kind, c_int)
                send = bind("send", c_int, handler)
                self.assertEqual(count, send(handler(is_same)))
                self.assertEqual(0, send(handler(lambda v, i: is_same(v, (i + 1) % count))))

    def test_from_callbacks(self):
        for name, kind, bind, count in self.each():
            with self.subTest(type=name):
                get, handler = bind("get", kind, c_int), CFUNCTYPE(kind, c_int)
                fetch = bind("fetch", c_int, handler)
                self.assertEqual(count, fetch(handler(get)))
                self.assertEqual(0, fetch(handler(lambda i: get((i + 1) % count))))

    def test_to_callbacks_among_others(self):
        for name, kind, bind, count in self.each():
            with self.subTest(type=name):
                types = (c_int, c_int, kind, c_double, kind, c_long, kind, kind, kind, c_byte, *[kind] * 5, c_float)
                spread, handler = bind("spread", *types), CFUNCTYPE(*types)
                self.assertEqual(14 * count, bind("pour", c_int, handler)(handler(spread)))

    def test_back_behind_a_full_stack(self):
        for name, kind, bind, count in self.each():
            with self.subTest(type=name):
                handler = CFUNCTYPE(kind, c_int, *[c_long] * 5, *[c_double] * 8, c_short, kind, c_byte)

                def check(i, *rest):
                    self.assertEqual((2, 3, 4, 5, 6, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, -i), rest[:14])
                    self.assertEqual(i - 128, rest[15])
                    return rest[14]
                self.assertEqual(count, bind("round", c_int, handler)(handler(check)))


def at(record, path):
    """The member that a path in C leads to."""
    return eval("record." + path, {}, {"record": record})


def structure(name, *fields):
    return type(name, (Structure,), {"_fields_": list(fields)})


def lettered(name, *kinds, **attributes):
    return type(name, (Structure,), {**attributes, "_fields_": list(zip("abcdefgh", kinds))})


def union(name, *fields):
    return type(name, (Union,), {"_fields_": list(fields)})


Pair = lettered("Pair", c_int, c_int)


class Records(unittest.TestCase):
    """spec/lib/records.h, those that ctypes passes by value: no bit-fields, no arrays of arrays, and unions as results alone."""
    TYPES = {
        "pair": Pair, "char": lettered("Char", c_byte), "bools": lettered("Bools", c_bool, c_bool, c_short),
        "mixed": lettered("Mixed", c_byte, c_double, c_short), "int_float": lettered("IntFloat", c_int, c_float),
        "floats_int": lettered("FloatsInt", c_float, c_float, c_int), "float3": lettered("Float3", c_float, c_float, c_float),
        "double2": lettered("Double2", c_double, c_double), "double3": lettered("Double3", c_double, c_double, c_double),
        "long_double": lettered("LongDouble", c_long, c_double), "double_long": lettered("DoubleLong", c_double, c_long),
        "nested": structure("Nested", ("a", c_byte), ("at", structure("At", ("x", c_float), ("y", c_float))), ("b", c_short)),
        "deep": structure("Deep", ("x", structure("Deep1", ("x", structure("Deep2", ("x", lettered("Deep3", c_byte)), ("b", c_double)))))),
        "array": structure("Array", ("a", c_short * 3), ("b", c_byte * 5)),
        "pairs": structure("Pairs", ("p", Pair * 2)),
        "ldouble": lettered("Extended", c_longdouble), "ldouble_int": lettered("ExtendedInt", c_longdouble, c_int),
        "enum": lettered("Enum", c_uint, c_short), "double8": structure("Double8", ("a", c_double * 8)),
        "large": structure("Large", ("a", c_byte), ("b", c_double * 30), ("c", c_int)),
        "packed": lettered("Packed", c_byte, c_double, c_short, _pack_=1), "packed_small": lettered("PackedSmall", c_byte, c_int, _pack_=1),
        "typedefs": structure("Typedefs", ("a", c_ushort), ("b", c_int), ("name", c_void_p)),
    }
    UNIONS = {
        "number": union("Number", ("a", c_int), ("b", c_double)), "letters": union("Letters", ("a", c_long), ("b", c_byte * 12)),
        "either": union("Either", ("a", c_float), ("d", structure("EitherD", ("b", c_byte), ("c", c_short)))),
    }
    SEEDS = range(5)

    def each(self, types=TYPES):
        for name, kind in types.items():
            yield name, kind, binder(records, "rec_%s_" % name)

    def test_results(self):
        for name, kind, bind in self.each({**self.TYPES, **self.UNIONS}):
            with self.subTest(type=name):
                self.assertEqual(bind("size", c_int)(), sizeof(kind))
                paths, make = bind("leaves", c_char_p)().decode().split(), bind("make", kind, c_int)
                leaf = bind("leaf", c_double, POINTER(kind), c_int)
                for seed in self.SEEDS:
                    record, wanted = make(seed), kind()
                    bind("fill", None, POINTER(kind), c_int)(wanted, seed)
                    for i, path in enumerate(paths):
                        self.assertEqual(leaf(wanted, i), at(record, path))

    def test_arguments(self):
        for name, kind, bind in self.each():
            with self.subTest(type=name):
                make, echo, is_same = bind("make", kind, c_int), bind("echo", kind, kind), bind("is", c_int, kind, c_int)
                for seed in self.SEEDS:
                    self.assertEqual(1, is_same(make(seed), seed))
                    self.assertEqual(1, is_same(echo(make(seed)), seed))
                    self.assertEqual(0, is_same(make(seed), seed + 1))

    def test_among_others(self):
        for name, kind, bind in self.each():
            with self.subTest(type=name):
                make = bind("make", kind, c_int)
                spread = bind("spread", c_int, c_int, kind, c_double, kind, c_long, kind, c_byte, kind, kind, kind, c_float)
                for seed in self.SEEDS:
                    r = make(seed)
                    self.assertEqual(10, spread(seed, r, seed + .5, r, -seed, r, seed, r, r, r, -seed - .25))

    def test_to_callbacks(self):
        for name, kind, bind in self.each():
            with self.subTest(type=name):
                is_same, handler = bind("is", c_int, kind, c_int), CFUNCTYPE(c_int, kind, c_int)
                send = bind("send", c_int, handler)
                self.assertEqual(5, send(handler(is_same)))
                self.assertEqual(0, send(handler(lambda record, seed: is_same(record, seed + 1))))

    def test_to_callbacks_among_others(self):
        for name, kind, bind in self.each():
            with self.subTest(type=name):
                types = (c_int, c_int, kind, c_double, kind, c_long, kind, c_byte, kind, kind, kind, c_float)
                spread, handler = bind("spread", *types), CFUNCTYPE(*types)
                self.assertEqual(50, bind("pour", c_int, handler)(handler(spread)))

    def test_every_size(self):
        for n, head in itertools.product(range(1, 65), ("bytes", "headed")):
            fields = [("bytes", c_byte * n)] if head == "bytes" else [("head", c_float), ("bytes", c_byte * n)]
            kind = structure("Sized", *fields)
            with self.subTest(name=head, size=n):
                bind = binder(records, "rec_%s%d_" % (head, n))
                record = bind("make", kind, c_int)(7)
                is_same = bind("is", c_int, c_double, kind, c_int, kind)
                self.assertEqual(1, is_same(7, record, 7, record))
                self.assertEqual(0, is_same(6, record, 6, record))
                turned = bind("turn", kind, c_int, kind, c_double)(1, record, 2)
                self.assertEqual([record.bytes[(i + 3) % n] for i in range(n)], list(turned.bytes))


class Variadic(unittest.TestCase):
    """spec/lib/calls.h"""

    def test_describe(self):
        describe = declare(calls, "call_describe", c_char_p, c_char_p)
        self.assertEqual(b"-1 -2147483648 -9223372036854775808 0.1 text 0.5 -1e+300",
                         describe(b"iildsLd", -1, c_int(-2**31), c_long(-2**63), c_double(.1), b"text", c_longdouble(.5), c_double(-1e300)))
        letters = "ildL" * 12
        make = {"i": c_int, "l": c_long, "d": c_double, "L": c_longdouble}
        arguments = [make[letter](i) for i, letter in enumerate(letters)]
        self.assertEqual(" ".join(map(str, range(48))).encode(), describe(letters.encode(), *arguments))

    def test_sums(self):
        total = declare(calls, "call_sum", c_long, c_int)
        doubles = declare(calls, "call_sum_doubles", c_double, c_int)
        for n in range(30):
            terms = range(1, n + 1)
            self.assertEqual(sum(i * -i for i in terms), total(n, *(c_long(-i) for i in terms)))
            self.assertEqual(sum(i * (i + .5) for i in terms), doubles(n, *(c_double(i + .5) for i in terms)))

    def test_printf(self):
        room = create_string_buffer(200)
        libc = CDLL(None)
        libc.snprintf.argtypes = [c_void_p, c_size_t, c_char_p]
        nbytes = libc.snprintf(room, 200, b"%d %s %.2f %c %lld %Lg %%", 42, b"words", c_double(2.5), 65, c_longlong(2**62), c_longdouble(.25))
        self.assertEqual(b"42 words 2.50 A 4611686018427387904 0.25 %", room.value)
        self.assertEqual(len(room.value), nbytes)


class Others(unittest.TestCase):
    def test_many_arguments(self):
        doubles = declare(calls, "call_doubles20", c_double, *[c_double] * 20)
        arguments = [i + .25 for i in range(20)]
        self.assertEqual(sum((i + 1) * v for i, v in enumerate(arguments)), doubles(*arguments))

    def test_the_stack_is_aligned(self):
        for n, nargs in enumerate((0, 7, 8, 9)):
            function = declare(calls, "call_misalignment%d" % n, c_int, *[c_int] * nargs)
            self.assertEqual(0, function(*range(1, nargs + 1)))

    def test_large_structs(self):
        big = structure("Big", ("n", c_long * 20))
        make, add = declare(calls, "call_big_make", big, c_long), declare(calls, "call_big_add", big, big, big, c_long)
        self.assertEqual([3 + i + 2 * (100 + i) for i in range(20)], list(add(make(3), make(100), 2).n))

    def test_function_pointers(self):
        binary = CFUNCTYPE(c_int, c_int, c_int)
        choose, apply = declare(calls, "call_choose", binary, c_char), declare(calls, "call_apply", c_int, binary, c_int, c_int)
        self.assertEqual((12, 2), (choose(b"+")(7, 5), choose(b"-")(7, 5)))
        self.assertEqual(2, apply(choose(b"-"), 7, 5))
        self.assertEqual(35, apply(binary(lambda a, b: a * b), 7, 5))
        self.assertEqual(-1, apply(binary(), 7, 5))

    def test_text(self):
        libc = CDLL(None)
        libc.wcslen.argtypes, libc.wcslen.restype = [c_wchar_p], c_size_t
        self.assertEqual(5, libc.wcslen("\u00e9t\u00e9 \U0001f600"))
        upper, room = declare(calls, "call_upper", None, c_char_p), create_string_buffer(b"mixed Case")
        upper(room)
        self.assertEqual(b"MIXED CASE", room.value)
        self.assertEqual("wide", create_unicode_buffer("wide").value)

    def test_places(self):
        write, a, b = declare(calls, "call_write", None, POINTER(c_int), c_int), c_int(1), c_int(2)
        write(byref(a), 5)
        declare(calls, "call_swap", None, POINTER(c_int), POINTER(c_int))(byref(a), byref(b))
        self.assertEqual((2, 5), (a.value, b.value))

    def test_unions_and_bit_fields_by_address(self):
        number = union("Number", ("a", c_int), ("b", c_double))
        bits = structure("Bits", ("a", c_uint, 3), ("b", c_int, 9), ("c", c_ulong, 40))
        for name, kind in (("number", number), ("bits", bits)):
            record = kind()
            declare(records, "rec_%s_fill" % name, None, POINTER(kind), c_int)(byref(record), 3)
            self.assertEqual(1, declare(records, "rec_%s_at_is" % name, c_int, POINTER(kind), c_int)(byref(record), 3))
            leaf = declare(records, "rec_%s_leaf" % name, c_double, POINTER(kind), c_int)
            paths = declare(records, "rec_%s_leaves" % name, c_char_p)().decode().split()
            for i, path in enumerate(path for path in paths if hasattr(kind, path)):
                self.assertEqual(leaf(record, i), getattr(record, path))


if __name__ == "__main__":
    unittest.main()
