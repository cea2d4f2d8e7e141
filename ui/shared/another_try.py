"""Starting a run, or one like it with other settings; and what is said of one that learned
nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import streamlit as st

from cnn import evaluation, runs
from cnn.network import Architecture
from cnn.runs.first_filter import FirstFilter
from cnn.runs.folders import runs_dir
from cnn.training import Settings
from ui.shared import state
from ui.shared.plain_text import plain

MOMENT = 2.0  # seconds in which a second click, or another tab's, is taken for the first

_making = threading.Lock()
_newest: dict[Path, tuple[runs.Run, float]] = {}  # in each workspace's folder, and when it was made


def launch(
    make_run: Callable[[], runs.Run], start: Callable[[runs.Run], None] | None = None
) -> None:
    """Make a run, start its worker, and show it as the current one; a failure becomes a notice."""
    try:
        run = make_run()
        (start or runs.launch)(run)
    except runs.RunError as error:
        state.get().notice = plain(error)
    else:
        state.choose_run(run.id)


def launch_chosen(dataset: str, start: Callable[[runs.Run], None] | None = None) -> None:
    """Make and start a run of the network and settings as they are chosen. Where this workspace has
    just begun an equal one, by a second click or in another tab, that is shown instead."""
    play = state.get()
    chosen = play.architecture, play.settings, dataset, play.device
    mine = play.start_filter
    try:
        with _making:
            run, is_new = _just_begun(*chosen, mine), False
            if run is None:
                title = runs.default_name(play.title, dataset)
                made = runs.new(*chosen, preset=play.preset, name=title, first_filter=mine)
                run, is_new = made, True
                _newest[runs_dir()] = (run, time.monotonic())
    except runs.RunError as error:
        play.notice = plain(error)
        return
    if not is_new:
        state.choose_run(run.id)
        return

    def begin(run: runs.Run) -> None:
        try:
            (start or runs.launch)(run)
        except runs.RunError:
            _newest.pop(runs_dir(), None)
            raise

    launch(lambda: run, begin)


def _just_begun(
    architecture: Architecture,
    settings: Settings,
    dataset: str,
    device: str,
    first_filter: FirstFilter | None,
) -> runs.Run | None:
    """The workspace's newest run where it is such a one, and waits or has begun a moment ago."""
    run, begun = _newest.get(runs_dir(), (None, 0.0))
    if run is None or run.control().get("stop"):
        return None
    try:
        config = run.config
    except runs.RunError:  # it was deleted
        return None
    made = config.architecture, config.settings, config.dataset, config.device, config.first_filter
    now, is_new = run.last_status()["state"], time.monotonic() - begun < MOMENT
    waits = now == "queued" and (is_new or run.is_alive())
    same = made == (architecture, settings, dataset, device, first_filter)
    return run if same and (waits or (is_new and now in runs.ACTIVE)) else None


def send(run: runs.Run, **changes: object) -> None:
    """Ask the run's worker for something; a failure becomes a notice."""
    try:
        run.send(**changes)
    except runs.RunError as error:
        state.get().notice = plain(error)


def try_again(run: runs.Run, suggested: Mapping[str, float], main: bool = True) -> None:
    """One button that starts the run anew with the settings that should work; `main`: it is the
    page's first."""
    known = {
        name: value
        for name, value in suggested.items()
        if name in Settings.model_fields and isinstance(value, int | float)
    }
    if known:
        st.button(
            f"Try again with {runs.settings_text(known)}",
            icon=":material/replay:",
            type="primary" if main else "secondary",
            key="retry",
            help="A new run from the start; this one keeps what it had learned.",
            on_click=lambda: launch(lambda: runs.retry(run, known)),
        )


def near_chance(run: runs.Run, main: bool = True) -> None:
    """Of a finished run that does no better than guessing: that it is so, what to try, and a button
    where a setting is the likely cause; `main`: it is the page's first."""
    found = evaluation.near_chance(run)
    if found is None:
        return
    steps = "".join(f"\n- {step}" for step in found.try_next)
    st.warning(f"{found.text} What to try:\n{steps}", icon=":material/trending_flat:")
    try_again(run, found.settings, main)
