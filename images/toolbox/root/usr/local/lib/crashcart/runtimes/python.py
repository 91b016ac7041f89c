"""Reads Python programs by py-spy, which does not run anything in them."""

import os
from collections import Counter

from runtimes.bounded_answer import NoAnswer, ask

RATE = 99


def dump_python(pid: int, with_locals: bool) -> str:
    """What its threads do. Raises NoAnswer."""
    return ask(["py-spy", "dump", "--pid", str(pid), *(["--locals"] if with_locals else [])])


def sample_python(pid: int, seconds: float, directory: str) -> Counter[tuple[str, ...]]:
    """Stacks of its threads that work, and those of the processes that it starts, counted. Raises NoAnswer."""
    samples = f"{directory}/samples"
    duration = str(max(1, round(seconds)))
    command = ["py-spy", "record", "--pid", str(pid), "--subprocesses", "--nonblocking", "--rate", str(RATE), "--duration", duration]
    # py-spy waits for a process that stands still.
    ask([*command, "--format", "raw", "--output", samples], seconds + 60)
    if not os.path.exists(samples):
        raise NoAnswer("py-spy wrote no samples")
    stacks: Counter[tuple[str, ...]] = Counter()
    with open(samples, errors="backslashreplace") as lines:
        for line in lines:
            stack, _, count = line.rstrip("\n").rpartition(" ")
            if stack and count.isdecimal():
                stacks[tuple(stack.split(";"))] += int(count)
    return stacks
