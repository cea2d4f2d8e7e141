"""Text of anybody's is text on every page: no link, picture or colour, and in figures no HTML."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from cnn import figures, runs
from cnn.figures.comparison import Band, Line
from tests.foreign_text import NO_MARKDOWN, exposed

ROOT = Path(__file__).parents[2]
HOSTILE = '[evil](http://evil.example) <a href="//evil.example">e</a> www.evil.example :red[e] %{x}'
CLASS = '<a href="//evil.example">%{x}</a>[e](//e.e)'
# Fields of Streamlit's messages that the browser shows as they are.
AS_IT_IS = re.compile(
    r"(selectbox|multiselect)\.options|text_(input|area)\.(default|value)|bidi_component\.|"
    r"plotly_chart\.|arrow_data_frame\.|code\.code_text|\.alt$|\.(id|key|form_id|element_id)$|"
    r"\.file_name$|user_key|\.url$"
)


def test_no_page_shows_text_that_may_be_anybodys_but_through_plain():
    found = [
        f"{file.relative_to(ROOT)}:{what}"
        for folder in ("ui", "pages")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for what in exposed(file)
        if (file.name, what.rpartition(": ")[2]) not in NO_MARKDOWN
    ]
    assert found == []


def test_no_page_takes_html_of_a_runs():
    """`st.html` and `unsafe_allow_html` get only what stands in our own files."""
    for folder in ("ui", "pages"):
        for file in (ROOT / folder).rglob("*.py"):
            assert "unsafe_allow_html" not in file.read_text(), file
        for file in (ROOT / folder).rglob("*.js"):
            for line in re.findall(r".*(?:innerHTML|outerHTML|AdjacentHTML).*", file.read_text()):
                assert "this.label" in line, (file, line)  # a lesson's picture, of numbers


@pytest.fixture
def hostile(trained, runs_folder) -> runs.Run:
    """A run whose name, classes, tags, note and message are an attacker's, and one that is none."""
    shutil.copytree(trained.path, runs_folder / "evil")
    run = runs.Run(runs_folder / "evil")
    for file, change in (
        (run.files.name, {"name": HOSTILE}),
        (run.files.notes, {"note": HOSTILE, "tags": ["[evil](//e.e)"]}),
        (run.files.config, {"classes": [f"{k}{CLASS}" for k in range(10)], "origin": HOSTILE}),
        (run.files.status, {"state": "failed", "message": HOSTILE}),
    ):
        kept = json.loads(file.read_text()) if file.is_file() else {}
        file.write_text(json.dumps({**kept, **change}))
    (runs_folder / "broken").mkdir()
    (runs_folder / "broken" / "config.json").write_text('{"dataset": "[evil](//evil.example)"}')
    return run


def texts(message: Message, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a message with the path of its field."""
    for field, value in message.ListFields():
        many = isinstance(value, Sequence) and not isinstance(value, str)
        for one in value if many else [value]:
            if isinstance(one, str):
                yield f"{path}.{field.name}", one
            elif isinstance(one, Message):
                yield from texts(one, f"{path}.{field.name}")


def elements(app: AppTest) -> Iterator[tuple[str, Message]]:
    def walk(node) -> Iterator:
        proto = getattr(node, "proto", None)
        if isinstance(proto, Message):
            yield getattr(node, "type", ""), proto
        for child in getattr(node, "children", {}).values():
            yield from walk(child)

    yield from walk(app._tree)


def interpreted(shown: str) -> list[str]:
    """What in a text Streamlit's Markdown would read as something else."""
    acts = re.findall(r"(?<!\\)(?:\[[^\]]*\]\(|<a|:red\[e\])", shown)
    bare = shown.replace("\\", "")  # links are looked for once more after the escapes are gone
    return acts + re.findall(r"https?://[-.\w]+|www\.[-.\w]+|[-.\w+]+@[-\w]+\.[-\w]+", bare)


PAGES = ["play", "design", "learn", "train", "inspect", "draw", "evaluate", "compare"]


@pytest.mark.parametrize("page", PAGES)
def test_a_run_of_an_attackers_is_text_on_every_page(app, hostile, page):
    shown = app(page, run=hostile.id)
    seen = 0
    for kind, proto in elements(shown):
        for path, text in texts(proto, kind):
            if "evil" not in text:
                continue
            seen += 1
            if path.endswith("plotly_chart.spec") or "plotly" in path:
                assert "<a" not in text and "%{x}</a" not in text, path
            elif not AS_IT_IS.search(path):
                assert not interpreted(text), (path, text)
    assert seen
    assert not shown.exception


def test_an_id_that_names_no_run_is_not_repeated(app, trained):
    shown = app("", run="[Your session ended: log in](http://evil.example)")
    said = [element.value for element in shown.warning]
    assert said == ["The address names a run that is not here."]


def test_every_figure_escapes_the_names_it_is_handed():
    names, points = [f"{k}{CLASS}" for k in range(3)], np.arange(4.0)
    counts, rows = np.eye(3, dtype=np.int64), np.full((4, 3), 1 / 3, np.float32)
    made = [
        figures.overlay_curves([Line(HOSTILE, points, points, points)] * 2, "step", "Loss", 2.0),
        figures.bands([Band(HOSTILE, points, points, points, points)], "epoch", "Accuracy"),
        figures.confusion_difference(counts, counts, names),
        figures.confusion_heatmap(counts, names),
        figures.probability_bars([0.2, 0.5, 0.3], names),
        figures.answer_over_epochs([0, 1, 2, 3], rows, names),
        figures.probabilities_over_epochs([0, 1, 2, 3], rows, names),
        figures.before_after([0.2, 0.5, 0.3], [0.1, 0.6, 0.3], names),
        figures.planes([], np.zeros((28, 28)), False, [0.2, 0.5, 0.3], names),
    ]
    for figure in made:
        told = figure.to_json()
        assert "evil" in told
        assert "<a" not in told and r"<a" not in told
        assert "%{x}</a" not in told and "}&lt;/a" not in told
