"""The confusion matrix, and beside it every class's figures or the images of the clicked cell."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import evaluation, figures
from cnn.evaluation import Scored
from cnn.runs import Run
from ui.evaluate import gallery
from ui.evaluate.state import choices_of
from ui.shared.charts import chart
from ui.shared.choice import choose
from ui.shared.components import dark
from ui.shared.plain_text import plain
from ui.shared.reports import SELECTION, reported

COUNTS, SHARES_OF_ROW = "Counts", "Per cent of each row"
IN_A_CELL = 12
SHARES = {
    "Precision": "Of all it called so, the share that was.",
    "Recall": "Of all that were, the share it found.",
    "F1": "The harmonic mean of both.",
}


@st.fragment
def show(run: Run, scored: Scored) -> None:
    """Both. A fragment: a click on a cell leaves the figure as it is, and the rest of the page."""
    confusion = evaluation.confusion_matrix(scored.labels, scored.predictions, len(scored.classes))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        _matrix(run, confusion, scored.classes)
    with right:
        cell = choices_of(run).cell
        if cell is not None and max(cell) < len(scored.classes):
            if confusion[cell]:
                _cell(run, scored, cell)
                return
            truth, guess = (plain(scored.classes[i]) for i in cell)
            st.caption(f"No test image of {truth} was read as {guess}.")
        _class_by_class(confusion, scored.classes)


def _matrix(run: Run, confusion: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = choose(
            "Numbers", [COUNTS, SHARES_OF_ROW], "matrix_numbers", label_visibility="collapsed"
        )
        dim = st.toggle(
            "Dim the diagonal",
            key="matrix_dim",
            persist_state="session",
            help="So that the mistakes stand out.",
        )
    # One key for each way it is drawn: a figure that changes under its key loses its selection.
    key = f"confusion_{run.id}_{shown == COUNTS}_{dim}"

    def clicked() -> None:
        found = reported(key, "selection", SELECTION)
        places = [point.point_index for point in found.points] if found else []
        here = places and places[-1] < confusion.size
        choices_of(run).cell = divmod(places[-1], len(classes)) if here else None

    with st.container(key="confusion"):
        chart(
            figures.confusion_heatmap(confusion, classes, shown == SHARES_OF_ROW, dim, dark()),
            key,
            "Confusion matrix, truth by prediction. A click on a cell shows its images.",
            clicked,
        )


def _class_by_class(confusion: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    """Precision, recall and F1 of every class."""
    st.markdown("**Class by class**")
    report = evaluation.class_report(confusion, classes)
    st.dataframe(
        {
            "Class": [row.label for row in report],
            **{name: [100 * getattr(row, name.lower()) for row in report] for name in SHARES},
            "Images": [row.support for row in report],
        },
        hide_index=True,
        height="content",
        column_config={
            name: st.column_config.NumberColumn(format="%.2f%%", help=about)
            for name, about in SHARES.items()
        },
        alt="Precision, recall and F1 for every class",
    )
    st.caption(":material/touch_app: Click a cell of the matrix to see its images.")


def _cell(run: Run, scored: Scored, cell: tuple[int, int]) -> None:
    """The images of one cell, the most confident answer first."""
    truth, guess = cell
    there = np.flatnonzero((scored.labels == truth) & (scored.predictions == guess))
    order = np.argsort(-scored.probabilities[there].max(axis=1), kind="stable")
    names = plain(scored.classes[truth]), plain(scored.classes[guess])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f"**{names[0]} read as {names[1]}: {len(there):,}**"
            if truth != guess
            else f"**{names[0]}, read rightly: {len(there):,}**"
        )
        st.button(
            "Class by class",
            icon=":material/arrow_back:",
            type="tertiary",
            key="leave_cell",
            on_click=partial(setattr, choices_of(run), "cell", None),
        )
    gallery.show(run, scored, there[order], f"cell_{truth}_{guess}", IN_A_CELL, 88)
