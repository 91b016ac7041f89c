"""What a container may take and has taken, by the files of its cgroup, of version 1 or 2:
https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/index.html
"""

import dataclasses
import os
import stat

from bounded_calls import run_bounded
from target_files import open_path

FOLDER = "/sys/fs/cgroup"
MOST_BYTES = 16_384
ANSWER_LIMIT_SECONDS = 3
# v1 says "none" by the largest multiple of a page.
NO_LIMIT = 1 << 62
V2 = ("memory.max", "memory.high", "memory.current", "memory.peak", "memory.swap.max", "memory.swap.current", "memory.stat")
V2 += ("memory.events", "cpu.max", "cpu.stat", "pids.max", "pids.current", "pids.events")
V2 += ("cpu.pressure", "memory.pressure", "io.pressure")
V1 = ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.max_usage_in_bytes")
V1 += ("memory/memory.stat", "memory/memory.oom_control", "memory/memory.failcnt", "pids/pids.max", "pids/pids.current")
# The first one is what containers have, as a link or a mount.
V1_CPU = ("cpu", "cpu,cpuacct")


@dataclasses.dataclass
class Figures:
    """None: there is no limit, or the kernel does not tell."""

    version: int
    memory_limit: int | None = None
    memory_high: int | None = None
    memory_used: int | None = None
    memory_cache: int | None = None
    memory_peak: int | None = None
    swap_used: int | None = None
    memory_kills: int | None = None
    cpu_limit: float | None = None
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_seconds: float | None = None
    pids_limit: int | None = None
    pids_used: int | None = None
    refused_forks: int | None = None
    # Of "some", within a minute, in percent.
    pressure: dict[str, float] = dataclasses.field(default_factory=dict)


def read_files(pid: str) -> dict[str, str]:
    """May hang, were another file system mounted there: for bounded calls."""
    names = [*V2, *V1, *(f"{folder}/{name}" for folder in V1_CPU for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.stat"))]
    texts = {}
    for name in names:
        try:
            descriptor = open_path(f"/proc/{pid}/root", f"{FOLDER}/{name}")
        except OSError:
            continue
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            try:
                with open(f"/proc/self/fd/{descriptor}", errors="replace") as file:
                    texts[name] = file.read(MOST_BYTES).strip()
            except OSError:
                pass
        os.close(descriptor)
    return texts


def read_figures(pid: str) -> Figures | None:
    """Returns null where the target has no cgroup file system, or one that does not answer."""
    (texts,) = run_bounded([lambda: read_files(pid)], ANSWER_LIMIT_SECONDS)
    if not isinstance(texts, dict):
        return None
    if "memory/memory.usage_in_bytes" in texts or any(f"{folder}/cpu.stat" in texts for folder in V1_CPU):
        return read_v1(texts)
    return read_v2(texts) if "memory.current" in texts or "cpu.stat" in texts else None


def read_number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and int(text) < NO_LIMIT else None


def read_fields(text: str | None) -> dict[str, int]:
    pairs = (line.split() for line in (text or "").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def read_v2(texts: dict[str, str]) -> Figures:
    cpu, memory = read_fields(texts.get("cpu.stat")), read_fields(texts.get("memory.stat"))
    figures = Figures(2)
    figures.memory_limit, figures.memory_high = read_number(texts.get("memory.max")), read_number(texts.get("memory.high"))
    figures.memory_used, figures.memory_peak = read_number(texts.get("memory.current")), read_number(texts.get("memory.peak"))
    figures.memory_cache, figures.swap_used = memory.get("inactive_file"), read_number(texts.get("memory.swap.current"))
    figures.memory_kills = read_fields(texts.get("memory.events")).get("oom_kill")
    quota, _, period = texts.get("cpu.max", "max 100000").partition(" ")
    figures.cpu_limit = int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None
    figures.periods, figures.throttled_periods = cpu.get("nr_periods"), cpu.get("nr_throttled")
    figures.throttled_seconds = cpu.get("throttled_usec", 0) / 1e6
    figures.pids_limit, figures.pids_used = read_number(texts.get("pids.max")), read_number(texts.get("pids.current"))
    figures.refused_forks = read_fields(texts.get("pids.events")).get("max")
    for name in ("cpu", "memory", "io"):
        words = dict(word.split("=") for word in texts.get(f"{name}.pressure", "").split("\n")[0].split()[1:] if "=" in word)
        if "avg60" in words:
            figures.pressure[name] = float(words["avg60"])
    return figures


def read_v1(texts: dict[str, str]) -> Figures:
    folder = next((folder for folder in V1_CPU if f"{folder}/cpu.stat" in texts), V1_CPU[0])
    cpu, memory = read_fields(texts.get(f"{folder}/cpu.stat")), read_fields(texts.get("memory/memory.stat"))
    quota, period = (read_number(texts.get(f"{folder}/cpu.cfs_{name}_us")) for name in ("quota", "period"))
    figures = Figures(1)
    figures.memory_limit = read_number(texts.get("memory/memory.limit_in_bytes"))
    figures.memory_used = read_number(texts.get("memory/memory.usage_in_bytes"))
    figures.memory_peak = read_number(texts.get("memory/memory.max_usage_in_bytes"))
    figures.memory_cache, figures.swap_used = memory.get("total_inactive_file"), memory.get("total_swap")
    figures.memory_kills = read_fields(texts.get("memory/memory.oom_control")).get("oom_kill")
    figures.cpu_limit = quota / period if quota and period else None
    figures.periods, figures.throttled_periods = cpu.get("nr_periods"), cpu.get("nr_throttled")
    figures.throttled_seconds = cpu.get("throttled_time", 0) / 1e9
    figures.pids_limit, figures.pids_used = read_number(texts.get("pids/pids.max")), read_number(texts.get("pids/pids.current"))
    return figures
