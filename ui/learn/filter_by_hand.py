"""One filter on one digit, by hand: image, filter, response, activation, pooling."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from cnn import drawing, figures
from cnn.inspection import example_filters
from cnn.network.layers import show as size
from ui.shared.charts import chart
from ui.shared.choice import choose


@st.fragment
def show() -> None:
    """The choices, and what each step makes of the image: all act at once."""
    with st.container(border=True):
        with st.container(horizontal=True, gap="small"):
            digit = choose("Digit", list(example_filters.SAMPLE_STROKES), "learn_digit")
            filters = list(example_filters.FILTERS)
            name = st.selectbox(
                "Filter", filters, key="learn_filter", persist_state="session", width=180
            )
            activations = list(example_filters.ACTIVATIONS)
            activation = choose("Activation", activations, "learn_activation", first=1)
            poolings = list(example_filters.POOLINGS)
            pooling = choose("Pooling 2×2", poolings, "learn_pooling", first=1)
        grid = st.grid(5, min_column_width=150)
        for title, note, figure in _steps(digit, name, activation, pooling):
            with grid.cell():
                st.markdown(f"**{title}**")
                key = f"learn_{title.split()[0]}_{note[:5]}"
                chart(figure, key)
                st.caption(note)
        st.caption(f":material/lightbulb: {example_filters.FILTERS[name][0]}")


def _steps(
    digit: str, name: str, activation: str, pooling: str
) -> list[tuple[str, str, go.Figure]]:
    """Title, note and figure of each step."""
    kernel = example_filters.FILTERS[name][1]
    image = drawing.from_strokes(example_filters.SAMPLE_STROKES[digit]).image
    response = example_filters.convolve(image, kernel)
    activated = example_filters.ACTIVATIONS[activation](response).astype(np.float32)
    pooled = example_filters.pool(activated, pooling)
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
