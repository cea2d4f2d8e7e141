"""A run's test results: figures, confusion matrix, class by class, and the images it got wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, evaluation, figures, runs
from ui.shared import state
from ui.shared.another_try import near_chance
from ui.shared.charts import chart
from ui.shared.image_choice import ANY_CLASS, ImageChoice
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain
from ui.shared.stand_in import stand_in_note

if TYPE_CHECKING:
    from torch import Tensor

GALLERY = 27
KEPT = "On its data set's own test images, kept from the end of its training."
SHARES = {
    "Precision": "Of all it called so, the share that was.",
    "Recall": "Of all that were, the share it found.",
    "F1": "The harmonic mean of both.",
}


@dataclass
class EvaluateState:
    """What the Evaluate page keeps for a session."""

    mistakes_shown: int = GALLERY

    def show_more(self) -> None:
        """More mistakes at once."""
        self.mistakes_shown += 2 * GALLERY


@dataclass(frozen=True)
class TestSet:
    """A run's test set: images uint8 `(N, 28, 28)`, labels `(N,)`, and the run's probabilities
    float32 `(N, classes)`."""

    images: Tensor
    labels: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    classes: tuple[str, ...]


def show(run: runs.Run) -> None:
    """All of it, and the button that scores the test set."""
    try:
        note = stand_in_note(run.config.dataset)
        scored = _on_stand_in(run) if note else _scored(run)
    except datasets.DataError as error:
        st.error(str(error), icon=":material/database_off:")
        return
    except runs.RunError as error:
        st.error(str(error), icon=":material/error:")
        return
    if note:
        st.info(note, icon=":material/database_off:")
    elif (scored is None or run.state in runs.ACTIVE) and st.button(
        "Score the test set now",
        icon=":material/quiz:",
        help="With the newest weights. Nothing is chosen by it.",
    ):
        _score(run)
    if scored is None:
        return
    predictions = scored.probabilities.argmax(1)
    wrong = evaluation.mistakes(scored.probabilities, scored.labels)
    accuracy, kept = (predictions == scored.labels).mean(), run.status().get("test_accuracy")
    grid = st.grid(4 if note and kept else 3, min_column_width=140)
    if note and kept:
        grid.metric("Test accuracy", f"{kept:.2%}", border=True, help=KEPT)
    grid.metric("On these images" if note else "Test accuracy", f"{accuracy:.2%}", border=True)
    grid.metric(f"Wrong, of {len(predictions):,}", f"{len(wrong):,}", border=True)
    grid.metric("Trained on", datasets.DATASETS[run.config.dataset].label, border=True)
    near_chance(run)
    confusion = evaluation.confusion_matrix(scored.labels, predictions, len(scored.classes))
    _by_class(confusion, scored.classes)
    mistakes(scored, wrong)


def _scored(run: runs.Run) -> TestSet | None:
    """The test set as the run read it; None, and a message why, where it has to be scored. Raises
    DataError."""
    probabilities = evaluation.test_probabilities(run)
    if probabilities is None:
        st.info("The test set has not been scored with this run yet.", icon=":material/quiz:")
        return None
    images, classes = datasets.load(run.config.dataset), run.config.classes
    labels = images.test_labels.numpy()
    if probabilities.shape != (len(labels), len(classes)):
        st.error("The kept test results do not belong to this data set. Score it again.")
        return None
    return TestSet(images.test_images, labels, probabilities, classes)


def _on_stand_in(run: runs.Run) -> TestSet:
    """The test images that stand in for the run's own, as its newest weights read them. Raises
    DataError and RunError."""
    images = datasets.load(datasets.at_hand(run.config.dataset))
    changed = run.weights_path().stat().st_mtime_ns
    probabilities = _read_now(run.id, changed)
    return TestSet(
        images.test_images, images.test_labels.numpy(), probabilities, run.config.classes
    )


@st.cache_data(max_entries=16, show_spinner="Reading the test images")
def _read_now(run_id: str, changed: int) -> NDArray[np.float32]:
    run = runs.open_run(run_id)
    images = datasets.load(datasets.at_hand(run.config.dataset))
    return evaluation.predict(run, images.test_images)


def _score(run: runs.Run) -> None:
    """Score the test set, with a progress bar."""
    text = "Scoring the test set"
    bar = st.progress(0.0, text)

    def show_share(share: float) -> None:
        bar.progress(share, text)

    try:
        evaluation.score_test_set(run, show_share)
    except (runs.RunError, datasets.DataError) as error:
        st.error(str(error), icon=":material/error:")
    else:
        st.rerun()


def _by_class(confusion: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    """Confusion matrix, and precision, recall and F1 of every class."""
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.subheader("Confusion matrix")
        chart(
            figures.confusion_heatmap(confusion, classes),
            "confusion",
            "Confusion matrix, truth by prediction",
        )
    with right:
        st.subheader("Class by class")
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
                name: st.column_config.NumberColumn(format="%.2f %%", help=about)
                for name, about in SHARES.items()
            },
            alt="Precision, recall and F1 for every class",
        )


@st.fragment
def mistakes(scored: TestSet, wrong: NDArray[np.int64]) -> None:
    """The images it got wrong, the most confident first; each leads to Inspect."""
    st.subheader("What it got wrong, the most confident first")
    if not len(wrong):
        st.success("Nothing: every test image was read rightly.")
    kept = state.page(EvaluateState)
    gallery = st.grid("auto", min_column_width=100, gap="small")
    for index in wrong[: kept.mistakes_shown].tolist():
        with gallery.cell(), st.container(gap="xxsmall"):
            _mistake(scored, index)
    left = len(wrong) - kept.mistakes_shown
    if left > 0:
        st.button(f"Show more ({left:,} left)", key="more_mistakes", on_click=kept.show_more)


def _mistake(scored: TestSet, index: int) -> None:
    row = scored.probabilities[index]
    guess, truth = scored.classes[row.argmax()], scored.classes[scored.labels[index]]
    st.image(
        enlarge(scored.images[index].numpy(), 4),
        width="stretch",
        alt=f"Test image {index}: {truth} read as {guess}",
    )
    st.markdown(f"**{plain(truth)}** as :red[**{plain(guess)}**] {row.max():.0%}")
    if st.button(
        f"{index}",
        key=f"mistake_{index}",
        icon=":material/visibility:",
        type="tertiary",
        help=f"Look inside the network while it reads test image {index}",
    ):
        choice = state.page(ImageChoice)
        choice.source, choice.index, choice.wanted_class = "Test image", index, ANY_CLASS
        st.switch_page("pages/inspect.py")
