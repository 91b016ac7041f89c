"""How many descriptors this process may have."""

import resource


def raise_descriptor_limit() -> None:
    """To what the kernel allows: a walk has one for each folder on the way down, and a forwarded connection has one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
