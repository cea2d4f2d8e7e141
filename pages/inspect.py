"""Inspect: one image through the network, layer by layer, and the filters that do it."""

import numpy as np
import streamlit as st

from cnn import figures, runs
from ui import models, state
from ui.runpicker import empty, pick_epoch, pick_run

FEW = 16
QUIET = {"displayModeBar": False}

st.title("Inspect")
st.markdown("One image through the network, layer by layer: what every filter answers to.")


def choose_image(run: runs.Run):
    """The image to look at, `(28, 28)` uint8 or float, and its label or None."""
    from cnn import data

    play = state.get()
    sources = ["By class", "By number", "My drawing"]
    source = st.segmented_control(
        "Image",
        sources,
        default=state.remember("inspect_source", sources[0], sources),
        key="inspect_source",
        required=True,
    )
    state.keep("inspect_source", source)
    if source == "My drawing":
        if play.last_digit is None:
            st.info("Nothing is drawn yet.", icon=":material/draw:")
            st.page_link("pages/draw.py", label="Draw a digit", icon=":material/draw:")
            return None
        return play.last_digit, None
    try:
        images = data.load(run.config.dataset)
    except data.DataError as error:
        st.error(str(error), icon=":material/database_off:")
        return None
    labels = images.test_labels.numpy()
    if source == "By class":
        left, right = st.columns(2, wrap=False, vertical_alignment="bottom")
        classes = run.config.classes
        with left:
            wanted = st.selectbox(
                "Class",
                range(len(classes)),
                state.remember("inspect_class", 3, range(len(classes))),
                format_func=lambda i: classes[i],
                key="inspect_class",
            )
        members = np.flatnonzero(labels == state.keep("inspect_class", wanted))
        with right:
            place = st.number_input(
                "Which one",
                1,
                len(members),
                min(state.remember("inspect_place", 1), len(members)),
                key=f"inspect_place_{wanted}",
            )
        index = int(members[state.keep("inspect_place", place) - 1])
    else:
        index = st.number_input(
            f"Test image, 0 to {len(labels) - 1:,}",
            0,
            len(labels) - 1,
            min(state.remember("inspect_index", 0), len(labels) - 1),
            key="inspect_index",
        )
        state.keep("inspect_index", index)
    return images.test_images[index].numpy(), int(labels[index])


@st.fragment
def look() -> None:
    """All of the page that answers to its controls."""
    run = state.current_run()
    if run is None:
        st.rerun()
        return
    with st.container(border=True):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            chosen = choose_image(run)
        with right:
            epoch = pick_epoch(run, "inspect_epoch")
            st.toggle(
                "Show every map",
                key="inspect_all",
                persist_state="session",
                help=f"Otherwise the {FEW} that answer most strongly on this image.",
            )
    if chosen is None:
        return
    through_the_network(run, epoch, *chosen)


def through_the_network(run: runs.Run, epoch: int | None, image, label: int | None) -> None:
    """Prediction, every layer's maps, every convolution's filters."""
    import torch

    from cnn.activations import conv_filters, layer_outputs

    config = run.config
    try:
        model = models.model_of(run, epoch)
    except runs.RunError as error:
        st.error(str(error), icon=":material/error:")
        return
    x = run.preprocessing(torch.as_tensor(image)[None])
    outputs = layer_outputs(model, config.architecture, x)
    probabilities = torch.from_numpy(outputs[-1].values).softmax(0).tolist()
    guess = int(np.argmax(probabilities))

    left, middle, right = st.columns([1, 1, 2], gap="medium", vertical_alignment="center")
    with left:
        st.plotly_chart(
            figures.digit(image), key="inspect_image", config=QUIET, alt="The image looked at"
        )
    with middle:
        st.metric(
            "It reads",
            config.classes[guess],
            f"{probabilities[guess]:.1%} sure",
            delta_color="off",
            delta_arrow="off",
        )
        if label is not None:
            if guess == label:
                st.badge(
                    f"right: it is {config.classes[label]}", color="green", icon=":material/check:"
                )
            else:
                st.badge(
                    f"wrong: it is {config.classes[label]}", color="red", icon=":material/close:"
                )
    with right:
        st.plotly_chart(
            figures.probability_bars(probabilities, config.classes),
            key="inspect_bars",
            config=QUIET,
            alt="Probability of every class",
        )

    maps_tab, filters_tab = st.tabs(["Activation maps", "Filters"], key="inspect_tab")
    with maps_tab:
        for output in outputs:
            layer_panel(output)
    with filters_tab:
        found = conv_filters(model, config.architecture)
        if not found:
            st.info("This network has no convolution, and so no filters.")
        for filters in found:
            filter_panel(filters)


def layer_panel(output) -> None:
    """One layer's answer to this image."""
    from cnn.layers import show

    every = st.session_state.get("inspect_all", False)
    notes = [show(output.values.shape)]
    if output.dead:
        notes.append(f"{output.dead} of {len(output.values)} silent on this image")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{output.number} · {output.layer.summary}**", width="content")
        st.caption(" · ".join(notes), width="content")
    if output.is_maps:
        strength = np.abs(output.values).mean(axis=(1, 2))
        order = np.arange(len(strength)) if every else np.argsort(-strength)[:FEW]
        figure = figures.tiles(
            output.values[order],
            columns=8 if not every else 16,
            ids=order.tolist(),
            signed=output.signed,
        )
    else:
        figure = figures.vector(output.values)
    st.plotly_chart(
        figure,
        key=f"maps_{output.number}",
        config=QUIET,
        alt=f"Output of layer {output.number}, {output.layer.summary}",
    )


def filter_panel(filters) -> None:
    """One convolution's weights: a tile per filter, of its strongest input channel."""
    count, channels = filters.weights.shape[:2]
    inner = f" ({filters.name})" if filters.name else ""
    st.markdown(f"**{filters.number} · {filters.layer.summary}**{inner}")
    if channels == 1:
        tiles, note = filters.weights[:, 0], "one input channel"
    else:
        strongest = np.abs(filters.weights).sum(axis=(2, 3)).argmax(axis=1)
        tiles = filters.weights[np.arange(count), strongest]
        note = f"of {channels} input channels, each filter's heaviest"
    st.caption(f"{count} filters of {tiles.shape[1]}×{tiles.shape[2]}, {note}")
    st.plotly_chart(
        figures.tiles(tiles, columns=16, signed=True, what="filter"),
        key=f"filters_{filters.number}_{filters.name}",
        config=QUIET,
        alt=f"Filters of layer {filters.number}",
    )


pick_run()
if state.current_run() is None:
    empty("This run is gone.", "Choose another, or train a new one.")
look()
