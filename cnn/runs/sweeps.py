"""A sweep: the same training with other settings, again and again, and what came of each.

Its record lies in the runs' folder, so that it survives the app; its runs are runs like any other.
What it goes by is validation accuracy: the test set chooses nothing. Imports no torch.
"""

from __future__ import annotations

import math
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from cnn.common import workspaces
from cnn.common.checked import Checked
from cnn.common.files import parse_json, read_bytes, read_json, write_json
from cnn.common.paths import PROJECT
from cnn.common.text import excerpt, plural
from cnn.runs import checkpoints, limits
from cnn.runs.config import Config
from cnn.runs.folders import environment, runs_dir, runs_place
from cnn.runs.locks import MOMENT, is_held
from cnn.runs.run import RunError
from cnn.runs.store import ID_PATTERN, open_run
from cnn.runs.sweep_parameters import Parameter, Value, grid, require_valid
from cnn.training import Settings

MOST_TRIALS, MOST_PARAMETERS = 200, 6
MOST_RECORD = 2_000_000  # bytes


SweepState = Literal["running", "finished", "stopped", "failed", "interrupted"]


class SweepConfig(Checked):
    """What a sweep varies, of which training, and how: every combination (`grid`), or so many
    trials (`budget`) that Optuna's TPE chooses, of which the hopeless are stopped early."""

    version: Literal[1] = 1
    name: str = Field(max_length=200)
    base: Config
    method: Literal["grid", "tpe"]
    parameters: tuple[Parameter, ...] = Field(min_length=1, max_length=MOST_PARAMETERS)
    budget: int = Field(ge=1, le=MOST_TRIALS)
    created: float = Field(default_factory=time.time, ge=0, le=1e11)


class Trial(TypedDict):
    """One try: its run, its settings, and whether it was stopped for falling behind."""

    run: str
    values: dict[str, Value]
    pruned: bool


_trials = TypeAdapter(list[Trial])


class Result(NamedTuple):
    """A trial and what its run has reached: best validation accuracy in 0-1 or None, and its state
    (`deleted` where the run is gone)."""

    trial: Trial
    validation: float | None
    state: str


@dataclass(frozen=True)
class Sweep:
    """A sweep's folder."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def lock(self) -> Path:
        """Held by the process that works on it."""
        return self.path / "worker.lock"

    @property
    def log(self) -> Path:
        """What that process says."""
        return self.path / "log.txt"

    @property
    def config(self) -> SweepConfig:
        """What it varies. Raises RunError for a damaged or foreign folder."""
        try:
            content = read_bytes(self.path / "sweep.json", MOST_RECORD)
            config = SweepConfig.model_validate(parse_json(content))
            for parameter in config.parameters:
                require_valid(parameter, config.base.settings)
            return config
        except (OSError, ValueError, RunError) as error:
            raise RunError(
                f"The sweep '{self.id}' cannot be read ({excerpt(error, 200)})."
            ) from None

    def trials(self) -> list[Trial]:
        """Its tries so far, in the order in which they began."""
        found = (read_json(self.path / "trials.json") or {}).get("trials")
        try:
            trials = _trials.validate_python(found)
        except ValidationError:
            return []
        return [
            trial
            for trial in trials
            if ID_PATTERN.fullmatch(trial["run"])
            and trial["values"].keys() <= Settings.model_fields.keys()
        ]

    def write_trials(self, trials: Sequence[Trial]) -> None:
        """Replace the tries."""
        write_json(self.path / "trials.json", {"trials": list(trials)})

    def results(self) -> list[Result]:
        """Its tries with what their runs have reached."""
        return [_result(trial) for trial in self.trials()]

    def best(self) -> Result | None:
        """The trial of the highest validation accuracy; None before any has one."""
        known = [result for result in self.results() if result.validation is not None]
        return max(known, key=lambda r: r.validation or 0.0, default=None)

    def status(self) -> dict[str, object]:
        """`state`, `message`, and the settings' `importance` (by name, 0-1) once it is known."""
        status = read_json(self.path / "status.json") or {}
        state = status.get("state")
        if state not in ("running", "finished", "stopped", "failed"):
            state = "interrupted"
        if state == "running" and not is_held(self.lock):
            state = "interrupted"
        return {**status, "state": state}

    @property
    def state(self) -> str:
        """One of `SweepState`."""
        return str(self.status()["state"])

    def importance(self) -> dict[str, float]:
        """How much each setting matters, by name, summing to 1; empty where it is not known."""
        found = self.status().get("importance")
        if not isinstance(found, dict):
            return {}
        return {
            str(name): float(share)
            for name, share in found.items()
            if name in Settings.model_fields and isinstance(share, int | float) and 0 <= share <= 1
        }

    def stop_asked(self) -> bool:
        """Whether somebody asked it to stop."""
        return bool((read_json(self.path / "control.json") or {}).get("stop"))

    def ask_to_stop(self) -> None:
        """Ask it to stop, and the run that it trains now too. Raises RunError."""
        limits.require_may_change()
        try:
            write_json(self.path / "control.json", {"stop": True})
        except OSError as error:
            raise RunError(f"The sweep could not be stopped: {error.strerror}.") from error

    def forget_stop(self) -> None:
        """Let it go on that was stopped. Raises RunError where it is at work, and OSError."""
        if is_held(self.lock):
            raise RunError("This sweep is at work already.")
        (self.path / "control.json").unlink(missing_ok=True)


def _result(trial: Trial) -> Result:
    try:
        status = open_run(trial["run"]).status()
    except RunError:
        return Result(trial, None, "deleted")
    return Result(trial, status.get("best_validation"), status["state"])


def sweeps_dir() -> Path:
    """The folder of all sweeps."""
    return runs_dir() / ".sweeps"


def list_sweeps() -> list[Sweep]:
    """Every sweep that can be read, the newest first."""
    found = []
    for path in sweeps_dir().glob("*"):
        if path.is_dir() and not path.is_symlink() and ID_PATTERN.fullmatch(path.name):
            try:
                found.append((Sweep(path).config.created, Sweep(path)))
            except RunError:
                continue
    return [sweep for _, sweep in sorted(found, key=lambda f: f[0], reverse=True)]


def open_sweep(sweep_id: str) -> Sweep:
    """The sweep of that id. Raises RunError."""
    path = sweeps_dir() / sweep_id
    if not ID_PATTERN.fullmatch(sweep_id) or path.is_symlink() or not path.is_dir():
        raise RunError(f"There is no sweep '{excerpt(sweep_id)}' in {runs_place()}.")
    return Sweep(path)


def new_sweep(
    base: Config,
    parameters: Sequence[Parameter],
    budget: int | None = None,
    name: str = "",
) -> Sweep:
    """Make a sweep's record: every combination of values, or a search within a `budget` of trials.
    Raises RunError, saying why, for one that cannot be run."""
    for parameter in parameters:
        require_valid(parameter, base.settings)
    limits.require_may_change()
    names = [parameter.name for parameter in parameters]
    if len(set(names)) < len(names):
        raise RunError("A setting can vary in one way only: it is named twice.")
    if not base.validation_images:
        raise RunError(
            "A sweep chooses by validation accuracy, and no validation images are held out: set "
            "validation_images above 0."
        )
    trials = budget
    if trials is None:
        if any(not parameter.values for parameter in parameters):
            raise RunError("Every combination needs values, not a range: 0.01, 0.02, 0.05.")
        count = math.prod(len(parameter.values) for parameter in parameters)
        if count > MOST_TRIALS:
            raise RunError(f"{count:,} combinations are too many: {MOST_TRIALS} at most.")
        trials = count
    for values in grid(parameters) if budget is None else _ends(parameters):
        trained = base.changed(settings=base.settings.changed(**values))
        limits.require_allowed(trained, limits.limits(workspaces.current()))
    limits.require_room(checkpoints.disk_needed(base.architecture, base.settings), trials)
    try:
        config = SweepConfig(
            name=name or f"Sweep of {', '.join(p.title.lower() for p in parameters)}",
            base=base,
            method="grid" if budget is None else "tpe",
            parameters=tuple(parameters),
            budget=trials,
        )
    except ValidationError:
        raise RunError(
            f"A sweep takes 1 to {MOST_TRIALS} trials and 1 to {MOST_PARAMETERS} settings."
        ) from None
    sweep = Sweep(sweeps_dir() / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}")
    try:
        sweep.path.mkdir(parents=True)
        write_json(sweep.path / "sweep.json", config.model_dump(mode="json"))
    except OSError as error:
        raise RunError(f"The sweep could not be written: {error.strerror}.") from error
    return sweep


def _ends(parameters: Sequence[Parameter]) -> list[dict[str, Value]]:
    """Both ends of each parameter's range, or each of its values, alone."""
    return [
        {one.name: int(value) if one.is_whole and isinstance(value, float) else value}
        for one in parameters
        for value in one.values or (one.low, one.high)
    ]


def launch_sweep(sweep: Sweep) -> None:
    """Start the process that works on it, or goes on where another was killed. Raises RunError."""
    limits.require_may_change()
    if is_held(sweep.lock):
        raise RunError("This sweep is at work already.")
    most = limits.limits(workspaces.current()).sweeps
    if most is not None and sum(one.state == "running" for one in list_sweeps()) >= most:
        raise RunError(
            f"{plural(most, 'sweep')} may be at work in a workspace: wait for the end, or stop it."
        )
    try:
        sweep.forget_stop()
        with sweep.log.open("ab") as log:
            subprocess.Popen(
                [sys.executable, "-m", "cnn", "sweep-worker", sweep.id],
                cwd=PROJECT,
                env=environment(workspaces.current()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise RunError(f"The sweep could not be started: {error.strerror}.") from error
    until = time.monotonic() + 100 * MOMENT
    while not is_held(sweep.lock) and sweep.state == "interrupted" and time.monotonic() < until:
        time.sleep(0.05)


def settings_of(config: SweepConfig, values: Mapping[str, Value]) -> Settings:
    """The settings of a trial. Raises SettingsError."""
    return config.base.settings.changed(**values)
