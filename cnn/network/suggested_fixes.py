"""Suggested fixes for an architecture that cannot work: changes that a page offers as buttons.

Fixes of a layer's own fields come from the layer (`LayerError.fixes`); those around it (flatten
above, move, switch off) are found here. Each is tried before it is offered.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cnn.network.architecture import MAX_LAYERS, MAX_PARAMETERS, Architecture, Row, failing_row
from cnn.network.layers import Flatten, GlobalAvgPool, Layer, LayerError

SIZES = ("units", "filters")


@dataclass(frozen=True)
class SuggestedFix:
    """One way to fix it: a button's label, and the architecture that results."""

    label: str
    architecture: Architecture


def suggest_fixes(architecture: Architecture) -> list[SuggestedFix]:
    """Fixes for the first problem, the smallest change first; empty where there is no problem."""
    row = failing_row(architecture.table())
    if row is None:
        return list(_smaller(architecture)) if architecture.parameters > MAX_PARAMETERS else []
    offered: list[SuggestedFix] = []
    for place, fix in (*_by_fields(architecture, row), *_around(architecture, row)):
        known = any(fix.architecture == other.architecture for other in offered)
        if not known and _works(fix.architecture, place):
            offered.append(fix)
    return offered


def _works(architecture: Architecture, number: int) -> bool:
    """Whether layer `number` and all above it work."""
    failing = failing_row(architecture.table())
    return failing is None or failing.number > number


Found = Iterator[tuple[int, SuggestedFix]]  # with the number that the fixed layer has then


def _by_fields(architecture: Architecture, row: Row) -> Found:
    for fix in row.fixes:
        changed = with_layer(architecture, row.number, **fix.changes)
        yield row.number, SuggestedFix(fix.label, changed)


def _around(architecture: Architecture, row: Row) -> Found:
    place, layers = row.number - 1, architecture.layers
    shape = row.input_shape or ()
    if row.layer.works_on == "flat" and len(shape) == 3 and len(layers) < MAX_LAYERS:
        for new in (Flatten(), GlobalAvgPool()):
            changed = _with(architecture, (*layers[:place], new, *layers[place:]))
            yield row.number + 1, SuggestedFix(f"Add {new.title} above", changed)
    if row.number > len(layers):  # the classifier
        if len(layers) >= MAX_LAYERS:  # no room for a Flatten
            changed = _with(architecture, (*layers[:-1], Flatten()))
            label = f"Put Flatten in the place of layer {len(layers)}"
            yield row.number, SuggestedFix(label, changed)
        return
    flattens = _flattening_layer(architecture, row)
    if row.layer.works_on == "maps" and flattens is not None and _keeps_maps(row.layer):
        rest = (*layers[:place], *layers[place + 1 :])
        changed = _with(architecture, (*rest[:flattens], layers[place], *rest[flattens:]))
        yield flattens + 1, SuggestedFix(f"Move it above {layers[flattens].title}", changed)
    changed = with_layer(architecture, row.number, enabled=False)
    yield row.number, SuggestedFix("Switch it off", changed)


def _keeps_maps(layer: Layer) -> bool:
    """Whether maps come out where maps go in: a second Flatten is no better above the first."""
    try:
        return len(layer.output_shape((256, 28, 28))) == 3
    except LayerError:
        return True  # the size does not fit, but maps do


def _flattening_layer(architecture: Architecture, row: Row) -> int | None:
    """The index of the layer that made a vector of the maps above `row`."""
    for above in architecture.table()[: row.number - 1]:
        if len(above.input_shape or ()) == 3 and len(above.output_shape or ()) == 1:
            return above.number - 1
    return None


def _smaller(architecture: Architecture) -> Iterator[SuggestedFix]:
    """For too many parameters: halve the largest layer where that is enough, or several."""
    largest = max(architecture.table(), key=lambda row: row.parameters)
    for name in SIZES:
        size = getattr(largest.layer, name, None)
        while size and size > 1:
            size //= 2
            changed = with_layer(architecture, largest.number, **{name: size})
            if changed.problem() is None:
                yield SuggestedFix(f"Layer {largest.number}: use {size} {name}", changed)
                break
    if halved := _halved(architecture):
        yield SuggestedFix("Halve the largest layers until it fits", halved)


def _halved(architecture: Architecture) -> Architecture | None:
    """The architecture with the largest layer halved, again and again, until it is allowed."""
    for _ in range(MAX_LAYERS * 20):  # a size halves at most ten times
        rows = architecture.table()
        if failing := failing_row(rows):  # the groups no longer divide the filters
            if not failing.fixes:
                return None
            changes = failing.fixes[-1].changes
            architecture = with_layer(architecture, failing.number, **changes)
            continue
        if sum(row.parameters for row in rows) <= MAX_PARAMETERS:
            return architecture
        sizes = [
            (row.parameters, row.number, name, getattr(row.layer, name))
            for row in rows
            for name in SIZES
            if not row.skipped and getattr(row.layer, name, 0) > 1
        ]
        if not sizes:
            return None
        _, number, name, size = max(sizes)
        architecture = with_layer(architecture, number, **{name: size // 2})
    return None


def with_layer(architecture: Architecture, number: int, **changes: float | str) -> Architecture:
    """The architecture with fields of its layer `number` (from 1) replaced."""
    layers = list(architecture.layers)
    layers[number - 1] = layers[number - 1].changed(**changes)
    return _with(architecture, layers)


def _with(architecture: Architecture, layers: list[Layer] | tuple[Layer, ...]) -> Architecture:
    return architecture.changed(layers=tuple(layers))
