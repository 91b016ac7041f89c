"""Run by gdb, before it has attached: writes a core file of process $CORE_PID, which stands still meanwhile.

gdb's own `gcore` holds the whole file on a disk and goes on after a write that failed. Here gdb tells the notes, and the
memory is read by the thread that traces the process: the kernel may let no other one (CONFIG_PROC_MEM_FORCE_PTRACE).

Into $CORE_DIRECTORY: `core`, when it has room there, else to descriptor 3; `whole`, once each byte is written.
Descriptor 4 is for what the user is told.
"""

import os
import sys
import time

import gdb

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import core_file  # noqa: E402
import process_memory  # noqa: E402
from bounded_output import Output  # noqa: E402

CHUNK_BYTES = 1 << 20
# Kept free in the spool: gdb and the session need some of it.
SPOOL_RESERVE_BYTES = 16 << 20
# So long the process stands still for a client that takes nothing.
STALL_LIMIT_SECONDS = 30
MIB = 1 << 20
# What is sent and what is copied in a second, to tell about how long it takes.
SENDING_MIB = 10
COPYING_BYTES = 1 << 30


def say(text: str) -> None:
    os.write(4, f"core: {text}\n".encode(errors="backslashreplace"))


def copy_memory(memory: int, segment: core_file.Segment, output: Output) -> int:
    """Returns how many bytes could not be read. They are zeros in the file, as the kernel's own dumps have them."""
    unreadable = 0
    position, end = segment.start, segment.start + segment.file_bytes
    while position < end:
        wanted = min(CHUNK_BYTES, end - position)
        try:
            data = os.pread(memory, wanted, position)
        except OSError:
            data = b""
        if not data:
            # One page of it, such as one behind the end of a file.
            data = bytes(min(wanted, core_file.PAGE - position % core_file.PAGE))
            unreadable += len(data)
        output.write(data)
        position += len(data)
    return unreadable


def find_room(directory: str) -> int:
    """How many bytes of a core have room in the session."""
    room = os.statvfs(directory)
    return max(0, room.f_bavail * room.f_frsize - SPOOL_RESERVE_BYTES)


def open_output(directory: str, has_room: bool) -> Output:
    if has_room:
        return Output(os.open(f"{directory}/core", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), STALL_LIMIT_SECONDS)
    return Output(3, STALL_LIMIT_SECONDS)


def warn_of_standstill(total: int, room: int) -> None:
    """In the seconds that the plugin counts a probe's patience in."""
    scratch = -(-(total + SPOOL_RESERVE_BYTES) * 11 // 10 // MIB)
    say(
        f"about {-(-total // MIB)} MiB, and the session has room for {room // MIB} MiB: the process stands still until all is sent,"
        f" at {SENDING_MIB} MiB/s about {max(1, total // MIB // SENDING_MIB)} s (with --scratch {scratch}Mi about"
        f" {max(1, total // COPYING_BYTES)} s)"
    )


def write_core(pid: int, directory: str) -> None:
    chosen = int(os.environ["CORE_FILTER"], 16)
    # It still runs, so that this is not the last word.
    expected, room = sum(segment.file_bytes for segment in process_memory.list_segments(pid, chosen)[0]), find_room(directory)
    if expected > room:
        warn_of_standstill(expected, room)
    gdb.execute(f"attach {pid}", to_string=True)
    stopped = time.monotonic()
    # The filter that gdb sees lets no memory in (recipes/core).
    gdb.execute("set use-coredump-filter on")
    gdb.execute(f"gcore {directory}/notes", to_string=True)
    with open(f"{directory}/notes", "rb") as file:
        notes = core_file.Notes(file.read())
    segments, mappings = process_memory.list_segments(pid, chosen)
    head = core_file.build_head(notes, segments)
    total = len(head) + sum(segment.file_bytes for segment in segments)
    if expected <= room < total:
        warn_of_standstill(total, room)
    output = open_output(directory, total <= room)
    memory = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    output.write(head)
    unreadable = sum(copy_memory(memory, segment, output) for segment in segments)
    if output.written != total:
        raise ValueError(f"{output.written} of {total} bytes were written")
    gdb.execute("detach", to_string=True)
    held = time.monotonic() - stopped
    if unreadable:
        say(f"{unreadable // 1024} KiB could not be read, and are zeros in the file")
    say(f"{-(-total // MIB)} MiB of {mappings} mappings; the process stood still for {held:.1f} s")
    with open(f"{directory}/whole", "w") as file:
        file.write(str(total))


try:
    write_core(int(os.environ["CORE_PID"]), os.environ["CORE_DIRECTORY"])
except (OSError, ValueError, gdb.error) as error:
    say(str(error))
