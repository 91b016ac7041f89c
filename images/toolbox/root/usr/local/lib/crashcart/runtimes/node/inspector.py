"""Opens the inspector of a Node.js process, by SIGUSR1, and closes it again.

    answer = inspect(pid, question)   # question: an async function of a Connection

Whoever is in the process's network namespace could use the inspector while it is open, and run code in the process: the other
containers of its pod, and with hostNetwork the node's. Node.js says in its output that it listens. One that was open
before is used, and left open.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from container_processes import read_arguments, read_environment, read_in_time
from process_runtime import find_runtime
from process_signals import explain_unhandled
from runtimes.bounded_answer import NoAnswer
from runtimes.node.connection import Connection, connect

DEFAULT_PORT = 9229
OPEN_SECONDS = 20
CLOSE_SECONDS = 12
# Then it is asked again: what a busy program was asked before may have kept it from closing.
CLOSE_ATTEMPT_SECONDS = 3
POLL_SECONDS = 0.05
CANCEL_SECONDS = 0.5

Place = tuple[str, int]
Answer = TypeVar("Answer")


@dataclass
class Opening:
    """One inspector that is to be opened."""

    pid: int
    before: set[Place] | None = None
    """Where the process listened before it got the signal; null: it has not got it."""


def inspect(pid: int, question: Callable[[Connection], Awaitable[Answer]]) -> Answer:
    """What the question gives. However it ends, by a signal too, the inspector is closed. Raises NoAnswer."""
    interrupted: list[int] = []

    async def work(opening: Opening) -> Answer:
        async with connect(*await open_inspector(opening)) as connection:
            return await question(connection)

    async def ask() -> Answer:
        opening, loop = Opening(pid), asyncio.get_running_loop()
        task = asyncio.ensure_future(work(opening))

        def cancel() -> None:
            # Once may not be enough: until Python 3.12, wait_for can take a cancellation for its own.
            if not task.done():
                task.cancel()
                loop.call_later(CANCEL_SECONDS, cancel)

        def interrupt(number: int) -> None:
            interrupted.append(number)
            cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, interrupt, number)
        try:
            return await task
        finally:
            # Not a part of what is cancelled.
            if opening.before is not None:
                await close_inspector(pid, opening.before)

    try:
        return asyncio.run(ask())
    except asyncio.CancelledError:
        sys.exit(128 + interrupted[0] if interrupted else 1)
    except (FileNotFoundError, ProcessLookupError) as error:
        raise NoAnswer(f"process {pid} has ended") from error
    except OSError as error:
        raise NoAnswer(str(error)) from error


async def open_inspector(opening: Opening) -> Place:
    """Where it listens. Raises NoAnswer, OSError."""
    pid = opening.pid
    # Names the process, and no other that gets its PID later.
    process = os.pidfd_open(pid)
    try:
        if find_runtime(pid).kind != "node":
            raise NoAnswer(f"process {pid} is not Node.js any longer")
        before = find_own_places(pid)
        port = find_port(pid)
        is_open = next((place for place in before if place[1] == port), None)
        if is_open is not None:
            say(f"the inspector of process {pid} is open already, at {describe(is_open)}, and is left open")
            return is_open
        check_free(pid, port)
        check_handler(pid)
        opening.before = before
        signal.pidfd_send_signal(process, signal.SIGUSR1)
    finally:
        os.close(process)
    place = await wait_for_place(pid, before, OPEN_SECONDS)
    if place is None:
        raise NoAnswer(
            f"process {pid} got SIGUSR1, and has not opened its inspector after {OPEN_SECONDS} s. It does so when the call"
            " that it is in returns, unless it has a handler of its own for the signal"
        )
    say(f"the inspector of process {pid} is open at {describe(place)} of its network namespace meanwhile")
    return place


async def close_inspector(pid: int, before: set[Place]) -> None:
    """Says so where it can't be closed."""
    try:
        place = await wait_for_place(pid, before, 1)
        if place is None:
            return
        end = time.monotonic() + CLOSE_SECONDS
        while place in find_own_places(pid):
            if time.monotonic() >= end:
                say(f"the inspector of process {pid} did not close: {describe(place)} stays open until the process ends")
                return
            await ask_to_close(pid, place)
    except (NoAnswer, OSError) as error:
        if os.path.exists(f"/proc/{pid}"):
            say(f"the inspector of process {pid} could not be closed, and stays open until the process ends: {error}")


def say(text: str) -> None:
    print(f"inspector: {text}", file=sys.stderr, flush=True)


def describe(place: Place) -> str:
    return f"[{place[0]}]:{place[1]}" if ":" in place[0] else f"{place[0]}:{place[1]}"


def find_port(pid: int) -> int:
    """The one that its options name, in which a host may stand before the port."""
    options = read_in_time(lambda: read_arguments(pid), [])
    for entry in read_in_time(lambda: read_environment(pid), []):
        name, _, value = entry.partition("=")
        options += value.split() if name == "NODE_OPTIONS" else []
    for option in options:
        found = re.match(r"--(?:inspect|inspect-brk|inspect-wait|inspect-port|debug-port)=(?:.*:)?(\d+)$", option)
        # With 0 the kernel chooses one.
        if found:
            return int(found[1])
    return DEFAULT_PORT


def check_free(pid: int, port: int) -> None:
    """Raises NoAnswer where another process has the port: Node.js would only say so in its output."""
    if port and any(place[1] == port for place in list_places()):
        raise NoAnswer(
            f"port {port}, where process {pid} would open its inspector, is another process's (`ss -tlnp`): is that one inspected?"
        )


def check_handler(pid: int) -> None:
    """Raises NoAnswer where the signal would end the process, or do nothing."""
    effect = explain_unhandled(pid, signal.SIGUSR1)
    if effect is not None:
        raise NoAnswer(f"process {pid} {effect}, so its inspector is not opened: it was started with --disable-sigusr1, or starts just now")


async def wait_for_place(pid: int, before: set[Place], seconds: float) -> Place | None:
    """Where it listens now, and did not before. Null when the time is over, or the process."""
    end = time.monotonic() + seconds
    while True:
        try:
            new = find_own_places(pid) - before
        except OSError:
            return None
        if new:
            # It may begin to listen elsewhere by itself meanwhile.
            return min(new, key=lambda place: place[1] != find_port(pid))
        if time.monotonic() >= end:
            return None
        await asyncio.sleep(POLL_SECONDS)


async def ask_to_close(pid: int, place: Place) -> None:
    """Returns when it has closed, or is to be asked again."""
    # By a connection of its own: the other one may have ended in the middle of anything.
    try:
        async with connect(*place) as connection:
            await connection.evaluate("process._debugEnd()")
    except (NoAnswer, OSError):
        # It closes this connection, too. What counts is whether it listens.
        pass
    end = time.monotonic() + CLOSE_ATTEMPT_SECONDS
    while place in find_own_places(pid) and time.monotonic() < end:
        await asyncio.sleep(POLL_SECONDS)


def find_own_places(pid: int) -> set[Place]:
    """Where a process listens. Raises NoAnswer, OSError."""
    if os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"):
        raise NoAnswer(f"process {pid} has another network namespace than this session: its inspector can't be reached")
    places = list_places()
    own = set()
    for descriptor in os.listdir(f"/proc/{pid}/fd"):
        try:
            link = os.readlink(f"/proc/{pid}/fd/{descriptor}")
        except OSError:
            continue
        own |= {place for place, inode in places.items() if link == f"socket:[{inode}]"}
    return own


def list_places() -> dict[Place, int]:
    """Addresses and ports of the network namespace that are listened on over TCP, each with its socket's inode."""
    listed = subprocess.run(["ss", "-tlneHO"], capture_output=True, text=True, errors="replace", timeout=30)
    places = {}
    for line in listed.stdout.splitlines():
        found = re.search(r" ino:(\d+) ", f"{line} ")
        words = line.split()
        if found is None or len(words) < 4:
            continue
        address, _, port = words[3].rpartition(":")
        address = address.partition("%")[0].strip("[]")
        # All addresses of the namespace are reached by its own one.
        places[{"0.0.0.0": "127.0.0.1", "*": "127.0.0.1", "::": "::1"}.get(address, address), int(port)] = int(found[1])
    return places
