"""What command.sh is for shell scripts: the beginning of the toolbox's own commands in Python."""

import os
import signal
import sys
from typing import NoReturn

import container_processes
import process_choice

command_name = os.path.basename(sys.argv[0])
# As of any other program: nobody reads any longer.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
# Names of the target may be no UTF-8.
sys.stdout.reconfigure(errors="surrogateescape")
sys.stderr.reconfigure(errors="surrogateescape")


def escape_output() -> None:
    """Begins the command again with its output escaped, as the function of command.sh does. What it starts is not escaped
    again.
    """
    if "CRASHCART_ESCAPED" not in os.environ:
        os.environ["CRASHCART_ESCAPED"] = "1"
        os.execvp("escape-text", ["escape-text", *sys.argv])


def fail(message: str) -> NoReturn:
    print(f"{command_name}: {message}", file=sys.stderr)
    sys.exit(1)


def fail_usage(message: str) -> NoReturn:
    print(f"{command_name}: {message}\nSee `{command_name} --help`.", file=sys.stderr)
    sys.exit(2)


def show_help(arguments: list[str], text: str | None) -> None:
    """Prints a command's help, which is the comment at its top, and ends the command, if that is asked for."""
    if arguments[:1] in (["-h"], ["--help"]):
        print((text or "").replace("@NAME@", command_name), end="")
        sys.exit(0)


def require_target() -> str:
    """Returns the target's process ID."""
    with process_choice.exit_with_choice_errors(command_name):
        pid = container_processes.find_target()
    if container_processes.read_process(pid) is None:
        fail(f"the target's process {pid} has ended")
    return str(pid)


def take_process(arguments: list[str], text: str | None, purpose: str | None) -> str:
    """Returns the process of `-p PID|NAME` or of the plugin's --pid, else the one of a purpose (process_choice); without a
    purpose, the container's first. Nothing else is expected.
    """
    show_help(arguments, text)
    wanted = None
    if len(arguments) == 2 and arguments[0] in ("-p", "--pid"):
        wanted = arguments[1]
    elif arguments:
        fail_usage(f'"{arguments[0]}" is not expected')
    if purpose is None and wanted is None and not os.environ.get("CRASHCART_PID"):
        return require_target()
    with process_choice.exit_with_choice_errors(command_name):
        return str(process_choice.take_process(purpose or "main", wanted).pid)
