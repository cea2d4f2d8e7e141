"""Many maps or filters as a sheet of tiles, each of which can be chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnn.figures.colours import INK
from cnn.inspection.activations import LayerOutput
from ui.inspect.scene import Scene, choose
from ui.shared.components import component, pack, peak_of, scale_for
from ui.shared.reports import INDEX, reported

Box = tuple[int, int, int, int]
_sheet = component(Path(__file__).parent, "sheet")


def tiles(
    maps: NDArray[np.float32],
    numbers: Sequence[int],
    captions: Sequence[str],
    key: str,
    signed: bool,
    chosen: int | None = None,
    size: int = 56,
    what: str = "map",
    on_choose: Callable[[int], None] | None = None,
    ink: bool = False,
    boxes: Sequence[Box] | None = None,
) -> None:
    """Draw `(n, h, w)` maps on one colour scale, which stands below them; without `on_choose` they
    are pictures only.

    `ink`: they are images, whose scale goes without saying. `boxes` (row, column, height, width)
    are framed on each.
    """

    shown = {int(number) for number in numbers}

    def picked() -> None:
        number = reported(key, "chosen", INDEX)
        if number is not None and number in shown and on_choose:
            on_choose(number)

    peak = peak_of(maps)
    _sheet(
        data={
            "height": maps.shape[1],
            "width": maps.shape[2],
            "scale": INK if ink else scale_for(signed),
            "peak": None if ink else peak,
            "signed": signed,
            "clickable": on_choose is not None,
            "boxes": boxes,
            "size": size,
            "chosen": chosen,
            "tiles": [
                {
                    "number": int(n),
                    "caption": caption,
                    "text": f"{what} {n}",
                    "data": pack(values, peak, signed),
                }
                for n, caption, values in zip(numbers, captions, maps, strict=True)
            ],
        },
        key=key,
        on_chosen_change=picked,
    )


def sheet(scene: Scene, output: LayerOutput, numbers: list[int], key: str) -> None:
    """Maps of one layer by number; a click chooses one."""
    values = output.values[numbers]
    tiles(
        values,
        numbers,
        [f"{n}" if np.any(v) else f"{n} silent" for n, v in zip(numbers, values, strict=True)],
        key,
        output.signed,
        scene.choice.channel,
        on_choose=lambda number: choose(scene, output.number, number),
    )
