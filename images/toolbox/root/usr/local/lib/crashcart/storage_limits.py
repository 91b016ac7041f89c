"""What the kubelet evicts the pod for, by its spec, which the plugin passes: src/cluster/target/storage/storage-limits.ts."""

import json
import os
from dataclasses import dataclass

VARIABLE = "CRASHCART_STORAGE"


@dataclass
class VolumeLimit:
    name: str
    path: str
    """Where the container has it."""
    bytes: int


@dataclass
class StorageLimits:
    volumes: list[VolumeLimit]
    container_bytes: int | None
    """Of what the container writes outside of volumes, and its logs."""


def read_storage_limits() -> StorageLimits:
    """Empty where the spec has none, or an older plugin has passed none."""
    fields = json.loads(os.environ.get(VARIABLE, "{}"))
    volumes = [VolumeLimit(volume["name"], volume["path"], int(volume["bytes"])) for volume in fields.get("volumes", [])]
    return StorageLimits(volumes, fields.get("containerBytes"))
