"""One run on 1, 2, 4 ... devices: images per second at the same whole batch.

    python -m benchmarks.scaling [--quick] [--preset compact] [--batch 256] [--processes 1 2]

On GPUs each process has one; on the CPU the processes share the cores, so that the best to hope
for is what one process with all cores does. Needs MNIST on disk.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time

import torch

from benchmarks.tables import median, median_and_range, print_machine, print_table
from cnn import runs
from cnn.presets import PRESETS
from cnn.training.device import cores


def speed(preset: str, batch: int, device: str, processes: int, seconds: float) -> float:
    """Images per second of a run that the app's own launcher started."""
    os.environ["OMP_NUM_THREADS"] = str(max(1, cores() // processes))
    settings = PRESETS[preset].settings.changed(batch_size=batch, epochs=200, validation_images=0)
    run = runs.new(PRESETS[preset].architecture, settings, "mnist", device)
    runs.launch(run)
    seen: list[tuple[float, int]] = []
    while run.state in runs.ACTIVE:
        reports = [row for row in run.metrics() if row.get("kind") == "report"]
        if reports and reports[-1]["step"] > 20 and (not seen or reports[-1]["step"] > seen[-1][1]):
            seen.append((time.perf_counter(), reports[-1]["step"]))
            if seen[-1][0] - seen[0][0] >= seconds:
                run.send(stop=True)
                break
        time.sleep(0.02)
    while run.is_alive():
        time.sleep(0.05)
    if len(seen) < 2:
        raise SystemExit(f"The run on {device} did not train:\n{run.log()}")
    return (seen[-1][1] - seen[0][1]) * batch / (seen[-1][0] - seen[0][0])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--preset", choices=list(PRESETS), default="compact")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--processes", type=int, nargs="+")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.rounds = 2.0, 1
    os.environ["CNN_RUNS_DIR"] = tempfile.mkdtemp(prefix="scaling-")
    gpus = torch.cuda.device_count()
    counts = options.processes or [n for n in (1, 2, 4, 8) if n <= (gpus or cores())]
    print_machine()
    speeds: dict[int, list[float]] = {count: [] for count in counts}
    for _ in range(options.rounds):
        for count in counts:
            if gpus:
                os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(map(str, range(count)))
                device = "cuda:all" if count > 1 else "cuda:0"
            else:
                device = f"cpu:{count}" if count > 1 else "cpu"
            speeds[count].append(
                speed(options.preset, options.batch, device, count, options.seconds)
            )
    first = median(speeds[counts[0]])
    kind = "GPUs" if gpus else "CPU processes"
    print_table(
        [kind, "images per second", "against the first"],
        [[str(n), median_and_range(v), f"{median(v) / first:.2f}"] for n, v in speeds.items()],
    )


if __name__ == "__main__":
    main()
