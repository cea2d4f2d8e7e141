"""The filters: their weights, what in the test set excites one most, and an image made for it."""

from __future__ import annotations

import functools

import numpy as np
import streamlit as st

from cnn import datasets
from cnn.inspection import activation_maximisation
from cnn.inspection.activations import Filters, conv_filters
from ui.inspect.images import load_test_image
from ui.inspect.pixels import pixels
from ui.inspect.scene import Scene, by_hand, choose
from ui.inspect.sheet import tiles
from ui.inspect.work import long_work
from ui.shared import state

FEW = 2000


def pick_filter(scene: Scene, key: str) -> tuple[Filters, int] | None:
    """A convolution and one of its filters; None (with a word about it) where there is none."""
    found = conv_filters(scene.model, scene.config.architecture)
    if not found:
        st.info("This network has no convolution, and so no filters.", icon=":material/grid_off:")
        return None
    chosen = scene.choice.layer
    default = next(
        (i for i in range(len(found) - 1, -1, -1) if found[i].number <= max(chosen, 1)), 0
    )
    name = f"inspect_filters_{scene.run.id}"
    index = state.remember(name, default, range(len(found)))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        index = st.selectbox(
            "Convolution",
            range(len(found)),
            index,
            format_func=lambda i: title(found[i]),
            key=f"{key}_conv",
            width=290,
        )
        state.keep(name, index)
        filters = found[index]
        number = f"{name}_{index}"
        start = state.remember(number, _first(scene, filters), range(len(filters.weights)))
        widget = f"{key}_filter_{index}_{scene.choice.version}"
        st.number_input(
            f"Filter, 0 to {len(filters.weights) - 1}",
            0,
            len(filters.weights) - 1,
            start,
            key=widget,
            width=130,
            on_change=by_hand(
                widget, start, lambda n: pick(scene, filters, index, n, clicked=False)
            ),
        )
    return filters, start


def title(filters: Filters) -> str:
    """A convolution's name, those inside a residual block too."""
    inner = {"conv1": "first conv", "conv2": "second conv", "shortcut.0": "shortcut"}
    where = f" · {inner.get(filters.name, filters.name)}" if filters.name else ""
    return f"{filters.number} · {filters.layer.summary}{where}"


def pick(scene: Scene, filters: Filters, index: int, number: int, clicked: bool = True) -> None:
    """Choose a filter, and its map in the flow."""
    state.keep(f"inspect_filters_{scene.run.id}_{index}", number)
    if filters.name in ("", "conv2"):
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
    """All filters of a layer, one of them close, and what excites it."""
    picked = pick_filter(scene, "filters")
    if picked is None:
        return
    filters, number = picked
    index = state.remember(f"inspect_filters_{scene.run.id}", 0)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _all(scene, filters, index, number)
    with right:
        _one(filters, number)
    st.divider()
    left, right = st.columns([3, 2], gap="large")
    with left:
        _strongest(scene, filters, number)
    with right:
        _dream(scene, filters, number)


def _all(scene: Scene, filters: Filters, index: int, number: int) -> None:
    """A tile per filter: the kernel on one input channel, or on each filter's heaviest."""
    count, channels = filters.weights.shape[:2]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        by_norm = st.segmented_control(
            "Order", ["Strongest first", "By number"], default="Strongest first",
            key="filters_order", required=True,
        )  # fmt: skip
        channel: int | None = None
        if channels > 1:
            channel = st.selectbox(
                "Input channel", [None, *range(channels)],
                format_func=lambda c: "each one's heaviest" if c is None else f"map {c}",
                key=f"filters_channel_{index}", width=180,
            )  # fmt: skip
    order = filters.order if by_norm == "Strongest first" else np.arange(count)
    if channels == 1:
        shown = filters.weights[order, 0]
    elif channel is not None:
        shown = filters.weights[order, channel]
    else:
        heaviest = np.array([filters.channel_norms(n).argmax() for n in order])
        shown = filters.weights[order, heaviest]
    tiles(
        shown, order.tolist(), [f"{n} · {filters.norms[n]:.2f}" for n in order], "filters_all",
        signed=True, chosen=number, size=50, what="filter",
        on_choose=lambda n: pick(scene, filters, index, n),
    )  # fmt: skip
    st.caption(
        f"{count} filters of {shown.shape[1]}×{shown.shape[2]}, with their number and norm. Orange "
        "adds what it meets, blue subtracts it."
    )


def _one(filters: Filters, number: int) -> None:
    """One filter's kernels on its heaviest input channels, with their numbers."""
    norms = filters.channel_norms(number)
    order = np.argsort(-norms)
    st.markdown(f"**Filter {number}** · norm {filters.norms[number]:.3f}")
    peak = float(np.abs(filters.weights[number]).max()) or 1.0
    pixels(
        filters.weights[number, order[0]], f"filters_one_{filters.tensor}_{number}",
        f"Filter {number}", size=210, peak=peak, signed=True,
    )  # fmt: skip
    if len(order) > 1:
        st.caption(f"On input map {order[0]}, where it weighs most. On the next ones:")
        following = order[1:13]
        tiles(
            filters.weights[number, following], following.tolist(),
            [f"map {c}" for c in following], "filters_channels", signed=True, size=40,
            what="on input map",
        )  # fmt: skip


def _strongest(scene: Scene, filters: Filters, number: int) -> None:
    """The nine test images that excite the filter most, with the place outlined."""
    st.markdown(f"**What excites filter {number} most**")
    try:
        images = datasets.load(scene.config.dataset)
    except datasets.DataError as error:
        st.caption(str(error))
        return
    whole = len(images.test_images)
    everywhere = whole > FEW and st.toggle(
        f"Search all {whole:,} test images", key="filters_everywhere", persist_state="session",
        help=f"Otherwise the first {FEW:,}.",
    )  # fmt: skip
    searched = images.test_images if everywhere else images.test_images[:FEW]
    key = ("strongest", scene.run.id, scene.epoch, scene.changed, filters.number, everywhere)
    found = long_work(
        key,
        functools.partial(
            activation_maximisation.strongest,
            scene.model, scene.config.architecture, scene.run.preprocessing,
            searched, filters.number,
        ),
        "Looking through the test set",
        "strongest",
    )  # fmt: skip
    if found is None:
        return
    if filters.name == "conv1":
        st.caption("Of the whole block's map of that number, since the block answers as one.")
    patches = found.of(number)
    pictures = np.stack([images.test_images[e.index].numpy() for e in patches])
    tiles(
        pictures.astype(np.float32),
        [e.index for e in patches],
        [f"{e.index} · {e.value:.2f}" for e in patches],
        "filters_strongest",
        signed=False,
        size=104,
        what="test image",
        ink=True,
        boxes=[(e.box.top, e.box.left, e.box.height, e.box.width) for e in patches],
        on_choose=load_test_image,
    )
    st.caption(
        "Test image and the filter's answer; the frame is what it could see when it answered "
        "most. Click one to look at it."
    )


def _dream(scene: Scene, filters: Filters, number: int) -> None:
    """An image that was made for the filter, from noise."""
    st.markdown(f"**An image made for filter {number}**")
    key = ("dream", scene.run.id, scene.epoch, scene.changed, filters.number, number)
    found = long_work(
        key,
        functools.partial(
            activation_maximisation.dream,
            scene.model, scene.config.architecture, scene.run.preprocessing,
            filters.number, number,
        ),
        "Climbing from noise to what it likes best",
        "dream",
        ask="Make it",
        icon=":material/auto_awesome:",
    )  # fmt: skip
    if found is None:
        st.caption("Starts from faint noise and changes its pixels so that the filter answers more "
                   "and more: gradient ascent.")  # fmt: skip
        return
    if found.dead:
        st.info("This filter never answers, so there was nothing to climb.")
        return
    pixels(found.image, "filters_dream", "An image made by gradient ascent", size=210, ink=True)
    st.caption(f"Its strongest answer rose from {found.path[0]:.2f} to {found.path[-1]:.2f}.")
