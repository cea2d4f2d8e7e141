"""One drawing, many answers: all finished runs side by side, and one run over its epochs."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn import drawing, figures, recognition, runs
from ui.draw.answer import QUIET, sure_word
from ui.shared import models, state
from ui.shared.run_picker import labels_of

MOST_RUNS = 12
DONE = ("finished", "stopped", "interrupted")


def readers() -> list[runs.Run]:
    """The runs that can read, newest first, without those still training."""
    return [run for run in runs.list_runs() if run.state in DONE][:MOST_RUNS]


def all_runs(found: list[drawing.Prepared]) -> None:
    """What every finished run reads."""
    if not found:
        return
    images = np.stack([one.image for one in found])
    rows, able = [], readers()
    labels = labels_of(able)
    for run in able:
        try:
            reading = recognition.read(run, models.model_of(run), images)
            classes = run.config.classes
        except runs.RunError:
            continue
        test = run.status().get("test_accuracy")
        rows.append(
            {
                "Run": labels[run.id],
                "Reads": reading.text(classes),
                "How sure": sure_word(reading.sureness),
                "Probability": reading.sureness,
                "Test": test,
            }
        )
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
                    help="Of a number: the least sure digit's.",
                ),
                "Test": st.column_config.NumberColumn(
                    format="percent", help="Accuracy on the run's own test set."
                ),
            },
        )
    answers = {row["Reads"] for row in rows}
    if len(rows) > 1:
        st.caption("They all agree." if len(answers) == 1 else "They do not agree.")


def chosen_epoch(run: runs.Run) -> int | None:
    """The epoch chosen below the drawing; None: the newest weights."""
    value = state.remember(f"draw_epoch_{run.id}", None)
    return value if value in run.checkpoints() else None


def _epoch_slider(run: runs.Run) -> None:
    """Which epoch's weights answer, above as here."""
    newest = "newest" if run.state in runs.ACTIVE else "end"
    options: list[int | str] = [*run.checkpoints(), newest]
    key = f"draw_epoch_{run.id}_{len(options)}_{newest}"
    chosen = chosen_epoch(run)

    def keep() -> None:
        value = st.session_state[key]
        state.keep(f"draw_epoch_{run.id}", value if isinstance(value, int) else None)

    st.select_slider(
        "Let the network answer as it was after epoch",
        options,
        newest if chosen is None else chosen,
        key=key,
        on_change=keep,
        help="0 are the random weights before training. The answer above goes by it.",
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _over_epochs(run_id: str, kept: tuple[int, ...], pixels: bytes) -> tuple[list[int], np.ndarray]:
    image = np.frombuffer(pixels, np.float32).reshape(28, 28)
    return recognition.over_epochs(runs.open_run(run_id), image)


def replay(run: runs.Run, one: drawing.Prepared) -> None:
    """How this run's answer to this drawing moved while it learned."""
    try:
        epochs, probabilities = _over_epochs(
            run.id, tuple(run.checkpoints()), one.image.astype(np.float32).tobytes()
        )
    except runs.RunError as error:
        st.error(str(error), icon=":material/error:")
        return
    if len(epochs) < 2:
        st.caption("There is nothing to replay before the first epoch ends.")
        return
    _epoch_slider(run)
    names = run.config.classes
    st.plotly_chart(
        figures.answer_over_epochs(epochs, probabilities, names),
        key="draw_replay",
        config=QUIET,
        alt="Probability of every class after each epoch",
    )
    moves: list[tuple[int, str]] = []
    for epoch, row in zip(epochs, probabilities, strict=True):
        guess = names[int(row.argmax())]
        if not moves or moves[-1][1] != guess:
            moves.append((epoch, guess))
    story = ", then ".join(f"**{guess}** after epoch {epoch}" for epoch, guess in moves[:6])
    st.caption(f"It read {story}. Epoch 0 is the network before it learned anything.")
