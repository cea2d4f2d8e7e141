"""Named networks and experiments, as data. Imports no torch."""

from cnn.presets.catalogue import DEFAULT_PRESET, PRESETS
from cnn.presets.experiments import EXPERIMENTS, Experiment
from cnn.presets.preset import Preset

__all__ = [
    "DEFAULT_PRESET",
    "EXPERIMENTS",
    "PRESETS",
    "Experiment",
    "Preset",
]
