"""Cards in a grid: experiments to set up by one button, and ideas to read."""

from __future__ import annotations

import streamlit as st

from cnn.presets import EXPERIMENTS
from ui.shared import state

# Title, icon and text.
IDEAS = (
    (
        "Filters find edges, then corners, then objects",
        ":material/grid_on:",
        "The first layer's filters respond to edges. The next layer looks at the first one's maps, "
        "and so finds corners and curves; the one after that, whole parts of a digit. Nobody sets "
        "these filters: they start as random numbers. Watch yours form on **Train**.",
    ),
    (
        "Pooling keeps what matters and forgets where exactly",
        ":material/compress:",
        "Max pooling keeps the largest value of each window, average pooling the mean, sum "
        "pooling the total. The maps get smaller, and a digit may move by a pixel without harm. "
        "Swap the three on **Design** and compare the runs on **Evaluate**.",
    ),
    (
        "An activation makes the network non-linear",
        ":material/show_chart:",
        "Without ReLU, tanh or sigmoid between them, a hundred layers can do no more than one. "
        "Softmax at the end turns the ten scores into probabilities that add up to 1.",
    ),
    (
        "Fully connected layers decide",
        ":material/hub:",
        "They weigh every feature that was found for every class. They also hold most of the "
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


def experiments() -> None:
    """Every experiment with its question and the button that sets it up."""
    grid = st.grid(5, min_column_width=190, border=True)
    for experiment in EXPERIMENTS:
        with grid.cell():
            st.markdown(f"**{experiment.title}**")
            st.markdown(experiment.question)
            st.caption(f":material/visibility: {experiment.look_for}")
            if st.button("Set it up", key=f"try_{experiment.name}", icon=":material/science:"):
                state.get().set_up(experiment)
                st.switch_page("pages/train.py")


def ideas() -> None:
    """The ideas behind a convolutional network."""
    grid = st.grid(3, min_column_width=280, border=True)
    for title, icon, text in IDEAS:
        with grid.cell():
            st.markdown(f"{icon} **{title}**")
            st.markdown(text)
