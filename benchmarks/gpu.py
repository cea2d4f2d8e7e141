"""Everything about one NVIDIA GPU by one command: throughput, graphs on and off, time to 99 %.

    python -m benchmarks.gpu [--device cuda:0] [--seconds 2] [--rounds 3] [--seeds 3]

ours          the real worker, with CUDA graphs as it takes them by default
no graphs     the same with `CNN_CUDA_GRAPHS=0`
bare          the network in a loop with nothing else
hand-written  the bare loop's step recorded as a CUDA graph by hand
Measure       what the page's button says of it

The contenders take turns; medians, lowest and highest in brackets. Needs MNIST on disk and no
Streamlit. Every network without Handwriting, which the bare loops do not do.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F

from benchmarks.tables import median, median_and_range, print_machine, print_table
from benchmarks.throughput import bare_loop, ours, timed
from benchmarks.time_to_accuracy import race
from cnn import datasets
from cnn.presets import PRESETS, Preset
from cnn.runs import speed_test
from cnn.training import Settings
from cnn.training.accelerators import Accelerator, accelerator_for
from cnn.training.device import Device
from cnn.training.devices import find_device
from cnn.training.optimizers import make_optimizer

NETWORKS = ("tutorial", "lenet5", "compact", "classic")


def hand_written(preset: Preset, settings: Settings, gpu: Accelerator) -> Iterator[int]:
    """The bare loop, its step recorded once and replayed, as PyTorch's notes on CUDA show it."""
    images = datasets.load("mnist")
    normalise = datasets.preprocessing_for("mnist", settings.normalisation)
    x, y = normalise(images.train_images.to(gpu.device)), images.train_labels.to(gpu.device)
    model = preset.architecture.build().to(gpu.device)
    if gpu.channels_last:
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = make_optimizer(model, settings, gpu, graphed=True)
    model.train()
    batch = settings.batch_size
    static_x, static_y = x[:batch].clone(), y[:batch].clone()

    def step() -> None:
        with gpu.autocast():
            loss = F.cross_entropy(model(static_x), static_y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    while True:
        order = torch.randperm(len(x)).to(gpu.device)
        for begin in range(0, len(x) - batch + 1, batch):
            index = order[begin : begin + batch]
            static_x.copy_(x[index])
            static_y.copy_(y[index])
            graph.replay()
            yield batch


def contenders(
    preset: Preset, settings: Settings, device: Device, seconds: float
) -> dict[str, Callable[[], float]]:
    """What runs in turn; each call measures images per second once."""
    gpu = accelerator_for(device, settings.precision, preset.architecture.convolutional)
    gpu.activate()

    def worker(graphs: str) -> float:
        os.environ["CNN_CUDA_GRAPHS"] = graphs
        try:
            return ours(preset, settings, device.id, seconds)
        finally:
            del os.environ["CNN_CUDA_GRAPHS"]

    found = {
        "ours": lambda: worker("1"),
        "no graphs": lambda: worker("0"),
        "Measure": lambda: (
            speed_test.measure(preset.architecture, settings, device, seconds).images_per_second
        ),
        "bare": lambda: timed(bare_loop(preset, settings, gpu), seconds, gpu.synchronize),
    }
    if gpu.records_graphs(settings.optimizer):
        found["hand-written"] = lambda: timed(
            hand_written(preset, settings, gpu), seconds, gpu.synchronize
        )
    return found


def throughput(options: argparse.Namespace, device: Device) -> None:
    """Print images per second of every network and contender."""
    rows, names = [], ["ours", "no graphs", "Measure", "bare", "hand-written"]
    for name in options.networks:
        preset = PRESETS[name]
        plan = {"epochs": 200, "validation_images": 0, "handwriting": 0.0, "early_stopping": 0}
        settings = Settings(**{**preset.settings.model_dump(), **plan})
        speeds: dict[str, list[float]] = {}
        for _ in range(options.rounds):
            for who, measure in contenders(preset, settings, device, options.seconds).items():
                speeds.setdefault(who, []).append(measure())
        ratio = f"{median(speeds['ours']) / median(speeds['no graphs']):.2f}"
        cells = [median_and_range(speeds.get(who, [])) if who in speeds else "–" for who in names]
        rows.append([preset.label, str(settings.batch_size), settings.optimizer, *cells, ratio])
    print("\nImages per second\n")
    print_table(["network", "batch", "optimiser", *names, "ours/no graphs"], rows)


def time_to_99(options: argparse.Namespace, device: Device) -> None:
    """Print how long the default network trains until it reads 99 % of the test images."""
    rows = []
    for graphs in ("1", "0"):
        os.environ["CNN_CUDA_GRAPHS"] = graphs
        results = []
        for seed in range(options.seeds):
            settings = Settings(**{**PRESETS["compact"].settings.model_dump(), "seed": seed})
            results.append(race("compact", settings, device.id))
        there = [reached[0.99][0] for reached, _, _ in results if 0.99 in reached]
        rows.append(
            [
                "on" if graphs == "1" else "off",
                f"{median_and_range(there, '.2f')} ({len(there)} of {len(results)})",
                median_and_range([accuracy for _, accuracy, _ in results], ".2%"),
                median_and_range([seconds for _, _, seconds in results], ".2f"),
            ]
        )
    del os.environ["CNN_CUDA_GRAPHS"]
    print("\nCompact CNN with Handwriting, training seconds\n")
    print_table(["graphs", "s to 99 % (seeds)", "test accuracy", "s in all"], rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--networks", nargs="+", choices=list(PRESETS), default=list(NETWORKS))
    options = parser.parse_args()
    os.environ["CNN_RUNS_DIR"] = tempfile.mkdtemp(prefix="gpu-")
    device = find_device(options.device)
    print_machine()
    throughput(options, device)
    time_to_99(options, device)


if __name__ == "__main__":
    main()
