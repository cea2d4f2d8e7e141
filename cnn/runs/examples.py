"""The runs that come with the app: a finished run's folder without what belongs to one machine."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from cnn.common.files import read_json, write_bytes, write_json
from cnn.runs.files import RunFiles, When
from cnn.runs.on_stage import FIRST_CLASS, on_stage
from cnn.runs.run import Run, RunError


def publish(run: Run, folder: Path) -> None:
    """Make the finished `run` the example in `folder`, in place of what was there.

    What only the machine it was trained on can use stays behind: log, process, lock, the state to
    resume from. Of its newest weights there is one copy: those after the last epoch, where they are
    the same. Raises RunError and OSError.
    """
    if run.state != "finished":
        raise RunError(f"'{run.name}' is {run.state}: only a finished run can become an example.")
    made = RunFiles(folder.with_name(f".{folder.name}"))
    shutil.rmtree(made.checkpoints.parent, ignore_errors=True)
    made.checkpoints.mkdir(parents=True)
    epochs = run.checkpoints()
    kept: list[When] = [*epochs, *run.early_steps()]
    pairs = [(run.files.checkpoint(when), made.checkpoint(when)) for when in kept]
    pairs += [
        (run.files.config, made.config),
        (run.files.metrics, made.metrics),
        (run.files.live, made.live),
        (run.files.detector_calibration, made.detector_calibration),
    ]
    newest = run.files.weights
    if not epochs or not filecmp.cmp(newest, run.files.checkpoint(epochs[-1]), shallow=False):
        pairs.append((newest, made.weights))
    for source, target in pairs:
        if source.is_file():
            shutil.copyfile(source, target)
    _write_probabilities(run.files.test_probabilities, made.test_probabilities)
    _write_frame(run, made.frames)
    write_json(made.name, {"name": run.name})
    write_json(made.status, read_json(run.files.status))
    shutil.rmtree(folder, ignore_errors=True)
    made.checkpoints.parent.rename(folder)


def _write_frame(run: Run, target: Path) -> None:
    """What the network makes of the image that Play shows first: it stands there before PyTorch is
    loaded."""
    from cnn.runs.frames import make_frame
    from cnn.runs.weights import load_model

    live, network = run.live(), run.config.architecture
    if FIRST_CLASS not in live.get("labels", []):
        return
    place = live["labels"].index(FIRST_CLASS)
    subject = on_stage(network, np.array(live["images"][place], np.uint8))
    model = load_model(run)
    frame = make_frame(model, subject, live.get("step", 0), run.preprocessing)
    write_json(target, frame)


def _write_probabilities(source: Path, target: Path) -> None:
    """Copy the test probabilities, in half as many bytes where that changes no prediction."""
    probabilities = load_file(source)["probabilities"]
    half = probabilities.astype(np.float16)
    same = np.array_equal(half.argmax(1), probabilities.argmax(1))
    write_bytes(target, save({"probabilities": half if same else probabilities}))
