"""Reads the stack of a PHP process from its memory, while it goes on. Nothing is run in it.

executor_globals is an exported symbol. Where the present call stands in it depends on the version of PHP, and is found by
what it is: https://github.com/php/php-src/blob/master/Zend/zend_compile.h, _zend_execute_data. Builds for threads (ZTS)
have no such symbol.
"""

import os
import re
import struct
import subprocess
import time
from collections import Counter

from process_maps import list_mappings
from runtimes.bounded_answer import NoAnswer

RATE = 99
GLOBALS_BYTES = 4096
MAX_FRAMES = 400
MAX_NAME_BYTES = 512
# In _zend_execute_data: opline, call, return_value, func; prev_execute_data.
FUNCTION, PREVIOUS, FRAME_BYTES = 24, 48, 80
# In zend_function, which begins alike for a user's function and an internal one: type, function_name, scope.
NAME, SCOPE, FUNCTION_BYTES = 8, 16, 256
INTERNAL, USER = 1, 2
# In zend_class_entry, zend_string and zend_op.
CLASS_NAME, LENGTH, TEXT, LINE = 8, 16, 24, 24

Frame = tuple[str, str, int]


class Unreadable(Exception):
    """It is not what it was taken for, or has just changed."""


class PHPProcess:
    def __init__(self, pid: int):
        """Raises NoAnswer."""
        self.memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        self.globals = find_globals(pid)
        self.offset: int | None = None

    def read(self, address: int, size: int) -> bytes:
        try:
            data = os.pread(self.memory, size, address)
        except (OSError, OverflowError) as error:
            raise Unreadable from error
        if len(data) < size:
            raise Unreadable
        return data

    def read_word(self, address: int) -> int:
        return struct.unpack("=Q", self.read(address, 8))[0]

    def read_string(self, address: int) -> str:
        length = self.read_word(address + LENGTH)
        if address == 0 or address % 8 or not 0 < length < 1 << 20:
            raise Unreadable
        return self.read(address + TEXT, min(length, MAX_NAME_BYTES)).decode(errors="backslashreplace")

    def read_frame(self, address: int) -> Frame:
        """Raises Unreadable."""
        if address == 0 or address % 8:
            raise Unreadable
        line, _, _, function = struct.unpack("=QQQQ", self.read(address, 32))
        head = self.read(function, FUNCTION_BYTES)
        kind, name, scope = head[0], *struct.unpack_from("=QQ", head, NAME)
        if kind not in (INTERNAL, USER):
            raise Unreadable
        # The code of a file itself has no name.
        text = self.read_string(name) if name else "main"
        if scope and name:
            text = f"{self.read_string(self.read_word(scope + CLASS_NAME))}::{text}"
        if kind == INTERNAL:
            return text, "", 0
        number = struct.unpack("=I", self.read(line + LINE, 4))[0]
        return text, self.find_file(head), number

    def find_file(self, head: bytes) -> str:
        """op_array.filename, whose place differs: the first string that is a path."""
        for offset in range(SCOPE + 8, FUNCTION_BYTES - 7, 8):
            try:
                text = self.read_string(struct.unpack_from("=Q", head, offset)[0])
            except Unreadable:
                continue
            if text.startswith("/"):
                return text
        return "?"

    def read_stack(self, address: int) -> list[Frame]:
        """The innermost function first. Raises Unreadable."""
        frames: list[Frame] = []
        for _ in range(MAX_FRAMES):
            if address == 0:
                break
            # A frame of the engine's own has no function.
            if self.read_word(address + FUNCTION):
                frames.append(self.read_frame(address))
            address = self.read_word(address + PREVIOUS)
        return frames

    def read_present(self) -> list[Frame]:
        """Empty when it does nothing. Raises Unreadable."""
        if self.offset is not None:
            return self.read_stack(self.read_word(self.globals + self.offset))
        data = self.read(self.globals, GLOBALS_BYTES)
        for offset in range(0, GLOBALS_BYTES, 8):
            address = struct.unpack_from("=Q", data, offset)[0]
            try:
                # Of the values that could be it, only a call's own chain leads to the code of a file.
                stack = self.read_stack(address) if address else []
            except Unreadable:
                continue
            if stack and stack[-1][0] == "main":
                self.offset = offset
                return stack
        return []


def find_globals(pid: int) -> int:
    """Raises NoAnswer."""
    places: dict[str, int] = {}
    for mapping in list_mappings(pid):
        if mapping.offset == 0 and mapping.name.startswith("/"):
            places.setdefault(mapping.name, mapping.start)
    program = os.readlink(f"/proc/{pid}/exe")
    for path, start in places.items():
        if path != program and "/libphp" not in path:
            continue
        file = f"/proc/{pid}/exe" if path == program else f"/proc/{pid}/root{path}"
        found = find_symbol(file, "executor_globals")
        if found is not None:
            address, is_relative = found
            return address + (start if is_relative else 0)
    raise NoAnswer("this PHP does not export its state (executor_globals), so nothing of its stack can be read")


def find_symbol(file: str, name: str) -> tuple[int, bool] | None:
    """Its value, and whether that is relative to where the file is mapped.

    The file is the target's, so what parses it has no privileges, and a limit.
    """
    command = ["drop-privileges", "readelf", "-hW", "--dyn-syms", "/dev/stdin"]
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
        with open(descriptor, "rb") as program:
            text = subprocess.run(command, stdin=program, capture_output=True, text=True, errors="replace", timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(rf"^ *\d+: ([0-9a-f]+) .* OBJECT .* {name}(@|$)", text, re.M)
    return None if match is None else (int(match[1], 16), re.search(r"^ *Type: +DYN", text, re.M) is not None)


def read_now(process: PHPProcess, tries: int) -> list[Frame]:
    """It goes on meanwhile, so what is read may just have changed. Raises NoAnswer."""
    for _ in range(tries):
        try:
            return process.read_present()
        except Unreadable:
            time.sleep(0.001)
    raise NoAnswer("this version of PHP keeps its stack in another way, or it changes faster than it can be read")


def read_php_stack(pid: int) -> str:
    """What it is doing, the innermost function first. Raises NoAnswer."""
    frames = read_now(PHPProcess(pid), 100)
    if not frames:
        return "  works on no request"
    return "\n".join(f"  {name} ({f'{file}:{line}' if file else 'internal'})" for name, file, line in frames)


def sample_php(pid: int, seconds: float) -> Counter[tuple[str, ...]]:
    """Its stacks while it works on a request, counted, the outermost function first. Raises NoAnswer."""
    process = PHPProcess(pid)
    stacks: Counter[tuple[str, ...]] = Counter()
    end = time.monotonic() + seconds
    failures = 0
    while time.monotonic() < end:
        try:
            frames = process.read_present()
            if frames:
                stacks[tuple(f"{name} ({file}:{line})" if file else name for name, file, line in reversed(frames))] += 1
        except Unreadable:
            failures += 1
        time.sleep(1 / RATE)
    if not stacks and failures:
        read_now(process, 1)
    return stacks
