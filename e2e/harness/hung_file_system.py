"""hung_file_system.py MOUNT_POINT KIND [PID]: mounts a FUSE whose files never answer, in the mount namespace of PID.

KIND is "ignored" or "taken". A request that nobody has read can be given up by whoever waits for it, when that one is
killed; a request that was read can't. Writes a line once it is mounted. It is unmounted when this process ends.
"""

import ctypes
import os
import signal
import stat
import struct
import sys

CLONE_NEWNS = 0x20000
MNT_DETACH = 2
FUSE_MINOR = 229  # https://docs.kernel.org/admin-guide/devices.html
FUSE_INIT = 26
request_bytes = 1 << 17
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def open_device() -> int:
    path = f"/tmp/fuse-{os.getpid()}"
    os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(10, FUSE_MINOR))
    try:
        return os.open(path, os.O_RDWR)
    finally:
        os.unlink(path)


def answer_init(device: int) -> None:
    """The kernel lets nobody in before: include/uapi/linux/fuse.h, struct fuse_init_out."""
    _, opcode, unique = struct.unpack_from("=IIQ", os.read(device, request_bytes))
    assert opcode == FUSE_INIT
    body = struct.pack("=IIIIHHIIHH32x", 7, 31, 65536, 0, 12, 9, 65536, 1, 32, 0)
    os.write(device, struct.pack("=IiQ", 16 + len(body), 0, unique) + body)


def main(mount_point: str, kind: str, pid: str = "self") -> None:
    device = open_device()
    if pid != "self":
        namespace = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY)
        check(libc.setns(namespace, CLONE_NEWNS))
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    check(libc.mount(b"hung", os.fsencode(mount_point), b"fuse", 0, options.encode()))
    answer_init(device)
    print("mounted", flush=True)
    while True:
        if kind == "taken":
            os.read(device, request_bytes)
        else:
            signal.pause()


main(*sys.argv[1:])
