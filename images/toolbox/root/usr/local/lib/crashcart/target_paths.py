"""Paths as a user of the toolbox types them, and as the target has them."""

import os

ROOT = os.environ.get("CRASHCART_TARGET_ROOT", "/target").rstrip("/")


# Of a container that has ended: its files are mounted in the toolbox's own root, where every program finds them.
IS_OWN_MOUNT = "CRASHCART_TARGET_ENDED" in os.environ


def is_below(path: str) -> bool:
    """Whether it is a path of the target's, by its name alone, that only its own mount table has."""
    return not IS_OWN_MOUNT and any(path == root or path.startswith(f"{root}/") for root in ("/target", ROOT))


def name_in_target(path: str) -> str:
    root = "/target" if path == "/target" or path.startswith("/target/") else ROOT
    return path[len(root) :] or "/"
