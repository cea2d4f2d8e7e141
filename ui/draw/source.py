"""Where a drawing comes from, the canvas or an uploaded picture; and how it was prepared."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn import drawing, recognition
from ui.draw import state
from ui.shared import canvas, tour
from ui.shared import state as shared
from ui.shared.image_choice import ImageChoice
from ui.shared.picture_upload import picture_upload
from ui.shared.pictures import enlarge, framed
from ui.shared.plain_text import plain


def is_upload() -> bool:
    """Whether a picture is read rather than the canvas."""
    return st.session_state.get("draw_part") == "Upload"


def prepared_on() -> bool:
    """Whether drawings are prepared as MNIST was made."""
    return bool(st.session_state.get("draw_prepared", True))


def show(split: bool) -> list[drawing.Prepared]:
    """The digits of the canvas or an upload, none where there is nothing to read. `split` off: all
    that is drawn is one thing."""
    try:
        found = _from_upload(split) if is_upload() else _from_canvas(split)
    except drawing.DigitError as error:
        st.warning(plain(error), icon=":material/image_not_supported:")
        return []
    if found:
        shared.page(ImageChoice).drawing = found[state.chosen(found)].image
        tour.did("drawing")
    return found


def _from_canvas(split: bool) -> list[drawing.Prepared]:
    if canvas.canvas("draw", "draw") is None:
        return []
    strokes = canvas.strokes()
    return recognition.prepare_strokes(strokes, prepared_on(), canvas.SIZE, canvas.brush(), split)


def _from_upload(split: bool) -> list[drawing.Prepared]:
    picture = picture_upload("A picture of one digit, or of a number", "draw_file")
    if picture is None:
        return []
    st.image(picture, width=200, alt="The uploaded picture")
    return recognition.prepare_image(picture, prepared_on(), split)


def preparation(found: list[drawing.Prepared]) -> None:
    """How the drawing became the image, step by step; and the switch that leaves it out."""
    on = st.toggle(
        "Prepare the drawing as MNIST was made",
        True,
        key="draw_prepared",
        persist_state="session",
        help="Off: the network gets the whole sheet merely shrunk to 28×28, as most demos do. "
        "Draw small, or in a corner, and see what the preparation is good for.",
    )
    if not on:
        st.caption("The sheet is merely shrunk to 28×28. MNIST's digits never looked like that.")
        return
    chosen = found[state.chosen(found)]
    grid = st.grid(4, min_column_width=130)
    first = ("Drawing", "as it came")
    if is_upload():
        first = ("Picture", "cropped to its ink: no paper, lines or frame")
    for title, note, image in (
        (*first, chosen.drawing),
        ("Crop", "only the ink", chosen.cropped),
        ("Box", "longest side 20 pixels", chosen.boxed),
        ("Centre", "centre of mass in the middle of 28×28", chosen.image),
    ):
        with grid.cell():
            st.markdown(f"**{title}**")
            image = framed(np.asarray(image))
            times = max(1, 130 // max(image.shape))
            st.image(
                enlarge(image, times),
                width=max(13, round(130 * image.shape[1] / max(image.shape))),
                alt=f"{title}: {note}",
            )
            st.caption(note)
