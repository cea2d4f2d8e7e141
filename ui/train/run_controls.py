"""A run's heading and its buttons: pause, resume, stop, the learning rate, another try."""

from __future__ import annotations

import streamlit as st

from cnn import evaluation, runs
from cnn.common.text import percent, plural
from cnn.datasets import DATASETS
from cnn.runs.first_filter import in_words
from cnn.training import OPTIMIZERS, SCHEDULES
from ui.shared import paused_ahead, sidebar
from ui.shared.another_try import launch, near_chance, send, try_again
from ui.shared.fields import apply_change, rate_input, show_refusal
from ui.shared.plain_text import plain
from ui.shared.projector import scaled


def title(run: runs.Run) -> None:
    """The run's name, state and what it was trained on."""
    config = run.config
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"## {plain(run.name)}", width="content")
        sidebar.badge(run, run.state)
    details = [
        DATASETS[config.dataset].label,
        plural(config.settings.epochs, "epoch"),
        f"batch {config.settings.batch_size}",
        OPTIMIZERS[config.settings.optimizer].label,
        SCHEDULES[config.settings.schedule].lower(),
        f"{config.validation_images:,} validation images",
        f"seed {config.settings.seed}",
    ]
    if config.first_filter:
        details.append(f"filter 0 started from {in_words(config.first_filter)}")
    status = run.status()
    if "device" in status:
        precision = f" in {status['precision']}" if "precision" in status else ""  # once it trains
        device = plain(status["device"].upper() + precision)
        several = status.get("processes", 1)
        details.append(f"{device}, {several} processes" if several > 1 else device)
    st.caption(" · ".join(details))


def outcome(run: runs.Run) -> str:
    """How a run has ended, for those who hear the page; empty while it is active."""
    if run.state in runs.ACTIVE:
        return ""
    accuracy = run.status().get("test_accuracy")
    score = "" if accuracy is None else f" {percent(accuracy)} of the test images read right."
    return f"{run.name}: {run.state}.{score}"


def result(run: runs.Run, main: bool) -> None:
    """How well a run that has ended does, and what to do with it next; `main`: the page's first
    button is among this run's."""
    accuracy = run.status().get("test_accuracy")
    if accuracy is None or run.state in runs.ACTIVE:
        return
    images = DATASETS[run.config.dataset].test_images
    with st.container(horizontal=True, vertical_alignment="center", key="train_result"):
        st.markdown(
            f"### {percent(accuracy)} of {images:,} test images read right", width="content"
        )
        goes_on = run.can_resume() or run.can_start_again() or evaluation.near_chance(run)
        draws_first = main and run.is_own and not goes_on
        for label, page, icon in (
            ("Draw at it", "draw", "draw"),
            ("Look inside", "inspect", "visibility"),
            ("See its mistakes", "evaluate", "analytics"),
        ):
            pressed = st.button(
                label,
                key=f"result_{page}",
                icon=f":material/{icon}:",
                type="primary" if draws_first and page == "draw" else "secondary",
            )
            if pressed:
                st.switch_page(f"pages/{page}.py")


def controls(run: runs.Run, main: bool) -> None:
    """Pause, resume, stop and the learning rate, for a run that trains; resume for one that can.
    `main`: the page's first button is among this run's."""
    if run.kind == "class":
        return
    status = run.status()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if status["state"] in runs.ACTIVE and run.control().get("stop"):
            st.button(
                "Stopping",
                icon=":material/hourglass_top:",
                key="stopping",
                help="It ends its batch and scores the test set; then it can be resumed.",
                disabled=True,
            )
            return
        if status["state"] in runs.ACTIVE:
            _pause_button(run, status["state"])
            st.button(
                "Stop",
                icon=":material/stop:",
                key="stop",
                help="Ends within one batch, keeps what was learned, scores the test set.",
                on_click=lambda: send(run, stop=True),
            )
            _learning_rate(run)
            paused_ahead.show(run)
            return
        suggested = status.get("suggested_settings") if status["state"] == "failed" else None
        if isinstance(suggested, dict) and suggested:
            try_again(run, suggested, main)
        if run.can_resume():
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                type="primary" if main and not suggested else "secondary",
                key="resume",
                help="Goes on with weights, optimiser and random state as they were.",
                on_click=lambda: launch(lambda: run),
            )
        elif run.can_start_again():
            st.button(
                "Start again",
                icon=":material/restart_alt:",
                type="primary" if main and not suggested else "secondary",
                key="start_again",
                help="From the beginning, with the same settings and seed: there is no state to go "
                "on from. What this run has recorded so far is cleared.",
                on_click=lambda: launch(lambda: run, runs.start_again),
            )
    near_chance(run, main)


def _pause_button(run: runs.Run, now: runs.State) -> None:
    if now == "paused" or run.control().get("paused"):
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            type="primary",
            key="resume",
            on_click=lambda: send(run, paused=False),
        )
    else:
        st.button(
            "Pause",
            icon=":material/pause:",
            key="pause",
            on_click=lambda: send(run, paused=True),
            disabled=now == "queued",
        )


def _learning_rate(run: runs.Run) -> None:
    """The peak learning rate, changeable while it trains, within the setting's own limits."""
    settings = run.config.settings
    key = f"rate_{run.id}"

    def current() -> float:
        return float(run.control().get("learning_rate") or settings.learning_rate)

    def ask_for(rate: float) -> None:
        send(run, learning_rate=settings.changed(learning_rate=rate).learning_rate)

    with st.container(width=scaled(220)):
        rate_input(
            "Learning rate",
            current(),
            key=key,
            on_change=lambda: apply_change(key, "learning_rate", current, ask_for),
            help="The schedule's peak. A change acts on the next batch.",
        )
        show_refusal(key)
