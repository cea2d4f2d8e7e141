"""Learn: the first page. What a convolution does, tried by hand, and the way into the app."""

import numpy as np
import streamlit as st

from cnn import drawing, figures
from cnn.inspection import example_filters
from cnn.presets import EXPERIMENTS
from ui.shared import state

st.title("How does a machine see a digit?")
st.markdown(
    "Build a convolutional network layer by layer, watch it learn from real handwriting, look at "
    "what every filter sees, and write digits at it. Start with one filter, by hand:"
)


@st.fragment
def by_hand() -> None:
    """One image, one filter, one activation, one pooling: all choices act at once."""
    with st.container(border=True):
        with st.container(horizontal=True, gap="small"):
            digit = choose("Digit", list(example_filters.SAMPLE_STROKES), "learn_digit")
            name = st.selectbox(
                "Filter",
                list(example_filters.FILTERS),
                key="learn_filter",
                persist_state="session",
                width=180,
            )
            activation = choose(
                "Activation", list(example_filters.ACTIVATIONS), "learn_activation", 1
            )
            pooling = choose("Pooling 2×2", list(example_filters.POOLINGS), "learn_pooling", 1)

        about, kernel = example_filters.FILTERS[name]
        image = drawing.from_strokes(example_filters.SAMPLE_STROKES[digit]).image
        response = example_filters.convolve(image, kernel)
        bent = example_filters.ACTIVATIONS[activation](response).astype(np.float32)
        pooled = example_filters.pool(bent, pooling)
        steps = (
            ("Image", f"{image.shape[0]}×{image.shape[1]} pixels", figures.digit(image)),
            ("Filter", "slides over every place", figures.kernel(kernel)),
            ("Response", f"{show(response)} sums of products", figures.activation_map(response)),
            (
                f"After {activation}" if activation != "None" else "No activation",
                "one value at a time",
                figures.activation_map(bent),
            ),
            (
                f"After {pooling.lower()} pooling" if pooling != "None" else "No pooling",
                f"{show(pooled)} left of {show(bent)}",
                figures.activation_map(pooled),
            ),
        )
        grid = st.grid(5, min_column_width=150)
        for title, note, figure in steps:
            with grid.cell():
                st.markdown(f"**{title}**")
                st.plotly_chart(
                    figure,
                    key=f"learn_{title.split()[0]}_{note[:5]}",
                    config={"displayModeBar": False},
                )
                st.caption(note)
        st.caption(f":material/lightbulb: {about}")


def choose(label: str, options: list[str], key: str, first: int = 0) -> str:
    """A segmented control that always has a choice."""
    return st.segmented_control(
        label, options, default=options[first], key=key, required=True, persist_state="session"
    )


def show(array: np.ndarray) -> str:
    """A picture's size in words."""
    return f"{array.shape[0]}×{array.shape[1]}"


by_hand()
with st.container(horizontal=True):
    if st.button(
        "Train a whole network", type="primary", icon=":material/model_training:", key="go_train"
    ):
        st.switch_page("pages/train.py")
    if st.button("Build my own", icon=":material/layers:", key="go_design"):
        st.switch_page("pages/design.py")

st.subheader("Experiments to try")
st.caption("Each sets up a network and its settings. Press the button, then Train, and watch.")
experiments = st.grid(5, min_column_width=190, border=True)
for experiment in EXPERIMENTS:
    with experiments.cell():
        st.markdown(f"**{experiment.title}**")
        st.markdown(experiment.question)
        st.caption(f":material/visibility: {experiment.look_for}")
        if st.button("Set it up", key=f"try_{experiment.name}", icon=":material/science:"):
            state.get().set_up(experiment)
            st.switch_page("pages/train.py")

st.subheader("From one filter to a network")
IDEAS = (
    (
        "Filters find edges, then corners, then objects",
        ":material/grid_on:",
        "The first layer's filters answer to edges. The next layer looks at the first one's maps, "
        "and so finds corners and curves; the one after that, whole parts of a digit. Nobody sets "
        "these filters: they start as random numbers. Watch yours form on **Train**.",
    ),
    (
        "Pooling keeps what matters and forgets where exactly",
        ":material/compress:",
        "Max pooling keeps the strongest answer of each window, average pooling the mean, sum "
        "pooling the total. The maps get smaller, and a digit may move by a pixel without harm. "
        "Swap the three on **Design** and compare the runs on **Evaluate**.",
    ),
    (
        "An activation bends the line",
        ":material/show_chart:",
        "Without ReLU, tanh or sigmoid between them, a hundred layers can do no more than one. "
        "Softmax at the end shares out certainty among the ten digits.",
    ),
    (
        "Fully connected layers decide",
        ":material/hub:",
        "They weigh every feature that was found against every class. They also hold most of the "
        "numbers to learn, which is why convolutions come first.",
    ),
    (
        "Learning is many small corrections",
        ":material/trending_down:",
        "The network guesses a batch of images, the loss says how wrong it was, and "
        "backpropagation says for every weight which way would have been less wrong. One pass "
        "over all images is an epoch.",
    ),
    (
        "Learning by heart is not understanding",
        ":material/psychology_alt:",
        "When training accuracy climbs and validation accuracy does not, the network over-fits. "
        "Dropout, weight decay and augmentation make that harder. The test set is looked at only "
        "at the end.",
    ),
)
ideas = st.grid(3, min_column_width=280, border=True)
for title, icon, text in IDEAS:
    with ideas.cell():
        st.markdown(f"{icon} **{title}**")
        st.markdown(text)
