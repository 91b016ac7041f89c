"""Which of a container's processes a recipe is about.

    with exit_with_choice_errors("flamegraph"):         # turns NoTarget and NoSuchProcess into a message and an exit code
        process = take_process("busiest", wanted)       # wanted: what -p brought; without it CRASHCART_PID, the plugin's --pid
        processes = choose("all", wanted).processes

Purposes: main (what the container is there for), busiest (most CPU), largest (most memory), all. A function tells the purpose
by the main process: a server in some languages is many processes that are alike.

Programs that only wait for others are passed over where they have started some.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from container_processes import NoTarget, Process, find_target, is_node_session, list_children, list_processes, measure_load, read_process

PURPOSES = ("main", "busiest", "largest", "all")
# Attaching to each takes a moment, and stops it meanwhile.
MAX_TAKEN = 200
MAX_TEXT = 60
MAX_LISTED = 20

INITS = {
    *("tini", "tini-static", "dumb-init", "catatonit", "docker-init", "podman-init", "init", "pause", "runsvdir", "runsv"),
    *("s6-svscan", "s6-supervise", "s6-linux-init", "s6-linux-init-shutdownd", "s6-ipcserverd", "my_init", "supervise"),
}
SHELLS = {"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox"}
STARTERS = {
    *("npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx", "corepack", "nodemon", "pm2", "PM2", "pm2-runtime", "bundle", "foreman", "honcho"),
    *("npm-cli.js", "npx-cli.js", "yarn.js", "pnpm.cjs", "su", "sudo", "timeout", "script", "xvfb-run", "watch"),
}
# Their first process starts and watches those that do the work, which are called the same.
MASTERS = {
    *("gunicorn", "uwsgi", "php-fpm", "nginx", "apache2", "httpd", "supervisord", "unicorn", "puma", "uvicorn", "hypercorn", "celery"),
    *("circusd", "passenger", "haproxy"),
}
# What a script waits by: nobody asks for it, while there is anything else.
IDLE = {"sleep", "tail", "cat", "tee", "logger", "sigwait"}
INTERPRETERS = re.compile(r"^(python|pypy|ruby|perl|node|nodejs|php)[\d.]*$|^(ba|da|a|k|z)?sh$")


@dataclass
class Choice:
    processes: list[Process]
    """Those taken, the most important first."""
    notice: str | None


class NoSuchProcess(Exception):
    """What was asked for is not there; the message has what is."""


@contextmanager
def exit_with_choice_errors(command: str) -> Iterator[None]:
    try:
        yield
    except (NoTarget, NoSuchProcess) as error:
        sys.exit(f"{command}: {error}")


def take_process(purpose: str, wanted: str | None = None) -> Process:
    """The one process of a purpose, of which stderr tells why. Raises NoTarget, NoSuchProcess."""
    choice = choose(purpose, wanted)
    tell(choice)
    return choice.processes[0]


def tell(choice: Choice) -> None:
    if choice.notice is not None and not os.environ.get("CRASHCART_QUIET"):
        print(choice.notice, file=sys.stderr)


def choose(purpose: str | Callable[[Process], str], wanted: str | None = None) -> Choice:
    """Raises NoTarget, NoSuchProcess.

    With -p a process need not be the container's: it is given by somebody who sees it. --pid was given from outside.
    """
    if wanted is not None and wanted.isdecimal():
        process = read_process(int(wanted))
        if process is None:
            raise NoSuchProcess(f"there is no process {wanted} here. {describe_all(list_processes())}")
        return Choice([process], None)
    wanted = wanted or os.environ.get("CRASHCART_PID") or None
    if wanted is None and is_node_session():
        # Not any process of a node: a recipe may stop what it looks at.
        process = read_process(find_target())
        if process is None:
            raise NoTarget(f"the target's process {find_target()} has ended")
        return Choice([process], None)
    processes = list_processes()
    if wanted is None:
        return choose_among(processes, processes, purpose, None)
    fitting = [process for process in processes if wanted in (str(process.pid), *list_names(process))]
    if not fitting:
        kind = f"process {wanted}" if wanted.isdecimal() else f'process called "{escape(wanted)}"'
        raise NoSuchProcess(f"the container has no {kind}. {describe_all(processes)}")
    return choose_among(fitting, processes, purpose, escape(wanted))


def choose_among(
    fitting: list[Process], processes: list[Process], purpose: str | Callable[[Process], str], called: str | None
) -> Choice:
    """called: what they have in common; null when they are all of the container's."""
    target = processes[0]
    if len(fitting) == 1:
        return Choice(fitting, None)
    if purpose == "busiest" or called is not None or len(find_workers(fitting)) > 1:
        measure_load(fitting)
    if not fitting:
        raise NoSuchProcess("the processes ended while they were looked at: try again")
    candidates = find_workers(fitting)
    first = choose_main(candidates)
    if callable(purpose):
        purpose = purpose(first)
    if purpose == "all":
        taken = [first, *(process for process in fitting if process is not first)][:MAX_TAKEN]
        return Choice(taken, describe_taken(fitting, taken, target, purpose, called))
    if purpose == "main":
        process = first
    elif purpose == "busiest":
        process = choose_busiest(candidates, fitting)
    else:
        process = max(list_descendants(candidates, fitting), key=lambda process: process.rss_bytes)
    return Choice([process], describe_taken(fitting, [process], target, purpose, called))


def choose_main(workers: list[Process]) -> Process:
    """The first; of several that are alike, such as the workers of a server, the one that works."""
    first = workers[0]
    alike = [process for process in workers if process.ppid == first.ppid and process.argv[:2] == first.argv[:2]]
    return max(alike, key=lambda process: (process.load, process.ticks))


def choose_busiest(workers: list[Process], processes: list[Process]) -> Process:
    """One that is passed over otherwise is taken when it, too, does work of its own."""
    busiest = max(list_descendants(workers, processes), key=lambda process: (process.load, process.ticks))
    busier = max(processes, key=lambda process: process.load)
    return busier if busier.load > busiest.load + 0.2 else busiest


def list_descendants(workers: list[Process], processes: list[Process]) -> list[Process]:
    """The workers, and what they have started, except what a script waits by."""
    children = list_children(processes)
    found: dict[int, Process] = {}
    waiting = list(reversed(workers))
    while waiting:
        process = waiting.pop()
        if process.pid not in found and (process in workers or find_program(process) not in IDLE):
            found[process.pid] = process
            waiting.extend(reversed(children.get(process.pid, [])))
    return list(found.values())


def find_workers(processes: list[Process]) -> list[Process]:
    """The first in each branch of the tree that does not only wait for what it has started."""
    children = list_children(processes)
    known = {process.pid for process in processes}
    roots = [process for process in processes if process.ppid not in known or process is processes[0]]
    workers: list[Process] = []
    idle: list[Process] = []
    passed: list[Process] = []
    seen: set[int] = set()
    waiting = list(reversed(roots))
    while waiting:
        process = waiting.pop()
        if process.pid in seen:
            continue
        seen.add(process.pid)
        below = children.get(process.pid, [])
        if below and is_wrapper(process):
            passed.append(process)
            waiting.extend(reversed(below))
        elif find_program(process) in IDLE:
            idle.append(process)
        else:
            workers.append(process)
    # A script that does its work itself, and sleeps in between.
    shells = [process for process in passed if find_program(process) not in INITS]
    return workers or shells[-1:] or idle or processes[:1]


def is_wrapper(process: Process) -> bool:
    """Whether it only waits, if it has started other processes."""
    names = list_names(process)
    return any(name in INITS or name in SHELLS or name in STARTERS or re.sub(r"[\d.]+$", "", name) in MASTERS for name in names)


def find_program(process: Process) -> str:
    """What it is, in one word: of the files that are many programs in one, the program."""
    if process.program in ("busybox", "coreutils", "toybox") and process.argv:
        return os.path.basename(process.argv[0])
    return process.program or process.name


def list_names(process: Process) -> list[str]:
    """What it can be called by: its executable, the kernel's name for it, and of its arguments the program and the script."""
    names = [process.program, process.name]
    if process.argv:
        # A title that it has given itself, such as "nginx: worker process", is one argument.
        title = process.argv[0].split(" ")[0].rstrip(":")
        names.append(os.path.basename(title))
        if INTERPRETERS.match(process.program):
            script = next((argument for argument in process.argv[1:] if not argument.startswith("-")), "")
            if "-c" not in process.argv[1:3] and "-e" not in process.argv[1:3]:
                names.append(os.path.basename(script))
    return [name for name in dict.fromkeys(names) if name]


def describe_taken(fitting: list[Process], taken: list[Process], target: Process, purpose: str, called: str | None) -> str:
    first = taken[0]
    others = [process for process in fitting if process not in taken]
    if called is not None:
        heading = f"{len(fitting)} processes are called {called}; "
    else:
        heading = f"PID {target.pid} is {escape(find_title(target))}; " if first.pid != target.pid else ""
    if purpose == "all":
        left = f", the first of {len(fitting)}" if others else ""
        return f"{heading}{len(taken)} processes{left}: taken; --pid {first.pid} for {escape(find_title(first))} alone"
    value = {
        "busiest": f", {first.load * 100:.0f} % CPU",
        "largest": f", {first.rss_bytes / (1 << 20):.0f} MiB",
        "main": "",
    }[purpose]
    # Not one that is passed over: it can be named all the same.
    other = next((process for process in list_descendants(find_workers(fitting), fitting) if process in others), None)
    hint = f"; --pid {other.pid} for another" if other is not None else ""
    return f"{heading}{describe(first)}{value}: taken{hint}"


def describe_all(processes: list[Process]) -> str:
    lines = [f"\n  {describe(process)}" for process in processes[:MAX_LISTED]]
    more = f"\n  and {len(processes) - MAX_LISTED} more: list-processes shows them" if len(processes) > MAX_LISTED else ""
    return f"It has{''.join(lines)}{more}"


def describe(process: Process) -> str:
    """For people, on one line: 7 python3 app.py."""
    return f"{process.pid} {cut(escape(' '.join([find_title(process), *process.argv[1:]])))}"


def find_title(process: Process) -> str:
    """What it is called at the place of its program: without the folder, where that is no title of its own making."""
    title = process.argv[0] if process.argv else ""
    return cut(title if " " in title else os.path.basename(title) or process.name)


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def escape(text: str) -> str:
    """Names are the target's: what is not plain to see is written out, marks that change the direction of text included."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode() for character in text[:1024]
    )
