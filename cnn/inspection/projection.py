"""Features of many images laid out in two or three dimensions.

PCA is instant. t-SNE and its closer-packed sibling are openTSNE's: it compiles nothing at the
first call, and reports its progress. With attraction held four times as strong
as in t-SNE its picture is that of UMAP (Böhm, Berens and Kobak, 2022, "Attraction-repulsion
spectrum in neighbor embeddings", JMLR 23, arXiv:2007.08902), which is why umap-learn, with numba
and LLVM behind it, is not needed. scikit-learn and openTSNE are imported where they are used:
that takes 1.7 s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnn.common.progress import Progress, silent

EARLY, MAIN, EVERY = 120, 280, 10
COMPONENTS = 30  # what PCA leaves for the neighbours to be sought in
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Projection:
    """A way to lay features out."""

    label: str
    about: str
    exaggeration: float | None = None  # None: not one of openTSNE's


PROJECTIONS: dict[str, Projection] = {
    "t-sne": Projection(
        "t-SNE",
        "Neighbours stay neighbours; distances between clusters mean little. (van der Maaten and "
        "Hinton, 2008, JMLR 9)",
        exaggeration=1.0,
    ),
    "umap-like": Projection(
        "UMAP-like",
        "t-SNE with attraction four times as strong, whose picture is that of UMAP: tighter "
        "clusters, and what lies between them is kept. (Böhm and others, 2022, JMLR 23)",
        exaggeration=4.0,
    ),
    "pca": Projection(
        "PCA", "The directions in which the features differ most: a straight projection, at once."
    ),
}


@dataclass(frozen=True)
class Layout:
    """Points float32 `(N, 2 or 3)`; for PCA the share of the variance each axis explains."""

    points: Array
    explained: Array | None = None


def pca(features: Array, dimensions: int = 2) -> Layout:
    """Principal components of features `(N, p)`, by scikit-learn's randomised decomposition.

    Repeatable, signs included. Axes beyond what the features have are 0.
    """
    from sklearn.decomposition import PCA

    points = np.zeros((len(features), dimensions), np.float32)
    explained = np.zeros(dimensions, np.float32)
    if np.ptp(features, axis=0).any():
        axes = min(dimensions, *features.shape)
        method = PCA(axes, svd_solver="randomized", random_state=0)
        points[:, :axes] = method.fit_transform(features)
        explained[:axes] = method.explained_variance_ratio_
    return Layout(points, explained)


def project(name: str, features: Array, dimensions: int = 2, progress: Progress = silent) -> Layout:
    """Lay features float32 `(N, p)` out in 2 or 3 `dimensions` by a method of PROJECTIONS.

    2,000 images take t-SNE some seconds. Raises ValueError for an unknown method, fewer than 8
    images, or features that are not finite.
    """
    if name not in PROJECTIONS:
        raise ValueError(f"There is no projection '{name}'. Known: {', '.join(PROJECTIONS)}.")
    if dimensions not in (2, 3):
        raise ValueError("Only two or three dimensions can be shown.")
    if len(features) < 8 or not np.isfinite(features).all():
        raise ValueError("At least 8 images with finite features are needed to lay them out.")
    exaggeration = PROJECTIONS[name].exaggeration
    if exaggeration is None:
        return pca(features, dimensions)
    return _tsne(features, dimensions, exaggeration, progress)


def _tsne(features: Array, dimensions: int, exaggeration: float, progress: Progress) -> Layout:
    import openTSNE

    done = 0

    def watch(iteration: int, error: float, points: Array) -> None:
        nonlocal done
        done += EVERY
        progress(min(1.0, done / (EARLY + MAIN)))

    few = pca(features, min(COMPONENTS, features.shape[1])).points
    method = openTSNE.TSNE(
        n_components=dimensions,
        perplexity=min(30, (len(few) - 1) // 4),
        early_exaggeration_iter=EARLY,
        n_iter=MAIN,
        exaggeration=exaggeration,
        negative_gradient_method="bh",  # the other knows two dimensions only
        initialization="pca",
        n_jobs=1,  # its threads spin while they wait: beside a training two are slower than one
        random_state=0,
        callbacks=watch,
        callbacks_every_iters=EVERY,
    )
    return Layout(np.asarray(method.fit(few), np.float32))
