"""Runs that look as if a worker trained them right now."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest

from cnn import runs
from cnn.runs.locks import Lock

Result = TypeVar("Result")


def in_a_loop_of_its_own(work: Coroutine[None, None, Result]) -> Result:
    """What `work` returns: Playwright, where it ran before, has a loop going in this thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@pytest.fixture
def worker_lock(trained: runs.Run) -> Iterator[Lock]:
    """The run's lock, which its worker would hold."""
    lock = Lock.take(trained.files.lock)
    assert lock is not None
    yield lock
    lock.release()


@pytest.fixture
def active(trained: runs.Run, worker_lock: Lock) -> runs.Run:
    """A run whose worker is this very process, one report and no epoch along."""
    trained.files.metrics.unlink()
    trained.write_status(state="running", step=10, steps=100, epoch=0, epochs=2)
    report(trained, 1, 2.5)
    return trained


def report(run: runs.Run, step: int, *losses: float) -> None:
    """The worker reports these losses, the last at `step`."""
    first = step - len(losses) + 1
    points = [[first + place, loss] for place, loss in enumerate(losses)]
    run.append_metric(kind="report", step=step, epoch=0.1, losses=points)


def finish(run: runs.Run, state: str = "finished") -> None:
    """The worker ends."""
    run.write_status(**{**run.last_status(), "state": state, "test_accuracy": 0.97})
