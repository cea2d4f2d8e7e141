"""Images per second of the whole training, side by side.

    python -m benchmarks.throughput [--quick] [--keras] [--device cpu] [--seconds 3] [--rounds 3]

ours        the real worker, writing its reports, checkpoints and live snapshots
bare        the same network, optimiser, precision and memory layout in a loop with nothing else
DataLoader  the loop of PyTorch's MNIST example (float32, torchvision transforms), in a process of
            its own with PyTorch's own settings
Keras       `fit` of the same network, in an environment of its own (made on the first `--keras`)

Compact CNN is measured without Handwriting, which the other loops do not do; `--as-it-stands`
keeps it in ours. The contenders take turns, so that whatever else the machine does meets them
alike; medians of all rounds, lowest and highest in brackets. Needs MNIST on disk
(`python -m cnn download mnist`).
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F

from benchmarks import keras_contender
from benchmarks.contender import Contender
from benchmarks.tables import median, median_and_range, print_machine, print_table
from cnn import datasets, runs
from cnn.export.codegen import pytorch
from cnn.presets import PRESETS, Preset
from cnn.runs.worker import run_worker
from cnn.training import OPTIMIZERS, Settings
from cnn.training.accelerators import Accelerator, accelerator_for
from cnn.training.devices import find_device
from cnn.training.events import Report
from cnn.training.optimizers import make_optimizer

NETWORKS = ("tutorial", "lenet5", "compact", "classic")
WARM_UP_STEPS = 20


def ours(preset: Preset, settings: Settings, device: str, seconds: float) -> float:
    """The worker's speed by the clock, whatever it does besides training included."""
    run = runs.new(preset.architecture, settings, "mnist", device)
    began: list[tuple[float, int]] = []
    now: list[tuple[float, int]] = []

    def watch(event: object) -> None:
        if isinstance(event, Report):
            now[:] = [(time.perf_counter(), event.step)]
            if not began and event.step >= WARM_UP_STEPS:
                began[:] = now
            if began and now[0][0] - began[0][0] >= seconds:
                run.send(stop=True)

    assert run_worker(run, watch, background=False) in ("stopped", "finished"), run.log()
    images = (now[0][1] - began[0][1]) * settings.batch_size
    return images / (now[0][0] - began[0][0])


def timed(steps: Iterator[int], seconds: float, synchronise: Callable[[], None]) -> float:
    """Images per second of a loop that yields how many images each step saw."""
    for _ in itertools.islice(steps, WARM_UP_STEPS):
        pass
    synchronise()
    images, began = 0, time.perf_counter()
    for count in steps:
        images += count
        if time.perf_counter() - began >= seconds:
            break
    synchronise()
    return images / (time.perf_counter() - began)


def bare_loop(preset: Preset, settings: Settings, accelerator: Accelerator) -> Iterator[int]:
    """Normalised float images in memory, an index per batch, forward, backward, update."""
    images = datasets.load("mnist")
    normalise = datasets.preprocessing_for("mnist", settings.normalisation)
    x = normalise(images.train_images.to(accelerator.device))
    y = images.train_labels.to(accelerator.device)
    model = preset.architecture.build().to(accelerator.device)
    if accelerator.channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = make_optimizer(model, settings, accelerator)
    model.train()
    while True:
        order = torch.randperm(len(x)).to(accelerator.device)
        for begin in range(0, len(x) - settings.batch_size + 1, settings.batch_size):
            index = order[begin : begin + settings.batch_size]
            with accelerator.autocast():
                loss = F.cross_entropy(model(x[index]), y[index])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            yield settings.batch_size


def loader_question(preset: Preset, settings: Settings) -> dict[str, object]:
    """What the DataLoader's process must know: the network as our own exported script."""
    return {
        "source": pytorch(
            preset.architecture,
            settings,
            datasets.preprocessing_for("mnist", settings.normalisation),
        ),
        "optimizer": OPTIMIZERS[settings.optimizer].torch_name,
        "rate": settings.learning_rate,
        "batch_size": settings.batch_size,
        "folder": str(datasets.data_dir().resolve()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="batch 64, short: about a minute")
    parser.add_argument("--keras", action="store_true")
    parser.add_argument("--as-it-stands", action="store_true", help="with Handwriting in ours")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", choices=list(PRESETS), default=list(NETWORKS))
    parser.add_argument("--batches", nargs="+", type=int, default=[64, 256])
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds, options.batches = 1.0, 3, [64]
    os.environ["CNN_RUNS_DIR"] = tempfile.mkdtemp(prefix="throughput-")
    device = find_device(options.device)
    loader = Contender(sys.executable, Path(__file__).with_name("loader_contender.py"))
    keras = keras_contender.start() if options.keras else None
    print_machine()

    rows = []
    for name, batch in itertools.product(options.networks, options.batches):
        preset = PRESETS[name]
        changes = {} if options.as_it_stands else {"handwriting": 0.0}
        settings = preset.settings.changed(
            batch_size=batch, epochs=200, validation_images=0, **changes
        )
        convolutional = preset.architecture.convolutional
        accelerator = accelerator_for(device, settings.precision, convolutional)
        speeds: dict[str, list[float]] = {}

        for _ in range(options.rounds):
            round_ = {
                "ours": lambda p=preset, s=settings: ours(p, s, device.id, options.seconds),
                "bare": lambda p=preset, s=settings, a=accelerator: timed(
                    bare_loop(p, s, a), options.seconds, a.synchronize
                ),
                "DataLoader": lambda p=preset, s=settings: loader.speed(
                    **loader_question(p, s), seconds=options.seconds
                ),
            }
            if keras:
                round_["Keras"] = lambda n=name, b=batch: keras.speed(
                    preset=n, batch_size=b, seconds=options.seconds
                )
            for who, run in round_.items():
                speeds.setdefault(who, []).append(run())
        row = [preset.label, str(batch), accelerator.precision]
        for who, values in speeds.items():
            row.append(median_and_range(values))
            if who != "ours":  # of each round: the contenders stood side by side
                ratios = [o / v for o, v in zip(speeds["ours"], values, strict=True)]
                row.append(f"{median(ratios):.2f}")
        rows.append(row)
        print(f"  {preset.label}, batch {batch}: done", flush=True)
    head = ["network", "batch", "precision", "ours", "bare", "ours/bare", "DataLoader", "ours/DL"]
    print("\nImages per second\n")
    print_table(head + (["Keras", "ours/Keras"] if keras else []), rows)


if __name__ == "__main__":
    main()
