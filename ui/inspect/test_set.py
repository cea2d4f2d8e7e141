"""The whole test set: where its images lie in feature space, and every layer's values on it."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from cnn import datasets, figures, runs
from cnn.common.text import percent
from cnn.figures.colours import CLASSES, TEXT
from cnn.inspection import features
from cnn.inspection.projection import PROJECTIONS, Layout, project
from ui.inspect.images import load_images, load_test_image
from ui.inspect.scene import Scene
from ui.inspect.work import at_once, long_work
from ui.shared import models, state
from ui.shared.charts import chart
from ui.shared.choice import choose
from ui.shared.components import component, dark
from ui.shared.image_choice import ImageChoice
from ui.shared.plain_text import plain
from ui.shared.projector import scaled
from ui.shared.reports import INDEX, reported

MANY, SOME = 2000, 400  # test images for layouts and statistics, and for the layers' similarity
SIDE = 14  # pixels of a thumbnail
KEY = "inspect_cloud"
VIEWS = {
    "Images": ":material/scatter_plot: Where the images lie",
    "Layers": ":material/bar_chart: What the layers make of them",
}
_cloud = component(Path(__file__).parent, "cloud")


def show(scene: Scene) -> None:
    """The cloud of images, or the layers."""
    images = load_images(scene.config.dataset)
    if images is None:
        return
    place = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    with place:
        view = choose("What to see", list(VIEWS), "inspect_set_view", format_func=VIEWS.__getitem__)
    if view == "Images":
        _images(scene, images, place)
    else:
        _layers(scene, images)


def _images(scene: Scene, images: datasets.Images, place: DeltaGenerator) -> None:
    """The classifier's inputs for every image, laid out in two or three dimensions."""
    names = {name: projection.label for name, projection in PROJECTIONS.items()}
    with place:
        method = choose("Layout", list(names), "inspect_layout", format_func=names.__getitem__)
        space = choose("Dimensions", [2, 3], "inspect_dimensions", format_func=lambda d: f"{d}D")
    chosen = images.test_images[:MANY]
    found = long_work(
        ("features", *scene.weights_key),
        partial(features.penultimate, scene.model, scene.run.preprocessing, chosen),
        f"Reading {len(chosen):,} test images",
        "features",
    )
    if found is None:
        return
    vectors, guesses = found
    key = ("layout", method, space, *scene.weights_key)
    try:
        placed = long_work(
            key,
            partial(project, method, vectors, space),
            f"Laying {len(chosen):,} images out by {names[method]}",
            f"layout_{method}_{space}",
        )
    except ValueError as error:
        st.warning(plain(error))
        return
    if placed is None:
        return
    _draw_cloud(scene, images, placed, guesses, repr(key))
    wrong = int((images.test_labels[: len(chosen)].numpy() != guesses).sum())
    explained = ""
    if placed.explained is not None:
        share = percent(float(placed.explained.sum()), 0)
        explained = f" These axes explain {share} of the variance."
    st.caption(
        f"{len(chosen):,} test images by what the last layer is given "
        f"({vectors.shape[1]:,} numbers each); {wrong} are read wrongly.{explained} Hover to see "
        f"one, click to look at it, drag and scroll to move. {PROJECTIONS[method].about}"
    )


def _draw_cloud(
    scene: Scene, images: datasets.Images, placed: Layout, guesses: NDArray, of: str
) -> None:
    """One point for each image, coloured by its class; `of` names what is drawn."""
    count = len(placed.points)
    small = images.test_images[:count].float().reshape(count, SIDE, 2, SIDE, 2).amax(dim=(2, 4))
    classes = scene.config.classes

    def picked() -> None:
        index = reported(KEY, "picked", INDEX)
        if index is not None and index < count:
            load_test_image(index)

    _cloud(
        data={
            "of": of,
            "count": count,
            "dimensions": placed.points.shape[1],
            "side": SIDE,
            "points": _base64(_centred(placed.points)),
            "thumbs": _base64(small.byte().numpy()),
            "labels": images.test_labels[:count].tolist(),
            "guesses": guesses.tolist(),
            "ids": list(range(count)),
            "here": -1 if scene.label is None else state.page(ImageChoice).index,
            "names": list(classes),
            "colours": [CLASSES[i % 10] for i in range(len(classes))],
            "paper": "#14171d" if dark() else "#fbfaf8",
            "ink": TEXT["dark" if dark() else "light"],
            "stretch": placed.explained is None and placed.points.shape[1] == 2,
            "label": f"Map of {count:,} test images, each class with its name in its cluster",
        },
        key=KEY,
        on_picked_change=picked,
    )


def _base64(values: NDArray) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _centred(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points whose longest side goes from -1 to 1, with 0 in the middle."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = float((high - low).max()) / 2 or 1.0
    return ((points - (low + high) / 2) / half).clip(-3, 3).astype(np.float32)


def _layers(scene: Scene, images: datasets.Images) -> None:
    """Histograms, dead units, similarity."""
    chosen = images.test_images[:MANY]
    layers = long_work(
        ("layers", *scene.weights_key),
        partial(features.layer_statistics, *scene.network, chosen),
        f"Running {len(chosen):,} test images through every layer",
        "layers",
    )
    if layers is None:
        return
    names = [f"{one.number} {one.layer.summary}" for one in layers]
    st.markdown(f"**How each layer's values are spread over {len(chosen):,} test images**")
    histograms = figures.layer_histograms(
        names,
        [one.counts for one in layers],
        [one.edges for one in layers],
        [len(one.dead) / one.channels for one in layers],
    )
    chart(histograms, "set_spreads", "A histogram of every layer's values")
    _dead(layers)
    _similarity(scene, images, names)


def _dead(layers: list[features.LayerStatistics]) -> None:
    """Which units are zero on every image."""
    dying = [one for one in layers if len(one.dead)]
    if not dying:
        st.caption(":green[:material/check:] No unit is silent on all of them.")
    for one in dying:
        few = ", ".join(map(str, one.dead[:12].tolist()))
        more = f" and {len(one.dead) - 12} more" if len(one.dead) > 12 else ""
        st.caption(
            f"{one.number} · {one.layer.summary}: {len(one.dead)} of {one.channels} are silent on "
            f"all of them ({few}{more})."
        )


def _similarity(scene: Scene, images: datasets.Images, names: list[str]) -> None:
    """How similar the layers are, to each other or to those of another epoch."""
    st.markdown("**How similar the layers are**")
    epochs = scene.run.checkpoints()
    other = None
    if epochs:
        other = st.selectbox(
            "Compare with",
            [None, *epochs],
            format_func=lambda e: "its own layers" if e is None else f"the layers after epoch {e}",
            key=scene.widget_key("set_other"),
            width=scaled(260),
        )
    try:
        model = scene.model if other is None else models.model_of(scene.run, other)
    except runs.RunError as error:
        st.error(plain(error))
        return
    some = images.test_images[:SOME]
    values = at_once(
        ("similarity", other, *scene.weights_key),
        lambda: features.similarity(scene.model, model, scene.run.preprocessing, some),
    )
    chart(figures.similarity(values, names), "set_alike", "Similarity of every pair of layers")
    st.caption(
        "Linear centred kernel alignment (Kornblith and others, 2019, arXiv:1905.00414): 1 where "
        f"two layers tell {SOME} images apart in the same way."
    )
