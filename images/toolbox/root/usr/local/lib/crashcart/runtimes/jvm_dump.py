"""Has a JVM write down all of its objects, as an HPROF file, and sends the file to stdout."""

import os
import secrets
import stat
import struct
import sys
from typing import BinaryIO

from runtimes.bounded_answer import NoAnswer
from runtimes.jvm import ask_jvm
from target_files import open_folder, remove_file

# A heap of many GiB takes minutes to write.
DUMP_SECONDS = 1800
CHUNK_BYTES = 1 << 20
MAGIC = b"JAVA PROFILE 1.0."
HEAP_DUMP_END = 0x2C
# Strings, classes, and parts of the heap of 1 MiB or more.
MAX_RECORDS = 20_000_000


def open_dump(pid: int, folder: str, name: str) -> BinaryIO:
    """Raises NoAnswer unless it is a regular file: the target may have put something else in its place."""
    directory = open_folder(pid, folder)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    finally:
        os.close(directory)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NoAnswer("what the JVM has written is not a file")
    return open(descriptor, "rb")


def check_whole(dump: BinaryIO) -> None:
    """Raises NoAnswer unless its records end where the file does, the last of them with the mark of the end.

    The format: https://hg.openjdk.org/jdk8/jdk8/jdk/raw-file/tip/src/share/demo/jvmti/hprof/manual.html
    """
    size = os.fstat(dump.fileno()).st_size
    heading = dump.read(64)
    if not heading.startswith(MAGIC) or b"\0" not in heading:
        raise NoAnswer("the JVM's file is not an HPROF file")
    # Text, the size of identifiers, and the time.
    place, last = heading.index(b"\0") + 1 + 4 + 8, None
    for _ in range(MAX_RECORDS):
        if place >= size:
            break
        dump.seek(place)
        record = dump.read(9)
        if len(record) < 9:
            break
        last, _, length = struct.unpack(">BII", record)
        place += 9 + length
    if place != size or last != HEAP_DUMP_END:
        raise NoAnswer(f"the JVM's file is cut, after {size} bytes: is there no more room? -d takes another folder of the container")
    dump.seek(0)


def send_jvm_dump(pid: int, folder: str) -> None:
    """Raises NoAnswer, OSError."""
    name = f"crashcart-{secrets.token_hex(8)}.hprof"
    try:
        answer = ask_jvm(pid, "dumpheap", f"{folder.rstrip('/')}/{name}", seconds=DUMP_SECONDS)
        if "Heap dump file created" not in answer:
            raise NoAnswer(f"the JVM wrote no dump into {folder}: {answer.strip()}. -d takes another folder of the container")
        dump = open_dump(pid, folder, name)
    finally:
        # It is read on by its descriptor, and leaves nothing behind even if this is killed.
        remove_file(pid, folder, name)
    with dump:
        check_whole(dump)
        while chunk := dump.read(CHUNK_BYTES):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
