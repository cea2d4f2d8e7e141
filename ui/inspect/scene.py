"""What every section shows: a run's network at an epoch, an image, and all layer outputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cnn import runs
from cnn.datasets import Preprocessing, is_on_disk
from cnn.inspection.activations import LayerOutput, layer_outputs
from cnn.inspection.arithmetic import Explainer
from cnn.inspection.flow import chain_ends
from cnn.network import Architecture
from ui.inspect.state import Choice, choices_in
from ui.shared import models, state
from ui.shared.image_choice import ImageChoice

LARGEST = 1e18  # of an output: its square is still a float32


@dataclass
class Scene:
    """One image through one network. `image` is `(28, 28)`, uint8 or float in 0-1.

    `ordering` are the outputs of the newest weights: maps are ordered by them, and so keep their
    places while the epoch slider moves.
    """

    run: runs.Run
    config: runs.Config
    epoch: int | None
    changed: int  # when the weights were written, in ns
    model: nn.Sequential
    x: Tensor
    image: NDArray
    label: int | None
    outputs: list[LayerOutput]
    ordering: list[LayerOutput]

    @cached_property
    def probabilities(self) -> list[float]:
        """The network's, one for each class."""
        return torch.from_numpy(self.outputs[-1].values).softmax(0).tolist()

    @cached_property
    def explainer(self) -> Explainer:
        """Explains any value of this pass."""
        return Explainer(self.model, self.config.architecture, self.x)

    @property
    def guess(self) -> int:
        """The class with the largest probability."""
        return int(np.argmax(self.probabilities))

    @property
    def network(self) -> tuple[nn.Sequential, Architecture, Preprocessing]:
        """The first arguments of whatever is asked of the network."""
        return self.model, self.config.architecture, self.run.preprocessing

    @property
    def weights_key(self) -> tuple[str, int | None, int, bool]:
        """What a result depends on that needs no image of its own: run, epoch and weights, and
        whether the run's data set is there or others stand in for it."""
        return self.run.id, self.epoch, self.changed, is_on_disk(self.config.dataset)

    @property
    def key(self) -> tuple[str, int | None, int, bool, bytes]:
        """What a result depends on: run, epoch, weights and image."""
        return (*self.weights_key, self.image.tobytes())

    def widget_key(self, *parts: object) -> str:
        """The key of a widget that shows a layer, a map or a class of this run: another run has
        others, and so another widget."""
        return "_".join(map(str, (*parts, self.run.id)))

    @property
    def choice(self) -> Choice:
        """What is chosen in this network; at first the strongest map of its first layer that has
        some: of a convolution, whose arithmetic is the one to see."""
        kept = choices_in(self.run)
        if kept.choice is None:
            kept.choice = self._first_choice()
        if kept.choice.follows_guess:
            kept.choice.channel = self.guess
        return kept.choice

    def _first_choice(self) -> Choice:
        output = next((output for output in self.outputs if output.is_maps), None)
        if output is None:  # a network without maps: the class that it reads
            return Choice(self.outputs[-1].number, self.guess, follows_guess=True)
        strongest = int(self.order_of(output.number)[0])
        return centre(Choice(output.number, strongest), output.values)

    def given(self, number: int) -> NDArray[np.float32]:
        """What layer `number` (from 1) was given: `(C, H, W)` or `(F,)`."""
        return self.x[0].numpy() if number <= 1 else self.outputs[number - 2].values

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

    def order_of(self, number: int) -> NDArray[np.int64]:
        """The maps of layer `number`, the strongest first: the one order in which every part of
        the page shows them. It is that at the end of the chain (`chain_ends`), by the newest
        weights, so that a map keeps its row from its convolution to its pooling."""
        end = chain_ends(self.config.architecture.all_layers)[number - 1]
        return self.ordering[end].order

    def choose_pixel(self, row: int, column: int) -> None:
        """Choose another pixel of the same map; nothing happens for one that is not there."""
        rows, columns = self.chosen_map.shape
        if row < rows and column < columns:
            self.choice.row, self.choice.column = row, column


def centre(choice: Choice, values: NDArray) -> Choice:
    """Put the chosen pixel at the chosen map's largest absolute value."""
    if values.ndim == 3:
        plane = np.abs(values[choice.channel])
        choice.row, choice.column = (int(i) for i in np.unravel_index(plane.argmax(), plane.shape))
    else:
        choice.row = choice.column = 0
    return choice


def choose(scene: Scene, layer: int, channel: int, clicked: bool = True) -> None:
    """Choose a map, and its strongest pixel; nothing happens for one that is not there."""
    if not 0 <= layer <= len(scene.outputs):
        return
    values = scene.outputs[layer - 1].values if layer else scene.given(1)
    if not 0 <= channel < len(values):
        return
    choice = scene.choice
    choice.layer, choice.channel, choice.follows_guess = layer, channel, False
    choice.version += clicked
    centre(choice, values)


def make(run: runs.Run, epoch: int | None, image: NDArray, label: int | None) -> Scene:
    """Run the image through the network. Raises RunError where its weights cannot be read, or give
    what is no number."""
    config = run.config
    model = models.model_of(run, epoch)
    changed = run.weights_path(epoch).stat().st_mtime_ns
    x = run.preprocessing(torch.as_tensor(image)[None])
    outputs = layer_outputs(model, config.architecture, x)
    ordering = outputs
    if epoch is not None:
        ordering = layer_outputs(models.model_of(run), config.architecture, x)
    if not all(np.abs(output.values).max(initial=0) < LARGEST for output in (*outputs, *ordering)):
        raise runs.RunError(
            f"'{run.name}' gives outputs that are not finite numbers, or far too large to look at. "
            "Train it again, with a smaller learning rate."
        )
    scene = Scene(run, config, epoch, changed, model, x, image, label, outputs, ordering)
    image_choice = state.page(ImageChoice)
    if image_choice.map is not None:  # a click on another page
        choose(scene, *image_choice.map)
        image_choice.map = None
    return scene
