"""Folders among the runs that cannot be read: said, and deleted on request."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnn import runs
from ui.compare.actions import confirm_delete
from ui.shared.plain_text import plain


def show(broken: Sequence[tuple[runs.Run, str]]) -> None:
    """A line for each, with a button where it is not an example."""
    for run, problem in broken:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(problem), icon=":material/broken_image:")
            if run.is_own and st.button("Delete", key=f"delete_{run.id}", icon=":material/delete:"):
                confirm_delete([run.id])
