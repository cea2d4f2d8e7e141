"""Starting a run, or one like it with other settings; and what is said of one that learned
nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from cnn import evaluation, runs
from cnn.training import Settings
from ui.shared import state
from ui.shared.plain_text import plain


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
