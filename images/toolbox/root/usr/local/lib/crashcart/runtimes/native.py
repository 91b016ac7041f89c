"""Samples a process by perf, or else by gdb: its stacks, counted, the outermost function first."""

import os
import re
import stat
import subprocess
from collections import Counter
from collections.abc import Callable

from runtimes.bounded_answer import NoAnswer

RATE = 99
# What it may take longer than it samples.
GDB_SECONDS = 60
PERF_SECONDS = 60
Stacks = Counter[tuple[str, ...]]
FindName = Callable[[int], str | None]


def choose_unwinding(pid: int) -> str:
    """Unwinding tables, where the program has them: most compilers leave out frame pointers. Go keeps these.

    The program is the target's, so what parses it has no privileges, and a limit.
    """
    command = ["drop-privileges", "readelf", "-SW", "/dev/stdin"]
    try:
        with open(f"/proc/{pid}/exe", "rb") as program:
            read = subprocess.run(command, stdin=program, capture_output=True, text=True, errors="replace", timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return "fp"
    sections = read.stdout
    return "dwarf" if ".eh_frame_hdr " in sections and ".gopclntab" not in sections else "fp"


def find_map(pid: int) -> str:
    """A runtime that generates code lists it for perf in this file."""
    return f"/proc/{pid}/root/tmp/perf-{read_inner_pid(pid)}.map"


def read_inner_pid(pid: int) -> int:
    """The PID that the process knows itself by."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[-1]) for line in status if line.startswith("NSpid:"))


def check_map(pid: int) -> None:
    """Raises NoAnswer where something other than a file has its name: perf would wait for a FIFO."""
    try:
        mode = os.lstat(find_map(pid)).st_mode
    except OSError:
        return
    if not stat.S_ISREG(mode) and not stat.S_ISLNK(mode):
        raise NoAnswer("the map of generated code that the process has in its /tmp is not a file: perf is not used")


def sample_by_perf(
    pid: int, seconds: float, unwinding: str | None, directory: str, prepare_map: Callable[[], None], find_name: FindName,
    with_page_faults: bool = False,
) -> Stacks:
    """Raises NoAnswer.

    prepare_map is called before names are looked up; find_name knows those that perf does not.
    """
    data = f"{directory}/perf.data"
    # Each page that is touched for the first time, instead of moments of CPU time.
    event = ["-e", "page-faults", "-c", "1"] if with_page_faults else ["-F", str(RATE)]
    record = ["perf", "record", "-q", *event, "--call-graph", unwinding or choose_unwinding(pid), "-o", data, "-p", str(pid)]
    check_map(pid)
    try:
        recorded = subprocess.run(
            [*record, "--", "sleep", str(seconds)], capture_output=True, text=True, errors="replace", timeout=seconds + PERF_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"perf did not end within {seconds + PERF_SECONDS:g} s") from error
    if recorded.returncode != 0:
        raise NoAnswer(f"no perf events: {recorded.stderr.strip() or f'perf record ended with {recorded.returncode}'}")
    prepare_map()
    check_map(pid)
    # --no-inline: else perf starts addr2line for each address.
    script = ["perf", "script", "--no-inline", "-i", data, "-F", "comm,tid,ip,sym,dso"]
    try:
        # A limit: perf opens files of the target, and one that is a FIFO would hold it for ever.
        output = subprocess.run(script, capture_output=True, text=True, errors="replace", timeout=120).stdout
    except subprocess.TimeoutExpired as error:
        raise NoAnswer("perf could not read the target's symbols within 2 minutes") from error
    return parse_script(output, find_name)


def parse_script(output: str, find_name: FindName) -> Stacks:
    stacks: Stacks = Counter()
    for sample in output.split("\n\n"):
        heading, *lines = sample.strip("\n").split("\n")
        names = []
        for line in lines:
            match = re.match(r"\s*([0-9a-f]+) (.*) \((.*)\)$", line)
            if match is None:
                continue
            name, file = match[2].split("+0x")[0], match[3]
            if name == "[unknown]":
                name = find_name(int(match[1], 16)) or (f"[{os.path.basename(file)}]" if file != "[unknown]" else name)
            names.append(f"{name}_[k]" if file.startswith("[kernel") else name)
        if names:
            command = re.sub(r"\s+\d+(/\d+)?\s*$", "", heading).strip()
            stacks[(command, *reversed(names))] += 1
    return stacks


def sample_by_gdb(pid: int, seconds: float, directory: str, script: str = "native_stacks.py") -> Stacks:
    """Runs a script of this folder in gdb. The process stands still for each sample. Raises NoAnswer."""
    samples = f"{directory}/samples"
    environment = {**os.environ, "SAMPLES": samples, "SECONDS_TO_SAMPLE": str(seconds)}
    command = ["debug-process", "-p", str(pid), "-batch", "-x", f"/usr/local/lib/crashcart/runtimes/{script}"]
    try:
        sampled = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="backslashreplace", timeout=seconds + GDB_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise NoAnswer(f"gdb has no answer after {seconds + GDB_SECONDS:g} s") from error
    if not os.path.exists(samples):
        raise NoAnswer(f"gdb could not attach: {sampled.stderr.strip()}")
    with open(samples, errors="replace") as lines:
        return Counter(tuple(line.rstrip("\n").split(";")) for line in lines)
