"""The name that a visitor of a class server gives once, for the teacher's page and the board.

Nobody checks it: beside it stands a short mark of the workspace, which nobody can choose. Imports
no torch.
"""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path

from cnn.common import workspaces
from cnn.common.files import read_json, write_json
from cnn.common.server import server_settings
from cnn.runs.config import RunError, require_not_read_only
from cnn.runs.limits import require_may_change

LONGEST = 30  # letters


def who(workspace: str | None) -> str:
    """How a workspace is called: by its visitor's name, which is anybody's text, and a mark; never
    by what opens it."""
    if workspace is None:
        return "this machine"
    if workspace == workspaces.CLASS:
        return "class"
    mark = hashlib.sha256(workspace.encode()).hexdigest()[:4]
    return f"{name_of(workspace) or 'visitor'} {mark}"


def name_of(workspace: str | None) -> str | None:
    """The name that its visitor has given; None where nobody has."""
    name = (read_json(_file(workspace)) or {}).get("name")
    return (cleaned(name) or None) if isinstance(name, str) else None


def cleaned(name: str) -> str:
    """A name on one line, bounded, without what cannot be seen or turns the text around it, and
    without what a table of sums would take for a formula at its beginning."""
    seen = unicodedata.normalize("NFC", name[: 10 * LONGEST])
    seen = "".join(" " if letter.isspace() else letter for letter in seen)
    seen = "".join(letter for letter in seen if unicodedata.category(letter)[0] != "C")
    return " ".join(seen.split()).lstrip("=+-@ ")[:LONGEST].strip()


def give(name: str) -> str:
    """Give this workspace its name, once. Raises RunError, saying why, where that cannot be."""
    require_may_change()
    workspace, chosen = workspaces.current(), cleaned(name)
    if workspace in (None, workspaces.CLASS):
        raise RunError("Only visitors of a class server have names.")
    if not chosen:
        raise RunError("A name needs a letter.")
    if name_of(workspace):
        raise RunError("This workspace has its name already: the teacher can take it away.")
    if not workspaces.may_begin(workspace):
        raise RunError(
            f"This server has its {server_settings().max_workspaces} workspaces already: the "
            "teacher can clear those that nobody uses any more."
        )
    try:
        _file(workspace).parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(workspace), {"name": chosen})
    except OSError as error:
        raise RunError(f"The name could not be kept: {error.strerror}.") from error
    return chosen


def take_away(workspace: str) -> None:
    """Let a workspace have no name, so that it can be given another: the teacher's to do. Raises
    RunError."""
    require_not_read_only()
    try:
        _file(workspace).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"The name could not be taken away: {error.strerror}.") from error


def _file(workspace: str | None) -> Path:
    return workspaces.folder(workspace) / ".visitor.json"
