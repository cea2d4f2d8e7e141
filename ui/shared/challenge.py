"""The class's challenge: what is asked, and the board, which fills while its runs learn."""

from __future__ import annotations

import streamlit as st

from cnn.common import workspaces
from cnn.common.text import duration
from cnn.datasets import DATASETS
from cnn.runs import challenge
from cnn.runs.challenge import Challenge
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

LOOK_SECONDS = 4.0
FIGURES = {"validation": "Validation accuracy", "test": "Test accuracy"}


def show() -> None:
    """The challenge and its board, where there is one."""
    found = challenge.current()
    if found is None:
        return
    with st.container(border=True, key="challenge"):
        st.markdown(f":material/trophy: **{plain(found.title)}**")
        st.caption(in_words(found))
        refreshing(_board, LOOK_SECONDS, "challenge")(found)


def in_words(found: Challenge) -> str:
    """What counts, in a sentence."""
    budget = []
    if found.max_parameters is not None:
        budget.append(f"at most {found.max_parameters:,} parameters")
    if found.max_seconds is not None:
        budget.append(f"at most {duration(found.max_seconds)} of training")
    dataset = DATASETS[found.dataset]
    usual = f" and hold out the usual {dataset.validation_images:,} validation images"
    within = f" with {' and '.join(budget)}" if budget else ""
    return (
        f"The highest {FIGURES[found.figure].lower()} on {dataset.label}{within}. "
        f"Runs count that were trained here since it was set"
        f"{usual if found.figure == 'validation' else ''}; the best of each workspace stands below."
    )


def _board(found: Challenge) -> None:
    rows = challenge.board(found)
    if not rows:
        st.markdown("Nobody has a run that counts yet.")
        return
    mine = workspaces.current()
    st.dataframe(
        [
            {
                "Place": place,
                "Who": "you" if row.workspace == mine else row.who,
                FIGURES[found.figure]: row.accuracy,
                "Parameters": row.parameters,
                "Seconds": round(row.seconds, 1),
            }
            for place, row in enumerate(rows, 1)
        ],
        hide_index=True,
        key="challenge_board",
        column_config={
            "Place": st.column_config.NumberColumn(width="small"),
            FIGURES[found.figure]: st.column_config.ProgressColumn(
                min_value=0.0, max_value=1.0, format="percent"
            ),
            "Parameters": st.column_config.NumberColumn(format="localized"),
        },
        alt="The best run of each workspace, the highest first",
    )
