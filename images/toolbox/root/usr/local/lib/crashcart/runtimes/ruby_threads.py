"""Run by gdb, attached to a Ruby process: prints the stack of each of its threads; with $SAMPLES, samples them.

Ruby's own rb_profile_frames is called, which profilers call from signal handlers: it takes no memory and no lock. What it
writes to is a part of the thread's stack that is not in use. https://github.com/ruby/ruby/blob/master/include/ruby/debug.h
"""

import os
import struct
import time
from functools import cache

import gdb

MAX_FRAMES = 400
MAX_NAME_BYTES = 512
# Below what the thread uses: the two arrays, and above them room for the frames of the functions that are called.
BUFFER_BYTES = 16384
INTERVAL = 0.05


def call(function: str, *arguments: int) -> int:
    """Values and addresses are words."""
    types = ", ".join(["unsigned long"] * len(arguments))
    words = ", ".join(str(argument) for argument in arguments)
    return int(gdb.parse_and_eval(f"((unsigned long (*)({types})) {function})({words})"))


def read_memory(address: int, size: int) -> bytes:
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def read_string(value: int) -> str:
    """An object of Ruby's class String; nil has no bits above the third."""
    if value & 7 or value < 4096:
        return ""
    address = call("rb_string_value_ptr", find_place_of(value))
    return read_memory(address, MAX_NAME_BYTES).partition(b"\0")[0].decode(errors="backslashreplace")


def find_place_of(value: int) -> int:
    """rb_string_value_ptr takes the address of a variable."""
    place = int(gdb.parse_and_eval("(unsigned long)$sp")) - BUFFER_BYTES
    gdb.selected_inferior().write_memory(place, struct.pack("=Q", value))
    return place


def read_stack() -> list[tuple[str, str, int]]:
    """Of the selected thread, the innermost function first."""
    top = int(gdb.parse_and_eval("(unsigned long)$sp"))
    frames, lines = top - BUFFER_BYTES + 8, top - BUFFER_BYTES + 8 + 8 * MAX_FRAMES
    count = call("rb_profile_frames", 0, MAX_FRAMES, frames, lines) & 0xFFFFFFFF
    if count > MAX_FRAMES:
        return []
    values = struct.unpack(f"={count}Q", read_memory(frames, 8 * count))
    numbers = struct.unpack(f"={count}i", read_memory(lines, 4 * count))
    return [(read_name(value), read_string(call("rb_profile_frame_path", value)), number) for value, number in zip(values, numbers, strict=True)]


@cache
def read_name(frame: int) -> str:
    name = read_string(call("rb_profile_frame_label", frame))
    # Of a method that is written in C.
    return name or read_string(call("rb_profile_frame_method_name", frame)) or "?"


def describe(name: str, file: str, line: int) -> str:
    return f"{name} ({file}:{line})" if file else f"{name} (internal)"


def list_ruby_threads() -> list[gdb.InferiorThread]:
    """Those that run Ruby code: the runtime has others, in which its functions may not be called."""
    found = []
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        frame, depth = gdb.newest_frame(), 0
        while frame is not None and depth < 200:
            if frame.name() in ("rb_vm_exec", "vm_exec", "rb_vm_invoke_proc"):
                found.append(thread)
                break
            try:
                frame = frame.older()
            except gdb.error:
                break
            depth += 1
    return found


def list_running(process: int) -> set[int]:
    """Threads that use a CPU just now, or wait for one. Of one that is stopped by gdb this can't be told."""
    running = set()
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            with open(f"/proc/{process}/task/{thread}/stat", "rb") as file:
                # After its name, which is in parentheses.
                if file.read(4096).rpartition(b")")[2].split()[0] == b"R":
                    running.add(int(thread))
        except OSError:
            continue
    return running


def print_threads() -> None:
    print("== begin")
    for thread in list_ruby_threads():
        thread.switch()
        print(f"Thread {thread.ptid[1]} \"{thread.name}\"")
        for frame in read_stack():
            print(f"  {describe(*frame)}")
    print("== end")


def sample() -> None:
    end = time.monotonic() + float(os.environ["SECONDS_TO_SAMPLE"])
    process = gdb.selected_inferior().pid
    # Not yet known of the first time, which is left out.
    running: set[int] = set()
    with open(os.environ["SAMPLES"], "w") as samples:
        while True:
            for thread in list_ruby_threads():
                if thread.ptid[1] not in running:
                    continue
                thread.switch()
                stack = [describe(*frame) for frame in reversed(read_stack())]
                samples.write(";".join(text.replace(";", ":").replace("\n", " ") for text in stack) + "\n")
            if time.monotonic() >= end:
                break
            gdb.execute("detach", to_string=True)
            time.sleep(INTERVAL)
            running = list_running(process)
            gdb.execute(f"attach {process}", to_string=True)


gdb.execute("set language c")
# What a called function does wrong ends the call, and is no matter of the process.
gdb.execute("set unwindonsignal on")
if "SAMPLES" in os.environ:
    sample()
else:
    print_threads()
