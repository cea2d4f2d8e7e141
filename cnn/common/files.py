"""Atomic file writes: a reader never sees half a file, and a full disk loses no old one.

`write_tensors` alone imports torch.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

MAX_HEADER = 100_000_000  # bytes: the format's own limit


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step. Raises OSError and leaves the old file whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object) -> None:
    """Replace `path` by `value` as JSON, in one step."""
    write_bytes(path, json.dumps(value, separators=(",", ":")).encode())


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None where there is none, or something else."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Replace `path` by `tensors` in the safetensors format, in one step."""
    from safetensors.torch import save

    write_bytes(path, save({name: t.detach().cpu().contiguous() for name, t in tensors.items()}))


def is_whole_safetensors(path: Path) -> bool:
    """Whether a safetensors file is there and as long as its header says: not cut short."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size) if size <= MAX_HEADER else b"")
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"]
        return path.stat().st_size == 8 + size + max(ends, default=0)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return False
