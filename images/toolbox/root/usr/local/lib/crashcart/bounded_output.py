"""Writes what may be large to somebody who may not take it."""

import os
import select


class Output:
    """Counts what is written, and waits for its reader no longer than the limit."""

    def __init__(self, descriptor: int, limit_seconds: float):
        self.descriptor = descriptor
        self.limit_seconds = limit_seconds
        self.written = 0
        os.set_blocking(descriptor, False)

    def write(self, data: bytes | memoryview) -> None:
        """Raises TimeoutError, OSError."""
        left = memoryview(data)
        while left:
            _, ready, _ = select.select([], [self.descriptor], [], self.limit_seconds)
            if not ready:
                raise TimeoutError(f"nothing was taken for {self.limit_seconds:g} s")
            count = os.write(self.descriptor, left)
            self.written += count
            left = left[count:]
