"""ctypes on the libffi that the loader finds: callbacks in many threads, in forked children, by the thousand, failing, and in processes that
have closed their descriptors or may not make memory executable."""
import ctypes
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest
from ctypes import CFUNCTYPE, POINTER, PYFUNCTYPE, Structure, c_bool, c_double, c_int, c_long, c_size_t, c_void_p, get_errno, py_object, set_errno

from sample import declare, load

callbacks, libc = load("callbacks"), ctypes.CDLL(None, use_errno=True)
Unary = CFUNCTYPE(c_int, c_int)
Compare = CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
call = declare(callbacks, "cbk_call", c_int, Unary, c_int)
qsort = declare(libc, "qsort", None, c_void_p, c_size_t, c_size_t, Compare)


def sort(seed, n=200):
    numbers = random.Random(seed).sample(range(10 * n), n)
    array = (c_int * n)(*numbers)
    qsort(array, n, ctypes.sizeof(c_int), Compare(lambda a, b: a[0] - b[0]))
    return list(array) == sorted(numbers)


def in_threads(functions):
    """What each returned."""
    results = [None] * len(functions)

    def run(i):
        results[i] = functions[i]()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class Threads(unittest.TestCase):
    def test_many_of_python_sort(self):
        self.assertEqual([True] * 20, in_threads([lambda seed=seed: sort(seed) for seed in range(20)]))

    def test_made_by_c(self):
        wanted = declare(callbacks, "cbk_wanted", c_long, c_long)

        def odd(n):
            return wanted(n) % 2 == 1

        def sum_up(*arguments):
            return 3 * int(sum(arguments)) + 1

        def write(place):
            place[0] = wanted(place[0])
        kinds = (("int", CFUNCTYPE(c_int, c_int), wanted), ("double", CFUNCTYPE(c_double, c_double), lambda n: wanted(int(n))),
                 ("bool", CFUNCTYPE(c_bool, c_long), odd), ("void", CFUNCTYPE(None, POINTER(c_int)), write),
                 ("many", CFUNCTYPE(c_long, *[c_long] * 8, *[c_double] * 9), sum_up))
        join, running = declare(callbacks, "cbk_join", c_long, c_void_p), []
        for name, handler, function in kinds:
            function = handler(function)
            running.append((function, declare(callbacks, "cbk_start_" + name, c_void_p, handler, c_int, c_int)(function, 4, 50)))
        self.assertEqual([200] * len(kinds), [join(threads) for _, threads in running])

    def test_by_pthread_create(self):
        Start = CFUNCTYPE(c_void_p, c_void_p)
        create = declare(libc, "pthread_create", c_int, POINTER(c_size_t), c_void_p, Start, c_void_p)
        join = declare(libc, "pthread_join", c_int, c_size_t, POINTER(c_void_p))
        start, threads = Start(lambda n: 10 * n if sort(n) else None), []
        for n in range(1, 21):
            thread = c_size_t()
            self.assertEqual(0, create(thread, None, start, n))
            threads.append(thread)
        for n, thread in enumerate(threads, 1):
            result = c_void_p()
            self.assertEqual(0, join(thread, result))
            self.assertEqual(10 * n, result.value)


class Fork(unittest.TestCase):
    def assert_ends_well(self, child):
        deadline = time.monotonic() + 60
        while True:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid != 0:
                return self.assertEqual(0, status)
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                self.fail("a forked child hangs")
            time.sleep(.001)

    @staticmethod
    def work():
        made = [Unary(lambda n, i=i: n + i) for i in range(300)]
        return all(call(f, 1000) == 1000 + i for i, f in enumerate(made)) and sort(1)

    def test_while_threads_make_callbacks(self):
        over, failed = threading.Event(), []

        def run():
            while not over.is_set():
                if not self.work():
                    failed.append(True)
        threads = [threading.Thread(target=run) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(20):
            child = os.fork()
            if child == 0:
                os._exit(0 if self.work() else 1)
            self.assert_ends_well(child)
        over.set()
        for thread in threads:
            thread.join()
        self.assertEqual([], failed)

    def test_inside_a_callback(self):
        child = []

        def fork(n):
            child.append(os.fork())
            return n + 1 if child[0] == 0 else n
        result = call(Unary(fork), 5)
        if child[0] == 0:
            os._exit(0 if result == 6 and self.work() else 1)
        self.assertEqual(5, result)
        self.assert_ends_well(child[0])

    def test_what_was_made_before(self):
        state = {"n": 1}
        before = Unary(lambda n: n * state["n"])
        child = os.fork()
        if child == 0:
            state["n"] = 10
            os._exit(0 if call(before, 7) == 70 else 1)
        self.assert_ends_well(child)
        self.assertEqual(7, call(before, 7))


class Many(unittest.TestCase):
    def test_alive(self):
        def make(i):
            return Unary(lambda n: n ^ i)
        made = [make(i) for i in range(20000)]
        addresses = {ctypes.cast(f, c_void_p).value for f in made}
        self.assertEqual(len(made), len(addresses))
        del made[::2]
        gc.collect()
        made += [make(2 * i) for i in range(10000)]
        self.assertEqual([5 ^ (2 * i + 1) for i in range(10000)] + [5 ^ 2 * i for i in range(10000)], [call(f, 5) for f in made])

    def test_made_and_dropped(self):
        for i in range(20000):
            self.assertEqual(i + 1, call(Unary(lambda n: n + 1), i))

    def test_inside_each_other(self):
        def deeper(n):
            return 0 if n == 0 else 1 + call(Unary(deeper), n - 1)
        self.assertEqual(150, call(Unary(deeper), 150))


class Errors(unittest.TestCase):
    def test_in_a_callback(self):
        seen, before = [], sys.unraisablehook
        sys.unraisablehook = lambda unraisable: seen.append(unraisable.exc_type)
        try:
            call(Unary(lambda n: 1 // n), 0)
            call(Unary(lambda n: "text"), 0)
            self.assertEqual(1, call(Unary(lambda n: 1 // n), 1))
        finally:
            sys.unraisablehook = before
        self.assertEqual([ZeroDivisionError, TypeError], seen)

    def test_through_the_interpreter(self):
        """PyObject_CallObject calls back into Python, and what that raises comes out of the call."""
        invoke = ctypes.pythonapi.PyObject_CallObject
        invoke.restype, invoke.argtypes = py_object, (py_object, py_object)
        self.assertEqual(7, invoke(max, (3, 7)))
        with self.assertRaises(KeyError):
            invoke({}.__getitem__, ("no such key",))
        self.assertEqual(("a", 1), PYFUNCTYPE(py_object, py_object, c_int)(lambda a, b: (a, b))("a", 1))

    def test_errno(self):
        fail = declare(load("calls"), "call_fail", c_int, c_int)
        set_errno(1)
        fail(42)
        self.assertEqual(42, get_errno())
        Nothing = CFUNCTYPE(None, use_errno=True)
        errno = declare(callbacks, "cbk_errno", c_int, Nothing, c_int)
        seen = []

        def handler():
            seen.append(set_errno(17))
        self.assertEqual(17, errno(Nothing(handler), 23))
        self.assertEqual([23], seen)


NCALLBACKS = 3000  # more than what is there from the start


def make_and_call():
    made = [Unary(lambda n, i=i: n + i) for i in range(NCALLBACKS)]
    return all(call(f, 5) == 5 + i for i, f in enumerate(made))


class Confined(unittest.TestCase):
    """In processes of their own, for which this file is run again."""
    PR_SET_MDWE, PR_GET_MDWE = 65, 66

    def run_again(self, what):
        done = subprocess.run([sys.executable, "-B", __file__, what], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, close_fds=False)
        self.assertEqual((0, b""), (done.returncode, done.stdout))

    def test_without_descriptors(self):
        self.run_again("daemon")

    def test_where_no_memory_becomes_executable(self):
        if libc.prctl(self.PR_GET_MDWE, 0, 0, 0, 0) < 0:
            self.skipTest("the kernel has no PR_SET_MDWE")
        self.run_again("confine")

    def test_no_page_is_writable_and_executable(self):
        self.assertTrue(make_and_call())
        with open("/proc/self/maps") as maps:
            self.assertEqual([], [line for line in maps if line.split()[1].startswith("rwx")])


def daemon():
    """Every descriptor that is there is closed, and what is opened from now on takes its number."""
    os.closerange(0, 256)
    pipes = os.pipe()
    ok = make_and_call()
    return ok and os.write(pipes[1], b"x") == 1 and os.read(pipes[0], 1) == b"x"


def confine():
    """The kernel refuses from now on to make writable memory executable, in what is executed too."""
    if libc.prctl(Confined.PR_SET_MDWE, 1, 0, 0, 0) != 0:
        return False
    os.execv(sys.executable, [sys.executable, "-B", __file__, "confined"])


def confined():
    return libc.prctl(Confined.PR_GET_MDWE, 0, 0, 0, 0) == 1 and make_and_call()


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in ("daemon", "confine", "confined"):
        os._exit(0 if globals()[sys.argv[1]]() else 1)
    unittest.main()
