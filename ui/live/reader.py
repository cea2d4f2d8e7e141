"""Reading a run that is being trained: what has changed in its folder since the last look."""

from __future__ import annotations

import time
from bisect import bisect_left
from dataclasses import dataclass, field
from pathlib import Path

from cnn import runs
from cnn.figures.curves import thin
from cnn.runs.first_kernels import at_the_start
from ui.live import payloads
from ui.live.payloads import Payload

ACCURACY_SECONDS = 1.0  # between two tellings of how the accuracy goes, at least
ALIVE_SECONDS = 1.0  # how often the worker itself is looked at: its death changes no file
MOST_POINTS = 2_000  # of a whole curve; a browser draws 400

Point = tuple[int, float]  # a step and its mean loss


@dataclass
class Story:
    """All that a run has told so far. `version` counts how often each part has changed."""

    state: str = ""
    parts: dict[str, Payload] = field(default_factory=dict)  # status, epochs, images, start, live
    version: dict[str, int] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    frames: dict[str, bytes] = field(default_factory=dict)  # the newest of each subject, as JSON
    told_anew: int = 0  # how often the points are no continuation of what was told before
    deleted: bool = False

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.deleted or self.state not in (*runs.ACTIVE, "")

    @property
    def place(self) -> str:
        """How far the curve goes, for a reconnect: the last step and its loss."""
        return _name(self.points[-1]) if self.points else ""

    def index_after(self, place: str) -> int | None:
        """The index of the first point after `place`; None where these are other points."""
        step, _, loss = place.partition("_")
        if not (step.isdecimal() and loss):
            return None
        index = bisect_left(self.points, int(step), key=lambda point: point[0])
        found = self.points[index] if index < len(self.points) else None
        return index + 1 if found and _name(found) == place else None

    def points_from(self, begin: int | None) -> Payload:
        """The points from `begin` on; None: the whole curve, thinned, in place of any other."""
        chosen = self.points[begin or 0 :]
        x, y = [point[0] for point in chosen], [point[1] for point in chosen]
        if begin is None:
            x, y = thin(x, y, MOST_POINTS)
        return {"whole": begin is None, "x": x, "y": [round(value, 5) for value in y]}

    def put(self, name: str, payload: Payload) -> None:
        """Take a part, counted where it says something new."""
        if self.parts.get(name) != payload:
            self.parts[name] = payload
            self.version[name] = self.version.get(name, 0) + 1


def _name(point: Point) -> str:
    return f"{point[0]}_{point[1]}"


class Reader:
    """Keeps a run's `story` up to date. `changed` is cheap; `read` takes milliseconds."""

    def __init__(self, run: runs.Run):
        self.run, self.story = run, Story()
        self._stamps: dict[Path, tuple[int, int]] = {}
        self._looked = -ALIVE_SECONDS
        self._told_accuracies = -ACCURACY_SECONDS
        self._config: runs.Config | None = None
        self._epochs: tuple[list[runs.EpochRow], int | None] | None = None

    def _stamp(self, path: Path) -> tuple[int, int]:
        try:
            found = path.stat()
        except OSError:
            return (0, 0)
        return (found.st_mtime_ns, found.st_size)

    def changed(self) -> bool:
        """Whether `read` has something to do."""
        if time.monotonic() - self._looked > ALIVE_SECONDS:
            return True
        return any(self._stamp(path) != seen for path, seen in self._stamps.items())

    def _is_new(self, path: Path) -> bool:
        """Whether a file has changed since this was last asked."""
        stamp = self._stamp(path)
        known = self._stamps.get(path)
        self._stamps[path] = stamp
        return stamp != known

    def read(self) -> None:
        """Look at the folder, and take into the story what is new."""
        files, story = self.run.files, self.story
        self._looked = time.monotonic()
        try:
            self._config = self._config or self.run.config
        except runs.RunError:
            self._config = None
        if self._config is None or not self.run.path.is_dir():
            story.deleted = True
            return
        if self._is_new(files.frames):
            self._read_frames()
        self._is_new(files.status)
        found = self.run.status()  # first: what it says of an end is written last
        has_metrics = self._is_new(files.metrics)
        rows = self.run.metrics()
        reports = [row for row in rows if row["kind"] == "report"]
        ends = [row for row in rows if row["kind"] == "epoch"]
        if has_metrics:
            self._read_points([row["losses"] for row in reports])
        self._read_epochs(ends, self._config, found.get("best_epoch"))
        if self._is_new(files.live):
            self._read_live(self._config)
        self._read_accuracies(reports, found["state"])
        last = story.points[-1][1] if story.points else None
        place = runs.place(self.run) if found["state"] == "queued" else None
        story.put("status", payloads.status(found, last, place))
        story.state = found["state"]

    def _read_points(self, reports: list[list[list[float]]]) -> None:
        """Add the new points; begin anew where they do not continue those that were told."""
        known = self.story.points[-1] if self.story.points else None
        new: list[Point] = []
        for losses in reversed(reports):
            if known is not None and losses and losses[-1][0] <= known[0]:
                if tuple(losses[-1]) != known:
                    break  # resumed from an earlier step, or merged to fewer points
                self.story.points.extend(reversed(new))
                return
            new.extend((int(step), loss) for step, loss in reversed(losses))
        self.story.points = [(int(step), loss) for losses in reports for step, loss in losses]
        self.story.told_anew += 1

    def _read_epochs(
        self, ends: list[runs.EpochRow], config: runs.Config, best: int | None
    ) -> None:
        if self._epochs != (ends, best):  # the best is written a moment after the epoch's row
            self._epochs = (ends, best)
            self.story.put("epochs", payloads.epochs(ends, best, config.settings.epochs))

    def _read_frames(self) -> None:
        """Take each line as it is: it begins with `{"key":"` and the key's 16 letters."""
        try:
            lines = self.run.files.frames.read_bytes().splitlines()
        except OSError:
            return
        for line in lines:
            key = line[8:24].decode(errors="replace")
            if self.story.frames.get(key) != line:
                self.story.frames[key] = line
                self.story.version[f"frame {key}"] = self.story.version.get(f"frame {key}", 0) + 1

    def _read_accuracies(self, reports: list[runs.ReportRow], state: runs.State) -> None:
        """The whole curve, once a second: a snapshot of the network may take longer."""
        now = time.monotonic()
        if state not in runs.ACTIVE or now - self._told_accuracies >= ACCURACY_SECONDS:
            self._told_accuracies = now
            self.story.put("accuracies", payloads.accuracies(reports))

    def _read_live(self, config: runs.Config) -> None:
        live = self.run.live()
        try:
            images, guesses = payloads.images(live), payloads.guesses(live, config.classes)
        except (ValueError, TypeError, IndexError):  # a damaged file: the next one may be whole
            return
        if images:
            self.story.put("images", {"images": images})
            self._read_start(live)
            self.story.put("live", guesses)
        if found := payloads.check(live, config.classes):
            self.story.put("check", found)

    def _read_start(self, live: runs.Live) -> None:
        """The filters that it began with: they never change."""
        if "start" not in self.story.parts:
            start = at_the_start(self.run.files, live.get("filters") or [])
            if start is not None and (found := payloads.filters(start)):
                self.story.put("start", found)


def snapshot(run: runs.Run) -> dict[str, Payload]:
    """Everything that `run` has told so far, for a page's first paint."""
    reader = Reader(run)
    reader.read()
    return {**reader.story.parts, "points": reader.story.points_from(None)}
