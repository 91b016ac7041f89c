"""What a Node.js inspector is asked: the JavaScript stack, a profile, the heap. All are of the program's main thread."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from runtimes.bounded_answer import NoAnswer
from runtimes.node.connection import Connection, read_list, read_number, read_object, read_text
from text_table import format_bytes

RATE = 99
# A program that runs JavaScript gets there at once; a CPU limit may hold it up.
PAUSE_SECONDS = 2
# So long nothing may come: garbage is collected first.
SNAPSHOT_SECONDS = 300
# What V8 takes to write a heap down, and what waits to be sent, beside the heap.
SNAPSHOT_SHARE = 2
# A program that is met in Node.js's own code is looked at again, so long and so often.
SAMPLING_SECONDS = 1
SAMPLE_PAUSE_SECONDS = 0.02
MAX_FRAMES = 400
MAX_SCRIPTS = 100_000
MAX_URL = 400
MAX_NODES = 1_000_000
# Frames of the profile that are no functions.
ROOT, IDLE, PROGRAM = "(root)", "(idle)", "(program)"

RESOURCES = "JSON.stringify(process.getActiveResourcesInfo?.() ?? [])"
STATISTICS = (
    "JSON.stringify({ heap: require('node:v8').getHeapStatistics(), spaces: require('node:v8').getHeapSpaceStatistics(),"
    " memory: process.memoryUsage() })"
)


@dataclass
class Pause:
    frames: list[Any]
    """The innermost call first; empty where no JavaScript runs, and nothing is paused."""
    scripts: dict[str, str]
    """URLs, by the numbers that the frames have."""


@asynccontextmanager
async def pause(connection: Connection) -> AsyncIterator[Pause]:
    """Stops the program in its JavaScript, wherever it is, for as long as this is entered. Raises NoAnswer.

    Where the connection ends meanwhile, it goes on by itself.
    """
    found = Pause([], {})

    def keep(method: str, fields: dict[str, Any]) -> None:
        if method == "Debugger.paused":
            found.frames = read_list(fields, "callFrames")[:MAX_FRAMES]
        elif method == "Debugger.scriptParsed" and len(found.scripts) < MAX_SCRIPTS:
            found.scripts[read_text(fields, "scriptId")] = read_text(fields, "url")[:MAX_URL]

    connection.on_event = keep
    await connection.call("Debugger.enable")
    await connection.call("Debugger.pause")
    if await connection.listen(lambda: bool(found.frames), PAUSE_SECONDS):
        yield found
        await connection.call("Debugger.resume")
        # Enabled again, it tells the scripts again.
        await connection.call("Debugger.disable")
    else:
        # Else it would stop as soon as there is something to do.
        await connection.call("Debugger.disable")
        yield found


async def read_stack(connection: Connection) -> str:
    """The innermost function first; where no JavaScript runs, what the program waits for. Raises NoAnswer."""
    end = time.monotonic() + SAMPLING_SECONDS
    while True:
        async with pause(connection) as paused:
            lines = [f"  {describe_call(frame, paused.scripts)}" for frame in paused.frames]
        # Between two calls of the program, its event loop is in Node.js itself: the next sample may meet the program.
        if not lines or is_of_program(paused) or time.monotonic() > end:
            break
        await asyncio.sleep(SAMPLE_PAUSE_SECONDS)
    return "\n".join(lines) or await describe_waiting(connection)


def is_of_program(paused: Pause) -> bool:
    scripts = (paused.scripts.get(read_text(read_object(frame, "location"), "scriptId"), "") for frame in paused.frames)
    return any(url and not url.startswith("node:") for url in scripts)


async def describe_waiting(connection: Connection) -> str:
    resources = json.loads(str(await connection.evaluate(RESOURCES)))
    counts = Counter(str(resource) for resource in resources) if isinstance(resources, list) else Counter()
    waits = "".join(f"\n  {count} {name}" for name, count in counts.most_common())
    return f"  runs no JavaScript: its event loop waits{' for' if waits else ''}{waits}"


def describe_call(frame: Any, scripts: dict[str, str]) -> str:
    place = read_object(frame, "location")
    return describe_function(read_text(frame, "functionName"), scripts.get(read_text(place, "scriptId"), ""), read_number(place, "lineNumber"))


def describe_function(name: str, url: str, line: int) -> str:
    """Lines are counted from 0. What V8 does itself is in no file."""
    name = name or "(anonymous)"
    return f"{name} ({url.removeprefix('file://')}:{line + 1})" if url else name


async def profile(connection: Connection, seconds: float) -> Counter[tuple[str, ...]]:
    """Stacks while it worked, counted, the outermost function first. Raises NoAnswer."""
    await connection.call("Profiler.enable")
    await connection.call("Profiler.setSamplingInterval", interval=round(1_000_000 / RATE))
    # Of code that was optimized before, the profiler does not tell functions that are a part of their caller (inlined).
    # Counting calls has V8 throw such code away: it is made again, with what the profiler needs.
    await connection.call("Profiler.startPreciseCoverage", callCount=True, detailed=False)
    await connection.call("Profiler.start")
    await connection.call("Profiler.stopPreciseCoverage")
    await asyncio.sleep(seconds)
    answer = await connection.call("Profiler.stop")
    return count_stacks(read_list(read_object(answer, "profile"), "nodes"))


def count_stacks(nodes: list[Any]) -> Counter[tuple[str, ...]]:
    if len(nodes) > MAX_NODES:
        raise NoAnswer("its profile is too large")
    # By number, which only a hostile program has of another kind.
    callers = {child: read_number(node, "id") for node in nodes for child in read_list(node, "children") if isinstance(child, int)}
    names = {read_number(node, "id"): describe_node(read_object(node, "callFrame")) for node in nodes}
    stacks: Counter[tuple[str, ...]] = Counter()
    for node in nodes:
        count, number = read_number(node, "hitCount"), read_number(node, "id")
        stack: list[str] = []
        # The target could name a node as its own caller.
        while number in names and len(stack) < MAX_FRAMES:
            stack.append(names[number])
            number = callers.get(number, -1)
        stack = [name for name in reversed(stack) if name != ROOT]
        if count > 0 and stack and stack[-1] != IDLE:
            stacks[tuple(stack)] += count
    # Beside its functions, it is what they do in native code. Alone, it is what the profiler itself has taken.
    if set(stacks) == {(PROGRAM,)} and stacks[(PROGRAM,)] * 50 < sum(read_number(node, "hitCount") for node in nodes):
        stacks.clear()
    return stacks


def describe_node(frame: dict[str, Any]) -> str:
    return describe_function(read_text(frame, "functionName"), read_text(frame, "url"), read_number(frame, "lineNumber"))


@dataclass
class Heap:
    used: int
    facts: list[tuple[str, int]]
    spaces: list[tuple[str, int, int]]
    """Name, size and used bytes of each of V8's spaces."""
    detached_contexts: int


async def read_heap(connection: Connection) -> Heap:
    """Raises NoAnswer."""
    try:
        answer = json.loads(str(await connection.evaluate(STATISTICS)))
    except ValueError as error:
        raise NoAnswer("the program tells no statistics of its heap") from error
    heap, memory = read_object(answer, "heap"), read_object(answer, "memory")
    spaces = read_list(answer, "spaces")[:100]
    return Heap(
        read_number(heap, "used_heap_size"),
        [
            ("heap, in use", read_number(heap, "used_heap_size")),
            ("heap, taken", read_number(heap, "total_heap_size")),
            ("heap, at most", read_number(heap, "heap_size_limit")),
            ("outside of the heap, held by its objects", read_number(memory, "external")),
            ("of which buffers", read_number(memory, "arrayBuffers")),
            ("resident memory of the process", read_number(memory, "rss")),
        ],
        [(read_text(space, "space_name"), read_number(space, "space_size"), read_number(space, "space_used_size")) for space in spaces],
        read_number(heap, "number_of_detached_contexts"),
    )


async def send_snapshot(connection: Connection, write: Callable[[bytes], None], room: int | None) -> None:
    """room: how many bytes of memory the process may still take; null for no matter. Raises NoAnswer unless all was written."""
    used = read_number(await connection.call("Runtime.getHeapUsage"), "usedSize")
    if room is not None and room < used * SNAPSHOT_SHARE:
        raise NoAnswer(
            f"its heap has {format_bytes(used)}, and a snapshot needs about {SNAPSHOT_SHARE} times as much memory again:"
            f" {format_bytes(room)} are left to the container. It could be killed; --force takes the snapshot all the same"
        )
    beginning, end, size = "", "", 0

    def keep(method: str, fields: dict[str, Any]) -> None:
        nonlocal beginning, end, size
        if method == "HeapProfiler.addHeapSnapshotChunk":
            chunk = read_text(fields, "chunk")
            beginning = (beginning + chunk)[:12] if len(beginning) < 12 else beginning
            end, size = (end + chunk)[-8:], size + len(chunk)
            # What is half of a character in UTF-16 stays what JSON has for it.
            write(chunk.encode(errors="backslashreplace"))

    # A loop that never ends would never get to it; paused, it does.
    async with pause(connection):
        connection.on_event = keep
        await connection.call("HeapProfiler.enable")
        await connection.call("HeapProfiler.takeHeapSnapshot", SNAPSHOT_SECONDS, reportProgress=True)
    if not beginning.startswith('{"snapshot":') or not end.rstrip().endswith("]}"):
        raise NoAnswer(f"the snapshot is cut, after {size} characters")
