"""What pictures drawn in the browser share: components, their colours and data."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.components.v2.types import ComponentRenderer

from cnn.figures.colours import SEQUENTIAL, signed_scale
from ui.live.component import STREAM_JS

PAINTING_JS = Path(__file__).with_name("painting.js").read_text("utf-8")
SHORTCUTS_JS = Path(__file__).with_name("shortcuts.js").read_text("utf-8")


# Components that the page's own style sheet does not reach print in light colours by this.
PRINT_CSS = """
@media print {
  * { --st-text-color: #1f2430 !important; --st-background-color: #fff !important;
    --st-secondary-background-color: #f1eee9 !important; --st-border-color: #c9c3b8 !important; }
  :host, :host > * { color: #1f2430 !important; }
}
"""


def component(folder: Path, name: str) -> ComponentRenderer:
    """The component of the files called `name` in `folder`, a script and a style sheet; the script
    finds what is in `painting.js`, and the window's streams."""
    look, own = folder / f"{name}.css", (folder / f"{name}.js").read_text("utf-8")
    return st.components.v2.component(
        f"{folder.name}_{name}",
        js=f"{STREAM_JS}\n{PAINTING_JS}\n{own}",
        css=look.read_text("utf-8") + PRINT_CSS,
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
    """The colour scales, without and with negative values, as the components want them."""
    return {"heat": SEQUENTIAL, "signed": signed_scale(dark())}


def scale_for(signed: bool) -> list:
    """One of `colours`."""
    return colours()["signed" if signed else "heat"]
