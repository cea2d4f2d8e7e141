"""Test images with what the network made of them; each leads to Inspect, and back to its place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn.common.text import confidence
from cnn.evaluation import Scored
from cnn.runs import Run
from ui.evaluate.state import GALLERY, choices_of, evaluate_state
from ui.shared import state
from ui.shared.image_choice import ANY_CLASS, ImageChoice
from ui.shared.pictures import enlarge, look_inside
from ui.shared.plain_text import plain

_scroll = st.components.v2.component(
    "evaluate_scroll",
    js="""
// Brings the image into view from which the visitor had left; it is drawn a moment later.
export default function ({ data }) {
  let tries = 40;
  const timer = setInterval(() => {
    const box = document.querySelector(`.st-key-${data.box}`);
    if (box) box.scrollIntoView({ block: "center" });
    if (box || !--tries) clearInterval(timer);
  }, 100);
  return () => clearInterval(timer);
}
""",
)


def show(
    run: Run,
    scored: Scored,
    indices: NDArray[np.int64],
    name: str,
    first: int = GALLERY,
    width: int = 100,
    notes: Sequence[str] | None = None,
) -> None:
    """The images at `indices`, some at first and more on request; `notes` stand below each."""
    kept = evaluate_state().shown
    count = first + kept[name] - GALLERY
    gallery = st.grid("auto", min_column_width=width, gap="small")
    for place, index in enumerate(indices[:count].tolist()):
        with gallery.cell(), st.container(gap="xxsmall", key=f"box_{name}_{index}"):
            _image(run, scored, index, name)
            if notes and notes[place]:
                st.markdown(notes[place])
    left = len(indices) - count

    def more() -> None:
        kept[name] += 2 * GALLERY

    if left > 0:
        st.button(f"Show more ({left:,} left)", key=f"more_{name}", on_click=more)


def _image(run: Run, scored: Scored, index: int, name: str) -> None:
    row = scored.probabilities[index]
    guess, truth = int(row.argmax()), int(scored.labels[index])
    words = scored.classes
    st.image(
        enlarge(scored.images[index], 4),
        width="stretch",
        alt=f"Test image {index}: {words[truth]} read as {words[guess]}",
    )
    share = plain(confidence(row.max()))
    if guess == truth:
        st.markdown(f"**{plain(words[truth])}** {share}")
    else:
        st.markdown(f"**{plain(words[truth])}** as :red[**{plain(words[guess])}**] {share}")
    if look_inside(index, f"{name}_{index}"):
        look_at(run, index, f"box_{name}_{index}")


def look_at(run: Run, index: int, box: str) -> None:
    """Open Inspect with that test image and the epoch that is shown here; the way back leads to
    `box`."""
    choice = state.page(ImageChoice)
    choice.source, choice.index, choice.wanted_class = "Test image", index, ANY_CLASS
    choice.wanted_epoch, choice.back_to = (run.id, choices_of(run).epoch), "evaluate"
    evaluate_state().left_at = box
    st.switch_page("pages/inspect.py")


def back_to_place() -> None:
    """Where the visitor comes back from Inspect: scroll to the image from which they had left."""
    state.page(ImageChoice).back_to = None
    kept = evaluate_state()
    if kept.left_at:
        _scroll(data={"box": kept.left_at}, key=f"scroll_{kept.left_at}")
        kept.left_at = None
