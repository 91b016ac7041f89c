"""Signals to the target's processes, of those alone that a process has a handler for: others would end it, or do nothing.

    send_handled(pid, signal.SIGQUIT, {"mono"})
"""

import os
import re
import signal

from process_runtime import find_runtime
from runtimes.bounded_answer import NoAnswer


def send_handled(pid: int, number: signal.Signals, kinds: set[str]) -> None:
    """Raises NoAnswer where nothing was sent: the process is of none of these runtimes, or does not handle the signal."""
    # Names the process, and no other that gets its PID later.
    process = os.pidfd_open(pid)
    try:
        kind = find_runtime(pid).kind
        if kind not in kinds:
            raise NoAnswer(f"process {pid} is of another runtime ({kind})")
        effect = explain_unhandled(pid, number)
        if effect is not None:
            raise NoAnswer(f"process {pid} {effect}")
        signal.pidfd_send_signal(process, number)
    finally:
        os.close(process)


def explain_unhandled(pid: int, number: signal.Signals) -> str | None:
    """What a signal would do to a process that has no handler for it; null where it has one."""
    with open(f"/proc/{pid}/status") as status:
        sets = {name: int(mask, 16) for name, mask in re.findall(r"^(Sig\w+):\s*([0-9a-f]+)$", status.read(), re.M)}
    bit = 1 << number - 1
    if sets.get("SigCgt", 0) & bit:
        return None
    return f"ignores {number.name}" if sets.get("SigIgn", 0) & bit else f"would be ended by {number.name}, which it does not handle"
