"""Asks a program about a process: its answer is made of what the process says, so it is bounded in time and size."""

import subprocess
import tempfile
import threading

MAX_BYTES = 32 << 20
# Of messages on stderr.
MAX_MESSAGE_BYTES = 4096


class NoAnswer(Exception):
    """There is none, or not a whole one. The message says why."""


class Failed(NoAnswer):
    """The program has failed. The message is what it says."""


def ask(command: list[str], seconds: float = 60, max_bytes: int = MAX_BYTES) -> str:
    """What it prints. Raises Failed when it fails, with what it says; NoAnswer when it takes too long, or says too much."""
    with tempfile.TemporaryFile() as messages:
        # Not in a process group of its own: Ctrl-C is for it, too.
        asked = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=messages)
        late = threading.Event()

        def end() -> None:
            late.set()
            asked.kill()

        timer = threading.Timer(seconds, end)
        timer.start()
        try:
            answer = asked.stdout.read(max_bytes + 1)
            if len(answer) > max_bytes:
                asked.kill()
            code = asked.wait()
        finally:
            timer.cancel()
            asked.kill()
            asked.wait()
        messages.seek(0)
        message = messages.read(MAX_MESSAGE_BYTES).decode(errors="backslashreplace").strip()
    text = answer[:max_bytes].decode(errors="backslashreplace")
    name = command[0]
    if late.is_set():
        raise NoAnswer(f"{name} has no answer after {seconds:g} s")
    if len(answer) > max_bytes:
        raise NoAnswer(f"the answer has more than {max_bytes >> 20} MiB, and is not shown")
    if code != 0:
        raise Failed(message or text.strip() or f"{name} ended with code {code}")
    return text
