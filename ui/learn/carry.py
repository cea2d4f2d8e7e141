"""What was made in a lesson, carried into the app: into the network being built, its settings, or
the image that Inspect looks at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import runs
from cnn.lessons import State, digits
from cnn.lessons.material import COMPACT, TUTORIAL, example, network
from cnn.lessons.own_filter import run_with, with_window
from cnn.network import Architecture
from cnn.network.layers import Activation, Dropout, Flatten
from cnn.presets import DEFAULT_PRESET, PRESETS
from cnn.presets.blocks import linear_relu
from cnn.presets.blocks import network as architecture
from cnn.presets.knobs import POOLS, Knobs
from cnn.training import Settings
from ui.learn.state import get
from ui.shared import loading, state
from ui.shared.image_choice import ImageChoice


def carry(lesson: str, way: str, moved: State) -> None:
    """Do what a lesson's button says, and open the page where it is to be seen.

    Raises MaterialError and RunError.
    """
    st.switch_page(f"pages/{_WAYS[way](lesson, moved)}.py")


def _own_filter(lesson: str, moved: State) -> str:
    """The nine weights as the first filter of the trained network, looked at on Inspect."""
    kernel, side = _kernel(moved)
    if side == 3:
        loading.wait()
    with st.spinner("Setting the filter, and reading the test images with it..."):
        run = run_with(kernel)
    _look_at(lesson, moved, run, (1, 0))
    return "inspect"


def _kernel(moved: State) -> tuple[NDArray[np.float64], int]:
    weights = np.array(moved["kernel"], np.float64)
    side = round(len(weights) ** 0.5)
    return weights.reshape(side, side), side


def _build_layer(page: str) -> Callable[[str, State], str]:
    """Compact CNN with this window in its first layer, whose filter 0 starts from these weights."""

    def go(_: str, moved: State) -> str:
        play, (kernel, side) = state.get(), _kernel(moved)
        stride, padding, dilation = (
            int(str(moved[name])) for name in ("stride", "padding", "dilation")
        )
        preset = PRESETS[DEFAULT_PRESET]
        built = with_window(side, stride, padding, dilation)
        same = built == preset.architecture
        play.replace(built, preset.settings, DEFAULT_PRESET if same else None)
        play.first_filter = tuple(tuple(row) for row in kernel.tolist())
        play.chosen = play.cards[0].uid
        state.leave_run()
        return page

    return go


def _see_layer(lesson: str, moved: State) -> str:
    """The trained network's first layer."""
    _look_at(lesson, moved, example(COMPACT), (1, 0))
    return "inspect"


def _with_rate(page: str) -> Callable[[str, State], str]:
    """Plain gradient descent at the lesson's rate, for the network that stands there."""

    def go(_: str, moved: State) -> str:
        rate = moved["step"] if moved["part"] == "surface" else moved["rate"]
        play = state.get()
        play.settings = play.settings.changed(
            optimizer="sgd", learning_rate=float(str(rate)), schedule="constant"
        )
        play.version += 1
        state.leave_run()
        return page

    return go


def _look_inside(lesson: str, moved: State) -> str:
    """The lesson's image in the network that has read it there, on Inspect."""
    _look_at(lesson, moved, example(COMPACT), None)
    return "inspect"


def _one_layer(lesson: str, moved: State) -> str:
    """The same in the network of one layer."""
    _look_at(lesson, moved, example(TUTORIAL), None)
    return "inspect"


def _look_at_map(lesson: str, moved: State) -> str:
    """With the layer and the map that are chosen there."""
    bends = [
        number for number, layer in enumerate(network(COMPACT), 1) if layer["kind"] == "activation"
    ]
    place = bends[int(str(moved["layer"])) - 1], int(str(moved["map"]))
    _look_at(lesson, moved, example(COMPACT), place)
    return "inspect"


def _look_at(lesson: str, moved: State, run: runs.Run, place: tuple[int, int] | None) -> None:
    """Let Inspect show the lesson's image, as it is there, in `run`; and a layer's map."""
    choice = state.page(ImageChoice)
    picture = max(0, int(str(moved["picture"])))
    image = get().images.get(lesson)
    if image is None:
        rows, columns = (int(str(moved.get(name, 0))) for name in ("down", "right"))
        image = shifted(digits()[picture], rows, columns)
    choice.source, choice.map = "My drawing", place
    choice.drawing = image.astype(np.float32) / np.float32(255)
    state.choose_run(run.id)


def shifted(image: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """An image moved by whole pixels; paper comes in from the sides."""
    height, width = image.shape
    made = np.zeros_like(image)
    made[max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = image[
        max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
    ]
    return made


def _play(**knobs: object) -> str:
    """A network of Play's family with these knobs, ready to be trained there."""
    play, preset = state.get(), PRESETS[DEFAULT_PRESET]
    built = Knobs().changed(**knobs).architecture()
    same = built == preset.architecture
    play.replace(built, preset.settings, DEFAULT_PRESET if same else None)
    state.leave_run()
    return "play"


def _pool(way: str) -> Callable[[str, State], str]:
    return lambda lesson, moved: _play(pooling=way)


def _bend(_: str, moved: State) -> str:
    """With this bend; without one: all activations switched off."""
    bend = moved["bend"]
    if bend != "none":
        return _play(activation=bend)
    _play()
    play = state.get()
    for card in play.cards:
        if isinstance(card.layer, Activation):
            card.layer = card.layer.changed(enabled=False)
    play.preset = None
    return "design"


def _dropout(_: str, moved: State) -> str:
    return _play(dropout=moved["rate"])


def _train_tutorial(lesson: str, moved: State) -> str:
    """The tutorial's network with its settings."""
    return _preset("tutorial", "train")


def _open_preset(_: str, moved: State) -> str:
    """A network of history."""
    return _preset(str(moved["preset"]), "design")


def _preset(name: str, page: str) -> str:
    state.get().load_preset(name)
    state.leave_run()
    return page


def _overfitting(page: str) -> Callable[[str, State], str]:
    """The lesson's right-hand network, on the bundled sample."""

    def go(_: str, moved: State) -> str:
        built, settings = overfitting_network(moved)
        play = state.get()
        play.replace(built, settings, None)
        play.dataset = "mnist-sample"
        state.leave_run()
        return page

    return go


def overfitting_network(moved: State) -> tuple[Architecture, Settings]:
    """Network and settings as the lesson's script has them."""
    rate = float(str(moved["rate"]))
    help_against = (Dropout(rate=rate),) if rate else ()
    settings = Settings().changed(
        train_images=moved["images"],
        shift=moved["shift"],
        epochs=30,
        batch_size=20,
        optimizer="adam",
        learning_rate=0.002,
        schedule="constant",
        weight_decay=0.0,
    )
    return architecture(Flatten(), *linear_relu(64), *help_against), settings


_WAYS: dict[str, Callable[[str, State], str]] = {
    "look_inside": _look_inside,
    "own_filter": _own_filter,
    "train_filter": _build_layer("train"),
    "build_layer": _build_layer("design"),
    "see_layer": _see_layer,
    **{f"pool_{way}": _pool(way) for way in POOLS},
    "bend": _bend,
    "draw": lambda lesson, moved: "draw",
    "one_layer": _one_layer,
    "dropout": _dropout,
    "train_rate": _with_rate("train"),
    "play_rate": _with_rate("play"),
    "train_tutorial": _train_tutorial,
    "train_overfitting": _overfitting("train"),
    "play_overfitting": _overfitting("play"),
    "look_at_map": _look_at_map,
    "compare": lambda lesson, moved: "compare",
    "open_preset": _open_preset,
}
