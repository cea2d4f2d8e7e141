"""Whether the network's confidence can be trusted, and what refusing to answer buys."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, figures, runs
from cnn.common.text import percent
from cnn.evaluation import Scored, trust
from ui.evaluate.scores import Weights, logits
from ui.shared.charts import chart
from ui.shared.plain_text import plain

Probabilities = NDArray[np.float64]


def show(run: runs.Run, scored: Scored, weights: Weights) -> None:
    """Reliability at the left, coverage at the right."""
    try:
        test, validation = logits(weights)
    except (runs.RunError, datasets.DataError) as error:
        st.error(plain(error), icon=":material/error:")
        return
    before = trust.softmax(test)
    temperature = trust.fit_temperature(*validation) if validation else None
    after = None if temperature is None else trust.softmax(test, temperature)
    left, right = st.columns(2, gap="large")
    with left:
        _reliability(scored, before, after, temperature)
    with right:
        _coverage(scored, before)


def _reliability(
    scored: Scored, before: Probabilities, after: Probabilities | None, temperature: float | None
) -> None:
    """How far confidence and accuracy are apart, as it is and with a temperature."""
    st.markdown("**Is it right as often as it says?**")
    as_is = trust.reliability(before, scored.labels)
    curves = {"as it is": (as_is.confidence, as_is.accuracy)}
    grid = st.grid(3, min_column_width=110)
    grid.metric(
        "ECE",
        percent(as_is.expected_error, 2),
        border=True,
        help="Expected calibration error: how far confidence and accuracy are apart, on average "
        "over all answers, in bins of a fifteenth.",
    )
    if after is not None and temperature is not None:
        scaled = trust.reliability(after, scored.labels)
        curves["with temperature"] = (scaled.confidence, scaled.accuracy)
        grid.metric(
            "ECE, scaled",
            percent(scaled.expected_error, 2),
            border=True,
            help="The same with the temperature. Where it was well calibrated before, there is "
            "nothing to gain, and it may even be a little higher.",
        )
        grid.metric(
            "Temperature",
            f"{temperature:.2f}",
            border=True,
            help="By which the logits are divided so that the loss on the validation images is "
            "lowest. Above 1: it was too confident. Not one answer changes. (Guo and others, 2017)",
        )
    diagram = figures.reliability_diagram(as_is.edges, as_is.counts, curves)
    chart(diagram, "reliability", "Accuracy by confidence")
    st.caption(
        "The temperature is fitted on the images held out of training, never on these."
        if temperature is not None
        else "No images held out of its training are at hand to fit a temperature on, and the test "
        "images decide nothing."
    )


def _coverage(scored: Scored, probabilities: Probabilities) -> None:
    """How many answers are left from a confidence on, and how many of those are right."""
    st.markdown("**What if it only answers when it is confident?**")
    found = trust.coverage(probabilities, scored.labels)
    threshold = st.slider(
        "Answer from this confidence on",
        50.0,
        99.9,
        90.0,
        0.1,
        format="%.1f%%",
        key="trust_threshold",
        persist_state="session",
    )
    share, accuracy = found.at(threshold / 100)
    grid = st.grid(2, min_column_width=110)
    grid.metric("Answers", percent(share), border=True, help="Of all test images.")
    right = "none" if accuracy is None else percent(accuracy, 2)
    grid.metric("Right, of those", right, border=True)
    chart(
        figures.coverage_curve(
            found.coverage,
            found.accuracy,
            found.threshold,
            None if accuracy is None else (share, accuracy),
        ),
        "coverage",
        "Accuracy by the share of images answered",
    )
    st.caption("The star is the confidence chosen above. A person can look at the rest.")
