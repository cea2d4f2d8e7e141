"""All runs: making one, finding them, starting their workers. Imports no torch.

What a single run's folder holds is `cnn.run`'s to know.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cnn.common.files import read_json, write_json
from cnn.common.paths import PROJECT
from cnn.datasets import DATASETS, data_dir, preprocessing_for
from cnn.network import Architecture
from cnn.presets import PRESETS
from cnn.runs.run import ACTIVE, Config, Run, RunError, State, misfit, runs_dir
from cnn.training import Settings
from cnn.training.devices import processes

__all__ = [
    "ACTIVE", "Config", "Run", "RunError", "State", "create", "device_holder", "device_lock",
    "launch", "list_runs", "new", "open_run", "retry", "runs_dir", "survey", "worker_command",
]  # fmt: skip

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def create(config: Config, name: str = "") -> Run:
    """Make a new run's folder, in the state `queued`. Raises RunError where it cannot be made."""
    label = re.sub(r"[^A-Za-z0-9]+", "-", name or config.preset or "custom").strip("-").lower()
    run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{label[:30] or 'run'}-{secrets.token_hex(2)}"
    run = Run(runs_dir() / run_id)
    try:
        (run.path / "checkpoints").mkdir(parents=True)
        write_json(run.path / "config.json", config.model_dump(mode="json"))
        write_json(run.path / "name.json", {"name": name or run_id})
        run.write_status(state="queued", message="Starting")
    except OSError as error:
        shutil.rmtree(run.path, ignore_errors=True)
        raise RunError(
            f"The run's folder could not be made in {runs_dir()}: {error.strerror}."
        ) from error
    return run


def new(
    architecture: Architecture,
    settings: Settings,
    dataset: str,
    device: str = "auto",
    preset: str | None = None,
    name: str = "",
) -> Run:
    """Make the folder of a run with everything it needs to be repeated. Raises RunError."""
    if problem := misfit(architecture, DATASETS[dataset].classes):
        raise RunError(problem)
    preprocessing = preprocessing_for(dataset, settings.normalisation)
    if not name:
        network = PRESETS[preset].label if preset in PRESETS else "My network"
        name = f"{network} on {DATASETS[dataset].label.removesuffix(' (bundled)')}"
    config = Config(
        architecture=architecture,
        dataset=dataset,
        settings=settings,
        device=device,
        preset=preset,
        mean=preprocessing.mean,
        std=preprocessing.std,
        classes=DATASETS[dataset].classes,
        versions=_versions(),
    )
    return create(config, name)


def _versions() -> dict[str, str]:
    """What a run was made with, without importing any of it."""
    versions = {"python": sys.version.split()[0]}
    for package in ("torch", "torchvision"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[package] = metadata.version(package)
    return versions


def open_run(run_id: str) -> Run:
    """The run of that id. Raises RunError for an unknown one, or a name that is no folder here."""
    if not ID_PATTERN.fullmatch(run_id):
        raise RunError(f"'{run_id[:80]}' is not the name of a run.")
    run = Run(runs_dir() / run_id)
    if not _is_inside(run.path):
        raise RunError(f"There is no run '{run_id}' in {runs_dir()}.")
    return run


def _is_inside(path: Path) -> bool:
    """Whether `path` is a folder in the runs' folder itself, not a link out of it."""
    return path.is_dir() and path.resolve().parent == runs_dir().resolve()


def list_runs() -> list[Run]:
    """Every run whose config can be read, newest first."""
    return [run for run, problem in survey() if problem is None]


def survey() -> Iterator[tuple[Run, str | None]]:
    """Every folder in the runs' folder, newest first, with what is wrong with it or None."""
    try:
        folders = [
            path
            for path in runs_dir().iterdir()
            if ID_PATTERN.fullmatch(path.name) and _is_inside(path)
        ]
    except OSError:
        return
    found: list[tuple[float, Run, str | None]] = []
    for path in folders:
        run = Run(path)
        try:
            found.append((run.config.created, run, None))
        except RunError as error:
            found.append((0.0, run, str(error)))
    for _, run, problem in sorted(found, key=lambda f: (f[0], f[1].id), reverse=True):
        yield run, problem


def retry(run: Run, changes: dict[str, Any]) -> Run:
    """A new run like `run`, with some settings changed. Raises RunError."""
    config = run.config
    try:
        settings = Settings.model_validate({**config.settings.model_dump(), **changes})
    except ValidationError:
        raise RunError(f"'{run.name}' cannot be tried again with {changes}.") from None
    changed = ", ".join(
        f"{(Settings.model_fields[key].title or key).lower()} {value:g}"
        for key, value in changes.items()
    )
    return new(
        config.architecture, settings, config.dataset, config.device, config.preset,
        f"{run.name}, {changed}",
    )  # fmt: skip


def device_lock(device: str) -> Path:
    """The lock file of a device: whoever holds it trains there. All runs' folder has one each."""
    return runs_dir() / ".devices" / f"{device.replace(':', '-')}.lock"


def device_holder(device: str) -> dict[str, Any]:
    """Which run trains on a device now (`id`, `name`); empty where none does."""
    holder = read_json(device_lock(device).with_suffix(".json")) or {}
    try:
        return holder if holder and open_run(str(holder.get("id"))).state in ACTIVE else {}
    except RunError:
        return {}


def worker_command(run: Run) -> list[str]:
    """What starts the worker: one process, or torchrun with one for each device."""
    worker = ["-m", "cnn", "worker", run.id]
    try:
        count = processes(run.config.device)
    except RunError:
        count = None  # the worker will say what is wrong with the run
    if count is None:
        return [sys.executable, *worker]
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", count]
    return [sys.executable, *torchrun, *worker]


def launch(run: Run) -> None:
    """Start the worker as a process of its own. Raises RunError where it cannot be started, or
    works already."""
    environment = {
        **os.environ,
        "CNN_RUNS_DIR": str(runs_dir().resolve()),
        "PYTHONUNBUFFERED": "1",
    }
    environment["CNN_DATA_DIR"] = str(data_dir().resolve())
    if (run.path / "process.json").is_file() and run.is_alive():
        raise RunError(f"'{run.name}' is being trained already.")
    try:
        (run.path / "process.json").unlink(missing_ok=True)
        for half_written in run.path.rglob(".*.*"):  # by a worker that was killed
            half_written.unlink(missing_ok=True)
        run.send(stop=False, paused=False)
        run.write_status(**{**run.status(), "state": "queued", "message": "Loading PyTorch"})
        with (run.path / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                worker_command(run),
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C meant for the app is not meant for the training
            )
        run.write_process(process.pid)
    except OSError as error:
        raise RunError(f"The worker could not be started: {error}.") from error
