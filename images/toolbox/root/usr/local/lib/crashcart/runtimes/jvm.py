"""Asks a JVM by its attach mechanism, as jcmd does, and says why where one can't be asked.

A JVM that is asked for the first time opens a socket in its /tmp, .java_pidN, and keeps it.
"""

import os
import re
import shutil
import sys

from container_processes import read_arguments, read_environment, read_in_time
from runtimes.bounded_answer import Failed, NoAnswer, ask
from runtimes.native import find_map, read_inner_pid
from target_files import remove_file

# What jattach says of itself.
NOISE = re.compile(r"^(Connected to remote (JVM|process)|JVM response code = \d+)\n", re.M)
OPTIONS = ("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS")


def ask_jvm(pid: int, *command: str, seconds: float = 60) -> str:
    """Its answer to a command of jattach. Raises NoAnswer, with the way around."""
    if shutil.which("jattach") is None:
        raise NoAnswer("this toolbox has no jattach")
    check_processes_in_reach(pid)
    inner = read_inner_pid(pid)
    check_attach_files(pid, inner)
    around = f"`kill -QUIT {inner}` has it print its threads to its own output, which `kubectl logs` shows"
    if "-XX:+DisableAttachMechanism" in list_options(pid):
        raise NoAnswer(f"this JVM refuses to be asked (-XX:+DisableAttachMechanism). {around}")
    try:
        return NOISE.sub("", ask(["jattach", str(pid), *command], seconds))
    except Failed as error:
        message = NOISE.sub("", str(error))
    if "Read-only file system" in message:
        raise NoAnswer(
            f"this JVM can't be asked: its /tmp is read-only, where it would open a socket for questions. {around};"
            " with an emptyDir at /tmp it can be asked"
        )
    if "Could not start attach mechanism" in message:
        raise NoAnswer(f"this JVM did not open its socket for questions ({message.rpartition(': ')[2]}). {around}")
    raise NoAnswer(f"the JVM's answer: {message}")


def list_options(pid: int) -> list[str]:
    """Those that it was started with, on its command line or in its environment."""
    options = read_in_time(lambda: read_arguments(pid), [])
    for entry in read_in_time(lambda: read_environment(pid), []):
        name, _, value = entry.partition("=")
        options += value.split() if name in OPTIONS else []
    return options


def check_processes_in_reach(pid: int) -> None:
    """Raises NoAnswer where the process sees others than its container's.

    A link in the target, through its /proc, leads to their files, and jattach would empty what the link leads to, as root.
    A target that swaps files can outrun check_attach_files.
    """
    # A process in a PID namespace below sees its own container's alone.
    if os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid"):
        return
    # The agent makes the link. The first process of a container's own PID namespace is its PID 1.
    if os.environ.get("CRASHCART_POD") and os.readlink("/target") == "/proc/1/root":
        return
    if os.readlink(f"/proc/{pid}/ns/mnt") != os.readlink("/proc/1/ns/mnt"):
        raise NoAnswer(
            f"process {pid} shares its PID namespace with more than its container, and could lead jattach to their files."
            f" If you trust it: jattach {pid} threaddump"
        )


def check_attach_files(pid: int, inner: int) -> None:
    """Raises NoAnswer where the target has prepared what jattach would open and write to: it follows links, and waits for a
    FIFO. A JVM leaves none of these behind.
    """
    for directory in (f"/proc/{pid}/cwd", f"/proc/{pid}/root/tmp"):
        if os.path.lexists(f"{directory}/.attach_pid{inner}"):
            raise NoAnswer(f"the target has a file .attach_pid{inner}, which jattach would write to: remove it first")
    socket = f"/proc/{pid}/root/tmp/.java_pid{inner}"
    if os.path.islink(socket):
        raise NoAnswer(f"the target's /tmp/.java_pid{inner} is a link: a JVM has a socket there")
    try:
        is_socket = (os.lstat(socket).st_mode & 0o170000) == 0o140000
    except OSError:
        return
    if not is_socket:
        raise NoAnswer(f"the target's /tmp/.java_pid{inner} is not a socket")


class PerfMap:
    """The file in a JVM's /tmp that names its compiled code for perf. One that we had it write is removed again."""

    def __init__(self, pid: int):
        self.pid = pid
        self.is_ours = False

    def write(self) -> None:
        """Says on stderr why there are no names, where there are none."""
        path = find_map(self.pid)
        if os.path.lexists(path):
            return
        self.is_ours = True
        try:
            ask_jvm(self.pid, "jcmd", "Compiler.perfmap")
        except NoAnswer as error:
            reason = "JDK 17 and later write them down for perf" if "Unknown diagnostic command" in str(error) else str(error)
            print(f"flamegraph: no names of compiled Java code: {reason}", file=sys.stderr)

    def remove(self) -> None:
        if self.is_ours:
            remove_file(self.pid, "/tmp", os.path.basename(find_map(self.pid)))
