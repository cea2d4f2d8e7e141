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
from html import escape

from cnn.figures.colours import LAYER_GROUPS
from cnn.network import Row
from cnn.network.layers import show

# One colour per kind of layer, readable on light and on dark; cards, table and picture share them.
_INK, _TROUBLE = "#8b93a1", "#e0524f"
_SLANT = (0.30, 0.19)  # where one pixel of a map's width goes on paper, as shares of a pixel's size
_SIZES = (5.2, 4.4, 3.8, 3.2, 2.7)  # pixels on paper for one pixel of a map, the first that fits
_ROOM = 44.0  # the most that is put between two blocks where there is space
_ABOVE, _BELOW = 24, 32  # room for the labels over and under a line of blocks


@dataclass
class _Block:
    """One layer's output on paper. `side` is (height, width) of a map, None for a vector."""

    number: int
    color: str
    thickness: float
    height: float
    side: tuple[int, int] | None
    name: str
    shape: str
    plate: bool = False
    state: str = "ok"
    window: int = 0
    cells: int = 0
    x: float = 0.0
    seams: int = 0

    def depth(self, size: float) -> tuple[float, float]:
        """How far the back of the block lies to the right and up."""
        width = self.side[1] if self.side else 2
        return width * size * _SLANT[0], width * size * _SLANT[1]


@dataclass
class _Line:
    """A line of blocks, as in a line of text."""

    blocks: list[_Block] = field(default_factory=list)
    width: float = 0.0


def row_text(row: Row) -> str:
    """A row of the table in words, for hover and screen readers."""
    layer = row.layer
    if row.skipped:
        return f"Layer {row.number}: {layer.summary}, switched off"
    if row.problem:
        return f"Layer {row.number}: {layer.summary} cannot work: {row.problem}"
    if row.output_shape is None:
        return f"Layer {row.number}: {layer.summary}, waits for the layer above to be mended"
    parts = [
        f"Layer {row.number}: {layer.summary}",
        f"output {show(row.output_shape)}",
        f"{row.parameters:,} parameters",
        f"{row.multiply_adds:,} multiply-adds",
        f"sees {row.receptive_field}×{row.receptive_field} px",
        f"{row.activation_bytes / 1000:,.3g} kB to remember",
    ]
    return " · ".join(parts)


def network_svg(rows: Sequence[Row], width: float = 1040, selected: int | None = None) -> str:
    """The network as an SVG document, at most `width` units wide.

    `rows` as `Architecture.table()` gives them; `selected` is the number of the layer to mark.
    Text takes the colour of the page around it (black in a file). What does not fit one line is
    drawn smaller, and what does not fit even so is broken into several lines.
    """
    words = {row.number: escape(row_text(row)) for row in rows}
    for size in _SIZES:
        stages = _stages(rows, size)
        total = sum(stage.width for stage in stages)
        if total <= width - 24:
            break
    room = (0.97 * (width - 24) - total) / len(stages)
    for stage in stages:  # a short network breathes
        stage.width += min(max(room, 0.0), _ROOM)
    lines = _break(stages, width - 24)
    tall = 28 * size * (1 + _SLANT[1])
    tall = max(tall, *(block.height for line in lines for block in line.blocks))
    line_height = tall + _ABOVE + _BELOW
    parts = []
    kinds = dict.fromkeys(row.layer.group for row in rows)
    legend, legend_width, legend_height = _legend([k for k in LAYER_GROUPS if k in kinds], width)
    for index, line in enumerate(lines):
        top = legend_height + index * line_height
        parts.append(_draw_line(line, size, top, tall, selected, words))
    right = max(legend_width, max(line.width for line in lines) + 24)
    height = legend_height + len(lines) * line_height
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {right:.0f} {height:.0f}" '
        f'width="{right:.0f}" height="{height:.0f}" fill="none" '
        'font-family="Inter, Helvetica, Arial, sans-serif" font-size="11" '
        f'role="group" aria-label="The network, drawn to scale. {"; ".join(words.values())}">'
        f"{legend}{''.join(parts)}</svg>"
    )


def _stages(rows: Sequence[Row], size: float) -> list[_Line]:
    """Blocks with the plates that follow them, each group laid out from x = 0."""
    blocks = [_Block(0, _INK, 3, 28 * size, (28, 28), "Input", "1×28×28")]
    blocks += [_block(row, size) for row in rows]
    stages: list[_Line] = []
    for block in blocks:
        if not stages or not block.plate:
            stages.append(_Line())
        line = stages[-1]
        block.x = line.blocks[-1].x + line.blocks[-1].thickness + 2.5 if line.blocks else 0
        line.blocks.append(block)
    for line in stages:
        last = line.blocks[-1]
        line.width = last.x + last.thickness + max(13.0, 0.72 * last.depth(size)[0])
    return stages


def _block(row: Row, size: float) -> _Block:
    """The block of one row; where nothing arrives, a dashed outline of a middling size."""
    layer, shape = row.layer, row.output_shape
    color, name = LAYER_GROUPS[layer.group].code, layer.summary.split()[0].rstrip(",")
    if row.skipped:
        side = shape[1:] if shape and len(shape) == 3 else None
        height = side[0] * size if side else 12 * size
        return _Block(
            row.number,
            color,
            4,
            height,
            side,
            name,
            "",
            plate=True,
            state="off",
        )
    if shape is None:
        state = "problem" if row.problem else "waiting"
        color = _TROUBLE if row.problem else _INK
        return _Block(row.number, color, 12, 12 * size, (12, 12), name, "", state=state)
    plate = row.input_shape == shape and not row.multiply_adds and not layer.windows()
    if len(shape) == 3:
        channels, high, wide = shape
        thickness = 4.0 if plate else max(3.0, 0.78 * size * math.sqrt(channels))
        window = layer.windows()[0][0] if layer.windows() else 0
        seams = 0 if plate else min(channels - 1, int(thickness / 4))
        return _Block(
            row.number, color, thickness, high * size, (high, wide), name, show(shape),
            plate=plate, window=window, seams=seams, 
        )  # fmt: skip
    height = min(max(math.sqrt(shape[0]) * size, 8.0), 34 * size)
    cells = shape[0] if layer.kind == "classifier" and shape[0] <= 12 else 0
    if cells:
        height = 10.0 * cells if cells * 10 < 32 * size else 8.0 * cells
    thickness = 4.0 if plate else 12.0 if cells else 8.0
    return _Block(
        row.number, color, thickness, height, None, name, show(shape), plate=plate, cells=cells,
        
    )  # fmt: skip


def _break(stages: list[_Line], width: float) -> list[_Line]:
    """Stages put one after another, in as few and as even lines as fit."""
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
    return lines


def _draw_line(
    line: _Line, size: float, top: float, tall: float, selected: int | None, words: dict[int, str]
) -> str:
    """One line of blocks with its labels, painted from left to right."""
    middle = top + _ABOVE + tall / 2
    left = 12.0
    parts = [
        f'<path d="M{left - 6:.1f} {middle:.1f}H{left + line.width - 4:.1f}" stroke="{_INK}" '
        'stroke-opacity=".45" stroke-dasharray="2 4"/>'
    ]
    ends_above, ends_below = [0.0], [0.0, 0.0]
    for place, block in enumerate(line.blocks):
        after = line.blocks[place + 1] if place + 1 < len(line.blocks) else None
        right, up = block.depth(size)
        x, y = left + block.x, middle - (block.height - up) / 2
        inside = _faces(block, x, y, right, up, block.number == selected)
        if after and after.window and block.side:
            inside += _window(block, after.window, x, y, right, up)
        centre = x + block.thickness / 2
        if not block.plate or block.state == "problem":
            name = f"{block.number} {block.name}" if block.number else block.name
            number = str(block.number or "")
            inside += _label(name, centre + right / 2, ends_above, top + 16, number)
            inside += _label(block.shape, centre, ends_below, top + _ABOVE + tall + 14)
        if block.number:
            parts.append(
                f'<g class="block" data-layer="{block.number}" tabindex="0" role="button" '
                f'aria-label="{words[block.number]}">{inside}</g>'
            )
        else:
            parts.append(f"<g>{inside}</g>")
    return "".join(parts)


def _faces(block: _Block, x: float, y: float, right: float, up: float, chosen: bool) -> str:
    """Front, top and side of a block; only an outline where nothing comes out."""
    w, h = block.thickness, block.height
    top = f"M{x:.1f} {y:.1f}l{right:.1f} {-up:.1f}h{w:.1f}l{-right:.1f} {up:.1f}z"
    side = f"M{x + w:.1f} {y:.1f}l{right:.1f} {-up:.1f}v{h:.1f}l{-right:.1f} {up:.1f}z"
    front = f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z"
    if block.state != "ok":
        mark = ""
        if block.state == "problem":
            mark = (
                f'<text x="{x + w / 2:.1f}" y="{y + h / 2 + 5:.1f}" text-anchor="middle" '
                f'font-size="15" font-weight="700" fill="{block.color}">!</text>'
            )
        dash = "3 3" if block.state != "problem" else "5 2"
        return (
            f'<path d="{top}{side}{front}" fill="{block.color}" fill-opacity=".10" '
            f'stroke="{block.color}" stroke-width="{2.4 if chosen else 1.2}" '
            f'stroke-dasharray="{dash}"/>{mark}'
        )
    edge = f'stroke="{_shade(block.color, -0.45)}" stroke-width=".7" stroke-linejoin="round"'
    drawn = (
        f'<path d="{top}" fill="{_shade(block.color, 0.35)}" {edge}/>'
        f'<path d="{side}" fill="{_shade(block.color, -0.2)}" {edge}/>'
        f'<path d="{front}" fill="{block.color}" {edge}/>'
    )
    if block.seams:
        step = w / (block.seams + 1)
        seams = "".join(f"M{x + step * i:.1f} {y:.1f}v{h:.1f}" for i in range(1, block.seams + 1))
        drawn += f'<path d="{seams}" stroke="#fff" stroke-opacity=".28" stroke-width=".7"/>'
    if block.cells:
        step = h / block.cells
        drawn += "".join(
            f'<text x="{x + w / 2:.1f}" y="{y + step * (i + 0.5) + 2.7:.1f}" fill="#1f2430" '
            f'text-anchor="middle" font-size="{min(8.0, step - 1):.0f}">{i}</text>'
            for i in range(block.cells)
        )
    if chosen:
        drawn += (
            f'<path class="chosen" d="M{x - 2:.1f} {y - 1:.1f}l{right:.1f} {-up:.1f}h{w + 4:.1f}'
            f'v{h + 2:.1f}l{-right:.1f} {up:.1f}h{-w - 4:.1f}z" stroke="currentColor" '
            'stroke-width="2" stroke-linejoin="round"/>'
        )
    return drawn


def _window(block: _Block, kernel: int, x: float, y: float, right: float, up: float) -> str:
    """The window that the next layer slides over this block's maps, in its middle, to scale."""
    assert block.side is not None
    high, wide = block.side
    if kernel > min(high, wide) or kernel == 1:
        return ""
    from_left, from_top = (wide - kernel) / 2 / wide, (high - kernel) / 2 / high
    across, down = kernel / wide, kernel / high
    px = x + block.thickness + right * from_left
    py = y - up * from_left + block.height * from_top
    return (
        f'<path d="M{px:.1f} {py:.1f}l{right * across:.1f} {-up * across:.1f}'
        f'v{block.height * down:.1f}l{-right * across:.1f} {up * across:.1f}z" '
        'fill="#fff" fill-opacity=".55" stroke="#1f2430" stroke-width=".8"/>'
    )


def _label(text: str, x: float, ends: list[float], base: float, shorter: str = "") -> str:
    """Text centred at x on the first row where it meets no neighbour; else `shorter`; else none.

    `ends` remembers where each row's last text ended; rows lie 13 apart from `base` down.
    """
    for words in filter(None, (text, shorter)):
        half = 3.2 * len(words) + 2
        for row, end in enumerate(ends):
            if x - half > end:
                ends[row] = x + half
                return (
                    f'<text x="{x:.1f}" y="{base + 13 * row:.1f}" text-anchor="middle" '
                    f'fill="currentColor">{escape(words)}</text>'
                )
    return ""


def _legend(kinds: list[str], width: float) -> tuple[str, float, float]:
    """Coloured squares with the kinds' names, broken into lines of `width`; its width, height."""
    parts, x, y, widest = [], 12.0, 12.0, 0.0
    for kind in kinds:
        long = 20 + 6.2 * len(kind)
        if x + long > width:
            x, y = 12.0, y + 17
        parts.append(
            f'<rect x="{x:.1f}" y="{y - 8:.1f}" width="9" height="9" rx="2" '
            f'fill="{LAYER_GROUPS[kind].code}"/><text x="{x + 14:.1f}" y="{y:.1f}" '
            f'fill="currentColor" fill-opacity=".8">{escape(kind)}</text>'
        )
        x += long + 8
        widest = max(widest, x)
    return "".join(parts), widest, y + 6


def _shade(color: str, by: float) -> str:
    """A colour brought nearer to white (`by` > 0) or black (`by` < 0)."""
    target = 255 if by > 0 else 0
    values = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(v + (target - v) * abs(by)):02x}" for v in values)
