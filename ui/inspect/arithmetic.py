"""The arithmetic of the chosen pixel: what it saw, times what, plus what, is its value."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import figures
from cnn.sliding import Window, windows
from ui import state
from ui.inspect.chosen_map import pick_map
from ui.inspect.pixels import pixels
from ui.inspect.scene import QUIET, Scene, asset, colours

SHOWN = 3
_arithmetic = st.components.v2.component(
    "inspect_arithmetic", js=asset("common.js", "arithmetic.js"), css=asset("arithmetic.css")
)


def show(scene: Scene) -> None:
    """The chosen layer's arithmetic, whatever its type."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        pick_map(scene, "sum")
    output = scene.chosen
    if output is None:
        _the_image(scene)
        return
    inputs = scene.given(output.number)
    module = scene.model[output.number - 1]
    channel = min(scene.choice.channel, len(output.values) - 1)
    found = list(windows(output.layer, module, inputs, channel)) if inputs.ndim == 3 else []
    if found:
        _windows(scene, found)
        return
    kind = output.layer.kind
    if kind == "batch_norm2d":
        _batch_norm(scene, module, inputs, channel)
    elif kind in ("linear", "classifier"):
        _linear(scene, module, inputs, channel)
    elif kind == "activation" or kind == "dropout":
        _elementwise(scene, inputs, channel)
    else:
        _flattened(scene, inputs, channel)


def _windows(scene: Scene, found: list[Window]) -> None:
    """Convolutions and poolings: the sliding window, and the receptive field on the image."""
    window = found[0]
    if len(found) > 1:
        names = [w.name for w in found]
        step = st.segmented_control(
            "Step of the block", names, default=names[0], key="sum_step", required=True
        )
        window = found[names.index(step)]
    choice = scene.choice
    rows, columns = window.total.shape
    choice.row, choice.column = min(choice.row, rows - 1), min(choice.column, columns - 1)
    key = "inspect_arithmetic"

    def picked() -> None:
        place = (st.session_state.get(key) or {}).get("picked")
        if place:
            choice.row, choice.column = int(place["row"]), int(place["column"])

    left, right = st.columns([4, 1], gap="medium")
    with left:
        _arithmetic(data=data_of(scene, window), key=key, on_picked_change=picked)
    with right:
        box = receptive_box(scene)
        st.markdown("**In the image**")
        pixels(
            scene.x[0, 0].numpy(), "sum_field", "The image, with the receptive field outlined",
            size=168, ink=True, signed=True, box=box,
        )  # fmt: skip
        st.caption(
            f"This value can see {box[2]}×{box[3]} pixels of the image: its receptive field."
        )


def data_of(scene: Scene, window: Window) -> dict[str, Any]:
    """What the component draws, as plain data: the maps that weigh most at the chosen place."""
    choice = scene.choice
    scale = colours()
    here = window.sums[:, choice.row, choice.column]
    shown = np.argsort(-np.abs(here), kind="stable")[:SHOWN]
    rest = np.setdiff1d(np.arange(len(here)), shown)
    inputs = window.inputs
    conv = window.kernels is not None

    def style(values: NDArray, signed: bool | None = None) -> dict[str, Any]:
        signed = bool((values < 0).any()) if signed is None else signed
        peak = float(np.abs(values).max()) or 1.0
        return {"peak": peak, "signed": signed, "scale": scale["signed" if signed else "heat"]}

    products = (
        np.abs(inputs[shown]).max() * np.abs(window.kernels[shown]).max() if conv else 1.0  # type: ignore[index]
    )
    source = "map" if scene.choice.layer > 1 else "image"
    return {
        "kind": window.kind,
        "name": window.name,
        "at": [choice.row, choice.column],
        "kernel": window.kernel,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
        "sourceName": "from map" if source == "map" else "image",
        "inputTitle": f"Its input: {source}"
        + (f" {window.channels[shown[0]]}" if source == "map" else "")
        + (f", heaviest of {len(here)}" if len(here) > 1 else ""),
        "outputTitle": f"{window.name}: map {choice.channel}",
        "channels": [
            {
                "id": window.channels[i],
                "input": inputs[i].astype(float).tolist(),
                "kernel": window.kernels[i].astype(float).tolist() if conv else None,  # type: ignore[index]
            }
            for i in shown
        ],
        "others": window.sums[rest].astype(float).sum(axis=0).tolist() if len(rest) else None,
        "othersCount": len(rest),
        "bias": window.bias,
        "hasBias": bool(window.bias),
        "total": window.total.astype(float).tolist(),
        "after": [
            [name, values.astype(float).tolist()]
            for name, values in (window.after or after_of(scene))
        ],
        "inputStyle": style(inputs),
        "kernelStyle": style(window.kernels, True) if conv else None,  # type: ignore[arg-type]
        "productStyle": style(np.array([products]), True),
        "outputStyle": style(window.total),
    }


def after_of(scene: Scene) -> list[tuple[str, NDArray[np.float32]]]:
    """What batch norm and activation right behind the chosen layer make of the same map."""
    found = []
    for output in scene.outputs[scene.choice.layer :]:
        if output.layer.kind not in ("batch_norm2d", "activation", "dropout"):
            break
        if output.layer.kind != "dropout":
            found.append((output.layer.summary, output.values[scene.choice.channel]))
    return found


def receptive_box(scene: Scene) -> tuple[int, int, int, int]:
    """Which part of the image the chosen pixel can see: row, column, height, width.

    Each layer's window is widened back through the layers below (Dumoulin and Visin,
    arXiv:1603.07285), and clipped to the image.
    """
    choice = scene.choice
    top, bottom, left, right = choice.row, choice.row, choice.column, choice.column
    for index in range(choice.layer - 1, -1, -1):
        layer, module = scene.config.architecture.all_layers[index], scene.model[index]
        inputs = scene.given(index + 1)
        if inputs.ndim != 3:
            return 0, 0, 28, 28
        if layer.kind in ("flatten", "global_avg_pool"):
            top, bottom, left, right = 0, inputs.shape[1] - 1, 0, inputs.shape[2] - 1
            continue
        convs = [module.conv2, module.conv1] if layer.kind == "residual_block" else [module]
        for part in convs:
            if not hasattr(part, "kernel_size"):
                continue
            kernel, stride, dilation, padding = (
                _side(getattr(part, name, default))
                for name, default in (
                    ("kernel_size", 1), ("stride", 1), ("dilation", 1), ("padding", 0),
                )
            )  # fmt: skip
            if getattr(part, "padding", 0) == "same":
                padding = dilation * (kernel - 1) // 2
            reach = dilation * (kernel - 1) - padding
            top, left = top * stride - padding, left * stride - padding
            bottom, right = bottom * stride + reach, right * stride + reach
    top, left, bottom, right = max(top, 0), max(left, 0), min(bottom, 27), min(right, 27)
    return top, left, bottom - top + 1, right - left + 1


def _side(value: Any) -> int:
    if isinstance(value, str):
        return 0
    return int(value[0]) if isinstance(value, tuple) else int(value)


def _the_image(scene: Scene) -> None:
    """How a pixel of the image becomes the number the network is given."""
    choice = scene.choice
    raw = float(scene.image[choice.row, choice.column])
    if scene.image.dtype == np.uint8:
        raw /= 255
    mean, std = scene.config.mean, scene.config.std
    left, right = st.columns([1, 2], gap="large")
    with left:
        pixels(
            scene.x[0, 0].numpy(), "sum_image", "The image", ink=True, signed=True,
            chosen=(choice.row, choice.column), on_pick=lambda r, c: _move(scene, r, c),
        )  # fmt: skip
    with right:
        st.markdown("**Brought to mean 0 and spread 1, as the training images were**")
        st.latex(rf"\frac{{{raw:.4f} - {mean:.4f}}}{{{std:.4f}}} = {(raw - mean) / std:.4f}")


def _move(scene: Scene, row: int, column: int) -> None:
    scene.choice.row, scene.choice.column = row, column


def _plane(scene: Scene, values: NDArray, title: str, key: str) -> None:
    """A map whose pixels can be chosen."""
    st.markdown(f"**{title}**")
    pixels(
        values, key, title, size=252, chosen=(scene.choice.row, scene.choice.column),
        on_pick=lambda r, c: _move(scene, r, c),
    )  # fmt: skip


def _batch_norm(scene: Scene, module: Any, inputs: NDArray, channel: int) -> None:
    row, column = scene.choice.row, scene.choice.column
    left, middle, right = st.columns([2, 2, 3], gap="medium")
    with left:
        _plane(scene, inputs[channel], f"Its input: map {channel}", "sum_norm_in")
    with middle:
        _plane(scene, scene.chosen_map, "Its output", "sum_norm_out")
    x, mean = float(inputs[channel, row, column]), float(module.running_mean[channel])
    var, gamma = float(module.running_var[channel]), float(module.weight[channel])
    beta = float(module.bias[channel])
    normed = (x - mean) / (var + module.eps) ** 0.5
    with right:
        st.markdown("**Bring to the training images' mean 0 and spread 1**")
        st.latex(
            rf"\frac{{{x:.4f} - ({mean:.4f})}}{{\sqrt{{{var:.4f} + {module.eps:g}}}}} = {normed:.4f}"
        )
        st.markdown("**then scale and shift by two learned numbers**")
        st.latex(rf"{gamma:.4f} \times {normed:.4f} + ({beta:.4f}) = {gamma * normed + beta:.4f}")
        _check(float(scene.chosen_map[row, column]), gamma * normed + beta)


def _check(network: float, ours: float) -> None:
    """Say what the network itself computed, beside what was just added up."""
    st.caption(
        f"The network's own forward pass has {network:.4f} here"
        + (", the same." if abs(network - ours) < 1e-3 * max(1, abs(network)) else ".")
    )


def _linear(scene: Scene, module: Any, inputs: NDArray, unit: int) -> None:
    """Weight times input for the inputs that count most, the rest in one, the bias."""
    weights = module.weight[unit].detach().float().numpy().astype(float)
    terms = weights * inputs.astype(float)
    order = np.argsort(-np.abs(terms))[:12]
    bias = 0.0 if module.bias is None else float(module.bias[unit])
    rest = float(np.delete(terms, order).sum())
    names = [f"{inputs[i]:.3f} × {weights[i]:+.3f}  (input {i})" for i in order]
    total = float(terms.sum()) + bias
    classifier = scene.chosen is scene.outputs[-1]
    title = f"Score of {scene.config.classes[unit]}" if classifier else f"Unit {unit}"
    st.markdown(f"**{title}: weight times input, over all {len(terms):,} inputs**")
    labels = [*names, f"the {len(terms) - len(order):,} others", "bias"]
    st.plotly_chart(
        figures.contributions(labels, [*terms[order].tolist(), rest, bias]),
        key="sum_linear", config=QUIET, alt="What adds to this output",
    )  # fmt: skip
    own = float(scene.outputs[scene.choice.layer - 1].values[unit])
    st.markdown(f"{float(terms[order].sum()):.4f} + {rest:.4f} + bias {bias:.4f} = **{total:.4f}**")
    if classifier:
        _output_function(scene, unit, total)
    else:
        _check(own, total)


def _output_function(scene: Scene, unit: int, total: float) -> None:
    """From the ten scores to probabilities."""
    own = float(scene.outputs[-1].values[unit])
    scores = scene.outputs[-1].values.astype(float)
    if scene.config.architecture.head.output == "sigmoid":
        squashed = 1 / (1 + np.exp(-total))
        st.latex(rf"\sigma({total:.4f}) = {squashed:.6f}")
        everything = float(np.exp(scores).sum())
        st.markdown("Each output is squashed by itself, and all are then brought to sum 1:")
        st.latex(
            rf"\frac{{{squashed:.6f}}}{{{everything:.6f}}} = {squashed / everything:.4f}"
            r"\quad\text{(its share of all ten)}"
        )
        return
    _check(own, total)
    st.markdown("**Softmax: the exponential of each score, as a share of all of them**")
    largest = scores.max()
    shares = np.exp(scores - largest)
    st.dataframe(
        {
            "Class": list(scene.config.classes),
            "Score": np.round(scores, 4),
            "Minus the largest": np.round(scores - largest, 4),
            "Exponential": np.round(shares, 6),
            "Share of the sum": np.round(shares / shares.sum(), 6),
        },
        hide_index=True,
        key="sum_softmax",
        height="content",
    )
    st.markdown(
        f"{shares[unit]:.6f} / {shares.sum():.6f} = **{shares[unit] / shares.sum():.4%}** "
        f"for {scene.config.classes[unit]}"
    )


def _elementwise(scene: Scene, inputs: NDArray, channel: int) -> None:
    """An activation function: a number in, a number out, and its curve."""
    output = scene.chosen
    assert output is not None
    before = inputs[channel]
    row, column = scene.choice.row, scene.choice.column
    flat = before.ndim == 0
    if not flat:
        left, right = st.columns(2, gap="medium")
        with left:
            _plane(scene, before, f"Its input: map {channel}", "sum_act_in")
        with right:
            _plane(scene, scene.chosen_map, "Its output", "sum_act_out")
    x = float(before) if flat else float(before[row, column])
    y = float(scene.chosen_map[0, 0] if flat else scene.chosen_map[row, column])
    st.markdown(f"### {output.layer.summary}({x:.4f}) = {y:.4f}")
    st.caption(output.layer.about)


def _flattened(scene: Scene, inputs: NDArray, unit: int) -> None:
    """Flatten and global average pooling."""
    output = scene.chosen
    assert output is not None
    if output.layer.kind == "global_avg_pool":
        values = inputs[unit]
        st.markdown(f"**The mean of map {unit}**")
        pixels(values, "sum_mean", f"Map {unit}", size=252)
        st.markdown(
            f"{float(values.sum()):.4f} / {values.size} values = **{float(values.mean()):.4f}**"
        )
        _check(float(output.values[unit]), float(values.mean()))
        return
    area = int(np.prod(inputs.shape[1:]))
    channel, place = divmod(unit, area)
    row, column = divmod(place, inputs.shape[2])
    st.markdown(
        f"Unit {unit} is the value of **map {channel}, row {row}, column {column}**: "
        f"{float(output.values[unit]):.4f}. Flatten only lays the maps out in one line."
    )
    pixels(inputs[channel], "sum_flat", f"Map {channel}", size=252, chosen=(row, column))


def open_part(name: str) -> None:
    """Open a part of the page from elsewhere."""
    state.keep("inspect_part", name)
    st.session_state.pop("inspect_part", None)
