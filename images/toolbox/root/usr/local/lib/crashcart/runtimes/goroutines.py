"""Run by gdb, attached to a Go process: prints its goroutines, grouped by stack. No debug information is needed.

The runtime lists all goroutines in runtime.allgs, of which a stripped program does not tell the address. It is found by
what it is: a slice of addresses of structures that hold their own address. The layout of such a structure is
https://go.dev/src/runtime/runtime2.go, type g; where versions differ, it is found by what is in it.
"""

import os
import struct
import sys
from collections import defaultdict

import gdb

sys.path.insert(0, "/usr/local/lib/crashcart")
from runtimes.go_program import GoProgram, NoGoTable

# In g: stack.lo and stack.hi first, sched.sp, sched.pc, sched.g (the address of g itself).
SP, PC, SELF = 56, 64, 72
G_BYTES = 512
MAX_GOROUTINES = 200_000
MAX_FRAMES = 64
MASK = (1 << 64) - 1
STATES = {0: "idle", 1: "runnable", 2: "running", 3: "in a system call", 4: "waiting", 5: "gone", 6: "dead", 8: "moving", 9: "preempted"}


class NoGoroutines(Exception):
    """They can't be found. The message says why."""


class Goroutines:
    def __init__(self, program: GoProgram):
        self.program = program
        self.addresses = self._find_all()
        self.number_offset = self._find_number_offset()

    def _find_all(self) -> list[int]:
        """The longest slice of goroutines: all of them are in one."""
        best: list[int] = []
        for start, end, mode, *_ in self.program.mappings:
            if mode[1] != "w":
                continue
            data = self._try_read(start, end - start)
            for place in range(0, len(data) - 16, 8):
                address, length, capacity = struct.unpack_from("=QQQ", data.ljust(place + 24, b"\0"), place)
                if len(best) < length <= capacity <= MAX_GOROUTINES * 2 and address % 8 == 0 and self._is_goroutine_at(address):
                    listed = self._try_read(address, 8 * min(length, MAX_GOROUTINES))
                    addresses = [entry[0] for entry in struct.iter_unpack("=Q", listed[: len(listed) // 8 * 8])]
                    if addresses and all(self._is_goroutine(address) for address in addresses[:16]):
                        best = addresses
        if not best:
            raise NoGoroutines("its list of goroutines was not found")
        return best

    def _is_goroutine_at(self, address: int) -> bool:
        data = self._try_read(address, 8)
        return len(data) == 8 and self._is_goroutine(int.from_bytes(data, "little"))

    def _is_goroutine(self, address: int) -> bool:
        return address != 0 and address % 8 == 0 and self._try_read(address + SELF, 8) == struct.pack("=Q", address)

    def _find_number_offset(self) -> int:
        """The first goroutine is number 1. The others are numbered in blocks, one a processor, so in no order; none twice."""
        firsts = [self._try_read(address, G_BYTES).ljust(G_BYTES, b"\0") for address in self.addresses[:16]]
        for offset in range(SELF + 16, G_BYTES - 8, 8):
            numbers = [struct.unpack_from("=Q", first, offset)[0] for first in firsts]
            # atomicstatus stands right before it.
            states = [struct.unpack_from("=I", first, offset - 8)[0] & 0xFFF for first in firsts]
            is_unique = len(set(numbers)) == len(numbers) and all(0 < number < 1 << 40 for number in numbers)
            if numbers[0] == 1 and is_unique and all(state in STATES for state in states):
                return offset
        raise NoGoroutines("this version of Go keeps its goroutines in another way")

    def read(self, address: int) -> tuple[int, str, bytes]:
        data = self._try_read(address, G_BYTES).ljust(G_BYTES, b"\0")
        # atomicstatus and stackLock stand right before goid.
        status = struct.unpack_from("=I", data, self.number_offset - 8)[0] & 0xFFF
        number = struct.unpack_from("=Q", data, self.number_offset)[0]
        return number, STATES.get(status, f"in state {status}"), data

    def unwind(self, data: bytes, registers: dict[int, tuple[int, int]], address: int) -> list[int]:
        """Return addresses, by frame pointers, which Go keeps."""
        low, high = struct.unpack_from("=QQ", data)
        stack_pointer, counter = struct.unpack_from("=QQ", data, SP)
        if address in registers:
            counter, frame = registers[address]
        else:
            # sched.bp: after ctxt and lr, since Go 1.25 without ret in between.
            frame = next((value for value in struct.unpack_from("=QQQ", data, SELF + 16)[::-1] if stack_pointer <= value < high), 0)
        counters = [counter]
        while low <= frame < high and len(counters) < MAX_FRAMES:
            pair = self._try_read(frame, 16)
            if len(pair) < 16:
                break
            upper, back = struct.unpack("=QQ", pair)
            if back == 0:
                break
            counters.append(back)
            if upper <= frame:
                break
            frame = upper
        return counters

    def _try_read(self, address: int, size: int) -> bytes:
        try:
            return os.pread(self.program.memory, size, address)
        except (OSError, OverflowError):
            return b""


def read_registers(goroutines: Goroutines) -> dict[int, tuple[int, int]]:
    """Of what runs just now, by the address of its goroutine: program counter and frame pointer."""
    found = {}
    spans = []
    for address in goroutines.addresses:
        spans.append((*struct.unpack("=QQ", goroutines._try_read(address, 16).ljust(16, b"\0")), address))
    base_name = "x29" if gdb.selected_inferior().architecture().name() == "aarch64" else "rbp"
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        frame = gdb.newest_frame()
        stack_pointer, counter, base = (int(frame.read_register(name)) & MASK for name in ("sp", "pc", base_name))
        for low, high, address in spans:
            if low < stack_pointer <= high:
                found[address] = (counter, base)
    return found


def describe(program: GoProgram, counters: list[int]) -> tuple[str, ...]:
    lines = []
    for index, counter in enumerate(counters):
        # A return address is behind its call.
        found = program.find_line(counter - (1 if index else 0))
        if found is None:
            lines.append(f"  {counter:#x}")
            continue
        function, file, line = found
        # What every goroutine ends with.
        if function != "runtime.goexit":
            lines.append(f"  {function}\n      {file}:{line}")
    return tuple(lines)


def main() -> None:
    program = GoProgram(gdb.selected_inferior().pid)
    goroutines = Goroutines(program)
    registers = read_registers(goroutines)
    groups: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for address in goroutines.addresses:
        number, state, data = goroutines.read(address)
        if state not in ("dead", "gone", "idle"):
            groups[(state, describe(program, goroutines.unwind(data, registers, address)))].append(number)
    print(f"== begin\n{sum(map(len, groups.values()))} goroutines")
    for (state, lines), numbers in sorted(groups.items(), key=lambda group: -len(group[1])):
        shown = ", ".join(str(number) for number in sorted(numbers)[:10])
        more = ", …" if len(numbers) > 10 else ""
        print(f"\n{len(numbers)} {state}: goroutine{'s' if len(numbers) > 1 else ''} {shown}{more}")
        print("\n".join(lines))
    print("== end")


try:
    main()
except (NoGoTable, NoGoroutines) as error:
    print(f"stacks: {error}", file=sys.stderr)
    gdb.execute("quit 1")
