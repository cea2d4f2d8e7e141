"""What the network makes of the drawing: the winner in large type, and everything about it."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import streamlit as st

from cnn import drawing, figures, recognition, runs
from cnn.common.text import confidence
from cnn.datasets import DATASETS
from cnn.figures.colours import MUTED, VALIDATION
from cnn.runs.watching import MOST_IMAGES, Subject
from ui.draw import example, source, state
from ui.live import subjects
from ui.live.component import PLOTLY_VERSION, live_component
from ui.live.keys import stream_name
from ui.live.payloads import figure_json
from ui.shared import models
from ui.shared import state as shared
from ui.shared.charts import chart
from ui.shared.components import PAINTING_JS
from ui.shared.image_choice import ImageChoice
from ui.shared.live_region import say
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain

IN_WORDS = {  # above this confidence
    0.97: ("It is sure that this is", "sure"),
    0.8: ("It thinks that this is", "fairly sure"),
    0.5: ("It hesitates, but guesses", "hesitant"),
}
_live_answer = live_component(Path(__file__).parent, "live_answer", PAINTING_JS)
NO_IDEA = ("It has no idea. Its best guess:", "guessing")


def in_words(confidence: float) -> tuple[str, str]:
    """How confident it is, as the beginning of a sentence and in a word or two."""
    return next((words for above, words in IN_WORDS.items() if confidence > above), NO_IDEA)


def headline(small: str, large: str) -> None:
    """A line, and the answer below it in large type."""
    with st.container(key="draw_winner", gap=None):
        st.markdown(small)
        st.markdown(f"## {large}")


def in_one_sentence(reading: recognition.Reading, config: runs.Config) -> str:
    """The answer for those who hear the page."""
    if len(reading.best) > 1:
        return f"It reads {len(reading.best)} digits: {reading.text(config.classes)}."
    answer = f"{config.classes[reading.best[0]]}, {confidence(reading.confidence, 1)}"
    if reading.is_digit[0]:
        return f"It reads {answer}."
    return f"That does not look like a digit. If it had to be one: {answer}."


def no_digits(run: runs.Run) -> str:
    """Why a run cannot play or be taught, in words."""
    label = DATASETS[run.config.dataset].label
    return (
        f"'{plain(run.name)}' has learned {label}, whose classes are "
        f"{plain(', '.join(run.config.classes))}: it "
        "does not read the digits 0 to 9. Choose a run that does above."
    )


def invitation(config: runs.Config) -> None:
    """What stands in the answer's place before anything is drawn."""
    things = f"what this network tells apart: {plain(', '.join(config.classes))}"
    if source.is_upload():
        wanted = "a digit, or of a number" if config.reads_digits else f"one of {things}"
        what, when = f"Choose a picture of {wanted}.", "it is there"
    else:
        what, when = f"Draw one of {things}.", "you lift the pen"
        if config.reads_digits:
            what = "Write a digit from 0 to 9 on the dark sheet, or several as a number."
    with st.container(border=True, horizontal_alignment="center", key="draw_invitation"):
        st.markdown("## :material/draw: Your turn")
        st.markdown(f"{what} The network answers as soon as {when}.")
        if config.reads_digits and not source.is_upload():
            example.button()


def show(run_id: str, when: runs.When | None, found: list[drawing.Prepared]) -> None:
    """The answer of one run."""
    try:
        run = runs.open_run(run_id)
        config = run.config
        if not found:
            say("", "answer")
            invitation(config)
            return
        model = models.model_of(run, when)
        images = np.stack([one.image for one in found])
        reading = recognition.read(run, model, images, models.detector_ready(run))
    except runs.RunError as error:
        st.error(plain(error), icon=":material/error:")
        return
    if run.state in runs.ACTIVE and when is None:
        say("", "answer")  # its component says what it shows
        _moving(run, reading, found, config.classes)
        return
    say(in_one_sentence(reading, config), "answer")
    if len(found) > 1:
        _number(reading, found, config.classes)
    else:
        _winner(reading, found[0], config)
    shown = state.chosen(found)
    row, is_digit = reading.probabilities[shown], reading.is_digit[shown]
    chart(
        figures.probability_bars(row.tolist(), config.classes, is_digit),
        "draw_bars",
        "Probability of every class",
    )


def _moving(
    run: runs.Run,
    reading: recognition.Reading,
    found: list[drawing.Prepared],
    classes: tuple[str, ...],
) -> None:
    """The answer of a network that is still learning: it moves with the run's stream."""
    images = np.stack([np.rint(one.image * 255).astype(np.uint8) for one in found])
    row = reading.probabilities[state.chosen(found)]
    with st.container(key="draw_winner", gap=None):
        _live_answer(
            key="draw_live_answer",
            data={
                "run": stream_name(run),
                "subject": subjects.register(Subject(images[:MOST_IMAGES])),
                "chosen": state.chosen(found),
                "probabilities": reading.probabilities.round(4).tolist(),
                "digits": list(reading.is_digit),
                "classes": list(classes),
                "figure": figure_json(figures.probability_bars(row.tolist(), classes)),
                "colours": {"winner": VALIDATION, "other": MUTED},
                "words": [[above, small] for above, (small, _) in IN_WORDS.items()],
                "no_idea": NO_IDEA[0],
                "pictures": [base64.b64encode(image.tobytes()).decode() for image in images],
                "plotly": PLOTLY_VERSION,
            },
        )


def _winner(reading: recognition.Reading, one: drawing.Prepared, config: runs.Config) -> None:
    """One drawing: winner and what the network sees."""
    best, classes = reading.best[0], config.classes
    kind, kinds = ("a digit", "digits") if config.reads_digits else ("any of them", "classes")
    with st.container(horizontal=True, vertical_alignment="center", wrap=False, gap="medium"):
        if reading.is_digit[0]:
            headline(in_words(reading.confidence)[0], plain(classes[best]))
        else:
            with st.container(key="draw_no_digit", gap=None):
                st.markdown(f"## That does not look like {kind} to me")
                st.markdown(
                    f"If it had to be one: **{plain(classes[best])}** "
                    f"({confidence(reading.confidence, 1)}). The bars only share "
                    f"out 100% among the {kinds}; they cannot say “none of these”."
                )
        st.image(
            enlarge(one.image, 5),
            caption="as the network sees it, 28×28",
            width=130,
            alt="The prepared image, 28 by 28 pixels",
        )


def _number(
    reading: recognition.Reading, found: list[drawing.Prepared], classes: tuple[str, ...]
) -> None:
    """Several digits: the number, and each digit with its own answer."""
    texts = [
        plain(classes[k]) if is_digit else "?"
        for k, is_digit in zip(reading.best, reading.is_digit, strict=True)
    ]
    headline(f"It reads {len(found)} digits", " ".join(texts))
    with st.container(horizontal=True, gap="small"):
        for i, (one, row) in enumerate(zip(found, reading.probabilities, strict=True)):
            with st.container(width=84, gap=None):
                st.image(enlarge(one.image, 3), width=84, alt=f"Digit {i + 1} as seen")
                note = "" if reading.is_digit[i] else " · no digit"
                st.caption(
                    f"**{plain(classes[reading.best[i]])}** {confidence(row.max(), 1)}{note}"
                )
    chosen = st.segmented_control(
        "Look closer at",
        range(len(found)),
        default=state.chosen(found),
        format_func=lambda i: f"{i + 1}: {texts[i]}",
        key=f"draw_chosen_{len(found)}",
        required=True,
    )
    if chosen != state.get().digit:
        state.get().digit = chosen
        shared.page(ImageChoice).drawing = found[chosen].image


def second_place(run: runs.Run, when: runs.When | None, one: drawing.Prepared) -> None:
    """Which ink is evidence for the first and for the second."""
    try:
        model = models.model_of(run, when)
        row = recognition.read(run, model, one.image[None]).probabilities[0]
    except runs.RunError as error:
        st.error(plain(error), icon=":material/error:")
        return
    first, second = np.argsort(-row)[:2].tolist()
    found = recognition.evidence(run, model, one.image, [first, second])
    largest = float(np.abs(found).max()) or 1.0
    grid = st.grid(2, min_column_width=150)
    names = run.config.classes
    for place, k, part in (("First", first, found[0]), ("Second", second, found[1])):
        with grid.cell():
            st.markdown(f"**{place}: {plain(names[k])}**, {confidence(row[k], 1)}")
            st.image(
                figures.evidence_overlay(one.image, part, largest).repeat(6, 0).repeat(6, 1),
                width=168,
                alt=f"Ink that is evidence for {names[k]} in orange, against it in blue",
            )
    st.caption(
        "Orange ink spoke for the digit, blue ink against it (ink × gradient of its logit over "
        "the mean logit)."
    )
