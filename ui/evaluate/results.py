"""A run's test results at one of its epochs: its numbers, the confusion matrix, the sections."""

from __future__ import annotations

import streamlit as st

from cnn import datasets, evaluation, runs
from cnn.common.text import percent
from cnn.evaluation import Scored
from ui.evaluate import gallery, matrix, sections
from ui.evaluate.report import download_button
from ui.evaluate.scores import scored, weights_of
from ui.evaluate.state import choices_of
from ui.shared.another_try import near_chance
from ui.shared.plain_text import plain
from ui.shared.stand_in import stand_in_note

NEWEST = -1
KEPT = "On its data set's own test images, kept from the end of its training."


def choose_epoch(run: runs.Run) -> None:
    """The epoch whose weights are evaluated; the newest by itself."""
    kept, mine = run.checkpoints(), choices_of(run)
    options = [NEWEST, *kept]
    if mine.epoch not in kept:
        mine.epoch = None
    key = f"evaluate_epoch_{run.id}"

    def changed() -> None:
        chosen = st.session_state[key]
        mine.epoch = None if chosen == NEWEST else chosen

    st.selectbox(
        "Weights",
        options,
        options.index(NEWEST if mine.epoch is None else mine.epoch),
        format_func=_epoch_name,
        key=key,
        on_change=changed,
        help="Those after every epoch that is kept; the test set chooses none of them.",
    )


def _epoch_name(epoch: int) -> str:
    if epoch == NEWEST:
        return "Newest"
    return f"After epoch {epoch}" if epoch else "Untrained"


def show(run: runs.Run) -> None:
    """All of it, and the button that scores the test set."""
    epoch = choices_of(run).epoch
    try:
        note = stand_in_note(run.config.dataset)
        if note:
            st.info(note, icon=":material/database_off:")
        elif epoch is None:
            _offer_to_score(run)
            if evaluation.test_probabilities(run) is None:
                return
        weights = weights_of(run, epoch)
        found = scored(weights, _kept_at(run))
    except datasets.DataError as error:
        st.error(plain(error), icon=":material/database_off:")
        return
    except runs.RunError as error:
        st.error(plain(error), icon=":material/error:")
        return
    _numbers(run, found, bool(note), epoch)
    near_chance(run)
    matrix.show(run, found)
    sections.show(run, found, weights)
    gallery.back_to_place()


def _kept_at(run: runs.Run) -> int | None:
    """When the kept test results were written."""
    try:
        return run.files.test_probabilities.stat().st_mtime_ns
    except OSError:
        return None


def _offer_to_score(run: runs.Run) -> None:
    """The button that scores the test set, where it has not been, or weights are newer."""
    unscored = evaluation.test_probabilities(run) is None
    if unscored:
        st.info("The test set has not been scored with this run yet.", icon=":material/quiz:")
    if (unscored or run.state in runs.ACTIVE) and st.button(
        "Score the test set now",
        icon=":material/quiz:",
        help="With the newest weights. Nothing is chosen by it.",
    ):
        _score(run)


def _score(run: runs.Run) -> None:
    """Score the test set, with a progress bar."""
    text = "Scoring the test set"
    bar = st.progress(0.0, text)

    def show_share(share: float) -> None:
        bar.progress(share, text)

    try:
        evaluation.score_test_set(run, show_share)
    except (runs.RunError, datasets.DataError) as error:
        st.error(plain(error), icon=":material/error:")
    else:
        st.rerun()


def _numbers(run: runs.Run, found: Scored, stands_in: bool, epoch: int | None) -> None:
    """Accuracy with its interval, loss, top-2, mistakes; the report."""
    total, kept = len(found.labels), run.status().get("test_accuracy")
    low, high = evaluation.wilson_interval(found.right, total)
    cells = 6 if stands_in and kept else 5
    grid = st.grid(cells, min_column_width=130)
    if stands_in and kept:
        grid.metric("Test accuracy", percent(kept, 2), border=True, help=KEPT)
    grid.metric(
        "On these images" if stands_in else "Test accuracy",
        percent(found.accuracy, 2),
        f"{percent(low, 2)} to {percent(high, 2)}",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help=f"Of {total:,} images. Below: the 95% interval (Wilson), within which the accuracy "
        "on all images of the kind is likely to lie.",
    )
    grid.metric(
        "Test loss",
        f"{evaluation.cross_entropy(found.probabilities, found.labels):.4f}",
        "cross-entropy",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="The mean of -log of the probability it gave to the right class.",
    )
    second = evaluation.top_k_accuracy(found.probabilities, found.labels, 2)
    grid.metric(
        "Top-2",
        percent(second, 2),
        "two guesses",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="Images whose class is among its two most probable ones.",
    )
    grid.metric(
        f"Wrong, of {total:,}",
        f"{total - found.right:,}",
        datasets.DATASETS[run.config.dataset].label.removesuffix(" (bundled)"),
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="Trained on this data set.",
    )
    with grid.cell(), st.container(gap="xsmall"):
        download_button(run, epoch)
        st.caption("One HTML file: opens without the app, prints on A4.")
