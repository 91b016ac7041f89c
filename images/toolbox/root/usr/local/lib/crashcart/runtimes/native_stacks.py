"""Run by gdb, attached to a process: samples its stacks where the kernel gives no perf events.

The process stands still for each sample. Written to $SAMPLES, one stack a line, the outermost function first.
"""

import os
import time

import gdb

interval = 0.05


def read_stack() -> str:
    names = []
    frame = gdb.newest_frame()
    while frame is not None and len(names) < 400:
        names.append((frame.name() or "[unknown]").replace(";", ":").replace("\n", " "))
        try:
            frame = frame.older()
        except gdb.error:
            break
    return ";".join(reversed(names))


end = time.monotonic() + float(os.environ["SECONDS_TO_SAMPLE"])
process = gdb.selected_inferior().pid
with open(os.environ["SAMPLES"], "w") as samples:
    while True:
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            samples.write(read_stack() + "\n")
        if time.monotonic() >= end:
            break
        gdb.execute("detach", to_string=True)
        time.sleep(interval)
        gdb.execute(f"attach {process}", to_string=True)
