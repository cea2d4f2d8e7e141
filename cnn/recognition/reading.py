"""Reading a drawing: its digits one by one, the network's answer, and which ink decided it.

torch is imported inside functions: the first page is painted without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cnn import drawing
from cnn.evaluation import predict
from cnn.runs import Run, When

if TYPE_CHECKING:
    from torch import nn

MOST_DIGITS = 12
MOST_EPOCHS = 40
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What a network makes of the digits of one drawing, in reading order.

    `probabilities`: float32 `(digits, classes)`. `is_digit`: of each, whether it is a digit at all.
    """

    probabilities: Floats
    is_digit: tuple[bool, ...]

    @property
    def best(self) -> list[int]:
        """The winning class of each digit."""
        return [int(i) for i in self.probabilities.argmax(1)]

    @property
    def confidence(self) -> float:
        """The winner's probability of the digit where it is lowest."""
        return float(self.probabilities.max(1).min())

    def text(self, classes: Sequence[str]) -> str:
        """The digits side by side, with spaces: "1 9 8 4"."""
        return " ".join(classes[i] for i in self.best)


def prepare_strokes(
    strokes: Sequence[drawing.Stroke],
    prepared: bool = True,
    canvas: int = 280,
    brush: float = 18.0,
    split: bool = True,
) -> list[drawing.Prepared]:
    """Every digit of a drawing, prepared; the whole sheet as one where `prepared` is off.

    `split` off: the drawing is one thing, however many parts it has, such as a character of KMNIST.
    Raises DigitError for an empty drawing.
    """
    if not prepared:
        return [drawing.from_strokes(strokes, False, canvas, brush)]
    found = (split and drawing.split_strokes(strokes)) or [list(strokes)]
    digits = [drawing.from_strokes(part) for part in found[:MOST_DIGITS]]
    whole = drawing.sheet(strokes, canvas, brush)  # all that is on it, as it came
    return [replace(digit, drawing=whole) for digit in digits]


def prepare_image(
    image: Image.Image, prepared: bool = True, split: bool = True
) -> list[drawing.Prepared]:
    """Every digit of a picture, prepared, or (`split` off) all of it as one. Raises DigitError for
    a blank one."""
    ink = drawing.ink_of(image)
    if not prepared:
        return [drawing.from_pixels(ink, False)]
    found = (split and drawing.split_pixels(ink)) or [ink]
    return [replace(drawing.from_pixels(part), drawing=ink) for part in found[:MOST_DIGITS]]


def read(run: Run, model: nn.Module, images: Floats, check_is_digit: bool = False) -> Reading:
    """What `model` makes of prepared images `(N, 28, 28)` in 0-1.

    With `check_is_digit` the out-of-distribution detector is asked about each; its first use for a
    run takes seconds. Raises DataError where it cannot be fitted, and RunError where the network's
    answers are no numbers.
    """
    import torch

    from cnn.runs.weights import logits_of

    logits = logits_of(run, model, torch.from_numpy(np.array(images)))
    is_digit = [True] * len(images)
    if check_is_digit:
        from cnn.recognition import calibration

        scores = calibration.digit_scores(run, model, images)
        is_digit = [bool(score >= calibration.THRESHOLD) for score in scores]
    return Reading(logits.softmax(1).numpy(), tuple(is_digit))


def evidence(run: Run, model: nn.Module, image: Floats, classes: Sequence[int]) -> Floats:
    """Which ink is evidence for each of `classes`, float32 `(len(classes), 28, 28)`: ink times the
    gradient of the class's logit above the mean of all; positive for the class, negative against.

    Gradient times input: Shrikumar and others (2016, arXiv:1605.01713).
    """
    import torch

    model.eval()
    ink = torch.from_numpy(np.array(image)).requires_grad_(True)
    with torch.enable_grad():
        logits = model(run.preprocessing(ink[None]))[0]
        found = [
            torch.autograd.grad(logits[k] - logits.mean(), ink, retain_graph=True)[0] * ink
            for k in classes
        ]
    return torch.stack(found).detach().numpy()


def over_epochs(run: Run, image: Floats) -> tuple[list[When], Floats]:
    """The answer to one image after every kept epoch, and after the steps of the first whose
    weights are kept: when, in the order of training, and float32 `(len(when), classes)`.

    At most 40 epochs, evenly chosen; one that went meanwhile is left out. Raises RunError for
    damaged weights.
    """
    kept = run.checkpoints()
    if len(kept) > MOST_EPOCHS:
        kept = [kept[i] for i in np.linspace(0, len(kept) - 1, MOST_EPOCHS).round().astype(int)]
    first = [epoch for epoch in kept if epoch == 0]  # the weights before any step
    order: list[When] = [*first, *run.early_steps(), *kept[len(first) :]]
    order = [when for when in order if run.files.checkpoint(when).is_file()]
    return order, np.array([predict(run, image[None], when)[0] for when in order], np.float32)
