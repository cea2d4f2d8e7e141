"""Through time: the scores, one filter and one map after every epoch."""

from __future__ import annotations

import functools

import numpy as np
import streamlit as st

from cnn import figures, runs
from cnn.inspection.over_epochs import filter_through_time, scores_through_time
from ui.inspect.epochs import go_to
from ui.inspect.filters import pick_filter
from ui.inspect.scene import QUIET, Scene
from ui.inspect.sheet import tiles
from ui.inspect.work import at_once, long_work
from ui.shared import models

MOST_MAPS = 24


def show(scene: Scene) -> None:
    """Scores by epoch, the chosen map by epoch, a filter by epoch. A click goes to that epoch."""
    epochs = scene.run.checkpoints()
    if not epochs:
        st.info("This run has kept no epochs, so there is no way back in time.")
        return
    kept = (scene.run.id, epochs[-1], len(epochs), scene.image.tobytes())
    st.markdown("**What it took this image for**")
    try:
        history = long_work(
            ("scores", *kept),
            functools.partial(scores_through_time, scene.run, scene.image),
            "Asking the network of every epoch",
            "scores",
        )
    except runs.RunError as error:
        st.error(str(error))
        return
    if history is not None:
        st.plotly_chart(
            figures.probabilities_over_epochs(
                history.epochs.tolist(), history.probabilities, scene.config.classes, scene.epoch
            ),
            key="time_scores",
            config=QUIET,
            alt="This image's probabilities after every epoch",
        )
    _map_by_epoch(scene, epochs, kept)
    st.divider()
    _filter_by_epoch(scene)


def _spaced(epochs: list[int]) -> list[int]:
    """At most a few dozen epochs, the first and the last among them."""
    if len(epochs) <= MOST_MAPS:
        return epochs
    return [
        epochs[i] for i in np.unique(np.linspace(0, len(epochs) - 1, MOST_MAPS).round().astype(int))
    ]


def _map_by_epoch(scene: Scene, epochs: list[int], kept: tuple) -> None:
    """The chosen map sharpening."""
    output, choice = scene.chosen, scene.choice
    if output is None or not output.is_maps:
        st.caption("Choose a map in the network above to see how it came to be.")
        return
    st.markdown(
        f"**How map {choice.channel} of layer {output.number}, {output.layer.summary}, sharpened**"
    )
    shown = _spaced(epochs)

    def compute() -> np.ndarray:
        import torch

        found = []
        for epoch in shown:
            head = models.model_of(scene.run, epoch)[: output.number]
            with torch.inference_mode():
                found.append(head(scene.x)[0, choice.channel].numpy())
        return np.stack(found)

    maps = at_once(("maps", output.number, choice.channel, *kept), compute)
    tiles(
        maps, shown, [f"epoch {e}" for e in shown], "time_maps",
        signed=bool((maps < 0).any()), chosen=scene.epoch, size=76, what="after epoch", each=True,
        on_choose=lambda epoch: go_to(scene.run, epoch),
    )  # fmt: skip


def _filter_by_epoch(scene: Scene) -> None:
    """One filter forming, from its random start."""
    st.markdown("**How one filter formed**")
    picked = pick_filter(scene, "time")
    if picked is None:
        return
    filters, number = picked
    try:
        history = filter_through_time(scene.run, filters.tensor, number)
    except runs.RunError as error:
        st.error(str(error))
        return
    chosen = _spaced(history.epochs.tolist())
    weights = history.weights[np.isin(history.epochs, chosen)]
    channel = int(filters.channel_norms(number).argmax())
    tiles(
        weights[:, channel], chosen, [f"epoch {e}" for e in chosen], "time_filter", signed=True,
        chosen=scene.epoch, size=76, what="after epoch",
        on_choose=lambda epoch: go_to(scene.run, epoch),
    )  # fmt: skip
    if weights.shape[1] > 1:
        st.caption(f"Its kernel on input map {channel}, where it weighs most in the end.")
    st.caption("Click a tile, or press Play at the top, to see the whole network at that epoch.")
