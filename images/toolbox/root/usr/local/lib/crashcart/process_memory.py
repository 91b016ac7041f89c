"""What of a process's memory belongs into a core file, and which of it was never touched."""

import dataclasses
import os

import process_maps
from core_file import PAGE, Segment

# Flags of /proc/PID/coredump_filter: core(5).
ANONYMOUS_PRIVATE, ANONYMOUS_SHARED, FILE_PRIVATE, FILE_SHARED, ELF_HEADERS, HUGE_PRIVATE, HUGE_SHARED = range(7)
ENTRY_BYTES = 8
# Of an entry of /proc/PID/pagemap, in its highest byte: the page is in memory, or swapped out.
# https://docs.kernel.org/admin-guide/mm/pagemap.html
TOUCHED = 0x40
# Less than this between two touched parts is not worth a segment of its own; more than so many segments are slow to load.
SMALLEST_GAP = 1 << 20
MOST_SEGMENTS = 16_384


@dataclasses.dataclass
class Mapping:
    """One of /proc/PID/smaps."""

    start: int
    end: int
    mode: str
    offset: int
    inode: int
    name: str
    sizes: dict[str, int]
    vm_flags: set[str]

    @property
    def has_private_pages(self) -> bool:
        return any(self.sizes.get(name) for name in ("Anonymous", "AnonHugePages", "Swap"))


def read_mappings(pid: int) -> list[Mapping]:
    mappings: list[Mapping] = []
    # The target chooses the names of the files: they may be no UTF-8.
    with open(f"/proc/{pid}/smaps", errors="surrogateescape") as smaps:
        for line in smaps:
            begun = process_maps.parse_mapping(line)
            words = line.split()
            if begun is not None:
                mappings.append(Mapping(*begun, {}, set()))
            elif words[0] == "VmFlags:":
                mappings[-1].vm_flags = set(words[1:])
            elif line.endswith(" kB\n"):
                mappings[-1].sizes[words[0][:-1]] = int(words[1]) * 1024
    return mappings


def decide_bytes(mapping: Mapping, chosen: int) -> int:
    """How much of it the kernel would dump: vma_dump_size() of
    https://github.com/torvalds/linux/blob/master/fs/coredump.c. `chosen`: the process's coredump_filter.
    """
    size = mapping.end - mapping.start

    def is_chosen(bit: int) -> bool:
        return bool(chosen >> bit & 1)

    if mapping.name == "[vdso]":
        return size
    # Not to be dumped, by the program's wish; memory of a device; what is not in the process's own tables.
    if mapping.vm_flags & {"dd", "io", "pf"} or mapping.name in ("[vsyscall]", "[vvar]", "[vvar_vclock]"):
        return 0
    is_shared = "sh" in mapping.vm_flags
    if "ht" in mapping.vm_flags:
        return size if is_chosen(HUGE_SHARED if is_shared else HUGE_PRIVATE) else 0
    if is_shared:
        is_memory = mapping.name.startswith(("/dev/zero (deleted)", "/SYSV", "/memfd:")) or mapping.name.endswith(" (deleted)")
        return size if is_chosen(ANONYMOUS_SHARED if is_memory else FILE_SHARED) else 0
    if (mapping.inode == 0 or mapping.has_private_pages) and is_chosen(ANONYMOUS_PRIVATE):
        return size
    if mapping.inode != 0 and is_chosen(FILE_PRIVATE):
        return size
    if mapping.inode != 0 and mapping.offset == 0 and mapping.mode[0] == "r" and is_chosen(ELF_HEADERS):
        return PAGE
    return 0


def list_segments(pid: int, chosen: int) -> tuple[list[Segment], int]:
    """Returns the segments of the process's core file, and of how many mappings."""
    dumped = [(mapping, size) for mapping in read_mappings(pid) if (size := decide_bytes(mapping, chosen))]
    gap = SMALLEST_GAP
    with open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        while True:
            segments = [segment for mapping, size in dumped for segment in split(mapping, size, pagemap.fileno(), gap)]
            if len(segments) - len(dumped) <= MOST_SEGMENTS:
                return segments, len(dumped)
            gap *= 16


def split(mapping: Mapping, size: int, pagemap: int, gap: int) -> list[Segment]:
    """Splits a mapping so that what was never touched is not in the file. In the mapping of a file, or of what is shared,
    a page may have content that this process never looked at.
    """
    flags = sum(bit for letter, bit in (("r", 4), ("w", 2), ("x", 1)) if letter in mapping.mode)
    if mapping.inode != 0 or "sh" in mapping.vm_flags or mapping.name == "[vdso]" or size != mapping.end - mapping.start:
        return [Segment(mapping.start, size, size, flags)]
    if not (mapping.sizes.get("Rss") or mapping.has_private_pages):
        return [Segment(mapping.start, size, 0, flags)]
    segments: list[Segment] = []
    for start in range(mapping.start, mapping.end, gap):
        length = min(gap, mapping.end - start)
        kept = length if is_touched(pagemap, start, length) else 0
        last = segments[-1] if segments else None
        if last and bool(last.file_bytes) == bool(kept):
            last.memory_bytes += length
            last.file_bytes += kept
        else:
            segments.append(Segment(start, length, kept, flags))
    return segments


def is_touched(pagemap: int, start: int, length: int) -> bool:
    for part in range(start, start + length, SMALLEST_GAP):
        pages = min(SMALLEST_GAP, start + length - part) // PAGE
        entries = os.pread(pagemap, pages * ENTRY_BYTES, part // PAGE * ENTRY_BYTES)
        if len(entries) != pages * ENTRY_BYTES:
            raise OSError(f"pagemap has no entry for {part:#x}")
        if max(entries[ENTRY_BYTES - 1 :: ENTRY_BYTES]) >= TOUCHED:
            return True
    return False
