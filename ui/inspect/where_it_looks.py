"""Where it looks: attributions over the image, for any class."""

from __future__ import annotations

from functools import partial

import streamlit as st

from cnn import figures
from cnn.inspection.attribution import METHODS, Attribution, attribute, grad_cam_layer
from ui.inspect.scene import Scene
from ui.inspect.work import long_work
from ui.shared.charts import chart
from ui.shared.plain_text import plain
from ui.shared.projector import scaled


def show(scene: Scene) -> None:
    """The controls, and all four methods side by side, or one against another class."""
    classes = scene.config.classes
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        target, against = _pick_classes(scene)
        layer = _pick_layer(scene)
        opacity = st.slider(
            "Opacity",
            0.0,
            1.0,
            0.8,
            0.05,
            key="look_opacity",
            width=scaled(130),
            persist_state="session",
        )
        below = "against it" if against is None else f"for {classes[against]}"
        scale = figures.overlay_scale(opacity, below, f"for {classes[target]}")
        with st.container(width=scaled(300)):
            meant = f"orange is evidence for {classes[target]}, blue {below}"
            chart(scale, "look_scale", f"Colours of all four: {meant}")
    grid = st.grid(4, min_column_width=230)
    for name, method in METHODS.items():
        with grid.cell():
            st.markdown(f"**{method.label}**", help=method.about)
            if method.needs_layer and layer is None:
                st.caption("Needs a layer of maps, and this network has none.")
                continue
            found = _attribution(scene, name, target, layer)
            other = None if against is None else _attribution(scene, name, against, layer)
            if found is None or (against is not None and other is None):
                continue
            heat = found.values if other is None else found.values - other.values
            overlay = figures.overlay(scene.image, heat, opacity, 250)
            chart(overlay, f"look_{name}", f"{method.label} over the image")
            st.caption(_words(found, other, figures.overlay_peak(heat)))
    st.caption(
        f"Orange is evidence for {plain(classes[target])}, blue {plain(below)}. One scale "
        "for all four; what its fullest colour stands for differs: each measures something else."
    )


def _pick_classes(scene: Scene) -> tuple[int, int | None]:
    """The class to explain, and the one to hold it against."""
    classes = scene.config.classes
    ranked = sorted(range(len(classes)), key=lambda c: -scene.probabilities[c])
    target = st.selectbox(
        "Explain why",
        ranked,
        format_func=classes.__getitem__,  # a label that ticks would lose the choice
        key=scene.widget_key("look_target", scene.guess),
        width=scaled(140),
    )
    against = st.selectbox(
        "rather than",
        [None, *[c for c in ranked if c != target]],
        format_func=lambda c: "anything else" if c is None else classes[c],
        key=scene.widget_key("look_against"),
        help="The difference between the two classes: orange is evidence for the first, "
        "blue for the second.",
        width=scaled(140),
    )
    return target, against


def _pick_layer(scene: Scene) -> int | None:
    """Grad-CAM's layer; None where no layer has maps."""
    maps = [output.number for output in scene.outputs if output.is_maps]
    if not maps:
        return None
    default = grad_cam_layer(scene.config.architecture)
    return st.selectbox(
        "Grad-CAM on layer",
        maps,
        maps.index(default) if default in maps else len(maps) - 1,
        format_func=lambda n: f"{n} · {scene.outputs[n - 1].layer.summary}",
        key=scene.widget_key("look_layer"),
        width=scaled(210),
    )


def _attribution(scene: Scene, name: str, target: int, layer: int | None) -> Attribution | None:
    layer = layer if METHODS[name].needs_layer else None
    return long_work(
        ("attribution", name, target, layer, *scene.key),
        partial(attribute, name, *scene.network, scene.image, target, layer),
        METHODS[name].label,
        f"look_{name}_{target}",
    )


def _words(found: Attribution, other: Attribution | None, peak: float) -> str:
    """What the fullest colour stands for, with the sum where it means something."""
    if found.largest == 0:
        return "Flat: no pixel changes this score."
    unit = METHODS[found.method].unit
    full = f"Full colour: {peak:.2g} {unit}."
    if found.method == "integrated-gradients" and other is None:
        return (
            f"{full} They add up to {found.values.sum():.2f}; the score differs by "
            f"{found.score - found.blank_score:.2f} from that of a blank sheet."
        )
    return full
