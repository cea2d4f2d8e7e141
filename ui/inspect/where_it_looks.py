"""Where it looks: attributions over the image, for any class."""

from __future__ import annotations

import functools

import streamlit as st

from cnn import figures
from cnn.inspection.attribution import METHODS, Attribution, attribute, grad_cam_layer
from ui.inspect.scene import QUIET, Scene
from ui.inspect.work import long_work
from ui.shared import state


def show(scene: Scene) -> None:
    """The controls, and all four methods side by side, or one against another class."""
    classes = scene.config.classes
    ranked = sorted(range(len(classes)), key=lambda c: -scene.probabilities[c])
    maps = [output for output in scene.outputs if output.is_maps]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        target = st.selectbox(
            "Why a …",
            ranked,
            format_func=classes.__getitem__,  # a label that ticks would lose the choice
            key=f"look_target_{scene.guess}",
            width=140,
        )
        against = st.selectbox(
            "… and not a …",
            [None, *[c for c in ranked if c != target]],
            format_func=lambda c: "just that" if c is None else classes[c],
            key="look_against",
            help="The difference between the two classes: orange speaks for the first, blue for "
            "the second.",
            width=140,
        )
        layer = None
        if maps:
            first = grad_cam_layer(scene.config.architecture)
            default = next((i for i, o in enumerate(maps) if o.number == first), len(maps) - 1)
            layer = st.selectbox(
                "Grad-CAM on layer",
                [o.number for o in maps],
                default,
                format_func=lambda n: f"{n} · {scene.outputs[n - 1].layer.summary}",
                key=f"look_layer_{scene.run.id}",
                width=210,
            )
        opacity = st.slider(
            "Opacity",
            0.0,
            1.0,
            state.remember("look_opacity", 0.8),
            0.05,
            key="look_opacity",
            width=200,
        )
        state.keep("look_opacity", opacity)
    grid = st.grid(4, min_column_width=230)
    for name, method in METHODS.items():
        with grid.cell():
            st.markdown(f"**{method.label}**", help=method.about)
            if method.needs_layer and layer is None:
                st.caption("Needs a layer of maps, and this network has none.")
                continue
            found = _ask(scene, name, target, layer)
            other = None if against is None else _ask(scene, name, against, layer)
            if found is None or (against is not None and other is None):
                continue
            heat = found.values if other is None else found.values - other.values
            st.plotly_chart(
                figures.overlay(scene.image, heat, opacity, 250),
                key=f"look_{name}",
                config=QUIET,
                alt=f"{method.label} over the image",
            )
            st.caption(_words(found, other))
    against_text = "against it" if against is None else f"for {classes[against]}"
    st.caption(f"Orange speaks for {classes[target]}, blue {against_text}.")


def _ask(scene: Scene, name: str, target: int, layer: int | None) -> Attribution | None:
    layer = layer if METHODS[name].needs_layer else None
    return long_work(
        ("attribution", name, target, layer, *scene.key),
        functools.partial(
            attribute, name, scene.model, scene.config.architecture, scene.run.preprocessing,
            scene.image, target, layer,
        ),
        METHODS[name].label,
        f"look_{name}_{target}",
    )  # fmt: skip


def _words(found: Attribution, other: Attribution | None) -> str:
    """One line about what the values mean, with the sum where it means something."""
    if found.largest == 0:
        return "Flat: no pixel changes this score."
    unit = METHODS[found.method].unit
    if found.method == "integrated-gradients" and other is None:
        return (
            f"{unit.capitalize()}: they add up to {found.values.sum():.2f}; the score differs by "
            f"{found.score - found.blank_score:.2f} from that of a blank sheet."
        )
    return f"One value: {unit}."
