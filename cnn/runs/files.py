"""Every file in a run's folder, by name: the only place that spells them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

NUMBER = re.compile(r"[0-9]{3}|[1-9][0-9]{3,8}")
EARLY_STEPS = (10, 50, 200)  # of the first epoch, whose weights are kept beside the epochs'
HALF_WRITTEN = re.compile(r"\..+\.[a-z0-9_]{8}")  # as `cnn.common.files.write_bytes` names them


@dataclass(frozen=True)
class EarlyStep:
    """A step of the first epoch after which the weights are kept too."""

    number: int

    def __str__(self) -> str:
        return f"step {self.number}"


When = int | EarlyStep  # of weights: after an epoch, or after a step of the first


class RunFiles:
    """The paths of what a run's folder may hold. Names on disk never change."""

    def __init__(self, folder: Path):
        self.config = folder / "config.json"  # what to train and how; written once
        self.name = folder / "name.json"  # the name a person gave it
        self.lock = folder / "worker.lock"  # held by the worker as long as it lives
        self.process = folder / "process.json"  # the worker's pid, for people
        self.status = folder / "status.json"  # state, progress, heartbeat; replaced atomically
        self.control = folder / "control.json"  # pause, stop, learning rate; the worker reads it
        self.metrics = folder / "metrics.jsonl"  # a line per report and per epoch; append-only
        self.log = folder / "log.txt"  # the worker's output

        self.live = folder / "live.json"  # guesses and first filters, for the Train page
        self.weights = folder / "live.safetensors"  # the newest weights
        self.watch = folder / "watch.json"  # the images whose way through it somebody watches
        self.frames = folder / "frames.jsonl"  # what it makes of them now; replaced atomically
        self.checkpoints = folder / "checkpoints"  # the weights after each epoch; see `checkpoint`
        self.resume = folder / "resume.json"  # position; names the tensors, see `resume_tensors`
        self.test_probabilities = folder / "test.safetensors"  # once the test set is scored
        self.robustness = folder / "robustness.json"  # accuracy on corrupted test images
        self.detector_calibration = folder / "likeness.json"  # of the out-of-distribution detector
        self.notes = folder / "notes.json"  # what a person wrote about it: tags, a note, archived
        self.summary = folder / "summary.json"  # of the metrics, for the table of runs
        self.curves = folder / "curves.safetensors"  # the metrics as numbers, for overlays

        # Of a fine-tuned run only.
        self.start_weights = folder / "start.safetensors"  # the weights it starts from
        self.my_digits = folder / "mine.safetensors"  # images, labels, which are held back
        self.parent = folder / "finetune.json"  # the run it comes from
        self.start = (self.start_weights, self.my_digits, self.parent)  # all of these

    @property
    def any_is_there(self) -> bool:
        """Whether the folder holds a file that only a run has; else it may be anything."""
        own = (self.config, self.lock, self.status, self.metrics, self.weights, self.checkpoints)
        return any(path.exists() for path in own)

    def checkpoint(self, when: When) -> Path:
        """The weights after an epoch or an early step; epoch 0: the initial ones."""
        if isinstance(when, EarlyStep):
            return self.checkpoints / f"step-{when.number:03d}.safetensors"
        return self.checkpoints / f"epoch-{when:03d}.safetensors"

    def checkpoint_epochs(self) -> list[int]:
        """The epochs whose weights are kept, ascending."""
        names = [
            path.stem.removeprefix("epoch-")
            for path in self.checkpoints.glob("epoch-*.safetensors")
        ]
        # A number that is written in another way is of no file of ours.
        return sorted(int(name) for name in names if NUMBER.fullmatch(name))

    def early_steps(self) -> list[EarlyStep]:
        """The steps of the first epoch whose weights are kept, ascending."""
        return [step for step in map(EarlyStep, EARLY_STEPS) if self.checkpoint(step).is_file()]

    def resume_tensors(self, step: int | str) -> Path:
        """Weights, optimiser and random state at `step`; `*` gives the pattern of all of them."""
        return self.resume.with_name(f"resume-{step}.safetensors")

    def clear_attempt(self) -> None:
        """Remove what a training left, so that the run stands as it was made. Its log stays."""
        left = [self.process, self.control, self.metrics, self.live, self.weights, self.frames]
        left += [self.test_probabilities, self.detector_calibration, self.resume]
        left += [self.summary, self.curves]
        left += [self.checkpoint(when) for when in self.checkpoint_epochs() + self.early_steps()]
        left += self.resume.parent.glob(self.resume_tensors("*").name)
        for file in left:
            file.unlink(missing_ok=True)

    def clear_half_written(self) -> None:
        """Remove what a worker that was killed had begun to write."""
        for file in self.config.parent.rglob(".*.*"):
            if HALF_WRITTEN.fullmatch(file.name) and file.is_file():
                file.unlink(missing_ok=True)
