"""What breaks the network: corrupted test images, measured by a process of its own."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cnn import evaluation, figures, runs
from cnn.common import workspaces
from cnn.common.text import percent
from cnn.evaluation import Scored, robustness, robustness_job
from cnn.evaluation.corruptions import CORRUPTIONS, CURVES, MNIST_C
from cnn.evaluation.robustness import Robustness
from cnn.runs.jobs import Job
from ui.evaluate.scores import Weights
from ui.shared import models, state
from ui.shared.charts import chart
from ui.shared.choice import choose
from ui.shared.pictures import enlarge
from ui.shared.plain_text import plain
from ui.shared.refresh import refreshing

QUICK = 2000
LOOK_SECONDS = 1.0
EXAMPLES = 5  # images that show what a level looks like


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[tuple[str | None, str, int | None], Job]:
    """The newest job of each run and epoch: one for all sessions, whatever page they are on."""
    return {}


def _key(weights: Weights) -> tuple[str | None, str, int | None]:
    """What is measured of a run that is only looked at belongs to who measures it."""
    return (workspaces.current(), *weights[:2])


def show(run: runs.Run, scored: Scored, weights: Weights) -> None:
    """The start button or the progress, and what is measured so far."""
    running = _is_running(weights)
    panel = partial(_panel, run, scored, weights)
    refreshing(panel, LOOK_SECONDS if running else None, "robustness")(running)


def _is_running(weights: Weights) -> bool:
    job = _jobs().get(_key(weights))
    return job is not None and job.running


def _panel(run: runs.Run, scored: Scored, weights: Weights, was_running: bool) -> None:
    running = _is_running(weights)
    if running != was_running:  # looking begins or ends with a run of the whole page
        if running:
            _progress(weights)  # at once: the page takes a while
        st.rerun()
    try:
        found = robustness.load(run, weights.epoch)
    except runs.RunError as error:  # deleted meanwhile, or that epoch's weights are
        st.error(plain(error), icon=":material/error:")
        return
    if running:
        _progress(weights)
    elif found is None or not found.is_complete:
        _start(run, scored, weights, found)
    if found is None or not found.accuracy:
        return
    if sentence := robustness.what_breaks_it(found):
        st.markdown(f"**{sentence}**")
    _mnist_c(found)
    _curves(found)
    _samples(run, scored, weights)
    if not running and found.is_complete:
        with st.expander("Measure again"):
            _start(run, scored, weights, None)


def _start(run: runs.Run, scored: Scored, weights: Weights, found: Robustness | None) -> None:
    """What it is, on how many images, and the button."""
    if weights.epoch is None and run.state in runs.ACTIVE:
        st.info(
            "The newest weights still change. Choose an epoch above, or wait for the end.",
            icon=":material/hourglass_empty:",
        )
        return
    st.markdown(
        "Test images turned, moved, blurred and worse, step by step, and MNIST-C's fifteen "
        "corruptions at the paper's severities: how many does it still read?"
    )
    total = len(scored.labels)
    options = [QUICK, total] if total > QUICK else [total]
    job = _jobs().get(_key(weights))
    if job and job.error:
        st.error(f"It could not be measured: {plain(job.error)}", icon=":material/error:")

    def start() -> None:
        try:
            job = robustness_job.start(run, weights.epoch, count)
        except runs.RunError as error:
            state.get().notice = plain(str(error))
            return
        if found is None:
            robustness.forget(run, weights.epoch)
        _jobs()[_key(weights)] = job

    with st.container(horizontal=True, vertical_alignment="bottom"):
        count = total
        if len(options) > 1:
            count = choose(
                "Test images",
                options,
                "robustness_images",
                first=1 if found and found.images == total else 0,
                format_func=lambda n: f"All {n:,}" if n == total else f"The first {n:,}",
            )
        st.button(
            "Go on measuring" if found and found.accuracy else "Measure robustness",
            icon=":material/play_arrow:",
            type="primary",
            key="robustness_start",
            on_click=start,
            help="By a process of its own, on the CPU; what is measured is kept with the run.",
        )


def _progress(weights: Weights) -> None:
    job = _jobs()[_key(weights)]
    last = job.rows[-1] if job.rows else {}
    share, label = float(last.get("done", 0.0)), last.get("corruption")
    text = f"Measuring: {label}" if label else job.waits or "Starting: PyTorch is being loaded"
    if job.cancelled:
        text = "Stopping…"
    st.markdown(f":material/hourglass_top: {text}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(share, 1.0))
        st.button(
            "Stop",
            icon=":material/stop:",
            key="robustness_stop",
            on_click=job.cancel,
            disabled=job.cancelled,
        )


def _mnist_c(found: Robustness) -> None:
    known = [one for one in MNIST_C if one.name in found.accuracy]
    if not known:
        return
    left, right = st.columns([3, 2], gap="medium", vertical_alignment="center")
    clean = found.clean_accuracy
    with left:
        st.markdown("**MNIST-C** (Mu and Gilmer, 2019)")
        chart(
            figures.corruption_bars(
                [one.label for one in known],
                [found.accuracy[one.name][0] for one in known],
                clean,
            ),
            "mnist_c",
            "Accuracy on each of MNIST-C's corruptions",
        )
    with right:
        grid = st.grid(1)
        if (error := found.mean_corruption_error) is not None:
            grid.metric(
                "Mean corruption error",
                percent(error),
                border=True,
                help="The mean error over the fifteen corruptions, each with the same weight.",
            )
        if clean is not None:
            low, high = evaluation.wilson_interval(round(clean * found.images), found.images)
            grid.metric(
                "Unchanged images",
                percent(clean, 2),
                f"{percent(low, 2)} to {percent(high, 2)}",
                delta_color="off",
                delta_arrow="off",
                border=True,
            )
        st.caption(f"Measured on {found.images:,} test images; the dashed line is without change.")


def _curves(found: Robustness) -> None:
    st.markdown("**Accuracy against the strength of a change**")
    grid = st.grid(4, min_column_width=230)
    for one in CURVES:
        if one.name not in found.accuracy:
            continue
        with grid.cell(), st.container(gap="xxsmall"):
            st.markdown(one.label, help=one.about)
            figure = figures.corruption_curve(
                one.levels, found.accuracy[one.name], one.unit, one.clean
            )
            chart(figure, f"curve_{one.name}", f"Accuracy by {one.label.lower()}")


def _samples(run: runs.Run, scored: Scored, weights: Weights) -> None:
    """What every level looks like."""
    all_of_c = "MNIST-C"
    names = [one.name for one in CURVES]
    chosen = choose(
        "What it looks like",
        [*names, all_of_c],
        "robustness_samples",
        format_func=lambda name: CORRUPTIONS[name].label if name in CORRUPTIONS else name,
    )
    shown = MNIST_C if chosen == all_of_c else [CORRUPTIONS[chosen]]
    images, labels = scored.images[:EXAMPLES], scored.labels[:EXAMPLES]
    model = models.model_of(run, weights.epoch)
    grid = st.grid(8, min_column_width=90, gap="small")
    for one in shown:
        made = robustness.samples(run, model, one, images, labels)
        for level, row in zip(one.levels, made, strict=True):
            caption = one.label if len(shown) > 1 else f"{level:g}"
            picture = enlarge(np.concatenate(list(row)), 3)
            grid.image(picture, caption, width="stretch", alt=f"{one.label} at {level:g}")
