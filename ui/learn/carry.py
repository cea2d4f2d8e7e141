"""What was made in a lesson, carried into the app: into the network being built, its settings, or
the image that Inspect looks at."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn.lessons import State, digits
from cnn.network import Architecture
from cnn.network.layers import Activation, Conv2d, Dropout, Flatten
from cnn.presets import DEFAULT_PRESET, PRESETS
from cnn.presets.blocks import linear_relu
from cnn.presets.blocks import network as architecture
from cnn.presets.knobs import POOLS, Knobs
from cnn.training import Settings
from ui.shared import state
from ui.shared.image_choice import ImageChoice


def carry(lesson: str, number: int, moved: State) -> None:
    """Do what a lesson's button of that number says, and open the page where it is to be seen."""
    st.switch_page(f"pages/{_WAYS[lesson][number](moved)}.py")


def _build_layer(moved: State) -> str:
    """Compact CNN with this window in its first layer."""
    play, preset = state.get(), PRESETS[DEFAULT_PRESET]
    side = round(len(moved["kernel"]) ** 0.5)  # type: ignore[arg-type]
    first, *rest = preset.architecture.layers
    assert isinstance(first, Conv2d)
    mine = first.changed(
        kernel_size=side,
        stride=moved["stride"],
        dilation=moved["dilation"],
        padding="same" if moved["padding"] else "valid",
    )
    network = Architecture(layers=(mine, *rest), head=preset.architecture.head)
    play.replace(network, preset.settings, None)
    play.chosen = play.cards[0].uid
    state.leave_run()
    return "design"


def _see_layer(moved: State) -> str:
    """The first layer of the current run."""
    state.page(ImageChoice).map = (1, 0)
    return "inspect"


def _train_with_rate(moved: State) -> str:
    """Plain gradient descent at the lesson's rate, on the network that stands on Train."""
    play = state.get()
    settings = play.settings.changed(
        optimizer="sgd", learning_rate=float(str(moved["rate"])), schedule="constant"
    )
    play.settings = settings
    play.version += 1
    return "train"


def _look_inside(moved: State) -> str:
    """The lesson's digit, moved as it is there, on Inspect."""
    image = digits()[int(str(moved["picture"]))]
    rows, columns = (int(str(moved.get(name, 0))) for name in ("down", "right"))
    choice = state.page(ImageChoice)
    choice.source = "My drawing"
    choice.drawing = shifted(image, rows, columns).astype(np.float32) / np.float32(255)
    return "inspect"


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


def _pool(way: str) -> Callable[[State], str]:
    return lambda moved: _play(pooling=way)


def _bend(moved: State) -> str:
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


def _dropout(moved: State) -> str:
    return _play(dropout=moved["rate"])


def _train_tutorial(moved: State) -> str:
    """The tutorial's network with its settings."""
    state.get().load_preset("tutorial")
    return "train"


def _train_overfitting(moved: State) -> str:
    """The lesson's right-hand network, on the bundled sample."""
    play = state.get()
    network = architecture(Flatten(), *linear_relu(64), Dropout(rate=moved["rate"]))
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
    play.replace(network, settings, None)
    play.dataset = "mnist-sample"
    return "train"


def _open_preset(moved: State) -> str:
    """A network of history."""
    state.get().load_preset(str(moved["preset"]))
    return "design"


_WAYS: dict[str, tuple[Callable[[State], str], ...]] = {
    "pixels": (_look_inside,),
    "convolution": (_build_layer, _see_layer),
    "pooling": tuple(map(_pool, POOLS)),
    "activations": (_bend,),
    "dense": (_dropout,),
    "learning": (_train_with_rate,),
    "program": (_train_tutorial,),
    "overfitting": (_train_overfitting,),
    "objects": (_look_inside,),
    "limits": (_open_preset,),
}
