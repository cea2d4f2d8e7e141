"""The bar: train, wait, step, start over; preset, epochs, learning rate, speed."""

from __future__ import annotations

import streamlit as st

from cnn import runs
from cnn.presets import PRESETS
from cnn.training import SettingsError
from ui.play import training
from ui.play.state import SPEEDS, get
from ui.shared import paused_ahead, state
from ui.shared.fields import apply_change, number_input, rate_input, show_refusal
from ui.shared.plain_text import plain


def show(run: runs.Run | None) -> None:
    """One row of controls; `run` is of the network as it stands."""
    problem = state.get().architecture.problem()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="play_bar"):
        _buttons(run, problem is not None)
        _preset()
        _epochs()
        _learning_rate(run)
        _speed()
    if run is not None and run.state == "queued":
        paused_ahead.show(run)
    if problem:
        st.error(f"This network cannot be trained yet. {plain(problem)}", icon=":material/build:")
        st.page_link("pages/design.py", label="Fix it on Design", icon=":material/layers:")


def _buttons(run: runs.Run | None, off: bool) -> None:
    status = run.state if run else None
    waits = bool(run) and (status == "paused" or bool(run and run.control().get("paused")))
    if status in runs.ACTIVE and not waits:
        st.button(
            "Pause", icon=":material/pause:", key="play_pause", on_click=training.pause, width=100
        )
    else:
        st.button(
            "Train",
            icon=":material/play_arrow:",
            type="primary",
            key="play_train",
            on_click=training.train,
            disabled=off,
            width=100,
        )
    st.button(
        "Step",
        icon=":material/skip_next:",
        key="play_step",
        on_click=training.step,
        disabled=off,
        help="One batch of images, then wait.",
    )
    st.button(
        "Epoch",
        icon=":material/fast_forward:",
        key="play_epoch",
        on_click=training.epoch,
        disabled=off,
        help="All training images once, then wait.",
    )
    st.button(
        "Start over",
        icon=":material/restart_alt:",
        key="play_over",
        on_click=training.start_over,
        disabled=off,
        help="New random weights: the next seed.",
    )


def _width(usual: int, projector: int) -> int:
    """Pixels: larger type needs more, and has them without the sidebar."""
    return projector if state.get().projector else usual


def _preset() -> None:
    play, names = state.get(), list(PRESETS)
    as_it_came = _is_as_it_came()
    # Another widget once a knob is turned: it goes on to name the preset else.
    key = f"play_preset_{training.widgets()}_{as_it_came}"
    st.selectbox(
        "Network",
        names,
        names.index(play.preset) if play.preset and as_it_came else None,
        format_func=lambda name: PRESETS[name].label,
        key=key,
        on_change=lambda: training.load_preset(st.session_state[key]),
        placeholder=f"{PRESETS[play.preset].label}, changed" if play.preset else "Your own",
        width=_width(170, 300),
        disabled=bool(play.hidden | play.fixed),
    )


def _is_as_it_came() -> bool:
    """Whether network and settings are a preset's own, but for the seed."""
    play = state.get()
    preset = PRESETS.get(play.preset or "")
    if preset is None or play.is_changed:
        return False
    return play.settings.changed(seed=preset.settings.seed) == preset.settings


def _epochs() -> None:
    """A number: a slider of this width would skip most of them."""
    play = state.get()
    now, key = play.settings.epochs, f"play_epochs_{training.widgets()}"
    with st.container(width=_width(136, 160)):
        number_input(
            "Epochs",
            now,
            step=1,
            key=key,
            on_change=lambda: apply_change(
                key,
                "epochs",
                lambda: play.settings.epochs,
                lambda new: training.rebuild(epochs=new),
            ),
            disabled="epochs" in play.fixed | play.hidden,
        )
        show_refusal(key)


def _learning_rate(run: runs.Run | None) -> None:
    """Of the run while it trains, else of the settings."""
    play = state.get()
    active = run is not None and run.state in runs.ACTIVE
    key = f"play_rate_{training.widgets()}_{run.id if run and active else ''}"

    def now() -> float:
        asked = run.control().get("learning_rate") if run is not None and active else None
        return float(asked or play.settings.learning_rate)

    def change(rate: float) -> None:
        checked = play.settings.changed(learning_rate=rate).learning_rate
        if run is not None and active:
            try:
                run.send(learning_rate=checked)
            except runs.RunError as error:
                raise SettingsError(str(error)) from error
        else:
            training.rebuild(learning_rate=checked)

    with st.container(width=_width(136, 175)):
        rate_input(
            "Learning rate",
            now(),
            key=key,
            on_change=lambda: apply_change(key, "learning_rate", now, change),
            disabled="learning_rate" in play.fixed | play.hidden,
        )
        show_refusal(key)


def _speed() -> None:
    mine, options = get(), list(SPEEDS)

    def changed() -> None:
        if st.session_state.play_speed in SPEEDS:
            mine.speed = st.session_state.play_speed
            training.set_pace()

    st.selectbox(
        "Speed",
        options,
        options.index(mine.speed),
        format_func=SPEEDS.__getitem__,
        key="play_speed",
        on_change=changed,
        width=_width(112, 135),
        help="Slow motion: the run rests after each batch.",
    )
