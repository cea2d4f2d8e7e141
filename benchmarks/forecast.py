"""The time that Train foretells, against what the training takes: every preset, on the CPU.

    python -m benchmarks.forecast [--seconds 15] [--rounds 1] [PRESET ...]

Each preset is foretold as on a fresh machine, before any *Measure*: by the standby worker's quick
measurement. Then one epoch is trained by a real worker, on as many images as should take
`--seconds`, and the clock runs from the launch to the run's last status. With `--rounds` all of it
is done so often, preset after preset, each time forgotten again: medians, where the machine's own
speed changes. Uses MNIST where it is on disk, else the bundled sample.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable

from benchmarks.tables import median, print_machine, print_table
from cnn import datasets, runs
from cnn.datasets import DATASETS
from cnn.network import Architecture
from cnn.presets import PRESETS, Preset
from cnn.runs import forecast, standby
from cnn.training import Settings
from cnn.training.device import Device, takes_bf16
from cnn.training.devices import find_device

LEAST_IMAGES = 1_000
TICK = 0.02

Ask = Callable[[Architecture, Settings, Device], bool]


def wait_for_standby() -> None:
    """Until a worker waits, with PyTorch imported."""
    while not standby.state()[1]:
        time.sleep(TICK)


def foretell(
    preset: Preset, settings: Settings, dataset: str, cpu: Device, ask: Ask
) -> forecast.Forecast:
    """What the page would say, its measurement in the background done."""
    while ask(preset.architecture, settings, cpu):
        time.sleep(TICK)
    bf16 = takes_bf16(cpu, settings.precision, preset.architecture.convolutional)
    found = forecast.forecast(preset.architecture, settings, dataset, cpu.id, bf16)
    assert found is not None
    return found


def one_epoch(preset: Preset, dataset: str, cpu: Device, seconds: float, ask: Ask) -> Settings:
    """The preset's settings for one epoch, on as many images as take about `seconds`."""
    settings = preset.settings.changed(epochs=1)
    most = settings.trained_on(DATASETS[dataset])
    whole = foretell(preset, settings, dataset, cpu, ask).whole
    count = max(LEAST_IMAGES, int(most * seconds / whole))
    return settings if count >= most else settings.changed(train_images=count)


def measure(
    preset: Preset, dataset: str, cpu: Device, seconds: float, ask: Ask
) -> tuple[float, float]:
    """Seconds foretold and taken."""
    wait_for_standby()
    settings = one_epoch(preset, dataset, cpu, seconds, ask)
    expected = foretell(preset, settings, dataset, cpu, ask).whole
    run = runs.new(preset.architecture, settings, dataset, cpu.id, preset.name)
    began = time.perf_counter()
    runs.launch(run)
    while run.last_status()["state"] in runs.ACTIVE:
        time.sleep(TICK)
    took = time.perf_counter() - began
    assert run.state == "finished", run.log()
    while run.is_alive():
        time.sleep(TICK)
    return expected, took


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("presets", nargs="*", metavar="PRESET")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    print_machine()
    dataset, cpu = datasets.default_dataset(), find_device("cpu")
    names = options.presets or list(PRESETS)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="forecast-") as folder:  # nothing is known there
            os.environ["CNN_RUNS_DIR"] = folder
            ask = forecast.Measuring().ask
            standby.start()
            for name in names:
                expected, took = measure(PRESETS[name], dataset, cpu, options.seconds, ask)
                found[name].append((expected, took))
                print(f"{name} {expected:.1f} {took:.1f} {expected / took - 1:+.0%}", flush=True)
            standby.end()
    rows, errors = [], []
    for name, pairs in found.items():
        off = [expected / took - 1 for expected, took in pairs]
        errors.append(median(off))
        expected, took = (median(list(side)) for side in zip(*pairs, strict=True))
        spread = f"{min(off):+.0%} to {max(off):+.0%}"
        rows.append([name, f"{expected:.1f}", f"{took:.1f}", f"{errors[-1]:+.0%}", spread])
    print()
    print_table(["preset", "foretold, s", "took, s", "off by", "spread"], rows)
    within = sum(abs(error) <= 0.25 for error in errors)
    print(f"\n{within} of {len(errors)} within 25 %, median {median(list(map(abs, errors))):.0%}")


if __name__ == "__main__":
    main()
