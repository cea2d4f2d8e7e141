"""What the Train page keeps for a session besides the settings: its jobs."""

from __future__ import annotations

from dataclasses import dataclass

from cnn.network import Architecture
from cnn.runs import Run, RunError, jobs
from cnn.runs.jobs import Job
from cnn.training import Settings
from ui.shared import state
from ui.shared.plain_text import plain


@dataclass
class Task:
    """A job, and the network and settings that it was started with."""

    job: Job
    architecture: Architecture
    settings: Settings

    @classmethod
    def start(cls, module: str, **more: object) -> Task | None:
        """Start `python -m cnn.runs.MODULE` for the network and settings as they are chosen now;
        None, and a notice, where it may not be started."""
        play = state.get()
        question = {
            "architecture": play.architecture.model_dump(mode="json"),
            "settings": play.settings.model_dump(mode="json"),
            **more,
        }
        try:
            job = jobs.start(module, question, architecture=play.architecture)
        except RunError as error:
            play.notice = plain(str(error))
            return None
        return cls(job, play.architecture, play.settings)


@dataclass
class TrainState:
    """The newest speed test and learning-rate search, whether another device was chosen, and what
    stands first on the page."""

    speed_test: Task | None = None
    rate_search: Task | None = None
    device_changed: bool = False
    order: tuple[object, bool] = (None, False)  # of which visit and run, whether the run is first


def run_comes_first(run: Run, active: bool) -> bool:
    """Whether the current run stands above the form: while it trains, and afterwards where it is
    one's own, was chosen or begun on this visit, and no other network or settings were chosen
    since. It stays so while the page is looked at. Who comes from Design with another network has
    the form first, and so has who comes to find out what this page is for."""
    mine, play = state.page(TrainState), state.get()
    moment, config = (play.visit, run.id), run.config
    chosen = (play.architecture, play.settings) == (config.architecture, config.settings)
    was_for, first = mine.order
    if active:
        first = chosen or play.set_up_visit != play.visit
    elif was_for != moment:
        first = chosen and run.is_own and play.run_is_chosen
    mine.order = (moment, first)
    return first


def is_running(task: Task | None) -> bool:
    """Whether the task's job has not ended."""
    return task is not None and task.job.running
