"""One filter on one digit, by hand: image, filter, response, activation, pooling."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cnn import drawing, figures
from cnn.inspection.example_filters import (
    ACTIVATIONS,
    FILTERS,
    POOLINGS,
    SAMPLE_STROKES,
    convolve,
    pool,
)
from cnn.network.layers import show as size
from ui.shared.choice import choose


@st.fragment
def show() -> None:
    """The choices, and what each step makes of the image: all act at once."""
    with st.container(border=True):
        with st.container(horizontal=True, gap="small"):
            digit = choose("Digit", list(SAMPLE_STROKES), "learn_digit")
            name = st.selectbox(
                "Filter", list(FILTERS), key="learn_filter", persist_state="session", width=180
            )
            activation = choose("Activation", list(ACTIVATIONS), "learn_activation", first=1)
            pooling = choose("Pooling 2×2", list(POOLINGS), "learn_pooling", first=1)
        grid = st.grid(5, min_column_width=150)
        for title, note, figure in _steps(digit, name, activation, pooling):
            with grid.cell():
                st.markdown(f"**{title}**")
                key = f"learn_{title.split()[0]}_{note[:5]}"
                st.plotly_chart(figure, key=key, config={"displayModeBar": False})
                st.caption(note)
        st.caption(f":material/lightbulb: {FILTERS[name][0]}")


def _steps(
    digit: str, name: str, activation: str, pooling: str
) -> list[tuple[str, str, go.Figure]]:
    """Title, note and figure of each step."""
    kernel = FILTERS[name][1]
    image = drawing.from_strokes(SAMPLE_STROKES[digit]).image
    response = convolve(image, kernel)
    activated = ACTIVATIONS[activation](response).astype(np.float32)
    pooled = pool(activated, pooling)
    after = f"After {activation}" if activation != "None" else "No activation"
    last = f"After {pooling.lower()} pooling" if pooling != "None" else "No pooling"
    left = f"{size(pooled.shape)} left of {size(activated.shape)}"
    products = f"{size(response.shape)} sums of products"
    return [
        ("Image", f"{size(image.shape)} pixels", figures.digit(image)),
        ("Filter", "slides over every place", figures.kernel(kernel)),
        ("Response", products, figures.activation_map(response)),
        (after, "one value at a time", figures.activation_map(activated)),
        (last, left, figures.activation_map(pooled)),
    ]
