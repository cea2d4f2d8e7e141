"""Figures as the browser takes them."""

from __future__ import annotations

import re

import numpy as np

from cnn import figures
from cnn.figures.comparison import Line
from ui.live.payloads import figure_json, progress_text

X = np.arange(3.0)


def uids(*lines: tuple[str, str]) -> list[str]:
    """Of a figure of lines with these names and keys."""
    drawn = [Line(name, X, X, X, key) for name, key in lines]
    return [
        trace["uid"] for trace in figure_json(figures.overlay_curves(drawn, "step", "L"))["data"]
    ]


def test_each_trace_has_an_id_of_its_own_that_css_takes_and_that_outlives_a_new_name():
    names = ["Race: LeNet-5", "Race: Compact CNN", "lr 0.01", "<b>x</b> .y #z", "lr 0.01", ""]
    found = uids(*((name, "") for name in names))
    assert len(set(found)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", uid) for uid in found)
    before, after = uids(("Old", "run-1"), ("B", "run-2")), uids(("New", "run-1"), ("B", "run-2"))
    assert before == after and len(set(before)) == 2
    assert uids(("B", "run-2")) == before[1:]  # wherever it stands


def test_a_run_that_ended_took_some_time_or_nothing_is_said_of_it():
    def said(seconds: float) -> str:
        return progress_text({"state": "finished", "train_seconds": seconds})

    assert said(0.0) == "Finished"  # its weights were edited: it trained none
    assert said(0.3) == "Finished after less than a second"
    assert said(8.2) == "Finished after 8 seconds"
