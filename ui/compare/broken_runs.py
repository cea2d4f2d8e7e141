"""Folders among the runs that cannot be read: said, and a run's own deleted on request."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cnn import runs
from ui.compare.actions import confirm_delete
from ui.shared.plain_text import plain


def show(broken: Sequence[tuple[runs.Run, str]]) -> None:
    """A line for each, with a button where it is one's own run and not some other folder."""
    for run, problem in broken:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(plain(problem), icon=":material/broken_image:")
            deletable = run.is_own and run.files.any_is_there
            if deletable and st.button("Delete", key=f"delete_{run.id}", icon=":material/delete:"):
                confirm_delete([run.id])
