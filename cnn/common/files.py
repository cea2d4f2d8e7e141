"""Atomic file writes: a reader never sees half a file, and a full disk loses no old one. And JSON
that may be anybody's: bounded first, then parsed.

`write_tensors` alone imports torch.
"""

from __future__ import annotations

import errno
import json
import re
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from humanize import naturalsize

if TYPE_CHECKING:
    from torch import Tensor

MAX_HEADER = 1_000_000  # bytes of a safetensors file of ours: the largest takes a fiftieth of it
MOST_BYTES = 16_000_000  # of a JSON file of ours: the largest takes a hundredth of it
MOST_DEPTH = 100  # of lists and objects in one another

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NESTING = re.compile(rb"[][{}]")


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
        value = parse_json(read_bytes(path, MOST_BYTES))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def open_plain(path: Path) -> BinaryIO:
    """A file open for reading. Raises OSError: also for what is none, such as a pipe, which would
    keep whoever opens it waiting."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    return path.open("rb")


def read_bytes(path: Path, most: int) -> bytes:
    """What is in a file of at most `most` bytes. Raises OSError; ValueError for a larger one."""
    with open_plain(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it is larger than {naturalsize(most)}")
    return content


def parse_json(
    text: str | bytes, most_bytes: int = MOST_BYTES, most_depth: int = MOST_DEPTH
) -> Any:
    """The value of a JSON text that may be anybody's. Raises ValueError, saying what is wrong with
    it, before more than `most_bytes` or what lies deeper than `most_depth` is parsed."""
    if len(text) > most_bytes:
        raise ValueError(f"it is larger than {naturalsize(most_bytes)}")
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if content.count(b"[") + content.count(b"{") > most_depth:
        depth = 0
        for bracket in _NESTING.findall(_STRING.sub(b"", content)):
            depth += 1 if bracket in b"[{" else -1
            if depth > most_depth:
                raise ValueError(f"it is nested more than {most_depth} deep")
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Replace `path` by `tensors` in the safetensors format, in one step."""
    from safetensors.torch import save

    write_bytes(path, save({name: t.detach().cpu().contiguous() for name, t in tensors.items()}))


def is_whole_safetensors(path: Path) -> bool:
    """Whether a safetensors file is there and as long as its header says: not cut short."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = parse_json(file.read(size) if size <= MAX_HEADER else b"")
        ends = [entry["data_offsets"][1] for name, entry in header.items() if name[:2] != "__"]
        return path.stat().st_size == 8 + size + max(ends, default=0)
    except (OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return False
