"""Images per second of a network on each device: two seconds of the real training loop on each.

`python -m cnn.runs.speed_test` reads `{"architecture": ..., "settings": ..., "devices": [...]}`
from standard input and answers a JSON line per device: `device`, `images_per_second` and `memory`
(bytes), or `error`.
"""

from __future__ import annotations

import time

import torch

from cnn.datasets import Images, Preprocessing
from cnn.network import Architecture
from cnn.runs import jobs, speeds
from cnn.training import Settings
from cnn.training.control import ManualControl
from cnn.training.devices import Device, compute_for, find_device, processes, usage
from cnn.training.events import Report
from cnn.training.trainer import Trainer

WARM_UP_SECONDS, SECONDS = 0.5, 2.0
IMAGES = 8192  # noise: speed does not depend on what the pixels show


def measure(
    architecture: Architecture,
    settings: Settings,
    device: Device,
    seconds: float = SECONDS,
    warm_up: float = WARM_UP_SECONDS,
) -> speeds.Speed:
    """Images per second and memory of training `architecture` on `device`."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (IMAGES, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(0, architecture.head.classes, (IMAGES,), generator=generator)
    # More epochs than fit into the time; a tiny rate, so that noise does not make it diverge.
    settings = settings.changed(
        epochs=200, early_stopping=0, learning_rate=1e-6, schedule="constant"
    )
    compute = compute_for(device, settings.precision, architecture.convolutional)
    images = Images(pixels, labels, pixels[:1], labels[:1])
    trainer = Trainer(architecture, images, settings, Preprocessing(0.5, 0.3), compute, 0)
    control, seen, began, measured_from = ManualControl(), 0, time.perf_counter(), 0.0
    for event in trainer.events(control, report_seconds=seconds / 8):
        if isinstance(event, Report) and time.perf_counter() - began > warm_up:
            if not measured_from:
                seen, measured_from = trainer.position.images_seen, time.perf_counter()
            elif time.perf_counter() - measured_from >= seconds:
                control.stop = True
    spent = time.perf_counter() - measured_from
    speed = (trainer.position.images_seen - seen) / spent if measured_from else 0.0
    memory, _ = usage(compute.device)
    if compute.device.type == "cuda":
        memory = torch.cuda.max_memory_reserved(compute.device)
    return speeds.Speed(speed, memory, True)


def main() -> None:
    """Answer the question on standard input."""
    architecture, settings, question = jobs.read_question()
    for name in question["devices"]:
        if processes(name):
            continue
        try:
            speed = measure(architecture, settings, find_device(name))
        except Exception as error:  # out of memory, no bf16, the driver: the next device may work
            jobs.answer(device=name, error=str(error).splitlines()[0][:300])
            continue
        speeds.remember(architecture, settings, name, speed)
        jobs.answer(device=name, images_per_second=speed.images_per_second, memory=speed.memory)


if __name__ == "__main__":
    main()
