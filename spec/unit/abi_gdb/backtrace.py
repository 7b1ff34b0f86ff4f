# gdb's side of abi_gdb: steps through the trampoline instruction by instruction in each call of the inferior and compares the frame
# below it with what it was at the trampoline's entry. Ends with "STEPS steps, WRONG wrong".
import gdb

SAVED = ("rbx", "rbp", "rsp", "r12", "r13", "r14", "r15")
FUNCTION = "abi_call_sysv64"

def number(value):
    return int(value) & 0xFFFFFFFFFFFFFFFF

def registers(frame):
    return {name: number(frame.read_register(name)) for name in SAVED}

def truth_at_entry():
    frame = gdb.newest_frame()
    wanted = registers(frame)
    wanted["pc"] = number(gdb.parse_and_eval("*(unsigned long *)$rsp"))
    wanted["rsp"] += 8
    return wanted

def below_trampoline(start, end):
    frame = gdb.newest_frame()
    while frame is not None and not start <= frame.pc() < end:
        frame = frame.older()
    return frame.older() if frame is not None else None

def is_right(wanted, start, end):
    frame = below_trampoline(start, end)
    if frame is None:
        return False
    got = registers(frame)
    got["pc"] = frame.pc()
    return got == wanted

def step_one_call(start, end):
    wanted = truth_at_entry()
    nsteps = nwrong = 0
    while number(gdb.parse_and_eval("$pc")) != wanted["pc"]:
        nsteps += 1
        if not is_right(wanted, start, end):
            nwrong += 1
            print("wrong frame at %s" % gdb.parse_and_eval("$pc"))
        gdb.execute("stepi", to_string=True)
    return nsteps, nwrong

def last_offset():
    lines = [line for line in gdb.execute("disassemble " + FUNCTION, to_string=True).splitlines() if "<+" in line]
    return int(lines[-1].split("<+")[1].split(">")[0])

def main():
    for setting in ("confirm off", "pagination off", "disable-randomization off", "environment ASAN_OPTIONS detect_leaks=0"):
        gdb.execute("set " + setting)
    gdb.execute("break *" + FUNCTION, to_string=True)
    gdb.execute("run", to_string=True)
    start = number(gdb.parse_and_eval("(unsigned long)&" + FUNCTION))
    end = start + last_offset() + 1
    nsteps = nwrong = 0
    while gdb.selected_inferior().pid != 0:
        counts = step_one_call(start, end)
        nsteps += counts[0]
        nwrong += counts[1]
        gdb.execute("continue", to_string=True)
    print("%d steps, %d wrong" % (nsteps, nwrong))

main()
