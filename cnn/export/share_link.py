"""A share link: a whole configuration as a token that fits into a URL.

    token = to_link(architecture, settings, "mnist", hidden={"seed"}, fixed={"learning_rate"})
    shared = from_link(token)

The token is base64url text of: a format byte, an 8-byte checksum, and deflated JSON. It holds only
what differs from the defaults, and deflate begins with a dictionary of the words that every token
holds, so that 15 layers take a few hundred characters. The checksum finds what was cut or edited;
it is no signature: anyone can make a link, so a link is checked like any other input.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from cnn.common.text import excerpt
from cnn.datasets import DATASETS
from cnn.network import Architecture, ArchitectureError, from_dict, json_format
from cnn.training import Settings, SettingsError, read_settings
from cnn.training.settings import RENAMED

FORMAT = b"\x01"
CHECKSUM_BYTES = 8
MAX_TOKEN = 8_000  # characters; a link of 60 layers with every field changed stays below

# What a teacher may hide or fix: the network, the data, and every training setting.
CONTROLS: dict[str, str] = {
    "architecture": "The network",
    "dataset": "Data set",
    **{name: info.title or name for name, info in Settings.model_fields.items()},
}

# Never change it within one FORMAT: old links could not be read any more.
_DICTIONARY = (
    b'{"kind":"residual_block","filters":32,"stride":2},{"kind":"global_avg_pool"},'
    b'{"kind":"avg_pool2d"},{"kind":"sum_pool2d"},"enabled":false,"dilation":2,"groups":'
    b'"init":"kaiming","momentum":"padding":"valid"},{"kind":"activation","function":"tanh"},'
    b'{"kind":"dropout","rate":0.5},{"kind":"linear","units":128},{"kind":"flatten"}],'
    b'{"kind":"conv2d","filters":64,"kernel_size":5,"bias":false},{"kind":"batch_norm2d"},'
    b'{"kind":"activation"},{"kind":"max_pool2d"},"settings":{"epochs":"learning_rate":0.0'
    b'"schedule":"cosine","weight_decay":0.0,"dataset":"mnist","hidden":[],"fixed":[]'
    b'"head":{"output":"sigmoid"},"architecture":{"version":1,"layers":['
)


class SharingError(ValueError):
    """A link that cannot be read; the message says what is wrong with it."""


@dataclass(frozen=True)
class Shared:
    """What a link carries. `hidden` and `fixed` name CONTROLS."""

    architecture: Architecture
    settings: Settings
    dataset: str | None
    hidden: frozenset[str] = frozenset()
    fixed: frozenset[str] = frozenset()


def to_link(
    architecture: Architecture,
    settings: Settings,
    dataset: str | None = None,
    hidden: Iterable[str] = (),
    fixed: Iterable[str] = (),
) -> str:
    """The configuration as URL-safe text (letters, digits, `-` and `_`).

    The architecture may be one that cannot work yet. `dataset` None: the best on disk. Raises
    SharingError for a control or data set that does not exist.
    """
    chosen = {"hidden": _controls(sorted(set(hidden))), "fixed": _controls(sorted(set(fixed)))}
    if dataset is not None and dataset not in DATASETS:
        raise SharingError(f"There is no data set '{excerpt(dataset)}'.")
    value = {
        "architecture": json_format.minimal(architecture),
        "settings": settings.model_dump(mode="json", exclude_defaults=True),
        **{key: it for key, it in {"dataset": dataset, **chosen}.items() if it},
    }
    text = json.dumps(value, separators=(",", ":")).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_DICTIONARY)
    packed = packer.compress(text) + packer.flush()
    return base64.urlsafe_b64encode(FORMAT + _checksum(packed) + packed).rstrip(b"=").decode()


def from_link(token: str) -> Shared:
    """Read a token that `to_link` made. Raises SharingError for a cut, edited or foreign one."""
    value = _unpack(token)
    try:
        architecture = from_dict(value.get("architecture"))
        settings = read_settings(value.get("settings", {}))
    except (ArchitectureError, SettingsError) as error:
        raise SharingError(f"This link was made by another version of the app. {error}") from None
    _require_exact(Architecture, value.get("architecture"))
    _require_exact(Settings, value.get("settings", {}))
    dataset = value.get("dataset")
    if dataset is not None and (not isinstance(dataset, str) or dataset not in DATASETS):
        raise SharingError(f"This link wants the data set '{excerpt(dataset)}', unknown here.")
    hidden, fixed = (_controls(value.get(key, [])) for key in ("hidden", "fixed"))
    return Shared(architecture, settings, dataset, frozenset(hidden), frozenset(fixed))


def _require_exact(model: type[BaseModel], values: object) -> None:
    """Raise SharingError where a value is of another kind than its field's: pydantic would read
    `true` as 1, and `"3"` as 3."""
    try:
        model.model_validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False)[0]["loc"]))
        raise SharingError(
            f"This link holds a value of the wrong kind (at {excerpt(place)})."
        ) from None


def _unpack(token: str) -> dict[str, Any]:
    """The JSON object in a token, its size bounded and its checksum right."""
    damaged = SharingError(
        "This link is incomplete or was changed on its way: its checksum is wrong. "
        "Copy it again, whole, from where it was made."
    )
    if len(token) > MAX_TOKEN:
        raise SharingError(f"This link is longer than {MAX_TOKEN:,} characters: not one of ours.")
    try:
        padded = token.strip().encode("ascii") + b"=" * (-len(token.strip()) % 4)
        raw = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise SharingError("This is not a share link of this app.") from None
    start = len(FORMAT) + CHECKSUM_BYTES
    if len(raw) <= start:
        raise damaged
    if raw[:1] != FORMAT:
        raise SharingError("This is not a share link of this app, or it is of a newer version.")
    packed = raw[start:]
    if _checksum(packed) != raw[len(FORMAT) : start]:
        raise damaged
    try:
        unpacker = zlib.decompressobj(-15, zdict=_DICTIONARY)
        text = unpacker.decompress(packed, json_format.MAX_BYTES)
        if not unpacker.eof or unpacker.unused_data:
            raise SharingError("This link holds more than a network: not one of ours.")
        value = json_format.parse(text)
    except (zlib.error, ArchitectureError):
        raise damaged from None
    if not isinstance(value, dict):
        raise damaged
    return value


def _controls(names: object) -> list[str]:
    """`names` by today's names. Raises SharingError unless they are a list of CONTROLS."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SharingError("The controls to hide or fix are not a list of names.")
    current = [RENAMED.get(name, str(name)) for name in names]
    for name in current:
        if name not in CONTROLS:
            raise SharingError(f"There is no control '{excerpt(name)}' to hide or fix.")
    return current


def _checksum(packed: bytes) -> bytes:
    return hashlib.blake2b(FORMAT + packed, digest_size=CHECKSUM_BYTES).digest()
