"""Share links: the whole configuration in the URL, made here and opened here."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from cnn.export.share_link import CONTROLS, SharingError, from_link, to_link
from cnn.presets import PRESETS
from ui.shared import state
from ui.shared.sidebar import plain

PARAMETER = "net"


def open_link() -> None:
    """At each script run: take the configuration of a link that was opened, once.

    A link that cannot be read changes nothing and says why.
    """
    play = state.get()
    token = st.query_params.get(PARAMETER)
    if not token or token == play.fields.get("link"):
        return
    play.fields["link"] = token
    try:
        shared = from_link(token)
    except SharingError as error:
        play.notice = f"{plain(str(error))} Your own network is still here."
        del st.query_params[PARAMETER]
        return
    play.cards = [state.Card(layer) for layer in shared.architecture.layers]
    play.head, play.settings = shared.architecture.head, shared.settings
    play.dataset, play.chosen = shared.dataset, None
    play.preset = next((n for n, p in PRESETS.items() if p.architecture == play.architecture), None)
    play.hidden, play.fixed = shared.hidden, shared.fixed
    play.version += 1


def link(hidden: list[str], fixed: list[str]) -> str:
    """The address that opens this configuration on the Design page."""
    play = state.get()
    token = to_link(play.architecture, play.settings, play.dataset, hidden, fixed)
    here = urlsplit(st.context.url or "http://localhost:8501/")
    return f"{here.scheme}://{here.netloc}{base_path(here.path)}design?{PARAMETER}={token}"


def base_path(path: str) -> str:
    """The app's own folder in a page's path: `/app/design` lies in `/app/`."""
    folder, _, _page = path.rpartition("/")
    return f"{folder}/"


def lesson() -> None:
    """What the opened link keeps fixed or hidden, and the way to be free of it."""
    play = state.get()
    if not play.hidden and not play.fixed:
        return
    parts = []
    for word, names in (("Fixed", play.fixed), ("Hidden", play.hidden)):
        if names:
            parts.append(f"{word}: {', '.join(CONTROLS[name] for name in sorted(names))}.")
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":material/school: **From a link made for a lesson.** {' '.join(parts)}",
            width="stretch",
        )
        st.button("Free all controls", key="free", type="tertiary", on_click=_free)


def _free() -> None:
    play = state.get()
    play.hidden = play.fixed = frozenset()
