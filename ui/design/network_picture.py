"""The picture of the network: hovering explains a block, a click chooses it, and it can be saved.

A component of our own, because the picture is SVG that we write ourselves and a click must come
back. Its script puts nothing on the page but that SVG, parsed as XML, and plain text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from cnn.figures.network import network_svg
from cnn.network import Row
from ui.shared.reports import INDEX, reported

_FILE = Path(__file__)
_component = st.components.v2.component(
    "network_picture",
    html=_FILE.with_suffix(".html").read_text(),
    css=_FILE.with_suffix(".css").read_text(),
    js=_FILE.with_suffix(".js").read_text(),
)


def network_picture(
    rows: Sequence[Row], selected: int | None, name: str, choose: Callable[[int], None]
) -> None:
    """Draw the network; `choose(number)` is called when a block is clicked.

    `name` is what a saved picture's file is called, without its ending.
    """
    key = "network_picture"

    def clicked() -> None:
        number = reported(key, "chosen", INDEX)
        if number is not None:
            choose(number)

    with st.container(key="network-picture"):
        _component(
            key=key,
            data={
                "wide": network_svg(rows, 1040, selected),
                "narrow": network_svg(rows, 350, selected),
                "name": name,
            },
            on_chosen_change=clicked,
        )
