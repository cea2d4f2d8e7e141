"""A picture file: there while its page is left, gone when it is removed."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import streamlit as st
from PIL import Image

from cnn import drawing
from ui.shared import state


@dataclass
class PictureFile:
    """What was uploaded: a file uploader forgets it with its page."""

    name: str
    content: bytes


@dataclass
class PictureFiles:
    """The picture files of a session, by their uploader's key."""

    files: dict[str, PictureFile] = field(default_factory=dict)


def picture_upload(label: str, key: str) -> Image.Image | None:
    """The uploader, and the picture it holds or held when its page was left, upright; None without
    one. Raises DigitError for a file that is no picture."""
    files = state.page(PictureFiles).files

    def remove() -> None:
        files.pop(key, None)

    def changed() -> None:
        file = st.session_state[key]
        if file is None:
            remove()
        else:
            files[key] = PictureFile(file.name, file.getvalue())

    shown = st.file_uploader(
        label,
        type=drawing.PICTURE_TYPES,
        key=key,
        on_change=changed,
        help="Dark on light or light on dark, any size, transparent or not.",
    )
    file = files.get(key)
    if file is None:
        return None
    if shown is None:  # of an earlier visit: the uploader does not list it
        st.button(
            "Remove the picture",
            key=f"{key}_remove",
            icon=":material/delete:",
            on_click=remove,
        )
    return drawing.open_image(io.BytesIO(file.content))
