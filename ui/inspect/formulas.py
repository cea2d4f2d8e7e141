"""The arithmetic of layers without a sliding window, as formulas with their numbers filled in."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import figures
from cnn.inspection import arithmetic
from ui.inspect.pixels import pixels
from ui.inspect.scene import Scene
from ui.shared.charts import chart
from ui.shared.plain_text import plain

SHOWN = 12  # inputs of a Linear layer, those that count most
NAMES = {
    "relu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "gelu": "GELU",
    "silu": "SiLU",
    "log_sigmoid": "log sigmoid",
}


def show(scene: Scene, found: arithmetic.Explanation, operation: str) -> None:
    """One value's explanation, of any kind."""
    source = _source(scene, found, operation)
    if source is None:
        _formula(scene, found)
        return
    output = scene.explainer.values(found.place.number, operation)[found.place.channel]
    columns = st.columns([2, 2, 3], gap="medium")
    for column, values, title, key in (
        (columns[0], source, "Its input", "sum_in"),
        (columns[1], output, "Its output", "sum_out"),
    ):
        with column:
            st.markdown(f"**{title}**")
            chosen = (scene.choice.row, scene.choice.column)
            pixels(values, key, title, size=252, chosen=chosen, on_pick=scene.choose_pixel)
    with columns[2]:
        _formula(scene, found)


def _source(
    scene: Scene, found: arithmetic.Explanation, operation: str
) -> NDArray[np.float32] | None:
    """The input map of the same number, where it has the output's shape."""
    number, channel = found.place.number, found.place.channel
    known = {known.name: known for known in scene.explainer.operations(number)}
    values = scene.explainer.values(number, known[operation].inputs[0])
    output = scene.explainer.values(number, operation)
    return values[channel] if values.ndim == 3 and values.shape == output.shape else None


def _formula(scene: Scene, found: arithmetic.Explanation) -> None:
    """The formula of this kind of arithmetic, and the network's own value beside it."""
    match found:
        case arithmetic.BatchNorm():
            _batch_norm(found)
        case arithmetic.Function():
            _function(found)
        case arithmetic.WeightedSum():
            _weighted_sum(scene, found)
        case arithmetic.Softmax():
            _softmax(scene, found)
        case arithmetic.Addition():
            st.markdown("**Main path and shortcut connection, added**")
            st.latex(rf"{found.main:.4f} + ({found.shortcut:.4f}) = {found.total:.4f}")
        case arithmetic.MapMean():
            st.markdown("**The mean of the whole map**")
            total = float(found.map.sum(dtype=np.float64))
            st.latex(rf"{total:.4f} \,/\, {found.map.size} = {found.total:.4f}")
            pixels(found.map, "sum_mean", "The map", size=252)
        case arithmetic.Copy():
            _copy(scene, found)
    same = abs(found.value - found.total) <= 1e-4 * max(1.0, abs(found.value))
    st.caption(
        f"{':green[:material/check:] ' if same else ''}The network's own forward pass has "
        f"{found.value:.4f} here."
    )


def _batch_norm(found: arithmetic.BatchNorm) -> None:
    st.markdown("**Normalised by the running mean and variance from training**")
    st.latex(
        rf"\frac{{{found.x:.4f} - ({found.mean:.4f})}}"
        rf"{{\sqrt{{{found.variance:.4f} + {found.epsilon:g}}}}} = {found.normalised:.4f}"
    )
    st.markdown("**then scaled and shifted by two learned numbers**")
    st.latex(
        rf"{found.scale:.4f} \times {found.normalised:.4f} + ({found.shift:.4f})"
        rf" = {found.total:.4f}"
    )


def _function(found: arithmetic.Function) -> None:
    name = NAMES.get(found.name, found.name)
    st.markdown(f"## {name}({found.x:.4f}) = {found.total:.4f}")
    curve = figures.function_curve(arithmetic.FUNCTIONS[found.name], found.x)
    chart(curve, "sum_curve", "The activation function, and this value on it")


def _weighted_sum(scene: Scene, found: arithmetic.WeightedSum) -> None:
    """Weight times input for the inputs that count most, the others in one, the bias."""
    order, others = found.top(SHOWN)
    last = found.place.number == len(scene.outputs)
    unit = (
        f"score of {plain(scene.config.classes[found.place.channel])}" if last else "unit's value"
    )
    st.markdown(
        f"**Every input times its weight: the {unit}** · the {SHOWN} of {len(found.inputs):,} "
        "inputs that count most"
    )
    names = [f"input {i}: {found.inputs[i]:.3f} × {found.weights[i]:+.3f}" for i in order]
    labels = [*names, f"the {len(found.inputs) - len(order):,} others", "bias"]
    bars = figures.contributions(labels, [*found.products[order].tolist(), others, found.bias])
    chart(bars, "sum_linear", "What adds to this output")
    st.latex(
        rf"{float(found.products[order].sum()):.4f} + ({others:.4f}) + ({found.bias:.4f})"
        rf" = {found.total:.4f}"
    )


def _softmax(scene: Scene, found: arithmetic.Softmax) -> None:
    """Exponentials, and each one's share of their sum."""
    exponentials = found.exponentials
    last = found.place.number == len(scene.outputs)
    names = list(scene.config.classes) if last else [str(i) for i in range(len(exponentials))]
    st.markdown("**Softmax: the exponential of each score, as a share of all of them**")
    st.dataframe(
        {
            "Class" if last else "Unit": names,
            "Score": np.round(found.logits, 4),
            "Exponential (of score − largest)": np.round(exponentials, 6),
            "Share": np.round(exponentials / exponentials.sum(), 6),
        },
        hide_index=True,
        key="sum_softmax",
        height="content" if len(names) <= 12 else 420,
        alt="Exponentials and shares, one by one",
    )
    this = exponentials[found.place.channel]
    st.latex(rf"{this:.6f} \,/\, {exponentials.sum():.6f} = {found.total:.4f}")


def _copy(scene: Scene, found: arithmetic.Copy) -> None:
    """Flatten, dropout, and layers that are switched off hand values on."""
    source = found.source
    place = f"map {source.channel}, row {source.row}, column {source.column}"
    st.markdown(f"**Handed on unchanged**: {place} → {found.total:.4f}")
    inputs = scene.given(found.place.number)
    if inputs.ndim == 3:
        chosen = (source.row, source.column)
        pixels(inputs[source.channel], "sum_copy", f"Map {source.channel}", size=252, chosen=chosen)
