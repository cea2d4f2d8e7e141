"""What a preset is."""

from __future__ import annotations

from dataclasses import dataclass

from cnn.network import Architecture
from cnn.training import Settings


@dataclass(frozen=True)
class Preset:
    """A network to start from, with the settings that suit it.

    `about` is for the picker, one or two sentences; `history` is a paragraph on where it comes
    from and what was changed; `source` says where to read on.
    """

    name: str
    label: str
    about: str
    architecture: Architecture
    settings: Settings
    history: str
    source: str
