"""How fast a network trains on each device: two seconds of the real training loop on each.

`python -m cnn.runs.measure_speed` reads `{"architecture": ..., "settings": ..., "devices": [...]}`
from standard input and answers a JSON line per device: `device`, `images_per_second` and `memory`
(bytes), or `error`.
"""

from __future__ import annotations

import time

import torch

from cnn.datasets import Images, Preprocessing
from cnn.network import Architecture, from_dict
from cnn.runs import jobs, speeds
from cnn.training import Settings, read_settings
from cnn.training.control import Steer
from cnn.training.devices import Device, compute_for, find_device, processes, usage
from cnn.training.events import Report
from cnn.training.trainer import Trainer

WARM_UP_SECONDS, SECONDS = 0.5, 2.0
IMAGES = 8192  # noise: what the pixels show makes no step slower


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
    # Long enough for any device; a tiny rate, since noise is not worth learning.
    settings = settings.model_copy(
        update={"epochs": 200, "early_stopping": 0, "learning_rate": 1e-6, "schedule": "constant"}
    )
    compute = compute_for(device, settings.precision, architecture.convolutional)
    trainer = Trainer(
        architecture, Images(pixels, labels, pixels[:1], labels[:1]), settings,
        Preprocessing(0.5, 0.3), compute, 0,
    )  # fmt: skip
    steer, images, spent, began = Steer(), 0.0, 0.0, time.perf_counter()
    for event in trainer.events(steer, report_seconds=seconds / 8):
        if isinstance(event, Report) and time.perf_counter() - began > warm_up:
            seen = trainer.position.images_seen
            if not spent:
                images, spent = seen, time.perf_counter()
            elif time.perf_counter() - spent >= seconds:
                steer.stop = True
    now = time.perf_counter()
    speed = (trainer.position.images_seen - images) / (now - spent) if spent else 0.0
    peak = (
        torch.cuda.max_memory_reserved(compute.device)
        if compute.device.type == "cuda"
        else usage(compute.device)["memory"]
    )
    return speeds.Speed(speed, peak, True)


def main() -> None:
    """Answer the question on standard input."""
    asked = jobs.question()
    architecture, settings = from_dict(asked["architecture"]), read_settings(asked["settings"])
    for name in asked["devices"]:
        if processes(name):
            continue
        try:
            speed = measure(architecture, settings, find_device(name))
        except Exception as error:  # out of memory, no bf16, a driver's whim: the next may work
            jobs.answer(device=name, error=str(error).splitlines()[0][:300])
            continue
        speeds.remember(architecture, settings, name, speed.images_per_second, speed.memory)
        jobs.answer(device=name, images_per_second=speed.images_per_second, memory=speed.memory)


if __name__ == "__main__":
    main()
