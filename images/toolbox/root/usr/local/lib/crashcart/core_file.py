"""The headers of an ELF core file, of 32 and of 64 bits: see elf(5). gdb writes the notes (registers, names of files), in
a core file without memory; here that file's headers are read, and written again with the memory's segments.
"""

import dataclasses
import os
import struct

PAGE = os.sysconf("SC_PAGESIZE")
PT_LOAD = 1
PT_NOTE = 4
# With more segments than e_phnum can count, it is this, and section header 0 has the number.
PN_XNUM = 0xFFFF


@dataclasses.dataclass
class Segment:
    """Memory from `start` on. What is beyond `file_bytes` is not in the file: zeros, by elf(5)."""

    start: int
    memory_bytes: int
    file_bytes: int
    flags: int


class Layout:
    """Of the core files of one word size."""

    def __init__(self, is_64_bit: bool, order: str):
        self.is_64_bit = is_64_bit
        word = "Q" if is_64_bit else "I"
        # e_type and what follows, after the 16 bytes of e_ident.
        self.header = struct.Struct(f"{order}HHI{word}{word}{word}IHHHHHH")
        self.segment = struct.Struct(f"{order}IIQQQQQQ" if is_64_bit else f"{order}IIIIIIII")
        self.section = struct.Struct(f"{order}IIQQQQIIQQ" if is_64_bit else f"{order}IIIIIIIIII")

    def unpack_segment(self, data: bytes, offset: int) -> tuple[int, int, int]:
        """Returns its type, where it is in the file, and how many bytes it has there."""
        fields = self.segment.unpack_from(data, offset)
        return (fields[0], fields[2], fields[5]) if self.is_64_bit else (fields[0], fields[1], fields[4])

    def pack_segment(self, kind: int, flags: int, offset: int, start: int, file_bytes: int, memory_bytes: int) -> bytes:
        align = PAGE if kind == PT_LOAD else 4
        if self.is_64_bit:
            return self.segment.pack(kind, flags, offset, start, 0, file_bytes, memory_bytes, align)
        return self.segment.pack(kind, offset, start, 0, file_bytes, memory_bytes, flags, align)


class Notes:
    """What gdb wrote: the ELF header and the notes."""

    def __init__(self, data: bytes):
        if data[:4] != b"\x7fELF" or len(data) < 64:
            raise ValueError("gdb wrote no ELF file")
        self.identity = data[:16]
        self.layout = Layout(data[4] == 2, "<" if data[5] == 1 else ">")
        self.fields = self.layout.header.unpack_from(data, 16)
        table, count = self.fields[4], self.fields[9]
        found = [self.layout.unpack_segment(data, table + index * self.layout.segment.size) for index in range(count)]
        self.content = b"".join(data[offset : offset + size] for kind, offset, size in found if kind == PT_NOTE)
        if not self.content or len(self.content) != sum(size for kind, _, size in found if kind == PT_NOTE):
            raise ValueError("gdb wrote no registers")


def build_head(notes: Notes, segments: list[Segment]) -> bytes:
    """Returns all of the file that comes before the memory. The segments' memory follows without a gap."""
    layout = notes.layout
    header_bytes = 16 + layout.header.size
    count = 1 + len(segments)
    is_extended = count >= PN_XNUM
    table_end = header_bytes + count * layout.segment.size
    section_bytes = layout.section.size if is_extended else 0
    notes_start = table_end + section_bytes
    memory_start = -(-(notes_start + len(notes.content)) // PAGE) * PAGE
    kind, machine, version, _, _, _, flags = notes.fields[:7]
    head = bytearray(notes.identity)
    # No section headers but the one that counts.
    sections = (layout.section.size, 1, 0) if is_extended else (0, 0, 0)
    numbers = (header_bytes, layout.segment.size, min(count, PN_XNUM), *sections)
    head += layout.header.pack(kind, machine, version, 0, header_bytes, table_end if is_extended else 0, flags, *numbers)
    head += layout.pack_segment(PT_NOTE, 0, notes_start, 0, len(notes.content), 0)
    offset = memory_start
    for segment in segments:
        head += layout.pack_segment(
            PT_LOAD, segment.flags, offset, segment.start, segment.file_bytes, segment.memory_bytes
        )
        offset += segment.file_bytes
    if is_extended:
        head += layout.section.pack(0, 0, 0, 0, 0, 0, 0, count, 0, 0)
    head += notes.content
    return bytes(head.ljust(memory_start, b"\0"))
