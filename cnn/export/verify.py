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

import numpy as np
import torch
from numpy.typing import NDArray

from cnn import datasets
from cnn.export import formats
from cnn.export.formats import ExportError
from cnn.runs import Run
from cnn.runs.weights import load_model
from cnn.training.inference import predict_logits

TOLERANCE = 1e-4  # of logits: what another order of additions may cost
TIMEOUT_SECONDS = 300.0
Progress = Callable[[float, str], object]
Images = NDArray[np.uint8]
Logits = NDArray[np.float32]

# What the processes of their own run, in the unpacked folder. Neither imports this package.
_RUN_ZIP = """
import sys, numpy as np, torch
torch.set_num_threads(int(sys.argv[1]))
import predict
np.save("logits.npy", predict.predict_logits(np.load("images.npy")))
"""
_RUN_ONNX = """
import json, sys, numpy as np, onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = int(sys.argv[1])
session = onnxruntime.InferenceSession("model.onnx", options, ["CPUExecutionProvider"])
metadata = session.get_modelmeta().custom_metadata_map
preprocessing = json.loads(metadata["preprocessing"])
images = np.load("images.npy").astype(np.float32)[:, None] / 255
images = ((images - preprocessing["mean"]) / preprocessing["std"]).astype(np.float32)
name = session.get_inputs()[0].name
parts = [session.run(None, {name: images[i : i + 500]})[0] for i in range(0, len(images), 500)]
np.save("logits.npy", np.concatenate(parts))
"""


@dataclass(frozen=True)
class Comparison:
    """One export against the app, over `images` test images.

    `same` of them have the same predicted class; `difference` is the largest of any logit.
    """

    what: str
    images: int
    same: int
    difference: float
    seconds: float

    @property
    def verified(self) -> bool:
        """Whether every prediction is the same, and every logit within TOLERANCE."""
        return self.same == self.images and self.difference <= TOLERANCE

    def __str__(self) -> str:
        if self.verified:
            return f"{self.what}: same {self.images:,} predictions"
        return (
            f"{self.what}: {self.images - self.same:,} of {self.images:,} predictions differ, "
            f"logits by up to {self.difference:.2g}"
        )


@dataclass(frozen=True)
class Verification:
    """The comparisons, and the files that were run: what is downloaded is what was verified."""

    results: tuple[Comparison, ...]
    zip: bytes
    onnx: bytes


def verify_exports(run: Run, progress: Progress = lambda share, doing: None) -> Verification:
    """Export the run's newest weights, run the exports over its test set, and compare.

    `progress(share, doing)` is called as it goes on. Takes about 15 s on two cores for 10,000
    images. Raises RunError, DataError, and ExportError where an export does not run at all.
    """
    progress(0.0, "The app reads the test set")
    images, expected = _app_predictions(run)
    progress(0.2, "The zip is written")
    archive = formats.archive(run)
    progress(0.25, "The zip reads the test set, in a process of its own")
    by_zip = compare_zip(archive, images, expected)
    progress(0.6, "ONNX is written")
    network = formats.onnx(run)
    progress(0.8, "onnxruntime reads the test set")
    by_onnx = compare_onnx(network, images, expected)
    progress(1.0, "Compared")
    return Verification((by_zip, by_onnx), archive, network)


def check(run: Run, what: str, content: bytes) -> Comparison:
    """Compare one export (`zip`, `onnx` or `safetensors`) of the run with the app's predictions
    of its whole test set. Weights are read by the run's exported source. Raises as
    `verify_exports` does."""
    images, expected = _app_predictions(run)
    if what == "onnx":
        return compare_onnx(content, images, expected)
    archive = content if what == "zip" else formats.archive(run, weights=content)
    return compare_zip(archive, images, expected, what)


def compare_zip(archive: bytes, images: Images, expected: Logits, what: str = "zip") -> Comparison:
    """Unpack an exported zip, run it over uint8 images `(N, 28, 28)`, and compare its logits
    with `expected` float32 `(N, classes)`. Raises ExportError where it does not run."""
    with zipfile.ZipFile(BytesIO(archive)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    return _compare(what, _RUN_ZIP, files, images, expected)


def compare_onnx(network: bytes, images: Images, expected: Logits) -> Comparison:
    """The same for an ONNX file, through onnxruntime."""
    return _compare("ONNX", _RUN_ONNX, {"model.onnx": network}, images, expected)


def app_logits(run: Run, images: torch.Tensor) -> Logits:
    """The app's logits in float32 on the CPU."""
    return predict_logits(load_model(run), images, run.preprocessing).numpy()


def _app_predictions(run: Run) -> tuple[Images, Logits]:
    """The run's test images, and the app's logits of them."""
    images = datasets.load(datasets.at_hand(run.config.dataset)).test_images
    return images.numpy(), app_logits(run, images)


def _compare(
    what: str, code: str, files: dict[str, bytes], images: Images, expected: Logits
) -> Comparison:
    """Run `code` beside an export's files and compare the logits that it writes."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="cnn-verify-") as name:
        folder = Path(name)
        for file, content in files.items():
            (folder / file).write_bytes(content)
        np.save(folder / "images.npy", images)
        _run(what, code, folder)
        try:
            logits = np.load(folder / "logits.npy", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ExportError(f"The exported {what} gave no logits: {error}") from error
    if logits.shape != expected.shape:
        raise ExportError(
            f"The exported {what} gave logits of shape {logits.shape}, not {expected.shape}."
        )
    same = int((logits.argmax(1) == expected.argmax(1)).sum())
    difference = float(np.abs(logits - expected).max())
    return Comparison(what, len(images), same, difference, time.perf_counter() - began)


def _run(what: str, code: str, folder: Path) -> None:
    """Run `code` in `folder` by a Python that sees the installed packages but not this app."""
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
