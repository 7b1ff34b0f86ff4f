# gdb's side of abi_gdb: steps through the trampolines, the one into C and the one of callbacks, instruction by instruction in each call of
# the inferior and compares the frame below them with what it was at their entry. Ends with "STEPS steps, WRONG wrong".
import gdb

SAVED = ("rbx", "rbp", "rsp", "r12", "r13", "r14", "r15")
SAVED_WIN64 = SAVED + ("rdi", "rsi") + tuple("xmm%d" % n for n in range(6, 16))
FUNCTIONS = {"abi_call_sysv64": SAVED, "abi_stacked_sysv64": SAVED, "abi_call_win64": SAVED, "abi_enter_sysv64": SAVED, "abi_enter_win64": SAVED_WIN64}

def number(value):
    return int(value) & 0xFFFFFFFFFFFFFFFF

# Where there is AVX, gdb takes what unwind tables say of xmm for ymm, whose upper half nobody preserves.
def value(frame, name):
    if not name.startswith("xmm"):
        return number(frame.read_register(name))
    try:
        words = frame.read_register(name.replace("x", "y", 1))["v4_int64"]
    except ValueError:
        words = frame.read_register(name)["v2_int64"]
    return number(words[0]), number(words[1])

def registers(frame, saved):
    return {name: value(frame, name) for name in saved}

def truth_at_entry(saved):
    frame = gdb.newest_frame()
    wanted = registers(frame, saved)
    wanted["pc"] = number(gdb.parse_and_eval("*(unsigned long *)$rsp"))
    wanted["rsp"] += 8
    return wanted

def below_trampoline(code):
    frame = gdb.newest_frame()
    while frame is not None and not frame.pc() in code:
        frame = frame.older()
    return frame.older() if frame is not None else None

def is_right(wanted, code, saved):
    frame = below_trampoline(code)
    if frame is None:
        return False
    got = registers(frame, saved)
    got["pc"] = frame.pc()
    return got == wanted

def step_one_call(ranges):
    code, saved = next(r for r in ranges if number(gdb.parse_and_eval("$pc")) in r[0])
    wanted = truth_at_entry(saved)
    nsteps = nwrong = 0
    while number(gdb.parse_and_eval("$pc")) != wanted["pc"]:
        nsteps += 1
        if not is_right(wanted, code, saved):
            nwrong += 1
            print("wrong frame at %s" % gdb.parse_and_eval("$pc"))
        gdb.execute("stepi", to_string=True)
    return nsteps, nwrong

def code_of(function):
    start = number(gdb.parse_and_eval("(unsigned long)&" + function))
    lines = [line for line in gdb.execute("disassemble " + function, to_string=True).splitlines() if "<+" in line]
    return range(start, start + int(lines[-1].split("<+")[1].split(">")[0]) + 1)

def main():
    for setting in ("confirm off", "pagination off", "disable-randomization off", "environment ASAN_OPTIONS detect_leaks=0"):
        gdb.execute("set " + setting)
    for function in FUNCTIONS:
        gdb.execute("break *" + function, to_string=True)
    gdb.execute("run", to_string=True)
    ranges = [(code_of(function), saved) for function, saved in FUNCTIONS.items()]
    nsteps = nwrong = 0
    while gdb.selected_inferior().pid != 0:
        counts = step_one_call(ranges)
        nsteps += counts[0]
        nwrong += counts[1]
        gdb.execute("continue", to_string=True)
    print("%d steps, %d wrong" % (nsteps, nwrong))

main()
