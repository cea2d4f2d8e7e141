"""What the Compare page says of a run that trains or waits."""

from __future__ import annotations

from cnn import runs
from ui.live import payloads


def progress_text(run: runs.Run) -> str:
    """How far a run is, or its place in the queue, as Train says it. Raises RunError where it was
    deleted."""
    if not run.path.is_dir():
        raise runs.RunError(f"'{run.id}' was deleted.")
    status, place = run.status(), runs.place(run)
    if place:
        return place.text_with_time
    return payloads.progress_text(status)
