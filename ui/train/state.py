"""What the Train page keeps for a session besides the settings: its jobs."""

from __future__ import annotations

from dataclasses import dataclass

from cnn.network import Architecture
from cnn.runs.jobs import Job
from cnn.training import Settings
from ui.shared import state


@dataclass
class Task:
    """A job, and the network and settings that it was started with."""

    job: Job
    architecture: Architecture
    settings: Settings

    @classmethod
    def start(cls, module: str, **more: object) -> Task:
        """Start `python -m cnn.runs.MODULE` for the network and settings as they are chosen now."""
        play = state.get()
        question = {
            "architecture": play.architecture.model_dump(mode="json"),
            "settings": play.settings.model_dump(mode="json"),
            **more,
        }
        return cls(Job(module, question), play.architecture, play.settings)


@dataclass
class TrainState:
    """The newest speed test and learning-rate search, and whether another device was chosen."""

    speed_test: Task | None = None
    rate_search: Task | None = None
    device_changed: bool = False


def is_running(task: Task | None) -> bool:
    """Whether the task's job has not ended."""
    return task is not None and task.job.running
