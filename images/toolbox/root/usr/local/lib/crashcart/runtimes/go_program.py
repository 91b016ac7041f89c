"""Names of a Go program's functions, also of one that was stripped: the runtime keeps a table of its own for tracebacks.

    program = GoProgram(pid)
    program.find_line(address)   # ("main.waitForStock", "/src/shop.go", 11), or None

The table's layout: https://go.dev/src/runtime/symtab.go and https://go.dev/src/internal/abi/symtab.go. All of it is the
target's: what does not fit raises NoGoTable.
"""

import os
import struct
from bisect import bisect_right
from collections.abc import Iterator

from process_maps import Mapping, list_mappings
from process_runtime import read_sections

# Of Go 1.20 and later, 1.18 and 1.19.
MAGICS = (0xFFFFFFF1, 0xFFFFFFF0)
MAX_TABLE_BYTES = 256 << 20
MAX_DATA_BYTES = 64 << 20
MAX_NAME_BYTES = 1024
CHUNK_BYTES = 1 << 20
# Fields of moduledata, the first of which is the address of the table: six slices and two more addresses before minpc.
TEXT_OFFSET = 8 + 6 * 24 + 8 + 2 * 8


class NoGoTable(Exception):
    """The program has no table that can be read. The message says why."""


class GoProgram:
    def __init__(self, pid: int):
        self.pid = pid
        try:
            self.memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
            self.mappings = list_own_mappings(pid)
            self._read_table()
        except (OSError, struct.error, IndexError, OverflowError) as error:
            raise NoGoTable(f"its table of functions can't be read: {error}") from error

    def _read_table(self) -> None:
        with open(f"/proc/{self.pid}/exe", "rb") as file:
            sections = read_sections(file.fileno())
            name = next((name for name in (".gopclntab", ".data.rel.ro.gopclntab") if name in sections), None)
            if name is None:
                raise NoGoTable("it has no table of functions")
            self.table_offset, size = sections[name]
            if size > MAX_TABLE_BYTES:
                raise NoGoTable("its table of functions is too large")
            self.table = os.pread(file.fileno(), size, self.table_offset)
        magic, _, self.quantum, pointer_bytes = struct.unpack_from("=IHBB", self.table)
        if magic not in MAGICS or pointer_bytes != 8:
            raise NoGoTable("its table of functions is of another version than Go 1.18 and later")
        self.count, _, start, self.names, self.units, self.files, self.values, self.functions = struct.unpack_from("=8Q", self.table, 8)
        self.has_start_line = magic == MAGICS[0]
        self.text = self._find_text() or start
        self.starts = [entry[0] for entry in struct.iter_unpack("=II", self.table[self.functions : self.functions + 8 * self.count])]
        if not self.starts or len(self.starts) != self.count:
            raise NoGoTable("its table of functions is cut")

    def _find_text(self) -> int:
        """The address that functions are counted from. Newer versions have it in moduledata alone, whose address nothing tells."""
        for mapping in self.mappings:
            # Read-only once it is relocated.
            if "x" not in mapping.mode:
                for found in self._find(mapping, struct.pack("=Q", self._find_table())):
                    text = int.from_bytes(self._try_read(found + TEXT_OFFSET, 8), "little")
                    if any(other.start <= text < other.end and "x" in other.mode for other in self.mappings):
                        return text
        return 0

    def _find_table(self) -> int:
        """Where in memory the table is."""
        for mapping in self.mappings:
            if mapping.name and mapping.offset <= self.table_offset < mapping.offset + mapping.end - mapping.start:
                return mapping.start + self.table_offset - mapping.offset
        raise NoGoTable("its table of functions is not in its memory")

    def _find(self, mapping: Mapping, wanted: bytes) -> Iterator[int]:
        for start in range(mapping.start, min(mapping.end, mapping.start + MAX_DATA_BYTES), CHUNK_BYTES):
            data = self._try_read(start, min(CHUNK_BYTES, mapping.end - start))
            place = data.find(wanted)
            while place >= 0:
                if place % 8 == 0:
                    yield start + place
                place = data.find(wanted, place + 1)

    def _try_read(self, address: int, size: int) -> bytes:
        try:
            return os.pread(self.memory, size, address)
        except (OSError, OverflowError):
            return b""

    def find_function_at_offset(self, offset: int) -> str | None:
        """By the offset in its file, which perf prints of what it has no name of."""
        for mapping in self.mappings:
            if "x" in mapping.mode and mapping.name and mapping.offset <= offset < mapping.offset + mapping.end - mapping.start:
                return self.find_function(mapping.start + offset - mapping.offset)
        return None

    def find_function(self, address: int) -> str | None:
        """Null where it is in no function of Go."""
        found = self._find_entry(address)
        return None if found is None else self._read_name(found)

    def find_line(self, address: int) -> tuple[str, str, int] | None:
        """The function, its file and the line. Null where it is in no function of Go."""
        entry = self._find_entry(address)
        if entry is None:
            return None
        try:
            start, _, _, _, _, file_values, line_values, _, unit = struct.unpack_from("=IiiIIIIII", self.table, entry)
            offset = address - self.text
            number = self._read_value(file_values, start, offset)
            line = self._read_value(line_values, start, offset)
            place = struct.unpack_from("=I", self.table, self.units + 4 * (unit + number))[0]
            file = read_text(self.table, self.files + place) if number >= 0 else "?"
        except (struct.error, IndexError):
            return self._read_name(entry), "?", 0
        return self._read_name(entry), file, line

    def _find_entry(self, address: int) -> int | None:
        offset = address - self.text
        index = bisect_right(self.starts, offset) - 1
        try:
            # One entry more than functions says where the last of them ends.
            end = struct.unpack_from("=I", self.table, self.functions + 8 * self.count)[0]
            if index < 0 or offset >= end:
                return None
            return self.functions + struct.unpack_from("=I", self.table, self.functions + 8 * index + 4)[0]
        except struct.error:
            return None

    def _read_name(self, entry: int) -> str:
        try:
            return read_text(self.table, self.names + struct.unpack_from("=i", self.table, entry + 4)[0])
        except struct.error:
            return "?"

    def _read_value(self, table: int, start: int, wanted: int) -> int:
        """Pairs of how much a value changes and for how many bytes of code it holds, as numbers of variable length."""
        place, value, offset = self.values + table, -1, start
        first = True
        while True:
            change, place = read_number(self.table, place)
            if change == 0 and not first:
                return -1
            first = False
            value += -(change >> 1) - 1 if change & 1 else change >> 1
            length, place = read_number(self.table, place)
            offset += length * self.quantum
            if wanted < offset:
                return value


def read_number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 35:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, place


def read_text(data: bytes, place: int) -> str:
    return data[place : place + MAX_NAME_BYTES].partition(b"\0")[0].decode(errors="backslashreplace")


def list_own_mappings(pid: int) -> list[Mapping]:
    """What is mapped of the program, and the memory right behind it."""
    program = os.readlink(f"/proc/{pid}/exe")
    found: list[Mapping] = []
    for mapping in list_mappings(pid):
        if mapping.name == program or (mapping.name == "" and found and found[-1].end == mapping.start):
            found.append(mapping)
    return found
