"""Train: choose data, device and settings, press Start, and watch the network learn."""

import streamlit as st

from cnn import runs
from cnn.datasets import DATASETS, is_on_disk
from cnn.training import Settings
from ui.shared import state
from ui.shared.fields import field_widget
from ui.train import dataset_picker, device_picker, live, rate_finder, run_controls

BASICS = ("epochs", "batch_size", "optimizer", "learning_rate", "schedule")
AUGMENTATION = tuple(
    name
    for name, field in Settings.model_fields.items()
    if isinstance(field.json_schema_extra, dict)
    and field.json_schema_extra.get("group") == "augmentation"
)
REGULARISATION = ("weight_decay", "label_smoothing", "early_stopping")
DETAILS = ("validation_images", "normalisation", "precision", "seed")

play = state.get()
problem = play.architecture.problem()


def change(name: str, value: object) -> None:
    """Keep a moved setting."""
    play.settings = play.settings.model_copy(update={name: value})


def start() -> None:
    """Make the run and start its worker."""
    dataset = play.dataset or dataset_picker.default_dataset()
    try:
        run = runs.new(
            play.architecture,
            play.settings,
            dataset,
            play.device,
            play.preset,
            f"{play.title} on {DATASETS[dataset].label.removesuffix(' (bundled)')}",
        )
        runs.launch(run)
    except runs.RunError as error:
        play.notice = str(error)
    else:
        state.choose_run(run.id)


def start_button() -> None:
    """The way in: says what it will train, or which layer to mend before it can."""
    dataset = play.dataset or dataset_picker.default_dataset()
    epochs = play.settings.epochs
    if problem:
        st.error(f"This network cannot be trained yet. {problem}", icon=":material/build:")
        st.page_link("pages/design.py", label="Mend it on Design", icon=":material/layers:")
    held_out = play.settings.held_out(DATASETS[dataset])
    too_many = held_out > DATASETS[dataset].train_images - 100
    if too_many:
        st.error(
            f"{held_out:,} validation images leave nothing to train on: {DATASETS[dataset].label} "
            f"has {DATASETS[dataset].train_images:,}. Hold out fewer under Details.",
            icon=":material/build:",
        )
    if no_judge := play.settings.early_stopping > 0 and held_out == 0:
        st.error(
            "Early stopping judges by validation images, and none are held out. Hold some out "
            "under Details, or set early stopping to 0 under Regularisation.",
            icon=":material/build:",
        )
    st.button(
        f"Train {play.title} for {epochs} epoch{'s' if epochs != 1 else ''}",
        type="primary",
        icon=":material/play_arrow:",
        key="start",
        on_click=start,
        disabled=problem is not None or too_many or no_judge or not is_on_disk(dataset),
    )


def settings_form() -> None:
    """Everything that can be chosen, the few that matter first."""

    def field(name: str) -> None:
        fixed = name in play.fixed  # by a teacher's link, which may hide it too
        if name not in play.hidden:
            key = f"setting_{play.version}_{name}"
            field_widget(play.settings, name, key, change, disabled=fixed)

    left, right = st.columns(2, gap="medium")
    with left:
        dataset_picker.pick_dataset()
    with right:
        device_picker.pick_device()
    grid = st.grid(5, min_column_width=170, vertical_alignment="top")
    for name in (name for name in BASICS if name not in play.hidden):
        with grid.cell():
            field(name)
    folds = (
        ("Augmentation", ":material/shuffle:", AUGMENTATION),
        ("Regularisation", ":material/fitness_center:", REGULARISATION),
        ("Details", ":material/tune:", DETAILS),
    )
    for place, (label, icon, names) in zip(st.columns(3), folds, strict=True):
        changed = sum(getattr(play.settings, n) != Settings.model_fields[n].default for n in names)
        with place, st.expander(f"{label}{f' · {changed} set' if changed else ''}", icon=icon):
            for name in names:
                field(name)
                if name == "precision" and (note := device_picker.precision_note()):
                    st.caption(note)
    rate_finder.show()


run = state.current_run()
active = run is not None and run.state in runs.ACTIVE


def last_run(run: runs.Run) -> None:
    """The current run's curves, with the buttons that act on it."""
    run_controls.title(run)
    run_controls.controls(run)
    live.watch(run)


# What the visitor came for stands first: the run while it trains, else the way into one.
st.title("Train")
if run is not None and active:
    last_run(run)
    st.divider()
    st.subheader("Train another")
else:
    st.markdown(
        "Press the button and watch: the loss falling, the accuracy rising, the first filters "
        "forming. You can leave this page at any time; the training goes on."
    )
start_button()
settings_form()
if run is not None and not active:
    st.divider()
    last_run(run)
