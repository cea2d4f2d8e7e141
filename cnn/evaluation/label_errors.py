"""Labels that are likely wrong, ranked by how little a network that never saw them believes them.

Confident learning (Northcutt, Jiang and Chuang, 2021, JAIR 70, arXiv:1911.00068), by cleanlab,
which is imported where it is used: that takes a second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# MNIST's test labels that people found wrong: of a hundred shown to five people each, those with
# which fewer than three agreed. Northcutt, Athalye and Mueller, 2021, "Pervasive label
# errors in test sets destabilize machine learning benchmarks", arXiv:2103.14749; from
# mturk/mnist_mturk.json of github.com/cleanlab/label-errors (commit 5457895).
VALIDATED: dict[str, tuple[int, ...]] = {
    "mnist": (
        *(947, 1621, 1901, 2130, 2462, 2597, 2654, 3520),
        *(3558, 5937, 6651, 6783, 8527, 9679, 9729),
    )
}


@dataclass(frozen=True)
class LabelErrors:
    """Images by how likely their label is wrong.

    `order` int64 `(N,)`: indices, the most suspicious first; `quality` float64 `(N,)` in 0-1, of
    each image in its own order: near 0 where the network is sure of another class. `estimated` is
    how many labels confident learning takes for wrong.
    """

    order: NDArray[np.int64]
    quality: NDArray[np.float64]
    estimated: int

    def found(self, dataset: str, among: int) -> tuple[int, int] | None:
        """How many of the data set's errors that people validated are in the first `among`, and how
        many there are; None where nobody validated its labels."""
        known = VALIDATED.get(dataset)
        if known is None or max(known) >= len(self.order):
            return None
        return len(set(known) & set(self.order[:among].tolist())), len(known)


def rank(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> LabelErrors:
    """Rank labels by cleanlab's normalised margin: the label's probability minus the largest of the
    other classes, which its authors advise for labels that are another class's.

    `probabilities` float32 `(N, classes)` must be of a network that has not learned from these.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    # What was kept in 16 bits does not quite sum to 1.
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    quality = get_label_quality_scores(labels, exact, method="normalized_margin")
    # Every class must occur, or cleanlab refuses.
    whole = len(np.unique(labels)) == exact.shape[1]
    estimated = int(find_label_issues(labels, exact, n_jobs=1).sum()) if whole else 0
    return LabelErrors(np.argsort(quality, kind="stable"), quality, estimated)
