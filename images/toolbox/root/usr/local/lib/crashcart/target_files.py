"""Opens what the target calls by a path, as the target resolves it: no link leads out of its root."""

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
