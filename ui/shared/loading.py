"""Waiting for PyTorch where a page cannot do without it, and saying how far its loading is."""

from __future__ import annotations

import time

import streamlit as st

from ui.shared import models
from ui.shared.plain_text import plain

LOOK_SECONDS = 0.1


def wait() -> None:
    """Go on once a network can be asked; until then the page says what is being loaded. Ends the
    page where PyTorch cannot be loaded."""
    models.loader()
    place = st.empty()
    while not models.can_ask() and not models.loading_problem():
        place.progress(models.loading_share(), text=plain(models.loading_text()))
        time.sleep(LOOK_SECONDS)
    place.empty()
    if problem := models.loading_problem():
        st.error(plain(problem), icon=":material/error:")
        st.stop()
