"""How fast this machine's CPU is at training: a few steps of some presets, well under a second.

`standby_worker` does it where it is not known yet, else `python -m cnn.runs.calibration`. It is
kept for this machine and this version of torch (`speeds.calibration`).
"""

from __future__ import annotations

import math

from cnn.presets import PRESETS
from cnn.runs import speed_test, speeds
from cnn.runs.store import device_holder
from cnn.training.accelerators import Accelerator
from cnn.training.device import takes_bf16

SECONDS, WARM_UP_SECONDS = 0.12, 0.05
SMALL, LARGE = "tutorial", ("compact", "lenet5", "nin")  # a step's own cost; arithmetic


def calibrate() -> None:
    """Measure the factors of `speeds.calibration`, unless they are known or a run trains here."""
    cpu = Accelerator.find_devices()[0]
    if speeds.calibration() or device_holder(cpu.lock_names):
        return

    def measured(name: str) -> tuple[float, float, float]:
        """Microseconds of a step, as measured, and its two parts by hand."""
        preset = PRESETS[name]
        network, settings = preset.architecture, preset.settings
        speed = speed_test.measure(network, settings, cpu, SECONDS, WARM_UP_SECONDS)
        bf16 = takes_bf16(cpu, settings.precision, network.convolutional)
        parts = speeds.parts_of_step(network, settings, bf16)
        return 1e6 * settings.batch_size / speed.images_per_second, *parts

    whole, step, arithmetic = measured(SMALL)
    by_step = whole / (step + arithmetic)
    factors = []
    for name in LARGE:
        whole, step, arithmetic = measured(name)
        factors.append(max(whole - by_step * step, 0.1 * whole) / arithmetic)
    if not device_holder(cpu.lock_names):
        speeds.keep_calibration(by_step, math.prod(factors) ** (1 / len(factors)))


if __name__ == "__main__":
    calibrate()
