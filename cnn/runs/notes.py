"""What a person writes about a run: tags, a note, whether it is archived. Imports no torch."""

from __future__ import annotations

import re

from cnn.common.files import read_json, write_json
from cnn.runs.records import Notes, read_notes
from cnn.runs.run import Run, RunError

MOST_TAGS, MOST_TAG, MOST_NOTE = 12, 30, 1000  # the last two in characters


def notes(run: Run) -> Notes:
    """What was written about `run`; empty where nothing was, or where it cannot be read."""
    return read_notes(read_json(run.files.notes))


def annotate(run: Run, **changes: object) -> None:
    """Change some of a run's `Notes`, the rest as it was. Raises RunError."""
    with run.changing():
        changed = read_notes({**notes(run), **changes})
        write_json(run.files.notes, {**changed, "tags": changed.get("tags", [])[:MOST_TAGS]})


def tags_in(text: str) -> list[str]:
    """The tags in a text that separates them by commas, each once. Raises RunError for too many or
    too long ones."""
    tags = list(dict.fromkeys(" ".join(part.split()) for part in re.split(r"[,;]", text)))
    tags = [tag for tag in tags if tag]
    if len(tags) > MOST_TAGS:
        raise RunError(f"A run takes up to {MOST_TAGS} tags: these are {len(tags)}.")
    if long := next((tag for tag in tags if len(tag) > MOST_TAG), None):
        raise RunError(f"A tag has up to {MOST_TAG} characters: '{long[:MOST_TAG]}…' has more.")
    return tags
