"""The mappings of a process, of /proc/PID/maps: proc_pid_maps(5)."""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Mapping(NamedTuple):
    start: int
    end: int
    mode: str
    """Such as r-xp."""
    offset: int
    """In the file; 0 where there is none."""
    inode: int
    name: str
    """The file's path, as the process has it; [heap] and the like; empty for memory of no file."""


def list_mappings(pid: int) -> Iterator[Mapping]:
    """Raises OSError."""
    # The target chooses the names of the files: they may be no UTF-8.
    with open(f"/proc/{pid}/maps", errors="surrogateescape") as lines:
        for line in lines:
            mapping = parse_mapping(line)
            if mapping is not None:
                yield mapping


def parse_mapping(line: str) -> Mapping | None:
    """A line of maps, or the first one of a mapping in smaps; null when it is another."""
    match = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ (\d+) *(.*)$", line)
    if match is None:
        return None
    return Mapping(int(match[1], 16), int(match[2], 16), match[3], int(match[4], 16), int(match[5]), match[6])
