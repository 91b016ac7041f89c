"""Walks over a tree of the target, folder before content, names in their order."""

import ctypes
import fnmatch
import os
import stat
from collections.abc import Callable, Iterator
from typing import NamedTuple

from target_tree import FOLDER_FLAGS, PATH_FLAGS, reopen

# What the kernel makes up when it is read: it has no end, or blocks, and is of no use elsewhere.
MADE_UP_FILE_SYSTEMS = {
    0x9FA0: "proc",
    0x62656572: "sysfs",
    0x27E0EB: "cgroup",
    0x63677270: "cgroup2",
    0x1CD1: "devpts",
    0x64626720: "debugfs",
    0x74726163: "tracefs",
    0x73636673: "securityfs",
    0xCAFE4A11: "bpf",
    0x19800202: "mqueue",
}
libc = ctypes.CDLL(None, use_errno=True)


class Item(NamedTuple):
    path: bytes
    # O_PATH: nothing was opened, and a file of this name that comes meanwhile is another one.
    descriptor: int
    status: os.stat_result


class Filter:
    """As rsync: a pattern with a slash is for the path below the source, and one without for the name alone."""

    def __init__(self, include: "list[str]", exclude: "list[str]"):
        self.include = [os.fsencode(pattern) for pattern in include]
        self.exclude = [os.fsencode(pattern) for pattern in exclude]

    def takes(self, path: bytes, is_folder: bool) -> bool:
        if matches_any(path, self.exclude):
            return False
        return is_folder or not self.include or matches_any(path, self.include)


def matches_any(path: bytes, patterns: "list[bytes]") -> bool:
    if not patterns:
        return False
    # The first part is the source's own name.
    below = path.split(b"/")[1:]
    return any(matches(below if b"/" in pattern else below[-1:], pattern.split(b"/")) for pattern in patterns)


def matches(parts: "list[bytes]", pattern: "list[bytes]") -> bool:
    """Part by part: `**` is any number of them."""
    if not pattern or not parts:
        return not parts and all(part == b"**" for part in pattern)
    if pattern[0] == b"**":
        return matches(parts, pattern[1:]) or matches(parts[1:], pattern)
    return fnmatch.fnmatchcase(parts[0], pattern[0]) and matches(parts[1:], pattern[1:])


def walk(top: Item, chosen: Filter, fail: Callable[[bytes, str], None], note: Callable[[bytes, str], None]) -> Iterator[Item]:
    """
    Yields what is below a folder, and the folder itself. The descriptor of an item is closed when the next one is asked for;
    the one of the top is the caller's. What can't be looked at is told to fail.
    """
    yield top
    if not stat.S_ISDIR(top.status.st_mode):
        return
    folders = [open_listing(top, fail)]
    device = top.status.st_dev
    while folders:
        folder = folders[-1]
        if folder is None or not folder.names:
            folders.pop()
            if folder is not None:
                os.close(folder.descriptor)
            continue
        name = folder.names.pop()
        path = folder.path + b"/" + name
        try:
            descriptor = os.open(name, PATH_FLAGS, dir_fd=folder.descriptor)
        except FileNotFoundError:
            continue  # removed meanwhile
        except OSError as error:
            fail(path, error.strerror)
            continue
        try:
            item = Item(path, descriptor, os.fstat(descriptor))
            is_folder = stat.S_ISDIR(item.status.st_mode)
            if not chosen.takes(path, is_folder):
                continue
            if is_folder and item.status.st_dev != device:
                made_up = MADE_UP_FILE_SYSTEMS.get(read_file_system(descriptor))
                if made_up is not None:
                    note(path, f"what is below is left out: {made_up} is made up by the kernel")
                    continue
            yield item
            if is_folder:
                folders.append(open_listing(item, fail))
        finally:
            os.close(descriptor)


class Listing(NamedTuple):
    path: bytes
    descriptor: int
    names: "list[bytes]"


def open_listing(item: Item, fail: Callable[[bytes, str], None]) -> "Listing | None":
    try:
        descriptor = reopen(item.descriptor, FOLDER_FLAGS & ~os.O_NOFOLLOW)
        try:
            names = sorted((os.fsencode(name) for name in os.listdir(descriptor)), reverse=True)
        except OSError:
            os.close(descriptor)
            raise
        return Listing(item.path, descriptor, names)
    except OSError as error:
        fail(item.path, error.strerror)
        return None


def read_file_system(descriptor: int) -> int:
    # Larger than any struct statfs; its first member is the type, a word of the machine.
    buffer = ctypes.create_string_buffer(512)
    if libc.fstatfs(descriptor, buffer) != 0:
        return 0
    return ctypes.c_long.from_buffer(buffer).value & 0xFFFFFFFF
