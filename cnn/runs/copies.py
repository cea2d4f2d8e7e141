"""A new run made of another: what changes is declared, all else is kept. Imports no torch."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Mapping

from cnn.network import Architecture
from cnn.runs.config import misfit
from cnn.runs.run import Run, RunError
from cnn.runs.store import create, settings_text, versions
from cnn.training import SettingsError

MOST_ORIGIN = 2000  # characters


@contextlib.contextmanager
def copy_of(
    run: Run, name: str, *, start_from: str | None, origin: str | None, **changes: object
) -> Iterator[Run]:
    """A new run with `run`'s config and these changes, to be filled inside the `with`.

    Whoever makes a copy says where its weights come from: `start_from`, the run whose weights its
    training begins with, and `origin` in words (see `origin_of`); both None: random weights. Where
    it starts from what `run` started from, it gets the same files for that. Raises RunError, and
    leaves no folder where anything fails.
    """
    now: dict[str, object] = {"start_from": start_from, "origin": origin, "created": time.time()}
    if (start_from, origin) != (run.config.start_from, run.config.origin):
        now["first_filter"] = None  # of another start
    copy = create(run.config.changed(**now, **changes), name[:80])
    try:
        if start_from is not None and start_from == run.config.start_from:
            for source, target in zip(run.files.start, copy.files.start, strict=True):
                shutil.copyfile(source, target)
        yield copy
    except OSError as error:
        shutil.rmtree(copy.path, ignore_errors=True)
        what = f"{error.strerror} ({error.filename})" if error.filename else error.strerror
        raise RunError(f"The run's folder could not be filled: {what}.") from error
    except BaseException:
        shutil.rmtree(copy.path, ignore_errors=True)
        raise


def origin_of(run: Run, how: str) -> str:
    """Where weights come from that were made of `run`'s, in words: the run, how they were made, and
    where that run's own came from."""
    before = f". Before that: {run.config.origin}" if run.config.origin else ""
    return f"'{run.name}' ({run.id}), {how}{before}"[:MOST_ORIGIN]


def retry(
    run: Run,
    changes: Mapping[str, float | None],
    architecture: Architecture | None = None,
    what: str = "",
) -> Run:
    """A new run that trains the same once more, with some settings changed, or another network
    (then from random weights); `what` says in its name what is new. Raises RunError."""
    config = run.config
    try:
        settings = config.settings.changed(**changes)
    except SettingsError as error:
        raise RunError(f"'{run.name}' cannot be tried again. {error}") from None
    network: dict[str, object] = {}
    if architecture is not None:
        if problem := misfit(architecture, config.classes) or architecture.problem():
            raise RunError(f"'{run.name}' cannot be tried again. {problem}")
        network = {"architecture": architecture, "preset": None, "first_filter": None}
    keeps_start = architecture is None
    with copy_of(
        run,
        f"{run.name}, {what or settings_text(changes)}",
        start_from=config.start_from if keeps_start else None,
        origin=config.origin if keeps_start else None,
        settings=settings,
        versions=versions(),
        **network,
    ) as again:
        return again


def repeat(run: Run, seed: int | None = None) -> Run:
    """A new run with the same network, data and settings: with the same seed it gives the same
    result, with another `seed` it tells how much of a result is chance. Raises RunError."""
    config = run.config
    changes: dict[str, object] = {}
    if seed is not None:
        changes["settings"] = config.settings.changed(seed=seed)
    with copy_of(
        run,
        f"{run.name[:60]}, {'again' if seed is None else f'seed {seed}'}",
        start_from=config.start_from,
        origin=config.origin,
        versions=versions(),
        **changes,
    ) as again:
        return again
