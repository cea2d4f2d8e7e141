"""Where `drawn` gets its engine from: cutting a drawing into digits, and judging whether it is one.

`cnn.segments` and `cnn.novelty` do both where they are there. Otherwise strokes that stand apart
are taken apart, and nothing is called strange.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cnn.digits import Ink, Stroke
    from cnn.runs import Run


def split_strokes(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """The strokes of each digit, left to right."""
    if find_spec("cnn.segments"):
        from cnn import segments  # type: ignore[attr-defined]

        return segments.split_strokes(strokes)
    spans = sorted(
        (min(x for x, _ in stroke), max(x for x, _ in stroke), i)
        for i, stroke in enumerate(strokes)
        if len(stroke)
    )
    groups: list[tuple[float, list[Stroke]]] = []
    for left, right, i in spans:
        if groups and left <= groups[-1][0]:
            groups[-1] = (max(right, groups[-1][0]), [*groups[-1][1], strokes[i]])
        else:
            groups.append((right, [strokes[i]]))
    return [group for _, group in groups]


def split_pixels(ink: Ink) -> list[Ink]:
    """The ink of each digit, left to right."""
    if find_spec("cnn.segments"):
        from cnn import segments  # type: ignore[attr-defined]

        return segments.split_pixels(ink)
    inked = np.flatnonzero((ink > 0.1 * float(ink.max())).any(axis=0))
    if not len(inked):
        return [ink]
    cuts = np.flatnonzero(np.diff(inked) > max(2, ink.shape[1] // 60))
    starts, ends = [inked[0], *inked[cuts + 1]], [*inked[cuts], inked[-1]]
    return [ink[:, a : b + 1] for a, b in zip(starts, ends, strict=True)]


def looks_like_digits(run: Run, model: Any, images: NDArray[np.float32]) -> list[bool]:
    """Whether each image looks like a digit at all to this network."""
    if find_spec("cnn.novelty"):
        from cnn import novelty  # type: ignore[attr-defined]

        likeness = novelty.digit_likeness(run, model, images)
        return [bool(value >= novelty.LIKELY) for value in likeness]
    return [True] * len(images)
