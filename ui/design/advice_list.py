"""Advice on the network, under the table."""

from __future__ import annotations

import streamlit as st

from cnn.network import Architecture, advise

MOST = 6  # remarks shown
_ICONS = {
    "warning": ":orange[:material/warning:]",
    "hint": ":blue[:material/lightbulb:]",
    "note": ":gray[:material/info:]",
}


def advice_list(architecture: Architecture) -> None:
    """The first remarks, each with its layer; nothing where there are none."""
    found = advise(architecture)
    if not found:
        return
    st.markdown("**Advice**")
    for item in found[:MOST]:
        number = f"**Layer {item.number}.** " if item.number else ""
        st.caption(f"{_ICONS[item.severity]} {number}{item.text}")
