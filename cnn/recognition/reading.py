"""Reading a drawing: its digits one by one, how sure the network is, and what spoke for what.

The drawing is prepared by `digits`; this module cuts it into digits, asks the network, and looks
at which ink decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn import drawing
from cnn.drawing.segmentation import split_pixels, split_strokes
from cnn.runs import Run

MOST_DIGITS = 12
Floats = NDArray[np.float32]
Strokes = Sequence[drawing.Stroke]


@dataclass(frozen=True)
class Reading:
    """What a network makes of the digits of one drawing, in reading order.

    `probabilities`: float32 `(digits, classes)`. `like`: for each digit, whether it looks like a
    digit at all to this network.
    """

    probabilities: Floats
    like: tuple[bool, ...]

    @property
    def best(self) -> list[int]:
        """The winning class of each digit."""
        return [int(i) for i in self.probabilities.argmax(1)]

    @property
    def sureness(self) -> float:
        """The probability of the least sure digit's winner."""
        return float(self.probabilities.max(1).min())

    def text(self, classes: Sequence[str]) -> str:
        """The digits side by side, with spaces: "1 9 8 4"."""
        return " ".join(classes[i] for i in self.best)


def prepare_strokes(
    strokes: Strokes, prepared: bool = True, canvas: int = 280, brush: float = 18.0
) -> list[drawing.Prepared]:
    """Every digit of a drawing, prepared; the whole sheet as one where `prepared` is off.

    Raises DigitError for an empty drawing.
    """
    if not prepared:
        return [drawing.from_strokes(strokes, False, canvas, brush)]
    found = split_strokes(list(strokes)) or [list(strokes)]
    return [drawing.from_strokes(part) for part in found[:MOST_DIGITS]]


def prepare_image(image: Any, prepared: bool = True) -> list[drawing.Prepared]:
    """Every digit of a picture, prepared. Raises DigitError for a blank one."""
    ink = drawing.ink_of(image)
    if not prepared:
        return [drawing.from_pixels(ink, False)]
    found = split_pixels(ink) or [ink]
    return [drawing.from_pixels(part) for part in found[:MOST_DIGITS]]


def read(run: Run, model: Any, images: Floats, judge: bool = False) -> Reading:
    """What `model` makes of prepared images `(N, 28, 28)` in 0-1.

    With `judge`, `novelty` says of each whether it is a digit at all; its first use for a run
    takes seconds. Raises DataError where it cannot be fitted.
    """
    import torch

    from cnn.training.inference import predict_logits

    scores = predict_logits(model, torch.from_numpy(np.array(images)), run.preprocessing)
    like = [True] * len(images)
    if judge:
        from cnn.recognition.detector import LIKELY, digit_likeness

        like = [bool(value >= LIKELY) for value in digit_likeness(run, model, images)]
    return Reading(scores.softmax(1).numpy(), tuple(like))


def evidence(run: Run, model: Any, image: Floats, classes: Sequence[int]) -> Floats:
    """Which ink spoke for each of `classes`: ink times the gradient of the class's score above
    the mean of all, float32 `(len(classes), 28, 28)`; positive speaks for, negative against.

    Gradient times input: Shrikumar and others (2016, arXiv:1605.01713).
    """
    import torch

    model.eval()
    ink = torch.from_numpy(np.array(image)).requires_grad_(True)
    with torch.enable_grad():
        scores = model(run.preprocessing(ink[None]))[0]
        found = [
            torch.autograd.grad(scores[k] - scores.mean(), ink, retain_graph=True)[0] * ink
            for k in classes
        ]
    return torch.stack(found).detach().numpy()


def over_epochs(run: Run, image: Floats) -> tuple[list[int], Floats]:
    """The answer to one image after every kept epoch: epochs, and float32 `(epochs, classes)`.

    At most 40 epochs, spread evenly. Raises RunError for damaged weights.
    """
    import torch

    from cnn.runs.weights import load_model
    from cnn.training.inference import predict_logits

    kept = run.checkpoints()
    if len(kept) > 40:
        kept = [kept[i] for i in np.linspace(0, len(kept) - 1, 40).round().astype(int)]
    x = torch.from_numpy(np.array(image))[None]
    rows = [
        predict_logits(load_model(run, k), x, run.preprocessing).softmax(1)[0].numpy() for k in kept
    ]
    return kept, np.array(rows, np.float32)
