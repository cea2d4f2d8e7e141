"""The report: whole, self-contained, escaped, and with a command that really repeats the run."""

from __future__ import annotations

import json
import re
import shlex
from html.parser import HTMLParser

import pytest

from cnn import evaluation, report, runs
from cnn.cli import train
from cnn.cli.main import _parser, main
from cnn.evaluation import robustness
from cnn.presets import PRESETS
from cnn.report import charts
from cnn.training import Settings
from tests.cnn.evaluation.test_robustness import complete
from tests.conftest import SMALL, SMALL_SETTINGS

EVIL = "<script>alert(1)</script>&\"'<img src=x onerror=alert(2)>"
VOID = {"meta", "img", "br", "line", "circle", "polyline", "rect", "path"}


class Parsed(HTMLParser):
    """The tags of a page, its attributes, and whether every tag that is opened is closed."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def page(trained) -> str:
    robustness.keep(trained, complete(0.75))
    return report.make(trained)


def test_it_holds_what_was_asked_for(trained, page):
    parsed = Parsed(page)
    assert parsed.open == []
    scored = evaluation.scored_test_set(trained)
    wrong = len(scored.labels) - scored.right
    assert f"{scored.accuracy:.2%}" in parsed.text
    assert parsed.tags.count("img") == min(24, wrong)
    assert parsed.tags.count("svg") >= 1 + 2 + 8  # network, training, the curves of robustness
    for words in ("Learning rate", "Mean corruption error 25.0%", "Conv", "torch", "Fog", "F1"):
        assert words in parsed.text, words
    counts = evaluation.confusion_matrix(scored.labels, scored.predictions, 10)
    table = charts.confusion_table(counts, scored.classes)
    assert table in page
    assert [int(n) for n in re.findall(r">(\d+)</span>", table)] == counts.ravel().tolist()


def test_it_fetches_nothing_and_runs_nothing(page):
    parsed = Parsed(page)
    assert "script" not in parsed.tags and "link" not in parsed.tags
    for name, value in parsed.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith("data:image/png;base64,")
    assert "@import" not in page and "url(" not in page
    assert "@page { size: A4" in page


def test_what_may_be_anybodys_is_escaped(trained):
    config = json.loads(trained.files.config.read_text())
    config["classes"] = [EVIL, *config["classes"][1:]]
    config["origin"] = EVIL
    config["versions"] = {EVIL: EVIL}
    trained.files.config.write_text(json.dumps(config))
    trained.rename(EVIL)
    trained.write_status(**{**trained.status(), "device_name": EVIL})
    page = report.make(runs.open_run(trained.id))
    parsed = Parsed(page)
    assert "script" not in parsed.tags
    assert not any(name == "onerror" for name, _ in parsed.attributes)
    assert "<script" not in page and "alert(1)" in parsed.text


def test_another_epoch_and_no_robustness(trained):
    page = report.make(trained, 0)
    assert "after epoch 0" in page and "Not measured" in page
    accuracy = evaluation.scored_test_set(trained, 0).accuracy
    assert f"{accuracy:.2%}" in page
    with pytest.raises(runs.RunError, match="not kept the weights after epoch 7"):
        report.make(trained, 7)


CASES = [
    (PRESETS["compact"].architecture, PRESETS["compact"].settings, "compact"),
    (PRESETS["lenet5"].architecture, PRESETS["lenet5"].settings.changed(seed=3), "lenet5"),
    (
        SMALL,
        Settings(train_images=700, learning_rate=0.0123, reproducible=True, validation_images=0),
        None,
    ),
    (SMALL, SMALL_SETTINGS, "compact"),  # a preset that was changed
]


@pytest.mark.parametrize(("architecture", "settings", "preset"), CASES)
def test_the_command_trains_the_same(
    runs_folder, tmp_path, monkeypatch, architecture, settings, preset
):
    run = runs.new(architecture, settings, "mnist-sample", "cpu", preset)
    command = report.repeat_command(run.config)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "network.json").write_text(architecture.model_dump_json())
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "cnn"]
    again = train.new_config(_parser().parse_args(words[3:]))
    for name in ("architecture", "settings", "dataset", "device"):
        assert getattr(again, name) == getattr(run.config, name)


def test_the_command_line_writes_it(trained, tmp_path, capsys):
    out = tmp_path / "of it.html"
    assert main(["report", trained.id, "--out", str(out)]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["file"] == str(out) and line["bytes"] == out.stat().st_size
    assert out.read_text().startswith("<!doctype html>")
    assert main(["report", "no-such-run"]) == 2
    assert main(["report", trained.id, "--epoch", "9"]) == 2
    assert main(["report", trained.id, "--out", str(tmp_path / "no" / "x.html")]) == 2


def test_a_line_chart_places_its_points():
    drawn = charts.line_chart(
        [charts.Series("<b>", [1, 2, 3], [1.0, None, 100.0], "#123456")], "x", "y", log=True
    )
    assert "<b>" not in drawn and drawn.count("<circle") == 2
    assert f'points="{charts.LEFT}.0,{charts.HEIGHT - charts.BOTTOM}.0 ' in drawn
    assert f'{charts.WIDTH - charts.RIGHT}.0,{charts.TOP}.0"' in drawn
    assert "Nothing to draw" in charts.line_chart([], "x", "y")
    assert "<svg" in charts.line_chart([charts.Series("a", [1], [0.5], "#123456")], "x", "y")
