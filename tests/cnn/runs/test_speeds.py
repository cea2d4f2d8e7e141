"""Measured speeds, and the estimate for networks without a measurement."""

from __future__ import annotations

import json

from cnn.presets import PRESETS
from cnn.runs import speeds
from tests.conftest import SMALL, SMALL_SETTINGS

LONG = SMALL_SETTINGS.changed(epochs=200)


def test_what_trained_is_known_to_the_next_estimate(runs_folder):
    assert speeds.recall(SMALL, SMALL_SETTINGS, "cpu") is None
    speeds.remember(SMALL, SMALL_SETTINGS, "cpu", speeds.Speed(1234.5, 10**9))
    known = speeds.recall(SMALL, SMALL_SETTINGS, "cpu")
    assert known == speeds.Speed(1234.5, 10**9, True)
    for scored in (3000.0, None):  # a run knows nothing of scoring: what was measured stays
        speeds.remember(SMALL, SMALL_SETTINGS, "cpu", speeds.Speed(1000.0, None, True, scored))
        known = speeds.recall(SMALL, SMALL_SETTINGS, "cpu")
        assert known == speeds.Speed(1000.0, None, True, 3000.0)
    kept = json.loads((runs_folder / ".devices" / "speeds.json").read_text())
    kept = {key: value[:2] for key, value in kept.items()}  # as an earlier version kept it
    (runs_folder / ".devices" / "speeds.json").write_text(json.dumps(kept))
    assert speeds.recall(SMALL, SMALL_SETTINGS, "cpu") == speeds.Speed(1000.0, None, True)
    other = SMALL_SETTINGS.changed(batch_size=65)
    assert speeds.recall(SMALL, other, "cpu") is None
    (runs_folder / ".devices" / "speeds.json").write_text("[1, 2")
    assert speeds.recall(SMALL, SMALL_SETTINGS, "cpu") is None


def test_an_estimate_grows_with_the_network_and_falls_with_the_batch():
    slow, fast = PRESETS["classic"].architecture, PRESETS["tutorial"].architecture
    estimate = {n: speeds.estimate(n, LONG, False).images_per_second for n in (slow, fast)}
    assert estimate[fast] > 5 * estimate[slow]
    small = LONG.changed(batch_size=4)
    assert speeds.estimate(fast, small, False).images_per_second < estimate[fast] / 3
