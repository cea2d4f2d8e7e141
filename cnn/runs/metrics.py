"""Reading a metrics file that grows while pages poll it: each line is parsed once.

A page asks every second, for hours. Rows are kept, only new lines are read, and old reports are
merged in pairs, so that neither the time nor the memory of a poll grows with the run.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cnn.runs.records import MetricRow, read_row

MAX_REPORTS = 2_000  # beyond it neighbours are merged: 16 minutes at full detail
FILES_KEPT = 32
TAIL = 64  # bytes before the place reached, by which a file is recognised
CHUNK = 4_000_000  # bytes at a time; a line that is longer is none of ours


def read(path: Path) -> list[MetricRow]:
    """The rows of a metrics file, oldest first; a cut or foreign line is skipped.

    A resumed run goes over steps it had already reported: of those only the newer remain. Of more
    than `MAX_REPORTS` reports, neighbours are merged: mean losses, the later one's other values.
    The rows are shared by all callers: do not change them.
    """
    with _lock:  # for the moment only: a long file keeps nobody from reading another
        reader = _readers.pop(path, None) or _Reader(path)
        _readers[path] = reader
        while len(_readers) > FILES_KEPT:
            _readers.popitem(last=False)
    return reader.read()


def read_whole(path: Path) -> list[MetricRow]:
    """The rows of a metrics file, none of them merged: for who keeps what was made of them."""
    return _Reader(path, most_reports=None).read()


_Row = tuple[MetricRow, int]  # and of how many reports it was merged


class _Reader:
    """One file and how far it was read."""

    def __init__(self, path: Path, most_reports: int | None = MAX_REPORTS):
        self.path, self.lock, self.most = path, threading.Lock(), most_reports
        self._start_over()

    def _start_over(self) -> None:
        self.rows: list[_Row] = []
        self.reports, self.finest = 0, 1
        self.offset, self.tail = 0, b""

    def read(self) -> list[MetricRow]:
        with self.lock:
            try:
                with self.path.open("rb") as file:
                    file.seek(self.offset - len(self.tail))
                    if file.read(len(self.tail)) != self.tail:  # another file by now
                        self._start_over()
                        file.seek(0)
                    for line in self._new_lines(file):
                        self._add(line)
            except OSError:
                self._start_over()
            return [row for row, _ in self.rows]

    def _new_lines(self, file: BinaryIO) -> Iterator[bytes]:
        """The whole lines from here on; one without an end is not written yet."""
        begun = b""
        while chunk := file.read(CHUNK):
            whole, newline, rest = (begun + chunk).rpartition(b"\n")
            if newline:
                yield from whole.split(b"\n")
                self.offset = file.tell() - len(rest)
                self.tail = (self.tail + whole + newline)[-TAIL:]
            begun = rest if len(rest) <= CHUNK else b"?"  # skip the rest of a line without end

    def _add(self, line: bytes) -> None:
        row = read_row(line)
        if row is None:
            return
        if row["kind"] == "resume":
            self._forget(row["step"], row["epoch"])
            return
        self._forget(row["step"])
        self.rows.append((row, 1))
        self.reports += row["kind"] == "report"
        if self.most is not None and self.reports > self.most:
            self._thin_out(self.most)

    def _forget(self, step: float, epoch: float | None = None) -> None:
        """Drop what lies after `step`, and the ends of epochs after `epoch`."""
        while self.rows:
            last, _ = self.rows[-1]
            undone = epoch is not None and last["kind"] == "epoch" and last["epoch"] > epoch
            if last["step"] <= step and not undone:
                return
            self.rows.pop()
            self.reports -= last["kind"] == "report"

    def _thin_out(self, most: int) -> None:
        """Merge neighbours, the finest reports first: the whole run is shown as finely as its
        newest part."""
        while self.reports > most // 2:
            rows: list[_Row] = []
            partner: int | None = None  # the place of a finest report that has none yet
            for row, merged in self.rows:
                if row["kind"] == "report" and merged <= self.finest:
                    if partner is None:
                        partner = len(rows)
                    else:
                        first, before = rows.pop(partner)
                        assert first["kind"] == "report"
                        losses = _pairs([*first["losses"], *row["losses"]])
                        row, merged, partner = {**row, "losses": losses}, before + merged, None
                        self.reports -= 1
                elif row["kind"] == "report":
                    partner = None  # neighbours only
                rows.append((row, merged))
            self.rows = rows
            if self.reports > most // 2:
                self.finest *= 2


def _pairs(points: list[list[float]]) -> list[list[float]]:
    """Neighbouring `[step, loss]` points as one each: the later step, the mean loss."""
    halves = [[b[0], (a[1] + b[1]) / 2] for a, b in zip(points[::2], points[1::2], strict=False)]
    return halves + points[len(halves) * 2 :]


_lock = threading.Lock()
_readers: OrderedDict[Path, _Reader] = OrderedDict()
