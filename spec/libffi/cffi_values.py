"""cffi on the libffi that the loader finds, in its ABI mode and in its API mode. Its callbacks are closures in executable memory of its own
(ffi_prep_closure), and they return structs too."""
import importlib.util
import os
import re
import shlex
import subprocess
import sysconfig
import unittest

import cffi

from sample import path

CC = shlex.split(os.environ.get("CC", "gcc"))
HEADERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib")

VALUES = ("bool char schar uchar short ushort int uint long ulong llong ullong size wchar plain signed wide huge float double ldouble string "
          "buffer address operation").split()
RECORDS = ("pair char bools mixed int_float floats_int float3 double2 double3 long_double double_long nested deep array matrix pairs ldouble "
           "ldouble_int enum double8 large typedefs").split()
SIZED = [head + str(n) for head in ("bytes", "headed") for n in range(1, 65)]


def declarations(header, pattern):
    """Those that declare a name of this pattern, as the preprocessor leaves them."""
    text = subprocess.run([*CC, "-E", "-P", os.path.join(HEADERS, header)], stdout=subprocess.PIPE, check=True, text=True).stdout
    found, depth, start = [], 0, 0
    for i, letter in enumerate(text):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == ";" and depth == 0:
            declaration, start = text[start:i + 1], i + 1
            if re.search(pattern, declaration):
                found.append(declaration)
    return "".join(found).replace("__SIZE_TYPE__", "size_t").replace("long unsigned int", "unsigned long")


def source(*headers):
    texts = {
        "values.h": r"\bval_(%s)(_\w+)?\b" % "|".join(VALUES),
        "records.h": r"rec_word;|\brec_(%s)(_[a-z_]+)?\s*[({]" % "|".join(RECORDS + SIZED),
        "calls.h": r"\bcall_(describe|sum|sum_doubles|big|big_make|big_add|big_variadic|add|subtract|binary|choose|apply)\b",
        "callbacks.h": r"typedef struct cbk_|\bcbk_(wanted|join|start_(int|double|bool|small|large|many))\b",
    }
    return "".join(declarations(header, texts[header]) for header in headers)


class Abi:
    """ffi.dlopen: libffi makes every call."""
    def __init__(self, name):
        self.ffi = cffi.FFI()
        self.ffi.cdef(source(name + ".h"))
        self.lib = self.ffi.dlopen(path(name))

    def function(self, name):
        return getattr(self.lib, name)


class Api:
    """A module that the C compiler makes: libffi makes the calls through function pointers."""
    def __init__(self, name):
        builder, module = cffi.FFI(), "api_" + name
        library = os.path.abspath(module + sysconfig.get_config_var("EXT_SUFFIX"))
        builder.cdef(source(name + ".h"))
        builder.set_source(module, '#include "%s.h"' % name)
        builder.emit_c_code(module + ".c")
        subprocess.run([*CC, "-shared", "-fPIC", "-w", "-I", HEADERS, "-I", sysconfig.get_path("include"), "-o", library,
                        module + ".c", path(name), "-Wl,-rpath," + os.path.dirname(path(name))], check=True)
        spec = importlib.util.spec_from_file_location(module, library)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        self.ffi, self.lib = loaded.ffi, loaded.lib

    def function(self, name):
        return self.ffi.addressof(self.lib, name)


class Bound:
    """The functions PREFIX_get, PREFIX_send … of one type as attributes."""
    def __init__(self, library, prefix):
        self._library, self._prefix = library, prefix

    def __getattr__(self, name):
        return self._library.function(self._prefix + name)

    def give(self, name, function):
        """Calls C's `name` with a callback of the type that it takes."""
        ffi, giver = self._library.ffi, getattr(self, name)
        return giver(ffi.callback(ffi.typeof(giver).args[0], function))


class Modes:
    def each(self, prefix, names):
        for name in names:
            yield name, Bound(self.library, "%s_%s_" % (prefix, name))

    def check_round(self, bound, count, seeds):
        def back(i, *rest):
            self.assertEqual((2, 3, 4, 5, 6, .5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, -i), rest[:14])
            self.assertEqual(i - 128, rest[15])
            return seeds(i, rest[14])
        self.assertEqual(count, bound.give("round", back))


class Values(Modes):
    def test_results_and_arguments(self):
        for name, f in self.each("val", VALUES):
            with self.subTest(type=name):
                for i in range(f.count()):
                    v, is_same = f.get(i), getattr(f, "is")
                    self.assertEqual((1, 1), (is_same(v, i), is_same(f.echo(v), i)))
                    self.assertEqual(14, f.spread(i, v, i + .5, v, -i, v, v, v, bytes([i]), v, v, v, v, v, -i - .25))

    def test_in_structs(self):
        for name, f in self.each("val", VALUES):
            with self.subTest(type=name):
                for i in range(f.box_count()):
                    self.assertEqual(1, f.box_is(f.box_echo(f.box_get(i)), i))

    def test_callbacks(self):
        for name, f in self.each("val", VALUES):
            with self.subTest(type=name):
                count, is_same = f.count(), getattr(f, "is")
                self.assertEqual(count, f.give("send", is_same))
                self.assertEqual(count, f.give("fetch", f.get))
                self.assertEqual(0, f.give("fetch", lambda i: f.get((i + 1) % count)))
                self.assertEqual(14 * count, f.give("pour", f.spread))
                self.check_round(f, count, lambda i, value: value)

    def test_callbacks_with_structs(self):
        for name, f in self.each("val", VALUES):
            with self.subTest(type=name):
                count = f.box_count()
                self.assertEqual(count, f.give("box_send", f.box_is))
                self.assertEqual(count, f.give("box_fetch", f.box_get))
                self.assertEqual(0, f.give("box_fetch", lambda i: f.box_get((i + 1) % count)))


class Records(Modes):
    def test_results_and_arguments(self):
        for name, f in self.each("rec", RECORDS):
            with self.subTest(type=name):
                for seed in range(5):
                    r, is_same = f.make(seed), getattr(f, "is")
                    self.assertEqual((1, 1, 0), (is_same(r, seed), is_same(f.echo(r), seed), is_same(r, seed + 1)))
                    self.assertEqual(10, f.spread(seed, r, seed + .5, r, -seed, r, bytes([seed]), r, r, r, -seed - .25))

    def test_callbacks(self):
        for name, f in self.each("rec", RECORDS):
            with self.subTest(type=name):
                is_same = getattr(f, "is")
                self.assertEqual(5, f.give("send", is_same))
                self.assertEqual(0, f.give("send", lambda r, seed: is_same(r, seed + 1)))
                self.assertEqual(5, f.give("fetch", f.make))
                self.assertEqual(0, f.give("fetch", lambda seed: f.make(seed + 1)))
                self.assertEqual(50, f.give("pour", f.spread))
                self.check_round(f, 5, lambda seed, record: record)

    def test_every_size(self):
        for name, f in self.each("rec", SIZED):
            with self.subTest(type=name):
                n, r = int(re.sub(r"\D", "", name)), f.make(7)
                turned = f.turn(1, r, 2)
                self.assertEqual([r.bytes[(i + 3) % n] for i in range(n)], list(turned.bytes))
                seen = []

                def swap(x, record, seed, again):
                    seen.append((x, seed, getattr(f, "is")(x, record, seed, again)))
                    return again
                self.assertEqual(1, f.give("swap", swap))
                self.assertEqual([(3, 3, 1)], seen)


class Calls(Modes):
    def test_variadic(self):
        ffi, f = self.library.ffi, Bound(self.library, "call_")
        text = f.describe(b"iildsL", ffi.cast("int", -1), ffi.cast("int", -2**31), ffi.cast("long", -2**63), ffi.cast("double", .1),
                          ffi.new("char[]", b"text"), ffi.cast("long double", .5))
        self.assertEqual(b"-1 -2147483648 -9223372036854775808 0.1 text 0.5", ffi.string(text))
        for n in range(30):
            terms = range(1, n + 1)
            self.assertEqual(sum(-i * i for i in terms), f.sum(n, *(ffi.cast("long", -i) for i in terms)))
            self.assertEqual(sum(i * (i + .5) for i in terms), f.sum_doubles(n, *(ffi.cast("double", i + .5) for i in terms)))
        self.assertEqual([*range(3, 22), -1], list(f.big_variadic(3, ffi.cast("long", -1)).n))

    def test_large_structs(self):
        f = Bound(self.library, "call_")
        self.assertEqual([3 + i + 2 * (100 + i) for i in range(20)], list(f.big_add(f.big_make(3), f.big_make(100), 2).n))

    def test_function_pointers(self):
        ffi, f = self.library.ffi, Bound(self.library, "call_")
        self.assertEqual((12, 2), (f.choose(b"+")(7, 5), f.choose(b"-")(7, 5)))
        self.assertEqual(2, f.apply(f.choose(b"-"), 7, 5))
        self.assertEqual(35, f.apply(ffi.callback("call_binary", lambda a, b: a * b), 7, 5))

    def test_many_callbacks(self):
        ffi, f = self.library.ffi, Bound(self.library, "call_")
        made = [ffi.callback("call_binary", lambda a, b, i=i: a * b + i) for i in range(5000)]
        self.assertEqual([35 + i for i in range(5000)], [f.apply(callback, 7, 5) for callback in made])

    def test_errors(self):
        ffi, f, seen = self.library.ffi, Bound(self.library, "call_"), []

        def divide(a, b):
            return a // b
        callback = ffi.callback("call_binary", divide, error=-9, onerror=lambda kind, error, traceback: seen.append(kind))
        self.assertEqual((-9, 3), (f.apply(callback, 1, 0), f.apply(callback, 7, 2)))
        self.assertEqual([ZeroDivisionError], seen)


class Callbacks(Modes):
    def test_in_threads_of_c(self):
        ffi, f, running = self.library.ffi, Bound(self.library, "cbk_"), []

        def small(record):
            return {"a": f.wanted(record.a), "b": f.wanted(int(record.b))}

        def large(n, record):
            record.a, record.b = f.wanted(record.a), f.wanted(n)
            return record
        handlers = {"int": f.wanted, "double": lambda n: f.wanted(int(n)), "bool": lambda n: f.wanted(n) % 2 == 1, "small": small, "large": large,
                    "many": lambda *arguments: 3 * int(sum(arguments)) + 1}
        for name, handler in handlers.items():
            start = getattr(f, "start_" + name)
            callback = ffi.callback(ffi.typeof(start).args[0], handler)
            running.append((callback, start(callback, 4, 50)))
        self.assertEqual([200] * len(handlers), [f.join(threads) for _, threads in running])


def cases():
    for mode in (Abi, Api):
        for kind, name in ((Values, "values"), (Records, "records"), (Calls, "calls"), (Callbacks, "callbacks")):
            title = mode.__name__ + kind.__name__
            yield title, type(title, (kind, unittest.TestCase), {"library": mode(name)})


if __name__ == "__main__":
    globals().update(cases())
    unittest.main()
