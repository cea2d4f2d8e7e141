"""A run's metrics as arrays, every point of them: for overlays and tables. Imports no torch.

Reading ten thousand lines takes a tenth of a second and more, so that what was made of them is
kept beside them (`curves.safetensors`, `summary.json`), with the size and time of the metrics it
was made of: read once a change, by whoever comes first; the worker writes it at its end.
"""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn.common.files import read_json, write_bytes, write_json
from cnn.runs import metrics
from cnn.runs.records import EpochRow, MetricRow
from cnn.runs.run import ACTIVE, Run

# The columns of `Curves.epochs`; a value that was not measured is NaN.
COLUMNS = (
    *("epoch", "step", "train_accuracy", "validation_accuracy"),
    *("train_loss", "validation_loss", "seconds"),
)
RUNS_KEPT = 40
SPARKLINE_POINTS = 24
MOST_KEPT_BYTES = 64_000_000


@dataclass(frozen=True)
class Curves:
    """`loss` float64 `(N, 2)`: step and training loss, every point that was reported; `epochs`
    float64 `(E, 7)`: the values named in `COLUMNS` after each epoch. Steps ascend in both."""

    loss: NDArray[np.float64]
    epochs: NDArray[np.float64]

    def column(self, name: str) -> NDArray[np.float64]:
        """One of `COLUMNS` after each epoch, `(E,)`."""
        return self.epochs[:, COLUMNS.index(name)]

    def accuracy(self) -> tuple[str, NDArray[np.float64]]:
        """Validation accuracy after each epoch, or training accuracy where none was measured; and
        which of both it is: `validation`, `training`."""
        validation = self.column("validation_accuracy")
        if np.isfinite(validation).any():
            return "validation", validation
        return "training", self.column("train_accuracy")

    def epochs_at(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many epochs were done at these steps; fractions within an epoch."""
        return _along(steps, self.column("step"), self.column("epoch"))

    def seconds_at(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """How many seconds had been trained at these steps, each epoch at its own mean speed."""
        seconds = np.nan_to_num(self.column("seconds")).cumsum()
        return _along(steps, self.column("step"), seconds)


def _along(
    steps: NDArray[np.float64], ends: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values at `steps`, between those at `ends`, from 0 at step 0; beyond the last as in its
    epoch. NaN where there is no end of an epoch yet."""
    if not len(ends):
        return np.full(len(steps), np.nan)
    x, y = np.concatenate([[0.0], ends]), np.concatenate([[0.0], values])
    slope = (y[-1] - y[-2]) / max(x[-1] - x[-2], 1e-9)
    return np.where(steps > x[-1], y[-1] + slope * (steps - x[-1]), np.interp(steps, x, y))


def curves(run: Run) -> Curves:
    """The curves of `run`, as far as it is. Shared by all callers: do not change them."""
    stamp = _stamp(run)
    with _lock:
        known = _known.get(run.path)
        if known and known[0] == stamp:
            _known.move_to_end(run.path)
            return known[1]
    found = _read_kept(run, stamp)
    if found is None:
        found = _curves_of(metrics.read_whole(run.files.metrics))
        if run.last_status()["state"] not in ACTIVE:
            _keep(run, stamp, found)
    with _lock:
        _known[run.path] = (stamp, found)
        while len(_known) > RUNS_KEPT:
            _known.popitem(last=False)
    return found


@dataclass(frozen=True)
class Brief:
    """What the table shows of a run's metrics: the last epoch's loss (of validation, else of
    training) or None, and the accuracy after some of its epochs in 0-1."""

    loss: float | None
    accuracies: tuple[float, ...]


def kept_brief(run: Run) -> Brief | None:
    """The brief that was kept beside the run, in under a millisecond; None where there is none of
    its metrics as they are now."""
    values = read_json(run.files.summary) or {}
    try:
        loss, accuracies = values["loss"], np.array(values["accuracies"], np.float64)
        whole = accuracies.ndim == 1 and bool(np.isfinite(accuracies).all())
        if values["of"] != _stamp(run) or not whole or len(accuracies) > SPARKLINE_POINTS:
            return None
        known = isinstance(loss, int | float) and bool(np.isfinite(loss))
        return Brief(float(loss) if known else None, tuple(accuracies.tolist()))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def brief(run: Run) -> Brief:
    """What the table shows of a run's metrics: as it was kept, else made of them now."""
    found = kept_brief(run)
    return found if found is not None else _brief_of(curves(run))


def keep(run: Run, found: Curves | None = None) -> None:
    """Write what pages need of the metrics beside them, at the end of a training; `found` where it
    is known what they hold."""
    stamp = _stamp(run)
    _keep(run, stamp, found or _curves_of(metrics.read_whole(run.files.metrics)))


def _brief_of(found: Curves) -> Brief:
    validation, train = found.column("validation_loss"), found.column("train_loss")
    losses = np.where(np.isfinite(validation), validation, train)
    losses = losses[np.isfinite(losses)]
    _, accuracies = found.accuracy()
    accuracies = accuracies[np.isfinite(accuracies)]
    if len(accuracies) > SPARKLINE_POINTS:
        places = np.linspace(0, len(accuracies) - 1, SPARKLINE_POINTS).round().astype(int)
        accuracies = accuracies[places]
    return Brief(float(losses[-1]) if len(losses) else None, tuple(accuracies.tolist()))


def _curves_of(rows: list[MetricRow]) -> Curves:
    points = [point for row in rows if row["kind"] == "report" for point in row["losses"]]
    ends = [_numbers(row) for row in rows if row["kind"] == "epoch"]
    loss = np.array(points, np.float64).reshape(-1, 2)
    epochs = np.array(ends, np.float64).reshape(-1, len(COLUMNS))
    return Curves(loss[np.argsort(loss[:, 0], kind="stable")], epochs)


def _numbers(row: EpochRow) -> list[float]:
    values = (row.get(name) for name in COLUMNS)
    return [float(v) if isinstance(v, int | float) else np.nan for v in values]


def _stamp(run: Run) -> str:
    """Tells one state of the metrics from every other."""
    try:
        found = run.files.metrics.stat()
    except OSError:
        return "none"
    return f"{found.st_size}-{found.st_mtime_ns}"


def _keep(run: Run, stamp: str, found: Curves) -> None:
    if run.is_example:
        return
    from safetensors.numpy import save

    short = _brief_of(found)
    values = {"of": stamp, "loss": short.loss, "accuracies": short.accuracies}
    with contextlib.suppress(OSError):  # a full disk, or a run that is being deleted
        if found.loss.nbytes + found.epochs.nbytes <= MOST_KEPT_BYTES:
            arrays = {"loss": found.loss, "epochs": found.epochs}
            write_bytes(run.files.curves, save(arrays, {"of": stamp}))
        write_json(run.files.summary, values)


def _read_kept(run: Run, stamp: str) -> Curves | None:
    from safetensors import safe_open

    path: Path = run.files.curves
    try:
        if not path.is_file() or path.stat().st_size > MOST_KEPT_BYTES:
            return None
        with safe_open(path, "np") as file:
            if (file.metadata() or {}).get("of") != stamp:
                return None
            loss, epochs = file.get_tensor("loss"), file.get_tensor("epochs")
        shapes = loss.ndim == epochs.ndim == 2
        if not shapes or loss.shape[1] != 2 or epochs.shape[1] != len(COLUMNS):
            return None
        return Curves(loss.astype(np.float64), epochs.astype(np.float64))
    except Exception:  # damaged or foreign: whatever safetensors makes of it
        return None


_lock = threading.Lock()
_known: OrderedDict[Path, tuple[str, Curves]] = OrderedDict()
