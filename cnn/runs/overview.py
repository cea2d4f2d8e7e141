"""All runs at a glance, as the table of runs shows them. Imports no torch.

A look at five hundred runs costs five file times each; what changed since the last look is read.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from cnn.datasets import DATASETS
from cnn.presets import PRESETS
from cnn.runs import curves
from cnn.runs.config import Config
from cnn.runs.notes import notes
from cnn.runs.records import State
from cnn.runs.run import ACTIVE, Run, RunError
from cnn.runs.store import survey

RUNS_KEPT = 5000
READING_SECONDS = 0.3  # what a look spends at most on metrics that nobody has read yet


@dataclass(frozen=True)
class Summary:
    """One run in the table. Accuracies in 0-1; what is not known (yet) is None."""

    run: Run
    name: str
    tags: tuple[str, ...]
    note: str
    archived: bool
    network: str  # the preset's name, or "custom"
    dataset: str
    device: str
    parameters: int
    seed: int
    group: str  # the same for runs that differ in nothing but the seed
    state: State
    created: float
    validation: float | None
    test: float | None
    seconds: float | None
    images_per_second: float | None
    brief: curves.Brief | None  # of its metrics; None: not read yet

    @property
    def is_active(self) -> bool:
        """Whether it trains or waits."""
        return self.state in ACTIVE


def overview(
    seconds: float = READING_SECONDS,
) -> tuple[list[Summary], list[tuple[Run, str]]]:
    """Every run, in the order of `survey`, and those that cannot be read, with the reason.

    Metrics that nobody has read yet are read for so many seconds only; the others' briefs are None
    until a later look.
    """
    found, broken = [], []
    until = time.monotonic() + seconds
    for run, problem in survey():
        if problem is None:
            try:
                found.append(summary(run, until))
                continue
            except RunError as error:  # deleted meanwhile
                problem = str(error)
                if not run.path.is_dir():
                    continue
        broken.append((run, problem))
    return found, broken


def summary(run: Run, until: float | None = None) -> Summary:
    """One run as the table shows it; until that monotonic time its metrics are read if need be
    (None: in any case). Raises RunError."""
    stamp = _stamp(run)
    with _lock:
        known = _known.get(run.path)
    # An active run may lose its worker without a file changing: its state is asked anew.
    if known and known[0] == stamp and known[1].brief and not known[1].is_active:
        return known[1]
    made = _read(run, until)
    with _lock:
        _known[run.path] = (stamp, made)
        while len(_known) > RUNS_KEPT:
            _known.popitem(last=False)
    return made


def _read(run: Run, until: float | None) -> Summary:
    config, status, written = run.config, run.status(), notes(run)
    brief = curves.kept_brief(run)
    if brief is None and (until is None or time.monotonic() < until):
        brief = curves.brief(run)
    trained = status.get("train_seconds")
    images = status.get("images_seen")
    return Summary(
        run=run,
        name=run.name,
        tags=tuple(written.get("tags", [])),
        note=written.get("note", ""),
        archived=written.get("archived", False),
        network=_network(config),
        dataset=DATASETS[config.dataset].label,
        device=str(status.get("device") or config.device),
        parameters=config.architecture.parameters,
        seed=config.settings.seed,
        group=group_of(config),
        state=status["state"],
        created=config.created,
        validation=status.get("best_validation"),
        test=status.get("test_accuracy"),
        seconds=trained,
        images_per_second=images / trained if images and trained else None,
        brief=brief,
    )


def _network(config: Config) -> str:
    preset = PRESETS.get(config.preset or "")
    if preset is None:
        return "custom"
    same = preset.architecture == config.architecture
    return preset.label if same else f"{preset.label}, changed"


def group_of(config: Config) -> str:
    """The same text for two runs that differ in nothing but the seed: network, data and every other
    setting are equal, and so is where their weights come from."""
    settings = config.settings.model_dump(mode="json", exclude={"seed"})
    start = [config.start_from, config.origin, config.first_filter]
    what = [config.architecture.model_dump(mode="json"), config.dataset, settings, start]
    text = json.dumps(what, sort_keys=True).encode()
    return hashlib.sha256(text).hexdigest()[:16]


def _stamp(run: Run) -> tuple[int, ...]:
    """Tells one state of a run's files from every other."""
    files, times = run.files, []
    for path in (files.config, files.name, files.status, files.notes, files.metrics):
        try:
            found = path.stat()
            times += [found.st_mtime_ns, found.st_ino]
        except OSError:
            times += [0, 0]
    return tuple(times)


_lock = threading.Lock()
_known: OrderedDict[Path, tuple[tuple[int, ...], Summary]] = OrderedDict()
