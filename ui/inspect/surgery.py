"""Surgery: switch filters off or rewrite their numbers, and see at once what it does."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import streamlit as st

from cnn import datasets, figures, runs
from cnn.inspection import surgery
from cnn.inspection.activations import Filters
from ui.inspect.filters import pick_filter
from ui.inspect.scene import QUIET, Scene
from ui.inspect.work import at_once, long_work
from ui.shared import state

QUICK = 1000


def edits_of(scene: Scene) -> list[surgery.Edit]:
    """What was changed in this network so far, oldest first."""
    name = f"inspect_edits_{scene.run.id}"
    return state.get().fields.setdefault(name, [])


def show(scene: Scene) -> None:
    """The operation at the left, what it does at the right."""
    edits = edits_of(scene)
    left, right = st.columns([2, 3], gap="large")
    with left:
        _operate(scene, edits)
    with right:
        try:
            edited = surgery.apply(scene.model, scene.config.architecture, edits)
        except surgery.SurgeryError as error:
            st.error(str(error))
            edits.clear()
            return
        _results(scene, edited, edits)
    if edits:
        _history(scene, edits)


def _operate(scene: Scene, edits: list[surgery.Edit]) -> None:
    picked = pick_filter(scene, "surgery")
    if picked is None:
        return
    filters, number = picked
    edited = surgery.apply(scene.model, scene.config.architecture, edits)
    weights = edited[filters.number - 1].get_submodule(filters.name).weight[number].detach().numpy()
    off = surgery.SwitchOff(filters.number, number, filters.name)
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
            int(filters.channel_norms(number).argmax()),
            key=f"surgery_channel_{filters.tensor}_{number}",
        )
    _kernel_editor(scene, filters, number, int(channel), weights[channel], edits)


def _kernel_editor(
    scene: Scene,
    filters: Filters,
    number: int,
    channel: int,
    now: np.ndarray,
    edits: list[surgery.Edit],
) -> None:
    """The kernel's numbers, to be written over.

    The table keeps showing what it was opened with, plus what was typed since: a table that is
    given new numbers while someone types in it would lose the cell they are in.
    """
    fields = state.get().fields
    place = (scene.run.id, scene.epoch, filters.tensor, number, channel, fields.get("surgery_undo"))
    if fields.get("surgery_place") != place:
        fields["surgery_place"] = place
        fields["surgery_opened"] = now.astype(np.float64).round(6)
        fields["surgery_visit"] = fields.get("surgery_visit", 0) + 1
    opened = fields["surgery_opened"]
    key = f"surgery_kernel_{fields['surgery_visit']}"

    def changed() -> None:
        values = opened.copy()
        for row, cells in st.session_state[key]["edited_rows"].items():
            for column, value in cells.items():
                if value is not None:
                    values[int(row), int(column)] = float(value)
        _write(filters, number, channel, values, edits)

    st.caption("Click a number to change it.")
    st.data_editor(
        {str(c): opened[:, c] for c in range(opened.shape[1])},
        key=key,
        hide_index=True,
        on_change=changed,
        column_config={
            str(c): st.column_config.NumberColumn(format="%.3f", width="small", required=True)
            for c in range(opened.shape[1])
        },
    )
    buttons = st.container(horizontal=True)
    for label, icon, values in (
        ("Turn over", ":material/flip:", -now),
        ("Blur", ":material/blur_on:", np.full_like(now, np.abs(now).mean())),
        ("Noise", ":material/grain:", _noise(now)),
    ):
        buttons.button(
            label,
            icon=icon,
            key=f"surgery_{label}",
            on_click=lambda v=values: _write(filters, number, channel, v, edits, reopen=True),
        )


def _noise(now: np.ndarray) -> np.ndarray:
    """Random numbers of the same spread."""
    return np.random.default_rng(0).normal(0, float(now.std()) or 0.1, now.shape)


def _write(
    filters: Filters,
    number: int,
    channel: int,
    values: np.ndarray,
    edits: list[surgery.Edit],
    reopen: bool = False,
) -> None:
    """Add the edit; one right after another of the same kernel takes its place."""
    edit = surgery.SetKernel(filters.number, number, channel, surgery.kernel(values), filters.name)
    last = edits[-1] if edits else None
    if (
        not reopen
        and isinstance(last, surgery.SetKernel)
        and (last.number, last.channel, last.input_channel, last.part)
        == (edit.number, edit.channel, edit.input_channel, edit.part)
    ):
        edits.pop()
    edits.append(edit)
    if reopen:
        _reopen()


def _reopen() -> None:
    """Let the table show the kernel as it is now."""
    fields = state.get().fields
    fields["surgery_undo"] = fields.get("surgery_undo", 0) + 1


def _results(scene: Scene, edited: Any, edits: list[surgery.Edit]) -> None:
    """This image's scores and the test accuracy, before and after."""
    classes = scene.config.classes
    after = surgery.probabilities(edited, scene.x)
    guess = int(after.argmax())
    if not edits:
        st.markdown("**Nothing is changed yet**")
    elif guess != scene.guess:
        st.markdown(f"**It now reads {classes[guess]} where it read {classes[scene.guess]}**")
    else:
        st.markdown(f"**It still reads {classes[guess]}**")
    st.plotly_chart(
        figures.before_after(scene.probabilities, after.tolist(), classes),
        key="surgery_bars",
        config=QUIET,
        alt="Probabilities before and after",
    )
    try:
        images = datasets.load(scene.config.dataset)
    except datasets.DataError as error:
        st.caption(str(error))
        return
    many = len(images.test_images)
    full = many > QUICK and st.toggle(
        f"Score all {many:,} test images", key="surgery_full", persist_state="session",
        help=f"Otherwise the first {QUICK:,}, which answer at once.",
    )  # fmt: skip
    count = many if full else min(QUICK, many)
    basis = (scene.run.id, scene.epoch, scene.changed, count)
    where = (images.test_images[:count], images.test_labels[:count])
    prepare = scene.run.preprocessing
    if full:
        first = long_work(
            ("accuracy", *basis),
            functools.partial(surgery.accuracy, scene.model, prepare, *where),
            "Scoring the network as it was", "accuracy_before",
        )  # fmt: skip
        then = first if not edits else long_work(
            ("accuracy", *basis, tuple(edits)),
            functools.partial(surgery.accuracy, edited, prepare, *where),
            "Scoring the changed network", "accuracy_after",
        )  # fmt: skip
    else:
        first = at_once(
            ("accuracy", *basis), lambda: surgery.accuracy(scene.model, prepare, *where)
        )
        then = first if not edits else at_once(
            ("accuracy", *basis, tuple(edits)), lambda: surgery.accuracy(edited, prepare, *where)
        )  # fmt: skip
    if first is None or then is None:
        return
    st.markdown(f"**Accuracy on {count:,} test images**")
    grid = st.grid(2, min_column_width=130)
    grid.metric("Before", f"{first:.2%}", border=True)
    change = (then - first) * 100
    grid.metric(
        "After", f"{then:.2%}", f"{change:+.2f} points" if edits else None, border=True,
        delta_color="normal" if change else "off",
    )  # fmt: skip


def _history(scene: Scene, edits: list[surgery.Edit]) -> None:
    """What was done, undo, and keeping it."""
    st.divider()

    def undo(all_of_it: bool) -> None:
        if all_of_it:
            edits.clear()
        elif edits:
            edits.pop()
        _reopen()

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Undo", icon=":material/undo:", key="surgery_undo", on_click=undo, args=(False,))
        st.button("Undo all", icon=":material/restart_alt:", key="surgery_undo_all",
                  on_click=undo, args=(True,))  # fmt: skip
        name = st.text_input(
            "Name of the new run", f"{scene.run.name}, operated", key="surgery_name", width=300
        )
        if st.button("Keep as a new run", icon=":material/save:", key="surgery_keep"):
            _keep(scene, edits, name)
    st.caption("Done so far: " + " · ".join(edit.words for edit in edits))


def _keep(scene: Scene, edits: list[surgery.Edit], name: str) -> None:
    """Make the run and look at it."""
    with st.spinner("Writing the run and scoring its test set"):
        try:
            kept = surgery.keep(scene.run, scene.epoch, list(edits), name)
        except (surgery.SurgeryError, runs.RunError) as error:
            st.error(str(error))
            return
    edits.clear()
    state.choose_run(kept.id)
    state.get().notice = f"Kept as '{kept.name}', which is now the current run."
    st.rerun()
