"""Which image Inspect looks at: chosen there, or by a click on Draw or Evaluate."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ui.shared import state

Source = Literal["Test image", "My drawing", "Upload", "Noise"]
ANY_CLASS = -1


@dataclass
class ImageChoice:
    """Where the image comes from, and which one it is."""

    source: Source = "Test image"
    index: int = 0  # of the test set
    wanted_class: int = ANY_CLASS  # "before" and "next" stay in this class
    drawing: NDArray[np.float32] | None = None  # the newest prepared digit, (28, 28) in 0-1
    seen: dict[str, Any] = field(default_factory=dict)  # until the merge


def follow_fields() -> None:
    """Take over what other pages wrote to `Playground.fields`, and write back what is chosen."""
    # until the merge: Draw and Evaluate set ImageChoice themselves then, and this function goes.
    play, choice = state.get(), state.page(ImageChoice)
    names = {"source": "inspect_source", "index": "inspect_index", "wanted_class": "inspect_class"}
    for name, old in names.items():
        if old in play.fields and choice.seen.get(old) != (play.visit, play.fields[old]):
            setattr(choice, name, play.fields[old])
        play.fields[old] = getattr(choice, name)
        choice.seen[old] = (play.visit, play.fields[old])
    if play.last_digit is not None:
        choice.drawing = play.last_digit
