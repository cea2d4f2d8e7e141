"""Undo and redo of the design: what the network was before each change.

`current` compares the network with the last one at every run of the page; a difference is a step.
So a change counts wherever it was made: a slider, a preset, a file, another page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from cnn.network.layers import Classifier, Layer
from cnn.training import Settings
from ui.shared import state

LIMIT = 200  # steps kept
TOGETHER = 1.0  # seconds within which moves of one slider are one step


@dataclass(frozen=True)
class Snapshot:
    """A network at one moment, with the uids of its cards.

    The settings and the open card are kept too, but a change of them is no step.
    """

    cards: tuple[tuple[int, Layer], ...]
    head: Classifier
    preset: str | None
    settings: Settings = field(compare=False)
    chosen: int | str | None = field(default=None, compare=False)


def snapshot() -> Snapshot:
    """The network as it is now."""
    play = state.get()
    cards = tuple((card.uid, card.layer) for card in play.cards)
    return Snapshot(cards, play.head, play.preset, play.settings, play.chosen)


@dataclass
class History:
    """The networks before and after `present`, which undo and redo bring back."""

    present: Snapshot = field(default_factory=snapshot)
    past: list[Snapshot] = field(default_factory=list)
    future: list[Snapshot] = field(default_factory=list)
    _last: tuple[object, float] = (None, 0.0)  # the field changed last, and when

    def note(self, now: Snapshot, at: float | None = None) -> None:
        """Record a step if anything changed; quick moves of one slider become one step."""
        if now == self.present:
            self.present = now
            return
        at = time.monotonic() if at is None else at
        what = changed_field(self.present, now)
        again = what is not None and what == self._last[0] and at - self._last[1] < TOGETHER
        if not again:
            self.past = [*self.past, self.present][-LIMIT:]
        self.present, self.future, self._last = now, [], (what, at)

    def undo(self) -> Snapshot | None:
        """One step back; None at the beginning."""
        return self._move(self.past, self.future)

    def redo(self) -> Snapshot | None:
        """One step forward again; None at the end."""
        return self._move(self.future, self.past)

    def _move(self, source: list[Snapshot], target: list[Snapshot]) -> Snapshot | None:
        if not source:
            return None
        target.append(self.present)
        self.present, self._last = source.pop(), (None, 0.0)
        return self.present


def changed_field(before: Snapshot, after: Snapshot) -> tuple[int | str, str] | None:
    """The card's uid and the field that changed, where that is all that changed."""
    if [uid for uid, _ in before.cards] != [uid for uid, _ in after.cards]:
        return None
    pairs: list[tuple[int | str, Layer, Layer]] = [
        *((uid, old, new) for (uid, old), (_, new) in zip(before.cards, after.cards, strict=True)),
        ("head", before.head, after.head),
    ]
    found = [
        (uid, name)
        for uid, old, new in pairs
        if old != new
        for name in type(new).model_fields
        if type(old) is not type(new) or getattr(old, name) != getattr(new, name)
    ]
    return found[0] if len(found) == 1 else None


def describe(before: Snapshot, after: Snapshot) -> str:
    """What a step did, in a few words: `Kernel of Conv 24 × 3×3`."""
    if before.preset != after.preset:
        return "another network"
    if changed := changed_field(before, after):
        uid, name = changed
        layer = after.head if uid == "head" else dict(after.cards)[int(uid)]
        return f"{type(layer).model_fields[name].title or name} of {layer.summary}"
    old, new = dict(before.cards), dict(after.cards)
    added = [layer for uid, layer in new.items() if uid not in old]
    removed = [layer for uid, layer in old.items() if uid not in new]
    if len(added) == 1 and not removed:
        return f"added {added[0].summary}"
    if len(removed) == 1 and not added:
        return f"removed {removed[0].summary}"
    return "moved a layer" if not added and not removed else "several layers"


def current() -> History:
    """This session's history, with the network as it is now."""
    history = state.page(History)
    history.note(snapshot())
    return history


def restore(step: Callable[[], Snapshot | None]) -> None:
    """Take the network of `step` (undo or redo); its settings too, if the preset differs."""
    play, to = state.get(), step()
    if to is None:
        return
    if to.preset != play.preset:
        play.settings = to.settings
    play.cards = [state.Card(layer, uid) for uid, layer in to.cards]
    play.head, play.preset, play.chosen = to.head, to.preset, to.chosen
    play.version += 1  # new keys for the sliders, so that they show the old values
