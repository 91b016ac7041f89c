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


def open_output(directory: str, total: int) -> Output:
    room = os.statvfs(directory)
    free = room.f_bavail * room.f_frsize - SPOOL_RESERVE_BYTES
    if total <= free:
        return Output(os.open(f"{directory}/core", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), STALL_LIMIT_SECONDS)
    say(
        f"{-(-total // MIB)} MiB, of which {max(0, free) // MIB} MiB have room in the session: the process stands still "
        "until all is sent (--scratch gives the session more room)"
    )
    return Output(3, STALL_LIMIT_SECONDS)


def write_core(pid: int, directory: str) -> None:
    gdb.execute(f"attach {pid}", to_string=True)
    stopped = time.monotonic()
    # The filter that gdb sees lets no memory in (recipes/core).
    gdb.execute("set use-coredump-filter on")
    gdb.execute(f"gcore {directory}/notes", to_string=True)
    with open(f"{directory}/notes", "rb") as file:
        notes = core_file.Notes(file.read())
    segments, mappings = process_memory.list_segments(pid, int(os.environ["CORE_FILTER"], 16))
    head = core_file.build_head(notes, segments)
    total = len(head) + sum(segment.file_bytes for segment in segments)
    output = open_output(directory, total)
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
