"""Undo and redo of the design: what the network was before each change.

The page tells `note` at every run how the network stands; what differs from the last time is a
step. So a change counts wherever it was made: a slider, a preset, a file, another page.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from cnn.network.layers import Classifier, Layer
from cnn.training import Settings
from ui.shared import state

LIMIT = 200  # steps kept
TOGETHER = 1.0  # seconds within which moves of one slider are one step


@dataclass(frozen=True)
class Snapshot:
    """A network as it stood, its cards' names with it; the settings and open card of that moment
    are kept, but are no step."""

    cards: tuple[tuple[int, Layer], ...]
    head: Classifier
    preset: str | None
    settings: Settings = field(compare=False)
    chosen: int | str | None = field(default=None, compare=False)


@dataclass
class History:
    """The steps behind and before `present`."""

    present: Snapshot
    past: list[Snapshot] = field(default_factory=list)
    future: list[Snapshot] = field(default_factory=list)
    _last: tuple[object, float] = (None, 0.0)

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
        if not self.past:
            return None
        self.future.append(self.present)
        self.present, self._last = self.past.pop(), (None, 0.0)
        return self.present

    def redo(self) -> Snapshot | None:
        """One step forward again; None at the end."""
        if not self.future:
            return None
        self.past.append(self.present)
        self.present, self._last = self.future.pop(), (None, 0.0)
        return self.present


def changed_field(before: Snapshot, after: Snapshot) -> tuple[int | str, str] | None:
    """The card and field that changed, where that is all that changed."""
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


def snapshot(play: state.Playground) -> Snapshot:
    """The network as it stands now."""
    cards = tuple((card.uid, card.layer) for card in play.cards)
    return Snapshot(cards, play.head, play.preset, play.settings, play.chosen)


def of(play: state.Playground) -> History:
    """This session's history, brought up to date."""
    now = snapshot(play)
    history = play.fields.get("history")
    if history is None:
        history = play.fields["history"] = History(now)
    history.note(now)
    return history


def restore(play: state.Playground, to: Snapshot | None) -> None:
    """Make the network that of a snapshot; its settings too, if the step changed the preset."""
    if to is None:
        return
    if to.preset != play.preset:
        play.settings = to.settings
    play.cards = [state.Card(layer, uid) for uid, layer in to.cards]
    play.head, play.preset, play.chosen = to.head, to.preset, to.chosen
    play.version += 1  # the sliders on the page must be made anew to show the old values
