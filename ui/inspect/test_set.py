"""The whole test set: where its images lie in feature space, and how the layers answer to them."""

from __future__ import annotations

import base64
import functools
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import datasets, figures, runs
from cnn.figures.colours import CLASSES
from cnn.inspection import features
from cnn.inspection.projection import PROJECTIONS, Layout, project
from ui.inspect.images import load_test_image
from ui.inspect.scene import QUIET, Scene, asset, dark
from ui.inspect.work import at_once, long_work
from ui.shared import models, state
from ui.shared.choice import choose

MANY, ALIKE = 2000, 400
_cloud = st.components.v2.component(
    "inspect_cloud", js=asset("common.js", "cloud.js"), css=asset("cloud.css")
)


def show(scene: Scene) -> None:
    """The cloud of images, then the layers."""
    try:
        images = datasets.load(scene.config.dataset)
    except datasets.DataError as error:
        st.error(str(error), icon=":material/database_off:")
        return
    views = {
        "Images": ":material/scatter_plot: Where the images lie",
        "Layers": ":material/bar_chart: How the layers answer",
    }
    view = choose(
        "What to see", list(views), "inspect_set_view", format_func=views.__getitem__,
        label_visibility="collapsed",
    )  # fmt: skip
    if view == "Images":
        _images(scene, images)
    else:
        _layers(scene, images)


def _images(scene: Scene, images: datasets.Images) -> None:
    """What the classifier gets for every image, laid out flat."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        method = choose(
            "Layout", list(PROJECTIONS), "inspect_layout",
            format_func=lambda n: PROJECTIONS[n].label,
        )  # fmt: skip
        space = choose("Dimensions", [2, 3], "inspect_dimensions", format_func=lambda d: f"{d}D")
    st.caption(PROJECTIONS[method].about)
    chosen = images.test_images[:MANY]
    basis = (scene.run.id, scene.epoch, scene.changed)
    found = long_work(
        ("features", *basis),
        functools.partial(features.penultimate, scene.model, scene.run.preprocessing, chosen),
        f"Reading {len(chosen):,} test images",
        "features",
    )
    if found is None:
        return
    vectors, guesses = found
    try:
        placed: Layout | None = long_work(
            ("layout", method, space, *basis),
            functools.partial(project, method, vectors, space),
            f"Laying {len(chosen):,} images out by {PROJECTIONS[method].label}",
            f"layout_{method}_{space}",
        )
    except ValueError as error:
        st.warning(str(error))
        return
    if placed is None:
        return
    _draw_cloud(scene, images, placed, guesses, (method, space, *basis))
    labels = images.test_labels[: len(chosen)].numpy()
    wrong = int((labels != guesses).sum())
    explained = "" if placed.explained is None else (
        f" These axes hold {float(placed.explained.sum()):.0%} of what differs."
    )  # fmt: skip
    st.caption(
        f"{len(chosen):,} test images by what the last layer is given "
        f"({vectors.shape[1]:,} numbers each); {wrong} are read wrongly.{explained} Hover to see "
        "a digit, click to look at it, drag and scroll to move."
    )


def _draw_cloud(
    scene: Scene, images: datasets.Images, placed: Layout, guesses: NDArray, of: tuple
) -> None:
    points = placed.points.astype(np.float32, copy=True)
    low, high = points.min(axis=0), points.max(axis=0)
    points -= (low + high) / 2
    points /= float((high - low).max()) / 2 or 1.0
    count = len(points)
    thumbs = images.test_images[:count].float().reshape(count, 14, 2, 14, 2).amax(dim=(2, 4))
    labels = images.test_labels[:count].tolist()
    here = state.remember("inspect_index", 0) if scene.label is not None else -1
    key = "inspect_cloud"

    def picked() -> None:
        index = (st.session_state.get(key) or {}).get("picked")
        if index is not None:
            load_test_image(int(index))

    _cloud(
        data={
            "of": repr(of),
            "count": count,
            "dimensions": points.shape[1],
            "side": 14,
            "points": base64.b64encode(points.clip(-3, 3).tobytes()).decode(),
            "thumbs": base64.b64encode(thumbs.byte().numpy().tobytes()).decode(),
            "labels": labels,
            "guesses": guesses.tolist(),
            "ids": list(range(count)),
            "here": here,
            "names": list(scene.config.classes),
            "colours": [CLASSES[i % 10] for i in range(len(scene.config.classes))],
            "paper": "#14171d" if dark() else "#fbfaf8",
        },
        key=key,
        on_picked_change=picked,
    )


def _layers(scene: Scene, images: datasets.Images) -> None:
    """Distributions, dead units, similarity."""
    basis = (scene.run.id, scene.epoch, scene.changed)
    chosen = images.test_images[:MANY]
    spreads = long_work(
        ("spreads", *basis),
        functools.partial(
            features.layer_spreads, scene.model, scene.config.architecture,
            scene.run.preprocessing, chosen,
        ),
        f"Running {len(chosen):,} test images through every layer",
        "spreads",
    )  # fmt: skip
    if spreads is None:
        return
    names = [f"{s.number} {s.layer.summary}" for s in spreads]
    st.markdown(f"**How each layer's values spread over {len(chosen):,} test images**")
    st.plotly_chart(
        figures.layer_histograms(
            names, [s.counts for s in spreads], [s.edges for s in spreads],
            [len(s.dead) / s.channels for s in spreads],
        ),
        key="set_spreads", config=QUIET, alt="A histogram of every layer's values",
    )  # fmt: skip
    _dead(spreads)
    _alike(scene, images, names, basis)


def _dead(spreads: list[Any]) -> None:
    """Which units never answer."""
    dying = [s for s in spreads if len(s.dead)]
    if not dying:
        st.caption(":green[:material/check:] No unit is silent on all of them.")
        return
    for spread in dying:
        few = ", ".join(map(str, spread.dead[:12].tolist()))
        more = f" and {len(spread.dead) - 12} more" if len(spread.dead) > 12 else ""
        st.caption(
            f"{spread.number} · {spread.layer.summary}: {len(spread.dead)} of {spread.channels} "
            f"never answer ({few}{more})."
        )


def _alike(scene: Scene, images: datasets.Images, names: list[str], basis: tuple) -> None:
    """How similar the layers are, to each other or to those of another epoch."""
    st.markdown("**How alike the layers see them**")
    epochs = scene.run.checkpoints()
    other = None
    if epochs:
        other = st.selectbox(
            "Compare with", [None, *epochs],
            format_func=lambda e: "its own layers" if e is None else f"the layers after epoch {e}",
            key=f"set_other_{scene.run.id}", width=260,
        )  # fmt: skip
    try:
        model = scene.model if other is None else models.model_of(scene.run, other)
    except runs.RunError as error:
        st.error(str(error))
        return
    values = at_once(
        ("alike", other, *basis),
        lambda: features.similarity(
            scene.model, model, scene.run.preprocessing, images.test_images[:ALIKE]
        ),
    )
    st.plotly_chart(
        figures.similarity(values, names), key="set_alike", config=QUIET,
        alt="Similarity of every pair of layers",
    )  # fmt: skip
    st.caption(
        "Linear centred kernel alignment (Kornblith and others, 2019, arXiv:1905.00414): 1 where "
        f"two layers tell {ALIKE} images apart in the same way."
    )
