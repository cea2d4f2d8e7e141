"""What a run's JSON files hold (status, control, metrics, live guesses), and reading them.

The files may be of another version, damaged, or of anybody: an entry of the wrong type or out of
its range counts as missing.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired, TypeVar

from pydantic import AfterValidator, Field, OnErrorOmit, TypeAdapter, ValidationError
from typing_extensions import TypedDict  # pydantic reads typing's own from Python 3.12 on

from cnn.common.text import excerpt

State = Literal["queued", "running", "paused", "finished", "stopped", "failed", "interrupted"]

T = TypeVar("T")
Text = Annotated[str, AfterValidator(lambda text: excerpt(text, 1000))]
Tag = Annotated[str, AfterValidator(lambda text: excerpt(text, 30).strip())]
Note = Annotated[str, AfterValidator(lambda text: excerpt(text, 1000))]
Count = Annotated[int, Field(ge=0, le=10**15)]
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
Positive = Annotated[float, Field(ge=0, le=1e15)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, le=10)]
Pace = Annotated[float, Field(ge=0, le=5, allow_inf_nan=False)]
_Row = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=28, max_length=28)]
_Image = Annotated[list[_Row], Field(min_length=28, max_length=28)]
Point = Annotated[list[Number], Field(min_length=2, max_length=2)]  # step, mean loss


class Status(TypedDict, total=False):
    """`status.json`: where the run stands. Seconds, bytes, per cent, accuracies in 0-1.

    A run that has just begun, or of an older version, lacks some.
    """

    state: OnErrorOmit[State]
    message: OnErrorOmit[Text]
    heartbeat: OnErrorOmit[Number]
    device: OnErrorOmit[Text]
    device_name: OnErrorOmit[Text]
    processes: OnErrorOmit[Count]
    precision: OnErrorOmit[Text]
    threads: OnErrorOmit[Count]  # of the host, in each process
    epoch: OnErrorOmit[Count]
    epochs: OnErrorOmit[Count]
    step: OnErrorOmit[Count]
    steps: OnErrorOmit[Count]
    images_per_second: OnErrorOmit[Positive]
    learning_rate: OnErrorOmit[Positive]
    seconds_left: OnErrorOmit[Number | None]
    train_seconds: OnErrorOmit[Positive]
    images_seen: OnErrorOmit[Count]
    memory: OnErrorOmit[Count]
    utilisation: OnErrorOmit[Count | None]
    best_validation: OnErrorOmit[Share]
    best_epoch: OnErrorOmit[Count]
    kept_epoch: OnErrorOmit[Count]
    stopped_early: OnErrorOmit[bool]
    stopped_for: OnErrorOmit[Text]  # why, where nobody asked it to stop
    test_accuracy: OnErrorOmit[Share]
    ended: OnErrorOmit[Number]
    suggested_settings: OnErrorOmit[dict[str, Number] | None]


class ControlFile(TypedDict, total=False):
    """`control.json`: what the user asks of the worker."""

    stop: OnErrorOmit[bool]
    paused: OnErrorOmit[bool]
    run_until: OnErrorOmit[Count]  # trains up to this step although paused
    until_epoch: OnErrorOmit[Count]  # trains so many epochs although paused
    pace: OnErrorOmit[Pace]  # seconds to rest after each step
    begun_by_play: OnErrorOmit[bool]  # nobody but who sees it there misses it when it is let go
    discard: OnErrorOmit[bool]  # nobody wants it any more: its folder goes when it has stopped
    learning_rate: OnErrorOmit[Rate]
    in_turns: OnErrorOmit[bool]  # after each epoch those who wait for its device come first


class Notes(TypedDict, total=False):
    """`notes.json`: what a person wrote about a run."""

    tags: OnErrorOmit[list[Tag]]
    note: OnErrorOmit[Note]
    archived: OnErrorOmit[bool]  # not shown in lists unless asked for


MOST_POINTS = 1_000  # of one line; a worker writes ten


class ReportRow(TypedDict):
    """A line of `metrics.jsonl`: some steps; `losses` holds pairs `[step, mean loss]`, one at
    least. A speed or rate that is missing is read as 0."""

    kind: Literal["report"]
    step: Count
    epoch: Positive
    losses: Annotated[list[OnErrorOmit[Point]], Field(min_length=1, max_length=MOST_POINTS)]
    learning_rate: NotRequired[OnErrorOmit[Positive]]
    images_per_second: NotRequired[OnErrorOmit[Positive]]
    accuracy: NotRequired[OnErrorOmit[Share]]  # on the images of these steps; not of older runs
    validation_accuracy: NotRequired[OnErrorOmit[Share]]  # on some held-out images, now and then


class EpochRow(TypedDict):
    """A line of `metrics.jsonl`: the end of an epoch; the validation's accuracy is None without
    any."""

    kind: Literal["epoch"]
    step: Count
    epoch: Count
    train_accuracy: Share
    validation_accuracy: NotRequired[OnErrorOmit[Share | None]]
    train_loss: NotRequired[OnErrorOmit[Number]]
    validation_loss: NotRequired[OnErrorOmit[Number | None]]
    seconds: NotRequired[OnErrorOmit[Positive]]


class ResumeRow(TypedDict):
    """A line of `metrics.jsonl`: from here the run went on again; later lines are void."""

    kind: Literal["resume"]
    step: Count
    epoch: Count


MetricRow = ReportRow | EpochRow  # what readers get: `ResumeRow` is applied while reading


class Wrong(TypedDict):
    """An image that the network gets wrong: what it is, what it is taken for, how surely."""

    image: _Image
    truth: Count
    guess: Count
    share: Share


class Check(TypedDict):
    """How the network does on `images` held-out images: `confusion[truth][guess]` counts them,
    `wrong` are the most confident mistakes."""

    images: Count
    accuracy: Share
    confusion: list[list[Count]]
    wrong: list[Wrong]


class Live(TypedDict, total=False):
    """`live.json`: guesses for one test image of each class, the first layer's filters, and how the
    network does on some held-out images.

    A reader gets `images`, `labels` and `probabilities` together, as many of each, or none.
    """

    step: OnErrorOmit[Count]
    index: OnErrorOmit[list[Count]]
    labels: OnErrorOmit[list[Count]]
    images: OnErrorOmit[list[_Image]]
    probabilities: OnErrorOmit[list[list[Share]]]
    filters: OnErrorOmit[list[list[list[Number]]]]
    check: OnErrorOmit[Check]


_GUESSES: tuple[Literal["images", "labels", "probabilities", "index"], ...] = (
    *("images", "labels"),
    *("probabilities", "index"),
)
_status, _control, _live = TypeAdapter(Status), TypeAdapter(ControlFile), TypeAdapter(Live)
_notes = TypeAdapter(Notes)
_row: TypeAdapter[ReportRow | EpochRow | ResumeRow] = TypeAdapter(
    Annotated[ReportRow | EpochRow | ResumeRow, Field(discriminator="kind")]
)


def read_status(values: object) -> Status:
    """A status of plain data, without what is wrong in it."""
    if isinstance(values, dict) and "remedy" in values:  # what runs of older versions call it
        values = {**values, "suggested_settings": values["remedy"]}
    return _read(_status, values) or {}


def read_control(values: object) -> ControlFile:
    """What was asked of the worker, without what is wrong in it."""
    return _read(_control, values) or {}


def read_notes(values: object) -> Notes:
    """What a person wrote about a run, without what is wrong in it."""
    return _read(_notes, values) or {}


def read_row(line: bytes) -> ReportRow | EpochRow | ResumeRow | None:
    """The row of one line of `metrics.jsonl`, without what is wrong in it; None where what charts
    need is missing."""
    try:
        row = _row.validate_json(line, strict=True)
    except ValidationError:
        return None
    if row["kind"] == "report":
        row.setdefault("learning_rate", 0.0)
        row.setdefault("images_per_second", 0.0)
    elif row["kind"] == "epoch":
        row.setdefault("validation_accuracy", None)
    return row


def read_live(values: object, classes: int) -> Live:
    """Guesses and filters of plain data; either is left out where its shapes do not fit, or are
    not those of a network of so many classes."""
    live = _read(_live, values) or {}
    labels, rows = live.get("labels", []), live.get("probabilities", [])
    fit = len(labels) == len(rows) == len(live.get("images", []))
    if not (fit and all(n < classes for n in labels) and all(len(r) == classes for r in rows)):
        for name in _GUESSES:
            live.pop(name, None)
    filters = live.get("filters", [])
    sides = {len(rows) for rows in filters} | {len(row) for rows in filters for row in rows}
    if filters and (len(sides) != 1 or 0 in sides):
        live.pop("filters", None)
    check = live.get("check")
    if check and not _is_of(check, classes):
        live.pop("check")
    return live


def _is_of(check: Check, classes: int) -> bool:
    """Whether a check is one of a network of so many classes."""
    rows = check["confusion"]
    square = len(rows) == classes and all(len(row) == classes for row in rows)
    return square and all(max(w["truth"], w["guess"]) < classes for w in check["wrong"])


def _read(adapter: TypeAdapter[T], values: object) -> T | None:
    try:
        return adapter.validate_python(values, strict=True)
    except ValidationError:  # no object at all
        return None
