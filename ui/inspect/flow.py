"""The flow: image, every layer's strongest maps, class probabilities, and lines from the maps
that contribute most to the chosen one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnn import runs
from cnn.inspection.activations import LayerOutput
from cnn.inspection.flow import Contributions, chain_ends
from cnn.network.layers import Layer
from cnn.network.layers import show as shape_of
from cnn.runs.watching import Subject
from ui.inspect.scene import Scene, choose
from ui.live import subjects
from ui.live.keys import stream_name
from ui.shared import tour
from ui.shared.components import colours, component, pack, peak_of
from ui.shared.reports import MAP_PLACE, reported

MAPS = 6  # shown of each layer: with more, the part below would not be in the same window
LINES = 24  # drawn to a unit of a flat layer
KEY = "inspect_flow"
SHORT = {
    "conv2d": "Conv",
    "residual_block": "Res",
    "batch_norm2d": "Norm",
    "global_avg_pool": "Mean",
    "max_pool2d": "Max",
    "avg_pool2d": "Avg",
    "sum_pool2d": "Sum",
}
_flow = component(Path(__file__).parent, "flow")


def show(scene: Scene) -> None:
    """Draw it; a click chooses a map."""

    def chosen() -> None:
        if picked := reported(KEY, "chosen", MAP_PLACE):
            choose(scene, picked.layer, picked.channel)
            tour.did("map")

    data = data_of(scene)
    if scene.epoch is None and scene.run.state in runs.ACTIVE:
        data["follow"] = _followed(scene, data["layers"])
    _flow(data=data, key=KEY, on_chosen_change=chosen, on_epoch_change=lambda: None)


def _followed(scene: Scene, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """What the picture needs to move while the network learns: the run, and the key of this image
    with the maps that are shown; and how many epochs the page knows of."""
    image = scene.image
    if image.dtype != np.uint8:
        image = np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
    shown = {
        column["number"]: tuple(tile["channel"] for tile in column.get("tiles", []))
        for column in columns
    }
    ends = [row for row in scene.run.metrics() if row["kind"] == "epoch"]
    key = subjects.register(Subject(image[None], shown))
    return {"run": stream_name(scene.run), "subject": key, "epochs": len(ends)}


def data_of(scene: Scene) -> dict[str, Any]:
    """What the component draws, as plain data."""
    ends = chain_ends(scene.config.architecture.all_layers)
    shape: tuple[int, ...] = ()
    columns = []
    for index, output in enumerate(scene.outputs):
        columns.append(
            {
                "number": output.number,
                "title": _short_title(output.layer),
                "summary": output.layer.summary,
                "note": shape_of(output.values.shape) if output.values.shape != shape else "",
                "signed": output.signed,
                "maps": output.is_maps,
                **_column(scene, index, output, ends),
            }
        )
        shape = output.values.shape
    image = scene.image.astype(np.float32)
    return {
        "layers": columns,
        "image": pack(image, float(image.max()) or 1.0, signed=False),
        "classes": list(scene.config.classes),
        "probabilities": scene.probabilities,
        "guess": scene.guess,
        "label": scene.label,
        "chosen": {"layer": scene.choice.layer, "channel": scene.choice.channel},
        "colours": colours(),
    }


def _short_title(layer: Layer) -> str:
    if not layer.enabled:
        return "off"
    return SHORT.get(layer.kind, layer.summary.split()[0].rstrip(","))


def _column(scene: Scene, index: int, output: LayerOutput, ends: list[int]) -> dict[str, Any]:
    """A layer's maps as tiles, its units as a strip, or the class scores."""
    values, peak, choice = output.values, peak_of(output.values), scene.choice
    sources = Contributions(output.layer, scene.model[index], scene.given(output.number))
    if output.is_maps:
        shown = _shown_maps(scene, index, ends)
        return {
            "height": values.shape[1],
            "width": values.shape[2],
            "more": len(values) - len(shown),
            "tiles": [
                {
                    "channel": c,
                    "feeds": sources.of(c),
                    **_tile(values[c], peak, output.signed),
                }
                for c in shown
            ],
        }
    if output is scene.outputs[-1]:
        return {
            "scores": True,
            "feeds": [sources.of(c, LINES) for c in range(len(values))],
            "values": [f"{v:.3f}" for v in values.tolist()],
        }
    chosen = choice.channel if choice.layer == output.number else len(values)
    return {
        "count": len(values),
        "data": pack(values, peak, output.signed),
        "feeds": {str(chosen): sources.of(chosen, LINES)} if chosen < len(values) else {},
    }


def _tile(values: NDArray[np.float32], peak: float, signed: bool) -> dict[str, Any]:
    return {
        "data": pack(values, peak, signed),
        "dead": bool((values == 0).all()),
        "mean": f"{values.mean():.3g}",
        "largest": f"{values.max():.3g}",
    }


def _shown_maps(scene: Scene, index: int, ends: list[int]) -> list[int]:
    """The maps shown of a layer: the strongest at the end of its chain, and the chosen one."""
    order = scene.order_of(index + 1)
    shown = order[:MAPS].tolist()
    choice = scene.choice
    if (
        1 <= choice.layer <= len(ends)
        and ends[choice.layer - 1] == ends[index]
        and scene.outputs[choice.layer - 1].is_maps
        and choice.channel not in shown
        and choice.channel < len(order)
    ):
        shown[-1] = choice.channel
    return shown
