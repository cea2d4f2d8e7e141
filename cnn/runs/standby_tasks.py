"""What the process in standby does: prepare for any training, measure a speed, train.

Imported by `standby_worker`, at a low priority: it brings torch.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys

import psutil

import cnn.runs.session  # noqa: F401 - imported now, and not when a run is waiting for it
from cnn import datasets
from cnn.common import workspaces
from cnn.drawing import synthetic_digits
from cnn.network import from_dict
from cnn.presets import PRESETS
from cnn.runs import calibration, speed_test, speeds
from cnn.runs.channel import JSON, Channel
from cnn.runs.locks import Lock
from cnn.runs.run import RunError
from cnn.runs.store import device_holder, open_run
from cnn.runs.worker import run_worker
from cnn.training import memory, read_settings
from cnn.training.accelerators import Accelerator, accelerator_for
from cnn.training.allocator import give_back_freed_memory
from cnn.training.control import ManualControl
from cnn.training.device import takes_bf16
from cnn.training.trainer import Trainer

CPU = Accelerator.find_devices()[0]  # not by `list_devices`, which may begin a GPU's context
TRIES, TRY = 4, (0.2, 0.08)  # of a measurement: how many, seconds of each and of warming up
MEMORY_SHARE = 0.5  # of what is available, at most, for a measurement


def prepare() -> None:
    """Have done what every training does at its beginning, as far as it holds for any of them:
    libraries loaded, the likely images read, the digits of Handwriting drawn, a step computed."""
    with contextlib.suppress(Exception):  # a folder that cannot be read: the run will say so
        _rehearse()
    calibration.calibrate()
    give_back_freed_memory()


def measure(question: JSON, channel: Channel) -> JSON:
    """Measure the CPU's speed at a network for a moment, and keep it. Whatever comes in between, a
    run first of all, ends it; beside another training there is nothing to measure."""
    architecture, settings = (
        from_dict(question["architecture"]),
        read_settings(question["settings"]),
    )
    bf16 = takes_bf16(CPU, settings.precision, architecture.convolutional)
    needs = memory.estimate(architecture, settings, speed_test.IMAGES, settings.batch_size, bf16)
    if needs > MEMORY_SHARE * psutil.virtual_memory().available:
        return {"error": "it would need too much memory"}

    def disturbed() -> bool:
        return bool(device_holder(CPU.lock_names))

    if disturbed():
        return {"again": True}
    fastest = scored = 0.0
    for _ in range(TRIES):  # the fastest counts: whatever else the machine does slows some
        if channel.has_more():
            return {"again": True}
        found = speed_test.measure(architecture, settings, CPU, *TRY, channel.has_more)
        fastest = max(fastest, found.images_per_second)
        scored = max(scored, found.scored_per_second or 0.0)
    give_back_freed_memory()
    if channel.has_more() or disturbed():
        return {"again": True}
    speed = speeds.Speed(fastest, scored_per_second=scored or None)
    speeds.remember(architecture, settings, CPU.id, speed)
    return {"images_per_second": fastest}


def _rehearse() -> None:
    """Train the preset that most begin with for a step, on the data set that is offered first."""
    name, preset = datasets.default_dataset(), PRESETS["compact"]
    network, settings = preset.architecture, preset.settings
    trainer = Trainer(
        network,
        datasets.load(name),
        settings,
        datasets.preprocessing_for(name, settings.normalisation),
        accelerator_for(CPU, settings.precision, network.convolutional),
        settings.held_out(datasets.DATASETS[name]),
        extra=functools.partial(synthetic_digits.additional_images, name, settings),
    )
    next(iter(trainer.events(ManualControl())))


def train(channel: Channel, run_id: str, workspace: str | None, lock: int, log: int) -> int:
    """Train the run whose lock and log came with the message; returns the exit code."""
    channel.send({"takes": run_id})
    agreed = channel.receive()
    if agreed is None or agreed[0].get("begin") != run_id:
        return 1  # the server has ended, or another worker has the run
    channel.close()
    for standard in (1, 2):
        os.dup2(log, standard)
    os.close(log)
    if workspace:  # of this process from now on, and of those that it starts
        os.environ[workspaces.VARIABLE] = workspace
    try:
        return 1 if run_worker(open_run(run_id), lock=Lock.inherited(lock)) == "failed" else 0
    except RunError as error:
        print(f"cnn: {error}", file=sys.stderr)
        return 2
