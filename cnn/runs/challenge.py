"""A challenge for the class: who reaches the highest accuracy within a budget. Imports no torch."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator

from cnn.common import workspaces
from cnn.common.checked import Checked
from cnn.common.files import parse_json, read_bytes, write_json
from cnn.common.text import excerpt
from cnn.datasets import DATASETS
from cnn.runs.class_room import all_runs, who
from cnn.runs.config import require_teacher
from cnn.runs.run import Run, RunError

MOST_RECORD = 10_000  # bytes
MOST_ROWS = 30

Figure = Literal["validation", "test"]


class Challenge(Checked):
    """What is asked: the data set, the most parameters and seconds of training (None: any), and the
    figure that counts. Runs that were made since count."""

    version: Literal[1] = 1
    title: str = Field(min_length=1, max_length=120)
    dataset: str
    figure: Figure = "validation"
    max_parameters: int | None = Field(None, ge=1)
    max_seconds: int | None = Field(None, ge=1)
    created: float = Field(default_factory=time.time, ge=0, le=1e11)

    @field_validator("dataset")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in DATASETS:
            raise ValueError(f"there is no data set '{excerpt(name)}'")
        return name


@dataclass(frozen=True)
class Row:
    """The best that a workspace has reached; `accuracy` in 0-1."""

    workspace: str | None
    who: str
    accuracy: float
    parameters: int
    seconds: float


def current() -> Challenge | None:
    """The challenge that is set; None without one."""
    try:
        return Challenge.model_validate(parse_json(read_bytes(_file(), MOST_RECORD)))
    except (OSError, ValueError):
        return None


def set_challenge(**values: object) -> Challenge:
    """Set another challenge for the class. Raises RunError where it is none, or this is not the
    teacher's workspace."""
    require_teacher("the challenge")
    try:
        challenge = Challenge.model_validate(values)
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), challenge.model_dump(mode="json"))
    except ValidationError:
        raise RunError("A challenge needs a title of up to 120 letters and a data set.") from None
    except OSError as error:
        raise RunError(f"The challenge could not be kept: {error.strerror}.") from error
    return challenge


def end_challenge() -> None:
    """Let there be none. Raises RunError where this is not the teacher's workspace."""
    require_teacher("the challenge")
    _file().unlink(missing_ok=True)


def board(challenge: Challenge) -> list[Row]:
    """Of each workspace its best run within the budget, the highest accuracy first. Where the
    validation's counts, only runs that hold out as many images as is usual."""
    best: dict[str | None, Row] = {}
    for run in all_runs():
        try:
            row = _row(challenge, run)
        except RunError:
            continue
        before = best.get(run.workspace)
        if row and (before is None or row.accuracy > before.accuracy):
            best[run.workspace] = row
    order = sorted(best.values(), key=lambda row: (-row.accuracy, row.parameters, row.seconds))
    return order[:MOST_ROWS]


def _row(challenge: Challenge, run: Run) -> Row | None:
    """A run's row; None where it does not count. What costs little is asked first. Raises
    RunError."""
    if not run.was_trained_here:
        return None
    config = run.config
    if config.dataset != challenge.dataset or config.created < challenge.created:
        return None
    usual = DATASETS[config.dataset].validation_images
    if challenge.figure == "validation" and config.validation_images != usual:
        return None  # of a few images anybody reads all
    parameters = config.architecture.parameters
    if challenge.max_parameters is not None and parameters > challenge.max_parameters:
        return None
    status = run.last_status()
    seconds = status.get("train_seconds", 0.0)
    if challenge.max_seconds is not None and seconds > challenge.max_seconds:
        return None
    validation, test = status.get("best_validation"), status.get("test_accuracy")
    accuracy = validation if challenge.figure == "validation" else test
    if accuracy is None:
        return None
    return Row(run.workspace, who(run.workspace), accuracy, parameters, seconds)


def _file() -> Path:
    return workspaces.folder(workspaces.CLASS) / ".challenge.json"
