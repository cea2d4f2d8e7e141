"""The run's report as one file to take away."""

from __future__ import annotations

import streamlit as st

from cnn import report, runs


def download_button(run: runs.Run, epoch: int | None) -> None:
    """Downloads the report; it is made at the click."""
    st.download_button(
        "Report",
        lambda: report.make(runs.open_run(run.id), epoch),
        file_name=f"{run.id}.html",
        mime="text/html",
        icon=":material/description:",
        key="report",
        help="One HTML file with all of it: settings, network, curves, mistakes, robustness. It "
        "opens without the app and prints on A4.",
        on_click="ignore",
        width="stretch",
    )
