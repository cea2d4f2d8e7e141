"""The knobs: each turn builds the network anew, and Design has the same one."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cnn.datasets import DATASETS
from cnn.presets.knobs import Knobs, knobs_of, nearest_knobs
from ui.play import training
from ui.shared import state
from ui.shared.fields import apply_change, field_widget

FEWER = (100, 300, 1_000, 3_000, 10_000, 30_000)  # training images; None: all there are


def _train_images(change: Callable[[str, object], None]) -> None:
    """A slider over some numbers of training images, the one in force among them."""
    play = state.get()
    now, info = play.settings.train_images, type(play.settings).model_fields["train_images"]
    key = f"knob_{training.widgets()}_train_images"
    most = DATASETS[play.dataset_name].train_images
    numbers = sorted({n for n in FEWER if n < most} | ({now} if now else set()))
    st.select_slider(
        info.title or "",
        [*numbers, None],
        now,
        format_func=lambda count: "all" if count is None else f"{count:,}",
        key=key,
        on_change=lambda: apply_change(
            key,
            "train_images",
            lambda: play.settings.train_images,
            lambda new: change("train_images", new),
            optional=True,
        ),
        help=info.description,
    )


def show() -> None:
    """All knobs, one below the other."""
    play = state.get()
    if play.hidden or play.fixed:
        st.caption("This network comes from a link made for a lesson: its knobs stand still.")
        return

    def knobs() -> Knobs:
        return nearest_knobs(play.architecture)

    def turn(name: str, value: object) -> None:
        training.rebuild(architecture=knobs().changed(**{name: value}).architecture())

    def set_data(name: str, value: object) -> None:
        training.rebuild(**{name: value})

    with st.container(key="play_knobs"):
        if knobs_of(play.architecture) is None:
            st.caption("A network of another kind: the first knob you turn replaces it.")
        for name in Knobs.model_fields:
            field_widget(knobs, name, f"knob_{training.widgets()}_{name}", turn, compact=True)
        _train_images(set_data)
        key = f"knob_{training.widgets()}_label_noise"
        field_widget(lambda: play.settings, "label_noise", key, set_data, compact=True)
