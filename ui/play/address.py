"""Everything in the address: network, settings, image and speed, so that a link restores them."""

from __future__ import annotations

import contextlib
from typing import get_args

import streamlit as st

from cnn.export.share_link import to_link
from ui.play.state import Speed, get
from ui.shared import state
from ui.shared.share_link import PARAMETER

IMAGE, SPEED = "image", "speed"


def open_link() -> None:
    """Take image and speed from the address, at the first visit; the network is taken by
    `share_link.open_link`. What is no such thing is left."""
    play, mine = state.get(), get()
    if mine.visit == play.visit:
        return
    mine.visit = play.visit
    with contextlib.suppress(KeyError, ValueError):
        image = int(st.query_params[IMAGE])
        if 0 <= image < 100:
            mine.image = image
    speed = st.query_params.get(SPEED)
    if speed in get_args(Speed):
        mine.speed = speed  # type: ignore[assignment]


def write() -> None:
    """Put them into the address."""
    play, mine = state.get(), get()
    # What the class's lesson keeps is the server's to say, not the address's.
    hidden, fixed = ([], []) if play.lesson else (list(play.hidden), list(play.fixed))
    token = to_link(play.architecture, play.settings, play.dataset, hidden, fixed)
    if token not in play.own_links:
        play.own_links.append(token)
    for name, value in ((PARAMETER, token), (IMAGE, str(mine.image)), (SPEED, mine.speed)):
        if st.query_params.get(name) != value:
            st.query_params[name] = value
