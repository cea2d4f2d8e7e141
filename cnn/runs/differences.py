"""What differs between runs: network, data and settings, and nothing that is the same. No torch."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from cnn.common.checked import short
from cnn.datasets import DATASETS
from cnn.runs.config import Config
from cnn.runs.first_filter import in_words
from cnn.runs.run import Run
from cnn.training import Settings

ABSENT = "–"


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same in all runs; a value for each run, in words."""

    key: str
    title: str
    values: tuple[str, ...]


def differences(found: Sequence[Run]) -> list[Difference]:
    """What is not the same in all of these runs, in the order of the pages: data, network layer by
    layer, settings, where it ran, versions. Raises RunError for a damaged one."""
    described = [_described(run) for run in found]
    keys = dict.fromkeys(itertools.chain.from_iterable(described))
    rows = []
    for key in sorted(keys, key=_place):  # a deeper network's layers come after the settings else
        values = tuple(one[key][1] if key in one else ABSENT for one in described)
        if len(set(values)) > 1:
            rows.append(Difference(key, next(o[key][0] for o in described if key in o), values))
    return rows


def _described(run: Run) -> dict[str, tuple[str, str]]:
    """Everything that was chosen for a run: by a key, its title and its value."""
    config = run.config
    values = {
        "dataset": ("Data", DATASETS[config.dataset].label),
        "parameters": ("Parameters", f"{config.architecture.parameters:,}"),
        **_layers(config),
    }
    for name, info in Settings.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        labels = extra.get("labels")
        value = getattr(config.settings, name)
        words = labels.get(value) if isinstance(labels, dict) else None
        if name == "validation_images":
            value = config.validation_images
        text = str(words) if words else "none" if value is None else short(value).strip("'")
        values[name] = (info.title or name, text)
    values["device"] = ("Device", str(run.last_status().get("device") or config.device))
    values["precision_used"] = ("Precision used", str(run.last_status().get("precision") or ABSENT))
    mine = config.first_filter
    random = f"random, filter 0 of the first layer {in_words(mine)}" if mine else "random"
    values["start"] = ("Weights from", config.origin or random)
    for package, version in sorted(config.versions.items()):
        values[f"version_{package}"] = (f"Version of {package}", version)
    return values


def _place(key: str) -> tuple[int, int]:
    """Where a row stands: the layers by their numbers after data and parameters, then the rest."""
    first, _, number = key.partition("layer_")
    if number and not first:
        return 1, int(number)
    return (0, 0) if key in ("dataset", "parameters") else (2, 0)


def _layers(config: Config) -> dict[str, tuple[str, str]]:
    """The layers, by their places; of two networks of different depth the later ones differ too."""
    layers = [*config.architecture.layers, config.architecture.head]
    return {
        f"layer_{number}": (f"Layer {number}", layer.summary)
        for number, layer in enumerate(layers, 1)
    }
