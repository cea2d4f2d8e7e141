"""A layer's output as a block: its faces, window and labels, as SVG text."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Literal

from cnn.figures.colours import TEXT

SLANT = (0.30, 0.19)  # where one pixel of a map's width goes on paper, as shares of a pixel's size
State = Literal["ok", "off", "waiting", "problem"]
_INK = TEXT["light"]
_OUTLINES = {"problem": "5 2", "waiting": "3 3", "off": "3 3"}  # dashes of what has no output


@dataclass
class Block:
    """One layer's output on paper, in its units.

    `side` is (height, width) of a map in pixels, None for a vector; a `plate` changes no shape.
    `window` is the kernel size that slides over the block before; `seams` and `cells` divide it
    into channels and classes.
    """

    number: int
    color: str
    name: str
    thickness: float
    height: float
    side: tuple[int, int] | None
    shape: str = ""
    plate: bool = False
    state: State = "ok"
    window: int = 0
    cells: int = 0
    seams: int = 0
    x: float = 0.0

    def depth(self, size: float) -> tuple[float, float]:
        """How far the back of the block lies to the right and up."""
        width = self.side[1] if self.side else 2
        return width * size * SLANT[0], width * size * SLANT[1]


def faces(block: Block, x: float, y: float, right: float, up: float, chosen: bool) -> str:
    """Front, top and side of a block; only an outline where nothing comes out."""
    w, h = block.thickness, block.height
    top = f"M{x:.1f} {y:.1f}l{right:.1f} {-up:.1f}h{w:.1f}l{-right:.1f} {up:.1f}z"
    side = f"M{x + w:.1f} {y:.1f}l{right:.1f} {-up:.1f}v{h:.1f}l{-right:.1f} {up:.1f}z"
    front = f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z"
    if block.state != "ok":
        mark = ""
        if block.state == "problem":
            style = f'font-size="15" font-weight="700" fill="{block.color}"'
            mark = text("!", x + w / 2, y + h / 2 + 5, style)
        return (
            f'<path d="{top}{side}{front}" fill="{block.color}" fill-opacity=".10" '
            f'stroke="{block.color}" stroke-width="{2.4 if chosen else 1.2}" '
            f'stroke-dasharray="{_OUTLINES[block.state]}"/>{mark}'
        )
    edge = f'stroke="{_shade(block.color, -0.45)}" stroke-width=".7" stroke-linejoin="round"'
    drawn = (
        f'<path d="{top}" fill="{_shade(block.color, 0.35)}" {edge}/>'
        f'<path d="{side}" fill="{_shade(block.color, -0.2)}" {edge}/>'
        f'<path d="{front}" fill="{block.color}" {edge}/>' + _divisions(block, x, y)
    )
    if chosen:
        drawn += (
            f'<path class="chosen" d="M{x - 2:.1f} {y - 1:.1f}l{right:.1f} {-up:.1f}h{w + 4:.1f}'
            f'v{h + 2:.1f}l{-right:.1f} {up:.1f}h{-w - 4:.1f}z" stroke="currentColor" '
            'stroke-width="2" stroke-linejoin="round"/>'
        )
    return drawn


def window(block: Block, kernel: int, x: float, y: float, right: float, up: float) -> str:
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
        f'fill="#fff" fill-opacity=".55" stroke="{_INK}" stroke-width=".8"/>'
    )


def label(words: str, x: float, ends: list[float], base: float, shorter: str = "") -> str:
    """Text centred at x on the first row where it meets no neighbour; else `shorter`; else none.

    `ends` remembers where each row's last text ended; rows lie 13 apart from `base` down.
    """
    for shown in filter(None, (words, shorter)):
        half = 3.2 * len(shown) + 2
        for row, end in enumerate(ends):
            if x - half > end:
                ends[row] = x + half
                return text(shown, x, base + 13 * row, 'fill="currentColor"')
    return ""


def text(words: str, x: float, y: float, style: str) -> str:
    """An SVG text centred at x, escaped."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" {style}>{escape(words)}</text>'


def _divisions(block: Block, x: float, y: float) -> str:
    """Seams between a block's channels, or its cells' numbers."""
    drawn = ""
    if block.seams:
        step = block.thickness / (block.seams + 1)
        places = (x + step * i for i in range(1, block.seams + 1))
        path = "".join(f"M{place:.1f} {y:.1f}v{block.height:.1f}" for place in places)
        drawn += f'<path d="{path}" stroke="#fff" stroke-opacity=".28" stroke-width=".7"/>'
    if block.cells:
        step, middle = block.height / block.cells, x + block.thickness / 2
        style = f'fill="{_INK}" font-size="{min(8.0, step - 1):.0f}"'
        for i in range(block.cells):
            drawn += text(str(i), middle, y + step * (i + 0.5) + 2.7, style)
    return drawn


def _shade(color: str, by: float) -> str:
    """A colour brought nearer to white (`by` > 0) or black (`by` < 0)."""
    target = 255 if by > 0 else 0
    values = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(v + (target - v) * abs(by)):02x}" for v in values)
