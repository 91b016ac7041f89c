"""Opens what a process of the target can reach, by its own paths, and follows no link: a link could lead out of the target."""

import os


def open_folder(pid: int, path: str) -> int:
    """A descriptor of it. Raises OSError, also where a part of the path is a link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    # The kernel's own link leads to where the process has its root.
    folder = os.open(f"/proc/{pid}/root", flags)
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            os.close(folder)
            raise OSError(f"{path} has .. in it")
        try:
            below = os.open(part, flags | os.O_NOFOLLOW, dir_fd=folder)
        finally:
            os.close(folder)
        folder = below
    return folder


def remove_file(pid: int, folder: str, name: str) -> None:
    """A link is removed, too, and not what it leads to. One that is not there, or can't be removed, is left."""
    try:
        descriptor = open_folder(pid, folder)
    except OSError:
        return
    try:
        os.unlink(name, dir_fd=descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
