"""What a run's JSON files hold: status, control, metrics, live guesses."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

State = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]


class Status(TypedDict, total=False):
    """`status.json`: where the run stands. Seconds, bytes, per cent, accuracies in 0-1.

    A run that has just begun, or of an older version, lacks some.
    """

    state: State
    message: str
    heartbeat: float
    device: str
    device_name: str
    processes: int
    precision: str
    threads: int  # of the host, in each process
    epoch: int
    epochs: int
    step: int
    steps: int
    images_per_second: float
    learning_rate: float
    seconds_left: float | None
    train_seconds: float
    images_seen: int
    memory: int
    utilisation: int | None
    best_validation: float
    best_epoch: int
    kept_epoch: int
    stopped_early: bool
    test_accuracy: float
    ended: float
    suggested_settings: dict[str, float] | None


class ControlFile(TypedDict, total=False):
    """`control.json`: what the user asks of the worker."""

    stop: bool
    paused: bool
    run_until: int  # trains up to this step although paused
    learning_rate: float


class ReportRow(TypedDict):
    """A line of `metrics.jsonl`: some steps; `losses` holds pairs `[step, mean loss]`."""

    kind: Literal["report"]
    step: int
    epoch: float
    losses: list[list[float]]
    learning_rate: float
    images_per_second: float
    accuracy: NotRequired[float]  # on the images of these steps; older runs lack it


class EpochRow(TypedDict):
    """A line of `metrics.jsonl`: the end of an epoch; validation is None without any."""

    kind: Literal["epoch"]
    step: int
    epoch: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float


class ResumeRow(TypedDict):
    """A line of `metrics.jsonl`: from here the run went on again; later lines are void."""

    kind: Literal["resume"]
    step: int
    epoch: int


MetricRow = ReportRow | EpochRow  # what readers get: `ResumeRow` is applied while reading


class Live(TypedDict, total=False):
    """`live.json`: guesses for one test image of each class, and the first layer's filters."""

    step: int
    index: list[int]
    labels: list[int]
    images: list[list[list[int]]]
    probabilities: list[list[float]]
    filters: list[list[list[float]]]
