"""Atomic file writes: a reader never sees half a file, and a full disk loses no old one.

`write_tensors` alone imports torch.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step. Raises OSError and leaves the old file whole.

    Who may read it follows from the umask, as with any new file: not `tempfile`, whose files are
    the owner's alone.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:
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
