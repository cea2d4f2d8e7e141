"""What older versions wrote is read under today's names."""

from __future__ import annotations

import json

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from cnn import evaluation, runs
from cnn.inspection import over_epochs
from cnn.network import Architecture
from cnn.network.layers import GlobalAvgPool, ResidualBlock
from cnn.runs.weights import load_model
from cnn.runs.worker import run_worker
from cnn.training import Settings, parse_settings, read_settings

RESIDUAL = Architecture(layers=(ResidualBlock(filters=4, stride=2), GlobalAvgPool()))


def rename_keys(path, names: dict[str, str]) -> None:
    """Give keys of a JSON object their old names."""
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({names.get(name, name): value for name, value in kept.items()}))


def with_old_tensor_names(path) -> None:
    tensors = {n.replace(".shortcut.", ".around."): t for n, t in load_file(path).items()}
    assert any(".around." in name for name in tensors)
    save_file(tensors, path)


def test_the_setting_pixels_is_normalisation():
    assert read_settings({"pixels": "0-1"}) == Settings(normalisation="0-1")
    assert parse_settings(Settings(), ["pixels=0-1"]).normalisation == "0-1"


def test_a_residual_block_whose_shortcut_was_called_around(runs_folder):
    settings = Settings(epochs=3, batch_size=256, precision="float32", early_stopping=3)
    run = runs.new(RESIDUAL, settings, "mnist-sample", "cpu")

    def stop_after_the_first_epoch(event):
        run.send(stop=run.status().get("epoch", 0) >= 1)

    assert run_worker(run, stop_after_the_first_epoch, background=False) == "stopped"
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 8:20, 13:15] = 255
    answers = evaluation.predict(run, images)

    for path in run.path.rglob("*.safetensors"):
        if path.name not in ("test.safetensors", "curves.safetensors"):
            with_old_tensor_names(path)
    rename_keys(
        run.path / "resume.json",
        {"best_validation_loss": "lowest_loss", "best_loss_epoch": "lowest_epoch"},
    )
    config = json.loads((run.path / "config.json").read_text())
    config["settings"]["pixels"] = config["settings"].pop("normalisation")
    (run.path / "config.json").write_text(json.dumps(config))

    assert np.array_equal(evaluation.predict(run, images), answers)
    assert isinstance(load_model(run, 1), torch.nn.Sequential)
    history = over_epochs.filter_over_epochs(run, "0.shortcut.0.weight", 0)
    assert history.epochs.tolist()[:2] == [0, 1]
    run.send(stop=False)
    assert run_worker(run, background=False) == "finished"
    assert run.status()["epoch"] == 3


def test_what_a_failed_run_suggests_was_called_remedy(trained):
    status = json.loads((trained.path / "status.json").read_text())
    status |= {"state": "failed", "remedy": {"batch_size": 16}}
    (trained.path / "status.json").write_text(json.dumps(status))
    assert trained.status()["suggested_settings"] == {"batch_size": 16}
