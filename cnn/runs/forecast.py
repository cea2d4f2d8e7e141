"""How long a training will take, before it starts. Imports no torch.

Steps by their measured speed, or an estimate of it; and what else a run does: validating, scoring
the test set, snapshots, starting. A network that was never measured is measured in the background
(`ask`), for a fraction of a second: on the CPU by the worker in standby, elsewhere by a short job.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass

from cnn.common import workspaces
from cnn.common.server import server_settings
from cnn.datasets import DATASETS
from cnn.drawing import synthetic_digits
from cnn.network import Architecture
from cnn.runs import limits, speeds, standby
from cnn.runs.jobs import JSON, Job
from cnn.runs.store import device_holder
from cnn.training import Settings
from cnn.training.device import Device
from cnn.training.devices import processes

START_SECONDS, STANDBY_START_SECONDS = 3.0, 0.5
FORWARD_SHARE = 0.28  # of a training step's time on the same images, without its backward pass
FLOAT32_FORWARD = 0.36  # of a step's arithmetic in float32: the test set is scored in it
REPLACING_SECONDS = 1.5  # lost beside the import of the worker that takes the standby's place
SAVE_SECONDS = 1e-7  # for each weight: the epoch's, the newest, and the state to resume from
SNAPSHOTS = 1.03  # of the steps' time: reports, snapshots, the state to resume from
QUICK_SECONDS = 60.0  # of the job, torch's import included


@dataclass(frozen=True)
class Forecast:
    """Seconds of an `epoch` with its validation, and of the `whole` run; the speed behind both."""

    epoch: float
    whole: float
    speed: speeds.Speed


def forecast(
    architecture: Architecture, settings: Settings, dataset: str, device: str, bf16: bool
) -> Forecast | None:
    """How long a run will take on a device; None on one where nothing like it was measured."""
    speed = speeds.recall(architecture, settings, device)
    if speed is None:
        if device != "cpu":
            return None
        speed = speeds.estimate(architecture, settings, bf16)
    return at_speed(speed, architecture, settings, dataset, bf16)


def at_speed(
    speed: speeds.Speed, architecture: Architecture, settings: Settings, dataset: str, bf16: bool
) -> Forecast:
    """How long a run will take at a speed. With early stopping: at most."""
    data = DATASETS[dataset]
    images = settings.trained_on(data)
    images += synthetic_digits.additional_count(dataset, settings, images)
    per_image = 1 / max(speed.images_per_second, 1e-9)
    seen = FORWARD_SHARE * per_image
    saving = SAVE_SECONDS * architecture.parameters
    epoch = SNAPSHOTS * images * per_image + settings.held_out(data) * seen + saving
    if speed.scored_per_second:
        scoring = data.test_images / speed.scored_per_second
    else:
        scoring = data.test_images * per_image * _scoring_share(architecture, settings, bf16)
    training = settings.epochs * epoch + scoring + 2 * saving
    if standby.state()[1]:
        start = STANDBY_START_SECONDS + min(REPLACING_SECONDS, training)
    else:
        start = START_SECONDS
    return Forecast(epoch, start + training, speed)


def _scoring_share(architecture: Architecture, settings: Settings, bf16: bool) -> float:
    """What scoring an image takes of what training on it takes: no step's own cost, no gradients,
    and float32 where the training computes in bf16."""
    step, arithmetic = speeds.parts_of_step(architecture, settings, bf16)
    _, in_float32 = speeds.parts_of_step(architecture, settings, bf16=False)
    return FLOAT32_FORWARD * in_float32 / (step + arithmetic)


class Measuring:
    """At most one measurement in the background, each question once."""

    def __init__(self) -> None:
        self._change = threading.Lock()
        self._asked: set[str] = set()
        self._thread: threading.Thread | None = None

    def ask(self, architecture: Architecture, settings: Settings, device: Device) -> bool:
        """Have a network's speed on a device measured, where it is not known yet, nobody trains
        there and it was not tried before. Returns whether an answer is on its way."""
        if os.environ.get("CNN_STANDBY") == "0" or processes(device.id):
            return False
        most = limits.limits(workspaces.current()).parameters
        if server_settings().read_only or (most is not None and architecture.parameters > most):
            return False
        key = speeds.speed_key(architecture, settings, device.id)
        with self._change:
            if self._thread and self._thread.is_alive():
                return True
            if key in self._asked or speeds.recall(architecture, settings, device.id):
                return False
            if device_holder(device.lock_names):
                return False
            if device.id == "cpu":
                pid, ready = standby.state()
                if not ready:
                    return pid is not None  # in a moment
            arguments = (key, architecture, settings, device.id)
            self._thread = threading.Thread(target=self._measure, args=arguments, daemon=True)
            self._asked.add(key)
            self._thread.start()
            return True

    def _measure(
        self, key: str, architecture: Architecture, settings: Settings, device: str
    ) -> None:
        question: JSON = {
            "architecture": architecture.model_dump(mode="json"),
            "settings": settings.model_dump(mode="json"),
        }
        if device == "cpu":
            answer = standby.ask({"measure": question})
            if not answer or answer.get("again"):  # a run came in between
                self._asked.discard(key)
            return
        # A process of its own: its context on the GPU goes with it.
        question |= {"devices": [device], "quick": True}
        Job("speed_test", question, QUICK_SECONDS).wait()


_measuring = Measuring()
ask = _measuring.ask
