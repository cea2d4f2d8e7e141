"""How this server is shared: one person's own, or a class's; and what each may take of it.

Every setting is an environment variable. Nothing is limited on one's own machine; on a class server
(`CNN_CLASS=1`) the limits have the values in `CLASS`, unless they are set, or lifted with `none`.
"""

from __future__ import annotations

import functools
import os

from pydantic import Field, ValidationError
from pydantic.fields import FieldInfo

from cnn.common.checked import Checked, first_problem

PREFIX = "CNN_"
LIFTED = "none"
LEAST_TOKEN = 16  # characters of the teacher's: it must not be guessed


class ServerError(ValueError):
    """An environment variable that cannot be used; the message names it and what it allows."""


class ServerSettings(Checked):
    """Each field is the environment variable of its name, upper case, after `CNN_`."""

    class_: bool = Field(False, description="A class server: every visitor has a workspace.")
    read_only: bool = Field(False, description="Everything can be looked at, nothing changed.")
    teacher: str | None = Field(
        None,
        min_length=LEAST_TOKEN,
        description="The secret in the teacher's address, `/?teacher=…`.",
    )
    teachers: str = Field(
        "", description="The e-mails (or names in the header) of teachers, with commas between."
    )
    user_header: str | None = Field(
        None, description="The request header in which a trusted proxy names the visitor."
    )
    max_epochs: int | None = Field(None, ge=1, description="Epochs of a run.")
    max_seconds: int | None = Field(
        None, ge=1, description="Seconds that a run may train; then it stops for good."
    )
    max_parameters: int | None = Field(None, ge=1, description="Parameters of a network.")
    max_waiting: int | None = Field(
        None, ge=1, description="Runs of a workspace that wait for a device."
    )
    max_runs: int | None = Field(None, ge=1, description="Runs that a workspace keeps.")
    max_bytes: int | None = Field(None, ge=1, description="Bytes that a workspace takes on disk.")
    max_sweeps: int | None = Field(
        None, ge=1, description="Sweeps of a workspace that are at work at a time."
    )
    max_jobs: int | None = Field(
        None,
        ge=1,
        description="Measurements and searches for a learning rate at a time, on this server.",
    )
    max_shared: int | None = Field(
        None, ge=1, description="Runs that a workspace shares with the class; digits: ten times it."
    )
    max_pause: int | None = Field(
        None, ge=1, description="Seconds of a pause, after which a run gives way to who waits."
    )
    max_upload_bytes: int | None = Field(None, ge=1, description="Bytes of an uploaded file.")
    max_uploads: int | None = Field(
        None, ge=1, description="Uploaded files that a session may hold."
    )
    max_workspaces: int | None = Field(
        None, ge=1, description="Workspaces with something in them, on this server."
    )
    min_free_bytes: int | None = Field(
        None, ge=0, description="Bytes that stay free on the disk of the runs."
    )

    @classmethod
    def _refusal(cls, field: str, problem: str) -> ServerError:
        return ServerError(f"{variable(field)}: {problem}")


# What holds on a class server where nothing else is set.
CLASS: dict[str, int] = {
    "max_epochs": 20,
    "max_seconds": 600,
    "max_parameters": 2_000_000,
    "max_waiting": 3,
    "max_runs": 30,
    "max_bytes": 1_000_000_000,
    "max_sweeps": 1,
    "max_jobs": 2,
    "max_shared": 5,
    "max_pause": 60,
    "max_upload_bytes": 20_000_000,
    "max_uploads": 20,
    "max_workspaces": 300,
    "min_free_bytes": 2_000_000_000,
}


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.strip("_").upper()


def server_settings() -> ServerSettings:
    """The settings as the environment has them now. Raises ServerError."""
    return _read(tuple(os.environ.get(variable(name)) for name in ServerSettings.model_fields))


@functools.lru_cache(maxsize=16)
def _read(found: tuple[str | None, ...]) -> ServerSettings:
    given = dict(zip(ServerSettings.model_fields, found, strict=True))
    set_here = {name: value.strip() for name, value in given.items() if value and value.strip()}
    lifted = {name for name, value in set_here.items() if value.lower() == LIFTED}
    values: dict[str, object] = {k: v for k, v in set_here.items() if k not in lifted}
    try:
        settings = ServerSettings.model_validate(values)
        if settings.class_:
            usual = {k: v for k, v in CLASS.items() if k not in set_here}
            settings = settings.changed(**usual)
    except ValidationError as error:
        name, problem = first_problem(ServerSettings, error)
        if name == "teacher":  # which is a secret
            problem = f"the teacher's secret needs {LEAST_TOKEN} characters or more."
        raise ServerError(f"{variable(name)}: {problem}") from None
    return settings


def table() -> list[tuple[str, str, str, str]]:
    """Every variable: its name, what it is on one's own machine and on a class server, and what it
    means; for the documentation, which a test holds against it."""
    return [
        (variable(name), _usual(info), _in_class(name, info), info.description or "")
        for name, info in ServerSettings.model_fields.items()
    ]


def _usual(info: FieldInfo) -> str:
    return "–" if info.default in (None, "", False) else str(info.default)


def _in_class(name: str, info: FieldInfo) -> str:
    return f"{CLASS[name]:,}" if name in CLASS else _usual(info)
