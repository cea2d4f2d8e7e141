"""Runs an export as its user would, and compares it with the app's own predictions.

The zip is unpacked into a temporary folder and its `predict.py` is imported by a Python process
of its own, which cannot see this app; ONNX is run by onnxruntime in another. Both read the run's
whole test set.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn import datasets
from cnn.export import formats
from cnn.export.formats import ExportError
from cnn.runs import Run
from cnn.runs.weights import load_model

TOLERANCE = 1e-4  # of logits: what another order of additions may cost
TIMEOUT_SECONDS = 300.0
Progress = Callable[[float, str], object]
Array = NDArray[np.float32]

# What the processes of their own run, in the unpacked folder. Neither imports this package.
_RUN_ZIP = """
import sys, numpy as np, torch
torch.set_num_threads(int(sys.argv[1]))
import predict
np.save("scores.npy", predict.scores(np.load("images.npy")))
"""
_RUN_ONNX = """
import json, sys, numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[1])
session = onnxruntime.InferenceSession("model.onnx", options, ["CPUExecutionProvider"])
facts = session.get_modelmeta().custom_metadata_map
numbers = json.loads(facts["preprocessing"])
images = np.load("images.npy").astype(np.float32)[:, None] / 255
images = ((images - numbers["mean"]) / numbers["std"]).astype(np.float32)
name = session.get_inputs()[0].name
parts = [session.run(None, {name: images[i : i + 500]})[0] for i in range(0, len(images), 500)]
np.save("scores.npy", np.concatenate(parts))
"""


@dataclass(frozen=True)
class Compared:
    """One export against the app, over `images` test images.

    `same` of them have the same predicted class; `difference` is the largest of any log-score.
    """

    what: str
    images: int
    same: int
    difference: float
    seconds: float

    @property
    def verified(self) -> bool:
        """Whether every prediction is the same, and every score within TOLERANCE."""
        return self.same == self.images and self.difference <= TOLERANCE

    def __str__(self) -> str:
        if self.verified:
            return f"{self.what}: same {self.images:,} predictions"
        return (
            f"{self.what}: {self.images - self.same:,} of {self.images:,} predictions differ, "
            f"scores by up to {self.difference:.2g}"
        )


@dataclass(frozen=True)
class Verified:
    """What came of running the exports; `zip` and `onnx` are the files that were run, so that
    what is downloaded is what was verified."""

    results: tuple[Compared, ...]
    zip: bytes
    onnx: bytes | None

    @property
    def verified(self) -> bool:
        """Whether every export predicts what the app predicts."""
        return all(result.verified for result in self.results)

    def __str__(self) -> str:
        return "\n".join(map(str, self.results))


def _no_progress(share: float, doing: str) -> None:
    pass


def verify_zip(run: Run, progress: Progress = _no_progress, onnx: bool = True) -> Verified:
    """Export the run's newest weights, run the exports over its test set, and compare.

    `progress(share, doing)` is called as it goes on. Takes about 15 s on two cores for 10,000
    images. Raises RunError, DataError, and ExportError where an export does not run at all.
    """
    progress(0.0, "The app reads the test set")
    images = datasets.load(run.config.dataset).test_images
    expected = _own_scores(run, images)
    progress(0.2, "The zip is written")
    archive = formats.zip_of(run)
    progress(0.25, "The zip reads the test set, in a process of its own")
    results = [compare_zip(archive, images.numpy(), expected)]
    network = None
    if onnx:
        progress(0.6, "ONNX is written")
        network = formats.onnx(run)
        progress(0.8, "onnxruntime reads the test set")
        results.append(compare_onnx(network, images.numpy(), expected))
    progress(1.0, "Compared")
    return Verified(tuple(results), archive, network)


def check(run: Run, what: str, content: bytes) -> Compared:
    """Compare one export (`zip`, `onnx` or `safetensors`) of the run with the app's predictions
    of its whole test set. Raises as `verify_zip` does."""
    images = datasets.load(run.config.dataset).test_images
    expected = _own_scores(run, images)
    compare = {"zip": compare_zip, "onnx": compare_onnx, "safetensors": compare_weights(run)}[what]
    return compare(content, images.numpy(), expected)


def compare_weights(run: Run) -> Callable[[bytes, NDArray[np.uint8], Array], Compared]:
    """A comparison for a weights file of this run: read by the run's exported source."""

    def compare(weights: bytes, images: NDArray[np.uint8], expected: Array) -> Compared:
        def unpack(folder: Path) -> None:
            with zipfile.ZipFile(BytesIO(formats.zip_of(run))) as packed:
                packed.extractall(folder)
            (folder / "weights.safetensors").write_bytes(weights)

        return _compare("safetensors", _RUN_ZIP, unpack, images, expected)

    return compare


def compare_zip(archive: bytes, images: NDArray[np.uint8], expected: Array) -> Compared:
    """Unpack an exported zip, run it over uint8 images `(N, 28, 28)`, and compare its logits
    with `expected` float32 `(N, classes)`. Raises ExportError where it does not run."""

    def unpack(folder: Path) -> None:
        with zipfile.ZipFile(BytesIO(archive)) as packed:
            packed.extractall(folder)

    return _compare("zip", _RUN_ZIP, unpack, images, expected)


def compare_onnx(network: bytes, images: NDArray[np.uint8], expected: Array) -> Compared:
    """The same for an ONNX file, through onnxruntime."""

    def write(folder: Path) -> None:
        (folder / "model.onnx").write_bytes(network)

    return _compare("ONNX", _RUN_ONNX, write, images, expected)


def _own_scores(run: Run, images: Any) -> Array:
    """The app's logits in float32 on the CPU."""
    from cnn.training.inference import predict_logits

    return predict_logits(load_model(run), images, run.preprocessing).numpy()


def _compare(
    what: str,
    code: str,
    prepare: Callable[[Path], None],
    images: NDArray[np.uint8],
    expected: Array,
) -> Compared:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cnn-verify-") as name:
        folder = Path(name)
        prepare(folder)
        np.save(folder / "images.npy", images)
        _run(what, code, folder)
        try:
            scores = np.load(folder / "scores.npy", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ExportError(f"The exported {what} gave no scores: {error}") from error
    if scores.shape != expected.shape:
        raise ExportError(
            f"The exported {what} gave scores of shape {scores.shape}, not {expected.shape}."
        )
    same = int((scores.argmax(1) == expected.argmax(1)).sum())
    difference = float(np.abs(scores - expected).max())
    return Compared(what, len(images), same, difference, time.perf_counter() - began)


def _run(what: str, code: str, folder: Path) -> None:
    """Run `code` in `folder` by a Python that sees the installed packages but not this app."""
    import torch

    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(torch.get_num_threads())],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(
            f"The exported {what} did not finish within {TIMEOUT_SECONDS:.0f} seconds."
        ) from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ExportError(f"The exported {what} does not run: {reason}")
