"""Who waits: its place in the queue, whom it waits for, and about how long. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import humanize

from cnn.common.text import duration, plural
from cnn.runs import queue
from cnn.runs.device_options import Option
from cnn.runs.forecast import forecast
from cnn.runs.limits import limits
from cnn.runs.run import Run, RunError


@dataclass(frozen=True)
class Place:
    """`number` 1 is the next to train; `device` and `behind`: where, and which run trains there
    now; `seconds` until its turn, None where that is not known."""

    number: int
    device: str
    behind: Run | None
    seconds: float | None
    is_ones_own: bool = True  # whether `behind` is of the same workspace: only then is it named

    def _pause(self) -> str:
        most = limits(self.behind.workspace).pause if self.behind else None
        if most is None:
            return "it keeps its turn"
        return f"it gives way after {duration(most)}"

    @property
    def text(self) -> str:
        """All but the time, which changes from second to second."""
        text = f"{'Next' if self.number == 1 else humanize.ordinal(self.number)} in the queue"
        if self.behind is None:
            return text
        whose = self.behind.name if self.is_ones_own else "a run of another workspace"
        text += f" for {self.device}, behind {whose}"
        if self.behind.state == "paused":
            text += f" (paused: {self._pause()})"
        return text if self.number == 1 else f"{text} and {plural(self.number - 1, 'other')}"

    @property
    def text_with_time(self) -> str:
        """The whole answer to "when?"."""
        if self.seconds is None:
            return self.text
        return f"{self.text} · starts in about {rough_duration(self.seconds)}"


def rough_duration(seconds: float) -> str:
    """Seconds as precise as an estimate is: whole minutes from two minutes on."""
    return duration(round(seconds / 60) * 60 if seconds >= 120 else max(1, seconds))


def place(run: Run) -> Place | None:
    """Where `run` stands in the queue; None where it does not wait."""
    tickets = queue.tickets()
    mine = next((ticket for ticket in tickets if ticket.is_of(run)), None)
    if mine is None or mine.taken:
        return None
    wanted = queue.lock_names(mine.options or ())
    training = [t for t in tickets if t.taken and (not wanted or wanted & set(t.taken.lock_names))]
    ahead = [
        ticket
        for ticket in tickets[: tickets.index(mine)]
        if not ticket.taken and (not wanted or wanted & queue.lock_names(ticket.options or ()))
    ]
    seconds = _seconds(mine, training, ahead)
    first = min(training, key=lambda t: _left(t) or float("inf")) if training else None
    device = first.taken.device if first and first.taken else ""
    own = first is None or first.workspace == run.workspace
    return Place(len(ahead) + 1, device, first.run if first else None, seconds, own)


def _seconds(
    mine: queue.Ticket, training: list[queue.Ticket], ahead: list[queue.Ticket]
) -> float | None:
    """When the turn comes if all goes as expected: each in order takes what is free soonest."""
    free_in: dict[str, float] = {}
    for ticket in training:
        left = _left(ticket)
        if left is None or ticket.taken is None:
            return None
        free_in |= dict.fromkeys(ticket.taken.lock_names, left)

    def soonest(options: Iterable[Option]) -> tuple[float, Option] | None:
        starts = [(max(free_in.get(n, 0.0) for n in o.lock_names), o) for o in options]
        return min(starts, default=None)

    for ticket in ahead:
        begin, needs = soonest(ticket.options or ()), _left(ticket)
        if begin is None or needs is None:
            return None
        free_in |= dict.fromkeys(begin[1].lock_names, begin[0] + needs)
    begin = soonest(mine.options or ())
    return begin[0] if begin else None


def _left(ticket: queue.Ticket) -> float | None:
    """How many seconds of training a run has before it; None where that is not known."""
    run = ticket.run
    status = run.last_status()
    left = status.get("seconds_left")
    if run.control().get("stop"):
        return 0.0
    if status["state"] == "running" and isinstance(left, int | float):
        return float(left)
    option = ticket.taken or (ticket.options[0] if ticket.options else None)
    if option is None or status["state"] == "paused":  # a pause may last for ever
        return None
    try:
        config = run.config
    except RunError:
        return None
    # bf16 is not known without torch: a CPU whose speed was not measured is thought too slow.
    known = forecast(config.architecture, config.settings, config.dataset, option.device, False)
    done = status.get("step", 0) / max(status.get("steps") or 1, 1)
    return known.whole * (1 - min(done, 1.0)) if known else None
