"""One run: its config, and reading and writing the files in its folder. Imports no torch."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from cnn.common import workspaces
from cnn.common.files import is_whole_safetensors, read_json, write_json
from cnn.common.text import excerpt
from cnn.datasets import Preprocessing
from cnn.runs import metrics
from cnn.runs.config import Config, RunError, read_config, require_not_read_only
from cnn.runs.files import EarlyStep, RunFiles, When
from cnn.runs.folders import changing_runs, examples_dir
from cnn.runs.locks import MOMENT, Lock, is_held
from cnn.runs.records import (
    ControlFile,
    Live,
    MetricRow,
    State,
    Status,
    read_control,
    read_live,
    read_status,
)

ACTIVE: frozenset[str] = frozenset({"queued", "running", "paused"})
ENDED_EARLY: frozenset[str] = frozenset({"stopped", "failed", "interrupted"})
MOST_LOG = 100_000  # bytes
MOST_NAME = 200  # characters
FOLDERS_KEPT = 2000


@functools.lru_cache(maxsize=FOLDERS_KEPT)
def _files_of(folder: Path) -> RunFiles:
    """A page makes the object of every run anew, and each has thirty paths."""
    return RunFiles(folder)


@functools.lru_cache(maxsize=FOLDERS_KEPT)
def _resolved(folder: Path) -> Path:
    return folder.resolve()


@dataclass(frozen=True)
class Run:
    """One run's folder. Everything read from it may be missing or cut short: none of the readers
    raises for that, except `config`, without which a folder is no run."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @cached_property
    def is_example(self) -> bool:
        """Whether it came with the app: nothing is ever written into its folder."""
        return _resolved(self.path.parent.absolute()) == _resolved(examples_dir().absolute())

    @property
    def workspace(self) -> str | None:
        """Whose it is (see `cnn.common.workspaces`); None on one's own machine."""
        return workspaces.of(self.path)

    @property
    def is_own(self) -> bool:
        """Whether it is of the workspace meant here: else it is only looked at, an example, or one
        of the class's."""
        return not self.is_example and self.workspace == workspaces.current()

    @property
    def kind(self) -> Literal["example", "class"] | None:
        """What stands in the place of its state where it is only looked at; None for one's own."""
        if self.is_example:
            return "example"
        return None if self.is_own else "class"

    @property
    def was_trained_here(self) -> bool:
        """Whether a worker of this server trained it, from weights of its own: the figures of one
        that came in a zip file may be anybody's, and a copy starts from another's weights."""
        if not self.files.process.is_file():
            return False
        return not (self.config.start_from or self.config.origin)

    def require_own(self) -> None:
        """Raise RunError for a run that is only looked at: nobody here changes, trains or deletes
        it. So is every run of a server that only shows."""
        require_not_read_only()
        if self.is_example:
            raise RunError(
                f"'{self.name}' is an example that comes with the app: it stays as it is. Train a "
                "run of your own, or fine-tune or operate on it: both make a copy."
            )
        if not self.is_own:
            raise RunError(
                f"'{self.name}' belongs to the class: it stays as it is. Train a run of your own, "
                "or fine-tune or operate on it: both make a copy."
            )

    @cached_property
    def files(self) -> RunFiles:
        """The paths of its files."""
        return _files_of(self.path)

    @property
    def config(self) -> Config:
        """What is trained. Raises RunError for a damaged or foreign folder."""
        try:
            found = self.files.config.stat()
            return read_config(self.files.config, found.st_mtime_ns, found.st_size, found.st_ino)
        except FileNotFoundError:
            raise RunError(
                f"'{self.id}' holds no config.json: it is not a run of this app."
            ) from None
        except OSError as error:
            raise RunError(f"'{self.id}' cannot be read: {error.strerror}.") from None

    @property
    def preprocessing(self) -> Preprocessing:
        """The normalisation of this run's images."""
        return Preprocessing(self.config.mean, self.config.std)

    @property
    def name(self) -> str:
        """What people call it."""
        name = (read_json(self.files.name) or {}).get("name")
        return excerpt(name, MOST_NAME).strip() or self.id if isinstance(name, str) else self.id

    def rename(self, name: str) -> None:
        """Give it another name (the folder keeps its own). Raises RunError for an empty one."""
        name = " ".join(name.split())[:80]
        if not name:
            raise RunError(
                f"A run needs a name of at least one letter: '{self.name}' keeps the one it has."
            )
        with self.changing():
            write_json(self.files.name, {"name": name})

    @contextlib.contextmanager
    def changing(self) -> Iterator[None]:
        """Change what a person asked for, with nobody else between reading and writing. Raises
        RunError for an example, and where the disk does not take it."""
        self.require_own()
        try:
            with changing_runs():
                yield
        except OSError as error:
            raise RunError(
                f"'{self.id}' could not be changed in {self.path.parent}: {error.strerror}."
            ) from error

    def status(self) -> Status:
        """The last status written; its `state` is `interrupted` where the worker died meanwhile."""
        status = self.last_status()
        if status["state"] in ACTIVE and not self.is_alive():
            status = self.last_status()  # it may have ended between the two looks
            if status["state"] in ACTIVE:
                status["state"] = "interrupted"
        return status

    def last_status(self) -> Status:
        """The last status written, whether its worker lives or not."""
        status = read_status(read_json(self.files.status))
        status.setdefault("state", "interrupted")
        return status

    @property
    def state(self) -> State:
        """The state alone, as `status` gives it."""
        return self.status()["state"]

    def is_alive(self) -> bool:
        """Whether a process trains this run or waits for its turn: it holds the run's lock."""
        return is_held(self.files.lock)

    def write_process(self, pid: int) -> None:
        """Note which process works on this run, for people: nothing depends on it."""
        write_json(self.files.process, {"pid": pid})

    def write_status(self, **status: object) -> None:
        """Replace the status by these entries of `Status`; `heartbeat` is added."""
        write_json(self.files.status, {**status, "heartbeat": time.time()})

    def control(self) -> ControlFile:
        """What the user asked of the worker."""
        return read_control(read_json(self.files.control))

    def send(self, **changes: object) -> None:
        """Ask the worker for some of `ControlFile`, the rest as it was. Raises RunError."""
        with self.changing():
            write_json(self.files.control, {**self.control(), **changes})

    def append_metric(self, **row: object) -> None:
        """Add a line to the metrics, on a line of its own even where the last one was cut."""
        line = json.dumps(row, separators=(",", ":")).encode() + b"\n"
        with self.files.metrics.open("ab+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    line = b"\n" + line
            file.write(line)

    def metrics(self) -> list[MetricRow]:
        """All metrics, oldest first, as `metrics.read` gives them: cheap to ask every second."""
        return metrics.read(self.files.metrics)

    def live(self) -> Live:
        """The newest guesses and filters; nothing where they are not this network's."""
        try:
            return read_live(read_json(self.files.live), len(self.config.classes))
        except RunError:
            return {}

    def checkpoints(self) -> list[int]:
        """The epochs whose weights are kept, ascending; 0 are the initial ones. Not every epoch is
        (see `cnn.runs.checkpoints`), and while it trains one may go between two looks."""
        return self.files.checkpoint_epochs()

    def early_steps(self) -> list[EarlyStep]:
        """The steps of the first epoch whose weights are kept, ascending; none of an older run."""
        return self.files.early_steps()

    @property
    def has_weights(self) -> bool:
        """Whether there are weights of any epoch: there are none before its worker has begun."""
        return self.files.weights.is_file() or bool(self.checkpoints())

    def weights_path(self, when: When | None = None) -> Path:
        """The file of the weights after an epoch or an early step; None: the newest there are.
        Raises RunError if none."""
        if when is not None:
            path = self.files.checkpoint(when)
            if not path.is_file() and (epochs := self.checkpoints()):
                kept = ", ".join(map(str, epochs))
                wanted = when if isinstance(when, EarlyStep) else f"epoch {when}"
                raise RunError(
                    f"'{self.name}' has not kept the weights after {wanted}. It has those "
                    f"after {kept}."
                )
        else:
            path = self.files.weights
            if not path.is_file() and (epochs := self.checkpoints()):
                path = self.files.checkpoint(epochs[-1])
        if not path.is_file():
            raise RunError(f"'{self.name}' has no weights yet: it has not started to learn.")
        return path

    def log(self, lines: int = 60) -> str:
        """The end of the worker's output."""
        try:
            with self.files.log.open("rb") as file:
                end = file.seek(0, os.SEEK_END)
                file.seek(max(0, end - MOST_LOG))
                text = file.read(MOST_LOG).decode(errors="replace")
        except OSError:
            return ""
        return "\n".join(excerpt(line, 1000) for line in text.splitlines()[-lines:])

    def can_resume(self) -> bool:
        """Whether there is something left to train and a state to go on from."""
        return self.state in ENDED_EARLY and self.has_resume_state()

    def can_start_again(self) -> bool:
        """Whether there is something left to train, and nothing to go on from: only the start."""
        return self.state in ENDED_EARLY and not self.has_resume_state()

    def has_resume_state(self) -> bool:
        """Whether a state to go on from is kept, and whole."""
        numbers = read_json(self.files.resume) or {}
        return is_whole_safetensors(self.path / Path(str(numbers.get("file", "?"))).name)

    def discard(self) -> None:
        """Remove the folder, once its worker has stopped, which it does without scoring. Raises
        RunError."""
        with self.changing():
            if self.is_alive():
                asked = {**self.control(), "stop": True, "discard": True}
                write_json(self.files.control, asked)
                return
        self.delete()

    def require_is_run(self) -> None:
        """Raise RunError for a folder that holds none of a run's files: it may be anything, such as
        another server's whole folder of runs, and is not deleted from here."""
        if self.path.is_dir() and not self.files.any_is_there:
            raise RunError(f"'{self.id}' holds no file of a run: it is not deleted from here.")

    def require_ended(self) -> None:
        """Raise RunError while a worker uses it. Call it while changing runs: nobody starts it
        until that ends."""
        if self.state in ACTIVE:
            raise RunError(f"'{self.name}' is still training. Stop it first.")
        if self.path.is_dir():
            lock = Lock.take(self.files.lock, MOMENT)
            if lock is None:
                raise RunError(f"'{self.name}' is still ending. Try again in a few seconds.")
            lock.release()

    def delete(self) -> None:
        """Remove the folder. Raises RunError while a worker uses it, and where it is no run's."""
        with self.changing():
            self.require_is_run()
            self.require_ended()
            for left in self.path.parent.glob(".deleted-*"):  # by a server that died meanwhile
                shutil.rmtree(left, ignore_errors=True)
            # Out of sight first, whole: else whoever looks for its lock meanwhile makes it anew.
            hidden = self.path.with_name(f".deleted-{self.id}")
            try:
                self.path.rename(hidden)
                _remove(hidden)
            except OSError as error:
                if (hidden / self.files.config.name).is_file():
                    with contextlib.suppress(OSError):
                        hidden.rename(self.path)  # it can be seen, and deleted again
                raise RunError(
                    f"'{self.name}' could not be deleted: {error.strerror} ({error.filename})."
                ) from error


def _remove(folder: Path) -> None:
    """Remove a folder into which somebody may be writing a last file. Raises OSError."""
    for last in (False, False, True):
        try:
            shutil.rmtree(folder)
            return
        except OSError:
            if last:
                raise
