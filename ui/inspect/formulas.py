"""The arithmetic of layers without a sliding window, as formulas with their numbers filled in."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import figures
from cnn.inspection.arithmetic import explanations as kinds
from ui.inspect.pixels import pixels
from ui.inspect.scene import QUIET, Scene


def show(scene: Scene, found: kinds.Explanation, part: str) -> None:
    """One value's explanation, of any kind."""
    source = _source(scene, found, part)
    if source is not None:
        columns = st.columns([2, 2, 3], gap="medium")
        with columns[0]:
            _plane(scene, source, "Its input", "sum_in")
        with columns[1]:
            output = scene.explainer.values(found.place.number, part)[found.place.channel]
            _plane(scene, output, "Its output", "sum_out")
        with columns[2]:
            _formula(scene, found)
    else:
        _formula(scene, found)


def _source(scene: Scene, found: kinds.Explanation, part: str) -> NDArray[np.float32] | None:
    """The input map at the same place, where there is one of the same number."""
    number, channel = found.place.number, found.place.channel
    step = next(p for p in scene.explainer.operations(number) if p.name == part)
    values = scene.explainer.values(number, step.inputs[0])
    output = scene.explainer.values(number, part)
    return values[channel] if values.ndim == 3 and values.shape == output.shape else None


def _plane(scene: Scene, values: NDArray, title: str, key: str) -> None:
    """A map whose pixels can be chosen."""

    def pick(row: int, column: int) -> None:
        scene.choice.row, scene.choice.column = row, column

    st.markdown(f"**{title}**")
    pixels(
        values, key, title, size=252, chosen=(scene.choice.row, scene.choice.column), on_pick=pick
    )


def _formula(scene: Scene, found: kinds.Explanation) -> None:
    if isinstance(found, kinds.Normalisation):
        st.markdown("**Brought to mean 0 and spread 1, as they were while training**")
        st.latex(
            rf"\frac{{{found.x:.4f} - ({found.mean:.4f})}}"
            rf"{{\sqrt{{{found.variance:.4f} + {found.epsilon:g}}}}} = {found.normalised:.4f}"
        )
        st.markdown("**then scaled and shifted by two learned numbers**")
        st.latex(
            rf"{found.scale:.4f} \times {found.normalised:.4f} + ({found.shift:.4f})"
            rf" = {found.total:.4f}"
        )
    elif isinstance(found, kinds.Function):
        st.markdown(f"### {_title(found.name)}({found.x:.4f}) = {found.total:.4f}")
        st.plotly_chart(
            figures.function_curve(kinds.FUNCTIONS[found.name], found.x),
            key="sum_curve",
            config=QUIET,
            alt="The activation function, and where this value stands on it",
        )
    elif isinstance(found, kinds.Products):
        _products(scene, found)
    elif isinstance(found, kinds.Shares):
        _shares(scene, found)
    elif isinstance(found, kinds.Sum):
        st.markdown("**The block's two ways, added**")
        st.latex(rf"{found.main:.4f} + ({found.shortcut:.4f}) = {found.total:.4f}")
    elif isinstance(found, kinds.Pooling):
        patch = found.patch.astype(float)
        st.markdown("**The mean of the whole map**")
        st.latex(rf"{patch.sum():.4f} \,/\, {patch.size} = {found.total:.4f}")
        pixels(found.patch, "sum_mean", "The map", size=252)
    elif isinstance(found, kinds.Copy):
        _copy(scene, found)
    _check(found)


def _check(found: kinds.Explanation) -> None:
    """What the network itself computed, beside what was just added up."""
    same = abs(found.value - found.total) <= 1e-4 * max(1.0, abs(found.value))
    st.caption(
        f"{':green[:material/check:] ' if same else ''}The network's own forward pass has "
        f"{found.value:.4f} here."
    )


def _title(name: str) -> str:
    names = {"relu": "ReLU", "leaky_relu": "LeakyReLU", "gelu": "GELU", "silu": "SiLU",
             "log_sigmoid": "log sigmoid"}  # fmt: skip
    return names.get(name, name)


def _products(scene: Scene, found: kinds.Products) -> None:
    """Weight times input for the inputs that count most, the others in one, the bias."""
    order, others = found.top(12)
    number = found.place.number
    last = number == len(scene.outputs)
    unit = f"score of {scene.config.classes[found.place.channel]}" if last else "unit's value"
    st.markdown(
        f"**Every input times its weight: the {unit}** · the 12 of {len(found.inputs):,} inputs "
        "that count most"
    )
    names = [f"input {i}: {found.inputs[i]:.3f} × {found.weights[i]:+.3f}" for i in order]
    rest = len(found.inputs) - len(order)
    labels = [*names, f"the {rest:,} others", "bias"]
    st.plotly_chart(
        figures.contributions(labels, [*found.products[order].tolist(), others, found.bias]),
        key="sum_linear", config=QUIET, alt="What adds to this output",
    )  # fmt: skip
    st.latex(
        rf"{float(found.products[order].sum()):.4f} + ({others:.4f}) + ({found.bias:.4f})"
        rf" = {found.total:.4f}"
    )


def _shares(scene: Scene, found: kinds.Shares) -> None:
    """Softmax: exponentials, and each one's share of their sum."""
    shares = found.exponentials
    classes = list(scene.config.classes)
    last = found.place.number == len(scene.outputs)
    names = classes if last else [str(i) for i in range(len(shares))]
    st.markdown("**Softmax: the exponential of each score, as a share of all of them**")
    st.dataframe(
        {
            "Class" if last else "Unit": names,
            "Score": np.round(found.scores, 4),
            "Exponential (of score − largest)": np.round(shares, 6),
            "Share": np.round(shares / shares.sum(), 6),
        },
        hide_index=True,
        key="sum_softmax",
        height="content" if len(names) <= 12 else 420,
    )
    st.latex(rf"{shares[found.place.channel]:.6f} \,/\, {shares.sum():.6f} = {found.total:.4f}")


def _copy(scene: Scene, found: kinds.Copy) -> None:
    """Flatten, dropout, and layers that are switched off hand values on."""
    channel, row, column = found.source
    st.markdown(
        f"**Handed on as it is**: map {channel}, row {row}, column {column} → {found.total:.4f}"
    )
    inputs = scene.given(found.place.number)
    if inputs.ndim == 3:
        pixels(inputs[channel], "sum_copy", f"Map {channel}", size=252, chosen=(row, column))
