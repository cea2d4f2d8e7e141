"""How fast this machine's CPU is at training: a few steps of some presets, well under a second.

`standby_tasks` does it where it is not known yet, else `python -m cnn.runs.calibration`. It is
kept for this machine and this version of torch (`speeds.calibration`).
"""

from __future__ import annotations

import math

from cnn.presets import PRESETS
from cnn.runs import speed_test, speeds
from cnn.runs.store import device_holder
from cnn.training.accelerators import Accelerator
from cnn.training.device import takes_bf16

ROUNDS, SECONDS, WARM_UP_SECONDS = 3, 0.04, 0.01
SMALL, LARGE = "tutorial", ("compact", "lenet5", "nin")  # a step's own cost; arithmetic


def calibrate() -> None:
    """Measure the factors of `speeds.calibration`, unless they are known or a run trains here."""
    cpu = Accelerator.find_devices()[0]
    if speeds.calibration() or device_holder(cpu.lock_names):
        return

    steps = dict.fromkeys((SMALL, *LARGE), math.inf)
    for _ in range(ROUNDS):  # in turn, and the fastest counts: others may compute meanwhile
        for name in steps:
            preset = PRESETS[name]
            network, settings = preset.architecture, preset.settings
            times = SECONDS, WARM_UP_SECONDS
            speed = speed_test.measure(network, settings, cpu, *times, scoring=False)
            seconds = settings.batch_size / speed.images_per_second
            steps[name] = min(steps[name], 1e6 * seconds)

    def parts(name: str) -> tuple[float, float]:
        network, settings = PRESETS[name].architecture, PRESETS[name].settings
        bf16 = takes_bf16(cpu, settings.precision, network.convolutional)
        return speeds.parts_of_step(network, settings, bf16)

    by_step = steps[SMALL] / sum(parts(SMALL))
    factors = []
    for name in LARGE:
        step, arithmetic = parts(name)
        factors.append(max(steps[name] - by_step * step, 0.3 * steps[name]) / arithmetic)
    if not device_holder(cpu.lock_names):
        speeds.keep_calibration(by_step, math.prod(factors) ** (1 / len(factors)))


if __name__ == "__main__":
    calibrate()
