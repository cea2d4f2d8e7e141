"""Every page with runs that are damaged or of anybody: nothing breaks, what is wrong is said."""

from __future__ import annotations

import json
import shutil

import pytest
import torch

from cnn import runs
from cnn.common.files import write_tensors
from cnn.runs.weights import read_tensors

WRONG = {
    **dict.fromkeys(("state", "steps", "test_accuracy", "images_per_second", "device"), "x"),
    **{name: [] for name in ("train_seconds", "epoch", "kept_epoch", "processes", "memory")},
    "best_validation": {},
    "message": "\ud800",
    "seconds_left": "soon",
    "suggested_settings": "x",
}
ACTS = r'{"name": "<b>$x$ ![a](http://b/c.png) \ud800\u202e\n# :red[x] :material/bolt:"}'


def change(file, **values) -> None:
    kept = json.loads(file.read_text()) if file.is_file() else {}
    file.write_text(json.dumps({**kept, **values}))


def spoil_weights(run: runs.Run, value: float) -> None:
    for path in (run.files.weights, *run.files.checkpoints.iterdir()):
        tensors = read_tensors(path)
        floats = {name for name, tensor in tensors.items() if tensor.is_floating_point()}
        write_tensors(
            path, {n: torch.full_like(t, value) if n in floats else t for n, t in tensors.items()}
        )


def metadata(run: runs.Run) -> None:
    change(run.files.status, **WRONG)
    change(run.files.control, stop="x", paused=3, learning_rate="fast")
    change(run.files.live, images=[[[0]]], labels=["x"], probabilities=[[1]], filters=[[[1], [3]]])
    change(run.files.config, device="toaster:9", preset="gone", start_from="../../etc")
    run.files.parent.write_text('{"test_accuracy": "x"}')
    write_tensors(run.files.my_digits, {"images": torch.zeros(3, 2, 2)})
    run.files.name.write_text(ACTS)
    run.files.metrics.write_text(
        '{"kind":"epoch","step":9,"epoch":1,"train_accuracy":0.5}\n'
        '{"kind":"report","step":11,"epoch":0.6,"losses":[]}\n'
    )
    write_tensors(run.files.test_probabilities, {"probabilities": torch.full((7, 10), 0.1)})
    run.files.detector_calibration.write_text('{"x": 3}')
    run.files.checkpoint(999).write_bytes(b"x")
    run.files.log.write_bytes(b"\xff\x00\x1b[31m" * 100)


@pytest.fixture
def bad(trained, runs_folder) -> runs.Run:
    """A copy of the good run, which stays beside it."""
    shutil.copytree(trained.path, runs_folder / "bad")
    return runs.Run(runs_folder / "bad")


@pytest.mark.parametrize("page", ["train", "inspect", "draw", "evaluate", "compare", "design"])
def test_no_page_breaks_on_wrong_metadata(app, bad, trained, page):
    metadata(bad)
    shown = app(page, run=bad.id)
    assert not shown.exception
    markdown = [element.value for element in shown.sidebar.markdown]
    assert any("\\!\\[a\\]\\(http\\:\u2060//b/c\\.png\\)" in text for text in markdown)
    if page == "compare":
        assert not shown.error


def test_a_failed_run_shows_what_it_says_as_plain_text(app, bad):
    change(bad.files.status, state="failed", message="**x** ![a](http://b/c.png)\x1b[31m")
    errors = [element.value for element in app("train", run=bad.id).error]
    assert errors == ["\\*\\*x\\*\\* \\!\\[a\\]\\(http\\:\u2060//b/c\\.png\\)\\\\x1b\\[31m"]


@pytest.mark.parametrize("value", [float("nan"), 3e38])
def test_weights_that_give_no_numbers_are_named_on_inspect(app, bad, value):
    spoil_weights(bad, value)
    shown = app("inspect", run=bad.id)
    assert not shown.exception
    assert "not finite" in shown.error[0].value


@pytest.mark.parametrize("page", ["train", "inspect", "draw", "evaluate"])
def test_a_config_of_gigabytes_is_named_and_another_run_is_shown(app, bad, trained, page):
    with bad.files.config.open("ab") as file:
        file.truncate(2_000_000_000)
    shown = app(page, run=bad.id)
    assert not shown.exception
    assert any(r"config\.json of 2\.0 GB" in warning.value for warning in shown.warning)
