"""Watching a run: what its worker has written, as charts that redraw about once a second."""

from __future__ import annotations

import numpy as np
import streamlit as st
from humanize import naturalsize

from cnn import figures, runs
from cnn.common.text import duration, plural
from ui.shared.pictures import enlarge
from ui.shared.refresh import refreshing

REFRESH_SECONDS = 1.0
OVERFIT_GAP = 0.015
QUIET = {"displayModeBar": False}


def watch(run: runs.Run) -> None:
    """The live panel of `run`: polls while it is active, stands still afterwards."""
    state_now = run.state
    seconds = REFRESH_SECONDS if state_now in runs.ACTIVE else None
    refreshing(_panel, seconds, "live")(run.id, state_now)


def _panel(run_id: str, shown_state: str) -> None:
    try:
        run = runs.open_run(run_id)
        config = run.config
    except runs.RunError as error:
        st.warning(str(error))
        return
    status, metrics = run.status(), run.metrics()
    if shown_state in runs.ACTIVE and status["state"] != shown_state:
        st.rerun()  # the whole page: its badge and buttons change, or polling ends

    reports = [row for row in metrics if row.get("kind") == "report"]
    epochs = [row for row in metrics if row.get("kind") == "epoch"]
    _progress(status)
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
    _numbers(status, points)
    _overfitting(epochs)
    _guesses_and_filters(run, config)
    if status["state"] in ("failed", "interrupted"):
        with st.expander("The worker's log", icon=":material/terminal:"):
            st.code(run.log() or "It wrote nothing.", language=None)


def _progress(status: dict) -> None:
    """How far it is, in one line; and what went wrong, where something did."""
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
        if status.get("stopped_early"):
            text += (
                f" and {plural(status.get('epoch', 0), 'epoch')}: the validation loss had stopped "
                "falling"
            )
            share = 1.0
        if status.get("kept_epoch"):
            text += f" · the weights of epoch {status['kept_epoch']} are kept"
    st.progress(min(max(share, 0.0), 1.0), text=text)
    if state_now == "failed":
        st.error(status.get("message") or "The training failed.", icon=":material/error:")
    elif state_now == "interrupted":
        st.error(
            "The training process ended without a word: it was killed, or the machine was "
            "restarted. What it had learned up to its last checkpoint is kept.",
            icon=":material/bolt:",
        )


def _numbers(status: dict, points: list) -> None:
    """Speed, scores and what the device gives, as cards that stay in their places."""
    grid = st.grid("auto", min_column_width=150)

    def card(label: str, value: str | None, note: str | None = None) -> None:
        grid.metric(label, value or "–", border=True, help=note)

    speed, best, test = (
        status.get(name) for name in ("images_per_second", "best_validation", "test_accuracy")
    )
    card("Images per second", f"{speed:,.0f}" if speed else None)
    card("Loss", f"{points[-1][1]:.3f}" if points else None)
    card(
        "Best validation",
        None if best is None else f"{best:.2%}",
        "Accuracy on images held out of the training set, at the best epoch.",
    )
    card(
        "Test",
        None if test is None else f"{test:.2%}",
        "Accuracy on the test set, which is scored once, at the end, and chooses nothing.",
    )
    used = status.get("memory")
    card(
        "Memory",
        naturalsize(used) if used else None,
        "What the training process takes of the device's memory, PyTorch included.",
    )
    if str(status.get("device", "")).startswith("cuda"):
        busy = status.get("utilisation")
        card(
            "GPU in use",
            None if busy is None else f"{busy} %",
            "How much of the last moments the GPU spent computing, as its driver says.",
        )


def _overfitting(epochs: list[dict]) -> None:
    """The gap between training and validation in one line, named where it has opened."""
    judged = [row for row in epochs if row.get("validation_accuracy") is not None]
    if not judged:
        return
    last = judged[-1]
    train, validation = last["train_accuracy"], last["validation_accuracy"]
    gap = train - validation
    if gap > OVERFIT_GAP:
        st.markdown(
            f":orange[:material/psychology_alt:] **Over-fitting:** the network reads {train:.1%} "
            f"of its training images but {validation:.1%} of new ones, a gap of {gap * 100:.1f} "
            "points (shaded). More data, augmentation, dropout or weight decay narrow it."
        )
    else:
        st.caption(
            f":material/check: No over-fitting in sight: {train:.1%} of the training images, "
            f"{validation:.1%} of new ones. (Training accuracy is the mean over the epoch, while "
            "the network still learned.)"
        )


def _guesses_and_filters(run: runs.Run, config: runs.Config) -> None:
    live = run.live()
    if not live.get("images"):
        st.caption("The first guesses and filters appear with the first batch.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("**Ten test images, and what it takes them for now**")
        grid = st.grid(5, min_column_width=56, wrap=True, gap="small")
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
