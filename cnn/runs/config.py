"""What a run trains, on what and how: its config.json, read once a version. Imports no torch."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Annotated, Literal

from humanize import naturalsize
from pydantic import AfterValidator, ConfigDict, Field, ValidationError

from cnn.common import workspaces
from cnn.common.checked import Checked
from cnn.common.files import read_bytes
from cnn.common.server import server_settings
from cnn.common.text import excerpt
from cnn.datasets import DATASETS, are_digits
from cnn.network import Architecture
from cnn.runs.first_filter import FirstFilter
from cnn.runs.first_filter import misfit as filter_misfit
from cnn.training import Settings

CONFIGS_KEPT = 1000
MOST_CONFIG = 1_000_000  # bytes; one takes a hundredth of that

Label = Annotated[str, AfterValidator(excerpt)]
Origin = Annotated[str, AfterValidator(functools.partial(excerpt, most=5000))]


class RunError(RuntimeError):
    """A run that is missing, damaged or foreign; the message says which and what to do."""


def require_not_read_only() -> None:
    """Raise RunError on a server that only shows."""
    if server_settings().read_only:
        raise RunError("This server only shows: everything can be looked at, nothing is changed.")


def require_teacher(what: str) -> None:
    """Raise RunError where this is not the teacher's workspace, who alone sets `what`."""
    require_not_read_only()
    if workspaces.current() != workspaces.CLASS:
        raise RunError(f"The teacher sets {what}.")


class Config(Checked):
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
    classes: tuple[Label, ...]
    created: float = Field(default_factory=time.time, ge=0, le=1e11)
    versions: dict[str, str] = Field(default_factory=dict)
    first_filter: FirstFilter | None = None  # filter 0 starts from it; None: random
    origin: Origin | None = None  # where its weights came from, in words; None: random ones

    @classmethod
    def _refusal(cls, field: str, problem: str) -> RunError:
        return RunError(f"{field}: {problem}")

    @property
    def validation_images(self) -> int:
        """How many training images are held out."""
        return self.settings.held_out(DATASETS[self.dataset])

    @property
    def reads_digits(self) -> bool:
        """Whether its classes are the digits 0 to 9, so that it can be taught and asked them."""
        return are_digits(self.classes)


@functools.lru_cache(maxsize=CONFIGS_KEPT)
def read_config(file: Path, changed: int, size: int, inode: int) -> Config:
    """The config in `file`, as it was when it was `changed`. Raises RunError and OSError."""
    run_id = file.parent.name
    if size > MOST_CONFIG:
        raise RunError(
            f"'{run_id}' has a config.json of {naturalsize(size)}: none of this app's. Delete the "
            "run, or put the file back."
        )
    try:
        config = Config.model_validate_json(read_bytes(file, MOST_CONFIG))
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False)[0]["loc"])) or "JSON"
        raise RunError(
            f"'{run_id}' has a damaged config.json (at {excerpt(place)}). Delete the run, or put "
            "the file back."
        ) from None
    if config.dataset not in DATASETS:
        raise RunError(f"'{run_id}' was trained on '{excerpt(config.dataset)}', unknown here.")
    dataset = DATASETS[config.dataset]
    if problem := config.architecture.problem() or misfit(config.architecture, config.classes):
        raise RunError(f"'{run_id}' holds a network that cannot work: {problem}")
    mine = config.first_filter
    if mine and (bad := filter_misfit(config.architecture, mine)):
        raise RunError(f"'{run_id}' holds a filter that does not fit its network: {bad}")
    if len(config.classes) != len(dataset.classes):
        raise RunError(
            f"'{run_id}' names {len(config.classes)} classes, but {dataset.label} has "
            f"{len(dataset.classes)}: its config.json is of another app, or was changed."
        )
    return config


def misfit(architecture: Architecture, classes: tuple[str, ...]) -> str | None:
    """What is wrong where the network's outputs are not one for each class."""
    if architecture.head.classes == len(classes):
        return None
    return f"The network has {architecture.head.classes} outputs for {len(classes)} classes."
