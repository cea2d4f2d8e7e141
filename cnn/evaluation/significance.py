"""Whether one run is better than another, or only looks so. Plain numpy, scipy where it is asked.

Two runs that read the same test images are compared image by image: what both read rightly, or both
wrongly, says nothing of the difference. Between two networks trained with several seeds each, the
seeds are what varies.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEVEL = 0.05  # below it a difference is said to be one
RESAMPLES = 10_000


@dataclass(frozen=True)
class Comparison:
    """Two runs, A and B, on the same test images. `only_a` counts those that A alone reads rightly.
    `difference` is B's accuracy minus A's in 0-1, `low` to `high` its 95% interval."""

    images: int
    only_a: int
    only_b: int
    p_value: float
    difference: float
    low: float
    high: float

    def sentence(self, a: str, b: str) -> str:
        """What can be said of both, by their names."""
        apart = self.only_a + self.only_b
        if not apart:
            return f"{a} and {b} are right and wrong on the same {self.images:,} images."
        test = f"p {p_text(self.p_value)}, McNemar's exact test on the {apart:,} images that one "
        test += "of them alone reads rightly; 95% interval"
        low, high = 100 * self.low, 100 * self.high
        if self.p_value >= LEVEL:
            test += f" of {b} minus {a}: {low:+.2f} to {high:+.2f} points"
            return (
                f"One cannot tell which is better: {b} reads {abs(100 * self.difference):.2f} "
                f"points {'more' if self.difference >= 0 else 'fewer'} than {a} ({test})."
            )
        better, worse = (b, a) if self.difference > 0 else (a, b)
        low, high = (low, high) if self.difference > 0 else (-high, -low)
        test += f" {low:.2f} to {high:.2f} points"
        return (
            f"{better} is better than {worse} by {abs(100 * self.difference):.2f} points ({test})."
        )


def compare(right_a: NDArray[np.bool_], right_b: NDArray[np.bool_], seed: int = 0) -> Comparison:
    """Compare two runs by which test images each reads rightly, bool `(N,)` both."""
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    images = len(right_a)
    low, high = bootstrap_interval(images, only_a, only_b, seed)
    difference = (only_b - only_a) / images
    return Comparison(images, only_a, only_b, mcnemar(only_a, only_b), difference, low, high)


def mcnemar(only_a: int, only_b: int) -> float:
    """The two-sided p-value of McNemar's exact test (McNemar 1947, Psychometrika 12, 153-157): how
    likely so uneven a share of the images that one run alone reads rightly is, were both equal."""
    count, fewer = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(count, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / 2**count)  # whole numbers until here: exact, however many


def bootstrap_interval(
    images: int, only_a: int, only_b: int, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The 95% interval of the difference of two accuracies by the paired bootstrap (Efron and
    Tibshirani 1993, chapter 13): images are drawn anew, each with what both runs made of it.

    All that counts of a draw is how many images only A, only B, and both or neither read rightly:
    three numbers of a multinomial distribution, so that no image is drawn by itself.
    """
    shares = np.array([only_a, only_b, images - only_a - only_b]) / images
    drawn = np.random.default_rng(seed).multinomial(images, shares, size=resamples)
    low, high = np.quantile((drawn[:, 1] - drawn[:, 0]) / images, [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class GroupComparison:
    """Two networks trained with several seeds each: accuracies' means and standard deviations in
    0-1, and the p-value of Welch's t-test."""

    seeds: tuple[int, int]
    means: tuple[float, float]
    deviations: tuple[float, float]
    p_value: float

    def sentence(self, a: str, b: str) -> str:
        """What can be said of both, by their names."""
        (mean_a, mean_b), (n_a, n_b) = self.means, self.seeds
        figures = ", ".join(
            f"{name} {100 * mean:.2f} ± {100 * deviation:.2f}%"
            for name, mean, deviation in zip((a, b), self.means, self.deviations, strict=True)
        )
        test = f"p {p_text(self.p_value)}, Welch's t-test over {n_a} and {n_b} seeds; {figures}"
        if not self.p_value < LEVEL:
            return f"One cannot tell which is better ({test})."
        better, worse = (b, a) if mean_b > mean_a else (a, b)
        by = abs(100 * (mean_b - mean_a))
        return f"{better} is better than {worse} by {by:.2f} points on average ({test})."


def compare_groups(a: Sequence[float], b: Sequence[float]) -> GroupComparison:
    """Compare two networks by the accuracies that each reached with two or more seeds: Welch's
    t-test (Welch 1947, Biometrika 34, 28-35)."""
    from scipy.stats import ttest_ind

    first, second = np.array(a, float), np.array(b, float)
    if first.std() == second.std() == 0:  # without any spread the test divides by zero
        p_value = 1.0 if first.mean() == second.mean() else 0.0
    else:
        p_value = float(ttest_ind(first, second, equal_var=False).pvalue)
    means = float(first.mean()), float(second.mean())
    deviations = float(first.std(ddof=1)), float(second.std(ddof=1))
    return GroupComparison((len(first), len(second)), means, deviations, p_value)


def p_text(value: float) -> str:
    """A p-value as people write it after the letter: `= 0.003`, `< 0.001`."""
    if value < 0.001:
        return "< 0.001"
    return f"= {value:.3f}" if value < 0.0995 else f"= {value:.2f}"
