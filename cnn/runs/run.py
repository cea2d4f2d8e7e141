"""One run: its config, and reading and writing the files in its folder. Imports no torch."""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

import psutil
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cnn.common.files import read_json, write_json
from cnn.common.paths import PROJECT
from cnn.datasets import DATASETS, Preprocessing, data_dir
from cnn.network import Architecture
from cnn.runs import metrics
from cnn.runs.files import RunFiles
from cnn.runs.records import ControlFile, Live, MetricRow, State, Status
from cnn.training import Settings

ACTIVE: frozenset[str] = frozenset({"queued", "running", "paused"})
STARTUP_SECONDS = 30.0


class RunError(RuntimeError):
    """A run that is missing, damaged or foreign; the message says which and what to do."""


class Config(BaseModel):
    """What a run trains, on what and how. Written once, when the run is made."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    version: Literal[1] = 1
    architecture: Architecture
    dataset: str
    settings: Settings
    device: str = "auto"
    preset: str | None = None
    start_from: str | None = None  # the run whose weights this one starts from (see `finetune`)
    mean: float = Field(allow_inf_nan=False)
    std: float = Field(gt=0, allow_inf_nan=False)
    classes: tuple[str, ...]
    created: float = Field(default_factory=time.time)
    versions: dict[str, str] = {}
    origin: str | None = None  # where its weights came from, if it was not trained itself

    @property
    def validation_images(self) -> int:
        """How many training images are held out."""
        return self.settings.held_out(DATASETS[self.dataset])


def runs_dir() -> Path:
    """The folder of all runs: `CNN_RUNS_DIR`, or `runs` beside the app."""
    return Path(os.environ.get("CNN_RUNS_DIR") or PROJECT / "runs")


def devices_dir() -> Path:
    """The folder of what is known of devices: who trains on each, and measured speeds."""
    return runs_dir() / ".devices"


def environment() -> dict[str, str]:
    """This process's environment for one that it starts in another folder."""
    folders = {"CNN_RUNS_DIR": runs_dir(), "CNN_DATA_DIR": data_dir()}
    return {**os.environ, **{name: str(folder.resolve()) for name, folder in folders.items()}}


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
    def files(self) -> RunFiles:
        """The paths of its files."""
        return RunFiles(self.path)

    @property
    def config(self) -> Config:
        """What is trained. Raises RunError for a damaged or foreign folder."""
        try:
            config = Config.model_validate_json(self.files.config.read_bytes())
        except FileNotFoundError:
            raise RunError(
                f"'{self.id}' holds no config.json: it is not a run of this app."
            ) from None
        except OSError as error:
            raise RunError(f"'{self.id}' cannot be read: {error.strerror}.") from None
        except ValidationError as error:
            place = ".".join(map(str, error.errors(include_url=False)[0]["loc"])) or "JSON"
            raise RunError(
                f"'{self.id}' has a damaged config.json (at {place}). Delete the run, or put the "
                "file back."
            ) from None
        if config.dataset not in DATASETS:
            raise RunError(f"'{self.id}' was trained on '{config.dataset}', unknown here.")
        if problem := config.architecture.problem() or misfit(config.architecture, config.classes):
            raise RunError(f"'{self.id}' holds a network that cannot work: {problem}")
        return config

    @property
    def preprocessing(self) -> Preprocessing:
        """The normalisation of this run's images."""
        return Preprocessing(self.config.mean, self.config.std)

    @property
    def name(self) -> str:
        """What people call it."""
        return str((read_json(self.files.name) or {}).get("name") or self.id)

    def rename(self, name: str) -> None:
        """Give it another name (the folder keeps its own). Raises RunError for an empty one."""
        name = " ".join(name.split())[:80]
        if not name:
            raise RunError("A run needs a name of at least one letter.")
        self._write(self.files.name, {"name": name})

    def _write(self, file: Path, value: object) -> None:
        """Write what a person asked for. Raises RunError where the disk does not take it."""
        try:
            write_json(file, value)
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
        status = read_json(self.files.status) or {}
        if "remedy" in status:  # what runs of older versions call it
            status["suggested_settings"] = status.pop("remedy")
        if status.get("state") not in (*ACTIVE, "finished", "stopped", "failed"):
            status["state"] = "interrupted"
        return cast(Status, status)

    @property
    def state(self) -> State:
        """The state alone, as `status` gives it."""
        return self.status()["state"]

    def is_alive(self) -> bool:
        """Whether this run's worker process lives: same pid and same start time."""
        process = read_json(self.files.process)
        if not process:  # between the launch and the launcher's note of it
            return _is_fresh(self.files.status, STARTUP_SECONDS)
        try:
            found = psutil.Process(int(process["pid"]))
            return (
                abs(found.create_time() - float(process["started"])) < 1.0
                and found.status() != psutil.STATUS_ZOMBIE
            )
        except (psutil.Error, KeyError, TypeError, ValueError, OverflowError):
            return False

    def write_process(self, pid: int) -> None:
        """Note which process works on this run."""
        started = psutil.Process(pid).create_time()
        write_json(self.files.process, {"pid": pid, "started": started})

    def write_status(self, **status: object) -> None:
        """Replace the status by these entries of `Status`; `heartbeat` is added."""
        write_json(self.files.status, {**status, "heartbeat": time.time()})

    def control(self) -> ControlFile:
        """What the user asked of the worker."""
        return cast(ControlFile, read_json(self.files.control) or {})

    def send(self, **changes: object) -> None:
        """Ask the worker for some of `ControlFile`, the rest as it was. Raises RunError."""
        self._write(self.files.control, {**self.control(), **changes})

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
        """The newest guesses and filters."""
        return cast(Live, read_json(self.files.live) or {})

    def checkpoints(self) -> list[int]:
        """The epochs whose weights are kept, ascending; 0 are the initial ones."""
        return self.files.checkpoint_epochs()

    def weights_path(self, epoch: int | None = None) -> Path:
        """The file of an epoch's weights; None: the newest there are. Raises RunError if none."""
        if epoch is not None:
            path = self.files.checkpoint(epoch)
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
            text = self.files.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def can_resume(self) -> bool:
        """Whether there is something left to train and a state to go on from."""
        ended_early = self.state in ("stopped", "interrupted", "failed")
        return ended_early and self.files.resume.is_file()

    def delete(self) -> None:
        """Remove the folder. Raises RunError while a worker uses it."""
        if self.state in ACTIVE:
            raise RunError(f"'{self.name}' is still training. Stop it first.")
        try:
            shutil.rmtree(self.path)
        except OSError as error:
            raise RunError(
                f"'{self.name}' could not be deleted: {error.strerror} ({error.filename})."
            ) from error


def _is_fresh(file: Path, seconds: float) -> bool:
    """Whether a file was written or touched in the last `seconds`."""
    try:
        return time.time() - file.stat().st_mtime < seconds
    except OSError:
        return False


def misfit(architecture: Architecture, classes: tuple[str, ...]) -> str | None:
    """What is wrong where the network's outputs are not one for each class."""
    if architecture.head.classes == len(classes):
        return None
    return f"The network has {architecture.head.classes} outputs for {len(classes)} classes."
