"""How long until a network reads 98, 99, 99.4 % of the test images, over several seeds.

    python -m benchmarks.time_to_accuracy [--quick] [--presets compact] [--epochs 1] [--seeds 5]
                                          [--set precision=float32]

Seconds are those of training alone, from the first step: the clock stands still while the test
set is scored, whenever 3 % more images were seen than at the last scoring (twice a second at most),
and at each epoch's end. The test set chooses nothing here: the last column is the accuracy at the
end. Needs MNIST on disk.
"""

from __future__ import annotations

import argparse
import functools

from benchmarks.tables import median_and_range, print_machine, print_table
from cnn import datasets
from cnn.drawing import synthetic_digits
from cnn.presets import PRESETS
from cnn.training import Settings, parse_settings
from cnn.training.accelerators import accelerator_for
from cnn.training.control import ManualControl
from cnn.training.devices import find_device
from cnn.training.events import EpochEnd, Report
from cnn.training.trainer import Trainer

TARGETS = (0.98, 0.99, 0.994)
APART = 1.03  # of the images seen, between two scorings


def race(preset: str, settings: Settings, device: str) -> tuple[dict[float, tuple], float, float]:
    """For each target `(seconds, images)` when it was first reached; final accuracy; seconds."""
    architecture = PRESETS[preset].architecture
    images = datasets.load("mnist")
    trainer = Trainer(
        architecture,
        images,
        settings,
        datasets.preprocessing_for("mnist", settings.normalisation),
        accelerator_for(find_device(device), settings.precision, architecture.convolutional),
        settings.held_out(datasets.DATASETS["mnist"]),
        extra=functools.partial(synthetic_digits.additional_images, "mnist", settings),
    )
    test_x = images.test_images.to(trainer.accelerator.device)
    test_y = images.test_labels.to(trainer.accelerator.device)
    reached: dict[float, tuple] = {}
    accuracy, scored_at = 0.0, 0.0
    for event in trainer.events(ManualControl()):
        if not isinstance(event, Report | EpochEnd):
            continue
        seen = trainer.position.images_seen
        if isinstance(event, Report) and seen < APART * scored_at:
            continue
        scored_at = seen
        accuracy = float((trainer.logits(test_x).argmax(1) == test_y).float().mean())
        for target in TARGETS:
            if accuracy >= target and target not in reached:
                reached[target] = (trainer.position.train_seconds, seen)
    return reached, accuracy, trainer.position.train_seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="Compact CNN, one epoch, one seed")
    parser.add_argument("--presets", nargs="+", choices=list(PRESETS), default=["compact"])
    parser.add_argument("--epochs", type=int, nargs="+", help="default: the preset's own")
    parser.add_argument("--seeds", type=int, default=5, help="how many, counted from 0")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.epochs = 1, [1]
    print_machine()
    rows = []
    for name in options.presets:
        for epochs in options.epochs or [PRESETS[name].settings.epochs]:
            results = []
            for seed in range(options.seeds):
                settings = parse_settings(
                    PRESETS[name].settings, [*options.set, f"epochs={epochs}", f"seed={seed}"]
                )
                results.append(race(name, settings, options.device))
                print(f"  {name}, {epochs} epochs, seed {seed}: {results[-1][1]:.2%}", flush=True)
            row = [PRESETS[name].label, str(epochs), str(options.seeds)]
            for target in TARGETS:
                there = [reached[target] for reached, _, _ in results if target in reached]
                row.append(f"{median_and_range([s for s, _ in there], '.1f')} ({len(there)})")
                row.append(median_and_range([n for _, n in there]))
            finals = [accuracy for _, accuracy, _ in results]
            row += [median_and_range(finals, ".2%"), f"{sum(finals) / len(finals):.3%}"]
            row.append(median_and_range([s for _, _, s in results], ".1f"))
            rows.append(row)
    head = ["network", "epochs", "seeds"]
    for target in TARGETS:
        head += [f"s to {target:.1%} (seeds)", f"images to {target:.1%}"]
    print()
    print_table([*head, "test accuracy", "mean", "s in all"], rows)


if __name__ == "__main__":
    main()
