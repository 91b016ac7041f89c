"""The file systems that a target sees: by its own mount table, as the toolbox's does not have them."""

import dataclasses
import os
import re
from typing import Any

from bounded_calls import NotReturned, run_bounded
from target_files import open_path

ANSWER_LIMIT_SECONDS = 3

@dataclasses.dataclass
class Mount:
    """A line of /proc/PID/mountinfo: proc_pid_mountinfo(5)."""

    number: int
    device: str
    root: str
    point: str
    options: set[str]
    kind: str
    source: str


@dataclasses.dataclass
class Usage:
    """What statvfs(3) tells, in bytes and in inodes."""

    size: int
    used: int
    available: int
    inodes: int
    inodes_used: int

    @property
    def percent(self) -> int | None:
        return share(self.used, self.used + self.available)

    @property
    def inode_percent(self) -> int | None:
        return share(self.inodes_used, self.inodes)


def share(part: int, whole: int) -> int | None:
    """As df rounds it: up."""
    return -(-part * 100 // whole) if whole > 0 else None


def read_mounts(pid: str) -> list[Mount]:
    with open(f"/proc/{pid}/mountinfo", errors="surrogateescape") as mountinfo:
        return [parse_mount(line) for line in mountinfo]


def parse_mount(line: str) -> Mount:
    before, after = line.rstrip("\n").split(" - ", 1)
    number, _, device, root, point, options = before.split(" ")[:6]
    kind, source = after.split(" ")[:2]
    return Mount(int(number), device, unescape(root), unescape(point), set(options.split(",")), kind, unescape(source))


def unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def find_mount_number(descriptor: int) -> int:
    with open(f"/proc/self/fdinfo/{descriptor}") as fdinfo:
        return int(re.search(r"^mnt_id:\s*(\d+)", fdinfo.read(), re.MULTILINE)[1])


def measure(pid: str, path: str) -> list[int]:
    """Returns the mount that a path is on, then what a Usage has. May hang: for bounded calls."""
    descriptor = open_path(f"/proc/{pid}/root", path)
    facts = os.fstatvfs(descriptor)
    unit = facts.f_frsize
    used = (facts.f_blocks - facts.f_bfree) * unit
    inodes_used = facts.f_files - facts.f_ffree
    return [find_mount_number(descriptor), facts.f_blocks * unit, used, facts.f_bavail * unit, facts.f_files, inodes_used]


def measure_paths(pid: str, paths: list[str]) -> list[tuple[int, Usage] | OSError | NotReturned]:
    """Returns for each path the number of its mount and how full it is, or why that can't be told."""

    def measure_path(path: str) -> Any:
        return lambda: measure(pid, path)

    answers = run_bounded([measure_path(path) for path in paths], ANSWER_LIMIT_SECONDS)
    return [(answer[0], Usage(*answer[1:])) if isinstance(answer, list) else answer for answer in answers]
