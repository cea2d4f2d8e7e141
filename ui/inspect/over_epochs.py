"""Over the epochs: the probabilities, one filter and one map after every epoch."""

from __future__ import annotations

import contextlib
from functools import partial

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from cnn import figures, runs
from cnn.inspection.over_epochs import filter_over_epochs, probabilities_over_epochs
from ui.inspect.epochs import go_to
from ui.inspect.filters import pick_filter
from ui.inspect.scene import Scene
from ui.inspect.sheet import tiles
from ui.inspect.work import at_once, long_work
from ui.shared import models
from ui.shared.charts import chart
from ui.shared.plain_text import plain

MOST_MAPS = 24


def show(scene: Scene) -> None:
    """Probabilities, the chosen map and a filter by epoch. A click goes to that epoch."""
    epochs = scene.run.checkpoints()
    if not epochs:
        st.info("This run has kept no epochs, so earlier weights cannot be shown.")
        return
    key = (scene.run.id, tuple(epochs), scene.image.tobytes())
    st.markdown("**What it took this image for**")
    try:
        history = long_work(
            ("probabilities", *key),
            partial(probabilities_over_epochs, scene.run, scene.image),
            "Running the network of every epoch",
            "probabilities",
        )
    except runs.RunError as error:
        st.error(plain(error))
        return
    if history is not None:
        lines = figures.probabilities_over_epochs(
            history.epochs.tolist(), history.values, scene.config.classes, scene.epoch
        )
        chart(lines, "time_scores", "This image's probabilities after every epoch")
    _map_by_epoch(scene, _spaced(epochs), key)
    st.divider()
    _filter_by_epoch(scene)


def _spaced(epochs: list[int]) -> list[int]:
    """At most a few dozen epochs, the first and the last among them."""
    if len(epochs) <= MOST_MAPS:
        return epochs
    spaced = np.unique(np.linspace(0, len(epochs) - 1, MOST_MAPS).round().astype(int))
    return [epochs[i] for i in spaced]


def _epoch_tiles(scene: Scene, values: NDArray, epochs: list[int], key: str, signed: bool) -> None:
    tiles(
        values,
        epochs,
        [f"epoch {epoch}" for epoch in epochs],
        key,
        signed,
        chosen=scene.epoch,
        size=76,
        what="after epoch",
        on_choose=partial(go_to, scene.run),
    )


def _map_by_epoch(scene: Scene, epochs: list[int], key: tuple) -> None:
    """The chosen map after each of `epochs`."""
    output, choice = scene.chosen, scene.choice
    if output is None or not output.is_maps:
        st.caption("Choose a map in the network above to see how it changed over the epochs.")
        return
    number, channel = output.number, choice.channel
    st.markdown(f"**How map {channel} of layer {number}, {output.layer.summary}, changed**")

    def compute() -> dict[int, NDArray[np.float32]]:
        maps = {}
        for epoch in epochs:
            with contextlib.suppress(runs.RunError):  # damaged, or pruned meanwhile
                model = models.model_of(scene.run, epoch)
                with torch.inference_mode():
                    maps[epoch] = model[:number](scene.x)[0, channel].numpy()
        return maps

    found = at_once(("maps", number, channel, *key), compute)
    if not found:
        st.caption("The weights of no epoch can be read.")
        return
    maps = np.stack(list(found.values()))
    _epoch_tiles(scene, maps, list(found), "time_maps", bool((maps < 0).any()))


def _filter_by_epoch(scene: Scene) -> None:
    """One filter, from its random weights on."""
    st.markdown("**How one filter formed**")
    picked = pick_filter(scene, "time")
    if picked is None:
        return
    filters, number = picked
    try:
        history = filter_over_epochs(scene.run, filters.tensor, number)
    except runs.RunError as error:
        st.error(plain(error))
        return
    epochs = _spaced(history.epochs.tolist())
    channel = int(filters.kernel_norms[number].argmax())
    kernels = history.values[np.isin(history.epochs, epochs), channel]
    _epoch_tiles(scene, kernels, epochs, "time_filter", signed=True)
    if history.values.shape[1] > 1:
        st.caption(f"Its kernel on input map {channel}, whose weights are largest in the end.")
    st.caption("Click a tile, or press Play at the top, to see the whole network at that epoch.")
