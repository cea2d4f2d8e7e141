"""The stage: one image on its way through the network as columns of maps, the scores, the curves, a
confusion matrix and the mistakes, all drawn in the browser while it learns."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import figures, runs
from cnn.common.files import parse_json
from cnn.datasets import DATASETS, DataError, Preprocessing, preprocessing_for
from cnn.figures.colours import CONFUSIONS, INK
from cnn.network import Architecture
from cnn.network.layers import Conv2d
from cnn.runs.first_filter import FirstFilter
from cnn.runs.on_stage import columns_of, on_stage
from cnn.runs.watching import Subject
from ui.live import payloads, subjects
from ui.live.component import PLOTLY_VERSION, live_component
from ui.live.keys import stream_name
from ui.live.payloads import Payload, figure_json
from ui.live.reader import snapshot
from ui.play.inputs import place_of
from ui.play.state import get
from ui.shared import models, state
from ui.shared.components import PAINTING_JS, colours
from ui.shared.image_choice import ImageChoice
from ui.shared.reports import INDEX, MAP_PLACE, MapPlace, reported

if TYPE_CHECKING:
    from torch import nn

KEY = "play_stage"
CHART_HEIGHT = 170
HERE = Path(__file__).parent
_stage = live_component(HERE, "stage", PAINTING_JS + (HERE / "flow.js").read_text("utf-8"))


def show(
    run: runs.Run | None, images: NDArray[np.uint8], drawing: NDArray[np.uint8] | None
) -> None:
    """Draw it for `run`, or for the network as it stands before its first step; `images` hold one
    of each class, of which one goes in, or the `drawing`."""
    play, mine = state.get(), get()
    network = run.config.architecture if run else play.architecture
    wanted = columns_of(network)
    image = images[min(mine.image, len(images) - 1)] if drawing is None else drawing
    subject = on_stage(network, image)
    story = snapshot(run) if run else {}
    steps = story["status"]["steps"] if story else 1

    def picked() -> None:
        label = reported(KEY, "image", INDEX)
        if label is not None and label < len(images):
            mine.image, mine.drawn, mine.changed = label, False, True

    def opened() -> None:
        place = reported(KEY, "map", MAP_PLACE)
        if place is None:
            return
        if run is None or not run.has_weights:
            state.get().notice = "Press Step first: Inspect looks into what a network has learned."
            return
        _look_at(place, run.config.dataset, image if drawing is not None else None)

    _stage(
        key=KEY,
        data={
            "run": stream_name(run) if run else None,
            "follow": run is not None and run.state in runs.ACTIVE,
            "subject": subjects.register(subject),
            "frame": first_frame(run, network, subject),
            "columns": [column._asdict() for column in wanted],
            "filters": network.convolutional and isinstance(network.all_layers[0], Conv2d),
            "story": story,
            "images": [_packed(one) for one in images],
            "image": _packed(image),
            "chosen": None if drawing is not None else mine.image,
            "classes": list(DATASETS[run.config.dataset if run else play.dataset_name].classes),
            **empty_charts(steps),
            "plotly": PLOTLY_VERSION,
            "colours": {**colours(), "ink": INK, "confusions": CONFUSIONS},
            "held_out": _held_out(run) > 0,
            "loading": models.known_devices() is None,
        },
        on_image_change=picked,
        on_map_change=opened,
    )
    if mine_map := st.session_state.pop("play_open_inspect", None):
        state.page(ImageChoice).map = mine_map
        st.switch_page("pages/inspect.py")


def _held_out(run: runs.Run | None) -> int:
    """How many images are held out, on which mistakes are looked for."""
    if run is not None:
        return run.config.validation_images
    return state.get().settings.held_out(DATASETS[state.get().dataset_name])


def first_frame(run: runs.Run | None, network: Architecture, subject: Subject) -> Payload | None:
    """What the network makes of the image before the stream tells more: with the run's newest
    weights, or with random ones. While PyTorch is being loaded, what an example kept; None where
    there is nothing to show."""
    if models.known_devices() is None:
        return kept_frame(run, subject) if run else None
    if network.problem():
        return None
    play = state.get()
    settings, dataset = play.settings, play.dataset_name
    if run is not None:
        settings, dataset = run.config.settings, run.config.dataset
    try:
        if run is not None and run.has_weights:
            model, preprocessing = models.model_of(run), run.preprocessing
            weights = (run.id, run.weights_path().stat().st_mtime_ns)
        else:  # its worker is about to begin with these very weights
            mine = run.config.first_filter if run is not None else play.start_filter
            model = _untrained(network, settings.seed, mine)
            preprocessing = preprocessing_for(dataset, settings.normalisation)
            weights = (f"{network.model_dump_json()} {preprocessing} {mine}", settings.seed)
        return _frame(weights, subject.key, subject, model, preprocessing)
    except (runs.RunError, FileNotFoundError):
        return None


@st.cache_data(max_entries=64, show_spinner=False)
def _frame(
    weights: tuple[str, int],
    key: str,
    _subject: Subject,
    _model: nn.Module,
    _preprocessing: Preprocessing,
) -> Payload:
    """The frame of `key`, made once with the same `weights`."""
    from cnn.runs.frames import make_frame
    from cnn.runs.live import first_filters

    frame = make_frame(_model, _subject, 0, _preprocessing)
    return {**frame, "filters": payloads.filters(first_filters(_model))}


def kept_frame(run: runs.Run, subject: Subject) -> Payload | None:
    """The newest frame of that subject in the run's folder."""
    with contextlib.suppress(OSError, ValueError):
        for line in run.files.frames.read_bytes().splitlines():
            found = parse_json(line)
            if isinstance(found, dict) and found.get("key") == subject.key:
                return found
    return None


@st.cache_resource(max_entries=8, show_spinner=False)
def _untrained(network: Architecture, seed: int, first_filter: FirstFilter | None) -> nn.Module:
    from cnn.common.random_state import OwnRandomState
    from cnn.runs.weights import set_first_filter

    with OwnRandomState(seed):
        model = network.build()
    if first_filter:
        set_first_filter(model, first_filter)
    return model


@st.cache_data(max_entries=64, show_spinner=False)
def empty_charts(steps: int) -> dict[str, Payload]:
    """Both charts before there is anything to show, over so many steps."""
    return {
        "loss": _small(figures.loss_curve([], [], steps)),
        "accuracy": _small(figures.accuracy_by_step(steps)),
    }


def _small(figure: Any) -> Payload:
    """A figure as it fits under the stage."""
    figure.update_layout(height=CHART_HEIGHT, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    figure.update_xaxes(title=None)
    figure.update_yaxes(title=None)
    return figure_json(figure)


def _look_at(place: MapPlace, dataset: str, drawing: NDArray[np.uint8] | None) -> None:
    """Open a map on Inspect, with the image that goes in here."""
    choice = state.page(ImageChoice)
    if drawing is not None:
        choice.source = "My drawing"
        choice.drawing = np.float32(1 / 255) * drawing
    else:
        choice.source = "Test image"
        with contextlib.suppress(DataError):
            choice.index = place_of(dataset, get().image)
    st.session_state.play_open_inspect = (place.layer, place.channel)


def _packed(image: NDArray[np.uint8]) -> str:
    return base64.b64encode(image.tobytes()).decode()
