"""Finding a learning rate: the range test as a plot, and a button that takes what it suggests."""

from __future__ import annotations

import streamlit as st

from cnn import figures
from cnn.datasets import is_on_disk
from cnn.runs.learning_rate_finder import STEPS, bounds, smooth_losses
from ui.shared import state
from ui.shared.charts import chart
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing
from ui.train.dataset_picker import chosen_dataset
from ui.train.state import Task, TrainState, is_running


def show() -> None:
    """The button and its answer; it polls while the test runs."""
    running = is_running(state.page(TrainState).rate_search)
    refreshing(_panel, 0.5 if running else None, "rates")(running, state.get().version)


def _panel(was_running: bool, version: int) -> None:
    play, mine, dataset = state.get(), state.page(TrainState), chosen_dataset()
    running = is_running(mine.rate_search)
    if running != was_running or play.version != version or play.notice:
        st.rerun()  # the whole page: polling begins or ends, the rate was taken, or it was refused

    def start() -> None:
        asked = Task.start("learning_rate_finder", dataset=dataset, device=play.device)
        mine.rate_search = asked or mine.rate_search

    st.button(
        "Trying rates…" if running else "Find a learning rate",
        icon=":material/troubleshoot:",
        key="find_rate",
        disabled=running or play.architecture.problem() is not None or not is_on_disk(dataset),
        on_click=start,
        help="Trains for some hundred steps while the learning rate grows from far too small to "
        "far too large. Where the loss falls, the network learns; where it climbs again, the rate "
        "is too large. (Smith's range test.)",
    )
    task = mine.rate_search
    if task is None:
        return
    with st.container(border=True):
        if running:
            _progress(task)
        _result(task)


def _progress(task: Task) -> None:
    """How far the test is, and a way out of it."""
    done = sum("rate" in row for row in task.job.rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        text = task.job.waits or "Reading the images"
        if done:
            text = f"Step {done} of at most {STEPS}"
        st.progress(min(done / STEPS, 1.0), text=text)
        st.button("Cancel", icon=":material/close:", key="cancel_rate", on_click=task.job.cancel)


def _result(task: Task) -> None:
    play, job = state.get(), task.job
    if job.error:
        st.error(f"The test failed: {plain(job.error)}", icon=":material/error:")
    steps = [row for row in job.rows if "rate" in row]
    if job.cancelled and not job.running:
        st.caption("The test was cancelled.")
    rates, losses = [r["rate"] for r in steps], [r["loss"] for r in steps]
    suggestion = next((r["suggestion"] for r in job.rows if "suggestion" in r), None)
    limits = bounds(task.settings.optimizer)
    chart(
        figures.range_test(rates, losses, smooth_losses(losses), suggestion, limits),
        "rate_plot",
        "Training loss by learning rate",
    )
    same_steps = task.settings.of_a_step() == play.settings.of_a_step()
    if not same_steps or task.architecture != play.architecture:
        st.caption("The network or its settings have changed since: try again for a fresh answer.")
    if job.running:
        return
    if suggestion is not None:
        _take_button(suggestion)
    elif not job.error and not job.cancelled:
        st.warning(
            "No rate made the loss fall. Try another optimiser, or look at the network: a very "
            "deep one without batch norm may not learn at all.",
            icon=":material/trending_flat:",
        )


def _take_button(rate: float) -> None:
    """Makes the suggested rate the setting."""
    play = state.get()

    def take() -> None:
        play.settings = play.settings.changed(learning_rate=rate)
        play.version += 1

    st.button(
        f"Take {rate:g}",
        icon=":material/check:",
        key="take_rate",
        disabled=play.settings.learning_rate == rate,
        # Not by its answer: this click may be the first run after the test's end, which asks for
        # the whole page before it comes to this button.
        on_click=take,
        help="A third of the rate at which the loss was lowest, as the schedule's peak.",
    )
