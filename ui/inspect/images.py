"""Which image to look at: of the test set, drawn, uploaded, or noise."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, drawing, runs
from ui.inspect.scene import by_hand, feed
from ui.shared import state

SOURCES = {
    "Test image": ":material/photo_library:",
    "My drawing": ":material/draw:",
    "Upload": ":material/upload:",
    "Noise": ":material/grain:",
}
Chosen = tuple[NDArray, int | None]


def choose_image(run: runs.Run) -> Chosen | None:
    """The image `(28, 28)`, uint8 or float in 0-1, and its label where it is known."""
    feed("inspect_source", state.remember("inspect_source", "Test image", list(SOURCES)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        source = st.segmented_control(
            "Image",
            list(SOURCES),
            format_func=lambda name: f"{SOURCES[name]} {name}",
            key="inspect_source",
            required=True,
            width="content",
        )
        state.keep("inspect_source", source)
        if source == "Test image":
            return _of_test_set(run)
        if source == "Noise":
            return _noise()
    return _drawing() if source == "My drawing" else _upload()


def load_test_image(index: int) -> None:
    """Look at that image of the test set from now on."""
    # The widgets are told too: the browser would otherwise go on showing what they held.
    st.session_state["inspect_source"] = state.keep("inspect_source", "Test image")
    st.session_state["inspect_index"] = state.keep("inspect_index", int(index))


def _of_test_set(run: runs.Run) -> Chosen | None:
    """By number, or by leafing through a class."""
    try:
        images = datasets.load(run.config.dataset)
    except datasets.DataError as error:
        st.error(str(error), icon=":material/database_off:")
        return None
    labels = images.test_labels.numpy()
    last = len(labels) - 1
    classes = ["any class", *run.config.classes]
    feed("inspect_class", state.remember("inspect_class", -1, range(-1, len(classes) - 1)))
    wanted = st.selectbox(
        "Class",
        range(-1, len(classes) - 1),
        format_func=lambda i: classes[i + 1],
        key="inspect_class",
        width=130,
        on_change=by_hand(
            "inspect_class",
            st.session_state["inspect_class"],
            lambda wanted: _class_chosen(labels, wanted),
        ),
    )
    feed("inspect_index", state.remember("inspect_index", 0))
    st.session_state["inspect_index"] = min(st.session_state["inspect_index"], last)
    index = st.number_input(
        f"Number, 0 to {last:,}",
        0,
        last,
        key="inspect_index",
        on_change=by_hand(
            "inspect_index", st.session_state["inspect_index"], lambda i: _typed(labels, i)
        ),
        width=150,
    )
    state.keep("inspect_index", index)
    for icon, step, note, key in (
        (":material/chevron_left:", -1, "The image before", "inspect_before"),
        (":material/chevron_right:", 1, "The next image", "inspect_next"),
    ):
        st.button(
            icon,
            help=f"{note}{'' if wanted < 0 else f' of class {run.config.classes[wanted]}'}",
            key=key,
            on_click=lambda s=step: load_test_image(_next(labels, index, wanted, s)),
        )
    st.button(
        ":material/casino:",
        help="Any image",
        key="inspect_random",
        on_click=lambda: load_test_image(_random(labels, wanted)),
    )
    return images.test_images[index].numpy(), int(labels[index])


def _class_chosen(labels: NDArray, wanted: int) -> None:
    """Go to the first image of the class, from the one looked at on."""
    state.keep("inspect_class", wanted)
    index = min(state.remember("inspect_index", 0), len(labels) - 1)
    if wanted >= 0 and labels[index] != wanted:
        load_test_image(_next(labels, index, wanted, 1))


def _typed(labels: NDArray, index: int) -> None:
    """A number typed by hand counts, whatever class was being leafed through."""
    state.keep("inspect_index", index)
    wanted = state.remember("inspect_class", -1)
    if wanted >= 0 and labels[index] != wanted:
        st.session_state["inspect_class"] = state.keep("inspect_class", -1)


def _next(labels: NDArray, index: int, wanted: int, step: int) -> int:
    """The next (or last) test image of the wanted class, round the end."""
    members = np.arange(len(labels)) if wanted < 0 else np.flatnonzero(labels == wanted)
    if not len(members):
        return index
    place = int(np.searchsorted(members, index))
    if step > 0 and place < len(members) and members[place] == index:
        place += 1
    if step < 0:
        place -= 1
    return int(members[place % len(members)])


def _random(labels: NDArray, wanted: int) -> int:
    members = np.arange(len(labels)) if wanted < 0 else np.flatnonzero(labels == wanted)
    return int(np.random.default_rng().choice(members)) if len(members) else 0


def _noise() -> Chosen:
    """A sheet of random pixels, by a seed that can be repeated."""
    feed("inspect_seed", state.remember("inspect_seed", 0))
    seed = st.number_input("Seed", 0, 9999, key="inspect_seed", width=130)
    state.keep("inspect_seed", seed)
    pixels = np.random.default_rng(seed).uniform(0, 1, (28, 28))
    return pixels.astype(np.float32), None


def _drawing() -> Chosen | None:
    digit = state.get().last_digit
    if digit is None:
        st.info("Nothing is drawn yet.", icon=":material/draw:")
        st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:")
        return None
    return digit, None


def _upload() -> Chosen | None:
    """A picture file, prepared as a drawing is. The last one is kept while the page is left."""
    file = st.file_uploader(
        "A picture of one digit",
        type=["png", "jpg", "jpeg", "webp", "bmp", "gif"],
        key="inspect_file",
        help="Dark on light or light on dark, any size.",
    )
    if file is not None:
        try:
            prepared = drawing.from_image(drawing.open_image(file))
        except drawing.DigitError as error:
            st.warning(str(error), icon=":material/image_not_supported:")
            return None
        state.keep("inspect_uploaded", prepared.image)
    image = state.remember("inspect_uploaded", None)
    return None if image is None else (image, None)
