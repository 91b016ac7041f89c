"""Calls that may hang in the kernel, each in a process of its own: a file system behind a network, or of a program (FUSE),
need never answer, and a process that waits for it can't be killed.
"""

import json
import os
import select
import signal
import time
from collections.abc import Callable
from typing import Any

MOST_AT_ONCE = 32


class NotReturned(Exception):
    """The call has not returned in time."""


def run_bounded(calls: list[Callable[[], Any]], limit_seconds: float) -> list[Any]:
    """Returns for each call what it returned (as JSON can have it), or the OSError that it raised, or NotReturned."""
    results: list[Any] = []
    for first in range(0, len(calls), MOST_AT_ONCE):
        results += run_together(calls[first : first + MOST_AT_ONCE], limit_seconds)
    return results


def run_together(calls: list[Callable[[], Any]], limit_seconds: float) -> list[Any]:
    children = [start(call) for call in calls]
    answers: dict[int, bytes] = {source: b"" for _, source in children}
    opened = set(answers)
    end = time.monotonic() + limit_seconds
    while opened and (left := end - time.monotonic()) > 0:
        for source in select.select(list(opened), [], [], left)[0]:
            chunk = os.read(source, 65536)
            answers[source] += chunk
            if not chunk:
                opened.remove(source)
    return [finish(child, source, answers[source], source in opened) for child, source in children]


def start(call: Callable[[], Any]) -> tuple[int, int]:
    source, sink = os.pipe()
    child = os.fork()
    if child:
        os.close(sink)
        return child, source
    try:
        answer = json.dumps({"result": call()})
    except OSError as error:
        answer = json.dumps({"errno": error.errno, "text": error.strerror or str(error)})
    with open(sink, "w") as pipe:
        pipe.write(answer)
    os._exit(0)


def finish(child: int, source: int, answer: bytes, is_open: bool) -> Any:
    os.close(source)
    if is_open:
        os.kill(child, signal.SIGKILL)
        # Not waited for: it may never end.
        return NotReturned()
    os.waitpid(child, 0)
    if not answer:
        return OSError(0, "the look-up failed")
    fields = json.loads(answer)
    return fields["result"] if "result" in fields else OSError(fields["errno"], fields["text"])
