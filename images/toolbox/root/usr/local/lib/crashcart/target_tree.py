"""
Finds files of the target by descriptors: each part of a path is opened in the folder before it, and what a link says is
resolved in the target's root, as if that were ours. Nothing that the target swaps meanwhile leads out of its root, and the
kernel's own links (/proc/PID/root) are only text. openat2(2) can do the same, but not before Linux 5.6.
"""

import errno
import fnmatch
import os
import stat

MAX_LINKS = 40  # as the kernel (path_resolution(7))

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
PATH_FLAGS = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


class Place:
    """A descriptor (O_PATH) of what a path leads to, the folders above it, and the path without links."""

    def __init__(self, descriptor: int, parents: "list[tuple[int, bytes]]"):
        self.descriptor = descriptor
        self.parents = parents

    @property
    def name(self) -> bytes:
        return self.parents[-1][1] if self.parents else b"/"

    def close(self) -> None:
        for descriptor in {self.descriptor, *(parent for parent, _ in self.parents)}:
            os.close(descriptor)


def complete_path(path: str) -> bytes:
    """
    A path that is not absolute begins in the folder of the container's process, which most often is the one that kubectl cp
    has there: that of the image. What the link says is the target's own, and resolved in its root as all of the path.
    """
    folder = "/"
    if not path.startswith("/"):
        try:
            folder = os.readlink(f"/proc/{int(os.environ['CRASHCART_TARGET_PID'])}/cwd")
        except (KeyError, OSError):
            pass  # a container that has ended
    return os.fsencode(os.path.join("/", folder, path))


def find_place(root: str, path: bytes, follow_last: bool = True) -> Place:
    """Raises OSError; FileNotFoundError has the path up to the part that is missing."""
    parts = path.split(b"/")[::-1]
    parents: list[tuple[int, bytes]] = []
    # The root itself is the kernel's link to it.
    current = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    links = 0
    try:
        while parts:
            part = parts.pop()
            if part in (b"", b"."):
                continue
            if part == b"..":
                if parents:
                    os.close(current)
                    current, _ = parents.pop()
                continue
            try:
                below = os.open(part, PATH_FLAGS, dir_fd=current)
            except OSError as error:
                so_far = b"/" + b"/".join([name for _, name in parents] + [part])
                raise OSError(error.errno, error.strerror, so_far) from error
            is_last = not any(rest not in (b"", b".") for rest in parts)
            if stat.S_ISLNK(os.fstat(below).st_mode) and (follow_last or not is_last):
                target = os.readlink(b"", dir_fd=below)
                os.close(below)
                links += 1
                if links > MAX_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                parts.extend(target.split(b"/")[::-1])
                if target.startswith(b"/"):
                    while parents:
                        os.close(current)
                        current, _ = parents.pop()
                continue
            parents.append((current, part))
            current = below
    except BaseException:
        Place(current, parents).close()
        raise
    return Place(current, parents)


def reopen(descriptor: int, flags: int) -> int:
    """Opens what a descriptor of O_PATH stands for: the type was looked at before, and can't be another one now."""
    return os.open(f"/proc/self/fd/{descriptor}", flags | os.O_CLOEXEC)


def expand(root: str, pattern: bytes) -> "list[bytes]":
    """Paths that a pattern matches, in the order of their names. A path that is there is meant literally."""
    if not any(sign in pattern for sign in (b"*", b"?", b"[")):
        return [pattern]
    try:
        find_place(root, pattern).close()
        return [pattern]
    except OSError:
        pass
    found = [b"/"]
    for part in pattern.split(b"/"):
        if part == b"":
            continue
        is_pattern = any(sign in part for sign in (b"*", b"?", b"["))
        found = [
            os.path.join(folder, name)
            for folder in found
            for name in (match_names(root, folder, part) if is_pattern else [part])
        ]
    return [path for path in found if exists(root, path)]


def match_names(root: str, folder: bytes, pattern: bytes) -> "list[bytes]":
    try:
        names = list_names(root, folder)
    except OSError:
        return []
    hidden = pattern.startswith(b".")
    return [name for name in fnmatch.filter(names, pattern) if hidden or not name.startswith(b".")]


def list_names(root: str, folder: bytes) -> "list[bytes]":
    place = find_place(root, folder)
    try:
        if not stat.S_ISDIR(os.fstat(place.descriptor).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        descriptor = reopen(place.descriptor, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return sorted(os.fsencode(name) for name in os.listdir(descriptor))
        finally:
            os.close(descriptor)
    finally:
        place.close()


def exists(root: str, path: bytes) -> bool:
    try:
        find_place(root, path).close()
        return True
    except OSError:
        return False
