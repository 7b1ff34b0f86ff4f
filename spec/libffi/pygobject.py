"""PyGObject as a client of libffi: C called through GObject introspection, and Python called back: the sample library's functions
(values_gir.lua), GLib's main loop, Gio's asynchronous calls, virtual functions, signals."""
import gc
import os
import sys
import tempfile
import threading

import gi
gi.require_version("Values", "1.0")
from gi.repository import Gio, GLib, GObject, Values  # noqa: E402

nchecks = 0


def check(what, wanted, got):
    global nchecks
    if wanted != got:
        sys.exit(f"{what}: {got!r}, not {wanted!r}")
    nchecks += 1


# -- scalars: spec/lib/values.h --------------------------------------------------------------------------------------------------


def check_values(name):
    def f(short, *arguments):
        return getattr(Values, f"{name}_{short}")(*arguments)

    def spread(v, i):
        return f("spread", i, v, i + 0.5, v, -i, v, v, v, i, v, v, v, v, v, -i - 0.25)

    count = f("count")
    for i in range(count):
        v = f("get", i)
        check(f"{name} {i} arrives", 1, f("is", v, i))
        check(f"{name} {i} comes back", 1, f("is", f("echo", v), i))
        check(f"{name} {i} among others", 14, spread(v, i))
    check(f"{name} into callbacks", count, f("send", lambda v, i: f("is", v, i)))
    check(f"{name} out of callbacks", count, f("fetch", lambda i: f("get", i)))
    check(f"{name} spread into callbacks", 14 * count, f("pour", lambda *all: f("spread", *all)))
    check(f"{name} through callbacks", count, f("round", lambda *all: all[15]))


NUMBERS = "schar uchar short ushort int uint long ulong llong ullong size wchar float double".split()
for name in NUMBERS:
    check_values(name)
check("a string", "text", Values.string_echo("text"))
check("no string", None, Values.string_echo(None))
check("a string from C", ["", "text"], [Values.string_get(1), Values.string_get(2)])
strings = []
Values.string_send(lambda text, i: strings.append((text, i)) or 0)
check("strings into callbacks", [(None, 0), ("", 1), ("text", 2)], strings)

# -- out arguments, boxed types, errors -----------------------------------------------------------------------------------------------

check("out arguments", (True, ["a", "b c"]), GLib.shell_parse_argv("a 'b c'"))
check("bytes out", b"\0\xff", GLib.base64_decode("AP8="))
for kind, value in zip("ynqiuxtdsb", [255, -1, 65535, -(2**31), 2**32 - 1, -(2**63), 2**64 - 1, 2.5, "s", True]):
    variant = GLib.Variant(kind, value)
    check(f"a variant of {kind}", value, variant.unpack())
check("a nested variant", {"a": (1, [2.5, 3.5])}, GLib.Variant("a{s(iad)}", {"a": (1, [2.5, 3.5])}).unpack())
try:
    Gio.File.new_for_path("/nonexistent").load_contents(None)
except GLib.Error as error:
    check("an error", True, error.matches(Gio.io_error_quark(), Gio.IOErrorEnum.NOT_FOUND))
date = GLib.DateTime.new_utc(2024, 2, 29, 12, 30, 15.5)
check("a struct's functions", ((2024, 2, 29), 15.5), (date.get_ymd(), date.get_seconds()))
key_file = GLib.KeyFile()
key_file.set_double("group", "key", -2.5)
key_file.set_uint64("group", "large", 2**64 - 1)
check("key file", (-2.5, 2**64 - 1), (key_file.get_double("group", "key"), key_file.get_uint64("group", "large")))

# -- signals and properties of every type, virtual functions ------------------------------------------------------------------------


class Thing(GObject.Object, Gio.ListModel, Gio.Initable, Gio.AsyncInitable):
    number = GObject.Property(type=int, default=3)

    @GObject.Signal(return_type=float, arg_types=(int, float, str, bool, GObject.TYPE_INT64, GObject.TYPE_UINT64, object), flags=GObject.SignalFlags.RUN_LAST)
    def weigh(self, n, x, text, flag, large, small, thing):
        return n + x + len(text) + flag + large + small + len(thing)

    def do_get_item_type(self):
        return GObject.TYPE_OBJECT

    def do_get_n_items(self):
        return 3

    def do_get_item(self, i):
        return Gio.SimpleAction(name=f"item{i}") if i < 3 else None

    def do_init(self, cancellable):
        self.thread = threading.get_ident()
        if cancellable is not None and cancellable.is_cancelled():
            raise GLib.Error("cancelled", "thing", 7)
        return True


thing = Thing()
check("a signal", 2**40 + 22.5, thing.emit("weigh", 2, 1.5, "text", True, 2**40, 9, [1, 2, 3, 4, 5]))
seen = []
thing.connect("weigh", lambda *all: seen.append(all[1:]) or 0.0, "user data")
thing.emit("weigh", 1, 2.0, "", False, -5, 255, [])
check("a handler", [(1, 2.0, "", False, -5, 255, [], "user data")], seen)
thing.connect("notify::number", lambda object, spec: seen.append((object.number, spec.name)))
thing.number = 17
check("a property", (17, "number"), seen[-1])
model = Gio.ListModel
check("virtual functions", (3, "item2", None), (model.get_n_items(thing), model.get_item(thing, 2).get_name(), model.get_item(thing, 3)))
check("a virtual function that succeeds", True, Gio.Initable.init(thing, None))
cancelled = Gio.Cancellable()
cancelled.cancel()
try:
    Gio.Initable.init(thing, cancelled)
except GLib.Error as error:
    check("a virtual function that fails", ("thing", 7), (error.domain, error.code))

# -- the main loop: sources, asynchronous calls, a virtual function in a thread of GLib's ------------------------------------------------


class Loop:
    """Runs until all that is awaited has come."""

    def __init__(self):
        self.loop = GLib.MainLoop()
        self.awaited = 0
        self.results = []

    def later(self, convert=lambda *all: all):
        self.awaited += 1

        def come(*arguments):
            self.results.append(convert(*arguments))
            self.awaited -= 1
            if self.awaited == 0:
                self.loop.quit()
            return False

        return come

    def run(self):
        self.loop.run()
        return self.results


loop = Loop()
for i in range(1000):
    GLib.idle_add(loop.later(), i, "data")
    if i % 100 == 0:
        gc.collect()
check("a thousand idle functions", [(i, "data") for i in range(1000)], loop.run())

loop = Loop()
GLib.timeout_add(1, loop.later(lambda *all: ("timeout", *all)), "data")
path = os.path.join(tempfile.mkdtemp(), "file")
file = Gio.File.new_for_path(path)
text = b"contents " * 10000
check("written", (True, text), (file.replace_contents(text, None, False, 0, None)[0], file.load_contents(None)[1]))
file.load_contents_async(None, loop.later(lambda source, result, data: (source.load_contents_finish(result)[1] == text, data)), "load")
process = Gio.Subprocess.new(["cat"], Gio.SubprocessFlags.STDIN_PIPE | Gio.SubprocessFlags.STDOUT_PIPE)
process.communicate_utf8_async("to a child and back", None, loop.later(lambda source, result: source.communicate_utf8_finish(result)[1]))
reader, writer = os.pipe()
GLib.io_add_watch(reader, GLib.PRIORITY_DEFAULT, GLib.IOCondition.IN, loop.later(lambda fd, condition: os.read(fd, 10)))
os.write(writer, b"piped")
thing.init_async(0, None, loop.later(lambda source, result, data: (source.init_finish(result), data)), "init")
results = loop.run()
check("what came", True, all(wanted in results for wanted in [("timeout", "data"), (True, "load"), "to a child and back", b"piped", (True, "init")]))
check("virtual functions in a thread", True, thing.thread != threading.get_ident())
os.remove(path)
os.rmdir(os.path.dirname(path))

store = Gio.ListStore.new(Gio.SimpleAction)
for i in range(50):
    store.append(Gio.SimpleAction(name=f"{i * 37 % 50:02}"))


def compare(a, b, sign):
    return sign * ((a.get_name() > b.get_name()) - (a.get_name() < b.get_name()))


store.sort(compare, -1)
check("sorted", [f"{i:02}" for i in reversed(range(50))], [action.get_name() for action in store])

# -- Python's threads, and a child --------------------------------------------------------------------------------------------------------


def work(results, i):
    results[i] = sum(Values.int_send(lambda v, j: j + i) for _ in range(200))


results = [0] * 4
workers = [threading.Thread(target=work, args=(results, i)) for i in range(4)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
check("threads", [200 * (10 + 5 * i) for i in range(4)], results)

child = os.fork()
if child == 0:
    loop = Loop()
    GLib.timeout_add(1, loop.later(lambda *all: Values.int_send(lambda v, i: Values.int_is(v, i))))
    os._exit(0 if loop.run() == [5] else 1)
check("a child", 0, os.waitpid(child, 0)[1])

print(f"{nchecks} checks")
