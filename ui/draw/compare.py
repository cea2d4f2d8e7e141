"""One drawing, many answers: all finished runs side by side, and one run over its epochs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import drawing, figures, recognition, runs
from cnn.runs import checkpoints
from ui.draw.answer import in_words
from ui.shared import models
from ui.shared.charts import chart
from ui.shared.plain_text import plain
from ui.shared.run_picker import labels_of

MOST_RUNS = 12
DONE = ("finished", "stopped", "interrupted")


def readings(images: NDArray[np.float32]) -> Iterator[tuple[runs.Run, recognition.Reading]]:
    """What the runs that are done make of prepared images, the newest run first; those whose
    weights cannot be read are left out."""
    for run in [run for run in runs.list_runs() if run.state in DONE][:MOST_RUNS]:
        try:
            reading = recognition.read(run, models.model_of(run), images)
        except runs.RunError:
            continue
        yield run, reading


def all_runs(run: runs.Run, when: runs.When | None, found: list[drawing.Prepared]) -> None:
    """A table of what every finished run reads; `run` alone is asked whether it is a digit."""
    images = np.stack([one.image for one in found])
    answers = list(readings(images))
    labels = labels_of([run for run, _ in answers])
    rows = [
        {
            "Run": labels[run.id],
            "Reads": reading.text(run.config.classes),
            "Confidence": in_words(reading.confidence)[1],
            "Probability": reading.confidence,
            "Test": run.status().get("test_accuracy"),
        }
        for run, reading in answers
    ]
    if not rows:
        st.caption("No run has finished yet.")
        return
    with st.container(key="draw_side_by_side"):
        st.dataframe(
            rows,
            hide_index=True,
            column_config={
                "Reads": st.column_config.TextColumn(width="small"),
                "Probability": st.column_config.ProgressColumn(
                    min_value=0.0,
                    max_value=1.0,
                    format="percent",
                    help="Of a number: its least certain digit's.",
                ),
                "Test": st.column_config.NumberColumn(
                    format="percent", help="Accuracy on the run's own test set."
                ),
            },
            alt="What each run reads",
        )
    if len(rows) > 1:
        agree = len({row["Reads"] for row in rows}) == 1
        st.caption("They all agree." if agree else "They do not agree.")
    if not _looks_like_digits(run, when, images):
        st.caption(
            "That does not look like a digit, as the answer above says: here each run has to name "
            "one, and shares out 100% among those that it knows."
        )


def _looks_like_digits(run: runs.Run, when: runs.When | None, images: NDArray[np.float32]) -> bool:
    """Whether `run` takes all of `images` for digits, as far as that is known."""
    try:
        model = models.model_of(run, when)
        return all(recognition.read(run, model, images, models.detector_ready(run)).is_digit)
    except runs.RunError:  # the answer above says so
        return True


def chosen_weights(run: runs.Run) -> runs.When | None:
    """The epoch or early step chosen below the drawing; None: the newest weights."""
    return _kept(run, st.session_state.get(f"draw_epoch_{run.id}"))


def _kept(run: runs.Run, when: object) -> runs.When | None:
    """What was chosen, or the nearest epoch where that is not kept any more; None: the newest."""
    if isinstance(when, runs.EarlyStep):
        return when if when in run.early_steps() else None
    return checkpoints.nearest(run.checkpoints(), when) if isinstance(when, int) else None


@st.cache_data(max_entries=64, show_spinner=False)
def _over_epochs(
    run_id: str, kept: tuple[str, ...], image: drawing.Ink
) -> tuple[list[runs.When], NDArray[np.float32]]:
    return recognition.over_epochs(runs.open_run(run_id), image)


def _words(when: runs.When | str) -> str:
    return f"epoch {when}" if isinstance(when, int) else str(when)


def replay(run: runs.Run, one: drawing.Prepared) -> None:
    """How this run's answer to this drawing moved while it learned."""
    try:
        kept = tuple(map(str, [*run.checkpoints(), *run.early_steps()]))
        order, probabilities = _over_epochs(run.id, kept, one.image)
    except runs.RunError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if len(order) < 2:
        st.caption("There is nothing to replay yet: it has only begun to learn.")
        return
    options, key = [*order, "newest"], f"draw_epoch_{run.id}"
    if st.session_state.get(key, "newest") not in options:
        nearest = _kept(run, st.session_state[key])
        st.session_state[key] = "newest" if nearest is None else nearest
    st.select_slider(
        "Let the network answer as it was after",
        options,
        "newest",
        format_func=_words,
        key=key,
        persist_state="session",
        help="Epoch 0 are the random weights before training. The answer above goes by it.",
    )
    names = run.config.classes
    epochs = [when for when in order if isinstance(when, int)]
    steps = [when.number for when in order if isinstance(when, runs.EarlyStep)]
    chart(
        figures.answer_over_epochs(epochs, probabilities, names, steps),
        "draw_replay",
        "Probability of every class after each epoch",
    )
    answers = zip(order, probabilities.argmax(1), strict=True)
    changes = [next(same) for _, same in groupby(answers, key=lambda answer: answer[1])]
    story = ", then ".join(f"**{plain(names[k])}** after {_words(w)}" for w, k in changes[:6])
    wide = " The first epoch, in which it learns most, is drawn wider." if steps else ""
    st.caption(f"It read {story}. Epoch 0 is the network before it learned anything.{wide}")
