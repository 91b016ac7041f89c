"""Whom files that are written into the target belong to."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)

PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2


class FileOwner:
    """
    Of a container whose user is root: the source's, as the container sees it, as `tar` there would; else, or if nothing is
    to be preserved, the container's own user, who could not give a file to another. Owners are those of our user namespace.
    """

    def __init__(self, preserve: bool):
        pid = os.environ.get("CRASHCART_TARGET_PID")
        self.uid, self.gid = read_user(pid) if pid else (0, 0)
        self.uids = read_map(f"/proc/{pid}/uid_map") if pid else []
        self.gids = read_map(f"/proc/{pid}/gid_map") if pid else []
        is_root = self.uid == to_outside(0, self.uids)
        self.preserve = preserve and is_root

    def choose(self, uid: int, gid: int) -> "tuple[int, int]":
        if not self.preserve:
            return self.uid, self.gid
        return to_outside(uid, self.uids, self.uid), to_outside(gid, self.gids, self.gid)

    def name(self, uid: int, gid: int) -> "tuple[int, int]":
        """The owner of a file of the target, as the container sees it."""
        return to_inside(uid, self.uids), to_inside(gid, self.gids)

    def act(self) -> None:
        """
        Writes as the root of the target's user namespace: on its idmapped mounts, a file of a user without a place there
        can't be made (EOVERFLOW, mount_setattr(2)). The rights of our own root are kept.
        """
        uid, gid = to_outside(0, self.uids), to_outside(0, self.gids)
        if (uid, gid) == (0, 0):
            return
        libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
        libc.setfsgid(gid)
        libc.setfsuid(uid)


def read_user(pid: str) -> "tuple[int, int]":
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        fields = dict(line.split(":", 1) for line in status if ":" in line)
    # Real, effective, saved, and of the file system: the last one is whom its files belong to.
    return int(fields["Uid"].split()[3]), int(fields["Gid"].split()[3])


def read_map(path: str) -> "list[tuple[int, int, int]]":
    """First ID inside, first ID outside, and how many."""
    with open(path, encoding="ascii") as lines:
        return [tuple(int(number) for number in line.split()) for line in lines]


def to_inside(outside: int, ranges: "list[tuple[int, int, int]]") -> int:
    for inside, first, count in ranges:
        if first <= outside < first + count:
            return inside + outside - first
    return outside


def to_outside(inside: int, ranges: "list[tuple[int, int, int]]", otherwise: int = 0) -> int:
    for first, outside, count in ranges:
        if first <= inside < first + count:
            return outside + inside - first
    return otherwise
