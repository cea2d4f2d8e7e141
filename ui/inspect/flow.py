"""The flow: image, every layer's strongest maps, scores, and lines from what fed the chosen one."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from cnn.inspection.flow import Feeds, chain_ends, strength
from cnn.network.layers import show as shape_of
from ui.inspect.scene import Scene, asset, choose, colours, pack, peak_of

HANDFUL = 7
SHORT = {
    "conv2d": "Conv",
    "residual_block": "Res",
    "batch_norm2d": "Norm",
    "global_avg_pool": "Mean",
    "max_pool2d": "Max",
    "avg_pool2d": "Avg",
    "sum_pool2d": "Sum",
}
_flow = st.components.v2.component(
    "inspect_flow", js=asset("common.js", "flow.js"), css=asset("flow.css")
)


def show(scene: Scene) -> None:
    """Draw it; a click chooses a map."""
    key = "inspect_flow"

    def chosen() -> None:
        picked = (st.session_state.get(key) or {}).get("chosen")
        if picked:
            choose(scene, int(picked["layer"]), int(picked["channel"]))

    _flow(data=data_of(scene), key=key, on_chosen_change=chosen)


def data_of(scene: Scene) -> dict[str, Any]:
    """What the component draws, as plain data."""
    choice = scene.choice
    layers = scene.config.architecture.all_layers
    ends = chain_ends(layers)
    drawn = []
    shape: tuple[int, ...] = ()
    for index, output in enumerate(scene.outputs):
        values = output.values
        feeds = Feeds(output.layer, scene.model[index], scene.given(output.number))
        column: dict[str, Any] = {
            "number": output.number,
            "title": "off"
            if not output.layer.enabled
            else SHORT.get(output.layer.kind, output.layer.summary.split()[0].rstrip(",")),
            "summary": output.layer.summary,
            "note": shape_of(values.shape) if values.shape != shape else "",
            "signed": output.signed,
            "maps": output.is_maps,
        }
        shape = values.shape
        peak = peak_of(values)
        if output.is_maps:
            shown = _handful(scene, index, ends)
            column |= {
                "height": values.shape[1],
                "width": values.shape[2],
                "more": len(values) - len(shown),
                "tiles": [
                    {
                        "channel": c,
                        "data": pack(values[c], peak, output.signed),
                        "dead": bool((values[c] == 0).all()),
                        "mean": f"{values[c].mean():.3g}",
                        "largest": f"{values[c].max():.3g}",
                        "feeds": feeds.of(c),
                    }
                    for c in shown
                ],
            }
        elif output is scene.outputs[-1]:
            column |= {
                "scores": True,
                "feeds": [feeds.of(c, 24) for c in range(len(values))],
                "values": [f"{v:.3f}" for v in values.tolist()],
            }
        else:
            units = [choice.channel] if choice.layer == output.number else []
            column |= {
                "count": len(values),
                "data": pack(values, peak, output.signed),
                "feeds": {str(u): feeds.of(u, 24) for u in units if u < len(values)},
            }
        drawn.append(column)
    return {
        "layers": drawn,
        "image": pack(
            scene.image.astype(np.float32), float(scene.image.max()) or 1.0, signed=False
        ),
        "classes": list(scene.config.classes),
        "probabilities": scene.probabilities,
        "guess": scene.guess,
        "label": scene.label,
        "chosen": {"layer": choice.layer, "channel": choice.channel},
        "colours": colours(),
    }


def _handful(scene: Scene, index: int, ends: list[int]) -> list[int]:
    """The maps shown of a layer: the strongest at the end of its chain, and the chosen one."""
    order = np.argsort(-strength(scene.order_by[ends[index]].values), kind="stable")
    shown = order[:HANDFUL].tolist()
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
