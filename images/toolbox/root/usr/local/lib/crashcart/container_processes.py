"""The processes of the target's container, of /proc: their tree, what they are called, their memory and load.

    from container_processes import list_processes, measure_load
    processes = list_processes()   # the target's own process first, then as the tree has them; no zombies
    measure_load(processes)        # sets load, of 0.2 s

Everything in /proc/PID that a process chooses itself is read up to a length, and what has to read the process's memory up
to a time: a process can have its arguments in a file system that never answers.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

# Of a node there may be more than anybody reads; of a container that forks without end, too.
MAX_PROCESSES = 4096
MAX_ARGUMENTS_BYTES = 4096
MAX_ENVIRONMENT_BYTES = 1 << 20
READ_SECONDS = 1.0
MAX_READS_SECONDS = 3.0
LOAD_SECONDS = 0.2
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

Result = TypeVar("Result")


@dataclass
class Process:
    pid: int
    ppid: int
    name: str
    """What the kernel calls it (comm), at most 15 bytes."""
    start: int
    """When it started, in ticks since the node's start."""
    ticks: int
    """Its CPU time, of all its threads that there were, in ticks."""
    rss_bytes: int
    argv: list[str]
    program: str
    """Name of its executable; empty where that can't be read."""
    load: float = 0.0
    """CPUs in use while they were measured: 1.0 is one whole CPU."""

    @property
    def cpu_seconds(self) -> float:
        return self.ticks / TICKS_A_SECOND


class NoTarget(Exception):
    """There is no target here, or its process has ended. The message says which."""


def find_target() -> int:
    """The process that the session was opened for. Raises NoTarget."""
    if "CRASHCART_TARGET_ENDED" in os.environ:
        # As command.sh has it.
        raise NoTarget("the container has ended: there is no process of it; its files are at /target, its log is /target-log")
    text = os.environ.get("CRASHCART_TARGET_PID", "")
    if not text.isdecimal():
        raise NoTarget("there is no target here: CRASHCART_TARGET_PID is not set")
    return int(text)


def is_node_session() -> bool:
    """Whether the target is the node, and not a container (debug-in-ns makes one of its processes the target)."""
    return "CRASHCART_POD" not in os.environ and os.environ.get("CRASHCART_TARGET_ROOT") == "/target"


def list_processes() -> list[Process]:
    """The container's processes; in a session of a node, the node's. Raises NoTarget."""
    target = find_target()
    found = [read_process(pid) for pid in list_numbers(target)]
    processes = {process.pid: process for process in found if process is not None}
    if target not in processes:
        raise NoTarget(f"the target's process {target} has ended")
    if read_link(target, "ns/mnt") == read_link("self", "ns/mnt"):
        # A session was told to see a process of its own as the target: what that one has started is all there is of it.
        return order_tree({target: processes[target]}, target, processes)
    return order_tree(processes, target, processes)


def read_process(pid: int) -> Process | None:
    """Null when it has ended, a zombie included."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read(4096)
    except OSError:
        return None
    # The name, in parentheses, may hold spaces and parentheses.
    before, _, after = text.rpartition(b")")
    fields = after.split()
    # The first thread may have ended before the others: proc(5).
    if len(fields) < 22 or (fields[0] in (b"Z", b"X") and int(fields[17]) < 2):
        return None
    link = read_link(pid, "exe")
    return Process(
        pid=pid,
        ppid=int(fields[1]),
        name=before.partition(b"(")[2].decode(errors="backslashreplace"),
        start=int(fields[19]),
        ticks=int(fields[11]) + int(fields[12]),
        rss_bytes=int(fields[21]) * PAGE_BYTES,
        argv=read_in_time(lambda: read_arguments(pid), []),
        # Of a file that was replaced or removed meanwhile.
        program=os.path.basename(link.removesuffix(" (deleted)")),
    )


def has_ended(process: Process) -> bool:
    """A PID can be another process's by now."""
    now = read_process(process.pid)
    return now is None or now.start != process.start


def measure_load(processes: list[Process], seconds: float = LOAD_SECONDS) -> None:
    """Sets their load, and takes out those that end meanwhile."""
    before = time.monotonic()
    time.sleep(seconds)
    for process in list(processes):
        now = read_ticks(process)
        if now is None:
            processes.remove(process)
            continue
        process.load = (now - process.ticks) / TICKS_A_SECOND / (time.monotonic() - before)
        process.ticks = now


def read_ticks(process: Process) -> int | None:
    try:
        with open(f"/proc/{process.pid}/stat", "rb") as file:
            fields = file.read(4096).rpartition(b")")[2].split()
    except OSError:
        return None
    # A PID can be another process's by now.
    return int(fields[11]) + int(fields[12]) if len(fields) > 19 and int(fields[19]) == process.start else None


def read_arguments(pid: int) -> list[str]:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        # A process that sets its title writes over its arguments, and leaves NUL bytes behind.
        text = file.read(MAX_ARGUMENTS_BYTES).rstrip(b"\0")
    return text.decode(errors="backslashreplace").split("\0") if text else []


def read_environment(pid: int) -> list[str]:
    """NAME=VALUE, as it was started with. May take for ever, as its arguments may: for read_in_time."""
    with open(f"/proc/{pid}/environ", "rb") as file:
        return file.read(MAX_ENVIRONMENT_BYTES).decode(errors="backslashreplace").split("\0")


late_seconds = 0.0


def read_in_time(read: Callable[[], Result], default: Result) -> Result:
    """What it returns; the default when it fails, or takes too long. Its thread is then left behind, and ends with us.

    Once too much time was lost by this, nothing more is read.
    """
    global late_seconds
    if late_seconds >= MAX_READS_SECONDS:
        return default
    results: list[Result] = []

    def run() -> None:
        try:
            results.append(read())
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(READ_SECONDS)
    if thread.is_alive():
        late_seconds += READ_SECONDS
    return results[0] if results else default


def read_link(pid: int | str, name: str) -> str:
    """Empty where it can't be read."""
    try:
        return os.readlink(f"/proc/{pid}/{name}")
    except OSError:
        return ""


def list_numbers(target: int) -> list[int]:
    """PIDs of the container's processes, the target's own always among them; at most MAX_PROCESSES.

    They have its mount namespace, or are in its cgroup or below: with shareProcessNamespace and hostPID others can be
    seen, too, and so can the sessions. What has a mount namespace of its own, such as a sandbox, is in the cgroup still.
    """
    numbers = (int(name) for name in os.listdir("/proc") if name.isdecimal())
    own, mount = read_link("self", "ns/mnt"), read_link(target, "ns/mnt")
    if own == mount:
        members = [pid for pid in numbers if read_link(pid, "ns/mnt") == own]
    elif is_node_session():
        members = [pid for pid in numbers if read_link(pid, "ns/mnt") != own]
    else:
        cgroup = find_own_cgroup(target)
        members = [pid for pid in numbers if is_of_container(pid, own, mount, cgroup)]
    return [target, *(pid for pid in members if pid != target)][:MAX_PROCESSES]


def is_of_container(pid: int, own: str, mount: str, cgroup: str | None) -> bool:
    namespace = read_link(pid, "ns/mnt")
    if mount and namespace == mount:
        return True
    if cgroup is None or (own and namespace == own):
        return False
    path = read_cgroup(pid)
    return path is not None and is_in(path, cgroup)


def find_own_cgroup(target: int) -> str | None:
    """The container's cgroup; null where that is not the container's alone: this session is in it, too."""
    cgroup, session = read_cgroup(target), read_cgroup("self")
    return None if cgroup in (None, "/") or session is None or is_in(session, cgroup) else cgroup


def is_in(path: str, cgroup: str) -> bool:
    return path == cgroup or path.startswith(f"{cgroup}/")


def read_cgroup(pid: int | str) -> str | None:
    """Its path. With cgroup v1 that of a hierarchy which each container and each session has a cgroup of its own in."""
    try:
        with open(f"/proc/{pid}/cgroup", "rb") as file:
            lines = file.read(65536).decode(errors="backslashreplace").splitlines()
    except OSError:
        return None
    paths = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        paths.update({controller: path for controller in controllers.split(",")})
    # The line of cgroup v2 names no controllers: cgroups(7).
    return next((paths[name] for name in ("memory", "pids", "cpu", "") if name in paths), None)


def list_children(processes: list[Process]) -> dict[int, list[Process]]:
    """By the parent's PID, the oldest first."""
    children: dict[int, list[Process]] = {}
    for process in sorted(processes, key=lambda process: (process.start, process.pid)):
        children.setdefault(process.ppid, []).append(process)
    return children


def order_tree(roots: dict[int, Process], target: int, processes: dict[int, Process]) -> list[Process]:
    """These and what descends from them, parents before their children, the target first."""
    children = list_children(list(processes.values()))
    ordered: dict[int, Process] = {}
    waiting = sorted(roots.values(), key=lambda process: (process.pid != target, process.ppid in processes, process.start))
    waiting.reverse()
    while waiting:
        process = waiting.pop()
        if process.pid in ordered:
            continue
        ordered[process.pid] = process
        waiting.extend(reversed(children.get(process.pid, [])))
    return list(ordered.values())
