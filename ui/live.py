"""Watching a run: what its worker has written, as charts that redraw about once a second."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cnn import figures, runs
from ui import sidebar, state
from ui.pictures import enlarge

REFRESH_SECONDS = 1.0
OVERFIT_GAP = 0.015
QUIET = {"displayModeBar": False}


def watch(run: runs.Run) -> None:
    """The live panel of `run`: polls while it is active, stands still afterwards."""
    active = run.state in runs.ACTIVE
    panel = st.fragment(_panel, run_every=REFRESH_SECONDS if active else None)
    panel(run.id, active)


def _panel(run_id: str, was_active: bool) -> None:
    try:
        run = runs.open_run(run_id)
        config = run.config
    except runs.RunError as error:
        st.warning(str(error))
        return
    status, metrics = run.status(), run.metrics()
    if was_active and status["state"] not in runs.ACTIVE:
        st.rerun()  # the whole page: buttons change and polling ends

    _headline(run, status)
    reports = [row for row in metrics if row.get("kind") == "report"]
    epochs = [row for row in metrics if row.get("kind") == "epoch"]
    left, right = st.columns(2, gap="medium")
    points = [point for row in reports for point in row.get("losses", [])]
    with left:
        st.markdown("**Training loss**")
        st.plotly_chart(
            figures.loss_curve(
                [p[0] for p in points], [p[1] for p in points], int(status.get("steps") or 1)
            ),
            key="live_loss",
            config=QUIET,
            alt="Training loss by step",
        )
    with right:
        st.markdown("**Accuracy**")
        st.plotly_chart(
            figures.accuracy_curve(
                [row["epoch"] for row in epochs],
                [row["train_accuracy"] for row in epochs],
                [row["validation_accuracy"] for row in epochs],
                status.get("best_epoch"),
                config.settings.epochs,
            ),
            key="live_accuracy",
            config=QUIET,
            alt="Training and validation accuracy by epoch",
        )
    _overfitting(epochs)
    _guesses_and_filters(run, config)
    if status["state"] in ("failed", "interrupted"):
        with st.expander("The worker's log", expanded=True, icon=":material/terminal:"):
            st.code(run.log() or "It wrote nothing.", language=None)


def _headline(run: runs.Run, status: dict) -> None:
    """Progress, speed and scores in one line of figures."""
    state_now = status["state"]
    share = status.get("step", 0) / max(status.get("steps") or 1, 1)
    epoch = min(status.get("epoch", 0) + 1, status.get("epochs", 1))
    if state_now == "queued":
        text = str(status.get("message") or "Waiting")
    elif state_now in ("running", "paused"):
        text = f"Epoch {epoch} of {status.get('epochs', '?')}"
        if status.get("message"):
            text = str(status["message"])
        elif state_now == "paused":
            text += " · paused"
        elif status.get("seconds_left") is not None:
            text += f" · {duration(status['seconds_left'])} left"
    else:
        text = f"{state_now.capitalize()} after {duration(status.get('train_seconds', 0))}"
    st.progress(min(max(share, 0.0), 1.0), text=text)
    if state_now == "failed":
        st.error(status.get("message") or "The training failed.", icon=":material/error:")
    elif state_now == "interrupted":
        st.error(
            "The training process ended without a word: it was killed, or the machine was "
            "restarted. What it had learned up to its last checkpoint is kept.",
            icon=":material/bolt:",
        )
    grid = st.grid(4, min_column_width=140)
    speed = status.get("images_per_second")
    grid.metric("Images per second", f"{speed:,.0f}" if speed else "–", border=True)
    loss = next((r["losses"][-1][1] for r in reversed(run.metrics()) if r.get("losses")), None)
    grid.metric("Loss", "–" if loss is None else f"{loss:.3f}", border=True)
    best = status.get("best_validation")
    grid.metric(
        "Best validation",
        "–" if best is None else f"{best:.2%}",
        border=True,
        help="Accuracy on images held out of the training set, at the best epoch.",
    )
    test = status.get("test_accuracy")
    grid.metric(
        "Test",
        "–" if test is None else f"{test:.2%}",
        border=True,
        help="Accuracy on the test set, which is scored once, at the end, and chooses nothing.",
    )


def _overfitting(epochs: list[dict]) -> None:
    """Name the gap between training and validation where it has opened."""
    judged = [row for row in epochs if row.get("validation_accuracy") is not None]
    if not judged:
        return
    last = judged[-1]
    gap = last["train_accuracy"] - last["validation_accuracy"]
    if gap > OVERFIT_GAP:
        st.warning(
            f"**Over-fitting:** the network reads {last['train_accuracy']:.1%} of its training "
            f"images but {last['validation_accuracy']:.1%} of new ones, a gap of {gap * 100:.1f} "
            "points (shaded). More data, augmentation, dropout or weight decay narrow it.",
            icon=":material/psychology_alt:",
        )


def _guesses_and_filters(run: runs.Run, config: runs.Config) -> None:
    live = run.live()
    if not live.get("images"):
        st.caption("The first guesses and filters appear with the first batch.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("**Ten test images, and what it takes them for now**")
        grid = st.grid(5, min_column_width=84, wrap=True, gap="small")
        for image, label, row in zip(
            live["images"], live["labels"], live["probabilities"], strict=True
        ):
            guess = int(np.argmax(row))
            with grid.cell():
                st.image(
                    enlarge(np.array(image, np.uint8), 3),
                    width="stretch",
                    alt=f"A handwritten {config.classes[label]}",
                )
                mark = ":green[:material/check:]" if guess == label else ":red[:material/close:]"
                st.markdown(f"{mark} **{config.classes[guess]}** {row[guess]:.0%}")
    with right:
        filters = live.get("filters") or []
        if filters:
            st.markdown("**The first layer's filters, as they form**")
            st.plotly_chart(
                figures.tiles(np.array(filters, np.float32), signed=True, what="filter"),
                key="live_filters",
                config=QUIET,
                alt="Weights of the first convolution",
            )
            st.caption("Orange adds what it meets, blue subtracts it.")
        else:
            st.caption("This network has no convolution, so there are no filters to watch.")


def controls(run: runs.Run) -> None:
    """Pause, resume, stop and the learning rate, for a run that trains; resume for one that can."""
    status = run.status()
    now = status["state"]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if now in runs.ACTIVE:
            if now == "paused" or run.control().get("paused"):
                st.button(
                    "Resume",
                    icon=":material/play_arrow:",
                    type="primary",
                    key="resume",
                    on_click=lambda: run.send(paused=False),
                )
            else:
                st.button(
                    "Pause",
                    icon=":material/pause:",
                    key="pause",
                    on_click=lambda: run.send(paused=True),
                    disabled=now == "queued",
                )
            st.button(
                "Stop",
                icon=":material/stop:",
                key="stop",
                help="Ends within one batch, keeps what was learned, scores the test set.",
                on_click=lambda: run.send(stop=True),
            )
            _learning_rate(run)
        elif run.can_resume():
            st.button(
                "Resume",
                icon=":material/play_arrow:",
                type="primary",
                key="resume",
                help="Goes on with weights, optimiser and random state as they were.",
                on_click=lambda: _resume(run),
            )


def _learning_rate(run: runs.Run) -> None:
    """The peak learning rate, changeable while it trains."""
    settings = run.config.settings
    current = run.control().get("learning_rate") or settings.learning_rate
    key = f"rate_{run.id}"

    def send() -> None:
        run.send(learning_rate=st.session_state[key])

    st.number_input(
        "Learning rate",
        0.0000001,
        10.0,
        float(current),
        float(current) / 10,
        format="%.5g",
        key=key,
        on_change=send,
        width=190,
        help="The schedule's peak. A change acts on the next batch.",
    )


def _resume(run: runs.Run) -> None:
    try:
        runs.launch(run)
    except runs.RunError as error:
        state.get().notice = str(error)


def title(run: runs.Run) -> None:
    """The run's name, state and what it was trained on."""
    from cnn.data import DATASETS

    config = run.config
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"### {sidebar.plain(run.name)}", width="content")
        sidebar.badge(run.state)
    details = [
        DATASETS[config.dataset].label,
        f"{config.settings.epochs} epochs",
        f"batch {config.settings.batch_size}",
        f"{config.settings.optimizer}, {config.settings.schedule}",
        f"{config.validation_images:,} validation images",
        f"seed {config.settings.seed}",
    ]
    status = run.status()
    if status.get("device_name"):
        details.append(f"{status['device'].upper()} in {status.get('precision')}")
    st.caption(" · ".join(details))


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    minutes, rest = divmod(seconds, 60)
    return (
        f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
    )
