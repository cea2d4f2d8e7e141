"""Finding a learning rate: the range test as a plot, and a button that takes what it suggests."""

from __future__ import annotations

import streamlit as st

from cnn import figures
from cnn.datasets import default_dataset, is_on_disk
from cnn.runs.jobs import Job
from cnn.runs.learning_rate_finder import bounds, smooth
from ui.shared import state
from ui.shared.refresh import refreshing


def show() -> None:
    """The button and its answer; it polls while the test runs."""
    job = state.get().fields.get("rates")
    active = isinstance(job, Job) and job.running
    refreshing(_panel, 0.5 if active else None, "rates")(active)


def _panel(was_active: bool) -> None:
    play = state.get()
    dataset = play.dataset or default_dataset()
    job: Job | None = play.fields.get("rates")
    running = job is not None and job.running
    if running != was_active:  # polling begins or ends with a run of the whole page
        st.rerun()
    question = {
        "architecture": play.architecture.model_dump(mode="json"),
        "settings": play.settings.model_dump(mode="json"),
        "dataset": dataset,
        "device": play.device,
    }

    def start() -> None:
        play.fields["rates"] = Job("learning_rate_finder", question)
        play.fields["rates_of"] = question

    st.button(
        "Trying rates…" if running else "Find a learning rate",
        icon=":material/troubleshoot:",
        key="find_rate",
        disabled=running or play.architecture.problem() is not None or not is_on_disk(dataset),
        on_click=start,
        help="Trains for some hundred steps while the learning rate grows from far too small to "
        "far too large. Where the loss falls, the rate teaches; where it climbs again, it was too "
        "much. (Smith's range test.)",
    )
    if job is not None:
        with st.container(border=True):
            _result(job, play.fields.get("rates_of", {}), question)


def _result(job: Job, asked: dict, question: dict) -> None:
    play = state.get()
    if job.error:
        st.error(f"The test failed: {job.error}", icon=":material/error:")
    steps = [row for row in job.rows if "rate" in row]
    rates, losses = [r["rate"] for r in steps], [r["loss"] for r in steps]
    suggestion = next((r["suggestion"] for r in job.rows if "suggestion" in r), None)
    optimizer = asked["settings"]["optimizer"]
    st.plotly_chart(
        figures.range_test(rates, losses, smooth(losses), suggestion, bounds(optimizer)),
        key="rate_plot",
        config={"displayModeBar": False},
        alt="Training loss by learning rate",
    )
    ignored = ("learning_rate", "epochs", "schedule", "seed")
    now, then = (
        {k: v for k, v in q["settings"].items() if k not in ignored} for q in (question, asked)
    )
    if now != then or question["architecture"] != asked["architecture"]:
        st.caption("The network or its settings have changed since: try again for a fresh answer.")
    if job.running:
        return

    if suggestion is not None:
        taken = st.button(
            f"Take {suggestion:g}",
            type="primary",
            icon=":material/check:",
            key="take_rate",
            disabled=play.settings.learning_rate == suggestion,
            help="A third of the rate at which the loss was lowest, as the schedule's peak.",
        )
        if taken:
            play.settings = play.settings.model_copy(update={"learning_rate": suggestion})
            play.version += 1
            st.rerun()  # the field that shows it stands outside this fragment
    elif not job.error and not job.cancelled:
        st.warning(
            "No rate made the loss fall. Try another optimiser, or look at the network: a very "
            "deep one without batch norm may not learn at all.",
            icon=":material/trending_flat:",
        )
