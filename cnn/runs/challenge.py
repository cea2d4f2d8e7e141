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
from cnn.runs.limits import require_may_change
from cnn.runs.overview import Summary, summary
from cnn.runs.run import RunError

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
    _require_teacher()
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
    _require_teacher()
    _file().unlink(missing_ok=True)


def board(challenge: Challenge) -> list[Row]:
    """Of each workspace its best run within the budget, the highest accuracy first."""
    best: dict[str | None, Row] = {}
    for run in all_runs():
        try:
            one = summary(run)
        except RunError:
            continue
        row = _row(challenge, one)
        before = best.get(run.workspace)
        if row and (before is None or row.accuracy > before.accuracy):
            best[run.workspace] = row
    order = sorted(best.values(), key=lambda row: (-row.accuracy, row.parameters, row.seconds))
    return order[:MOST_ROWS]


def _row(challenge: Challenge, one: Summary) -> Row | None:
    """A run's row; None where it does not count."""
    accuracy = one.validation if challenge.figure == "validation" else one.test
    seconds = one.seconds or 0.0
    if accuracy is None or one.run.config.dataset != challenge.dataset:
        return None
    if not one.run.files.process.is_file():
        return None  # it came in a zip file, whose figures may be anybody's
    if one.created < challenge.created or one.run.config.start_from or one.run.config.origin:
        return None  # made before, or of another's weights
    if challenge.max_parameters is not None and one.parameters > challenge.max_parameters:
        return None
    if challenge.max_seconds is not None and seconds > challenge.max_seconds:
        return None
    workspace = one.run.workspace
    return Row(workspace, who(workspace), accuracy, one.parameters, seconds)


def _require_teacher() -> None:
    require_may_change()
    if workspaces.current() != workspaces.CLASS:
        raise RunError("The teacher sets the challenge.")


def _file() -> Path:
    return workspaces.folder(workspaces.CLASS) / ".challenge.json"
