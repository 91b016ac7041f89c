"""Runs a recipe in Python: the process that it looks at may end at any moment."""

import errno
import sys
from collections.abc import Callable
from typing import NoReturn

from container_processes import NoTarget


def run_recipe(name: str, main: Callable[[], int]) -> NoReturn:
    """Ends with its exit code; with a message where a process has ended meanwhile."""
    try:
        sys.exit(main())
    except NoTarget as error:
        sys.exit(f"{name}: {error}")
    except OSError as error:
        if is_of_ended_process(error):
            sys.exit(f"{name}: the process ended while it was looked at")
        raise


def is_of_ended_process(error: OSError) -> bool:
    """Its files are gone, or can't be read any more: proc(5)."""
    is_of_process = isinstance(error.filename, str) and error.filename.startswith("/proc/")
    return isinstance(error, ProcessLookupError) or (is_of_process and error.errno in (errno.ENOENT, errno.EINVAL))
