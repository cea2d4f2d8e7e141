"""The picture of a network: every layer's output as a block, drawn to scale, as SVG text.

Blocks stand in the order in which data flows. Height and depth are the map's height and width, to
scale; thickness grows with the square root of the channels, so that 1 and 256 can share a page.
A flat vector of n values is a bar as high as a square picture of n pixels would be. Layers that
change no shape (activation, batch norm, dropout) are thin plates on the block they work on.

Nothing but the rows of `Architecture.table()` goes in, and every label is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape

from cnn.figures._blocks import SLANT, Block, State, faces, label, window
from cnn.figures.colours import LAYER_GROUPS, MUTED, PROBLEM
from cnn.network import Row
from cnn.network.layers import show

_SIZES = (5.2, 4.4, 3.8, 3.2, 2.7)  # pixels on paper for one pixel of a map, the first that fits
_ROOM = 44.0  # the most that is put between two blocks where there is space
_ABOVE, _BELOW = 24, 32  # room for the labels over and under a line of blocks


@dataclass
class _Line:
    """A line of blocks, as in a line of text."""

    blocks: list[Block] = field(default_factory=list)
    width: float = 0.0


def row_text(row: Row) -> str:
    """A row of the table in words, for hover and screen readers."""
    layer = f"Layer {row.number}: {row.layer.summary}"
    if row.skipped:
        return f"{layer}, switched off"
    if row.problem:
        return f"{layer} cannot work: {row.problem}"
    if row.output_shape is None:
        return f"{layer}, waits for the layer above to be fixed"
    return (
        f"{layer} · output {show(row.output_shape)} · {row.parameters:,} parameters · "
        f"{row.multiply_adds:,} multiply-adds · "
        f"sees {row.receptive_field}×{row.receptive_field} px · "
        f"{row.activation_bytes / 1000:,.3g} kB of activations"
    )


def network_svg(rows: Sequence[Row], width: float = 1040, selected: int | None = None) -> str:
    """The network as an SVG document, at most `width` units wide.

    `rows` as `Architecture.table()` gives them; `selected` is the number of the layer to mark.
    Text takes the colour of the page around it (black in a file). What does not fit one line is
    drawn smaller, and what does not fit even so is broken into several lines.
    """
    words = {row.number: escape(row_text(row)) for row in rows}
    lines, size = _lines(rows, width - 24)
    tall = 28 * size * (1 + SLANT[1])
    tall = max(tall, *(block.height for line in lines for block in line.blocks))
    groups = {row.layer.group for row in rows}
    legend, right, top = _legend([group for group in LAYER_GROUPS if group in groups], width)
    parts = []
    for line in lines:
        parts.append(_draw_line(line, size, top, tall, selected, words))
        top += tall + _ABOVE + _BELOW
    right = max(right, max(line.width for line in lines) + 24)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:.0f} {top:.0f}" '
        f'width="{right:.0f}" height="{top:.0f}" fill="none" '
        'font-family="Inter, Helvetica, Arial, sans-serif" font-size="11" '
        f'role="group" aria-label="The network, drawn to scale. {"; ".join(words.values())}">'
        f"{legend}{''.join(parts)}</svg>"
    )


def _lines(rows: Sequence[Row], width: float) -> tuple[list[_Line], float]:
    """The blocks in lines of `width`, as few and as even as fit, and the size of a pixel."""
    for size in _SIZES:
        stages = _stages(rows, size)
        total = sum(stage.width for stage in stages)
        if total <= width:
            break
    room = (0.97 * width - total) / len(stages)
    for stage in stages:  # a short network is spread over the line
        stage.width += min(max(room, 0.0), _ROOM)
    total = sum(stage.width for stage in stages)
    count = max(1, math.ceil(total / width))
    limit = width if count == 1 else min(width, 1.12 * total / count)
    lines = [_Line()]
    for stage in stages:
        if lines[-1].blocks and lines[-1].width + stage.width > limit:
            lines.append(_Line())
        line = lines[-1]
        for block in stage.blocks:
            block.x += line.width
            line.blocks.append(block)
        line.width += stage.width
    return lines, size


def _stages(rows: Sequence[Row], size: float) -> list[_Line]:
    """Blocks with the plates that follow them, each group laid out from x = 0."""
    stages: list[_Line] = []
    image = Block(0, MUTED, "Input", 3, 28 * size, (28, 28), "1×28×28")
    for block in (image, *(_block(row, size) for row in rows)):
        if not stages or not block.plate:
            stages.append(_Line())
        line = stages[-1]
        block.x = line.blocks[-1].x + line.blocks[-1].thickness + 2.5 if line.blocks else 0
        line.blocks.append(block)
    for line in stages:
        last = line.blocks[-1]
        line.width = last.x + last.thickness + max(13.0, 0.72 * last.depth(size)[0])
    return stages


def _block(row: Row, size: float) -> Block:
    """The block of one row; where nothing arrives, a dashed outline of a middling size."""
    layer, shape = row.layer, row.output_shape
    name = layer.summary.split()[0].rstrip(",")
    block = partial(Block, row.number, LAYER_GROUPS[layer.group].code, name)
    if row.skipped:
        side = shape[1:] if shape and len(shape) == 3 else None
        return block(4, (side[0] if side else 12) * size, side, plate=True, state="off")
    if shape is None:
        color = PROBLEM if row.problem else MUTED
        state: State = "problem" if row.problem else "waiting"
        return Block(row.number, color, name, 12, 12 * size, (12, 12), state=state)
    windows = layer.windows()
    plate = row.input_shape == shape and not row.multiply_adds and not windows
    if len(shape) == 3:
        channels, high, wide = shape
        block = partial(block, height=high * size, side=(high, wide), shape=show(shape))
        if plate:
            return block(4.0, plate=True)
        thickness = max(3.0, 0.78 * size * math.sqrt(channels))
        seams = min(channels - 1, int(thickness / 4))
        return block(thickness, window=windows[0][0] if windows else 0, seams=seams)
    height = min(max(math.sqrt(shape[0]) * size, 8.0), 34 * size)
    cells = shape[0] if layer.kind == "classifier" and shape[0] <= 12 else 0
    if cells:
        height = (10.0 if cells * 10 < 32 * size else 8.0) * cells
    thickness = 4.0 if plate else 12.0 if cells else 8.0
    return block(thickness, height, None, show(shape), plate=plate, cells=cells)


def _draw_line(
    line: _Line, size: float, top: float, tall: float, selected: int | None, words: dict[int, str]
) -> str:
    """One line of blocks with its labels, painted from left to right."""
    middle, left = top + _ABOVE + tall / 2, 12.0
    parts = [
        f'<path d="M{left - 6:.1f} {middle:.1f}H{left + line.width - 4:.1f}" stroke="{MUTED}" '
        'stroke-opacity=".45" stroke-dasharray="2 4"/>'
    ]
    ends_above, ends_below = [0.0], [0.0, 0.0]
    for place, block in enumerate(line.blocks):
        after = line.blocks[place + 1] if place + 1 < len(line.blocks) else None
        right, up = block.depth(size)
        x, y = left + block.x, middle - (block.height - up) / 2
        inside = faces(block, x, y, right, up, block.number == selected)
        if after and after.window and block.side:
            inside += window(block, after.window, x, y, right, up)
        centre = x + block.thickness / 2
        if not block.plate or block.state == "problem":
            name = f"{block.number} {block.name}" if block.number else block.name
            number = str(block.number or "")
            inside += label(name, centre + right / 2, ends_above, top + 16, number)
            inside += label(block.shape, centre, ends_below, top + _ABOVE + tall + 14)
        attributes = ""
        if block.number:
            attributes = f' class="block" data-layer="{block.number}" tabindex="0" role="button"'
            attributes += f' aria-label="{words[block.number]}"'
        parts.append(f"<g{attributes}>{inside}</g>")
    return "".join(parts)


def _legend(groups: list[str], width: float) -> tuple[str, float, float]:
    """Coloured squares with the groups' names, in lines of `width`; with their width, height."""
    parts, x, y, widest = [], 12.0, 12.0, 0.0
    for group in groups:
        long = 20 + 6.2 * len(group)
        if x + long > width:
            x, y = 12.0, y + 17
        parts.append(
            f'<rect x="{x:.1f}" y="{y - 8:.1f}" width="9" height="9" rx="2" '
            f'fill="{LAYER_GROUPS[group].code}"/><text x="{x + 14:.1f}" y="{y:.1f}" '
            f'fill="currentColor" fill-opacity=".8">{escape(group)}</text>'
        )
        x += long + 8
        widest = max(widest, x)
    return "".join(parts), widest, y + 6
