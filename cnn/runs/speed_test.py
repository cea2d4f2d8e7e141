"""Images per second of a network on each device: two seconds of the real training loop on each.

`python -m cnn.runs.speed_test` reads `{"architecture": ..., "settings": ..., "devices": [...]}`
from standard input and answers a JSON line per device: `device`, `images_per_second`, `memory`
(bytes) and `scored_per_second` (images of the test set), or `error`. Where a run trained on the
device meanwhile, its name is in `beside`: such a speed says little, and is not remembered.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from filelock import FileLock
from torch import Tensor

from cnn.datasets import Images, Preprocessing
from cnn.network import Architecture
from cnn.runs import jobs, speeds
from cnn.runs.folders import devices_dir
from cnn.runs.store import device_holder
from cnn.training import Settings
from cnn.training.accelerators import accelerator_for
from cnn.training.device import Device
from cnn.training.devices import find_device, processes
from cnn.training.events import Report
from cnn.training.inference import batch_size, predict_logits
from cnn.training.trainer import Trainer

WARM_UP_SECONDS, SECONDS = 0.5, 2.0
QUICK = 0.3, 0.1  # seconds and those of warming up, for a forecast that nobody asked for
SCORING_SHARE = 0.25  # of the seconds, for scoring
IMAGES = 8192  # noise: speed does not depend on what the pixels show


class _Until:
    """A control that stops once it has `ended`, or where the caller says so."""

    paused, run_until, until_epoch, pace = False, 0, 0, 0.0
    learning_rate: float | None = None

    def __init__(self, stopped: Callable[[], bool]):
        self.ended, self._stopped = False, stopped

    @property
    def stop(self) -> bool:
        """Asked before every step."""
        return self.ended or self._stopped()


def measure(
    architecture: Architecture,
    settings: Settings,
    device: Device,
    seconds: float = SECONDS,
    warm_up: float = WARM_UP_SECONDS,
    stopped: Callable[[], bool] = lambda: False,
    scoring: bool = True,
) -> speeds.Speed:
    """Images per second and memory of training `architecture` on `device`, and of `scoring` the
    test set; of no meaning where `stopped`, which is asked before every step, ended it."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (IMAGES, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, architecture.head.classes, (IMAGES,), generator=generator)
    # More epochs than fit into the time; a tiny rate, so that noise does not make it diverge.
    settings = settings.changed(
        epochs=200, early_stopping=0, learning_rate=1e-6, schedule="constant"
    )
    accelerator = accelerator_for(device, settings.precision, architecture.convolutional)
    images = Images(pixels, labels, pixels[:1], labels[:1])
    trainer = Trainer(architecture, images, settings, Preprocessing(0.5, 0.3), accelerator, 0)
    control, at, began = _Until(stopped), trainer.position, time.perf_counter()
    images_before, seconds_before = 0, 0.0
    for event in trainer.events(control, report_seconds=seconds / 8):
        if not isinstance(event, Report) or time.perf_counter() - began <= warm_up:
            continue
        if not seconds_before:
            images_before, seconds_before = at.images_seen, at.train_seconds
        elif at.train_seconds - seconds_before >= seconds:
            control.ended = True
    spent = max(at.train_seconds - seconds_before, 1e-9)
    speed, memory = (at.images_seen - images_before) / spent, accelerator.peak_memory()
    if not scoring or stopped():
        return speeds.Speed(speed, memory, True)
    scored = _scored_per_second(trainer, pixels, seconds * SCORING_SHARE)
    return speeds.Speed(speed, memory, True, scored)


def _scored_per_second(trainer: Trainer, pixels: Tensor, seconds: float) -> float:
    """Images of the test set scored in a second, as at the end of a run; the first pass warms up.

    `pixels` is uint8 `(N, 28, 28)`. It takes `seconds`, or two passes where those take longer."""
    some = pixels[: batch_size(trainer.accelerator.device)]
    count, began = 0, 0.0
    with trainer.accelerator.full_float32():
        while not began or time.perf_counter() - began < seconds:
            predict_logits(trainer.model, some, trainer.preprocessing).cpu()
            if began:
                count += len(some)
            began = began or time.perf_counter()
    return count / (time.perf_counter() - began)


def main() -> None:
    """Answer the question on standard input."""
    architecture, settings, question = jobs.read_question()
    times = QUICK if question.get("quick") else (SECONDS, WARM_UP_SECONDS)
    for name in question["devices"]:
        if processes(name):
            continue
        try:
            device = find_device(name)
            beside = device_holder(device.lock_names)
            with FileLock(devices_dir() / "speed-test.lock"):  # of another tab, say
                speed = measure(architecture, settings, device, *times)
        except Exception as error:  # out of memory, no bf16, the driver: the next device may work
            jobs.answer(device=name, error=str(error).splitlines()[0][:300])
            continue
        row: dict[str, object] = {"device": name, "memory": speed.memory}
        row["scored_per_second"] = speed.scored_per_second
        if beside := beside or device_holder(device.lock_names):
            row["beside"] = beside.name
        else:
            speeds.remember(architecture, settings, name, speed)
        jobs.answer(**row, images_per_second=speed.images_per_second)


if __name__ == "__main__":
    main()
