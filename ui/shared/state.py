"""What a session knows: the network being designed, the settings, the current run, the drawing.

Streamlit drops a widget's value when its page is left, so what several pages need lives in one
object of ours, and widgets are fed from it. Which run is current lives in the URL, so that a
reload or a second tab finds it again.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

import streamlit as st

from cnn import runs
from cnn.datasets import default_dataset
from cnn.network import Architecture
from cnn.network.layers import AnyLayer, Classifier, Flatten
from cnn.presets import DEFAULT_PRESET, PRESETS, Experiment
from cnn.runs.first_filter import FirstFilter, misfit
from cnn.training import Settings
from ui.shared.plain_text import plain

T = TypeVar("T")
EMPTY = "empty"  # in the place of a preset's name: input and output alone
PROJECTOR = "projector"  # in the address
_START = PRESETS[DEFAULT_PRESET]
_counter = itertools.count()


@dataclass
class Card:
    """A layer on the Design page. `uid` stays with it when it moves, and names its widgets."""

    layer: AnyLayer
    uid: int = field(default_factory=lambda: next(_counter))


def _cards(architecture: Architecture) -> list[Card]:
    return [Card(layer) for layer in architecture.layers]


@dataclass
class Playground:
    """Everything a session keeps; at the start, the default preset."""

    cards: list[Card] = field(default_factory=lambda: _cards(_START.architecture))
    head: Classifier = _START.architecture.head
    settings: Settings = _START.settings
    preset: str | None = DEFAULT_PRESET
    first_filter: FirstFilter | None = None  # made by hand in a lesson, for the first layer
    dataset: str | None = None  # None: the best that is on disk
    device: str = "auto"
    run_id: str | None = None
    came_with: str | None = None  # the run in the address with which the visit began
    run_is_chosen: bool = False  # rather than current because it is the newest
    wants_no_run: bool = False  # rather than the newest
    set_up_visit: int | None = None  # the visit to Train that was asked for on Design
    left_runs: deque[str] = field(default_factory=lambda: deque(maxlen=50))  # no longer current
    notice: str | None = None
    has_stream: bool = True  # whether the browser is reached by a run's live stream
    version: int = 0  # part of every settings widget's key: a new preset means new widgets
    page: str = ""
    visit: int = 0  # counts page changes: a canvas is laid anew at each
    pages: dict[type, object] = field(default_factory=dict)  # see `page`
    on_leave: Callable[[], None] | None = None  # what the shown page has to end when it is left
    projector: bool = False  # larger type and maps, no sidebar
    chosen: int | str | None = None  # the open card on Design: its uid, or "head"
    opened_link: str | None = None
    lesson: float | None = None  # when the class's lesson was set that this session keeps to
    own_links: deque[str] = field(default_factory=lambda: deque(maxlen=50))  # put into the address
    hidden: frozenset[str] = frozenset()  # controls that a teacher's link hides
    fixed: frozenset[str] = frozenset()  # and those it shows but does not let move

    @property
    def architecture(self) -> Architecture:
        """The network as designed, whether it can work or not."""
        return Architecture(layers=tuple(card.layer for card in self.cards), head=self.head)

    def replace(self, architecture: Architecture, settings: Settings, preset: str | None) -> None:
        """Take another network and its settings, with new cards and widgets."""
        self.cards, self.head = _cards(architecture), architecture.head
        self.settings, self.preset, self.first_filter = settings, preset, None
        self.version += 1

    def load_preset(self, name: str) -> None:
        """Take a preset's network and settings; EMPTY: a network of input and output alone. A
        browser may name any: for what is none nothing happens."""
        if name == EMPTY:
            self.replace(Architecture(layers=(Flatten(),)), Settings(), None)
        elif name in PRESETS:
            self.replace(PRESETS[name].architecture, PRESETS[name].settings, name)

    def set_up(self, experiment: Experiment) -> None:
        """Take an experiment's network, settings and data set."""
        self.replace(experiment.architecture, experiment.settings, experiment.preset)
        self.dataset = experiment.dataset or self.dataset

    def add(self, layer: AnyLayer, place: int) -> None:
        """Put a new layer at an index among the cards and open its card."""
        card = Card(layer)
        self.cards.insert(place, card)
        self.chosen = card.uid

    def take(self, architecture: Architecture) -> None:
        """Make this the network. Cards whose layers stay keep their names, and so stay open."""
        old, new = self.cards, architecture.layers
        known = {id(card.layer): card.uid for card in old}
        same = [known.pop(id(layer), None) for layer in new]
        uids = [card.uid for card in old] if len(old) == len(new) else same
        self.cards = [
            Card(layer) if uid is None else Card(layer, uid)
            for layer, uid in zip(new, uids, strict=True)
        ]
        self.head = architecture.head
        self.version += 1

    @property
    def start_filter(self) -> FirstFilter | None:
        """The filter made by hand, where this network can start from it."""
        mine = self.first_filter
        return None if mine is None or misfit(self.architecture, mine) else mine

    @property
    def dataset_name(self) -> str:
        """The data set to train on: as chosen, or the best that is on disk."""
        return self.dataset or default_dataset()

    @property
    def is_changed(self) -> bool:
        """Whether this is no longer its preset's network."""
        preset = PRESETS.get(self.preset or "")
        return preset is not None and preset.architecture != self.architecture

    @property
    def title(self) -> str:
        """What to call this network: its preset's name while it is unchanged."""
        preset = PRESETS.get(self.preset or "")
        mine = ", with my filter" if self.start_filter else ""
        if preset is None:
            return f"My network{mine}"
        return f"{preset.label}{', changed' if self.is_changed else ''}{mine}"


def get() -> Playground:
    """This session's object, as `begin` made it."""
    return st.session_state.playground


def begin() -> None:
    """At each script run of app.py: make the session's object where there is none, and take the
    current run from the URL."""
    is_new = "playground" not in st.session_state
    if is_new:
        st.session_state.playground = Playground()
    play = get()
    if is_new:
        play.projector = PROJECTOR in st.query_params
    wanted = st.query_params.get("run")
    if wanted in play.left_runs:  # a slow browser sends what stood there a moment ago
        wanted = None
    if not (wanted or play.run_id or play.wants_no_run):  # the newest is what people come for
        newest = runs.newest_run()
        play.run_id = newest.id if newest else None
    if wanted and wanted != play.run_id:
        try:
            play.run_id, play.run_is_chosen = runs.open_run(wanted).id, True
            if is_new:
                play.came_with = play.run_id
        except runs.RunError:  # the id may be anybody's text: it is not repeated
            play.notice = "The address names a run that is not here."
    sync_url()


def sync_url() -> None:
    """Write the current run into the URL, or take it out where there is none; and the projector
    mode, which a change of page takes out."""
    play = get()
    if play.projector:
        if PROJECTOR not in st.query_params:
            st.query_params[PROJECTOR] = "on"
    elif PROJECTOR in st.query_params:
        del st.query_params[PROJECTOR]
    if play.run_id:
        if st.query_params.get("run") != play.run_id:
            st.query_params["run"] = play.run_id
    elif "run" in st.query_params:
        del st.query_params["run"]


def set_projector(on: bool) -> None:
    """Switch the projector mode on or off."""
    get().projector = on


def enter(page: str) -> None:
    """Note which page is shown; a change of page starts a new visit."""
    play = get()
    if play.page != page:
        play.page, play.visit = page, play.visit + 1
        leave, play.on_leave = play.on_leave, None
        if leave:
            leave()


def choose_run(run_id: str | None) -> None:
    """Make a run the current one, or none."""
    play = get()
    if play.run_id and play.run_id != run_id:
        play.left_runs.append(play.run_id)
    if run_id and run_id in play.left_runs:
        play.left_runs.remove(run_id)
    play.run_id, play.wants_no_run, play.run_is_chosen = run_id, False, True
    sync_url()


def leave_run() -> None:
    """Let none be the current run, until one is chosen or begun."""
    choose_run(None)
    get().wants_no_run = True


def current_run() -> runs.Run | None:
    """The current run; None (with a notice) where its folder is gone or damaged."""
    play = get()
    if not play.run_id:
        return None
    try:
        run = runs.open_run(play.run_id)
        _ = run.config
    except runs.RunError as error:
        play.notice, play.run_id = plain(error), None
        return None
    return run


def page(kind: type[T]) -> T:
    """What a page keeps for this session: one object of its own dataclass, made at first use."""
    kept = get().pages
    if kind not in kept:
        kept[kind] = kind()
    return cast(T, kept[kind])
