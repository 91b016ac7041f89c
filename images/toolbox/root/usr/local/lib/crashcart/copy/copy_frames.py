"""
The stream of a copy, which src/copy-stream reads and writes as well: frames of a type (1 byte), a length (4 bytes) and a
content of that length. Numbers are little-endian. One file is an ENTRY, its DATA and HOLEs, and an END with the SHA-256 of
all of the DATA and HOLE frames.
"""

import hashlib
import json
import os
import struct

ENTRY = ord("E")  # what follows ENTRY_HEAD: the path, and what a link leads to
HARD_LINK = ord("L")  # ENTRY_HEAD; the path, and the path of the file that was sent under another name
DATA = ord("D")
HOLE = ord("O")  # 8 bytes: how many zeros
END = ord("F")  # 1 byte: 1 if the file was changed meanwhile; 32 bytes: the SHA-256
CUT = ord("C")  # instead of END: the file can't be read to its end; a text says why
FAILURE = ord("X")  # JSON: path, reason, and whether it is only a note
TOTALS = ord("T")  # JSON: what will come
HAVE = ord("H")  # JSON: what is there already of the files that are to come
DONE = ord("Z")  # JSON: what has come. Without it, the stream was cut.

HEAD = struct.Struct("<BI")
# mode, owner, group, time of the last change in ns, size, where the data begin, length of the path
ENTRY_HEAD = struct.Struct("<IIIqQQH")
HOLE_LENGTH = struct.Struct("<Q")

MAX_FRAME_BYTES = 1 << 20


MAX_NAME_BYTES = 255
PART_SUFFIX = b".crashcart-part"


def name_part(name: bytes) -> bytes:
    """What a file is called until it is whole: a later copy finds by it what an earlier one has left."""
    part = b"." + name + PART_SUFFIX
    return part if len(part) <= MAX_NAME_BYTES else b"." + hashlib.sha256(name).hexdigest().encode() + PART_SUFFIX


def is_same_file(known: dict, status: os.stat_result) -> bool:
    """By size and time, as rsync does; the client can set times to the microsecond only."""
    return known["size"] == status.st_size and int(known["mtimeNs"]) // 1000 == status.st_mtime_ns // 1000


def encode_failure(path: bytes, reason: str, is_note: bool = False) -> bytes:
    """The content of a FAILURE; a note is of what is left out on purpose."""
    return json.dumps({"path": path.decode(errors="backslashreplace"), "reason": reason, "isNote": is_note}).encode()


class FrameOutput:
    """Joins small frames: 20,000 small files are not 60,000 writes."""

    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self.waiting = bytearray()

    def add(self, kind: int, content: bytes) -> None:
        self.waiting += HEAD.pack(kind, len(content))
        self.waiting += content
        if len(self.waiting) >= 1 << 18:
            self.flush()

    def add_raw(self, frame: "bytes | memoryview") -> None:
        """A frame that has its head already; a large one is not copied."""
        if len(frame) < 1 << 16:
            self.waiting += frame
            return
        self.flush()
        self.write(frame)

    def flush(self) -> None:
        if self.waiting:
            self.write(self.waiting)
            self.waiting = bytearray()

    def write(self, content: "bytes | bytearray | memoryview") -> None:
        view = memoryview(content)
        while view:
            view = view[os.write(self.descriptor, view) :]


class CutStream(Exception):
    """The stream ended before its DONE."""


class FrameInput:
    def __init__(self, descriptor: int):
        self.descriptor = descriptor
        self.buffer = bytearray(MAX_FRAME_BYTES + HEAD.size)

    def read_exactly(self, view: memoryview) -> None:
        while view:
            count = os.readv(self.descriptor, [view])
            if count == 0:
                raise CutStream
            view = view[count:]

    def read(self) -> "tuple[int, memoryview, memoryview]":
        """The kind, the content, and the whole frame: both are valid until the next call."""
        whole = memoryview(self.buffer)
        self.read_exactly(whole[: HEAD.size])
        kind, length = HEAD.unpack_from(self.buffer)
        if length > MAX_FRAME_BYTES:
            raise ValueError(f"a frame of {length} bytes")
        frame = whole[: HEAD.size + length]
        self.read_exactly(frame[HEAD.size :])
        return kind, frame[HEAD.size :], frame

    def read_line(self, limit: int) -> bytes:
        line = bytearray()
        while not line.endswith(b"\n"):
            byte = os.read(self.descriptor, 1)
            if not byte or len(line) > limit:
                raise CutStream
            line += byte
        return bytes(line)
