"""Frames of watched images, written by a worker while it trains."""

from __future__ import annotations

import base64
import json
import os

import numpy as np
import pytest
import torch

from cnn import runs
from cnn.datasets import load
from cnn.inspection.activations import layer_outputs
from cnn.runs import frames as frames_module
from cnn.runs import watching
from cnn.runs.frames import FRAME_SHARE, FrameWriter
from cnn.runs.session import make_trainer
from cnn.runs.watching import Subject
from cnn.runs.weights import load_model, read_tensors
from cnn.runs.worker import run_worker
from cnn.training.devices import find_device
from cnn.training.distributed import ProcessGroup
from tests.conftest import SMALL, SMALL_SETTINGS


@pytest.fixture
def images() -> np.ndarray:
    return load("mnist-sample").test_images[:3].numpy()


def train(watched: Subject | None) -> tuple[runs.Run, int]:
    """A small run, watched from before its first step; how many frames came."""
    run = runs.new(SMALL, SMALL_SETTINGS, "mnist-sample", "cpu")
    frames = set()

    def keep_watching(_event: object) -> None:
        if watched:
            watching.still_watching(run)
        if run.files.frames.exists():
            frames.add(run.files.frames.read_bytes())

    if watched:
        watching.watch(run, [watched])
    assert run_worker(run, keep_watching, background=False) == "finished", run.status()
    return run, len(frames)


def test_what_is_asked_for_comes_back_from_the_folder(trained, images):
    subject = Subject(images, layers={1: (2, 0), 3: ()})
    watching.watch(trained, [subject])
    (read,) = watching.watched(trained)
    assert read.key == subject.key and read.layers == {1: (2, 0), 3: ()}
    assert (read.images == images).all()
    assert watching.watched_since(trained)
    old = trained.files.watch.stat().st_mtime - 60
    os.utime(trained.files.watch, (old, old))
    assert not watching.watched_since(trained)
    watching.watch(trained, [])
    assert not trained.files.watch.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": {"images": "x", "layers": []}}'])
def test_a_damaged_wish_asks_for_nothing(trained, content):
    trained.files.watch.write_text(content)
    assert watching.watched(trained) == []


def test_a_frame_is_what_the_network_gives(images):
    """Against Inspect's own pass through the same weights."""
    subject = Subject(images, layers={1: (5, 2), 4: (), 9: ()})
    run, frames = train(subject)
    assert frames > 1
    trainer, _ = make_trainer(run, find_device("cpu"), ProcessGroup())
    trainer.model.load_state_dict(read_tensors(run.weights_path()))
    trainer.accelerator.bf16 = False
    watching.watch(run, [subject])
    FrameWriter(run, trainer).write()
    frame = json.loads(run.files.frames.read_text())
    assert frame["key"] == subject.key
    model = load_model(run)
    for image, row in zip(images, frame["probabilities"], strict=True):
        x = run.preprocessing(torch.as_tensor(image)[None])
        outputs = layer_outputs(model, run.config.architecture, x)
        expected = torch.from_numpy(outputs[-1].values).softmax(0)
        assert np.allclose(row, expected, atol=2e-4)
    x = run.preprocessing(torch.as_tensor(images[0])[None])
    outputs = layer_outputs(model, run.config.architecture, x)
    assert [layer["number"] for layer in frame["layers"]] == [1, 4, 9]
    for layer in frame["layers"]:
        values = outputs[layer["number"] - 1].values
        assert layer["shape"] == list(values.shape)
        assert layer["shown"] == ([5, 2] if layer["number"] == 1 else list(range(len(values))))
        data = np.frombuffer(base64.b64decode(layer["data"]), np.uint8).astype(np.float32)
        share = data / 127.5 - 1 if layer["signed"] else data / 255
        shown = values[layer["shown"]]
        assert np.allclose(
            share.reshape(shown.shape) * layer["peak"], shown, atol=layer["peak"] / 100
        )


def test_being_watched_changes_nothing_that_is_learned(images):
    alone, none = train(None)
    watched, some = train(Subject(images, layers={1: (), 2: ()}))
    assert none == 0 < some
    for epoch in alone.checkpoints():
        before = read_tensors(alone.files.checkpoint(epoch))
        after = read_tensors(watched.files.checkpoint(epoch))
        assert all(torch.equal(before[name], after[name]) for name in before)


def test_its_share_of_the_time_is_bounded(images, monkeypatch):
    class Slow(FrameWriter):
        def __init__(self) -> None:
            self._cost, self._written, self.made = 1.2, 100.0, 0

        def wanted(self) -> bool:
            return True

        def write(self) -> None:
            self.made += 1

    writer = Slow()
    monkeypatch.setattr(frames_module.time, "monotonic", lambda: 100.0 + 1.2 / FRAME_SHARE - 0.1)
    writer.write_if_due()
    assert writer.made == 0
    monkeypatch.setattr(frames_module.time, "monotonic", lambda: 100.0 + 1.2 / FRAME_SHARE + 0.1)
    writer.write_if_due()
    assert writer.made == 1
