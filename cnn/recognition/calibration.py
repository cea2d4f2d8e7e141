"""Scores of whether an image is a digit at all: a network answers one of ten whatever it is shown.

Two scores are summed: the out-of-distribution detector's, and the network's max-logit score
(Hendrycks and others, 2022), calibrated by the max logits that it gives to real digits.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
from dataclasses import asdict, astuple, dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn.common.files import read_json, write_json
from cnn.recognition import detector
from cnn.recognition.detector import Detector
from cnn.runs import ACTIVE, Run
from cnn.runs.weights import logits_of

THRESHOLD = 0.5  # from this score on it is a digit
MAX_LOGIT_WEIGHT = 2.0  # of the max-logit score beside the detector's
MOST_KEPT = 8


def digit_scores(
    run: Run, model: nn.Module, images: NDArray[np.generic] | Tensor
) -> NDArray[np.float32]:
    """How much each image looks like those that the run learned from, float32 `(N,)` in 0-1.

    `images` `(N, 28, 28)`, uint8 (0-255) or float (0-1), prepared as `cnn.drawing` does; `model`
    the run's network. From `THRESHOLD` on it is a digit, as 96.5% of the data set's own images are
    when varied as hands vary them. While the run is training only the detector counts, for the
    network's max logits change with every step.

    The detector is fitted once per data set and machine (some seconds) and kept in the data folder,
    the calibration once per weights and kept with the run. Raises DataError where the data set is
    missing.
    """
    x = torch.as_tensor(images)
    x = x.float() / (1.0 if x.is_floating_point() else 255.0)
    if not len(x):
        return np.zeros(0, np.float32)
    fitted = detector.load(run.config.dataset)
    scores, threshold = fitted.logits(x), fitted.threshold
    if run.state not in ACTIVE:
        calibration = calibrate(run, model, fitted)
        scores = scores + calibration.max_logit_scores(_max_logits(run, model, x))
        threshold = calibration.threshold
    return torch.sigmoid(scores - threshold).numpy()


@dataclass(frozen=True)
class Calibration:
    """The median of a network's max logits over real digits, their deviation from it (scaled to
    that of a normal distribution), and the `threshold` of the sum of both scores."""

    median: float
    deviation: float
    threshold: float = 0.0

    def max_logit_scores(self, max_logits: Tensor) -> Tensor:
        """The network's share of the sum, float32 `(N,)`."""
        return MAX_LOGIT_WEIGHT * ((max_logits - self.median) / self.deviation).clamp(-4, 1)


def _max_logits(run: Run, model: nn.Module, images: Tensor) -> Tensor:
    return logits_of(run, model, images).amax(dim=1).cpu()


def calibrate(run: Run, model: nn.Module, fitted: Detector) -> Calibration:
    """The calibration of these weights, from the run's folder or measured on held-out images and
    kept there. Raises DataError."""
    key = _key(model)
    kept = read_json(run.files.detector_calibration) or {}
    with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
        found = Calibration(*(float(kept[key][field.name]) for field in fields(Calibration)))
        if all(map(math.isfinite, astuple(found))) and found.deviation > 0:
            return found
    real = detector.held_out_images(fitted, run.config.dataset) / 255
    max_logits = _max_logits(run, model, real)
    median = float(max_logits.median())
    deviation = max(float((max_logits - median).abs().median()) * 1.48, 1e-3)
    found = Calibration(median, deviation)
    scores = fitted.logits(real) + found.max_logit_scores(max_logits)
    found = replace(found, threshold=float(torch.quantile(scores, detector.REFUSED)))
    if run.is_example:  # of its own weights it brings the calibrations
        return found
    others = list(kept.items())[1 - MOST_KEPT :]
    with contextlib.suppress(OSError):  # a read-only folder only costs the time again
        write_json(run.files.detector_calibration, {**dict(others), key: asdict(found)})
    return found


def _key(model: nn.Module) -> str:
    """By which a calibration is known: the detector's version and a digest of the weights, which is
    the same on every machine."""
    digest = hashlib.sha256()
    for tensor in model.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return f"{detector.VERSION} {digest.hexdigest()[:16]}"
