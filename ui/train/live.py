"""Watching a run: what its worker has written, as charts that redraw about once a second."""

from __future__ import annotations

import numpy as np
import streamlit as st
from humanize import naturalsize

from cnn import figures, runs
from cnn.common.text import duration, plural
from ui.shared.charts import chart
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

REFRESH_SECONDS = 1.0
OVERFIT_GAP = 0.015


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
        st.warning(plain(str(error)))
        return
    status, metrics = run.status(), run.metrics()
    if shown_state in runs.ACTIVE and status["state"] != shown_state:
        st.rerun()  # the whole page: its badge and buttons change, or polling ends

    epochs = [row for row in metrics if row["kind"] == "epoch"]
    losses = [point for row in metrics if row["kind"] == "report" for point in row["losses"]]
    _progress(run, status)
    left, right = st.columns(2, gap="medium")
    with left:
        _loss(losses, int(status.get("steps") or 1))
    with right:
        _accuracy(epochs, status.get("best_epoch"), config.settings.epochs)
    _numbers(status, losses)
    _overfitting(epochs)
    _guesses_and_filters(run.live(), config.classes)
    if status["state"] in ("failed", "interrupted"):
        with st.expander("The worker's log", icon=":material/terminal:"):
            st.code(run.log() or "It wrote nothing.", language=None)


def _loss(points: list[list[float]], steps: int) -> None:
    figure = figures.loss_curve([p[0] for p in points], [p[1] for p in points], steps)
    st.markdown("**Training loss**")
    chart(figure, "live_loss", "Training loss by step")


def _accuracy(rows: list[runs.EpochRow], best_epoch: int | None, epochs: int) -> None:
    figure = figures.accuracy_curve(
        [row["epoch"] for row in rows],
        [row["train_accuracy"] for row in rows],
        [row["validation_accuracy"] for row in rows],
        best_epoch,
        epochs,
    )
    st.markdown("**Accuracy**")
    chart(figure, "live_accuracy", "Training and validation accuracy by epoch")


def _progress(run: runs.Run, status: runs.Status) -> None:
    """How far it is, in one line; and what went wrong, where something did."""
    share = status.get("step", 0) / max(status.get("steps") or 1, 1)
    if status.get("stopped_early") and status["state"] not in runs.ACTIVE:
        share = 1.0
    st.progress(min(max(share, 0.0), 1.0), text=_progress_text(run, status))
    if status["state"] == "failed":
        st.error(plain(status.get("message") or "The training failed."), icon=":material/error:")
    elif status["state"] == "interrupted":
        kept = (
            "Resume goes on from where it last saved its state."
            if run.can_resume()
            else "It had kept no state to go on from yet: Start again begins anew."
        )
        st.error(
            f"The training process was killed, or the machine was restarted. {kept}",
            icon=":material/bolt:",
        )


def _progress_text(run: runs.Run, status: runs.Status) -> str:
    if status["state"] == "queued":
        place = runs.place(run)  # asked anew each time: how long it takes changes
        return plain(place.text_with_time if place else status.get("message", ""))
    if status["state"] in runs.ACTIVE:
        epoch = min(status.get("epoch", 0) + 1, status.get("epochs", 1))
        text = f"Epoch {epoch} of {status.get('epochs', '?')}"
        if status.get("message"):
            return plain(status["message"])
        if status["state"] == "paused":
            return f"{text} · paused"
        left = status.get("seconds_left")
        return text if left is None else f"{text} · {duration(left)} left"
    text = f"{status['state'].capitalize()} after {duration(status.get('train_seconds', 0))}"
    if status.get("stopped_early"):
        epochs = plural(status.get("epoch", 0), "epoch")
        text += f" and {epochs}: the validation loss had stopped falling"
    if status.get("kept_epoch"):
        text += f" · the weights of epoch {status['kept_epoch']} are kept"
    return text


def _numbers(status: runs.Status, losses: list[list[float]]) -> None:
    """Speed, scores and what the device gives, as cards that stay in their places."""
    grid = st.grid("auto", min_column_width=150)

    def card(label: str, value: str | None, note: str | None = None) -> None:
        grid.metric(label, value or "–", border=True, help=note)

    speed, best = status.get("images_per_second"), status.get("best_validation")
    test, used = status.get("test_accuracy"), status.get("memory")
    card("Images per second", f"{speed:,.0f}" if speed else None)
    card("Loss", f"{losses[-1][1]:.3f}" if losses else None)
    card(
        "Best validation",
        None if best is None else f"{best:.2%}",
        "Accuracy on images held out of the training set, at the best epoch.",
    )
    card(
        "Test",
        None if test is None else f"{test:.2%}",
        "Accuracy on the test set, which is scored once, at the end, and decides nothing.",
    )
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
            "How much of the last moments the GPU spent computing, as its driver reports.",
        )


def _overfitting(epochs: list[runs.EpochRow]) -> None:
    """The gap between training and validation in one line, named where it has opened."""
    gaps = [
        (row["train_accuracy"], validation)
        for row in epochs
        if (validation := row["validation_accuracy"]) is not None
    ]
    if not gaps:
        return
    train, validation = gaps[-1]
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


def _guesses_and_filters(live: runs.Live, classes: tuple[str, ...]) -> None:
    if not live.get("images"):
        st.caption("The first guesses and filters appear with the first batch.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        st.markdown("**Ten test images, and what it takes them for now**")
        grid = st.grid(5, min_column_width=56, wrap=True, gap="small")
        answers = zip(live["images"], live["labels"], live["probabilities"], strict=True)
        for image, label, row in answers:
            guess = int(np.argmax(row))
            picture = enlarge(np.array(image, np.uint8), 3)
            with grid.cell():
                st.image(picture, width="stretch", alt=f"Test image: {classes[label]}")
                mark = ":green[:material/check:]" if guess == label else ":red[:material/close:]"
                st.markdown(f"{mark} **{plain(classes[guess])}** {row[guess]:.0%}")
    with right:
        filters = live.get("filters")
        if not filters:
            st.caption("This network has no convolution, so there are no filters to watch.")
            return
        figure = figures.tiles(np.array(filters, np.float32), signed=True, what="filter")
        alt = "Weights of the first convolution"
        st.markdown("**The first layer's filters, as they form**")
        chart(figure, "live_filters", alt)
        st.caption("Orange adds what it meets, blue subtracts it.")
