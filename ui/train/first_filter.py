"""The filter made by hand with which a training will start: shown above the button."""

from __future__ import annotations

import streamlit as st

from cnn.figures.colours import DIVERGING
from cnn.runs.first_filter import FirstFilter, in_words, misfit
from ui.shared import state

_CSS = """
<style>
.first-filter { display: flex; gap: 1rem; align-items: center; }
.first-filter div { display: grid; gap: 2px; font-size: 0.85rem; }
.first-filter p { margin: 0; }
.first-filter span { min-width: 2.4rem; padding: 0.25rem 0.3rem; text-align: center;
  border-radius: 4px; background: var(--shade); font-variant-numeric: tabular-nums; }
</style>
"""


def show() -> None:
    """The filter, that it is where the first one starts, and a way back to random weights."""
    play = state.get()
    mine = play.first_filter
    if mine is None:
        return
    if bad := misfit(play.architecture, mine):
        words = f"<strong>Your filter is left out.</strong> {bad}"
    else:
        words = (
            "<strong>Filter 0 of the first layer starts from your weights</strong>, all others at "
            "random. Below the curves you see what training makes of it."
        )
    st.html(f'{_CSS}<div class="first-filter">{_table(mine)}<p>{words}</p></div>')
    st.button(
        "Random weights instead",
        key="drop_first_filter",
        icon=":material/casino:",
        on_click=_drop,
    )


def _drop() -> None:
    state.get().first_filter = None


def _table(rows: FirstFilter) -> str:
    """Its weights, coloured as filters are everywhere: orange above zero, blue below."""
    largest = max(abs(v) for row in rows for v in row) or 1.0
    cells = "".join(
        f'<span style="--shade: {_shade(v / largest)}">{in_words(((v,),))}</span>'
        for row in rows
        for v in row
    )
    return (
        f'<div role="img" aria-label="Your filter: {in_words(rows)}" '
        f'style="grid-template-columns: repeat({len(rows)}, auto)">{cells}</div>'
    )


def _shade(share: float) -> str:
    """Half see-through, so that the page's own type reads on it in light and dark."""
    colour = DIVERGING[-1 if share > 0 else 0][1]
    return f"color-mix(in srgb, {colour} {abs(share) * 45:.0f}%, transparent)"
