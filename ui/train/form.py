"""The settings form, and the button that starts a training."""

from __future__ import annotations

import streamlit as st
from humanize import naturalsize

from cnn.common import workspaces
from cnn.common.text import plural
from cnn.datasets import DATASETS, is_on_disk
from cnn.runs import checkpoints, limits
from cnn.runs.folders import runs_dir, runs_place
from cnn.training import Settings
from ui.shared import state
from ui.shared.another_try import launch_chosen
from ui.shared.fields import field_widget
from ui.shared.plain_text import plain
from ui.train import dataset_picker, device_picker, first_filter, rate_finder

BASICS = ("epochs", "batch_size", "optimizer", "learning_rate", "schedule")
AUGMENTATION = tuple(
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.json_schema_extra, dict)
    and field.json_schema_extra.get("group") == "augmentation"
)
FOLDS = (
    ("Augmentation", ":material/shuffle:", AUGMENTATION),
    (
        "Regularisation",
        ":material/fitness_center:",
        ("weight_decay", "label_smoothing", "early_stopping"),
    ),
    (
        "Details",
        ":material/tune:",
        ("validation_images", "normalisation", "precision", "seed", "reproducible"),
    ),
)
FEWEST_TRAIN_IMAGES = 100


def start_button(main: bool) -> None:
    """The button that makes and starts a run, `main` where it is the page's first; what must be
    changed before is said above it."""
    play, name = state.get(), dataset_picker.chosen_dataset()
    can_start = _explain_problems(name)
    first_filter.show()
    st.button(
        f"Train {play.title} for {plural(play.settings.epochs, 'epoch')}",
        type="primary" if main else "secondary",
        icon=":material/play_arrow:",
        key="start",
        on_click=lambda: launch_chosen(name),
        disabled=not can_start or not is_on_disk(name),
    )
    if can_start:
        _disk_note()


def _disk_note() -> None:
    """What the run will take on disk, and what is free there."""
    play = state.get()
    needed = checkpoints.disk_needed(play.architecture, play.settings)
    free, of = _free()
    kept = checkpoints.most_kept(play.architecture.parameters * 4)
    thinned = f", the weights of {kept} epochs" if kept < play.settings.epochs + 1 else ""
    st.caption(f"On disk: up to {naturalsize(needed)}{of} in {runs_place()}{thinned}.")
    if free is not None and needed > free:
        st.warning(
            "That is more than is free. Delete runs on Compare, make the network smaller"
            + (
                ", or set another folder with CNN_RUNS_DIR."
                if workspaces.current() is None
                else "."
            ),
            icon=":material/hard_drive:",
        )


def _free() -> tuple[int | None, str]:
    """The bytes that a run may take here (None: not known), and how that is said: on a class server
    what the workspace has left of its own."""
    free, most = checkpoints.disk_free(), limits.limits(workspaces.current()).bytes
    if most is None:
        return free, "" if free is None else f" of {naturalsize(free)} free"
    left = max(0, most - limits.usage(runs_dir())[1])
    return left, f" of the {naturalsize(left)} that are left of {naturalsize(most)}"


def _explain_problems(dataset_name: str) -> bool:
    """Say what keeps this network from being trained; returns whether nothing does."""
    play, dataset = state.get(), DATASETS[dataset_name]
    held_out, problem = play.settings.held_out(dataset), play.architecture.problem()
    if problem:
        st.error(f"This network cannot be trained yet. {plain(problem)}", icon=":material/build:")
        st.page_link("pages/design.py", label="Fix it on Design", icon=":material/layers:")
    if too_many := held_out > dataset.train_images - FEWEST_TRAIN_IMAGES:
        st.error(
            f"{held_out:,} validation images leave nothing to train on: {dataset.label} "
            f"has {dataset.train_images:,}. Hold out fewer under Details.",
            icon=":material/build:",
        )
    if too_few := play.settings.needs_validation(held_out):
        st.error(
            "Early stopping needs validation images, and none are held out. Hold some out "
            "under Details, or set early stopping to 0 under Regularisation.",
            icon=":material/build:",
        )
    return not (problem or too_many or too_few)


def settings_form() -> None:
    """Everything that can be chosen, the few that matter first."""
    left, right = st.columns(2, gap="medium")
    with left:
        dataset_picker.pick_dataset()
    with right:
        device_picker.pick_device()
    grid = st.grid(5, min_column_width=170, vertical_alignment="top")
    settings, hidden = state.get().settings, state.get().hidden
    for name in (name for name in BASICS if name not in hidden):
        with grid.cell():
            _field(name)
    for place, (label, icon, names) in zip(st.columns(3), FOLDS, strict=True):
        changed = sum(getattr(settings, n) != Settings.model_fields[n].default for n in names)
        title, key = f"{label} · {changed} set" if changed else label, f"fold_{label.lower()}"
        with place, st.expander(title, icon=icon, key=key):  # by its key it stays open
            for name in names:
                _field(name)
                if note := _note(name):
                    st.caption(note)
    rate_finder.show()


def _note(name: str) -> str:
    """What a setting means with this device or these images, in a sentence; mostly empty."""
    dataset = DATASETS[dataset_picker.chosen_dataset()]
    if name == "precision":
        return device_picker.precision_note()
    if name == "handwriting" and state.get().settings.handwriting and not dataset.has_digits:
        return f"{dataset.label} has no digits: its images are varied, and none are added."
    return ""


def _field(name: str) -> None:
    """The widget of one setting; a teacher's link may hide it, or fix its value."""
    play = state.get()

    def change(name: str, value: object) -> None:
        play.settings = play.settings.changed(**{name: value})

    if name not in play.hidden:
        key, fixed = f"setting_{play.version}_{name}", name in play.fixed
        usual = DATASETS[dataset_picker.chosen_dataset()].validation_images
        empty = f"{usual:,}, as is usual for these images"
        field_widget(lambda: play.settings, name, key, change, disabled=fixed, when_empty=empty)
