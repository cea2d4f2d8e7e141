"""Which image is shown: of the test set, drawn, uploaded, or noise."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, drawing, recognition, runs
from ui.inspect.widgets import by_hand, set_initial
from ui.shared import state
from ui.shared.image_choice import ANY_CLASS, ImageChoice, Source
from ui.shared.picture_upload import picture_upload
from ui.shared.plain_text import plain
from ui.shared.projector import scaled
from ui.shared.stand_in import stand_in_note

SOURCES: tuple[Source, ...] = ("Test image", "My drawing", "Upload", "Noise")
Chosen = tuple[NDArray, int | None]
not_on_disk = partial(st.error, icon=":material/database_off:")


def load_images(dataset: str, say: Callable[[str], object] = not_on_disk) -> datasets.Images | None:
    """A data set's images, or those that stand in for it here; None (with a message) where there
    are none."""
    try:
        return datasets.load(datasets.at_hand(dataset))
    except datasets.DataError as error:
        say(str(error))
        return None


def how_many(images: datasets.Images, few: int, verb: str, key: str) -> int:
    """How many test images to use: the first `few`, or all where a toggle says so."""
    many = len(images.test_images)
    if many <= few:
        return many
    everything = st.toggle(
        f"{verb} all {many:,} test images",
        key=key,
        persist_state="session",
        help=f"Otherwise the first {few:,}.",
    )
    return many if everything else few


def choose_image(run: runs.Run) -> Chosen | None:
    """The image `(28, 28)`, uint8 or float in 0-1, and its label where it is known."""
    choice = state.page(ImageChoice)
    set_initial("inspect_source", choice.source)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", width="content"):
        source: Source | None = st.segmented_control(
            "Image",
            list(SOURCES),
            key="inspect_source",
            required=True,
            width="content",
        )
        choice.source = source or choice.source
        if choice.source == "Test image":
            chosen = _of_test_set(run, choice)
        elif choice.source == "Noise":
            chosen = _noise()
    if choice.source in ("My drawing", "Upload"):
        chosen = _drawing(choice) if choice.source == "My drawing" else _upload()
    return chosen


def note(run: runs.Run) -> None:
    """Whose images these are, where they stand in for the run's own."""
    with contextlib.suppress(datasets.DataError):
        if found := stand_in_note(run.config.dataset):
            st.caption(f":material/info: {found}")


def load_test_image(index: int) -> None:
    """Choose that image of the test set."""
    choice = state.page(ImageChoice)
    choice.source, choice.index = "Test image", int(index)
    # The widgets are told too: the browser would otherwise go on showing what they held.
    st.session_state["inspect_source"] = choice.source
    st.session_state["inspect_index"] = choice.index


def _of_test_set(run: runs.Run, choice: ImageChoice) -> Chosen | None:
    """By number, or one after the other within a class."""
    images = load_images(run.config.dataset)
    if images is None:
        return None
    labels = images.test_labels.numpy()
    members = _members(labels, _pick_class(run.config.classes, labels, choice))
    choice.index = index = _pick_index(labels, choice)
    within = ""
    if choice.wanted_class != ANY_CLASS:
        within = f" of class {plain(run.config.classes[choice.wanted_class])}"
    steps = (
        ("before", "chevron_left", f"The image before{within}", lambda: _next(index, members, -1)),
        ("next", "chevron_right", f"The next image{within}", lambda: _next(index, members, 1)),
        ("random", "casino", f"A random image{within}", lambda: _random(members)),
    )
    with st.container(horizontal=True, gap="xsmall", width="content", key="icon_only_images"):
        for name, icon, note, find in steps:
            st.button(
                note,
                icon=f":material/{icon}:",
                help=note,
                key=f"inspect_{name}",
                on_click=lambda find=find: load_test_image(find()),
            )
    return images.test_images[index].numpy(), int(labels[index])


def _pick_class(classes: Sequence[str], labels: NDArray, choice: ImageChoice) -> int:
    """The class that "before" and "next" stay in."""
    if choice.wanted_class >= len(classes):
        choice.wanted_class = ANY_CLASS
    key = "inspect_class"
    set_initial(key, choice.wanted_class)
    return st.selectbox(
        "Class",
        range(ANY_CLASS, len(classes)),
        format_func=lambda i: classes[i] if i >= 0 else "any class",
        key=key,
        width=scaled(130),
        on_change=by_hand(key, st.session_state[key], partial(_class_chosen, labels)),
    )


def _pick_index(labels: NDArray, choice: ImageChoice) -> int:
    """The number of the test image."""
    last = len(labels) - 1
    key = "inspect_index"
    set_initial(key, choice.index)
    st.session_state[key] = min(st.session_state[key], last)
    return st.number_input(
        f"Number, 0 to {last:,}",
        0,
        last,
        key=key,
        on_change=by_hand(key, st.session_state[key], partial(_typed, labels)),
        width=scaled(130),
    )


def _class_chosen(labels: NDArray, wanted: int) -> None:
    """Go to the next image of the class."""
    choice = state.page(ImageChoice)
    choice.wanted_class = wanted
    index = min(choice.index, len(labels) - 1)
    if wanted >= 0 and labels[index] != wanted:
        load_test_image(_next(index, _members(labels, wanted), 1))


def _typed(labels: NDArray, index: int) -> None:
    """A number typed by hand counts, whatever class was chosen."""
    choice = state.page(ImageChoice)
    choice.index = index
    if choice.wanted_class >= 0 and labels[index] != choice.wanted_class:
        st.session_state["inspect_class"] = choice.wanted_class = ANY_CLASS


def _members(labels: NDArray, wanted: int) -> NDArray[np.int64]:
    """The indices of a class's test images, in order."""
    return np.arange(len(labels)) if wanted < 0 else np.flatnonzero(labels == wanted)


def _next(index: int, members: NDArray[np.int64], step: int) -> int:
    """The next (or previous) index among `members`, which go round; `index` where they are none."""
    if not len(members):
        return index
    place = int(np.searchsorted(members, index, "right" if step > 0 else "left"))
    return int(members[(place if step > 0 else place - 1) % len(members)])


def _random(members: NDArray[np.int64]) -> int:
    return int(np.random.default_rng().choice(members)) if len(members) else 0


def _noise() -> Chosen:
    """A sheet of random pixels, by a seed that can be repeated."""
    seed = st.number_input(
        "Seed", 0, 9999, 0, key="inspect_seed", width=scaled(130), persist_state="session"
    )
    pixels = np.random.default_rng(seed).uniform(0, 1, (28, 28))
    return pixels.astype(np.float32), None


def _drawing(choice: ImageChoice) -> Chosen | None:
    if choice.drawing is None:
        st.info("Nothing is drawn yet.", icon=":material/draw:")
        st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:")
        return None
    return choice.drawing, None


def _upload() -> Chosen | None:
    """A picture file, prepared as a drawing is."""
    try:
        picture = picture_upload("A picture of one digit", "inspect_file")
        if picture is None:
            return None
        return recognition.prepare_image(picture, split=False)[0].image, None
    except drawing.DigitError as error:
        st.warning(plain(error), icon=":material/image_not_supported:")
        return None
