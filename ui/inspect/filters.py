"""The filters: their weights, their top activations in the test set, and an image made for one."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cnn.inspection.activation_maximisation import maximise_activation
from cnn.inspection.filters import Filters, conv_filters
from cnn.inspection.top_activations import top_activations
from ui.inspect.images import how_many, load_images, load_test_image
from ui.inspect.pixels import pixels
from ui.inspect.scene import Scene, choose
from ui.inspect.sheet import tiles
from ui.inspect.state import choices_in
from ui.inspect.widgets import by_hand
from ui.inspect.work import long_work
from ui.shared.projector import scaled

FEW = 2000
CONVOLUTIONS = {"conv1": "first conv", "conv2": "second conv", "shortcut.0": "shortcut"}


def pick_filter(scene: Scene, key: str) -> tuple[Filters, int] | None:
    """A convolution and one of its filters; None (with a message) where there is none."""
    found = conv_filters(scene.model, scene.config.architecture)
    if not found:
        st.info("This network has no convolution, and so no filters.", icon=":material/grid_off:")
        return None
    kept = choices_in(scene.run)
    index = kept.convolution
    if index is None:  # the last one up to the chosen layer
        before = [i for i, one in enumerate(found) if one.number <= max(scene.choice.layer, 1)]
        index = before[-1] if before else 0
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        index = st.selectbox(
            "Convolution",
            range(len(found)),
            index,
            format_func=lambda i: title(found[i]),
            key=scene.widget_key(key, "conv"),
            width=scaled(230),
        )
        kept.convolution = index
        filters = found[index]
        number = kept.filters.get(index, _first(scene, filters))
        last = len(filters.weights) - 1
        widget = scene.widget_key(key, "filter", index, scene.choice.version)
        st.number_input(
            f"Filter, 0 to {last}",
            0,
            last,
            number,
            key=widget,
            width=scaled(130),
            on_change=by_hand(widget, number, partial(pick, scene, filters, index, clicked=False)),
        )
    return filters, number


def title(filters: Filters) -> str:
    """A convolution's name, those inside a residual block too."""
    where = f" · {CONVOLUTIONS.get(filters.path, filters.path)}" if filters.path else ""
    return f"{filters.number} · {filters.layer.summary}{where}"


def pick(scene: Scene, filters: Filters, index: int, number: int, clicked: bool = True) -> None:
    """Choose a filter, and its map in the flow."""
    choices_in(scene.run).filters[index] = number
    if filters.path in ("", "conv2"):
        choose(scene, filters.number, number, clicked)
    else:
        scene.choice.version += clicked


def _first(scene: Scene, filters: Filters) -> int:
    """The chosen map's filter, where it is this layer's; else that with the largest norm."""
    choice = scene.choice
    if choice.layer >= filters.number and choice.channel < len(filters.weights):
        return choice.channel
    return int(filters.order[0])


def show(scene: Scene) -> None:
    """All filters of a layer, one of them close, and what activates it most."""
    picked = pick_filter(scene, "filters")
    if picked is None:
        return
    filters, number = picked
    left, right = st.columns([3, 2], gap="large")
    with left:
        _all(scene, filters, number)
    with right:
        _one(filters, number)
    st.divider()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _top_activations(scene, filters, number)
    with right:
        _maximised(scene, filters, number)


def _all(scene: Scene, filters: Filters, number: int) -> None:
    """A tile per filter: the kernel on one input channel, or on each filter's heaviest."""
    index = choices_in(scene.run).convolution or 0
    count, channels = filters.weights.shape[:2]
    channel: int | None = None if channels > 1 else 0
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        orders = ["Largest first", "By number"]
        by = st.segmented_control(
            "Order", orders, default=orders[0], key="filters_order", required=True
        )
        if channels > 1:
            channel = st.selectbox(
                "Input channel",
                [None, *range(channels)],
                format_func=lambda c: "each one's heaviest" if c is None else f"map {c}",
                key=scene.widget_key("filters_channel", index),
                width=scaled(180),
            )
    order = filters.order if by == orders[0] else np.arange(count)
    heaviest = filters.kernel_norms[order].argmax(axis=1)
    shown = filters.weights[order, heaviest if channel is None else channel]
    tiles(
        shown,
        order.tolist(),
        [f"{n} · {filters.norms[n]:.2f}" for n in order],
        "filters_all",
        signed=True,
        chosen=number,
        size=50,
        what="filter",
        on_choose=partial(pick, scene, filters, index),
    )
    st.caption(
        f"{count} filters of {shown.shape[1]}×{shown.shape[2]}, with their number and norm. Orange "
        "weights add what they meet, blue weights subtract it."
    )


def _one(filters: Filters, number: int) -> None:
    """One filter's kernels on its heaviest input channels, with their numbers."""
    order = np.argsort(-filters.kernel_norms[number])
    weights = filters.weights[number]
    st.markdown(f"**Filter {number}** · norm {filters.norms[number]:.3f}")
    key = f"filters_one_{filters.tensor}_{number}"
    peak = float(np.abs(weights).max()) or 1.0
    pixels(weights[order[0]], key, f"Filter {number}", size=210, peak=peak, signed=True)
    if len(order) > 1:
        st.caption(f"On input map {order[0]}, where its weights are largest. On the next ones:")
        following = order[1:13]
        tiles(
            weights[following],
            following.tolist(),
            [f"map {c}" for c in following],
            "filters_channels",
            signed=True,
            size=40,
            what="on input map",
        )


def _top_activations(scene: Scene, filters: Filters, number: int) -> None:
    """The nine test images that activate the filter most, with the place outlined."""
    st.markdown(f"**What activates filter {number} most**")
    images = load_images(scene.config.dataset, st.caption)
    if images is None:
        return
    count = how_many(images, FEW, "Search", "filters_everywhere")
    found = long_work(
        ("top activations", *scene.weights_key, filters.number, count),
        partial(top_activations, *scene.network, images.test_images[:count], filters.number),
        "Looking through the test set",
        "top_activations",
    )
    if found is None:
        return
    if filters.path == "conv1":
        st.caption("For the whole block's output map of that number.")
    top = found.of(number)
    tiles(
        np.stack([images.test_images[one.index].numpy() for one in top]).astype(np.float32),
        [one.index for one in top],
        [f"{one.index} · {one.value:.2f}" for one in top],
        "filters_top",
        signed=False,
        size=104,
        what="test image",
        ink=True,
        boxes=[(one.box.top, one.box.left, one.box.height, one.box.width) for one in top],
        on_choose=load_test_image,
    )
    st.caption(
        "Test image and the filter's largest activation; the frame is that value's receptive "
        "field. Click one to look at it."
    )


def _maximised(scene: Scene, filters: Filters, number: int) -> None:
    """An image that was made for the filter, from noise."""
    st.markdown(f"**An image made for filter {number}**")
    found = long_work(
        ("maximised", *scene.weights_key, filters.number, number),
        partial(maximise_activation, *scene.network, filters.number, number),
        "Gradient ascent from noise",
        "maximise",
        ask="Make it",
        icon=":material/auto_awesome:",
    )
    if found is None:
        st.caption(
            "Activation maximisation: starts from faint noise and changes its pixels by gradient "
            "ascent, so that the filter's activation rises."
        )
    elif found.dead:
        st.info("This filter is zero on every image tried, so there was no gradient to follow.")
    else:
        label = "An image made by gradient ascent"
        pixels(found.image, "filters_maximised", label, size=210, ink=True)
        first, last = found.path[0], found.path[-1]
        st.caption(f"Its largest activation rose from {first:.2f} to {last:.2f}.")
