"""Opens what the target calls by a path: no link leads out of its root, or none is followed at all."""

import ctypes
import os

RESOLVE_IN_ROOT = 0x10  # openat2(2)
SYS_OPENAT2 = 437  # the same on every architecture

libc = ctypes.CDLL(None, use_errno=True)


class OpenHow(ctypes.Structure):
    _fields_ = [("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64)]


def open_path(root: str, path: str) -> int:
    """Has the kernel resolve the path, so that no link can be swapped between two steps. Nothing is read (O_PATH)."""
    root_descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        how = OpenHow(os.O_PATH | os.O_CLOEXEC, 0, RESOLVE_IN_ROOT)
        descriptor = libc.syscall(SYS_OPENAT2, root_descriptor, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        if descriptor < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), path)
        return descriptor
    finally:
        os.close(root_descriptor)


def open_folder(pid: int, path: str) -> int:
    """A descriptor of a folder, for a process that writes there. Raises OSError, also where a part of the path is a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    # The kernel's own link leads to where the process has its root.
    folder = os.open(f"/proc/{pid}/root", flags)
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            os.close(folder)
            raise OSError(f"{path} has .. in it")
        try:
            below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        folder = below
    return folder


def remove_file(pid: int, folder: str, name: str) -> None:
    """A link is removed, too, and not what it leads to. One that is not there, or can't be removed, is left."""
    try:
        descriptor = open_folder(pid, folder)
    except OSError:
        return
    try:
        os.unlink(name, dir_fd=descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
