"""Training in one process or several: settings, training loop, optimisers, augmentation, devices.

Here are the settings, which import no torch. The loop is `trainer.Trainer`.
"""

from cnn.training.schedules import SCHEDULES, schedule_factor
from cnn.training.settings import (
    OPTIMIZERS,
    SPEED_SETTINGS,
    Optimizer,
    Settings,
    SettingsError,
    parse_settings,
    read_settings,
)

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SPEED_SETTINGS",
    "Optimizer",
    "Settings",
    "SettingsError",
    "parse_settings",
    "read_settings",
    "schedule_factor",
]
