"""The lesson that the teacher has set for the class: a network and settings to begin with, and what
of them stays as it is. Every visitor begins with it, and no run is made that breaks it.

Imports no torch.
"""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import Field, ValidationError

from cnn.common import workspaces
from cnn.common.checked import Checked
from cnn.common.files import parse_json, read_bytes, write_json
from cnn.network import Architecture
from cnn.runs.config import Config, RunError, require_teacher
from cnn.training import Settings

MOST_RECORD = 1_000_000  # bytes


class Lesson(Checked):
    """`fixed` and `hidden` name settings, `architecture` or `dataset`."""

    architecture: Architecture
    settings: Settings
    dataset: str
    fixed: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    created: float = Field(default_factory=time.time, ge=0, le=1e11)

    @property
    def held(self) -> frozenset[str]:
        """What no run may have otherwise."""
        return self.fixed | self.hidden


def current() -> Lesson | None:
    """The lesson that binds whoever works here; None without one, for the teacher, and on one's own
    machine."""
    return _binding(workspaces.current())


def _binding(workspace: str | None) -> Lesson | None:
    return None if workspace in (None, workspaces.CLASS) else set_lesson()


def set_lesson() -> Lesson | None:
    """The lesson that is set for the class."""
    try:
        return Lesson.model_validate(parse_json(read_bytes(_file(), MOST_RECORD)))
    except (OSError, ValueError):
        return None


def begin(lesson: Lesson) -> None:
    """Set a lesson for the class. Raises RunError where this is not the teacher's workspace."""
    require_teacher("the lesson")
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), lesson.model_dump(mode="json"))
    except (OSError, ValidationError) as error:
        raise RunError(f"The lesson could not be kept: {error}.") from error


def end() -> None:
    """Let there be none. Raises RunError where this is not the teacher's workspace."""
    require_teacher("the lesson")
    _file().unlink(missing_ok=True)


def require_kept(config: Config, workspace: str | None) -> None:
    """Raise RunError where a run of that config, in that workspace, would not keep to the
    lesson."""
    lesson = _binding(workspace)
    for name in sorted(lesson.held) if lesson else ():
        assert lesson is not None
        if _value(config, name) != _value(lesson, name):
            raise RunError(f"The class's lesson keeps {_words(name)} as the teacher has set it.")


def _value(of: Config | Lesson, name: str) -> object:
    owner = of if name in ("architecture", "dataset") else of.settings
    return getattr(owner, name, None)


def _words(name: str) -> str:
    if name in ("architecture", "dataset"):
        return {"architecture": "the network", "dataset": "the data set"}[name]
    field = Settings.model_fields.get(name)
    return f"'{field.title or name}'" if field else "a control"


def _file() -> Path:
    return workspaces.folder(workspaces.CLASS) / ".lesson.json"
