"""All runs: making one and finding them. Imports no torch."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from cnn.common import workspaces
from cnn.common.files import write_json
from cnn.common.text import excerpt
from cnn.datasets import DATASETS, preprocessing_for
from cnn.network import Architecture
from cnn.presets import PRESETS
from cnn.runs import limits, queue
from cnn.runs.config import misfit
from cnn.runs.first_filter import FirstFilter
from cnn.runs.first_filter import misfit as filter_misfit
from cnn.runs.folders import examples_dir, runs_dir, runs_place
from cnn.runs.run import Config, Run, RunError
from cnn.training import Settings

ID_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


def create(config: Config, name: str = "") -> Run:
    """Make a new run's folder, in the state `queued`. Raises RunError where it cannot be made, or
    this workspace may not."""
    limits.require_may_make(config)
    label = re.sub(r"[^A-Za-z0-9]+", "-", name or config.preset or "custom").strip("-").lower()
    run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{label[:30] or 'run'}-{secrets.token_hex(2)}"
    run, unseen = Run(runs_dir() / run_id), Run(runs_dir() / f".{run_id}")
    try:
        unseen.files.checkpoints.mkdir(parents=True)
        write_json(unseen.files.config, config.model_dump(mode="json"))
        write_json(unseen.files.name, {"name": name or run_id})
        unseen.write_status(state="queued", message="Starting")
        unseen.path.rename(run.path)  # whole at once, for whoever lists the runs meanwhile
    except OSError as error:
        shutil.rmtree(unseen.path, ignore_errors=True)
        raise RunError(
            f"The run's folder could not be made in {runs_place()}: {error.strerror}."
        ) from error
    return run


def new(
    architecture: Architecture,
    settings: Settings,
    dataset: str,
    device: str = "auto",
    preset: str | None = None,
    name: str = "",
    first_filter: FirstFilter | None = None,
) -> Run:
    """Make the folder of a run with everything it needs to be repeated. Raises RunError."""
    config = new_config(architecture, settings, dataset, device, preset, first_filter)
    return create(config, name or name_for(config))


def name_for(config: Config) -> str:
    """What to call a run that was given no name."""
    network = PRESETS[config.preset].label if config.preset in PRESETS else "My network"
    return default_name(network, config.dataset)


def new_config(
    architecture: Architecture,
    settings: Settings,
    dataset: str,
    device: str = "auto",
    preset: str | None = None,
    first_filter: FirstFilter | None = None,
) -> Config:
    """What to train, with everything that is needed to repeat it. Raises RunError."""
    if problem := misfit(architecture, DATASETS[dataset].classes):
        raise RunError(problem)
    if first_filter and (problem := filter_misfit(architecture, first_filter)):
        raise RunError(problem)
    preprocessing = preprocessing_for(dataset, settings.normalisation)
    return Config(
        architecture=architecture,
        dataset=dataset,
        settings=settings,
        device=device,
        preset=preset,
        first_filter=first_filter,
        mean=preprocessing.mean,
        std=preprocessing.std,
        classes=DATASETS[dataset].classes,
        versions=versions(),
    )


def default_name(network: str, dataset: str) -> str:
    """What to call a run of that network on that data set."""
    return f"{network} on {DATASETS[dataset].label.removesuffix(' (bundled)')}"


def versions() -> dict[str, str]:
    """What a run was made with, without importing any of it."""
    found = {"python": sys.version.split()[0]}
    for package in ("torch", "torchvision"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def open_run(run_id: str) -> Run:
    """The run of that id: an example, one's own, or one of the class's. Raises RunError for any
    other's, an unknown one, or a name that is no folder here."""
    if not ID_PATTERN.fullmatch(run_id):
        raise RunError(f"'{excerpt(run_id)}' is not the name of a run.")
    for folder in (examples_dir(), runs_dir(), *_class_folder()):  # an example's id is always its
        if _is_inside(folder / run_id, folder):
            return Run(folder / run_id)
    raise RunError(f"There is no run '{run_id}' in {runs_place()}.")


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether `path` is a folder in `folder` itself, not a link out of it."""
    return path.is_dir() and path.resolve().parent == folder.resolve()


def _class_folder() -> list[Path]:
    """The folder of the class's runs, where a visitor of a class server looks too."""
    if workspaces.current() in (None, workspaces.CLASS):
        return []
    return [workspaces.folder(workspaces.CLASS)]


def list_runs() -> list[Run]:
    """Every run whose config can be read: one's own, newest first, the class's, the examples."""
    return [run for run, problem in survey() if problem is None]


def newest_run() -> Run | None:
    """The newest of one's own runs, or where there is none the first example; None without any."""
    return next(
        (
            run
            for run, bad in survey()
            if bad is None and (run.is_own or run.is_example) and not run.control().get("discard")
        ),
        None,
    )


def survey() -> Iterator[tuple[Run, str | None]]:
    """Every folder in the runs' folder, newest first, then the class's, then the examples; each
    with what is wrong with it or None."""
    examples = {run.id: (run, problem) for _, run, problem in _folders(examples_dir())}
    for parent in (runs_dir(), *_class_folder()):
        found = _folders(parent)
        for _, run, problem in sorted(found, key=lambda f: (f[0], f[1].id), reverse=True):
            if run.id in examples:
                problem = f"'{run.id}' has the name of an example. Give the folder another name."
            yield run, problem
    for _, (run, problem) in sorted(examples.items()):
        if problem:
            problem = f"The example '{run.id}' is damaged. Get the folder {run.path} anew."
        yield run, problem


def _folders(parent: Path) -> list[tuple[float, Run, str | None]]:
    """The runs in a folder: when each was made, and what is wrong with it or None."""
    found: list[tuple[float, Run, str | None]] = []
    with contextlib.suppress(OSError):
        for path in parent.iterdir():
            if not ID_PATTERN.fullmatch(path.name) or path.is_symlink() or not path.is_dir():
                continue
            run = Run(path)
            try:
                found.append((run.config.created, run, None))
            except RunError as error:
                found.append((0.0, run, str(error)))
    return found


def settings_text(changes: Mapping[str, float | None]) -> str:
    """Settings in words, such as `batch size 16, learning rate 0.001`."""
    titles = {name: Settings.model_fields[name].title or name for name in changes}
    return ", ".join(
        f"{titles[name].lower()} {_value_text(value)}" for name, value in changes.items()
    )


def _value_text(value: float | None) -> str:
    return "as usual" if value is None else f"{value:g}"


def device_holder(lock_names: Iterable[str]) -> Run | None:
    """Which run trains now on any of these (`Device.lock_names`); None where none does."""
    wanted = set(lock_names)
    for ticket in queue.tickets():
        if ticket.taken and wanted & set(ticket.taken.lock_names):
            return ticket.run
    return None
