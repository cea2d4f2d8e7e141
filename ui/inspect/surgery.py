"""Surgery: switch filters off or rewrite their numbers, and see at once what changes."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from torch import nn

from cnn import datasets, figures, runs
from cnn.common.text import percent
from cnn.inspection import surgery
from ui.inspect.filters import pick_filter
from ui.inspect.images import how_many, load_images
from ui.inspect.kernel import kernel_editor
from ui.inspect.scene import Scene
from ui.inspect.state import choices_in
from ui.inspect.work import at_once, long_work
from ui.shared import state
from ui.shared.charts import chart
from ui.shared.plain_text import plain
from ui.shared.projector import scaled

QUICK = 1000  # test images that are scored at once
Edits = list[surgery.Edit]


def show(scene: Scene) -> None:
    """The edit at the left, what it changes at the right."""
    edits = choices_in(scene.run).edits
    try:
        edited = surgery.apply(scene.model, edits)
    except surgery.SurgeryError as error:
        st.error(plain(error))
        edits.clear()
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        _edit(scene, edited, edits)
    with right:
        _predictions(scene, edited, edits)
        _accuracies(scene, edited, edits)
    if edits:
        _history(scene, edits)


def _edit(scene: Scene, edited: nn.Sequential, edits: Edits) -> None:
    """Choose a filter; switch it off, or write over one of its kernels."""
    picked = pick_filter(scene, "surgery")
    if picked is None:
        return
    filters, number = picked
    weights = edited[filters.number - 1].get_submodule(filters.path).weight[number].detach().numpy()
    off = surgery.SwitchOff(filters.number, number, filters.path)
    st.button(
        f"Switch filter {number} off",
        icon=":material/power_settings_new:",
        key="surgery_off",
        disabled=off in edits,
        on_click=lambda: edits.append(off),
    )
    channel = 0
    if len(weights) > 1:
        channel = st.number_input(
            f"Kernel on input map, 0 to {len(weights) - 1}",
            0,
            len(weights) - 1,
            int(filters.kernel_norms[number].argmax()),
            key=scene.widget_key("surgery_channel", filters.tensor, number),
        )

    def write(values: NDArray, typed: bool = True) -> None:
        kernel = surgery.kernel(values)
        edit = surgery.SetKernel(filters.number, number, channel, kernel, filters.path)
        last = edits[-1] if edits else None
        if typed and isinstance(last, surgery.SetKernel) and last.place == edit.place:
            edits.pop()  # numbers typed one after the other into one kernel are one edit
        edits.append(edit)

    now = weights[channel]
    st.caption(
        "Orange weights add what they meet, blue weights subtract it. Type over any of them."
    )
    kernel_editor(
        now,
        "surgery_kernel",
        f"Filter {number} on input map {channel}",
        float(np.abs(filters.weights[number]).max()) or 1.0,
        write,
    )
    buttons = st.container(horizontal=True, gap="small")
    for name, label, icon, about, values in (
        (
            "negate",
            "Negate",
            "contrast",
            "Every weight times −1: what it added it now subtracts.",
            -now,
        ),
        ("average", "Average", "blur_on", "Every weight the same: the filter blurs.", _even(now)),
        ("noise", "Noise", "grain", "Random weights of the same standard deviation.", _noise(now)),
    ):
        buttons.button(
            label,
            icon=f":material/{icon}:",
            key=f"surgery_{name}",
            help=about,
            on_click=partial(write, values, typed=False),
        )


def _even(now: NDArray) -> NDArray:
    """The mean size of the weights, everywhere."""
    return np.full_like(now, np.abs(now).mean())


def _noise(now: NDArray) -> NDArray:
    """Random numbers of the same standard deviation."""
    return np.random.default_rng(0).normal(0, float(now.std()) or 0.1, now.shape)


def _predictions(scene: Scene, edited: nn.Sequential, edits: Edits) -> None:
    """This image's probabilities, before and after."""
    classes = scene.config.classes
    after = surgery.probabilities(edited, scene.x)
    guess = int(after.argmax())
    if not edits:
        st.markdown("**Nothing is changed yet**")
    elif guess != scene.guess:
        st.markdown(f"**It now reads {plain(classes[guess])}, not {plain(classes[scene.guess])}**")
    else:
        st.markdown(f"**It still reads {plain(classes[guess])}**")
    bars = figures.before_after(scene.probabilities, after.tolist(), classes)
    chart(bars, "surgery_bars", "Probabilities before and after")


def _accuracies(scene: Scene, edited: nn.Sequential, edits: Edits) -> None:
    """The test accuracy, before and after."""
    images = load_images(scene.config.dataset, st.caption)
    if images is None:
        return
    count = how_many(images, QUICK, "Score", "surgery_full")
    before = _accuracy(scene, scene.model, [], images, count)
    after = _accuracy(scene, edited, edits, images, count) if edits else before
    if before is None or after is None:
        return
    st.markdown(f"**Accuracy on {count:,} test images**")
    grid = st.grid(2, min_column_width=130)
    grid.metric("Before", percent(before, 2), border=True)
    change = (after - before) * 100
    grid.metric(
        "After",
        percent(after, 2),
        f"{change:+.2f} points" if edits else None,
        border=True,
        delta_color="normal" if change else "off",
    )


def _accuracy(
    scene: Scene, model: nn.Sequential, edits: Edits, images: datasets.Images, count: int
) -> float | None:
    """The model's accuracy on the first `count` test images; None while it is not there."""
    key = ("accuracy", *scene.weights_key, count, tuple(edits))
    where = (images.test_images[:count], images.test_labels[:count])
    compute = partial(surgery.accuracy, model, scene.run.preprocessing, *where)
    if count <= QUICK:
        return at_once(key, compute)
    label = "Scoring the changed network" if edits else "Scoring the network as it was"
    return long_work(key, compute, label, "accuracy_after" if edits else "accuracy_before")


def _history(scene: Scene, edits: Edits) -> None:
    """The edits so far, undo, and keeping them."""
    st.divider()

    def undo(count: int) -> None:
        del edits[-count:]

    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, icon, key, count in (
            ("Undo", "undo", "surgery_undo", 1),
            ("Undo all", "restart_alt", "surgery_undo_all", len(edits)),
        ):
            st.button(label, icon=f":material/{icon}:", key=key, on_click=partial(undo, count))
        name = st.text_input(
            "Name of the new run",
            f"{scene.run.name}, after surgery",
            key=scene.widget_key("surgery_name"),
            width=scaled(300),
        )
        if st.button("Keep as a new run", icon=":material/save:", key="surgery_keep"):
            _keep(scene, edits, name)
    st.caption("Done so far: " + " · ".join(edit.words for edit in edits))


def _keep(scene: Scene, edits: Edits, name: str) -> None:
    """Make the run, and make it the current one."""
    with st.spinner("Writing the run and scoring its test set"):
        try:
            kept = surgery.keep(scene.run, scene.epoch, list(edits), name)
        except (surgery.SurgeryError, runs.RunError) as error:
            st.error(plain(error))
            return
    edits.clear()
    state.choose_run(kept.id)
    state.get().notice = f"Kept as '{plain(kept.name)}', which is now the current run."
    st.rerun()
