"""What every part looks at: a run's network at an epoch, an image, and all it makes of it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cnn import runs
from cnn.inspection.activations import LayerOutput, layer_outputs
from ui.shared import models, state

if TYPE_CHECKING:
    from cnn.inspection.arithmetic.explain import Explainer

QUIET = {"displayModeBar": False}
HERE = Path(__file__).parent


@dataclass
class Choice:
    """What is looked at: a layer (0 is the image), one of its maps or units, one of its pixels.

    `version` counts choices made by a click in a picture. It is part of the keys of the widgets
    that show the choice, which are made anew then.
    """

    layer: int = 0
    channel: int = 0
    row: int = 0
    column: int = 0
    version: int = 0


@dataclass
class Scene:
    """One image through one network. `image` is `(28, 28)`, uint8 or float in 0-1."""

    run: runs.Run
    config: runs.Config
    epoch: int | None
    changed: int
    model: Any
    x: Any
    image: NDArray
    label: int | None
    outputs: list[LayerOutput]
    probabilities: list[float]
    order_by: list[LayerOutput] = field(default_factory=list)

    @cached_property
    def explainer(self) -> Explainer:
        """What can explain any value of this pass."""
        from cnn.inspection.arithmetic.explain import Explainer

        return Explainer(self.model, self.config.architecture, self.x)

    @property
    def guess(self) -> int:
        """The class it reads."""
        return int(np.argmax(self.probabilities))

    @property
    def key(self) -> tuple[str, int | None, int, bytes]:
        """What a result depends on: run, epoch, weights and image."""
        return (self.run.id, self.epoch, self.changed, self.image.tobytes())

    @property
    def choice(self) -> Choice:
        """What is chosen in this network; at first the strongest map of its first activation."""
        name = f"inspect_choice_{self.run.id}"
        choice = state.get().fields.get(name)
        if choice is None:
            choice = state.keep(name, self._first())
        return choice

    def _first(self) -> Choice:
        for output in self.outputs:
            if output.is_maps and output.layer.kind == "activation":
                break
        else:
            output = next((o for o in self.outputs if o.is_maps), self.outputs[-1])
        strength = np.abs(output.values.reshape(len(output.values), -1)).mean(axis=1)
        choice = Choice(output.number, int(strength.argmax()))
        return centre(choice, output.values)

    def given(self, number: int) -> NDArray[np.float32]:
        """What layer `number` (from 1) was given: `(C, H, W)` or `(F,)`."""
        if number <= 1:
            return self.x[0].numpy()
        return self.outputs[number - 2].values

    @property
    def chosen(self) -> LayerOutput | None:
        """The chosen layer's output; None for the image itself."""
        number = self.choice.layer
        return self.outputs[number - 1] if 1 <= number <= len(self.outputs) else None

    @property
    def chosen_map(self) -> NDArray[np.float32]:
        """The chosen map, `(H, W)`; a unit of a flat layer is `(1, 1)`."""
        output = self.chosen
        if output is None:
            return self.x[0, 0].numpy()
        values = output.values[min(self.choice.channel, len(output.values) - 1)]
        return np.asarray(values).reshape(values.shape or (1, 1))


def centre(choice: Choice, values: NDArray) -> Choice:
    """Put the chosen pixel where the chosen map answers most."""
    if values.ndim == 3:
        plane = np.abs(values[choice.channel])
        choice.row, choice.column = (int(i) for i in np.unravel_index(plane.argmax(), plane.shape))
    else:
        choice.row = choice.column = 0
    return choice


def choose(scene: Scene, layer: int, channel: int, clicked: bool = True) -> None:
    """Choose a map, and its strongest pixel; nothing happens for one that is not there."""
    values = scene.given(1) if layer == 0 else None
    if 1 <= layer <= len(scene.outputs):
        values = scene.outputs[layer - 1].values
    if values is None or not 0 <= channel < len(values):
        return
    choice = scene.choice
    choice.layer, choice.channel = layer, channel
    choice.version += clicked
    centre(choice, values)


def feed(key: str, value: Any) -> None:
    """Give a widget the value we kept for it, where it has none of its own."""
    if key not in st.session_state:
        st.session_state[key] = value


def by_hand(key: str, shown: Any, act: Callable[[Any], None]) -> Callable[[], None]:
    """An `on_change` that acts on a value other than the one the widget was made with.

    The browser reports a new widget's value once; Streamlit takes that for a change, and would
    take back whatever was chosen by a click in a picture meanwhile.
    """

    def changed() -> None:
        value = st.session_state[key]
        if value != shown:
            act(value)

    return changed


def make(run: runs.Run, epoch: int | None, image: NDArray, label: int | None) -> Scene:
    """Run the image through the network. Raises RunError where its weights cannot be read."""
    import torch

    config = run.config
    model = models.model_of(run, epoch)
    changed = run.weights_path(epoch).stat().st_mtime_ns
    x = run.preprocessing(torch.as_tensor(image)[None])
    outputs = layer_outputs(model, config.architecture, x)
    # Maps keep their places while the epoch slider moves: ordered by the newest weights.
    newest = outputs
    if epoch is not None:
        newest = layer_outputs(models.model_of(run), config.architecture, x)
    probabilities = torch.from_numpy(outputs[-1].values).softmax(0).tolist()
    return Scene(
        run, config, epoch, changed, model, x, image, label, outputs, probabilities, newest
    )


def peak_of(values: NDArray) -> float:
    """The value shown brightest: the layer's largest, save for a few outliers."""
    finite = np.abs(values[np.isfinite(values)])
    return float(np.quantile(finite, 0.998)) if finite.size and finite.max() > 0 else 1.0


def pack(values: NDArray, peak: float, signed: bool) -> str:
    """Values as base64 bytes: 0 to 255 for 0 to `peak`, or for -`peak` to `peak` where signed."""
    share = np.nan_to_num(values) / (peak or 1.0)
    byte = (share + 1) * 127.5 if signed else share * 255
    return base64.b64encode(np.clip(np.rint(byte), 0, 255).astype(np.uint8).tobytes()).decode()


def dark() -> bool:
    """Whether the visitor's theme is dark."""
    return getattr(st.context.theme, "type", None) == "dark"


def colours() -> dict[str, list]:
    """The colour scales as the components want them."""
    from cnn.figures.colours import SEQUENTIAL, signed_scale

    return {"heat": SEQUENTIAL, "signed": signed_scale(dark())}


def asset(*names: str) -> str:
    """The text of files beside this one, one after the other."""
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)
