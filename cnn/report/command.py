"""The command that trains a run once more."""

from __future__ import annotations

import shlex

from cnn.presets import PRESETS
from cnn.runs import Config
from cnn.runs.first_filter import written
from cnn.training import Settings

NETWORK_FILE = "network.json"


def needs_network_file(config: Config) -> bool:
    """Whether the network is no preset's, so that the command reads it from `NETWORK_FILE`."""
    preset = PRESETS.get(config.preset or "")
    return preset is None or preset.architecture != config.architecture


def repeat_command(config: Config) -> str:
    """The shell command that trains the same network on the same data with the same settings and
    seed; only what differs from their defaults is spelled out."""
    if needs_network_file(config):
        what, base = ["--architecture", NETWORK_FILE], Settings()
    else:
        preset = PRESETS[config.preset or ""]
        what, base = ["--preset", preset.name], preset.settings
    pairs = [
        f"{name}={'none' if value is None else value}"
        for name, value in config.settings
        if value != getattr(base, name)
    ]
    words = ["python", "-m", "cnn", "train", *what, "--dataset", config.dataset]
    words += ["--device", config.device]
    for pair in pairs:
        words += ["--set", pair]
    if config.first_filter:
        words.append(f"--first-filter={written(config.first_filter)}")
    return shlex.join(words)
